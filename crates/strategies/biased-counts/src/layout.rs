//! Where the words of a header lie. Each layout is a runtime of its own, with a table and
//! thread-locals that no other has.

use std::cell::Cell;
use std::fmt::Debug;
use std::ptr;

use keyway_object_model::Runtime;
use keyway_sync::Gap;

use crate::bits::Bias;
use crate::divert::ReleaseBias;
use crate::table::{Signal, Table};
use crate::word::{Maker, MakerWord};

/// Where the words of [`BiasedCounts`](crate::BiasedCounts) lie: [`Compact`] or [`Apart`]. Sealed.
pub trait Layout: Declared {}

/// The statics that [`layout!`] gives a layout: a static inside a generic item would be one for all
/// layouts.
///
/// # Safety
/// Implementors promise:
/// - `runtime`, `table` and `with_local` always reach the same statics, which no other layout
///   shares.
pub unsafe trait Declared: Debug + Send + Sync + Sized + 'static {
    /// The gap between two words.
    type Gap: Debug + Default + Send + Sync + 'static;

    /// The word that names the maker of the object, if there is one.
    type Maker: Maker;

    /// The runtime's identity.
    fn runtime() -> &'static Runtime;

    /// The attached threads.
    fn table() -> &'static Table<Self>
    where
        Self: Layout;

    /// Lends what is kept for this OS thread.
    fn with_local<R>(f: impl FnOnce(&Local) -> R) -> R;
}

/// The data of an OS thread under one layout.
#[derive(Debug)]
pub struct Local {
    /// The number that tells this OS thread from an owner where there is no token; [`Bias::NONE`]
    /// while it is not in the table.
    pub(crate) present: Cell<Bias>,
    /// The same, as a release wants it; another number while something is queued to this OS thread.
    pub(crate) to_release: ReleaseBias,
    /// The signal of this OS thread's entry in the table, which keeps it alive; null while there is
    /// none.
    pub(crate) signal: Cell<*const Signal>,
    /// Whether this OS thread has a token, and is not in a blocking region.
    pub(crate) token: Cell<bool>,
    /// In how many blocking regions this OS thread is, one inside the other.
    pub(crate) regions: Cell<u32>,
    /// How far this OS thread has come that attaches unasked.
    pub(crate) life: Cell<Life>,
}

impl Local {
    keyway_sync::const_unless_loom! {
        /// Of an OS thread that has done nothing yet.
        pub(crate) fn new() -> Self {
            Local {
                present: Cell::new(Bias::NONE),
                to_release: ReleaseBias::new(),
                signal: Cell::new(ptr::null()),
                token: Cell::new(false),
                regions: Cell::new(0),
                life: Cell::new(Life::Unseen),
            }
        }
    }
}

/// The facts that decide whether an OS thread is attached unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// Its exit will go unnoticed.
    Unseen,
    /// It leaves the table when it exits.
    Seen,
    /// Its thread-locals are being destroyed: it attaches with a token only.
    Exiting,
}

macro_rules! layout {
    ($(#[$attribute:meta])* $name:ident, $id:literal, $gap:ty, $maker:ty) => {
        $(#[$attribute])*
        #[derive(Debug)]
        pub enum $name {}

        impl Layout for $name {}

        // SAFETY: the statics are declared here, only for this layout.
        unsafe impl Declared for $name {
            type Gap = $gap;
            type Maker = $maker;

            #[inline]
            fn runtime() -> &'static Runtime {
                static RUNTIME: Runtime = Runtime::new($id);
                &RUNTIME
            }

            #[inline]
            fn table() -> &'static Table<Self> {
                keyway_sync::global! {
                    static TABLE: Table<$name> = Table::new();
                }
                &TABLE
            }

            #[inline]
            fn with_local<R>(f: impl FnOnce(&Local) -> R) -> R {
                keyway_sync::thread_local! {
                    static LOCAL: Local = const { Local::new() };
                }
                LOCAL.with(f)
            }
        }
    };
}

layout! {
    /// The words side by side: a header of 24 bytes.
    Compact, "biased-counts", (), ()
}

layout! {
    /// The owner's word and the others' on cache lines of their own, and a third word, written
    /// once, by which a thread that has not made an object knows so without a look at the owner's
    /// line: a header of 200 bytes.
    ///
    /// For the few objects that their owner and other threads count at the same time, all the time.
    Apart, "biased-counts-apart", Gap, MakerWord
}
