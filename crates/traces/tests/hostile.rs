//! Files that are damaged, cut short, hostile or contradictory: each gets an error that names the
//! file, the place and the reason.

use std::io::{Read, Write};

use keyway_traces::{
    Event, Limits, NO_OBJECT, ObjectRecord, Op, Reader, Stats, Trace, TraceError, dealloc, flags, path,
};

/// Bytes of a trace whose events begin at byte 80 (2 objects), 7 of them, and whose names begin at
/// byte 136.
fn example() -> Vec<u8> {
    bytes(&Trace::example())
}

fn bytes(trace: &Trace) -> Vec<u8> {
    let mut bytes = Vec::new();
    trace.write(&mut bytes).expect("memory can be written to");
    bytes
}

fn read(bytes: impl Read) -> Result<Stats, TraceError> {
    read_within(bytes, Limits::DEFAULT)
}

fn read_within(bytes: impl Read, limits: Limits) -> Result<Stats, TraceError> {
    Reader::new("x.rct", bytes, limits).and_then(|mut reader| Stats::of(&mut reader))
}

#[track_caller]
fn refused(bytes: impl Read, offset: u64, reason: &str) {
    complains(read(bytes), offset, reason);
}

#[track_caller]
fn complains(result: Result<Stats, TraceError>, offset: u64, reason: &str) {
    let error = result.expect_err(reason);
    let shown = error.to_string();
    assert!(shown.starts_with(&format!("x.rct: byte {offset}: ")), "wanted byte {offset}: {shown}");
    assert!(shown.contains(reason) && shown.lines().count() == 1, "wanted {reason:?}: {shown}");
}

/// The example with some bytes replaced.
fn with(at: usize, replacement: &[u8]) -> Vec<u8> {
    let mut bytes = example();
    bytes[at..at + replacement.len()].copy_from_slice(replacement);
    bytes
}

#[test]
fn the_example_is_whole() {
    assert_eq!(read(&example()[..]).map(|stats| stats.count_operations), Ok(4));
}

#[test]
fn a_header_that_is_not_one() {
    refused(&[][..], 0, "not a trace");
    refused(
        &b"PK\x03\x04 something else entirely, and long enough to be a header of sixty-four"[..],
        0,
        "not a trace",
    );
    refused(&example()[..40], 40, "ends inside the header");
    refused(&with(8, &[2])[..], 8, "version 2 is unknown");
    refused(&with(12, &[65])[..], 12, "header's size");
    refused(&with(14, &[2])[..], 12, "header's size");
    refused(&with(17, &[2])[..], 16, "514 threads");
    refused(&with(50, &[1])[..], 50, "reserved byte");
}

#[test]
fn lengths_beyond_the_file() {
    refused(&with(20, &[3])[..], 143, "the file ends at event 6 of 7");
    refused(&with(20, &[0, 0, 1])[..], 143, "the file ends at object 9 of 65536");
    refused(&with(24, &[200])[..], 143, "the file ends at event 7 of 200");
    refused(&with(36, &[3])[..], 143, "the file ends inside the name of type 2");
    refused(&example()[..79], 79, "the file ends at object 1 of 2");
    refused(&example()[..100], 100, "the file ends at event 2 of 7");
    refused(&example()[..140], 140, "the file ends inside the name of type 1");
    // 2^32 - 1 objects and 2^64 - 1 events are refused before anything is read for them.
    refused(&with(20, &[255; 4])[..], 20, "the limit is");
    refused(&with(24, &[255; 8])[..], 24, "the limit is");
}

#[test]
fn contradictions_between_header_and_table() {
    refused(&with(32, &[2])[..], 32, "the header announces 2 objects from before");
    refused(&with(65, &[7])[..], 65, "object 0 is owned by thread 7");
    refused(&with(66, &[9])[..], 66, "object 0 is of type 9; there are 2 names");
    refused(&with(139, &[0xff])[..], 139, "not UTF-8");
}

#[test]
fn something_after_the_end() {
    let mut bytes = example();
    bytes.push(0);
    refused(&bytes[..], 143, "something comes after the last name");
    // Also after the end of a compressed file.
    let mut compressed = zstd::encode_all(&example()[..], 3).expect("it can be compressed");
    assert!(read(&compressed[..]).is_ok());
    compressed.extend_from_slice(b"more");
    refused(&compressed[..], 143, "cannot decompress");
}

#[test]
fn a_compressed_file_that_is_damaged() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("a compressor");
    encoder.include_checksum(true).expect("a checksum");
    encoder.write_all(&example()).expect("memory can be written to");
    let compressed = encoder.finish().expect("memory can be written to");
    refused(&compressed[..compressed.len() - 9], 0, "cannot decompress");
    let mut wrong_sum = compressed.clone();
    *wrong_sum.last_mut().expect("not empty") ^= 1;
    refused(&wrong_sum[..], 143, "cannot decompress");
    // A frame that asks for a window of 2^27 bytes.
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("a compressor");
    encoder.window_log(27).expect("a window");
    encoder.write_all(&example()).expect("memory can be written to");
    refused(&encoder.finish().expect("memory can be written to")[..], 0, "cannot decompress");
}

#[test]
fn a_bomb_is_an_error_long_before_it_has_gone_off() {
    let mut bomb = example();
    bomb.resize(1 << 26, 0);
    let bomb = zstd::encode_all(&bomb[..], 3).expect("it can be compressed");
    assert!(bomb.len() < 1 << 14);
    refused(&bomb[..], 143, "something comes after the last name");
    // One whose header announces all of it.
    let mut bomb = with(24, &(1_u64 << 23).to_le_bytes());
    bomb.truncate(80);
    bomb.resize(1 << 26, 0);
    let bomb = zstd::encode_all(&bomb[..], 3).expect("it can be compressed");
    refused(&bomb[..], 80, "event 0: alloc of object 0 by thread 0, which exists already");
    let limits = Limits { events: 1 << 20, ..Limits::DEFAULT };
    complains(read_within(&bomb[..], limits), 24, "the limit is 1048576");
    let limits = Limits { bytes: 100, ..Limits::DEFAULT };
    complains(read_within(&example()[..], limits), 100, "longer than the limit of 100 bytes");
    let limits = Limits { objects: 1, ..Limits::DEFAULT };
    complains(read_within(&example()[..], limits), 20, "the limit is 1");
}

#[test]
fn events_out_of_range() {
    refused(&with(80, &[9])[..], 80, "event 0: operation 9 is unknown");
    refused(&with(88, &[24])[..], 88, "event 1: operation 24 is unknown");
    refused(&with(81, &[2])[..], 80, "event 0: decref on thread 2; there are 2");
    refused(&with(84, &[2])[..], 80, "event 0: decref of object 2; there are 2");
    refused(&with(84, &[255; 4])[..], 80, "event 0: decref of object 4294967295");
    refused(&with(128 + 4, &[0; 4])[..], 128, "event 6: thread_exit names an object, 0");
    refused(&with(128 + 4, &[255, 255, 255, 0])[..], 128, "event 6: thread_exit names an object");
}

/// A trace of one object that the trace allocates and one from before with a reference, on one
/// thread.
fn events(events: &[(Op, u16, u32)]) -> Result<Stats, TraceError> {
    let old = ObjectRecord { flags: flags::PREEXISTING, initial_count: 1, ..Default::default() };
    let event = |&(op, arg, object): &(Op, u16, u32)| Event::new(op, 0, object).with_arg(arg);
    let trace = Trace {
        global_lock: false,
        threads: 1,
        objects: vec![ObjectRecord::default(), old],
        events: events.iter().map(event).collect(),
        names: vec!["?".to_owned()],
        ..Trace::default()
    };
    read(&bytes(&trace)[..])
}

const ALLOC: (Op, u16, u32) = (Op::Alloc, 0, 0);
const RETAIN: (Op, u16, u32) = (Op::Incref, 0, 0);
const RELEASE: (Op, u16, u32) = (Op::Decref, 0, 0);
const DEALLOC: (Op, u16, u32) = (Op::Dealloc, 0, 0);

#[test]
fn events_that_contradict_each_other() {
    let refused = |list: &[(Op, u16, u32)], reason: &str| {
        complains(events(list), 80 + 8 * (list.len() as u64 - 1), reason);
    };
    refused(&[RETAIN], "before it is allocated");
    refused(&[DEALLOC], "before it is allocated");
    refused(&[(Op::Queue, 0, 0)], "before it is allocated");
    refused(&[ALLOC, ALLOC], "exists already");
    refused(&[(Op::Alloc, 0, 1)], "exists already");
    refused(&[ALLOC, RELEASE, RELEASE], "below zero");
    refused(&[ALLOC, RELEASE, (Op::DecrefPerThread, 0, 0)], "below zero");
    refused(&[ALLOC, RELEASE, RETAIN], "after its count reached zero");
    refused(&[ALLOC, RELEASE, (Op::Add, 2, 0)], "after its count reached zero");
    refused(&[ALLOC, RELEASE, DEALLOC, RETAIN], "after its dealloc");
    refused(&[ALLOC, RELEASE, DEALLOC, RELEASE], "after its dealloc");
    refused(&[ALLOC, RELEASE, DEALLOC, (Op::IncrefImmortal, 0, 0)], "after its dealloc");
    refused(&[ALLOC, RELEASE, DEALLOC, DEALLOC], "a second one");
    refused(&[ALLOC, RELEASE, DEALLOC, ALLOC], "exists already");
    refused(&[ALLOC, DEALLOC], "while it has 1 references");
    refused(&[ALLOC, (Op::Add, 511, 0), DEALLOC], "while it has 512 references");
    refused(&[ALLOC, RELEASE, (Op::Incref, path::TRY, 0)], "after its count reached zero");
    let finaliser = [ALLOC, RELEASE, DEALLOC, (Op::Resurrect, 0, 0), (Op::ResurrectEnd, 0, 0)];
    refused(&[&finaliser[..], &[RETAIN]].concat(), "after its dealloc");
}

#[test]
fn everything_that_the_format_allows() {
    let begun = [ALLOC, RELEASE, DEALLOC];
    for (list, why) in [
        (vec![ALLOC, (Op::Dealloc, dealloc::REINITIALISED, 0)], "a header written anew"),
        (vec![ALLOC, RELEASE, (Op::Dealloc, dealloc::DELAYED, 0)], "a delayed destruction"),
        (vec![ALLOC, RELEASE, (Op::Incref, path::GIVE_BACK, 0), RELEASE, DEALLOC], "given back"),
        (vec![ALLOC, (Op::Add, 511, 0)], "saturated"),
        ([&[ALLOC, (Op::Add, 511, 0)][..], &[RELEASE; 600], &[DEALLOC]].concat(), "more than saturated"),
        (
            [&begun[..], &[(Op::Resurrect, 0, 0), RETAIN, (Op::ResurrectEnd, 0, 0), RELEASE, DEALLOC]]
                .concat(),
            "resurrected",
        ),
        (
            [&begun[..], &[(Op::SetRefcnt, 1, 0), (Op::SetRefcnt, 0, 0)]].concat(),
            "a finaliser with a global lock",
        ),
        ([&begun[..], &[(Op::MergeExplicit, 1, 0), (Op::Queue, 0, 0)]].concat(), "told late"),
        (vec![ALLOC, (Op::SetRefcnt, 3, 0), RELEASE, RELEASE, RELEASE, DEALLOC], "set"),
        (vec![ALLOC, (Op::SetImmortal, 0, 0), RELEASE, RELEASE, (Op::DecrefImmortal, 2, 0)], "made immortal"),
        (
            vec![ALLOC, (Op::IncrefPerThread, 0, 0), RELEASE, (Op::DecrefPerThread, 0, 0), DEALLOC],
            "per thread",
        ),
        (vec![(Op::Decref, 0, 1)], "an older object's last reference, its end not recorded"),
    ] {
        assert!(events(&list).is_ok(), "{why}: {:?}", events(&list));
    }
}

#[test]
fn what_is_not_there_cannot_be_opened() {
    let error = Reader::open("no/such.rct.zst").expect_err("there is no such file");
    assert!(error.to_string().starts_with("no/such.rct.zst: byte 0: cannot open: "), "{error}");
    let error = Reader::open(env!("CARGO_MANIFEST_DIR")).expect_err("a folder is no trace");
    assert!(error.to_string().contains("cannot read"), "{error}");
}

#[test]
fn what_is_written_reads_back_as_itself() {
    let trace = Trace::example();
    let mut reader = Reader::new("x", std::io::Cursor::new(example()), Limits::DEFAULT).expect("it is whole");
    assert_eq!(Trace::read(&mut reader), Ok(trace.clone()));
    // A long name is cut between characters.
    let long = Trace { names: vec!["é".repeat(200), "list".to_owned()], ..trace };
    let mut reader =
        Reader::new("x", std::io::Cursor::new(bytes(&long)), Limits::DEFAULT).expect("it is whole");
    assert_eq!(reader.names().expect("it is whole")[0], "é".repeat(127));
    assert_eq!(NO_OBJECT, u32::MAX);
}

/// The most memory that this process has had at once, in bytes.
#[cfg(target_os = "linux")]
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux has it");
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kilobytes * 1024
}

#[test]
#[cfg(target_os = "linux")]
fn a_small_file_cannot_ask_for_much_memory_in_a_replay() {
    use keyway_traces::replay::{CHECKPOINT_EVERY, Plan, Replay};

    // Each pair of events writes over 65,535 references; and 200 threads, each of which might count
    // each object privately.
    let plan = |pairs: usize| {
        let mut list = vec![Event::new(Op::Alloc, 0, 0)];
        for _ in 0..pairs {
            list.push(Event::new(Op::SetRefcnt, 0, 0).with_arg(u16::MAX));
            list.push(Event::new(Op::SetRefcnt, 0, 0).with_arg(1));
        }
        list.push(Event::new(Op::Decref, 0, 0));
        list.push(Event::new(Op::Dealloc, 0, 0));
        let trace = Trace {
            global_lock: true,
            threads: 200,
            objects: vec![ObjectRecord::default(); 1 << 18],
            events: list,
            names: vec!["?".to_owned()],
            ..Trace::default()
        };
        let compressed = zstd::encode_all(&bytes(&trace)[..], 3).expect("it can be compressed");
        assert!(compressed.len() < 1 << 14, "{}", compressed.len());
        let mut reader = Reader::new("x.rct", &compressed[..], Limits::IN_MEMORY).expect("it is whole");
        Plan::new(&Trace::read(&mut reader).expect("it agrees with itself"), CHECKPOINT_EVERY)
    };
    let before = peak_memory();
    // As one step a reference this would be a GiB.
    assert_eq!(plan(2_000).totals().deaths, 1);
    Replay::new(&plan(3), true).whole::<keyway::AtomicCounts>().expect("it agrees");
    let more = peak_memory() - before;
    // Other tests of this process are in it too.
    assert!(more < 512 << 20, "{} MiB", more >> 20);
}

#[test]
fn what_is_kept_in_memory_has_a_lower_limit() {
    let announced = (Limits::IN_MEMORY.events + 1).to_le_bytes();
    let error = Reader::new("x.rct", &with(24, &announced)[..], Limits::IN_MEMORY).expect_err("too many");
    assert!(error.to_string().contains("the limit is 33554432"), "{error}");
    refused(&with(24, &announced)[..], 143, "the file ends at event 7");
}
