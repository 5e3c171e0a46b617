//! The end of the process, where going on would be unsound.

use std::fmt::Arguments;
use std::io::Write;

/// Says why on standard error, if that can be written, and aborts. Never unwinds: `eprintln!`
/// would, on a closed pipe.
#[cold]
pub(crate) fn fatal(message: Arguments<'_>) -> ! {
    let _ = writeln!(std::io::stderr(), "keyway: {message}; aborting");
    std::process::abort();
}
