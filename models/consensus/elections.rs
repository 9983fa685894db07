//! A ghost of the published forms of Raft: who was elected in which term.

use std::collections::BTreeSet;

use quorate::Id;
use quorate::model::History;
use quorate::system::Evidence;
use serde::Serialize;

/// A term, 0 where a text knows none.
pub(super) type Term = u8;

/// Who was ever elected, and in which term.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Elections(BTreeSet<(Term, Id)>);

impl History for Elections {
    type Fact = (Term, Id);

    fn record(&mut self, fact: &(Term, Id)) {
        self.0.insert(*fact);
    }
}

impl Elections {
    /// Two leaders of one term.
    pub(super) fn rivals(&self) -> Option<Evidence> {
        let mut pairs = self.0.iter().zip(self.0.iter().skip(1));
        let ((term, one), (_, other)) = pairs.find(|((term, _), (next, _))| term == next)?;
        Some(Evidence::new(format!("{one:?} and {other:?} were both elected in term {term}")))
    }

    /// Someone who was elected.
    pub(super) fn leader(&self) -> Option<Evidence> {
        let (term, leader) = self.0.first()?;
        Some(Evidence::new(format!("{leader:?} was elected in term {term}")))
    }

    /// That nobody was elected.
    pub(super) fn vacancy(&self) -> Option<Evidence> {
        self.0.is_empty().then(|| Evidence::new("nothing can happen any more, and nobody was elected"))
    }
}
