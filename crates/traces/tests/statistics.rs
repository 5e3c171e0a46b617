//! The statistics of the recordings in this repository are those that came with them, to the last
//! digit.

use std::fs;
use std::path::PathBuf;

use keyway_traces::{Op, Reader, Stats};
use serde_json::Value;

#[test]
fn statistics_are_those_that_came_with_the_recordings() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/recordings"));
    let mut compared = 0;
    for build in ["ft", "gil"] {
        for file in fs::read_dir(folder.join(build)).expect("there are recordings") {
            let file = file.expect("it can be listed").path();
            if file.extension().is_some_and(|extension| extension == "json") {
                compare(&file);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 8);
}

fn compare(file: &PathBuf) {
    let expected: Value =
        serde_json::from_slice(&fs::read(file).expect("it can be read")).expect("it is JSON");
    let mut reader = Reader::open(file.with_extension("rct.zst")).expect("beside its statistics");
    let stats = Stats::of(&mut reader).expect("it is whole");
    let of = |op: &str| expected["ops"][op].as_u64().unwrap_or(0);
    for (name, ours) in [
        ("events", stats.header.events),
        ("threads", stats.header.threads.into()),
        ("objects", stats.header.objects.into()),
        ("preexisting", stats.header.preexisting.into()),
        ("immortal_objects", stats.immortal_objects),
        ("count_updates", stats.count_operations),
        ("immortal_skips", stats.immortal_skips()),
        ("perthread_updates", stats.per_thread()),
        ("tryincref_shared", stats.by_try),
        ("multi_objects", stats.shared_objects),
        ("handovers", stats.hand_overs),
        ("max_live", stats.max_live),
        ("deallocs", stats.deallocs),
        ("dealloc_by_other", stats.deallocs_by_others),
        ("life_events_p90", stats.life_events.p90),
    ] {
        assert_eq!(expected[name].as_u64(), Some(ours), "{name} of {}", file.display());
    }
    for (name, ours) in [
        ("pct_immortal", stats.immortal_percent()),
        ("pct_owner_of_mortal", stats.owner_percent()),
        ("pct_shared_of_mortal", stats.shared_percent()),
        ("pct_objects_multi", stats.shared_objects_percent()),
        ("pct_ops_on_multi", stats.on_shared_objects_percent()),
        ("pct_ops_top10", stats.ten_hottest_percent()),
        ("life_ops_mean", stats.life_operations.mean),
        ("life_ops_median", stats.life_operations.median),
        ("life_events_median", stats.life_events.median),
    ] {
        let theirs = expected[name].as_f64().expect("a number");
        // The last bits depend on the order of a sum.
        assert!(
            (theirs - ours).abs() <= 1e-12 * theirs.abs().max(1.0),
            "{name} of {}: {theirs}, {ours}",
            file.display()
        );
    }
    for op in Op::ALL {
        // The recorder counts headers written anew apart.
        let anew =
            if *op == Op::Dealloc { expected["anomalies"]["resized_or_reinit"].as_u64() } else { None };
        assert_eq!(
            of(op.name()) + anew.unwrap_or(0),
            stats.count_of(*op),
            "{} of {}",
            op.name(),
            file.display()
        );
    }
}
