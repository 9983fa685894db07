//! The steps that a node can take from one local state, worked out.

use smallvec::SmallVec;

use super::event::Event;
use super::inbox::{Inbox, message_of};
use super::moves::{Moves, corruption};
use super::position::Effect;
use super::tables::Cluster;
use crate::model::{InFlightAtCrash, NetworkKind, Protocol};
use crate::system::{ActionKind, Word};

/// A step that a node can take: what happens to it, not yet worked out.
#[derive(Clone, Copy, Debug)]
struct Plan {
    kind: ActionKind,
    /// The number of the event.
    number: u32,
    /// `None`: the node does not notice.
    event: Option<Event>,
    inbox: InboxAfter,
    /// It is no step where the handler does nothing.
    unless_idle: bool,
}

type Plans = SmallVec<[Plan; 16]>;

/// What becomes of the inbox.
#[derive(Clone, Copy, Debug)]
enum InboxAfter {
    Same,
    /// The message at this place is gone.
    Without(usize),
    Empty,
}

impl<P: Protocol> Cluster<P> {
    /// The row of moves of node `node` with word `local`, worked out at the first call.
    #[inline]
    pub(super) fn moves(&self, node: usize, local: Word) -> &[u32] {
        match self.positions[node].moves.get(local as usize) {
            Some(row) => row,
            None => self.remember_moves(node, local),
        }
    }

    #[cold]
    fn remember_moves(&self, node: usize, local: Word) -> &[u32] {
        let work_out = || Box::from(self.work_out(node, local).row());
        self.positions[node].moves.get_or_set(local as usize, work_out)
    }

    /// The moves of node `node` with word `local`, for somebody who does not remember them.
    pub(super) fn work_out(&self, node: usize, local: Word) -> Moves {
        let position = &self.positions[node];
        let slot = position.slot_number(local);
        let plans = self.plans(node, local);
        let mut moves = Moves::default();
        if position.remembers() {
            for plan in &plans {
                match plan.event {
                    Some(event) => self.push(node, local, plan, &self.effect(node, slot, event), &mut moves),
                    None => self.push(node, local, plan, &Effect::idle(slot), &mut moves),
                }
            }
        } else {
            for (plan, effect) in plans.iter().zip(self.effects(node, slot, &plans)) {
                self.push(node, local, plan, &effect, &mut moves);
            }
        }
        moves
    }

    /// What each of these steps does, all looked at together.
    fn effects(&self, node: usize, slot: u32, plans: &[Plan]) -> Vec<Effect> {
        let events: Vec<Event> = plans.iter().filter_map(|plan| plan.event).collect();
        let mut effects = self.effects_once(node, slot, &events).into_iter();
        let mut effect = |plan: &Plan| plan.event.and_then(|_| effects.next()).unwrap_or_else(|| Effect::idle(slot));
        plans.iter().map(&mut effect).collect()
    }

    /// The steps that the node may take.
    fn plans(&self, node: usize, local: Word) -> Plans {
        let slot = self.positions[node].slot(local);
        let mut plans = Plans::new();
        if slot.is_going() {
            self.deliveries(node, local, &mut plans);
            for (timer, span) in slot.timers.values().enumerate() {
                if span.may_fire() {
                    self.own_step(Event::Timeout(timer as u32), &mut plans);
                }
            }
            for option in 0..slot.choices.option_count() as u32 {
                self.own_step(Event::Choose(option), &mut plans);
            }
        }
        if slot.is_down() && self.environment.crashes.restart {
            self.own_step(Event::Restart, &mut plans);
        }
        if slot.is_up() && !slot.is_going() && self.environment.pauses.resume {
            self.own_step(Event::Resume, &mut plans);
        }
        if self.targets.lossy[node] {
            self.losses(node, local, &mut plans);
        }
        if slot.is_up() {
            self.crashes(node, local, &mut plans);
        }
        if slot.is_going() && self.targets.pausing[node] {
            self.own_step(Event::Pause, &mut plans);
        }
        plans
    }

    /// The deliveries to `node`: as sent, those that leave the message in flight, those with another payload.
    fn deliveries(&self, node: usize, local: Word, plans: &mut Plans) {
        let position = &self.positions[node];
        let inbox = position.inbox(local);
        let after = |place| if self.rules.keeps_delivered { InboxAfter::Same } else { InboxAfter::Without(place) };
        let duplicating = match self.rules.kind {
            NetworkKind::Unordered | NetworkKind::Fifo => self.targets.duplicating[node],
            // Where deliveries take the message, the network shows its nature by those that do not.
            NetworkKind::Duplicating => !self.environment.keeps_delivered(),
        };
        for place in self.in_order(node, inbox, self.rules.deliverable(inbox, |message| position.sender(message))) {
            let message = message_of(inbox[place]);
            let event = Some(Event::Deliver(message));
            let number = place as u32;
            let unless_idle = !self.environment.consumes_no_ops();
            plans.push(Plan { kind: ActionKind::Deliver, number, event, inbox: after(place), unless_idle });
            if duplicating {
                let inbox = InboxAfter::Same;
                plans.push(Plan { kind: ActionKind::Duplicate, number, event, inbox, unless_idle: true });
            }
            if self.targets.corrupting[node] {
                for (payload, &message) in self.corrupted(node, message).iter().enumerate() {
                    let (number, event) = (corruption(place, payload), Some(Event::Deliver(message)));
                    let kind = ActionKind::Corrupt;
                    plans.push(Plan { kind, number, event, inbox: after(place), unless_idle: false });
                }
            }
        }
    }

    /// These places in the inbox, in the order of the messages: their numbers depend on which was seen first.
    fn in_order(&self, node: usize, inbox: &[u32], places: impl Iterator<Item = usize>) -> SmallVec<[usize; 16]> {
        let mut places: SmallVec<[usize; 16]> = places.collect();
        places.sort_by_key(|place| self.positions[node].messages.get(message_of(inbox[*place])));
        places
    }

    /// The losses of messages on their way to `node`.
    fn losses(&self, node: usize, local: Word, plans: &mut Plans) {
        let position = &self.positions[node];
        let inbox = position.inbox(local);
        for place in self.in_order(node, inbox, self.rules.heads(inbox, |message| position.sender(message))) {
            let inbox = InboxAfter::Without(place);
            let (kind, number) = (ActionKind::Drop, place as u32);
            plans.push(Plan { kind, number, event: None, inbox, unless_idle: false });
        }
    }

    /// The crashes of `node`, with what they do to its last save.
    fn crashes(&self, node: usize, local: Word, plans: &mut Plans) {
        let slot = self.positions[node].slot(local);
        if !self.targets.crashing[node] {
            return;
        }
        self.own_step(Event::Crash, plans);
        if self.targets.losing_saves[node] && slot.has_loose_save() {
            self.own_step(Event::LoseSave, plans);
        }
        if self.targets.tearing_saves[node] {
            let rest_count = self.call(node, slot, Event::Crash).torn().len();
            for rest in 0..rest_count as u32 {
                self.own_step(Event::TearSave(rest), plans);
            }
        }
    }

    /// A step that takes no message.
    fn own_step(&self, event: Event, plans: &mut Plans) {
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
        let crashes = matches!(event, Event::Crash | Event::LoseSave | Event::TearSave(_));
        let lost = crashes && self.environment.crashes.in_flight == InFlightAtCrash::Lost;
        let inbox = if lost { InboxAfter::Empty } else { InboxAfter::Same };
        plans.push(Plan { kind, number, event: Some(event), inbox, unless_idle: false });
    }

    /// Writes down the move with this effect, unless it changes nothing.
    fn push(&self, node: usize, before: Word, plan: &Plan, effect: &Effect, moves: &mut Moves) {
        let position = &self.positions[node];
        let (slot, inbox) = position.locals.get(before);
        let changes = effect.changes(slot);
        if plan.unless_idle && !changes {
            return;
        }
        let local = match plan.inbox {
            InboxAfter::Same if self.stale.is_none() => position.locals.intern((effect.slot, inbox)),
            InboxAfter::Same => self.local(node, effect.slot, inbox),
            InboxAfter::Without(place) => self.local(node, effect.slot, position.inbox_without(inbox, place)),
            InboxAfter::Empty => self.local(node, effect.slot, position.inboxes.intern(Inbox::default())),
        };
        if local == before && !changes {
            return;
        }
        let visible = self.sees_difference(node, slot, effect.slot);
        moves.push((plan.kind, plan.number), visible, local, effect.facts, &effect.sends);
    }
}
