//! Searches of systems whose answers are known without a search.

use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::system::{
    Action, ActionKind, Evidence, Explain, PropertyCard, PropertyKind, PropertySet, Snapshot, Successors,
    TransitionSystem, Value, Word,
};

/// Numbers `0..size`; from each a step to the next and, where it is even, one to its double. A state is not
/// the number but `width` words that are drawn from it, so that they grow and shrink as they like.
pub(super) struct Numbers {
    size: u32,
    width: usize,
    bits: u32,
    /// Whether there is a step from each to 0.
    goes_round: bool,
    cards: Vec<PropertyCard>,
}

impl Numbers {
    pub(super) fn new(size: u32, width: usize, bits: u32) -> Self {
        let card = |name: &str, kind| PropertyCard::new(name, kind, "");
        let cards = vec![
            card("never-700", PropertyKind::Always),
            card("some-900", PropertyKind::Sometimes),
            card("none-left", PropertyKind::NoDeadlock),
            card("some-million", PropertyKind::Sometimes),
        ];
        Self { size, width, bits, goes_round: false, cards }
    }

    fn words(&self, number: u32) -> Box<[Word]> {
        let drawn = |ix: u32| (number + 1).wrapping_mul(0x9E37_79B1).wrapping_mul(2 * ix + 1) >> 7;
        let others = (1..self.width as u32).map(|ix| drawn(ix) & ((1 << (drawn(ix + 9) % self.bits)) - 1));
        [number].into_iter().chain(others).collect()
    }

    fn next(&self, number: u32) -> Vec<u32> {
        let doubled = number.is_multiple_of(2).then_some(number * 2);
        let back = self.goes_round.then_some(0);
        [Some(number + 1), doubled, back]
            .into_iter()
            .flatten()
            .filter(|next| *next < self.size && *next != number)
            .collect()
    }
}

impl TransitionSystem for Numbers {
    fn word_count(&self) -> usize {
        self.width
    }

    fn initial(&self) -> Vec<Box<[Word]>> {
        vec![self.words(0)]
    }

    fn successors(&self, state: &[Word], out: &mut Successors) {
        out.clear();
        for next in self.next(state[0]) {
            for (position, word) in self.words(next).iter().enumerate() {
                if *word != state[position] {
                    out.edit(position, *word);
                }
            }
            out.finish_if_edited(ActionKind::Deliver, true);
        }
    }

    fn properties(&self) -> &[PropertyCard] {
        &self.cards
    }

    fn put_away(&self) -> Option<Vec<u32>> {
        Some(vec![self.size])
    }

    fn take_back(&self, saved: &[u32]) -> Result<(), String> {
        if *saved == [self.size] { Ok(()) } else { Err("of another size".to_owned()) }
    }

    fn findings(&self, state: &[Word], open: PropertySet) -> PropertySet {
        let finds = [state[0] == 700, state[0] == 900, true, state[0] == 1_000_000];
        PropertySet::of(finds.len(), |ix| finds[ix] && open.contains(ix))
    }
}

impl Explain for Numbers {
    fn action(&self, state: &[Word], index: usize) -> Action {
        Action::Timeout { node: "counter".to_owned(), timer: Value::Int(self.next(state[0])[index].into()) }
    }

    fn snapshot(&self, _: &[Word]) -> Snapshot {
        Snapshot::default()
    }

    fn evidence(&self, _: &[Word], _: usize) -> Option<Evidence> {
        None
    }
}

pub(super) fn settings(threads: usize) -> Settings {
    Settings { threads, paths: Paths::All, ..Settings::default() }
}

pub(super) fn without_time(mut exploration: Exploration) -> Exploration {
    (exploration.statistics.elapsed_us, exploration.statistics.graph_us) = (0, 0);
    exploration.statistics.peak_bytes = 0;
    exploration
}

#[test]
fn every_state_is_counted_once_however_wide_the_words_become() {
    for (width, bits) in [(1, 1), (3, 9), (6, 20), (12, 22), (30, 22), (60, 22), (85, 22)] {
        let exploration = explore(&Numbers::new(30_000, width, bits), &settings(2), &Silent);
        assert_eq!(exploration.statistics.distinct, 30_000, "{width} words of up to {bits} bits");
        assert_eq!(exploration.ended, Ended::Complete);
    }
}

#[test]
fn threads_change_nothing() {
    let system = Numbers::new(100_000, 7, 15);
    let alone = without_time(explore(&system, &settings(1), &Silent));
    for threads in [2, 8] {
        assert_eq!(without_time(explore(&system, &settings(threads), &Silent)).findings, alone.findings);
    }
}

#[test]
fn ways_are_shortest_and_every_verdict_is_given() {
    let exploration = explore(&Numbers::new(1_000, 2, 9), &settings(1), &Silent);
    let verdict = |ix: usize| exploration.verdict(ix, Numbers::new(1, 1, 1).cards[ix].kind);
    assert_eq!(
        [0, 1, 2, 3].map(verdict),
        [Verdict::Violated, Verdict::Reachable, Verdict::Violated, Verdict::Unreachable]
    );
    let path = exploration.findings[0].as_ref().and_then(|finding| finding.path.clone()).expect("it was asked for");
    assert_eq!(path.states.last().map(|state| state[0]), Some(700));
    assert_eq!(path.steps.len(), shortest(700));
    let numbers: Vec<u32> = path.states.iter().map(|state| state[0]).collect();
    assert!(numbers.windows(2).all(|pair| Numbers::new(1_000, 1, 1).next(pair[0]).contains(&pair[1])));
}

fn shortest(target: u32) -> usize {
    let system = Numbers::new(2_000, 1, 1);
    let mut reached = std::collections::BTreeSet::from([0]);
    for steps in 0.. {
        if reached.contains(&target) {
            return steps;
        }
        let next: Vec<u32> = reached.iter().flat_map(|number| system.next(*number)).collect();
        reached.extend(next);
    }
    unreachable!("every number is reached")
}

#[test]
fn a_search_that_was_cut_never_says_holds() {
    let system = Numbers::new(50_000, 2, 9);
    let limits = |limits| Settings { limits, ..settings(1) };
    let cut = |settings: &Settings| {
        let exploration = explore(&system, settings, &Silent);
        assert_eq!(exploration.verdict(3, PropertyKind::Sometimes), exploration.verdict(3, PropertyKind::Always));
        (exploration.ended, exploration.statistics.distinct < 50_000)
    };
    let by = |how| (Ended::Cut(how), true);
    assert_eq!(cut(&limits(Limits { states: Some(5_000), ..Limits::default() })), by(Cut::States));
    assert_eq!(cut(&limits(Limits { depth: Some(9), ..Limits::default() })), by(Cut::Depth));
    assert_eq!(cut(&limits(Limits { time: Some(Duration::ZERO), ..Limits::default() })), by(Cut::Time));
    assert_eq!(cut(&limits(Limits { memory_bytes: Some(50_000), ..Limits::default() })), by(Cut::Memory));
}

#[test]
fn a_depth_limit_beyond_the_last_level_cuts_nothing() {
    let system = Numbers::new(3_000, 2, 9);
    let depth = explore(&system, &settings(1), &Silent).statistics.depth;
    for (limit, ended) in [(depth - 1, Ended::Cut(Cut::Depth)), (depth, Ended::Complete)] {
        let settings = Settings { limits: Limits { depth: Some(limit), ..Limits::default() }, ..settings(1) };
        assert_eq!(explore(&system, &settings, &Silent).ended, ended);
    }
}

#[test]
fn a_search_stops_with_the_level_of_what_it_shall_find() {
    let system = Numbers::new(100_000, 2, 9);
    for threads in [1, 3] {
        let stop_when = StopWhen::AllFound(PropertySet::EMPTY.with(0).with(1));
        let exploration = explore(&system, &Settings { stop_when, ..settings(threads) }, &Silent);
        assert_eq!(exploration.ended, Ended::Stopped);
        assert_eq!(exploration.statistics.depth as usize, shortest(900).max(shortest(700)));
        assert_eq!(exploration.verdict(3, PropertyKind::Sometimes), Verdict::Undecided(Cut::Stopped));
    }
}

/// A search may fit where what is made of it afterwards does not: that is told before it is begun.
#[test]
fn a_graph_that_does_not_fit_is_not_begun() {
    let mut numbers = Numbers::new(20_000, 3, 9);
    numbers.cards[2].kind = PropertyKind::Eventually;
    let within = |memory_bytes| {
        let limits = Limits { memory_bytes, ..Limits::default() };
        explore(&numbers, &Settings { limits, ..settings(1) }, &Silent)
    };
    let whole = within(None);
    assert_eq!((whole.graph_cut, whole.verdict(2, PropertyKind::Eventually)), (None, Verdict::Violated));
    let most = whole.statistics.peak_bytes;
    let found = within(Some(most - 1));
    assert_eq!((found.ended, found.graph_cut), (Ended::Complete, Some(Cut::Memory)));
    assert_eq!(found.verdict(2, PropertyKind::Eventually), Verdict::Undecided(Cut::Memory));
    assert_eq!(found.verdict(0, PropertyKind::Always), Verdict::Violated);
    assert!(found.statistics.peak_bytes < most);
}

/// Neither is what is made of the graph, of whose size nobody knows before: it is given up where it does not fit.
#[test]
fn what_is_made_of_a_graph_is_given_up_where_it_does_not_fit() {
    for kind in [PropertyKind::Eventually, PropertyKind::AlwaysPossible] {
        let mut numbers = Numbers { goes_round: true, ..Numbers::new(30_000, 3, 9) };
        numbers.cards[2].kind = kind;
        let within = |memory_bytes| {
            let limits = Limits { memory_bytes, ..Limits::default() };
            explore(&numbers, &Settings { limits, ..settings(1) }, &Silent)
        };
        let all = within(None);
        assert_eq!((all.graph_cut, all.verdict(2, kind)), (None, Verdict::Violated));
        let found = within(Some(all.statistics.peak_bytes));
        assert_eq!((found.ended, found.graph_cut), (Ended::Complete, Some(Cut::Memory)), "{kind:?}");
        assert_eq!(found.verdict(2, kind), Verdict::Undecided(Cut::Memory));
    }
}

/// Between rounds it is told how many states are still to be expanded: in the end none.
#[test]
fn what_is_left_to_do_is_told() {
    #[derive(Default)]
    struct Told(Mutex<Vec<(u64, u64)>>);
    impl Progress for Told {
        fn tick(&self, statistics: &Statistics, queued: u64) {
            self.0.lock().unwrap().push((statistics.distinct, queued));
        }
    }
    for threads in [1, 2] {
        let told = Told::default();
        let numbers = Numbers::new(300_000, 3, 9);
        let found = explore(&numbers, &Settings { stop_when: StopWhen::Never, ..settings(threads) }, &told);
        let told = told.0.into_inner().unwrap();
        assert!(told.iter().all(|(distinct, queued)| distinct + queued <= 2 * found.statistics.distinct));
        assert!(told.iter().any(|(_, queued)| *queued > 1_000));
        assert_eq!(told.last(), Some(&(300_000, 0)));
    }
}
