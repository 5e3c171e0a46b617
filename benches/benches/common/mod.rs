//! What all targets share: criterion's settings, and how rows become its benchmarks.

use std::time::Duration;

use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use keyway_benches::Row;

/// Times that let all targets end within fifteen minutes; criterion's own options override them.
pub(crate) fn settings() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .nresamples(20_000)
}

/// Measures tables of rows, each as a group named after its operation.
pub(crate) fn measure(criterion: &mut Criterion, tables: impl IntoIterator<Item = Vec<Row>>) {
    for rows in tables {
        let Some(first) = rows.first() else { continue };
        let mut group = criterion.benchmark_group(first.operation);
        for row in rows {
            bench(&mut group, row);
        }
        group.finish();
    }
}

/// One row. Where the size of a sample is a part of the question, an iteration is a whole sample.
fn bench(group: &mut BenchmarkGroup<'_, WallTime>, row: Row) {
    match row.fixed {
        None => group.bench_function(row.subject, |bencher| bencher.iter_custom(|times| row.time(times))),
        Some(size) => {
            group.sample_size(10).throughput(Throughput::Elements(size));
            let samples = move |times: u64| (0..times).map(|_| row.time(size)).sum::<Duration>();
            group.bench_function(row.subject, |bencher| bencher.iter_custom(samples))
        }
    };
}

/// The whole of a target: its tables.
macro_rules! question {
    ($($rows:expr),+ $(,)?) => {
        fn rows(criterion: &mut criterion::Criterion) {
            common::measure(criterion, [$($rows),+]);
        }

        criterion::criterion_group! {
            name = benches;
            config = common::settings();
            targets = rows
        }
        criterion::criterion_main!(benches);
    };
}
pub(crate) use question;
