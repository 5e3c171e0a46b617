//! What a program is, and how one is made.

use fastrand::Rng;

/// An object of a program, by the order of allocation.
pub(crate) type Id = u32;

/// One of a lane's references: this number modulo how many it has. So every part of a program is a
/// program.
pub(crate) type Pick = u8;

/// A reference on its way from one lane to another.
pub(crate) type Ticket = usize;

/// How a reference is released.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Release {
    Explicit,
    Dropped,
    Erased,
    InBlockingRegion,
    /// Inside a call of foreign code: objects that become due then are destroyed after it.
    InExclusiveCall,
    /// Attached anew, inside a blocking region.
    InAttachmentInside,
}

/// The steps while a section is suspended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Around {
    Checkpoint,
    Blocking,
    Enter(Pick),
    Pair(Pick, Pick),
}

/// One operation. A number called `add` is added to what is entered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Allocate(Id),
    Clone(Pick),
    CloneUnattached(Pick),
    Release(Pick, Release),
    Enter {
        object: Pick,
        add: u64,
    },
    /// A reference to the older of the two goes into the contents of the younger: so there are no
    /// cycles.
    Keep {
        one: Pick,
        other: Pick,
    },
    /// Three sections, one inside the other; the outer ones are used before and after.
    Nest {
        objects: [Pick; 3],
        add: u64,
    },
    Pair {
        one: Pick,
        other: Pick,
        add: u64,
    },
    Suspend {
        object: Pick,
        around: Around,
        add: u64,
    },
    /// `inner` is entered inside `outer`, and both are suspended.
    SuspendNested {
        outer: Pick,
        inner: Pick,
        around: Around,
        add: u64,
    },
    /// A reference is dropped inside a section.
    DropInside {
        object: Pick,
        dropped: Pick,
    },
    /// From an object to one inside its contents: the reference is cloned out, then entered.
    Follow(Pick),
    Checkpoint,
    Blocking,
    Send {
        object: Pick,
        ticket: Ticket,
    },
    Receive {
        ticket: Ticket,
        detached: bool,
    },
    /// Detach, and attach again.
    Detach,
    /// The OS thread exits; another goes on.
    Exit,
}

/// An operation of one lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) lane: usize,
    pub(crate) op: Op,
}

/// A program.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) seed: u64,
    pub(crate) lanes: usize,
    /// Nested entries behave as if every lock were taken.
    pub(crate) suspends_every_nested_entry: bool,
    /// The references that a lane has left are dropped before it detaches for the last time, not
    /// after.
    pub(crate) drops_before_detaching: bool,
    pub(crate) steps: Vec<Step>,
}

/// The most steps in a program.
const STEPS: usize = 48;

impl Program {
    /// The program of a seed. Where a thread in a blocking region keeps others out, references are
    /// received by detached threads.
    pub(crate) fn random(seed: u64, receive_detached: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let lanes = rng.usize(1..=4);
        let mut maker = Maker { rng, lanes, receive_detached, objects: 0, tickets: 0, sent: Vec::new() };
        let mut steps: Vec<_> = (0..lanes).map(|lane| Step { lane, op: maker.allocate() }).collect();
        for lane in 1..lanes {
            steps.extend(maker.share_with(lane));
        }
        let length = maker.rng.usize(4..=STEPS);
        steps.extend((0..length).map(|_| maker.step()));
        Program {
            seed,
            lanes,
            suspends_every_nested_entry: maker.rng.u8(0..3) == 0,
            drops_before_detaching: maker.rng.bool(),
            steps,
        }
    }

    /// Everything but one step and what depends on it.
    pub(crate) fn without(&self, place: usize) -> Self {
        let gone = match self.steps[place].op {
            Op::Send { ticket, .. } => Some(ticket),
            _ => None,
        };
        let mut program = self.clone();
        program.steps.remove(place);
        program.steps.retain(|step| !matches!(step.op, Op::Receive { ticket, .. } if Some(ticket) == gone));
        program
    }

    /// How many objects there can be.
    pub(crate) fn objects(&self) -> usize {
        let ids = self.steps.iter().filter_map(|step| match step.op {
            Op::Allocate(id) => Some(id as usize + 1),
            _ => None,
        });
        ids.max().unwrap_or(0)
    }

    /// How many tickets there can be.
    pub(crate) fn tickets(&self) -> usize {
        let tickets = self.steps.iter().filter_map(|step| match step.op {
            Op::Send { ticket, .. } => Some(ticket + 1),
            _ => None,
        });
        tickets.max().unwrap_or(0)
    }
}

struct Maker {
    rng: Rng,
    lanes: usize,
    receive_detached: bool,
    objects: Id,
    tickets: Ticket,
    /// Sent and not received yet, with the lane that will. References left here at the end are
    /// never received.
    sent: Vec<(usize, Ticket)>,
}

impl Maker {
    fn allocate(&mut self) -> Op {
        self.objects += 1;
        Op::Allocate(self.objects - 1)
    }

    /// The first lane gives another a reference to its first object, so that the lanes have
    /// something in common, and start together.
    fn share_with(&mut self, lane: usize) -> [Step; 3] {
        let ticket = self.tickets;
        self.tickets += 1;
        let receive = Op::Receive { ticket, detached: self.receive_detached };
        [
            Step { lane: 0, op: Op::Clone(0) },
            Step { lane: 0, op: Op::Send { object: 0, ticket } },
            Step { lane, op: receive },
        ]
    }

    fn step(&mut self) -> Step {
        if !self.sent.is_empty() && self.rng.u8(0..3) == 0 {
            let (lane, ticket) = self.sent.swap_remove(self.rng.usize(0..self.sent.len()));
            let detached = self.receive_detached || self.rng.u8(0..4) == 0;
            return Step { lane, op: Op::Receive { ticket, detached } };
        }
        Step { lane: self.rng.usize(0..self.lanes), op: self.op() }
    }

    fn op(&mut self) -> Op {
        let add = self.rng.u64(..);
        match self.rng.u8(0..64) {
            0..6 => self.allocate(),
            6..12 => Op::Clone(self.pick()),
            12..14 => Op::CloneUnattached(self.pick()),
            14..22 => Op::Release(self.pick(), self.release()),
            22..26 => Op::Enter { object: self.pick(), add },
            26..32 => Op::Keep { one: self.pick(), other: self.pick() },
            32..36 => Op::Nest { objects: [self.pick(), self.pick(), self.pick()], add },
            36..39 => Op::Pair { one: self.pick(), other: self.pick(), add },
            39..42 => Op::Suspend { object: self.pick(), around: self.around(), add },
            42..44 => {
                Op::SuspendNested { outer: self.pick(), inner: self.pick(), around: self.around(), add }
            }
            44..46 => Op::DropInside { object: self.pick(), dropped: self.pick() },
            46..49 => Op::Follow(self.pick()),
            49..52 => Op::Checkpoint,
            52..54 => Op::Blocking,
            54..60 => self.send(),
            60..63 => Op::Detach,
            _ => Op::Exit,
        }
    }

    fn pick(&mut self) -> Pick {
        self.rng.u8(..)
    }

    fn release(&mut self) -> Release {
        const ALL: [Release; 6] = [
            Release::Explicit,
            Release::Dropped,
            Release::Erased,
            Release::InBlockingRegion,
            Release::InExclusiveCall,
            Release::InAttachmentInside,
        ];
        *self.rng.choice(&ALL).expect("not empty")
    }

    fn around(&mut self) -> Around {
        match self.rng.u8(0..4) {
            0 => Around::Checkpoint,
            1 => Around::Blocking,
            2 => Around::Enter(self.pick()),
            _ => Around::Pair(self.pick(), self.pick()),
        }
    }

    fn send(&mut self) -> Op {
        let ticket = self.tickets;
        self.tickets += 1;
        self.sent.push((self.rng.usize(0..self.lanes), ticket));
        Op::Send { object: self.pick(), ticket }
    }
}
