//! The steps that a node can take from one local state, worked out.

use std::borrow::Cow;

use super::event::Event;
use super::inbox::{Inbox, message_of};
use super::moves::{Moves, corruption};
use super::position::Effect;
use super::tables::Cluster;
use crate::model::{InFlightAtCrash, NetworkKind, Protocol};
use crate::system::{ActionKind, Word};

impl<P: Protocol> Cluster<P> {
    /// The row of moves of node `node` with word `local`, worked out at the first call.
    pub(super) fn moves(&self, node: usize, local: Word) -> &[u32] {
        self.positions[node].moves.get_or_set(local as usize, || self.work_out(node, local).into_row())
    }

    /// The same for somebody who asks once: kept only where it is worth remembering.
    #[inline]
    pub(super) fn moves_once(&self, node: usize, local: Word) -> Cow<'_, [u32]> {
        if self.positions[node].remembers() {
            Cow::Borrowed(self.moves(node, local))
        } else {
            Cow::Owned(self.work_out(node, local).into_row().into_vec())
        }
    }

    fn work_out(&self, node: usize, local: Word) -> Moves {
        let slot = self.positions[node].slot(local);
        let mut moves = Moves::default();
        if slot.is_going() {
            self.deliveries(node, local, &mut moves);
            for (timer, span) in slot.timers.values().enumerate() {
                if span.may_fire() {
                    self.own_step(node, local, Event::Timeout(timer as u32), &mut moves);
                }
            }
            for option in 0..slot.options().count() as u32 {
                self.own_step(node, local, Event::Choose(option), &mut moves);
            }
        }
        if slot.is_down() && self.environment.crashes.restart {
            self.own_step(node, local, Event::Restart, &mut moves);
        }
        if slot.is_up() && !slot.is_going() && self.environment.pauses.resume {
            self.own_step(node, local, Event::Resume, &mut moves);
        }
        if self.targets.lossy[node] {
            self.losses(node, local, &mut moves);
        }
        if slot.is_up() {
            self.crashes(node, local, &mut moves);
        }
        if slot.is_going() && self.targets.pausing[node] {
            self.own_step(node, local, Event::Pause, &mut moves);
        }
        moves
    }

    /// The deliveries to `node`: as sent, those that leave the message in flight, those with another payload.
    fn deliveries(&self, node: usize, local: Word, moves: &mut Moves) {
        let position = &self.positions[node];
        let (slot, number) = position.locals.get(local);
        let inbox = position.inboxes.get(number);
        let delivered =
            |place: usize| if self.rules.keeps_delivered { number } else { position.inbox_without(number, place) };
        let duplicating = match self.rules.kind {
            NetworkKind::Unordered | NetworkKind::Fifo => self.targets.duplicating[node],
            // Where deliveries take the message, the network shows its nature by those that do not.
            NetworkKind::Duplicating => !self.environment.keeps_delivered(),
        };
        for place in self.in_order(node, inbox, self.rules.deliverable(inbox, |message| position.sender(message))) {
            let message = message_of(inbox[place]);
            let effect = self.effect(node, slot, Event::Deliver(message));
            let changes = effect.slot != slot || !effect.sends.is_empty() || effect.facts.is_some();
            if changes || self.environment.consumes_no_ops() {
                let rest = Some(delivered(place));
                self.push(node, local, (ActionKind::Deliver, place as u32), &effect, rest, moves);
            }
            if changes && duplicating {
                self.push(node, local, (ActionKind::Duplicate, place as u32), &effect, None, moves);
            }
            if self.targets.corrupting[node] {
                for (payload, &message) in self.corrupted(node, message).iter().enumerate() {
                    let effect = self.effect(node, slot, Event::Deliver(message));
                    let (what, rest) = (corruption(place, payload), Some(delivered(place)));
                    self.push(node, local, (ActionKind::Corrupt, what), &effect, rest, moves);
                }
            }
        }
    }

    /// These places in the inbox, in the order of the messages: their numbers depend on which was seen first.
    fn in_order(&self, node: usize, inbox: &[u32], places: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut places: Vec<usize> = places.into_iter().collect();
        places.sort_by_key(|place| self.positions[node].messages.get(message_of(inbox[*place])));
        places
    }

    /// The losses of messages on their way to `node`.
    fn losses(&self, node: usize, local: Word, moves: &mut Moves) {
        let position = &self.positions[node];
        let (slot, number) = position.locals.get(local);
        let inbox = position.inboxes.get(number);
        for place in self.in_order(node, inbox, self.rules.heads(inbox, |message| position.sender(message))) {
            let rest = position.locals.intern((slot, position.inbox_without(number, place)));
            moves.push((ActionKind::Drop, place as u32), false, rest, None, &[]);
        }
    }

    /// The crashes of `node`, with what they do to its last save.
    fn crashes(&self, node: usize, local: Word, moves: &mut Moves) {
        let slot = self.positions[node].slot(local);
        if !self.targets.crashing[node] {
            return;
        }
        self.own_step(node, local, Event::Crash, moves);
        if self.targets.losing_saves[node] && slot.has_loose_save() {
            self.own_step(node, local, Event::LoseSave, moves);
        }
        if self.targets.tearing_saves[node] {
            let rest_count = self.call(node, slot, Event::Crash).torn().len();
            for rest in 0..rest_count as u32 {
                self.own_step(node, local, Event::TearSave(rest), moves);
            }
        }
    }

    /// A step that takes no message.
    fn own_step(&self, node: usize, local: Word, event: Event, moves: &mut Moves) {
        let position = &self.positions[node];
        let (kind, number) = match event {
            Event::Timeout(timer) => (ActionKind::Timeout, timer),
            Event::Choose(option) => (ActionKind::Choose, option),
            Event::Crash => (ActionKind::Crash, 0),
            Event::LoseSave => (ActionKind::LoseSave, 0),
            Event::TearSave(rest) => (ActionKind::TearSave, rest),
            Event::Restart | Event::Start => (ActionKind::Restart, 0),
            Event::Pause => (ActionKind::Pause, 0),
            Event::Resume => (ActionKind::Resume, 0),
            Event::Deliver(_) => unreachable!("a delivery takes a message"),
            Event::Tick(_) => unreachable!("time passes for everyone"),
        };
        let effect = self.effect(node, position.slot_number(local), event);
        let crashes = matches!(event, Event::Crash | Event::LoseSave | Event::TearSave(_));
        let lost = crashes && self.environment.crashes.in_flight == InFlightAtCrash::Lost;
        self.push(node, local, (kind, number), &effect, lost.then(|| position.inboxes.intern(Inbox::default())), moves);
    }

    /// Writes down the move with this effect, and the inbox with this number if it is another, unless it changes nothing.
    fn push(
        &self,
        node: usize,
        before: Word,
        what: (ActionKind, u32),
        effect: &Effect,
        inbox: Option<u32>,
        moves: &mut Moves,
    ) {
        let position = &self.positions[node];
        let local = match inbox {
            None if self.stale.is_none() => position.with_slot(before, effect.slot),
            None => self.local(node, effect.slot, position.inbox_number(before)),
            Some(inbox) => self.local(node, effect.slot, inbox),
        };
        if local == before && effect.sends.is_empty() && effect.facts.is_none() {
            return;
        }
        let visible = self.sees_difference(node, position.slot_number(before), effect.slot);
        moves.push(what, visible, local, effect.facts, &effect.sends);
    }
}
