//! The surface of `Arc`, on every strategy that has weak references: each rule is a function over
//! the strategy.

mod contents;
mod counts;
mod order;
mod oversize;
mod owners;
mod pointers;
mod raw_pointers;
mod sole;
mod uninit;
mod user_code;
mod watch;
mod weak;

use keyway_atomic_counts::AtomicCounts;
use keyway_biased_counts::BiasedCounts;

/// A test for each rule under each strategy.
macro_rules! rules {
    ($($group:ident: $($rule:ident),+;)+) => {
        mod under_biased_counts {
            $(mod $group {
                $(#[test] fn $rule() { crate::$group::$rule::<crate::BiasedCounts>(); })+
            })+
        }

        mod under_atomic_counts {
            $(mod $group {
                $(#[test] fn $rule() { crate::$group::$rule::<crate::AtomicCounts>(); })+
            })+
        }

        /// A rule that is written and never run would be worse than none.
        #[test]
        fn every_rule_is_on_the_list() {
            $(for rule in include_str!(concat!(stringify!($group), ".rs")).split("pub(crate) fn ").skip(1) {
                let name = rule.split('<').next().expect("a name");
                assert!([$(stringify!($rule)),+].contains(&name), "{name} is not on the list");
            })+
        }
    };
}

rules! {
    pointers:
        a_pointer_is_one_word,
        contents_are_aligned,
        contents_are_dropped_once,
        no_bytes_are_contents_too,
        a_panic_in_a_destructor_leaves_the_rest_whole,
        a_long_chain_is_destroyed_with_a_bounded_stack,
        contents_that_stay_on_their_thread;
    order:
        fields_in_order_of_declaration,
        items_front_to_back,
        a_tree_from_its_root_down,
        what_others_drop_in_their_order,
        a_destructor_that_drops_and_joins;
    counts:
        clones_are_counted,
        a_drop_elsewhere_is_seen_after_collect,
        a_maker_that_has_exited_is_not_waited_for,
        a_maker_that_steps_aside_is_not_waited_for,
        a_waker_is_woken_once_for_each_filling,
        a_waker_is_woken_for_what_is_queued_already,
        nothing_is_queued_without_a_waking_or_a_collect,
        a_maker_that_has_stepped_aside_ends_its_waking,
        a_waker_may_use_pointers_itself,
        a_waker_may_panic,
        a_drop_elsewhere_is_seen_in_the_count,
        making_objects_empties_the_queue,
        used_in_a_thread_locals_destructor,
        used_inside_an_attachment;
    user_code:
        a_waker_ends_when_its_thread_is_not_attached,
        a_waker_steps_aside_in_an_upgrade,
        a_waker_may_do_anything,
        a_waker_may_panic_as_it_is_woken_and_as_it_ends,
        a_queue_that_has_been_emptied_is_filled_anew,
        a_destructor_that_makes_an_object_strands_nothing,
        a_thread_that_waits_to_be_exclusive_strands_nothing,
        a_blocking_region_owns_nothing_unless_it_is_woken;
    oversize:
        too_many_elements_are_refused_in_plain_words,
        a_refusal_loses_nothing,
        elements_without_bytes_are_never_too_many;
    owners:
        the_makers_last_drop_destroys,
        the_makers_last_drop_destroys_after_many,
        the_makers_last_drop_destroys_beside_weak_references,
        a_drop_that_is_not_the_last_destroys_nothing,
        the_makers_last_drop_destroys_each_time,
        the_makers_last_drop_in_a_destructor,
        the_makers_last_drop_as_it_exits,
        the_maker_takes_what_others_have_dropped,
        the_makers_last_drop_beside_anothers;
    sole:
        try_unwrap_of_the_only_reference,
        try_unwrap_with_others_returns_the_pointer,
        try_unwrap_leaves_weak_references_nothing,
        into_inner_by_all_gives_the_contents_once,
        into_inner_after_others_dropped_elsewhere,
        get_mut_is_refused_to_two_and_to_a_weak_one,
        get_mut_after_others_dropped_elsewhere,
        make_mut_clones_from_others,
        make_mut_moves_away_from_weak_references,
        make_mut_of_slices_and_strings,
        make_mut_moves_a_slice_away_from_weak_references,
        unwrap_or_clone_does_either,
        judged_by_another_thread_after_the_maker_has_exited,
        judged_by_another_thread_while_the_maker_is_there,
        judged_after_the_maker_has_left_while_it_was_queued,
        into_inner_by_others_gives_the_contents_once,
        into_inner_by_others_where_there_are_weak_references,
        taken_by_another_where_there_were_weak_references,
        taken_at_the_end_of_a_scope;
    weak:
        an_upgrade_keeps_the_contents,
        an_upgrade_fails_after_the_last_drop,
        an_upgrade_by_the_maker_after_the_last_drop_elsewhere_fails,
        an_upgrade_in_the_destructor_fails,
        weak_references_are_counted,
        a_weak_reference_to_nothing,
        a_cycle_through_weak_references_is_destroyed,
        a_cyclic_object_is_made_on_the_way,
        a_cyclic_object_is_seen_whole,
        a_panic_while_a_cyclic_object_is_made,
        weak_references_outlive_what_waits_to_be_destroyed;
    contents:
        slices,
        strings,
        boxes_and_cows,
        a_slice_is_destroyed_by_its_maker,
        over_aligned_slices,
        trait_objects,
        downcasts,
        compared_hashed_and_printed,
        an_error_is_one,
        boxes_of_any_type,
        strings_of_the_system,
        arrays_of_slices,
        a_slice_whose_clone_panics,
        an_iterator_that_panics,
        unequal_to_itself,
        compared_as_the_contents_are,
        errors_as_the_contents_are,
        files,
        defaults;
    raw_pointers:
        there_and_back,
        counted_by_raw_pointer,
        unsized_there_and_back,
        back_as_what_it_can_be,
        weak_ones_there_and_back;
    uninit:
        contents_made_late_are_dropped_once,
        contents_made_late_are_dropped_by_the_maker,
        contents_never_made_are_not_dropped,
        contents_made_late_are_moved_out,
        contents_made_late_are_assumed_by_two,
        contents_made_late_are_dropped_whichever_pointer_is_last,
        slices_made_late_are_dropped_whichever_pointer_is_last,
        contents_of_another_kind_are_never_dropped_by_any_pointer,
        zeros,
        an_array_of_a_slice_made_late,
        contents_not_made_late_are_moved_out_too;
}
