//! A process that uses `AtomicCounts` forks, and its child attaches, counts, and enters objects
//! that no other thread was in.
#![cfg(unix)]

use keyway_atomic_counts::AtomicCounts;
use keyway_conformance::forks;
use keyway_object_model::attach;

/// One test: the rules share a runtime.
#[test]
fn the_child_goes_on_with_objects_that_no_other_thread_was_in() {
    attach::<AtomicCounts, _>(|thread| {
        let ended = forks::in_child(|| {
            let object = thread.alloc(7);
            drop(object.clone());
            assert_eq!(object.count(thread), 1);
            thread.checkpoint();
            thread.blocking(|| attach::<AtomicCounts, _>(|_| ()));
            object.release(thread);
        });
        assert!(ended.status.success(), "{ended:?}");
    });
}
