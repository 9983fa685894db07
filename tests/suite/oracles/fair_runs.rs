//! Liveness on small random systems, held against a judge that is obviously right: a run that goes on for ever
//! visits some set of states again and again, and of so few states every set can be tried.

use proptest::collection::vec;
use proptest::prelude::*;
use quorate::cluster::Instance;
use quorate::engine::{Exploration, Finding, Path, Silent, Verdict, explore};
use quorate::model::Environment;
use quorate::system::{
    Action, ActionKind, Evidence, Explain, FairClass, FairInstance, FairInstances, Fairness, Level, PropertyCard,
    PropertyKind, PropertySet, Snapshot, Successors, TransitionSystem, Value, Word,
};
use quorate::trace::{Replay, Trace, replay};

use super::agreement::everything;

/// A set of states, by bit.
type Set = u32;

/// What may happen, and to what it leads; nowhere if an assumption rules it out.
#[derive(Clone, Copy, Debug)]
struct Edge {
    from: usize,
    to: Option<usize>,
    kind: ActionKind,
    number: u32,
}

/// States `0..count`, of which the first is the initial one.
#[derive(Clone, Debug)]
struct System {
    count: usize,
    edges: Vec<Edge>,
    /// By property: where something is missing, and where it is asked for.
    missing: Vec<Set>,
    asked: Set,
    /// Pairs of states that no step may lead between.
    forbidden: Vec<(usize, usize)>,
    cards: Vec<PropertyCard>,
}

const KINDS: [PropertyKind; 5] = [
    PropertyKind::Eventually,
    PropertyKind::LeadsTo,
    PropertyKind::EventuallyAlways,
    PropertyKind::AlwaysPossible,
    PropertyKind::AlwaysStep,
];

fn has(set: Set, state: usize) -> bool {
    set >> state & 1 == 1
}

impl System {
    fn possible(&self, state: usize) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(move |edge| edge.from == state && edge.to != Some(state))
    }

    fn steps(&self, state: usize) -> impl Iterator<Item = (&Edge, usize)> {
        self.possible(state).filter_map(|edge| Some((edge, edge.to?)))
    }

    /// All that can be reached from `from` in `within`, by the steps that `may` be taken.
    fn closure(&self, from: Set, within: Set, may: impl Fn(&Edge) -> bool) -> Set {
        let mut reached = from & within;
        for _ in 0..self.count {
            let steps = (0..self.count).filter(|state| has(reached, *state)).flat_map(|state| self.steps(state));
            reached |= steps.filter(|(edge, _)| may(edge)).fold(0, |set, (_, to)| set | 1 << to) & within;
        }
        reached
    }

    fn instance(edge: &Edge) -> FairInstance {
        FairInstance { kind: edge.kind, node: 0, number: edge.number }
    }

    fn instances(&self) -> Vec<FairInstance> {
        self.edges.iter().map(Self::instance).collect()
    }

    fn is_possible(&self, state: usize, instance: FairInstance) -> bool {
        self.possible(state).any(|edge| Self::instance(edge) == instance)
    }

    /// Whether a run that visits exactly these states for ever and takes exactly these steps is fair.
    fn is_fair(&self, states: &[usize], taken: &[FairInstance], fairness: Fairness) -> bool {
        self.instances().into_iter().all(|instance| {
            let is_possible = |state: &&usize| self.is_possible(**state, instance);
            let owed = match fairness.of_kind(instance.kind) {
                Level::Nothing | Level::Progress => false,
                Level::Weak => states.iter().all(|state| is_possible(&state)),
                Level::Strong => states.iter().any(|state| is_possible(&state)),
            };
            !owed || taken.contains(&instance)
        })
    }

    fn may_stop(&self, state: usize, fairness: Fairness) -> bool {
        self.possible(state).all(|edge| fairness.of_kind(edge.kind) == Level::Nothing)
    }

    /// Whether a fair run can visit exactly these states for ever.
    fn may_go_on_in(&self, set: Set, fairness: Fairness) -> bool {
        let states: Vec<usize> = (0..self.count).filter(|state| has(set, *state)).collect();
        if let [state] = states[..] {
            return self.may_stop(state, fairness);
        }
        let inner = states.iter().flat_map(|state| self.steps(*state)).filter(|(_, to)| has(set, *to));
        let taken: Vec<FairInstance> = inner.map(|(edge, _)| Self::instance(edge)).collect();
        let connected = states.iter().all(|state| self.closure(1 << state, set, |_| true) == set);
        connected && self.is_fair(&states, &taken, fairness)
    }

    /// Where a run may be that has been violating the property so far, if it goes on so for ever.
    fn bad_so_far(&self, kind: PropertyKind, missing: Set) -> Set {
        let all = self.closure(1, Set::MAX, |_| true);
        match kind {
            PropertyKind::Eventually => self.closure(1, missing, |_| true),
            PropertyKind::LeadsTo => self.closure(all & self.asked & missing, missing, |_| true),
            _ => all,
        }
    }

    fn is_violated(&self, property_ix: usize) -> bool {
        let (card, missing) = (&self.cards[property_ix], self.missing[property_ix]);
        let bad = self.bad_so_far(card.kind, missing);
        match card.kind {
            PropertyKind::AlwaysStep => {
                let reached = (0..self.count).filter(|state| has(bad, *state));
                reached.flat_map(|state| self.steps(state)).any(|(edge, to)| self.forbidden.contains(&(edge.from, to)))
            }
            PropertyKind::AlwaysPossible => (0..self.count).filter(|state| has(bad, *state)).any(|state| {
                let ahead = self.closure(1 << state, Set::MAX, |edge| !edge.kind.is_fault());
                let escapes = |edge: &Edge| has(ahead, edge.from) && edge.to.is_none() && !edge.kind.is_fault();
                ahead & !missing == 0 && !self.edges.iter().any(escapes)
            }),
            kind => (1..1 << self.count).any(|set: Set| {
                let wrong =
                    if kind == PropertyKind::EventuallyAlways { set & missing != 0 } else { set & !missing == 0 };
                wrong && set & bad != 0 && self.may_go_on_in(set, card.fairness)
            }),
        }
    }

    /// Whether a run along these states, which repeats those from `from` on or stops at the last, is a counterexample.
    fn is_counterexample(&self, property_ix: usize, states: &[usize], taken: &[FairInstance], from: usize) -> bool {
        let (card, missing) = (&self.cards[property_ix], self.missing[property_ix]);
        let is_missing = |state: &usize| has(missing, *state);
        let wrong = match card.kind {
            PropertyKind::Eventually => states.iter().all(is_missing),
            PropertyKind::LeadsTo => {
                (0..=from).any(|since| has(self.asked, states[since]) && states[since..].iter().all(is_missing))
            }
            _ => states[from..].iter().any(is_missing),
        };
        let last = states.len() - 1;
        wrong
            && if from == last {
                self.may_stop(states[last], card.fairness)
            } else {
                states[from] == states[last] && self.is_fair(&states[from..last], &taken[from..], card.fairness)
            }
    }

    /// Whether some counterexample has at most `length` steps, by trying them all; `None` if there are too many.
    fn has_one_within(&self, property_ix: usize, length: usize) -> Option<bool> {
        let mut runs = vec![(vec![0], Vec::new())];
        for tried in 0..=length {
            let found = |(states, taken): &(Vec<usize>, Vec<FairInstance>)| {
                (0..states.len()).any(|from| self.is_counterexample(property_ix, states, taken, from))
            };
            if runs.iter().any(found) {
                return Some(true);
            }
            if tried < length {
                let longer = runs.iter().flat_map(|(states, taken)| {
                    self.steps(states[states.len() - 1]).map(|(edge, to)| {
                        let states: Vec<usize> = states.iter().copied().chain([to]).collect();
                        (states, taken.iter().copied().chain([Self::instance(edge)]).collect())
                    })
                });
                runs = longer.collect();
            }
            if runs.len() > 20_000 {
                return None;
            }
        }
        Some(false)
    }
}

impl TransitionSystem for System {
    fn word_count(&self) -> usize {
        1
    }

    fn initial(&self) -> Vec<Box<[Word]>> {
        vec![vec![0].into()]
    }

    fn successors(&self, state: &[Word], out: &mut Successors) {
        out.clear();
        for edge in self.possible(state[0] as usize) {
            match edge.to {
                Some(to) => {
                    out.edit(0, to as Word);
                    out.finish_if_edited(edge.kind, true);
                }
                None => out.rule_out(edge.kind),
            }
        }
    }

    fn properties(&self) -> &[PropertyCard] {
        &self.cards
    }

    fn findings(&self, state: &[Word], open: PropertySet) -> PropertySet {
        PropertySet::of(self.cards.len(), |ix| open.contains(ix) && has(self.missing[ix], state[0] as usize))
    }

    fn step_findings(&self, before: &[Word], after: &[Word], open: PropertySet) -> PropertySet {
        let forbidden = self.forbidden.contains(&(before[0] as usize, after[0] as usize));
        PropertySet::of(self.cards.len(), |ix| {
            open.contains(ix) && forbidden && self.cards[ix].kind == PropertyKind::AlwaysStep
        })
    }

    fn asks(&self, state: &[Word], open: PropertySet) -> PropertySet {
        PropertySet::of(self.cards.len(), |ix| open.contains(ix) && has(self.asked, state[0] as usize))
    }

    fn fair_instances(&self, state: &[Word], out: &mut FairInstances) {
        let state = state[0] as usize;
        out.taken_by = self.steps(state).map(|(edge, _)| Self::instance(edge)).collect();
        out.ruled_out = self.possible(state).filter(|edge| edge.to.is_none()).map(Self::instance).collect();
    }
}

impl Explain for System {
    fn action(&self, state: &[Word], index: usize) -> Action {
        let (edge, to) = self.steps(state[0] as usize).nth(index).unwrap();
        let (node, value) = (format!("n{}", edge.number), Value::Int(to as i128));
        match edge.kind {
            ActionKind::Deliver => Action::Deliver { from: node.clone(), to: node, message: value },
            ActionKind::Timeout => Action::Timeout { node, timer: value },
            ActionKind::Choose => Action::Choose { node, key: "next".to_owned(), choice: value },
            ActionKind::Restart => Action::Restart { node },
            _ => Action::Crash { node },
        }
    }

    fn snapshot(&self, state: &[Word]) -> Snapshot {
        let history = Value::Int(i128::from(state[0]));
        Snapshot { history, ..Snapshot::default() }
    }

    fn evidence(&self, state: &[Word], property: usize) -> Option<Evidence> {
        has(self.missing[property], state[0] as usize).then(|| Evidence::new("something is missing"))
    }

    fn step_evidence(&self, before: &[Word], after: &[Word], property: usize) -> Option<Evidence> {
        let found = self.step_findings(before, after, PropertySet::EMPTY.with(property));
        (!found.is_empty()).then(|| Evidence::new("the step is forbidden"))
    }
}

fn any_system() -> impl Strategy<Value = System> {
    let level = || prop::sample::select(&[Level::Nothing, Level::Progress, Level::Weak, Level::Strong][..]);
    let fairness = (level(), level(), level(), level()).prop_map(|(deliveries, timers, choices, restarts)| Fairness {
        deliveries,
        timers,
        choices,
        restarts,
    });
    (1..=6_usize).prop_flat_map(move |count| {
        let kind = prop_oneof![
            4 => Just(ActionKind::Deliver),
            3 => Just(ActionKind::Timeout),
            1 => Just(ActionKind::Choose),
            1 => Just(ActionKind::Restart),
            2 => Just(ActionKind::Crash),
        ];
        let to = prop::option::weighted(0.95, 0..count);
        let edge = (0..count, to, kind, 0..3_u32).prop_map(|(from, to, kind, number)| Edge { from, to, kind, number });
        // Mostly something is missing: where nothing ever is, nothing is to be found.
        let set = || {
            vec(prop::bool::weighted(0.8), count)
                .prop_map(|bits| bits.iter().enumerate().map(|(state, bit)| Set::from(*bit) << state).sum::<Set>())
        };
        let forbidden = vec((0..count, 0..count), 0..=1);
        (vec(edge, 0..=14), vec(set(), KINDS.len()), set(), forbidden, vec(fairness.clone(), KINDS.len())).prop_map(
            move |(edges, missing, asked, forbidden, fairness)| {
                let card = |(kind, fairness): (PropertyKind, Fairness)| PropertyCard {
                    fairness,
                    ..PropertyCard::new(kind.word(), kind, "something happens")
                };
                let cards = KINDS.into_iter().zip(fairness).map(card).collect();
                System { count, edges, missing, asked, forbidden, cards }
            },
        )
    })
}

fn instance() -> Instance {
    let environment = Environment::default();
    Instance { protocol: "drawn".to_owned(), params: Default::default(), deviations: Vec::new(), environment }
}

/// What was found, as plain data.
fn traces(system: &System, found: &Exploration) -> Vec<Option<Trace>> {
    let path = |finding: &Option<Finding>| -> Option<Path> { finding.as_ref()?.path.clone() };
    let trace = |(ix, finding)| Some(Trace::of(system, &path(finding)?, &instance(), ix));
    found.findings.iter().enumerate().map(trace).collect()
}

fn agree(system: &System) -> Result<(), TestCaseError> {
    let found = explore(system, &everything(1), &Silent);
    let traces = traces(system, &found);
    for (ix, card) in system.cards.iter().enumerate() {
        let verdict = if system.is_violated(ix) { Verdict::Violated } else { Verdict::Holds };
        prop_assert_eq!(found.verdict(ix, card.kind), verdict, "{}", card.name);
        let Some(trace) = &traces[ix] else { continue };
        let read = Trace::parse(&trace.to_json(), "trace.json").unwrap();
        prop_assert_eq!(&read, trace);
        let replayed = replay(system, &read, ix);
        prop_assert!(matches!(replayed, Replay::Confirmed { .. }), "{}: {replayed}", card.name);
        if card.kind.assumes_fairness() && !trace.steps.is_empty() {
            let shorter = system.has_one_within(ix, trace.steps.len() - 1);
            prop_assert_ne!(shorter, Some(true), "{}: {} steps", card.name, trace.steps.len());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn verdicts_are_those_of_trying_every_set_and_lassos_are_shortest(system in any_system()) {
        agree(&system)?;
    }
}

/// The drawn systems must not all be alike: each verdict of each kind, and each kind of ending, comes up often.
#[test]
fn the_drawn_systems_are_worth_looking_at() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut violated = [0; KINDS.len()];
    let (mut loops, mut strong) = (0, 0);
    for _ in 0..400 {
        let system = any_system().new_tree(&mut runner).unwrap().current();
        for (ix, card) in system.cards.iter().enumerate() {
            violated[ix] += u32::from(system.is_violated(ix));
            let weaker = FairClass::ALL.into_iter().fold(card.fairness, |fairness, class| match fairness.of(class) {
                Level::Strong => fairness.with(class, Level::Weak),
                Level::Nothing | Level::Progress | Level::Weak => fairness,
            });
            let mut other = system.clone();
            other.cards[ix].fairness = weaker;
            strong += u32::from(other.is_violated(ix) && !system.is_violated(ix));
        }
        let found = explore(&system, &everything(1), &Silent);
        let is_loop = |trace: &Trace| matches!(trace.ending, Some(quorate::trace::Ending::Loop { .. }));
        loops += traces(&system, &found).iter().flatten().filter(|trace| is_loop(trace)).count();
    }
    assert!(violated.iter().all(|count| (20..360).contains(count)), "{violated:?}");
    assert!(loops > 100 && strong > 10, "{loops} loops, {strong} verdicts that strong fairness makes");
}
