//! Authenticated broadcast: all correct processes decide alike on what a sender says, however many of the others lie.
//!
//! **Source.** Danny Dolev and H. Raymond Strong, *Authenticated Algorithms for Byzantine Agreement* (SIAM Journal on Computing
//! 12(4), 1983): the algorithm of f + 1 rounds, in its plain form in which everyone relays to everyone.
//!
//! **The algorithm.** In round 1 the sender signs its value and sends it to all. In round r, a process accepts a value that
//! comes with a chain of r signatures of different processes, the sender's the first. A value that it accepts for the first time it
//! signs and relays in the next round. After round f + 1 it decides: on the value, if it has accepted one only, and otherwise
//! that the sender is faulty.
//!
//! **Modelled.** Each relay by itself, with its chains of signatures, which are looked at; rounds that are synchronous. A process goes
//! on to the next round when it has taken what every correct process sends in this one, in the order of their ids, and
//! then what those say who lie. Within a round the order makes no difference: what is accepted is signed when the round is over.
//!
//! **How they lie.** Those who lie act together and lend each other their keys. In each round each process is told anything by
//! them, by an open choice of its own: nothing, one value or both, with a chain that is as it should be as far as their
//! keys go, or one that is too short, or is made longer by the same signature again, or lacks the sender's. None is longer
//! than the round asks for, and in none is the sender's signature other than the first: a chain is judged by whether it is
//! long enough, begins with the sender's and repeats none, so that these would be judged as others are.
//!
//! **Left out.** Chains with the signature of a correct process in them, relayed by one who lies: who is correct and signs a
//! value sends it to all, who have all accepted it when anyone else could relay it. Values beyond two. The form with fewer
//! messages, in which only some relay.
//!
//! | file | what |
//! |---|---|
//! | `process` | a correct process: what it accepts, relays and decides |
//! | `lies` | what may be said by those who lie |
//! | `claims` | agreement and validity |

mod claims;
mod lies;
mod process;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use quorate::model::{Card, Deviations, Property, Protocol, Roster};
use quorate::{Actor, Id, Out, deviations, params};
use serde::Serialize;

pub use super::value::Value;
pub use lies::Liars;
pub use process::{Process, ProcessState};

params! {
    /// Who takes part, and who lies.
    pub struct Sizes {
        /// Number of processes, the sender included: n.
        pub processes: usize = 4, in 2..=7;
        /// How many that lie the algorithm withstands, in one round more: f.
        pub tolerated: usize = 1, in 0..=5;
        /// How many lie: the last ones, if the sender does not.
        pub liars: usize = 1, in 0..=5;
        /// Whether the sender is one of them.
        pub sender_lies: bool = true;
    }
}

deviations! {
    /// What a correct process may do wrongly.
    pub enum Deviation {
        /// It decides after f rounds.
        RoundLess = "round-less" breaks "agreement";
        /// It accepts a value with fewer signatures than rounds have passed.
        FewSignatures = "few-signatures" breaks "agreement";
        /// It counts signatures, and does not look whether they are of different processes.
        SignersRepeat = "signers-repeat" breaks "agreement";
        /// It relays the first value only that it accepts.
        RelayFirst = "relay-first" breaks "agreement";
        /// It accepts a value that the sender has not signed.
        AcceptUnsigned = "accept-unsigned" breaks "validity";
        /// It waits for a value until it has one.
        NoDefault = "no-default" breaks "termination";
    }
}

/// A value with the signatures under it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Chain {
    /// The value.
    pub value: Value,
    /// Who has signed it, in this order.
    pub signers: Vec<Id>,
}

/// What a process relays in a round; often nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Msg {
    /// In which round, from 1.
    pub round: usize,
    /// The values, signed by it as well.
    pub chains: BTreeSet<Chain>,
}

/// What a process decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// This is what the sender has said.
    On(Value),
    /// The sender has said nothing, or more than one thing.
    SenderFaulty,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(value) => write!(f, "on {value}"),
            Self::SenderFaulty => f.write_str("that the sender is faulty"),
        }
    }
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// A sender that is correct: it speaks once.
    Sender {
        /// To whom.
        processes: Vec<Id>,
    },
    /// It follows the algorithm.
    Correct(Process),
    /// It does not. What it says is the choice of those who are told.
    Liar,
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum State {
    /// Of a correct process that is not the sender.
    Correct(ProcessState),
    /// Of another: nothing that matters.
    Other,
}

impl State {
    /// The state of a correct process that is not the sender.
    pub fn correct(&self) -> Option<&ProcessState> {
        match self {
            Self::Correct(me) => Some(me),
            Self::Other => None,
        }
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = ();
    type State = State;
    type Storage = ();
    /// What those say who lie.
    type Random = BTreeSet<Chain>;

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Sender { processes } => {
                let signed = Chain { value: Value::A, signers: vec![id] };
                o.broadcast(processes, &Msg { round: 1, chains: BTreeSet::from([signed]) });
                State::Other
            }
            Self::Correct(process) => State::Correct(process.start(o)),
            Self::Liar => State::Other,
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        if let (Self::Correct(process), State::Correct(before)) = (self, &**state)
            && process.next_speaker(before) == Some(src)
            && before.round == msg.round
        {
            let mut me = before.clone();
            process.hear(&mut me, &msg.chains, o);
            *state = Cow::Owned(State::Correct(me));
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, lie: &BTreeSet<Chain>, o: &mut Out<Self>) {
        if let (Self::Correct(process), State::Correct(before)) = (self, &**state) {
            let mut me = before.clone();
            process.be_lied_to(&mut me, lie, o);
            *state = Cow::Owned(State::Correct(me));
        }
    }
}

/// The algorithm with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct DolevStrong {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

/// The sender's id.
const SENDER: usize = 0;

impl DolevStrong {
    fn is_liar(&self, id: Id) -> bool {
        let Sizes { processes, liars, sender_lies, .. } = self.sizes;
        let correct = processes + usize::from(sender_lies) - liars;
        if usize::from(id) == SENDER { sender_lies } else { usize::from(id) >= correct }
    }

    fn member(&self, id: Id) -> Member {
        let all = Id::vec_from(0..self.sizes.processes);
        let (liars, correct): (Vec<Id>, Vec<Id>) = all.into_iter().partition(|process| self.is_liar(*process));
        let others = correct.iter().copied().filter(|other| usize::from(*other) != SENDER && *other != id).collect();
        match (self.is_liar(id), usize::from(id) == SENDER) {
            (true, _) => Member::Liar,
            (false, true) => Member::Sender { processes: others },
            (false, false) => {
                let (sizes, deviations) = (self.sizes.clone(), self.deviations);
                Member::Correct(Process { id, others, liars: Liars(liars), sizes, deviations })
            }
        }
    }
}

impl Protocol for DolevStrong {
    const CARD: Card = Card {
        name: "dolev-strong",
        title: "Authenticated broadcast of Dolev and Strong",
        source: "Dolev and Strong, Authenticated Algorithms for Byzantine Agreement (SIAM J. Comput. 12(4), 1983)",
        modelled: "Rounds, relays and chains of signatures, each relay by itself; processes that lie together and tell each \
                   process what they like in each round: nothing, one value or both, with chains that are right as far \
                   as their keys go, too short, padded, or not the sender's",
        left_out: "Values beyond two. What liars relay of the correct: who is correct and signs a value sends it to all, who \
                   have accepted it before. The order of messages within a round: what is accepted is signed when it is \
                   over. The form with fewer messages.",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if sizes.sender_lies && sizes.liars == 0 {
            return Err("the sender lies, and nobody does".to_owned());
        }
        if sizes.liars + usize::from(!sizes.sender_lies) >= sizes.processes {
            return Err(format!("{} that lie leave nobody correct to tell among {}", sizes.liars, sizes.processes));
        }
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let (correct, liars): (Vec<Id>, Vec<Id>) =
            (1..self.sizes.processes).map(Id::from).partition(|id| !self.is_liar(*id));
        Roster::new()
            .role("sender", [self.member(Id::from(SENDER))])
            .role("process", correct.into_iter().map(|id| self.member(id)))
            .role("liar", liars.into_iter().map(|id| self.member(id)))
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
