//! Whether what a lock answers is what one lock would answer: a ghost that protocol code never reads.
//!
//! Source: Herlihy and Wing, "Linearizability: A Correctness Condition for Concurrent Objects" (1990); the
//! configurations that are followed are those of Wing and Gong's search (1993), for all prefixes of a run at once.
//!
//! The object is a lock of which time may take the holder's hold: it is free, or somebody's. [`Answers`] is what it may
//! be by all that has been answered, and which of the open calls it may have carried out. An answer that fits none of
//! that is no answer of one lock. Unlike a list of all calls this forgets what matters no more, so that it stays small
//! and a run without end has finitely many.
//!
//! What it does not tell: whether a caller is *still* right to believe that it has the lock when it does something. An
//! answer may be true when it is given and late when it is heard.

use std::collections::{BTreeMap, BTreeSet};

use quorate::Id;
use serde::Serialize;

use super::ownership::Grant;

/// What is asked of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Want {
    /// To have it.
    Lock,
    /// To be rid of it.
    Release,
}

/// Something that happened to a call, or to the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum CallFact {
    /// A call begins.
    Asked(Grant, Want),
    /// A call ends, with yes or no; `None` where the caller does not look at the answer.
    Answered(Grant, Want, Option<bool>),
    /// Time takes the lock from this client, if it has it; from whoever has it, if none is named.
    Over(Option<Id>),
}

/// One way to explain all answers so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Explanation {
    /// Who has the lock.
    pub holder: Option<Grant>,
    /// The open calls that have been carried out, with the answers that they will get.
    pub done: BTreeMap<(Grant, Want), bool>,
}

impl Explanation {
    /// Carries out a call: the lock is given to one if nobody else has it, and given back by its holder.
    fn after(&self, call: (Grant, Want)) -> Self {
        let (grant, want) = call;
        let has = self.holder == Some(grant);
        let (holder, answer) = match want {
            Want::Lock if has || self.holder.is_none() => (Some(grant), true),
            Want::Release if has => (None, true),
            Want::Lock | Want::Release => (self.holder, false),
        };
        let mut done = self.done.clone();
        done.insert(call, answer);
        Self { holder, done }
    }
}

/// All ways to explain the answers so far.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Answers {
    /// The calls that are open.
    pub open: BTreeSet<(Grant, Want)>,
    /// Invariant: with each explanation all are here that come from it by carrying out open calls.
    pub explanations: BTreeSet<Explanation>,
    /// The first answer that nothing explains. Nothing is followed from then on.
    pub unexplained: Option<(Grant, Want, bool)>,
}

impl Default for Answers {
    fn default() -> Self {
        Self { open: BTreeSet::new(), explanations: BTreeSet::from([Explanation::default()]), unexplained: None }
    }
}

impl Answers {
    /// Follows what happened.
    pub fn follow(&mut self, fact: CallFact) {
        if self.unexplained.is_some() {
            return;
        }
        match fact {
            CallFact::Asked(grant, want) => {
                self.open.insert((grant, want));
            }
            CallFact::Answered(grant, want, answer) => self.answered((grant, want), answer),
            CallFact::Over(whose) => {
                let is_over = |holder: &Grant| whose.is_none_or(|client| holder.client == client);
                let over = |explanation: Explanation| Explanation {
                    holder: explanation.holder.filter(|holder| !is_over(holder)),
                    ..explanation
                };
                self.explanations = std::mem::take(&mut self.explanations).into_iter().map(over).collect();
            }
        }
        self.complete();
    }

    fn answered(&mut self, call: (Grant, Want), answer: Option<bool>) {
        if !self.open.remove(&call) {
            return;
        }
        let fits = |mut explanation: Explanation| {
            let given = explanation.done.remove(&call)?;
            answer.is_none_or(|answer| answer == given).then_some(explanation)
        };
        self.explanations = std::mem::take(&mut self.explanations).into_iter().filter_map(fits).collect();
        if self.explanations.is_empty() {
            let (grant, want) = call;
            *self = Self { unexplained: answer.map(|answer| (grant, want, answer)), ..Self::default() };
        }
    }

    /// Adds what comes of carrying out open calls, in any order.
    fn complete(&mut self) {
        let mut fresh: Vec<Explanation> = self.explanations.iter().cloned().collect();
        while let Some(explanation) = fresh.pop() {
            for call in self.open.iter().filter(|call| !explanation.done.contains_key(call)) {
                let next = explanation.after(*call);
                if self.explanations.insert(next.clone()) {
                    fresh.push(next);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CallFact::{Answered, Asked, Over};
    use Want::{Lock, Release};

    fn grant(client: usize) -> Grant {
        Grant { client: Id::from(client), round: 1 }
    }

    fn unexplained(facts: &[CallFact]) -> Option<(Grant, Want, bool)> {
        let mut answers = Answers::default();
        facts.iter().for_each(|fact| answers.follow(*fact));
        answers.unexplained
    }

    fn locks(client: usize) -> [CallFact; 2] {
        [Asked(grant(client), Lock), Answered(grant(client), Lock, Some(true))]
    }

    #[test]
    fn two_may_not_have_it_unless_one_gave_it_back_or_time_took_it() {
        let [one, two] = [locks(0), locks(1)];
        let between = |facts: &[CallFact]| unexplained(&[&one, facts, &two].concat());
        assert_eq!(between(&[]), Some((grant(1), Lock, true)));
        assert_eq!(between(&[Asked(grant(0), Release)]), None);
        assert_eq!(between(&[Over(None)]), None);
        assert_eq!(between(&[Over(Some(Id::from(0)))]), None);
        assert_eq!(between(&[Over(Some(Id::from(1)))]), Some((grant(1), Lock, true)));
    }

    #[test]
    fn who_is_told_that_it_is_taken_is_told_so_because_of_one_who_may_have_it() {
        let refused = [Asked(grant(1), Lock), Answered(grant(1), Lock, Some(false))];
        assert_eq!(unexplained(&refused), Some((grant(1), Lock, false)));
        // One who has asked and not heard may have it.
        assert_eq!(unexplained(&[&[Asked(grant(0), Lock)], &refused[..]].concat()), None);
        let given_back = [Asked(grant(0), Release), Answered(grant(0), Release, None)];
        assert_eq!(unexplained(&[&locks(0), &given_back, &refused[..]].concat()), Some((grant(1), Lock, false)));
    }

    #[test]
    fn an_open_call_is_carried_out_when_it_is_asked_and_not_before() {
        let both = [Asked(grant(0), Lock), Asked(grant(1), Lock)];
        let first = Answered(grant(1), Lock, Some(true));
        let refused = Answered(grant(0), Lock, Some(false));
        assert_eq!(unexplained(&[&both[..], &[first, refused]].concat()), None);
        let released = [Asked(grant(1), Release), Answered(grant(1), Release, Some(true))];
        assert_eq!(unexplained(&[&both[..], &[first], &released, &[refused]].concat()), None);
        let late = [&locks(1)[..], &released, &[Asked(grant(0), Lock), refused]].concat();
        assert_eq!(unexplained(&late), Some((grant(0), Lock, false)));
    }
}
