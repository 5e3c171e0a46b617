//! The aliases `cargo loom` and `cargo shuttle`, where the user's own configuration has flags, too. They are run in a package that
//! has nothing but their names, so that nothing else is built.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The project's configuration, which has the aliases.
const ALIASES: &str = include_str!("../../../.cargo/config.toml");

/// A package in which the aliases work. Its tests pass if they are built with this flag and with `user`.
fn package(root: &Path) {
    let manifest = "[package]\nname = \"keyway-loom-tests\"\nedition = \"2024\"\n[workspace]\n[profile.loom]\ninherits = \"dev\"\n";
    let test = |flag: &str| {
        format!(
            "#![allow(unexpected_cfgs, reason = \"a test\")]\n#[test]\nfn flags() {{ assert!(cfg!({flag}) && cfg!(user)); }}\n"
        )
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

/// Runs the tests of one alias with this configuration of the user.
fn passes(alias: &[&str], configuration: &str) -> Result<(), String> {
    let place = tempfile::tempdir().expect("a folder");
    let (root, home) = (place.path().join("package"), place.path().join("home"));
    package(&root);
    fs::create_dir(&home).expect("it can be made");
    fs::write(home.join("config.toml"), configuration).expect("it can be written");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO") || name.starts_with("KEYWAY") || name == "RUSTFLAGS" {
            cargo.env_remove(name);
        }
    }
    cargo.env("CARGO_HOME", home).env("CARGO_NET_OFFLINE", "true").current_dir(root).args(alias);
    let output = cargo.stdin(Stdio::null()).output().expect("cargo runs");
    if output.status.success() { Ok(()) } else { Err(format!("{alias:?}: {output:?}")) }
}

#[test]
fn flags_of_the_users_configuration_are_added_to_those_of_the_models() {
    let host = format!("cfg(target_arch = \"{}\")", std::env::consts::ARCH);
    for configuration in [
        "[target.'cfg(unix)']\nrustflags = [\"--cfg\", \"user\"]\n".to_owned(),
        format!(
            "[target.'{host}']\nrustflags = \"--cfg user\"\n[build]\nrustflags = [\"--cfg\", \"other\"]\n"
        ),
    ] {
        for alias in [&["loom", "--test", "models"][..], &["shuttle"]] {
            passes(alias, &configuration).expect("the flag of the model and the user's are there");
        }
    }
}
