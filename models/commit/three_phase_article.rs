//! Three-phase commit as an article has it: a participant that has waited too long for the last phase gives up.
//!
//! # As published
//!
//! Article 003, lines 67 to 78, in short. *CanCommit*: all participants are asked whether they can execute the
//! transaction, and their answers collected; with Yes it goes on to PreCommit, else the transaction is rolled
//! back. *PreCommit*: if the coordinator has received the confirmations, it permits execution; in this stage the
//! participants check beforehand, for instance for conflicts. *DoCommit*: after that has gone well the
//! coordinator tells all participants to commit; a participant that cannot commit in time reports a time-out to
//! the coordinator and interrupts the transaction. Time-outs are to make sure that it ends within a given time. In
//! addition there is the role of a supervisor.
//!
//! # What is wrong
//!
//! The participant that gives up in the last phase knows that all are willing, and does not know who has been told
//! to commit: with one late DoCommit it aborts what another has committed. Waiting less does not help, and waiting
//! longer does not either: the coordinator may crash between two sends of DoCommit, so that this happens even where
//! no time-out is ever wrong. In [`three_phase`](super::three_phase) a participant never aborts on its own once it
//! has voted Yes; it asks the others (the module `termination`), whoever has crashed. The article has no such
//! protocol: who has answered Yes and hears nothing more waits for ever, and so does a coordinator that lacks an
//! answer. The supervisor would be the place for it, but nothing is said of what it does.
//!
//! # What is modelled, and what the text leaves open
//!
//! Only the wait for DoCommit is said to end by time-out. What the coordinator does with the report is open: by
//! `report = "noted"` nothing, by `"rolled-back"` it stops to tell DoCommit and rolls back all. A participant that
//! has committed does not roll back. Crashes and the two readings of time, `detector`, are those of
//! [`three_phase`](super::three_phase). Nothing is said about recovery, so that who crashes is gone.

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::model::{Card, Claim, Deviations, NetworkKind, NoDeviation, Node, Property, Protocol, Roster};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out, choice_param, params};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::claims::{self, Deciding};
use super::decision::{Multicast, Outcome};

choice_param! {
    /// What the coordinator does with the report of a time-out.
    pub enum Report {
        /// Nothing.
        Noted = "noted",
        /// It tells nobody to commit any more, and rolls back all.
        RolledBack = "rolled-back",
    }
}

choice_param! {
    /// How a node learns that another has crashed.
    pub enum Detector {
        /// It is told, once nothing from the crashed node is on its way to it.
        Perfect = "perfect",
        /// It takes whom it waits for to have crashed, at any moment.
        Absent = "none",
    }
}

params! {
    /// How many participants there are, and what the text leaves open.
    pub struct Sizes {
        /// Number of participants.
        pub participants: usize = 2, in 1..=5;
        /// How a participant finds that it cannot commit in time: when the coordinator has crashed, or at any moment.
        pub detector: Detector = Detector::Absent;
        /// How a message to all participants is sent.
        pub multicast: Multicast = Multicast::OneByOne;
        /// What the coordinator does with the report of a time-out.
        pub report: Report = Report::Noted;
    }
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Can you execute the transaction?
    CanCommit,
    /// The answer to it.
    Answer(bool),
    /// You may; check whether it goes well.
    PreCommit,
    /// Whether it does.
    Checked(bool),
    /// Commit.
    DoCommit,
    /// Roll back.
    Rollback,
    /// A participant could not commit in time.
    TimedOut,
    /// The failure detector: the sender has crashed, and nothing else from it is on its way.
    Down,
}

/// DoCommit does not come in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct TooLate;

/// What a node leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Pick {
    /// Whom the coordinator sends to next.
    SendTo(Id),
    /// Whether a participant can execute the transaction.
    Answer(bool),
    /// Whether its check goes well.
    Check(bool),
}

/// The choice of whom to send to next.
const NEXT: &str = "next";

/// The last that a node has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Log {
    /// It takes part.
    Started,
    /// A participant has ended the transaction.
    Ended(Outcome),
}

/// Who asks, permits and tells.
#[derive(Clone, Debug)]
pub struct Coordinator {
    /// Who takes part.
    pub participants: BTreeSet<Id>,
    /// What the text leaves open.
    pub sizes: Sizes,
}

/// Where the coordinator stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct CoordinatorState {
    /// The phase.
    pub stage: Stage,
    /// Who is still to be sent its message.
    pub unsent: BTreeSet<Id>,
    /// Who has not answered it. Empty where no answer is waited for.
    pub unanswered: BTreeSet<Id>,
}

/// A phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Stage {
    /// 1.
    CanCommit,
    /// 2.
    PreCommit,
    /// 3.
    DoCommit,
    /// What comes in place of 2 or 3.
    Rollback,
}

impl Stage {
    fn msg(self) -> Msg {
        match self {
            Self::CanCommit => Msg::CanCommit,
            Self::PreCommit => Msg::PreCommit,
            Self::DoCommit => Msg::DoCommit,
            Self::Rollback => Msg::Rollback,
        }
    }
}

impl Coordinator {
    fn begin(&self, stage: Stage, o: &mut Out<ArticleActor>) -> CoordinatorState {
        let answered = matches!(stage, Stage::CanCommit | Stage::PreCommit);
        let unanswered = if answered { self.participants.clone() } else { BTreeSet::new() };
        let mut state = CoordinatorState { stage, unsent: self.participants.clone(), unanswered };
        if self.sizes.multicast == Multicast::AtOnce {
            o.broadcast(&state.unsent, &stage.msg());
            state.unsent.clear();
        }
        offer(&state, o);
        state
    }

    fn on_msg(&self, state: &mut CoordinatorState, src: Id, msg: Msg, o: &mut Out<ArticleActor>) {
        match (state.stage, msg) {
            (Stage::CanCommit, Msg::Answer(true)) => self.count(state, src, Stage::PreCommit, o),
            (Stage::PreCommit, Msg::Checked(true)) => self.count(state, src, Stage::DoCommit, o),
            (Stage::CanCommit, Msg::Answer(false)) | (Stage::PreCommit, Msg::Checked(false)) => {
                *state = self.begin(Stage::Rollback, o);
            }
            (Stage::PreCommit | Stage::DoCommit, Msg::TimedOut) if self.sizes.report == Report::RolledBack => {
                *state = self.begin(Stage::Rollback, o);
            }
            (Stage::CanCommit | Stage::PreCommit | Stage::DoCommit | Stage::Rollback, _) => {}
        }
    }

    /// When all have answered well the next phase begins.
    fn count(&self, state: &mut CoordinatorState, src: Id, next: Stage, o: &mut Out<ArticleActor>) {
        state.unanswered.remove(&src);
        if state.unanswered.is_empty() {
            *state = self.begin(next, o);
        }
    }
}

/// Leaves open to whom is sent next.
fn offer(state: &CoordinatorState, o: &mut Out<ArticleActor>) {
    o.choose_random(NEXT, state.unsent.iter().copied().map(Pick::SendTo).collect());
}

/// Where a participant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ParticipantState {
    /// It has not answered.
    Asked,
    /// It has answered Yes.
    Willing,
    /// Its check went well, and it waits for DoCommit.
    PreCommitted,
    /// It has ended the transaction.
    Ended(Outcome),
}

/// Who is asked, permitted and told.
#[derive(Clone, Debug)]
pub struct Participant {
    /// Who asks.
    pub coordinator: Id,
    /// The other participants.
    pub peers: BTreeSet<Id>,
    /// What the text leaves open.
    pub sizes: Sizes,
}

impl Participant {
    fn on_msg(&self, state: &mut ParticipantState, src: Id, msg: Msg, o: &mut Out<ArticleActor>) {
        match (*state, msg) {
            (ParticipantState::Asked, Msg::CanCommit) => {
                o.choose_random("execute", vec![Pick::Answer(true), Pick::Answer(false)]);
            }
            (ParticipantState::Willing, Msg::PreCommit) => {
                o.choose_random("check", vec![Pick::Check(true), Pick::Check(false)]);
            }
            (ParticipantState::PreCommitted, Msg::DoCommit) => end(state, Outcome::Commit, o),
            (ParticipantState::PreCommitted, Msg::Down) if src == self.coordinator => self.interrupt(state, o),
            (ParticipantState::Asked | ParticipantState::Willing | ParticipantState::PreCommitted, Msg::Rollback) => {
                end(state, Outcome::Abort, o);
            }
            (
                ParticipantState::Asked
                | ParticipantState::Willing
                | ParticipantState::PreCommitted
                | ParticipantState::Ended(_),
                _,
            ) => {}
        }
    }

    fn answer(&self, state: &mut ParticipantState, yes: bool, o: &mut Out<ArticleActor>) {
        o.send(self.coordinator, Msg::Answer(yes));
        if yes {
            *state = ParticipantState::Willing;
        } else {
            end(state, Outcome::Abort, o);
        }
    }

    fn check(&self, state: &mut ParticipantState, well: bool, o: &mut Out<ArticleActor>) {
        o.send(self.coordinator, Msg::Checked(well));
        if !well {
            return end(state, Outcome::Abort, o);
        }
        *state = ParticipantState::PreCommitted;
        match self.sizes.detector {
            Detector::Perfect => {}
            Detector::Absent => o.set_timer(TooLate, model_timeout()),
        }
    }

    /// Line 76: a participant that cannot commit in time reports that, and interrupts the transaction.
    fn interrupt(&self, state: &mut ParticipantState, o: &mut Out<ArticleActor>) {
        o.send(self.coordinator, Msg::TimedOut);
        end(state, Outcome::Abort, o);
    }
}

fn end(state: &mut ParticipantState, outcome: Outcome, o: &mut Out<ArticleActor>) {
    o.save(Log::Ended(outcome));
    o.cancel_timer(TooLate);
    o.remove_random("execute");
    o.remove_random("check");
    *state = ParticipantState::Ended(outcome);
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum ArticleActor {
    /// It asks, permits and tells.
    Coordinator(Coordinator),
    /// It executes.
    Participant(Participant),
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// It has crashed, and that is noticed.
    Buried,
    /// Of the coordinator.
    #[serde(untagged)]
    Coordinator(CoordinatorState),
    /// Of a participant.
    #[serde(untagged)]
    Participant(ParticipantState),
}

impl ArticleActor {
    fn others(&self) -> BTreeSet<Id> {
        match self {
            Self::Coordinator(me) => me.participants.clone(),
            Self::Participant(me) => me.peers.iter().copied().chain([me.coordinator]).collect(),
        }
    }
}

const ROLE_KEPT: &str = "a node keeps its role";

impl Actor for ArticleActor {
    type Msg = Msg;
    type Timer = TooLate;
    type State = State;
    type Storage = Log;
    type Random = Pick;

    fn on_start(&self, _: Id, log: &Option<Log>, o: &mut Out<Self>) -> State {
        if log.is_some() {
            o.broadcast(&self.others(), &Msg::Down);
            return State::Buried;
        }
        o.save(Log::Started);
        match self {
            Self::Coordinator(me) => State::Coordinator(me.begin(Stage::CanCommit, o)),
            Self::Participant(_) => State::Participant(ParticipantState::Asked),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, state.to_mut()) {
            (_, State::Buried) => {}
            (Self::Coordinator(me), State::Coordinator(state)) => me.on_msg(state, src, msg, o),
            (Self::Participant(me), State::Participant(state)) => me.on_msg(state, src, msg, o),
            (Self::Coordinator(_), State::Participant(_)) | (Self::Participant(_), State::Coordinator(_)) => {
                unreachable!("{ROLE_KEPT}")
            }
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, _: &TooLate, o: &mut Out<Self>) {
        match (self, state.to_mut()) {
            (Self::Participant(me), State::Participant(state)) => me.interrupt(state, o),
            (Self::Coordinator(_) | Self::Participant(_), _) => unreachable!("{ROLE_KEPT}"),
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, pick: &Pick, o: &mut Out<Self>) {
        match (self, state.to_mut(), *pick) {
            (Self::Coordinator(_), State::Coordinator(state), Pick::SendTo(to)) => {
                state.unsent.remove(&to);
                o.send(to, state.stage.msg());
                offer(state, o);
            }
            (Self::Participant(me), State::Participant(state), Pick::Answer(yes)) => me.answer(state, yes, o),
            (Self::Participant(me), State::Participant(state), Pick::Check(well)) => me.check(state, well, o),
            (Self::Coordinator(_) | Self::Participant(_), _, _) => unreachable!("{ROLE_KEPT}"),
        }
    }
}

/// The article's three phases.
#[derive(Clone, Debug)]
pub struct ThreePhaseArticle {
    sizes: Sizes,
}

impl Protocol for ThreePhaseArticle {
    const CARD: Card = Card {
        name: "three-phase-article",
        title: "Three-phase commit, as published",
        source: "article 003, lines 67 to 78",
        modelled: "Three phases, a check before the commit, a participant that interrupts the transaction when it \
                   cannot commit in time, crashes for good. A multicast is one send a step.",
        left_out: "The supervisor, of which nothing is said but its name; recovery and lost messages, of which nothing \
                   is said at all.",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = ArticleActor;
    type History = ();

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        Ok(Self { sizes })
    }

    fn network(&self) -> NetworkKind {
        NetworkKind::Fifo
    }

    fn roster(&self) -> Roster<ArticleActor> {
        let participants: BTreeSet<Id> = (1..=self.sizes.participants).map(Id::from).collect();
        let participant = |me: Id| {
            ArticleActor::Participant(Participant {
                coordinator: Id::from(0),
                peers: participants.iter().copied().filter(|peer| *peer != me).collect(),
                sizes: self.sizes.clone(),
            })
        };
        let coordinator = Coordinator { participants: participants.clone(), sizes: self.sizes.clone() };
        Roster::new()
            .role("coordinator", [ArticleActor::Coordinator(coordinator)])
            .role("participant", participants.iter().copied().map(participant))
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        vec![
            claims::agreement(),
            non_blocking(),
            all("all-commit", "All participants commit", Outcome::Commit),
            all("all-abort", "All participants abort", Outcome::Abort),
        ]
    }
}

impl Deciding for ThreePhaseArticle {
    fn outcome(log: &Log) -> Option<Outcome> {
        match log {
            Log::Started => None,
            Log::Ended(outcome) => Some(*outcome),
        }
    }
}

/// The outcome of a participant, if it has one; `None` for all other nodes.
fn ended(_: &ThreePhaseArticle, node: &Node<'_, ArticleActor>) -> Option<Option<Outcome>> {
    (node.id != Id::from(0)).then(|| ThreePhaseArticle::logged(node))
}

/// Line 69: time-outs make sure that the transaction ends within a given time.
fn non_blocking() -> Property<ThreePhaseArticle> {
    let claim = "Where nothing can happen any more every participant that is up has ended the transaction";
    Claim::no_deadlock("non-blocking", claim).by_nodes(
        |_: &ThreePhaseArticle, node| match node.state {
            Some(State::Participant(ParticipantState::Ended(_)) | State::Coordinator(_) | State::Buried) | None => {
                false
            }
            Some(State::Participant(_)) => true,
        },
        |_, waits| {
            let id = Id::from(waits.iter().position(|waits| *waits)?);
            Some(Evidence::new(format!("{id:?} has not ended the transaction, and nothing can happen any more")))
        },
    )
}

fn all(name: &str, about: &str, outcome: Outcome) -> Property<ThreePhaseArticle> {
    Claim::sometimes(name, about).by_nodes(ended, move |_, logs| {
        let all = logs.iter().flatten().all(|log| *log == Some(outcome));
        all.then(|| Evidence::new(format!("all participants have ended the transaction with {outcome:?}")))
    })
}
