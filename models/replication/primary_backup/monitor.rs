//! The monitor: it suspects the primary, and puts the most advanced server in its place.

use std::collections::BTreeMap;

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::member::{Member, Suspect};
use super::message::{Msg, Position};
use super::{Deviation, Mode, Params};

/// The monitor.
#[derive(Clone, Debug)]
pub struct Monitor {
    pub(super) servers: Vec<Id>,
    pub(super) params: Params,
    pub(super) deviations: Deviations<Deviation>,
}

/// The monitor's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct MonitorState {
    /// The last epoch that it began.
    pub epoch: usize,
    /// How far the servers are that answered in this epoch.
    pub reports: BTreeMap<Id, Position>,
    /// Whether it has promoted one in this epoch.
    pub has_promoted: bool,
}

impl Monitor {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    pub(super) fn start(&self, o: &mut Out<Member>) -> MonitorState {
        self.begin(self.params.start.epoch(), true, o)
    }

    /// The primary may seem to be down at any moment.
    fn begin(&self, epoch: usize, has_promoted: bool, o: &mut Out<Member>) -> MonitorState {
        if epoch <= self.params.failovers {
            o.set_timer(Suspect, model_timeout());
        }
        MonitorState { epoch, reports: BTreeMap::new(), has_promoted }
    }

    /// A new epoch: who hears of it listens to no earlier primary.
    pub(super) fn suspect(&self, me: &MonitorState, o: &mut Out<Member>) -> MonitorState {
        let epoch = me.epoch + 1;
        o.broadcast(&self.servers, &Msg::Inquire { epoch });
        self.begin(epoch, false, o)
    }

    /// The most advanced is promoted as soon as enough have answered. No epoch has two primaries.
    pub(super) fn report(&self, me: &mut MonitorState, src: Id, epoch: usize, position: Position, o: &mut Out<Member>) {
        if epoch != me.epoch || me.has_promoted && !self.breaks(Deviation::PromoteAgain) {
            return;
        }
        me.reports.insert(src, position);
        let rank = |(id, at): &(&Id, &Position)| {
            let epoch = if self.breaks(Deviation::PromoteLongest) { 0 } else { at.epoch };
            (epoch, at.length, std::cmp::Reverse(**id))
        };
        if let Some((best, _)) = me.reports.iter().max_by_key(rank).filter(|_| me.reports.len() >= self.needed()) {
            me.has_promoted = true;
            o.send(*best, Msg::Promote { epoch });
        }
    }

    /// How many must answer, so that one of them has every write that was answered. What no backup has may be lost.
    fn needed(&self) -> usize {
        let all = self.servers.len();
        match self.params.mode {
            _ if self.breaks(Deviation::PromoteAny) => 1,
            Mode::Asynchronous | Mode::SemiSynchronous => (all - 1).max(1),
            Mode::Synchronous => 1,
        }
    }
}
