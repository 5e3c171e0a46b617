//! Recordings, one after the other: there is one recorder in a process, so this is one test.

use std::thread;

use keyway_timeline::{AS_BEFORE, Does, Recorder, State, note, note_since, since};

#[test]
fn what_is_noted_while_it_is_recorded_is_recorded() {
    note(Does::Runs, || unreachable!("no place is looked for while nothing is recorded"));
    let nothing = since();

    let recorder = Recorder::begin().expect("nobody records");
    assert!(Recorder::begin().is_none(), "one at a time");
    note_since(nothing, Does::Runs, || unreachable!("that was before"));
    let work = |place: usize| {
        note(Does::Waits, || place);
        let moment = since();
        note_since(moment, Does::Runs, || AS_BEFORE);
        note(Does::Blocks, || AS_BEFORE);
    };
    let named = thread::Builder::new().name("named".to_owned());
    named.spawn(move || work(8)).expect("a thread").join().expect("no panic");
    thread::spawn(move || work(16)).join().expect("no panic");
    let recording = recorder.end();

    let names: Vec<_> = recording.threads.iter().map(|thread| thread.name.as_str()).collect();
    assert_eq!(names, ["named", "thread 2"]);
    for (thread, place) in recording.threads.iter().zip([8, 16]) {
        let states: Vec<_> = thread.spans.iter().map(|span| (span.state, span.place)).collect();
        assert_eq!(states, [State::Waits, State::Runs, State::Blocks].map(|state| (state, place)));
        let ends = thread.spans.windows(2).all(|pair| pair[0].to == pair[1].from);
        assert!(ends && thread.spans.iter().all(|span| span.from <= span.to && span.to <= recording.length));
    }

    let recorder = Recorder::begin().expect("the last one has ended");
    note(Does::Runs, || 24);
    let recording = recorder.end();
    assert_eq!(recording.threads.len(), 1, "{recording:?}");
    assert_eq!(recording.threads[0].spans.len(), 1, "nothing of the last recording");
}
