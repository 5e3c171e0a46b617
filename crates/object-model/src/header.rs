//! The words in front of an object's contents.

use std::alloc::Layout;
use std::any::TypeId;
use std::mem::{self, ManuallyDrop};
use std::ptr::{self, NonNull};

use keyway_sync::grave::{self, Canary, Link};

use crate::strategy::Strategy;

/// The words of a strategy's count, seen as memory that is free for other use once nobody holds the
/// object.
///
/// They take at least as many bytes as an address, which is kept in their first ones in the list of
/// objects to be destroyed. Every byte must lie in an `UnsafeCell` or an atomic, padding included:
/// a thread may still be returning from a function that borrowed the words while another one, which
/// released the last reference, frees them.
pub trait CountWords: Send + Sync + 'static {
    /// Takes every word for the caller's exclusive use, through [`keyway_sync::Exclusive`]. Free of
    /// cost outside a model; in a model this finds a write that comes after the last release.
    /// *Every* word: a word left out is one in which such a write goes unseen.
    fn claim(&mut self);

    /// Nobody holds the object any more, as a strategy found in its queues: it joins the list of
    /// what is due. For the words of a wrapper; runs no user code.
    #[inline]
    fn gone(&self) {}
}

/// The data that is the same for all objects of one contents type under one strategy.
pub(crate) struct Descriptor {
    /// The contents' type.
    pub(crate) type_id: TypeId,
    /// Its name, for messages.
    pub(crate) type_name: fn() -> &'static str,
    /// Whether the object's words are all that lies in front of the contents.
    pub(crate) is_bare: bool,
    /// Takes an object that was found in a queue for the caller's exclusive use; see
    /// [`ObjectPtr::claim`] and [`CountWords::gone`].
    ///
    /// # Safety
    /// - As for [`ObjectPtr::claim`].
    pub(crate) claim: unsafe fn(NonNull<Prefix>),
    /// Drops the contents and frees the memory.
    ///
    /// # Safety
    /// - The object is claimed ([`ObjectPtr::claim`]), and this is called once.
    pub(crate) destroy: unsafe fn(NonNull<Prefix>),
    /// Frees the memory of an object whose contents are gone; never called where there can be no
    /// weak references.
    ///
    /// # Safety
    /// - Nobody has a reference to the object nor a weak one, and its contents are gone.
    pub(crate) free: unsafe fn(NonNull<Prefix>),
    /// How another object's address is kept in the object, if not in the first bytes of its count:
    /// holders of weak references may still look there.
    pub(crate) linked_by: Option<LinkedBy>,
}

/// See [`Descriptor::linked_by`].
pub(crate) struct LinkedBy {
    /// Keeps an address.
    ///
    /// # Safety
    /// - The object's last reference has gone, and it is not yet destroyed.
    pub(crate) set: unsafe fn(NonNull<Prefix>, Option<NonNull<Prefix>>),
    /// The address kept.
    ///
    /// # Safety
    /// - As for `set`, which has been called.
    pub(crate) get: unsafe fn(NonNull<Prefix>) -> Option<NonNull<Prefix>>,
}

/// The part of a header that does not depend on the strategy.
#[repr(C)]
pub(crate) struct Prefix {
    /// The object's descriptor; [`IMMORTAL`] is set in the address if the object is.
    descriptor: *const Descriptor,
    link: Link,
}

/// See [`Prefix::is_immortal`]. A descriptor's alignment leaves the bit free.
const IMMORTAL: usize = 1;

const _: () = assert!(align_of::<Descriptor>() > IMMORTAL);

impl Prefix {
    #[inline]
    fn new(descriptor: &'static Descriptor, is_immortal: bool) -> Self {
        let mark = if is_immortal { IMMORTAL } else { 0 };
        Prefix { descriptor: ptr::from_ref(descriptor).map_addr(|address| address | mark), link: Link::new() }
    }

    #[inline]
    pub(crate) fn descriptor(&self) -> &'static Descriptor {
        // SAFETY: without the mark it is the address of the static that `new` was given.
        unsafe { &*self.descriptor.map_addr(|address| address & !IMMORTAL) }
    }

    #[inline]
    fn is_immortal(&self) -> bool {
        self.descriptor.addr() & IMMORTAL != 0
    }

    /// Keeps another object's address in the object.
    ///
    /// # Safety
    /// - The object is claimed as its descriptor asks, and not yet destroyed.
    #[inline]
    pub(crate) unsafe fn set_link(object: NonNull<Prefix>, next: Option<NonNull<Prefix>>) {
        // SAFETY: not destroyed yet.
        let prefix = unsafe { object.as_ref() };
        if let Some(linked_by) = &prefix.descriptor().linked_by {
            // SAFETY: the caller's duty.
            return unsafe { (linked_by.set)(object, next) };
        }
        // SAFETY: an object does not end with its prefix.
        let count = unsafe { Prefix::count_of(object) };
        // SAFETY: the count lies there (`Object::MADE`), is large enough, and only the caller uses
        // it.
        unsafe { prefix.link.set(count, next.map(NonNull::cast)) };
    }

    /// The address that [`set_link`](Self::set_link) kept.
    ///
    /// # Safety
    /// - As for `set_link`, which has been called.
    #[inline]
    pub(crate) unsafe fn link(object: NonNull<Prefix>) -> Option<NonNull<Prefix>> {
        // SAFETY: not destroyed yet.
        let prefix = unsafe { object.as_ref() };
        if let Some(linked_by) = &prefix.descriptor().linked_by {
            // SAFETY: the caller's duty.
            return unsafe { (linked_by.get)(object) };
        }
        // SAFETY: an object does not end with its prefix.
        let count = unsafe { Prefix::count_of(object) };
        // SAFETY: `set_link` put it there.
        unsafe { prefix.link.get(count) }.map(NonNull::cast)
    }

    /// Where the count begins.
    ///
    /// # Safety
    /// - It is the prefix of an object.
    #[inline]
    unsafe fn count_of(object: NonNull<Prefix>) -> NonNull<Option<NonNull<u8>>> {
        // SAFETY: an object does not end with its prefix.
        unsafe { object.add(1) }.cast()
    }
}

/// A header under strategy `S`.
#[repr(C)]
pub(crate) struct Header<S: Strategy> {
    prefix: Prefix,
    pub(crate) count: S::Count,
    canary: Canary,
}

impl<S: Strategy> Header<S> {
    #[inline]
    pub(crate) fn new(descriptor: &'static Descriptor, count: S::Count, is_immortal: bool) -> Self {
        Header { prefix: Prefix::new(descriptor, is_immortal), count, canary: Canary::new() }
    }

    /// Takes every word for the caller's exclusive use, which the borrow proves.
    #[inline]
    pub(crate) fn claim(&mut self) {
        self.canary.kill();
        self.count.claim();
    }
}

/// An object: header, then contents.
#[repr(C)]
pub(crate) struct Object<T, S: Strategy> {
    header: Header<S>,
    contents: ManuallyDrop<T>,
}

/// Bytes in front of the contents of an ordinary object under `S`, the type's descriptor included.
///
/// Contents with an alignment above 8 may add padding.
pub const fn header_bytes<S: Strategy>() -> usize {
    mem::size_of::<Header<S>>()
}

impl<T: 'static, S: Strategy> Object<T, S> {
    const DESCRIPTOR: &'static Descriptor = &Descriptor {
        type_id: TypeId::of::<T>(),
        type_name: std::any::type_name::<T>,
        is_bare: true,
        claim: claim::<S>,
        destroy: destroy::<T, S>,
        free: never_freed_alone,
        linked_by: None,
    };

    /// The list of what is to be destroyed keeps an address in the first bytes of the count, which
    /// follow the prefix.
    const MADE: () = assert!(
        keyway_sync::MODELLED
            || mem::offset_of!(Header<S>, count) == size_of::<Prefix>()
                && size_of::<S::Count>() >= size_of::<usize>(),
        "a count has room for an address"
    );

    /// Moves `contents` to the heap behind a header with `count`.
    #[inline]
    pub(crate) fn allocate(count: S::Count, contents: T, is_immortal: bool) -> NonNull<Self> {
        const { Self::MADE };
        let header = Header::new(Self::DESCRIPTOR, count, is_immortal);
        let object = Box::new(Object { header, contents: ManuallyDrop::new(contents) });
        NonNull::from(Box::leak(object))
    }

    /// The contents.
    ///
    /// # Safety
    /// - The object is alive for `'a`.
    #[inline]
    pub(crate) unsafe fn contents<'a>(object: NonNull<Self>) -> &'a T {
        // SAFETY: alive, by the caller's duty; only shared borrows of a live object exist.
        let object = unsafe { object.as_ref() };
        object.header.canary.check();
        &object.contents
    }

    /// Drops the contents and frees the memory, also if that drop panics.
    ///
    /// # Safety
    /// - The object is claimed ([`ObjectPtr::claim`]), and this is called once.
    #[inline]
    pub(crate) unsafe fn destroy(object: NonNull<Self>) {
        let _memory = Memory(object);
        // U5.
        // SAFETY: nobody else can reach a claimed object.
        let contents = unsafe { &mut (*object.as_ptr()).contents };
        // SAFETY: destroyed once, by the caller's duty, and not used after.
        unsafe { ManuallyDrop::drop(contents) };
    }
}

/// An object's memory, given back on drop.
struct Memory<T, S: Strategy>(NonNull<Object<T, S>>);

impl<T, S: Strategy> Drop for Memory<T, S> {
    #[inline]
    fn drop(&mut self) {
        // The header needs no drop: a reference, plain words, and a canary that is dead.
        const {
            assert!(
                keyway_sync::MODELLED || !mem::needs_drop::<Header<S>>(),
                "a count must not need dropping"
            )
        };
        // SAFETY: `allocate` got it from a `Box` of this type, and the contents have just been
        // dropped, for good.
        unsafe { grave::bury(self.0.as_ptr().cast(), Layout::new::<Object<T, S>>()) };
    }
}

/// See [`Descriptor::claim`].
///
/// # Safety
/// - As stated there; `object` is the prefix of an object under `S`.
unsafe fn claim<S: Strategy>(object: NonNull<Prefix>) {
    let object = ObjectPtr::<S>(object.cast());
    // SAFETY: not destroyed yet, by the caller's duty.
    unsafe { object.count() }.gone();
    // SAFETY: the caller's duties, which are the same.
    unsafe { object.claim() }
}

/// See [`Descriptor::free`].
///
/// # Safety
/// - Never called: only weak references do, and a [`Ref`](crate::Ref) has none.
unsafe fn never_freed_alone(_: NonNull<Prefix>) {
    unreachable!("an object without weak references is freed as it is destroyed")
}

/// See [`Descriptor::destroy`].
///
/// # Safety
/// - As stated there; `object` is the prefix of an `Object<T, S>`.
unsafe fn destroy<T: 'static, S: Strategy>(object: NonNull<Prefix>) {
    // SAFETY: the caller's duties, which are the same.
    unsafe { Object::<T, S>::destroy(object.cast()) }
}

/// A pointer to an object of any type under `S`, as strategies see it. It owns nothing and is not
/// checked.
pub struct ObjectPtr<S: Strategy>(NonNull<Header<S>>);

impl<S: Strategy> ObjectPtr<S> {
    #[inline]
    pub(crate) fn of<T>(object: NonNull<Object<T, S>>) -> Self {
        ObjectPtr(object.cast())
    }

    #[inline]
    pub(crate) fn of_header(header: NonNull<Header<S>>) -> Self {
        ObjectPtr(header)
    }

    #[inline]
    pub(crate) fn cast<T>(self) -> NonNull<Object<T, S>> {
        self.0.cast()
    }

    /// The same header under another strategy.
    #[inline]
    pub(crate) fn cast_header<T: Strategy>(self) -> ObjectPtr<T> {
        ObjectPtr(self.0.cast())
    }

    #[inline]
    pub(crate) fn prefix(self) -> NonNull<Prefix> {
        self.0.cast()
    }

    /// The object's count.
    ///
    /// # Safety
    /// - The object is not destroyed for `'a`: the caller, or a queue that the caller works on,
    ///   owns a reference to it.
    #[inline]
    pub unsafe fn count<'a>(self) -> &'a S::Count
    where
        S: 'a,
    {
        // SAFETY: alive, by the caller's duty.
        let header = unsafe { self.0.as_ref() };
        header.canary.check();
        &header.count
    }

    /// The object's descriptor.
    ///
    /// # Safety
    /// - The object is not destroyed yet.
    #[inline]
    pub(crate) unsafe fn descriptor(self) -> &'static Descriptor {
        // SAFETY: alive, by the caller's duty.
        let header = unsafe { self.0.as_ref() };
        header.canary.check();
        header.prefix.descriptor()
    }

    /// Whether the object is never destroyed
    /// ([`Thread::alloc_immortal`](crate::Thread::alloc_immortal)), and so need not be counted.
    ///
    /// The answer lies in a word of the header that no count is part of and nobody writes. A look
    /// at it before a locked instruction costs nothing, where one at the count would wait for the
    /// locked instruction before.
    ///
    /// # Safety
    /// - As for [`count`](Self::count).
    #[inline]
    pub unsafe fn is_immortal(self) -> bool {
        // SAFETY: alive, by the caller's duty.
        let header = unsafe { self.0.as_ref() };
        header.canary.check();
        header.prefix.is_immortal()
    }

    /// Takes the object for the caller's exclusive use. The caller now owes its destruction.
    ///
    /// # Safety
    /// - Nobody holds a reference to the object, and no queue does: a release has just said
    ///   [`Destroy`].
    ///
    /// [`Destroy`]: crate::Released::Destroy
    #[inline]
    pub(crate) unsafe fn claim(mut self) {
        // SAFETY: nobody else can reach the object, by the caller's duty.
        unsafe { self.0.as_mut() }.claim();
    }
}

impl<S: Strategy> Clone for ObjectPtr<S> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Strategy> Copy for ObjectPtr<S> {}

impl<S: Strategy> PartialEq for ObjectPtr<S> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<S: Strategy> Eq for ObjectPtr<S> {}

impl<S: Strategy> std::fmt::Debug for ObjectPtr<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Pointer::fmt(&self.0, f)
    }
}

// SAFETY: contents are `Send + Sync` (`Thread::alloc` demands it), counts are by `CountWords`; a
// pointer gives access to neither without an unsafe step that justifies it.
unsafe impl<S: Strategy> Send for ObjectPtr<S> {}
// SAFETY: as for Send.
unsafe impl<S: Strategy> Sync for ObjectPtr<S> {}
