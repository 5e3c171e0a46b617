//! Keeps what the compiler was and how it was called, so that every document can say so.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CARGO_ENCODED_RUSTFLAGS");
    let rustc = env::var_os("RUSTC").and_then(|rustc| Command::new(rustc).arg("--version").output().ok());
    let version = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    println!("cargo::rustc-env=KEYWAY_RUSTC={}", version.as_deref().unwrap_or("unknown"));
    // The flags come separated by a byte that no flag has.
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default().replace('\u{1f}', " ");
    println!("cargo::rustc-env=KEYWAY_RUSTFLAGS={}", flags.replace('\n', " "));
    println!("cargo::rustc-env=KEYWAY_PROFILE={}", env::var("PROFILE").unwrap_or_default());
}
