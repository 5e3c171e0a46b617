//! Isolated runtimes in one process, each with a global lock of its own, as with per-interpreter
//! locks.
//!
//! A runtime is a type, so their number is fixed here. A reference of one cannot be handed to
//! another: the types differ, and that is a program that does not compile
//! (`crates/keyway/tests/compile_fail/two_runtimes_mixed.rs`).
//!
//! Key source files: this one, `countdown.rs`, and `runtime.rs` of `keyway-global-lock`.

use keyway::{GlobalLock, Interval, ReturningFirst, Ticks, attach};

use crate::countdown;
use crate::together::{Together, share, together};

macro_rules! isolated {
    (policies: [$($id:literal: $policy:ident),*], runtimes: $runtimes:tt) => {
        isolated!(@declare [$($policy),*] $runtimes);

        /// Whether there are isolated runtimes of the strategy that has this id.
        pub fn has_isolated_runtimes(id: &str) -> bool {
            [$($id),*].contains(&id)
        }

        /// Counts down as [`countdown::run`] does, under the global-lock strategy that has this id,
        /// with each thread in a runtime of its own. None if there are no isolated runtimes of that
        /// strategy, or fewer than that.
        ///
        /// # Panics
        /// If a thread cannot be started.
        pub fn countdown_in_isolated_runtimes(id: &str, count: u64, runtimes: usize) -> Option<Together<u64>> {
            if runtimes > ISOLATED_RUNTIMES {
                return None;
            }
            let share = |number| share(count, runtimes, number);
            match id {
                $($id => Some(together(runtimes, |number| {
                    isolated!(@run $policy, share(number), number, $runtimes)
                })),)*
                _ => None,
            }
        }
    };
    (@declare $policies:tt [$($runtime:ident),*]) => {
        $(isolated!(@declare_one $policies $runtime);)*

        /// How many isolated runtimes a strategy has that has any.
        pub const ISOLATED_RUNTIMES: usize = [$(stringify!($runtime)),*].len();
    };
    (@declare_one [$($policy:ident),*] $runtime:ident) => {
        keyway::global_lock_runtime!(
            /// One of the isolated runtimes.
            struct $runtime: $($policy),*
        );
    };
    (@run $policy:ident, $n:expr, $number:ident, [$($runtime:ident),*]) => {{
        let steps: [fn(u64) -> u64; ISOLATED_RUNTIMES] = [$(
            |n| attach::<GlobalLock<$policy, $runtime>, _>(|thread| countdown::steps(n, thread))
        ),*];
        steps[$number]($n)
    }};
}

// A policy is one word here; its id is that of the strategy.
isolated! {
    policies: [
        "global-lock-interval": Interval, "global-lock-ticks": Ticks, "global-lock-returning-first": ReturningFirst
    ],
    runtimes: [First, Second, Third, Fourth, Fifth, Sixth, Seventh, Eighth]
}

#[cfg(test)]
mod tests {
    use std::ptr;
    use std::sync::Barrier;

    use keyway::Strategy;

    use super::*;
    use crate::strategies::STRATEGIES;

    #[test]
    fn every_strategy_with_a_global_lock_has_isolated_runtimes() {
        for strategy in STRATEGIES {
            let done = countdown_in_isolated_runtimes(strategy.id, 1001, 2).map(|done| done.results);
            let expected = strategy.id.starts_with("global-lock").then(|| vec![501, 500]);
            assert_eq!(done, expected, "{}: add its policy to the list above", strategy.id);
            assert_eq!(has_isolated_runtimes(strategy.id), done.is_some(), "{}", strategy.id);
        }
    }

    #[test]
    fn there_are_no_more_than_declared() {
        let id = "global-lock-interval";
        assert!(countdown_in_isolated_runtimes(id, 10, ISOLATED_RUNTIMES).is_some());
        assert!(countdown_in_isolated_runtimes(id, 10, ISOLATED_RUNTIMES + 1).is_none());
        assert!(countdown_in_isolated_runtimes("biased-counts", 10, 1).is_none());
    }

    #[test]
    fn two_of_them_hold_their_locks_at_once() {
        type One = GlobalLock<Interval, First>;
        type Other = GlobalLock<Interval, Second>;
        assert!(!ptr::eq(One::runtime(), Other::runtime()));
        // Ends only if both are attached at the same time.
        let attached = Barrier::new(2);
        together(2, |number| match number {
            0 => attach::<One, _>(|_| attached.wait()),
            _ => attach::<Other, _>(|_| attached.wait()),
        });
    }
}
