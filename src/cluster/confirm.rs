//! Whether what the reductions rest on is so, looked at when a search is over.
//!
//! A protocol *declares* who is interchangeable and which messages are stale; no verdict rests on that alone.
//!
//! - **Symmetry.** Whatever protocol code was called in the search is called once more for each permutation, with what
//!   it was called with renamed, and must do the same, renamed: handlers, the observer, corruption. Conditions must
//!   judge a state as they judge its images: each state in which a property was asked for was compared with all of
//!   them, the histories and what is read of nodes are compared here. And renaming must be what its name says, see
//!   [`naming`](super::naming): two renamings one after the other are one. By induction over the steps, the images of
//!   a run are runs, and the states that were left out differ from those that were seen by nothing but names.
//! - **Stale messages.** Wherever a message was stale for a node that could take it, its delivery must change
//!   nothing; and in no step may it become other than stale. By induction, it would never have changed anything.
//!
//! Both are looked at for all that the search came upon, and that is all that the induction needs. If something is
//! not so, the search says nothing.

use std::sync::PoisonError;

use rayon::prelude::*;

use super::audit::named;
use super::event::Event;
use super::saved::{Made, all_made};
use super::slot::Life;
use super::stale::Stale;
use super::step::{Call, Outcome};
use super::symmetry::Quotient;
use super::tables::{Cluster, MessageOf};
use crate::model::{History, NetworkKind, Protocol};
use crate::system::Word;

/// Whether somebody still waits for the answer.
pub(super) type GoOn<'a> = &'a (dyn Fn() -> bool + Sync);

type SentBy<P> = Vec<MessageOf<P>>;

impl<P: Protocol> Cluster<P> {
    /// Whether it was found out before `go_on` said no.
    ///
    /// # Errors
    /// What is not as the reductions in force need it, in a sentence.
    pub(super) fn confirm_reductions(&self, go_on: GoOn<'_>) -> Result<bool, String> {
        if self.stale.is_none() && self.quotient.is_none() {
            return Ok(true);
        }
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let made: Vec<Made<'_>> = all_made(&made).collect();
        if const { P::REDUCTIONS.stale_messages }
            && let Some(wrong) = self.stale.as_ref().and_then(|stale| self.not_stale(stale, &made, go_on))
        {
            return Err(wrong);
        }
        if const { P::REDUCTIONS.symmetry }
            && let Some(wrong) = self.quotient.as_ref().and_then(|quotient| self.not_symmetric(quotient, &made, go_on))
        {
            return Err(wrong);
        }
        Ok(go_on())
    }

    fn not_symmetric(&self, quotient: &Quotient<P>, made: &[Made<'_>], go_on: GoOn<'_>) -> Option<String> {
        // What is read comes first: it is why a judgement differs.
        let wrong = first(made.len(), go_on, &|ix| self.made_otherwise(quotient, made[ix]));
        let wrong = wrong.or_else(|| self.misnamed(quotient, go_on));
        let wrong = wrong.or_else(|| self.asymmetric_reading(quotient, go_on));
        let wrong = wrong.or_else(|| self.asymmetric_history(quotient, go_on));
        let wrong = wrong.or_else(|| quotient.asymmetry.get().cloned())?;
        Some(format!("the protocol is not symmetric as declared: {wrong}"))
    }

    /// What the protocol's code makes of a renamed call that is not what it made, renamed.
    fn made_otherwise(&self, quotient: &Quotient<P>, made: Made<'_>) -> Option<String> {
        match made {
            Made::Handled { node, slot, event, .. } => self.handled_otherwise(quotient, node, slot, event),
            Made::Corrupted { node, message, .. } => {
                let sent = &self.positions[node].messages.get(message).msg;
                let payloads = self.protocol.corrupt(sent);
                let message = quotient.symmetry.message;
                let differs = |permutation: usize| {
                    let names = quotient.names(permutation);
                    let mut renamed: Vec<_> = payloads.iter().map(|payload| message(payload, &names)).collect();
                    let mut of_renamed = self.protocol.corrupt(&message(sent, &names));
                    renamed.sort();
                    of_renamed.sort();
                    renamed != of_renamed
                };
                let differs = quotient.group.others().any(differs);
                differs.then(|| format!("`corrupt` of {sent:?} does otherwise when members change places"))
            }
            Made::Recorded { history, facts, after } => {
                let facts = self.facts.get(facts);
                let (history, after) = (self.histories.get(history), self.histories.get(after));
                let differs = |permutation: usize| {
                    let names = quotient.names(permutation);
                    let mut renamed = (quotient.symmetry.history)(history, &names);
                    facts.iter().for_each(|fact| renamed.record(&(quotient.symmetry.fact)(fact, &names)));
                    renamed != (quotient.symmetry.history)(after, &names)
                };
                let differs = quotient.group.others().any(differs);
                differs.then(|| format!("`record` of {facts:?} does otherwise when members change places"))
            }
            Made::Renamed { .. } => None,
        }
    }

    fn handled_otherwise(&self, quotient: &Quotient<P>, node: usize, slot: u32, event: Event) -> Option<String> {
        let call = self.call(node, self.positions[node].slots.get(slot), event);
        let outcome = call.run();
        quotient.group.others().find_map(|permutation| {
            let names = quotient.names(permutation);
            let image = quotient.image_of_node(node, permutation);
            let slot = quotient.renamed_slot(call.slot, &names);
            let message = call.message.map(|sent| quotient.renamed_message(sent, &names));
            let there = Call {
                actor: &self.roster.members()[image].actor,
                id: image.into(),
                slot: &slot,
                message: message.as_ref(),
                ..call
            };
            let same = |event: Event| {
                let there = Call { event, ..there };
                self.is_renamed(quotient, &outcome, there.run(), permutation)
            };
            let same = self.image_of_event(&call, &there, quotient, permutation).is_some_and(same)
                && (event != Event::Crash || self.are_torn_alike(&call, &there, quotient, permutation));
            let name = |node: usize| self.roster.name(node.into()).unwrap_or_default();
            (!same).then(|| {
                format!(
                    "{} does for {} what {} does not, when they change places",
                    name(node),
                    named(&call),
                    name(image)
                )
            })
        })
    }

    /// The event renamed: timers, options and torn saves go by their place in the slot. `None` if there is none.
    fn image_of_event(
        &self,
        call: &Call<'_, P>,
        there: &Call<'_, P>,
        quotient: &Quotient<P>,
        permutation: usize,
    ) -> Option<Event> {
        let (names, symmetry) = (quotient.names(permutation), &quotient.symmetry);
        let place = |at: Option<usize>| at.map(|at| at as u32);
        match call.event {
            Event::Timeout(number) => {
                let timer = (symmetry.timer)(call.slot.timers.keys().nth(number as usize)?, &names);
                place(there.slot.timers.keys().position(|other| *other == timer)).map(Event::Timeout)
            }
            Event::Choose(number) => {
                let (key, option) = call.slot.choices.option(number as usize)?;
                let option = (symmetry.options)(&vec![option.clone()], &names);
                let is_it = |(other_key, other): (&str, &_)| other_key == key && option.first() == Some(other);
                place(there.slot.options().position(is_it)).map(Event::Choose)
            }
            Event::TearSave(number) => {
                let (torn, torn_there) = (call.torn(), there.torn());
                let rest = (symmetry.storage)(torn.get(number as usize)?, &names);
                let at = torn_there.iter().position(|other| *other == rest);
                place(at.filter(|_| torn.len() == torn_there.len())).map(Event::TearSave)
            }
            event => Some(event),
        }
    }

    /// Whether a crash may leave of the last save there what it may leave here, renamed: perhaps nothing, of which no step tells.
    fn are_torn_alike(
        &self,
        here: &Call<'_, P>,
        there: &Call<'_, P>,
        quotient: &Quotient<P>,
        permutation: usize,
    ) -> bool {
        let names = quotient.names(permutation);
        let torn: Vec<_> = here.torn().iter().map(|rest| (quotient.symmetry.storage)(rest, &names)).collect();
        let torn_there = there.torn();
        torn.len() == torn_there.len() && torn.iter().all(|rest| torn_there.contains(rest))
    }

    fn is_renamed(&self, quotient: &Quotient<P>, outcome: &Outcome<P>, there: Outcome<P>, permutation: usize) -> bool {
        let names = quotient.names(permutation);
        if let (Life::Failed(_), Life::Failed(_)) = (&outcome.slot.life, &there.slot.life) {
            return true;
        }
        let sent = outcome.sent.iter().map(|sent| quotient.renamed_message(sent, &names)).collect();
        let facts: Vec<_> = outcome.facts.iter().map(|fact| (quotient.symmetry.fact)(fact, &names)).collect();
        quotient.renamed_slot(&outcome.slot, &names) == there.slot
            && self.in_flight_order(sent) == self.in_flight_order(there.sent)
            && facts == there.facts
    }

    /// Messages, in an order that keeps what the network keeps.
    fn in_flight_order(&self, mut sent: SentBy<P>) -> SentBy<P> {
        match self.rules.kind {
            NetworkKind::Fifo => sent.sort_by_key(|envelope| envelope.dst),
            NetworkKind::Unordered | NetworkKind::Duplicating => sent.sort(),
        }
        sent
    }

    fn not_stale(&self, stale: &Stale, made: &[Made<'_>], go_on: GoOn<'_>) -> Option<String> {
        let sets: Vec<Vec<Vec<u64>>> = (0..self.positions.len()).map(|node| self.stale_sets(stale, node)).collect();
        let awakes = |ix: usize| {
            let Made::Handled { node, slot, after, .. } = made[ix] else { return None };
            let [before, then] = [slot, after].map(|slot| &sets[node][slot as usize]);
            let message = first_bit(before.iter().zip(then).map(|(before, then)| before & !then))?;
            let slots = [slot, after].map(|slot| &self.positions[node].slots.get(slot).life);
            (!matches!(slots[1], Life::Failed(_))).then(|| {
                format!("{} in {:?} and no longer in {:?}", self.told_stale(node, message), slots[0], slots[1])
            })
        };
        let changes = |node: usize| {
            let changes = |slot: usize| self.changes_by_stale(node, slot as u32, &sets[node][slot]);
            first(sets[node].len(), go_on, &changes)
        };
        first(made.len(), go_on, &awakes).or_else(|| (0..self.positions.len()).find_map(changes))
    }

    /// By slot of `node`: which messages are stale, as bits.
    fn stale_sets(&self, stale: &Stale, node: usize) -> Vec<Vec<u64>> {
        let position = &self.positions[node];
        let count = position.messages.len() as u32;
        let set = |slot: usize| {
            let mut bits = vec![0; (count as usize).div_ceil(64)];
            for message in (0..count).filter(|message| self.is_stale(stale, node, slot as u32, *message)) {
                bits[message as usize / 64] |= 1 << (message % 64);
            }
            bits
        };
        each(position.slots.len(), &set)
    }

    fn changes_by_stale(&self, node: usize, slot: u32, stale: &[u64]) -> Option<String> {
        let position = &self.positions[node];
        let here = position.slots.get(slot);
        if !here.is_going() {
            return None;
        }
        let is_stale = |message: &u32| stale[*message as usize / 64] >> (message % 64) & 1 == 1;
        (0..position.messages.len() as u32).filter(is_stale).find_map(|message| {
            let outcome = self.call(node, here, Event::Deliver(message)).run();
            let mut sent = outcome.sent.iter().filter(|sent| usize::from(sent.dst) < self.positions.len());
            let change = if let Some(sent) = sent.next() {
                format!("makes it send {:?}", sent.msg)
            } else if outcome.slot != *here {
                format!("makes of it {:?}", outcome.slot)
            } else if !outcome.facts.is_empty() {
                format!("is observed: {:?}", outcome.facts)
            } else {
                return None;
            };
            Some(format!("{}, and changes something in {here:?}: it {change}", self.told_stale(node, message)))
        })
    }

    fn told_stale(&self, node: usize, message: u32) -> String {
        let name = self.roster.name(node.into()).unwrap_or_default();
        format!("{:?} is declared stale for {name}", self.positions[node].messages.get(message).msg)
    }
}

/// The first sentence that there is to say, looked for by all threads while `go_on` says so. Not generic: it is compiled
/// once, and not for each protocol.
pub(super) fn first(count: usize, go_on: GoOn<'_>, look: &(dyn Fn(usize) -> Option<String> + Sync)) -> Option<String> {
    (0..count).into_par_iter().find_map_first(|ix| if go_on() { look(ix) } else { None })
}

fn each(count: usize, set: &(dyn Fn(usize) -> Vec<u64> + Sync)) -> Vec<Vec<u64>> {
    (0..count).into_par_iter().map(set).collect()
}

fn first_bit(words: impl Iterator<Item = u64>) -> Option<Word> {
    let mut words = words.enumerate().filter(|(_, word)| *word != 0);
    words.next().map(|(ix, word)| ix as Word * 64 + word.trailing_zeros())
}
