//! All programs from all start states.

use keyway::Strategy;
use keyway_object_model::testing::AsAnother;

use crate::enumerate::biased::Biased;
use crate::enumerate::extent::{
    ONE_WITH_ONE, ONE_WITH_ONE_ATTACHED, ONE_WITH_TWO, ONE_WITH_TWO_ATTACHED, TWO_WITH_ONE,
    TWO_WITH_ONE_ATTACHED,
};
use crate::enumerate::flat::Flat;
use crate::enumerate::run::{
    every_program, every_program_by_turns, every_program_of_part, every_program_on_an_immortal_object,
    every_program_on_an_immortal_object_by_turns,
};
use crate::enumerate::start::State;
use crate::model::{Explorer, Model};
use crate::settings::Budget;

/// The enumerations of a strategy whose threads run in parallel and whose objects' states are `T`.
///
/// Each fails if any ordering of the count's words is weakened, if any of its transitions takes or
/// leaves a reference too many, or if an object is touched after the step that lets others destroy
/// it.
fn models<S: AsAnother, T: State>() -> Vec<Model> {
    vec![
        Model::of::<S>("programs_of_1_with_1_other", 2, |explorer| {
            explorer.lift_bound();
            every_program::<S, T>(explorer, ONE_WITH_ONE);
        }),
        Model::of::<S>("programs_of_1_with_1_other_attached", 2, |explorer| {
            explorer.lift_bound();
            every_program::<S, T>(explorer, ONE_WITH_ONE_ATTACHED);
        }),
        Model::of::<S>("programs_of_2_with_1_other", 2, |explorer| {
            every_program::<S, T>(explorer, TWO_WITH_ONE)
        }),
        Model::of::<S>("programs_of_2_with_1_other_attached", 2, |explorer| {
            every_program::<S, T>(explorer, TWO_WITH_ONE_ATTACHED);
        })
        .from(Budget::Ci),
        Model::of::<S>("programs_of_1_with_2_others", 3, |explorer| {
            every_program::<S, T>(explorer, ONE_WITH_TWO)
        }),
        Model::of::<S>("programs_on_an_immortal_object", 2, |explorer| {
            every_program_on_an_immortal_object::<S>(explorer, TWO_WITH_ONE);
            every_program_on_an_immortal_object::<S>(explorer, ONE_WITH_ONE_ATTACHED);
        }),
    ]
}

/// The enumerations of a strategy that keeps one count, and for whose threads attaching is nothing.
pub(super) fn models_of_flat<S: AsAnother>() -> Vec<Model> {
    let mut models = models::<S, Flat>();
    models.push(Model::of::<S>("programs_of_1_with_2_others_attached", 3, |explorer| {
        every_program::<S, Flat>(explorer, ONE_WITH_TWO_ATTACHED);
    }));
    models
}

/// The enumerations of a strategy whose objects have owners.
///
/// With two others that attach, the start states are dealt out to four models, which can run at the
/// same time, and the bound is no higher than 3: at bound 2 they have some six million
/// interleavings together.
pub(super) fn models_of_biased<S: AsAnother>() -> Vec<Model> {
    fn part<S: AsAnother, const PART: usize>(explorer: &mut Explorer) {
        explorer.lower_bound_to(3);
        every_program_of_part::<S, Biased>(explorer, ONE_WITH_TWO_ATTACHED, PART, 4);
    }
    let parts = [
        Model::of::<S>("programs_of_1_with_2_others_attached_part_1_of_4", 3, part::<S, 0>),
        Model::of::<S>("programs_of_1_with_2_others_attached_part_2_of_4", 3, part::<S, 1>),
        Model::of::<S>("programs_of_1_with_2_others_attached_part_3_of_4", 3, part::<S, 2>),
        Model::of::<S>("programs_of_1_with_2_others_attached_part_4_of_4", 3, part::<S, 3>),
    ];
    let mut models = models::<S, Biased>();
    models.extend(parts.map(|model| model.from(Budget::Night)));
    models
}

/// The enumerations of a further layout of a strategy whose objects have owners: those of two
/// threads, without a bound. This layout differs in one word, which decides only where a thread
/// counts; all else is the code that [`models_of_biased`] goes through.
pub(super) fn models_of_layout<S: AsAnother>() -> Vec<Model> {
    let mut models = models::<S, Biased>();
    models.truncate(2);
    models
}

/// The enumerations of a strategy that lets one thread at a time be attached.
///
/// Each fails if the lock does not order one holder after the other, or if a reference that is
/// dropped on an unattached thread is counted without the lock, forgotten, or released twice.
pub(super) fn models_by_turns<S: Strategy>() -> Vec<Model> {
    vec![
        Model::of::<S>("programs_of_1_with_1_other", 2, |explorer| {
            every_program_by_turns::<S>(explorer, ONE_WITH_ONE);
        }),
        Model::of::<S>("programs_of_1_with_1_other_attached", 2, |explorer| {
            every_program_by_turns::<S>(explorer, ONE_WITH_ONE_ATTACHED);
        }),
        Model::of::<S>("programs_of_2_with_1_other", 2, |explorer| {
            every_program_by_turns::<S>(explorer, TWO_WITH_ONE);
        }),
        Model::of::<S>("programs_of_1_with_2_others", 3, |explorer| {
            every_program_by_turns::<S>(explorer, ONE_WITH_TWO);
        }),
        Model::of::<S>("programs_on_an_immortal_object", 2, |explorer| {
            every_program_on_an_immortal_object_by_turns::<S>(explorer, ONE_WITH_ONE);
            every_program_on_an_immortal_object_by_turns::<S>(explorer, ONE_WITH_ONE_ATTACHED);
        }),
    ]
}
