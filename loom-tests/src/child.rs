//! A model in a process of its own: a model that fails may abort, and then it takes nothing else
//! with it.

use std::env;
use std::panic;
use std::process::{Command, Output};

use keyway_sync::explore;

use crate::failure::Failure;
use crate::model::{Model, program};
use crate::races;
use crate::row::Row;
use crate::settings;

/// If this process has been started to run one model, runs it and reports; if to list them, lists
/// them; false otherwise.
///
/// The models of the [races](crate::races) can be run but are not listed: they fail.
///
/// # Panics
/// If the model fails, or there is none of that name.
pub fn run_if_asked(models: &[Model]) -> bool {
    let Ok(id) = env::var(settings::MODEL) else { return false };
    if id == settings::LIST {
        within_budget(models).iter().for_each(Model::report);
        return true;
    }
    let races = races::models();
    let mut known = models.iter().chain(&races);
    let model = known.find(|model| model.id() == id).unwrap_or_else(|| panic!("no model `{id}`"));
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let iteration = explore::begun();
        eprintln!("in iteration {iteration}:");
        if let Some(program) = program() {
            eprintln!("of the program {program}");
        }
        Failure::new(iteration, info.payload_as_str().unwrap_or_default()).report();
        usual(info);
    }));
    model.run().report();
    true
}

/// The models that the budget has.
pub fn within_budget(models: &[Model]) -> Vec<Model> {
    let budget = settings::budget();
    models.iter().filter(|model| model.budget <= budget).copied().collect()
}

/// Runs a model in a process of its own. Its row, or what it printed when it failed.
///
/// # Errors
/// The text to show: the model has failed, was cut short, or could not be started.
pub fn run(model: &Model) -> Result<Row, String> {
    let program = env::current_exe().map_err(|error| format!("this program's path: {error}"))?;
    let mut command = Command::new(program);
    let output = command.env(settings::MODEL, model.id()).output().map_err(|error| error.to_string())?;
    let row = row_of(&output).ok_or_else(|| failure_of(&output))?;
    row.record();
    if row.complete { Ok(row) } else { Err(format!("truncated: {row:?}")) }
}

fn row_of(output: &Output) -> Option<Row> {
    if output.status.success() { Row::find(&String::from_utf8_lossy(&output.stdout)) } else { None }
}

fn failure_of(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    format!("{}\n{}", output.status, said.trim_end())
}
