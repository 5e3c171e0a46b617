//! More than memory can hold: an ordinary panic, in the caller's own terms.

use std::panic::{AssertUnwindSafe, catch_unwind};

use keyway_brc::{Shared, WeakCounts};

use crate::watch::{Watch, elsewhere};

/// The message of the panic when `ask` asks for too much.
fn refusal<R>(ask: impl FnOnce() -> R) -> String {
    let Err(payload) = catch_unwind(AssertUnwindSafe(ask)) else { panic!("memory for more than memory is") };
    payload.downcast_ref::<String>().cloned().expect("a message that was put together")
}

pub(crate) fn too_many_elements_are_refused_in_plain_words<S: WeakCounts>() {
    const MOST: usize = isize::MAX as usize;
    let refused = [
        (refusal(|| Shared::<[u8], S>::new_uninit_slice(MOST)), "[u8]", MOST),
        (refusal(|| Shared::<[u8], S>::new_uninit_slice(MOST - 31)), "[u8]", MOST - 31),
        (refusal(|| Shared::<[u64], S>::new_uninit_slice(usize::MAX)), "[u64]", usize::MAX),
        (refusal(|| Shared::<[u16], S>::new_zeroed_slice(MOST)), "[u16]", MOST),
        (refusal(|| Shared::<[String], S>::new_uninit_slice(MOST)), "String]", MOST),
        (refusal(|| Shared::<[String], S>::new_zeroed_slice(MOST)), "String]", MOST),
        (refusal(|| Shared::<[[u8; 1 << 30]], S>::new_uninit_slice(1 << 34)), "[u8; 1073741824]", 1 << 34),
    ];
    for (message, element, length) in refused {
        assert!(message.contains(element), "{element}: {message}");
        assert!(message.contains(&format!("of length {length}")), "{length}: {message}");
        assert!(message.contains(&format!("{MOST} bytes")), "{message}");
        assert!(!message.contains("LayoutError"), "{message}");
    }
}

/// Neither what is queued nor the maker's place is lost.
pub(crate) fn a_refusal_loses_nothing<S: WeakCounts>() {
    let watch = Watch::default();
    for round in 1..=10 {
        let mine = Shared::<_, S>::new(watch.witness());
        elsewhere(move || drop(mine));
        refusal(|| Shared::<[u32], S>::new_uninit_slice(usize::MAX));
        Shared::<(), S>::collect();
        assert_eq!(watch.dropped(), round);
    }
    assert_eq!(*Shared::<_, S>::new(5), 5);
}

pub(crate) fn elements_without_bytes_are_never_too_many<S: WeakCounts>() {
    struct NeverMade;
    impl Drop for NeverMade {
        fn drop(&mut self) {
            panic!("never made");
        }
    }
    assert_eq!(Shared::<[()], S>::new_uninit_slice(usize::MAX).len(), usize::MAX);
    assert_eq!(Shared::<[()], S>::new_zeroed_slice(usize::MAX).len(), usize::MAX);
    assert_eq!(Shared::<[NeverMade], S>::new_uninit_slice(usize::MAX).len(), usize::MAX);
    let mut units = Shared::<[()], S>::from(vec![(); usize::MAX]);
    assert_eq!(units.len(), usize::MAX);
    let weak = Shared::downgrade(&units);
    assert_eq!((Shared::make_mut(&mut units).len(), weak.upgrade().is_none()), (usize::MAX, true));
}
