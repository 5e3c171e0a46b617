//! What does one more reference cost a thread that did not make the object?

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use keyway_benches::non_owner_pair;

fn rows(criterion: &mut Criterion) {
    for rows in [non_owner_pair::rows(), non_owner_pair::rows_merged()] {
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
