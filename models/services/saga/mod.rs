//! A saga: several transactions, one after the other, each with another that takes it back.
//!
//! **Source.** Hector Garcia-Molina and Kenneth Salem, *Sagas* (SIGMOD 1987): section 1 (T1..Tn, or T1..Tj and then Cj..C1, and
//! other transactions see what is in between), 4 (the log of the execution component, backward recovery), 5 (forward
//! recovery). Steps at other services are called over a network, as in Pat Helland, *Life beyond Distributed Transactions*
//! (2007): a call may come late or again, so that each service knows a step and its compensation again. A lock by which
//! others wait for the end of a saga is a countermeasure of Lars Frank and Torben Zahle, *Semantic ACID Properties in
//! Multidatabases Using Remote Procedure Calls and Update Propagations* (1998).
//!
//! **Modelled.** An orchestrator, which logs how far it is before it asks for the next thing; a service for each step, which
//! does it or refuses; an orchestrator that gives up a step of which it hears nothing; recovery backward or forward after a crash;
//! requests that are lost, or come late or twice; somebody who reads at the first service.
//!
//! **What is not promised.** That nobody sees what is taken back later: `isolation` is violated, as the paper says, unless
//! `locks` has readers wait.
//!
//! **Left out.** What a step does: that it has an effect is all that counts of it. Compensations that fail: the paper's must
//! succeed in the end, and here they are asked for until they do. Steps side by side (section 8): those of one saga have an order. Several
//! sagas: they meet as the reader and a saga do.
//!
//! | file | what |
//! |---|---|
//! | `orchestrator` | the log, and what is asked for |
//! | `service` | a step and its compensation |
//! | `member` | all as one actor, and what they say to one another |
//! | `claims` | the claims |

mod claims;
mod member;
mod orchestrator;
mod service;

use quorate::Id;
use quorate::model::{Card, Deviations, Property, Protocol, Roster};

pub use member::{Answer, Member, Msg, Saved, State, Timer};
pub use orchestrator::{Orchestrator, OrchestratorState, Phase};
pub use service::{Service, ServiceState};

quorate::choice_param! {
    /// What an orchestrator does that comes back in the midst of a saga.
    pub enum Recovery {
        /// It takes back what was done: section 4.
        Backward = "backward",
        /// It goes on where it was: section 5, with a save-point before each step.
        Forward = "forward",
    }
}

quorate::params! {
    /// How long the saga is, and how it goes.
    pub struct Params {
        /// Number of steps, each at a service of its own.
        pub steps: usize = 2, in 1..=4;
        /// What an orchestrator does that comes back.
        pub recovery: Recovery = Recovery::Backward;
        /// Whether it may give up a step that is not answered.
        pub gives_up: bool = true;
        /// How often it asks for the same thing at most before it crashes.
        pub tries: usize = 1, in 1..=4;
        /// Number of those who read at the first service.
        pub readers: usize = 0, in 0..=2;
        /// Whether readers wait until a saga has ended.
        pub locks: bool = false;
    }
}

quorate::deviations! {
    /// What the orchestrator or a service may do wrongly.
    pub enum Deviation {
        /// That a step begins is in the log only when the next one does.
        LogLate = "log-late" breaks "ends-whole";
        /// Only steps that were answered are taken back.
        TrustAnswers = "trust-answers" breaks "ends-whole";
        /// That the saga is taken back is not in the log.
        ForgetAbort = "forget-abort" breaks "ends-whole";
        /// A service does a step that it has been told to take back.
        TakeLate = "take-late" breaks "ends-whole";
        /// What was done first is taken back first.
        FirstFirst = "first-first" breaks "reverse-order";
        /// A service does a step each time that it is asked.
        DoAgain = "do-again" breaks "once";
        /// A service takes a step back each time that it is asked.
        UndoAgain = "undo-again" breaks "once";
        /// A service takes back what it has not done.
        UndoNothing = "undo-nothing" breaks "nothing-undone-before";
        /// Readers need not wait any more once the step that they wait for is answered.
        ReleaseEarly = "release-early" breaks "isolation";
        /// The orchestrator asks once.
        AskOnce = "ask-once" breaks "ends";
    }
}

/// A saga with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct Saga {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl Protocol for Saga {
    const CARD: Card = Card {
        name: "saga",
        title: "A saga and its compensations",
        source: "Garcia-Molina and Salem, Sagas (SIGMOD 1987), sections 1, 4 and 5; Helland, Life beyond Distributed \
                 Transactions (2007); Frank and Zahle, Semantic ACID Properties in Multidatabases (1998)",
        modelled: "steps at services of their own, refusals, compensations in reverse order, a log, backward and forward recovery, \
                   steps that are given up and come late, readers in between and a lock against them",
        left_out: "what a step does; compensations that fail for good; steps side by side; several sagas, which meet as a \
                   reader and a saga do",
    };

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { params, deviations })
    }

    /// The id of the orchestrator is 0, and that of a service the number of its step.
    fn roster(&self) -> Roster<Member> {
        let (params, deviations) = (&self.params, self.deviations);
        let service = Service { locks: params.locks, deviations };
        Roster::new()
            .role("orchestrator", [Member::Orchestrator(Orchestrator { params: params.clone(), deviations })])
            .role("service", vec![Member::Service(service); params.steps])
            .role("reader", vec![Member::Reader { at: Id::from(1) }; params.readers])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
