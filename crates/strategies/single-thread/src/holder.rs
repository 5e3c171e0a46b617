//! For debug builds: a wait for the claim that can never end is an error, with both places named.
//!
//! In general no thread can know that a wait does not end. One case is known, and it is the usual
//! one: the OS thread that has the claim joins the one that waits for it, itself or through threads
//! that join each other. On Linux the kernel says what a thread of this process waits for. A join
//! is a wait for the word that the kernel clears when a thread ends. Such a wait, and the wait for
//! the claim, have no end by time; so the waiter finds a circle, and guesses nothing from the time.

use std::fs;
use std::io::Write;
use std::panic::Location;
use std::time::Duration;

use keyway_sync::fork::Mutex;

/// Whether the holder of the claim is kept. A model finds such a circle by itself.
pub(crate) const IS_KEPT: bool = cfg!(debug_assertions) && !keyway_sync::MODELLED;

/// How often a waiter looks.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(50);

/// After this many looks a waiter says once, on standard error, for which thread it waits: 10
/// seconds.
const LOOKS_UNTIL_SAID: u32 = 200;

/// After this many joins, one behind the other, a waiter follows them no further.
const MOST_JOINS: usize = 64;

/// A thread as the kernel numbers it.
type Tid = u64;

/// The thread that has the claim.
#[derive(Clone, Copy, PartialEq)]
struct Holder {
    /// Where it attached.
    place: &'static Location<'static>,
    /// None where that cannot be found out.
    tid: Option<Tid>,
}

keyway_sync::global! {
    static HOLDER: Mutex<Option<Holder>> = Mutex::new(None);
}

/// The calling thread has taken the claim, at `place`.
pub(crate) fn note(place: &'static Location<'static>) {
    *HOLDER.lock() = Some(Holder { place, tid: this_thread() });
}

/// The calling thread is about to give the claim up.
pub(crate) fn forget() {
    *HOLDER.lock() = None;
}

/// The calling thread's check, now and then, while it waits for the claim at `here`: panics if the
/// wait can never end.
pub(crate) fn looker(here: &'static Location<'static>) -> impl FnMut() {
    let mut looks = 0;
    #[track_caller]
    fn look(looks: u32, here: &Location<'_>) {
        let Some(holder) = *HOLDER.lock() else { return };
        let there = holder.place;
        // Once it joins, it neither takes the claim nor gives it up before this thread has ended.
        // So whether it has the claim is looked up last: then it has it while it joins.
        let never_ends = holder.tid.zip(this_thread()).is_some_and(|(holder, waiter)| joins(holder, waiter))
            && *HOLDER.lock() == Some(holder);
        assert!(
            !never_ends,
            "this attach, at {here}, can never end: it waits for the thread that attached at {there} to detach, and that thread joins \
             this one. Under SingleThread a thread stays attached through blocking regions"
        );
        if looks == LOOKS_UNTIL_SAID {
            let _ = writeln!(
                std::io::stderr(),
                "keyway: the attach at {here} has waited for 10 seconds for the thread that attached at {there} to detach; under \
                 SingleThread a thread stays attached through blocking regions"
            );
        }
    }
    move || {
        looks += 1;
        look(looks, here);
    }
}

/// The calling thread's number.
fn this_thread() -> Option<Tid> {
    let link = fs::read_link("/proc/thread-self").ok()?;
    link.file_name()?.to_str()?.parse().ok()
}

/// Whether `thread` joins `other`, or a thread that joins it, and so on.
fn joins(thread: Tid, other: Tid) -> bool {
    std::iter::successors(Some(thread), |&thread| joined_by(thread))
        .take(MOST_JOINS)
        .skip(1)
        .any(|joined| joined == other)
}

/// The thread that this one joins.
fn joined_by(thread: Tid) -> Option<Tid> {
    joined(&fs::read_to_string(format!("/proc/self/task/{thread}/syscall")).ok()?)
}

/// The thread that is joined in a system call, as the kernel shows it: its number and its
/// arguments.
///
/// A join is a wait without an end by time for a word that holds the other's number. The word is
/// one that the kernel wakes for, so the wait is not marked as private to the process, as all waits
/// of locks and channels are.
fn joined(call: &str) -> Option<Tid> {
    /// The number of `futex`.
    const FUTEX: u64 = if cfg!(target_arch = "x86_64") { 202 } else { 98 };
    /// `FUTEX_WAIT`, and `FUTEX_WAIT_BITSET` by the system's time.
    const WAITS: [u64; 3] = [0, 9, 9 | 256];
    let mut words = call.split_ascii_whitespace();
    let number: u64 = words.next()?.parse().ok()?;
    let mut argument = || u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok();
    let (_word, operation, value, timeout) = (argument()?, argument()?, argument()?, argument()?);
    (number == FUTEX && WAITS.contains(&operation) && timeout == 0).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn a_join_is_told_from_other_waits() {
        let call = |operation, value, timeout| {
            joined(&format!("202 0x7f00 {operation:#x} {value:#x} {timeout:#x} 0x0 0xffffffff 0x7ffe 0x7f01"))
        };
        assert_eq!(call(9 | 256, 1234, 0), Some(1234));
        assert_eq!(call(0, 1234, 0), Some(1234));
        assert_eq!(call(9 | 128, 1234, 0), None, "of a lock");
        assert_eq!(call(9 | 256, 1234, 1), None, "ends by time");
        assert_eq!(call(1, 1234, 0), None, "wakes");
        assert_eq!(joined("0 0x3 0x109 0x4d2 0x0 0x0 0x0 0x7ffe 0x7f01"), None, "reads");
        assert_eq!(joined("running"), None);
    }
}
