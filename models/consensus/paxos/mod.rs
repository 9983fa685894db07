//! Single-decree Paxos: proposers, acceptors and learners settle on one value.
//!
//! **Source.** Leslie Lamport, *Paxos Made Simple* (2001), section 2; quorums of different sizes for the two
//! phases from Howard, Malkhi, Spiegelman, *Flexible Paxos* (2016).
//!
//! **Modelled.** Phases 1 and 2 with their two halves (a: what the proposer sends, b: what the acceptor does),
//! learning from the acceptors' votes, the stable storage of acceptors and proposers, retries with a higher
//! ballot. A proposer sends to all acceptors: a message that is never delivered is one that was not sent.
//!
//! **Left out.** The choice of a distinguished proposer (section 2.4) and the hint that a ballot is overtaken
//! (2.5) only save work: here a proposer retries whenever its timer fires. A proposer that waits for more
//! promises than it needs would see what another quorum, one with the latest vote in it, shows it. The client
//! is the value that a proposer was made with, and proposers have different ones, so that a disagreement shows.
//! Ballots that timers start are bounded by a parameter; what happens in the first n ballots is complete. So every
//! run ends, and that two proposers may outbid each other for ever (2.4) is out of sight: `terminates` says that the last
//! ballot, which nobody outbids, chooses a value: what a distinguished proposer is for. For the duel to come back to where it
//! was, ballots would have to be renamed by their order wherever they stand, in all members and messages at once, and
//! messages of ballots that are overtaken be forgotten; members are functions of what they hold themselves, and no message
//! is taken back from them. The tests have the duel of two proposers before acceptors that act as one, where of ballots
//! only the order is kept (`duelling_proposers_never_choose_and_never_choose_twice`): it has a run without end that
//! strong fairness does not forbid.
//!
//! | file | what |
//! |---|---|
//! | `message` | ballots, values, votes and the four messages |
//! | `proposer` | phases 1a and 2a |
//! | `acceptor` | phases 1b and 2b |
//! | `learner` | learning a chosen value |
//! | `member` | the three roles as one actor |
//! | `ghost` | what the observer remembers |
//! | `properties` | the claims |

mod acceptor;
mod ghost;
mod learner;
mod member;
mod message;
mod properties;
mod proposer;

use quorate::Envelope;
use quorate::model::{Card, Deviations, Facts, Node, Property, Protocol, Reductions, Roster, Step, Symmetry};
use stateright::actor::Id;

use acceptor::Acceptor;
pub use acceptor::AcceptorState;
pub use ghost::{Fact, Ghost};
use learner::Learner;
pub use learner::LearnerState;
pub use member::{Member, State, Stored};
pub use message::{Ballot, Msg, Value, Vote};
use proposer::Proposer;
pub use proposer::{Phase, Promise, ProposerState, Retry};

quorate::params! {
    /// Who takes part, and how long they try.
    pub struct Params {
        /// Number of acceptors.
        pub acceptors: usize = 3, in 1..=7;
        /// Number of proposers, each with a value of its own.
        pub proposers: usize = 2, in 1..=4;
        /// Number of learners.
        pub learners: usize = 1, in 0..=3;
        /// Number of ballots that start without a crash, dealt to the proposers in turn: 3 ballots of 2 proposers
        /// are two of the first and one of the second. A proposer that restarts begins one more.
        pub ballots: usize = 2, in 1..=12;
        /// Promises that a proposer needs in phase 1; 0 stands for a majority of the acceptors.
        pub quorum1: usize = 0, in 0..=7;
        /// Votes that choose a value in phase 2; 0 stands for a majority of the acceptors.
        pub quorum2: usize = 0, in 0..=7;
    }
}

quorate::deviations! {
    /// What each role may do wrongly.
    pub enum Deviation {
        /// Both phases are content with one acceptor less than a quorum.
        MinorityQuorum = "minority-quorum" breaks "agreement";
        /// Phase 1 is content with one acceptor less than a quorum.
        MinorityQ1 = "minority-q1" breaks "agreement";
        /// Phase 2 is content with one acceptor less than a quorum.
        MinorityQ2 = "minority-q2" breaks "agreement";
        /// The proposer counts promises, not the acceptors that gave them: a duplicate counts twice.
        CountDuplicates = "count-duplicates" breaks "agreement";
        /// The proposer counts promises for its older ballots, too.
        StalePromisesCounted = "stale-promises-counted" breaks "agreement";
        /// The proposer proposes its own value, whatever votes are reported.
        IgnoreAccepted = "ignore-accepted" breaks "agreement";
        /// The proposer takes the value of the earliest vote reported, not of the latest.
        PickLowest = "pick-lowest" breaks "agreement";
        /// The proposer takes the value of the first vote that it finds.
        PickAny = "pick-any" breaks "agreement";
        /// The proposer takes the value that is reported most often.
        MajorityValue = "majority-value" breaks "agreement";
        /// The proposer does not save its round: after a restart it uses the same ballots again.
        ProposerRestartSameBallot = "proposer-restart-same-ballot" breaks "one-value-per-ballot";
        /// Ballots do not name their proposer: several proposers use the same ones. As long as an acceptor promises a ballot only
        /// once, and only to who asked, and two quorums of phase 1 meet, at most one of them gets a quorum.
        DupBallots = "dup-ballots" breaks "one-value-per-ballot";
        /// The proposer tries once and gives up when its timer fires or it restarts.
        NoRetry = "no-retry" breaks "terminates";
        /// The acceptor promises without remembering it.
        PromiseNotRecorded = "promise-not-recorded" breaks "agreement";
        /// The promise does not say what the acceptor voted for.
        PromiseOmitsValue = "promise-omits-value" breaks "agreement";
        /// An acceptor that has not voted reports its empty record as a vote.
        BlankVote = "blank-vote" breaks "validity";
        /// The acceptor promises the same ballot again. A second promise says nothing new while ballots are unique.
        PromiseGeq = "promise-geq" harmless;
        /// The acceptor tells every proposer of its promise. It is of use to none but the owner of the ballot.
        PromiseToAll = "promise-to-all" harmless;
        /// The acceptor votes in any ballot.
        AcceptNoCheck = "accept-no-check" breaks "agreement";
        /// The acceptor votes in any ballot later than its last vote, whatever it promised.
        AcceptGtAcceptedOnly = "accept-gt-accepted-only" breaks "agreement";
        /// Voting in a ballot does not promise it: an acceptor may vote in an earlier one afterwards.
        AcceptNoBump = "accept-no-bump" breaks "agreement";
        /// The acceptor does not save what it promised.
        ForgetPromise = "forget-promise" breaks "agreement";
        /// The acceptor does not save what it voted for.
        ForgetAccepted = "forget-accepted" breaks "agreement";
        /// The acceptor saves nothing.
        ForgetAll = "forget-all" breaks "agreement";
        /// The learner counts the votes for a value over all ballots.
        LearnerAnyBallot = "learner-any-ballot" breaks "learner-consistency";
        /// The learner keeps the votes of one ballot at a time, that of the vote which came last.
        LearnerOneBallot = "learner-one-ballot" breaks "learnable";
    }
}

/// Single-decree Paxos with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct Paxos {
    params: Params,
    deviations: Deviations<Deviation>,
    quorum1: usize,
    quorum2: usize,
}

impl Paxos {
    fn proposer_ids(&self) -> Vec<Id> {
        Id::vec_from(0..self.params.proposers)
    }

    fn acceptor_ids(&self) -> Vec<Id> {
        Id::vec_from((0..self.params.acceptors).map(|n| self.params.proposers + n))
    }

    fn learner_ids(&self) -> Vec<Id> {
        Id::vec_from((0..self.params.learners).map(|n| self.params.proposers + self.params.acceptors + n))
    }

    fn proposer(&self, proposer: Id) -> Member {
        Member::Proposer(Proposer {
            value: Value::of(proposer),
            acceptors: self.acceptor_ids(),
            quorum1: self.quorum1,
            proposer_count: self.params.proposers,
            ballot_count: self.params.ballots,
            deviations: self.deviations,
        })
    }

    fn acceptor(&self) -> Member {
        Member::Acceptor(Acceptor {
            proposers: self.proposer_ids(),
            learners: self.learner_ids(),
            deviations: self.deviations,
        })
    }

    fn learner(&self) -> Member {
        Member::Learner(Learner { quorum2: self.quorum2, deviations: self.deviations })
    }
}

impl Protocol for Paxos {
    const CARD: Card = Card {
        name: "paxos",
        title: "Single-decree Paxos",
        source: "Lamport, Paxos Made Simple (2001), section 2",
        modelled: "phases 1a, 1b, 2a, 2b, learning, stable storage of acceptors and proposers, retries with higher \
                   ballots, quorums of different sizes for the two phases",
        left_out: "the choice of a distinguished proposer and hints that a ballot is overtaken, which only save work: \
                   a proposer retries whenever its timer fires",
    };

    const REDUCTIONS: Reductions = Reductions::SYMMETRY.and(Reductions::STALE_MESSAGES);

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = Ghost;

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        let majority = params.acceptors / 2 + 1;
        let or_majority = |quorum: usize| if quorum == 0 { majority } else { quorum };
        let (mut quorum1, mut quorum2) = (or_majority(params.quorum1), or_majority(params.quorum2));
        if quorum1.max(quorum2) > params.acceptors {
            return Err(format!(
                "a quorum of {} needs more than the {} acceptors",
                quorum1.max(quorum2),
                params.acceptors
            ));
        }
        if quorum1 + quorum2 <= params.acceptors {
            return Err(format!(
                "a quorum of {quorum1} in phase 1 may miss a quorum of {quorum2} in phase 2: \
                 together they must be more than the {} acceptors",
                params.acceptors
            ));
        }
        if params.ballots < params.proposers {
            return Err(format!("{} ballots are too few for {} proposers", params.ballots, params.proposers));
        }
        if deviations.has(Deviation::MinorityQuorum) {
            (quorum1, quorum2) = (quorum1 - 1, quorum2 - 1);
        }
        if deviations.has(Deviation::MinorityQ1) {
            quorum1 -= 1;
        }
        if deviations.has(Deviation::MinorityQ2) {
            quorum2 -= 1;
        }
        Ok(Self { params, deviations, quorum1, quorum2 })
    }

    fn roster(&self) -> Roster<Member> {
        Roster::new()
            .role("proposer", self.proposer_ids().into_iter().map(|id| self.proposer(id)))
            .role("acceptor", self.acceptor_ids().into_iter().map(|_| self.acceptor()))
            .role("learner", self.learner_ids().into_iter().map(|_| self.learner()))
    }

    fn history(&self) -> Ghost {
        Ghost::default()
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<Fact>) {
        ghost::observe(step, facts);
    }

    /// All acceptors are asked at once. Proposers have different ballots, which are compared.
    fn symmetry(&self) -> Option<Symmetry<Self>> {
        Some(Symmetry::of_roles(&self.roster(), &["acceptor", "learner"]))
    }

    /// A request below what an acceptor has promised, or for that promise once more; a promise for a ballot that its
    /// proposer has left behind; a vote, for a learner that has learned. All but the last outlive a crash.
    fn is_stale(&self, node: &Node<'_, Member>, message: &Envelope<Msg>) -> bool {
        let saved = |stored: &Stored| match stored {
            Stored::Acceptor(me) => Some(State::Acceptor(me.clone())),
            Stored::Proposer { .. } => None,
        };
        let state = node.state.cloned().or_else(|| node.storage.and_then(saved));
        match (&message.msg, state, node.storage) {
            (Msg::Prepare { ballot }, Some(State::Acceptor(me)), _) => Some(*ballot) <= me.promised,
            (Msg::Accept(vote), Some(State::Acceptor(me)), _) => Some(vote.ballot) < me.promised,
            (Msg::Promise { ballot, .. }, Some(State::Proposer(me)), _) => {
                *ballot < me.ballot || *ballot == me.ballot && me.phase == Phase::Done
            }
            (Msg::Promise { ballot, .. }, None, Some(Stored::Proposer { round })) => ballot.round <= *round,
            (Msg::Accepted(_), Some(State::Learner(me)), _) => me.learned.is_some(),
            _ => false,
        }
    }

    fn properties() -> Vec<Property<Self>> {
        properties::all()
    }
}
