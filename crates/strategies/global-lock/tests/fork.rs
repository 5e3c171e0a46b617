//! A process that uses the global lock forks, and its child goes on with it.
#![cfg(unix)]

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use keyway_conformance::forks;
use keyway_global_lock::{GlobalLock, Interval, ReturningFirst, Ticks};

/// The rules share a runtime; one runs at a time.
static ALONE: Mutex<()> = Mutex::new(());

macro_rules! forks {
    ($policy:ident in $module:ident, $prepare:expr; $($rule:ident),+ $(,)?) => {
        mod $module {
            use super::*;
            $(
                #[test]
                fn $rule() {
                    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
                    $prepare;
                    forks::$rule::<GlobalLock<$policy>>();
                }
            )+
        }
    };
    ($($policy:ident in $module:ident: $prepare:expr;)+) => {$(
        forks!(
            $policy in $module, $prepare;
            an_attached_thread_goes_on,
            threads_of_the_child_take_turns,
            a_thread_in_a_section_goes_on,
            a_thread_in_an_exclusive_call_goes_on,
            a_blocking_region_ends_in_the_child,
            a_child_forks_in_turn,
            what_was_queued_is_released_in_the_child,
            a_child_without_the_lock_is_ended,
        );
    )+};
}

forks!(
    Interval in interval: GlobalLock::<Interval>::set_switch_interval(Duration::from_micros(500));
    Ticks in ticks: GlobalLock::<Ticks>::set_switch_interval(3);
    ReturningFirst in returning_first: GlobalLock::<ReturningFirst>::set_switch_interval(Duration::from_micros(500));
);
