//! Saves that may be torn, and not of everybody: that members are interchangeable is then a wrong declaration, though no
//! step that is taken shows it.

use std::borrow::Cow;

use quorate::cluster::Cluster;
use quorate::engine::{Silent, explore};
use quorate::model::{
    Assumption, Budget, Condition, Crashes, Environment, Losses, NetworkKind, Node, Property, Protocol, Reductions,
    Roster, Symmetry,
};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out, rename};
use serde::Serialize;

use super::agreement::everything;
use super::environments::calm;

/// A door that lets one member in, and members, of which that one saves its name.
#[derive(Clone)]
enum Visit {
    Door,
    Member,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
enum Word {
    Enter,
}

rename! {
    nobody in Word
}

/// An id that no node has: what is left of a torn save.
const NOBODY: usize = 7;
const SAVED_FIRST: &str = "saved-first";

impl Actor for Visit {
    type Msg = Word;
    type State = ();
    type Timer = ();
    type Storage = Id;
    type Random = Id;

    fn on_start(&self, _: Id, _: &Option<Id>, o: &mut Out<Self>) {
        if let Self::Door = self {
            o.choose_random("who", members());
        }
    }

    fn on_msg(&self, id: Id, _: &mut Cow<'_, ()>, _: Id, Word::Enter: Word, o: &mut Out<Self>) {
        o.save(id);
    }

    fn on_random(&self, _: Id, _: &mut Cow<'_, ()>, who: &Id, o: &mut Out<Self>) {
        o.send(*who, Word::Enter);
    }
}

fn members() -> Vec<Id> {
    Id::vec_from(1..3)
}

struct Visiting {
    /// Whose saves may be torn.
    torn: Vec<Id>,
}

impl Protocol for Visiting {
    crate::plain_protocol!("visiting");
    const REDUCTIONS: Reductions = Reductions::SYMMETRY;
    type Actor = Visit;
    type History = ();

    fn roster(&self) -> Roster<Visit> {
        Roster::new().role("door", [Visit::Door]).role("member", members().iter().map(|_| Visit::Member))
    }

    fn history(&self) {}

    fn tear(&self, _: Option<&Id>, saved: &Id) -> Vec<Id> {
        if self.torn.contains(saved) { vec![Id::from(NOBODY)] } else { Vec::new() }
    }

    fn symmetry(&self) -> Option<Symmetry<Self>> {
        Some(Symmetry::of_roles(&self.roster(), &["member"]))
    }

    fn properties() -> Vec<Property<Self>> {
        Vec::new()
    }

    /// So that there is but one state, however members are called, in which a save may be torn.
    fn assumptions() -> Vec<Assumption<Self>> {
        let is_lost = |_: &Self, node: &Node<'_, Visit>| node.state.is_none() && node.storage.is_none();
        let broken = Condition::by_nodes(is_lost, |_, lost: &[bool]| {
            lost.contains(&true).then(|| Evidence::new("one is down that has saved nothing"))
        });
        vec![Assumption::new(SAVED_FIRST, "nobody crashes before it has saved", broken)]
    }
}

/// Why a search in which a member may crash once, and its last save be torn, says nothing.
fn refused(torn: Vec<Id>) -> Option<String> {
    let (total, of_roles) = (Budget::AtMost(1), vec!["member".to_owned()]);
    let environment = Environment {
        crashes: Crashes { total, of_roles: of_roles.clone(), ..Crashes::default() },
        torn_saves: Losses { total, of_roles },
        assume: vec![SAVED_FIRST.to_owned()],
        ..calm(NetworkKind::Unordered)
    };
    let cluster = Cluster::reduced(Visiting { torn }, &environment, Reductions::SYMMETRY).unwrap();
    explore(&cluster, &everything(1), &Silent).refused
}

/// Whichever of the two is the one that stands for both: of the other nothing is ever torn in the search.
#[test]
fn what_is_left_of_a_save_is_compared_where_it_is_nothing() {
    assert_eq!(refused(members()), None);
    assert_eq!(refused(Vec::new()), None);
    for member in members() {
        let why = refused(vec![member]).unwrap();
        assert!(why.contains("does for a crash what"), "{why}");
    }
}
