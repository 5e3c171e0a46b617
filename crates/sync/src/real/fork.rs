//! The handling of locks when a process forks, and locks that work in a forked child.
//!
//! A forked child has one thread: the one that forked. A lock that another thread held stays held,
//! and the structures in which others wait stay as they were. So the locks here keep nothing
//! outside their words (on Linux: futexes), where `parking_lot` keeps a table of all threads that
//! wait.

use std::cell::RefCell;
use std::mem::{self, ManuallyDrop};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, WaitTimeoutResult};
use std::time::Duration;

/// A mutex without poisoning: std's.
#[derive(Debug, Default)]
pub struct Mutex<T>(std::sync::Mutex<T>);

/// The right to the data of a [`Mutex`], given up on drop.
#[derive(Debug)]
pub struct MutexGuard<'a, T> {
    /// `None` only inside [`Condvar`].
    guard: Option<std::sync::MutexGuard<'a, T>>,
}

impl<T> Mutex<T> {
    /// A free mutex that holds `value`.
    pub const fn new(value: T) -> Self {
        Mutex(std::sync::Mutex::new(value))
    }

    /// Waits until the mutex is free and takes it.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard { guard: Some(self.0.lock().unwrap_or_else(PoisonError::into_inner)) }
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.guard.as_ref().expect("held")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.guard.as_mut().expect("held")
    }
}

/// A condition variable: std's. A wait may end for nothing.
#[derive(Debug, Default)]
pub struct Condvar(std::sync::Condvar);

impl Condvar {
    /// A condition variable that nobody waits on.
    pub const fn new() -> Self {
        Condvar(std::sync::Condvar::new())
    }

    /// Gives the mutex up, waits to be notified, and takes it again.
    pub fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        let held = guard.guard.take().expect("held");
        guard.guard = Some(self.0.wait(held).unwrap_or_else(PoisonError::into_inner));
    }

    /// As [`wait`](Self::wait), for this long at most.
    pub fn wait_for<T>(&self, guard: &mut MutexGuard<'_, T>, timeout: Duration) -> WaitTimeoutResult {
        let held = guard.guard.take().expect("held");
        let (held, result) = self.0.wait_timeout(held, timeout).unwrap_or_else(PoisonError::into_inner);
        guard.guard = Some(held);
        result
    }

    /// Wakes one waiter.
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Wakes every waiter.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// Where a thread that has forked finds itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// In the process as it was.
    Parent,
    /// In the copy, where no other thread exists.
    Child,
}

/// The action after a fork, on both sides, by the thread that forks. Called once on each side. It
/// is dropped in the parent only: the child may be on its way to another program, and frees no
/// memory.
pub type After = Box<dyn FnMut(Side)>;

/// The action before a fork: takes locks, so that no other thread is in the middle of a change that
/// they guard. The result gives them up.
pub type Before = fn() -> After;

/// Whether the C library calls `prepare`, `in_parent` and `in_child`.
static IS_INSTALLED: AtomicBool = AtomicBool::new(false);

/// All that is registered. A thread that forks has it from `prepare` until the fork is over.
static REGISTERED: std::sync::Mutex<Vec<Before>> = std::sync::Mutex::new(Vec::new());

/// A fork under way.
struct Forking {
    /// Nobody registers meanwhile; given up last.
    _registered: std::sync::MutexGuard<'static, Vec<Before>>,
    after: Vec<After>,
}

std::thread_local! {
    /// The fork that this thread is in. Without a destructor, so that a destructor of another
    /// thread-local may fork.
    static FORKING: RefCell<Option<ManuallyDrop<Forking>>> = const { RefCell::new(None) };
}

/// Has `before` called by each thread that calls the C library's `fork`, from now on and for ever,
/// and its result on both sides; unless `is_first` says no.
///
/// While `is_first` runs, no other thread registers, and none forks. So whatever `is_first` changes
/// and the registration are one step to a fork. The caller holds no lock that a child needs: this
/// waits while another thread forks, and the child of that fork would find the lock held.
///
/// Nothing of this runs user code, panics, or registers anything. Where a system has no `fork`, or
/// has no room for one more handler, nothing is called. A call that creates a process without the C
/// library's `fork` is not noticed.
#[cold]
pub fn register(before: Before, is_first: impl FnOnce() -> bool) {
    install();
    let mut registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    if is_first() {
        registered.push(before);
    }
}

/// Has the C library call the three functions below.
///
/// Without `REGISTERED`: the C library may make this wait for a fork that began before, and that
/// fork does not wait for `REGISTERED`. Two threads may both do it; `prepare` expects that.
fn install() {
    // Relaxed: a thread that sees `true` forks after the installation, by coherence and the C
    // library's own lock.
    if IS_INSTALLED.load(Ordering::Relaxed) {
        return;
    }
    #[cfg(unix)]
    {
        // SAFETY: the three functions stay as long as the program, and may be called by any thread
        // that forks.
        let _ = unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(in_child)) };
    }
    // Relaxed: as above.
    IS_INSTALLED.store(true, Ordering::Relaxed);
}

#[cfg_attr(not(unix), expect(dead_code, reason = "nothing forks there"))]
extern "C" fn prepare() {
    // If the functions are installed twice, the first call does everything.
    if FORKING.with(|cell| cell.borrow().is_some()) {
        return;
    }
    let registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    let after = registered.iter().map(|before| before()).collect();
    let forking = ManuallyDrop::new(Forking { _registered: registered, after });
    FORKING.with(|cell| *cell.borrow_mut() = Some(forking));
}

#[cfg_attr(not(unix), expect(dead_code, reason = "nothing forks there"))]
extern "C" fn in_parent() {
    end(Side::Parent);
}

#[cfg_attr(not(unix), expect(dead_code, reason = "nothing forks there"))]
extern "C" fn in_child() {
    end(Side::Child);
}

fn end(side: Side) {
    let forking = FORKING.with(|cell| cell.borrow_mut().take());
    let Some(forking) = forking else { return };
    let Forking { _registered, mut after } = ManuallyDrop::into_inner(forking);
    for after in &mut after {
        after(side);
    }
    if side == Side::Child {
        mem::forget(after);
    }
}
