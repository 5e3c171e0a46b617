//! Programs that must not compile: the three properties of the face, and the facts that the token
//! and the strategy's type prove.
//!
//! Each file in `compile_fail/` starts with `//! E0123:` and its subject, and marks each line at
//! fault with `//~ error`. Compiled as it stands, it must give at least as many errors as lines are
//! marked, with that code and no other. (A closure that uses a value that the call around it has
//! borrowed is reported twice, once from each side; such a file names both codes.) Compiled with
//! `--cfg control`, which leaves those lines out or puts right ones in their place, it must
//! compile: so that nothing fails for another reason than it should. The text of the compiler's
//! messages is not looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::{env, fs};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

/// The crates that programs may name.
const NAMED: [&str; 3] = ["keyway", "keyway_global_lock", "keyway_object_model"];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let programs = programs();
    assert!(!programs.is_empty(), "no programs found");
    // A listing needs no crates to be built.
    let libraries = Arc::new(if arguments.list { Libraries::default() } else { Libraries::check() });
    let trials = programs.into_iter().map(|path| {
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let libraries = Arc::clone(&libraries);
        Trial::test(name, move || judge(&path, &libraries))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// All programs, in the order of their names.
fn programs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compile_fail");
    let entries = fs::read_dir(folder).expect("the folder of programs can be read");
    let mut programs: Vec<_> = entries
        .map(|entry| entry.expect("an entry can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    programs.sort();
    programs
}

/// Compiles one program both ways.
fn judge(path: &Path, libraries: &Libraries) -> Result<(), Failed> {
    let text = fs::read_to_string(path)?;
    let expected = expected_codes(&text)?;
    let marked = text.lines().filter(|line| line.ends_with("//~ error")).count();
    if marked == 0 {
        return Err("no line is marked `//~ error`".into());
    }
    let control = libraries.errors(path, &["--cfg", "control"])?;
    if !control.is_empty() {
        return Err(format!("with `--cfg control` it must compile, but: {control:?}").into());
    }
    let errors = libraries.errors(path, &[])?;
    let codes: BTreeSet<_> = errors.iter().map(|error| error.code.as_deref().unwrap_or("no code")).collect();
    if errors.len() < marked || codes != expected {
        return Err(format!("expected {marked} errors with {expected:?}, but: {errors:?}").into());
    }
    Ok(())
}

/// The codes in the first line, `//! E0123: ...` or `//! E0123, E0124: ...`.
fn expected_codes(text: &str) -> Result<BTreeSet<&str>, Failed> {
    let first = text.lines().next().and_then(|line| line.strip_prefix("//! ")).unwrap_or_default();
    let (codes, _) = first.split_once(": ").unwrap_or_default();
    let codes: BTreeSet<_> = codes.split(", ").collect();
    match codes.iter().all(|code| code.len() == 5 && code.starts_with('E')) {
        true => Ok(codes),
        false => Err("the first line must be `//! E0123: what it shows`".into()),
    }
}

/// One error of the compiler.
#[derive(Debug)]
struct Error {
    code: Option<String>,
    #[expect(dead_code, reason = "printed when a program is judged wrong")]
    message: String,
}

/// What programs are compiled against.
#[derive(Default)]
struct Libraries {
    /// The compiled metadata of the crates in [`NAMED`].
    metadata: BTreeMap<String, PathBuf>,
}

impl Libraries {
    /// Checks `keyway` and all beneath it, in a target directory of its own: in the shared one
    /// several variants of a crate may lie side by side.
    fn check() -> Self {
        let output = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
            .args(["check", "--package", "keyway", "--lib", "--message-format", "json", "--target-dir"])
            .arg(output_folder())
            .arg("--manifest-path")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
            // Programs are compiled without them, so the libraries must be, too.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .output()
            .expect("cargo can be run");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        let metadata = said.lines().filter_map(|line| artifact(&serde_json::from_str(line).ok()?)).collect();
        let libraries = Libraries { metadata };
        for name in NAMED {
            assert!(libraries.metadata.contains_key(name), "cargo did not say where {name} is");
        }
        libraries
    }

    /// The errors of a program; empty if it compiles.
    fn errors(&self, program: &Path, flags: &[&str]) -> Result<Vec<Error>, Failed> {
        let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or("rustc".into()));
        rustc.args([
            "--edition",
            "2024",
            "--emit",
            "metadata",
            "--error-format",
            "json",
            "--cap-lints",
            "allow",
        ]);
        rustc.args(flags).arg("--out-dir").arg(output_folder().join("programs")).arg(program);
        for (name, file) in &self.metadata {
            let folder = file.parent().expect("a file lies in a folder");
            rustc.arg("--extern").arg(format!("{name}={}", file.display()));
            rustc.arg("-L").arg(format!("dependency={}", folder.display()));
        }
        let output = rustc.output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        let errors: Vec<_> =
            said.lines().filter_map(|line| error(&serde_json::from_str(line).ok()?)).collect();
        if output.status.success() == errors.is_empty() { Ok(errors) } else { Err(said.into_owned().into()) }
    }
}

/// Where the libraries and the programs' metadata go.
fn output_folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_fail")
}

/// A line of cargo's, if it says where the metadata of one of [`NAMED`] is.
fn artifact(line: &Value) -> Option<(String, PathBuf)> {
    let name = line["target"]["name"].as_str()?;
    let files = line["filenames"].as_array()?.iter().filter_map(Value::as_str);
    let file = files.map(PathBuf::from).find(|file| file.extension().is_some_and(|kind| kind == "rmeta"))?;
    NAMED.contains(&name).then(|| (name.to_owned(), file))
}

/// A line of the compiler's, if it is an error and not the sum of all errors at the end.
fn error(line: &Value) -> Option<Error> {
    let message = line["message"].as_str()?;
    if line["level"] != "error" || message.starts_with("aborting due to") {
        return None;
    }
    Some(Error { code: line["code"]["code"].as_str().map(str::to_owned), message: message.to_owned() })
}
