//! Two specifications of tlaplus/Examples, with the counts and the verdicts of TLC.

use quorate::engine::{Ended, Verdict};
use quorate::system::{Level, PropertyKind};

use super::shared::{Act, Shared, step};

/// `FiniteMonotonic/DistributedReplicatedLog` with three servers, one value and a lag of 3, seen without the prefix that
/// all logs share: how much longer each log is than the shortest.
type Lags = [u8; 3];

const LAG: u8 = 3;

fn replicated_log(lags: &Lags) -> Vec<Act<Lags>> {
    let longer = |server: usize, by: u8| {
        let mut lags = *lags;
        lags[server] += by;
        let shared = lags.into_iter().min().unwrap();
        lags.map(|lag| lag - shared)
    };
    let longest = *lags.iter().max().unwrap();
    let mut acts = Vec::new();
    for server in 0..3 {
        for behind in lags.iter().filter_map(|other| other.checked_sub(lags[server])).filter(|behind| *behind > 0) {
            acts.extend([behind - 1, behind].map(|by| step(server, longer(server, by))));
        }
        if lags[server] == longest {
            acts.extend((0..=LAG - longest).map(|by| step(server + 3, longer(server, by))));
        }
    }
    acts
}

/// Followers may copy less than all, so that logs need never be equal; TLC says so with a trace of five states.
#[test]
fn replicated_logs_need_never_be_in_sync() {
    let logs = Shared::new(vec![[0; 3]], replicated_log)
        .claim(PropertyKind::Always, |lags| lags.iter().any(|lag| *lag > LAG))
        .claim(PropertyKind::LeadsTo, |lags| lags[0] != lags[1])
        .claim(PropertyKind::AlwaysPossible, |lags| lags[0] != lags[1]);
    let found = logs.explored(Some(Level::Weak));
    let counts = (found.ended, found.statistics.distinct, found.statistics.depth + 1);
    assert_eq!(counts, (Ended::Complete, 37, 4));
    assert_eq!(logs.of(&found), [Verdict::Holds, Verdict::Violated, Verdict::Holds]);
    assert!(found.findings[1].as_ref().unwrap().depth <= 5);
}

/// A node of `ewd998/EWD998PCal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Node {
    active: bool,
    black: bool,
    counter: i8,
    pending: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Token {
    at: usize,
    sum: i8,
    black: bool,
}

type Safra = ([Node; 3], Token);

fn safra(&(nodes, token): &Safra) -> Vec<Act<Safra>> {
    let mut acts = Vec::new();
    for (me, node) in nodes.into_iter().enumerate() {
        let with = |node: Node| {
            let mut nodes = nodes;
            nodes[me] = node;
            nodes
        };
        for to in (0..3).filter(|to| *to != me && node.active) {
            let mut sent = with(Node { counter: node.counter + 1, ..node });
            sent[to].pending += 1;
            acts.push(step(me, (sent, token)));
        }
        if node.pending > 0 {
            let received = Node { active: true, black: true, counter: node.counter - 1, pending: node.pending - 1 };
            acts.push(step(me, (with(received), token)));
        }
        acts.push(step(me, (with(Node { active: false, ..node }), token)));
        let white = with(Node { black: false, ..node });
        if token.at == me && me != 0 && !node.active {
            let passed = Token { at: me - 1, sum: token.sum + node.counter, black: node.black || token.black };
            acts.push(step(me, (white, passed)));
        }
        if token.at == 0 && me == 0 && (node.black || token.sum + node.counter != 0 || token.black) {
            acts.push(step(me, (white, Token { at: 2, sum: 0, black: false })));
        }
    }
    acts
}

fn has_terminated((nodes, _): &Safra) -> bool {
    nodes.iter().all(|node| !node.active && node.pending == 0)
}

fn is_detected(&(nodes, token): &Safra) -> bool {
    let initiator = nodes[0];
    token.at == 0
        && !token.black
        && !initiator.active
        && !initiator.black
        && initiator.pending == 0
        && token.sum + initiator.counter == 0
}

#[test]
fn safras_algorithm_detects_termination_and_nothing_else() {
    let start = |active: usize| {
        let node = |ix: usize| Node { active: active >> ix & 1 == 1, black: true, counter: 0, pending: 0 };
        ([0, 1, 2].map(node), Token { at: 0, sum: 0, black: true })
    };
    let ring = Shared::new((0..8).map(start).collect(), safra)
        .within(|(nodes, _)| nodes.iter().all(|node| node.counter < 3))
        .claim(PropertyKind::Always, |state| is_detected(state) && !has_terminated(state))
        .asked(PropertyKind::LeadsTo, |state| !is_detected(state), has_terminated);
    let found = ring.explored(Some(Level::Weak));
    let counts = (found.ended, found.statistics.distinct, found.statistics.depth + 1);
    assert_eq!(counts, (Ended::Complete, 321_370, 47));
    assert_eq!(ring.of(&found), [Verdict::Holds, Verdict::Holds]);
    assert_eq!(ring.verdicts(Some(Level::Nothing)), [Verdict::Holds, Verdict::Violated]);
}
