//! Every workload comes to the same result under every strategy.

use std::ops::Range;

use keyway::Strategy;
use keyway_workloads::{
    Job, STRATEGIES, ThreadsRun, WORKLOADS, WorkloadInfo, for_each, run_on, run_workload,
};

struct Results {
    workload: WorkloadInfo,
    size: u64,
    threads: Range<usize>,
}

impl Job for Results {
    type Output = ();

    fn run<S: Strategy>(&mut self) {
        let id = S::runtime().id;
        let info = STRATEGIES.iter().find(|info| info.id == id).expect("it is listed");
        for threads in self.threads.clone() {
            if info.threads == ThreadsRun::Alone && self.workload.shares && threads > 1 {
                continue;
            }
            let (name, size) = (self.workload.id, self.size);
            let done = run_workload::<S>(name, size, threads).expect("it is listed");
            let expected = (self.workload.expected)(size);
            assert_eq!(done.result, expected, "{name} of size {size} under {id} on {threads} threads");
        }
    }
}

#[test]
fn the_result_is_the_same_under_every_strategy_with_any_number_of_threads() {
    for &workload in WORKLOADS {
        // Less than one step a thread, an odd number of them, and more than fit into the queue or
        // the chain.
        for size in [0, 1, 7, 3001] {
            let size = if workload.id == "fib" || workload.id == "trees" { size.min(50) } else { size };
            for_each(&mut Results { workload, size, threads: 1..5 });
        }
    }
}

#[test]
fn what_is_expected_is_not_the_same_for_all_sizes() {
    for workload in WORKLOADS {
        let expected = [0, 1000, 2000].map(workload.expected);
        assert!(
            expected[0] == 0 && expected[0] < expected[1] && expected[1] < expected[2],
            "{}",
            workload.id
        );
    }
}

struct Id(&'static str);

impl Job for Id {
    type Output = bool;

    fn run<S: Strategy>(&mut self) -> bool {
        run_workload::<S>(self.0, 1, 1).is_some()
    }
}

#[test]
fn an_unknown_id_runs_nothing() {
    assert_eq!(run_on("single-thread", &mut Id("no-such-workload")), Some(false));
}
