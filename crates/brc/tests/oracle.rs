//! Random programs of eight threads, with `Arc` as oracle.
//!
//! Every object is shared twice, by a pointer under test and by an `Arc` that is cloned, dropped,
//! downgraded and upgraded in step with it. The contents say when they are dropped: never while the
//! oracle has a reference; all of them at the end; each once.
//!
//! `KEYWAY_BRC_OPERATIONS` sets how many operations all threads carry out together; 100 million in
//! an optimised build:
//! `KEYWAY_BRC_OPERATIONS=100000000 cargo test --release --package keyway-brc --test oracle`.
//! `KEYWAY_BRC_SEED` repeats a run's choices, as far as the threads' timing lets it.

use std::env;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, Weak as OracleWeak};
use std::thread;

use keyway_atomic_counts::AtomicCounts;
use keyway_biased_counts::BiasedCounts;
use keyway_brc::{Shared, WeakCounts, WeakShared};

const THREADS: usize = 8;

/// How many pointers, and how many weak ones, a thread keeps at most.
const KEPT: usize = 24;

/// Objects dropped so far.
#[derive(Default)]
struct Ends(AtomicUsize);

/// What the oracle shares: whether the contents have been dropped.
type Fate = Arc<AtomicBool>;

struct Contents {
    fate: OracleWeak<AtomicBool>,
    ended: AtomicBool,
    ends: Arc<Ends>,
    filler: [usize; 3],
}

impl Contents {
    fn check(&self) {
        assert!(!self.ended.load(SeqCst), "read after its end");
        assert!(self.filler.iter().all(|word| *word == 7), "not as it was made");
    }
}

impl Drop for Contents {
    fn drop(&mut self) {
        self.check();
        assert!(!self.ended.swap(true, SeqCst), "dropped twice");
        assert!(self.fate.upgrade().is_none(), "dropped while the oracle has a reference");
        self.ends.0.fetch_add(1, SeqCst);
    }
}

/// A pointer and its oracle. The pointer goes first.
struct Pair<S: WeakCounts> {
    pointer: Shared<Contents, S>,
    oracle: Fate,
}

impl<S: WeakCounts> Pair<S> {
    fn new(ends: &Arc<Ends>) -> Self {
        let oracle = Fate::default();
        let contents = Contents {
            fate: Arc::downgrade(&oracle),
            ended: AtomicBool::new(false),
            ends: Arc::clone(ends),
            filler: [7; 3],
        };
        Pair { pointer: Shared::new(contents), oracle }
    }

    fn clone(&self) -> Self {
        Pair { pointer: self.pointer.clone(), oracle: Arc::clone(&self.oracle) }
    }

    /// The oracle first: contents that the pointer's release destroys must find it gone.
    fn release(self) {
        let Pair { pointer, oracle } = self;
        drop(oracle);
        drop(pointer);
    }
}

struct WeakPair<S: WeakCounts> {
    pointer: WeakShared<Contents, S>,
    oracle: OracleWeak<AtomicBool>,
}

impl<S: WeakCounts> WeakPair<S> {
    /// The oracle is asked second, with the pointer in hand: nobody has a reference of the oracle
    /// without one of the object. If it has gone, the other references of the object are about to
    /// go.
    fn upgrade(&self) -> Option<Pair<S>> {
        let pointer = self.pointer.upgrade()?;
        let oracle = self.oracle.upgrade()?;
        Some(Pair { pointer, oracle })
    }
}

struct Thread<'a, S: WeakCounts> {
    kept: Vec<Pair<S>>,
    weak: Vec<WeakPair<S>>,
    random: fastrand::Rng,
    places: &'a [Mutex<Option<Pair<S>>>],
    ends: &'a Arc<Ends>,
    made: usize,
}

impl<S: WeakCounts> Thread<'_, S> {
    fn step(&mut self) {
        match self.random.u8(0..16) {
            0..3 => self.make(),
            3..6 => self.clone_one(),
            6..10 => self.release_one(),
            10 => self.exchange(),
            11 => self.downgrade_one(),
            12 => self.upgrade_one(),
            13 => self.unwrap_one(),
            14 => self.write_one(),
            _ => self.rest(),
        }
    }

    fn one(&mut self) -> Option<usize> {
        (!self.kept.is_empty()).then(|| self.random.usize(..self.kept.len()))
    }

    fn make(&mut self) {
        self.made += 1;
        self.kept.push(Pair::new(self.ends));
        if self.kept.len() > KEPT {
            self.release_one();
        }
    }

    fn clone_one(&mut self) {
        let Some(one) = self.one() else { return };
        self.kept[one].pointer.check();
        let more = self.kept[one].clone();
        self.kept.push(more);
        if self.kept.len() > KEPT {
            self.release_one();
        }
    }

    fn release_one(&mut self) {
        let Some(one) = self.one() else { return };
        self.kept.swap_remove(one).release();
    }

    /// Hands one over to the next thread that comes by, and takes the one that is there.
    fn exchange(&mut self) {
        let Some(one) = self.one() else { return };
        let given = self.kept.swap_remove(one);
        let place = &self.places[self.random.usize(..self.places.len())];
        let taken = place.lock().unwrap().replace(given);
        self.kept.extend(taken);
    }

    fn downgrade_one(&mut self) {
        let Some(one) = self.one() else { return };
        let Pair { pointer, oracle } = &self.kept[one];
        self.weak.push(WeakPair { pointer: Shared::downgrade(pointer), oracle: Arc::downgrade(oracle) });
        if self.weak.len() > KEPT {
            let one = self.random.usize(..self.weak.len());
            self.weak.swap_remove(one);
        }
    }

    fn upgrade_one(&mut self) {
        if self.weak.is_empty() {
            return;
        }
        let one = self.random.usize(..self.weak.len());
        if let Some(pair) = self.weak[one].upgrade() {
            pair.pointer.check();
            self.kept.push(pair);
        }
    }

    /// The reference that gets the contents is the only one that has them: their drop says so.
    fn unwrap_one(&mut self) {
        let Some(one) = self.one() else { return };
        let Pair { pointer, oracle } = self.kept.swap_remove(one);
        drop(oracle);
        if self.random.bool() {
            drop(Shared::into_inner(pointer));
        } else {
            drop(Shared::try_unwrap(pointer));
        }
    }

    fn write_one(&mut self) {
        let Some(one) = self.one() else { return };
        if let Some(contents) = Shared::get_mut(&mut self.kept[one].pointer) {
            contents.filler = [0; 3];
            std::hint::spin_loop();
            contents.filler = [7; 3];
        }
    }

    fn rest(&mut self) {
        match self.random.u8(0..8) {
            0 => Shared::<(), S>::step_aside(),
            1..4 => Shared::<(), S>::collect(),
            _ => thread::yield_now(),
        }
    }
}

/// Many short-lived crews: owners exit, and others are left with what they made.
fn run<S: WeakCounts>() {
    let operations =
        env::var("KEYWAY_BRC_OPERATIONS").map_or(400_000, |number| number.parse().expect("a number"));
    let seed = env::var("KEYWAY_BRC_SEED")
        .map_or_else(|_| fastrand::u64(..), |seed| seed.parse().expect("a number"));
    println!("{}: {operations} operations, KEYWAY_BRC_SEED={seed}", S::runtime().id);
    let ends = Arc::new(Ends::default());
    let places: Vec<Mutex<Option<Pair<S>>>> = (0..THREADS).map(|_| Mutex::default()).collect();
    let made = AtomicUsize::new(0);
    let crews = (operations / 200_000_usize).max(2);
    for crew in 0..crews {
        thread::scope(|scope| {
            let crew = (0..THREADS).map(|member| {
                let (places, ends, made) = (&places, &ends, &made);
                scope.spawn(move || {
                    let random = fastrand::Rng::with_seed(seed ^ ((crew * THREADS + member) as u64));
                    let mut thread = Thread { kept: vec![], weak: vec![], random, places, ends, made: 0 };
                    for _ in 0..operations / crews / THREADS {
                        thread.step();
                    }
                    made.fetch_add(thread.made, SeqCst);
                    thread.kept.drain(..).for_each(Pair::release);
                })
            });
            // Joined one by one: the end of a scope does not wait for thread-locals' destructors,
            // and so for queued objects.
            let crew: Vec<_> = crew.collect();
            crew.into_iter().for_each(|member| member.join().unwrap());
        });
    }
    places.into_iter().filter_map(|place| place.into_inner().unwrap()).for_each(Pair::release);
    assert_eq!(ends.0.load(SeqCst), made.load(SeqCst), "leaked");
}

#[test]
fn biased_counts_against_arc() {
    run::<BiasedCounts>();
}

#[test]
fn atomic_counts_against_arc() {
    run::<AtomicCounts>();
}
