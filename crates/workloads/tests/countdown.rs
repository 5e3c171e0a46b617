//! The countdown does the work that its time is taken for: under every strategy, and on the floor.

use keyway::{Strategy, attach};
use keyway_workloads::{Job, countdown, for_each};

struct Iterations {
    count: u64,
    threads: usize,
}

impl Job for Iterations {
    type Output = (&'static str, Vec<u64>);

    fn run<S: Strategy>(&mut self) -> Self::Output {
        (S::runtime().id, countdown::run::<S>(self.count, self.threads).results)
    }
}

#[test]
fn threads_share_all_iterations_out_under_every_strategy() {
    for (count, threads, expected) in [
        (1000, 1, vec![1000]),
        (1000, 2, vec![500, 500]),
        (1001, 3, vec![334, 334, 333]),
        (1, 2, vec![1, 0]),
        (0, 1, vec![0]),
    ] {
        for (id, iterations) in for_each(&mut Iterations { count, threads }) {
            assert_eq!(iterations, expected, "{id}, {count} on {threads} threads");
        }
        assert_eq!(countdown::run_floor(count, threads).results, expected, "floor");
    }
}

const COUNT: u64 = 1000;

struct Allocations;

impl Job for Allocations {
    type Output = (&'static str, allocation_counter::AllocationInfo);

    fn run<S: Strategy>(&mut self) -> Self::Output {
        attach::<S, _>(|thread| {
            let allocated = allocation_counter::measure(|| {
                countdown::steps(COUNT, thread);
            });
            (S::runtime().id, allocated)
        })
    }
}

/// In an optimised build this fails if the compiler has seen through the loop and left allocations
/// out.
#[test]
fn each_iteration_allocates_one_object_and_frees_one() {
    let floor = allocation_counter::measure(|| {
        countdown::floor_steps(COUNT);
    });
    for (id, allocated) in for_each(&mut Allocations).into_iter().chain([("floor", floor)]) {
        assert_eq!(allocated.count_total, COUNT + 1, "{id}: one to begin with, and one an iteration");
        assert_eq!(allocated.count_current, 0, "{id}: all freed again");
        assert_eq!(allocated.count_max, 2, "{id}: the old one goes as soon as the new one is there");
    }
}
