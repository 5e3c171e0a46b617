//! The time at which objects that others have dropped are destroyed, for programs that want to
//! choose it.

use std::task::Waker;

use keyway_object_model::{WeakCounts, counted};

use crate::pointer::Shared;

impl<S: WeakCounts> Shared<(), S> {
    /// Destroys, now and here, what other threads were the last to drop of the objects that this
    /// thread has made.
    ///
    /// It happens by itself whenever this thread makes an object or destroys one, asks as its maker
    /// whether a reference is the only one, and when it exits. A thread that does none of these for
    /// long, but runs, calls this now and then. A destructor's panic is caught. Called by a
    /// destructor, it destroys there and then as well, unless destructors lie too deep in one
    /// another; inside a section, at its end.
    ///
    /// # Examples
    /// ```
    /// use keyway_brc::Brc;
    ///
    /// let made_here = Brc::new(vec![0; 1000]);
    /// std::thread::spawn(move || drop(made_here)).join().unwrap();
    /// Brc::collect(); // the vector is freed here
    /// ```
    pub fn collect() {
        counted::collect::<S>();
    }

    /// This thread stops being asked: from now on the objects that it has made are destroyed by the
    /// thread that drops the last reference. Lasts until the thread makes its next object, or asks
    /// to be woken. The queued objects are destroyed here and now; objects that those destructors
    /// make do not end it.
    ///
    /// For a thread that is about to block, or has nothing more to do: otherwise what others drop
    /// of its objects, up to all that it has made, waits for it. Its own clones and drops of those
    /// objects cost as much as other threads' meanwhile. Does nothing inside `keyway::attach`,
    /// whose `Thread::blocking` is for that.
    ///
    /// **Cost**: a lock, and one more when the thread makes its next object.
    ///
    /// # Examples
    /// ```
    /// use std::sync::mpsc;
    ///
    /// use keyway_brc::Brc;
    ///
    /// let (send, receive) = mpsc::channel::<()>();
    /// let made_here = Brc::new(vec![0; 1000]);
    /// let other = std::thread::spawn(move || {
    ///     drop(made_here); // freed here: its maker has stepped aside, or will find it as it does
    ///     drop(send);
    /// });
    /// Brc::step_aside();
    /// let _ = receive.recv();
    /// # other.join().unwrap();
    /// ```
    pub fn step_aside() {
        counted::step_aside::<S>();
    }

    /// Has `waker` woken when something is queued to this thread and nothing was, but for what a
    /// [`collect`](Self::collect) that has begun takes along, as an event loop wants it; `None`
    /// ends that. If something is queued already, it is woken at once. So for each queued object a
    /// waking follows, or came before and no `collect` has begun since. An entry that another
    /// thread takes out of the queue again does not count as having been there.
    ///
    /// Lasts until the thread steps aside, leaves `keyway::attach`, enters `Thread::blocking`, or
    /// exits; a waker that is set by a destructor or by another waker's drop in one of those ends
    /// with it. Ends a [`step_aside`](Self::step_aside), as making an object does; `None` does not.
    /// Set inside `Thread::blocking`, the thread is asked again from then on.
    ///
    /// The waker is woken on the thread that dropped the reference, at the end of that drop; it is
    /// dropped as contents are. Its code may do anything: nothing of the library is half done, and
    /// no lock is held but those of sections that the dropping code is in. A panic in it is caught.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use std::task::{Wake, Waker};
    ///
    /// use keyway_brc::Brc;
    ///
    /// struct Unpark(std::thread::Thread);
    /// impl Wake for Unpark {
    ///     fn wake(self: Arc<Self>) {
    ///         self.0.unpark();
    ///     }
    /// }
    ///
    /// Brc::wake_when_queued(Some(Waker::from(Arc::new(Unpark(std::thread::current())))));
    /// let made_here = Brc::new(5);
    /// std::thread::spawn(move || drop(made_here));
    /// std::thread::park();
    /// Brc::collect();
    /// ```
    pub fn wake_when_queued(waker: Option<Waker>) {
        counted::wake_when_queued::<S>(waker);
    }
}
