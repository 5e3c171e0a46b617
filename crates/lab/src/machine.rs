//! Where a figure comes from: the machine, the compiler, the commit, and what else was going on.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use keyway_report::{Surroundings, fingerprint};
use serde::Serialize;

use crate::checkout;
use crate::free_cores::{are_enough, free_cores};
use crate::models::workspace;
use crate::system;

/// The field `machine` of every document. A value that cannot be found out is `unknown`, or null
/// where a figure or an answer belongs.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    cpu: String,
    /// Whether the machine is a virtual one.
    #[serde(rename = "virtual")]
    is_virtual: Option<bool>,
    /// Threads that can run at once in this process.
    cores: Option<usize>,
    kernel: String,
    rustc: &'static str,
    profile: &'static str,
    /// What the environment or the configuration added to the compiler's command line.
    rustflags: &'static str,
    allocator: &'static str,
    /// The commit of the checkout from which this program was built, at the time of the run.
    commit: String,
    /// Whether that checkout had changes that are not committed.
    dirty: Option<bool>,
    /// Why the commit is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit_unknown: Option<String>,
    /// When the run began, in UTC.
    date: String,
    /// Load averages over 1, 5 and 15 minutes.
    load_before: Option<[f64; 3]>,
    load_after: Option<[f64; 3]>,
    free_cores: FreeCores,
}

/// How many cores were free for the run's threads.
#[derive(Debug, Serialize)]
struct FreeCores {
    /// How many the run wants.
    wanted: usize,
    before: Option<f64>,
    after: Option<f64>,
    /// Whether they were enough both times.
    enough: bool,
}

impl FreeCores {
    fn before_run(wanted: usize, before: Option<f64>) -> Self {
        FreeCores { wanted, before, after: None, enough: are_enough(before, wanted) }
    }

    fn after_run(&mut self, after: Option<f64>) {
        self.after = after;
        self.enough &= are_enough(after, self.wanted);
    }

    fn shortage(&self) -> Option<String> {
        if self.enough {
            return None;
        }
        let shown = |cores: Option<f64>| cores.map_or("unknown".to_owned(), |cores| format!("{cores:.2}"));
        Some(format!(
            "This machine has fewer free cores than threads: {} threads, {} cores free before the run, {} after. \
             Figures of several threads do not show what the strategy can do.",
            self.wanted,
            shown(self.before),
            shown(self.after)
        ))
    }
}

impl Machine {
    /// Looks at the machine before a run of `threads` threads. Spins for a moment.
    pub(crate) fn before_run(threads: usize) -> Self {
        let (cpu, is_virtual) = system::processor();
        let checkout = checkout::look();
        // The load first: the next steps add to it.
        let load_before = system::load_average();
        let free_cores = FreeCores::before_run(threads, free_cores(threads));
        Machine {
            cpu: known(cpu),
            is_virtual,
            cores: std::thread::available_parallelism().ok().map(usize::from),
            kernel: known(system::kernel()),
            rustc: env!("KEYWAY_RUSTC"),
            profile: env!("KEYWAY_PROFILE"),
            rustflags: env!("KEYWAY_RUSTFLAGS"),
            allocator: "std::alloc::System",
            dirty: checkout.as_ref().ok().map(|checkout| checkout.changes != 0),
            commit_unknown: checkout.as_ref().err().cloned(),
            commit: known(checkout.ok().map(|checkout| checkout.commit)),
            date: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            load_before,
            load_after: None,
            free_cores,
        }
    }

    /// Looks again after the run.
    pub(crate) fn after_run(&mut self) {
        self.free_cores.after_run(free_cores(self.free_cores.wanted));
        self.load_after = system::load_average();
    }

    /// Says so if there were fewer free cores than threads.
    pub(crate) fn shortage(&self) -> Option<String> {
        self.free_cores.shortage()
    }

    /// All of it, as a paragraph of a page of documentation.
    pub(crate) fn in_full(&self) -> String {
        let load = |load: Option<[f64; 3]>| {
            load.map_or("unknown".to_owned(), |[one, five, fifteen]| {
                format!("{one:.2} {five:.2} {fifteen:.2}")
            })
        };
        let flags = if self.rustflags.is_empty() { "no flags" } else { self.rustflags };
        format!(
            "{}; profile {}, {flags}; allocator {}; load averages {} before and {} after.",
            self.in_short(),
            self.profile,
            self.allocator,
            load(self.load_before),
            load(self.load_after)
        )
    }

    /// One line for the foot of a table.
    pub(crate) fn in_short(&self) -> String {
        let cores = self.cores.map_or("unknown".to_owned(), |cores| cores.to_string());
        let kind = match self.is_virtual {
            Some(true) => ", virtual",
            _ => "",
        };
        let commit = keyway_report::commit(&self.commit, self.dirty, self.commit_unknown.as_deref());
        format!(
            "{}{kind}, {cores} cores; {}; {}; commit {commit}; {}",
            self.cpu, self.kernel, self.rustc, self.date
        )
    }
}

fn known(text: Option<String>) -> String {
    text.unwrap_or_else(|| "unknown".to_owned())
}

/// What decides whether a finished part of a report can be used again: commit, changes that are not
/// committed, and the machine. Where the commit is not known, the sources themselves.
pub(crate) fn surroundings() -> Surroundings {
    let (cpu, _) = system::processor();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let (commit, changes) = match checkout::look() {
        Ok(checkout) => (checkout.commit, checkout.changes),
        Err(_) => (known(None), sources()),
    };
    let machine = format!("{}, {cores} cores, {}", known(cpu), known(system::kernel()));
    Surroundings { commit, changes, machine }
}

/// A number that is another one when a file of the sources has changed: made of names, lengths,
/// times.
fn sources() -> u64 {
    let mut folders: Vec<PathBuf> =
        ["crates", "loom-tests", "benches"].map(|name| workspace().join(name)).into();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(about) if about.is_dir() => folders.push(entry.path()),
                about => {
                    let about = about.ok().map(|about| (about.len(), about.modified().ok()));
                    files.push(format!("{:?} {about:?}\n", entry.path()));
                }
            }
        }
    }
    files.sort_unstable();
    fingerprint(files.concat().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortage_before_or_after_is_told() {
        for (before, after, is_short) in [(2.0, 2.0, false), (1.0, 2.0, true), (2.0, 1.0, true)] {
            let mut cores = FreeCores::before_run(2, Some(before));
            cores.after_run(Some(after));
            let told = cores.shortage();
            assert_eq!(told.is_some(), is_short, "{before}, {after}: {told:?}");
            let figures = format!("{before:.2} cores free before the run, {after:.2} after");
            assert!(told.is_none_or(|told| told.contains(&figures)));
        }
    }

    #[test]
    fn what_is_not_known_is_no_shortage() {
        let mut cores = FreeCores::before_run(2, None);
        cores.after_run(None);
        assert_eq!(cores.shortage(), None);
    }
}
