//! What an interleaving shows, in sentences. All of it is worked out from the steps.

use std::collections::BTreeMap;

use super::Race;
use super::steps::{Act, Step};

/// What is about to be seen.
pub(super) fn introduction(race: Race, iterations: u64) -> String {
    let what = match race {
        Race::Leak | Race::UseAfterFree => {
            "An object whose count is a plain number that nothing protects. To retain (one reference more) or to release (one\n\
             less), a thread reads the count in one step and writes the new one in another; other threads may run in between.\n\
             The column `count` is what a step finds and leaves; `references` is how many there really are."
        }
        Race::Deadlock => {
            "Two objects whose contents have a lock each. A thread that is inside one object's contents enters the other's: it\n\
             keeps the first lock while it waits for the second."
        }
    };
    format!(
        "{what}\nThe model checker ran the interleavings of the threads one by one, and number {iterations} was the first to fail. \
         This is it:"
    )
}

/// What went wrong, a sentence a line.
///
/// # Errors
/// The steps do not show it.
pub(super) fn conclusion(race: Race, steps: &[Step]) -> Result<Vec<String>, String> {
    match race {
        Race::Leak => leak(steps),
        Race::UseAfterFree => use_after_free(steps),
        Race::Deadlock => deadlock(steps),
    }
}

fn leak(steps: &[Step]) -> Result<Vec<String>, String> {
    let last = steps.iter().rfind(|step| step.count_after.is_some()).ok_or("no step changes a count")?;
    let (Some(count), Some(0)) = (last.count_after, last.references) else {
        return Err("the steps end with references that are still in use".to_owned());
    };
    let mut sentences = lost(steps)?;
    sentences.push(format!(
        "In the end no reference to object {} is left, but its count says {count}. Nobody will ever bring it to 0, so the object \
         is never destroyed: it has leaked.",
        last.object
    ));
    Ok(sentences)
}

fn use_after_free(steps: &[Step]) -> Result<Vec<String>, String> {
    let destroyed = steps.iter().find(|step| step.act == Act::Destroys).ok_or("no object is destroyed")?;
    let touched = steps.iter().find(|step| step.act == Act::FindsDestroyed);
    let touched = touched.ok_or("no object is touched after its end")?;
    let mut sentences = lost(steps)?;
    let left = destroyed.references.unwrap_or_default();
    let references = if left == 1 { "reference is" } else { "references are" };
    sentences.push(format!(
        "So the count reaches 0 while {left} {references} still in use, and thread {} destroys object {} in step {}.",
        destroyed.thread, destroyed.object, destroyed.step
    ));
    sentences.push(format!(
        "In step {} thread {} begins a {} with a reference that it still has, and touches memory that has been given back: \
         use after free.",
        touched.step, touched.thread, touched.operation
    ));
    Ok(sentences)
}

/// Which changes of the count were overwritten, and by which step.
fn lost(steps: &[Step]) -> Result<Vec<String>, String> {
    let mut sentences = Vec::new();
    for write in steps.iter().filter(|step| step.act == Act::Writes) {
        let earlier = &steps[..write.step - 1];
        let is_its_read = |step: &&Step| {
            step.act == Act::Reads && step.thread == write.thread && step.object == write.object
        };
        let read = earlier.iter().rfind(is_its_read).ok_or("a count is written that was not read")?;
        let between = steps[read.step..write.step - 1].iter();
        for other in between.filter(|step| step.act == Act::Writes && step.object == write.object) {
            let value = |count: Option<u64>| count.map_or("?".to_owned(), |count| count.to_string());
            sentences.push(format!(
                "Thread {} read {} in step {}. Before it wrote, thread {} wrote {} in step {}. Thread {} did not see that, and wrote \
                 {} in step {}: thread {}'s {} is lost.",
                write.thread,
                value(read.count_after),
                read.step,
                other.thread,
                value(other.count_after),
                other.step,
                write.thread,
                value(write.count_after),
                write.step,
                other.thread,
                other.operation
            ));
        }
    }
    if sentences.is_empty() { Err("no change of a count was lost".to_owned()) } else { Ok(sentences) }
}

fn deadlock(steps: &[Step]) -> Result<Vec<String>, String> {
    let (mut holders, mut waits) = (BTreeMap::new(), BTreeMap::new());
    for step in steps {
        match step.act {
            Act::Asks => drop(waits.insert(step.thread.as_str(), step.object)),
            Act::Takes => {
                waits.remove(step.thread.as_str());
                holders.insert(step.object, step.thread.as_str());
            }
            Act::GivesUp => drop(holders.remove(&step.object)),
            _ => {}
        }
    }
    let mut sentences = Vec::new();
    for (thread, wanted) in &waits {
        let holder = holders.get(wanted).ok_or_else(|| format!("{thread} waits for a lock that is free"))?;
        let held: Vec<String> =
            holders.iter().filter(|(_, who)| *who == thread).map(|(object, _)| object.to_string()).collect();
        let held = if held.is_empty() {
            "no lock".to_owned()
        } else {
            format!("the lock of object {}", held.join(" and "))
        };
        sentences.push(format!(
            "Thread {thread} holds {held} and waits for the lock of object {wanted}, which thread {holder} holds."
        ));
    }
    if sentences.is_empty() {
        return Err("no thread waits in the end".to_owned());
    }
    sentences.push(
        "Each waits for the other, and none gives up what it holds: both wait for ever. This is a deadlock."
            .to_owned(),
    );
    Ok(sentences)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(thread: &str, operation: &str, act: Act, counts: (u64, u64), references: u64) -> Step {
        Step {
            step: 0,
            thread: thread.to_owned(),
            operation: operation.to_owned(),
            act,
            object: 1,
            count_before: Some(counts.0),
            count_after: Some(counts.1),
            references: Some(references),
        }
    }

    fn lock(thread: &str, act: Act, object: usize) -> Step {
        let step = count(thread, "section", act, (0, 0), 0);
        Step { object, count_before: None, count_after: None, references: None, ..step }
    }

    fn numbered(mut steps: Vec<Step>) -> Vec<Step> {
        steps.iter_mut().enumerate().for_each(|(number, step)| step.step = number + 1);
        steps
    }

    fn releases(order: [(&str, Act, (u64, u64), u64); 4]) -> Vec<Step> {
        numbered(
            order.map(|(thread, act, counts, left)| count(thread, "release", act, counts, left)).to_vec(),
        )
    }

    #[test]
    fn the_release_that_was_overwritten_is_named() {
        let steps = releases([
            ("A", Act::Reads, (2, 2), 2),
            ("B", Act::Reads, (2, 2), 2),
            ("B", Act::Writes, (2, 1), 1),
            ("A", Act::Writes, (1, 1), 0),
        ]);
        let told = conclusion(Race::Leak, &steps).expect("a leak").join("\n");
        assert!(told.contains("thread B's release is lost") && told.contains("its count says 1"), "{told}");
    }

    #[test]
    fn releases_one_after_the_other_are_no_leak() {
        let steps = releases([
            ("A", Act::Reads, (2, 2), 2),
            ("A", Act::Writes, (2, 1), 1),
            ("B", Act::Reads, (1, 1), 1),
            ("B", Act::Writes, (1, 0), 0),
        ]);
        assert!(conclusion(Race::Leak, &steps).is_err());
        assert!(conclusion(Race::UseAfterFree, &steps).is_err());
    }

    #[test]
    fn a_thread_that_gets_its_lock_in_the_end_does_not_wait() {
        let taken = [lock("A", Act::Asks, 1), lock("A", Act::Takes, 1), lock("B", Act::Asks, 1)];
        let after = [lock("A", Act::GivesUp, 1), lock("B", Act::Takes, 1)];
        assert!(conclusion(Race::Deadlock, &numbered([&taken[..], &after].concat())).is_err());
        let told = conclusion(Race::Deadlock, &numbered(taken.to_vec())).expect("B waits");
        assert_eq!(
            told[0],
            "Thread B holds no lock and waits for the lock of object 1, which thread A holds."
        );
    }
}
