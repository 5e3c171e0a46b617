//! The runtimes of wrappers: one static for each wrapper of each strategy, made when it is first
//! asked for.

use std::any::TypeId;
use std::sync::OnceLock;

use keyway_object_model::Runtime;

struct Entry {
    wrapper: TypeId,
    runtime: Runtime,
    next: OnceLock<Box<Entry>>,
}

static FIRST: OnceLock<Box<Entry>> = OnceLock::new();

/// The runtime of the wrapper `W`, whose id is `prefix` and then `id`.
///
/// A static inside a generic function is one for all type arguments, so that they stand in a list,
/// in which an entry never moves.
pub(crate) fn runtime_of<W: 'static>(prefix: &str, id: &str) -> &'static Runtime {
    let wrapper = TypeId::of::<W>();
    let mut place = &FIRST;
    loop {
        let entry = place.get_or_init(|| {
            let id = Box::leak(format!("{prefix}{id}").into_boxed_str());
            Box::new(Entry { wrapper, runtime: Runtime::new(id), next: OnceLock::new() })
        });
        if entry.wrapper == wrapper {
            return &entry.runtime;
        }
        place = &entry.next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrapper_has_one_runtime_and_no_other_has_it() {
        let (one, two) = (runtime_of::<u8>("a-", "one"), runtime_of::<u16>("a-", "two"));
        assert!(std::ptr::eq(one, runtime_of::<u8>("a-", "one")));
        assert!(!std::ptr::eq(one, two));
        assert_eq!((one.id, two.id), ("a-one", "a-two"));
    }
}
