//! The suite knows no strategy by name: a strategy written in its own crate passes it too.

use keyway_conformance::Bystander;

keyway_conformance::suite!(Bystander, free_threaded);
