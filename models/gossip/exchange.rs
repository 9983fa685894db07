//! Replicas that exchange what they hold, pair by pair, for ever: the message exchange of anti-entropy, whatever is
//! replicated.
//!
//! Demers et al. (1987), section 1.3: a site picks another and resolves the differences, by push, by pull or by both. Here
//! a timer stands for each pair, so that weak fairness says that every pair exchanges again and again. Messages travel as a
//! set: one that is sent again while it is under way adds nothing, and one that was delivered may arrive again.
//! So the states stay finite though exchanges never end, and whatever is shown here holds with duplicates.

use std::borrow::Cow;
use std::fmt;

use quorate::model::{Cause, Claim, Datum, Node, Property, Protocol, Step};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out, choice_param};
use serde::Serialize;
use stateright::actor::model_timeout;

choice_param! {
    /// Who sends in an exchange what it holds.
    pub enum Exchange {
        /// Who begins it.
        Push = "push",
        /// The other one.
        Pull = "pull",
        /// Both.
        PushPull = "push-pull",
    }
}

/// What is replicated: a value that clients write at one replica, and that replicas merge.
pub trait Replicated: Clone + fmt::Debug + Send + Sync + 'static {
    /// What a replica holds.
    type Value: Datum + Ord;

    /// What the replica `id` holds at first.
    fn start(&self, id: Id) -> Self::Value;

    /// What it holds after the write number `nth`, from 0, of its clients.
    fn write(&self, id: Id, value: &Self::Value, nth: u8) -> Self::Value;

    /// What a replica holds after it has been told what another does.
    fn merge(&self, own: &Self::Value, others: &Self::Value) -> Self::Value;
}

/// A replica.
#[derive(Clone, Debug)]
pub struct Replica<R> {
    /// What is replicated.
    pub replicated: R,
    /// With whom it begins exchanges.
    pub peers: Vec<Id>,
    /// How they go.
    pub exchange: Exchange,
    /// How often its clients write.
    pub writes: u8,
    /// Whether it saves what it holds.
    pub durable: bool,
    /// Deviation: it begins one exchange with each peer, and no other.
    pub once: bool,
}

/// The state of a replica, and what it saves.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ReplicaState<V> {
    /// What it holds.
    pub value: V,
    /// How many writes its clients have made.
    pub written: u8,
}

/// What travels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg<V> {
    /// Tell me what you hold.
    Ask,
    /// What the sender holds.
    Tell(V),
    /// What the sender holds, and: tell me what you hold.
    Compare(V),
}

/// What happens at a replica by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// An exchange with this replica begins.
    Exchange(Id),
    /// A client writes.
    Write,
}

impl<R: Replicated> Replica<R> {
    fn begin(&self, id: Id, me: &ReplicaState<R::Value>, peer: Id, out: &mut Out<Self>) {
        let has_news = me.value != self.replicated.start(id);
        match self.exchange {
            Exchange::Push if has_news => out.send(peer, Msg::Tell(me.value.clone())),
            // Who holds nothing has nothing to tell.
            Exchange::Push => {}
            Exchange::Pull => out.send(peer, Msg::Ask),
            Exchange::PushPull => out.send(peer, Msg::Compare(me.value.clone())),
        }
        if !self.once {
            out.set_timer(Timer::Exchange(peer), model_timeout());
        }
    }

    fn write(&self, id: Id, me: &ReplicaState<R::Value>, out: &mut Out<Self>) -> ReplicaState<R::Value> {
        let value = self.replicated.write(id, &me.value, me.written);
        let me = ReplicaState { value, written: me.written + 1 };
        self.await_write(&me, out);
        self.hold(me, out)
    }

    fn await_write(&self, me: &ReplicaState<R::Value>, out: &mut Out<Self>) {
        if me.written < self.writes {
            out.set_timer(Timer::Write, model_timeout());
        }
    }

    fn hold(&self, me: ReplicaState<R::Value>, out: &mut Out<Self>) -> ReplicaState<R::Value> {
        if self.durable {
            out.save(me.clone());
        }
        me
    }
}

impl<R: Replicated> Actor for Replica<R> {
    type Msg = Msg<R::Value>;
    type Timer = Timer;
    type State = ReplicaState<R::Value>;
    type Storage = ReplicaState<R::Value>;
    type Random = ();

    fn on_start(&self, id: Id, saved: &Option<Self::Storage>, out: &mut Out<Self>) -> Self::State {
        let fresh = || ReplicaState { value: self.replicated.start(id), written: 0 };
        let me = saved.clone().unwrap_or_else(fresh);
        self.peers.iter().for_each(|peer| out.set_timer(Timer::Exchange(*peer), model_timeout()));
        self.await_write(&me, out);
        me
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, Self::State>, src: Id, msg: Self::Msg, out: &mut Out<Self>) {
        let told = match &msg {
            Msg::Ask => None,
            Msg::Tell(value) | Msg::Compare(value) => Some(self.replicated.merge(&state.value, value)),
        };
        if let Some(value) = told.filter(|value| *value != state.value) {
            *state = Cow::Owned(self.hold(ReplicaState { value, ..**state }, out));
        }
        match msg {
            Msg::Ask | Msg::Compare(_) => out.send(src, Msg::Tell(state.value.clone())),
            Msg::Tell(_) => {}
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, Self::State>, timer: &Timer, out: &mut Out<Self>) {
        match *timer {
            Timer::Exchange(peer) => self.begin(id, state, peer, out),
            Timer::Write => *state = Cow::Owned(self.write(id, state, out)),
        }
    }
}

/// Whether the step is a client's write.
pub fn is_write<R: Replicated>(step: &Step<'_, Replica<R>>) -> bool {
    matches!(step.cause, Cause::Timeout(Timer::Write))
}

/// All but `ix` of so many replicas.
pub fn others(count: usize, ix: usize) -> Vec<Id> {
    (0..count).filter(|peer| *peer != ix).map(Id::from).collect()
}

/// Replicas that are up agree in the end.
pub fn converges<R: Replicated, P: Protocol<Actor = Replica<R>>>() -> Property<P> {
    let claim = "When nothing is written any more all replicas that are up come to hold the same, for good";
    Claim::eventually_always("converges", claim).by_nodes(|_: &P, node| value(node), |_, held| apart(held))
}

/// They do not agree all the time.
pub fn divergence<R: Replicated, P: Protocol<Actor = Replica<R>>>() -> Property<P> {
    Claim::sometimes("divergence", "Two replicas that are up do not hold the same")
        .by_nodes(|_: &P, node| value(node), |_, held| apart(held))
}

fn value<R: Replicated>(node: &Node<'_, Replica<R>>) -> Option<R::Value> {
    node.state.map(|replica| replica.value.clone())
}

/// Two replicas, of those that are up, that do not hold the same.
fn apart<V: PartialEq>(held: &[Option<V>]) -> Option<Evidence> {
    let mut up = held.iter().enumerate().filter_map(|(ix, value)| Some((Id::from(ix), value.as_ref()?)));
    let (first, own) = up.next()?;
    let (other, _) = up.find(|(_, others)| *others != own)?;
    Some(Evidence::new(format!("{first:?} and {other:?} do not hold the same")))
}
