//! The tests of a crate that was written for `Arc`, with `Brc` under that name: `threadpool`, whose
//! pool is shared by its workers, its handles and the jobs, and whose tests share what they count.
//!
//! Its source is taken from where cargo keeps what this package depends on, copied to the target
//! folder, changed in the lines that import `Arc`, and tested by a cargo of its own. Nothing of it
//! is kept here.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

const THIS: &str = env!("CARGO_MANIFEST_DIR");

/// A cargo that knows nothing of the one which runs this test.
fn cargo(folder: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let is_the_outer_cargos =
            text.ends_with("FLAGS") || text.starts_with("CARGO_") && text != "CARGO_HOME";
        if is_the_outer_cargos || text == "OUT_DIR" {
            cargo.env_remove(&name);
        }
    }
    cargo.current_dir(folder);
    cargo
}

/// Where cargo keeps the crate's source; none if it has not been fetched.
fn source() -> Option<PathBuf> {
    let output =
        cargo(Path::new(THIS)).args(["metadata", "--offline", "--format-version", "1"]).output().ok()?;
    let metadata: Value = serde_json::from_slice(&output.stdout).ok()?;
    let packages = metadata["packages"].as_array()?;
    let package = packages.iter().find(|package| package["name"] == "threadpool")?;
    let source = Path::new(package["manifest_path"].as_str()?).parent()?.join("src/lib.rs");
    source.is_file().then_some(source)
}

/// The source with `Brc` where it says `Arc`, and in how many places that was imported.
fn ported(source: &str) -> (String, usize) {
    const IMPORT: &str = "use std::sync::{Arc, ";
    let imports = source.lines().filter(|line| line.trim_start().starts_with(IMPORT)).count();
    let ported = source
        .replace(IMPORT, "use keyway_brc::Brc as Arc; use std::sync::{")
        .replace("extern crate num_cpus;", "extern crate keyway_brc;\nextern crate num_cpus;");
    (ported, imports)
}

#[test]
fn threadpool_passes_its_own_tests_with_brc() {
    let Some(source) = source() else {
        return println!("SKIPPED: the source of threadpool is not there: `cargo fetch` gets it");
    };
    let (ported, imports) = ported(&fs::read_to_string(source).expect("a file"));
    assert_eq!(imports, 2, "in the library and in its tests");
    let left = ported
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .find(|line| line.contains("std::sync::Arc") || line.contains("sync::*"));
    assert_eq!(left, None, "another way to `Arc`");

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("threadpool-with-brc");
    fs::create_dir_all(folder.join("src")).expect("the target folder can be written to");
    fs::write(folder.join("src/lib.rs"), ported).expect("as above");
    let manifest = format!(
        "[package]\nname = \"threadpool\"\nversion = \"0.0.0\"\nedition = \"2015\"\n\n[workspace]\n\n[dependencies]\n\
         num_cpus = \"1\"\nkeyway-brc = {{ path = {THIS:?} }}\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("as above");
    let lock = Path::new(THIS).join("../../Cargo.lock");
    fs::copy(lock, folder.join("Cargo.lock")).expect("the workspace has a lock file");

    let tests = cargo(&folder)
        .args(["test", "--offline", "--lib", "--target-dir", "target"])
        .output()
        .expect("cargo runs");
    let (said, warned) = (String::from_utf8_lossy(&tests.stdout), String::from_utf8_lossy(&tests.stderr));
    assert!(tests.status.success(), "{said}\n{warned}");
    let passed = said.lines().filter(|line| line.starts_with("test ") && line.ends_with(" ok")).count();
    assert!(passed >= 20, "{said}");
    println!("threadpool with Brc: {passed} tests passed");
}
