//! How long does it take from an object's last release to its destruction?
//!
//! One thread makes the object and then passes checkpoints, one after the other; another thread has
//! the only reference and gives it up, attached or not. The time is taken just before it does and
//! at the beginning of the destructor.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use hdrhistogram::Histogram;
use keyway::{FreeThreaded, Ref, Strategy, attach};

use crate::beside::beside;
use crate::meeting::histogram;
use crate::row::{every_free_threaded, every_strategy};

const ATTACHED: &str = "release-to-destruction";
const UNATTACHED: &str = "drop-to-destruction";

/// A way of giving up the last reference, on one subject.
#[derive(Clone, Copy, Debug)]
pub struct Delay {
    /// The operation's id.
    pub operation: &'static str,
    /// The subject's id.
    pub subject: &'static str,
    run: fn(u32) -> Histogram<u64>,
}

impl Delay {
    /// Nanoseconds from the last release to destruction, of this many objects one after the other.
    ///
    /// # Panics
    /// With [`CannotStart`](keyway_workloads::CannotStart) if a thread cannot be started.
    pub fn run(&self, objects: u32) -> Histogram<u64> {
        (self.run)(objects)
    }
}

/// Released by an attached thread, under strategies that let two be attached; dropped by a thread
/// that is not attached, under every strategy; and `Arc`.
pub fn delays() -> Vec<Delay> {
    fn attached<S: FreeThreaded>() -> Delay {
        Delay {
            operation: ATTACHED,
            subject: S::runtime().id,
            run: |objects| {
                measure::<S>(objects, |object, release| {
                    attach::<S, _>(|thread| {
                        release.now(&object);
                        object.release(thread);
                    });
                })
            },
        }
    }
    fn unattached<S: Strategy>() -> Delay {
        let run = |objects| {
            measure::<S>(objects, |object, release| {
                release.now(&object);
                drop(object);
            })
        };
        Delay { operation: UNATTACHED, subject: S::runtime().id, run }
    }
    let arc = Delay { operation: UNATTACHED, subject: "arc", run: measure_arc };
    every_free_threaded!(attached).into_iter().chain(every_strategy!(unattached)).chain([arc]).collect()
}

/// Contents that say how long they were kept after the last release.
struct Kept {
    /// When it happened: nanoseconds after the log was begun.
    released: AtomicU64,
    log: Arc<Log>,
}

struct Log {
    begun: Instant,
    /// Objects that have been destroyed.
    destroyed: AtomicU64,
    nanoseconds: Mutex<Histogram<u64>>,
}

/// To be told when a release is about to happen.
struct Release;

impl Release {
    fn now(&self, object: &Kept) {
        object.released.store(object.log.now(), Ordering::Release);
    }
}

impl Log {
    fn new() -> Arc<Self> {
        let nanoseconds = Mutex::new(histogram());
        Arc::new(Log { begun: Instant::now(), destroyed: AtomicU64::new(0), nanoseconds })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn object(self: &Arc<Self>) -> Kept {
        Kept { released: AtomicU64::new(0), log: Arc::clone(self) }
    }

    fn histogram(&self) -> Histogram<u64> {
        self.nanoseconds.lock().expect("nothing panics inside").clone()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let after = self.log.now().saturating_sub(self.released.load(Ordering::Acquire));
        // Zero is below what a histogram holds.
        self.log.nanoseconds.lock().expect("nothing panics inside").saturating_record(after.max(1));
        self.log.destroyed.fetch_add(1, Ordering::Release);
    }
}

/// Runs `releaser` on a thread of its own; `maker` here.
fn two_threads<T: Send>(releaser: impl FnOnce(Receiver<T>) + Send, maker: impl FnOnce(SyncSender<T>)) {
    let (give, take) = sync_channel(1);
    beside(move || releaser(take), || maker(give));
}

fn measure<S: Strategy>(objects: u32, give_up: fn(Ref<Kept, S>, Release)) -> Histogram<u64> {
    let log = &Log::new();
    let releaser =
        |take: Receiver<Ref<Kept, S>>| take.into_iter().for_each(|object| give_up(object, Release));
    two_threads(releaser, |give| {
        attach::<S, _>(|thread| {
            for number in 1..=u64::from(objects) {
                give.send(thread.alloc(log.object())).expect("the releaser takes every object");
                while log.destroyed.load(Ordering::Acquire) < number {
                    thread.checkpoint();
                }
            }
        });
    });
    log.histogram()
}

fn measure_arc(objects: u32) -> Histogram<u64> {
    let log = &Log::new();
    let releaser = |take: Receiver<Arc<Kept>>| {
        for object in take {
            Release.now(&object);
            drop(object);
        }
    };
    two_threads(releaser, |give| {
        for number in 1..=u64::from(objects) {
            give.send(Arc::new(log.object())).expect("the releaser takes every object");
            while log.destroyed.load(Ordering::Acquire) < number {
                std::hint::spin_loop();
            }
        }
    });
    log.histogram()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_is_destroyed_and_timed_once() {
        for delay in delays() {
            assert_eq!(delay.run(5).len(), 5, "{delay:?}");
        }
    }

    #[test]
    fn what_is_kept_longer_takes_longer() {
        let log = Log::new();
        let object = log.object();
        Release.now(&object);
        std::thread::sleep(std::time::Duration::from_millis(5));
        drop(object);
        assert!(log.histogram().min() >= 4_900_000, "{:?}", log.histogram());
    }
}
