//! A ring that hands a token on for ever: it has timers, choices, storage, and texts that no page may take for its own.

use std::borrow::Cow;
use std::time::Duration;

use quorate::cluster::{Entry, Instance, entry};
use quorate::engine::{Ending, Path};
use quorate::model::{
    Budget, Card, Claim, Crashes, Deviations, Environment, Losses, NoDeviation, Node, Partitions, Pauses, Property,
    Protocol, Roster,
};
use quorate::system::{ActionKind, Evidence, Explain, Successors};
use quorate::trace::Code;
use quorate::{Actor, Id, Out};
use serde::Serialize;

/// The catalogue of these tests.
pub(crate) static CATALOGUE: &[&dyn Entry] = &[entry::<Relay>()];

/// A text that a careless page would run.
pub(crate) const HOSTILE: &str =
    "</script><script>document.title='owned'</script><img src=x onerror=document.title='owned'>";

quorate::params! {
    /// How large the ring is.
    pub struct Params {
        /// Members of the ring.
        pub members: usize = 3, in 2..=9;
        /// After how many hops the counter begins again.
        pub wrap: usize = 4, in 2..=5000;
    }
}

/// A ring.
pub(crate) struct Relay {
    params: Params,
}

/// What is handed on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct Token {
    hop: usize,
    note: &'static str,
}

/// A member.
#[derive(Clone)]
pub(crate) struct Member {
    members: usize,
    wrap: usize,
}

/// What a member knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct State {
    hop: usize,
    mood: &'static str,
}

impl Actor for Member {
    type Msg = Token;
    type Timer = u8;
    type State = State;
    type Storage = usize;
    type Random = &'static str;

    fn on_start(&self, id: Id, stored: &Option<usize>, out: &mut Out<Self>) -> State {
        if usize::from(id) == 0 && stored.is_none() {
            out.send(Id::from(1), Token { hop: 1, note: HOSTILE });
            out.set_timer(7, Duration::ZERO..Duration::ZERO);
            out.choose_random("mood", vec!["calm", "<b>wild</b>"]);
        }
        State { hop: stored.unwrap_or(0), mood: "none" }
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, State>, _: Id, token: Token, out: &mut Out<Self>) {
        state.to_mut().hop = token.hop;
        out.save(token.hop);
        let next = Id::from((usize::from(id) + 1) % self.members);
        out.send(next, Token { hop: (token.hop + 1) % self.wrap, note: token.note });
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, _: &u8, _: &mut Out<Self>) {
        state.to_mut().mood = "awake";
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, mood: &&'static str, _: &mut Out<Self>) {
        state.to_mut().mood = mood;
    }
}

impl Protocol for Relay {
    const CARD: Card = Card {
        name: "relay",
        title: "A <i>relay</i>",
        source: "Made up for the tests.",
        modelled: "A ring that hands a token on.",
        left_out: "Whoever drops it.",
    };

    type Params = Params;
    type Deviation = NoDeviation;
    type Actor = Member;
    type History = ();

    fn new(params: Params, _: Deviations<NoDeviation>) -> Result<Self, String> {
        Ok(Self { params })
    }

    fn roster(&self) -> Roster<Member> {
        let member = Member { members: self.params.members, wrap: self.params.wrap };
        Roster::new().role("member", vec![member; self.params.members])
    }

    fn history(&self) {}

    fn corrupt(&self, token: &Token) -> Vec<Token> {
        vec![Token { hop: 0, ..token.clone() }]
    }

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("early", "No member sees <b>hop 3</b>.").by_nodes(third, |_, third| {
                let at = third.iter().position(|third| *third)?;
                Some(Evidence::new(format!("{:?} sees {HOSTILE}", Id::from(at))))
            }),
            Claim::sometimes("moves", "The token moves.").by_nodes(first, |_, first| {
                let at = first.iter().position(|first| *first)?;
                Some(Evidence::new(format!("{:?} has it", Id::from(at))))
            }),
            Claim::eventually("rests", "The token rests at last.")
                .by_nodes(third, |_, _| Some(Evidence::new("it moves on"))),
        ]
    }
}

fn third(_: &Relay, node: &Node<'_, Member>) -> bool {
    node.state.is_some_and(|state| state.hop == 3)
}

fn first(_: &Relay, node: &Node<'_, Member>) -> bool {
    node.state.is_some_and(|state| state.hop == 1)
}

/// An instance in which everything may happen.
pub(crate) fn instance(members: usize, wrap: usize) -> Instance {
    let few = || Losses { total: Budget::AtMost(2), of_roles: Vec::new() };
    let params = [("members", members), ("wrap", wrap)];
    let params = params.map(|(name, value)| (name, value.to_string().parse::<u64>().unwrap()));
    let environment = Environment {
        loss: few(),
        duplicates: few(),
        corruptions: few(),
        crashes: Crashes { total: Budget::AtMost(2), ..Crashes::default() },
        pauses: Pauses { total: Budget::AtMost(1), ..Pauses::default() },
        partitions: Partitions { total: Budget::AtMost(1), ..Partitions::default() },
        ..Environment::default()
    };
    let json = serde_json::json!({
        "protocol": "relay",
        "params": params.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        "environment": environment,
    });
    serde_json::from_value(json).unwrap()
}

/// The path that takes, one after the other, the first possible step of each of these kinds.
pub(crate) fn path(system: &dyn Explain, kinds: impl IntoIterator<Item = ActionKind>) -> Path {
    let start = system.initial().remove(0);
    let mut path = Path { states: vec![start], steps: Vec::new(), ending: Ending::Found };
    let mut successors = Successors::default();
    for kind in kinds {
        let here = path.states.last().unwrap().clone();
        system.successors(&here, &mut successors);
        let index = successors.iter().position(|successor| successor.kind == kind);
        let index = index.unwrap_or_else(|| panic!("no {kind:?} after {} steps", path.steps.len()));
        let mut next = here;
        successors.iter().nth(index).unwrap().apply(&mut next);
        path.states.push(next);
        path.steps.push(index);
    }
    path
}

/// The kinds of a run in which everything happens once.
pub(crate) const EVERYTHING: [ActionKind; 14] = {
    use ActionKind::{
        Choose, Corrupt, Crash, Deliver, Drop, Duplicate, Heal, Partition, Pause, Restart, Resume, Timeout,
    };
    [
        Timeout, Choose, Deliver, Duplicate, Pause, Deliver, Resume, Crash, Restart, Partition, Heal, Corrupt, Drop,
        Deliver,
    ]
};

/// The code of a run of so many hops.
pub(crate) fn long_code(members: usize, hops: usize) -> String {
    // Nine members split in 255 ways: each step would offer all of them.
    let mut instance = instance(members, 5000);
    instance.environment.partitions = Partitions::default();
    let system = CATALOGUE[0].build(&instance).unwrap();
    let path = path(&*system, std::iter::repeat_n(ActionKind::Deliver, hops));
    Code::of(&*system, &path, &instance, "").text()
}

/// The code of a run in which everything happens.
pub(crate) fn everything_code() -> String {
    let instance = instance(3, 4);
    let system = CATALOGUE[0].build(&instance).unwrap();
    Code::of(&*system, &path(&*system, EVERYTHING), &instance, "early").text()
}

/// The code of a run in which the third hop is seen.
pub(crate) fn early_code() -> String {
    let instance = instance(3, 4);
    let system = CATALOGUE[0].build(&instance).unwrap();
    let path = path(&*system, [ActionKind::Deliver; 3]);
    Code::of(&*system, &path, &instance, "early").text()
}
