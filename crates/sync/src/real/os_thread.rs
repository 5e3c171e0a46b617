//! How the kernel knows a thread. Where we do not know how to ask, nothing is known.

/// The number of the calling thread, which no other thread has while the calling thread runs.
#[cfg(target_os = "linux")]
pub fn number() -> Option<u64> {
    rustix::thread::gettid().as_raw_nonzero().get().try_into().ok()
}

/// The address of the word that the kernel clears when the calling thread ends, and for which the
/// kernel then wakes. With glibc, a thread that joins the calling thread waits for that word, and
/// nothing else waits for it.
#[cfg(target_os = "linux")]
pub fn end_word() -> Option<u64> {
    let word = rustix::thread::get_clear_child_tid_address().ok()??;
    word.addr().get().try_into().ok()
}

/// See the other.
#[cfg(not(target_os = "linux"))]
pub fn number() -> Option<u64> {
    None
}

/// See the other.
#[cfg(not(target_os = "linux"))]
pub fn end_word() -> Option<u64> {
    None
}
