//! Objects made, cloned and dropped with no token at hand, under strategies that allow it: on any
//! thread, at any time of its life.

use std::any::Any;
use std::cell::RefCell;
use std::sync::mpsc;

use keyway_object_model::{FreeThreaded, Guarded, Ref, attach};

use crate::elsewhere;
use crate::subject::Subject;
use crate::watch::{OnDrop, Watch, Witness};

type Witnessed<U> = Ref<Witness, <U as Subject>::Strategy>;

fn objects<U: Subject>(watch: &Watch, number: usize) -> Vec<Witnessed<U>>
where
    U::Strategy: FreeThreaded,
{
    (0..number).map(|_| Ref::new(watch.witness())).collect()
}

/// The maker's own objects go at its last drop.
pub fn made_and_dropped_here<U: Subject>()
where
    U::Strategy: FreeThreaded,
{
    let watch = Watch::new();
    let made = objects::<U>(&watch, 3);
    let clones = made.clone();
    drop(made);
    clones.iter().for_each(|object| object.check());
    assert_eq!(watch.destroyed(), 0);
    drop(clones);
    assert_eq!(watch.destroyed(), 3);
}

/// A maker that goes on making objects keeps nothing that others have dropped.
pub fn dropped_elsewhere_while_the_maker_makes_more<U: Subject>()
where
    U::Strategy: FreeThreaded,
{
    let watch = Watch::new();
    let made = objects::<U>(&watch, 100);
    elsewhere::run(move || {
        let clones = made.clone();
        drop(made);
        drop(clones);
    });
    drop(Witnessed::<U>::new(watch.witness()));
    assert_eq!(watch.destroyed(), 101);
}

/// Clones of the maker's that others have dropped do not outlive the maker's last: it ends the
/// object.
pub fn last_dropped_by_the_maker<U: Subject>()
where
    U::Strategy: FreeThreaded,
{
    let watch = Watch::new();
    for number in 1..4 {
        let mine = Witnessed::<U>::new(watch.witness());
        let theirs = vec![mine.clone(); number];
        elsewhere::run(move || drop(theirs));
        drop(mine);
        assert_eq!(watch.destroyed(), number);
    }
}

/// As [`last_dropped_by_the_maker`], with a token, which has been there before or not: no
/// checkpoint is waited for.
pub fn last_dropped_by_the_maker_with_a_token<U: Subject>()
where
    U::Strategy: FreeThreaded,
{
    let watch = Watch::new();
    let before = Witnessed::<U>::new(watch.witness());
    let theirs = before.clone();
    elsewhere::run(move || drop(theirs));
    attach::<U::Strategy, _>(|thread| {
        before.release(thread);
        assert_eq!(watch.destroyed(), 1);
        let (mine, also_mine) = (thread.alloc(watch.witness()), thread.alloc(watch.witness()));
        let theirs = (mine.clone_ref(thread), vec![also_mine.clone_ref(thread), also_mine.clone_ref(thread)]);
        elsewhere::run(move || drop(theirs));
        mine.release(thread);
        // Other queued objects are destroyed with it, or later; the drop of the other's last
        // reference is in time at any rate.
        drop(also_mine);
        assert_eq!(watch.destroyed(), 3);
    });
}

/// As [`last_dropped_by_the_maker`], in a section and in an exclusive call, which every destructor
/// waits for.
pub fn last_dropped_by_the_maker_in_a_section<U: Subject>()
where
    U::Strategy: FreeThreaded,
{
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let guarded = Guarded::<_, U::Strategy>::new(());
        let mine = thread.alloc(watch.witness());
        let theirs = mine.clone_ref(thread);
        elsewhere::run(move || drop(theirs));
        guarded.enter(thread, |section| {
            mine.release(section.thread());
            assert_eq!(watch.destroyed(), 0);
        });
        assert_eq!(watch.destroyed(), 1);
        let mine = thread.alloc(watch.witness());
        let theirs = mine.clone_ref(thread);
        elsewhere::run(move || drop(theirs));
        thread.exclusive(|thread| {
            mine.release(thread);
            assert_eq!(watch.destroyed(), 1);
        });
        assert_eq!(watch.destroyed(), 2);
    });
}

/// A maker that has exited is not waited for.
pub fn dropped_after_the_maker_has_exited<U: Subject>()
where
    U::Strategy: FreeThreaded,
{
    let watch = Watch::new();
    let also = watch.clone();
    let made = elsewhere::run(move || objects::<U>(&also, 100));
    let clones = made.clone();
    drop(made);
    clones.iter().for_each(|object| object.check());
    drop(clones);
    assert_eq!(watch.destroyed(), 100);
}

/// Objects queued to a maker are destroyed as it exits.
pub fn a_maker_that_exits_strands_nothing<U: Subject>()
where
    U::Strategy: FreeThreaded,
{
    let watch = Watch::new();
    let also = watch.clone();
    let (give, take) = mpsc::channel();
    let (end, until_end) = elsewhere::signal();
    let maker = elsewhere::start(move || {
        give.send(objects::<U>(&also, 100)).expect("the test receives it");
        until_end.wait();
    });
    drop(take.recv().expect("the maker sends it"));
    end.send(()).expect("the maker waits for it");
    maker.finish();
    assert_eq!(watch.destroyed(), 100);
}

thread_local! {
    /// The objects that this OS thread drops when it exits.
    static LAST_WILL: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

fn bequeath(will: impl Any) {
    LAST_WILL.with_borrow_mut(|wills| wills.push(Box::new(will)));
}

/// When an OS thread's thread-locals are destroyed, those of the strategy may be gone, or not be
/// there yet.
pub fn in_a_thread_locals_destructor<U: Subject>()
where
    U::Strategy: FreeThreaded,
{
    for makes_before in [false, true] {
        let watch = Watch::new();
        let also = watch.clone();
        let from_here = Witnessed::<U>::new(watch.witness());
        elsewhere::run(move || {
            let theirs = also.clone();
            bequeath(OnDrop::new(&also, move || {
                from_here.clone().check();
                drop(from_here);
                let made = objects::<U>(&theirs, 2);
                made.clone().iter().for_each(|object| object.check());
            }));
            if makes_before {
                bequeath(objects::<U>(&also, 2));
            }
        });
        drop(Witnessed::<U>::new(watch.witness()));
        assert_eq!(watch.destroyed(), 5 + if makes_before { 2 } else { 0 });
    }
}

/// Tokens come and go; the objects are the same, and so are their counts.
pub fn beside_a_token<U: Subject>()
where
    U::Strategy: FreeThreaded,
{
    let watch = Watch::new();
    let before = Witnessed::<U>::new(watch.witness());
    let inside = attach::<U::Strategy, _>(|thread| {
        let inside = Witnessed::<U>::new(watch.witness());
        let counted = [before.clone_ref(thread), before.clone(), inside.clone(), inside.clone_ref(thread)];
        assert_eq!((before.count(thread), inside.count(thread)), (3, 3));
        thread.blocking(|| {
            let [one, _, other, _] = &counted;
            drop((one.clone(), other.clone(), Witnessed::<U>::new(watch.witness())));
        });
        thread.checkpoint();
        assert_eq!((before.count(thread), inside.count(thread)), (3, 3));
        drop(counted);
        inside
    });
    assert_eq!(watch.destroyed(), 1);
    drop((before, inside));
    drop(Witnessed::<U>::new(watch.witness()));
    assert_eq!(watch.destroyed(), 4);
}

/// A destructor makes, clones and drops others.
pub fn in_a_destructor<U: Subject>()
where
    U::Strategy: FreeThreaded,
{
    let watch = Watch::new();
    let also = watch.clone();
    drop(Ref::<_, U::Strategy>::new(OnDrop::new(&watch, move || {
        let made = objects::<U>(&also, 10);
        drop(made.clone());
        drop(made);
    })));
    assert_eq!(watch.destroyed(), 11);
}

/// Each makes one object, hands it on and exits; none is left behind.
pub fn short_lived_makers<U: Subject>()
where
    U::Strategy: FreeThreaded,
{
    const MAKERS: usize = if cfg!(debug_assertions) { 500 } else { 20_000 };
    let watch = Watch::new();
    let mut kept: Option<Witnessed<U>> = None;
    for _ in 0..MAKERS {
        let (also, last) = (watch.clone(), kept.take());
        kept = Some(elsewhere::run(move || {
            let made = Witnessed::<U>::new(also.witness());
            drop(last);
            made.clone()
        }));
    }
    drop(kept);
    assert_eq!(watch.destroyed(), MAKERS);
}

/// Threads clone and drop what all of them make, none of them attached by a token.
pub fn passed_around<U: Subject>()
where
    U::Strategy: FreeThreaded,
{
    const THREADS: usize = 4;
    const STEPS: usize = if cfg!(debug_assertions) { 2_000 } else { 50_000 };
    let watch = Watch::new();
    let (gives, takes): (Vec<_>, Vec<_>) = (0..THREADS).map(|_| mpsc::channel::<Witnessed<U>>()).unzip();
    let threads: Vec<_> = takes
        .into_iter()
        .enumerate()
        .map(|(number, take)| {
            let (next, also) = (gives[(number + 1) % THREADS].clone(), watch.clone());
            elsewhere::start(move || {
                for step in 0..STEPS {
                    let made = Witnessed::<U>::new(also.witness());
                    // Nobody takes what comes after the next one's end.
                    let _ = next.send(made.clone());
                    let received = if step % 3 == 0 { take.try_iter().collect() } else { Vec::new() };
                    let more: Vec<Witnessed<U>> = received.clone();
                    drop(received);
                    more.iter().for_each(|object| object.check());
                    drop(made);
                }
            })
        })
        .collect();
    drop(gives);
    threads.into_iter().for_each(|thread| thread.finish_whenever());
    drop(Witnessed::<U>::new(watch.witness()));
    assert_eq!(watch.destroyed(), THREADS * STEPS + 1);
}
