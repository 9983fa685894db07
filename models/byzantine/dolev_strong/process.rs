//! A correct process: what it accepts, relays and decides.

use std::collections::{BTreeMap, BTreeSet};

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;

use super::{Chain, Decision, Deviation, Liars, Member, Msg, SENDER, Sizes, Value};

/// A correct process that is not the sender, with what the model knows of the others.
#[derive(Clone, Debug)]
pub struct Process {
    pub(super) id: Id,
    /// The other correct processes, less the sender: those whose relays come in each round.
    pub(super) others: Vec<Id>,
    /// Those who lie. It does not know them: they are who may tell it anything.
    pub(super) liars: Liars,
    pub(super) sizes: Sizes,
    pub(super) deviations: Deviations<Deviation>,
}

/// Its memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ProcessState {
    /// The round, from 1.
    pub round: usize,
    /// From how many it has taken what they send in this round.
    pub heard: usize,
    /// The values that it has accepted in earlier rounds.
    pub accepted: BTreeSet<Value>,
    /// What it accepts in this round for the first time, with the signatures under it.
    ///
    /// Invariant: no value in it is in `accepted`.
    pub fresh: BTreeMap<Value, Vec<Id>>,
    /// What it has decided.
    pub decided: Option<Decision>,
    /// Whether it has accepted a value in the last round.
    pub was_late: bool,
    /// Whether it has found out a chain that is not as it should be.
    pub has_refused: bool,
}

impl Process {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// It waits for round 1.
    pub(super) fn start(&self, o: &mut Out<Member>) -> ProcessState {
        let mut me = ProcessState { round: 1, ..ProcessState::default() };
        self.go_on(&mut me, o);
        me
    }

    /// The correct who send in this round: first the sender alone, then all but it.
    fn speakers(&self, me: &ProcessState) -> Vec<Id> {
        let is_sender_correct = !self.sizes.sender_lies;
        if me.round > 1 { self.others.clone() } else { Vec::from_iter(is_sender_correct.then_some(Id::from(SENDER))) }
    }

    /// Whose relay it takes next; `None` when it has taken all.
    pub(super) fn next_speaker(&self, me: &ProcessState) -> Option<Id> {
        self.speakers(me).get(me.heard).copied().filter(|_| me.decided.is_none())
    }

    /// What a correct process sends in this round.
    pub(super) fn hear(&self, me: &mut ProcessState, chains: &BTreeSet<Chain>, o: &mut Out<Member>) {
        me.heard += 1;
        self.look_at(me, chains);
        self.go_on(me, o);
    }

    /// What those say who lie: the last thing in this round.
    pub(super) fn be_lied_to(&self, me: &mut ProcessState, chains: &BTreeSet<Chain>, o: &mut Out<Member>) {
        self.look_at(me, chains);
        self.end_round(me, o);
        self.go_on(me, o);
    }

    /// It accepts each value that comes with the signatures that it needs.
    fn look_at(&self, me: &mut ProcessState, chains: &BTreeSet<Chain>) {
        for Chain { value, signers } in chains {
            if !self.is_valid(me.round, signers) {
                me.has_refused = true;
            } else if !me.accepted.contains(value) {
                me.fresh.entry(*value).or_insert_with(|| signers.clone());
            }
        }
    }

    /// Whether the signatures are those of as many different processes as rounds have passed, the sender the first.
    fn is_valid(&self, round: usize, signers: &[Id]) -> bool {
        let distinct: BTreeSet<&Id> = signers.iter().collect();
        let is_signed = signers.first() == Some(&Id::from(SENDER)) || self.breaks(Deviation::AcceptUnsigned);
        let is_long_enough = signers.len() >= round || self.breaks(Deviation::FewSignatures);
        let differ = distinct.len() == signers.len() || self.breaks(Deviation::SignersRepeat);
        is_signed && is_long_enough && differ
    }

    /// The rounds in all: f + 1.
    fn rounds(&self) -> usize {
        if self.breaks(Deviation::RoundLess) { self.sizes.tolerated } else { self.sizes.tolerated + 1 }
    }

    /// When it has taken what the correct send, it is those who lie that may speak; where nobody lies, the round is over.
    fn go_on(&self, me: &mut ProcessState, o: &mut Out<Member>) {
        while me.decided.is_none() && me.round <= self.rounds() && self.next_speaker(me).is_none() {
            let lies = self.liars.tell(me.round);
            if !lies.is_empty() {
                return o.choose_random("is told", lies);
            }
            self.end_round(me, o);
        }
        o.choose_random("is told", Vec::new());
    }

    /// A round is over: it signs and relays what it has accepted, or decides.
    fn end_round(&self, me: &mut ProcessState, o: &mut Out<Member>) {
        let fresh = std::mem::take(&mut me.fresh);
        let is_last = me.round >= self.rounds();
        me.was_late |= is_last && me.round > 1 && !fresh.is_empty();
        if !is_last {
            let limit =
                if self.breaks(Deviation::RelayFirst) { usize::from(me.accepted.is_empty()) } else { fresh.len() };
            let signed = |(value, signers): (&Value, &Vec<Id>)| Chain {
                value: *value,
                signers: signers.iter().copied().chain([self.id]).collect(),
            };
            let chains = fresh.iter().map(signed).take(limit).collect();
            o.broadcast(&self.others, &Msg { round: me.round + 1, chains });
        }
        me.accepted.extend(fresh.into_keys());
        (me.round, me.heard) = (me.round + 1, 0);
        if is_last {
            me.decided = self.decision(me);
        }
    }

    /// On the value if it has accepted one only; otherwise it knows that the sender is faulty.
    fn decision(&self, me: &ProcessState) -> Option<Decision> {
        let mut accepted = me.accepted.iter();
        match (accepted.next(), accepted.next()) {
            (Some(value), None) => Some(Decision::On(*value)),
            (None, _) if self.breaks(Deviation::NoDefault) => None,
            (None, _) | (Some(_), Some(_)) => Some(Decision::SenderFaulty),
        }
    }
}
