//! Actors drawn at random: what a node does is read from a table of rows, one for each state and event.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use quorate::model::{Cause, Claim, Facts, History, Property, Protocol, Roster, Step};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};
use serde::Serialize;

const STATE_COUNT: u8 = 3;
const MSG_COUNT: u8 = 2;
const TIMER_COUNT: u8 = 2;
const CHOICE_COUNT: u8 = 3;
const STORED_COUNT: u8 = 2;
const KEYS: [&str; 2] = ["k0", "k1"];
/// Ids that messages go to; there may be fewer nodes.
const ID_COUNT: u8 = 4;

/// A drawn protocol: one or two roles, each with its table.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// By role: its table and how many members it has.
    pub roles: Vec<(Table, usize)>,
    /// The fact that the observer sees in the arrival of a message, by message.
    pub arrivals: Vec<Option<u8>>,
    /// The fact that the observer sees in a crash.
    pub crash: Option<u8>,
    /// The fact that the observer sees when an actor's state becomes its last one.
    pub last_state: Option<u8>,
    /// What each message may arrive as, by message.
    pub corrupted: Vec<Vec<u8>>,
    /// What a torn save may leave.
    pub torn: Vec<u8>,
    /// What a tick of its clock makes of a state, by state.
    pub clock: Vec<u8>,
}

/// What the members of a role do.
#[derive(Clone, Debug)]
pub struct Table {
    /// By what is stored: nothing, 0, 1.
    start: Vec<Row>,
    /// By state, then message.
    on_msg: Vec<Row>,
    /// By state, then timer.
    on_timeout: Vec<Row>,
    /// By state, then choice.
    on_choice: Vec<Row>,
}

/// What a node does on one event in one state.
#[derive(Clone, Debug)]
struct Row {
    next: Next,
    acts: Vec<Act>,
}

#[derive(Clone, Copy, Debug)]
enum Next {
    Stay,
    /// Asks for a mutable state and changes nothing.
    Touch,
    Become(u8),
}

#[derive(Clone, Debug)]
enum Act {
    Send(u8, u8),
    /// To the sender of the message; to oneself where there is none.
    Reply(u8),
    /// With its bounds in milliseconds.
    SetTimer(u8, u8, u8),
    CancelTimer(u8),
    Open(usize, Vec<u8>),
    Close(usize),
    Save(u8),
}

/// Any drawn protocol.
pub fn drawn() -> impl Strategy<Value = Drawn> {
    let fact = || prop_oneof![2 => Just(None), 1 => (0..2_u8).prop_map(Some)];
    let corrupted = vec(vec(0..MSG_COUNT, 0..=2), usize::from(MSG_COUNT));
    let torn = vec(0..STORED_COUNT, 0..=2);
    let roles = vec((table(), 1..=2_usize), 1..=2);
    let still = (0..STATE_COUNT).collect::<Vec<u8>>();
    let clock = prop_oneof![2 => Just(still), 1 => vec(0..STATE_COUNT, usize::from(STATE_COUNT))];
    (roles, vec(fact(), usize::from(MSG_COUNT)), fact(), fact(), corrupted, torn, clock).prop_map(
        |(roles, arrivals, crash, last_state, corrupted, torn, clock)| Drawn {
            roles,
            arrivals,
            crash,
            last_state,
            corrupted,
            torn,
            clock,
        },
    )
}

fn table() -> impl Strategy<Value = Table> {
    let rows = |event_count: u8| vec(row(), usize::from(STATE_COUNT * event_count));
    (vec(row(), 1 + usize::from(STORED_COUNT)), rows(MSG_COUNT), rows(TIMER_COUNT), rows(CHOICE_COUNT))
        .prop_map(|(start, on_msg, on_timeout, on_choice)| Table { start, on_msg, on_timeout, on_choice })
}

fn row() -> impl Strategy<Value = Row> {
    let next = prop_oneof![
        4 => Just(Next::Stay),
        1 => Just(Next::Touch),
        4 => (0..STATE_COUNT).prop_map(Next::Become),
    ];
    (next, vec(act(), 0..=2)).prop_map(|(next, acts)| Row { next, acts })
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..ID_COUNT, 0..MSG_COUNT).prop_map(|(to, msg)| Act::Send(to, msg)),
        2 => (0..MSG_COUNT).prop_map(Act::Reply),
        3 => (0..TIMER_COUNT, 0..3_u8, 0..3_u8).prop_map(|(timer, from, to)| Act::SetTimer(timer, from, to)),
        1 => (0..TIMER_COUNT).prop_map(Act::CancelTimer),
        2 => (0..KEYS.len(), vec(0..CHOICE_COUNT, 1..=2)).prop_map(|(key, choices)| Act::Open(key, choices)),
        1 => (0..KEYS.len()).prop_map(Act::Close),
        2 => (0..STORED_COUNT).prop_map(Act::Save),
    ]
}

/// A member with its role's table.
#[derive(Clone)]
pub struct Member {
    table: Arc<Table>,
}

impl Member {
    fn obey(row: &Row, id: Id, src: Id, state: &mut Cow<'_, u8>, o: &mut Out<Self>) {
        match row.next {
            Next::Stay => {}
            Next::Touch => {
                let unchanged = **state;
                *state.to_mut() = unchanged;
            }
            Next::Become(next) => *state.to_mut() = next,
        }
        for act in &row.acts {
            match act {
                Act::Send(to, msg) => o.send(usize::from(*to).into(), (*msg, usize::from(id) as u8 % 2)),
                Act::Reply(msg) => o.send(src, (*msg, 0)),
                Act::SetTimer(timer, from, to) => {
                    o.set_timer(*timer, Duration::from_millis((*from).into())..Duration::from_millis((*to).into()));
                }
                Act::CancelTimer(timer) => o.cancel_timer(*timer),
                Act::Open(key, choices) => o.choose_random(KEYS[*key], choices.clone()),
                Act::Close(key) => o.remove_random(KEYS[*key]),
                Act::Save(value) => o.save(*value),
            }
        }
    }
}

fn at(rows: &[Row], state: u8, event: u8, event_count: u8) -> &Row {
    &rows[usize::from(state * event_count + event)]
}

impl Actor for Member {
    /// What it says, and a mark of who sent it.
    type Msg = (u8, u8);
    type State = u8;
    type Timer = u8;
    type Random = u8;
    type Storage = u8;

    fn on_start(&self, id: Id, storage: &Option<u8>, o: &mut Out<Self>) -> u8 {
        let mut state = Cow::Owned(0);
        let row = storage.map_or(0, |stored| 1 + usize::from(stored));
        Self::obey(&self.table.start[row], id, id, &mut state, o);
        state.into_owned()
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, u8>, src: Id, (msg, _): (u8, u8), o: &mut Out<Self>) {
        Self::obey(at(&self.table.on_msg, **state, msg, MSG_COUNT), id, src, state, o);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, u8>, timer: &u8, o: &mut Out<Self>) {
        Self::obey(at(&self.table.on_timeout, **state, *timer, TIMER_COUNT), id, id, state, o);
    }

    fn on_random(&self, id: Id, state: &mut Cow<'_, u8>, choice: &u8, o: &mut Out<Self>) {
        Self::obey(at(&self.table.on_choice, **state, *choice, CHOICE_COUNT), id, id, state, o);
    }
}

/// How often each fact was seen, up to two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Tally([u8; 2]);

impl History for Tally {
    type Fact = u8;

    fn record(&mut self, fact: &u8) {
        let count = &mut self.0[usize::from(*fact)];
        *count = 2.min(*count + 1);
    }
}

const ROLES: [&str; 2] = ["a", "b"];

impl Protocol for Drawn {
    crate::plain_protocol!("drawn");
    type Actor = Member;
    type History = Tally;

    fn roster(&self) -> Roster<Member> {
        self.roles.iter().zip(ROLES).fold(Roster::new(), |roster, ((table, count), role)| {
            let member = Member { table: Arc::new(table.clone()) };
            roster.role(role, vec![member; *count])
        })
    }

    fn history(&self) -> Tally {
        Tally::default()
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<u8>) {
        match step.cause {
            Cause::Deliver { msg: (msg, _), .. } => facts.extend(self.arrivals[usize::from(*msg)]),
            Cause::Crash => facts.extend(self.crash),
            Cause::Start | Cause::Timeout(_) | Cause::Choose(_) | Cause::Restart => {}
        }
        let last = Some(&(STATE_COUNT - 1));
        if step.before != last && step.after == last {
            facts.extend(self.last_state);
        }
    }

    fn tick_clock(&self, _: Id, state: &mut u8) {
        *state = self.clock[usize::from(*state)];
    }

    fn corrupt(&self, (said, mark): &(u8, u8)) -> Vec<(u8, u8)> {
        self.corrupted[usize::from(*said)].iter().map(|other| (*other, *mark)).collect()
    }

    fn tear(&self, before: Option<&u8>, saved: &u8) -> Vec<u8> {
        // What is left depends on both.
        let left = |rest: &u8| if before == Some(rest) { saved ^ 1 } else { *rest };
        self.torn.iter().map(left).collect()
    }

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::sometimes("first-last", "the first node is in the last state").by_nodes(
                |_: &Self, node| node.state.copied(),
                |_, read| (read[0] == Some(2)).then(|| Evidence::new("Id(0) is in 2")),
            ),
            Claim::always("never-both", "no two nodes are in the last state").by_nodes(
                |_: &Self, node| node.state == Some(&2),
                |_, read| (read.iter().filter(|last| **last).count() > 1).then(|| Evidence::new("both")),
            ),
            Claim::always("stored-one", "nobody that is down has stored 1").by_nodes(
                |_: &Self, node| node.state.is_none() && node.storage == Some(&1),
                |_, read| read.contains(&true).then(|| Evidence::new("down with 1")),
            ),
            Claim::sometimes("tallied", "both facts are seen, one of them twice").by_history(
                |_: &Self, tally: &Tally| (tally.0[0] > 0 && tally.0[1] > 1).then(|| Evidence::new("tallied")),
            ),
            Claim::sometimes("crowded", "three messages are in flight while a node is in the last state").by_world(
                |_: &Self, world| {
                    let last = world.nodes.iter().any(|node| node.state == Some(&2));
                    (last && world.in_flight.len() >= 3).then(|| Evidence::new("crowded"))
                },
            ),
            Claim::no_deadlock("ends-last", "it ends with the first node in the last state").by_nodes(
                |_: &Self, node| node.state.copied(),
                |_, read| (read[0] != Some(2)).then(|| Evidence::new("ended early")),
            ),
            Claim::no_deadlock("ends-empty", "it ends with nothing in flight").by_world(|_: &Self, world| {
                (!world.in_flight.is_empty()).then(|| Evidence::new("ended with messages"))
            }),
        ]
    }
}
