//! Paxos and what it refines, as tlaplus/Examples has them (`PaxosHowToWinATuringAward`), with the counts of TLC: three
//! acceptors, two values, some ballots. Our [`paxos`](quorate_models::consensus::Paxos) has proposers with a state of their own
//! and messages to each acceptor, so its states are others: it is finer.

use std::collections::BTreeSet;

use quorate::engine::{Ended, Verdict};
use quorate::system::PropertyKind;

use super::shared::{Act, Shared, step};

const ACCEPTORS: usize = 3;
const VALUES: u8 = 2;
const QUORUMS: [[usize; 2]; 3] = [[0, 1], [0, 2], [1, 2]];

/// A ballot and a value.
type Vote = (usize, u8);

/// By acceptor and ballot: the value voted for.
type Votes<const BALLOTS: usize> = [[Option<u8>; BALLOTS]; ACCEPTORS];

/// Two values are chosen: each by a quorum in one ballot.
fn two_chosen<const BALLOTS: usize>(votes: &Votes<BALLOTS>) -> bool {
    chosen(votes).len() > 1
}

fn chosen<const BALLOTS: usize>(votes: &Votes<BALLOTS>) -> BTreeSet<u8> {
    let by = |quorum: [usize; 2], ballot: usize| {
        votes[quorum[0]][ballot].filter(|value| votes[quorum[1]][ballot] == Some(*value))
    };
    QUORUMS.into_iter().flat_map(|quorum| (0..BALLOTS).filter_map(move |ballot| by(quorum, ballot))).collect()
}

/// `Voting`: acceptors that see everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Voting<const BALLOTS: usize> {
    votes: Votes<BALLOTS>,
    promised: [Option<usize>; ACCEPTORS],
}

impl<const BALLOTS: usize> Voting<BALLOTS> {
    const START: Self = Self { votes: [[None; BALLOTS]; ACCEPTORS], promised: [None; ACCEPTORS] };

    /// `ShowsSafeAt`: the quorum promised the ballot, and its latest vote before is for the value, if there is any.
    fn shows_safe(&self, quorum: [usize; 2], ballot: usize, value: u8) -> bool {
        let latest = (0..ballot).rev().find(|earlier| quorum.iter().any(|a| self.votes[*a][*earlier].is_some()));
        quorum.iter().all(|a| self.promised[*a] >= Some(ballot))
            && latest.is_none_or(|earlier| quorum.iter().any(|a| self.votes[*a][earlier] == Some(value)))
    }

    fn may_vote(&self, acceptor: usize, ballot: usize, value: u8) -> bool {
        self.promised[acceptor] <= Some(ballot)
            && self.votes[acceptor][ballot].is_none()
            && self.votes.iter().all(|votes| votes[ballot].is_none_or(|other| other == value))
            && QUORUMS.into_iter().any(|quorum| self.shows_safe(quorum, ballot, value))
    }

    fn acts(&self) -> Vec<Act<Self>> {
        let mut acts = Vec::new();
        for acceptor in 0..ACCEPTORS {
            for ballot in 0..BALLOTS {
                let mut next = self.clone();
                next.promised[acceptor] = Some(ballot);
                if self.promised[acceptor] < Some(ballot) {
                    acts.push(step(acceptor, next.clone()));
                }
                for value in (0..VALUES).filter(|value| self.may_vote(acceptor, ballot, *value)) {
                    next.votes[acceptor][ballot] = Some(value);
                    acts.push(step(acceptor, next.clone()));
                }
            }
        }
        acts
    }
}

/// `Paxos`: the messages that were ever sent, and what acceptors remember.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Paxos<const BALLOTS: usize> {
    promised: [Option<usize>; ACCEPTORS],
    last_vote: [Option<Vote>; ACCEPTORS],
    /// By ballot: whether 1a was sent, and the value of 2a.
    begun: [bool; BALLOTS],
    proposed: [Option<u8>; BALLOTS],
    /// 1b: acceptor, ballot and the vote that it reports.
    promises: BTreeSet<(usize, usize, Option<Vote>)>,
    /// 2b.
    votes: Votes<BALLOTS>,
}

impl<const BALLOTS: usize> Paxos<BALLOTS> {
    fn start() -> Self {
        Self {
            promised: [None; ACCEPTORS],
            last_vote: [None; ACCEPTORS],
            begun: [false; BALLOTS],
            proposed: [None; BALLOTS],
            promises: BTreeSet::new(),
            votes: [[None; BALLOTS]; ACCEPTORS],
        }
    }

    /// Whether the promises of some quorum let the leader of the ballot propose the value.
    fn may_propose(&self, ballot: usize, value: u8) -> bool {
        QUORUMS.into_iter().any(|quorum| {
            let of = |acceptor: usize| {
                self.promises.iter().filter(move |(by, of, _)| (*by, *of) == (acceptor, ballot)).map(|(.., vote)| *vote)
            };
            let reported: Vec<Vote> = quorum.into_iter().flat_map(of).flatten().collect();
            let latest = reported.iter().map(|(ballot, _)| *ballot).max();
            quorum.into_iter().all(|acceptor| of(acceptor).next().is_some())
                && latest.is_none_or(|latest| reported.contains(&(latest, value)))
        })
    }

    fn acts(&self) -> Vec<Act<Self>> {
        let mut acts = Vec::new();
        for ballot in 0..BALLOTS {
            let mut begun = self.clone();
            begun.begun[ballot] = true;
            acts.push(step(ballot, begun));
            for value in (0..VALUES).filter(|value| self.proposed[ballot].is_none() && self.may_propose(ballot, *value))
            {
                let mut next = self.clone();
                next.proposed[ballot] = Some(value);
                acts.push(step(ballot, next));
            }
            for acceptor in 0..ACCEPTORS {
                if self.begun[ballot] && self.promised[acceptor] < Some(ballot) {
                    let mut next = self.clone();
                    next.promised[acceptor] = Some(ballot);
                    next.promises.insert((acceptor, ballot, self.last_vote[acceptor]));
                    acts.push(step(BALLOTS + acceptor, next));
                }
                if let Some(value) = self.proposed[ballot].filter(|_| self.promised[acceptor] <= Some(ballot)) {
                    let mut next = self.clone();
                    next.promised[acceptor] = Some(ballot);
                    next.last_vote[acceptor] = Some((ballot, value));
                    next.votes[acceptor][ballot] = Some(value);
                    acts.push(step(BALLOTS + acceptor, next));
                }
            }
        }
        acts
    }
}

/// Distinct states, and states in the longest of the shortest ways, as TLC counts depth.
fn counted<S: Clone + std::fmt::Debug + Eq + std::hash::Hash + Send + Sync>(system: &Shared<S>) -> (u64, u32) {
    let found = system.explored(None);
    assert_eq!(found.ended, Ended::Complete);
    assert_eq!(system.of(&found), [Verdict::Holds, Verdict::Reachable]);
    (found.statistics.distinct, found.statistics.depth + 1)
}

fn counted_paxos<const BALLOTS: usize>() -> (u64, u32) {
    let system = Shared::new(vec![Paxos::<BALLOTS>::start()], Paxos::acts)
        .claim(PropertyKind::Always, |paxos| two_chosen(&paxos.votes))
        .claim(PropertyKind::Sometimes, |paxos| !chosen(&paxos.votes).is_empty());
    counted(&system)
}

#[test]
fn paxos_has_the_states_that_tlc_counts() {
    assert_eq!(counted_paxos::<2>(), (3_921, 17));
    assert_eq!(counted_paxos::<3>(), (185_369, 25));
}

#[test]
fn voting_has_the_states_that_tlc_counts() {
    let system = Shared::new(vec![Voting::<3>::START], Voting::acts)
        .claim(PropertyKind::Always, |voting| two_chosen(&voting.votes))
        .claim(PropertyKind::Sometimes, |voting| !chosen(&voting.votes).is_empty());
    assert_eq!(counted(&system), (6_752, 16));
}
