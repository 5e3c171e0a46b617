//! Mutated real traces: whatever becomes of a file, reading it ends with a result or an error, in
//! bounded memory.
//!
//! `KEYWAY_TRACES_INPUTS` sets how many inputs are tried (20,000 by default), `KEYWAY_TRACES_SEED`
//! where the random numbers begin. A failure prints the seed of its input: with that and one input,
//! it is run alone.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::env;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use fastrand::Rng;
use keyway_traces::replay::Plan;
use keyway_traces::{Life, Limits, Reader, Stats, Trace};

/// Counts the memory of each thread, and its peak.
struct Counted;

thread_local! {
    static NOW: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

// SAFETY: everything is the system allocator's; counting touches thread-locals without destructors
// only.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.get() + layout.size();
        NOW.set(now);
        PEAK.set(PEAK.get().max(now));
        // SAFETY: the caller's duty.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.set(NOW.get().saturating_sub(layout.size()));
        // SAFETY: the caller's duty.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What one input may take: the tables of the largest mutated input, and buffers.
const MEMORY: usize = 24 << 20;

const LIMITS: Limits = Limits { objects: 1 << 16, events: 1 << 20, bytes: 1 << 24 };

/// The files of the corpus, decompressed.
fn corpus() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("there is a corpus")
        .map(|file| file.expect("it can be listed").path())
        .collect();
    files.sort();
    let mut corpus: Vec<Vec<u8>> = files
        .iter()
        .map(|file| {
            let mut bytes = Vec::new();
            let mut reader = Reader::open(file).expect("the corpus is whole");
            Trace::read(&mut reader).expect("the corpus is whole").write(&mut bytes).expect("it is memory");
            bytes
        })
        .collect();
    let mut example = Vec::new();
    Trace::example().write(&mut example).expect("it is memory");
    corpus.push(example);
    assert!(corpus.len() > 5 && corpus.iter().all(|bytes| bytes.len() <= 64 << 10), "at most 64 KiB each");
    corpus
}

fn mutate(bytes: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Rng) {
    if bytes.is_empty() {
        return;
    }
    let at = random.usize(..bytes.len());
    let record = |random: &mut Rng| 64 + 8 * random.usize(..bytes.len() / 8 + 1);
    let (one, two) = (record(random), record(random));
    const EDGES: [u32; 8] = [0, 1, 2, 255, 256, 511, i32::MAX as u32, u32::MAX];
    match random.u8(..10) {
        0 => bytes[at] ^= 1 << random.u32(..8),
        1 => bytes[at] = random.u8(..),
        2 => bytes[at] = random.u8(..24),
        3 => {
            let at = at / 4 * 4;
            let edge = EDGES[random.usize(..EDGES.len())].to_le_bytes();
            bytes.iter_mut().skip(at).zip(edge).for_each(|(byte, edge)| *byte = edge);
        }
        4 => bytes.truncate(at),
        5 => {
            let end = (at + random.usize(..64)).min(bytes.len());
            bytes.drain(at..end);
        }
        6 => {
            let other = &corpus[random.usize(..corpus.len())];
            let from = random.usize(..other.len());
            let to = (from + random.usize(..256)).min(other.len());
            bytes.splice(at..at, other[from..to].iter().copied());
        }
        7 if one.max(two) + 8 <= bytes.len() => {
            (0..8).for_each(|byte| bytes.swap(one + byte, two + byte));
        }
        8 if one.max(two) + 8 <= bytes.len() => bytes.copy_within(one..one + 8, two),
        // A field of the header.
        _ => {
            let at = 16 + random.usize(..24);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = byte.wrapping_add(random.u8(..3).wrapping_sub(1));
            }
        }
    }
}

/// Everything that reads a file. True if it was found in order.
fn examine(bytes: &[u8], random: &mut Rng) -> bool {
    let stats = Reader::new("mutated", bytes, LIMITS).and_then(|mut reader| Stats::of(&mut reader));
    let trace = Reader::new("mutated", bytes, LIMITS).and_then(|mut reader| Trace::read(&mut reader));
    let object = random.u32(..100);
    let life = Reader::new("mutated", bytes, LIMITS).and_then(|mut reader| Life::of(&mut reader, object));
    for error in [stats.as_ref().err(), trace.as_ref().err(), life.as_ref().err()].into_iter().flatten() {
        let shown = error.to_string();
        assert!(shown.starts_with("mutated: byte ") && !shown.contains('\n'), "{shown}");
    }
    let Ok(trace) = trace else { return false };
    assert_eq!(stats.map(|stats| stats.header), Ok(trace.header()));
    let every = random.u32(1..40);
    let plans = [Plan::new(&trace, every), Plan::in_file_order(&trace, every)];
    assert_eq!(plans[0].totals().deaths, plans[1].totals().deaths);
    let half = trace.cut(random.usize(..=trace.events.len())..trace.events.len());
    let mut again = Vec::new();
    half.write(&mut again).expect("it is memory");
    let mut reader = Reader::new("half", &again[..], LIMITS).expect("what was cut out is a trace");
    assert_eq!(Trace::read(&mut reader), Ok(half));
    true
}

/// True if the input was found in order.
fn try_one(seed: u64, corpus: &[Vec<u8>]) -> bool {
    let mut random = Rng::with_seed(seed);
    let mut bytes = corpus[random.usize(..corpus.len())].clone();
    let is_compressed = random.u8(..8) == 0;
    if is_compressed {
        bytes = zstd::encode_all(&bytes[..], 1).expect("it is memory");
    }
    for _ in 0..random.usize(..4) {
        mutate(&mut bytes, corpus, &mut random);
    }
    let before = NOW.get();
    PEAK.set(before);
    let is_in_order = examine(&bytes, &mut random);
    let used = PEAK.get() - before;
    assert!(used <= MEMORY, "{used} bytes were allocated for {} bytes of input", bytes.len());
    is_in_order
}

fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).map_or(default, |value| value.parse().expect("a number"))
}

#[test]
fn mutated_traces_are_read_or_refused() {
    let corpus = corpus();
    let (inputs, first) = (number("KEYWAY_TRACES_INPUTS", 20_000), number("KEYWAY_TRACES_SEED", 0));
    let mut in_order = 0;
    for seed in first..first + inputs {
        match catch_unwind(AssertUnwindSafe(|| try_one(seed, &corpus))) {
            Ok(is_in_order) => in_order += u64::from(is_in_order),
            Err(_) => panic!("seed {seed}: KEYWAY_TRACES_SEED={seed} KEYWAY_TRACES_INPUTS=1 runs it alone"),
        }
    }
    // Both happen: mutations that are never seen, or never survived, would test little.
    assert!(
        inputs < 1000 || (in_order > inputs / 20 && in_order < inputs * 19 / 20),
        "{in_order} of {inputs}"
    );
}
