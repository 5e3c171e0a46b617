//! Published latencies of a cache line from core to core, with where they were published:
//! `data/core-to-core.json`.

use serde::Deserialize;

/// The table, with its source.
#[derive(Clone, Debug, Deserialize)]
pub struct Latencies {
    /// Where it was published.
    pub source: &'static str,
    /// The commit of it that was read.
    pub commit: &'static str,
    /// Under which licence.
    pub licence: &'static str,
    /// What was measured, and what was made of it here.
    pub what: &'static str,
    /// A row a machine.
    pub machines: Vec<Machine>,
}

/// One machine.
#[derive(Clone, Debug, Deserialize)]
pub struct Machine {
    /// A name for the command line.
    pub id: &'static str,
    /// The processor, and how many sockets if it is more than one.
    pub processor: &'static str,
    /// The year in which the processor came out.
    pub year: u16,
    /// `server` or `desktop`.
    pub kind: &'static str,
    /// Sockets.
    pub sockets: u16,
    /// Hardware threads among which it was measured.
    pub hardware_threads: u16,
    /// The 10th percentile over all pairs of hardware threads, nanoseconds one way.
    pub near_ns: f64,
    /// The median.
    pub median_ns: f64,
    /// The 90th percentile.
    pub far_ns: f64,
    /// The file of the source.
    pub file: &'static str,
}

impl Latencies {
    /// The table that comes with this crate.
    ///
    /// # Panics
    /// Never: a test reads it.
    pub fn published() -> Latencies {
        serde_json::from_str(include_str!("../data/core-to-core.json")).expect("a test reads it")
    }

    /// The machine with this id.
    pub fn machine(&self, id: &str) -> Option<&Machine> {
        self.machines.iter().find(|machine| machine.id == id)
    }

    /// The server whose near pairs are nearest: a bound from above must not be slower than any
    /// machine that may be meant.
    ///
    /// # Panics
    /// If the table has no server.
    pub fn nearest_server(&self) -> &Machine {
        let servers = self.machines.iter().filter(|machine| machine.kind == "server");
        servers.min_by(|a, b| a.near_ns.total_cmp(&b.near_ns)).expect("the table has servers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        let table = Latencies::published();
        assert!(
            table.source.starts_with("https://") && table.commit.len() == 40 && !table.licence.is_empty()
        );
        assert!(!table.what.is_empty());
        let mut ids: Vec<_> = table.machines.iter().map(|machine| machine.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), table.machines.len(), "an id twice");
        for machine in &table.machines {
            let Machine { near_ns, median_ns, far_ns, hardware_threads, .. } = *machine;
            assert!(
                1.0 < near_ns && near_ns <= median_ns && median_ns <= far_ns && far_ns < 1000.0,
                "{machine:?}"
            );
            assert!(hardware_threads >= 32 && machine.sockets >= 1 && machine.year > 2000, "{machine:?}");
            assert!(machine.file.starts_with("results/") && !machine.processor.is_empty(), "{machine:?}");
            assert!(["server", "desktop"].contains(&machine.kind), "{machine:?}");
        }
        assert_eq!(table.nearest_server().kind, "server");
        assert!(table.machine("graviton3").is_some() && table.machine("no-such-machine").is_none());
    }
}
