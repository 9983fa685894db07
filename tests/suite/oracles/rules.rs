//! The search alone, on systems of a few rules over words, drawn at random: any number of words, words of any size,
//! several initial states, honest marks of what properties may see.

use proptest::collection::vec;
use proptest::prelude::*;
use quorate::engine::{Silent, explore};
use quorate::system::{
    Action, ActionKind, Evidence, Explain, PropertyCard, PropertyKind, PropertySet, Snapshot, Successors,
    TransitionSystem, Value, Word,
};
use stateright::Model;

use super::agreement::{compare, everything, tale};
use super::naive::{Bounds, Census, Probe, next_states, search};

/// Rules over words.
#[derive(Clone, Debug)]
struct Rules {
    initial: Vec<Vec<Word>>,
    rules: Vec<Rule>,
    claims: Vec<(PropertyKind, Test)>,
    /// One card for each claim.
    cards: Vec<PropertyCard>,
}

/// Where `test` is true, the edits may be made, one after the other.
#[derive(Clone, Debug)]
struct Rule {
    test: Test,
    edits: Vec<(usize, Edit)>,
    is_fault: bool,
}

/// Whether a word leaves this rest.
#[derive(Clone, Copy, Debug)]
struct Test {
    position: usize,
    modulus: Word,
    rest: Word,
}

#[derive(Clone, Copy, Debug)]
enum Edit {
    Add(Word),
    Set(Word),
    Times(Word),
    Copy(usize),
}

impl Test {
    fn is_true(self, words: &[Word]) -> bool {
        words[self.position % words.len()] % self.modulus == self.rest
    }
}

impl Rule {
    fn apply(&self, words: &[Word]) -> Vec<Word> {
        let mut next = words.to_vec();
        for &(position, edit) in &self.edits {
            let position = position % words.len();
            next[position] = match edit {
                Edit::Add(n) => next[position].wrapping_add(n),
                Edit::Set(n) => n,
                Edit::Times(n) => next[position].wrapping_mul(n),
                Edit::Copy(from) => next[from % words.len()],
            };
        }
        next
    }

    fn kind(&self) -> ActionKind {
        if self.is_fault { ActionKind::Drop } else { ActionKind::Deliver }
    }
}

impl Rules {
    /// The steps out of a state: rule and next state.
    fn steps(&self, words: &[Word]) -> Vec<(&Rule, Vec<Word>)> {
        let enabled = self.rules.iter().filter(|rule| rule.test.is_true(words));
        enabled.map(|rule| (rule, rule.apply(words))).filter(|(_, next)| next != words).collect()
    }

    fn finds(&self, ix: usize, words: &[Word]) -> bool {
        self.claims[ix].1.is_true(words)
    }

    fn census(&self, bounds: Bounds) -> Census {
        let found = |ix: usize| {
            move |words: &Vec<Word>| {
                let goes_on = || self.steps(words).iter().any(|(rule, _)| !rule.is_fault);
                self.finds(ix, words) && (self.claims[ix].0 != PropertyKind::NoDeadlock || !goes_on())
            }
        };
        let probes: Vec<_> = (0..self.claims.len()).map(found).collect();
        let probes: Vec<Probe<'_, Vec<Word>>> = probes.iter().map(|probe| probe as _).collect();
        search(self, bounds, &probes)
    }
}

impl Model for Rules {
    type State = Vec<Word>;
    type Action = usize;

    fn init_states(&self) -> Vec<Self::State> {
        self.initial.clone()
    }

    fn actions(&self, words: &Self::State, actions: &mut Vec<usize>) {
        actions.extend((0..self.rules.len()).filter(|ix| self.rules[*ix].test.is_true(words)));
    }

    fn next_state(&self, words: &Self::State, action: usize) -> Option<Self::State> {
        Some(self.rules[action].apply(words))
    }
}

impl TransitionSystem for Rules {
    fn word_count(&self) -> usize {
        self.initial[0].len()
    }

    fn initial(&self) -> Vec<Box<[Word]>> {
        self.initial.iter().map(|words| words.clone().into()).collect()
    }

    fn successors(&self, words: &[Word], out: &mut Successors) {
        out.clear();
        for (rule, next) in self.steps(words) {
            let changed = |position: usize| next[position] != words[position];
            (0..words.len())
                .filter(|position| changed(*position))
                .for_each(|position| out.edit(position, next[position]));
            let visible = self.claims.iter().any(|(_, test)| changed(test.position % words.len()));
            out.finish_if_edited(rule.kind(), visible);
        }
    }

    fn properties(&self) -> &[PropertyCard] {
        &self.cards
    }

    fn findings(&self, words: &[Word], open: PropertySet) -> PropertySet {
        PropertySet::of(self.cards.len(), |ix| open.contains(ix) && self.finds(ix, words))
    }
}

impl Explain for Rules {
    fn action(&self, words: &[Word], index: usize) -> Action {
        let next = next_states(self, &words.to_vec()).swap_remove(index);
        Action::Choose { node: "rules".to_owned(), key: "next".to_owned(), choice: Value::of(&next) }
    }

    fn snapshot(&self, words: &[Word]) -> Snapshot {
        Snapshot { history: Value::of(words), ..Snapshot::default() }
    }

    fn evidence(&self, words: &[Word], property: usize) -> Option<Evidence> {
        self.finds(property, words).then(|| Evidence::new(format!("{words:?}")))
    }
}

/// Any rules, over words that are mostly small and sometimes huge.
fn any_rules() -> impl Strategy<Value = Rules> {
    let word = || prop_oneof![6 => 0..4_u32, 1 => 0..70_000_u32, 1 => any::<Word>()];
    let position = || 0..64_usize;
    let test = move || {
        (position(), 1..4_u32)
            .prop_flat_map(|(position, modulus)| (0..modulus).prop_map(move |rest| Test { position, modulus, rest }))
    };
    let edit = prop_oneof![
        3 => word().prop_map(Edit::Add),
        2 => word().prop_map(Edit::Set),
        1 => word().prop_map(Edit::Times),
        1 => position().prop_map(Edit::Copy),
    ];
    let rule = (test(), vec((position(), edit), 1..=3), prop::bool::weighted(0.2))
        .prop_map(|(test, edits, is_fault)| Rule { test, edits, is_fault });
    let kind = prop::sample::select(&[PropertyKind::Always, PropertyKind::Sometimes, PropertyKind::NoDeadlock][..]);
    let initial = (1..=70_usize).prop_flat_map(move |word_count| vec(vec(word(), word_count), 1..=3));
    (initial, vec(rule, 1..=8), vec((kind, test()), 0..=4)).prop_map(|(initial, rules, claims)| {
        let card = |(kind, _): &(PropertyKind, Test)| PropertyCard::new("", *kind, "");
        Rules { cards: claims.iter().map(card).collect(), initial, rules, claims }
    })
}

/// Holds the search against the naive one, with one thread and with two.
fn agree(rules: &Rules, bounds: Bounds) -> Result<Census, String> {
    let expected = rules.census(bounds);
    let mut tales = Vec::new();
    for threads in [1, 2] {
        let mut settings = everything(threads);
        settings.limits.depth = (!expected.complete).then(|| expected.depth());
        let found = explore(rules, &settings, &Silent);
        compare(&expected, &found)?;
        tales.push(tale(rules, &found)?);
    }
    (tales[0] == tales[1]).then_some(expected).ok_or_else(|| "ways differ between one thread and two".to_owned())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_search_agrees_on_drawn_rules(rules in any_rules()) {
        agree(&rules, Bounds::states(1_500)).map(drop).map_err(TestCaseError::fail)?;
    }
}

/// A level of tens of thousands of states takes several rounds, and words that outgrow their bits in its midst.
#[test]
fn the_search_agrees_on_wide_levels() {
    let always = Test { position: 0, modulus: 1, rest: 0 };
    let add = |position, n| Rule { test: always, edits: vec![(position, Edit::Add(n))], is_fault: false };
    let rules = vec![add(0, 1), add(1, 300), add(2, 70_000), add(3, 1 << 30), add(4, 3)];
    let claims = vec![(PropertyKind::Sometimes, Test { position: 1, modulus: 5_000, rest: 1_500 })];
    let cards = vec![PropertyCard::new("", PropertyKind::Sometimes, "")];
    let rules = Rules { initial: vec![vec![0; 5]], rules, claims, cards };
    let census = agree(&rules, Bounds::depth(24)).unwrap();
    assert!(census.widths.iter().any(|width| *width > 8_000), "{:?}", census.widths);
}
