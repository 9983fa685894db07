//! Two-phase commit as actors, twice: with messages that are sent once, and with TLA+'s growing set of messages.

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::model::{Claim, NetworkKind, Property, Protocol, Roster};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::Expectation;
use stateright::actor::ActorModel;

/// Two-phase commit with some participants.
pub struct TwoPhase {
    /// How many participants.
    pub participants: usize,
    /// Who starts.
    pub kind: Kind,
}

/// Who starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The coordinator asks, participants answer, and the first refusal aborts.
    Asked,
    /// Participants prepare or abort by themselves, and the coordinator may abort at any moment: the atomicity of the
    /// TLA+ specification `TwoPhase`, whose set of messages is a duplicating network.
    Unasked,
}

#[derive(Clone)]
pub enum Member {
    Coordinator { participants: usize, kind: Kind },
    Participant { kind: Kind },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    Ask,
    Yes,
    No,
    Commit,
    Abort,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum State {
    Coordinator { prepared: BTreeSet<Id>, decision: Option<Choice> },
    Working,
    Prepared,
    Done(Choice),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Choice {
    /// For a participant: prepare.
    Commit,
    Abort,
}

const KEY: &str = "decide";
const COORDINATOR: usize = 0;

fn ids(participants: usize) -> impl Iterator<Item = Id> {
    (1..=participants).map(Id::from)
}

impl Member {
    fn decide(&self, state: &mut State, choice: Choice, o: &mut Out<Self>) {
        if let (Self::Coordinator { participants, .. }, State::Coordinator { decision, .. }) = (self, state) {
            *decision = Some(choice);
            let msg = match choice {
                Choice::Commit => Msg::Commit,
                Choice::Abort => Msg::Abort,
            };
            ids(*participants).for_each(|id| o.send(id, msg.clone()));
        }
    }

    fn count(&self, state: &mut Cow<'_, State>, src: Id, o: &mut Out<Self>) {
        let (Self::Coordinator { participants, kind }, State::Coordinator { prepared, decision: None }) =
            (self, &**state)
        else {
            return;
        };
        let mut prepared = prepared.clone();
        prepared.insert(src);
        let all = prepared.len() == *participants;
        *state = Cow::Owned(State::Coordinator { prepared, decision: None });
        match kind {
            Kind::Asked if all => self.decide(state.to_mut(), Choice::Commit, o),
            Kind::Unasked if all => o.choose_random(KEY, vec![Choice::Commit, Choice::Abort]),
            Kind::Asked | Kind::Unasked => {}
        }
    }
}

/// A participant does as was decided; one that has done so does nothing, not even touch its state.
fn end(state: &mut Cow<'_, State>, choice: Choice, o: &mut Out<Member>) {
    if **state != State::Done(choice) {
        *state = Cow::Owned(State::Done(choice));
        o.remove_random(KEY);
    }
}

impl Actor for Member {
    type Msg = Msg;
    type State = State;
    type Timer = ();
    type Random = Choice;
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Coordinator { participants, kind: Kind::Asked } => {
                ids(*participants).for_each(|id| o.send(id, Msg::Ask));
            }
            Self::Coordinator { kind: Kind::Unasked, .. } => o.choose_random(KEY, vec![Choice::Abort]),
            Self::Participant { kind: Kind::Asked } => {}
            Self::Participant { kind: Kind::Unasked } => o.choose_random(KEY, vec![Choice::Commit, Choice::Abort]),
        }
        match self {
            Self::Coordinator { .. } => State::Coordinator { prepared: BTreeSet::new(), decision: None },
            Self::Participant { .. } => State::Working,
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let undecided = matches!(**state, State::Coordinator { decision: None, .. });
        match msg {
            Msg::Ask if **state == State::Working => o.choose_random(KEY, vec![Choice::Commit, Choice::Abort]),
            Msg::Yes => self.count(state, src, o),
            Msg::No if undecided => self.decide(state.to_mut(), Choice::Abort, o),
            Msg::Commit => end(state, Choice::Commit, o),
            Msg::Abort => end(state, Choice::Abort, o),
            Msg::Ask | Msg::No => {}
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, choice: &Choice, o: &mut Out<Self>) {
        match (self, choice) {
            (Self::Coordinator { .. }, _) => self.decide(state.to_mut(), *choice, o),
            (Self::Participant { .. }, Choice::Commit) => {
                *state.to_mut() = State::Prepared;
                o.send(COORDINATOR.into(), Msg::Yes);
            }
            (Self::Participant { kind }, Choice::Abort) => {
                *state.to_mut() = State::Done(Choice::Abort);
                if *kind == Kind::Asked {
                    o.send(COORDINATOR.into(), Msg::No);
                }
            }
        }
    }
}

impl TwoPhase {
    fn participants(&self) -> impl Iterator<Item = Member> {
        (0..self.participants).map(|_| Member::Participant { kind: self.kind })
    }

    fn coordinator(&self) -> Member {
        Member::Coordinator { participants: self.participants, kind: self.kind }
    }

    /// The same actors for stateright, with the same properties.
    pub fn actor_model(&self, network: NetworkKind, lossy: bool) -> ActorModel<Member> {
        let actors = [self.coordinator()].into_iter().chain(self.participants()).collect();
        super::actor_model(actors, (), (), network, lossy)
            .property(Expectation::Always, "consistent", |_, state| {
                let done = |choice| state.actor_states.iter().any(|state| **state == State::Done(choice));
                !(done(Choice::Commit) && done(Choice::Abort))
            })
            .property(Expectation::Sometimes, "commits", |_, state| {
                state.actor_states[1..].iter().all(|state| **state == State::Done(Choice::Commit))
            })
    }
}

impl Protocol for TwoPhase {
    crate::plain_protocol!("two-phase");
    type Actor = Member;
    type History = ();

    fn roster(&self) -> Roster<Member> {
        Roster::new().role("coordinator", [self.coordinator()]).role("participant", self.participants())
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        let read = |_: &Self, node: &quorate::model::Node<'_, Member>| match node.state {
            Some(State::Done(choice)) => Some(*choice),
            _ => None,
        };
        vec![
            Claim::always("consistent", "no participant commits while another aborts").by_nodes(read, |_, read| {
                let done = |choice| read.iter().position(|node| *node == Some(choice));
                let (one, other) = (done(Choice::Commit)?, done(Choice::Abort)?);
                Some(Evidence::new(format!("{:?} committed, {:?} aborted", Id::from(one), Id::from(other))))
            }),
            Claim::sometimes("commits", "every participant commits").by_nodes(read, |_, read| {
                let all = read[1..].iter().all(|node| *node == Some(Choice::Commit));
                all.then(|| Evidence::new("all committed"))
            }),
        ]
    }
}
