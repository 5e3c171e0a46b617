//! A cargo inside a cargo.

use std::env;
use std::process::Command;

/// Removes from the environment of an inner cargo what an outer one has set for the program it
/// runs, and whatever would change what the alias `cargo loom` builds.
pub fn forget(cargo: &mut Command) {
    for (name, _) in env::vars_os() {
        if is_of_the_outer_cargo(&name.to_string_lossy()) {
            cargo.env_remove(&name);
        }
    }
}

/// Gives an inner cargo the flag of the models, as `cargo loom` does, but in the one place that
/// comes before all others: flags in a configuration, be it the user's own, can neither replace it
/// nor be added.
pub fn under_loom(cargo: &mut Command) {
    // Between two flags stands a byte that no flag has.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", "--cfg\u{1f}loom");
}

fn is_of_the_outer_cargo(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "RUSTFLAGS",
        "RUSTDOCFLAGS",
        "OUT_DIR",
        "MAKEFLAGS",
        "CARGO_MAKEFLAGS",
        "CARGO_CRATE_NAME",
        "CARGO_PRIMARY_PACKAGE",
        "KEYWAY_LOOM",
        "KEYWAY_LOOM_STRATEGIES",
    ];
    const PREFIXES: [&str; 7] = [
        "CARGO_PKG_",
        "CARGO_BIN_",
        "CARGO_BUILD_",
        "CARGO_PROFILE_",
        "CARGO_ENCODED_",
        "CARGO_TARGET_",
        "CARGO_MANIFEST_",
    ];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::process::Command;

    use super::{forget, is_of_the_outer_cargo, under_loom};

    #[test]
    fn the_flag_of_the_models_is_in_the_first_place_of_all() {
        let mut cargo = Command::new("cargo");
        forget(&mut cargo);
        under_loom(&mut cargo);
        let flags = Some(OsStr::new("--cfg\u{1f}loom"));
        assert!(cargo.get_envs().any(|set| set == (OsStr::new("CARGO_ENCODED_RUSTFLAGS"), flags)));
    }

    #[test]
    fn flags_are_forgotten_and_the_home_is_not() {
        assert!(is_of_the_outer_cargo("RUSTFLAGS"));
        assert!(is_of_the_outer_cargo("CARGO_ENCODED_RUSTFLAGS"));
        assert!(!is_of_the_outer_cargo("CARGO_HOME"));
        assert!(!is_of_the_outer_cargo("CARGO"));
    }
}
