//! A thread comes, blocks, steps aside and exits, while another uses what it has made: all programs
//! from all start states.
//!
//! The enumerations of pointers and references fail if user code runs where a thread is half way
//! out of the table or back, or if something is remembered across it; if an object waits for a
//! thread that is not in the table, or that nobody has told; and if an object outlives its last
//! reference. The others fail if a wait for foreign code is made attached, or ends without its
//! lock.

use keyway::{FreeThreaded, Ref, Strategy};

use crate::enumerate::start::State;
use crate::enumerate::transitions::case::{Extent, Guests, Kind};
use crate::enumerate::transitions::handle::Exits;
use crate::enumerate::transitions::run::every_case;
use crate::enumerate::transitions::tokens::{CloneAnywhere, every_program};
use crate::model::{Explorer, Model};
use crate::settings::Budget;

/// One operation each, from states in which each holds one reference at most.
const POINTERS: Extent = Extent { kind: Kind::Pointer, guests: Guests::None, held: 1, mine: 1, theirs: 1 };
const REFERENCES: Extent = Extent { kind: Kind::Reference, ..POINTERS };

/// The enumerations of a strategy under which objects can be held by pointers.
pub(super) fn models<S: Exits, T: State>() -> Vec<Model> {
    fn of<S: Exits, T: State>(explorer: &mut Explorer, extent: Extent, guests: Guests, mine: usize) {
        every_case::<S, T>(explorer, Extent { guests, mine, ..extent });
    }
    vec![
        Model::of::<S>("transitions_of_1_by_pointers", 3, |explorer| {
            of::<S, T>(explorer, POINTERS, Guests::None, 1);
        }),
        Model::of::<S>("transitions_of_1_by_references", 3, |explorer| {
            of::<S, T>(explorer, REFERENCES, Guests::None, 1);
        }),
        Model::of::<S>("transitions_of_1_by_references_with_wakers", 3, |explorer| {
            of::<S, T>(explorer, REFERENCES, Guests::Waker, 1);
        }),
        Model::of::<S>("transitions_of_1_by_references_with_destructors", 3, |explorer| {
            of::<S, T>(explorer, REFERENCES, Guests::Destructor, 1);
        }),
        Model::of::<S>("transitions_of_1_by_pointers_with_wakers", 3, |explorer| {
            of::<S, T>(explorer, POINTERS, Guests::Waker, 1);
        })
        .from(Budget::Ci),
        Model::of::<S>("transitions_of_1_by_pointers_with_destructors", 3, |explorer| {
            of::<S, T>(explorer, POINTERS, Guests::Destructor, 1);
        })
        .from(Budget::Ci),
        Model::of::<S>("transitions_of_2_by_references", 3, |explorer| {
            of::<S, T>(explorer, REFERENCES, Guests::None, 2);
        })
        .from(Budget::Ci),
        Model::of::<S>("transitions_of_2_by_references_with_wakers", 3, |explorer| {
            of::<S, T>(explorer, REFERENCES, Guests::Waker, 2);
        })
        .from(Budget::Ci),
        Model::of::<S>("transitions_of_2_by_references_with_destructors", 3, |explorer| {
            of::<S, T>(explorer, REFERENCES, Guests::Destructor, 2);
        })
        .from(Budget::Ci),
        Model::of::<S>("transitions_of_2_by_pointers", 3, |explorer| {
            explorer.lower_bound_to(3);
            of::<S, T>(explorer, POINTERS, Guests::None, 2);
        })
        .from(Budget::Night),
        Model::of::<S>("transitions_of_2_by_pointers_with_wakers", 3, |explorer| {
            explorer.lower_bound_to(3);
            of::<S, T>(explorer, POINTERS, Guests::Waker, 2);
        })
        .from(Budget::Night),
        Model::of::<S>("transitions_of_2_by_pointers_with_destructors", 3, |explorer| {
            explorer.lower_bound_to(3);
            of::<S, T>(explorer, POINTERS, Guests::Destructor, 2);
        })
        .from(Budget::Night),
    ]
}

/// The enumerations of a strategy that lets one thread at a time be attached.
pub(super) fn models_by_turns<S: Strategy>() -> Vec<Model> {
    of_tokens::<S>([
        |explorer| every_program::<S>(explorer, (2, 2), None),
        |explorer| every_program::<S>(explorer, (2, 3), None),
        |explorer| every_program::<S>(explorer, (3, 3), None),
    ])
}

/// The enumerations of a strategy whose threads run in parallel.
pub(super) fn models_of_free<S: FreeThreaded>() -> Vec<Model> {
    fn clone<S: FreeThreaded>() -> CloneAnywhere<S> {
        Some(Ref::clone)
    }
    of_tokens::<S>([
        |explorer| every_program::<S>(explorer, (2, 2), clone()),
        |explorer| every_program::<S>(explorer, (2, 3), clone()),
        |explorer| every_program::<S>(explorer, (3, 3), clone()),
    ])
}

/// Of up to two operations of each thread; of two and three, of which the other needs one to
/// attach; and of three each.
fn of_tokens<S: Strategy>([two, two_and_three, three]: [fn(&mut Explorer); 3]) -> Vec<Model> {
    vec![
        Model::of::<S>("transitions_of_2_by_tokens", 3, two),
        Model::of::<S>("transitions_of_2_and_3_by_tokens", 3, two_and_three).from(Budget::Ci),
        Model::of::<S>("transitions_of_3_by_tokens", 3, three).from(Budget::Night),
    ]
}
