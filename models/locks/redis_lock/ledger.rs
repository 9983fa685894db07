//! What the observer remembers, and what it finds wrong.

use std::collections::{BTreeMap, BTreeSet};

use quorate::Id;
use quorate::model::History;
use serde::Serialize;

use crate::locks::answers::{Answers, CallFact};
use crate::locks::ownership::{Grant, KeyChange, Ownership, WrongDelete};

/// What a client has to do with the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Stance {
    /// It has asked for the lock.
    Asks,
    /// It believes that it has the lock.
    Believes,
    /// It is releasing the lock.
    Releases,
}

/// A client that has to do with the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Engagement {
    /// In which round.
    pub round: u8,
    /// What it is at.
    pub stance: Stance,
    /// Whether the resource has taken its write of this round.
    pub written: bool,
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// The key was set, removed or wiped.
    Key(KeyChange),
    /// The key has expired.
    Expired {
        /// Whether it is assumed to do so only when its owner has nothing to do with the lock any more.
        only_timely: bool,
    },
    /// The key lives on, by a command of this client.
    Extended(Grant),
    /// The store told this client that the lock is taken.
    ToldTaken(Grant),
    /// A client is at something else than before: round and stance, or away from the lock.
    Stance {
        /// Who.
        client: Id,
        /// What it is at now.
        now: Option<(u8, Stance)>,
    },
    /// The resource took or refused a write.
    Write {
        /// Whose.
        by: Grant,
        /// The number of the grant under which it was written.
        grant: u32,
        /// The token with which it came.
        token: u32,
        /// Whether it was taken.
        accepted: bool,
    },
    /// A client ended a round and says that it has written.
    ReportsSuccess(Grant),
    /// A call of a client began, or ended.
    Call(CallFact),
}

/// Something that should not have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Breach {
    /// A delete removed another's key.
    WrongDelete(WrongDelete),
    /// A command had another's key live on.
    WrongExtend {
        /// For whom the command was executed.
        by: Grant,
        /// Whose key it was.
        of: Grant,
    },
    /// The owner of the key was told that the lock is taken.
    SelfBlock(Grant),
    /// The resource took a write under an older grant than the last one that it took.
    StaleWrite {
        /// Whose.
        by: Grant,
        /// The number of the grant.
        grant: u32,
        /// The number of the newer one.
        after: u32,
    },
    /// The resource took a token smaller than the last one that it took.
    FenceFell {
        /// Whose.
        by: Grant,
        /// The token.
        token: u32,
        /// The larger one.
        after: u32,
    },
    /// The resource refused a write, though it had taken none under a newer grant.
    WrongfulRefusal(Grant),
    /// A client reported success, and the resource had not taken its write.
    FalseSuccess(Grant),
}

/// What the observer remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ledger {
    /// Whether a key expired that should not have, by what is assumed of time. Nothing else is remembered then, and
    /// nothing is judged.
    pub untimely: bool,
    /// Whether a key has expired.
    pub expired: bool,
    /// Whose the key is.
    pub key: Ownership,
    /// Who has to do with the lock, by id of the client.
    pub engaged: BTreeMap<Id, Engagement>,
    /// The how-many-th each grant was, when it was last given; `None` where the store itself counts them, and the numbers
    /// that clients were told are in the order of grants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<BTreeMap<Grant, u32>>,
    /// The largest number of a grant under which the resource took a write; 0 before the first.
    pub newest_grant: u32,
    /// The largest token that the resource took; 0 before the first.
    pub largest_token: u32,
    /// What the lock may be, by what it has answered; `None` where that is not followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<Answers>,
    /// What went wrong.
    pub breaches: BTreeSet<Breach>,
}

impl History for Ledger {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        if self.untimely {
            return;
        }
        match *fact {
            Fact::Key(change) => {
                self.number(change);
                self.breaches.extend(self.key.follow(change).map(Breach::WrongDelete));
            }
            Fact::Expired { only_timely } => self.expire(only_timely),
            Fact::Extended(by) => {
                let wrong = self.key.owner.filter(|of| *of != by).map(|of| Breach::WrongExtend { by, of });
                self.breaches.extend(wrong);
            }
            Fact::ToldTaken(grant) => {
                let itself = self.key.owner == Some(grant);
                self.breaches.extend(itself.then_some(Breach::SelfBlock(grant)));
            }
            Fact::Stance { client, now: None } => {
                self.engaged.remove(&client);
            }
            Fact::Stance { client, now: Some((round, stance)) } => {
                let new = Engagement { round, stance, written: false };
                self.engaged.entry(client).or_insert(new).stance = stance;
            }
            Fact::Write { by, grant, token, accepted: true } => self.take(by, self.number_of(by, grant), token),
            Fact::Write { by, grant, accepted: false, .. } => {
                let newest = self.number_of(by, grant) >= self.newest_grant;
                self.breaches.extend(newest.then_some(Breach::WrongfulRefusal(by)));
            }
            Fact::ReportsSuccess(grant) => {
                let written = self.engagement(grant).is_some_and(|engagement| engagement.written);
                self.breaches.extend((!written).then_some(Breach::FalseSuccess(grant)));
            }
            Fact::Call(fact) => self.follow(fact),
        }
    }
}

impl Ledger {
    /// The clients that believe to have the lock.
    pub fn believers(&self) -> impl Iterator<Item = Id> + '_ {
        self.engaged.iter().filter(|(_, engagement)| engagement.stance == Stance::Believes).map(|(client, _)| *client)
    }

    fn engagement(&mut self, grant: Grant) -> Option<&mut Engagement> {
        self.engaged.get_mut(&grant.client).filter(|engagement| engagement.round == grant.round)
    }

    /// A key that is set is a grant more, also where the same client sets it once more.
    fn number(&mut self, change: KeyChange) {
        if let (Some(order), KeyChange::Set(grant)) = (&mut self.order, change) {
            let last = order.values().copied().max().unwrap_or_default();
            order.insert(grant, last + 1);
        }
    }

    /// Which grant it was, by its order or else by the number that its client was told.
    fn number_of(&self, grant: Grant, told: u32) -> u32 {
        self.order.as_ref().and_then(|order| order.get(&grant)).copied().unwrap_or(told)
    }

    fn follow(&mut self, fact: CallFact) {
        self.answers.iter_mut().for_each(|answers| answers.follow(fact));
    }

    fn expire(&mut self, only_timely: bool) {
        let owner = self.key.owner;
        self.key.follow(KeyChange::Gone);
        if only_timely && owner.is_some_and(|owner| self.engagement(owner).is_some()) {
            *self = Self { untimely: true, ..Self::default() };
        } else {
            self.expired = true;
            self.follow(CallFact::Over(None));
        }
    }

    fn take(&mut self, by: Grant, grant: u32, token: u32) {
        if let Some(engagement) = self.engagement(by) {
            engagement.written = true;
        }
        if grant < self.newest_grant {
            self.breaches.insert(Breach::StaleWrite { by, grant, after: self.newest_grant });
        }
        if token < self.largest_token {
            self.breaches.insert(Breach::FenceFell { by, token, after: self.largest_token });
        }
        self.newest_grant = self.newest_grant.max(grant);
        self.largest_token = self.largest_token.max(token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(client: usize) -> Grant {
        Grant { client: Id::from(client), round: 1 }
    }

    fn stance(client: usize, now: Option<Stance>) -> Fact {
        Fact::Stance { client: Id::from(client), now: now.map(|stance| (1, stance)) }
    }

    fn write(client: usize, grant_number: u32) -> Fact {
        Fact::Write { by: grant(client), grant: grant_number, token: grant_number, accepted: true }
    }

    fn ledger(facts: &[Fact]) -> Ledger {
        let mut ledger = Ledger::default();
        facts.iter().for_each(|fact| ledger.record(fact));
        ledger
    }

    const TIMELY: Fact = Fact::Expired { only_timely: true };
    const ANY: Fact = Fact::Expired { only_timely: false };

    #[test]
    fn an_untimely_expiry_ends_all_judgement() {
        let held = [stance(0, Some(Stance::Asks)), Fact::Key(KeyChange::Set(grant(0)))];
        let late = [write(1, 2), write(0, 1)];
        let with = |expiry: &[Fact]| ledger(&[&held, expiry, &late].concat());
        assert_eq!(with(&[TIMELY]), Ledger { untimely: true, ..Ledger::default() });
        assert_eq!(with(&[ANY]).breaches.len(), 2);
        let after_crash = with(&[stance(0, None), TIMELY]);
        assert!(after_crash.expired && !after_crash.untimely);
    }

    #[test]
    fn a_delete_is_wrong_when_the_key_is_anothers() {
        let set = Fact::Key(KeyChange::Set(grant(0)));
        assert!(ledger(&[set, Fact::Key(KeyChange::Removed(grant(0)))]).breaches.is_empty());
        let wrong = Breach::WrongDelete(WrongDelete { by: grant(1), of: grant(0) });
        assert_eq!(ledger(&[set, Fact::Key(KeyChange::Removed(grant(1)))]).breaches, BTreeSet::from([wrong]));
    }

    #[test]
    fn a_number_that_comes_again_does_not_hide_who_came_first() {
        let set = |client| Fact::Key(KeyChange::Set(grant(client)));
        let facts = [set(0), Fact::Key(KeyChange::Gone), set(1), write(1, 1), write(0, 1)];
        let mut ordered = Ledger { order: Some(BTreeMap::new()), ..Ledger::default() };
        facts.iter().for_each(|fact| ordered.record(fact));
        let stale = Breach::StaleWrite { by: grant(0), grant: 1, after: 2 };
        assert_eq!(ordered.breaches, BTreeSet::from([stale]));
        assert!(ledger(&facts).breaches.is_empty());
    }

    /// A grant that is given once more has a number of its own, and so has the next.
    #[test]
    fn no_number_comes_twice() {
        let set = |client| Fact::Key(KeyChange::Set(grant(client)));
        let mut ordered = Ledger { order: Some(BTreeMap::new()), ..Ledger::default() };
        [set(0), set(1), set(0), set(2)].iter().for_each(|fact| ordered.record(fact));
        assert_eq!(ordered.order, Some(BTreeMap::from([(grant(0), 3), (grant(1), 2), (grant(2), 4)])));
    }

    #[test]
    fn success_is_false_without_a_write() {
        let releases = stance(0, Some(Stance::Releases));
        assert!(ledger(&[releases, write(0, 1), Fact::ReportsSuccess(grant(0))]).breaches.is_empty());
        let told = ledger(&[releases, Fact::ReportsSuccess(grant(0)), write(0, 1)]);
        assert_eq!(told.breaches, BTreeSet::from([Breach::FalseSuccess(grant(0))]));
    }
}
