//! Which core a thread runs on. Where we do not know how to ask, nothing is known and nothing done.

/// The core that this thread runs on; none if that cannot be found out.
#[cfg(target_os = "linux")]
#[inline]
pub fn current() -> Option<usize> {
    Some(rustix::thread::sched_getcpu())
}

/// Moves this thread to `core`, if it may run there; where it may run stays as it is. Some
/// microseconds if it has to move.
#[cfg(target_os = "linux")]
pub fn follow(core: usize) {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    if current() == Some(core) || core >= CpuSet::MAX_CPU {
        return;
    }
    let Ok(allowed) = sched_getaffinity(None) else { return };
    if !allowed.is_set(core) {
        return;
    }
    let mut only = CpuSet::new();
    only.set(core);
    if sched_setaffinity(None, &only).is_ok() {
        // It was allowed before; if it is no longer, there is nothing that we could do.
        let _ = sched_setaffinity(None, &allowed);
    }
}

/// See the other.
#[cfg(not(target_os = "linux"))]
#[inline]
pub fn current() -> Option<usize> {
    None
}

/// See the other.
#[cfg(not(target_os = "linux"))]
pub fn follow(_: usize) {}
