//! How many bytes things have.

use std::mem::size_of;

use keyway_object_model::{AnyRef, Guarded, Ref, Strategy, header_bytes};

use crate::subject::Subject;

/// The type's descriptor included.
pub fn a_header_is_small<U: Subject>() {
    let bytes = header_bytes::<U::Strategy>();
    assert!(bytes <= U::HEADER_BYTES, "{bytes} bytes, where at most {} are allowed", U::HEADER_BYTES);
}

/// A reference is a pointer that is never null.
pub fn a_reference_is_one_word<U: Subject>() {
    assert_eq!(size_of::<Ref<[u64; 4], U::Strategy>>(), 8);
    assert_eq!(size_of::<Option<Ref<[u64; 4], U::Strategy>>>(), 8);
    assert_eq!(size_of::<AnyRef<U::Strategy>>(), 8);
}

/// Its lock and what alignment makes of it: one byte at most, and nothing where only one thread
/// runs.
pub fn a_guarded_adds_its_lock_at_most<U: Subject>() {
    let lock = size_of::<<U::Strategy as Strategy>::Lock>();
    assert!(lock <= usize::from(U::PARALLEL), "{lock} bytes");
    assert_eq!(size_of::<Guarded<(), U::Strategy>>(), lock);
    assert_eq!(size_of::<Guarded<u8, U::Strategy>>(), 1 + lock);
    assert_eq!(size_of::<Guarded<u64, U::Strategy>>(), 8 + 8 * lock);
    assert_eq!(size_of::<Guarded<[u8; 7], U::Strategy>>(), 7 + lock);
}
