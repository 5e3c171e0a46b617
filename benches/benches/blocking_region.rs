//! What does a blocking region cost when nobody waits?

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use keyway_benches::blocking_region;

fn rows(criterion: &mut Criterion) {
    for rows in [blocking_region::rows()] {
        let mut group = criterion.benchmark_group(rows[0].operation);
        for row in rows {
            group.bench_function(row.subject, |bencher| bencher.iter_custom(row.sample));
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(2));
    targets = rows
}
criterion_main!(benches);
