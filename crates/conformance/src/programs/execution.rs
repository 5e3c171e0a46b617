//! A program on real threads, start to end.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use keyway_object_model::attach;

use super::lane::{Lane, Reference};
use super::node::Tally;
use super::oracle::Oracle;
use super::program::{Program, Ticket};
use crate::subject::Subject;

/// The data that the lanes of a program share.
pub(crate) struct Shared<'p, U: Subject> {
    pub(crate) program: &'p Program,
    pub(crate) tally: Arc<Tally>,
    pub(crate) mail: Mail<U>,
}

/// Runs a program and compares its result with the oracle's.
pub(crate) fn execute<U: Subject>(program: &Program) -> Result<(), String> {
    let tally = Arc::new(Tally::new(program.objects()));
    let shared = Shared { program, tally: tally.clone(), mail: Mail::<U>::new(program.tickets()) };
    thread::scope(|scope| {
        for number in 0..program.lanes {
            Lane::new(&shared, number).start(scope);
        }
    });
    if let Some(failure) = shared.mail.into_failure() {
        return Err(failure);
    }
    // A queued object is destroyed at the latest when a thread of the runtime attaches.
    attach::<U::Strategy, _>(|_| ());
    for (id, model) in (0..).zip(Oracle::result(program)) {
        tally.check(id, &model)?;
    }
    Ok(())
}

/// References on their way from lane to lane.
pub(crate) struct Mail<U: Subject> {
    post: Mutex<Post<U>>,
    arrived: Condvar,
}

struct Post<U: Subject> {
    letters: Vec<Letter<U>>,
    failure: Option<String>,
}

enum Letter<U: Subject> {
    NotSent,
    /// The sender may have had no reference left.
    Sent(Option<Reference<U>>),
    Received,
}

impl<U: Subject> Mail<U> {
    fn new(tickets: usize) -> Self {
        let letters = std::iter::repeat_with(|| Letter::NotSent).take(tickets).collect();
        Mail { post: Mutex::new(Post { letters, failure: None }), arrived: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Post<U>> {
        self.post.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn send(&self, ticket: Ticket, letter: Option<Reference<U>>) {
        self.lock().letters[ticket] = Letter::Sent(letter);
        self.arrived.notify_all();
    }

    /// Waits for a reference.
    ///
    /// # Panics
    /// If another lane has failed, and might never send it.
    pub(crate) fn receive(&self, ticket: Ticket) -> Option<Reference<U>> {
        let mut post = self.lock();
        loop {
            let letter = &mut post.letters[ticket];
            if let Letter::Sent(letter) = letter {
                let letter = letter.take();
                post.letters[ticket] = Letter::Received;
                return letter;
            }
            let failed = post.failure.is_some();
            if failed {
                drop(post);
                panic!("another lane has failed");
            }
            post = self.arrived.wait(post).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Tells all lanes that one has failed. The first failure counts.
    pub(crate) fn fail(&self, failure: String) {
        self.lock().failure.get_or_insert(failure);
        self.arrived.notify_all();
    }

    /// Drops what was never received, on a thread that is not attached.
    fn into_failure(self) -> Option<String> {
        self.post.into_inner().unwrap_or_else(PoisonError::into_inner).failure
    }
}
