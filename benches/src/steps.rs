//! Counts the instructions of an operation by stepping through it, one at a time.
//!
//! A child process carries the operation out. Between the traps with which the sample's clock is
//! replaced, its parent single-steps it (`ptrace`) and looks at each instruction before it runs;
//! before and after, the child runs freely. So the count is of the path that was really taken, slow
//! paths that were not taken left out, and it does not depend on how busy the machine is. The cost
//! of getting to the operations cancels out: see [`per_operation`].
//!
//! A *locked* instruction is one with the `lock` prefix, or an exchange with memory, which locks
//! without one.

use std::io;
use std::ops::Range;
use std::panic::catch_unwind;
use std::time::Duration;

/// What one operation executes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    /// Instructions in user mode.
    pub instructions: f64,
    /// Locked ones among them.
    pub locked: f64,
    /// Instructions in this program's own code, without the C library's: these depend on the
    /// compiler alone.
    pub own: f64,
    /// Locked ones among these.
    pub own_locked: f64,
}

/// Counted in one run.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    instructions: u64,
    locked: u64,
    own: u64,
    own_locked: u64,
}

/// What one operation of `sample` executes: the difference between a run of `operations` and one of
/// twice as many.
///
/// A step takes some ten microseconds. The calling thread of `sample` is stepped through, others
/// are not.
///
/// The calling process must have no thread that holds a lock which the operation takes, nor ever
/// will in the child.
///
/// # Errors
/// If this machine does not allow stepping; some containers forbid `ptrace`.
pub fn per_operation(sample: fn(u64) -> Duration, operations: u64) -> io::Result<Steps> {
    let own = own_code()?;
    let (short, long) = (count(sample, operations, &own)?, count(sample, 2 * operations, &own)?);
    let each = |short: u64, long: u64| (long as f64 - short as f64) / operations as f64;
    Ok(Steps {
        instructions: each(short.instructions, long.instructions),
        locked: each(short.locked, long.locked),
        own: each(short.own, long.own),
        own_locked: each(short.own_locked, long.own_locked),
    })
}

/// Where this program's own code lies; a forked child has it at the same place.
fn own_code() -> io::Result<Range<u64>> {
    let program = std::env::current_exe()?;
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let code = maps.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace();
        let (addresses, permissions) = (fields.next()?, fields.next()?);
        let (start, end) = addresses.split_once('-')?;
        let is_code = permissions.contains('x') && line.ends_with(program.to_str()?);
        let address = |text| u64::from_str_radix(text, 16).ok();
        is_code.then_some(address(start)?..address(end)?)
    });
    code.ok_or_else(|| io::Error::other("the program's own code is not in /proc/self/maps"))
}

/// Steps through `sample(operations)` in a child process.
fn count(sample: fn(u64) -> Duration, operations: u64, own: &Range<u64>) -> io::Result<Run> {
    // SAFETY: the child runs the operation and exits; by the caller's duty no lock that it needs is
    // held by a thread that it has not inherited, and the allocator is usable in a forked child
    // (glibc, musl).
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => child(sample, operations),
        child => Traced(child).count(own),
    }
}

/// The child: asks to be traced, stops, and once it goes on, carries the operations out.
fn child(sample: fn(u64) -> Duration, operations: u64) -> ! {
    // SAFETY: takes no pointer that it uses.
    let refused = unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) } == -1;
    if !refused {
        // SAFETY: stops this process until its tracer lets it go on.
        unsafe { libc::raise(libc::SIGSTOP) };
        crate::clock::stop_the_clock();
    }
    // A panic must not get further: this is a copy of the parent, and would go on with the parent's
    // next steps.
    let done = !refused && catch_unwind(|| sample(operations)).is_ok();
    // SAFETY: ends the child without running what the parent has registered for its own end.
    unsafe { libc::_exit(i32::from(!done)) }
}

/// A child that has asked to be traced; killed on drop, if it has not ended.
struct Traced(libc::pid_t);

enum State {
    Stopped,
    Ended { status: i32 },
}

/// `int3`, the trap.
const TRAP: u8 = 0xcc;

impl Traced {
    fn count(self, own: &Range<u64>) -> io::Result<Run> {
        let mut run = Run::default();
        self.expect_stop()?;
        self.go_on(libc::PTRACE_CONT)?;
        // Up to the first trap it has run freely.
        self.expect_stop()?;
        loop {
            let (address, instruction) = self.next_instruction()?;
            if instruction[0] == TRAP {
                break;
            }
            run.instructions += 1;
            let (is_locked, is_own) = (is_locked(instruction), own.contains(&address));
            run.locked += u64::from(is_locked);
            run.own += u64::from(is_own);
            run.own_locked += u64::from(is_locked && is_own);
            self.go_on(libc::PTRACE_SINGLESTEP)?;
            self.expect_stop()?;
        }
        self.go_on(libc::PTRACE_CONT)?;
        self.expect_stop()?;
        self.go_on(libc::PTRACE_CONT)?;
        match self.wait()? {
            State::Ended { status: 0 } => Ok(run),
            State::Ended { status } => Err(ended(status)),
            State::Stopped => Err(io::Error::other("the stepped process has stopped a third time")),
        }
    }

    fn expect_stop(&self) -> io::Result<()> {
        match self.wait()? {
            State::Stopped => Ok(()),
            State::Ended { status } => Err(ended(status)),
        }
    }

    fn wait(&self) -> io::Result<State> {
        let mut status = 0;
        // SAFETY: `status` is written to.
        checked(unsafe { libc::waitpid(self.0, &mut status, 0) }.into())?;
        if libc::WIFSTOPPED(status) {
            return Ok(State::Stopped);
        }
        Ok(State::Ended { status: if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { status } })
    }

    /// Where the child is, and the first eight bytes there.
    fn next_instruction(&self) -> io::Result<(u64, [u8; 8])> {
        let offset = std::mem::offset_of!(libc::user_regs_struct, rip);
        // SAFETY: the child is stopped; reads a register at its place in the user area.
        let address = unsafe { libc::ptrace(libc::PTRACE_PEEKUSER, self.0, offset, 0) };
        // SAFETY: the child is stopped; reads its memory, not ours. Both results are words of any
        // value: an error shows in the step that follows.
        let word = unsafe { libc::ptrace(libc::PTRACE_PEEKTEXT, self.0, address, 0) };
        Ok((address as u64, word.to_le_bytes()))
    }

    /// Lets the child go on, without the signal that stopped it.
    fn go_on(&self, how: libc::c_uint) -> io::Result<()> {
        // SAFETY: the child is stopped; no signal is passed on, since the only stops are the first,
        // the traps and the steps.
        checked(unsafe { libc::ptrace(how, self.0, 0, 0) })
    }
}

fn ended(status: i32) -> io::Error {
    io::Error::other(format!("the stepped process ended with {status}"))
}

impl Drop for Traced {
    fn drop(&mut self) {
        // SAFETY: does nothing if the child has ended: it has been waited for, and no other has
        // been made since.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
        // SAFETY: no status is asked for.
        unsafe { libc::waitpid(self.0, std::ptr::null_mut(), 0) };
    }
}

fn checked(result: libc::c_long) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Whether an instruction locks: the `lock` prefix, or `xchg` whose operand is in memory.
fn is_locked(bytes: [u8; 8]) -> bool {
    const LOCK: u8 = 0xf0;
    const OTHER_PREFIXES: [u8; 10] = [0x66, 0x67, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65];
    let mut rest = bytes.as_slice();
    while let [first, after @ ..] = rest {
        match *first {
            LOCK => return true,
            prefix if OTHER_PREFIXES.contains(&prefix) => rest = after,
            // REX comes last, before the opcode.
            0x40..=0x4f => {
                rest = after;
                break;
            }
            _ => break,
        }
    }
    matches!(rest, [0x86 | 0x87, operands, ..] if operands >> 6 != 0b11)
}

#[cfg(test)]
mod tests {
    use super::is_locked;

    fn locked(instruction: &[u8]) -> bool {
        let mut bytes = [0x90; 8];
        bytes[..instruction.len()].copy_from_slice(instruction);
        is_locked(bytes)
    }

    #[test]
    fn what_locks_is_told_from_what_does_not() {
        assert!(locked(&[0xf0, 0x48, 0xff, 0x07]), "lock inc qword [rdi]");
        assert!(locked(&[0x66, 0xf0, 0x0f, 0xb1, 0x0f]), "lock cmpxchg word [rdi], cx");
        assert!(locked(&[0x87, 0x07]), "xchg [rdi], eax");
        assert!(locked(&[0x49, 0x87, 0x07]), "xchg [r15], rax");
        assert!(locked(&[0x86, 0x47, 0x08]), "xchg [rdi + 8], al");
        assert!(!locked(&[0x48, 0x87, 0xc3]), "xchg rbx, rax");
        assert!(!locked(&[0x48, 0xff, 0x07]), "inc qword [rdi]");
        assert!(!locked(&[0xb8, 0xf0, 0xf0, 0xf0, 0xf0]), "mov eax, 0xf0f0f0f0");
        assert!(!locked(&[0x66, 0x90]), "nop");
    }
}
