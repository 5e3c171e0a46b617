//! The effect of each operation on an attached thread.

use keyway_object_model::{SameObject, Section, Strategy, Thread, attach};

use super::lane::{Lane, Reference};
use super::node::{Contents, Node};
use super::oracle::place;
use super::program::{Around, Op, Pick, Release};
use crate::subject::Subject;

impl<U: Subject> Lane<'_, U> {
    /// Carries out an operation that does not end the attachment.
    pub(crate) fn carry_out(&mut self, op: Op, thread: &mut Thread<U::Strategy>) {
        match op {
            Op::Allocate(id) => {
                let object = thread.alloc(Node::new(id, &self.shared.tally));
                self.references.push(object);
            }
            Op::Clone(object) => {
                let clone = self.find(object).map(|reference| reference.clone_ref(thread));
                self.references.extend(clone);
            }
            Op::CloneUnattached(object) => self.clone_unattached(object, thread),
            Op::Release(object, how) => {
                if let Some(reference) = self.take(object) {
                    release(reference, how, thread);
                }
            }
            Op::DropInside { object, dropped } => self.drop_inside(object, dropped, thread),
            Op::Checkpoint => thread.checkpoint(),
            Op::Blocking => thread.blocking(std::thread::yield_now),
            Op::Send { object, ticket } => {
                let letter = self.take(object);
                self.shared.mail.send(ticket, letter);
            }
            Op::Receive { ticket, .. } => {
                let mail = &self.shared.mail;
                let letter = thread.blocking(|| mail.receive(ticket));
                self.references.extend(letter);
            }
            Op::Detach | Op::Exit => unreachable!("these end the attachment"),
            _ => self.enter(op, thread),
        }
    }

    fn enter(&self, op: Op, thread: &mut Thread<U::Strategy>) {
        // All of these need a reference, and none takes one away.
        if self.references.is_empty() {
            return;
        }
        match op {
            Op::Enter { object, add } => self.node(object).contents.enter(thread, |section| section.add(add)),
            Op::Keep { one, other } => self.keep(one, other, thread),
            Op::Nest { objects: [outer, middle, inner], add } => {
                let inside = [self.node(middle), self.node(inner)];
                self.node(outer).contents.enter(thread, |section| nest(section, &inside, add));
            }
            Op::Pair { one, other, add } => self.pair(one, other, add, thread),
            Op::Suspend { object, around, add } => self.node(object).contents.enter(thread, |section| {
                section.add(add);
                section.suspend(|thread| self.around(around, add, thread));
                section.add(add);
            }),
            Op::SuspendNested { outer, inner, around, add } => {
                self.node(outer).contents.enter(thread, |section| {
                    section.enter(&self.node(inner).contents, |section| {
                        section.add(add);
                        section.suspend(|thread| self.around(around, add, thread));
                        section.add(add);
                    });
                    section.add(add);
                });
            }
            Op::Follow(object) => self.node(object).contents.enter(thread, follow),
            _ => unreachable!("carried out elsewhere"),
        }
    }

    fn around(&self, around: Around, add: u64, thread: &mut Thread<U::Strategy>) {
        match around {
            Around::Checkpoint => thread.checkpoint(),
            Around::Blocking => thread.blocking(std::thread::yield_now),
            Around::Enter(object) => self.node(object).contents.enter(thread, |section| section.add(add)),
            Around::Pair(one, other) => self.pair(one, other, add, thread),
        }
    }

    fn keep(&self, one: Pick, other: Pick, thread: &mut Thread<U::Strategy>) {
        let (one, other) = (self.reference(one), self.reference(other));
        let (older, younger) = if one.id < other.id { (one, other) } else { (other, one) };
        if older.id == younger.id {
            return;
        }
        younger.check().contents.enter(thread, |section| {
            let (contents, thread) = section.parts();
            contents.kept.push(older.clone_ref(thread));
        });
    }

    fn pair(&self, one: Pick, other: Pick, add: u64, thread: &mut Thread<U::Strategy>) {
        let (one, other) = (self.node(one), self.node(other));
        let result = one.contents.enter_pair(&other.contents, thread, |one, other, _| {
            one.add(add);
            other.add(add.wrapping_mul(3));
        });
        let expected = if one.id == other.id { Err(SameObject) } else { Ok(()) };
        assert_eq!(result, expected, "a pair of {} and {}", one.id, other.id);
    }

    fn clone_unattached(&mut self, object: Pick, thread: &mut Thread<U::Strategy>) {
        let Some(reference) = self.find(object) else { return };
        let clone = thread.blocking(|| U::clone_unattached(reference));
        let clone = clone.unwrap_or_else(|| reference.clone_ref(thread));
        self.references.push(clone);
    }

    fn drop_inside(&mut self, object: Pick, dropped: Pick, thread: &mut Thread<U::Strategy>) {
        let Some(dropped) = self.take(dropped) else { return };
        match self.find(object) {
            Some(object) => object.check().contents.enter(thread, |section| {
                section.add(1);
                drop(dropped);
            }),
            None => drop(dropped),
        }
    }

    fn find(&self, pick: Pick) -> Option<&Reference<U>> {
        place(self.references.len(), pick).map(|place| &self.references[place])
    }

    fn take(&mut self, pick: Pick) -> Option<Reference<U>> {
        place(self.references.len(), pick).map(|place| self.references.swap_remove(place))
    }

    fn reference(&self, pick: Pick) -> &Reference<U> {
        self.find(pick).expect("the lane has references")
    }

    fn node(&self, pick: Pick) -> &Node<U::Strategy> {
        self.reference(pick).check()
    }
}

fn release<S: Strategy>(
    reference: keyway_object_model::Ref<Node<S>, S>,
    how: Release,
    thread: &mut Thread<S>,
) {
    reference.check();
    match how {
        Release::Explicit => reference.release(thread),
        Release::Dropped => drop(reference),
        Release::Erased => reference.erase().release(thread),
        Release::InBlockingRegion => thread.blocking(|| drop(reference)),
        Release::InExclusiveCall => thread.exclusive(|thread| reference.release(thread)),
        Release::InAttachmentInside => {
            thread.blocking(|| attach::<S, _>(|thread| reference.release(thread)));
        }
    }
}

/// Enters the rest of a nest inside `section`. Each but the innermost is used before and after.
fn nest<S: Strategy>(section: &mut Section<'_, Contents<S>, S>, rest: &[&Node<S>], add: u64) {
    section.add(add);
    if let Some((next, rest)) = rest.split_first() {
        section.enter(&next.contents, |inner| nest(inner, rest, add));
        section.add(add);
    }
}

/// Goes from an object to one inside its contents, and only looks.
fn follow<S: Strategy>(section: &mut Section<'_, Contents<S>, S>) {
    let Some(kept) = section.kept.last().map(|kept| kept.clone_ref(section.thread())) else { return };
    section.enter(&kept.check().contents, |inner| {
        for further in &inner.kept {
            further.check();
        }
    });
    kept.release(section.thread());
}
