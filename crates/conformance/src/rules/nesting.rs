//! Destructors inside destructors: the order in which they end, and how much stack that takes.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use keyway_object_model::{Guarded, Ref, Strategy, Thread, attach};

use crate::elsewhere;
use crate::subject::Subject;
use crate::watch::{Diary, OnDrop, Part, Watch};

/// The sending side of a channel, which several hold.
type Jobs<S> = Ref<Mutex<mpsc::Sender<u32>>, S>;

/// A thread that works until the channel is closed; joined when the pool ends, as pools are.
struct Pool<S: Strategy> {
    jobs: Option<Jobs<S>>,
    worker: Option<JoinHandle<u32>>,
    sum: Arc<AtomicUsize>,
}

impl<S: Strategy> Pool<S> {
    fn new(sum: &Arc<AtomicUsize>, thread: &Thread<S>) -> Self {
        let (send, receive) = mpsc::channel::<u32>();
        let jobs = Some(thread.alloc(Mutex::new(send)));
        let worker = Some(thread::spawn(move || receive.iter().sum()));
        Pool { jobs, worker, sum: Arc::clone(sum) }
    }
}

impl<S: Strategy> Drop for Pool<S> {
    fn drop(&mut self) {
        let jobs = self.jobs.take().expect("dropped once");
        jobs.lock().expect("not poisoned").send(7).expect("the worker listens");
        // The last pointer to the channel: the worker's loop ends by this, and by nothing else.
        drop(jobs);
        let sum = self.worker.take().expect("dropped once").join().expect("the worker does not panic");
        self.sum.fetch_add(sum as usize, Ordering::SeqCst);
    }
}

/// A destructor drops the last reference to a channel and waits for the thread that reads from it.
pub fn drop_then_join<U: Subject>() {
    let sum = Arc::new(AtomicUsize::new(0));
    let told = Arc::clone(&sum);
    elsewhere::run(move || {
        let unattached = attach::<U::Strategy, _>(|thread| {
            thread.alloc(Pool::new(&sum, thread)).release(thread);
            drop(thread.alloc(Pool::new(&sum, thread)));
            let guarded = thread.alloc(Guarded::new(0));
            let put_off = thread.alloc(Pool::new(&sum, thread));
            guarded.enter(thread, |_| drop(put_off));
            thread.alloc(Pool::new(&sum, thread))
        });
        drop(unattached);
    });
    assert_eq!(told.load(Ordering::SeqCst), 4 * 7);
}

/// An object in front of others.
struct Around<T: 'static, S: Strategy>(#[expect(dead_code, reason = "held, not read")] Ref<T, S>);

/// The same inside three more objects.
pub fn drop_then_join_further_in<U: Subject>() {
    let sum = Arc::new(AtomicUsize::new(0));
    let told = Arc::clone(&sum);
    elsewhere::run(move || {
        attach::<U::Strategy, _>(|thread| {
            let pool = thread.alloc(Pool::new(&sum, thread));
            let around = thread.alloc(vec![thread.alloc(Around(pool))]);
            drop(thread.alloc(Around(around)));
        });
    });
    assert_eq!(told.load(Ordering::SeqCst), 7);
}

/// The stack of a function that formats, or polls: more than the whole budget of nested
/// destructions.
#[inline(never)]
fn with_large_frames<R>(f: impl FnOnce() -> R) -> R {
    let mut bytes = [0_u8; 20 << 10];
    black_box(&mut bytes);
    let result = f();
    black_box(&mut bytes);
    result
}

/// A destructor that has used much stack still ends what it releases.
pub fn a_destructor_with_large_frames<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let inner = thread.alloc(watch.witness());
        let also = watch.clone();
        let outer = thread.alloc(OnDrop::new(&watch, move || {
            with_large_frames(|| drop(inner));
            assert_eq!(also.destroyed(), 1);
        }));
        outer.release(thread);
    });
    assert_eq!(watch.destroyed(), 2);
}

/// A link whose destructor has large frames when it releases the next.
struct Large<S: Strategy>(
    Option<Ref<Large<S>, S>>,
    #[expect(dead_code, reason = "it counts")] crate::watch::Witness,
);

impl<S: Strategy> Drop for Large<S> {
    fn drop(&mut self) {
        with_large_frames(|| drop(self.0.take()));
    }
}

/// A chain whose destructors have large frames takes no more stack than a few of them do.
pub fn a_chain_of_large_frames<U: Subject>() {
    let watch = Watch::new();
    let chain = attach::<U::Strategy, _>(|thread| {
        let link = |next, thread: &Thread<U::Strategy>| Some(thread.alloc(Large(next, watch.witness())));
        (0..1000).fold(None, |next, _| link(next, thread))
    });
    on_a_stack_of(256 << 10, || drop(chain));
    assert_eq!(watch.destroyed(), 1000);
}

/// Runs `f` on a thread with this many bytes of stack.
fn on_a_stack_of(bytes: usize, f: impl FnOnce() + Send) {
    thread::scope(|scope| {
        let small = thread::Builder::new().stack_size(bytes);
        small.spawn_scoped(scope, f).expect("a thread can be started");
    });
}

/// Runs `f` in a coroutine with this many bytes of stack.
fn in_a_coroutine_of(bytes: usize, f: impl FnOnce() + 'static) {
    let stack = DefaultStack::new(bytes).expect("a stack can be had");
    let mut coroutine = Coroutine::<(), (), (), _>::with_stack(stack, move |_, ()| f());
    assert!(matches!(coroutine.resume(()), CoroutineResult::Return(())));
}

/// An object with three below it, of which one goes on: long, and as wide everywhere.
struct Comb<S: Strategy> {
    #[expect(dead_code, reason = "held, not read")]
    left: Option<Ref<Comb<S>, S>>,
    #[expect(dead_code, reason = "held, not read")]
    next: Option<Ref<Comb<S>, S>>,
    #[expect(dead_code, reason = "held, not read")]
    right: Option<Ref<Comb<S>, S>>,
    #[expect(dead_code, reason = "it counts")]
    witness: crate::watch::Witness,
}

const TEETH: usize = 30_000;

fn comb<S: Strategy>(watch: &Watch, thread: &Thread<S>) -> Ref<Comb<S>, S> {
    let leaf = || Some(thread.alloc(Comb { left: None, next: None, right: None, witness: watch.witness() }));
    let tooth =
        |next| Some(thread.alloc(Comb { left: leaf(), next, right: leaf(), witness: watch.witness() }));
    (0..TEETH).fold(None, |next, _| tooth(next)).expect("not empty")
}

/// Destroyed on a thread with 64 KiB of stack, and in a coroutine with 16: attached, unattached and
/// as what a section has put off.
pub fn on_a_small_stack<U: Subject>() {
    let watch = Watch::new();
    let [one, two, three, four] = attach::<U::Strategy, _>(|thread| [(); 4].map(|()| comb(&watch, thread)));
    on_a_stack_of(64 << 10, || attach::<U::Strategy, _>(|thread| one.release(thread)));
    on_a_stack_of(64 << 10, || drop(two));
    on_a_stack_of(64 << 10, || {
        attach::<U::Strategy, _>(|thread| thread.alloc(Guarded::new(0)).enter(thread, |_| drop(three)));
    });
    assert_eq!(watch.destroyed(), 9 * TEETH);
    in_a_coroutine_of(16 << 10, || drop(four));
    assert_eq!(watch.destroyed(), 12 * TEETH);
}

/// A destructor switches to another stack, where a chain ends; and that again in a destructor
/// there.
pub fn a_destructor_that_switches_stacks<U: Subject>() {
    let (watch, diary) = (Watch::new(), Diary::new());
    attach::<U::Strategy, _>(|thread| {
        let mut object = thread.alloc(OnDrop::new(&watch, || ())).erase();
        for number in (0..10).rev() {
            let comb = comb(&watch, thread);
            let part = thread.alloc(diary.part(number));
            let inside = object;
            let elsewhere = move || {
                drop(part);
                drop(comb);
                drop(inside);
            };
            let switches = move || in_a_coroutine_of(16 << 10, elsewhere);
            object = thread.alloc(OnDrop::new(&watch, switches)).erase();
        }
        object.release(thread);
    });
    assert_eq!(watch.destroyed(), 11 + 10 * 3 * TEETH);
    assert_eq!(diary.told(), (0..10).collect::<Vec<_>>());
}

/// The body of a coroutine, which is switched away from once.
type SwitchedAway = Coroutine<(), (), ()>;

/// A coroutine that drops an object and is switched away from in the object's destructor, in the
/// middle between two parts.
fn destroys_and_is_switched_away<S: Strategy>(first: u32, diary: &Diary, thread: &Thread<S>) -> SwitchedAway {
    let [one, two] = [first, first + 1].map(|number| thread.alloc(diary.part(number)));
    let watch = Watch::new();
    let (send, receive) = mpsc::channel::<SentYielder>();
    let receive = Mutex::new(receive);
    let object = thread.alloc(OnDrop::new(&watch, move || {
        let yielder = receive.lock().expect("not poisoned").recv().expect("sent before");
        drop(one);
        // SAFETY: the coroutine that has sent it runs this destructor.
        unsafe { &*yielder.0 }.suspend(());
        drop(two);
    }));
    Coroutine::new(move |yielder, ()| {
        send.send(SentYielder(yielder)).expect("there is a receiver");
        drop(object);
    })
}

/// A coroutine's yielder, for a destructor that runs in it.
struct SentYielder(*const Yielder<(), ()>);

// SAFETY: used only by the coroutine that has made it, on the one OS thread of the test.
unsafe impl Send for SentYielder {}

/// Destructors of three stacks end in another order than they have begun in. The objects that they
/// release are destroyed at once all the same, and afterwards all is as before.
pub fn destructors_that_end_in_any_order<U: Subject>() {
    let diary = Diary::new();
    attach::<U::Strategy, _>(|thread| {
        for order in
            [[0, 1, 2], [1, 2, 0], [2, 0, 1], [1, 0, 2], [0, 2, 1], [2, 1, 0]].iter().cycle().take(60)
        {
            let mut coroutines =
                [10, 20, 30].map(|first| destroys_and_is_switched_away(first, &diary, thread));
            for coroutine in &mut coroutines {
                assert!(matches!(coroutine.resume(()), CoroutineResult::Yield(())));
            }
            assert_eq!(diary.told(), [10, 20, 30]);
            for &which in order {
                assert!(matches!(coroutines[which].resume(()), CoroutineResult::Return(())));
                assert_eq!(diary.told(), [[11], [21], [31]][which]);
            }
        }
    });
    // Nothing is left that would count as a destructor that runs.
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let chain = (0..4).fold(None, |next, _| Some(thread.alloc(Large(next, watch.witness()))));
        let part: Ref<Part, _> = thread.alloc(diary.part(1));
        thread.alloc(OnDrop::new(&watch, move || drop((chain, part)))).release(thread);
        assert_eq!((watch.destroyed(), diary.told()), (5, vec![1]));
    });
}
