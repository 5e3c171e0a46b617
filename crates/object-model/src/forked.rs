//! For strategies with one lock for their whole runtime: the question that they ask when a process
//! forks.

use crate::context::with_attachment;
use crate::fatal::fatal;
use crate::strategy::Strategy;

/// Whether the calling OS thread is attached to the runtime of `S`, and not in a blocking region.
///
/// For a handler that is called before a fork. The thread that forks runs user code, so it holds
/// the lock of such a runtime exactly if it is attached.
pub fn is_attached_here<S: Strategy>() -> bool {
    with_attachment::<S, _>(|attachment| attachment.is_some())
}

/// Ends the process: it was forked while another thread held `lock`, and the calling thread wants
/// it.
#[cold]
pub fn lost_in_fork(lock: &str) -> ! {
    fatal(format_args!(
        "this process was forked while another thread held {lock}; that thread does not exist here, so it never gives {lock} up. \
         Fork in a thread that is attached, or while none is"
    ))
}
