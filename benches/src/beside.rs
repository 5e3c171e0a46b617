//! A second thread, which runs while the calling thread takes a sample.

/// Does `other` on a thread of its own while the calling thread does `here`. Returns both results,
/// the caller's first.
///
/// A sample is a time and nothing else, so that an error has no place in it.
///
/// # Panics
/// With [`CannotStart`](keyway_workloads::CannotStart) if the thread cannot be started: then nobody
/// has done anything.
pub(crate) fn beside<T: Send, R>(other: impl FnOnce() -> T + Send, here: impl FnOnce() -> R) -> (R, T) {
    keyway_workloads::beside(other, here).unwrap_or_else(|error| error.raise())
}
