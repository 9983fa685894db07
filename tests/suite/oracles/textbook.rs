//! Algorithms whose verdicts stand in the textbooks, for safety and for liveness with and without fairness; counts of
//! distinct states are those that TLC finds for the specification of the same abstraction in tlaplus/Examples.

use quorate::engine::{Ended, Ending, Verdict};
use quorate::system::{ActionKind, Level, PropertyKind};

use super::shared::{Act, Shared, step};

const HOLDS: Verdict = Verdict::Holds;
const VIOLATED: Verdict = Verdict::Violated;

fn set<T: Clone, const N: usize>(all: &[T; N], ix: usize, value: T) -> [T; N] {
    let mut all = all.clone();
    all[ix] = value;
    all
}

/// Chandy and Misra's philosophers, five of them: forks with holder and cleanliness, the place in the program, hunger.
type Table = ([(usize, bool); 5], [u8; 5], [bool; 5]);

fn philosophers(&(forks, at, hungry): &Table) -> Vec<Act<Table>> {
    let philosopher = |p: usize| {
        let (left, right) = (p, (p + 1) % 5);
        match at[p] {
            0 => {
                let mut next = forks;
                if forks[left] == (p, false) {
                    next[left] = ((p + 4) % 5, true);
                } else if forks[right] == (p, false) {
                    next[right] = ((p + 1) % 5, true);
                }
                let can_eat = forks[left] == (p, true) && forks[right] == (p, true);
                let place = if !hungry[p] { 2 } else { u8::from(can_eat) };
                step(p, (next, set(&at, p, place), hungry))
            }
            1 => {
                let mut next = forks;
                (next[left].1, next[right].1) = (false, false);
                step(p, (next, set(&at, p, 0), set(&hungry, p, false)))
            }
            _ => step(p, (forks, set(&at, p, 0), set(&hungry, p, true))),
        }
    };
    (0..5).map(philosopher).collect()
}

#[test]
fn philosophers_who_hand_over_forks_do_not_starve_if_all_are_fair() {
    let start = ([(0, false), (0, false), (2, false), (3, false), (4, false)], [0; 5], [true; 5]);
    let table = Shared::new(vec![start], philosophers)
        .claim(PropertyKind::Always, |(_, at, _)| (0..5).any(|p| at[p] == 1 && at[(p + 1) % 5] == 1))
        .claim(PropertyKind::LeadsTo, |(_, _, hungry)| hungry[0])
        .claim(PropertyKind::LeadsTo, |(_, _, hungry)| hungry[1])
        .claim(PropertyKind::LeadsTo, |(_, _, hungry)| hungry[2]);
    let found = table.explored(None);
    assert_eq!((found.statistics.distinct, found.statistics.depth + 1), (67, 29));
    assert_eq!(table.of(&found), [HOLDS; 4]);
    assert_eq!(table.verdicts(Some(Level::Nothing)), [HOLDS, VIOLATED, VIOLATED, VIOLATED]);
}

/// Forks taken one after the other.
type Forks = ([Option<usize>; 3], [u8; 3]);

fn dijkstra(state: &Forks, left_handed: bool) -> Vec<Act<Forks>> {
    let &(forks, at) = state;
    let philosopher = |p: usize| {
        let mut order = [p, (p + 1) % 3];
        if left_handed && p == 0 {
            order.reverse();
        }
        Some(match at[p] {
            0 => step(p, (forks, set(&at, p, 1))),
            taken @ (1 | 2) => {
                let fork = order[taken as usize - 1];
                forks[fork].is_none().then(|| step(p, (set(&forks, fork, Some(p)), set(&at, p, taken + 1))))?
            }
            _ => step(p, (forks.map(|holder| holder.filter(|holder| *holder != p)), set(&at, p, 0))),
        })
    };
    (0..3).filter_map(philosopher).collect()
}

#[test]
fn philosophers_who_all_take_the_left_fork_first_are_stuck_and_one_other_helps() {
    let claims = |acts| {
        Shared::new(vec![([None; 3], [0; 3])], acts)
            .claim(PropertyKind::NoDeadlock, |_: &Forks| true)
            .claim(PropertyKind::AlwaysPossible, |(_, at)| at[1] != 3)
            .asked(PropertyKind::LeadsTo, |(_, at)| at[1] != 3, |(_, at)| at[1] == 1)
    };
    let alike = claims(|state| dijkstra(state, false));
    assert_eq!(alike.verdicts(None), [VIOLATED; 3]);
    let mixed = claims(|state| dijkstra(state, true));
    // A fork that is free again and again may be taken by the neighbour each time.
    assert_eq!(mixed.verdicts(None), [HOLDS, HOLDS, VIOLATED]);
    assert_eq!(mixed.verdicts(Some(Level::Strong)), [HOLDS; 3]);
}

/// Places, flags, whose turn it is.
type Peterson = ([u8; 2], [bool; 2], usize);

fn peterson(&(at, flags, turn): &Peterson) -> Vec<Act<Peterson>> {
    let process = |p: usize| {
        let next = |flags, turn| step(p, (set(&at, p, (at[p] + 1) % 6), flags, turn));
        match at[p] {
            1 => Some(next(set(&flags, p, true), turn)),
            2 => Some(next(flags, 1 - p)),
            3 => (!flags[1 - p] || turn == p).then(|| next(flags, turn)),
            5 => Some(next(set(&flags, p, false), turn)),
            _ => Some(next(flags, turn)),
        }
    };
    (0..2).filter_map(process).collect()
}

#[test]
fn petersons_lock_excludes_and_lets_everybody_in_if_all_are_fair() {
    let lock = Shared::new(vec![([0; 2], [false; 2], 0)], peterson)
        .claim(PropertyKind::Always, |(at, _, _)| *at == [4, 4])
        .asked(PropertyKind::LeadsTo, |(at, _, _)| at[0] != 4, |(at, _, _)| (1..4).contains(&at[0]))
        .asked(PropertyKind::LeadsTo, |(at, _, _)| at[1] != 4, |(at, _, _)| (1..4).contains(&at[1]))
        .claim(PropertyKind::AlwaysPossible, |(at, _, _)| at[0] != 4);
    let found = lock.explored(None);
    assert_eq!((found.statistics.distinct, found.statistics.generated + 1, found.statistics.depth + 1), (42, 77, 11));
    assert_eq!(lock.of(&found), [HOLDS; 4]);
    let unfair = lock.explored(Some(Level::Progress));
    assert_eq!(lock.of(&unfair), [HOLDS, VIOLATED, VIOLATED, HOLDS]);
    // The other goes round and round: six steps.
    let path = unfair.findings[1].as_ref().unwrap().path.as_ref().unwrap();
    let Ending::Loop { from, .. } = path.ending else { panic!("{path:?}") };
    assert_eq!(path.steps.len() - from, 6);
}

/// Lamport's bakery for two: places, whether a number is being chosen, numbers.
type Bakery = ([u8; 2], [bool; 2], [u8; 2]);

fn bakery(&(at, choosing, numbers): &Bakery) -> Vec<Act<Bakery>> {
    let process = |p: usize| {
        let other = 1 - p;
        let next = |place, choosing, numbers| step(p, (set(&at, p, place), choosing, numbers));
        match at[p] {
            0 => Some(next(1, set(&choosing, p, true), numbers)),
            1 => Some(next(2, choosing, set(&numbers, p, numbers[other] + 1))),
            2 => Some(next(3, set(&choosing, p, false), numbers)),
            3 => (!choosing[other]).then(|| next(4, choosing, numbers)),
            4 => {
                let first = numbers[other] == 0 || (numbers[p], p) < (numbers[other], other);
                first.then(|| next(5, choosing, numbers))
            }
            _ => Some(next(0, choosing, set(&numbers, p, 0))),
        }
    };
    (0..2).filter_map(process).collect()
}

#[test]
fn the_bakery_serves_everybody_if_all_are_fair_while_numbers_last() {
    let bakery = Shared::new(vec![([0; 2], [false; 2], [0; 2])], bakery)
        .within(|(_, _, numbers)| numbers.iter().all(|number| *number <= 5))
        .claim(PropertyKind::Always, |(at, _, _)| *at == [5, 5])
        .asked(PropertyKind::LeadsTo, |(at, _, _)| at[0] != 5, |(at, _, _)| (1..5).contains(&at[0]))
        .claim(PropertyKind::NoDeadlock, |_| true);
    let found = bakery.explored(None);
    assert!(found.statistics.ruled_out.iter().sum::<u64>() > 0, "numbers grow beyond every bound");
    assert_eq!(bakery.of(&found), [HOLDS; 3]);
    // Whoever waits stands in the way of the other: without fairness to each the two take turns, if they do not stop.
    assert_eq!(bakery.verdicts(Some(Level::Progress)), [HOLDS; 3]);
    assert_eq!(bakery.verdicts(Some(Level::Nothing)), [HOLDS, VIOLATED, HOLDS]);
}

/// Chang and Roberts' election on a ring: the numbers on their way to each node, the leaders, how many messages may
/// still be lost.
type Ring = ([Vec<u8>; 4], [bool; 4], u8);

/// Numbers by place on the ring.
const NUMBERS: [u8; 4] = [2, 4, 1, 3];

fn ring(state: &Ring) -> Vec<Act<Ring>> {
    let mut acts = Vec::new();
    for (node, own) in NUMBERS.into_iter().enumerate() {
        let Some(number) = state.0[node].first().copied() else { continue };
        let mut rest = state.clone();
        rest.0[node].remove(0);
        if state.2 > 0 {
            acts.push(Act { kind: ActionKind::Drop, number: 0, next: (rest.0.clone(), rest.1, rest.2 - 1) });
        }
        if number > own {
            rest.0[(node + 1) % 4].push(number);
        }
        rest.1[node] |= number == own;
        acts.push(Act { kind: ActionKind::Deliver, number: node as u32 * 8 + u32::from(number), next: rest });
    }
    acts
}

#[test]
fn a_ring_elects_the_greatest_unless_it_loses_messages() {
    let claims = |losses| {
        let sent: [Vec<u8>; 4] = std::array::from_fn(|node| vec![NUMBERS[(node + 3) % 4]]);
        Shared::new(vec![(sent, [false; 4], losses)], ring)
            .claim(PropertyKind::Always, |(_, leaders, _)| leaders[0] || leaders[2] || leaders[3])
            .claim(PropertyKind::Eventually, |(_, leaders, _)| !leaders[1])
            .claim(PropertyKind::EventuallyAlways, |(inboxes, leaders, _)| {
                !leaders[1] || inboxes.iter().any(|inbox| !inbox.is_empty())
            })
    };
    assert_eq!(claims(0).verdicts(None), [HOLDS; 3]);
    assert_eq!(claims(0).verdicts(Some(Level::Nothing)), [HOLDS, VIOLATED, VIOLATED]);
    assert_eq!(claims(1).verdicts(None), [HOLDS, VIOLATED, VIOLATED]);
}

/// The alternating bit over links that lose: messages and acknowledgements under way, bits of sender, of its last
/// acknowledgement and of the receiver, what was sent and received last.
type Link = (Vec<(u8, u8)>, Vec<u8>, [u8; 3], u8, u8);

fn alternating_bit(state: &Link) -> Vec<Act<Link>> {
    let (messages, acks, [sender, acked, receiver], sent, _) = state;
    let mut acts = Vec::new();
    let mut act = |kind, number, change: &dyn Fn(&mut Link)| {
        let mut next = state.clone();
        change(&mut next);
        acts.push(Act { kind, number, next });
    };
    if acked == sender {
        for value in 0..2 {
            act(ActionKind::Choose, 0, &|next| {
                next.2[0] = 1 - sender;
                next.3 = value;
                next.0.push((1 - sender, value));
            });
        }
    } else {
        act(ActionKind::Timeout, 0, &|next| next.0.push((*sender, *sent)));
    }
    act(ActionKind::Timeout, 1, &|next| next.1.push(*receiver));
    if !messages.is_empty() {
        act(ActionKind::Deliver, 0, &|next| (next.2[2], next.4) = next.0.remove(0));
    }
    if !acks.is_empty() {
        act(ActionKind::Deliver, 1, &|next| next.2[1] = next.1.remove(0));
    }
    let without = |at: usize, len: usize| (0..len).filter(move |other| *other != at);
    for at in 0..messages.len() {
        act(ActionKind::Drop, 0, &|next| next.0 = without(at, messages.len()).map(|ix| messages[ix]).collect());
    }
    for at in 0..acks.len() {
        act(ActionKind::Drop, 1, &|next| next.1 = without(at, acks.len()).map(|ix| acks[ix]).collect());
    }
    acts
}

/// Deliveries must be strongly fair: a link that loses lets each be possible again and again, never for good.
#[test]
fn the_alternating_bit_gets_through_a_lossy_link_that_is_strongly_fair() {
    let initial = (0..8_u8).map(|bits| {
        let (bit, sent, received) = (bits & 1, bits >> 1 & 1, bits >> 2);
        (vec![], vec![], [bit; 3], sent, received)
    });
    let link = Shared::new(initial.collect(), alternating_bit)
        .within(|(messages, acks, ..)| messages.len() <= 2 && acks.len() <= 2)
        .asked(PropertyKind::LeadsTo, |link| link.4 != 0, |link| link.3 == 0 && link.2[0] != link.2[1])
        .asked(PropertyKind::LeadsTo, |link| link.4 != 1, |link| link.3 == 1 && link.2[0] != link.2[1])
        .claim(PropertyKind::AlwaysPossible, |link| link.2[0] != link.2[1]);
    let found = link.explored(Some(Level::Strong));
    assert_eq!((found.statistics.distinct, found.ended), (240, Ended::Complete));
    assert_eq!(link.of(&found), [HOLDS; 3]);
    assert_eq!(link.verdicts(Some(Level::Weak)), [VIOLATED, VIOLATED, HOLDS]);
}

/// Two proposers of Paxos before a quorum that acts as one. Of ballots only the order matters: whose is the highest that
/// is promised, and who has prepared and not yet seen that he was overtaken. At last, what is chosen.
type Duel = (Option<usize>, [bool; 2], [bool; 2]);

fn duel(&(highest, prepared, chosen): &Duel) -> Vec<Act<Duel>> {
    let proposer = |p: usize| match prepared[p] {
        _ if chosen != [false; 2] => None,
        false => Some(step(p, (Some(p), set(&prepared, p, true), chosen))),
        true if highest == Some(p) => Some(step(p, (highest, prepared, set(&chosen, p, true)))),
        true => Some(step(p, (highest, set(&prepared, p, false), chosen))),
    };
    (0..2).filter_map(proposer).collect()
}

#[test]
fn duelling_proposers_never_choose_and_never_choose_twice() {
    let duel = Shared::new(vec![(None, [false; 2], [false; 2])], duel)
        .claim(PropertyKind::Always, |(_, _, chosen)| *chosen == [true; 2])
        .claim(PropertyKind::Eventually, |(_, _, chosen)| *chosen == [false; 2])
        .claim(PropertyKind::AlwaysPossible, |(_, _, chosen)| *chosen == [false; 2]);
    for level in [Level::Weak, Level::Strong] {
        let found = duel.explored(Some(level));
        assert_eq!(duel.of(&found), [HOLDS, VIOLATED, HOLDS]);
        let path = found.findings[1].as_ref().unwrap().path.as_ref().unwrap();
        assert!(matches!(path.ending, Ending::Loop { .. }), "{path:?}");
    }
}

/// Dijkstra, Feijen and van Gasteren's termination detection: who is active, who is black, where the token is,
/// whether it is black.
type Detection = ([bool; 3], [bool; 3], usize, bool);

fn ewd840(&(active, black, at, token_black): &Detection) -> Vec<Act<Detection>> {
    let mut acts = Vec::new();
    if at == 0 && (token_black || black[0]) {
        acts.push(step(0, (active, set(&black, 0, false), 2, false)));
    }
    if at != 0 && (!active[at] || black[at] || token_black) {
        acts.push(step(0, (active, set(&black, at, false), at - 1, token_black || black[at])));
    }
    for node in (0..3).filter(|node| active[*node]) {
        let environment = |next| Act { kind: ActionKind::Choose, number: node as u32, next };
        acts.push(environment((set(&active, node, false), black, at, token_black)));
        for other in (0..3).filter(|other| *other != node) {
            let black = set(&black, node, black[node] || other > node);
            acts.push(environment((set(&active, other, true), black, at, token_black)));
        }
    }
    acts
}

#[test]
fn termination_is_detected_if_the_token_is_passed_on() {
    let bits = |set: usize| std::array::from_fn(|node| set >> node & 1 == 1);
    let initial = (0..192).map(|drawn| (bits(drawn & 7), bits(drawn >> 3 & 7), drawn >> 6, true));
    let detection = Shared::new(initial.collect(), ewd840)
        .claim(PropertyKind::Always, |(active, black, at, token_black)| {
            *at == 0 && !token_black && !black[0] && active.iter().any(|active| *active) && !active[0]
        })
        .asked(
            PropertyKind::LeadsTo,
            |(active, black, at, token_black)| *at != 0 || *token_black || black[0] || active[0],
            |(active, ..)| !active.iter().any(|active| *active),
        );
    let found = detection.explored(None);
    assert_eq!((found.statistics.distinct, found.statistics.depth + 1), (302, 9));
    assert_eq!(detection.of(&found), [HOLDS; 2]);
    assert_eq!(detection.verdicts(Some(Level::Nothing)), [HOLDS, VIOLATED]);
}
