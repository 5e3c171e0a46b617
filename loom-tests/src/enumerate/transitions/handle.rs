//! What the threads of a case hold.

use keyway::{Apart, AtomicCounts, BiasedCounts, Compact, Ref};
use keyway_brc::{Shared, WeakCounts, WeakShared};
use keyway_object_model::testing::{self, AsAnother};

use super::case::Kind;
use super::guest::Guest;
use crate::as_another;
use crate::payload::{Fate, Payload};

/// A strategy whose threads can say that they exit: in a model nothing else does.
pub(crate) trait Exits: WeakCounts + AsAnother {
    /// The calling thread exits.
    fn exit() {}
}

impl Exits for AtomicCounts {}

impl Exits for BiasedCounts<Compact> {
    fn exit() {
        testing::exit::<Self>();
    }
}

impl Exits for BiasedCounts<Apart> {
    fn exit() {
        testing::exit::<Self>();
    }
}

/// Contents whose destructor is a program.
pub(super) struct Contents<S: Exits> {
    payload: Payload,
    destructor: Guest<S>,
}

impl<S: Exits> Contents<S> {
    pub(super) fn new(fate: &Fate, destructor: Guest<S>) -> Self {
        Contents { payload: fate.payload(7), destructor }
    }
}

impl<S: Exits> Drop for Contents<S> {
    fn drop(&mut self) {
        self.payload.write();
        self.destructor.perform();
    }
}

/// A weak reference.
pub(super) type Weak<S> = WeakShared<Contents<S>, S>;

/// A reference to an object.
pub(super) enum Handle<S: Exits> {
    Reference(Ref<Contents<S>, S>),
    Pointer(Shared<Contents<S>, S>),
}

impl<S: Exits> Handle<S> {
    /// Makes an object, with no token.
    pub(super) fn new(kind: Kind, contents: Contents<S>) -> Self {
        match kind {
            Kind::Reference => Handle::Reference(Ref::new(contents)),
            Kind::Pointer => Handle::Pointer(Shared::new(contents)),
        }
    }

    /// Reads the contents, so that this use has to be ordered before the others' later operations.
    pub(super) fn read(&self) {
        let contents: &Contents<S> = match self {
            Handle::Reference(reference) => reference,
            Handle::Pointer(pointer) => pointer,
        };
        assert_eq!(contents.payload.read(), 7, "an object is seen whole");
    }

    /// A weak reference; references have none.
    pub(super) fn downgrade(&self) -> Weak<S> {
        match self {
            Handle::Reference(_) => unreachable!("no such case is made"),
            Handle::Pointer(pointer) => Shared::downgrade(pointer),
        }
    }

    /// Takes the contents, if nobody else has a reference; gives the reference back otherwise.
    pub(super) fn try_unwrap(self) -> Option<Self> {
        match self {
            Handle::Reference(_) => unreachable!("no such program is made"),
            Handle::Pointer(pointer) => Shared::try_unwrap(pointer).err().map(Handle::Pointer),
        }
    }

    /// Clones as another thread would.
    pub(super) fn clone_as_another(&self) -> Self {
        match self {
            Handle::Reference(reference) => Handle::Reference(testing::clone_as_another(reference)),
            Handle::Pointer(pointer) => Handle::Pointer(as_another::clone_as_another(pointer)),
        }
    }

    /// Drops as another thread would.
    pub(super) fn drop_as_another(self) {
        match self {
            Handle::Reference(reference) => testing::release_as_another(reference),
            Handle::Pointer(pointer) => as_another::drop_as_another(pointer),
        }
    }
}

impl<S: Exits> Clone for Handle<S> {
    fn clone(&self) -> Self {
        match self {
            Handle::Reference(reference) => Handle::Reference(reference.clone()),
            Handle::Pointer(pointer) => Handle::Pointer(pointer.clone()),
        }
    }
}
