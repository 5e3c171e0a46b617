//! What does one more reference cost when another thread is at the same object at the same time?

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use keyway_benches::duel;

fn rows(criterion: &mut Criterion) {
    for rows in [duel::owner_rows(), duel::other_rows()] {
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
