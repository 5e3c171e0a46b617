//! Threads that begin together, or not at all.
//!
//! A machine may refuse a thread: limits of a user or of a container, or memory. The threads that
//! have been started by then would wait for the missing one, at a barrier or for a clock that
//! nobody sets. So no thread of a [`Crew`] begins its work before all of them have been started,
//! and none begins at all if one of them cannot be.

use std::error::Error;
use std::fmt;
use std::io;
use std::panic::{panic_any, resume_unwind};
use std::sync::{Arc, OnceLock};
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle};

/// A thread, or a process, that cannot be started: which one, and why.
///
/// Also what a function panics with that has no room for an error; see [`raise`](Self::raise).
#[derive(Debug)]
pub struct CannotStart {
    what: String,
    why: io::Error,
}

impl CannotStart {
    /// That `what` cannot be started: a noun with its article.
    pub fn new(what: impl Into<String>, why: io::Error) -> Self {
        CannotStart { what: what.into(), why }
    }

    /// The system's number for the reason, where it has one.
    pub fn code(&self) -> Option<i32> {
        self.why.raw_os_error()
    }

    fn thread(name: &str, why: io::Error) -> Self {
        CannotStart::new(format!("the thread `{name}`"), why)
    }

    /// Panics with this error as payload.
    ///
    /// For functions whose callers measure, and which therefore return a figure and nothing else. A
    /// program catches the panic where it ends, and finds out by the payload's type what it was.
    ///
    /// # Panics
    /// Always.
    #[track_caller]
    pub fn raise(self) -> ! {
        panic_any(self)
    }
}

impl fmt::Display for CannotStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot start {}: {}", self.what, self.why)
    }
}

impl Error for CannotStart {}

impl From<CannotStart> for io::Error {
    fn from(error: CannotStart) -> Self {
        io::Error::new(error.why.kind(), error)
    }
}

/// Threads that are being started. None of them does anything until [`begin`](Self::begin); if the
/// crew is dropped instead, each of them ends without having done anything.
///
/// ```
/// # use keyway_workloads::Crew;
/// # fn main() -> Result<(), keyway_workloads::CannotStart> {
/// let sum: u64 = std::thread::scope(|scope| {
///     let crew = Crew::default();
///     let one = crew.start(scope, "one".to_owned(), || 1)?;
///     let two = crew.start(scope, "two".to_owned(), || 2)?;
///     crew.begin();
///     Ok(one.join() + two.join())
/// })?;
/// assert_eq!(sum, 3);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Crew {
    /// Whether the threads are to begin; empty until that is known.
    begins: Arc<OnceLock<bool>>,
    /// The bytes of each thread's stack, if not what the system gives.
    stack: Option<usize>,
}

/// A thread of a crew that has begun, or is to begin.
#[derive(Debug)]
pub struct Member<'scope, T>(ScopedJoinHandle<'scope, Option<T>>);

impl Crew {
    /// A crew whose threads have stacks of this many bytes: for thousands of them.
    pub fn with_stacks_of(bytes: usize) -> Self {
        Crew { begins: Arc::default(), stack: Some(bytes) }
    }

    fn builder(&self, name: &str) -> Builder {
        let builder = Builder::new().name(name.to_owned());
        match self.stack {
            Some(bytes) => builder.stack_size(bytes),
            None => builder,
        }
    }

    /// Starts a thread in a scope; it will do `work`.
    ///
    /// # Errors
    /// If the thread cannot be started. The caller returns, and drops the crew with that.
    pub fn start<'scope, T: Send + 'scope>(
        &self,
        scope: &'scope Scope<'scope, '_>,
        name: String,
        work: impl FnOnce() -> T + Send + 'scope,
    ) -> Result<Member<'scope, T>, CannotStart> {
        let started = self.builder(&name).spawn_scoped(scope, self.once_begun(work));
        started.map(Member).map_err(|why| CannotStart::thread(&name, why))
    }

    /// Starts a thread that may go on for ever, so that no scope could end. The result is none if
    /// the crew did not begin.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_for_good<T: Send + 'static>(
        &self,
        name: String,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<JoinHandle<Option<T>>, CannotStart> {
        let started = self.builder(&name).spawn(self.once_begun(work));
        started.map_err(|why| CannotStart::thread(&name, why))
    }

    /// All threads have been started: they begin.
    pub fn begin(self) {
        let is_first = self.begins.set(true).is_ok();
        debug_assert!(is_first, "only this and drop say whether the threads begin");
    }

    fn once_begun<T, W: FnOnce() -> T>(&self, work: W) -> impl FnOnce() -> Option<T> + use<T, W> {
        let begins = Arc::clone(&self.begins);
        move || begins.wait().then(work)
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        // Does nothing where the crew has begun.
        let _ = self.begins.set(false);
    }
}

impl<T> Member<'_, T> {
    /// Waits until the thread has ended.
    ///
    /// # Panics
    /// If the thread has panicked, with what it panicked with; or if its crew never began.
    pub fn join(self) -> T {
        match self.0.join() {
            Ok(result) => result.expect("the crew has begun"),
            Err(panic) => resume_unwind(panic),
        }
    }
}

/// `threads` threads, numbered from 0, that all do `work` while the calling thread does
/// `meanwhile`. Returns their results, in the order of their numbers.
///
/// **Blocking**: until all have ended.
///
/// # Errors
/// If one of the threads cannot be started. Then nobody has done anything.
///
/// # Panics
/// If `work` or `meanwhile` panics.
pub fn crew_of<T: Send>(
    threads: usize,
    work: impl Fn(usize) -> T + Sync,
    meanwhile: impl FnOnce(),
) -> Result<Vec<T>, CannotStart> {
    std::thread::scope(|scope| {
        let (crew, work) = (Crew::default(), &work);
        let start = |number| crew.start(scope, format!("thread {}", number + 1), move || work(number));
        let members = (0..threads).map(start).collect::<Result<Vec<_>, _>>()?;
        crew.begin();
        meanwhile();
        Ok(members.into_iter().map(Member::join).collect())
    })
}

/// Does `other` on a thread of its own while the calling thread does `here`. Returns both results,
/// the caller's first.
///
/// **Blocking**: until both have ended.
///
/// # Errors
/// If the thread cannot be started. Then nobody has done anything.
///
/// # Panics
/// If `other` or `here` panics.
pub fn beside<T: Send, R>(
    other: impl FnOnce() -> T + Send,
    here: impl FnOnce() -> R,
) -> Result<(R, T), CannotStart> {
    std::thread::scope(|scope| {
        let crew = Crew::default();
        let other = crew.start(scope, "the other thread".to_owned(), other)?;
        crew.begin();
        let here = here();
        Ok((here, other.join()))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use std::thread::scope;

    use super::*;

    /// In the place of what the system says of a thread too many.
    fn refused() -> CannotStart {
        CannotStart::thread("last", io::ErrorKind::WouldBlock.into())
    }

    #[test]
    fn no_thread_begins_where_one_cannot_be_started() {
        let has_begun = &AtomicBool::new(false);
        let result: Result<(), CannotStart> = scope(|scope| {
            let crew = Crew::default();
            for number in 0..3 {
                // They would never end if they began.
                crew.start(scope, number.to_string(), move || {
                    has_begun.store(true, Relaxed);
                    loop {
                        std::thread::park();
                    }
                })?;
            }
            Err(refused())
        });
        assert!(result.is_err() && !has_begun.load(Relaxed));
    }

    #[test]
    fn no_thread_begins_before_all_have_been_started() {
        let is_complete = &AtomicBool::new(false);
        let seen = scope(|scope| {
            let crew = Crew::default();
            let look = move || is_complete.load(Relaxed);
            let members: Result<Vec<_>, _> =
                (0..3).map(|number| crew.start(scope, number.to_string(), look)).collect();
            is_complete.store(true, Relaxed);
            crew.begin();
            members.map(|members| members.into_iter().map(Member::join).collect::<Vec<_>>())
        });
        assert_eq!(seen.expect("three threads can be started"), [true; 3]);
    }

    #[test]
    fn a_thread_for_good_of_a_crew_that_does_not_begin_ends_without_a_result() {
        let crew = Crew::default();
        let thread = crew.start_for_good("one".to_owned(), || ()).expect("a thread can be started");
        drop(crew);
        assert_eq!(thread.join().expect("it does not panic"), None);
    }

    #[test]
    fn the_error_says_which_thread_and_why_in_one_line_and_is_the_payload_of_the_panic() {
        let said = refused().to_string();
        assert!(said.starts_with("cannot start the thread `last`: ") && said.lines().count() == 1, "{said}");
        assert_eq!(io::Error::from(refused()).to_string(), said);
        let panic = std::panic::catch_unwind(|| refused().raise()).expect_err("it always panics");
        assert!(panic.is::<CannotStart>());
    }
}
