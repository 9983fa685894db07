//! The cluster once more, written straight from its semantics over plain, rich states.
//!
//! [`Reference`] is a stateright [`Model`]: whoever can search a `Model` can search it, above all
//! [`naive`](super::naive). It shares with the cluster only the author's words (`quorate::model`); it interns
//! nothing, remembers no handler's answer and runs every step from the start.
//!
//! | file | what |
//! |---|---|
//! | `state` | a global state |
//! | `network` | messages in flight, by kind of network |
//! | `judge` | what properties find in a global state |
//! | `tell` | states and moves as plain data |

mod judge;
mod network;
mod state;
mod tell;

use std::borrow::Cow;

use quorate::model::{
    Budget, Cause, Environment, Facts, History, InFlightAtCrash, Losses, NetworkKind, NoOpDelivery, Protocol, Roster,
    Step,
};
use quorate::{Actor, Envelope, Id, Out};
use stateright::Model;
use stateright::actor::Command;

pub use state::GlobalOf;
use state::{Global, Memory, Node, NodeOf, Spent};

use network::Network;

/// A protocol in an environment, as a model to be searched naively.
pub struct Reference<P: Protocol> {
    protocol: P,
    environment: Environment,
    roster: Roster<P::Actor>,
}

/// A global state of `P`.
pub type WorldOf<P> = GlobalOf<<P as Protocol>::Actor, <P as Protocol>::History>;

/// One thing that can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Move<M, T, R> {
    /// The message arrives.
    Deliver(Envelope<M>),
    /// The message arrives and stays in flight.
    Duplicate(Envelope<M>),
    /// The message is lost.
    Drop(Envelope<M>),
    /// The timer fires.
    Timeout(Id, T),
    /// The choice under the key is made.
    Choose(Id, String, R),
    /// The node crashes.
    Crash(Id),
    /// The node comes back.
    Restart(Id),
}

impl<M, T, R> Move<M, T, R> {
    /// Whether the world does it to the protocol.
    fn is_fault(&self) -> bool {
        match self {
            Self::Duplicate(_) | Self::Drop(_) | Self::Crash(_) => true,
            Self::Deliver(_) | Self::Timeout(..) | Self::Choose(..) | Self::Restart(_) => false,
        }
    }
}

type MoveOf<A> = Move<<A as Actor>::Msg, <A as Actor>::Timer, <A as Actor>::Random>;
type MsgOf<P> = <<P as Protocol>::Actor as Actor>::Msg;
type FactOf<P> = <<P as Protocol>::History as History>::Fact;

/// What a node did in one step: how it is afterwards, and what it sent.
struct Turn<A: Actor<Timer: Ord>> {
    node: NodeOf<A>,
    sent: Vec<Envelope<A::Msg>>,
}

impl<P: Protocol> Reference<P> {
    /// The protocol in the environment.
    pub fn new(protocol: P, environment: &Environment) -> Self {
        Self { roster: protocol.roster(), protocol, environment: environment.clone() }
    }

    fn is_of_roles(&self, id: Id, roles: &[String]) -> bool {
        roles.is_empty() || roles.iter().any(|role| role == self.roster.members()[usize::from(id)].role)
    }

    fn may_happen(&self, faults: &Losses, spent: u32, envelope: &Envelope<MsgOf<P>>) -> bool {
        is_left(faults.total, spent) && self.is_of_roles(envelope.dst, &faults.of_roles)
    }

    #[allow(clippy::type_complexity, clippy::needless_pass_by_value, reason = "spelt out once, and used up")]
    /// Runs a handler of node `id`, which starts from `memory` and `storage`.
    fn turn(
        &self,
        id: Id,
        memory: Memory<<P::Actor as Actor>::State, <P::Actor as Actor>::Timer, <P::Actor as Actor>::Random>,
        storage: Option<<P::Actor as Actor>::Storage>,
        handler: impl FnOnce(&P::Actor, &mut Cow<'_, <P::Actor as Actor>::State>, &mut Out<P::Actor>),
    ) -> Turn<P::Actor> {
        let mut out = Out::new();
        let mut state = Cow::Borrowed(&memory.state);
        handler(&self.roster.members()[usize::from(id)].actor, &mut state, &mut out);
        let memory = Memory { state: state.into_owned(), ..memory.clone() };
        obey(id, memory, storage, out)
    }

    fn start(&self, id: Id, storage: Option<<P::Actor as Actor>::Storage>) -> Turn<P::Actor> {
        let mut out = Out::new();
        let state = self.roster.members()[usize::from(id)].actor.on_start(id, &storage, &mut out);
        obey(id, Memory { state, timers: [].into(), choices: [].into() }, storage, out)
    }

    fn facts(
        &self,
        id: Id,
        cause: Cause<'_, P::Actor>,
        before: &NodeOf<P::Actor>,
        turn: &Turn<P::Actor>,
    ) -> Facts<FactOf<P>> {
        let mut facts = Facts::new();
        let step = Step {
            node: id,
            cause,
            before: before.memory.as_ref().map(|memory| &memory.state),
            after: turn.node.memory.as_ref().map(|memory| &memory.state),
            stored_before: before.storage.as_ref(),
            stored_after: turn.node.storage.as_ref(),
            sent: &turn.sent,
        };
        self.protocol.observe(&step, &mut facts);
        facts
    }

    /// The world after node `id` took its turn in `world`.
    fn after(&self, mut world: WorldOf<P>, id: Id, turn: Turn<P::Actor>, facts: &[FactOf<P>]) -> WorldOf<P> {
        world.nodes[usize::from(id)] = turn.node;
        self.send(&mut world, turn.sent);
        for fact in facts {
            world.history.record(fact);
        }
        world
    }

    fn send(&self, world: &mut WorldOf<P>, envelopes: Vec<Envelope<MsgOf<P>>>) {
        let losing = self.environment.crashes.in_flight == InFlightAtCrash::Lost;
        for envelope in envelopes {
            let Some(receiver) = world.nodes.get(usize::from(envelope.dst)) else { continue };
            if receiver.memory.is_some() || !losing {
                world.network.send(envelope);
            }
        }
    }

    fn deliver(&self, world: &WorldOf<P>, envelope: &Envelope<MsgOf<P>>, stays: bool) -> Option<WorldOf<P>> {
        let id = envelope.dst;
        let before = &world.nodes[usize::from(id)];
        let turn = self.turn(id, before.memory.clone()?, before.storage.clone(), |actor, state, out| {
            actor.on_msg(id, state, envelope.src, envelope.msg.clone(), out);
        });
        let facts = self.facts(id, Cause::Deliver { src: envelope.src, msg: &envelope.msg }, before, &turn);
        let is_for_somebody = |sent: &Envelope<_>| usize::from(sent.dst) < world.nodes.len();
        let sends_nothing = !turn.sent.iter().any(is_for_somebody);
        let changes_nothing = turn.node == *before && sends_nothing && facts.is_empty();
        let mut next = world.clone();
        if changes_nothing && (stays || !self.consumes()) {
            return None;
        }
        if !stays && !matches!(next.network, Network::Set(_)) {
            next.network.remove(envelope);
        }
        Some(self.after(next, id, turn, &facts))
    }

    /// Whether a message whose delivery changes nothing is gone by it.
    fn consumes(&self) -> bool {
        self.environment.network == NetworkKind::Fifo || self.environment.no_op == NoOpDelivery::Consume
    }

    fn duplicate(&self, world: &WorldOf<P>, envelope: &Envelope<MsgOf<P>>) -> Option<WorldOf<P>> {
        let mut next = self.deliver(world, envelope, true)?;
        spend(&mut next.spent.duplicates, self.environment.duplicates.total);
        Some(next)
    }

    fn lose(&self, world: &WorldOf<P>, envelope: &Envelope<MsgOf<P>>) -> WorldOf<P> {
        let mut next = world.clone();
        next.network.remove(envelope);
        spend(&mut next.spent.losses, self.environment.loss.total);
        next
    }

    fn timeout(&self, world: &WorldOf<P>, id: Id, timer: &<P::Actor as Actor>::Timer) -> Option<WorldOf<P>> {
        let before = &world.nodes[usize::from(id)];
        let mut memory = before.memory.clone()?;
        memory.timers.remove(timer);
        let turn = self.turn(id, memory, before.storage.clone(), |actor, state, out| {
            actor.on_timeout(id, state, timer, out);
        });
        let facts = self.facts(id, Cause::Timeout(timer), before, &turn);
        Some(self.after(world.clone(), id, turn, &facts))
    }

    fn choose(
        &self,
        world: &WorldOf<P>,
        id: Id,
        key: &str,
        choice: &<P::Actor as Actor>::Random,
    ) -> Option<WorldOf<P>> {
        let before = &world.nodes[usize::from(id)];
        let mut memory = before.memory.clone()?;
        memory.choices.remove(key);
        let turn = self.turn(id, memory, before.storage.clone(), |actor, state, out| {
            actor.on_random(id, state, choice, out);
        });
        let facts = self.facts(id, Cause::Choose(choice), before, &turn);
        Some(self.after(world.clone(), id, turn, &facts))
    }

    fn crash(&self, world: &WorldOf<P>, id: Id) -> WorldOf<P> {
        let before = &world.nodes[usize::from(id)];
        let turn = Turn { node: Node { memory: None, storage: before.storage.clone() }, sent: vec![] };
        let facts = self.facts(id, Cause::Crash, before, &turn);
        let mut next = world.clone();
        spend(&mut next.spent.crashes, self.environment.crashes.total);
        if self.environment.crashes.in_flight == InFlightAtCrash::Lost {
            next.network.remove_all_to(id);
        }
        self.after(next, id, turn, &facts)
    }

    fn restart(&self, world: &WorldOf<P>, id: Id) -> WorldOf<P> {
        let before = &world.nodes[usize::from(id)];
        let turn = self.start(id, before.storage.clone());
        let facts = self.facts(id, Cause::Restart, before, &turn);
        self.after(world.clone(), id, turn, &facts)
    }

    fn crashes_and_restarts(&self, world: &WorldOf<P>, moves: &mut Vec<MoveOf<P::Actor>>) {
        let crashes = &self.environment.crashes;
        let down_count = world.nodes.iter().filter(|node| node.memory.is_none()).count() as u32;
        let one_more = is_left(crashes.total, world.spent.crashes) && is_left(crashes.at_once, down_count);
        for (ix, node) in world.nodes.iter().enumerate() {
            let id = Id::from(ix);
            match &node.memory {
                Some(_) if one_more && self.is_of_roles(id, &crashes.of_roles) => moves.push(Move::Crash(id)),
                None if crashes.restart => moves.push(Move::Restart(id)),
                Some(_) | None => {}
            }
        }
    }
}

impl<P: Protocol> Model for Reference<P> {
    type State = WorldOf<P>;
    type Action = MoveOf<P::Actor>;

    fn init_states(&self) -> Vec<Self::State> {
        let turns: Vec<Turn<P::Actor>> = (0..self.roster.len()).map(|ix| self.start(ix.into(), None)).collect();
        let mut world = Global {
            nodes: turns.iter().map(|turn| turn.node.clone()).collect(),
            network: Network::empty(self.environment.network),
            history: self.protocol.history(),
            spent: Spent::default(),
        };
        for (ix, turn) in turns.into_iter().enumerate() {
            let before = Node { memory: None, storage: None };
            let facts = self.facts(ix.into(), Cause::Start, &before, &turn);
            world = self.after(world, ix.into(), turn, &facts);
        }
        vec![world]
    }

    fn actions(&self, world: &Self::State, moves: &mut Vec<Self::Action>) {
        for envelope in world.network.heads() {
            moves.push(Move::Deliver(envelope.clone()));
            let once = self.environment.network != NetworkKind::Duplicating;
            if once && self.may_happen(&self.environment.duplicates, world.spent.duplicates, &envelope) {
                moves.push(Move::Duplicate(envelope.clone()));
            }
            if self.may_happen(&self.environment.loss, world.spent.losses, &envelope) {
                moves.push(Move::Drop(envelope));
            }
        }
        for (ix, node) in world.nodes.iter().enumerate() {
            let Some(memory) = &node.memory else { continue };
            moves.extend(memory.timers.iter().map(|timer| Move::Timeout(ix.into(), timer.clone())));
            for (key, choices) in &memory.choices {
                moves.extend(choices.iter().map(|choice| Move::Choose(ix.into(), key.clone(), choice.clone())));
            }
        }
        self.crashes_and_restarts(world, moves);
    }

    fn next_state(&self, world: &Self::State, action: Self::Action) -> Option<Self::State> {
        match action {
            Move::Deliver(envelope) => self.deliver(world, &envelope, false),
            Move::Duplicate(envelope) => self.duplicate(world, &envelope),
            Move::Drop(envelope) => Some(self.lose(world, &envelope)),
            Move::Timeout(id, timer) => self.timeout(world, id, &timer),
            Move::Choose(id, key, choice) => self.choose(world, id, &key, &choice),
            Move::Crash(id) => Some(self.crash(world, id)),
            Move::Restart(id) => Some(self.restart(world, id)),
        }
    }
}

/// The node and its messages after the commands of its handler.
fn obey<A: Actor<Msg: Ord, Timer: Ord>>(
    id: Id,
    mut memory: Memory<A::State, A::Timer, A::Random>,
    mut storage: Option<A::Storage>,
    out: Out<A>,
) -> Turn<A> {
    let mut sent = Vec::new();
    for command in out {
        match command {
            Command::Send(dst, msg) => sent.push(Envelope { src: id, dst, msg }),
            Command::SetTimer(timer, _) => drop(memory.timers.insert(timer)),
            Command::CancelTimer(timer) => drop(memory.timers.remove(&timer)),
            Command::ChooseRandom(key, choices) if choices.is_empty() => drop(memory.choices.remove(&key)),
            Command::ChooseRandom(key, choices) => drop(memory.choices.insert(key, choices)),
            Command::Save(value) => storage = Some(value),
        }
    }
    Turn { node: Node { memory: Some(memory), storage }, sent }
}

fn is_left(budget: Budget, spent: u32) -> bool {
    budget.bound().is_none_or(|bound| spent < bound)
}

fn spend(spent: &mut u32, budget: Budget) {
    if budget.bound().is_some() {
        *spent += 1;
    }
}
