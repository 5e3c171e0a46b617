//! A thread, as this strategy sees it: an id, which lasts as long as the OS thread, and a place in
//! the table while attached.

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;
use std::task::Waker;

use keyway_object_model::{Due, LeaveAtExit, Released, at_thread_exit, is_leaving, wake_soon};
use keyway_sync::atomic::{AtomicU32, Ordering};

use crate::bits::{Bias, BiasLessTwo, NOBODY, ThreadId, UNBIASED};
use crate::divert::Diversion;
use crate::layout::{Layout, Life};
use crate::reclaim;
use crate::strategy::BiasedCounts;
use crate::table::{self, Present, Signal};
use crate::word::Words;

keyway_sync::thread_local! {
    /// This OS thread's id; [`NOBODY`] until it attaches for the first time.
    static ID: Cell<ThreadId> = const { Cell::new(NOBODY) };
}

keyway_sync::global! {
    static NEXT_ID: AtomicU32 = AtomicU32::new(1);
}

/// The data of an attached thread.
#[derive(Debug)]
pub struct Attached {
    /// The owner of what this thread allocates, or [`UNBIASED`].
    pub(crate) id: ThreadId,
    /// Shared with the table's entry.
    signal: Arc<Signal>,
}

impl Attached {
    /// The number that tells this thread from an owner.
    #[inline]
    pub(crate) fn bias(&self) -> Bias {
        Bias::of(self.id)
    }
}

/// This OS thread's id. Each is given out once; when all 2^32 - 2 are used up, threads go without.
fn own_id() -> ThreadId {
    ID.with(|id| {
        if id.get() == NOBODY {
            id.set(new_id());
        }
        id.get()
    })
}

fn new_id() -> ThreadId {
    // O14, Relaxed: only that no number is given out twice matters, and that each read-modify-write
    // sees to by itself.
    NEXT_ID.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| next.checked_add(1)).unwrap_or(UNBIASED)
}

/// No OS thread gets an id any more that has none yet.
#[cfg(feature = "testing")]
pub(crate) fn use_up_ids() {
    // O14.
    NEXT_ID.store(UNBIASED, Ordering::Relaxed);
}

/// Makes this OS thread an attached one: from now on its words are its own.
pub(crate) fn attach<L: Layout>() -> Attached {
    let attached = Attached { id: own_id(), signal: Arc::new(Signal::new()) };
    enter_table::<L>(&attached);
    attached
}

/// Puts a thread that has a token into the table, where it may be already.
fn enter_table<L: Layout>(attached: &Attached) {
    L::with_local(|local| local.token.set(true));
    enter::<L>(attached.id, &attached.signal);
}

fn enter<L: Layout>(id: ThreadId, signal: &Arc<Signal>) {
    if id == UNBIASED {
        return;
    }
    let is_seen = sees_exit::<L>();
    L::with_local(|local| {
        let diversion = if is_seen {
            // SAFETY: `leave_at_exit` is called before (`at_exit` has promised it, and says what it
            // cannot see), takes the entry out of the table or ends its diversion, and no other is
            // made after.
            unsafe { Diversion::to(&local.to_release) }
        } else {
            Diversion::NONE
        };
        let mut bucket = table::lock::<L>(id);
        let is_queued = bucket.insert(id, signal, diversion);
        let bias = Bias::of(id);
        // Before the bucket is unlocked: from then on others may divert.
        local.to_release.set(if is_queued { BiasLessTwo::diverted(bias) } else { BiasLessTwo::of(bias) });
        drop(bucket);
        local.present.set(bias);
        local.signal.set(Arc::as_ptr(signal));
    });
}

/// Whether this OS thread leaves the table when it exits, of which it is told from the first call
/// on.
fn sees_exit<L: Layout>() -> bool {
    L::with_local(|local| {
        let life = &local.life;
        if life.get() == Life::Unseen {
            life.set(if at_thread_exit::<BiasedCounts<L>>() { Life::Seen } else { Life::Exiting });
        }
        life.get() == Life::Seen
    })
}

/// Takes a thread that had a token out of the table and releases what was queued to it. From now on
/// its words belong to its bucket's lock.
pub(crate) fn leave_table<L: Layout>(attached: &Attached, due: &mut Due<BiasedCounts<L>>) {
    L::with_local(|local| local.token.set(false));
    leave(attached.id, due);
}

/// As [`leave_table`], for a blocking region: inside, the objects that the thread makes do not put
/// it into the table.
pub(crate) fn begin_region<L: Layout>(attached: &Attached, due: &mut Due<BiasedCounts<L>>) {
    L::with_local(|local| local.regions.set(local.regions.get() + 1));
    leave_table(attached, due);
}

/// Ends what [`begin_region`] has begun.
pub(crate) fn end_region<L: Layout>(attached: &Attached) {
    L::with_local(|local| local.regions.set(local.regions.get() - 1));
    enter_table::<L>(attached);
}

fn leave<L: Layout>(id: ThreadId, due: &mut Due<BiasedCounts<L>>) {
    if id == UNBIASED {
        return;
    }
    L::with_local(|local| {
        local.present.set(Bias::NONE);
        local.signal.set(ptr::null());
    });
    let mut bucket = table::lock::<L>(id);
    let (queue, waker) = bucket.remove(id);
    // After the removal: until then others might divert.
    L::with_local(|local| local.to_release.set(BiasLessTwo::of(Bias::NONE)));
    // SAFETY: the bucket is locked, and the owner is not in it.
    unsafe { reclaim::release_all(queue, due) };
    drop(bucket);
    forget_waker(waker, due);
}

/// A waker is no longer called for. Its drop is the user's code, which runs when this thread counts
/// as not attached everywhere.
fn forget_waker<L: Layout>(waker: Option<Arc<Waker>>, due: &mut Due<BiasedCounts<L>>) {
    if let Some(waker) = waker {
        due.forget(Words::born_merged(), waker);
    }
}

/// The number that tells this OS thread from an owner, token or not. It is the owner's only while
/// its OS thread is in the table.
#[inline]
pub(crate) fn present<L: Layout>() -> Bias {
    L::with_local(|local| local.present.get())
}

/// As [`present`], as a release wants it: diverted while something is queued to this OS thread.
#[inline]
pub(crate) fn present_to_release<L: Layout>() -> BiasLessTwo {
    L::with_local(|local| local.to_release.get())
}

/// As [`present`], for a thread that is about to make an object: it attaches unasked if it can.
#[inline]
pub(crate) fn present_to_own<L: Layout>() -> Bias {
    let bias = present::<L>();
    if bias.is_biased() { bias } else { attach_to_own::<L>() }
}

/// Not in a blocking region: the thread has said there that nobody is to wait for it. An object
/// that it makes is born without an owner.
#[cold]
#[inline(never)]
fn attach_to_own<L: Layout>() -> Bias {
    if L::with_local(|local| local.regions.get()) == 0 {
        attach_unasked::<L>();
    }
    present::<L>()
}

/// Puts a thread without a token into the table, unless it is leaving: a destructor that runs then
/// must not undo that.
fn attach_unasked<L: Layout>() {
    if !is_leaving() && sees_exit::<L>() {
        enter::<L>(own_id(), &Arc::new(Signal::new()));
    }
}

impl<L: Layout> LeaveAtExit for BiasedCounts<L> {
    /// A thread that has a token as it exits is a coroutine's, which may yet be dropped, and detach
    /// then.
    fn leave_at_exit(due: &mut Due<Self>) {
        L::with_local(|local| local.life.set(Life::Exiting));
        step_aside(due);
        if present::<L>().is_biased() {
            let id = own_id();
            let mut bucket = table::lock::<L>(id);
            if let Some(mut present) = bucket.find(id) {
                present.end_diversion();
            }
        }
    }
}

/// Leaves the table, unless there is a token that relies on being in it.
pub(crate) fn step_aside<L: Layout>(due: &mut Due<BiasedCounts<L>>) {
    if !L::with_local(|local| local.token.get()) && present::<L>().is_biased() {
        leave(own_id(), due);
    }
}

/// Has `waker` woken when there is news for this OS thread, as long as it is in the table, and at
/// once if there is some already. Enters the table for a waker, also in a blocking region, but not
/// for none.
pub(crate) fn wake_when_queued<L: Layout>(waker: Option<Waker>, due: &mut Due<BiasedCounts<L>>) {
    if waker.is_some() && !present::<L>().is_biased() {
        attach_unasked::<L>();
    }
    let waker = waker.map(Arc::new);
    if !present::<L>().is_biased() {
        // Nothing is ever queued to it.
        return forget_waker(waker, due);
    }
    let id = own_id();
    let mut bucket = table::lock::<L>(id);
    let mut present = bucket.find(id).expect("an attached thread is in the table");
    let before = present.set_waker(waker.clone());
    let has_news = present.has_news();
    drop(bucket);
    forget_waker(before, due);
    if let Some(waker) = waker.filter(|_| has_news) {
        wake_soon(waker);
    }
}

/// Whether something may be queued to this OS thread; a thread-local's load, and one of the signal
/// if there is one.
#[inline]
pub(crate) fn is_queued<L: Layout>() -> bool {
    let signal = L::with_local(|local| local.signal.get());
    // SAFETY: null, or the signal of this OS thread's entry in the table, which only this OS thread
    // takes out or gives another signal, and then changes the pointer.
    unsafe { signal.as_ref() }.is_some_and(Signal::is_raised)
}

/// Releases what has been queued to this attached thread.
#[inline]
pub(crate) fn drain<L: Layout>(attached: &Attached, due: &mut Due<BiasedCounts<L>>) {
    if attached.signal.is_raised() {
        drain_now(due);
    }
}

/// Releases the objects that have been queued to this OS thread, token or not. Looks into the queue
/// even if the signal is not raised. The caller must have the objects destroyed that are due then,
/// or were due already.
#[cold]
#[inline(never)]
pub(crate) fn drain_now<L: Layout>(due: &mut Due<BiasedCounts<L>>) {
    if !present::<L>().is_biased() {
        return;
    }
    let id = own_id();
    let mut is_first = true;
    loop {
        // Carried out under the lock, so that a thread that looks for an entry there finds it, or
        // finds the object merged; and some at a time, so that nobody waits for long.
        let mut bucket = table::lock::<L>(id);
        let mut present = bucket.find(id).expect("an attached thread is in the table");
        if is_first {
            begin_to_take::<L>(&mut present, id);
            is_first = false;
        }
        let some = present.take_some();
        let is_last = !present.is_taking();
        // SAFETY: this is the attached owner, whose queue it was.
        unsafe { reclaim::release_all(some, due) };
        if is_last {
            return;
        }
    }
}

/// An entry that comes in from here on tells anew, both by the signal and by a diversion.
fn begin_to_take<L: Layout>(present: &mut Present<'_, L>, id: ThreadId) {
    L::with_local(|local| local.to_release.set(BiasLessTwo::of(Bias::of(id))));
    present.begin_to_take();
}

/// As [`drain_now`], for a release, which owes what is due then.
pub(crate) fn drain_to_owe<L: Layout>(due: &mut Due<BiasedCounts<L>>) -> Released {
    drain_now(due);
    Released::DestroyDue
}

/// As [`drain_now`], for a caller under which no destructor may run: an object that is due then
/// waits for the next time that this thread looks whether something is queued.
#[cold]
#[inline(never)]
pub(crate) fn drain_for_later<L: Layout>(due: &mut Due<BiasedCounts<L>>) {
    drain_now(due);
    if due.is_empty() {
        return;
    }
    let id = own_id();
    let waker = table::lock::<L>(id).find(id).and_then(|mut present| present.note_due_later());
    if let Some(waker) = waker {
        wake_soon(waker);
    }
}
