//! Open choices that are made, replaced, withdrawn, or lost in a crash.

use std::borrow::Cow;

use quorate::model::{Claim, Property, Protocol, Roster};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};
use serde::Serialize;

/// Nodes that vote for a number, may think it over, and tell the next one.
pub struct Choosers {
    /// How many nodes.
    pub count: usize,
}

#[derive(Clone)]
pub struct Chooser {
    next: Id,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Choice {
    Vote(u8),
    Wait,
    Tell,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct State {
    vote: Option<u8>,
    heard: Option<u8>,
}

impl Actor for Chooser {
    type Msg = u8;
    type State = State;
    type Timer = ();
    type Random = Choice;
    type Storage = u8;

    fn on_start(&self, _: Id, storage: &Option<u8>, o: &mut Out<Self>) -> State {
        o.choose_random("vote", vec![Choice::Vote(0), Choice::Vote(1), Choice::Wait]);
        o.choose_random("tell", vec![Choice::Tell]);
        if storage.is_some() {
            o.remove_random("vote");
        }
        State { vote: *storage, heard: None }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, _: Id, msg: u8, o: &mut Out<Self>) {
        if state.heard != Some(msg) {
            state.to_mut().heard = Some(msg);
            o.remove_random("vote");
            if state.vote.is_none() {
                o.choose_random("vote", vec![Choice::Vote(msg)]);
            }
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, choice: &Choice, o: &mut Out<Self>) {
        match choice {
            Choice::Vote(vote) => {
                state.to_mut().vote = Some(*vote);
                o.save(*vote);
            }
            Choice::Wait => o.choose_random("vote", vec![Choice::Vote(1)]),
            Choice::Tell => match state.vote {
                Some(vote) => o.send(self.next, vote),
                None => o.choose_random("tell", vec![Choice::Tell]),
            },
        }
    }
}

impl Protocol for Choosers {
    crate::plain_protocol!("choosers");
    type Actor = Chooser;
    type History = ();

    fn roster(&self) -> Roster<Chooser> {
        Roster::new().role("chooser", (0..self.count).map(|ix| Chooser { next: ((ix + 1) % self.count).into() }))
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("one-vote", "no two nodes vote for different numbers").by_nodes(
                |_: &Self, node| node.state.and_then(|state| state.vote),
                |_, read| {
                    let votes: Vec<u8> = read.iter().flatten().copied().collect();
                    votes.windows(2).any(|pair| pair[0] != pair[1]).then(|| Evidence::new("two votes"))
                },
            ),
            Claim::no_deadlock("all-voted", "nobody is left without a vote").by_nodes(
                |_: &Self, node| node.state.is_none_or(|state| state.vote.is_none()),
                |_, read| read.contains(&true).then(|| Evidence::new("someone has not voted")),
            ),
            Claim::sometimes("heard-against", "someone hears of another vote than its own").by_nodes(
                |_: &Self, node| {
                    node.state.is_some_and(|state| state.heard.is_some_and(|heard| Some(heard) != state.vote))
                },
                |_, read| read.contains(&true).then(|| Evidence::new("another vote")),
            ),
        ]
    }
}
