//! The features: pointers in and out of serde, and in an `ArcSwapAny`.

use std::marker::PhantomPinned;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

use arc_swap::{ArcSwapAny, Cache, RefCnt};
use keyway_atomic_counts::AtomicCounts;
use keyway_biased_counts::BiasedCounts;
use keyway_brc::{Brc, Shared, Weak, WeakCounts};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, Serialize)]
#[serde(bound = "")]
struct Entry<S: WeakCounts> {
    key: Shared<str, S>,
    numbers: Shared<[u32], S>,
    next: Option<Shared<Entry<S>, S>>,
}

fn there_and_back<S: WeakCounts>() {
    let last = Entry { key: "last".into(), numbers: [].into(), next: None };
    let first = Entry::<S> { key: "first".into(), numbers: [1, 2].into(), next: Some(Shared::new(last)) };
    let text = serde_json::to_string(&first).unwrap();
    assert_eq!(text, r#"{"key":"first","numbers":[1,2],"next":{"key":"last","numbers":[],"next":null}}"#);
    let read = serde_json::from_str::<Entry<S>>(&text).unwrap();
    assert_eq!(format!("{read:?}"), format!("{first:?}"));
    assert!(serde_json::from_str::<Shared<u8, S>>("300").is_err());
}

#[test]
fn serde_writes_the_contents_and_makes_objects_of_them() {
    there_and_back::<BiasedCounts>();
    there_and_back::<AtomicCounts>();
}

/// A pointer written by two references is two objects when it is read: as with `Arc`.
#[test]
fn serde_writes_a_shared_object_once_for_each_reference() {
    let one = Brc::new(String::from("key"));
    let text = serde_json::to_string(&[one.clone(), one]).unwrap();
    let [one, two]: [Brc<String>; 2] = serde_json::from_str(&text).unwrap();
    assert!(one == two && !Brc::ptr_eq(&one, &two));
}

static ALIVE: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug)]
struct Version(usize);

impl Version {
    fn new(number: usize) -> Self {
        ALIVE.fetch_add(1, SeqCst);
        Version(number)
    }
}

impl Drop for Version {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, SeqCst);
    }
}

/// Readers borrow and clone on their own threads what writers, owners all, put in and take out.
fn swapped<S: WeakCounts>() {
    const WRITES: usize = 2_000;
    let place: ArcSwapAny<Shared<Version, S>> = ArcSwapAny::new(Shared::new(Version::new(0)));
    thread::scope(|scope| {
        let place = &place;
        let writer = |from: usize| {
            move || {
                for number in from..from + WRITES {
                    match number % 3 {
                        0 => place.store(Shared::new(Version::new(number))),
                        1 => drop(place.swap(Shared::new(Version::new(number)))),
                        _ => drop(place.rcu(|before| Shared::<_, S>::new(Version::new(before.0 + 1)))),
                    }
                }
                Shared::<(), S>::collect();
            }
        };
        let reader = move || {
            let mut cache = Cache::new(place);
            for _ in 0..WRITES {
                let borrowed = place.load();
                let kept = place.load_full();
                assert!(borrowed.0 <= 3 * WRITES && kept.0 <= 3 * WRITES && cache.load().0 <= 3 * WRITES);
            }
        };
        let threads =
            [scope.spawn(writer(0)), scope.spawn(writer(WRITES)), scope.spawn(reader), scope.spawn(reader)];
        // Joined: the end of a scope does not wait for thread-locals' destructors.
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    drop(place);
    Shared::<(), S>::collect();
    assert_eq!(ALIVE.load(SeqCst), 0, "leaked, or dropped twice");
}

#[test]
fn arc_swap_holds_pointers() {
    swapped::<BiasedCounts>();
    swapped::<AtomicCounts>();
    assert!(ArcSwapAny::<Option<Brc<u8>>>::new(None).load_full().is_none());
}

/// As an option that is none if the contents are gone; read, it leads nowhere, since nobody holds
/// what was read.
#[test]
fn serde_writes_what_a_weak_reference_leads_to() {
    let object = Brc::new(5);
    let weak = Brc::downgrade(&object);
    assert_eq!(serde_json::to_string(&weak).unwrap(), "5");
    drop(object);
    assert_eq!(serde_json::to_string(&weak).unwrap(), "null");
    assert!(serde_json::from_str::<Weak<u8>>("5").unwrap().upgrade().is_none());
    assert!(serde_json::from_str::<Weak<u8>>("300").is_err());
}

#[test]
fn arc_swap_holds_weak_references() {
    let object = Brc::new(5);
    let place = <ArcSwapAny<_>>::new(Brc::downgrade(&object));
    let kept = place.load_full();
    assert_eq!((kept.upgrade().as_deref(), Brc::weak_count(&object)), (Some(&5), 2));
    assert!(place.swap(Weak::new()).ptr_eq(&kept));
    assert!(place.load().upgrade().is_none());
    drop(kept);
    assert_eq!(Brc::weak_count(&object), 0);
}

#[test]
fn arc_swap_holds_pinned_pointers() {
    struct Stays(u8, PhantomPinned);
    let pinned = Brc::pin(Stays(5, PhantomPinned));
    let address = &raw const *pinned;
    let place = <ArcSwapAny<_>>::new(pinned);
    let loaded = place.load_full();
    assert!(place.load().0 == 5 && std::ptr::eq(&*loaded, address));
    let raw = RefCnt::as_ptr(&loaded);
    assert_eq!(RefCnt::into_ptr(loaded), raw);
    // SAFETY: made by `into_ptr`, used once.
    let loaded: Pin<Brc<Stays>> = unsafe { RefCnt::from_ptr(raw) };
    assert_eq!(place.into_inner().0 + loaded.0, 10);
}
