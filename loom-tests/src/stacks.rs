//! Stacks that are used again: more than half of a model's time would go into making and unmaking
//! them.
//!
//! loom gives each thread of each interleaving a new stack: mapped, its lowest page made a guard,
//! unmapped at the end; three system calls and some page faults. It has no setting for that, nor
//! has the library by which it switches stacks. So the program of the models has an `mmap`,
//! `mprotect` and `munmap` of its own in front of the system's: a stack is kept when it is
//! unmapped, with its guard, and given out again for the next of that length. Everything else goes
//! to the kernel as it came.
//!
//! The findings of a model do not change by this: no code relies on a new stack's zeros, no
//! scenario keeps a pointer into the stack of a thread that has ended, and an overflow meets the
//! guard as before.

use std::ffi::{c_int, c_long, c_void};
use std::ptr;
use std::sync::{Mutex, TryLockError};

use libc::{off_t, size_t};

/// A mapping that was asked for as a stack; of length 0 where there is none.
#[derive(Clone, Copy, Debug)]
struct Stack {
    base: usize,
    length: size_t,
    /// Bytes from the base on that cannot be accessed.
    guard: size_t,
    /// Whether it has been unmapped, as far as its user knows.
    is_free: bool,
}

impl Stack {
    const NONE: Stack = Stack { base: 0, length: 0, guard: 0, is_free: false };

    fn overlaps(&self, base: usize, length: size_t) -> bool {
        self.base < base.saturating_add(length) && base < self.base.saturating_add(self.length)
    }
}

/// Stacks that are known at a time; more than loom has threads. Any further one is mapped and
/// unmapped as usual.
const MOST: usize = 32;

/// All stacks that there are. An array: whatever allocates memory may come here.
#[derive(Debug)]
struct Stacks([Stack; MOST]);

static STACKS: Mutex<Stacks> = Mutex::new(Stacks([Stack::NONE; MOST]));

impl Stacks {
    /// Does something with the stacks. None if they are in use, perhaps by what this call
    /// interrupts: nothing here waits.
    fn with<R>(act: impl FnOnce(&mut Stacks) -> R) -> Option<R> {
        match STACKS.try_lock() {
            Ok(mut stacks) => Some(act(&mut stacks)),
            Err(TryLockError::Poisoned(stacks)) => Some(act(&mut stacks.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn find(&mut self, is_it: impl Fn(&Stack) -> bool) -> Option<&mut Stack> {
        self.0.iter_mut().find(|stack| stack.length > 0 && is_it(stack))
    }

    /// Gives out a free stack of this length.
    fn take(&mut self, length: size_t) -> Option<usize> {
        let stack = self.find(|stack| stack.is_free && stack.length == length)?;
        stack.is_free = false;
        Some(stack.base)
    }

    /// The kernel has mapped a new stack here.
    fn add(&mut self, base: usize, length: size_t) {
        self.forget(base, length);
        if let Some(place) = self.0.iter_mut().find(|stack| stack.length == 0) {
            *place = Stack { base, length, guard: 0, is_free: false };
        }
    }

    /// Forgets the stacks that overlap these bytes.
    fn forget(&mut self, base: usize, length: size_t) {
        for stack in self.0.iter_mut().filter(|stack| stack.overlaps(base, length)) {
            *stack = Stack::NONE;
        }
    }

    /// These bytes have been protected. A stack that is protected in another way than by a guard is
    /// not given out again.
    fn protected(&mut self, base: usize, length: size_t, is_guard: bool) {
        match self.find(|stack| stack.base == base) {
            Some(stack) if is_guard && stack.guard == 0 => stack.guard = length,
            _ => self.forget(base, length),
        }
    }

    /// These bytes are about to be unmapped: keeps them if they are a stack.
    fn keep(&mut self, base: usize, length: size_t) -> bool {
        if let Some(stack) = self.find(|stack| (stack.base, stack.length) == (base, length)) {
            stack.is_free = true;
            return true;
        }
        self.forget(base, length);
        false
    }
}

/// Whether this is how a stack is asked for.
fn is_stack(address: *mut c_void, protection: c_int, flags: c_int, file: c_int, offset: off_t) -> bool {
    let stack = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK;
    (address.is_null(), protection, flags, file, offset)
        == (true, libc::PROT_READ | libc::PROT_WRITE, stack, -1, 0)
}

/// As the system's; but a requested stack may be one that was unmapped before, with its guard and
/// the bytes that its last user has left there.
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
    if is_stack && let Some(base) = Stacks::with(|stacks| stacks.take(length)).flatten() {
        return ptr::with_exposed_provenance_mut(base);
    }
    let [protection, flags, file] = [protection, flags, file].map(c_long::from);
    // SAFETY: the caller's duty, handed on; the kernel takes these six.
    let mapped = unsafe { libc::syscall(libc::SYS_mmap, address, length, protection, flags, file, offset) }
        as *mut c_void;
    if is_stack && mapped != libc::MAP_FAILED {
        let base = mapped.expose_provenance();
        Stacks::with(|stacks| stacks.add(base, length));
    }
    mapped
}

/// As the system's; but a guard that is there already is not made again.
///
/// # Safety
/// As the system's.
#[unsafe(no_mangle)]
unsafe extern "C" fn mprotect(address: *mut c_void, length: size_t, protection: c_int) -> c_int {
    let base = address.addr();
    let is_guard = protection == libc::PROT_NONE;
    let has_guard =
        |stacks: &mut Stacks| stacks.find(|stack| (stack.base, stack.guard) == (base, length)).is_some();
    if is_guard && Stacks::with(has_guard) == Some(true) {
        return 0;
    }
    // SAFETY: the caller's duty, handed on; the kernel takes these three.
    let failed =
        unsafe { libc::syscall(libc::SYS_mprotect, address, length, c_long::from(protection)) } as c_int;
    if failed == 0 {
        Stacks::with(|stacks| stacks.protected(base, length, is_guard));
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
    // None: perhaps a stack, of which nobody could be told that it has gone: better one mapping too
    // many.
    if Stacks::with(|stacks| stacks.keep(base, length)) != Some(false) {
        return 0;
    }
    // SAFETY: the caller's duty, handed on; the kernel takes these two.
    unsafe { libc::syscall(libc::SYS_munmap, address, length) as c_int }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 4096;

    /// One test at a time: a call that runs at the same time as another goes to the kernel.
    static ALONE: Mutex<()> = Mutex::new(());

    /// A stack of `length` bytes, of a length that no other test asks for.
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
        let _alone = ALONE.lock();
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
        let _alone = ALONE.lock();
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

    #[test]
    fn what_the_kernel_takes_or_changes_is_forgotten() {
        let kept = || {
            let mut stacks = Stacks([Stack::NONE; MOST]);
            stacks.add(16 * PAGE, 4 * PAGE);
            stacks.protected(16 * PAGE, PAGE, true);
            assert!(stacks.keep(16 * PAGE, 4 * PAGE));
            stacks
        };
        assert_eq!(kept().take(4 * PAGE), Some(16 * PAGE));
        let forgetting: [fn(&mut Stacks); 4] = [
            |stacks| assert!(!stacks.keep(18 * PAGE, PAGE)),
            |stacks| stacks.protected(16 * PAGE, PAGE, false),
            |stacks| stacks.protected(17 * PAGE, PAGE, true),
            |stacks| stacks.add(19 * PAGE, 2 * PAGE),
        ];
        for forget in forgetting {
            let mut stacks = kept();
            forget(&mut stacks);
            assert_eq!(stacks.take(4 * PAGE), None);
            assert!(stacks.find(|stack| stack.guard > 0).is_none());
        }
        let mut stacks = kept();
        stacks.forget(20 * PAGE, PAGE);
        stacks.forget(15 * PAGE, PAGE);
        assert_eq!(stacks.take(4 * PAGE), Some(16 * PAGE), "its neighbours are none of its business");
    }

    #[test]
    fn one_stack_more_than_are_known_is_not_kept() {
        let mut stacks = Stacks([Stack::NONE; MOST]);
        (0..=MOST).for_each(|which| stacks.add((16 + which) * PAGE, PAGE));
        assert!((0..MOST).all(|which| stacks.keep((16 + which) * PAGE, PAGE)));
        assert!(!stacks.keep((16 + MOST) * PAGE, PAGE));
    }
}
