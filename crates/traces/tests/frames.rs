//! Files of several zstd frames, some of which are to be skipped, as `pzstd` and the seekable
//! format write them.

use std::io::{self, Read};

use keyway_traces::{Limits, Reader, Stats, Trace, TraceError};

fn read(bytes: impl Read) -> Result<Stats, TraceError> {
    Reader::new("x.rct.zst", bytes, Limits::DEFAULT).and_then(|mut reader| Stats::of(&mut reader))
}

fn plain() -> Vec<u8> {
    let mut bytes = Vec::new();
    Trace::example().write(&mut bytes).expect("memory can be written to");
    bytes
}

fn frame(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("it can be compressed")
}

/// A frame of one of the 16 kinds that readers skip.
fn skippable(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("a short one").to_le_bytes();
    [&[0x50 + kind, 0x2a, 0x4d, 0x18], &length[..], bytes].concat()
}

/// Gives one byte at a time, as a pipe may, and is interrupted before each.
struct ByteByByte<'a>(&'a [u8], bool);

impl Read for ByteByByte<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = buffer.len().min(1);
        self.0.read(&mut buffer[..length])
    }
}

#[test]
fn frames_to_be_skipped_are_skipped_wherever_they_are() {
    let plain = plain();
    let right = read(&plain[..]).expect("it is whole");
    let (one, two) = plain.split_at(70);
    let skipped = || skippable(0, b"four");
    for (what, file) in [
        ("two frames", [frame(one), frame(two)].concat()),
        ("first", [skipped(), frame(&plain)].concat()),
        ("in the middle", [frame(one), skipped(), frame(two)].concat()),
        ("at the end", [frame(&plain), skipped()].concat()),
        ("everywhere", [skipped(), frame(one), skipped(), frame(two), skipped()].concat()),
        ("several in a row", [skipped(), skipped(), frame(&plain), skipped(), skipped()].concat()),
        ("an empty one", [skippable(1, b""), frame(&plain)].concat()),
        ("the last kind", [skippable(15, b"x"), frame(&plain)].concat()),
        ("a long one", [skippable(7, &vec![0x28; 1 << 18]), frame(&plain)].concat()),
        ("empty frames of data", [frame(b""), frame(&plain), frame(b"")].concat()),
    ] {
        assert_eq!(read(&file[..]).as_ref(), Ok(&right), "{what}");
        assert_eq!(read(ByteByByte(&file, false)).as_ref(), Ok(&right), "{what}, byte by byte");
    }
    assert_eq!(read(ByteByByte(&plain, false)), Ok(right), "not compressed, byte by byte");
}

#[test]
fn what_is_no_trace_is_told_in_one_line() {
    let skipped = skippable(0, b"four");
    let garbage = b"something else entirely, and long enough to be a header of 64 bytes, or more";
    for (file, reason) in [
        (skipped.clone(), "byte 0: not a trace: nothing is compressed in it"),
        ([&skipped[..], &skipped].concat(), "byte 0: not a trace: nothing is compressed in it"),
        (frame(b""), "byte 0: not a trace: nothing is compressed in it"),
        (skipped[..9].to_vec(), "byte 0: cannot decompress"),
        (skipped[..6].to_vec(), "byte 0: cannot decompress"),
        ([&skipped[..], garbage].concat(), "byte 0: cannot decompress"),
        ([skipped.clone(), frame(garbage)].concat(), "byte 0: not a trace: it does not begin with RCTRACE1"),
        ([&[0x60, 0x2a, 0x4d, 0x18], &garbage[..]].concat(), "byte 0: not a trace"),
        (vec![0x50, 0x2a], "byte 0: not a trace"),
    ] {
        let error = read(&file[..]).expect_err(reason).to_string();
        assert!(error.contains(reason) && error.lines().count() == 1, "wanted {reason:?}: {error}");
    }
}
