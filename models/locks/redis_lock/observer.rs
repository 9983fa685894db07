//! What of a step is worth remembering.

use quorate::model::{Cause, Facts, Step};

use super::ledger::Fact;
use super::{ClientState, Expiry, LOCK, Member, Msg, Outcome, State};
use crate::locks::answers::{CallFact, Want};
use crate::locks::ownership::{Grant, KeyChange};
use crate::stores::redis::{Reply, extended};

/// Whether the key of the lock is there, if the store is up.
pub(super) fn held(state: &State) -> bool {
    matches!(state, State::Store(store) if store.entry(LOCK).is_some())
}

/// What became of the key, and who was told that it is taken.
pub(super) fn of_store(step: &Step<'_, Member>, expiry: Expiry, facts: &mut Facts<Fact>) {
    let (was_held, is_held) = (step.before.is_some_and(held), step.after.is_some_and(held));
    match step.cause {
        Cause::Deliver { src, msg: Msg::Request(request) } => {
            let by = Grant { client: src, round: request.call.round };
            facts.extend(KeyChange::of(was_held, is_held, Some(by)).map(Fact::Key));
            let answers_one = |msg: &Msg| matches!(msg, Msg::Answer(answer) if answer.reply == Reply::Number(1));
            if extended(&request.command) == Some(LOCK) && step.sent.iter().any(|sent| answers_one(&sent.msg)) {
                facts.push(Fact::Extended(by));
            }
            let taken = |msg: &Msg| matches!(msg, Msg::Answer(answer) if answer.reply == Reply::Nil);
            if was_held && step.sent.iter().any(|sent| taken(&sent.msg)) {
                facts.push(Fact::ToldTaken(by));
            }
        }
        Cause::Timeout(_) => facts.push(Fact::Expired { only_timely: expiry == Expiry::Timely }),
        // A restart brings the key back, or finds it gone.
        Cause::Restart => facts.extend(KeyChange::of(true, is_held, None).map(Fact::Key)),
        _ => {}
    }
}

/// Which writes the resource took, and which it refused.
pub(super) fn of_resource(step: &Step<'_, Member>, facts: &mut Facts<Fact>) {
    if let Cause::Deliver { src, msg: Msg::Write(write) } = step.cause {
        let by = Grant { client: src, round: write.call.round };
        let taken = |msg: &Msg| matches!(msg, Msg::Written { accepted: true, .. });
        let accepted = step.sent.iter().any(|sent| taken(&sent.msg));
        facts.push(Fact::Write { by, grant: write.grant, token: write.token, accepted });
    }
}

/// What a client is at, and whether it reports success.
pub(super) fn of_client(step: &Step<'_, Member>, facts: &mut Facts<Fact>) {
    let (before, after) = (client(step.before), client(step.after));
    if let (Some(before), Some(after)) = (before, after)
        && before.outcome == Some(Outcome::Written)
        && after.outcome.is_none()
    {
        facts.push(Fact::ReportsSuccess(Grant { client: step.node, round: before.round }));
    }
    of_calls(step, before, after, facts);
    let stance = |client: Option<ClientState>| client.and_then(|client| Some((client.round, client.stance()?)));
    if stance(before) != stance(after) {
        facts.push(Fact::Stance { client: step.node, now: stance(after) });
    }
}

/// Which calls of a client began and ended. One that is given up, or dies with its client, stays open.
fn of_calls(step: &Step<'_, Member>, before: Option<ClientState>, after: Option<ClientState>, facts: &mut Facts<Fact>) {
    let Some(after) = after else { return };
    let call = |client: ClientState| {
        let grant = Grant { client: step.node, round: client.round };
        client.wants().map(|want| (grant, want))
    };
    let (was, is) = (before.and_then(call), call(after));
    if was == is {
        return;
    }
    if let (Some((grant, want)), Cause::Deliver { msg: Msg::Answer(answer), .. }) = (was, &step.cause) {
        // A client that compares itself, and finds another's key, has nothing to delete.
        let yes = match (want, answer.reply) {
            (Want::Lock, reply) => reply != Reply::Nil,
            (Want::Release, reply) => reply == Reply::Number(1),
        };
        facts.push(Fact::Call(CallFact::Answered(grant, want, Some(yes))));
    }
    facts.extend(is.map(|(grant, want)| Fact::Call(CallFact::Asked(grant, want))));
}

fn client(state: Option<&State>) -> Option<ClientState> {
    match state {
        Some(State::Client(client)) => Some(*client),
        Some(State::Store(_) | State::Resource(_)) | None => None,
    }
}
