//! Messages that will never change anything.

use quorate::Id;
use quorate::model::Node;
use quorate::stateright::actor::Envelope;

use super::Params;
use super::member::{Member, State, Stored};
use super::message::{Body, Link, Msg, Standing};
use super::server::{Learner, Role, ServerState};

/// Whether a message changes nothing whatever happens. How often a server has led or followed, and which request of a
/// client is open, outlives a crash.
pub(super) fn is_stale(params: &Params, node: &Node<'_, Member>, Envelope { src, msg, .. }: &Envelope<Msg>) -> bool {
    let (me, durable) = match (node.state, node.storage) {
        (Some(State::Server(me)), _) => (Some(&**me), &me.durable),
        (None, Some(Stored::Server(durable))) => (None, durable),
        (Some(State::Client { request: open }), _) | (None, Some(Stored::Client { request: open })) => {
            return matches!(msg, Msg::Reply { request, .. } if request < open);
        }
        (None, None) => return false,
    };
    let attempts = params.attempts_of(node.id);
    match msg {
        Msg::Packet { link, seq, body } => is_over(me, durable.attempt, *src, (*link, *seq), body),
        msg => is_past(me, durable.attempt >= attempts, params.may_be_elected(node.id), msg),
    }
}

/// Whether a server, which may be down, waits for the word of the leader that it has found.
fn waits(me: Option<&ServerState>) -> bool {
    me.is_some_and(|me| matches!(me.role, Role::Looking) && me.election.is_some() && !me.looks_for())
}

/// Whether a packet was taken already, or is of a connection that the server has left behind: those never come back.
fn is_over(me: Option<&ServerState>, attempt: usize, src: Id, (link, seq): (Link, usize), body: &Body) -> bool {
    let own = if body.is_of_leader() { link.follower } else { link.leader };
    let is_over_in_attempt = match me.map(|me| &me.role) {
        Some(Role::Following { received, .. }) if body.is_of_leader() => seq < *received,
        Some(Role::Leading { learners, .. }) if !body.is_of_leader() => {
            let has_taken = |known: &Learner| (link.follower, seq) < (known.link.follower, known.received);
            learners.get(&src).is_some_and(has_taken)
        }
        Some(Role::Looking | Role::Following { .. } | Role::Leading { .. }) | None => !waits(me),
    };
    own < attempt || own == attempt && is_over_in_attempt
}

/// Whether something comes too late for a server that has led or followed as often as it may, or asks it for what it
/// never does. One without a state is down: it will look for a leader.
fn is_past(me: Option<&ServerState>, has_tried: bool, may_be_elected: bool, msg: &Msg) -> bool {
    let role = me.map_or(&Role::Looking, |me| &me.role);
    match msg {
        Msg::Request { reads: false, .. } => !matches!(role, Role::Leading { .. }) && (has_tried || !may_be_elected),
        Msg::Request { reads: true, .. } => has_tried && matches!(role, Role::Looking) && !waits(me),
        Msg::Lead { .. } => has_tried && !waits(me),
        Msg::Notification { standing, .. } => {
            let is_asked = *standing == Standing::Looking && me.is_some_and(|me| !me.looks_for());
            has_tried && !is_asked
        }
        Msg::Packet { .. } | Msg::Reply { .. } => true,
    }
}
