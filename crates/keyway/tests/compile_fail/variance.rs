//! E0308: a reference, a token, contents or a section of one runtime coerced to another whose name
//! is a subtype's. All four are invariant in the strategy; a covariant type, here `Covariant`, is
//! coerced without a word.

use std::marker::PhantomData;

use keyway::{GlobalLock, Guarded, Interval, Ref, Section, Thread};
use keyway_global_lock::{Isolate, State};

#[derive(Debug)]
struct Named<F>(PhantomData<F>);
type General = for<'a> fn(&'a u8);
type Special = fn(&'static u8);
type A = GlobalLock<Interval, Named<General>>;
type B = GlobalLock<Interval, Named<Special>>;

macro_rules! isolate {
    ($name:ty) => {
        unsafe impl Isolate<Interval> for Named<$name> {
            fn runtime() -> &'static keyway_object_model::Runtime {
                panic!("only types matter here")
            }

            fn state() -> &'static State<Interval, Self> {
                panic!("only types matter here")
            }
        }
    };
}
isolate!(General);
isolate!(Special);

struct Covariant<S>(PhantomData<S>);

fn covariant(value: Covariant<A>) -> Covariant<B> {
    value
}

#[cfg(not(control))]
type To = B;
#[cfg(control)]
type To = A;

fn reference(value: Ref<u8, A>) -> Ref<u8, To> {
    value //~ error
}

fn token<'a>(value: &'a Thread<A>) -> &'a Thread<To> {
    value //~ error
}

fn contents(value: Guarded<u8, A>) -> Guarded<u8, To> {
    value //~ error
}

fn section<'a>(value: Section<'a, u8, A>) -> Section<'a, u8, To> {
    value //~ error
}

fn main() {
    drop((covariant, reference, contents));
    let _ = (token, section);
}
