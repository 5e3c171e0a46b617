//! Counts near their limits, and traffic.

use std::mem;
use std::sync::mpsc;

use keyway_object_model::testing::leak_references;
use keyway_object_model::{Ref, attach};

use crate::subject::Subject;
use crate::watch::Watch;
use crate::{child, elsewhere};

/// A count in the last places below its limit is exact, and so is what comes after if it does not
/// abort there.
pub fn a_count_stays_exact_up_to_its_limit<U: Subject>() {
    let limit = usize::try_from(<U::Strategy as keyway_object_model::testing::NearLimit>::LIMIT)
        .expect("a 64-bit machine");
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let object = thread.alloc(watch.witness());
        leak_references(&object, thread, limit as u64 - 3);
        assert_eq!(object.count(thread), limit - 2);
        let clones = [object.clone_ref(thread), object.clone_ref(thread)];
        assert_eq!(object.count(thread), limit);
        clones.into_iter().for_each(|clone| clone.release(thread));
        assert_eq!(object.count(thread), limit - 2);
    });
    assert_eq!(watch.destroyed(), 0);
}

/// No count wraps: the process ends before.
pub fn a_count_past_its_limit_aborts<U: Subject>() {
    child::aborts("a reference count has overflowed", || {
        let object = attach::<U::Strategy, _>(|thread| {
            let object = thread.alloc(0);
            leak_references(&object, thread, U::FULL);
            object
        });
        // On another thread: an owner has room of its own.
        elsewhere::run(move || {
            attach::<U::Strategy, _>(|thread| (0..4).for_each(|_| mem::forget(object.clone_ref(thread))));
        });
    });
}

/// 2^32 leaked references do not make a count wrap.
pub fn a_count_above_two_to_the_32_stays_exact<U: Subject>() {
    if U::FULL < 1 << 33 {
        // This count aborts there: the test before.
        return;
    }
    let start = usize::try_from(u32::MAX - 3).expect("a 64-bit machine");
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let object = thread.alloc(watch.witness());
        leak_references(&object, thread, start as u64 - 1);
        let mut clones = Vec::new();
        for more in 1..=8 {
            clones.push(object.clone_ref(thread));
            assert_eq!(object.count(thread), start + more);
        }
        let away = clones.split_off(4);
        elsewhere::run(move || drop(away));
        thread.checkpoint();
        assert_eq!(object.count(thread), start + 4);
        clones.into_iter().for_each(|clone| clone.release(thread));
        assert_eq!(object.count(thread), start);
        object.check();
    });
    assert_eq!(watch.destroyed(), 0);
}

/// How many references are on the way at once: enough that neither thread waits for each one.
const BATCH: usize = 1 << 12;

/// A thread that clones for others to drop, without ever looking after its queue, ends with the
/// exact count. References whose handling is too slow for a debug run are leaked at the start, up
/// to just below 2^32; half-way it would wrap.
pub fn hand_overs_without_a_checkpoint<U: Subject>() {
    let watch = Watch::new();
    let debug = cfg!(debug_assertions);
    let hand_overs = if debug { 1 << 20 } else { U::HAND_OVERS };
    // A count that aborts there must not reach it even if the other thread is late with every drop.
    let room = if U::FULL > 1 << 33 { hand_overs / 2 } else { 2 * hand_overs };
    let leaked = if debug { u32::MAX as usize - room } else { 0 };
    attach::<U::Strategy, _>(|thread| {
        let object = thread.alloc(watch.witness());
        if leaked > 0 {
            leak_references(&object, thread, leaked as u64);
        }
        let (sender, receiver) = mpsc::sync_channel::<Vec<Ref<_, U::Strategy>>>(4);
        // Not attached: under a global lock, nobody else could be.
        let other = elsewhere::start(move || receiver.into_iter().for_each(drop));
        for _ in 0..hand_overs / BATCH {
            let batch = (0..BATCH).map(|_| object.clone_ref(thread)).collect();
            sender.send(batch).expect("the other thread receives until the end");
        }
        drop(sender);
        other.finish_whenever();
        thread.checkpoint();
        assert_eq!(object.count(thread), 1 + leaked);
    });
    assert_eq!(watch.destroyed(), usize::from(leaked == 0));
}

/// A reference that is leaked keeps its object for ever, and nothing worse.
pub fn leaked_references_keep_their_object<U: Subject>() {
    let watch = Watch::new();
    let address = attach::<U::Strategy, _>(|thread| {
        let object = thread.alloc(watch.witness());
        mem::forget(object.clone_ref(thread));
        let clone = object.clone_ref(thread);
        elsewhere::run(move || mem::forget(clone));
        assert_eq!(object.count(thread), 3);
        object.check();
        std::ptr::from_ref(&*object).addr()
    });
    attach::<U::Strategy, _>(|thread| {
        let other = thread.alloc(watch.witness());
        assert_ne!(
            std::ptr::from_ref(&*other).addr(),
            address,
            "the memory of a leaked object is not reused"
        );
    });
    assert_eq!(watch.destroyed(), 1);
}
