//! Commitment by quorums: three-phase commit for networks that split. Nobody decides without a quorum, so that a part that
//! is cut off waits, and never differs from the other.
//!
//! # Source
//!
//! D. Skeen, *A Quorum-Based Commit Protocol* (1982) [S82]; I. Keidar and D. Dolev, *Increasing the Resilience of
//! Distributed and Replicated Database Systems* (1998), the protocol E3PC [KD]. The states are those of [S82], the numbers
//! of elections and attempts and the decision rule those of [KD]: with them a quorum that comes together decides, whatever
//! attempts were given up before, where that of [S82] may wait.
//!
//! # What is modelled
//!
//! One transaction. The coordinator, which is willing, asks the participants for their votes, brings a quorum to the brink of
//! commit, and commits. At any moment a site may take others to have gone, and stand as the coordinator of a recovery: those
//! that join it tell where they stand, and with a quorum of them it attempts one outcome, which a quorum must be brought to
//! the brink of before it is decided. So a crash, a slow message and a cut network look alike, and all may be. Sites come
//! back with what their logs say. The one elected tells all what is decided, also when it hears that from another; what a
//! site has decided by voting No it tells besides to those who ask.
//!
//! A multicast is one step. For safety nothing is lost by that: nobody knows for certain who has crashed, so a message that was
//! never sent is one that never arrives. For `progress` and `outcome-spreads` it is an assumption: whatever one sent who then
//! crashed arrives at all who are up. With a lost message both fail.
//!
//! # What is left out, and why that is sound
//!
//! The election. In [KD] all that are connected tell the number of their last election, and the one elected takes a later
//! number than all. Here a site stands with the number after its own. If others are ahead, they do not join it, and it may
//! stand again: what an election finds out at once. A quorum is a majority of the sites; weights are left out. How often
//! sites stand is bounded by a parameter; what happens within it is complete. Where all have stood as often as they may
//! and against one another, nobody decides: with an election that ends they would. And who has joined one that crashed, or that
//! has no quorum, may wait beside one that has voted No: it would stand again, and be told.
//!
//! | file | what |
//! |---|---|
//! | `site` | a site's state and rules |
//! | `claims` | what the observer remembers, and the properties |

mod claims;
mod site;

use std::collections::BTreeSet;

use quorate::model::{Card, Deviations, Facts, Property, Protocol, Reductions, Roster, Step, Symmetry};
use quorate::{Id, deviations, params, rename};
use serde::Serialize;

pub use site::{Duty, Phase, Record, Site, SiteState};

use super::decision::{Outcome, Vote};
use super::ledger::{Fact, Ledger};

params! {
    /// Who takes part, and how much happens.
    pub struct Params {
        /// Number of participants; with the coordinator they are the sites.
        pub participants: usize = 2, in 1..=6;
        /// How many elections there are after the first, whose coordinator is given.
        pub elections: usize = 1, in 0..=4;
    }
}

deviations! {
    /// What a site may do wrongly.
    pub enum Deviation {
        /// Who stands goes by what it knows itself, and decides alone.
        NoQuorum = "no-quorum" breaks "agreement";
        /// An outcome is decided when one site less than a quorum is on the brink of it.
        DecideEarly = "decide-early" breaks "agreement";
        /// A recovery commits if anybody who joins is on the brink of that, though a later attempt was to abort.
        AnyCommittable = "any-committable" breaks "agreement";
        /// A recovery commits only if all who join are on the brink of that.
        AllCommittable = "all-committable" breaks "agreement";
        /// A site follows an attempt of an election that it has left.
        ObeyEarlier = "obey-earlier" breaks "agreement";
        /// A site does not write to its log which attempt it is on the brink of.
        AttemptNotLogged = "attempt-not-logged" breaks "agreement";
        /// The coordinator goes on with the votes of a quorum.
        VotesOfQuorum = "votes-of-quorum" breaks "commit-validity";
        /// The coordinator aborts at the first Yes.
        AbortAtYes = "abort-at-yes" breaks "abort-validity";
        /// A site that takes others to have gone aborts, whatever it is on the brink of.
        AbortOnSuspicion = "abort-on-suspicion" breaks "agreement";
        /// Who stands goes on with that when it has voted No.
        KeepStanding = "keep-standing" breaks "irrevocable";
        /// Who is elected, and learns the outcome from another or by its own No, tells nobody.
        KeepOutcome = "keep-outcome" breaks "outcome-spreads";
        /// Who stands waits until all sites have joined.
        WaitForAll = "wait-for-all" breaks "progress";
    }
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Coordinator to participant: vote.
    CanCommit,
    /// Participant to coordinator.
    Vote(Vote),
    /// To all: join me in the election with this number.
    Elect(usize),
    /// To who stands: I have joined that election, and this is what my log says.
    Joined(Record),
    /// To all: be on the brink of this outcome, in the attempt of this election.
    Prepare(usize, Outcome),
    /// In answer: I am, in the attempt of this election.
    Prepared(usize),
    /// To all: this is the outcome.
    Decide(Outcome),
}

rename! {
    enum Msg {
        CanCommit,
        Vote(vote),
        Elect(number),
        Joined(record),
        Prepare(number, outcome),
        Prepared(number),
        Decide(outcome),
    }
}

/// Commitment of one transaction by quorums.
#[derive(Clone, Debug)]
pub struct QuorumCommit {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl QuorumCommit {
    /// The coordinator's id.
    const COORDINATOR: usize = 0;

    fn participants(&self) -> BTreeSet<Id> {
        (1..=self.params.participants).map(Id::from).collect()
    }

    /// How many sites are a quorum: any two have one in common.
    fn quorum(&self) -> usize {
        let sites = 1 + self.params.participants;
        sites / 2 + 1
    }
}

impl Protocol for QuorumCommit {
    const CARD: Card = Card {
        name: "quorum-commit",
        title: "Commitment by quorums",
        source: "Skeen, A Quorum-Based Commit Protocol (1982); Keidar and Dolev, Increasing the Resilience of Distributed and \
                 Replicated Database Systems (1998)",
        modelled: "One transaction, votes, attempts to commit and to abort, recoveries that any site may begin at any \
                   moment, crashes, coming back from the log, networks that split.",
        left_out: "The election (a site stands with the number after its own), weights of votes, other transactions (they \
                   share nothing with this one), the work of the transaction (an open choice between Yes and No).",
    };

    const REDUCTIONS: Reductions = Reductions::SYMMETRY;

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Site;
    type History = Ledger;

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Site> {
        let site = |me: usize| Site {
            me: Id::from(me),
            others: (0..=self.params.participants).filter(|other| *other != me).map(Id::from).collect(),
            quorum: self.quorum(),
            last_election: 1 + self.params.elections,
            deviations: self.deviations,
        };
        let participants = (1..=self.params.participants).map(site);
        Roster::new().role("coordinator", [site(Self::COORDINATOR)]).role("participant", participants)
    }

    fn history(&self) -> Ledger {
        Ledger::new(self.participants())
    }

    fn observe(&self, step: &Step<'_, Site>, facts: &mut Facts<Fact>) {
        claims::observe(step, facts);
    }

    /// Nobody is the first to stand: a number is of whom a quorum joins.
    fn symmetry(&self) -> Option<Symmetry<Self>> {
        Some(Symmetry::of_roles(&self.roster(), &["participant"]))
    }

    fn properties() -> Vec<Property<Self>> {
        claims::properties()
    }
}
