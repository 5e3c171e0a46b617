//! Statistics of a trace: how much traffic, by whom, on what, and for how long objects lived.

use crate::check::check_and;
use crate::error::TraceError;
use crate::format::{Event, Header, NO_OBJECT, NO_OWNER, ObjectRecord, Op, dealloc, path};
use crate::reader::Reader;

/// What a trace amounts to. *Count operations* are retains, releases and additions that write the
/// count of a mortal object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// The header.
    pub header: Header,
    /// Objects that are immortal.
    pub immortal_objects: u64,
    /// Events of each operation, by its number.
    pub by_op: [u64; 24],
    /// Count operations.
    pub count_operations: u64,
    /// Those on the owner's path; with a global lock: by the thread that allocated the object, or
    /// the first for older ones.
    pub by_owner: u64,
    /// Those by retains that could have failed.
    pub by_try: u64,
    /// Those on objects that several threads have operated on.
    pub on_shared_objects: u64,
    /// Those on the ten objects that have most.
    pub on_ten_hottest: u64,
    /// Mortal objects that several threads have operated on.
    pub shared_objects: u64,
    /// Operations on a mortal object whose operation before was another thread's.
    pub hand_overs: u64,
    /// The most objects allocated in the trace that were alive at once.
    pub max_live: u64,
    /// Deallocators that ran, other than for a header written anew.
    pub deallocs: u64,
    /// Those on another thread than the one that allocated the object.
    pub deallocs_by_others: u64,
    /// Count operations of each object between its allocation and its end.
    pub life_operations: Spread,
    /// Events of the whole trace between an object's allocation and its end.
    pub life_events: Spread,
}

/// How the objects that were born and died in the trace are spread over a quantity.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The median.
    pub median: f64,
    /// The least value that is not below nine tenths of all.
    pub p90: u64,
}

impl Spread {
    fn of(mut values: Vec<u64>) -> Self {
        values.sort_unstable();
        let Some(last) = values.len().checked_sub(1) else { return Spread::default() };
        let middle = values.len() / 2;
        let median = match values.len() % 2 {
            0 => (values[middle - 1] as f64 + values[middle] as f64) / 2.0,
            _ => values[middle] as f64,
        };
        let total: u128 = values.iter().map(|&value| u128::from(value)).sum();
        let p90 = values[(values.len() * 9 / 10).min(last)];
        Spread { mean: total as f64 / values.len() as f64, median, p90 }
    }
}

impl Stats {
    /// Reads a trace to its end, checks it and sums it up.
    ///
    /// # Errors
    /// The first thing that is wrong with the trace.
    pub fn of(reader: &mut Reader<'_>) -> Result<Self, TraceError> {
        let mut survey = Survey::new(reader);
        check_and(reader, |number, event| survey.see(number, event))?;
        Ok(survey.finish())
    }

    /// Events of one operation.
    pub fn count_of(&self, op: Op) -> u64 {
        self.by_op[op as usize]
    }

    /// Operations that reached the count of an immortal object and wrote nothing.
    pub fn immortal_skips(&self) -> u64 {
        self.count_of(Op::IncrefImmortal) + self.count_of(Op::DecrefImmortal)
    }

    /// Operations on a thread's private counts.
    pub fn per_thread(&self) -> u64 {
        self.count_of(Op::IncrefPerThread) + self.count_of(Op::DecrefPerThread)
    }

    /// The share, in per cent, of immortal objects in all operations that reached a count.
    pub fn immortal_percent(&self) -> f64 {
        let all = self.count_operations + self.immortal_skips() + self.per_thread();
        percent(self.immortal_skips(), all)
    }

    /// The share of count operations on the owner's path, in per cent.
    pub fn owner_percent(&self) -> f64 {
        percent(self.by_owner, self.count_operations)
    }

    /// The share of the others.
    pub fn shared_percent(&self) -> f64 {
        percent(self.count_operations - self.by_owner, self.count_operations)
    }

    /// The share of mortal objects that several threads have operated on, in per cent.
    pub fn shared_objects_percent(&self) -> f64 {
        percent(self.shared_objects, u64::from(self.header.objects) - self.immortal_objects)
    }

    /// The share of count operations on such objects, in per cent.
    pub fn on_shared_objects_percent(&self) -> f64 {
        percent(self.on_shared_objects, self.count_operations + self.per_thread())
    }

    /// The share of count operations on the ten objects that have most, in per cent.
    pub fn ten_hottest_percent(&self) -> f64 {
        percent(self.on_ten_hottest, self.count_operations + self.per_thread())
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 }
}

/// What is kept for one object while its trace is read.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    count_operations: u64,
    born: u64,
    owner: u8,
    last: Option<u8>,
    is_shared: bool,
    is_new: bool,
    is_immortal: bool,
}

struct Survey {
    objects: Vec<Seen>,
    live: u64,
    /// Count operations and events in the life of each object that was born and has died, in the
    /// order of their ends.
    lives: Vec<(u64, u64)>,
    stats: Stats,
}

impl Survey {
    fn new(reader: &Reader<'_>) -> Self {
        let seen = |object: &ObjectRecord| Seen {
            is_immortal: object.is_immortal(),
            is_new: !object.is_preexisting(),
            owner: object.owner,
            ..Seen::default()
        };
        let objects: Vec<Seen> = reader.objects().iter().map(seen).collect();
        let immortal_objects = objects.iter().filter(|object| object.is_immortal).count() as u64;
        let stats = Stats { header: *reader.header(), immortal_objects, ..Stats::default() };
        Survey { objects, live: 0, lives: Vec::new(), stats }
    }

    fn see(&mut self, number: u64, event: &Event) {
        let stats = &mut self.stats;
        stats.by_op[event.op as usize] += 1;
        if event.object == NO_OBJECT {
            return;
        }
        let object = &mut self.objects[event.object as usize];
        match event.op {
            Op::Incref | Op::Decref | Op::Add => {
                stats.count_operations += 1;
                object.count_operations += 1;
                let by_owner = match stats.header.global_lock {
                    true => event.thread == object.owner,
                    false => event.arg == path::OWNER || event.op == Op::Add,
                };
                stats.by_owner += u64::from(by_owner);
                stats.by_try += u64::from(event.op == Op::Incref && event.arg == path::TRY);
                object.touch(stats, event.thread);
            }
            Op::IncrefPerThread | Op::DecrefPerThread => {
                object.count_operations += 1;
                object.touch(stats, event.thread);
            }
            Op::Alloc => {
                (object.born, object.owner) = (number, event.thread);
                self.live += 1;
                stats.max_live = stats.max_live.max(self.live);
                object.touch(stats, event.thread);
            }
            Op::Dealloc => {
                if object.is_new {
                    self.lives.push((object.count_operations, number - object.born));
                    self.live = self.live.saturating_sub(1);
                }
                if event.arg != dealloc::REINITIALISED {
                    stats.deallocs += 1;
                    let is_owned = object.owner != NO_OWNER;
                    stats.deallocs_by_others += u64::from(is_owned && event.thread != object.owner);
                    object.touch(stats, event.thread);
                }
            }
            // The end before it was none. As in the statistics that came with the recordings that
            // the tests use, the last end in the trace is taken back, be it another object's: where
            // threads run in parallel the mean may differ by a few operations in all.
            Op::Resurrect => {
                self.lives.pop();
            }
            Op::Queue | Op::MergeZero | Op::MergeExplicit => object.touch(stats, event.thread),
            _ => {}
        }
    }

    fn finish(mut self) -> Stats {
        let stats = &mut self.stats;
        for object in self.objects.iter().filter(|object| object.is_shared) {
            stats.shared_objects += 1;
            stats.on_shared_objects += object.count_operations;
        }
        let mut hottest: Vec<u64> = self.objects.iter().map(|object| object.count_operations).collect();
        hottest.sort_unstable_by(|one, two| two.cmp(one));
        stats.on_ten_hottest = hottest.iter().take(10).sum();
        stats.life_operations = Spread::of(self.lives.iter().map(|life| life.0).collect());
        stats.life_events = Spread::of(self.lives.iter().map(|life| life.1).collect());
        self.stats
    }
}

impl Seen {
    /// A thread operates on the object.
    fn touch(&mut self, stats: &mut Stats, thread: u8) {
        if self.is_immortal {
            return;
        }
        if self.last.is_some_and(|last| last != thread) {
            stats.hand_overs += 1;
            self.is_shared = true;
        }
        self.last = Some(thread);
    }
}
