//! What an object takes of memory, by its type: nothing is measured here.

use keyway::{AnyRef, Guarded, Strategy};
use keyway_object_model::header_bytes;
use keyway_workloads::{Job, run_on};
use serde::Serialize;

/// Bytes of two kinds of objects, header and all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Memory {
    /// In front of the contents.
    pub(super) header_bytes: usize,
    /// An object of an integer of 64 bits, which never changes.
    pub(super) boxed_integer_bytes: usize,
    /// An object of a list, which changes; without its items.
    pub(super) list_bytes: usize,
    /// Whether neither is larger than under the reference.
    pub(super) not_larger: bool,
}

/// The memory of this strategy's objects, compared with the reference's.
pub(super) fn of(id: &str, reference: &str) -> Memory {
    let [this, reference] =
        [id, reference].map(|id| run_on(id, &mut Sizes).expect("only listed strategies are judged"));
    let not_larger =
        this.boxed_integer_bytes <= reference.boxed_integer_bytes && this.list_bytes <= reference.list_bytes;
    Memory { not_larger, ..this }
}

struct Sizes;

impl Job for Sizes {
    type Output = Memory;

    fn run<S: Strategy>(&mut self) -> Memory {
        let header_bytes = header_bytes::<S>();
        // Headers end where contents of eight bytes and their alignment may begin.
        Memory {
            header_bytes,
            boxed_integer_bytes: header_bytes + size_of::<i64>(),
            list_bytes: header_bytes + size_of::<Guarded<Vec<AnyRef<S>>, S>>(),
            not_larger: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_not_larger_than_itself_and_a_lock_in_each_object_is() {
        let reference = of("global-lock-interval", "global-lock-interval");
        assert!(reference.not_larger && reference.header_bytes == 16, "{reference:?}");
        let atomic = of("atomic-counts", "global-lock-interval");
        assert_eq!(atomic.boxed_integer_bytes, reference.boxed_integer_bytes);
        assert!(!atomic.not_larger && atomic.list_bytes > reference.list_bytes, "{atomic:?}");
    }
}
