//! What is measured, and in which order: every workload on one thread and the clients, under each
//! strategy.

use std::io;
use std::time::Duration;

use keyway::Strategy;
use keyway_workloads::{Job, STRATEGIES, ThreadsRun, WORKLOADS, WorkloadInfo, run_on, run_workload};

use super::{Arguments, REFERENCE, echo};
use crate::progress::Progress;
use crate::rounds::{Figure, Rounds};

/// Round trips that each client makes.
const TRIPS: u64 = 100;

/// One strategy, with the numbers of its cells.
#[derive(Clone, Copy, Debug)]
struct Subject {
    id: &'static str,
    /// The cell of the first workload; the others follow.
    first: usize,
    /// The cell of the clients.
    io: Option<usize>,
}

/// What is measured.
#[derive(Debug)]
pub(super) struct Plan {
    /// First the reference, then the reference again, then what is judged.
    subjects: Vec<Subject>,
    cells: Vec<(usize, Measure)>,
}

#[derive(Clone, Copy, Debug)]
enum Measure {
    Workload(&'static WorkloadInfo),
    Clients,
}

/// What was measured: seconds.
#[derive(Debug)]
pub(super) struct Measured(Rounds);

impl Measured {
    pub(super) fn figure(&self, value: impl Fn(&[f64]) -> f64) -> Figure {
        self.0.figure(value)
    }
}

impl Plan {
    /// All that the arguments ask for, and the reference twice.
    pub(super) fn new(arguments: &Arguments) -> Self {
        let wanted =
            |id: &str| arguments.strategies.is_empty() || arguments.strategies.iter().any(|it| it == id);
        let judged = STRATEGIES.iter().map(|info| info.id).filter(|id| *id != REFERENCE && wanted(id));
        let (mut subjects, mut cells) = (Vec::new(), Vec::new());
        for (number, id) in [REFERENCE, REFERENCE].into_iter().chain(judged).enumerate() {
            let first = cells.len();
            cells.extend(WORKLOADS.iter().map(|workload| (number, Measure::Workload(workload))));
            let info = STRATEGIES.iter().find(|info| info.id == id);
            let io = info.is_some_and(|info| info.threads != ThreadsRun::Alone).then_some(cells.len());
            cells.extend(io.map(|_| (number, Measure::Clients)));
            subjects.push(Subject { id, first, io });
        }
        Plan { subjects, cells }
    }

    /// The reference's second measurement.
    pub(super) fn again(&self) -> usize {
        1
    }

    /// The strategies that are judged.
    pub(super) fn judged(&self) -> std::ops::Range<usize> {
        2..self.subjects.len()
    }

    pub(super) fn id(&self, subject: usize) -> &'static str {
        self.subjects[subject].id
    }

    pub(super) fn workloads(&self) -> impl Iterator<Item = &'static str> {
        WORKLOADS.iter().map(|workload| workload.id)
    }

    pub(super) fn has_io(&self, subject: usize) -> bool {
        self.subjects[subject].io.is_some()
    }

    /// The subject's time of each workload by the reference's, in one round.
    pub(super) fn ratios(&self, round: &[f64], subject: usize) -> impl Iterator<Item = f64> {
        let [subject, reference] = [subject, 0].map(|number| self.subjects[number].first);
        (0..WORKLOADS.len()).map(move |workload| round[subject + workload] / round[reference + workload])
    }

    /// The time of the subject's clients by the reference's, in one round.
    pub(super) fn io_ratio(&self, round: &[f64], subject: usize) -> Option<f64> {
        Some(round[self.subjects[subject].io?] / round[self.subjects[0].io?])
    }

    /// Measures everything in interleaved rounds, after a short one that warms up and does not
    /// count.
    ///
    /// # Errors
    /// Those of the clients' connections.
    pub(super) fn measure(&self, arguments: &Arguments) -> io::Result<Measured> {
        let rounds = arguments.rounds as usize;
        let progress = Progress::new((rounds + 1) * self.cells.len());
        let step = |percent: u64, what: &str, cell: usize| {
            let (subject, measure) = self.cells[cell];
            let id = self.subjects[subject].id;
            progress.begin(format!("{what}: {id}, {}", measure.name()));
            let mut cell = Cell { measure, percent, threads: arguments.threads.into() };
            let time = run_on(id, &mut cell).expect("only listed strategies are measured");
            progress.end();
            // Not zero, however small the size and coarse the clock: it is divided by.
            time.map(|time| time.as_secs_f64().max(1e-9))
        };
        for cell in 0..self.cells.len() {
            step(arguments.percent.div_ceil(10), "warming up", cell)?;
        }
        let measured = Rounds::try_measure(rounds, self.cells.len(), |round, cell| {
            step(arguments.percent, &format!("round {} of {rounds}", round + 1), cell)
        });
        measured.map(Measured)
    }
}

impl Measure {
    fn name(self) -> &'static str {
        match self {
            Measure::Workload(workload) => workload.id,
            Measure::Clients => "clients",
        }
    }
}

struct Cell {
    measure: Measure,
    percent: u64,
    threads: usize,
}

impl Job for Cell {
    type Output = io::Result<Duration>;

    fn run<S: Strategy>(&mut self) -> io::Result<Duration> {
        let part = |size: u64| (size * self.percent).div_ceil(100);
        match self.measure {
            Measure::Clients => echo::time::<S>(self.threads, part(TRIPS)),
            Measure::Workload(workload) => {
                let size = part(workload.size);
                let done = run_workload::<S>(workload.id, size, 1).expect("it is listed");
                assert_eq!(done.result, (workload.expected)(size), "{} came to nothing", workload.id);
                Ok(done.elapsed)
            }
        }
    }
}

/// The geometric mean: the ratio by which all together differ, each as important as the others.
pub(super) fn geometric_mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, number) = values.fold((0.0, 0_u32), |(sum, number), value| (sum + value.ln(), number + 1));
    (sum / f64::from(number)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_as_slow_and_twice_as_fast_make_no_difference_together() {
        assert!((geometric_mean([0.5, 2.0].into_iter()) - 1.0).abs() < 1e-12);
        assert!((geometric_mean([4.0, 4.0, 4.0].into_iter()) - 4.0).abs() < 1e-12);
    }
}
