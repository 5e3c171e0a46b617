//! Counted memory for contents of any shape: what pointer types of other crates are made of.
//!
//! In front of the contents, the memory holds, in this order: padding if the contents' alignment
//! asks for it, the length if they are a slice made as one (or other data that their [`Shape`]
//! keeps), the number of weak references, and an object's [header](crate::header_bytes). So the
//! header is found from only a pointer to the contents, for any type, and the contents from the
//! header; a queue, which knows objects by their headers, destroys a slice by the length in front
//! of it.

use std::alloc::{self, Layout};
use std::any::TypeId;
use std::marker::PhantomData;
use std::mem;
use std::ptr::NonNull;
use std::task::Waker;

use keyway_sync::grave;

use crate::destruction::{self, Due};
use crate::header::{CountWords, Descriptor, Header, LinkedBy, ObjectPtr, Prefix};
use crate::leaving::Leaving;
use crate::owed::Released;
use crate::pointers::WeakCounts;
use crate::strategy::FreeThreaded;

mod late;
mod shape;
mod sole;
mod weak;
mod weak_count;

pub use late::{Late, LateExtent, note_made};
pub use shape::{Many, One, Shape, Whole, WholeExtent};
pub use sole::{is_alone, release_to_take, try_take};
pub use weak::{KeptOut, WeakOnes, clone_weak, downgrade, release_weak, upgrade, weak_references};
use weak_count::WeakCount;

/// The words directly in front of the contents.
#[repr(C)]
struct Front<S: WeakCounts> {
    weak: WeakCount,
    header: Header<S>,
}

/// Bytes in front of the contents of a sized object, without padding for contents whose alignment
/// is above 8.
pub const fn front_bytes<S: WeakCounts>() -> usize {
    mem::size_of::<Front<S>>()
}

/// The whole memory of an object, and where its contents are in it. None if that is more than
/// memory can be.
fn whole<S: WeakCounts>(contents: Layout, extent: usize) -> Option<(Layout, usize)> {
    let front = mem::size_of::<Front<S>>() + extent;
    let align = contents.align().max(mem::align_of::<Front<S>>());
    let offset = front.checked_next_multiple_of(align)?;
    let size = offset.checked_add(contents.size())?;
    Some((Layout::from_size_align(size, align).ok()?, offset))
}

/// The front of contents.
///
/// # Safety
/// - `contents` are those of an object that [`allocate`] has made and that is not freed.
#[inline]
unsafe fn front<S: WeakCounts>(contents: NonNull<u8>) -> NonNull<Front<S>> {
    // SAFETY: the front lies directly before them, in the same allocation.
    unsafe { contents.byte_sub(mem::size_of::<Front<S>>()) }.cast()
}

/// The object to which contents belong.
///
/// # Safety
/// - `contents` are those of an object that [`allocate`] has made and that is not freed.
#[inline]
pub unsafe fn object<S: WeakCounts>(contents: NonNull<u8>) -> ObjectPtr<S> {
    // SAFETY: the caller's duty; the header is the last part of the front.
    ObjectPtr::of_header(unsafe { contents.byte_sub(mem::size_of::<Header<S>>()) }.cast())
}

fn contents_of<S: WeakCounts>(object: NonNull<Prefix>) -> NonNull<u8> {
    // SAFETY: an object made here has its contents directly behind its header.
    unsafe { object.cast::<u8>().byte_add(mem::size_of::<Header<S>>()) }
}

struct Of<K, S>(PhantomData<(K, S)>);

impl<K: Shape, S: WeakCounts> Of<K, S> {
    /// The extent lies at a multiple of a word, and so does what is in front of it.
    const EXTENT: usize = {
        assert!(mem::size_of::<K::Extent>().is_multiple_of(mem::size_of::<usize>()));
        assert!(mem::align_of::<K::Extent>() <= mem::align_of::<Front<S>>());
        mem::size_of::<K::Extent>()
    };

    const DESCRIPTOR: &'static Descriptor = &Descriptor {
        type_id: TypeId::of::<K>(),
        type_name: std::any::type_name::<K>,
        is_bare: mem::size_of::<K::Extent>() == 0,
        claim: note_gone::<S>,
        destroy: destroy::<K, S>,
        free: free_by_descriptor::<K, S>,
        linked_by: Some(LinkedBy { set: set_link::<S>, get: link::<S> }),
    };
}

/// Memory for an object, its front written and its contents not. The object has one reference and
/// no weak one.
///
/// # Panics
/// If no memory can be as large, with a message that names the type and the bound. Nothing is lost
/// then but `count`.
///
/// # Safety
/// - The caller writes the contents before anybody drops them.
#[inline]
pub unsafe fn allocate<K: Shape, S: WeakCounts>(count: S::Count, extent: K::Extent) -> NonNull<u8> {
    let fitting = K::layout_to_be(&extent).and_then(|layout| whole::<S>(layout, Of::<K, S>::EXTENT));
    let Some((layout, offset)) = fitting else { too_large::<K>(&extent) };
    // SAFETY: a front is not of size zero.
    let memory = unsafe { alloc::alloc(layout) };
    let Some(memory) = NonNull::new(memory) else { alloc::handle_alloc_error(layout) };
    // SAFETY: `offset` is within the memory.
    let contents = unsafe { memory.byte_add(offset) };
    // SAFETY: the extent lies before the front.
    let place = unsafe { extent_of::<K, S>(contents) };
    // SAFETY: `offset` has room for it, and the front is aligned as it asks (`Of::EXTENT`).
    unsafe { place.write(extent) };
    let front = Front { weak: WeakCount::new(), header: Header::new(Of::<K, S>::DESCRIPTOR, count, false) };
    // SAFETY: within the memory.
    let place = unsafe { self::front::<S>(contents) };
    // SAFETY: the memory was made for a front at this place.
    unsafe { place.write(front) };
    contents
}

#[cold]
#[inline(never)]
fn too_large<K: Shape>(extent: &K::Extent) -> ! {
    panic!(
        "no memory can hold a counted {}: that and the words in front of it may be {} bytes at most (isize::MAX)",
        K::describe(extent),
        isize::MAX
    )
}

/// Where the extent of contents is.
///
/// # Safety
/// - As for [`front`], of an object of this shape.
unsafe fn extent_of<K: Shape, S: WeakCounts>(contents: NonNull<u8>) -> NonNull<K::Extent> {
    // SAFETY: it lies directly before the front.
    unsafe { contents.byte_sub(mem::size_of::<Front<S>>() + Of::<K, S>::EXTENT) }.cast()
}

/// The memory of an object whose contents are gone: freed here, or by the last weak reference.
struct Memory<S: WeakCounts> {
    contents: NonNull<u8>,
    layout: Layout,
    extent: usize,
    _strategy: PhantomData<S>,
}

impl<S: WeakCounts> Drop for Memory<S> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the references' part of the weak count keeps the memory until here.
        let weak = unsafe { weak::<S>(self.contents) };
        if !weak.is_one() && !weak.decrement() {
            return;
        }
        // SAFETY: nobody has a reference nor a weak one.
        unsafe { free::<S>(self.contents, self.layout, self.extent) };
    }
}

/// # Safety
/// - Nobody has a reference to the object nor a weak one, and its contents are gone. The layout is
///   theirs, and `extent` is their size in bytes.
#[inline]
unsafe fn free<S: WeakCounts>(contents: NonNull<u8>, layout: Layout, extent: usize) {
    // SAFETY: not freed before the end of this function.
    let mut front = unsafe { front::<S>(contents) };
    // SAFETY: nobody else can reach the object.
    let words = unsafe { front.as_mut() };
    words.weak.claim();
    words.header.claim();
    let (layout, offset) = whole::<S>(layout, extent).expect("allocated with it");
    // SAFETY: the offset at which `allocate` put the contents.
    let memory = unsafe { contents.byte_sub(offset) };
    // SAFETY: `allocate` got the memory with this layout; nothing uses it after.
    unsafe { grave::bury(memory.as_ptr(), layout) };
}

/// # Safety
/// - As for [`front`], for as long as the word is used.
#[inline]
unsafe fn weak<'a, S: WeakCounts>(contents: NonNull<u8>) -> &'a WeakCount {
    // SAFETY: the caller's duty.
    let front = unsafe { front::<S>(contents) };
    // SAFETY: not freed, by the caller's duty; the word lies in an atomic, so no part of it is
    // frozen by the borrow.
    unsafe { &(*front.as_ptr()).weak }
}

/// Ends an object of one sized value whose contents have been moved out or were never made, and
/// whose last reference has gone.
///
/// # Safety
/// - A release of the object has just owed [`Released::Destroy`], or a `try_take` has said yes.
/// - `layout` is that of its contents.
#[inline]
pub unsafe fn forget_contents<S: WeakCounts>(contents: NonNull<u8>, layout: Layout) {
    // SAFETY: the references' part of the weak count keeps the memory.
    let object = unsafe { object::<S>(contents) };
    // SAFETY: as above.
    if unsafe { object.descriptor() }.is_bare {
        drop(Memory::<S> { contents, layout, extent: 0, _strategy: PhantomData });
    } else {
        // An array that was made as a slice, or contents that were made late.
        // SAFETY: the references' part of the weak count.
        unsafe { release_for_all_references::<S>(contents) };
    }
}

/// Ends an object whose last reference has gone, and was to one sized value that needs no drop.
/// That is at once, unless the object was made for something else, which may need one: contents
/// that were made late, or a slice.
///
/// # Panics
/// As [`settle`].
///
/// # Safety
/// - A release of the object has just owed [`Released::Destroy`].
/// - `layout` is that of the value.
#[inline]
pub unsafe fn end_without_drop<S: WeakCounts>(contents: NonNull<u8>, layout: Layout) {
    // SAFETY: the references' part of the weak count keeps the memory.
    let object = unsafe { object::<S>(contents) };
    // SAFETY: as above.
    if unsafe { object.descriptor() }.is_bare {
        drop(Memory::<S> { contents, layout, extent: 0, _strategy: PhantomData });
    } else {
        // SAFETY: the caller's duty.
        unsafe { end_by_descriptor::<S>(contents) };
    }
}

/// As [`settle`] does it; out of the way of what is bare.
///
/// # Safety
/// - As for [`end_without_drop`].
#[cold]
#[inline(never)]
unsafe fn end_by_descriptor<S: WeakCounts>(contents: NonNull<u8>) {
    // SAFETY: the caller's duty.
    unsafe { settle::<S>(contents, Released::Destroy) };
}

/// Out of the way of the drops of pointers, which are inlined only if they stay small.
///
/// # Safety
/// - As for [`release_weak`], of the part that all references have.
#[cold]
#[inline(never)]
unsafe fn release_for_all_references<S: WeakCounts>(contents: NonNull<u8>) {
    // SAFETY: the caller's duty.
    unsafe { weak::release_weak::<S>(contents) };
}

/// Pays what a release of an object made by [`allocate`] owes.
///
/// # Panics
/// If the contents' destructor panics; the object's memory is freed all the same.
///
/// # Safety
/// - `released` is what a release of the object of `contents` has just returned.
pub unsafe fn settle<S: WeakCounts>(contents: NonNull<u8>, released: Released) {
    match released {
        Released::Nothing => {}
        Released::Destroy => {
            // SAFETY: not freed before it is destroyed.
            let object = unsafe { object::<S>(contents) };
            // SAFETY: the last reference has gone; such an object is not claimed before it is
            // freed.
            unsafe { destruction::destroy_claimed(object) }
        }
        Released::DestroyDue => destruction::pay(),
    }
}

/// Calls a strategy's function that takes a [`Due`], and destroys what it has put there. Not for
/// others: code that has a `Due` can detach threads.
#[inline]
pub(crate) fn with_due<S: FreeThreaded, R>(f: impl FnOnce(&mut Due<S>) -> R) -> R {
    let result = f(&mut Due::new());
    destruction::pay();
    result
}

/// This OS thread stops being an owner that must be asked; see [`WeakCounts::step_aside`]. Destroys
/// what turns out to be due, by which the thread does not become an owner again.
pub fn step_aside<S: WeakCounts>() {
    let _leaving = Leaving::new();
    with_due(|due| S::step_aside(due));
}

/// Has `waker` woken when something is queued to this OS thread; see
/// [`WeakCounts::wake_when_queued`].
pub fn wake_when_queued<S: WeakCounts>(waker: Option<Waker>) {
    with_due(|due| S::wake_when_queued(waker, due));
}

/// Carries out what others have queued to this OS thread, and destroys what nobody holds then.
#[cold]
pub fn collect<S: WeakCounts>() {
    destruction::collect::<S>();
}

/// As [`collect`], for a strategy's release, which owes what is due then.
pub fn collect_to_owe<S: FreeThreaded>() -> Released {
    S::collect(&mut Due::new());
    Released::DestroyDue
}

/// Adds a reference, on any thread at any time.
///
/// # Aborts
/// If the count overflows.
///
/// # Safety
/// - The caller has a reference to the object of `contents`.
#[inline]
pub unsafe fn retain<S: WeakCounts>(contents: NonNull<u8>) {
    // SAFETY: the caller's duty.
    let object = unsafe { object::<S>(contents) };
    // SAFETY: the caller's duty.
    let retained = unsafe { S::retain_anywhere(object) };
    // SAFETY: the caller keeps the object alive.
    unsafe { retained.settle(object) };
}

/// Takes a reference away, on any thread at any time; if anything is owed then, `end` is called
/// with it, which is to [settle] it.
///
/// # Safety
/// - The caller owns a reference to the object of `contents`, and does not use it after.
#[inline]
pub unsafe fn release_then<S: WeakCounts>(contents: NonNull<u8>, end: impl FnOnce(Released)) {
    // SAFETY: the caller's duty.
    let object = unsafe { object::<S>(contents) };
    // SAFETY: the caller's duty.
    unsafe { S::release_anywhere_then(object, &mut Due::with_a_last_call(), end) };
}

/// The extent of contents of shape `K`.
///
/// # Safety
/// - As for [`front`], of an object of this shape, for as long as the extent is used.
unsafe fn extent<'a, K: Shape, S: WeakCounts>(contents: NonNull<u8>) -> &'a K::Extent {
    // SAFETY: the caller's duty.
    let place = unsafe { extent_of::<K, S>(contents) };
    // SAFETY: written when the object was made, and never again but for what lies in an atomic.
    unsafe { place.as_ref() }
}

/// See [`Descriptor::claim`]. Claims nothing: weak references may still look at the words, which
/// are claimed when the memory is freed.
///
/// # Safety
/// - `object` is the prefix of an object made by [`allocate`] under `S`, which is not freed.
unsafe fn note_gone<S: WeakCounts>(object: NonNull<Prefix>) {
    // SAFETY: not freed, by the caller's duty.
    unsafe { ObjectPtr::<S>::of_header(object.cast()).count() }.gone();
}

/// See [`Descriptor::destroy`].
///
/// # Safety
/// - As stated there; `object` is the prefix of an object of this shape.
unsafe fn destroy<K: Shape, S: WeakCounts>(object: NonNull<Prefix>) {
    let contents = contents_of::<S>(object);
    // SAFETY: not freed before `_memory` is dropped, the last of what is done here.
    let extent = unsafe { extent::<K, S>(contents) };
    let layout = K::layout(extent);
    let _memory = Memory::<S> { contents, layout, extent: Of::<K, S>::EXTENT, _strategy: PhantomData };
    // U5.
    // SAFETY: the last reference has gone, and this is called once.
    unsafe { K::drop_contents(contents, extent) };
}

/// See [`Descriptor::free`].
///
/// # Safety
/// - As stated there; `object` is the prefix of an object of this shape.
unsafe fn free_by_descriptor<K: Shape, S: WeakCounts>(object: NonNull<Prefix>) {
    let contents = contents_of::<S>(object);
    // SAFETY: not freed before the next call, which has the layout and not the extent.
    let layout = K::layout(unsafe { extent::<K, S>(contents) });
    // SAFETY: the caller's duty.
    unsafe { free::<S>(contents, layout, Of::<K, S>::EXTENT) };
}

/// See [`LinkedBy::set`].
///
/// # Safety
/// - As stated there; `object` is the prefix of an object made by [`allocate`].
unsafe fn set_link<S: WeakCounts>(object: NonNull<Prefix>, next: Option<NonNull<Prefix>>) {
    let address = next.map_or(0, |next| next.as_ptr().expose_provenance());
    // SAFETY: not freed yet.
    let count = unsafe { ObjectPtr::<S>::of_header(object.cast()).count() };
    // SAFETY: the caller's duty; a header's alignment is 8.
    unsafe { S::set_link(count, address) };
}

/// See [`LinkedBy::get`].
///
/// # Safety
/// - As stated there; `object` is the prefix of an object made by [`allocate`].
unsafe fn link<S: WeakCounts>(object: NonNull<Prefix>) -> Option<NonNull<Prefix>> {
    // SAFETY: not freed yet.
    let count = unsafe { ObjectPtr::<S>::of_header(object.cast()).count() };
    // SAFETY: the caller's duty.
    let address = unsafe { S::link(count) };
    NonNull::new(std::ptr::with_exposed_provenance_mut(address))
}
