//! Runs models, each in a process of its own, several at a time.

use std::sync::Mutex;

use keyway_workloads::crew_of;

use super::pace::Pace;
use crate::models::{Limits, Listed, Models, Row};

/// Runs all of these, several at a time; the rows are in no particular order.
///
/// # Errors
/// A process could not be started. A model that fails or is cut short is no error but a row that
/// says so.
pub(super) fn all(
    models: &Models,
    mut jobs: Vec<(&Listed, Limits)>,
    at_a_time: usize,
) -> Result<Vec<Row>, String> {
    // Enumerations take longest, then what has more threads: first, so that no core waits for it
    // alone in the end. The last is taken first.
    let is_enumeration = |name: &str| name.contains("programs_of_") || name.contains("transitions_of_");
    jobs.sort_by_key(|(model, _)| (is_enumeration(&model.name), model.threads));
    let pace = Pace::new("models", jobs.len());
    let (jobs, rows) = (Mutex::new(jobs), Mutex::new(Vec::new()));
    let next = || jobs.lock().expect("no panic while it is held").pop();
    let work = || -> Result<(), String> {
        while let Some((model, limits)) = next() {
            pace.begin(model.id());
            let row = models.run(&model.id(), limits)?.row(model, limits);
            pace.end(&model.id());
            rows.lock().expect("no panic while it is held").push(row);
        }
        Ok(())
    };
    let ended = crew_of(at_a_time, |_| work(), || ()).map_err(|error| error.to_string())?;
    ended.into_iter().collect::<Result<(), String>>()?;
    Ok(rows.into_inner().expect("no panic while it was held"))
}
