//! Code that the runtime calls as it takes an OS thread away from where others look for it.

use crate::context::CONTEXT;

/// While this lives, this OS thread is leaving: it detaches, begins a blocking region, steps aside
/// or exits, and destructors run that had to wait for that. These destructors must not undo it: see
/// [`is_leaving`].
pub(crate) struct Leaving(());

impl Leaving {
    pub(crate) fn new() -> Self {
        CONTEXT.with(|context| context.leaving.set(context.leaving.get() + 1));
        Leaving(())
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        CONTEXT.with(|context| context.leaving.set(context.leaving.get() - 1));
    }
}

/// Whether the code that is running was called by the runtime as this OS thread leaves: detaches,
/// begins a blocking region, steps aside or exits.
///
/// A strategy that lets threads become owners unasked asks this first. The thread's own code
/// believes that nobody waits for it from now on, and may block for ever; a destructor that makes
/// an object, or a waker that sets another, must not make that untrue.
pub fn is_leaving() -> bool {
    CONTEXT.with(|context| context.leaving.get() != 0)
}
