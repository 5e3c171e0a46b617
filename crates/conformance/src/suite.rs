//! The list of all tests, and what runs one.

use std::io::{self, Write};
use std::process;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::child;
use crate::subject::Subject;

/// The tests of one strategy share its runtime: where one test holds the global lock, another's
/// release would be queued.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs one test; `path` is its module and name.
pub fn run<U: Subject>(path: &'static str, test: fn()) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    child::name_test(path);
    U::prepare();
    let _guarded = abort_if_stuck(path);
    test();
}

/// How long one test may take, ten times what the longest takes on a slow machine.
const STUCK: Duration = Duration::from_secs(900);

/// Ends the process if what is returned is not dropped in time: a test that waits for itself cannot
/// fail by itself.
fn abort_if_stuck(path: &'static str) -> Sender<()> {
    let (running, ended) = mpsc::channel::<()>();
    thread::spawn(move || {
        if ended.recv_timeout(STUCK) == Err(RecvTimeoutError::Timeout) {
            // Not `eprintln!`, which the harness keeps until the test ends.
            let _ = writeln!(io::stderr(), "{path} is stuck; aborting");
            process::abort();
        }
    });
    running
}

/// Declares every conformance test for a strategy.
///
/// - `suite!(Strategy)` is enough for a strategy without particularities.
/// - `suite!(Strategy, free_threaded)` if it is
///   [`FreeThreaded`](keyway_object_model::FreeThreaded), which adds the rules of references
///   without a token.
/// - Either may be followed by items of [`Subject`](crate::Subject) that differ from the defaults:
///   `suite!(Strategy, { const HEADER_BYTES: usize = 24; })`.
#[macro_export]
macro_rules! suite {
    ($strategy:ty $(, { $($item:item)* })? $(,)?) => {
        enum Under {}

        impl $crate::Subject for Under {
            type Strategy = $strategy;
            $($($item)*)?
        }

        $crate::__tests!();
    };
    ($strategy:ty, free_threaded $(, { $($item:item)* })? $(,)?) => {
        $crate::suite!($strategy, {
            fn clone_unattached<T: 'static>(
                reference: &$crate::__private::Ref<T, $strategy>,
            ) -> Option<$crate::__private::Ref<T, $strategy>> {
                Some(reference.clone())
            }
            $($($item)*)?
        });

        $crate::__tests_of_free_threads!();
    };
}

/// A test function for each name, in a module of its group.
#[doc(hidden)]
#[macro_export]
macro_rules! __group {
    ($group:ident in $path:path: $($name:ident),+ $(,)?) => {
        mod $group {
            use $path as rules;
            $(
                #[test]
                fn $name() {
                    let path = concat!(module_path!(), "::", stringify!($name));
                    $crate::__private::run::<super::Under>(path, rules::$name::<super::Under>);
                }
            )+
        }
    };
}

/// All tests, for the type `Under` in scope.
#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    () => {
        $crate::__group!(programs in $crate::programs: random_programs_agree_with_the_oracle);
        $crate::__group!(
            limits in $crate::rules::limits:
            a_count_stays_exact_up_to_its_limit,
            a_count_past_its_limit_aborts,
            a_count_above_two_to_the_32_stays_exact,
            hand_overs_without_a_checkpoint,
            leaked_references_keep_their_object,
        );
        $crate::__group!(
            immortal in $crate::rules::immortal:
            never_destroyed,
            not_counted_where_threads_share_counts,
            beyond_every_limit,
            released_in_a_section,
        );
        $crate::__group!(
            destruction in $crate::rules::destruction:
            the_last_release_destroys_however_it_is_made,
            destroyed_at_the_latest_at_the_next_checkpoint,
            destroyed_at_the_latest_at_detach,
            destroyed_at_the_latest_at_the_next_attach,
            destroyed_at_the_latest_at_the_next_blocking_region,
            a_section_delays_destruction_to_the_end_of_the_outermost,
            a_suspended_section_delays_nothing,
            a_contended_nested_entry_destroys_what_is_due,
            a_destructor_runs_with_no_section_held,
            a_destructor_that_attaches,
            a_destructor_that_detaches_and_attaches,
            a_destructor_that_allocates_and_releases,
            ten_million_linked_objects_attached,
            ten_million_linked_objects_unattached,
        );
        $crate::__group!(
            order in $crate::rules::order:
            fields_in_order_of_declaration,
            items_front_to_back,
            a_tree_from_its_root_down,
            put_off_and_then_in_order_of_release,
            queued_and_then_in_order_of_release,
            too_deep_and_then_in_order,
            put_off_in_a_destructor,
        );
        $crate::__group!(
            nesting in $crate::rules::nesting:
            drop_then_join,
            drop_then_join_further_in,
            a_destructor_with_large_frames,
            a_chain_of_large_frames,
            on_a_small_stack,
            a_destructor_that_switches_stacks,
            destructors_that_end_in_any_order,
        );
        $crate::__group!(
            panics in $crate::rules::panics:
            in_a_destructor_alone,
            in_a_destructor_at_the_head_of_a_chain,
            in_a_destructor_in_a_chain,
            in_every_third_destructor_of_a_deep_chain,
            in_a_destructor_inside_another,
            in_a_destructor_inside_another_while_unwinding,
            in_a_destructor_in_a_queue,
            in_a_destructor_due_in_a_section,
            with_a_payload_that_panics_when_dropped,
            in_a_destructor_while_unwinding_from_a_section,
            inside_a_section,
            inside_a_nested_section,
            inside_a_nested_section_with_the_outer_suspended,
            inside_a_suspended_section,
            inside_a_pair,
            inside_a_blocking_region,
            inside_an_attachment,
        );
        $crate::__group!(
            sections in $crate::rules::sections:
            exclude_each_other,
            nested_in_opposite_orders,
            nested_in_a_ring_of_three,
            paired_in_opposite_orders,
            nested_in_the_same_object,
            a_pair_of_the_same_object_is_an_error,
            what_has_no_bytes_is_not_the_same_object,
            suspended_around_enter,
            suspended_around_a_pair,
            suspended_around_a_blocking_region,
            suspended_around_a_nested_section,
            suspended_twice,
            contents_follow_a_suspension,
        );
        $crate::__group!(
            groups in $crate::rules::groups:
            an_inner_section_keeps_the_outer_ones_lock,
            an_inner_section_finds_the_outer_ones_lock_past_another,
            suspended_in_an_inner_section,
            a_pair_takes_the_lock_once,
        );
        $crate::__group!(
            exclusive in $crate::rules::exclusive:
            excludes_others,
            waits_detached_and_without_sections,
            leaves_sections_alone,
            gives_up_after_a_panic,
            delays_destruction_to_its_end,
            cannot_be_entered_twice,
            is_each_runtimes_own,
        );
        $crate::__group!(
            threads in $crate::rules::threads:
            blocking_for_ever_strands_nothing,
            blocking_for_ever_with_releases_queued,
            exiting_strands_nothing,
            exiting_with_releases_queued,
            a_hundred_thousand_short_lived_ones,
            attached_one_at_a_time_unless_parallel,
            an_owner_attached_again_owns_its_objects,
        );
        $crate::__group!(
            unattached in $crate::rules::unattached:
            dropped_on_a_thread_never_attached,
            dropped_while_another_thread_is_attached,
            dropped_on_a_thread_attached_to_another_runtime,
            dropped_in_a_thread_local_destructor,
            dropped_in_a_thread_local_older_than_the_attachment,
            attached_in_a_thread_local_destructor,
            cloned_unattached,
        );
        $crate::__group!(
            coroutines in $crate::rules::coroutines:
            attached_and_detached_inside_a_blocking_region,
            left_attached_at_the_end_of_a_blocking_region,
            left_attached_to_another_runtime,
            switched_away_while_attached,
            switched_away_in_a_blocking_region,
            back_from_a_blocking_region_on_an_attached_thread,
        );
        $crate::__group!(
            misuse in $crate::rules::misuse:
            a_refused_attach_names_both_runtimes,
            a_refused_attach_panics,
            a_blocking_region_is_free_to_attach,
            a_downcast_to_another_type_returns_the_reference,
        );
        $crate::__group!(
            layout in $crate::rules::layout:
            a_header_is_small,
            a_reference_is_one_word,
            a_guarded_adds_its_lock_at_most,
        );
    };
}

/// The tests of strategies that need no token, for the type `Under` in scope.
#[doc(hidden)]
#[macro_export]
macro_rules! __tests_of_free_threads {
    () => {
        $crate::__group!(
            token_free in $crate::rules::token_free:
            made_and_dropped_here,
            dropped_elsewhere_while_the_maker_makes_more,
            last_dropped_by_the_maker,
            last_dropped_by_the_maker_with_a_token,
            last_dropped_by_the_maker_in_a_section,
            dropped_after_the_maker_has_exited,
            a_maker_that_exits_strands_nothing,
            in_a_thread_locals_destructor,
            beside_a_token,
            in_a_destructor,
            short_lived_makers,
            passed_around,
        );
    };
}

#[cfg(test)]
mod tests {
    /// A rule that is written and never run would be worse than none.
    #[test]
    fn every_rule_is_on_the_list() {
        let list = include_str!("suite.rs");
        let rules = [
            include_str!("rules/limits.rs"),
            include_str!("rules/immortal.rs"),
            include_str!("rules/destruction.rs"),
            include_str!("rules/order.rs"),
            include_str!("rules/nesting.rs"),
            include_str!("rules/panics.rs"),
            include_str!("rules/sections.rs"),
            include_str!("rules/groups.rs"),
            include_str!("rules/exclusive.rs"),
            include_str!("rules/threads.rs"),
            include_str!("rules/unattached.rs"),
            include_str!("rules/coroutines.rs"),
            include_str!("rules/misuse.rs"),
            include_str!("rules/layout.rs"),
            include_str!("rules/token_free.rs"),
        ];
        for rule in rules.iter().flat_map(|file| file.split("pub fn ").skip(1)) {
            let name = rule.split(['<', '(']).next().expect("a name");
            assert!(list.contains(&format!(" {name},\n")), "{name} is not on the list");
        }
    }
}
