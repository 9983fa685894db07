//! What the fragments seem to promise.

use std::collections::BTreeMap;

use quorate::Id;
use quorate::model::{Claim, Node, Property};
use quorate::system::Evidence;

use super::{Election, Elections, Phase, RaftFragments, Server, State};
use crate::consensus::term_log::Entry;

pub(super) fn properties() -> Vec<Property<RaftFragments>> {
    vec![
        Claim::always("election-safety", "no two servers are elected in one term")
            .by_history(|_, elections: &Elections| elections.rivals()),
        log_prefix(),
        match_grows(),
        replicated(),
        no_exception(),
        Claim::sometimes("leads", "a server is elected").by_history(|_, elections: &Elections| elections.leader()),
        commits(),
    ]
}

/// A server's log, in order; whether it leads.
type Log = (Vec<Entry>, bool);

fn log(_: &RaftFragments, node: &Node<'_, Server>) -> Option<Log> {
    match node.state {
        Some(State::Leader(me)) => Some((me.log.clone(), true)),
        Some(State::Follower(me)) => Some((me.log.values().copied().collect(), false)),
        Some(State::Absent | State::Election(_) | State::Candidate(_)) | None => None,
    }
}

/// The first follower of whose log, beside the leader's, this is true.
fn follower_with(logs: &[Option<Log>], is: impl Fn(&[Entry], &[Entry]) -> bool) -> Option<Id> {
    let (leader, _) = logs.iter().flatten().find(|(_, leads)| *leads)?;
    let meant = |log: &Option<Log>| matches!(log, Some((log, false)) if is(log, leader));
    logs.iter().position(meant).map(Id::from)
}

fn log_prefix() -> Property<RaftFragments> {
    let claim = "what a follower has in its log is the beginning of the leader's";
    Claim::always("log-prefix", claim).by_nodes(log, |_, logs| {
        let follower = follower_with(logs, |log, leader| !leader.starts_with(log))?;
        Some(Evidence::new(format!("the log of {follower:?} is not the beginning of the leader's")))
    })
}

fn replicated() -> Property<RaftFragments> {
    let claim = "where nothing can happen any more, followers have all that the leader has";
    Claim::no_deadlock("replicated", claim).by_nodes(log, |_, logs| {
        let follower = follower_with(logs, |log, leader| log != leader)?;
        Some(Evidence::new(format!("{follower:?} will never have what the leader has")))
    })
}

/// "Increases monotonically", says figure 2 of the paper.
fn match_grows() -> Property<RaftFragments> {
    let read = |_: &RaftFragments, node: &Node<'_, Server>| -> BTreeMap<Id, isize> {
        match node.state {
            Some(State::Leader(me)) => me.match_index.clone(),
            Some(State::Absent | State::Election(_) | State::Candidate(_) | State::Follower(_)) | None => {
                BTreeMap::new()
            }
        }
    };
    Claim::always_step("match-grows", "match_index never shrinks").by_nodes(read, |_, before, after| {
        let pairs = before.iter().zip(after).flat_map(|(before, after)| before.iter().zip(after));
        let mut shrunk = pairs.filter(|((_, before), (_, after))| after < before);
        let ((follower, before), (_, after)) = shrunk.next()?;
        Some(Evidence::new(format!("match_index of {follower:?} goes from {before} to {after}")))
    })
}

fn no_exception() -> Property<RaftFragments> {
    Claim::always("no-exception", "nothing is raised").by_nodes(
        |_: &RaftFragments, node: &Node<'_, Server>| match node.state {
            Some(State::Election(Election { phase: Phase::Raised(exception), .. })) => Some(*exception),
            Some(State::Leader(me)) => me.raised,
            Some(State::Absent | State::Election(_) | State::Candidate(_) | State::Follower(_)) | None => None,
        },
        |_, raised| {
            let (at, exception) = raised.iter().enumerate().find_map(|(at, raised)| Some((at, (*raised)?)))?;
            Some(Evidence::new(format!("{:?} raised {exception}", Id::from(at))))
        },
    )
}

fn commits() -> Property<RaftFragments> {
    Claim::sometimes("commits", "the leader commits something").by_nodes(
        |_: &RaftFragments, node: &Node<'_, Server>| {
            matches!(node.state, Some(State::Leader(me)) if me.commit_index > 0)
        },
        |_, commits| commits.contains(&true).then(|| Evidence::new("the leader's commit_index is more than 0")),
    )
}
