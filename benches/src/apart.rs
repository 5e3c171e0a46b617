//! A sample in a process of its own.

use crate::row::Sample;

/// Runs `sample(operations)` in a child of this process, so that whatever it does to memory is gone with the child.
///
/// The calling process must have no thread that holds a lock which the operation takes.
///
/// # Panics
/// If the child cannot be made, or ends without an answer.
#[cfg(unix)]
pub(crate) fn run(sample: fn(u64) -> Sample, operations: u64) -> Sample {
    use std::io::{PipeWriter, Read, Write};

    fn answer(mut pipe: PipeWriter, sample: Sample) -> bool {
        let together = sample.together.map_or([f64::NAN; 2], |together| [together.on_cpu, together.overlap]);
        let parts = [sample.time.as_secs_f64(), together[0], together[1]];
        parts.iter().all(|part| pipe.write_all(&part.to_ne_bytes()).is_ok())
    }

    let (mut read, write) = std::io::pipe().expect("a pipe to a child");
    // SAFETY: the child runs the operation and exits; by the caller's duty no lock that it needs is held by a thread that it has
    // not inherited.
    let child = match unsafe { libc::fork() } {
        -1 => panic!("no process of its own for a sample: {}", std::io::Error::last_os_error()),
        0 => {
            let done = answer(write, sample(operations));
            // SAFETY: ends the child without running what the parent has registered for its own end.
            unsafe { libc::_exit(i32::from(!done)) }
        }
        child => child,
    };
    drop(write);
    let mut bytes = [[0; 8]; 3];
    let complete = read.read_exact(bytes.as_flattened_mut()).is_ok();
    // SAFETY: waits for the child made above; no status is asked for.
    unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
    assert!(complete, "the process of a sample has ended without an answer");
    let [time, on_cpu, overlap] = bytes.map(f64::from_ne_bytes);
    let together = (!on_cpu.is_nan()).then_some(crate::Together { on_cpu, overlap });
    Sample { time: std::time::Duration::from_secs_f64(time), together }
}

/// No such process can be had here.
#[cfg(not(unix))]
pub(crate) fn run(sample: fn(u64) -> Sample, operations: u64) -> Sample {
    sample(operations)
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_a_child_measures_comes_back_and_what_it_does_stays_there() {
        static CHANGED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let sample = |operations: u64| {
            CHANGED.store(operations, std::sync::atomic::Ordering::Relaxed);
            let together = (operations == 2).then_some(crate::Together { on_cpu: 0.5, overlap: 0.25 });
            Sample { time: Duration::from_millis(operations), together }
        };
        for operations in [1, 2] {
            assert_eq!(run(sample, operations), sample(operations));
        }
        CHANGED.store(7, std::sync::atomic::Ordering::Relaxed);
        run(sample, 1);
        assert_eq!(CHANGED.load(std::sync::atomic::Ordering::Relaxed), 7);
    }

    #[test]
    #[should_panic(expected = "without an answer")]
    fn a_child_that_dies_is_not_taken_for_one_that_has_measured() {
        // SAFETY: ends the child at once.
        run(|_| unsafe { libc::_exit(1) }, 1);
    }
}
