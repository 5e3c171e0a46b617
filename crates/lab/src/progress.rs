//! A bar on standard error while something takes its time; nothing where that is not a terminal.
//! Its steps are those of a timeline.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::timeline;

/// A progress bar; gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar for `steps` steps.
    pub(crate) fn new(steps: usize) -> Self {
        // Standard error draws nothing if it is not a terminal.
        let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:20} {pos}/{len}, {eta} left  {wide_msg}");
        Progress(bar.with_style(style.expect("the template is a constant that works")))
    }

    /// The next step begins.
    pub(crate) fn begin(&self, step: String) {
        self.0.set_message(step.clone());
        // Before the step, not in it: nothing is drawn while something is measured.
        self.0.tick();
        timeline::step_begins(&step);
    }

    /// The step has ended.
    pub(crate) fn end(&self) {
        timeline::step_ends();
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
