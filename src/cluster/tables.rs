//! A cluster, and the filling of its tables.

use std::borrow::Cow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use indexmap::IndexSet;
use stateright::actor::{Actor, Envelope, Id};

use super::conditions::Conditions;
use super::event::Event;
use super::faults::{Layout, Targets};
use super::inbox::{Flights, InboxRules};
use super::measures::Measures;
use super::position::{Effect, Position};
use super::saved::Made;
use super::slot::{Life, Slot};
use super::split::Splits;
use super::stale::Stale;
use super::step::{Call, Outcome};
use super::symmetry::Quotient;
use crate::model::{Assumption, Environment, History, InFlightAtCrash, NetworkKind, Protocol, Reductions, Roster};
use crate::system::memo::PairMemo;
use crate::system::{Interner, TransitionSystem, Word};

/// While there are fewer states, all steps are worth remembering.
const REMEMBERED_STATES: u64 = 1 << 15;

/// Where nothing is remembered, running all handlers twice would cost a fifth of the search: those from one slot in so many
/// are. By then many thousand were, from slots that were remembered.
const CHECKED_SLOTS: u32 = 8;

/// The facts of one step.
pub(super) type FactsOf<P> = Vec<<<P as Protocol>::History as History>::Fact>;

/// A message of a protocol, with sender and receiver.
pub(super) type MessageOf<P> = Envelope<<<P as Protocol>::Actor as Actor>::Msg>;

/// A protocol in an environment: a transition system. The rules are on the page of [this module](super).
pub struct Cluster<P: Protocol> {
    pub(super) protocol: P,
    pub(super) roster: Roster<P::Actor>,
    pub(super) environment: Environment,
    pub(super) rules: InboxRules,
    pub(super) targets: Targets,
    pub(super) splits: Splits,
    pub(super) layout: Layout,
    pub(super) positions: Vec<Position<P::Actor>>,
    pub(super) histories: Interner<P::History>,
    pub(super) facts: Interner<FactsOf<P>>,
    /// (history, facts) -> history.
    pub(super) recorded: PairMemo,
    pub(super) conditions: Conditions<P>,
    pub(super) measures: Measures<P>,
    /// Whether some handler has ever gone wrong.
    failed: AtomicBool,
    /// Handlers that were called.
    pub(super) calls: AtomicU64,
    /// What each call of the protocol's code has made, see [`saved`](super::saved).
    pub(super) made: Mutex<Vec<u32>>,
    /// Where stale messages are left out.
    pub(super) stale: Option<Stale>,
    /// Where interchangeable members are taken for each other.
    pub(super) quotient: Option<Quotient<P>>,
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
    /// If a fault is aimed at a role that the protocol does not have, or faults do not go together; if an assumption
    /// is unknown, or does not hold at the start.
    pub fn new(protocol: P, environment: &Environment) -> Result<Self, String> {
        Self::reduced(protocol, environment, Reductions::NONE)
    }

    /// The same, with what makes no difference left out.
    ///
    /// # Errors
    /// As [`new`](Self::new), and if a reduction is not possible here.
    pub fn reduced(protocol: P, environment: &Environment, reductions: Reductions) -> Result<Self, String> {
        let roster = protocol.roster();
        let conditions = Conditions::new(P::properties(), assumed(&environment.assume)?);
        let positions = (0..roster.len()).map(|_| Position::new(conditions.reading_count())).collect();
        let targets = Targets::new(&roster, environment)?;
        let layout = Layout::new(roster.len(), environment);
        let stale = match reductions.stale_messages {
            true if const { P::REDUCTIONS.stale_messages } => Some(Stale::new(environment, roster.len())?),
            true => return Err("the protocol says of no messages when they are stale".to_owned()),
            false => None,
        };
        let quotient = match reductions.symmetry {
            true if const { P::REDUCTIONS.symmetry } => Some(Quotient::new(&protocol, &roster, layout.word_count())?),
            true => return Err("the protocol says of no members that they are interchangeable".to_owned()),
            false => None,
        };
        let cluster = Self {
            rules: InboxRules::new(environment),
            splits: Splits::new(&targets.cut_off, &environment.partitions)?,
            targets,
            layout,
            positions,
            histories: Interner::default(),
            facts: Interner::default(),
            recorded: PairMemo::default(),
            failed: AtomicBool::new(false),
            calls: AtomicU64::new(0),
            made: Mutex::default(),
            stale,
            quotient,
            conditions,
            measures: Measures::new(P::observables(), roster.len()),
            environment: environment.clone(),
            protocol,
            roster,
        };
        if let (Some(name), Some(_)) = (cluster.assumption_by_world(), &cluster.stale) {
            return Err(format!(
                "stale messages cannot be left out here: assumption `{name}` reads everything, what is in flight included"
            ));
        }
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

    /// Whether messages keep their order on a channel.
    pub(super) fn has_channels(&self) -> bool {
        self.environment.network == NetworkKind::Fifo
    }

    /// Decides of each node whether its steps are worth remembering: not where there is another local state for every
    /// other state of the system. They would be asked for once, and only fill the memory. Whatever was left out wants to see all
    /// steps again.
    pub(super) fn remember_what_recurs(&self, distinct: u64) {
        if self.stale.is_some() || self.quotient.is_some() {
            return;
        }
        for position in &self.positions {
            position.remember(distinct < REMEMBERED_STATES || position.locals.len() as u64 * 2 < distinct);
        }
    }

    /// What `event` does to `node` in the given slot. The handler runs at the first call; at each, where that is not
    /// worth remembering.
    pub(super) fn effect(&self, node: usize, slot: u32, event: Event) -> Cow<'_, Effect> {
        let position = &self.positions[node];
        if !position.remembers() {
            let effect = self.effects_once(node, slot, &[event]).pop();
            return Cow::Owned(effect.expect("an event has an effect"));
        }
        let number = position.effect_of.get_or_compute(slot, event.code(), || {
            let (effect, sent, _) = self.handle(node, slot, event);
            let number = position.effects.intern(effect.clone());
            self.keep_handled(node, slot, event, Some(number), &effect, &sent);
            number
        });
        Cow::Borrowed(position.effects.get(number))
    }

    /// What each of some events does to `node` in the given slot, for somebody who asks once.
    pub(super) fn effects_once(&self, node: usize, slot: u32, events: &[Event]) -> Vec<Effect> {
        let position = &self.positions[node];
        let before = position.slots.get(slot);
        self.calls.fetch_add(events.len() as u64, Ordering::Relaxed);
        let is_checked = slot.is_multiple_of(CHECKED_SLOTS);
        let outcome = |event: &Event| {
            let call = self.call(node, before, *event);
            let Outcome { slot, sent, facts } = if is_checked { call.run() } else { call.run_once() };
            self.note_failed(matches!(slot.life, Life::Failed(_)));
            (slot, (sent, facts))
        };
        let (slots, others): (Vec<_>, Vec<_>) = events.iter().map(outcome).unzip();
        let slots = position.number_slots(slots, before);
        let number = |((event, after), (sent, facts))| {
            let (effect, sent, is_new) = self.number(after, sent, facts);
            if is_new {
                self.keep_handled(node, slot, event, None, &effect, &sent);
            }
            effect
        };
        events.iter().copied().zip(slots).zip(others).map(number).collect()
    }

    /// Runs a handler: what it does, the messages in the order in which they were sent, and whether it made anything that
    /// was not there before.
    fn handle(&self, node: usize, slot: u32, event: Event) -> (Effect, Vec<u32>, bool) {
        let before = self.positions[node].slots.get(slot);
        self.calls.fetch_add(1, Ordering::Relaxed);
        let Outcome { slot, sent, facts } = self.call(node, before, event).run();
        self.note_failed(matches!(slot.life, Life::Failed(_)));
        self.number(self.positions[node].number_slot(slot, before), sent, facts)
    }

    fn keep_handled(
        &self,
        node: usize,
        slot: u32,
        event: Event,
        effect: Option<u32>,
        &Effect { slot: after, facts, .. }: &Effect,
        sent: &[u32],
    ) {
        self.keep(Made::Handled { node, slot, event, effect, after, facts, sent });
    }

    pub(super) fn call<'a>(&'a self, node: usize, slot: &'a Slot<P::Actor>, event: Event) -> Call<'a, P> {
        let message = match event {
            Event::Deliver(message) => Some(self.positions[node].messages.get(message)),
            Event::Start
            | Event::Crash
            | Event::LoseSave
            | Event::TearSave(_)
            | Event::Restart
            | Event::Pause
            | Event::Resume
            | Event::Tick(_)
            | Event::Timeout(_)
            | Event::Choose(_) => None,
        };
        self.call_with(node, slot, event, message)
    }

    /// The same with the message that a delivery takes.
    pub(super) fn call_with<'a>(
        &'a self,
        node: usize,
        slot: &'a Slot<P::Actor>,
        event: Event,
        message: Option<&'a MessageOf<P>>,
    ) -> Call<'a, P> {
        Call {
            protocol: &self.protocol,
            actor: &self.roster.members()[node].actor,
            id: Id::from(node),
            slot,
            event,
            environment: &self.environment,
            message,
            loose_saves: self.targets.has_loose_saves(node),
            tells_failure: self.quotient.is_none(),
        }
    }

    /// What a message to `node` may arrive as.
    pub(super) fn corrupted(&self, node: usize, message: u32) -> &[u32] {
        let position = &self.positions[node];
        position.corrupted.get_or_set(message as usize, || {
            let sent = position.messages.get(message);
            let payloads = self.protocol.corrupt(&sent.msg).into_iter().filter(|payload| *payload != sent.msg);
            let arriving = payloads.map(|msg| position.messages.intern(Envelope { msg, ..sent.clone() }));
            let arriving: Vec<u32> = arriving.collect();
            self.keep(Made::Corrupted { node, message, payloads: &arriving });
            arriving.into_iter().collect::<IndexSet<u32>>().into_iter().collect()
        })
    }

    pub(super) fn note_failed(&self, failed: bool) {
        if failed {
            self.failed.store(true, Ordering::Relaxed);
        }
    }

    /// An outcome in numbers, with those of the messages in the order in which they were sent, and whether one is new; of its
    /// slot both are known.
    fn number(
        &self,
        (slot, mut is_new): (u32, bool),
        envelopes: Vec<MessageOf<P>>,
        facts: FactsOf<P>,
    ) -> (Effect, Vec<u32>, bool) {
        let mut sent = Vec::new();
        if envelopes.is_empty() && facts.is_empty() {
            return (Effect::idle(slot), sent, is_new);
        }
        let mut bundles: Vec<Vec<u32>> = vec![Vec::new(); self.positions.len()];
        for envelope in envelopes {
            let receiver = usize::from(envelope.dst);
            if let Some(position) = self.positions.get(receiver) {
                let (message, is_new_message) = position.messages.intern_anew(envelope);
                is_new |= is_new_message;
                bundles[receiver].push(message);
                sent.push(message);
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
        let facts = (!facts.is_empty()).then(|| {
            let (facts, are_new) = self.facts.intern_anew(facts);
            is_new |= are_new;
            facts
        });
        (Effect { slot, sends: sends.into_boxed_slice(), facts }, sent, is_new)
    }

    /// The word of `node` after a bundle was sent to it.
    #[inline]
    pub(super) fn add(&self, node: usize, local: Word, bundle: u32) -> Word {
        let position = &self.positions[node];
        position.added.get_or_compute(local, bundle, || {
            let lost = self.environment.crashes.in_flight == InFlightAtCrash::Lost;
            if lost && position.slot(local).is_down() { local } else { self.put(node, local, bundle) }
        })
    }

    /// The word of `node` with a bundle more in flight to it, whether it is up or not.
    pub(super) fn put(&self, node: usize, local: Word, bundle: u32) -> Word {
        let position = &self.positions[node];
        let (slot, inbox) = position.locals.get(local);
        let inbox = position.inbox_with.get_or_compute(inbox, bundle, || {
            let mut flights = Flights::from(&**position.inboxes.get(inbox));
            for message in position.bundles.get(bundle) {
                self.rules.add(&mut flights, *message, |message| position.sender(message));
            }
            position.inboxes.intern_like(&flights[..])
        });
        self.local(node, slot, inbox)
    }

    /// The history's word after some facts.
    pub(super) fn record(&self, history: Word, facts: u32) -> Word {
        self.recorded.get_or_compute(history, facts, || {
            let mut next = self.histories.get(history).clone();
            self.facts.get(facts).iter().for_each(|fact| next.record(fact));
            let after = self.histories.intern(next);
            self.keep(Made::Recorded { history, facts, after });
            after
        })
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
