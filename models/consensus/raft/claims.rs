//! The claims of Raft: the five of figure 3, those that they rest on, progress, and the witnesses.

use quorate::Id;
use quorate::model::{Claim, Node, Property, World};
use quorate::system::Evidence;

use super::config::{Config, Members};
use super::ghost::{Breach, Ghost};
use super::log::{Entry, Log, Term};
use super::server::{Read, Role, Server, ServerState};
use super::{Membership, Raft, Start};
use crate::consensus::tally::Tally;

/// All claims.
pub(super) fn all() -> Vec<Property<Raft>> {
    vec![
        Claim::always("election-safety", "No term has two leaders").by_history(two_leaders_in_one_term),
        Claim::always("votes-once", "No server votes for two candidates in one term").by_history(two_votes),
        Claim::always("leader-append-only", "A leader removes or replaces no entry of its own log")
            .by_history(overwritten),
        Claim::always(
            "log-matching",
            "Two logs that have an entry of the same index and term are the same up to that entry",
        )
        .by_nodes(log, mismatch),
        Claim::always("terms-in-order", "No entry of a log is of an earlier term than the one before")
            .by_nodes(falls, the_first),
        Claim::always("leader-completeness", "What is committed in a term is in the log of every later leader")
            .by_history(leader_without),
        Claim::always("state-machine-safety", "No two entries are committed at the same index")
            .by_history(two_at_one_index),
        Claim::always("commit-monotone", "The commit index of a server that is up never falls").by_history(commit_fell),
        Claim::always("reads-current", "A read shows all that was committed when it was taken").by_history(stale_read),
        Claim::always(
            "linearizable",
            "What clients are answered, each by the leader of one term, is as if it was carried out one after the other",
        )
        .by_history(not_linearizable),
        Claim::always(
            "undisturbed",
            "With pre-votes, nobody stands against a leader before a majority has ceased to hear of it or been down",
        )
        .by_history(disturbed),
        Claim::always("steps-down", "Nobody leads who knows that a configuration without it is committed")
            .by_nodes(leads_from_outside, the_first),
        Claim::no_deadlock(
            "progress",
            "Where nothing can happen any more and a majority is up, what a leader took in its term is committed",
        )
        .by_world(uncommitted),
        Claim::no_deadlock(
            "reads-answered",
            "Where nothing can happen any more and a majority is up, a read that a leader took is answered",
        )
        .by_world(unanswered),
        Claim::no_deadlock(
            "elects",
            "Where nothing can happen any more and a majority is up with a member that stands, there is a leader or no \
             term is left",
        )
        .by_world(leaderless),
        Claim::sometimes("elected", "A server becomes leader").by_history(elected),
        Claim::sometimes("committed", "An entry is committed").by_history(committed),
        Claim::sometimes("next-leader-commits", "Entries are committed in two terms")
            .by_history(committed_in_two_terms),
        Claim::sometimes("old-entry-committed", "An entry is committed by a leader of a later term")
            .by_history(committed_late),
        Claim::sometimes("conflict-removed", "A server removes an entry that is not its leader's").by_history(removed),
        Claim::sometimes("change-committed", "A configuration other than the first is committed")
            .by_history(change_committed),
        Claim::sometimes("change-undone", "A server goes back to the configuration before its latest")
            .by_history(undone),
        Claim::sometimes("leader-removed", "A leader steps down because it is not in the configuration")
            .by_history(stepped_down),
        Claim::sometimes("installed", "A server takes over a snapshot of more than it has").by_history(installed),
        Claim::sometimes("two-leaders", "Two servers lead at once, in different terms").by_nodes(leads, two_lead),
        Claim::sometimes("answered", "A read is answered with something").by_nodes(answers, answered),
    ]
}

fn two_leaders_in_one_term(_: &Raft, ghost: &Ghost) -> Option<Evidence> {
    let mut pairs = ghost.won.iter().zip(ghost.won.iter().skip(1));
    let ((term, one, _), (_, other, _)) = pairs.find(|(one, other)| one.0 == other.0 && one.1 != other.1)?;
    Some(Evidence::new(format!("{one:?} and {other:?} are both leaders in term {term}")))
}

fn two_votes(_: &Raft, ghost: &Ghost) -> Option<Evidence> {
    ghost.breaches.iter().find_map(|breach| {
        let Breach::VotedTwice { voter, term, candidates: (one, other) } = breach else { return None };
        Some(Evidence::new(format!("{voter:?} votes for {one:?} and then for {other:?} in term {term}")))
    })
}

fn overwritten(_: &Raft, ghost: &Ghost) -> Option<Evidence> {
    ghost.breaches.iter().find_map(|breach| {
        let Breach::Overwrote(leader) = breach else { return None };
        Some(Evidence::new(format!("{leader:?} removes an entry of its log while it leads")))
    })
}

fn commit_fell(_: &Raft, ghost: &Ghost) -> Option<Evidence> {
    ghost.breaches.iter().find_map(|breach| {
        let Breach::CommitFell(server, from, to) = breach else { return None };
        Some(Evidence::new(format!("the commit index of {server:?} falls from {from} to {to}")))
    })
}

fn stale_read(_: &Raft, ghost: &Ghost) -> Option<Evidence> {
    ghost.breaches.iter().find_map(|breach| {
        let Breach::StaleRead(leader, index, due) = breach else { return None };
        Some(Evidence::new(format!(
            "the read of {leader:?} shows what was committed up to index {index}, and {due} were committed when it \
             was taken"
        )))
    })
}

fn not_linearizable(_: &Raft, ghost: &Ghost) -> Option<Evidence> {
    let holds = ghost.calls.is_linearizable(Tally::default());
    (!holds).then(|| Evidence::new(format!("no order explains these answers: {}", ghost.calls)))
}

fn log(_: &Raft, node: &Node<'_, Server>) -> Option<Log> {
    Some(node.state?.durable.log.clone())
}

fn mismatch(_: &Raft, logs: &[Option<Log>]) -> Option<Evidence> {
    let logs = || logs.iter().enumerate().filter_map(|(ix, log)| Some((Id::from(ix), log.as_ref()?)));
    let pairs = logs().flat_map(|one| logs().map(move |other| (one, other)));
    let mut found = pairs.filter_map(|((one, log), (other, its))| Some((one, other, log.mismatch(its)?)));
    let (one, other, index) = found.next()?;
    Some(Evidence::new(format!(
        "the logs of {one:?} and {other:?} have an entry of the same term at index {index}, and are not the same up to \
         there"
    )))
}

fn falls(_: &Raft, node: &Node<'_, Server>) -> Option<Evidence> {
    let log = &node.state?.durable.log;
    let index = log.fall()?;
    let (before, entry) = (log.get(index - 1)?, log.get(index)?);
    Some(Evidence::new(format!("the log of {:?} has {before} and then, at index {index}, {entry}", node.id)))
}

fn leader_without(_: &Raft, ghost: &Ghost) -> Option<Evidence> {
    ghost.committed.iter().find_map(|((index, entry), committed_in)| {
        let later = ghost.won.iter().filter(|(term, ..)| term > committed_in);
        let (term, leader, _) = later.into_iter().find(|(_, _, log)| log.get(*index) != Some(*entry))?;
        Some(Evidence::new(format!(
            "{entry} is committed at index {index} in term {committed_in}, and {leader:?} becomes leader of term {term} \
             without it"
        )))
    })
}

fn two_at_one_index(_: &Raft, ghost: &Ghost) -> Option<Evidence> {
    let mut pairs = ghost.committed.keys().zip(ghost.committed.keys().skip(1));
    let ((index, one), (_, other)) = pairs.find(|(one, other)| one.0 == other.0)?;
    Some(Evidence::new(format!("{one} and {other} are both committed at index {index}")))
}

fn disturbed(raft: &Raft, ghost: &Ghost) -> Option<Evidence> {
    let led_from_start =
        raft.params.pre_vote && raft.params.start == Start::Leader && raft.params.membership == Membership::Fixed;
    let is_disturbed = led_from_start && ghost.stood > 1 && ghost.silent.len() <= raft.params.servers / 2;
    is_disturbed.then(|| {
        let (term, silent) = (ghost.stood, &ghost.silent);
        Evidence::new(format!("term {term} has begun, and only {silent:?} may have ceased to hear of the leader"))
    })
}

/// The latest configuration in a server's log.
fn config(raft: &Raft, me: &ServerState) -> Config {
    let log = &me.durable.log;
    log.config(log.len()).map_or(raft.params.first(), |(_, config)| config)
}

fn leads_from_outside(_: &Raft, node: &Node<'_, Server>) -> Option<Evidence> {
    let me = node.state?;
    let log = &me.durable.log;
    let (index, config) = log.config(log.len())?;
    let is_outside = index <= me.commit && me.leads().is_some() && !config.contains(node.id);
    is_outside.then(|| Evidence::new(format!("{:?} leads, and has committed {config}", node.id)))
}

/// What is found of the first node of which something is.
fn the_first(_: &Raft, found: &[Option<Evidence>]) -> Option<Evidence> {
    found.iter().flatten().next().cloned()
}

/// The servers that are up, if they are a majority of the configuration of each of them.
fn majority<'a>(raft: &Raft, world: &World<'a, Raft>) -> Option<Vec<(Id, &'a ServerState)>> {
    let up: Vec<_> = world.nodes.iter().filter_map(|node| Some((node.id, node.state?))).collect();
    let is_majority = |members: &Members| {
        let count = up.iter().filter(|(server, _)| members.contains(*server)).count();
        count > members.iter().count() / 2
    };
    let can_decide = |config: Config| config.electorates().iter().all(is_majority);
    (!up.is_empty() && up.iter().all(|(_, me)| can_decide(config(raft, me)))).then_some(up)
}

fn uncommitted(raft: &Raft, world: &World<'_, Raft>) -> Option<Evidence> {
    let is_waiting = |me: &ServerState| {
        let log = &me.durable.log;
        me.leads().is_some_and(|term| log.end().term == term) && me.commit < log.len()
    };
    let (leader, me) = majority(raft, world)?.into_iter().find(|(_, me)| is_waiting(me))?;
    Some(Evidence::new(format!(
        "{leader:?} has {} entries and has committed {}, for ever, with a majority up",
        me.durable.log.len(),
        me.commit
    )))
}

fn unanswered(raft: &Raft, world: &World<'_, Raft>) -> Option<Evidence> {
    let (leader, _) = majority(raft, world)?.into_iter().find(|(_, me)| me.waits_to_read())?;
    Some(Evidence::new(format!("{leader:?} has taken a read and never answers it, with a majority up")))
}

fn leaderless(raft: &Raft, world: &World<'_, Raft>) -> Option<Evidence> {
    let up = majority(raft, world)?;
    let is_led = up.iter().any(|(_, me)| me.leads().is_some());
    let is_over = up.iter().any(|(_, me)| me.durable.term >= raft.params.terms);
    let has_candidate = up.iter().any(|(server, me)| raft.params.stands(*server) && config(raft, me).contains(*server));
    (!is_led && !is_over && has_candidate)
        .then(|| Evidence::new("there is no leader and will be none, with a majority up and terms left"))
}

fn elected(_: &Raft, ghost: &Ghost) -> Option<Evidence> {
    let (term, leader, _) = ghost.won.first()?;
    Some(Evidence::new(format!("{leader:?} leads in term {term}")))
}

fn committed(_: &Raft, ghost: &Ghost) -> Option<Evidence> {
    let ((index, entry), term) = ghost.committed.first_key_value()?;
    Some(Evidence::new(format!("{entry} is committed at index {index} in term {term}")))
}

fn committed_in_two_terms(_: &Raft, ghost: &Ghost) -> Option<Evidence> {
    let (first, last) = (ghost.committed.values().min()?, ghost.committed.values().max()?);
    (first < last).then(|| Evidence::new(format!("entries are committed in term {first} and in term {last}")))
}

fn committed_late(_: &Raft, ghost: &Ghost) -> Option<Evidence> {
    let ((index, entry), term) = ghost.committed.iter().find(|((_, entry), term)| entry.term < **term)?;
    Some(Evidence::new(format!("{entry} is committed at index {index} in term {term}")))
}

fn removed(_: &Raft, ghost: &Ghost) -> Option<Evidence> {
    ghost.truncated.then(|| Evidence::new("a server has removed an entry that was not its leader's"))
}

fn change_committed(_: &Raft, ghost: &Ghost) -> Option<Evidence> {
    let is_change = |entry: &Entry| matches!(entry.config, Some(Config::Simple(_)));
    let ((index, entry), term) = ghost.committed.iter().find(|((_, entry), _)| is_change(entry))?;
    Some(Evidence::new(format!("{entry} is committed at index {index} in term {term}")))
}

fn undone(_: &Raft, ghost: &Ghost) -> Option<Evidence> {
    ghost.undone.then(|| Evidence::new("a server has removed a configuration from its log"))
}

fn installed(_: &Raft, ghost: &Ghost) -> Option<Evidence> {
    ghost.installed.then(|| Evidence::new("a server has taken over a snapshot"))
}

fn stepped_down(_: &Raft, ghost: &Ghost) -> Option<Evidence> {
    ghost.stepped_down.then(|| Evidence::new("a leader that was removed has stepped down"))
}

fn leads(_: &Raft, node: &Node<'_, Server>) -> Option<(Term, Id)> {
    Some((node.state?.leads()?, node.id))
}

fn two_lead(_: &Raft, leaders: &[Option<(Term, Id)>]) -> Option<Evidence> {
    let mut leaders = leaders.iter().flatten();
    let (term, one) = leaders.next()?;
    let (other_term, other) = leaders.find(|(other, _)| other != term)?;
    Some(Evidence::new(format!("{one:?} leads in term {term}, and {other:?} in term {other_term}")))
}

fn answers(_: &Raft, node: &Node<'_, Server>) -> Option<(Id, usize)> {
    match node.state?.role {
        Role::Leader { read: Some(Read { is_answered: true, index, .. }), .. } => Some((node.id, index)),
        _ => None,
    }
}

fn answered(_: &Raft, answers: &[Option<(Id, usize)>]) -> Option<Evidence> {
    let (leader, index) = answers.iter().flatten().find(|(_, index)| *index > 0)?;
    Some(Evidence::new(format!("{leader:?} answers a read with what is committed up to index {index}")))
}
