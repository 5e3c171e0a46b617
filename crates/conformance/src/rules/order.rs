//! In which order objects are destroyed.

use keyway_object_model::testing::at_the_deepest;
use keyway_object_model::{Guarded, Ref, Strategy, Thread, attach};

use crate::elsewhere;
use crate::subject::Subject;
use crate::watch::{Diary, OnDrop, Part, Watch};

/// Three objects behind fields of one, which is dropped as Rust drops a struct: in order of
/// declaration.
struct Window<P> {
    #[expect(dead_code, reason = "held, not read")]
    surface: P,
    #[expect(dead_code, reason = "held, not read")]
    device: P,
    #[expect(dead_code, reason = "held, not read")]
    instance: P,
}

/// Made in the opposite order, so that no order of making can be taken for the right one.
fn window<S: Strategy>(diary: &Diary, thread: &Thread<S>) -> Ref<Window<Ref<Part, S>>, S> {
    let [instance, device, surface] = [3, 2, 1].map(|number| thread.alloc(diary.part(number)));
    thread.alloc(Window { surface, device, instance })
}

fn parts<const N: usize, S: Strategy>(
    numbers: [u32; N],
    diary: &Diary,
    thread: &Thread<S>,
) -> [Ref<Part, S>; N] {
    numbers.map(|number| thread.alloc(diary.part(number)))
}

/// Fields end in order of declaration, however the object that has them ends.
pub fn fields_in_order_of_declaration<U: Subject>() {
    let diary = Diary::new();
    let unattached = attach::<U::Strategy, _>(|thread| {
        window(&diary, thread).release(thread);
        assert_eq!(diary.told(), [1, 2, 3], "released");
        drop(window(&diary, thread));
        assert_eq!(diary.told(), [1, 2, 3], "dropped");
        window(&diary, thread).erase().release(thread);
        assert_eq!(diary.told(), [1, 2, 3], "erased");
        window(&diary, thread)
    });
    drop(unattached);
    assert_eq!(diary.told(), [1, 2, 3], "unattached");
}

/// A vector's items end front to back, and so does what several vectors hold.
pub fn items_front_to_back<U: Subject>() {
    let diary = Diary::new();
    attach::<U::Strategy, _>(|thread| {
        let items = Vec::from(parts([1, 2, 3, 4, 5], &diary, thread));
        thread.alloc(items).release(thread);
        assert_eq!(diary.told(), [1, 2, 3, 4, 5]);
        let rows = [[1, 2], [3, 4]].map(|row| thread.alloc(Vec::from(parts(row, &diary, thread))));
        thread.alloc(Vec::from(rows)).release(thread);
        assert_eq!(diary.told(), [1, 2, 3, 4]);
    });
}

/// An object with others below it. It has ended when they begin to.
struct Node<S: Strategy>(
    #[expect(dead_code, reason = "it writes its end down")] Part,
    #[expect(dead_code, reason = "held, not read")] Vec<Ref<Node<S>, S>>,
);

/// A complete tree, numbered as it must end: each object before those below it, and those front to
/// back.
fn tree<S: Strategy>(
    depth: usize,
    width: usize,
    next: &mut u32,
    diary: &Diary,
    thread: &Thread<S>,
) -> Ref<Node<S>, S> {
    let number = *next;
    *next += 1;
    let below = if depth == 0 { 0 } else { width };
    let below = (0..below).map(|_| tree(depth - 1, width, next, diary, thread)).collect();
    thread.alloc(Node(diary.part(number), below))
}

/// A tree that is too deep for destructors in one another: each object has one more in front of the
/// one that goes on, and one behind it.
fn comb<S: Strategy>(depth: usize, next: &mut u32, diary: &Diary, thread: &Thread<S>) -> Ref<Node<S>, S> {
    let mut part = || {
        *next += 1;
        diary.part(*next - 1)
    };
    let (part, front) = (part(), part());
    let front = thread.alloc(Node(front, vec![]));
    let below = (depth > 0).then(|| comb(depth - 1, next, diary, thread));
    let behind = thread.alloc(Node(diary.part(*next), vec![]));
    *next += 1;
    thread.alloc(Node(part, [Some(front), below, Some(behind)].into_iter().flatten().collect()))
}

/// Trees that are not too deep end as trees of boxes do.
pub fn a_tree_from_its_root_down<U: Subject>() {
    let diary = Diary::new();
    attach::<U::Strategy, _>(|thread| {
        for (depth, width) in [(2, 2), (5, 1), (3, 5), (1, 1000)] {
            let mut objects = 0;
            tree(depth, width, &mut objects, &diary, thread).release(thread);
            assert_eq!(diary.told(), (0..objects).collect::<Vec<_>>(), "{depth} deep, {width} wide");
        }
    });
}

/// Objects that a section, a pair or an exclusive call has put off are destroyed in the order of
/// their release.
pub fn put_off_and_then_in_order_of_release<U: Subject>() {
    let diary = Diary::new();
    attach::<U::Strategy, _>(|thread| {
        let [one, two] = [0, 0].map(|zero| thread.alloc(Guarded::new(zero)));
        let list = thread.alloc(Guarded::new(Vec::from(parts([1, 2, 3], &diary, thread))));
        list.enter(thread, |section| section.clear());
        assert_eq!(diary.told(), [1, 2, 3], "in a section");
        let [first, second, third] = parts([1, 2, 3], &diary, thread);
        one.enter(thread, |section| {
            drop(first);
            section.enter(&two, |section| second.release(section.thread()));
            drop(third.erase());
        });
        assert_eq!(diary.told(), [1, 2, 3], "in nested sections");
        let inside = parts([1, 2, 3], &diary, thread);
        one.enter_pair(&two, thread, |_, _, _| inside.into_iter().for_each(drop)).expect("two objects");
        assert_eq!(diary.told(), [1, 2, 3], "in a pair");
        let inside = parts([1, 2, 3], &diary, thread);
        thread.exclusive(|_| inside.into_iter().for_each(drop));
        assert_eq!(diary.told(), [1, 2, 3], "in an exclusive call");
        let windows = [(); 2].map(|()| window(&diary, thread));
        one.enter(thread, |_| drop(windows));
        assert_eq!(diary.told(), [1, 2, 3, 1, 2, 3], "each with what it holds");
    });
}

/// Objects that others have released are destroyed in the order of their release, by any thread.
pub fn queued_and_then_in_order_of_release<U: Subject>() {
    let diary = Diary::new();
    attach::<U::Strategy, _>(|thread| {
        let queued = parts([1, 2, 3, 4, 5], &diary, thread);
        elsewhere::run(move || queued.into_iter().for_each(drop));
        thread.checkpoint();
        assert_eq!(diary.told(), [1, 2, 3, 4, 5], "by a checkpoint");
        let queued = parts([1, 2, 3], &diary, thread);
        elsewhere::run(move || queued.into_iter().for_each(drop));
    });
    assert_eq!(diary.told(), [1, 2, 3], "by detaching");
    let queued = attach::<U::Strategy, _>(|thread| parts([1, 2, 3], &diary, thread));
    elsewhere::run(move || queued.into_iter().for_each(drop));
    attach::<U::Strategy, _>(|_| ());
    assert_eq!(diary.told(), [1, 2, 3], "with nobody attached");
}

/// Where destructors lie too deep in one another, what they release waits for them; but the order
/// is the same.
pub fn too_deep_and_then_in_order<U: Subject>() {
    let diary = Diary::new();
    attach::<U::Strategy, _>(|thread| {
        let windows = [(); 2].map(|()| window(&diary, thread));
        at_the_deepest(|| {
            drop(windows);
            assert_eq!(diary.told(), [0; 0]);
        });
        assert_eq!(diary.told(), [1, 2, 3, 1, 2, 3]);
        let mut objects = 0;
        let root = tree(4, 3, &mut objects, &diary, thread);
        at_the_deepest(|| drop(root));
        assert_eq!(diary.told(), (0..objects).collect::<Vec<_>>());
        objects = 0;
        comb(1000, &mut objects, &diary, thread).release(thread);
        assert_eq!(diary.told(), (0..objects).collect::<Vec<_>>());
    });
}

/// An object put off in a destructor is destroyed before objects that the destructor releases
/// later.
pub fn put_off_in_a_destructor<U: Subject>() {
    let (watch, diary) = (Watch::new(), Diary::new());
    let object = attach::<U::Strategy, _>(|thread| {
        let [first, second, third] = parts([1, 2, 3], &diary, thread);
        let also = diary.clone();
        thread.alloc(OnDrop::new(&watch, move || {
            attach::<U::Strategy, _>(|thread| {
                let guarded = thread.alloc(Guarded::new(0));
                guarded.enter(thread, |_| drop([first, second]));
                assert_eq!(also.told(), [1, 2], "the section has ended, if not the destructor");
                third.release(thread);
                assert_eq!(also.told(), [3]);
            });
        }))
    });
    drop(object);
    assert_eq!(watch.destroyed(), 1);
}
