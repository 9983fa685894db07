//! `Leader.start_election` and `Follower.request_vote`.

use std::collections::BTreeSet;

use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{Exception, Msg, Server, Timer};
use crate::consensus::elections::Term;

/// What `start_election` writes. A follower writes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Election {
    /// `current_term`, of the caller.
    pub current_term: Term,
    /// Where it stands.
    pub phase: Phase,
}

/// Where `start_election` stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Phase {
    /// It was not called yet.
    Idle,
    /// In `asyncio.wait`, with those of whom the result is there.
    Waiting(BTreeSet<Id>),
    /// `become_leader` was called.
    Leader,
    /// It has returned.
    Returned,
    /// It has raised.
    Raised(Exception),
}

impl Server {
    pub(super) fn prepare_election(&self, o: &mut Out<Self>) -> Election {
        if self.stands {
            o.set_timer(Timer::Stand, model_timeout());
        }
        Election { current_term: 0, phase: Phase::Idle }
    }

    /// `start_election`, until it waits.
    pub(super) fn start_election(&self, me: &mut Election, o: &mut Out<Self>) {
        me.current_term += 1;
        me.phase = Phase::Waiting(BTreeSet::new());
        o.broadcast(&self.others, &Msg::RequestVote);
        o.set_timer(Timer::ElectionTimeout, model_timeout());
    }

    /// `Follower.request_vote`: all logs are empty, so that none is behind. To the letter three arguments are missing.
    pub(super) fn request_vote(&self, candidate: Id, o: &mut Out<Self>) {
        let missing = "TypeError: request_vote() missing 3 required positional arguments";
        o.send(candidate, Msg::Voted(if self.sizes.r1_arguments { Ok(()) } else { Err(missing) }));
    }

    /// A result is there; with the last one `asyncio.wait` returns. `future.result()` raises what the call has raised.
    pub(super) fn voted(&self, me: &mut Election, follower: Id, result: Result<(), Exception>, o: &mut Out<Self>) {
        let Phase::Waiting(done) = &mut me.phase else { return };
        if let Err(exception) = result {
            me.phase = Phase::Raised(exception);
            o.cancel_timer(Timer::ElectionTimeout);
            return;
        }
        done.insert(follower);
        if done.len() == self.others.len() {
            o.cancel_timer(Timer::ElectionTimeout);
            self.judge(me);
        }
    }

    /// `if sum([future.result() for future in done]) > len(followers) // 2`.
    pub(super) fn judge(&self, me: &mut Election) {
        let Phase::Waiting(done) = &me.phase else { return };
        me.phase = if done.len() > self.others.len() / 2 { Phase::Leader } else { Phase::Returned };
    }
}
