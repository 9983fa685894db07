//! Reliable broadcast among processes some of which lie: either all correct processes deliver the same value, or none does.
//!
//! **Source.** Gabriel Bracha, *Asynchronous Byzantine Agreement Protocols* (Information and Computation 75, 1987), section 3,
//! figure 1. The steps are those of the figure, the lemmas those after it.
//!
//! **Modelled.** One broadcast by process 0, or, where the sender lies, by the last process. All four steps, with all the
//! ways into each. A process counts its own messages at once. The network duplicates, so that a message stands
//! for all its repetitions; messages of correct processes arrive in the end.
//!
//! **How processes lie.** The faulty ones act together, and say to each process what they like, different things to
//! different ones, or nothing. A correct process counts who has said a thing, so that a lie changes something only when it
//! completes a count; there it is chosen, by as many voices as tell it, and not stored: it can be told again.
//! That leaves out nothing, and is what makes the model small.
//!
//! **Left out.** Values beyond two, which are enough for a disagreement. That a process delivers once: it stops when it has.
//!
//! **What the figure leaves open.** "(n + t) / 2 messages" is read as more than that many: with just as many, two quorums
//! need not share a correct process where n + t is even.
//!
//! | file | what |
//! |---|---|
//! | `process` | a correct process: its state and the four steps |
//! | `claims` | the claims |

mod claims;
mod process;

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::model::{Card, Deviations, NetworkKind, Property, Protocol, Roster};
use quorate::{Actor, Id, Out, deviations, params};
use serde::Serialize;

pub use super::value::Value;
pub use process::{Process, ProcessState};

params! {
    /// Who takes part, and who lies.
    pub struct Sizes {
        /// Number of processes, n.
        pub processes: usize = 4, in 2..=10;
        /// How many may lie, as the thresholds have it: t.
        pub tolerated: usize = 1, in 0..=3;
        /// How many do lie: the last ones.
        pub liars: usize = 1, in 0..=3;
        /// Whether the sender is one of them.
        pub sender_lies: bool = true;
    }
}

deviations! {
    /// What a correct process may do wrongly.
    pub enum Deviation {
        /// Half of all processes are enough to be ready, instead of more than (n + t) / 2.
        EchoSmall = "echo-small" breaks "one-ready";
        /// One process that is ready makes others ready, instead of t + 1.
        AmplifyAtOne = "amplify-at-one" breaks "validity";
        /// A process is never ready because others are.
        NoAmplify = "no-amplify" breaks "totality";
        /// A process delivers when t + 1 are ready, instead of 2t + 1.
        DeliverEarly = "deliver-early" breaks "totality";
        /// A process delivers when all processes are ready.
        WaitForAll = "wait-for-all" breaks "termination";
        /// A process echoes each value that it is told, not the first one only.
        EchoTwice = "echo-twice" breaks "one-ready";
        /// A process may be ready for both values.
        ReadyTwice = "ready-twice" harmless;
        /// A process echoes only what the sender has told it, not what others echo or are ready for.
        EchoInitialOnly = "echo-initial-only" harmless;
    }
}

/// What is said, the value apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The sender broadcasts it.
    Initial,
    /// It was broadcast, as far as a process knows.
    Echo,
    /// Enough others know it too.
    Ready,
}

/// A message: its kind and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Msg {
    /// Initial, echo or ready.
    pub kind: Kind,
    /// Of what.
    pub value: Value,
}

/// What the faulty processes tell a correct one next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Lie {
    /// What they say.
    pub said: Msg,
    /// How many of them say it.
    pub voices: usize,
}

/// A process.
#[derive(Clone, Debug)]
pub enum Member {
    /// It follows the protocol.
    Correct(Process),
    /// It lies. What it says is the choice of those who hear it.
    Liar,
}

/// A member's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum State {
    /// Of a correct process.
    Correct(ProcessState),
    /// Of one that lies: nothing that matters.
    Liar,
}

impl State {
    /// The state of a correct process.
    pub fn correct(&self) -> Option<&ProcessState> {
        match self {
            Self::Correct(me) => Some(me),
            Self::Liar => None,
        }
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = ();
    type State = State;
    type Storage = ();
    type Random = Lie;

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Correct(process) => State::Correct(process.start(o)),
            Self::Liar => State::Liar,
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        if let (Self::Correct(process), State::Correct(before)) = (self, &**state) {
            let mut me = before.clone();
            process.receive(&mut me, src, msg, o);
            *state = Cow::Owned(State::Correct(me));
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, lie: &Lie, o: &mut Out<Self>) {
        if let (Self::Correct(process), State::Correct(before)) = (self, &**state) {
            let mut me = before.clone();
            process.be_told(&mut me, *lie, o);
            *state = Cow::Owned(State::Correct(me));
        }
    }
}

/// Reliable broadcast with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct Bracha {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl Bracha {
    fn correct_count(&self) -> usize {
        self.sizes.processes - self.sizes.liars
    }

    fn process(&self, id: Id) -> Process {
        let lies = Value::ALL.into_iter().flat_map(|value| self.lies_about(value)).collect();
        let peers = Id::vec_from(0..self.sizes.processes).into_iter().filter(|peer| *peer != id).collect();
        let sender = if self.sizes.sender_lies { self.sizes.processes - 1 } else { 0 };
        Process { id, sender: Id::from(sender), peers, lies, sizes: self.sizes.clone(), deviations: self.deviations }
    }

    fn lies_about(&self, value: Value) -> BTreeSet<Lie> {
        let initial = Lie { said: Msg { kind: Kind::Initial, value }, voices: 1 };
        let others = (1..=self.sizes.liars)
            .flat_map(|voices| [Kind::Echo, Kind::Ready].map(|kind| Lie { said: Msg { kind, value }, voices }));
        others.chain(self.sizes.sender_lies.then_some(initial)).collect()
    }
}

impl Protocol for Bracha {
    const CARD: Card = Card {
        name: "bracha",
        title: "Bracha's reliable broadcast",
        source: "Bracha, Asynchronous Byzantine Agreement Protocols (Information and Computation 75, 1987), section 3",
        modelled: "One broadcast by a sender that may lie, all steps and all ways into them; faulty processes that act \
                   together and tell everybody what they like, or nothing",
        left_out: "Values beyond two. Lies that complete no count: nobody acts on them, and they can be told again later.",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if sizes.liars >= sizes.processes {
            return Err(format!("{} liars leave no correct process among {}", sizes.liars, sizes.processes));
        }
        if sizes.sender_lies && sizes.liars == 0 {
            return Err("the sender lies, and nobody does".to_owned());
        }
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let correct = Id::vec_from(0..self.correct_count()).into_iter().map(|id| Member::Correct(self.process(id)));
        Roster::new().role("process", correct).role("liar", vec![Member::Liar; self.sizes.liars])
    }

    /// A message may come late and again.
    fn network(&self) -> NetworkKind {
        NetworkKind::Duplicating
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
