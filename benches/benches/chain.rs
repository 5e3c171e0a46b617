//! What does it cost to destroy a chain, link by link?

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use keyway_benches::chain;

/// Links of one chain: fewer than the lab's million, so that criterion gets its samples in time.
const LINKS: u64 = 100_000;

fn rows(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("chain");
    group.sample_size(20).throughput(Throughput::Elements(LINKS));
    for row in chain::rows() {
        let destroy = |chains: u64| (0..chains).map(|_| (row.sample)(LINKS)).sum::<Duration>();
        group.bench_function(row.subject, |bencher| bencher.iter_custom(destroy));
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(2));
    targets = rows
}
criterion_main!(benches);
