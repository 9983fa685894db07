//! A system for tests: its states and steps are written out, one after the other.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;

use crate::cluster::Instance;
use crate::engine::{Ending, Path};
use crate::model::{Budget, Crashes, Environment, ParamValue};
use crate::system::{
    Action, Evidence, Explain, InFlight, NodeSnapshot, PropertyCard, PropertyKind, PropertySet, Snapshot, Successors,
    TransitionSystem, Value, Word,
};

/// A system with one property. Its state is one word, the index of one of `states`.
#[derive(Clone, Debug)]
pub(super) struct Script {
    states: Vec<Snapshot>,
    /// By state: what can happen in it, and where it leads.
    steps: Vec<Vec<(Action, usize)>>,
    /// By state: what the property finds.
    finds: BTreeMap<usize, &'static str>,
    property: [PropertyCard; 1],
}

impl Script {
    /// A system with one state.
    pub(super) fn new(kind: PropertyKind, name: &str, about: &str, start: Snapshot) -> Self {
        let card = PropertyCard::new(name, kind, about);
        Self { states: vec![start], steps: vec![Vec::new()], finds: BTreeMap::new(), property: [card] }
    }

    /// One more state, after `action` in the last one.
    pub(super) fn then(mut self, action: Action, change: impl FnOnce(&mut Snapshot)) -> Self {
        let last = self.states.len() - 1;
        let mut next = self.states[last].clone();
        if let Action::Deliver { from, to, message } | Action::Drop { from, to, message } = &action {
            next.network.retain(|one| (&one.from, &one.to, &one.message) != (from, to, message));
        }
        change(&mut next);
        next.network.sort();
        self.states.push(next);
        self.steps.push(Vec::new());
        self.steps[last].push((action, last + 1));
        self
    }

    /// One more step that is possible in the given state, before the others, and leads out of the script, where nothing happens.
    pub(super) fn or(mut self, state_ix: usize, action: Action) -> Self {
        self.steps[state_ix].insert(0, (action, usize::MAX));
        self
    }

    /// The same system in which nothing can happen in the given state.
    pub(super) fn without(mut self, state_ix: usize) -> Self {
        self.steps[state_ix].clear();
        self
    }

    /// The property finds something in the last state.
    pub(super) fn finds(mut self, sentence: &'static str) -> Self {
        self.finds.insert(self.states.len() - 1, sentence);
        self
    }

    /// The same system with another first state.
    pub(super) fn starting(mut self, change: impl FnOnce(&mut Snapshot)) -> Self {
        change(&mut self.states[0]);
        self
    }

    /// The way from the first state to the last.
    pub(super) fn path(&self) -> Path {
        let count = self.states.len();
        let states = (0..count).map(|ix| vec![ix as Word].into_boxed_slice()).collect();
        let next = |ix: usize| self.steps[ix].iter().position(|(_, to)| *to == ix + 1);
        let steps = (0..count - 1).map(|ix| next(ix).expect("each state was added by a step")).collect();
        Path { states, steps, ending: Ending::Found }
    }
}

impl TransitionSystem for Script {
    fn word_count(&self) -> usize {
        1
    }

    fn initial(&self) -> Vec<Box<[Word]>> {
        vec![vec![0].into_boxed_slice()]
    }

    fn successors(&self, state: &[Word], out: &mut Successors) {
        out.clear();
        for (action, to) in self.steps.get(state[0] as usize).into_iter().flatten() {
            out.edit(0, *to as Word);
            out.finish_if_edited(action.kind(), true);
        }
    }

    fn properties(&self) -> &[PropertyCard] {
        &self.property
    }

    fn findings(&self, state: &[Word], open: PropertySet) -> PropertySet {
        PropertySet::of(1, |ix| open.contains(ix) && self.evidence(state, ix).is_some())
    }
}

impl Explain for Script {
    fn action(&self, state: &[Word], index: usize) -> Action {
        self.steps[state[0] as usize][index].0.clone()
    }

    fn snapshot(&self, state: &[Word]) -> Snapshot {
        self.states[state[0] as usize].clone()
    }

    fn evidence(&self, state: &[Word], _: usize) -> Option<Evidence> {
        self.finds.get(&(state[0] as usize)).map(|sentence| Evidence::new(*sentence))
    }
}

/// What goes between clients and the server of [`lease`].
#[derive(Clone, Debug, Serialize)]
pub(super) enum Message {
    /// A client asks for the lease.
    Acquire { ttl_ms: u32 },
    /// The server says who has it.
    Granted { token: u32, to: Value },
}

#[derive(Serialize)]
enum Client {
    Waiting,
    Holding(u32),
}

#[derive(Clone, Serialize)]
struct Server {
    holder: Option<Value>,
    last_token: u32,
}

fn name(name: &str) -> Value {
    Value::Name(name.to_owned())
}

pub(super) fn in_flight(from: &str, to: &str, message: &Message) -> InFlight {
    InFlight { from: from.to_owned(), to: to.to_owned(), message: Value::of(message) }
}

pub(super) fn deliver(from: &str, to: &str, message: &Message) -> Action {
    Action::Deliver { from: from.to_owned(), to: to.to_owned(), message: Value::of(message) }
}

pub(super) fn lost(from: &str, to: &str, message: &Message) -> Action {
    Action::Drop { from: from.to_owned(), to: to.to_owned(), message: Value::of(message) }
}

fn node(name: &str, state: &impl Serialize) -> NodeSnapshot {
    NodeSnapshot { name: name.to_owned(), state: Some(Value::of(state)), ..NodeSnapshot::default() }
}

pub(super) fn acquire() -> Message {
    Message::Acquire { ttl_ms: 500 }
}

fn granted(to: &str) -> Message {
    Message::Granted { token: 1, to: name(to) }
}

/// The server of [`lease`] grants the lease to a client and tells both.
fn grant(snapshot: &mut Snapshot, to: &str) {
    snapshot.nodes[2].state = Some(Value::of(&Server { holder: Some(name(to)), last_token: 1 }));
    snapshot.network.extend(["client0", "client1"].map(|client| in_flight("server", client, &granted(to))));
}

fn hold(snapshot: &mut Snapshot, client: usize) {
    snapshot.nodes[client].state = Some(Value::of(&Client::Holding(1)));
    snapshot.nodes[client].timers = vec![Value::Text("Renew".to_owned())];
    let Value::Seq(holders) = &mut snapshot.history else { panic!("the history is a list") };
    holders.push(name(&format!("client{client}")));
}

/// Two clients want a lease; the server that grants it forgets so when it crashes.
pub(super) fn lease() -> Script {
    let free = Server { holder: None, last_token: 0 };
    let start = Snapshot {
        nodes: vec![
            node("client0", &Client::Waiting),
            node("client1", &Client::Waiting),
            NodeSnapshot { storage: Some(Value::of(&free)), ..node("server", &free) },
        ],
        network: ["client0", "client1"].map(|client| in_flight(client, "server", &acquire())).into(),
        history: Value::Seq(Vec::new()),
        budgets: vec![("crashes".to_owned(), 1), ("loss".to_owned(), 1)],
        ..Snapshot::default()
    };
    let server = |node: &str| (Action::Crash { node: node.to_owned() }, Action::Restart { node: node.to_owned() });
    let (crash, restart) = server("server");
    Script::new(PropertyKind::Always, "one-holder", "at any time at most one client holds the lease", start)
        .then(deliver("client0", "server", &acquire()), |after| {
            grant(after, "client0");
            let saved = Server { holder: None, last_token: 1 };
            after.nodes[2].storage = Some(Value::of(&saved));
        })
        .then(lost("server", "client1", &granted("client0")), |_| {})
        .then(deliver("server", "client0", &granted("client0")), |after| hold(after, 0))
        .then(crash, |after| after.nodes[2].state = None)
        .then(restart, |after| after.nodes[2].state = Some(Value::of(&Server { holder: None, last_token: 1 })))
        .then(deliver("client1", "server", &acquire()), |after| grant(after, "client1"))
        .then(deliver("server", "client1", &granted("client1")), |after| hold(after, 1))
        .finds("client0 and client1 hold the lease, both with token 1")
}

/// A coin is flipped, its side arrives twice, and nobody waits for the second.
pub(super) fn deadlock() -> Script {
    let coin = NodeSnapshot {
        timers: vec![Value::Text("Flip".to_owned())],
        ..node("coin", &BTreeMap::from([("side", None::<u8>)]))
    };
    let start = Snapshot {
        nodes: vec![coin, node("player", &Vec::<u8>::new())],
        network: Vec::new(),
        history: Value::Unit,
        budgets: vec![("duplicates".to_owned(), 1)],
        ..Snapshot::default()
    };
    let sides = vec![Value::Int(1), Value::Int(2)];
    let message = Value::Int(2);
    let duplicate = Action::Duplicate { from: "coin".to_owned(), to: "player".to_owned(), message: message.clone() };
    Script::new(PropertyKind::NoDeadlock, "somebody-wins", "a game ends with a winner", start)
        .then(Action::Timeout { node: "coin".to_owned(), timer: Value::Text("Flip".to_owned()) }, |after| {
            after.nodes[0].timers.clear();
            after.nodes[0].choices.push(("side".to_owned(), sides));
        })
        .then(Action::Choose { node: "coin".to_owned(), key: "side".to_owned(), choice: message.clone() }, |after| {
            after.nodes[0].choices.clear();
            after.nodes[0].state = Some(Value::of(&BTreeMap::from([("side", 2)])));
            after.nodes[0].storage = Some(Value::of(&2));
            after.network.push(InFlight { from: "coin".to_owned(), to: "player".to_owned(), message });
        })
        .then(duplicate, |after| after.nodes[1].state = Some(Value::of(&vec![2])))
        .finds("player waits for a 1")
}

/// What [`lease`] was made from.
pub(super) fn instance() -> Instance {
    Instance {
        protocol: "lease".to_owned(),
        params: IndexMap::from([("clients".to_owned(), ParamValue::Count(2))]),
        deviations: vec!["forget-holder".to_owned()],
        environment: Environment {
            loss: crate::model::Losses { total: Budget::AtMost(1), of_roles: Vec::new() },
            crashes: Crashes { total: Budget::AtMost(1), ..Crashes::default() },
            ..Environment::default()
        },
    }
}
