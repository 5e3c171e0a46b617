//! Timelines of an experiment: what each thread did when, as a picture and for a viewer of traces.
//!
//! Each step of an experiment's first round is a *scene*: its threads are recorded from its begin
//! to its end.

mod lane;
mod picture;
mod trace_events;

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use clap::Args;
use keyway::Strategy;
use keyway_timeline::{Recorder, Recording, Span, State};
use keyway_workloads::{Job, STRATEGIES, ThreadsRun, for_each};

use crate::file;
use crate::streams::tell;

/// The arguments that every experiment with a timeline takes.
#[derive(Args, Clone, Debug, Default, PartialEq)]
pub(crate) struct Arguments {
    /// Also record what each thread does when, and write it to this file: a picture (.svg), a trace
    /// (.json), or both
    ///
    /// Each step of the first round is recorded: which thread holds the lock or runs, which waits
    /// for the lock, which waits for a section, which is in a blocking region. A name that ends
    /// with neither stands for two files, FILE.svg and FILE.json. The trace is in the trace-event
    /// format, which ui.perfetto.dev opens.
    #[arg(long, value_name = "FILE", global = true, display_order = 101, value_parser = file::place())]
    timeline: Vec<PathBuf>,

    /// The part of each step that the picture shows, in milliseconds since its begin, as in 50..70;
    /// all of it if not given
    #[arg(long, value_name = "FROM..TO", global = true, display_order = 102, requires = "timeline", value_parser = window)]
    timeline_window: Option<Window>,
}

/// A part of a scene, in nanoseconds since its begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window(Range<u64>);

fn window(text: &str) -> Result<Window, String> {
    let milliseconds = |text: &str| {
        let text = text.trim().trim_end_matches("ms").trim_end();
        text.parse().ok().filter(|value: &f64| (0.0..=1e9).contains(value))
    };
    let ends = text.split_once("..").and_then(|(from, to)| milliseconds(from).zip(milliseconds(to)));
    match ends.map(|(from, to)| (from * 1e6) as u64..(to * 1e6) as u64) {
        Some(window) if !window.is_empty() => Ok(Window(window)),
        _ => Err("expected two times in milliseconds, the first one less, as in 50..70".to_owned()),
    }
}

/// At most this many scenes are kept, and this many spans in all of them.
const SCENES: usize = 100;
const SPANS: usize = 1_000_000;

/// What is being recorded, and what has been.
#[derive(Debug)]
struct Recorded {
    /// Whether anybody asked for it.
    is_wanted: bool,
    recorder: Option<(String, Recorder)>,
    scenes: Vec<Scene>,
    seen: BTreeSet<String>,
    spans: usize,
    /// Scenes that were not kept, since there were too many.
    left_out: usize,
}

static RECORDED: Mutex<Recorded> = Mutex::new(Recorded {
    is_wanted: false,
    recorder: None,
    scenes: Vec::new(),
    seen: BTreeSet::new(),
    spans: 0,
    left_out: 0,
});

fn recorded() -> MutexGuard<'static, Recorded> {
    RECORDED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What an experiment did in one step.
#[derive(Debug)]
struct Scene {
    name: String,
    recording: Recording,
}

/// What a thread is seen to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    HoldsLock,
    Runs,
    Waits,
    WaitsForSection,
    Blocks,
}

impl Kind {
    const ALL: [Kind; 5] = [Kind::HoldsLock, Kind::Runs, Kind::Waits, Kind::WaitsForSection, Kind::Blocks];

    /// In the legend, and in the trace.
    fn name(self) -> &'static str {
        match self {
            Kind::HoldsLock => "holds the global lock",
            Kind::Runs => "runs",
            Kind::Waits => "waits to run",
            Kind::WaitsForSection => "waits for a section",
            Kind::Blocks => "blocks",
        }
    }

    /// In a few words, what that means.
    fn meaning(self) -> &'static str {
        match self {
            Kind::HoldsLock => "attached: it alone may run",
            Kind::Runs => "attached, beside others",
            Kind::Waits => "for the lock, or to be attached",
            Kind::WaitsForSection => "another is in the section of an object",
            Kind::Blocks => "in a call outside the runtime, such as a read",
        }
    }
}

/// How a runtime is called, and whether its threads run in turns, by its address.
#[derive(Debug)]
struct Runtimes(Vec<(usize, &'static str)>);

impl Runtimes {
    fn new() -> Self {
        struct Address;
        impl Job for Address {
            type Output = (usize, &'static str);
            fn run<S: Strategy>(&mut self) -> Self::Output {
                (std::ptr::from_ref(S::runtime()).addr(), S::runtime().id)
            }
        }
        Runtimes(for_each(&mut Address))
    }

    fn id(&self, place: usize) -> Option<&'static str> {
        self.0.iter().find(|(address, _)| *address == place).map(|(_, id)| *id)
    }

    /// Further runtimes, which are not in the list, are all of global locks.
    fn kind(&self, span: &Span) -> Kind {
        let runs = || {
            let info = STRATEGIES.iter().find(|info| Some(info.id) == self.id(span.place));
            info.map_or(ThreadsRun::InTurns, |info| info.threads)
        };
        match span.state {
            State::Runs if runs() == ThreadsRun::InParallel => Kind::Runs,
            State::Runs => Kind::HoldsLock,
            State::Waits => Kind::Waits,
            State::WaitsForSection => Kind::WaitsForSection,
            State::Blocks => Kind::Blocks,
        }
    }
}

impl Arguments {
    /// Whether anybody wants a timeline.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.timeline.is_empty()
    }

    /// From now on, steps are recorded, if somebody wants it.
    pub(crate) fn begin(&self) {
        recorded().is_wanted = self.is_wanted();
    }

    /// Writes what was asked for.
    ///
    /// # Errors
    /// The one line for standard error if that cannot be done, or there is nothing to write.
    pub(crate) fn write(&self, command: &str) -> Result<(), String> {
        if !self.is_wanted() {
            return Ok(());
        }
        let mut recorded = recorded();
        recorded.end();
        if recorded.scenes.iter().all(|scene| scene.recording.threads.is_empty()) {
            return Err(
                "error: no thread of this process was attached while a step was recorded: there is no \
                        timeline to write"
                    .to_owned(),
            );
        }
        let runtimes = Runtimes::new();
        let notes = recorded.notes();
        let picture = picture::Picture {
            command,
            scenes: &recorded.scenes,
            runtimes: &runtimes,
            window: self.timeline_window.as_ref().map(|window| window.0.clone()),
            notes: &notes,
        };
        for path in &self.timeline {
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("svg") => file::write(path, &picture.svg())?,
                Some("json") => file::write(path, &trace_events::json(&recorded.scenes, &runtimes, command))?,
                _ => {
                    file::write(&with_suffix(path, ".svg"), &picture.svg())?;
                    let trace = trace_events::json(&recorded.scenes, &runtimes, command);
                    file::write(&with_suffix(path, ".json"), &trace)?;
                }
            }
        }
        notes.iter().for_each(|note| tell!("{note}"));
        Ok(())
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

impl Recorded {
    fn end(&mut self) {
        let Some((name, recorder)) = self.recorder.take() else { return };
        let recording = recorder.end();
        if recording.threads.is_empty() {
            return;
        }
        let spans: usize = recording.threads.iter().map(|thread| thread.spans.len()).sum();
        if self.scenes.len() >= SCENES || (self.spans + spans > SPANS && !self.scenes.is_empty()) {
            self.left_out += 1;
            return;
        }
        self.spans += spans;
        self.scenes.push(Scene { name, recording });
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.left_out > 0 {
            let (left_out, kept) = (self.left_out, self.scenes.len());
            notes.push(format!(
                "The timeline has the first {kept} steps; {left_out} more were too many for it."
            ));
        }
        let lost: u64 = self.scenes.iter().flat_map(|scene| &scene.recording.threads).map(|it| it.lost).sum();
        if lost > 0 {
            notes.push(format!(
                "{lost} events did not fit into the timeline: the lanes of the threads that had too many end early."
            ));
        }
        notes
    }
}

/// A step of an experiment begins: recorded, if somebody wants it and it is one of the first round.
pub(crate) fn step_begins(step: &str) {
    let mut recorded = recorded();
    if !recorded.is_wanted {
        return;
    }
    recorded.end();
    let Some(name) = scene_of(step) else { return };
    if recorded.seen.insert(name.clone()) {
        recorded.recorder = Recorder::begin().map(|recorder| (name, recorder));
    }
}

/// The step has ended.
pub(crate) fn step_ends() {
    let mut recorded = recorded();
    if recorded.is_wanted {
        recorded.end();
    }
}

/// The name of the scene that a step is; none if it is of another round than the first.
fn scene_of(step: &str) -> Option<String> {
    if step.starts_with("warming up") {
        return None;
    }
    let Some((before, rest)) = step.split_once("round ") else { return Some(step.to_owned()) };
    let (round, rest) = rest.split_once(" of ")?;
    let name = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    (round == "1").then(|| format!("{before}{}", name.trim_start_matches([':', ' '])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes_are_the_steps_of_the_first_round() {
        assert_eq!(scene_of("warming up: x"), None);
        assert_eq!(scene_of("round 1 of 7: x beside 1 spinner").as_deref(), Some("x beside 1 spinner"));
        assert_eq!(scene_of("round 2 of 7: x"), None);
        assert_eq!(scene_of("round 0 of 7: x"), None);
        assert_eq!(scene_of("json, round 1 of 21: x").as_deref(), Some("json, x"));
        assert_eq!(scene_of("x").as_deref(), Some("x"));
    }

    #[test]
    fn a_window_is_two_times_one_after_the_other() {
        assert_eq!(window("50..70"), Ok(Window(50_000_000..70_000_000)));
        assert_eq!(window("0.5ms .. 1ms"), Ok(Window(500_000..1_000_000)));
        for wrong in ["", "5", "5..", "7..5", "5..5", "a..b", "-1..5", "1..inf"] {
            assert!(window(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_place_without_an_ending_stands_for_two_files() {
        assert_eq!(with_suffix(Path::new("a/b.c"), ".svg"), Path::new("a/b.c.svg"));
    }
}
