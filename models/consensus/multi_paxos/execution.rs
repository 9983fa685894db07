//! Executing what is chosen, slot by slot.

use quorate::Out;

use super::Deviation;
use super::member::Member;
use super::message::{Ballot, Command, Msg, Request, Slot};
use super::replica::{Replica, ReplicaState, Role};

impl Replica {
    /// The leader executes what a quorum has voted for in its ballot, as far as no slot is open before it, answers the
    /// clients and tells the others. What it had executed before it led it has voted on once more.
    pub(super) fn advance(&self, me: &mut ReplicaState, o: &mut Out<Member>) {
        let (Role::Leading { voters, .. }, Some(ballot)) = (&mut me.role, me.durable.promised) else { return };
        let quorum = self.quorum();
        let is_chosen = |slot: &Slot| voters.get(slot).is_some_and(|voters| voters.len() >= quorum);
        let Some(chosen) = (1..).take_while(is_chosen).last() else { return };
        let known = me.executed.len();
        self.execute(me, chosen, |_| true);
        let new: Vec<Command> = me.executed.iter().skip(known).copied().collect();
        for (slot, command) in (known + 1..).zip(new) {
            if let Command::Request(request) = command {
                self.reply(me, request, slot, o);
            }
        }
        o.broadcast(&self.peers, &Msg::Commit(chosen, ballot));
    }

    /// A replica learns what is chosen. Only if it voted in that ballot does it know with what.
    pub(super) fn commit(&self, me: &mut ReplicaState, slot: Slot, ballot: Ballot) {
        let is_blind = self.breaks(Deviation::CommitIndexBlind);
        self.execute(me, slot, |voted_in| voted_in == ballot || is_blind);
    }

    /// Executes its votes up to a slot, as long as each is of a ballot that is known to choose.
    fn execute(&self, me: &mut ReplicaState, upto: Slot, is_known: impl Fn(Ballot) -> bool) {
        while me.executed.len() < upto {
            let vote = me.durable.votes.get(&(me.executed.len() + 1));
            let Some(vote) = vote.filter(|vote| is_known(vote.ballot)) else { return };
            me.executed.push(vote.command);
        }
    }

    /// What a request in a slot is answered. One that was executed in an earlier slot has its answer from there.
    pub(super) fn reply(&self, me: &ReplicaState, request: Request, slot: Slot, o: &mut Out<Member>) {
        let answer = self.effects(&me.executed[..slot]).filter(|ix| !self.is_after(me, request, *ix)).count();
        o.send(request.client, Msg::Reply { number: request.number, answer });
    }

    /// Whether the command at `ix` comes after the first execution of `request`.
    fn is_after(&self, me: &ReplicaState, request: Request, ix: usize) -> bool {
        let first = me.executed.iter().position(|command| *command == Command::Request(request));
        first.is_some_and(|first| ix > first) && !self.breaks(Deviation::NoClientTable)
    }

    /// The indices of the commands that change something: no no-op, no read, and no request that was executed before.
    pub(super) fn effects(&self, executed: &[Command]) -> impl Iterator<Item = usize> {
        let has_effect = |ix: &usize| match executed[*ix] {
            Command::NoOp | Command::Request(Request { reads: true, .. }) => false,
            command @ Command::Request(_) => {
                !executed[..*ix].contains(&command) || self.breaks(Deviation::NoClientTable)
            }
        };
        (0..executed.len()).filter(has_effect)
    }
}
