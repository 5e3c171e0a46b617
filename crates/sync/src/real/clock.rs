//! A clock for policies: how long something has lasted.

use std::sync::OnceLock;
use std::time::Instant;

/// When this process first asked.
static START: OnceLock<Instant> = OnceLock::new();

/// Nanoseconds since this process first asked. Monotonic; costs what reading the system's monotonic
/// clock costs.
#[inline]
pub fn now() -> u64 {
    // 2^64 nanoseconds are more than 500 years.
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}
