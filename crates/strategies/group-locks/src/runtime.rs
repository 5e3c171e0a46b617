//! Runtimes: each has tables of its own, of the sizes that its declaration names.

use std::fmt::Debug;

use keyway_object_model::Runtime;
use keyway_sync::{Place, RawLock};

/// A name for a runtime, with its tables of locks. Declared by [`runtime!`](crate::runtime!), not
/// by hand: a static inside a generic item would be one for all runtimes, of any sizes.
///
/// # Safety
/// Implementors promise:
/// - `runtime` always returns the same static, which no other runtime shares.
/// - For a place that stays where it is, each of the other two always returns the same lock.
///   Nothing else takes it; the two never return the same.
pub unsafe trait Tables: Debug + Send + Sync + Sized + 'static {
    /// The runtime's identity.
    fn runtime() -> &'static Runtime;

    /// The lock for the count of the object at this place.
    fn count_lock(place: &Place) -> &'static RawLock;

    /// The lock for the contents at this place.
    fn contents_lock(place: &Place) -> &'static RawLock;
}

/// Declares a further runtime of [`GroupLocks`](crate::GroupLocks), with tables of its own, and
/// says how many locks each has: a power of two.
///
/// ```
/// use keyway_group_locks::GroupLocks;
///
/// keyway_group_locks::runtime!(
///     /// Many threads, many objects.
///     pub struct Wide { counts: 1024, contents: 256 }
/// );
/// type S = GroupLocks<Wide>;
///
/// keyway_object_model::attach::<S, _>(|thread| {
///     let object = thread.alloc(1);
///     assert_eq!(*object, 1);
/// });
/// ```
#[macro_export]
macro_rules! runtime {
    ($(#[$attribute:meta])* $vis:vis struct $name:ident { counts: $counts:expr, contents: $contents:expr $(,)? }) => {
        $(#[$attribute])*
        #[derive(Debug)]
        $vis enum $name {}

        // SAFETY: the three statics are declared here, only for this name, and a table's answer
        // depends only on the place.
        unsafe impl $crate::Tables for $name {
            #[inline]
            fn runtime() -> &'static $crate::__private::Runtime {
                static RUNTIME: $crate::__private::Runtime =
                    $crate::__private::Runtime::new("group-locks");
                &RUNTIME
            }

            #[inline]
            fn count_lock(place: &$crate::__private::Place) -> &'static $crate::__private::RawLock {
                $crate::__private::global! {
                    static COUNTS: $crate::Table<{ $counts }> = $crate::Table::new();
                }
                COUNTS.of(place)
            }

            #[inline]
            fn contents_lock(place: &$crate::__private::Place) -> &'static $crate::__private::RawLock {
                $crate::__private::global! {
                    static CONTENTS: $crate::Table<{ $contents }> = $crate::Table::new();
                }
                CONTENTS.of(place)
            }
        }
    };
}

/// Locks in each of [`Main`]'s tables. Fewer in a model, which has few objects and makes every lock
/// anew for each interleaving.
const LOCKS: usize = if keyway_sync::MODELLED { 8 } else { 64 };

runtime!(
    /// The runtime that a program has unless it declares more: 64 locks for counts and 64 for
    /// contents.
    pub struct Main {
        counts: LOCKS,
        contents: LOCKS,
    }
);
