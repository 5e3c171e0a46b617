//! All programs from all start states.

use keyway::Strategy;
use keyway_object_model::testing::AsAnother;

use crate::enumerate::run::{Extent, every_program, every_program_by_turns};
use crate::enumerate::start::State;
use crate::model::Model;
use crate::settings;

const ONE_WITH_ONE: Extent = Extent { threads: 2, length: 1, others_attach: false };
const ONE_WITH_ONE_ATTACHED: Extent = Extent { others_attach: true, ..ONE_WITH_ONE };
const TWO_WITH_ONE: Extent = Extent { length: 2, ..ONE_WITH_ONE };
const TWO_WITH_ONE_ATTACHED: Extent = Extent { others_attach: true, ..TWO_WITH_ONE };
const ONE_WITH_TWO: Extent = Extent { threads: 3, ..ONE_WITH_ONE };
const ONE_WITH_TWO_ATTACHED: Extent = Extent { others_attach: true, ..ONE_WITH_TWO };

/// The enumerations of a strategy whose threads run in parallel and whose objects' states are `T`.
///
/// Each fails if any ordering of the count's words is weakened, if any of its transitions takes or leaves a reference too
/// many, or if an object is touched after the step that lets others destroy it.
pub(super) fn models<S: AsAnother, T: State>() -> Vec<Model> {
    let mut models = vec![
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
        Model::of::<S>("programs_of_1_with_2_others", 3, |explorer| {
            every_program::<S, T>(explorer, ONE_WITH_TWO)
        }),
    ];
    if settings::is_night() {
        models.extend([
            Model::of::<S>("programs_of_2_with_1_other_attached", 2, |explorer| {
                every_program::<S, T>(explorer, TWO_WITH_ONE_ATTACHED);
            }),
            Model::of::<S>("programs_of_1_with_2_others_attached", 3, |explorer| {
                every_program::<S, T>(explorer, ONE_WITH_TWO_ATTACHED);
            }),
        ]);
    }
    models
}

/// The enumerations of a strategy that lets one thread at a time be attached.
///
/// Each fails if the lock does not order one holder after the other, or if a reference that is dropped on an unattached thread
/// is counted without the lock, forgotten, or released twice.
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
    ]
}
