//! A fixed table of locks, and which of them a place belongs to.

use crossbeam::utils::CachePadded;
use keyway_sync::{Place, RawLock};

/// The factor of a place: 2^64 divided by the golden ratio, made odd. Neighbours are spread over
/// the whole word, for any distance that the allocator keeps between them.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// `LOCKS` locks, each on cache lines of its own. Objects that share one are a *group*.
///
/// The locks are `parking_lot`'s, one byte. That is right also for counts, unlike in an object: an
/// unlock that touches its byte again after it has freed the lock touches a static, which nobody
/// frees.
#[derive(Debug)]
pub struct Table<const LOCKS: usize>([CachePadded<RawLock>; LOCKS]);

impl<const LOCKS: usize> Table<LOCKS> {
    keyway_sync::const_unless_loom! {
        /// Free locks.
        pub fn new() -> Self {
            const { assert!(LOCKS.is_power_of_two(), "a table has 1, 2, 4, 8, ... locks") };
            #[cfg(not(loom))]
            return Table([const { CachePadded::new(RawLock::new()) }; LOCKS]);
            #[cfg(loom)]
            return Table(std::array::from_fn(|_| CachePadded::new(RawLock::new())));
        }
    }

    /// The lock of the group that a place belongs to: the same whenever it is asked for.
    #[inline]
    pub fn of(&self, place: &Place) -> &RawLock {
        &self.0[group::<LOCKS>(place.number())]
    }
}

/// The group, below `LOCKS`. In a model the numbers are serial, and are dealt out in turn, so that
/// a model knows which share a lock.
#[inline]
fn group<const LOCKS: usize>(number: usize) -> usize {
    if keyway_sync::MODELLED {
        return number % LOCKS;
    }
    // The highest bits: they depend on every bit of the number, also on what tells the heaps of two
    // threads apart.
    (number as u64).wrapping_mul(SPREAD).unbounded_shr(u64::BITS - LOCKS.trailing_zeros()) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_at_any_distance_use_every_lock_alike() {
        for distance in [1, 8, 16, 24, 32, 48, 64, 96, 4096, 1 << 20, 1 << 26, 1 << 40] {
            let mut members = [0; 64];
            for place in 0..6400 {
                members[group::<64>(0x7f00_dead_0000 + place * distance)] += 1;
            }
            let (fewest, most) = (members.iter().min(), members.iter().max());
            assert!(fewest >= Some(&50) && most <= Some(&200), "distance {distance}: {members:?}");
        }
    }

    #[test]
    fn a_table_of_one_lock_has_one_group() {
        assert!((0..1000).all(|number| group::<1>(number * 16) == 0));
    }

    #[test]
    fn each_lock_has_lines_of_its_own() {
        assert!(size_of::<Table<4>>() >= 4 * 64, "{} bytes", size_of::<Table<4>>());
    }
}
