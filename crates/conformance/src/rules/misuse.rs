//! The misuses that are refused, and how.

use std::panic::{AssertUnwindSafe, catch_unwind};

use keyway_object_model::{Strategy, attach, try_attach};

use crate::bystander::Bystander;
use crate::subject::Subject;
use crate::watch::Watch;

/// An OS thread is attached to one runtime at a time; the error says which it wanted and which it
/// has.
pub fn a_refused_attach_names_both_runtimes<U: Subject>() {
    let (mine, other) = (U::Strategy::runtime().id, Bystander::runtime().id);
    attach::<U::Strategy, _>(|thread| {
        let again = try_attach::<U::Strategy, _>(|_| unreachable!("attached already"));
        assert_eq!(again.expect_err("attached already").occupant(), mine);
        let elsewhere = try_attach::<Bystander, _>(|_| unreachable!("attached already"));
        let elsewhere = elsewhere.expect_err("attached already");
        assert_eq!(elsewhere.occupant(), mine);
        let text = elsewhere.to_string();
        assert!(
            text.contains(&format!("to {other}:")) && text.contains(&format!("attached to {mine} already"))
        );
        // Still attached, to the first.
        assert_eq!(*thread.alloc(7), 7);
    });
    attach::<Bystander, _>(|_| {
        let refused = try_attach::<U::Strategy, _>(|_| ()).expect_err("attached already");
        assert_eq!(refused.occupant(), other);
    });
    assert_eq!(try_attach::<U::Strategy, _>(|_| 7), Ok(7));
}

/// The panic of `attach` says what the error does, and leaves the attachment as it is.
pub fn a_refused_attach_panics<U: Subject>() {
    attach::<U::Strategy, _>(|thread| {
        let refused = catch_unwind(AssertUnwindSafe(|| attach::<U::Strategy, _>(|_| ())));
        let message = refused.expect_err("attached already");
        let message = message.downcast_ref::<String>().expect("a message");
        let expected = try_attach::<U::Strategy, _>(|_| ()).expect_err("attached already").to_string();
        assert_eq!(*message, expected);
        thread.checkpoint();
    });
}

/// In a blocking region an OS thread may attach to the same runtime, to another, and in another
/// region to a third time.
pub fn a_blocking_region_is_free_to_attach<U: Subject>() {
    let watch = Watch::new();
    attach::<U::Strategy, _>(|thread| {
        let object = thread.alloc(watch.witness());
        let clone = object.clone_ref(thread);
        thread.blocking(|| {
            attach::<Bystander, _>(|bystander| {
                bystander.blocking(|| {
                    attach::<U::Strategy, _>(|thread| {
                        assert_eq!(object.count(thread), 2);
                        object.release(thread);
                    });
                });
            });
        });
        assert_eq!(clone.count(thread), 1);
        clone.check();
    });
    assert_eq!(watch.destroyed(), 1);
}

/// A wrong guess of the type costs nothing.
pub fn a_downcast_to_another_type_returns_the_reference<U: Subject>() {
    attach::<U::Strategy, _>(|thread| {
        let object = thread.alloc(7_u64);
        let any = object.clone_ref(thread).erase();
        let any = any.downcast::<i64>().expect_err("another type");
        assert_eq!(any.count(thread), 2);
        let again = any.downcast::<u64>().expect("its type");
        assert!(again.ptr_eq(&object));
        assert_eq!(*again, 7);
        assert_eq!(again.count(thread), 2);
    });
}
