//! What protocols declare of members that are interchangeable and of messages that are stale: a wrong declaration is
//! found out, and then nothing is said.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use quorate::cluster::Cluster;
use quorate::engine::{Cut, Exploration, Paths, Progress, Settings, Silent, Statistics, Verdict, explore};
use quorate::model::{
    Claim, Condition, Environment, Facts, History, NetworkKind, Node, Property, Protocol, Reductions, Rename, Renaming,
    Roster, Step, Symmetry,
};
use quorate::system::{Evidence, Explain, PropertyKind, TransitionSystem};
use quorate::trace::in_whole;
use quorate::{Actor, Envelope, Id, Out, rename};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::agreement::everything;
use super::environments::calm as quiet;

fn calm() -> Environment {
    quiet(NetworkKind::Unordered)
}

/// What is wrong with a declaration.
const NOTHING: u8 = 0;
const COMPARES_IDS: u8 = 1;
const READS_ONE: u8 = 2;
const REMEMBERS_ONE: u8 = 3;
const JUDGES_ONE: u8 = 4;
const OBSERVES_ONE: u8 = 5;
const RENAMES_NOBODY: u8 = 6;
const NOT_STALE: u8 = 7;
const NO_LONGER_STALE: u8 = 8;
const WANTS_ONE: u8 = 9;
/// Nothing wrong, but that handlers panic, with a name in the text.
const GETS_TIRED: u8 = 10;
/// Nothing wrong, but that all greet at the start, which nobody ever heeds.
const GREETS: u8 = 11;
const RESETS_UNRENAMED: u8 = 12;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
struct Hand {
    raised: bool,
    heard: BTreeSet<Id>,
    wrong: u8,
}

impl Rename for Hand {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        let is_unrenamed = (0..3).map(Id::from).all(|id| names.id(id) == id);
        Self {
            heard: if self.wrong == RENAMES_NOBODY { self.heard.clone() } else { self.heard.rename(names) },
            raised: self.raised && !(self.wrong == RESETS_UNRENAMED && is_unrenamed),
            wrong: self.wrong,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
enum Sign {
    Hello,
    Raised,
}

fn others(id: Id) -> Vec<Id> {
    (0..3).map(Id::from).filter(|other| *other != id).collect()
}

/// Nodes that raise their hands once, tell all others, and forget whom they heard when the third has raised.
#[derive(Clone, Debug)]
struct Hands {
    wrong: u8,
}

impl Actor for Hands {
    type Msg = Sign;
    type State = Hand;
    type Timer = ();
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> Hand {
        o.set_timer((), model_timeout());
        if self.wrong == GREETS {
            o.broadcast(&others(id), &Sign::Hello);
        }
        Hand { raised: false, heard: BTreeSet::new(), wrong: self.wrong }
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, Hand>, src: Id, sign: Sign, _: &mut Out<Self>) {
        if sign == Sign::Hello {
            return;
        }
        if self.wrong == COMPARES_IDS && src > id {
            return;
        }
        assert!(self.wrong != GETS_TIRED || state.heard.is_empty(), "{id:?} is tired");
        state.to_mut().heard.insert(src);
        if self.wrong == NO_LONGER_STALE && state.heard.len() == 2 {
            state.to_mut().heard.clear();
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, Hand>, (): &(), o: &mut Out<Self>) {
        state.to_mut().raised = true;
        o.broadcast(&others(id), &Sign::Raised);
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
struct Raised(BTreeSet<Id>);

rename! {
    nobody in Sign
    struct Raised(ids)
}

impl History for Raised {
    type Fact = Id;

    fn record(&mut self, id: &Id) {
        self.0.insert(*id);
    }
}

#[derive(Debug)]
struct Meeting {
    wrong: u8,
}

impl Protocol for Meeting {
    crate::plain_protocol!("meeting");
    const REDUCTIONS: Reductions = Reductions::SYMMETRY.and(Reductions::STALE_MESSAGES);
    type Actor = Hands;
    type History = Raised;

    fn roster(&self) -> Roster<Hands> {
        Roster::new().role("member", (0..3).map(|_| Hands { wrong: self.wrong }))
    }

    fn history(&self) -> Raised {
        Raised::default()
    }

    fn observe(&self, step: &Step<'_, Hands>, facts: &mut Facts<Id>) {
        if !step.sent.is_empty() && (self.wrong != OBSERVES_ONE || step.node == Id::from(1)) {
            facts.push(step.node);
        }
    }

    fn symmetry(&self) -> Option<Symmetry<Self>> {
        Some(Symmetry::of_roles(&self.roster(), &["member"]))
    }

    fn is_stale(&self, node: &Node<'_, Hands>, message: &Envelope<Sign>) -> bool {
        node.state.is_some_and(|state| self.wrong == NOT_STALE || state.heard.contains(&message.src))
            || message.msg == Sign::Hello
    }

    fn properties() -> Vec<Property<Self>> {
        let hears_two = |_: &Self, node: &Node<'_, Hands>| node.state.is_some_and(|state| state.heard.len() == 2);
        let raised = |_: &Self, node: &Node<'_, Hands>| node.state.is_some_and(|state| state.raised);
        vec![
            Claim::always("nobody-hears-two", "").by_nodes(
                move |meeting: &Self, node: &Node<'_, Hands>| {
                    hears_two(meeting, node) && (meeting.wrong != READS_ONE || node.id == Id::from(2))
                },
                |meeting: &Self, heard: &[bool]| {
                    let judged = |ix: usize| meeting.wrong != JUDGES_ONE || ix == 0;
                    let two = heard.iter().enumerate().find(|(ix, two)| **two && judged(*ix));
                    two.map(|(ix, _)| Evidence::new(format!("node {ix} hears two")))
                },
            ),
            Claim::always("not-all-raise", "").by_history(|meeting: &Self, Raised(raised)| {
                let found =
                    if meeting.wrong == REMEMBERS_ONE { raised.contains(&Id::from(0)) } else { raised.len() == 3 };
                found.then(|| Evidence::new("all raised their hands"))
            }),
            Claim::sometimes("raised", "")
                .by_history(|_: &Self, Raised(raised)| (!raised.is_empty()).then(|| Evidence::new("one raised"))),
            Claim::always_possible("all-can-hear-two", "").by_nodes(hears_two, |meeting: &Self, heard: &[bool]| {
                let deaf = heard.iter().position(|two| !two && meeting.wrong != WANTS_ONE).or((!heard[0]).then_some(0));
                deaf.map(|ix| Evidence::new(format!("node {ix} has not heard two")))
            }),
            Claim::sometimes("greeted", "").by_world(|_: &Self, world| {
                let greets = |message: &&Envelope<Sign>| message.msg == Sign::Hello;
                world.in_flight.iter().any(greets).then(|| Evidence::new("a greeting is on its way"))
            }),
            // Its trigger is a condition, and the last property, the cluster's own, has none.
            Claim::leads_to("who-hears-two-raises", "")
                .by_nodes(raised, |_, raised: &[bool]| raised.contains(&false).then(|| Evidence::new("not all raised")))
                .when(Condition::by_world(|_: &Self, world| {
                    let heard = |node: &Node<'_, Hands>| node.state.is_some_and(|state| state.heard.len() == 2);
                    world.nodes.iter().any(heard).then(|| Evidence::new("one has heard two"))
                })),
        ]
    }
}

fn meeting(wrong: u8, reductions: Reductions) -> Exploration {
    let settings = Settings { paths: Paths::All, ..everything(2) };
    explore(&Cluster::reduced(Meeting { wrong }, &calm(), reductions).unwrap(), &settings, &Silent)
}

fn refused(wrong: u8, reductions: Reductions) -> String {
    let found = meeting(wrong, reductions);
    for ix in [0, 1, 2] {
        assert_eq!(found.verdict(ix, PropertyKind::Always), Verdict::Undecided(Cut::Refused));
    }
    found.refused.unwrap()
}

#[test]
fn a_right_declaration_is_confirmed() {
    let whole = meeting(NOTHING, Reductions::NONE);
    let reduced = meeting(NOTHING, Reductions::SYMMETRY);
    assert_eq!(reduced.refused, None);
    assert!(reduced.statistics.distinct * 4 < whole.statistics.distinct);
    for (whole, reduced) in whole.findings.iter().zip(&reduced.findings) {
        let depth = |finding: &Option<quorate::engine::Finding>| finding.as_ref().map(|finding| finding.depth);
        assert_eq!(depth(whole), depth(reduced));
    }
}

#[test]
fn a_wrong_declaration_of_symmetry_is_refused() {
    let says = |refused: String, expected: &str| assert!(refused.contains(expected), "{refused}");
    says(refused(COMPARES_IDS, Reductions::SYMMETRY), "when they change places");
    says(refused(RENAMES_NOBODY, Reductions::SYMMETRY), "when they change places");
    says(refused(OBSERVES_ONE, Reductions::SYMMETRY), "when they change places");
    says(refused(READS_ONE, Reductions::SYMMETRY), "a condition reads");
    says(refused(JUDGES_ONE, Reductions::SYMMETRY), "`nobody-hears-two` judges a state otherwise");
    says(refused(REMEMBERS_ONE, Reductions::SYMMETRY), "a condition judges");
    says(refused(WANTS_ONE, Reductions::SYMMETRY), "`all-can-hear-two` judges a state otherwise");
    says(refused(RESETS_UNRENAMED, Reductions::SYMMETRY), "is not to rename it by both at once");
}

/// A handler that panics with a name in its text is a violation like any other, and is told with the text.
#[test]
fn a_panic_with_a_name_in_it_is_told() {
    let reduced = Cluster::reduced(Meeting { wrong: GETS_TIRED }, &calm(), Reductions::SYMMETRY).unwrap();
    let settings = Settings { paths: Paths::All, ..everything(2) };
    let found = explore(&reduced, &settings, &Silent);
    assert_eq!(found.refused, None);
    let behave = reduced.properties().len() - 1;
    assert_eq!(found.verdict(behave, reduced.properties()[behave].kind), Verdict::Violated);
    let whole = Cluster::new(Meeting { wrong: GETS_TIRED }, &calm()).unwrap();
    let path = in_whole(&reduced, found.findings[behave].as_ref().unwrap().path.as_ref().unwrap(), &whole).unwrap();
    let evidence = whole.evidence(path.states.last().unwrap(), behave).unwrap();
    assert!(evidence.sentence.ends_with("is tired"), "{}", evidence.sentence);
}

/// What is stale at the start is in flight in the whole, and in the reduced it is not: the run is found there all the same.
#[test]
fn a_start_with_stale_messages_is_the_start() {
    let reduced = Cluster::reduced(Meeting { wrong: GREETS }, &calm(), Reductions::STALE_MESSAGES).unwrap();
    let found = explore(&reduced, &Settings { paths: Paths::All, ..everything(2) }, &Silent);
    assert_eq!(found.refused, None);
    let whole = Cluster::new(Meeting { wrong: GREETS }, &calm()).unwrap();
    assert!(!whole.snapshot(&whole.initial()[0]).network.is_empty());
    assert!(reduced.snapshot(&reduced.initial()[0]).network.is_empty());
    let path = found.findings[0].as_ref().unwrap().path.as_ref().unwrap();
    assert_eq!(in_whole(&reduced, path, &whole).unwrap().steps.len(), path.steps.len());
}

/// What is stale is not in flight, so that nothing is said of a property that may read it.
#[test]
fn nothing_is_said_of_what_reads_what_is_left_out() {
    let verdict = |reductions| {
        let cluster = Cluster::reduced(Meeting { wrong: GREETS }, &calm(), reductions).unwrap();
        let found = explore(&cluster, &everything(2), &Silent);
        assert_eq!((found.refused.as_ref(), cluster.properties()[4].name.as_str()), (None, "greeted"));
        (cluster.preserves(4), found.verdict(4, PropertyKind::Sometimes))
    };
    assert_eq!(verdict(Reductions::NONE), (true, Verdict::Reachable));
    assert_eq!(verdict(Reductions::SYMMETRY), (true, Verdict::Reachable));
    assert_eq!(verdict(Reductions::STALE_MESSAGES), (false, Verdict::Undecided(Cut::Reduced)));
}

/// What the cluster itself asks is no condition of the protocol, whatever else is asked.
#[test]
fn what_a_handler_does_wrong_is_preserved() {
    for reductions in [Reductions::SYMMETRY, Reductions::STALE_MESSAGES] {
        let found = explore(
            &Cluster::reduced(Meeting { wrong: NOTHING }, &calm(), reductions).unwrap(),
            &everything(2),
            &Silent,
        );
        assert_eq!(found.refused, None);
        assert_eq!(found.verdict(6, PropertyKind::Always), Verdict::Holds);
    }
}

/// Who is interrupted while looking at what was left out says nothing, and why.
#[test]
fn what_was_not_confirmed_says_nothing() {
    struct Impatient(AtomicU32);
    impl Progress for Impatient {
        fn tick(&self, _: &Statistics, _: u64) {}
        // The search asks once a round; then comes the confirmation.
        fn interrupted(&self) -> bool {
            self.0.fetch_add(1, Ordering::Relaxed) >= 30
        }
    }
    let cluster = Cluster::reduced(Meeting { wrong: NOTHING }, &calm(), Reductions::SYMMETRY).unwrap();
    let found = explore(&cluster, &everything(1), &Silent);
    let rounds = found.statistics.widths.len() as u32;
    let cluster = Cluster::reduced(Meeting { wrong: NOTHING }, &calm(), Reductions::SYMMETRY).unwrap();
    let found = explore(&cluster, &everything(1), &Impatient(AtomicU32::new(30 - rounds - 1)));
    assert_eq!(found.verdict(1, PropertyKind::Always), Verdict::Undecided(Cut::Interrupted));
}

#[test]
fn a_wrong_declaration_of_what_is_stale_is_refused() {
    let duplicating = quiet(NetworkKind::Duplicating);
    let refused = |found: Exploration| found.refused.unwrap_or_default();
    fn search(wrong: u8, environment: &Environment) -> Exploration {
        let cluster = Cluster::reduced(Meeting { wrong }, environment, Reductions::STALE_MESSAGES).unwrap();
        explore(&cluster, &everything(2), &Silent)
    }
    assert_eq!(search(NOTHING, &duplicating).refused, None);
    assert!(refused(search(NOT_STALE, &duplicating)).contains("changes something"));
    assert!(refused(search(NO_LONGER_STALE, &duplicating)).contains("no longer in"));
}
