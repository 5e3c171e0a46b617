//! Programs: what each thread does, from a start state.

/// One operation of one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    /// Clones a reference.
    Retain,
    /// Releases a reference.
    Release,
    /// Reads the contents, and the count if attached.
    Read,
    /// Passes a checkpoint.
    Checkpoint,
    /// Enters a blocking region, or leaves the one that it is in.
    Switch,
}

impl Op {
    /// All there are.
    pub const ALL: [Op; 5] = [Op::Retain, Op::Release, Op::Read, Op::Checkpoint, Op::Switch];

    /// Those that a thread can carry out which is not attached and stays so.
    pub const UNATTACHED: [Op; 3] = [Op::Retain, Op::Release, Op::Read];

    /// Whether a thread that is not attached can carry it out under a strategy without
    /// [`FreeThreaded`](keyway::FreeThreaded).
    fn needs_no_token(self) -> bool {
        matches!(self, Op::Release | Op::Read | Op::Switch)
    }
}

/// What one thread does.
pub type Program = Vec<Op>;

/// Every program of up to `length` operations of a thread that holds `held` references and is
/// attached or not. Under a strategy that is `free`, a thread that is not attached can clone.
pub fn programs(alphabet: &[Op], length: usize, held: usize, attached: bool, free: bool) -> Vec<Program> {
    let mut found = vec![Vec::new()];
    if length == 0 {
        return found;
    }
    for &op in alphabet {
        let after = match op {
            _ if !attached && !free && !op.needs_no_token() => continue,
            Op::Retain if held > 0 => (held + 1, attached),
            Op::Release if held > 0 => (held - 1, attached),
            Op::Read if held > 0 => (held, attached),
            Op::Checkpoint if attached => (held, attached),
            Op::Switch => (held, !attached),
            _ => continue,
        };
        for mut rest in programs(alphabet, length - 1, after.0, after.1, free) {
            rest.insert(0, op);
            found.push(rest);
        }
    }
    found
}

/// Every combination of one program for each thread. Threads but the first that hold the same are
/// interchangeable: of their programs' orders only one is kept.
pub fn combinations(of_each: &[Vec<Program>], held: &[usize]) -> Vec<Vec<Program>> {
    let mut found: Vec<Vec<Program>> = vec![Vec::new()];
    for programs in of_each {
        found = found
            .iter()
            .flat_map(|before| {
                programs.iter().map(|program| [before.as_slice(), std::slice::from_ref(program)].concat())
            })
            .collect();
    }
    found.retain(|threads| {
        (2..threads.len())
            .all(|thread| held[thread] != held[thread - 1] || threads[thread - 1] <= threads[thread])
    });
    found
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Programs of the given length counted without making any: by the references and places of
    /// each thread, one operation at a time.
    pub(in super::super) fn count(
        alphabet: &[Op],
        length: usize,
        held: usize,
        attached: bool,
        free: bool,
    ) -> usize {
        let mut states = vec![(held, attached)];
        let mut total = 1;
        for _ in 0..length {
            states = states
                .iter()
                .flat_map(|&(held, attached)| {
                    let mut next = Vec::new();
                    if held > 0 {
                        next.extend([(held - 1, attached), (held, attached)]);
                    }
                    if held > 0 && (attached || free) {
                        next.push((held + 1, attached));
                    }
                    if attached && alphabet.contains(&Op::Checkpoint) {
                        next.push((held, true));
                    }
                    if alphabet.contains(&Op::Switch) {
                        next.push((held, !attached));
                    }
                    next
                })
                .collect();
            total += states.len();
        }
        total
    }

    #[test]
    fn a_second_count_of_programs_agrees() {
        for length in 0..4 {
            for held in 0..3 {
                for (attached, free) in [(false, false), (false, true), (true, false), (true, true)] {
                    for alphabet in [Op::ALL.as_slice(), &Op::UNATTACHED] {
                        let made = programs(alphabet, length, held, attached, free);
                        assert_eq!(made.len(), count(alphabet, length, held, attached, free));
                    }
                }
            }
        }
    }

    #[test]
    fn of_interchangeable_threads_one_order_is_kept() {
        let one = vec![vec![], vec![Op::Read]];
        let all = combinations(&[vec![vec![]], one.clone(), one.clone()], &[1, 1, 1]);
        assert_eq!(all.len(), 3);
        let different = combinations(&[vec![vec![]], one.clone(), one], &[1, 2, 1]);
        assert_eq!(different.len(), 4);
    }
}
