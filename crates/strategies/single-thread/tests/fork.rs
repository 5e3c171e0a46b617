//! A process that uses `SingleThread` forks while a thread is attached, and that goes on in the
//! child.
#![cfg(unix)]

use keyway_conformance::forks;
use keyway_single_thread::SingleThread;

/// One test: the rules share the claim.
#[test]
fn the_attached_thread_goes_on() {
    forks::an_attached_thread_goes_on::<SingleThread>();
    forks::a_thread_in_a_section_goes_on::<SingleThread>();
    forks::a_thread_in_an_exclusive_call_goes_on::<SingleThread>();
    forks::what_was_queued_is_released_in_the_child::<SingleThread>();
}
