//! The events of one thread, as it writes them and anybody reads them.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::event::Does;

/// Events in the first chunk; each further one holds twice as many.
const FIRST: usize = 1 << 10;

/// At most this many chunks: half a million events, 8 MiB.
const CHUNKS: usize = 9;

/// When, in nanoseconds since the recording began, what, where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) at: u64,
    pub(crate) does: Does,
    pub(crate) place: usize,
}

/// Written by one thread, read by others at any time. Events that do not fit are counted and lost.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    chunks: [OnceLock<Box<[Slot]>>; CHUNKS],
    /// How many events are written. Changed by the thread itself.
    length: AtomicUsize,
    lost: AtomicU64,
}

/// An event: its time and what, and its place.
type Slot = [AtomicU64; 2];

impl Buffer {
    /// Adds an event; only ever called by one thread.
    pub(crate) fn push(&self, event: Event) {
        // Relaxed: only this thread changes it.
        let length = self.length.load(Ordering::Relaxed);
        let (chunk, index) = place(length);
        let Some(chunk) = self.chunks.get(chunk).map(|slots| slots.get_or_init(|| slots_of(chunk))) else {
            // Relaxed: a count.
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let [time, place] = &chunk[index];
        // Relaxed, both: ordered by `length`.
        time.store(event.at * Does::ALL.len() as u64 + event.does.number(), Ordering::Relaxed);
        place.store(event.place as u64, Ordering::Relaxed);
        // Release: pairs with the Acquire in `events`, so that the counted events have been
        // written.
        self.length.store(length + 1, Ordering::Release);
    }

    /// All that is written, in order.
    pub(crate) fn events(&self) -> impl Iterator<Item = Event> {
        // Acquire: pairs with the Release in `push`.
        let length = self.length.load(Ordering::Acquire);
        (0..length).map(|number| {
            let (chunk, index) = place(number);
            let [time, place] = &self.chunks[chunk].get().expect("it was written to")[index];
            // Relaxed, both: ordered by `length`.
            let (time, place) = (time.load(Ordering::Relaxed), place.load(Ordering::Relaxed));
            let kinds = Does::ALL.len() as u64;
            Event { at: time / kinds, does: Does::ALL[(time % kinds) as usize], place: place as usize }
        })
    }

    /// How many events did not fit.
    pub(crate) fn lost(&self) -> u64 {
        // Relaxed: a count.
        self.lost.load(Ordering::Relaxed)
    }
}

/// The chunk of an event, and its index there.
fn place(number: usize) -> (usize, usize) {
    let chunk = (number / FIRST + 1).ilog2() as usize;
    (chunk, number - FIRST * ((1 << chunk) - 1))
}

fn slots_of(chunk: usize) -> Box<[Slot]> {
    (0..FIRST << chunk).map(|_| Slot::default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: usize) -> Event {
        Event { at: number as u64 * 7, does: Does::ALL[number % Does::ALL.len()], place: number + 1 }
    }

    #[test]
    fn events_come_back_as_they_were_and_what_does_not_fit_is_counted() {
        let buffer = Buffer::default();
        let fits = FIRST * ((1 << CHUNKS) - 1);
        for number in 0..fits + 3 {
            buffer.push(event(number));
        }
        assert!(buffer.events().eq((0..fits).map(event)));
        assert_eq!(buffer.lost(), 3);
    }
}
