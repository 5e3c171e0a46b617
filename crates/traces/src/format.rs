//! The format: what a file consists of, and how each part is laid out in bytes. docs/traces.md
//! explains it.

/// The first eight bytes of a trace.
pub const MAGIC: [u8; 8] = *b"RCTRACE1";

/// The one version of the format.
pub const VERSION: u32 = 1;

/// Bytes of the header.
pub(crate) const HEADER_BYTES: usize = 64;

/// Bytes of an object's record, and of an event.
pub(crate) const RECORD_BYTES: usize = 8;

/// In the header's size: recorded with a global lock.
const GLOBAL_LOCK: u32 = 1 << 16;

/// In an event: no object, for [`Op::ThreadExit`].
pub const NO_OBJECT: u32 = u32::MAX;

/// In an object's record: no thread was seen to own it.
pub const NO_OWNER: u8 = u8::MAX;

/// The value at which [`Op::Add`]'s argument saturates: 511 references or more.
pub const ADD_SATURATED: u16 = 511;

/// The header: how much there is of everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Whether the recorded program ran under a global lock: then there are no owners, and no
    /// paths.
    pub global_lock: bool,
    /// Threads; events name them by index.
    pub threads: u32,
    /// Objects in the table.
    pub objects: u32,
    /// Events.
    pub events: u64,
    /// Objects that were alive before the recording began.
    pub preexisting: u32,
    /// Names of types.
    pub types: u32,
}

/// Bits of an object's record.
pub mod flags {
    /// Alive before the recording began.
    pub const PREEXISTING: u8 = 1;
    /// Immortal: its count is not written.
    pub const IMMORTAL: u8 = 2;
    /// Became deferred in the trace.
    pub const DEFERRED: u8 = 4;
    /// Still alive at the end.
    pub const ALIVE_AT_END: u8 = 8;
    /// Not immortal, and touched by more than one thread.
    pub const MANY_THREADS: u8 = 16;
    /// At least one count operation did not take the owner's path.
    pub const SHARED_PATH: u8 = 32;
}

/// What the table of objects says about one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObjectRecord {
    /// See [`flags`].
    pub flags: u8,
    /// The thread that allocated it; for an object from before the recording, one that was seen to
    /// own it, or [`NO_OWNER`].
    pub owner: u8,
    /// Index of its type's name.
    pub type_index: u16,
    /// References before the first event: 1 for an object that the trace allocates.
    pub initial_count: u32,
}

impl ObjectRecord {
    /// Whether it was alive before the recording began.
    pub fn is_preexisting(&self) -> bool {
        self.flags & flags::PREEXISTING != 0
    }

    /// Whether it is immortal.
    pub fn is_immortal(&self) -> bool {
        self.flags & flags::IMMORTAL != 0
    }

    pub(crate) fn decode(bytes: [u8; RECORD_BYTES]) -> Self {
        let [flags, owner, t0, t1, c0, c1, c2, c3] = bytes;
        ObjectRecord {
            flags,
            owner,
            type_index: u16::from_le_bytes([t0, t1]),
            initial_count: u32::from_le_bytes([c0, c1, c2, c3]),
        }
    }

    pub(crate) fn encode(&self) -> [u8; RECORD_BYTES] {
        let [t0, t1] = self.type_index.to_le_bytes();
        let [c0, c1, c2, c3] = self.initial_count.to_le_bytes();
        [self.flags, self.owner, t0, t1, c0, c1, c2, c3]
    }
}

macro_rules! ops {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal;)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Op {
            $($(#[$doc])* $variant = $number,)*
        }

        impl Op {
            /// Every operation of the format.
            pub const ALL: &[Op] = &[$(Op::$variant),*];

            /// The operation with this number, if there is one.
            #[inline]
            pub fn from_number(number: u8) -> Option<Op> {
                match number {
                    $($number => Some(Op::$variant),)*
                    _ => None,
                }
            }

            /// Its name in tables.
            pub fn name(self) -> &'static str {
                match self {
                    $(Op::$variant => $name,)*
                }
            }
        }
    };
}

ops! {
    /// A new object with one reference; its owner is the thread.
    Alloc = 0, "alloc";
    /// One reference more. The argument is a [`Path`](path), or [`GIVE_BACK`](path::GIVE_BACK).
    Incref = 1, "incref";
    /// One reference less. The argument is a path.
    Decref = 2, "decref";
    /// The deallocator runs. The argument: 0 normally, 1 from a list of delayed destructions, 2 the
    /// header was written anew and the count was not zero.
    Dealloc = 3, "dealloc";
    /// A retain of an immortal object, which writes nothing.
    IncrefImmortal = 4, "incref_immortal";
    /// A release of an immortal object, which writes nothing.
    DecrefImmortal = 5, "decref_immortal";
    /// Several references more, in one update; the argument is their number.
    Add = 6, "add";
    /// One reference more, counted in the thread's own array.
    IncrefPerThread = 7, "incref_perthread";
    /// One reference less, counted in the thread's own array.
    DecrefPerThread = 8, "decref_perthread";
    /// The release just before was handed to the owner's queue.
    Queue = 12, "queue";
    /// The owner's count reached zero while others had references: the object loses its owner.
    MergeZero = 13, "merge_zero";
    /// The object loses its owner. The argument is the number of references consumed; plus 256 by a
    /// collector.
    MergeExplicit = 14, "merge_explicit";
    /// References from stacks are not counted any more.
    SetDeferred = 15, "set_deferred";
    /// The object becomes immortal.
    SetImmortal = 16, "set_immortal";
    /// Somebody may retain it without holding a reference.
    SetMaybeWeakref = 17, "set_maybe_weakref";
    /// A finaliser begins: the count is one again.
    Resurrect = 18, "resurrect";
    /// A thread leaves the table of owners.
    ThreadExit = 19, "thread_exit";
    /// The count is set to the argument.
    SetRefcnt = 22, "set_refcnt";
    /// A finaliser has ended: one reference less.
    ResurrectEnd = 23, "resurrect_end";
}

/// Arguments of [`Op::Incref`] and [`Op::Decref`].
pub mod path {
    /// The owner's path, a plain store. With a global lock: always.
    pub const OWNER: u16 = 0;
    /// Somebody else's path, an atomic step.
    pub const SHARED: u16 = 1;
    /// Somebody else's path, a retain that may fail and did not.
    pub const TRY: u16 = 3;
    /// Cancels the release by the same thread just before, which will be repeated.
    pub const GIVE_BACK: u16 = 4;
}

/// Arguments of [`Op::Dealloc`].
pub mod dealloc {
    /// The count was zero.
    pub const NORMAL: u16 = 0;
    /// The count was zero some time ago.
    pub const DELAYED: u16 = 1;
    /// The header was written anew; the count was not zero.
    pub const REINITIALISED: u16 = 2;
}

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Event {
    /// What happened.
    pub op: Op,
    /// On which thread.
    pub thread: u8,
    /// What it means depends on `op`.
    pub arg: u16,
    /// To which object, by its place in the table.
    pub object: u32,
}

impl Event {
    /// An event with argument 0.
    pub fn new(op: Op, thread: u8, object: u32) -> Self {
        Event { op, thread, arg: 0, object }
    }

    /// The same with another argument.
    #[must_use]
    pub fn with_arg(self, arg: u16) -> Self {
        Event { arg, ..self }
    }

    pub(crate) fn encode(&self) -> [u8; RECORD_BYTES] {
        let [a0, a1] = self.arg.to_le_bytes();
        let [o0, o1, o2, o3] = self.object.to_le_bytes();
        [self.op as u8, self.thread, a0, a1, o0, o1, o2, o3]
    }
}

impl Header {
    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let size = HEADER_BYTES as u32 | if self.global_lock { GLOBAL_LOCK } else { 0 };
        let mut bytes = [0; HEADER_BYTES];
        let fields = [VERSION, size, self.threads, self.objects];
        bytes[..8].copy_from_slice(&MAGIC);
        for (place, field) in bytes[8..24].chunks_exact_mut(4).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        bytes[24..32].copy_from_slice(&self.events.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.preexisting.to_le_bytes());
        bytes[36..40].copy_from_slice(&self.types.to_le_bytes());
        bytes
    }

    /// The header, or where in it and why not.
    pub(crate) fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, (u64, String)> {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        if bytes[..8] != MAGIC {
            return Err((0, "not a trace: it does not begin with RCTRACE1".to_owned()));
        }
        if word(8) != VERSION {
            return Err((8, format!("version {} is unknown; this program knows version {VERSION}", word(8))));
        }
        let size = word(12);
        if size & !GLOBAL_LOCK != HEADER_BYTES as u32 {
            return Err((
                12,
                format!("the header's size is {size:#x}, not {HEADER_BYTES} with or without bit 16"),
            ));
        }
        if let Some(at) = bytes[40..].iter().position(|&byte| byte != 0) {
            return Err((40 + at as u64, "a reserved byte of the header is not zero".to_owned()));
        }
        Ok(Header {
            global_lock: size & GLOBAL_LOCK != 0,
            threads: word(16),
            objects: word(20),
            events: u64::from(word(24)) | u64::from(word(28)) << 32,
            preexisting: word(32),
            types: word(36),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_operations_belong_together() {
        let numbers = (0..=u8::MAX).filter_map(|number| Some((number, Op::from_number(number)?)));
        let listed: Vec<(u8, Op)> = Op::ALL.iter().map(|&op| (op as u8, op)).collect();
        assert_eq!(numbers.collect::<Vec<_>>(), listed);
    }

    #[test]
    fn a_header_reads_back_as_itself() {
        for global_lock in [false, true] {
            let header = Header {
                global_lock,
                threads: 3,
                objects: 70_000,
                events: 1 << 40,
                preexisting: 9,
                types: 2,
            };
            assert_eq!(Header::decode(&header.encode()), Ok(header));
        }
    }
}
