//! What a model that fails tells its parent process.

use serde::Serialize;

use crate::mutants::Reason;

/// The first panic of a model.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// The iteration in which it came.
    pub iteration: u64,
    /// What kind of bug it is; none if it is an assertion of the program's own.
    pub reason: Option<&'static str>,
    /// The panic's message.
    pub message: String,
}

impl Failure {
    /// A panic with this message.
    pub fn new(iteration: u64, message: &str) -> Self {
        let reason = Reason::of_message(message).map(Reason::word);
        Failure { iteration, reason, message: message.to_owned() }
    }

    /// Prints it for the parent process, with the steps of a race that is on show. A panic may
    /// bring others about: the first line counts.
    pub fn report(&self) {
        println!("keyway-failure: {}", serde_json::to_string(self).expect("strings and a number"));
        #[cfg(loom)]
        crate::races::print_steps(&self.message);
    }
}
