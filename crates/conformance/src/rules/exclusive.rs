//! Calls that exclude each other within their runtime, for foreign code that relies on that.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::time::Instant;

use keyway_object_model::{Guarded, Ref, Strategy, attach, try_attach};

use crate::bystander::Bystander;
use crate::elsewhere::{self, Elsewhere, PATIENCE};
use crate::subject::Subject;
use crate::watch::{OnDrop, Watch};

/// How often each thread calls in.
const ROUNDS: u64 = if cfg!(debug_assertions) { 1_000 } else { 10_000 };

/// One at a time, whatever other operations the threads do; and no thread waits for ever.
pub fn excludes_others<U: Subject>() {
    const THREADS: u64 = 4;
    let calls = Arc::new(AtomicU64::new(0));
    let number = attach::<U::Strategy, _>(|thread| thread.alloc(Guarded::<u64, _>::new(0)));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let calls = calls.clone();
            let number = attach::<U::Strategy, _>(|thread| number.clone_ref(thread));
            elsewhere::start(move || attach(|thread| call_in::<U>(&calls, &number, thread)))
        })
        .collect();
    threads.into_iter().for_each(Elsewhere::finish);
    assert_eq!(calls.load(Ordering::Relaxed), 2 * THREADS * ROUNDS, "two at a time");
    attach(|thread| number.enter(thread, |section| assert_eq!(**section, THREADS * ROUNDS)));
}

fn call_in<U: Subject>(
    calls: &AtomicU64,
    number: &Ref<Guarded<u64, U::Strategy>, U::Strategy>,
    thread: &mut keyway_object_model::Thread<U::Strategy>,
) {
    // Two steps, so that two calls at once lose one.
    let call = |yields: bool| {
        let before = calls.load(Ordering::Relaxed);
        if yields {
            std::thread::yield_now();
        }
        calls.store(before + 1, Ordering::Relaxed);
    };
    for round in 0..ROUNDS {
        thread.exclusive(|_| call(round % 8 == 0));
        number.enter(thread, |section| {
            **section += 1;
            section.suspend(|thread| thread.exclusive(|_| call(round % 16 == 0)));
        });
        match round % 4 {
            0 => thread.checkpoint(),
            1 => thread.blocking(std::thread::yield_now),
            _ => {}
        }
    }
}

/// A thread that is inside until it is told to leave. Only where threads run in parallel.
fn occupied<U: Subject>() -> (Sender<()>, Elsewhere<()>) {
    let (end, ended) = elsewhere::signal();
    let (inside, is_inside) = elsewhere::signal();
    let occupant = elsewhere::start(move || {
        attach::<U::Strategy, _>(|thread| {
            thread.exclusive(|_| {
                inside.send(()).expect("the test waits for it");
                ended.wait();
            });
        });
    });
    is_inside.wait();
    (end, occupant)
}

/// A waiting thread is detached: objects that it owns are destroyed meanwhile, and the sections
/// that it was inside of are free.
pub fn waits_detached_and_without_sections<U: Subject>() {
    if !U::PARALLEL {
        return;
    }
    let watch = Watch::new();
    let (end, occupant) = occupied::<U>();
    let also = watch.clone();
    let (sender, received) = std::sync::mpsc::channel();
    let waiting = elsewhere::start(move || {
        attach::<U::Strategy, _>(|thread| {
            let number = thread.alloc(Guarded::new(0));
            let owned: Vec<_> = (0..16).map(|_| thread.alloc(also.witness())).collect();
            number.enter(thread, |section| {
                let clone = number.clone_ref(section.thread());
                section.suspend(|thread| {
                    sender.send((clone, owned)).expect("the test waits for it");
                    thread.exclusive(|_| ());
                });
                assert_eq!(**section, 1);
            });
        });
    });
    let (number, owned) = received.recv().expect("the waiter sends it");
    elsewhere::run(move || {
        attach::<U::Strategy, _>(|thread| {
            owned.into_iter().for_each(|object| object.release(thread));
            number.enter(thread, |section| **section += 1);
        });
    });
    let start = Instant::now();
    while watch.destroyed() < 16 {
        assert!(start.elapsed() < PATIENCE, "a thread that waits holds others up");
        std::thread::yield_now();
    }
    end.send(()).expect("the occupant waits for it");
    occupant.finish();
    waiting.finish();
}

/// Other threads go on while it runs, in sections too, where threads run in parallel.
pub fn leaves_sections_alone<U: Subject>() {
    attach::<U::Strategy, _>(|thread| {
        let number = thread.alloc(Guarded::new(0));
        let clone = number.clone_ref(thread);
        thread.exclusive(move |_| {
            if U::PARALLEL {
                elsewhere::run(move || attach(|thread| clone.enter(thread, |section| **section += 1)));
            } else {
                drop(clone);
            }
        });
        number.enter(thread, |section| assert_eq!(**section, u64::from(U::PARALLEL)));
    });
}

/// A panic gives the lock up and poisons nothing.
pub fn gives_up_after_a_panic<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let object = thread.alloc(watch.witness());
        let panic = catch_unwind(AssertUnwindSafe(|| {
            thread.exclusive(|_| {
                let _dropped_while_unwinding = object;
                resume_unwind(Box::new("on purpose"))
            })
        }));
        assert!(panic.is_err_and(|payload| payload.is::<&str>()));
        assert_eq!(watch.destroyed(), 1);
        thread.exclusive(|thread| thread.alloc(watch.witness()).release(thread));
        assert_eq!(watch.destroyed(), 2);
        thread.checkpoint();
    });
    elsewhere::run(|| attach::<U::Strategy, _>(|thread| thread.exclusive(|_| ())));
}

/// An object that becomes due inside is destroyed when the call has ended, outside the exclusion.
pub fn delays_destruction_to_its_end<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let [one, other] = [(); 2].map(|()| {
            thread.alloc(OnDrop::new(&watch, || {
                if U::PARALLEL {
                    elsewhere::run(|| attach::<U::Strategy, _>(|thread| thread.exclusive(|_| ())));
                }
            }))
        });
        thread.exclusive(|thread| {
            one.release(thread);
            drop(other);
            assert_eq!(watch.destroyed(), 0, "foreign code was interrupted by a destructor");
        });
        assert_eq!(watch.destroyed(), 2);
    });
}

/// Inside, the OS thread is attached: nobody gets a token with which it could enter again.
pub fn cannot_be_entered_twice<U: Subject>() {
    attach::<U::Strategy, _>(|thread| {
        let refused =
            thread.exclusive(|_| try_attach::<U::Strategy, _>(|_| unreachable!("attached already")));
        assert!(refused.is_err());
    });
}

/// Each runtime has a lock of its own.
pub fn is_each_runtimes_own<U: Subject>() {
    if ptr::eq(U::Strategy::runtime(), Bystander::runtime()) {
        return;
    }
    attach::<U::Strategy, _>(|thread| {
        thread.exclusive(|_| elsewhere::run(|| attach::<Bystander, _>(|thread| thread.exclusive(|_| ()))));
    });
}
