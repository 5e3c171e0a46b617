//! Events as spans of time.

use crate::buffer::Event;
use crate::event::{AS_BEFORE, Does};

/// The activity of a thread during a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Attached and not waiting; under a global lock it holds the lock.
    Runs,
    /// Waits to be let into a runtime.
    Waits,
    /// Waits for a section.
    WaitsForSection,
    /// In a blocking region.
    Blocks,
}

/// The activity of a thread from one moment to another, in nanoseconds since the recording began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From when.
    pub from: u64,
    /// Until when; not before `from`.
    pub to: u64,
    /// The activity.
    pub state: State,
    /// The address of the runtime; of a section's lock if it waits for one.
    pub place: usize,
}

/// The spans of one thread, one after the other. A span that had not ended when the recording did
/// ends at `end`.
pub(crate) fn spans(events: impl Iterator<Item = Event>, end: u64) -> Vec<Span> {
    let (mut spans, mut runtime) = (Vec::<Span>::new(), AS_BEFORE);
    let mut current: Option<Span> = None;
    for event in events {
        // A clock that two cores read differently, by a little, is not to turn a span round.
        let at = current.map_or(0, |span| span.from).max(event.at);
        spans.extend(current.take().map(|span| Span { to: at, ..span }));
        if event.does != Does::WaitsForSection && event.place != AS_BEFORE {
            runtime = event.place;
        }
        let state = match event.does {
            Does::Waits => State::Waits,
            Does::Runs => State::Runs,
            Does::Blocks => State::Blocks,
            Does::WaitsForSection => State::WaitsForSection,
            Does::Leaves => continue,
        };
        let place = if event.does == Does::WaitsForSection { event.place } else { runtime };
        current = Some(Span { from: at, to: at, state, place });
    }
    spans.extend(current.map(|span| Span { to: end.max(span.from), ..span }));
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: u64, does: Does, place: usize) -> Event {
        Event { at, does, place }
    }

    #[test]
    fn each_span_ends_where_the_next_begins_and_the_last_with_the_recording() {
        let events = [
            event(1, Does::Waits, 8),
            event(3, Does::Runs, 8),
            event(5, Does::WaitsForSection, 99),
            event(6, Does::Runs, AS_BEFORE),
            event(7, Does::Leaves, 8),
            event(9, Does::Waits, 16),
        ];
        let expected = [
            (1, 3, State::Waits, 8),
            (3, 5, State::Runs, 8),
            (5, 6, State::WaitsForSection, 99),
            (6, 7, State::Runs, 8),
            (9, 12, State::Waits, 16),
        ];
        let expected = expected.map(|(from, to, state, place)| Span { from, to, state, place });
        assert_eq!(spans(events.into_iter(), 12), expected);
    }

    #[test]
    fn a_clock_that_goes_back_turns_no_span_round() {
        let spans = spans([event(5, Does::Runs, 8), event(4, Does::Blocks, 8)].into_iter(), 3);
        assert!(spans.iter().all(|span| span.from <= span.to), "{spans:?}");
    }
}
