//! Replicas and clients as one actor, and those that lie.

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::model::Deviations;
use quorate::{Actor, Id, Out};
use serde::Serialize;

use super::Deviation;
use super::message::{Lie, Msg};
use super::replica::{Replica, ReplicaState};

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// It follows the protocol.
    Correct(Replica),
    /// It lies. What it says is the choice of those who hear it.
    Liar,
    /// It has made a request, and waits for the answer.
    Client(Client),
}

/// A client: section 4.1.
#[derive(Clone, Debug)]
pub struct Client {
    /// f: so many answers may be lies.
    pub(super) tolerated: usize,
    /// How many replicas do lie.
    pub(super) liars: usize,
    /// All that it may be told by them.
    pub(super) lies: Vec<Lie>,
    pub(super) deviations: Deviations<Deviation>,
}

/// A client's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ClientState {
    /// The answers of correct replicas, until it accepts one.
    pub answers: BTreeSet<(usize, Id)>,
    /// The answer that it accepts: its request was executed as the one with this number.
    pub accepted: Option<usize>,
}

/// A member's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum State {
    /// Of a correct replica.
    Correct(ReplicaState),
    /// Of one that lies: nothing that matters.
    Liar,
    /// Of a client.
    Client(ClientState),
}

impl State {
    /// The state of a correct replica.
    pub fn correct(&self) -> Option<&ReplicaState> {
        match self {
            Self::Correct(me) => Some(me),
            Self::Liar | Self::Client(_) => None,
        }
    }

    /// The state of a client.
    pub fn client(&self) -> Option<&ClientState> {
        match self {
            Self::Client(me) => Some(me),
            Self::Liar | Self::Correct(_) => None,
        }
    }
}

/// What may happen to a replica at any moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// It has waited for too long, as it thinks.
    ViewChange,
}

impl Client {
    /// f + 1 replicas that say the same are not all lying. `lies` of them may be.
    fn hear(&self, me: &mut ClientState, place: usize, src: Option<Id>) {
        if me.accepted.is_some() {
            return;
        }
        me.answers.extend(src.map(|src| (place, src)));
        let correct = me.answers.iter().filter(|(other, _)| *other == place).count();
        let count = correct + if src.is_none() { self.liars } else { 0 };
        let needed = if self.deviations.has(Deviation::AcceptOneAnswer) { 1 } else { self.tolerated + 1 };
        if count >= needed {
            *me = ClientState { answers: BTreeSet::new(), accepted: Some(place) };
        }
    }

    fn listen(&self, o: &mut Out<Member>) {
        o.choose_random("is told", self.lies.clone());
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = ();
    type Random = Lie;

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Correct(replica) => State::Correct(replica.start(o)),
            Self::Liar => State::Liar,
            Self::Client(client) => {
                client.listen(o);
                State::Client(ClientState::default())
            }
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, &**state, msg) {
            (Self::Correct(replica), State::Correct(before), msg) => {
                let mut me = before.clone();
                replica.receive(&mut me, src, msg, o);
                *state = Cow::Owned(State::Correct(me));
            }
            (Self::Client(client), State::Client(before), Msg::Reply(place)) => {
                let mut me = before.clone();
                client.hear(&mut me, place, Some(src));
                *state = Cow::Owned(State::Client(me));
            }
            (Self::Correct(_) | Self::Client(_) | Self::Liar, ..) => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, Timer::ViewChange: &Timer, o: &mut Out<Self>) {
        if let (Self::Correct(replica), State::Correct(before)) = (self, &**state) {
            let mut me = before.clone();
            replica.time_out(&mut me, o);
            *state = Cow::Owned(State::Correct(me));
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, lie: &Lie, o: &mut Out<Self>) {
        match (self, &**state, lie) {
            (Self::Correct(replica), State::Correct(before), lie) => {
                let mut me = before.clone();
                replica.be_told(&mut me, lie, o);
                *state = Cow::Owned(State::Correct(me));
            }
            (Self::Client(client), State::Client(before), Lie::Reply(place)) => {
                let mut me = before.clone();
                client.hear(&mut me, *place, None);
                client.listen(o);
                *state = Cow::Owned(State::Client(me));
            }
            (Self::Correct(_) | Self::Client(_) | Self::Liar, ..) => {}
        }
    }
}
