//! Real CPython's figures for the same experiment, to stand next to ours. Not measured by any
//! command of this project: by a script on five interpreters, on another day.

use super::Answers;

/// How they were measured; said wherever they are shown.
pub(super) const HOW: &str = "\
CPython's figures come from a script that does the same: its main thread sends 16 bytes over a Unix socket pair
to another process and waits for the echo, beside threads that count; every send and receive gives the lock up.
2-vCPU KVM guest (Intel Xeon, Sapphire Rapids class, Debian 12), quiet, medians of 5 runs (of 3 where the
server answers at once). Switch interval 5 ms, or 100 ticks. 3.14.4 was built twice from one source with the same
flags (-O3, no PGO, no LTO); the others are other builds, and to be compared with themselves only. Where the
server answers at once and nobody spins, waking an idle core is most of a trip; beside a spinner both ends share one.";

/// One measurement: round trips a second, and percentiles of their times in microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trips {
    pub(super) per_s: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
}

/// One interpreter with one server, with no, one and two spinners.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interpreter {
    pub(super) name: &'static str,
    pub(super) server: Answers,
    pub(super) beside: [Trips; 3],
}

/// What was measured, the oldest first.
pub(super) const INTERPRETERS: [Interpreter; 10] = [
    of(TICKS, AFTER, [(3111.0, 313.0, 449.0), (2432.0, 371.0, 951.0), (1920.0, 455.0, 1599.0)]),
    of(
        "CPython 3.9.18 (interval)",
        AFTER,
        [(3074.0, 318.0, 451.0), (170.0, 5491.0, 10552.0), (53.0, 15799.0, 57876.0)],
    ),
    of(
        "CPython 3.13.0 (interval)",
        AFTER,
        [(3105.0, 316.0, 451.0), (177.0, 5541.0, 10519.0), (68.0, 10783.0, 41923.0)],
    ),
    of(
        "CPython 3.14.4 (interval)",
        AFTER,
        [(3084.0, 317.0, 434.0), (179.0, 5536.0, 10066.0), (67.0, 12000.0, 46092.0)],
    ),
    of(FREE, AFTER, [(3021.0, 319.0, 449.0), (2998.0, 313.0, 2616.0), (2360.0, 291.0, 4238.0)]),
    of(TICKS, AT_ONCE, [(13200.0, 77.0, 132.0), (28568.0, 10.0, 255.0), (22860.0, 22.0, 291.0)]),
    of(
        "CPython 3.9.18 (interval)",
        AT_ONCE,
        [(13796.0, 72.0, 114.0), (313.0, 5138.0, 10516.0), (73.0, 10417.0, 62165.0)],
    ),
    of(
        "CPython 3.13.0 (interval)",
        AT_ONCE,
        [(13885.0, 71.0, 136.0), (328.0, 5136.0, 10568.0), (79.0, 10410.0, 51590.0)],
    ),
    of(
        "CPython 3.14.4 (interval)",
        AT_ONCE,
        [(12480.0, 79.0, 139.0), (356.0, 5135.0, 10456.0), (85.0, 10399.0, 46847.0)],
    ),
    of(FREE, AT_ONCE, [(12070.0, 81.0, 181.0), (104713.0, 7.6, 20.0), (24023.0, 8.4, 84.0)]),
];

const TICKS: &str = "CPython 2.7.18 (ticks)";
const FREE: &str = "CPython 3.14.4, free-threaded";
const AFTER: Answers = Answers::After200us;
const AT_ONCE: Answers = Answers::AtOnce;

const fn of(name: &'static str, server: Answers, beside: [(f64, f64, f64); 3]) -> Interpreter {
    let [none, one, two] = beside;
    Interpreter { name, server, beside: [trips(none), trips(one), trips(two)] }
}

const fn trips((per_s, p50_us, p99_us): (f64, f64, f64)) -> Trips {
    Trips { per_s, p50_us, p99_us }
}
