//! Running an actor's handler: the only place where protocol code is called.

use std::borrow::Cow;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use stateright::actor::{Actor, Command, Envelope, Id, Out};

use super::event::Event;
use super::slot::{LastSave, Life, Pace, Slot};
use super::time::{Passing, Span};
use crate::model::{Cause, Environment, History, Protocol, ProtocolActor, Step};

/// What a handler wants, before it is numbered.
#[derive(Debug)]
pub(super) struct Outcome<P: Protocol> {
    pub(super) slot: Slot<P::Actor>,
    pub(super) sent: Vec<Envelope<<P::Actor as Actor>::Msg>>,
    pub(super) facts: Vec<<P::History as History>::Fact>,
}

// Derived, they would ask the same of `P` itself.
impl<P: Protocol> PartialEq for Outcome<P> {
    fn eq(&self, other: &Self) -> bool {
        self.slot == other.slot && self.sent == other.sent && self.facts == other.facts
    }
}

/// What a handler has done: its state is in the slot, and its commands are not carried out.
struct Act<A: ProtocolActor> {
    slot: Slot<A>,
    out: Out<A>,
}

impl<A: ProtocolActor> PartialEq for Act<A> {
    fn eq(&self, other: &Self) -> bool {
        self.out.len() == other.out.len()
            && self.out.iter().zip(other.out.iter()).all(|(one, another)| is_same_command::<A>(one, another))
            && self.slot == other.slot
    }
}

type CommandOf<A> = Command<<A as Actor>::Msg, <A as Actor>::Timer, <A as Actor>::Random, <A as Actor>::Storage>;

/// `Command` has no equality of its own.
fn is_same_command<A: ProtocolActor>(one: &CommandOf<A>, another: &CommandOf<A>) -> bool {
    match (one, another) {
        (Command::CancelTimer(one), Command::CancelTimer(another)) => one == another,
        (Command::SetTimer(one, span), Command::SetTimer(another, other_span)) => one == another && span == other_span,
        (Command::Send(to, one), Command::Send(other, another)) => to == other && one == another,
        (Command::ChooseRandom(key, one), Command::ChooseRandom(other, another)) => key == other && one == another,
        (Command::Save(one), Command::Save(another)) => one == another,
        _ => false,
    }
}

/// Everything that a handler is called with.
pub(super) struct Call<'a, P: Protocol> {
    pub(super) protocol: &'a P,
    pub(super) actor: &'a P::Actor,
    pub(super) id: Id,
    pub(super) slot: &'a Slot<P::Actor>,
    pub(super) event: Event,
    pub(super) environment: &'a Environment,
    /// The message, where the event is a delivery.
    pub(super) message: Option<&'a Envelope<<P::Actor as Actor>::Msg>>,
    /// Whether a crash may do something to the node's last save.
    pub(super) loose_saves: bool,
    /// Whether a node whose handler went wrong is to tell how. The text may name somebody, and would tell states apart
    /// that are one where members change places.
    pub(super) tells_failure: bool,
}

impl<P: Protocol> Call<'_, P> {
    /// Runs the handler, twice: a handler that reads a clock or the order of a hash map would make verdicts
    /// wrong without a sound. One that panics or differs leaves a failed node, which is a violation
    /// with a trace like any other.
    pub(super) fn run(&self) -> Outcome<P> {
        self.caught(|| self.twice())
    }

    /// Runs the handler, once.
    pub(super) fn run_once(&self) -> Outcome<P> {
        self.caught(|| Ok(self.conclude(self.act())))
    }

    fn caught(&self, run: impl FnOnce() -> Result<Outcome<P>, String>) -> Outcome<P> {
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(difference)) => self.failed(difference),
            Err(panic) => self.failed(format!("panicked: {}", panic_text(&*panic))),
        }
    }

    /// # Errors
    /// What differs between the two times.
    fn twice(&self) -> Result<Outcome<P>, String> {
        let (first, second) = (self.act(), self.act());
        if first == second {
            // The same commands do the same: they are carried out once. What is observed is the protocol's code again.
            let outcome = self.conclude(first);
            let observed = self.observe(&outcome.slot, &outcome.sent);
            return if observed == outcome.facts { Ok(outcome) } else { Err(two_facts(&outcome.facts, &observed)) };
        }
        let (first, second) = (self.conclude(first), self.conclude(second));
        if first == second { Ok(first) } else { Err(difference(&first, &second)) }
    }

    fn failed(&self, mut how: String) -> Outcome<P> {
        if !self.tells_failure {
            "went wrong".clone_into(&mut how);
        }
        Outcome { slot: Slot::<P::Actor>::failed(how, self.slot.storage.clone()), sent: Vec::new(), facts: Vec::new() }
    }

    fn act(&self) -> Act<P::Actor> {
        let mut out = Out::new();
        let mut slot = match self.event {
            Event::Pause | Event::Resume | Event::Tick(_) => self.slot.clone(),
            Event::Start
            | Event::Deliver(_)
            | Event::Timeout(_)
            | Event::Choose(_)
            | Event::Crash
            | Event::LoseSave
            | Event::TearSave(_)
            | Event::Restart => self.slot.without_life(),
        };
        match self.event {
            Event::Start | Event::Restart => {
                slot.life = Life::Up(self.actor.on_start(self.id, &self.slot.storage, &mut out));
            }
            Event::Deliver(_) => slot.life = Life::Up(self.react(&mut out)),
            Event::Timeout(timer) => {
                slot.timers.remove(self.timer(timer));
                slot.life = Life::Up(self.react(&mut out));
            }
            Event::Choose(option) => {
                slot.choices.close(self.option(option).0);
                slot.life = Life::Up(self.react(&mut out));
            }
            Event::Crash => slot = Slot::<P::Actor>::down(slot.storage),
            Event::LoseSave => slot = Slot::<P::Actor>::down(self.before_last_save().cloned()),
            Event::TearSave(rest) => slot = Slot::<P::Actor>::down(Some(self.torn().swap_remove(rest as usize))),
            Event::Pause => slot.pace = Pace::Paused { left: self.longest_pause() },
            Event::Resume => slot.pace = Pace::Going,
            Event::Tick(passing) => self.tick(passing, &mut slot),
        }
        Act { slot, out }
    }

    fn conclude(&self, Act { mut slot, out }: Act<P::Actor>) -> Outcome<P> {
        let sent = self.obey(out, &mut slot);
        if self.loose_saves && slot.is_up() && slot.storage != self.slot.storage {
            slot.last_save = LastSave::Loose { before: self.slot.storage.clone() };
        }
        let facts = self.observe(&slot, &sent);
        Outcome { slot, sent, facts }
    }

    fn longest_pause(&self) -> Option<u32> {
        let pauses = &self.environment.pauses;
        pauses.longest.filter(|_| pauses.resume && self.environment.timing().is_some())
    }

    fn tick(&self, passing: Passing, slot: &mut Slot<P::Actor>) {
        if passing.of_clock() {
            slot.timers.values_mut().for_each(|span| *span = span.ticked());
            if let Life::Up(state) = &mut slot.life {
                self.protocol.tick_clock(self.id, state);
            }
        }
        if passing.of_world()
            && let Pace::Paused { left: Some(left) } = &mut slot.pace
        {
            *left = left.saturating_sub(1);
        }
    }

    fn before_last_save(&self) -> Option<&<P::Actor as Actor>::Storage> {
        match &self.slot.last_save {
            LastSave::Loose { before } => before.as_ref(),
            LastSave::Safe => self.slot.storage.as_ref(),
        }
    }

    /// What the storage may hold after a crash that tears the last save, each once.
    pub(super) fn torn(&self) -> Vec<<P::Actor as Actor>::Storage> {
        match (&self.slot.last_save, &self.slot.storage) {
            (LastSave::Loose { before }, Some(saved)) => {
                let mut torn = Vec::new();
                for rest in self.protocol.tear(before.as_ref(), saved) {
                    if rest != *saved && !torn.contains(&rest) {
                        torn.push(rest);
                    }
                }
                torn
            }
            (LastSave::Loose { .. } | LastSave::Safe, _) => Vec::new(),
        }
    }

    /// The state after the handler of an event that needs a running node.
    fn react(&self, out: &mut Out<P::Actor>) -> <P::Actor as Actor>::State {
        let mut state = Cow::Borrowed(self.slot.state().expect("only a running node gets events"));
        match self.event {
            Event::Deliver(_) => {
                let envelope = self.message.expect("a delivery comes with its message");
                self.actor.on_msg(self.id, &mut state, envelope.src, envelope.msg.clone(), out);
            }
            Event::Timeout(timer) => self.actor.on_timeout(self.id, &mut state, self.timer(timer), out),
            Event::Choose(option) => self.actor.on_random(self.id, &mut state, self.option(option).1, out),
            Event::Start
            | Event::Crash
            | Event::LoseSave
            | Event::TearSave(_)
            | Event::Restart
            | Event::Pause
            | Event::Resume
            | Event::Tick(_) => unreachable!("no message, timer or choice"),
        }
        state.into_owned()
    }

    /// Carries out the handler's commands on its own slot, in order, and returns what it sent.
    fn obey(&self, out: Out<P::Actor>, slot: &mut Slot<P::Actor>) -> Vec<Envelope<<P::Actor as Actor>::Msg>> {
        let mut sent = Vec::new();
        for command in out {
            match command {
                Command::Send(dst, msg) => sent.push(Envelope { src: self.id, dst, msg }),
                Command::SetTimer(timer, range) => {
                    slot.timers.insert(timer, Span::of(self.environment.timing(), &range));
                }
                Command::CancelTimer(timer) => slot.timers.remove(&timer),
                Command::ChooseRandom(key, options) => slot.choices.reopen(key, options, &self.slot.choices),
                Command::Save(storage) => slot.storage = Some(storage),
            }
        }
        sent
    }

    fn observe(
        &self,
        after: &Slot<P::Actor>,
        sent: &[Envelope<<P::Actor as Actor>::Msg>],
    ) -> Vec<<P::History as History>::Fact> {
        let mut facts = Vec::new();
        if let Some(step) = self.as_step(after, sent) {
            self.protocol.observe(&step, &mut facts);
        }
        facts
    }

    /// The step as an observer sees it; `None` if it is none of the protocol: a pause, or its end.
    pub(super) fn as_step<'s>(
        &'s self,
        after: &'s Slot<P::Actor>,
        sent: &'s [Envelope<<P::Actor as Actor>::Msg>],
    ) -> Option<Step<'s, P::Actor>> {
        Some(Step {
            node: self.id,
            cause: self.cause()?,
            before: self.slot.state(),
            after: after.state(),
            stored_before: self.slot.storage.as_ref(),
            stored_after: after.storage.as_ref(),
            sent,
        })
    }

    /// Why the step is taken; `None` if the protocol has nothing to do with it.
    pub(super) fn cause(&self) -> Option<Cause<'_, P::Actor>> {
        Some(match self.event {
            Event::Start => Cause::Start,
            Event::Crash | Event::LoseSave | Event::TearSave(_) => Cause::Crash,
            Event::Pause | Event::Resume | Event::Tick(_) => return None,
            Event::Restart => Cause::Restart,
            Event::Timeout(timer) => Cause::Timeout(self.timer(timer)),
            Event::Choose(option) => Cause::Choose(self.option(option).1),
            Event::Deliver(_) => {
                let envelope = self.message.expect("a delivery comes with its message");
                Cause::Deliver { src: envelope.src, msg: &envelope.msg }
            }
        })
    }

    fn timer(&self, number: u32) -> &<P::Actor as Actor>::Timer {
        self.slot.timers.keys().nth(number as usize).expect("timers go by their place in the slot")
    }

    fn option(&self, number: u32) -> (&str, &<P::Actor as Actor>::Random) {
        self.slot.choices.option(number as usize).expect("options go by their place in the slot")
    }
}

/// What differs between two outcomes of the same step.
fn difference<P: Protocol>(first: &Outcome<P>, second: &Outcome<P>) -> String {
    if first.slot != second.slot {
        two_results("", first.slot.state(), second.slot.state())
    } else if first.sent != second.sent {
        two_results("sent ", &first.sent, &second.sent)
    } else {
        two_facts(&first.facts, &second.facts)
    }
}

fn two_facts(first: &impl Debug, second: &impl Debug) -> String {
    two_results("observed ", first, second)
}

fn two_results(what: &str, first: impl Debug, second: impl Debug) -> String {
    format!("gave two results for one event: {what}{first:?} and {what}{second:?}")
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "with no message".to_owned())
}
