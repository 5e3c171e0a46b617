//! The loom models, which a build of their own runs: a cargo inside this one makes it, and its
//! processes tell what they found in lines of JSON.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::children;

/// Tells the models' program which model to run; `list` for all that there are.
const MODEL: &str = "KEYWAY_LOOM_MODEL";

/// The flags of the models' build, as `CARGO_ENCODED_RUSTFLAGS` has them: with a byte between them
/// that no flag has. No other place of cargo's for flags comes before this variable. Flags in a
/// configuration, be it the user's own, can neither replace it nor be added.
const UNDER_LOOM: &str = "--cfg\u{1f}loom";

/// The root of the checkout that holds this crate's source.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("this crate lies two folders deep")
}

/// The target directory in which this program was built.
pub(crate) fn target() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    program.ancestors().nth(2).map_or_else(|| workspace().join("target"), Path::to_path_buf)
}

/// A cargo that does not see what the cargo around it has set, nor flags that would replace those
/// of the models' build.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(workspace());
    for (name, _) in env::vars_os() {
        if is_of_the_outer_cargo(&name.to_string_lossy()) {
            cargo.env_remove(&name);
        }
    }
    cargo
}

fn is_of_the_outer_cargo(name: &str) -> bool {
    const NAMES: [&str; 6] =
        ["RUSTFLAGS", "RUSTDOCFLAGS", "OUT_DIR", "MAKEFLAGS", "KEYWAY_LOOM", "KEYWAY_LOOM_STRATEGIES"];
    const PREFIXES: [&str; 8] = [
        "CARGO_PKG_",
        "CARGO_BIN_",
        "CARGO_BUILD_",
        "CARGO_PROFILE_",
        "CARGO_ENCODED_",
        "CARGO_TARGET_",
        "CARGO_MANIFEST_",
        "CARGO_MAKEFLAGS",
    ];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The program that runs models.
#[derive(Debug)]
pub(crate) struct Models(PathBuf);

/// A model that there is.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) strategy: String,
    pub(crate) threads: usize,
}

impl Listed {
    pub(crate) fn id(&self) -> String {
        format!("{}::{}", self.strategy, self.name)
    }
}

/// How a model has ended. The fields but the last are those of a row of the ledger.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) strategy: String,
    pub(crate) threads: usize,
    pub(crate) programs: u64,
    pub(crate) start_states: u64,
    pub(crate) bound: Option<usize>,
    pub(crate) iterations: u64,
    pub(crate) seconds: f64,
    pub(crate) complete: bool,
    /// What it failed by; none if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<String>,
}

/// The first panic of a model.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Failure {
    pub(crate) iteration: u64,
    pub(crate) reason: Option<String>,
    pub(crate) message: String,
}

/// How far a model is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Preemptions in one iteration at most; all if none.
    pub(crate) bound: Option<usize>,
    /// After this time the model is cut short.
    pub(crate) time: Duration,
}

/// What the process of one model has printed.
#[derive(Debug)]
pub(crate) struct Said {
    output: Output,
    seconds: f64,
}

impl Models {
    /// Builds them as `cargo loom` does, in the folder `loom` of this program's target directory.
    ///
    /// The alias is spelled out: cargo would append it to one of the same name in the user's
    /// configuration.
    pub(crate) fn build() -> Result<Models, String> {
        let mut cargo = cargo();
        cargo.env("CARGO_ENCODED_RUSTFLAGS", UNDER_LOOM);
        cargo.args(["test", "--package", "keyway-loom-tests", "--profile", "loom"]);
        cargo.args(["--config", "env.KEYWAY_LOOM='1'", "--test", "models", "--no-run", "--quiet"]);
        cargo.args(["--message-format", "json-render-diagnostics"]);
        cargo.arg("--target-dir").arg(target().join("loom"));
        let built = children::output(&mut cargo).map_err(|error| format!("cannot run cargo: {error}"))?;
        if !built.status.success() {
            return Err(format!("the models do not compile:\n{}", String::from_utf8_lossy(&built.stderr)));
        }
        executable(&String::from_utf8_lossy(&built.stdout))
            .map(Models)
            .ok_or("cargo named no program".to_owned())
    }

    /// All models that a budget has.
    pub(crate) fn list(&self, budget: &str) -> Result<Vec<Listed>, String> {
        let mut command = Command::new(&self.0);
        let output = children::output(command.env(MODEL, "list").env("KEYWAY_LOOM_BUDGET", budget));
        let output = output.map_err(|error| error.to_string())?;
        marked(&output, "keyway-listed: ")
    }

    /// Runs one model in a process of its own.
    pub(crate) fn run(&self, id: &str, limits: Limits) -> Result<Said, String> {
        let start = Instant::now();
        let mut command = Command::new(&self.0);
        command
            .env(MODEL, id)
            .env("KEYWAY_LOOM_BOUND", limits.bound.map_or("none".to_owned(), |bound| bound.to_string()))
            .env("KEYWAY_LOOM_SECONDS", limits.time.as_secs().to_string())
            .env_remove("KEYWAY_LOOM_LEDGER");
        let output = children::output(&mut command)
            .map_err(|error| format!("cannot run {}: {error}", self.0.display()))?;
        Ok(Said { output, seconds: start.elapsed().as_secs_f64() })
    }
}

impl Said {
    /// Whether the process ended as if the model had passed.
    pub(crate) fn passed(&self) -> bool {
        self.output.status.success()
    }

    /// Why the model failed: the first panic, since others may be its consequence.
    pub(crate) fn failure(&self) -> Option<Failure> {
        marked(&self.output, "keyway-failure: ").ok()?.into_iter().next()
    }

    /// Everything it printed in lines that start with `mark`.
    pub(crate) fn marked<T: DeserializeOwned>(&self, mark: &str) -> Result<Vec<T>, String> {
        marked(&self.output, mark)
    }

    /// The model's row of the ledger. A process that ended without one has a row that is not
    /// complete.
    pub(crate) fn row(&self, model: &Listed, limits: Limits) -> Row {
        let told = marked(&self.output, "keyway-model: ").unwrap_or_default().pop();
        if let Some(row) = told.filter(|_| self.passed()) {
            return row;
        }
        let failure = self.failure();
        let words = failure.as_ref().map(|failure| match &failure.reason {
            Some(reason) => format!("{reason} in iteration {}", failure.iteration),
            None => format!("in iteration {}: {}", failure.iteration, failure.message),
        });
        Row {
            name: model.name.clone(),
            strategy: model.strategy.clone(),
            threads: model.threads,
            programs: 0,
            start_states: 0,
            bound: limits.bound,
            iterations: failure.map_or(0, |failure| failure.iteration),
            seconds: self.seconds,
            complete: false,
            failure: Some(words.unwrap_or_else(|| format!("ended without a result: {}", self.output.status))),
        }
    }
}

/// The program among what cargo says it has made.
fn executable(messages: &str) -> Option<PathBuf> {
    messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let path = message["executable"].as_str()?;
        (message["target"]["name"] == "models").then(|| PathBuf::from(path))
    })
}

fn marked<T: DeserializeOwned>(output: &Output, mark: &str) -> Result<Vec<T>, String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter_map(|line| line.strip_prefix(mark));
    lines.map(|line| serde_json::from_str(line).map_err(|error| format!("{mark}{line}: {error}"))).collect()
}
