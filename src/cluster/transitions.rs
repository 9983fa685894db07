//! The steps out of a global state: those of its nodes, put together from their rows, and those of the world.

use std::sync::atomic::Ordering;

use super::event::Event;
use super::inbox::{Inbox, message_of};
use super::moves::{self, Move, corrupted};
use super::position::Position;
use super::slot::Slot;
use super::split::WHOLE;
use super::stale::Stale;
use super::symmetry::Quotient;
use super::tables::Cluster;
use crate::model::{Clocks, InFlightAcrossSides, Protocol};
use crate::system::{ActionKind, FairInstances, Label, PropertyCard, PropertySet, Successors, TransitionSystem, Word};

/// A step out of a global state.
#[derive(Clone, Copy, Debug)]
pub(super) enum Taken<'a> {
    /// A node's.
    ByNode(usize, Move<'a>),
    /// The world's.
    ByWorld(Turn),
}

/// What the world can do that is no single node's.
#[derive(Clone, Copy, Debug)]
pub(super) enum Turn {
    /// The network splits as the split with this number.
    Partition(Word),
    /// It is whole again.
    Heal,
    /// Time passes.
    Tick,
    /// The clock of the node gains a tick.
    Gain(usize),
    /// The clock of the node will miss a tick.
    Lose(usize),
}

impl Turn {
    pub(super) fn kind(self) -> ActionKind {
        match self {
            Self::Partition(_) => ActionKind::Partition,
            Self::Heal => ActionKind::Heal,
            Self::Tick => ActionKind::Tick,
            Self::Gain(_) | Self::Lose(_) => ActionKind::Drift,
        }
    }
}

impl<P: Protocol> Cluster<P> {
    /// Puts the successor that `step` of `node` makes of `state` into `out`, unless it cannot be taken there or
    /// nothing changes.
    // A call for each step of each state would be a tenth of all work.
    #[inline(always)]
    pub(super) fn apply(&self, node: usize, step: &Move<'_>, state: &[Word], out: &mut Successors) -> bool {
        let split = self.layout.split_of(state);
        if split != WHOLE && !self.passes(node, step, state, split) {
            return false;
        }
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
            if split != WHOLE && self.is_lost_between(split, node, receiver) {
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
        self.finish(step.kind, step.visible, visible, state, out)
    }

    /// Closes the successor made of the edits so far, unless an assumption rules it out.
    #[inline]
    fn finish(&self, kind: ActionKind, nodes: bool, visible: bool, state: &[Word], out: &mut Successors) -> bool {
        if self.conditions.assume_any() && self.rules_out(kind, nodes, state, out) {
            return false;
        }
        out.finish_if_edited(kind, visible)
    }

    /// Forgets the edits so far if an assumption rules them out. Whether it does.
    #[cold]
    fn rules_out(&self, kind: ActionKind, nodes: bool, state: &[Word], out: &mut Successors) -> bool {
        let ruled_out = self.is_ruled_out(state, out.unfinished(), nodes);
        if ruled_out {
            out.rule_out(kind);
        }
        ruled_out
    }

    /// Whether the message that `step` of `node` takes, if any, passes in a split network.
    #[cold]
    fn passes(&self, node: usize, step: &Move<'_>, state: &[Word], split: Word) -> bool {
        let place = match step.kind {
            ActionKind::Deliver | ActionKind::Duplicate => step.number as usize,
            ActionKind::Corrupt => corrupted(step.number).0,
            ActionKind::Timeout
            | ActionKind::Choose
            | ActionKind::Restart
            | ActionKind::Resume
            | ActionKind::Heal
            | ActionKind::Tick
            | ActionKind::Drop
            | ActionKind::Crash
            | ActionKind::LoseSave
            | ActionKind::TearSave
            | ActionKind::Pause
            | ActionKind::Partition
            | ActionKind::Drift => return true,
        };
        let position = &self.positions[node];
        self.splits.connects(split, position.sender(position.message_at(state[node], place)), node)
    }

    #[cold]
    fn is_lost_between(&self, split: Word, from: usize, to: usize) -> bool {
        self.environment.partitions.in_flight == InFlightAcrossSides::Lost && !self.splits.connects(split, from, to)
    }

    /// Whether the world ever does something that is no single node's.
    fn world_turns(&self) -> bool {
        self.layout.split.is_some() || self.environment.timing().is_some()
    }

    /// What the world can do in `state`.
    pub(super) fn turns(&self, state: &[Word]) -> impl Iterator<Item = Turn> {
        let splits = match self.layout.split {
            Some(position) if state[position] == WHOLE => 1..self.splits.count() + 1,
            Some(_) | None => 0..0,
        };
        let heals = self.environment.partitions.heal && self.layout.split_of(state) != WHOLE;
        let ticks = self.environment.timing().map(|_| Turn::Tick);
        let (gain, lose) = match self.environment.timing().map(|timing| timing.clocks) {
            None | Some(Clocks::Perfect) => (0, 0),
            Some(Clocks::Skewed { .. }) => (self.layout.node_count, 0),
            Some(Clocks::Drifting { .. }) => (self.layout.node_count, self.layout.node_count),
        };
        let drifts = (0..gain).map(Turn::Gain).chain((0..lose).map(Turn::Lose));
        splits.map(Turn::Partition).chain(heals.then_some(Turn::Heal)).chain(ticks).chain(drifts)
    }

    /// Puts the successor that `turn` makes of `state` into `out`, unless it cannot be taken there or nothing changes.
    pub(super) fn turn(&self, turn: Turn, state: &[Word], out: &mut Successors) -> bool {
        let kind = turn.kind();
        let spent = self.layout.spend(kind, state, |position, word| out.edit(position, word));
        let seen = spent.and_then(|()| match turn {
            Turn::Partition(split) => Some(self.split(split, state, out)),
            Turn::Heal => Some(self.split(WHOLE, state, out)),
            Turn::Tick => self.tick(state, |position, word| out.edit(position, word)),
            Turn::Gain(node) => self.drift(node, true, state, |position, word| out.edit(position, word)),
            Turn::Lose(node) => self.drift(node, false, state, |position, word| out.edit(position, word)),
        });
        let Some(seen) = seen else {
            out.abandon();
            return false;
        };
        let visible = seen | self.conditions.read_world(out.asked());
        self.finish(kind, seen, visible, state, out)
    }

    /// The network becomes split so, or whole. No property that reads nodes sees that.
    fn split(&self, split: Word, state: &[Word], out: &mut Successors) -> bool {
        out.edit(self.layout.split.expect("only a network that can split does"), split);
        if split != WHOLE && self.environment.partitions.in_flight == InFlightAcrossSides::Lost {
            self.cut(split, state, out);
        }
        false
    }

    /// Takes the messages from one side to another out of flight.
    fn cut(&self, split: Word, state: &[Word], out: &mut Successors) {
        for (node, position) in self.positions.iter().enumerate() {
            let word = position.cut.get_or_compute(state[node], split, || {
                let passes = |flight: &u32| self.splits.connects(split, position.sender(message_of(*flight)), node);
                let rest = position.inbox(state[node]).iter().copied().filter(passes).collect();
                position.local(position.slot_number(state[node]), rest)
            });
            if word != state[node] {
                out.edit(node, word);
            }
        }
    }

    /// The step behind the successor with the given index.
    pub(super) fn nth_step(&self, state: &[Word], index: usize) -> Taken<'_> {
        let mut out = Successors::default();
        let mut left = index;
        let mut is_it = |is_a_step: bool| {
            let found = is_a_step && left == 0;
            left -= usize::from(is_a_step && !found);
            found
        };
        for node in 0..self.layout.node_count {
            for step in moves::read(self.moves(node, state[node])) {
                if is_it(self.apply(node, &step, state, &mut out)) {
                    return Taken::ByNode(node, step);
                }
            }
        }
        let turn = self.turns(state).find(|turn| is_it(self.turn(*turn, state, &mut out)));
        turn.map(Taken::ByWorld).unwrap_or_else(|| panic!("the state has no successor {index}"))
    }
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
        state.extend(self.layout.first_words());
        for node in 0..self.layout.node_count {
            let position = &self.positions[node];
            let effect = self.effect(node, position.slot_number(state[node]), Event::Start);
            state[node] = self.local(node, effect.slot, position.inbox_number(state[node]));
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
        for (node, position) in self.positions.iter().enumerate() {
            let worked_out;
            let row = if position.remembers() {
                self.moves(node, state[node])
            } else {
                worked_out = self.work_out(node, state[node]);
                worked_out.row()
            };
            for step in moves::read(row) {
                self.apply(node, &step, state, out);
            }
        }
        if self.world_turns() {
            for turn in self.turns(state) {
                self.turn(turn, state, out);
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

    fn preserves(&self, property_ix: usize) -> bool {
        self.is_preserved(property_ix)
    }

    fn is_quotient(&self) -> bool {
        self.quotient.is_some()
    }

    fn represent(&self, state: &mut [Word]) {
        if const { P::REDUCTIONS.symmetry }
            && let Some(quotient) = &self.quotient
        {
            self.represent(quotient, state);
        }
    }

    fn take_stock(&self, distinct: u64) {
        self.remember_what_recurs(distinct);
    }

    fn confirm(&self, go_on: &(dyn Fn() -> bool + Sync)) -> Result<bool, String> {
        if const { P::REDUCTIONS.symmetry || P::REDUCTIONS.stale_messages } {
            self.confirm_reductions(go_on)
        } else {
            Ok(true)
        }
    }

    fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    fn complaints(&self) -> Vec<String> {
        self.complaints()
    }

    fn put_away(&self) -> Option<Vec<u32>> {
        // What was found to be asymmetric would be forgotten.
        let is_asymmetric = self.quotient.as_ref().is_some_and(|quotient| quotient.asymmetry.get().is_some());
        (!is_asymmetric).then(|| self.put_away())
    }

    fn take_back(&self, saved: &[u32]) -> Result<(), String> {
        self.take_back(saved)
    }

    fn table_bytes(&self) -> usize {
        let positions: usize = self.positions.iter().map(Position::bytes).sum();
        let reductions =
            self.stale.as_ref().map_or(0, Stale::bytes) + self.quotient.as_ref().map_or(0, Quotient::bytes);
        let histories = self.histories.bytes() + self.facts.bytes() + self.recorded.bytes();
        positions + reductions + histories + self.conditions.bytes()
    }
}
