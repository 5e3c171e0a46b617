//! The scenarios outside loom: with threads of the operating system, or under shuttle with
//! `--cfg shuttle`.

/// Under loom there is nothing to run. Said as a harness says it, since cargo-nextest reads the
/// list.
#[cfg(loom)]
fn main() {
    libtest_mimic::run(&libtest_mimic::Arguments::from_args(), Vec::new()).exit();
}

#[cfg(not(loom))]
fn main() {
    beside::main();
}

#[cfg(not(loom))]
mod beside {
    use std::collections::BTreeMap;
    use std::panic::resume_unwind;
    use std::process::abort;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex};
    use std::thread;
    use std::time::Duration;

    use keyway_loom_tests::beside::run;
    use keyway_loom_tests::row::Row;
    use libtest_mimic::{Arguments, Trial};

    /// How long one scenario may take before it counts as a deadlock: thousands of times what it
    /// needs, valgrind included.
    const PATIENCE: Duration = Duration::from_secs(300);

    static DONE: AtomicU64 = AtomicU64::new(0);

    pub(super) fn main() {
        let mut arguments = Arguments::from_args();
        // A runtime's state is the process's: the queued objects of one scenario would be destroyed
        // by another.
        if cfg!(not(shuttle)) {
            arguments.test_threads = Some(1);
        }
        let rows = Arc::new(Mutex::new(Vec::new()));
        let trials = keyway_loom_tests::scenarios().into_iter().map(|model| {
            let rows = Arc::clone(&rows);
            Trial::test(model.id(), move || {
                // In an OS thread of its own: a failure under shuttle leaves panics behind that are
                // still unwinding.
                let done =
                    thread::spawn(move || run(&model)).join().unwrap_or_else(|panic| resume_unwind(panic));
                rows.lock().unwrap().extend(done);
                DONE.fetch_add(1, Ordering::Relaxed);
                Ok(())
            })
        });
        let trials = trials.collect();
        thread::spawn(watch);
        let conclusion = libtest_mimic::run(&arguments, trials);
        print(&rows.lock().unwrap());
        conclusion.exit();
    }

    /// Ends the process if a scenario no longer moves: threads of the operating system that wait
    /// for each other do so for ever.
    fn watch() {
        let mut seen = u64::MAX;
        while seen != DONE.load(Ordering::Relaxed) {
            seen = DONE.load(Ordering::Relaxed);
            thread::sleep(PATIENCE);
        }
        eprintln!("deadlock: the scenario named last has not ended in {} s", PATIENCE.as_secs());
        abort();
    }

    /// One line for each strategy and number of threads.
    fn print(rows: &[Row]) {
        let mut lines = BTreeMap::<_, (u64, u64, f64)>::new();
        for row in rows {
            let line = lines.entry((&row.strategy, row.threads)).or_default();
            *line = (line.0 + 1, line.1 + row.iterations, line.2 + row.seconds);
        }
        println!("{:<22} {:>7} {:>9} {:>10} {:>8}", "strategy", "threads", "scenarios", "runs", "seconds");
        for ((strategy, threads), (scenarios, runs, seconds)) in lines {
            println!("{strategy:<22} {threads:>7} {scenarios:>9} {runs:>10} {seconds:>8.2}");
        }
        println!();
    }
}
