//! The operations that work in the child of a fork, for the strategies that promise something.
//! Called by tests of their own: not every strategy does.

use std::io::Read;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

use keyway_object_model::{Guarded, Ref, Strategy, Thread, attach};

/// Longer than anything here takes: a child that has not ended by then hangs.
const HANGS: Duration = Duration::from_secs(60);

/// The end of a child, and its output on standard error.
#[derive(Debug)]
pub struct Ended {
    /// Success if what it ran has returned.
    pub status: ExitStatus,
    /// Its output.
    pub said: String,
}

/// Forks, runs `f` in the child, and waits for its end.
///
/// # Panics
/// If the child hangs; it is ended then.
pub fn in_child(f: impl FnOnce()) -> Ended {
    let mut pipe = [0; 2];
    // SAFETY: there is room for two descriptors.
    assert_eq!(unsafe { libc::pipe(pipe.as_mut_ptr()) }, 0, "a pipe");
    // SAFETY: the child runs what its test is about, and ends without going back to the test
    // harness.
    let child = unsafe { libc::fork() };
    assert_ne!(child, -1, "a child");
    if child == 0 {
        // SAFETY: both are open.
        unsafe { libc::dup2(pipe[1], 2) };
        let code = if catch_unwind(AssertUnwindSafe(f)).is_ok() { 0 } else { 101 };
        // SAFETY: ends this process, without what the parent has registered for its end.
        unsafe { libc::_exit(code) };
    }
    // SAFETY: just made, and owned by nobody else.
    let [mut said, end] = pipe.map(|end| std::fs::File::from(unsafe { OwnedFd::from_raw_fd(end) }));
    drop(end);
    let status = wait_for(child);
    // A process that the child has started may still have the other end open: the bytes that are
    // there are enough.
    // SAFETY: it is open.
    unsafe { libc::fcntl(said.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    let mut bytes = Vec::new();
    let _ = said.read_to_end(&mut bytes);
    Ended { status, said: String::from_utf8_lossy(&bytes).into_owned() }
}

fn wait_for(child: libc::pid_t) -> ExitStatus {
    let (start, mut status) = (Instant::now(), 0);
    // SAFETY: a child of ours.
    while unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) } != child {
        if start.elapsed() > HANGS {
            // SAFETY: a child of ours, which has not been waited for.
            unsafe { libc::kill(child, libc::SIGKILL) };
            // SAFETY: as above.
            unsafe { libc::waitpid(child, &mut status, 0) };
            panic!("the child hangs");
        }
        sleep(Duration::from_millis(1));
    }
    ExitStatus::from_raw(status)
}

/// Runs `f` in a child, which must return from it.
fn goes_on(f: impl FnOnce()) {
    let ended = in_child(f);
    assert!(ended.status.success(), "the child ended with {:?}; it said:\n{}", ended.status, ended.said);
}

/// The operations of an ordinary program: checkpoints, sections, blocking regions, calls of foreign
/// code.
fn work<S: Strategy>(thread: &mut Thread<S>) {
    let object: Ref<Guarded<u32, S>, S> = thread.alloc(Guarded::new(0));
    for _ in 0..300 {
        thread.checkpoint();
        object.enter(thread, |section| **section += 1);
        thread.blocking(|| ());
        thread.exclusive(|_| ());
    }
    assert_eq!(object.enter(thread, |section| **section), 300, "an update was lost");
    object.release(thread);
}

/// As [`work`], by several threads of the child, which wait for each other.
fn work_together<S: Strategy>(thread: &mut Thread<S>) {
    let threads: Vec<_> = (0..3).map(|_| spawn(|| attach::<S, _>(work))).collect();
    work(thread);
    thread.blocking(|| threads.into_iter().for_each(|thread| thread.join().expect("it does not panic")));
}

/// Threads of the parent that attach, pass checkpoints, block and detach, over and over: so some
/// wait for the runtime in each of the ways in which one can wait.
struct Others {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Others {
    fn start<S: Strategy>() -> Others {
        let stop = Arc::new(AtomicBool::new(false));
        let begun = Arc::new(AtomicU32::new(0));
        let other = |number: u32| {
            let (stop, begun) = (Arc::clone(&stop), Arc::clone(&begun));
            spawn(move || {
                begun.fetch_add(1, Ordering::Relaxed);
                while !stop.load(Ordering::Relaxed) {
                    attach::<S, _>(|thread| {
                        for _ in 0..number * 50 {
                            thread.checkpoint();
                        }
                        thread.blocking(|| sleep(Duration::from_micros(50)));
                    });
                }
            })
        };
        let threads: Vec<_> = (0..4).map(other).collect();
        while begun.load(Ordering::Relaxed) < 4 {
            sleep(Duration::from_micros(100));
        }
        Others { stop, threads }
    }

    /// The calling thread is not attached.
    fn end(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().expect("the parent's threads go on as before");
        }
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Forks where `fork` does, among threads that come and go, several times; each time at another
/// moment of theirs.
fn among_others<S: Strategy>(fork: impl Fn(&mut Thread<S>)) {
    let others = attach::<S, _>(|thread| {
        let others = Others::start::<S>();
        for moment in 0..20 {
            // Long enough, in the end, that the waiters have asked.
            sleep(Duration::from_micros(moment * moment * 20));
            for _ in 0..moment {
                thread.checkpoint();
            }
            fork(thread);
        }
        others
    });
    others.end();
}

/// The thread that forks is attached.
pub fn an_attached_thread_goes_on<S: Strategy>() {
    among_others::<S>(|thread| goes_on(|| work(thread)));
}

/// The child starts threads, which take turns with the one that forked.
pub fn threads_of_the_child_take_turns<S: Strategy>() {
    among_others::<S>(|thread| goes_on(|| work_together(thread)));
}

/// The thread that forks is in a section, and goes on in it and after it.
pub fn a_thread_in_a_section_goes_on<S: Strategy>() {
    among_others::<S>(|thread| {
        let object: Ref<Guarded<u32, S>, S> = thread.alloc(Guarded::new(0));
        object.enter(thread, |section| {
            goes_on(|| {
                **section += 1;
                section.suspend(work);
                **section += 1;
                assert_eq!(**section, 2);
            });
        });
        object.release(thread);
    });
}

/// The thread that forks is in an exclusive call, and its child goes on in it.
pub fn a_thread_in_an_exclusive_call_goes_on<S: Strategy>() {
    among_others::<S>(|thread| {
        thread.exclusive(|thread| {
            goes_on(|| {
                let object = thread.alloc(7);
                drop(object.clone_ref(thread));
                assert_eq!(object.count(thread), 1);
                object.release(thread);
            });
        });
    });
}

/// The thread that forks is in a blocking region, and nobody is attached.
pub fn a_blocking_region_ends_in_the_child<S: Strategy>() {
    attach::<S, _>(|thread| {
        thread.blocking(|| {
            goes_on(|| attach::<S, _>(work_together));
        });
    });
    goes_on(|| attach::<S, _>(work_together));
}

/// A child forks in turn, with threads of its own that wait.
pub fn a_child_forks_in_turn<S: Strategy>() {
    among_others::<S>(|thread| {
        goes_on(|| {
            let other = spawn(|| attach::<S, _>(work));
            thread.checkpoint();
            goes_on(|| work_together(thread));
            thread.blocking(|| other.join().expect("the child's thread goes on as before"));
        })
    });
}

/// Releases queued before the fork are carried out in the child.
pub fn what_was_queued_is_released_in_the_child<S: Strategy>() {
    struct Noisy(Arc<AtomicU32>);
    impl Drop for Noisy {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let destroyed = Arc::new(AtomicU32::new(0));
    attach::<S, _>(|thread| {
        let object = thread.alloc(Noisy(Arc::clone(&destroyed)));
        spawn(move || drop(object)).join().expect("a drop does not panic");
        goes_on(|| {
            thread.checkpoint();
            assert_eq!(destroyed.load(Ordering::Relaxed), 1, "destroyed in the child");
        });
    });
    attach::<S, _>(|_| ());
    assert_eq!(destroyed.load(Ordering::Relaxed), 1, "destroyed in the parent");
}

/// Another thread is attached when a thread forks that is not: nobody can attach in the child, and
/// that is said.
pub fn a_child_without_the_lock_is_ended<S: Strategy>() {
    let [is_attached, is_forked] = [(); 2].map(|()| Arc::new(Barrier::new(2)));
    let other = {
        let [is_attached, is_forked] = [Arc::clone(&is_attached), Arc::clone(&is_forked)];
        spawn(move || {
            attach::<S, _>(|_| {
                is_attached.wait();
                is_forked.wait();
            });
        })
    };
    is_attached.wait();
    let ended = catch_unwind(|| in_child(|| attach::<S, _>(|_| ())));
    is_forked.wait();
    other.join().expect("the parent's thread goes on as before");
    let ended = ended.expect("the child does not hang");
    assert_eq!(ended.status.signal(), Some(libc::SIGABRT), "{ended:?}");
    assert!(ended.said.contains("forked while another thread held"), "{ended:?}");
    attach::<S, _>(work);
}
