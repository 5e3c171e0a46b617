//! The aliases `cargo loom` and `cargo shuttle`, where the user's own configuration has flags, too.
//! They are run in a package that has nothing but their names, so that nothing else is built.
#![cfg(unix)]

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The project's configuration, which has the aliases.
const ALIASES: &str = include_str!("../../../.cargo/config.toml");

/// A package in which the aliases work. Its tests pass if they are built with their own flag and,
/// unless `alone`, with the flag `user`; then they leave a file `passed`.
fn package(root: &Path, alone: bool) {
    let manifest = "[package]\nname = \"keyway-loom-tests\"\nedition = \"2024\"\n[workspace]\n\
                    [profile.loom]\ninherits = \"dev\"\n";
    let test = |flag: &str| {
        let expected = format!("cfg!({flag}) && cfg!(user) != {alone}");
        let passed = root.join("passed");
        format!("#[test]\nfn flags() {{ assert!({expected}); std::fs::write({passed:?}, \"\").unwrap(); }}\n")
    };
    for (name, text) in [
        ("Cargo.toml", manifest.to_owned()),
        ("src/lib.rs", String::new()),
        ("tests/models.rs", test("loom")),
        ("tests/beside.rs", test("shuttle")),
        (".cargo/config.toml", ALIASES.to_owned()),
    ] {
        let file = root.join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("it can be made");
        fs::write(file, text).expect("it can be written");
    }
}

/// A home of cargo with this configuration of the user.
fn home(place: &Path, configuration: &str) -> PathBuf {
    let home = place.join("home");
    fs::create_dir(&home).expect("it can be made");
    fs::write(home.join("config.toml"), configuration).expect("it can be written");
    home
}

/// One test at a time: a process that another test starts meanwhile would still have a program open
/// for writing that has just been made here, so that it could not be run.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn real_cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// A program that does not see what the cargo around this test has set, and has this home of cargo.
fn outside(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO") || name.starts_with("KEYWAY") || name == "RUSTFLAGS" {
            command.env_remove(name);
        }
    }
    command.env("CARGO_HOME", home).env("CARGO_NET_OFFLINE", "true").stdin(Stdio::null());
    command
}

#[test]
fn flags_of_the_users_configuration_are_added_to_those_of_the_models() {
    let _alone = alone();
    let host = format!("cfg(target_arch = \"{}\")", std::env::consts::ARCH);
    for configuration in [
        "[target.'cfg(unix)']\nrustflags = [\"--cfg\", \"user\"]\n".to_owned(),
        format!("[target.'{host}']\nrustflags = \"--cfg user\"\n[build]\nrustflags = [\"--cfg\", \"x\"]\n"),
    ] {
        for alias in [&["loom", "--test", "models"][..], &["shuttle"]] {
            let place = tempfile::tempdir().expect("a folder");
            let root = place.path().join("package");
            package(&root, false);
            let mut cargo = outside(Path::new(&real_cargo()), &home(place.path(), &configuration));
            let output = cargo.args(alias).current_dir(&root).output().expect("cargo runs");
            assert!(output.status.success() && root.join("passed").is_file(), "{alias:?}: {output:?}");
        }
    }
}

/// The lab builds the models with their own flags alone, by a cargo that takes this package for the
/// project; and not by an alias, since cargo would put the user's alias of that name in front of
/// it.
#[test]
fn the_users_configuration_does_not_change_the_models_of_the_lab() {
    let _alone = alone();
    let place = tempfile::tempdir().expect("a folder");
    let at = |name: &str| place.path().join(name);
    package(&at("package"), true);
    let flags = "rustflags = [\"--cfg\", \"user\"]\n";
    let configuration =
        format!("[target.'cfg(unix)']\n{flags}[build]\n{flags}[alias]\nloom = [\"version\"]\n");
    let home = home(place.path(), &configuration);
    let script = format!("#!/bin/sh\ncd {:?} && exec {:?} \"$@\"\n", at("package"), real_cargo());
    fs::write(at("cargo"), script).expect("it can be written");
    fs::set_permissions(at("cargo"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    // A copy, since the lab builds next to its own file.
    let lab = at("target/debug/keyway-lab");
    fs::create_dir_all(at("target/debug")).expect("it can be made");
    fs::copy(env!("CARGO_BIN_EXE_keyway-lab"), &lab).expect("it can be copied");
    let output = outside(&lab, &home).args(["race", "leak"]).env("CARGO", at("cargo")).output();
    let output = output.expect("the lab starts");
    // There is no race in this package, but the program has been built and run.
    assert!(at("package/passed").is_file(), "{output:?}");
}
