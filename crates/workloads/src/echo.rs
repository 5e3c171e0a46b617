//! An I/O-bound program and a CPU-bound one: an echo client, and a spinner that runs at the same
//! time.
//!
//! The client sends sixteen bytes and waits for them to come back, with a blocking region around
//! each of the two calls, as CPython's `send` and `recv` have. The [server](serve) knows nothing of
//! any runtime. The spinner is the countdown's loop without an end.

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::thread::sleep;
use std::time::{Duration, Instant};

use keyway::{Strategy, Thread};

/// The bytes that the client sends.
type Message = [u8; 16];

/// One message, there and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trip {
    /// From before the sending until the answer has been looked at.
    pub time: Duration,
    /// The longer of the two waits for the runtime to let this thread go on, after a call had
    /// returned.
    pub longest_wait: Duration,
}

/// Sends messages and waits for each to come back, until `goes_on` says no after a trip.
///
/// # Errors
/// Those of the connection; it ends the program.
///
/// # Panics
/// If something else comes back.
pub fn client<S: Strategy>(
    connection: &mut (impl Read + Write),
    thread: &mut Thread<S>,
    mut goes_on: impl FnMut(Trip) -> bool,
) -> io::Result<()> {
    for number in 0_u128.. {
        let start = Instant::now();
        let message = thread.alloc(number.to_ne_bytes());
        let (sent, waited_after_sending) = blocking(thread, || connection.write_all(&*message));
        sent?;
        let mut answer = Message::default();
        let (received, waited_after_receiving) = blocking(thread, || connection.read_exact(&mut answer));
        received?;
        let answer = thread.alloc(answer);
        assert_eq!(*answer, *message, "what comes back is what was sent");
        answer.release(thread);
        message.release(thread);
        let longest_wait = waited_after_sending.max(waited_after_receiving);
        if !goes_on(Trip { time: start.elapsed(), longest_wait }) {
            break;
        }
        thread.checkpoint();
    }
    Ok(())
}

/// A blocking region, and how long the thread waited at its end.
fn blocking<S: Strategy, R>(thread: &mut Thread<S>, call: impl FnOnce() -> R) -> (R, Duration) {
    let (result, returned) = thread.blocking(|| (call(), Instant::now()));
    (result, returned.elapsed())
}

/// Echoes messages, each so long after it has come, until the client has gone.
///
/// # Errors
/// Those of the connection, but not its end.
pub fn serve(connection: &mut (impl Read + Write), after: Duration) -> io::Result<()> {
    let mut message = Message::default();
    loop {
        match connection.read_exact(&mut message) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            result => result?,
        }
        if !after.is_zero() {
            sleep(after);
        }
        connection.write_all(&message)?;
    }
}

/// Keeps this thread busy: boxed integers and a checkpoint in each iteration, until `goes_on` says
/// no.
pub fn spin<S: Strategy>(thread: &mut Thread<S>, mut goes_on: impl FnMut() -> bool) {
    let mut current = black_box(thread.alloc(0_u64));
    while goes_on() {
        thread.checkpoint();
        let next = black_box(thread.alloc(*current + 1));
        std::mem::replace(&mut current, next).release(thread);
    }
    current.release(thread);
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use keyway::{BiasedCounts, attach};

    use super::*;

    #[test]
    fn every_message_comes_back_and_the_server_ends_with_the_client() {
        let (mut here, mut there) = UnixStream::pair().expect("a socket pair");
        let server = std::thread::spawn(move || serve(&mut there, Duration::ZERO));
        let mut trips = 0;
        attach::<BiasedCounts, _>(|thread| {
            let all_came_back = client(&mut here, thread, |trip| {
                assert!(trip.longest_wait <= trip.time);
                trips += 1;
                trips < 5
            });
            all_came_back.expect("the server answers");
        });
        drop(here);
        assert_eq!(trips, 5);
        server.join().expect("no panic").expect("the end of the connection is no error");
    }
}
