//! The table of attached threads, and the queue of each.
//!
//! A fixed number of buckets, each with a lock, threads hashed onto them by id. A bucket's lock is
//! a leaf lock.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use crossbeam::utils::CachePadded;
use keyway_object_model::ObjectPtr;
use keyway_object_model::user::Leaf;
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

/// Objects whose owner must release a reference, the first to come in front. Each entry owns that
/// reference.
pub(crate) type Queue<L> = VecDeque<ObjectPtr<BiasedCounts<L>>>;

/// An attached thread.
#[derive(Debug)]
struct Entry<L: Layout> {
    id: ThreadId,
    queue: Queue<L>,
    /// How many of the first in the queue the thread has begun to carry out.
    taking: usize,
    /// Something is due that the thread has taken out of its queue where it could not destroy it.
    is_due_later: bool,
    /// The state of the signal; so that it is written only if that changes.
    is_raised: bool,
    /// The thread has the other `Arc`, if it has a token.
    signal: Arc<Signal>,
    /// Diverts the thread's releases when something is queued.
    diversion: Diversion,
    /// Woken when there is news and was none. In an `Arc`, since a waker's clone and drop are the
    /// user's code, and a bucket's lock is
    /// a leaf lock.
    waker: Option<Arc<Waker>>,
}

impl<L: Layout> Entry<L> {
    /// Whether there is something that the thread has not begun to take: a waker tells of it
    /// (I11).
    fn has_news(&self) -> bool {
        self.queue.len() > self.taking || self.is_due_later
    }

    /// Whether there is something that the thread must look at: the signal tells of it (I10).
    fn has_something(&self) -> bool {
        !self.queue.is_empty() || self.is_due_later
    }

    /// Brings the signal up to date. The last step of each function that may change it.
    fn signal(&mut self) {
        let is_raised = self.has_something();
        if is_raised != self.is_raised {
            self.is_raised = is_raised;
            self.signal.set(is_raised);
        }
    }
}

/// Tells a thread at its checkpoints that it has to look: into its queue, or at what is due.
#[derive(Debug)]
pub(crate) struct Signal(AtomicBool);

impl Signal {
    pub(crate) fn new() -> Self {
        Signal(AtomicBool::new(false))
    }

    /// Whether the thread has to look; one plain load.
    #[inline]
    pub(crate) fn is_raised(&self) -> bool {
        // O13, Relaxed: a hint. The entries are ordered by the bucket's lock; a thread that misses
        // it sees it at a later checkpoint.
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
pub(crate) struct Bucket<L: Layout> {
    threads: MutexGuard<'static, Vec<Entry<L>>>,
    _leaf: Leaf,
}

/// Locks the bucket of thread `id`.
#[cfg_attr(loom, expect(clippy::modulo_one, reason = "a model has one bucket"))]
pub(crate) fn lock<L: Layout>(id: ThreadId) -> Bucket<L> {
    Bucket { threads: L::table().0[id as usize % BUCKETS].lock(), _leaf: Leaf::new() }
}

#[cfg(debug_assertions)]
impl<L: Layout> Drop for Bucket<L> {
    fn drop(&mut self) {
        for entry in self.threads.iter() {
            assert_eq!(entry.is_raised, entry.has_something(), "rule broken: I10, thread {}", entry.id);
            assert!(
                entry.taking <= entry.queue.len(),
                "rule broken: thread {} takes what is not there",
                entry.id
            );
        }
    }
}

impl<L: Layout> Bucket<L> {
    /// A thread's place in this bucket, if it is attached.
    pub(crate) fn find(&mut self, id: ThreadId) -> Option<Present<'_, L>> {
        self.threads.iter_mut().find(|entry| entry.id == id).map(Present)
    }

    /// A thread attaches. If it is here already, without a token, it stays, and `signal` takes its
    /// signal's place. Returns whether something is queued to it.
    #[inline]
    pub(crate) fn insert(&mut self, id: ThreadId, signal: &Arc<Signal>, diversion: Diversion) -> bool {
        if let Some(Present(entry)) = self.find(id) {
            entry.signal = Arc::clone(signal);
            signal.set(entry.is_raised);
            return !entry.queue.is_empty();
        }
        signal.set(false);
        self.threads.push(Entry {
            id,
            queue: Queue::new(),
            taking: 0,
            is_due_later: false,
            is_raised: false,
            signal: Arc::clone(signal),
            diversion,
            waker: None,
        });
        false
    }

    /// A thread detaches; the entries still queued to it are returned, and its waker, which is
    /// forgotten once the bucket is unlocked.
    #[inline]
    pub(crate) fn remove(&mut self, id: ThreadId) -> (Queue<L>, Option<Arc<Waker>>) {
        let Some(place) = self.threads.iter().position(|entry| entry.id == id) else {
            return (Queue::new(), None);
        };
        let entry = self.threads.swap_remove(place);
        (entry.queue, entry.waker)
    }
}

/// An attached thread's place in its bucket, which is locked.
pub(crate) struct Present<'a, L: Layout>(&'a mut Entry<L>);

impl<L: Layout> Present<'_, L> {
    /// Queues an object, with the reference that the caller owns. Returns whom to wake once the
    /// bucket is unlocked.
    #[must_use]
    pub(crate) fn push(&mut self, object: ObjectPtr<BiasedCounts<L>>) -> Option<Arc<Waker>> {
        self.with_news(|entry| {
            entry.queue.push_back(object);
            entry.diversion.divert(entry.id);
        })
    }

    /// The thread's thread-locals are about to go: its releases are diverted no more.
    pub(crate) fn end_diversion(&mut self) {
        self.0.diversion = Diversion::NONE;
    }

    /// Has the thread look at what is due once more, which nobody will destroy otherwise. Returns
    /// whom to wake once the bucket is unlocked.
    #[must_use]
    pub(crate) fn note_due_later(&mut self) -> Option<Arc<Waker>> {
        self.with_news(|entry| entry.is_due_later = true)
    }

    /// Adds to what there is. Whom to wake: nobody if there was news before, of which somebody has
    /// been told (I11).
    fn with_news(&mut self, add: impl FnOnce(&mut Entry<L>)) -> Option<Arc<Waker>> {
        let had_news = self.0.has_news();
        add(self.0);
        self.0.signal();
        if had_news { None } else { self.0.waker.clone() }
    }

    /// Whom to wake from now on. Returns whom until now, to be forgotten once the bucket is
    /// unlocked.
    #[must_use]
    pub(crate) fn set_waker(&mut self, waker: Option<Arc<Waker>>) -> Option<Arc<Waker>> {
        std::mem::replace(&mut self.0.waker, waker)
    }

    /// Whether a waker that is set now has to be woken at once.
    pub(crate) fn has_news(&self) -> bool {
        self.0.has_news()
    }

    /// The owner is about to take all entries of its queue, and to destroy the due objects: every
    /// later entry is news.
    pub(crate) fn begin_to_take(&mut self) {
        self.0.taking = self.0.queue.len();
        self.0.is_due_later = false;
        self.0.signal();
    }

    /// Whether some of what was queued at [`begin_to_take`](Self::begin_to_take) is still there.
    pub(crate) fn is_taking(&self) -> bool {
        self.0.taking > 0
    }

    /// Takes some of the entries that were queued at [`begin_to_take`](Self::begin_to_take): later
    /// entries are not taken in their place.
    pub(crate) fn take_some(&mut self) -> Queue<L> {
        let entry = &mut *self.0;
        let some = entry.taking.min(AT_A_TIME);
        let taken = if some == entry.queue.len() {
            std::mem::take(&mut entry.queue)
        } else {
            entry.queue.drain(..some).collect()
        };
        entry.taking -= some;
        entry.signal();
        taken
    }

    /// Where an object is in the queue; looks through all of it.
    pub(crate) fn position(&self, object: ObjectPtr<BiasedCounts<L>>) -> Option<usize> {
        self.0.queue.iter().rposition(|queued| *queued == object)
    }

    /// Takes one object out of the queue, with the reference that the queue had. If that was all,
    /// there is no news any more: the next entry is news.
    pub(crate) fn remove(&mut self, position: usize) {
        let entry = &mut *self.0;
        // The last to come takes its place, and is carried out with those.
        entry.queue.swap_remove_back(position);
        entry.taking = entry.taking.min(entry.queue.len());
        entry.signal();
    }
}
