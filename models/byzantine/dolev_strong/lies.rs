//! What may be said by those who lie.

use std::collections::BTreeSet;

use quorate::Id;

use super::{Chain, SENDER, Value};

/// Those who lie, by id. They have each other's keys.
#[derive(Clone, Debug)]
pub struct Liars(pub Vec<Id>);

impl Liars {
    /// What can be said in this round: nothing, or one value or both with the same signatures.
    ///
    /// One chain of each kind stands for all: what a process makes of a chain depends on nothing else. Of a sender that is
    /// correct there is no signature for another value, and its own value has come from itself.
    pub(super) fn tell(&self, round: usize) -> Vec<BTreeSet<Chain>> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let mut said = BTreeSet::from([BTreeSet::new()]);
        for signers in self.signatures(round) {
            let [a, b] = Value::ALL.map(|value| Chain { value, signers: signers.clone() });
            said.extend([BTreeSet::from([a.clone()]), BTreeSet::from([b.clone()]), BTreeSet::from([a, b])]);
        }
        said.into_iter().collect()
    }

    /// The signatures that can be set under any value.
    fn signatures(&self, round: usize) -> Vec<Vec<Id>> {
        let but_sender = |signer: &Id| usize::from(*signer) != SENDER;
        let unsigned: Vec<Id> = self.0.iter().copied().filter(but_sender).take(round).collect();
        let mut all = Vec::from_iter((!unsigned.is_empty()).then_some(unsigned));
        if self.0.iter().any(|liar| !but_sender(liar)) {
            // In the order of ids, the sender is the first. As far as the keys go: this may be too short as well.
            all.push(self.0.iter().copied().take(round).collect());
            all.push(vec![Id::from(SENDER)]);
            all.push(vec![Id::from(SENDER); round]);
        }
        all
    }
}
