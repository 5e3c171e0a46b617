//! Runs models, each in a process of its own, several at a time.

use std::sync::Mutex;
use std::thread;

use super::pace::Pace;
use crate::models::{Limits, Listed, Models, Row};

/// Runs all of these, so many at a time; the rows are in no particular order.
///
/// # Errors
/// A process could not be started. A model that fails or is cut short is no error but a row that says so.
pub(super) fn all(
    models: &Models,
    mut jobs: Vec<(&Listed, Limits)>,
    at_a_time: usize,
) -> Result<Vec<Row>, String> {
    // Enumerations take longest, then what has more threads: first, so that no core waits for it alone in the end. The last is
    // taken first.
    jobs.sort_by_key(|(model, _)| (model.name.contains("programs_of_"), model.threads));
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
    let ended: Result<(), String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..at_a_time).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("a worker does not panic"))
    });
    ended?;
    Ok(rows.into_inner().expect("no panic while it was held"))
}
