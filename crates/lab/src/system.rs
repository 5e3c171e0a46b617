//! What only the operating system can say. Where it cannot, or where we do not know how to ask, the
//! answer is none.

use std::time::Duration;

/// The time that this thread has run on a core.
#[cfg(unix)]
pub(crate) fn thread_cpu_time() -> Option<Duration> {
    use rustix::time::{ClockId, clock_gettime};
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).ok()
}

/// The kernel's name, release and architecture.
#[cfg(unix)]
pub(crate) fn kernel() -> Option<String> {
    let uname = rustix::system::uname();
    let parts = [uname.sysname(), uname.release(), uname.machine()];
    Some(parts.map(|part| part.to_string_lossy().into_owned()).join(" "))
}

#[cfg(not(unix))]
pub(crate) fn thread_cpu_time() -> Option<Duration> {
    None
}

#[cfg(not(unix))]
pub(crate) fn kernel() -> Option<String> {
    None
}

/// How many threads ran or wanted to, on average over the last 1, 5 and 15 minutes.
pub(crate) fn load_average() -> Option<[f64; 3]> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    let mut averages = text.split_whitespace().map_while(|word| word.parse().ok());
    Some([averages.next()?, averages.next()?, averages.next()?])
}

/// The processor's name, and whether it is a virtual one, as Linux tells it.
pub(crate) fn processor() -> (Option<String>, Option<bool>) {
    let Ok(text) = std::fs::read_to_string("/proc/cpuinfo") else { return (None, None) };
    let field = |name: &str| {
        let line = text.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let is_virtual = field("flags").map(|flags| flags.split(' ').any(|flag| flag == "hypervisor"));
    (field("model name"), is_virtual)
}
