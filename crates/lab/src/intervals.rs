//! Switch intervals of the global locks, as arguments of the experiments in which they matter.

use std::time::Duration;

use clap::{Args, value_parser};
use keyway::{GlobalLock, Interval, ReturningFirst, Ticks};

/// Intervals that differ from the policies' initial ones.
#[derive(Args, Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Intervals {
    /// Checkpoints after which global-lock-ticks lets go; 100 if not given
    #[arg(long, value_name = "CHECKPOINTS", value_parser = value_parser!(u32).range(1..))]
    ticks: Option<u32>,

    /// Microseconds of the switch interval of global-lock-interval and global-lock-returning-first;
    /// 5000 if not given
    #[arg(long, value_name = "US", value_parser = value_parser!(u32).range(1..))]
    switch_interval: Option<u32>,
}

impl Intervals {
    /// Sets them, for the runtimes that a program has unless it declares more.
    pub(crate) fn set(self) {
        if let Some(ticks) = self.ticks {
            GlobalLock::<Ticks>::set_switch_interval(ticks);
        }
        if let Some(micros) = self.switch_interval {
            let interval = Duration::from_micros(micros.into());
            GlobalLock::<Interval>::set_switch_interval(interval);
            GlobalLock::<ReturningFirst>::set_switch_interval(interval);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_set_and_the_rest_stays() {
        // No other test of this program sets them.
        Intervals { ticks: Some(25), switch_interval: None }.set();
        assert_eq!(GlobalLock::<Ticks>::switch_interval(), 25);
        assert_eq!(GlobalLock::<Interval>::switch_interval(), Duration::from_millis(5));
        Intervals { ticks: None, switch_interval: Some(100) }.set();
        assert_eq!(GlobalLock::<Ticks>::switch_interval(), 25);
        assert_eq!(GlobalLock::<Interval>::switch_interval(), Duration::from_micros(100));
        assert_eq!(GlobalLock::<ReturningFirst>::switch_interval(), Duration::from_micros(100));
    }
}
