//! A cluster, and the filling of its tables.

use std::sync::atomic::{AtomicBool, Ordering};

use stateright::actor::Id;

use super::conditions::Conditions;
use super::event::Event;
use super::faults::{Layout, Targets};
use super::inbox::{Inbox, InboxRules};
use super::measures::Measures;
use super::moves::{self, Move, Moves};
use super::position::{Effect, Position};
use super::slot::{Life, Slot};
use super::step::{Call, Outcome};
use crate::model::{Assumption, Environment, History, InFlightAtCrash, NetworkKind, NoOpDelivery, Protocol, Roster};
use crate::system::table::PairMemo;
use crate::system::{
    ActionKind, FairInstances, Interner, Label, PropertyCard, PropertySet, Successors, TransitionSystem, Word,
};

/// The facts of one step.
pub(super) type FactsOf<P> = Vec<<<P as Protocol>::History as History>::Fact>;

/// A protocol in an environment: a transition system. The rules are on the page of [this module](super).
pub struct Cluster<P: Protocol> {
    pub(super) protocol: P,
    pub(super) roster: Roster<P::Actor>,
    environment: Environment,
    rules: InboxRules,
    targets: Targets,
    pub(super) layout: Layout,
    pub(super) positions: Vec<Position<P::Actor>>,
    pub(super) histories: Interner<P::History>,
    facts: Interner<FactsOf<P>>,
    /// (history, facts) -> history.
    recorded: PairMemo,
    pub(super) conditions: Conditions<P>,
    pub(super) measures: Measures<P>,
    /// Whether some handler has ever gone wrong.
    failed: AtomicBool,
}

impl<P: Protocol> std::fmt::Debug for Cluster<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("environment", &self.environment).finish_non_exhaustive()
    }
}

impl<P: Protocol> Cluster<P> {
    /// The cluster of `protocol` in `environment`.
    ///
    /// # Errors
    /// If a fault is aimed at a role that the protocol does not have; if an assumption is unknown, or does not hold
    /// at the start.
    pub fn new(protocol: P, environment: &Environment) -> Result<Self, String> {
        let roster = protocol.roster();
        let conditions = Conditions::new(P::properties(), assumed(&environment.assume)?);
        let positions = (0..roster.len()).map(|_| Position::new(conditions.reading_count())).collect();
        let cluster = Self {
            rules: InboxRules { kind: environment.network },
            targets: Targets::new(&roster, environment)?,
            layout: Layout::new(roster.len(), environment),
            positions,
            histories: Interner::default(),
            facts: Interner::default(),
            recorded: PairMemo::default(),
            failed: AtomicBool::new(false),
            conditions,
            measures: Measures::new(P::observables(), roster.len()),
            environment: environment.clone(),
            protocol,
            roster,
        };
        match cluster.conditions.assume_any().then(|| cluster.broken_at_start()).flatten() {
            Some(name) => Err(format!("assumption `{name}` does not hold at the start")),
            None => Ok(cluster),
        }
    }

    fn broken_at_start(&self) -> Option<&'static str> {
        self.initial().iter().find_map(|state| self.broken_assumption(state))
    }

    /// Whether some handler has ever gone wrong: while none has, nobody need look for it in each state.
    pub(super) fn some_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// The row of moves of node `node` with word `local`, worked out at the first call.
    pub(super) fn moves(&self, node: usize, local: Word) -> &[u32] {
        self.positions[node].moves.get_or_set(local as usize, || self.work_out(node, local).into_row())
    }

    fn work_out(&self, node: usize, local: Word) -> Moves {
        let slot = self.positions[node].slot(local);
        let mut moves = Moves::default();
        if slot.is_up() {
            self.deliveries(node, local, &mut moves);
            for timer in 0..slot.timers.len() as u32 {
                self.own_step(node, local, Event::Timeout(timer), &mut moves);
            }
            for option in 0..slot.options().count() as u32 {
                self.own_step(node, local, Event::Choose(option), &mut moves);
            }
        }
        if slot.is_down() && self.environment.crashes.restart {
            self.own_step(node, local, Event::Restart, &mut moves);
        }
        if self.targets.lossy[node] {
            self.losses(node, local, &mut moves);
        }
        if slot.is_up() && self.targets.crashing[node] {
            self.own_step(node, local, Event::Crash, &mut moves);
        }
        moves
    }

    /// The deliveries to `node`, and those that leave the message in flight.
    fn deliveries(&self, node: usize, local: Word, moves: &mut Moves) {
        let position = &self.positions[node];
        let (slot, inbox) = (position.slot_number(local), position.inbox(local));
        let duplicating = self.targets.duplicating[node] && self.rules.kind != NetworkKind::Duplicating;
        for place in self.deliverable(node, inbox) {
            let effect = self.effect(node, slot, Event::Deliver(inbox[place]));
            let changes = effect.slot != slot || !effect.sends.is_empty() || effect.facts.is_some();
            if changes || self.consumes_no_ops() {
                let rest = self.rules.delivered(inbox, place);
                self.push(node, local, (ActionKind::Deliver, place as u32), effect, rest, moves);
            }
            if changes && duplicating {
                self.push(node, local, (ActionKind::Duplicate, place as u32), effect, inbox.into(), moves);
            }
        }
    }

    /// The losses of messages on their way to `node`.
    fn losses(&self, node: usize, local: Word, moves: &mut Moves) {
        let position = &self.positions[node];
        let inbox = position.inbox(local);
        for place in self.deliverable(node, inbox) {
            let rest = position.local(position.slot_number(local), InboxRules::without(inbox, place));
            moves.push((ActionKind::Drop, place as u32), false, rest, None, &[]);
        }
    }

    /// The places in the inbox of the messages that could arrive next, in the order of the messages: their numbers
    /// depend on which was seen first.
    fn deliverable(&self, node: usize, inbox: &[u32]) -> Vec<usize> {
        let position = &self.positions[node];
        let mut places = self.rules.deliverable(inbox, |message| position.sender(message));
        places.sort_by_key(|place| position.messages.get(inbox[*place]));
        places
    }

    /// A step that takes no message.
    fn own_step(&self, node: usize, local: Word, event: Event, moves: &mut Moves) {
        let position = &self.positions[node];
        let kind = match event {
            Event::Timeout(timer) => (ActionKind::Timeout, timer),
            Event::Choose(option) => (ActionKind::Choose, option),
            Event::Crash => (ActionKind::Crash, 0),
            Event::Restart | Event::Start => (ActionKind::Restart, 0),
            Event::Deliver(_) => unreachable!("a delivery takes a message"),
        };
        let effect = self.effect(node, position.slot_number(local), event);
        let lost = event == Event::Crash && self.environment.crashes.in_flight == InFlightAtCrash::Lost;
        let inbox = if lost { Inbox::default() } else { position.inbox(local).into() };
        self.push(node, local, kind, effect, inbox, moves);
    }

    /// Writes down the move with this effect, unless it changes nothing.
    fn push(
        &self,
        node: usize,
        before: Word,
        what: (ActionKind, u32),
        effect: &Effect,
        inbox: Inbox,
        moves: &mut Moves,
    ) {
        let position = &self.positions[node];
        let local = position.local(effect.slot, inbox);
        if local == before && effect.sends.is_empty() && effect.facts.is_none() {
            return;
        }
        let visible = self.sees_difference(node, position.slot_number(before), effect.slot);
        moves.push(what, visible, local, effect.facts, &effect.sends);
    }

    /// Whether messages keep their order on a channel.
    pub(super) fn has_channels(&self) -> bool {
        self.environment.network == NetworkKind::Fifo
    }

    fn consumes_no_ops(&self) -> bool {
        self.has_channels() || self.environment.no_op == NoOpDelivery::Consume
    }

    /// What `event` does to `node` in the given slot. The handler runs at the first call.
    fn effect(&self, node: usize, slot: u32, event: Event) -> &Effect {
        let position = &self.positions[node];
        let number = position.effect_of.get_or_compute(slot, event.code(), || {
            let outcome = self.call(node, position.slots.get(slot), event).run();
            position.effects.intern(self.number(node, outcome))
        });
        position.effects.get(number)
    }

    pub(super) fn call<'a>(&'a self, node: usize, slot: &'a Slot<P::Actor>, event: Event) -> Call<'a, P> {
        let message = match event {
            Event::Deliver(message) => Some(self.positions[node].messages.get(message)),
            Event::Start | Event::Crash | Event::Restart | Event::Timeout(_) | Event::Choose(_) => None,
        };
        let actor = &self.roster.members()[node].actor;
        Call { protocol: &self.protocol, actor, id: Id::from(node), slot, event, message }
    }

    /// An outcome in numbers.
    fn number(&self, node: usize, outcome: Outcome<P>) -> Effect {
        if matches!(outcome.slot.life, Life::Failed(_)) {
            self.failed.store(true, Ordering::Relaxed);
        }
        let mut bundles: Vec<Vec<u32>> = vec![Vec::new(); self.positions.len()];
        for envelope in outcome.sent {
            let receiver = usize::from(envelope.dst);
            if let Some(position) = self.positions.get(receiver) {
                bundles[receiver].push(position.messages.intern(envelope));
            }
        }
        let mut sends = Vec::new();
        for (receiver, mut bundle) in bundles.into_iter().enumerate() {
            if bundle.is_empty() {
                continue;
            }
            if self.rules.kind != NetworkKind::Fifo {
                bundle.sort_unstable();
            }
            sends.push((receiver as u32, self.positions[receiver].bundles.intern(bundle.into_boxed_slice())));
        }
        let facts = (!outcome.facts.is_empty()).then(|| self.facts.intern(outcome.facts));
        Effect { slot: self.positions[node].slots.intern(outcome.slot), sends: sends.into_boxed_slice(), facts }
    }

    /// The word of `node` after a bundle was sent to it.
    fn add(&self, node: usize, local: Word, bundle: u32) -> Word {
        let position = &self.positions[node];
        position.added.get_or_compute(local, bundle, || {
            let lost = self.environment.crashes.in_flight == InFlightAtCrash::Lost;
            if lost && position.slot(local).is_down() { local } else { self.put(node, local, bundle) }
        })
    }

    /// The word of `node` with a bundle more in flight to it, whether it is up or not.
    fn put(&self, node: usize, local: Word, bundle: u32) -> Word {
        let position = &self.positions[node];
        let mut inbox = position.inbox(local).to_vec();
        for message in position.bundles.get(bundle) {
            self.rules.add(&mut inbox, *message, |message| position.sender(message));
        }
        position.local(position.slot_number(local), inbox.into_boxed_slice())
    }

    /// The history's word after some facts.
    fn record(&self, history: Word, facts: u32) -> Word {
        self.recorded.get_or_compute(history, facts, || {
            let mut next = self.histories.get(history).clone();
            self.facts.get(facts).iter().for_each(|fact| next.record(fact));
            self.histories.intern(next)
        })
    }

    /// Puts the successor that `step` of `node` makes of `state` into `out`, unless a budget that it needs is
    /// spent or nothing changes.
    pub(super) fn apply(&self, node: usize, step: &Move<'_>, state: &[Word], out: &mut Successors) -> bool {
        if self.layout.spend(step.kind, state, |position, word| out.edit(position, word)).is_none() {
            out.abandon();
            return false;
        }
        let mut visible = step.visible | self.conditions.read_world(out.asked());
        let mut own = step.local;
        for (receiver, bundle) in step.sends() {
            if receiver == node {
                own = self.add(node, own, bundle);
                continue;
            }
            let word = self.add(receiver, state[receiver], bundle);
            if word != state[receiver] {
                out.edit(receiver, word);
            }
        }
        if own != state[node] {
            out.edit(node, own);
        }
        if let Some(facts) = step.facts {
            let at = self.layout.history();
            let word = self.record(state[at], facts);
            if word != state[at] {
                visible |= self.conditions.read_history(out.asked());
                out.edit(at, word);
            }
        }
        if self.conditions.assume_any() && self.is_ruled_out(state, out.unfinished(), step.visible) {
            out.rule_out(step.kind);
            return false;
        }
        out.finish_if_edited(step.kind, visible)
    }

    /// The move behind the successor with the given index, and whose it is.
    pub(super) fn nth_move(&self, state: &[Word], index: usize) -> (usize, Move<'_>) {
        let mut out = Successors::default();
        let mut left = index;
        for node in 0..self.layout.node_count {
            for step in moves::read(self.moves(node, state[node])) {
                if self.apply(node, &step, state, &mut out) {
                    if left == 0 {
                        return (node, step);
                    }
                    left -= 1;
                }
            }
        }
        panic!("the state has no successor {index}")
    }
}

/// The assumptions with these names.
fn assumed<P: Protocol>(names: &[String]) -> Result<Vec<Assumption<P>>, String> {
    let mut known = P::assumptions();
    let unknown = names.iter().find(|name| known.iter().all(|assumption| assumption.name != **name));
    if let Some(unknown) = unknown {
        return Err(format!("there is no assumption `{unknown}`"));
    }
    known.retain(|assumption| names.iter().any(|name| name == assumption.name));
    Ok(known)
}

impl<P: Protocol> TransitionSystem for Cluster<P> {
    fn word_count(&self) -> usize {
        self.layout.word_count()
    }

    /// One state: every node has started, in the order of the roster.
    fn initial(&self) -> Vec<Box<[Word]>> {
        let unborn = |position: &Position<P::Actor>| {
            position.local(position.slots.intern(Slot::<P::Actor>::down(None)), Inbox::default())
        };
        let mut state: Vec<Word> = self.positions.iter().map(unborn).collect();
        state.push(self.histories.intern(self.protocol.history()));
        state.extend(self.layout.full_budgets());
        for node in 0..self.layout.node_count {
            let position = &self.positions[node];
            let effect = self.effect(node, position.slot_number(state[node]), Event::Start);
            state[node] = position.local(effect.slot, position.inbox(state[node]).into());
            for &(receiver, bundle) in &effect.sends {
                let receiver = receiver as usize;
                // A node that has not started yet is not down: what is sent to it waits.
                state[receiver] = self.put(receiver, state[receiver], bundle);
            }
            if let Some(facts) = effect.facts {
                let at = self.layout.history();
                state[at] = self.record(state[at], facts);
            }
        }
        vec![state.into_boxed_slice()]
    }

    fn successors(&self, state: &[Word], out: &mut Successors) {
        out.clear();
        for node in 0..self.layout.node_count {
            for step in moves::read(self.moves(node, state[node])) {
                self.apply(node, &step, state, out);
            }
        }
    }

    fn labelled(&self, state: &[Word], out: &mut Successors, labels: &mut Vec<Label>) {
        self.label_all(state, out, labels);
    }

    fn properties(&self) -> &[PropertyCard] {
        self.conditions.cards()
    }

    fn findings(&self, state: &[Word], open: PropertySet) -> PropertySet {
        self.find(state, open)
    }

    fn step_findings(&self, before: &[Word], after: &[Word], open: PropertySet) -> PropertySet {
        self.find_in_step(before, after, open)
    }

    fn asks(&self, state: &[Word], open: PropertySet) -> PropertySet {
        self.find_asked(state, open)
    }

    fn fair_instances(&self, state: &[Word], out: &mut FairInstances) {
        self.list_instances(state, out);
    }

    fn table_bytes(&self) -> usize {
        let positions: usize = self.positions.iter().map(Position::bytes).sum();
        positions + self.histories.bytes() + self.facts.bytes() + self.recorded.bytes()
    }
}
