//! Other OS threads that must get something done.

use std::panic::resume_unwind;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a thread may take for what takes microseconds, before a test concludes that it is
/// stuck.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Another OS thread at work.
pub(crate) struct Elsewhere<R> {
    answer: Receiver<R>,
    thread: JoinHandle<()>,
}

/// Starts `f` on an OS thread of its own.
pub(crate) fn start<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> Elsewhere<R> {
    let (sender, answer) = mpsc::channel();
    let thread = thread::spawn(move || {
        // Not received only if the test has failed already.
        let _ = sender.send(f());
    });
    Elsewhere { answer, thread }
}

impl<R> Elsewhere<R> {
    /// As [`finish`](Self::finish), for work that takes as long as it takes.
    #[track_caller]
    pub(crate) fn finish_whenever(self) -> R {
        if let Err(panic) = self.thread.join() {
            resume_unwind(panic);
        }
        self.answer.recv().expect("a thread that does not panic answers")
    }

    /// Waits until the thread is gone, thread-locals and all.
    ///
    /// # Panics
    /// If the thread has panicked, or is stuck.
    #[track_caller]
    pub(crate) fn finish(self) -> R {
        let answer = self.answer.recv_timeout(PATIENCE);
        assert_ne!(answer.as_ref().err(), Some(&RecvTimeoutError::Timeout), "another thread is stuck");
        if let Err(panic) = self.thread.join() {
            resume_unwind(panic);
        }
        answer.expect("a thread that does not panic answers")
    }
}

/// Runs `f` on an OS thread of its own, to its end.
#[track_caller]
pub(crate) fn run<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    start(f).finish()
}

/// A signal from one thread to another.
pub(crate) fn signal() -> (Sender<()>, Awaited) {
    let (sender, receiver) = mpsc::channel();
    (sender, Awaited(receiver))
}

/// The receiving end of [`signal`].
pub(crate) struct Awaited(Receiver<()>);

impl Awaited {
    /// Waits for the signal.
    #[track_caller]
    pub(crate) fn wait(&self) {
        self.0.recv_timeout(PATIENCE).expect("a signal that should come");
    }
}
