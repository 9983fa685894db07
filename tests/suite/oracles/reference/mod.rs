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
//! | `world` | crashes, pauses, partitions |
//! | `time` | ticks, clocks |
//! | `judge` | what properties find in a global state |
//! | `tell` | states and moves as plain data |

mod judge;
mod network;
mod state;
mod tell;
mod time;
mod world;

use std::borrow::Cow;

use quorate::model::{
    Budget, Cause, Environment, Facts, History, InFlightAcrossSides, InFlightAtCrash, Losses, NetworkKind,
    NoOpDelivery, Protocol, Roster, Step,
};
use quorate::{Actor, Envelope, Id, Out};
use stateright::Model;
use stateright::actor::Command;

pub use state::GlobalOf;
use state::{Global, Memory, Node, NodeOf, Spent};

use network::{Network, Pace};

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
pub enum Move<M, T, R, K> {
    /// The message arrives.
    Deliver(Envelope<M>),
    /// The message arrives and stays in flight.
    Duplicate(Envelope<M>),
    /// The message arrives with this payload instead of its own.
    Corrupt(Envelope<M>, M),
    /// The message is lost.
    Drop(Envelope<M>),
    /// The timer fires.
    Timeout(Id, T),
    /// The choice under the key is made.
    Choose(Id, String, R),
    /// The node crashes.
    Crash(Id),
    /// The node crashes, and its last save is lost.
    LoseSave(Id),
    /// The node crashes, and this is in its storage instead of its last save.
    TearSave(Id, K),
    /// The node comes back.
    Restart(Id),
    /// The node stands still.
    Pause(Id),
    /// The node goes on.
    Resume(Id),
    /// The network splits: the side of each node.
    Partition(Vec<usize>),
    /// The network is whole again.
    Heal,
    /// Time passes.
    Tick,
    /// The clock of the node gains a tick.
    Gain(Id),
    /// The clock of the node will miss a tick.
    Lose(Id),
}

impl<M, T, R, K> Move<M, T, R, K> {
    /// Whether the world does it to the protocol.
    fn is_fault(&self) -> bool {
        match self {
            Self::Duplicate(_)
            | Self::Corrupt(..)
            | Self::Drop(_)
            | Self::Crash(_)
            | Self::LoseSave(_)
            | Self::TearSave(..)
            | Self::Pause(_)
            | Self::Partition(_)
            | Self::Gain(_)
            | Self::Lose(_) => true,
            Self::Deliver(_)
            | Self::Timeout(..)
            | Self::Choose(..)
            | Self::Restart(_)
            | Self::Resume(_)
            | Self::Tick
            | Self::Heal => false,
        }
    }
}

type MoveOf<A> = Move<<A as Actor>::Msg, <A as Actor>::Timer, <A as Actor>::Random, <A as Actor>::Storage>;
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
    /// Runs a handler of node `id`, which starts from `memory`.
    fn turn(
        &self,
        id: Id,
        before: &NodeOf<P::Actor>,
        memory: Memory<<P::Actor as Actor>::State, <P::Actor as Actor>::Timer, <P::Actor as Actor>::Random>,
        handler: impl FnOnce(&P::Actor, &mut Cow<'_, <P::Actor as Actor>::State>, &mut Out<P::Actor>),
    ) -> Turn<P::Actor> {
        let mut out = Out::new();
        let mut state = Cow::Borrowed(&memory.state);
        handler(&self.roster.members()[usize::from(id)].actor, &mut state, &mut out);
        let memory = Memory { state: state.into_owned(), ..memory.clone() };
        self.obey(id, memory, before.storage.clone(), before.before_last_save.clone(), out)
    }

    fn start(&self, id: Id, storage: Option<<P::Actor as Actor>::Storage>) -> Turn<P::Actor> {
        let mut out = Out::new();
        let state = self.roster.members()[usize::from(id)].actor.on_start(id, &storage, &mut out);
        self.obey(id, Memory { state, paused: None, timers: [].into(), choices: [].into() }, storage, None, out)
    }

    #[allow(clippy::type_complexity, reason = "spelt out once")]
    /// The node and its messages after the commands of its handler.
    fn obey(
        &self,
        id: Id,
        mut memory: Memory<<P::Actor as Actor>::State, <P::Actor as Actor>::Timer, <P::Actor as Actor>::Random>,
        stored: Option<<P::Actor as Actor>::Storage>,
        before_last_save: Option<Option<<P::Actor as Actor>::Storage>>,
        out: Out<P::Actor>,
    ) -> Turn<P::Actor> {
        let mut sent = Vec::new();
        let mut storage = stored.clone();
        for command in out {
            match command {
                Command::Send(dst, msg) => sent.push(Envelope { src: id, dst, msg }),
                Command::SetTimer(timer, range) => drop(memory.timers.insert(timer, self.due(&range))),
                Command::CancelTimer(timer) => drop(memory.timers.remove(&timer)),
                Command::ChooseRandom(key, choices) if choices.is_empty() => drop(memory.choices.remove(&key)),
                Command::ChooseRandom(key, choices) => drop(memory.choices.insert(key, choices)),
                Command::Save(value) => storage = Some(value),
            }
        }
        let can_be_taken_back = storage != stored && self.saves_can_be_taken_back(id);
        let before_last_save = if can_be_taken_back { Some(stored) } else { before_last_save };
        Turn { node: Node { memory: Some(memory), storage, before_last_save }, sent }
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
            let is_cut = !world.connects(envelope.src, envelope.dst);
            let is_lost_across = is_cut && self.environment.partitions.in_flight == InFlightAcrossSides::Lost;
            if (receiver.memory.is_some() || !losing) && !is_lost_across {
                world.network.send(envelope, self.environment.keeps_delivered());
            }
        }
    }

    /// The message arrives with the payload `msg`, its own unless it is corrupted.
    fn deliver(
        &self,
        world: &WorldOf<P>,
        envelope: &Envelope<MsgOf<P>>,
        msg: &MsgOf<P>,
        stays: bool,
    ) -> Option<WorldOf<P>> {
        let id = envelope.dst;
        let before = &world.nodes[usize::from(id)];
        let turn = self.turn(id, before, before.memory.clone()?, |actor, state, out| {
            actor.on_msg(id, state, envelope.src, msg.clone(), out);
        });
        let facts = self.facts(id, Cause::Deliver { src: envelope.src, msg }, before, &turn);
        // A corrupted message is gone, whatever its receiver makes of it.
        let is_gone = if *msg == envelope.msg { self.consumes() } else { !self.environment.keeps_delivered() };
        let is_for_somebody = |sent: &Envelope<_>| usize::from(sent.dst) < world.nodes.len();
        let sends_nothing = !turn.sent.iter().any(is_for_somebody);
        let changes_nothing = turn.node == *before && sends_nothing && facts.is_empty();
        let mut next = world.clone();
        if changes_nothing && (stays || !is_gone) {
            return None;
        }
        if !stays && !self.environment.keeps_delivered() {
            next.network.remove(envelope);
        }
        Some(self.after(next, id, turn, &facts))
    }

    /// Whether a message whose delivery changes nothing is gone by it.
    fn consumes(&self) -> bool {
        self.environment.network == NetworkKind::Fifo
            || self.environment.no_op == NoOpDelivery::Consume
            || self.environment.bounds_delays()
    }

    fn duplicate(&self, world: &WorldOf<P>, envelope: &Envelope<MsgOf<P>>) -> Option<WorldOf<P>> {
        let mut next = self.deliver(world, envelope, &envelope.msg, true)?;
        if self.environment.network != NetworkKind::Duplicating {
            spend(&mut next.spent.duplicates, self.environment.duplicates.total);
        }
        Some(next)
    }

    fn corrupt(&self, world: &WorldOf<P>, envelope: &Envelope<MsgOf<P>>, payload: &MsgOf<P>) -> Option<WorldOf<P>> {
        let mut next = self.deliver(world, envelope, payload, false)?;
        spend(&mut next.spent.corruptions, self.environment.corruptions.total);
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
        let turn = self.turn(id, before, memory, |actor, state, out| {
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
        let turn = self.turn(id, before, memory, |actor, state, out| {
            actor.on_random(id, state, choice, out);
        });
        let facts = self.facts(id, Cause::Choose(choice), before, &turn);
        Some(self.after(world.clone(), id, turn, &facts))
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
            sides: vec![],
            clocks: self.first_clocks(),
        };
        for (ix, turn) in turns.into_iter().enumerate() {
            let before = Node { memory: None, storage: None, before_last_save: None };
            let facts = self.facts(ix.into(), Cause::Start, &before, &turn);
            world = self.after(world, ix.into(), turn, &facts);
        }
        vec![world]
    }

    fn actions(&self, world: &Self::State, moves: &mut Vec<Self::Action>) {
        for (envelope, age) in world.network.heads() {
            if self.may_happen(&self.environment.loss, world.spent.losses, &envelope) {
                moves.push(Move::Drop(envelope.clone()));
            }
            if !Self::can_take(world, &envelope) || !Pace::of(&self.environment).may_arrive(age) {
                continue;
            }
            moves.push(Move::Deliver(envelope.clone()));
            if self.may_happen(&self.environment.corruptions, world.spent.corruptions, &envelope) {
                let payloads = once_each(self.protocol.corrupt(&envelope.msg));
                let others = payloads.into_iter().filter(|payload| *payload != envelope.msg);
                moves.extend(others.map(|payload| Move::Corrupt(envelope.clone(), payload)));
            }
            let duplicates = match self.environment.network {
                NetworkKind::Duplicating => self.environment.bounds_delays(),
                NetworkKind::Unordered | NetworkKind::Fifo => {
                    self.may_happen(&self.environment.duplicates, world.spent.duplicates, &envelope)
                }
            };
            if duplicates {
                moves.push(Move::Duplicate(envelope));
            }
        }
        for (ix, node) in world.nodes.iter().enumerate() {
            let Some(memory) = node.memory.as_ref().filter(|memory| memory.paused.is_none()) else { continue };
            let ripe = memory.timers.iter().filter(|(_, due)| due.earliest == 0);
            moves.extend(ripe.map(|(timer, _)| Move::Timeout(ix.into(), timer.clone())));
            for (key, choices) in &memory.choices {
                moves.extend(choices.iter().map(|choice| Move::Choose(ix.into(), key.clone(), choice.clone())));
            }
        }
        self.crashes_and_restarts(world, moves);
        self.pauses(world, moves);
        self.partitions(world, moves);
        self.time(world, moves);
    }

    fn next_state(&self, world: &Self::State, action: Self::Action) -> Option<Self::State> {
        match action {
            Move::Deliver(envelope) => self.deliver(world, &envelope, &envelope.msg, false),
            Move::Corrupt(envelope, payload) => self.corrupt(world, &envelope, &payload),
            Move::Duplicate(envelope) => self.duplicate(world, &envelope),
            Move::Drop(envelope) => Some(self.lose(world, &envelope)),
            Move::Timeout(id, timer) => self.timeout(world, id, &timer),
            Move::Choose(id, key, choice) => self.choose(world, id, &key, &choice),
            Move::Crash(id) => Some(self.crash(world, id)),
            Move::LoseSave(id) => Some(self.lose_save(world, id)),
            Move::TearSave(id, storage) => Some(self.tear_save(world, id, storage)),
            Move::Restart(id) => Some(self.restart(world, id)),
            Move::Pause(id) => Some(self.pause(world, id)),
            Move::Resume(id) => Some(self.resume(world, id)),
            Move::Partition(sides) => Some(self.split(world, sides)),
            Move::Tick => self.tick(world),
            Move::Gain(id) => Some(self.gain(world, id)),
            Move::Lose(id) => Some(Self::miss(world, id)),
            Move::Heal => Some(WorldOf::<P> { sides: vec![], ..world.clone() }),
        }
    }
}

fn is_left(budget: Budget, spent: u32) -> bool {
    budget.bound().is_none_or(|bound| spent < bound)
}

fn spend(spent: &mut u32, budget: Budget) {
    if budget.bound().is_some() {
        *spent += 1;
    }
}

/// The values, each once.
fn once_each<T: PartialEq>(values: Vec<T>) -> Vec<T> {
    let mut once: Vec<T> = Vec::new();
    for value in values {
        if !once.contains(&value) {
            once.push(value);
        }
    }
    once
}
