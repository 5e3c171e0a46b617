//! One thread's program, step by step.

use std::arch::asm;
use std::cell::UnsafeCell;
use std::hint::spin_loop;
use std::mem::{self, MaybeUninit};
use std::panic::resume_unwind;
use std::ptr;

use keyway::{Ref, Strategy, Thread};

use super::board::{Bells, Board, Cell};
use super::plan::{Act, COUNTED, RELEASED, Step};

/// How often a thread of a free-threaded strategy looks before it sleeps: some microseconds.
const SPINS: u32 = 100;

/// The objects of a replay: a pointer to each, which stands for as many references as the plan says
/// at that moment.
///
/// Operations on one object by several threads keep the order of the plan, which has a wait between
/// them.
pub(super) struct Slots<S: Strategy>(Box<[Slot<S>]>);

struct Slot<S: Strategy>(UnsafeCell<MaybeUninit<Ref<Cell, S>>>);

// SAFETY: a slot is written when its object is made and read afterwards; the plan's waits order
// that (see `Slots`), and `Ref` is `Sync`.
unsafe impl<S: Strategy> Sync for Slot<S> {}

impl<S: Strategy> Slots<S> {
    pub(super) fn new(objects: usize) -> Self {
        Slots((0..objects).map(|_| Slot(UnsafeCell::new(MaybeUninit::uninit()))).collect())
    }

    /// An object has been made; the slot stands for the reference.
    ///
    /// # Safety
    /// - No other thread uses the slot during the call.
    #[inline]
    unsafe fn put(&self, id: u32, object: Ref<Cell, S>) {
        // SAFETY: alone with the slot, by the caller's duty. The slot held no value that needs
        // dropping.
        unsafe { *self.0[id as usize].0.get() = MaybeUninit::new(object) };
    }

    /// The object, by one of its references.
    ///
    /// # Safety
    /// - The object has been made, which happens before the call, and there is a reference for as
    ///   long as the borrow lives.
    #[inline]
    unsafe fn get(&self, id: u32) -> &Ref<Cell, S> {
        // SAFETY: only read after it was made, by the caller's duty.
        let slot = unsafe { &*self.0[id as usize].0.get() };
        // SAFETY: made, by the caller's duty.
        unsafe { slot.assume_init_ref() }
    }

    /// One of its references, to be given up.
    ///
    /// # Safety
    /// - As for [`get`](Self::get); the reference is the caller's to give up.
    #[inline]
    unsafe fn take(&self, id: u32) -> Ref<Cell, S> {
        // SAFETY: the caller's duty.
        let object = unsafe { self.get(id) };
        // SAFETY: the reference is the caller's, and no other copy stands for it.
        unsafe { ptr::read(object) }
    }
}

/// With this payload a thread unwinds that waits for a thread that has panicked: what follows in
/// its program needs what that thread has not done.
pub(super) struct LetGo;

/// What a thread of a replay works with.
pub(super) struct Hand<'a, S: Strategy> {
    pub(super) slots: &'a Slots<S>,
    pub(super) board: &'static Board,
    pub(super) bells: &'a Bells,
    pub(super) number: usize,
    /// How often it looks before it sleeps.
    pub(super) spins: u32,
    /// The thread's private counts, by their places in the plan.
    pub(super) private: Vec<i32>,
    pub(super) told: u32,
}

impl<'a, S: Strategy> Hand<'a, S> {
    pub(super) fn new(
        slots: &'a Slots<S>,
        board: &'static Board,
        bells: &'a Bells,
        number: usize,
        private: usize,
        parallel: bool,
    ) -> Self {
        let spins = if parallel { SPINS } else { 0 };
        Hand { slots, board, bells, number, spins, private: vec![0; private], told: 0 }
    }

    /// Makes an object with `references` references.
    pub(super) fn make(&self, thread: &Thread<S>, id: u32, references: i64) {
        self.alloc(thread, id);
        for _ in 1..references {
            self.retain(thread, id);
        }
    }

    #[inline(never)]
    fn alloc(&self, thread: &Thread<S>, id: u32) {
        if let Some(watch) = &self.board.watch {
            watch.born();
        }
        let object = thread.alloc(Cell::new(id, self.board));
        // SAFETY: the plan makes each object once, and others use it after a wait.
        unsafe { self.slots.put(id, object) };
    }

    /// Makes an immortal object with `references` references.
    pub(super) fn make_immortal(&self, thread: &Thread<S>, id: u32, references: i64) {
        self.alloc_immortal(thread, id);
        for _ in 1..references {
            self.retain(thread, id);
        }
    }

    fn alloc_immortal(&self, thread: &Thread<S>, id: u32) {
        if let Some(watch) = &self.board.watch {
            watch.born();
        }
        let object = thread.alloc_immortal(Cell::new(id, self.board));
        // SAFETY: as in `alloc`.
        unsafe { self.slots.put(id, object) };
    }

    /// Looks at the object, as every event does: a program that retains or releases an object has
    /// it in hand.
    #[inline]
    fn touch(&self, id: u32) {
        // SAFETY: in the plan every step of an object lies between its making and its last release.
        let object = unsafe { self.slots.get(id) };
        if object.id != id {
            another(id);
        }
    }

    // Functions of their own, also where they do next to nothing, so that a life replay branches as
    // a whole one does.

    #[inline(always)]
    fn retain(&self, thread: &Thread<S>, id: u32) {
        // SAFETY: as in `touch`.
        let object = unsafe { self.slots.get(id) };
        if object.id != id {
            another(id);
        }
        // The slot stands for one reference more from now on.
        mem::forget(object.clone_ref(thread));
    }

    #[inline(always)]
    pub(super) fn release(&self, thread: &Thread<S>, id: u32) {
        self.touch(id);
        // SAFETY: the plan releases no more references than there are.
        unsafe { self.slots.take(id) }.release(thread);
    }

    #[inline(never)]
    fn release_last(&self, thread: &Thread<S>, id: u32) {
        self.touch(id);
        let watch = self.board.watch.as_ref();
        if let Some(watch) = watch {
            watch.before_last_release(id);
        }
        // SAFETY: as in `release`; no step of the object follows.
        unsafe { self.slots.take(id) }.release(thread);
        if let Some(watch) = watch {
            watch.after_last_release(id);
        }
    }

    #[inline(always)]
    fn touch_for_retain(&self, id: u32) {
        self.touch(id);
        // SAFETY: no instruction at all; it keeps the compiler from taking this function and the
        // next for one.
        unsafe { asm!("/* retain */", options(nomem, nostack, preserves_flags)) };
    }

    #[inline(always)]
    fn touch_for_release(&self, id: u32) {
        self.touch(id);
        // SAFETY: as above.
        unsafe { asm!("/* release */", options(nomem, nostack, preserves_flags)) };
    }

    /// What `count` says, for an object that nobody changes.
    pub(super) fn count(&self, thread: &Thread<S>, id: u32) -> usize {
        // SAFETY: as in `touch`.
        unsafe { self.slots.get(id) }.count(thread)
    }

    #[cold]
    fn wait(&self, thread: &mut Thread<S>, for_thread: u16, times: u32) {
        let bell = &self.bells[usize::from(for_thread)];
        for _ in 0..self.spins {
            spin_loop();
            if bell.has_told(times) {
                return;
            }
        }
        // In a blocking region: others need the global lock, and a thread that sleeps has no queue.
        if !thread.blocking(|| bell.sleep(times)) {
            // Says nothing: the thread that has panicked has said it.
            resume_unwind(Box::new(LetGo));
        }
    }

    /// Runs steps up to the end or past the next exit; returns what is left. `COUNTS` is false in a
    /// life replay.
    pub(super) fn run<'p, const COUNTS: bool>(
        &mut self,
        thread: &mut Thread<S>,
        steps: &'p [Step],
    ) -> &'p [Step] {
        for (number, &Step { act, arg, object }) in steps.iter().enumerate() {
            // Two bits tell retains and releases, by far the most; a jump through a table would
            // cost more than either, and not the same under every strategy.
            if act as u8 & COUNTED != 0 {
                match (act as u8 & RELEASED != 0, COUNTS) {
                    (false, true) => self.retain(thread, object),
                    (true, true) => self.release(thread, object),
                    (false, false) => self.touch_for_retain(object),
                    (true, false) => self.touch_for_release(object),
                }
                continue;
            }
            match act {
                Act::Retain | Act::Release => {}
                Act::Alloc => self.alloc(thread, object),
                Act::AllocImmortal => self.alloc_immortal(thread, object),
                Act::ReleaseLast => self.release_last(thread, object),
                Act::RetainMany if COUNTS => (0..arg).for_each(|_| self.retain(thread, object)),
                Act::RetainMany => self.touch_for_retain(object),
                Act::ReleaseMany if COUNTS => (0..arg).for_each(|_| self.release(thread, object)),
                Act::ReleaseMany => self.touch_for_release(object),
                Act::RetainImmortal if COUNTS => self.retain(thread, object),
                Act::ReleaseImmortal if COUNTS => self.release(thread, object),
                Act::RetainImmortal => self.touch_for_retain(object),
                Act::ReleaseImmortal => self.touch_for_release(object),
                Act::More => self.private[object as usize] += 1,
                Act::Less => self.private[object as usize] -= 1,
                Act::Checkpoint => thread.checkpoint(),
                Act::Wait => {
                    if !self.bells[usize::from(arg)].has_told(object) {
                        self.wait(thread, arg, object);
                    }
                }
                Act::Tell => {
                    self.told += 1;
                    self.bells[self.number].tell(self.told);
                }
                Act::Nothing => {}
                Act::Exit => return &steps[number + 1..],
            }
        }
        &[]
    }
}

#[cold]
#[inline(never)]
fn another(id: u32) -> ! {
    panic!("object {id} is another object");
}
