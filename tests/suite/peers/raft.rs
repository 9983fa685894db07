//! Stateright's `raft` example: leader election and log replication with votes that a crash forgets.

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::model::{Claim, NetworkKind, Property, Protocol, Roster};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::Expectation;
use stateright::actor::{ActorModel, model_timeout};

/// Some Raft servers.
pub struct Raft {
    /// How many servers.
    pub servers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Role {
    Follower,
    Candidate,
    Leader,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Entry {
    term: usize,
    payload: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct State {
    id: usize,
    term: usize,
    voted_for: Option<usize>,
    log: Vec<Entry>,
    commit_length: usize,
    role: Role,
    leader: Option<usize>,
    votes: BTreeSet<usize>,
    sent_length: Vec<usize>,
    acked_length: Vec<usize>,
    delivered: Vec<Vec<u8>>,
    buffer: Vec<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    VoteRequest { candidate: usize, term: usize, log_length: usize, log_term: usize },
    VoteResponse { voter: usize, term: usize, granted: bool },
    LogRequest { leader: usize, term: usize, prefix: usize, prefix_term: usize, commit: usize, suffix: Vec<Entry> },
    LogResponse { follower: usize, term: usize, ack: usize, success: bool },
    Broadcast(Vec<u8>),
}

/// A timer, and whose it is: stateright writes no length when it hashes a set of timers, so that without a name the
/// timers of neighbouring servers run together, and states that differ are one to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    Election(usize),
    Replication(usize),
}

#[derive(Clone)]
pub struct Server {
    server_count: usize,
}

fn last_term(log: &[Entry]) -> usize {
    log.last().map_or(0, |entry| entry.term)
}

impl State {
    fn follow(&mut self, term: usize) {
        self.term = term;
        self.role = Role::Follower;
        self.voted_for = None;
    }

    fn deliver_until(&mut self, length: usize) {
        self.delivered.extend(self.log[self.commit_length..length].iter().map(|entry| entry.payload.clone()));
        self.commit_length = length;
    }

    fn append(&mut self, prefix: usize, commit: usize, suffix: &[Entry]) {
        if !suffix.is_empty() && self.log.len() > prefix {
            let ix = self.log.len().min(prefix + suffix.len()) - 1;
            if self.log[ix].term != suffix[ix - prefix].term {
                self.log.truncate(prefix);
            }
        }
        if prefix + suffix.len() > self.log.len() {
            self.log.extend_from_slice(&suffix[self.log.len() - prefix..]);
        }
        if commit > self.commit_length {
            self.deliver_until(commit);
        }
    }
}

impl Server {
    fn majority(&self) -> usize {
        (self.server_count + 1).div_ceil(2)
    }

    fn others(&self, state: &State) -> impl Iterator<Item = usize> + use<> {
        let own = state.id;
        (0..self.server_count).filter(move |id| *id != own)
    }

    fn drain_buffer(&self, state: &mut State, o: &mut Out<Self>) {
        if state.role == Role::Leader {
            let own = state.id.into();
            state.buffer.drain(..).for_each(|payload| o.send(own, Msg::Broadcast(payload)));
        }
    }

    fn replicate_to(&self, state: &State, follower: usize, o: &mut Out<Self>) {
        let prefix = state.sent_length[follower];
        let msg = Msg::LogRequest {
            leader: state.id,
            term: state.term,
            prefix,
            prefix_term: last_term(&state.log[..prefix]),
            commit: state.commit_length,
            suffix: state.log[prefix..].to_vec(),
        };
        o.send(follower.into(), msg);
    }

    fn replicate(&self, state: &State, o: &mut Out<Self>) {
        if state.role == Role::Leader {
            self.others(state).for_each(|follower| self.replicate_to(state, follower, o));
        }
    }

    fn vote(&self, state: &mut State, (candidate, term): (usize, usize), log: (usize, usize), o: &mut Out<Self>) {
        if term > state.term {
            state.follow(term);
        }
        let log_ok = log >= (last_term(&state.log), state.log.len());
        let granted = term == state.term && log_ok && state.voted_for.is_none_or(|voted| voted == candidate);
        if granted {
            state.voted_for = Some(candidate);
        }
        o.send(candidate.into(), Msg::VoteResponse { voter: state.id, term: state.term, granted });
    }

    fn count_vote(&self, state: &mut State, voter: usize, term: usize, granted: bool, o: &mut Out<Self>) {
        if state.role == Role::Candidate && term == state.term && granted {
            state.votes.insert(voter);
            if state.votes.len() >= self.majority() {
                state.role = Role::Leader;
                state.leader = Some(state.id);
                self.drain_buffer(state, o);
                for follower in self.others(state) {
                    state.sent_length[follower] = state.log.len();
                    state.acked_length[follower] = 0;
                }
                self.replicate(state, o);
            }
        } else if term > state.term {
            state.follow(term);
            o.set_timer(Timer::Election(state.id), model_timeout());
        }
    }

    fn follow_leader(&self, state: &mut State, leader: usize, term: usize, o: &mut Out<Self>) {
        if term > state.term {
            state.term = term;
            state.voted_for = None;
            o.set_timer(Timer::Election(state.id), model_timeout());
        }
        if term == state.term {
            state.role = Role::Follower;
            state.leader = Some(leader);
            self.drain_buffer(state, o);
            o.set_timer(Timer::Election(state.id), model_timeout());
        }
    }

    fn count_ack(
        &self,
        state: &mut State,
        (follower, term): (usize, usize),
        ack: usize,
        success: bool,
        o: &mut Out<Self>,
    ) {
        if term == state.term && state.role == Role::Leader {
            if success && ack >= state.acked_length[follower] {
                state.sent_length[follower] = ack;
                state.acked_length[follower] = ack;
                self.commit(state);
            } else if state.sent_length[follower] > 0 {
                state.sent_length[follower] -= 1;
                self.replicate_to(state, follower, o);
            }
        } else if term > state.term {
            state.follow(term);
            o.set_timer(Timer::Election(state.id), model_timeout());
        }
    }

    fn commit(&self, state: &mut State) {
        let acks = |length| state.acked_length.iter().filter(|acked| **acked >= length).count();
        let ready = (state.commit_length + 1..=state.log.len()).rev().find(|length| acks(*length) >= self.majority());
        if let Some(ready) = ready.filter(|ready| state.log[ready - 1].term == state.term) {
            state.deliver_until(ready);
        }
    }

    fn broadcast(&self, state: &mut State, payload: Vec<u8>, o: &mut Out<Self>) {
        match state.leader {
            _ if state.role == Role::Leader => {
                state.log.push(Entry { term: state.term, payload });
                let own = state.id;
                state.acked_length[own] = state.log.len();
                self.replicate(state, o);
            }
            None => state.buffer.push(payload),
            Some(leader) => o.send(leader.into(), Msg::Broadcast(payload)),
        }
    }
}

impl Actor for Server {
    type Msg = Msg;
    type State = State;
    type Timer = Timer;
    type Random = ();
    type Storage = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        let own = usize::from(id);
        o.set_timer(Timer::Election(own), model_timeout());
        o.set_timer(Timer::Replication(own), model_timeout());
        o.send(id, Msg::Broadcast(own.to_string().into_bytes()));
        State {
            id: own,
            term: 0,
            voted_for: None,
            log: vec![],
            commit_length: 0,
            role: Role::Follower,
            leader: None,
            votes: BTreeSet::new(),
            sent_length: vec![0; self.server_count],
            acked_length: vec![0; self.server_count],
            delivered: vec![],
            buffer: vec![],
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, _: Id, msg: Msg, o: &mut Out<Self>) {
        let state = state.to_mut();
        match msg {
            Msg::VoteRequest { candidate, term, log_length, log_term } => {
                self.vote(state, (candidate, term), (log_term, log_length), o);
            }
            Msg::VoteResponse { voter, term, granted } => self.count_vote(state, voter, term, granted, o),
            Msg::LogRequest { leader, term, prefix, prefix_term, commit, suffix } => {
                self.follow_leader(state, leader, term, o);
                let log_ok = state.log.len() >= prefix && (prefix == 0 || state.log[prefix - 1].term == prefix_term);
                let success = term == state.term && log_ok;
                if success {
                    state.append(prefix, commit, &suffix);
                }
                let ack = if success { prefix + suffix.len() } else { 0 };
                o.send(leader.into(), Msg::LogResponse { follower: state.id, term: state.term, ack, success });
            }
            Msg::LogResponse { follower, term, ack, success } => {
                self.count_ack(state, (follower, term), ack, success, o);
            }
            Msg::Broadcast(payload) => self.broadcast(state, payload, o),
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        let state = state.to_mut();
        match timer {
            Timer::Election(_) if state.role == Role::Leader => {}
            Timer::Election(_) => {
                state.term += 1;
                state.voted_for = Some(state.id);
                state.role = Role::Candidate;
                state.votes = [state.id].into();
                let (term, log_length) = (state.term, state.log.len());
                let msg = Msg::VoteRequest { candidate: state.id, term, log_length, log_term: last_term(&state.log) };
                self.others(state).for_each(|id| o.send(id.into(), msg.clone()));
            }
            Timer::Replication(_) => self.replicate(state, o),
        }
    }
}

/// Two servers that both lead the same term.
fn rivals<'a>(states: impl Iterator<Item = Option<&'a State>>) -> Option<(usize, usize)> {
    let leaders: Vec<&State> = states.flatten().filter(|state| state.role == Role::Leader).collect();
    leaders.iter().enumerate().find_map(|(ix, one)| {
        let other = leaders[ix + 1..].iter().find(|other| other.term == one.term)?;
        Some((one.id, other.id))
    })
}

impl Raft {
    fn servers(&self) -> Vec<Server> {
        vec![Server { server_count: self.servers }; self.servers]
    }

    /// The same actors for stateright, of which at most `down_at_once` are down.
    pub fn actor_model(&self, network: NetworkKind, down_at_once: usize) -> ActorModel<Server> {
        super::actor_model(self.servers(), (), (), network, false)
            .max_crashes(down_at_once)
            .property(Expectation::Sometimes, "elected", |_, state| {
                state.actor_states.iter().any(|state| state.role == Role::Leader)
            })
            .property(Expectation::Always, "one-leader-a-term", |_, state| {
                rivals(state.actor_states.iter().map(|state| Some(&**state))).is_none()
            })
            .property(Expectation::Sometimes, "never", |_, _| false)
    }
}

impl Protocol for Raft {
    crate::plain_protocol!("raft-example");
    type Actor = Server;
    type History = ();

    fn roster(&self) -> Roster<Server> {
        Roster::new().role("server", self.servers())
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::sometimes("elected", "a server leads").by_nodes(
                |_: &Self, node| node.state.is_some_and(|state| state.role == Role::Leader),
                |_, read| read.contains(&true).then(|| Evidence::new("a leader")),
            ),
            Claim::always("one-leader-a-term", "no two servers lead the same term").by_nodes(
                |_: &Self, node| node.state.filter(|state| state.role == Role::Leader).map(|state| state.term),
                |_, read| {
                    let rival = |ix: usize| read[ix].is_some() && read[..ix].contains(&read[ix]);
                    let ix = (0..read.len()).find(|ix| rival(*ix))?;
                    Some(Evidence::new(format!("{:?} leads a term that another leads", Id::from(ix))))
                },
            ),
        ]
    }
}
