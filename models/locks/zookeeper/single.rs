//! A lock in ZooKeeper by one ephemeral node that is right.
//!
//! Source: Hunt, Konar, Junqueira and Reed, "ZooKeeper" (2010), 2.4, "Simple Locks"; the guard of the delete by the
//! transaction that created the node, in one `multi`: the programmer's guide (`czxid`, `check`). Fencing by that number:
//! Burrows, "The Chubby lock service" (2006), 2.4.
//!
//! The lock that an article published ([`article`](super::article)) is this one without what the deviations name. It
//! excludes as long as sessions end in time. It is not fair: whoever asks first after the node is gone has it, and one
//! who always asks too late is locked out for ever.
//!
//! Modelled: each command and reply one by one; clients that try again after a pause; crashes, new sessions, sessions that
//! end while their client sleeps; a client library that connects anew when nothing comes; a resource that looks at
//! the number of the grant. Left out: the watch that the recipe sets in place of the pause, which wakes all who
//! wait at once; see [`queue`](super::queue).

use quorate::model::{Assumption, Card, Claim, Deviations, Facts, Node, Property, Protocol, Roster, Step};
use quorate::system::Evidence;
use quorate::{Id, Out, deviations, params};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::claims::{self, ZookeeperClients};
use super::{Fact, Ledger, Line, LockClient, Member, Outlook, Saved, State, Timer, ledger, mark, numbering};
use crate::locks::claims::{
    Lock, Stance, StateOf, all_done, believes, contention, deadlock_free, handover, lockout_free, mutual_exclusion,
    refusal,
};
use crate::stores::zookeeper::{Call, Command, Ensemble, FromEnsemble, Mark, NewPath, Path, Reply};

/// The name of the node.
const LOCK: &str = "lock";

params! {
    /// Who uses the lock.
    pub struct Sizes {
        /// Number of clients.
        pub clients: usize = 2, in 1..=6;
        /// How often a client tries to get the lock before it gives up; with 0 it never does, and tries are not
        /// counted.
        pub tries: usize = 2, in 0..=10;
        /// How often each client wants the lock; with 0 again and again, without end. Nothing is counted then.
        pub rounds: usize = 1, in 0..=3;
        /// How often each client may connect anew because nothing comes; with 0 it waits without limit.
        pub resends: usize = 0, in 0..=2;
        /// Whether the ensemble may end a session at all: without, a client that waits in vain waits for ever.
        pub sessions_end: bool = true;
    }
}

deviations! {
    /// What may be left out of the lock.
    pub enum Deviation {
        /// The node stays when its session ends.
        NotEphemeral = "not-ephemeral" breaks "nodes-freed";
        /// The node is deleted whoever has created it, in a new session if the old one is over.
        PlainDelete = "plain-delete" breaks "no-wrong-delete";
        /// Who is told that there is a node already does as if it had the lock.
        IgnoreRefusal = "ignore-refusal" breaks "mutual-exclusion";
        /// Who is told that there is a node already does not look whether it is its own.
        ForeignOnly = "foreign-only" breaks "no-self-block";
        /// The resource takes every write.
        NoFencing = "no-fencing" breaks "no-stale-write";
    }
}

/// What a client is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Phase {
    /// Wants nothing yet.
    Idle,
    /// Waits for the reply to `create`.
    Creating,
    /// Was told that there is a node, after it had asked more than once: looks whose it is.
    Looking,
    /// Found the lock taken, and pauses before the next try.
    Sleeping,
    /// Believes that it has the lock.
    Holding,
    /// Believes that it has the lock, and waits for the resource to acknowledge its write.
    Writing,
    /// Waits for the reply to `delete`; the write was taken, or refused.
    Deleting {
        /// Whether the write was taken.
        accepted: bool,
    },
    /// Has had the lock in its last round and has released it.
    Done,
    /// Has released the lock in its last round, after its write had been refused.
    Refused,
    /// Did not get the lock in its last round.
    GaveUp,
    /// Crashed in its last round, or lost its session.
    Failed,
}

/// A client. All of it is volatile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClientState {
    /// What it is at.
    pub phase: Phase,
    /// Round, session, connection.
    pub line: Line,
    /// The try that it is in, from 1; 0 before the first and from the grant on.
    pub attempt: u8,
    /// The number of its grant: the transaction that created the node.
    ///
    /// Invariant: there is one exactly from the grant until the round is over.
    pub grant: Option<u32>,
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    id: Id,
    ensemble: Id,
    resource: Id,
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

type Output = Out<Member<Client>>;

impl Client {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    fn ask(&self, me: ClientState, phase: Phase, command: Command, out: &mut Output) -> ClientState {
        me.line.ask(self.id, self.ensemble, command, out);
        ClientState { phase, ..me }
    }

    /// The caller wants the lock: `create` of an ephemeral node.
    fn create(&self, me: ClientState, out: &mut Output) -> ClientState {
        let (data, ephemeral) = (mark(self.id, me.line.round), !self.breaks(Deviation::NotEphemeral));
        self.ask(me, Phase::Creating, Command::Create { path: NewPath::Plain(LOCK), data, ephemeral }, out)
    }

    /// There is a node already. If this client has asked before and not heard, it may be its own.
    fn taken(&self, me: ClientState, out: &mut Output) -> ClientState {
        if self.breaks(Deviation::IgnoreRefusal) {
            return Self::granted(me, 0, out);
        }
        if me.line.asked_before() && !self.breaks(Deviation::ForeignOnly) {
            return self.ask(me, Phase::Looking, Command::Get { path: Path::Plain(LOCK) }, out);
        }
        self.pause(me, out)
    }

    fn pause(&self, me: ClientState, out: &mut Output) -> ClientState {
        if self.sizes.tries > 0 && usize::from(me.attempt) == self.sizes.tries {
            return self.round_over(me, Phase::GaveUp, out);
        }
        out.set_timer(Timer::Wake, model_timeout());
        ClientState { phase: Phase::Sleeping, ..me }
    }

    /// The node is this client's: created in transaction `zxid`.
    fn granted(me: ClientState, zxid: u32, out: &mut Output) -> ClientState {
        out.set_timer(Timer::Work, model_timeout());
        ClientState { phase: Phase::Holding, attempt: 0, grant: Some(zxid), ..me }
    }

    /// The caller writes, with the number of its grant, and waits for the acknowledgement before it releases.
    fn work(&self, me: ClientState, out: &mut Output) -> ClientState {
        let grant = me.grant.expect("who holds has a grant");
        me.line.write(self.id, self.resource, if self.sizes.rounds == 0 { 0 } else { grant }, out);
        ClientState { phase: Phase::Writing, ..me }
    }

    /// The caller is done: the node that was created for this grant is deleted, and no other.
    fn release(&self, me: ClientState, accepted: bool, out: &mut Output) -> ClientState {
        let guard = if self.breaks(Deviation::PlainDelete) { None } else { me.grant };
        self.ask(me, Phase::Deleting { accepted }, Command::Delete { path: Path::Plain(LOCK), guard }, out)
    }

    fn released(&self, me: ClientState, accepted: bool, out: &mut Output) -> ClientState {
        self.round_over(me, if accepted { Phase::Done } else { Phase::Refused }, out)
    }

    /// Ends a round.
    fn round_over(&self, me: ClientState, phase: Phase, out: &mut Output) -> ClientState {
        let me = ClientState { phase, attempt: 0, grant: None, ..me };
        if me.line.was_last(self.sizes.rounds) {
            return me;
        }
        out.set_timer(Timer::Start, model_timeout());
        ClientState { phase: Phase::Idle, ..me }
    }

    /// The session is over, and the node with it: there is nothing to release.
    fn cut_off(&self, me: ClientState, out: &mut Output) -> Option<ClientState> {
        let me = ClientState { line: me.line.closed(), ..me };
        match me.phase {
            Phase::Idle | Phase::Done | Phase::Refused | Phase::GaveUp | Phase::Failed => Some(me),
            Phase::Deleting { accepted } if self.breaks(Deviation::PlainDelete) => {
                Some(self.release(ClientState { line: me.line.reopen(out), ..me }, accepted, out))
            }
            Phase::Deleting { accepted } => Some(self.released(me, accepted, out)),
            Phase::Creating | Phase::Looking | Phase::Sleeping | Phase::Holding | Phase::Writing => {
                out.cancel_timer(Timer::Work);
                out.cancel_timer(Timer::Wake);
                me.line.heard(out);
                Some(self.round_over(me, Phase::Failed, out))
            }
        }
    }

    /// Nothing came: the library connects anew and asks the same again.
    fn ask_again(&self, me: ClientState, out: &mut Output) -> Option<ClientState> {
        let me = ClientState { line: me.line.reconnected(), ..me };
        match me.phase {
            Phase::Creating => Some(self.create(me, out)),
            Phase::Looking => Some(self.ask(me, Phase::Looking, Command::Get { path: Path::Plain(LOCK) }, out)),
            Phase::Writing => Some(self.work(me, out)),
            Phase::Deleting { accepted } => Some(self.release(me, accepted, out)),
            Phase::Idle
            | Phase::Sleeping
            | Phase::Holding
            | Phase::Done
            | Phase::Refused
            | Phase::GaveUp
            | Phase::Failed => None,
        }
    }

    fn on_reply(&self, me: ClientState, reply: &Reply, out: &mut Output) -> Option<ClientState> {
        let own = mark(self.id, me.line.round);
        let next = match (me.phase, reply) {
            (_, Reply::SessionExpired) => return self.cut_off(me, out),
            (Phase::Creating, Reply::Created { zxid, .. }) => Self::granted(me, *zxid, out),
            (Phase::Creating, Reply::NodeExists) => {
                me.line.heard(out);
                return Some(self.taken(me, out));
            }
            (Phase::Looking, Reply::Data(node)) if node.data == own => Self::granted(me, node.czxid, out),
            (Phase::Looking, Reply::Data(_) | Reply::NoNode) => self.pause(me, out),
            (Phase::Deleting { accepted }, Reply::Ok | Reply::NoNode | Reply::BadVersion) => {
                self.released(me, accepted, out)
            }
            _ => return None,
        };
        next.line.heard(out);
        Some(next)
    }
}

impl LockClient for Client {
    type State = ClientState;

    /// One that crashed does not know what it was at, and leaves its node to the end of its session.
    fn on_start(&self, saved: Option<Saved>, out: &mut Output) -> ClientState {
        let line = Line::new(saved.unwrap_or_default(), self.sizes.resends, 0);
        self.round_over(ClientState { phase: Phase::Failed, line, attempt: 0, grant: None }, Phase::Failed, out)
    }

    fn on_ensemble(&self, me: &ClientState, message: FromEnsemble, out: &mut Output) -> Option<ClientState> {
        match message {
            FromEnsemble::Reply { call, reply } if call == me.line.call(self.id) => self.on_reply(*me, &reply, out),
            FromEnsemble::Expired { session } if session == me.line.session_of(self.id) && me.line.open => {
                self.cut_off(*me, out)
            }
            FromEnsemble::Reply { .. } | FromEnsemble::Changed { .. } | FromEnsemble::Expired { .. } => None,
        }
    }

    fn on_written(&self, me: &ClientState, call: Call, accepted: bool, out: &mut Output) -> Option<ClientState> {
        let mine = me.phase == Phase::Writing && call == me.line.call(self.id);
        mine.then(|| {
            me.line.heard(out);
            self.release(*me, accepted, out)
        })
    }

    fn on_timeout(&self, me: &ClientState, timer: Timer, out: &mut Output) -> Option<ClientState> {
        match timer {
            Timer::Start => {
                Some(self.create(ClientState { line: me.line.begin(self.sizes.rounds, out), attempt: 1, ..*me }, out))
            }
            Timer::Wake => {
                let attempt = if self.sizes.tries == 0 { 1 } else { me.attempt + 1 };
                Some(self.create(ClientState { attempt, ..*me }, out))
            }
            Timer::Work => Some(self.work(*me, out)),
            Timer::NoReply => self.ask_again(*me, out),
            Timer::Session(_) | Timer::Ping | Timer::Suspended => None,
        }
    }

    fn outlook(state: &ClientState) -> Outlook {
        let stance = match state.phase {
            Phase::Idle | Phase::Failed => Stance::Away,
            Phase::Creating | Phase::Looking | Phase::Deleting { .. } => Stance::Waits,
            Phase::Sleeping => Stance::Pauses,
            Phase::GaveUp => Stance::GaveUp,
            Phase::Holding | Phase::Writing => Stance::Believes,
            Phase::Done => Stance::Done,
            Phase::Refused => Stance::Refused,
        };
        Outlook { round: state.line.round, session: state.line.session, stance }
    }
}

/// The lock by one ephemeral node.
#[derive(Debug)]
pub struct ZookeeperLock {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl Lock for ZookeeperLock {
    fn stance(state: &StateOf<Self>) -> Option<Stance> {
        claims::stance::<Client>(state)
    }
}

impl ZookeeperClients for ZookeeperLock {
    type Client = Client;
}

/// What tells who blocks itself: whose the node is, and who found it taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Seen {
    Owner(Option<Mark>),
    Refused(Mark),
    Nothing,
}

fn seen(node: &Node<'_, Member<Client>>) -> Seen {
    match node.state {
        Some(State::Ensemble(tree)) => Seen::Owner(tree.nodes.get(&Path::Plain(LOCK)).map(|node| node.data)),
        Some(State::Client(client)) if matches!(client.phase, Phase::Sleeping | Phase::GaveUp) => {
            Seen::Refused(mark(node.id, client.line.round))
        }
        Some(State::Client(_) | State::Resource(_)) | None => Seen::Nothing,
    }
}

/// Whether a node is a client that waits to have the lock.
fn asks(node: &Node<'_, Member<Client>>) -> bool {
    let asking = |phase| matches!(phase, Phase::Creating | Phase::Looking | Phase::Sleeping);
    matches!(node.state, Some(State::Client(client)) if asking(client.phase))
}

fn no_self_block() -> Property<ZookeeperLock> {
    Claim::always("no-self-block", "The owner of the node does not take it for another's").by_nodes(
        |_, node| seen(node),
        |_, seen: &[Seen]| {
            let owner = seen.iter().find_map(|seen| if let Seen::Owner(owner) = seen { *owner } else { None })?;
            let blocked = seen.contains(&Seen::Refused(owner));
            blocked.then(|| Evidence::new(format!("{:?} finds the lock taken: by itself", owner.client)))
        },
    )
}

impl Protocol for ZookeeperLock {
    const CARD: Card = Card {
        name: "zookeeper-lock",
        title: "Lock in ZooKeeper by one ephemeral node",
        source: "Hunt, Konar, Junqueira and Reed 2010, ZooKeeper, 2.4; ZooKeeper programmer's guide; Burrows 2006, 2.4",
        modelled: "Commands, replies, writes and acknowledgements one by one; pauses between tries; connecting anew; \
                   crashes of clients and resource; sessions that end at any moment, or in time where that is assumed; \
                   rounds without end",
        left_out: "The watch in place of the pause, which wakes all who wait: zookeeper-queue has the better one. The \
                   ensemble's replication. The length of the session timeout",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Member<Client>;
    type History = Ledger;

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if sizes.resends > 0 && (sizes.rounds == 0 || sizes.tries == 0) {
            return Err("replies to commands that are sent again need rounds and tries that are counted".to_owned());
        }
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Member<Client>> {
        let (ensemble, resource) = (Id::from(self.sizes.clients), Id::from(self.sizes.clients + 1));
        let rules = Ensemble { ends_sessions: self.sizes.sessions_end, timeout: 0 };
        let numbering = numbering(self.sizes.rounds, self.sizes.clients);
        let client = |ix: usize| {
            let (sizes, deviations) = (self.sizes.clone(), self.deviations);
            Member::Client(Client { id: Id::from(ix), ensemble, resource, sizes, deviations })
        };
        Roster::new()
            .role("client", (0..self.sizes.clients).map(client))
            .role("ensemble", [Member::Ensemble(rules, numbering)])
            .role("resource", [Member::Resource { fencing: !self.deviations.has(Deviation::NoFencing) }])
    }

    fn history(&self) -> Ledger {
        Ledger::default()
    }

    fn observe(&self, step: &Step<'_, Member<Client>>, facts: &mut Facts<Fact>) {
        ledger::observe(step, |_: &ClientState| 0, facts);
    }

    fn properties() -> Vec<Property<Self>> {
        let mut properties = vec![
            mutual_exclusion(),
            claims::no_wrong_delete(),
            no_self_block(),
            claims::no_stale_write(),
            claims::nodes_freed(),
            lockout_free(asks),
            deadlock_free(asks, believes::<Self>),
            contention(),
            refusal(),
        ];
        properties.extend([handover(), all_done(), claims::expiry()]);
        properties
    }

    fn assumptions() -> Vec<Assumption<Self>> {
        vec![claims::timely_sessions()]
    }
}
