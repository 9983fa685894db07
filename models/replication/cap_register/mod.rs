//! One register, and what it does while the network is split: refuse, answer what is old, or wait.
//!
//! **Source.** Seth Gilbert and Nancy Lynch, *Brewer's Conjecture and the Feasibility of Consistent, Available,
//! Partition-Tolerant Web Services* (SIGACT News 2002): theorem 1 and the algorithms of section 3.2, the partially
//! synchronous network of section 4. Daniel Abadi, *Consistency Tradeoffs in Modern Distributed Database System Design*
//! (2012) for what is given up while nothing is split.
//!
//! **Modelled.** Replicas, each with a user who asks at any moment. The consistent register has a home: all requests are
//! forwarded to it, and who waits in vain is refused (3.2.1). The waiting one refuses nobody and asks again. The available
//! one answers from the copy at hand and passes writes on until all have them; of two writes the one with the higher
//! version stays (3.2.3, and convergence, which the paper leaves open). Time may be timed: then it can be known whether the
//! network is split, which it cannot otherwise.
//!
//! **Left out.** Crashes: to the others a replica that is down is one that is cut off. Majorities, which make the larger side
//! consistent and available and leave the smaller as it is here: see [`abd`](super::abd).
//!
//! | file | what |
//! |---|---|
//! | `replica` | a replica: its requests, and which message is which rule |
//! | `home` | the consistent and the waiting register |
//! | `copies` | the available register |
//! | `claims` | what the observer sees, and the claims |

mod claims;
mod copies;
mod home;
mod replica;

use quorate::Id;
use quorate::model::{CallFact, Card, Deviations, Facts, NetworkKind, Operations, Property, Protocol, Roster, Step};

use super::register::{Operation, Value};
pub use copies::{Copy, Version};
pub use replica::{Msg, Replica, ReplicaState, Timer};

quorate::choice_param! {
    /// What a replica does with a request.
    pub enum Policy {
        /// It asks the home of the register, and refuses if that does not answer.
        Consistent = "consistent",
        /// It asks the home of the register until that answers.
        Waiting = "waiting",
        /// It answers from its copy.
        Available = "available",
    }
}

quorate::params! {
    /// Who takes part, and what is given up.
    pub struct Params {
        /// Number of replicas; the first is the home.
        pub replicas: usize = 2, in 2..=4;
        /// How many users write, those of the first replicas; the others read.
        pub writers: usize = 1, in 0..=4;
        /// Number of requests of each user.
        pub requests: usize = 1, in 1..=3;
        /// What a replica does with a request.
        pub policy: Policy = Policy::Consistent;
        /// After how many ticks without an answer a replica has waited in vain.
        pub patience: usize = 3, in 1..=9;
    }
}

quorate::deviations! {
    /// What a replica may do wrongly.
    pub enum Deviation {
        /// Who waits in vain for the home answers from what it has.
        AnswerAnyway = "answer-anyway" breaks "linearizable";
        /// The home takes a request that comes again for a new one.
        ServeAgain = "serve-again" breaks "linearizable";
        /// A write is passed on once and not again.
        SendOnce = "send-once" breaks "converges";
        /// Versions of different replicas with the same count are equal.
        NoTieBreak = "no-tie-break" breaks "converges";
    }
}

/// The register with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct CapRegister {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl CapRegister {
    fn replica(&self, id: Id) -> Replica {
        Replica { id, params: self.params.clone(), deviations: self.deviations }
    }
}

impl Protocol for CapRegister {
    const CARD: Card = Card {
        name: "cap-register",
        title: "A register that is consistent, or available, while the network is split",
        source: "Gilbert and Lynch, Brewer's Conjecture and the Feasibility of Consistent, Available, Partition-Tolerant \
                 Web Services (2002), sections 3 and 4",
        modelled: "the register with a home, which refuses or waits; the register with copies, which answers and converges; \
                   both with and without bounds on time",
        left_out: "crashes, which look like a split to the others; majorities, which are another protocol",
    };

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Replica;
    type History = Operations<Operation, Value>;

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if params.writers > params.replicas {
            return Err(format!("{} writers are more than the {} users", params.writers, params.replicas));
        }
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Replica> {
        Roster::new().role("replica", Id::vec_from(0..self.params.replicas).into_iter().map(|id| self.replica(id)))
    }

    /// A message may come late, more than once, or never: a replica that repeats it sends the same message.
    fn network(&self) -> NetworkKind {
        NetworkKind::Duplicating
    }

    fn history(&self) -> Self::History {
        Operations::default()
    }

    fn observe(&self, step: &Step<'_, Replica>, facts: &mut Facts<CallFact<Operation, Value>>) {
        claims::observe(&self.replica(step.node), step, facts);
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
