//! Stacks that are used again: more than half of a model's time would go into making and unmaking them.
//!
//! loom gives each thread of each interleaving a new stack: mapped, its lowest page made a guard, unmapped at the end; three system
//! calls and some page faults. It has no setting for that, nor has the library by which it switches stacks. So the program of
//! the models has an `mmap`, `mprotect` and `munmap` of its own in front of the system's: a stack is kept when it is unmapped,
//! with its guard, and given out again for the next of that length. Everything else goes to the kernel as it came.
//!
//! What a model finds does not change by this: nobody relies on a new stack's zeros, no scenario keeps a pointer into the stack
//! of a thread that has ended, and an overflow meets the guard as before.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::{Mutex, PoisonError};

use libc::{off_t, size_t};

/// A mapping that was asked for as a stack.
#[derive(Clone, Copy, Debug)]
struct Stack {
    base: usize,
    length: size_t,
    /// Bytes from the base on that cannot be accessed.
    guard: size_t,
    /// Whether it has been unmapped, as far as its user knows.
    is_free: bool,
}

/// All stacks that there are: as many as there were threads at a time.
static STACKS: Mutex<Vec<Stack>> = Mutex::new(Vec::new());

/// Does something with the stacks. What it calls maps nothing by way of the functions below, so the lock is not taken twice: the
/// allocator asks the kernel directly.
fn with_stacks<R>(act: impl FnOnce(&mut Vec<Stack>) -> R) -> R {
    act(&mut STACKS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Whether this is how a stack is asked for.
fn is_stack(address: *mut c_void, protection: c_int, flags: c_int, file: c_int, offset: off_t) -> bool {
    let stack = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK;
    (address.is_null(), protection, flags, file, offset)
        == (true, libc::PROT_READ | libc::PROT_WRITE, stack, -1, 0)
}

/// Takes a free stack of this length.
fn take(stacks: &mut [Stack], length: size_t) -> Option<usize> {
    let stack = stacks.iter_mut().find(|stack| stack.is_free && stack.length == length)?;
    stack.is_free = false;
    Some(stack.base)
}

/// As the system's; but what is asked for as a stack may be one that was unmapped before, with its guard and what its last user
/// has left there.
///
/// # Safety
/// As the system's.
#[unsafe(no_mangle)]
unsafe extern "C" fn mmap(
    address: *mut c_void,
    length: size_t,
    protection: c_int,
    flags: c_int,
    file: c_int,
    offset: off_t,
) -> *mut c_void {
    let is_stack = is_stack(address, protection, flags, file, offset);
    if is_stack && let Some(base) = with_stacks(|stacks| take(stacks, length)) {
        return ptr::with_exposed_provenance_mut(base);
    }
    // SAFETY: what the caller answers for, handed on; the kernel takes these six.
    let mapped = unsafe { libc::syscall(libc::SYS_mmap, address, length, protection, flags, file, offset) }
        as *mut c_void;
    if is_stack && mapped != libc::MAP_FAILED {
        let base = mapped.expose_provenance();
        with_stacks(|stacks| stacks.push(Stack { base, length, guard: 0, is_free: false }));
    }
    mapped
}

/// As the system's; but a guard that is there already is not made again.
///
/// # Safety
/// As the system's.
#[unsafe(no_mangle)]
unsafe extern "C" fn mprotect(address: *mut c_void, length: size_t, protection: c_int) -> c_int {
    let is_guard = protection == libc::PROT_NONE;
    let base = address.addr();
    if is_guard
        && with_stacks(|stacks| stacks.iter().any(|stack| (stack.base, stack.guard) == (base, length)))
    {
        return 0;
    }
    // SAFETY: what the caller answers for, handed on; the kernel takes these three.
    let failed = unsafe { libc::syscall(libc::SYS_mprotect, address, length, protection) } as c_int;
    if failed == 0 {
        with_stacks(|stacks| match stacks.iter_mut().find(|stack| stack.base == base) {
            Some(stack) if is_guard && stack.guard == 0 => stack.guard = length,
            // Protected in some other way than stacks are: the next user would not expect that.
            Some(_) => stacks.retain(|stack| stack.base != base),
            None => (),
        });
    }
    failed
}

/// As the system's; but a stack is kept for the next that asks for one of its length.
///
/// # Safety
/// As the system's.
#[unsafe(no_mangle)]
unsafe extern "C" fn munmap(address: *mut c_void, length: size_t) -> c_int {
    let base = address.addr();
    let is_kept = with_stacks(|stacks| {
        let stack = stacks.iter_mut().find(|stack| (stack.base, stack.length) == (base, length));
        stack.is_some_and(|stack| {
            stack.is_free = true;
            true
        })
    });
    if is_kept {
        return 0;
    }
    // SAFETY: what the caller answers for, handed on; the kernel takes these two.
    unsafe { libc::syscall(libc::SYS_munmap, address, length) as c_int }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 4096;

    /// A stack of so many bytes, of a length that no other test asks for.
    fn stack(length: usize) -> *mut c_void {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK;
        // SAFETY: new memory, wherever there is room.
        let mapped =
            unsafe { libc::mmap(ptr::null_mut(), length, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
        assert_ne!(mapped, libc::MAP_FAILED);
        mapped
    }

    fn guard(stack: *mut c_void) -> c_int {
        // SAFETY: nobody uses this page.
        unsafe { libc::mprotect(stack, PAGE, libc::PROT_NONE) }
    }

    fn unmap(stack: *mut c_void, length: usize) {
        // SAFETY: nobody uses it any more.
        assert_eq!(unsafe { libc::munmap(stack, length) }, 0);
    }

    /// The permissions of the mapping that starts here, as the kernel tells them.
    fn permissions(address: *mut c_void) -> Option<String> {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let start = format!("{:x}-", address.addr());
        let line = maps.lines().find(|line| line.starts_with(&start))?;
        line.split_whitespace().nth(1).map(str::to_owned)
    }

    #[test]
    fn a_stack_that_was_unmapped_is_given_out_again_with_its_guard() {
        let length = 13 * PAGE;
        let first = stack(length);
        assert_eq!(guard(first), 0);
        let second = stack(length);
        assert_ne!(second, first, "two at a time are two");
        unmap(first, length);
        assert_eq!(permissions(first).as_deref(), Some("---p"), "kept, and its guard too");
        let third = stack(length);
        assert_eq!((third, guard(third)), (first, 0));
        assert_eq!(permissions(third).as_deref(), Some("---p"));
        for stack in [second, third] {
            unmap(stack, length);
        }
    }

    #[test]
    fn what_is_not_a_stack_goes_to_the_kernel() {
        let length = 17 * PAGE;
        let kept = stack(length);
        unmap(kept, length);
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: new memory, wherever there is room.
        let plain = unsafe { libc::mmap(ptr::null_mut(), length, libc::PROT_READ, flags, -1, 0) };
        assert_ne!(plain, kept);
        assert_eq!(permissions(plain).as_deref(), Some("r--p"));
        unmap(plain, length);
        assert_ne!(permissions(plain).as_deref(), Some("r--p"), "really unmapped");
        // SAFETY: an address that is no page's start: the kernel must say no, not we.
        assert_eq!(unsafe { libc::munmap(ptr::without_provenance_mut(1), length) }, -1);
    }
}
