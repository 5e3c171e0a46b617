//! Standard output and standard error, and what becomes of a line that nobody reads.
//!
//! A result that cannot be written is an error: it was asked for. A note, a complaint or a progress
//! line that cannot be written is not: the lab does the same, with the same exit status, whether
//! anybody listens or not. A reader that has seen enough (`| head`) is no error on either.

use std::fmt;
use std::io::{self, Write};

/// Says a line on standard error: a note, what runs, or what is wrong. Takes what `format!` takes.
macro_rules! tell {
    ($($part:tt)*) => { $crate::streams::tell_line(format_args!($($part)*)) };
}
pub(crate) use tell;

/// The function behind [`tell!`].
pub(crate) fn tell_line(line: fmt::Arguments<'_>) {
    // In one piece, so that lines of several processes do not mix. Nobody may be listening.
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// Writes a result to standard output.
///
/// # Errors
/// If it cannot be written, but not if its reader has gone.
pub(crate) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    unless_unread(write(&mut out).and_then(|()| out.flush()))
}

fn unless_unread(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reader_who_has_gone_is_no_error() {
        assert!(unless_unread(Err(io::ErrorKind::BrokenPipe.into())).is_ok());
        assert!(unless_unread(Err(io::ErrorKind::StorageFull.into())).is_err());
        assert!(unless_unread(Ok(())).is_ok());
    }
}
