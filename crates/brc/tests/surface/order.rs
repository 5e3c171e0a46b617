//! The order in which pointers end their objects, and the objects that have ended when a destructor
//! goes on: as with `Arc`.

use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use keyway_brc::{Shared, WeakCounts};

use crate::watch::elsewhere;

/// The numbers of those that have ended.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u32>>>);

struct Noted(u32, Log);

impl Drop for Noted {
    fn drop(&mut self) {
        self.1.0.lock().unwrap().push(self.0);
    }
}

impl Log {
    fn noted<S: WeakCounts>(&self, number: u32) -> Shared<Noted, S> {
        Shared::new(Noted(number, self.clone()))
    }

    /// The objects that have ended since the last time.
    fn take(&self) -> Vec<u32> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// The field that is dropped first is declared first, and made last.
struct Three<P> {
    _first: P,
    _second: P,
    _third: P,
}

fn three<S: WeakCounts>(log: &Log) -> Three<Shared<Noted, S>> {
    let [third, second, first] = [3, 2, 1].map(|number| log.noted(number));
    Three { _first: first, _second: second, _third: third }
}

pub(crate) fn fields_in_order_of_declaration<S: WeakCounts>() {
    let log = Log::default();
    drop(three::<S>(&log));
    assert_eq!(log.take(), [1, 2, 3], "on the stack");
    drop(Shared::<_, S>::new(three::<S>(&log)));
    assert_eq!(log.take(), [1, 2, 3], "in an object");
    drop(Shared::<_, S>::new(Shared::<_, S>::new((three::<S>(&log), three::<S>(&log)))));
    assert_eq!(log.take(), [1, 2, 3, 1, 2, 3], "in an object in an object");
}

pub(crate) fn items_front_to_back<S: WeakCounts>() {
    let log = Log::default();
    let items = || [1, 2, 3, 4, 5].map(|number| log.noted::<S>(number));
    drop(Shared::<_, S>::new(Vec::from(items())));
    assert_eq!(log.take(), [1, 2, 3, 4, 5], "a vector");
    drop(Shared::<[_], S>::from(items()));
    assert_eq!(log.take(), [1, 2, 3, 4, 5], "a slice");
    drop(Shared::<[_], S>::from(vec![Shared::<[_], S>::from(items()), Shared::<[_], S>::from(items())]));
    assert_eq!(log.take(), [1, 2, 3, 4, 5, 1, 2, 3, 4, 5], "a slice of slices");
}

struct Node<S: WeakCounts>(
    #[expect(dead_code, reason = "noted")] Noted,
    #[expect(dead_code, reason = "held")] Vec<Shared<Node<S>, S>>,
);

pub(crate) fn a_tree_from_its_root_down<S: WeakCounts>() {
    let log = Log::default();
    let node = |number, below: Vec<_>| Shared::<_, S>::new(Node(Noted(number, log.clone()), below));
    let left = node(2, vec![node(3, vec![]), node(4, vec![])]);
    drop(node(1, vec![left, node(5, vec![node(6, vec![])])]));
    assert_eq!(log.take(), [1, 2, 3, 4, 5, 6]);
}

pub(crate) fn what_others_drop_in_their_order<S: WeakCounts>() {
    let log = Log::default();
    let objects = [1, 2, 3, 4].map(|number| log.noted::<S>(number));
    elsewhere(move || objects.into_iter().for_each(drop));
    Shared::<(), S>::collect();
    assert_eq!(log.take(), [1, 2, 3, 4]);
}

/// Ends by dropping the sending side, which others may have as well, and waiting for the thread
/// that receives.
struct Pool<S: WeakCounts> {
    jobs: Option<Shared<Mutex<Sender<u32>>, S>>,
    worker: Option<JoinHandle<u32>>,
}

impl<S: WeakCounts> Pool<S> {
    fn new() -> Self {
        let (send, receive) = mpsc::channel();
        let worker = thread::spawn(move || receive.iter().sum());
        Pool { jobs: Some(Shared::new(Mutex::new(send))), worker: Some(worker) }
    }
}

impl<S: WeakCounts> Drop for Pool<S> {
    fn drop(&mut self) {
        drop(self.jobs.take());
        self.worker.take().unwrap().join().unwrap();
    }
}

/// How long a thread may take for what takes microseconds, before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(60);

fn ends(f: impl FnOnce() + Send + 'static) -> bool {
    let (told, telling) = mpsc::channel();
    thread::spawn(move || {
        f();
        let _ = told.send(());
    });
    telling.recv_timeout(PATIENCE).is_ok()
}

pub(crate) fn a_destructor_that_drops_and_joins<S: WeakCounts>() {
    assert!(ends(|| drop(Shared::<_, S>::new(Pool::<S>::new()))), "in an object");
    let vector = || vec![Shared::<_, S>::new(Pool::<S>::new()), Shared::new(Pool::new())];
    assert!(ends(move || drop(Shared::<_, S>::new(vector()))), "in a vector in an object");
    assert!(ends(move || drop(Shared::<[_], S>::from(vector()))), "in a slice");
}
