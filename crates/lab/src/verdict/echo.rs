//! Several I/O-bound threads: clients that send, wait for the answer, and do a little with it.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

use keyway::{Strategy, Thread, attach};
use keyway_workloads::{Crew, countdown, together};

/// The server answers this long after a message has come: the client really blocks.
const THINKING: Duration = Duration::from_micros(200);

/// A client's work for each answer: this many steps of the countdown, some microseconds.
const WORK: u64 = 200;

type Message = [u8; 16];

/// The time in which `clients` clients, each a thread of `S`, make `trips` round trips each.
///
/// # Errors
/// If a server cannot be started, or a connection breaks.
pub(super) fn time<S: Strategy>(clients: usize, trips: u64) -> io::Result<Duration> {
    let (crew, mut connections, mut servers) = (Crew::default(), Vec::new(), Vec::new());
    for number in 0..clients {
        let (here, there) = UnixStream::pair()?;
        servers.push(crew.start_for_good(format!("echo server {number}"), move || serve(there))?);
        connections.push(here);
    }
    crew.begin();
    let done = together(clients, |number| {
        attach::<S, _>(|thread| {
            (0..trips).try_for_each(|trip| round_trip(&connections[number], trip, thread))
        })
    });
    drop(connections);
    let served = |server: JoinHandle<Option<io::Result<()>>>| server.join().expect("a server does not panic");
    servers.into_iter().filter_map(served).collect::<io::Result<()>>()?;
    done.results.into_iter().collect::<io::Result<()>>()?;
    Ok(done.elapsed)
}

/// Sends a message and waits for its answer, with a blocking region around each of the two calls,
/// as CPython's `send` and `recv` have.
fn round_trip<S: Strategy>(
    mut connection: &UnixStream,
    number: u64,
    thread: &mut Thread<S>,
) -> io::Result<()> {
    thread.checkpoint();
    let message = thread.alloc(u128::from(number).to_ne_bytes());
    thread.blocking(|| connection.write_all(&*message))?;
    let mut answer = Message::default();
    thread.blocking(|| connection.read_exact(&mut answer))?;
    let answer = thread.alloc(answer);
    if *answer != *message {
        return Err(io::Error::other("what came back is not what was sent"));
    }
    countdown::steps(WORK, thread);
    answer.release(thread);
    message.release(thread);
    Ok(())
}

/// Sends messages back, each after some time, until the client has gone. No thread of any runtime.
fn serve(mut connection: UnixStream) -> io::Result<()> {
    let mut message = Message::default();
    loop {
        match connection.read_exact(&mut message) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            result => result?,
        }
        sleep(THINKING);
        connection.write_all(&message)?;
    }
}

#[cfg(test)]
mod tests {
    use keyway::{GlobalLock, Interval};

    use super::*;

    #[test]
    fn clients_wait_for_their_servers() {
        let elapsed = time::<GlobalLock<Interval>>(3, 5).expect("the servers answer");
        assert!(elapsed >= 5 * THINKING, "{elapsed:?}");
    }
}
