//! The table of attached threads, and the queue of each.
//!
//! A fixed number of buckets, each with a lock, threads hashed onto them by id. A bucket's lock is a leaf lock.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use crossbeam::utils::CachePadded;
use keyway_object_model::ObjectPtr;
use keyway_sync::atomic::{AtomicBool, Ordering};
use keyway_sync::{Mutex, MutexGuard};

use crate::bits::ThreadId;
use crate::divert::Diversion;
use crate::layout::Layout;
use crate::strategy::BiasedCounts;

/// Buckets in the table. One in a model, so that it shows what happens when two threads share one.
const BUCKETS: usize = if cfg!(loom) { 1 } else { 64 };

/// How many entries an owner carries out at a time, with its bucket locked. In a model, one.
const AT_A_TIME: usize = if cfg!(loom) { 1 } else { 64 };

/// Objects whose owner must release a reference, the first to come in front. Each entry owns that reference.
pub(crate) type Queue<L> = VecDeque<ObjectPtr<BiasedCounts<L>>>;

/// An attached thread.
#[derive(Debug)]
struct Entry<L: Layout> {
    id: ThreadId,
    queue: Queue<L>,
    /// Raised when something is queued; the thread has the other `Arc`, if it has a token.
    signal: Arc<Signal>,
    /// Diverts the thread's releases when something is queued.
    diversion: Diversion,
    /// Woken when the signal is raised. In an `Arc`, since a waker's clone and drop are the user's code, and a bucket's lock is
    /// a leaf lock.
    waker: Option<Arc<Waker>>,
}

/// Tells a thread at its checkpoints that its queue has entries.
#[derive(Debug)]
pub(crate) struct Signal(AtomicBool);

impl Signal {
    pub(crate) fn new() -> Self {
        Signal(AtomicBool::new(false))
    }

    /// Whether the queue may have entries; one plain load.
    #[inline]
    pub(crate) fn is_raised(&self) -> bool {
        // O13, Relaxed: a hint. The entries are ordered by the bucket's lock; who misses it sees it at a later checkpoint.
        self.0.load(Ordering::Relaxed)
    }

    /// Under the bucket's lock.
    fn set(&self, raised: bool) {
        // O13, Relaxed: as above.
        self.0.store(raised, Ordering::Relaxed);
    }
}

type Threads<L> = Mutex<Vec<Entry<L>>>;

/// The attached threads of one layout.
#[derive(Debug)]
pub struct Table<L: Layout>([CachePadded<Threads<L>>; BUCKETS]);

impl<L: Layout> Table<L> {
    keyway_sync::const_unless_loom! {
        /// Nobody is attached.
        pub(crate) fn new() -> Self {
            #[cfg(not(loom))]
            return Table([const { CachePadded::new(Mutex::new(Vec::new())) }; BUCKETS]);
            #[cfg(loom)]
            return Table(std::array::from_fn(|_| CachePadded::new(Mutex::new(Vec::new()))));
        }
    }
}

/// The bucket of a thread, locked.
pub(crate) struct Bucket<L: Layout>(MutexGuard<'static, Vec<Entry<L>>>);

/// Locks the bucket of thread `id`.
#[cfg_attr(loom, expect(clippy::modulo_one, reason = "a model has one bucket"))]
pub(crate) fn lock<L: Layout>(id: ThreadId) -> Bucket<L> {
    Bucket(L::table().0[id as usize % BUCKETS].lock())
}

impl<L: Layout> Bucket<L> {
    /// A thread's place in this bucket, if it is attached.
    pub(crate) fn find(&mut self, id: ThreadId) -> Option<Present<'_, L>> {
        self.0.iter_mut().find(|entry| entry.id == id).map(Present)
    }

    /// A thread attaches. If it is here already, without a token, it stays, and `signal` takes its
    /// signal's place. Returns whether something is queued to it.
    #[inline]
    pub(crate) fn insert(&mut self, id: ThreadId, signal: &Arc<Signal>, diversion: Diversion) -> bool {
        if let Some(Present(entry)) = self.find(id) {
            entry.signal = Arc::clone(signal);
            signal.set(!entry.queue.is_empty());
            return !entry.queue.is_empty();
        }
        self.0.push(Entry { id, queue: Queue::new(), signal: Arc::clone(signal), diversion, waker: None });
        false
    }

    /// A thread detaches; what is still queued to it is returned, and its waker, which is dropped once the bucket is unlocked.
    #[inline]
    pub(crate) fn remove(&mut self, id: ThreadId) -> (Queue<L>, Option<Arc<Waker>>) {
        let Some(place) = self.0.iter().position(|entry| entry.id == id) else { return (Queue::new(), None) };
        let mut entry = self.0.swap_remove(place);
        (Present(&mut entry).take(), entry.waker)
    }
}

/// An attached thread's place in its bucket, which is locked.
pub(crate) struct Present<'a, L: Layout>(&'a mut Entry<L>);

impl<L: Layout> Present<'_, L> {
    /// Queues an object, with the reference that the caller owns. Returns whom to wake once the bucket is unlocked.
    #[must_use]
    pub(crate) fn push(&mut self, object: ObjectPtr<BiasedCounts<L>>) -> Option<Arc<Waker>> {
        self.0.queue.push_back(object);
        self.0.diversion.divert(self.0.id);
        self.raise()
    }

    /// The thread's thread-locals are about to go: its releases are diverted no more.
    pub(crate) fn end_diversion(&mut self) {
        self.0.diversion = Diversion::NONE;
    }

    /// Has the thread look into its queue, whether something is there or not. Returns whom to wake once the bucket is unlocked: not if nothing was
    /// queued, but if nobody has been told since the owner last looked, for what comes in while it carries its queue out may be left there.
    #[must_use]
    pub(crate) fn raise(&mut self) -> Option<Arc<Waker>> {
        let is_told = self.0.signal.is_raised();
        self.0.signal.set(true);
        if is_told { None } else { self.0.waker.clone() }
    }

    /// Whom to wake from now on. Returns whom until now, to be dropped once the bucket is unlocked.
    #[must_use]
    pub(crate) fn set_waker(&mut self, waker: Option<Arc<Waker>>) -> Option<Arc<Waker>> {
        std::mem::replace(&mut self.0.waker, waker)
    }

    /// How many objects are queued. The owner is about to take as many: whatever comes in between raises the signal again.
    pub(crate) fn begin_to_take(&mut self) -> usize {
        self.0.signal.set(false);
        self.queued()
    }

    /// How many objects are queued.
    pub(crate) fn queued(&self) -> usize {
        self.0.queue.len()
    }

    /// Takes some of what is queued, those that have come first: what comes in between is not taken in the place of what was there.
    pub(crate) fn take_some(&mut self) -> Queue<L> {
        if self.queued() <= AT_A_TIME { self.take() } else { self.0.queue.drain(..AT_A_TIME).collect() }
    }

    /// Where an object is in the queue; looks through all of it.
    pub(crate) fn position(&self, object: ObjectPtr<BiasedCounts<L>>) -> Option<usize> {
        self.0.queue.iter().rposition(|queued| *queued == object)
    }

    /// Takes one object out of the queue, with the reference that the queue had.
    pub(crate) fn remove(&mut self, position: usize) {
        self.0.queue.swap_remove_back(position);
    }

    /// Takes everything that is queued.
    pub(crate) fn take(&mut self) -> Queue<L> {
        self.0.signal.set(false);
        std::mem::take(&mut self.0.queue)
    }
}
