//! A sample in a process of its own.

#[cfg(unix)]
use std::io::{PipeWriter, Read, Write};
#[cfg(unix)]
use std::panic::catch_unwind;

#[cfg(unix)]
use keyway_workloads::CannotStart;

use crate::row::Sample;

/// Runs `sample(operations)` in a child of this process, so that whatever it does to memory is gone
/// with the child.
///
/// The calling process must have no thread that holds a lock which the operation takes.
///
/// # Panics
/// If the child ends without an answer; with [`CannotStart`] if the child cannot be made, or cannot
/// start a thread.
#[cfg(unix)]
pub(crate) fn run(sample: fn(u64) -> Sample, operations: u64) -> Sample {
    let cannot = |error| -> ! { CannotStart::new("a process for a sample", error).raise() };
    let (mut read, write) = std::io::pipe().unwrap_or_else(|error| cannot(error));
    // SAFETY: the child runs the operation and exits; by the caller's duty no lock that it needs is
    // held by a thread that it has not inherited.
    let child = match unsafe { libc::fork() } {
        -1 => cannot(std::io::Error::last_os_error()),
        0 => {
            // A panic must not get further: this is a copy of the parent, and would go on with the
            // parent's next steps.
            let sample = catch_unwind(|| sample(operations));
            let done = answer(write, sample);
            // SAFETY: ends the child without running what the parent has registered for its own
            // end.
            unsafe { libc::_exit(i32::from(!done)) }
        }
        child => child,
    };
    drop(write);
    let mut bytes = [[0; 8]; PARTS];
    let complete = read.read_exact(bytes.as_flattened_mut()).is_ok();
    // SAFETY: waits for the child made above; no status is asked for.
    unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
    assert!(complete, "the process of a sample has ended without an answer");
    let [time, on_cpu, overlap, refused] = bytes.map(f64::from_ne_bytes);
    if refused != 0.0 {
        let why = std::io::Error::from_raw_os_error(refused as i32);
        CannotStart::new("a thread in the process of a sample", why).raise();
    }
    let together = (!on_cpu.is_nan()).then_some(crate::Together { on_cpu, overlap });
    Sample { time: std::time::Duration::from_secs_f64(time), together }
}

/// The numbers of an answer: three of the sample, and the system's error if a thread could not be
/// started.
#[cfg(unix)]
const PARTS: usize = 4;

/// Writes the answer of a child; false if there is none.
#[cfg(unix)]
fn answer(mut pipe: PipeWriter, sample: std::thread::Result<Sample>) -> bool {
    let parts: [f64; PARTS] = match sample {
        Ok(Sample { time, together }) => {
            let [on_cpu, overlap] =
                together.map_or([f64::NAN; 2], |together| [together.on_cpu, together.overlap]);
            [time.as_secs_f64(), on_cpu, overlap, 0.0]
        }
        Err(panic) => match panic.downcast_ref::<CannotStart>().and_then(CannotStart::code) {
            Some(code) => [0.0, f64::NAN, f64::NAN, code.into()],
            None => return false,
        },
    };
    parts.iter().all(|part| pipe.write_all(&part.to_ne_bytes()).is_ok())
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
    fn a_thread_that_a_child_cannot_start_is_told_as_if_it_was_ours() {
        let refused = |_| {
            CannotStart::new("the thread `last`", std::io::Error::from_raw_os_error(libc::EAGAIN)).raise()
        };
        let panic = catch_unwind(|| run(refused, 1)).expect_err("there is no sample");
        let error = panic.downcast::<CannotStart>().expect("the panic says what it is");
        assert_eq!(error.code(), Some(libc::EAGAIN));
        assert!(error.to_string().contains("in the process of a sample"), "{error}");
    }

    #[test]
    #[should_panic(expected = "without an answer")]
    fn a_child_that_dies_is_not_taken_for_one_that_has_measured() {
        // SAFETY: ends the child at once.
        run(|_| unsafe { libc::_exit(1) }, 1);
    }
}
