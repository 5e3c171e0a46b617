//! For debug builds: a wait for the claim that can never end is an error, with both places named.
//!
//! In general no thread can know that a wait does not end. One case is known, and it is the usual
//! one: the OS thread that has the claim joins the one that waits for it. On Linux the kernel says
//! for which word a thread of this process waits. A join is a wait for the word that the kernel
//! clears when a thread ends, and the thread that waits for the claim knows the address of its own
//! such word. The join and the wait for the claim have no end by time; so what is found is a
//! circle, whatever the clock says.

use std::fs;
use std::io::Write;
use std::panic::Location;
use std::time::Duration;

use keyway_sync::fork::Mutex;
use keyway_sync::os_thread;

/// Whether the holder of the claim is kept. A model finds such a circle by itself.
pub(crate) const IS_KEPT: bool = cfg!(debug_assertions) && !keyway_sync::MODELLED;

/// How often a waiter looks.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(50);

/// After this many looks a waiter says once, on standard error, for which thread it waits: 10
/// seconds.
const LOOKS_UNTIL_SAID: u32 = 200;

/// The thread that has the claim.
#[derive(Clone, Copy, PartialEq)]
struct Holder {
    /// Where it attached.
    place: &'static Location<'static>,
    /// Its number, as the kernel counts; none where that cannot be found out.
    number: Option<u64>,
}

keyway_sync::global! {
    static HOLDER: Mutex<Option<Holder>> = Mutex::new(None);
}

/// The calling thread has taken the claim, at `place`.
pub(crate) fn note(place: &'static Location<'static>) {
    *HOLDER.lock() = Some(Holder { place, number: os_thread::number() });
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
        let never_ends = holder.number.is_some_and(joins_this_thread) && *HOLDER.lock() == Some(holder);
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

/// Whether the thread of that number joins the calling thread.
fn joins_this_thread(number: u64) -> bool {
    os_thread::end_word().is_some_and(|end| {
        let call = fs::read_to_string(format!("/proc/self/task/{number}/syscall"));
        call.is_ok_and(|call| awaited(&call) == Some(end))
    })
}

/// The address of the word for which a system call waits as a join does, as the kernel shows the
/// call: its number and its arguments.
///
/// A join waits without an end by time. The kernel wakes for the word, so the wait is not marked as
/// private to the process. Other waits are like that, too (of a mutex that processes share, for
/// one): only the address tells a join from them.
fn awaited(call: &str) -> Option<u64> {
    /// The number of `futex`.
    const FUTEX: u64 = if cfg!(target_arch = "x86_64") { 202 } else { 98 };
    /// `FUTEX_WAIT`, and `FUTEX_WAIT_BITSET` by the system's time.
    const WAITS: [u64; 3] = [0, 9, 9 | 256];
    let mut words = call.split_ascii_whitespace();
    let number: u64 = words.next()?.parse().ok()?;
    let mut argument = || u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok();
    let (word, operation, _value, timeout) = (argument()?, argument()?, argument()?, argument()?);
    (number == FUTEX && WAITS.contains(&operation) && timeout == 0).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn a_wait_as_a_join_waits_is_told_from_others() {
        let call = |operation, timeout| {
            awaited(&format!("202 0x7f00 {operation:#x} 0x4d2 {timeout:#x} 0x0 0xffffffff 0x7ffe 0x7f01"))
        };
        assert_eq!(call(9 | 256, 0), Some(0x7f00));
        assert_eq!(call(0, 0), Some(0x7f00));
        assert_eq!(call(9 | 128, 0), None, "of a lock");
        assert_eq!(call(9 | 256, 1), None, "ends by time");
        assert_eq!(call(1, 0), None, "wakes");
        assert_eq!(awaited("0 0x7f00 0x109 0x4d2 0x0 0x0 0x0 0x7ffe 0x7f01"), None, "reads");
        assert_eq!(awaited("running"), None);
    }
}
