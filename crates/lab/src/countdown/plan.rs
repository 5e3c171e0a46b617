//! What is measured: each subject in each way, one cell each.

use keyway_workloads::{ISOLATED_RUNTIMES, STRATEGIES, ThreadsRun};
use serde::Serialize;

use super::{Arguments, FLOOR};

/// In which way several count down at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mode {
    /// Threads of one runtime
    Threads,
    /// A thread in each of several isolated runtimes, in one process, each with a global lock of
    /// its own
    Runtimes,
    /// Processes that are there already when the time begins
    Processes,
    /// Processes that are started and ended in the time
    ProcessesWithStart,
}

impl Mode {
    /// All of them, in the order in which tables show them.
    pub(super) const ALL: [Mode; 4] =
        [Mode::Threads, Mode::Runtimes, Mode::Processes, Mode::ProcessesWithStart];

    /// What several of these are called in the heading of a column.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Mode::Threads => "threads",
            Mode::Runtimes => "runtimes",
            Mode::Processes => "processes",
            Mode::ProcessesWithStart => "processes with start",
        }
    }
}

/// A line of the table: a strategy, or the floor.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) id: &'static str,
    /// The number of the cell with one thread.
    pub(super) one: usize,
    /// The numbers of the cells with several, by the way.
    pub(super) several: Vec<(Mode, usize)>,
}

impl Subject {
    /// The cell of this way.
    pub(super) fn cell(&self, mode: Mode) -> Option<usize> {
        self.several.iter().find(|(this, _)| *this == mode).map(|(_, cell)| *cell)
    }
}

/// What is measured once in each round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) id: &'static str,
    pub(super) mode: Mode,
    /// How many threads share the iterations, wherever they are.
    pub(super) threads: usize,
}

/// What the arguments ask for, in order.
pub(super) fn plan(arguments: &Arguments) -> (Vec<Subject>, Vec<Cell>) {
    let wanted = |id: &str| arguments.strategies.is_empty() || arguments.strategies.iter().any(|it| it == id);
    let ids = STRATEGIES.iter().map(|info| info.id).filter(|id| wanted(id)).chain([FLOOR]);
    let (mut subjects, mut cells) = (Vec::new(), Vec::new());
    for id in ids {
        let one = cells.len();
        cells.push(Cell { id, mode: Mode::Threads, threads: 1 });
        let mut several = Vec::new();
        for mode in Mode::ALL.into_iter().filter(|mode| arguments.wants(*mode)) {
            let cell = Cell { id, mode, threads: arguments.threads.into() };
            if cell.threads > 1 && is_possible(cell) {
                several.push((mode, cells.len()));
                cells.push(cell);
            }
        }
        subjects.push(Subject { id, one, several });
    }
    (subjects, cells)
}

fn is_possible(cell: Cell) -> bool {
    let info = STRATEGIES.iter().find(|info| info.id == cell.id);
    match cell.mode {
        Mode::Threads => info.is_none_or(|info| info.threads != ThreadsRun::Alone),
        Mode::Runtimes => {
            cell.threads <= ISOLATED_RUNTIMES && keyway_workloads::has_isolated_runtimes(cell.id)
        }
        Mode::Processes | Mode::ProcessesWithStart => true,
    }
}
