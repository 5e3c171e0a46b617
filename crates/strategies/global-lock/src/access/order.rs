//! Which thread gets the lock next under [`ReturningFirst`](super::ReturningFirst): the decisions,
//! without a thread or a clock in them.
//!
//! A thread that comes back from a blocking region and has held the lock for no longer than the
//! thread whose turn it is, *visits*: it goes first, and the turn goes on after it. All others
//! stand in the *line*, first come, first served, for a turn of one switch interval each. Times are
//! nanoseconds.

use std::collections::VecDeque;
use std::mem;

/// A thread that waits for the lock.
#[derive(Debug)]
struct Waiting<T> {
    thread: T,
    /// How long it has held the lock, as far as it counts.
    used: u64,
    /// Whether a visit has interrupted its turn, which goes on when it gets the lock.
    interrupted: bool,
}

/// The thread that holds the lock.
#[derive(Debug)]
struct Holder {
    /// Since when it has held it, or since when that counts.
    since: u64,
    /// How long it had held it before.
    used: u64,
    visits: bool,
}

/// The waiters, the holder of the lock, and the thread whose turn it is.
#[derive(Debug)]
pub(crate) struct Order<T> {
    visitors: VecDeque<Waiting<T>>,
    line: VecDeque<Waiting<T>>,
    holder: Holder,
    /// While a visitor holds the lock: how long the thread whose turn it is has held it.
    turn_used: u64,
    turn_ends: u64,
    /// Whether somebody has waited until the turn, or the visit, was over.
    is_over: bool,
    /// The most that any thread's turn has brought it to. Stands for the unknown use of a holder
    /// that nobody waited for.
    most: u64,
}

/// The thread that holds the lock now.
#[derive(Debug)]
#[must_use]
pub(crate) struct Next<T> {
    /// The thread to tell; none if nobody waited.
    pub(crate) thread: Option<T>,
    /// How long the thread that held the lock has now held it.
    pub(crate) used: u64,
}

/// Where a thread that waits stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) struct Place {
    /// Whether nobody is before it.
    pub(crate) is_first: bool,
    /// Whether the holder must be asked for the lock.
    pub(crate) asks: bool,
}

impl<T> Order<T> {
    pub(crate) const fn new() -> Self {
        Order {
            visitors: VecDeque::new(),
            line: VecDeque::new(),
            holder: Holder { since: 0, used: 0, visits: false },
            turn_used: 0,
            turn_ends: 0,
            is_over: false,
            most: 0,
        }
    }

    /// Somebody begins to hold the lock for whom nobody has accounted so far: it was free, or
    /// nobody waited until now. It is taken to have had as much as anybody.
    pub(crate) fn begin(&mut self, now: u64, interval: u64) {
        self.holder = Holder { since: now, used: self.most, visits: false };
        self.turn_ends = now + interval;
        self.is_over = false;
    }

    /// A thread waits that has not been attached before.
    pub(crate) fn arrives(&mut self, thread: T, now: u64) -> Place {
        let used = self.turn_has_used(now);
        self.line.push_back(Waiting { thread, used, interrupted: false });
        Place { is_first: self.is_next_in_line(1), asks: false }
    }

    /// A thread waits that comes back from a blocking region, and had held the lock for `used`
    /// before.
    pub(crate) fn returns(&mut self, thread: T, used: u64, now: u64, interval: u64) -> Place {
        let turn = self.turn_has_used(now);
        // A thread that stayed away for long has not saved up more than one interval against the
        // waiters; nor does any thread owe more.
        let least = self.line.iter().map(|waiting| waiting.used).fold(turn, u64::min);
        let used = used.max(least.saturating_sub(interval)).min(turn + interval);
        let waiting = Waiting { thread, used, interrupted: false };
        if used > turn {
            self.line.push_back(waiting);
            return Place { is_first: self.is_next_in_line(1), asks: false };
        }
        self.visitors.push_back(waiting);
        Place { is_first: self.visitors.len() == 1, asks: !self.holder.visits }
    }

    /// How long a thread that waits may sleep before it calls [`expires`](Self::expires).
    pub(crate) fn patience(&self, now: u64, interval: u64) -> u64 {
        match self.over(interval).saturating_sub(now) {
            0 => interval,
            left => left,
        }
    }

    /// A thread that waits has slept for its whole patience. Whether it asks for the lock.
    #[must_use]
    pub(crate) fn expires(&mut self, now: u64, interval: u64) -> bool {
        self.is_over |= now >= self.over(interval);
        self.is_over
    }

    /// The holder passes a checkpoint after it was asked. Some: it holds the lock no longer, and
    /// waits as `thread`. None: it goes on.
    #[must_use]
    pub(crate) fn checkpoint(&mut self, thread: T, now: u64, interval: u64) -> Option<(Next<T>, Place)> {
        // A turn that is over anyway does not go on after a visit.
        let interrupted = !self.holder.visits && !self.is_over && !self.visitors.is_empty();
        if !self.asks() {
            return None;
        }
        let used = self.end(now);
        let waiting = Waiting { thread, used, interrupted };
        if interrupted {
            self.line.push_front(waiting);
        } else {
            self.line.push_back(waiting);
        }
        let next = self.next(now, interval, used);
        Some((next, Place { is_first: interrupted, asks: false }))
    }

    /// The holder gives the lock up.
    pub(crate) fn leaves(&mut self, now: u64, interval: u64) -> Next<T> {
        let used = self.end(now);
        self.next(now, interval, used)
    }

    /// In the child of a fork: the waiters exist in the parent only. The holder is accounted for
    /// when the next comes to wait.
    pub(crate) fn forget_waiters(&mut self) {
        // Forgotten, not dropped: a child may be on its way to another program, and frees no
        // memory.
        mem::forget(mem::take(&mut self.visitors));
        mem::forget(mem::take(&mut self.line));
    }

    /// Whether the holder must be asked: its turn is over, or it stands in a visitor's way.
    pub(crate) fn asks(&self) -> bool {
        (self.is_over && self.waiting() > 0) || (!self.holder.visits && !self.visitors.is_empty())
    }

    /// The thread that is next at the moment; none if nobody waits. Only this thread watches for
    /// the end of the turn or visit.
    pub(crate) fn first(&self) -> Option<&T> {
        self.visitors.front().or_else(|| self.line.front()).map(|waiting| &waiting.thread)
    }

    /// Whether this thread is next as things stand.
    pub(crate) fn is_first(&self, is_it: impl Fn(&T) -> bool) -> bool {
        self.first().is_some_and(is_it)
    }

    /// How many threads wait.
    pub(crate) fn waiting(&self) -> usize {
        self.visitors.len() + self.line.len()
    }

    fn is_next_in_line(&self, length: usize) -> bool {
        self.visitors.is_empty() && self.line.len() == length
    }

    /// How long the thread whose turn it is has held the lock.
    fn turn_has_used(&self, now: u64) -> u64 {
        if self.holder.visits {
            self.turn_used
        } else {
            self.holder.used + now.saturating_sub(self.holder.since)
        }
    }

    /// When the holder's turn or visit is over.
    fn over(&self, interval: u64) -> u64 {
        if self.holder.visits { self.holder.since + interval } else { self.turn_ends }
    }

    /// The holder holds the lock no longer. How long it has held it in all.
    fn end(&mut self, now: u64) -> u64 {
        let held = now.saturating_sub(self.holder.since);
        let used = self.holder.used + held;
        if self.holder.visits {
            self.turn_ends += held;
        } else {
            self.turn_used = used;
        }
        // A visit that nobody in the line has waited for is at nobody's expense.
        if !self.holder.visits || self.line.is_empty() {
            self.most = self.most.max(used);
        }
        used
    }

    /// The thread that is next has the lock from now on. `last_used` is the time that the last
    /// holder has used.
    fn next(&mut self, now: u64, interval: u64, last_used: u64) -> Next<T> {
        self.is_over = false;
        let visits = !self.visitors.is_empty();
        let Some(next) = self.visitors.pop_front().or_else(|| self.line.pop_front()) else {
            return Next { thread: None, used: last_used };
        };
        // A visitor has used no more than the turn had when it came (Q4), so `turn_used` stands.
        if !visits && !next.interrupted {
            self.turn_ends = now + interval;
        }
        self.holder = Holder { since: now, used: next.used, visits };
        Next { thread: Some(next.thread), used: last_used }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A switch interval.
    const I: u64 = 1_000;

    /// An order in which thread 0 has held the lock since time 0, and nobody waits.
    fn held() -> Order<u32> {
        let mut order = Order::new();
        order.begin(0, I);
        order
    }

    #[test]
    fn who_comes_back_goes_before_the_line_and_the_turn_goes_on_after() {
        let mut order = held();
        assert_eq!(order.arrives(1, 10), Place { is_first: true, asks: false });
        assert!(!order.asks(), "a turn of one interval comes first");
        assert_eq!(order.returns(2, 0, 20, I), Place { is_first: true, asks: true });
        let (visit, place) = order.checkpoint(0, 30, I).expect("asked for");
        assert_eq!((visit.thread, place.is_first), (Some(2), true));
        assert_eq!(order.leaves(40, I).thread, Some(0), "its turn goes on");
        // The visit's 10 are added to the turn.
        assert!(!order.expires(I + 9, I));
        assert!(order.expires(I + 10, I) && order.asks());
        let (next, place) = order.checkpoint(0, I + 10, I).expect("asked for");
        assert_eq!((next.thread, place.is_first), (Some(1), false));
    }

    #[test]
    fn a_turn_that_is_over_does_not_go_on_after_a_visit() {
        let mut order = held();
        let _ = order.arrives(1, 0);
        let _ = order.returns(2, 0, 0, I);
        assert!(order.expires(I, I));
        assert_eq!(order.checkpoint(0, I, I).expect("asked for").0.thread, Some(2));
        assert_eq!(order.leaves(I + 1, I).thread, Some(1));
    }

    #[test]
    fn who_has_held_the_lock_for_longer_than_the_turn_has_stands_in_line() {
        let mut order = held();
        assert!(!order.returns(1, 101, 100, I).asks);
        assert!(order.returns(2, 100, 100, I).asks);
        assert_eq!(order.leaves(200, I).thread, Some(2));
        assert_eq!(order.leaves(300, I).thread, Some(1));
    }

    #[test]
    fn a_visit_ends_after_one_interval() {
        let mut order = held();
        let _ = order.returns(1, 0, 100, I);
        let _ = order.checkpoint(0, 100, I);
        assert!(!order.expires(100 + I - 1, I));
        assert!(order.expires(100 + I, I));
        let (next, _) = order.checkpoint(1, 100 + I, I).expect("asked for");
        assert_eq!((next.thread, next.used), (Some(0), I));
    }

    #[test]
    fn nobody_saves_up_more_than_one_interval() {
        let mut order = held();
        let now = 50 * I;
        let _ = order.returns(1, 0, now, I);
        let _ = order.checkpoint(0, now, I);
        assert_eq!(order.leaves(now, I).used, 49 * I, "counted as if it had used all but one interval");
    }

    #[test]
    fn nobody_owes_more_than_one_interval() {
        let mut order = held();
        assert!(!order.returns(1, 50 * I, 0, I).asks);
        assert_eq!(order.leaves(0, I).thread, Some(1));
        assert_eq!(order.leaves(0, I).used, I);
    }

    #[test]
    fn who_attaches_is_taken_to_have_used_what_the_turn_has() {
        let mut order = held();
        let _ = order.arrives(1, 100);
        assert_eq!(order.leaves(100, I).thread, Some(1));
        assert!(order.returns(2, 100, 100, I).asks, "it has used no more");
    }

    #[test]
    fn a_holder_that_nobody_waited_for_is_taken_to_have_used_as_much_as_anybody() {
        let mut order = held();
        let used = order.leaves(300, I).used;
        order.begin(400, I);
        assert!(order.returns(1, used, 400, I).asks, "it has used no more");
    }

    #[test]
    fn visitors_take_turns_in_the_order_in_which_they_came() {
        let mut order = held();
        for visitor in 1..=3 {
            let _ = order.returns(visitor, 0, 0, I);
        }
        let mut next = order.checkpoint(0, 1, I).expect("asked for").0.thread;
        for visitor in 1..=3 {
            assert_eq!(next, Some(visitor));
            next = order.leaves(2, I).thread;
        }
        assert_eq!(next, Some(0));
    }

    #[test]
    fn a_visitor_is_first_before_the_line_and_the_line_again_after_it() {
        let mut order = held();
        assert_eq!(order.first(), None);
        let _ = order.arrives(1, 0);
        let _ = order.arrives(2, 0);
        assert!(order.is_first(|&first| first == 1));
        let _ = order.returns(3, 0, 0, I);
        assert_eq!(order.first(), Some(&3));
        assert_eq!(order.leaves(1, I).thread, Some(3));
        assert_eq!(order.first(), Some(&1));
        assert_eq!(order.leaves(2, I).thread, Some(1));
        assert_eq!(order.first(), Some(&2), "it has moved up");
    }

    #[test]
    fn a_new_turn_is_not_over_because_the_last_one_was() {
        let mut order = held();
        let _ = order.arrives(1, 0);
        assert!(order.expires(I, I) && order.asks());
        // Taken by a thread that came by while it was free.
        order.begin(2 * I, I);
        assert!(!order.asks(), "the new turn has just begun");
        assert!(order.checkpoint(0, 2 * I, I).is_none());
    }

    #[test]
    fn who_has_visited_comes_after_the_turn_by_as_much_as_it_has_used() {
        // The turn has used 100 when the visit begins, and uses nothing while it lasts.
        let mut order = held();
        let _ = order.returns(1, 0, 100, I);
        let _ = order.checkpoint(0, 100, I);
        // While the visit lasts, it is the turn's use that counts, not the visit's: 101 is too
        // much, though the visit has used more.
        assert!(!order.returns(2, 101, 300, I).is_first);
        assert!(order.returns(3, 100, 300, I).is_first, "as much as the turn has used, so it visits");
        assert_eq!(order.leaves(300, I).thread, Some(3));
        assert_eq!(order.leaves(300, I).thread, Some(0), "its turn goes on before the line");
        assert_eq!(order.leaves(300, I).thread, Some(2));
    }

    #[test]
    fn a_holder_of_whom_nothing_is_known_counts_as_the_one_that_has_used_most() {
        // A turn of 400, which a visitor waited for, and then a turn of 100 by another: the most is
        // 400, not the last.
        let mut order = held();
        let _ = order.arrives(1, 0);
        assert_eq!(order.leaves(400, I).used, 400);
        assert_eq!(order.leaves(400, I).used, 0, "who arrived has used what the turn had when it came");
        order.begin(500, I);
        assert!(order.returns(2, 400, 500, I).asks, "it has used no more than the most");
        assert!(!order.returns(3, 401, 500, I).asks, "it has used more than anybody");
    }

    #[test]
    fn a_visit_counts_for_the_most_only_if_nobody_stood_in_line() {
        for (someone_in_line, is_visitor) in [(false, true), (true, false)] {
            let mut order = held();
            let _ = order.returns(1, 0, 0, I);
            assert_eq!(order.leaves(0, I).thread, Some(1));
            if someone_in_line {
                let _ = order.arrives(2, 0);
            }
            assert_eq!(order.leaves(300, I).used, 300);
            order.begin(400, I);
            let place = order.returns(3, 300, 400, I);
            assert_eq!(place.asks, is_visitor, "a visit of 300, somebody in line: {someone_in_line}");
        }
    }

    #[test]
    fn nobody_asks_when_nobody_waits() {
        let mut order = held();
        assert!(order.checkpoint(0, 9 * I, I).is_none());
        assert_eq!(order.leaves(9 * I, I).thread, None);
    }

    /// Thread 0 spins; thread 1 leaves and comes back at once, over and over, each time after it
    /// has held the lock for `burst`. Returns how long each has held it after some time.
    fn posing(burst: u64) -> [u64; 2] {
        let (mut order, mut now, mut held) = (held(), 0, [0; 2]);
        let _ = order.returns(1, 0, now, I);
        while now < 500 * I {
            // The spinner holds the lock, until it is asked for.
            let since = now;
            while order.checkpoint(0, now, I).is_none() {
                now += 1;
                let _ = order.expires(now, I);
            }
            held[0] += now - since;
            now += burst;
            held[1] += burst;
            let next = order.leaves(now, I);
            assert_eq!(next.thread, Some(0));
            let _ = order.returns(1, next.used, now, I);
        }
        held
    }

    #[test]
    fn posing_does_not_pay() {
        for burst in [1, 10, 100, I / 2, I] {
            let [spinner, poser] = posing(burst);
            // Its half, and one interval that anybody may be ahead.
            assert!(poser <= (spinner + poser) / 2 + 2 * I, "burst {burst}: {poser} beside {spinner}");
        }
    }

    #[test]
    fn the_line_moves_however_many_come_back() {
        // Eight threads that come back the moment they have left, and one that spins: it gets its
        // part.
        let (mut order, mut now, mut spun) = (held(), 0, 0);
        let mut used = [0; 9];
        for visitor in 1..=8 {
            let _ = order.returns(visitor, 0, now, I);
        }
        let mut holder = 0;
        while now < 1_000 * I {
            now += 10;
            let next = if holder == 0 {
                spun += 10;
                let _ = order.expires(now, I);
                order.checkpoint(0, now, I).map(|(next, _)| next)
            } else {
                let _ = order.expires(now, I);
                let next = order.leaves(now, I);
                used[holder as usize] = next.used;
                let _ = order.returns(holder, next.used, now, I);
                Some(next)
            };
            if let Some(thread) = next.and_then(|next| next.thread) {
                holder = thread;
            }
        }
        assert!(spun >= now / 9 - 2 * I, "{spun} of {now}");
    }
}
