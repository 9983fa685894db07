//! A lock in ZooKeeper by a queue of ephemeral nodes: each client watches the one before it, so that nobody is
//! woken in vain.
//!
//! Source: Hunt, Konar, Junqueira and Reed, "ZooKeeper" (2010), 2.4, "Simple Locks without Herd Effect"; the recipes page
//! (the mark in the name, by which a client finds its node when the reply to `create` was lost). Fencing by the number
//! of the node: Burrows, "The Chubby lock service" (2006), 2.4. What a suspended connection is, and that a lock is not to be
//! relied on while it is: Curator's pages "Error Handling" and "Shared Lock", its Tech Notes 10 and 12; ZooKeeper's
//! client (`ClientCnxn`), which counts two thirds of the session timeout from what it last read.
//!
//! Modelled: each command, reply and event one by one; clients that crash and come back in a new session; sessions
//! that end while their client sleeps; a client library that connects anew when nothing comes; a resource that
//! looks at the numbers. Where time is timed, pings, the session timeout, and a library that tells that the connection is
//! suspended.
//!
//! Left out: read locks and the revocation of the recipes page; the ensemble's own replication (see
//! [`zookeeper`](crate::stores::zookeeper)). Of suspended connections: clocks that differ, for which see
//! [`lease`](crate::locks::lease); a library that is told by its own end of the connection that it is broken, and so does not
//! count, which is only sooner; a client that holds the lock in vain and counts the session timeout once more by itself
//! (`LOST`), which is a longer `silence`; a message that is lost while the connection stays, which TCP does not let happen.

use quorate::model::{Assumption, Card, Deviations, Facts, Node, Property, Protocol, Roster, Step};
use quorate::{Id, Out, deviations, params};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::claims::{self, ZookeeperClients};
use super::{Fact, Ledger, Line, LockClient, Member, Outlook, Saved, State, Timer, ledger, mark, numbering};
use crate::locks::claims::{
    Lock, Stance, StateOf, all_done, believes, contention, deadlock_free, handover, lockout_free, mutual_exclusion,
    no_waiter, refusal,
};
use crate::stores::zookeeper::{Call, Command, Ensemble, FromEnsemble, NewPath, Path, Reply};

params! {
    /// Who uses the lock.
    pub struct Sizes {
        /// Number of clients.
        pub clients: usize = 2, in 1..=5;
        /// How often each client wants the lock; with 0 again and again, without end. Nothing is counted then.
        pub rounds: usize = 1, in 0..=3;
        /// How often each client may connect anew because nothing comes; with 0 it waits without limit.
        pub resends: usize = 0, in 0..=2;
        /// Whether the ensemble may end a session at all: without, a client that waits in vain waits for ever.
        pub sessions_end: bool = true;
        /// How many ticks after it last heard of a client the ensemble ends its session, where time is timed; with 0
        /// whenever it likes.
        pub session_timeout: usize = 0, in 0..=20;
        /// After how many ticks without an answer of the ensemble a client is told that its connection is suspended; with
        /// 0 it never is, and does not ping.
        pub silence: usize = 0, in 0..=20;
    }
}

deviations! {
    /// What may be left out of the lock.
    pub enum Deviation {
        /// Who is not first watches the first, not the one before it.
        WatchLowest = "watch-lowest" breaks "no-herd";
        /// Who is told that the node before it is gone takes the lock without looking who is first.
        AssumeOnWatch = "assume-on-watch" breaks "mutual-exclusion";
        /// Who is not first watches the last, not the one before its own.
        WatchLast = "watch-last" breaks "lockout-free";
        /// Who waits for long gives up its place, and queues anew: a lock with a time limit, tried again and again.
        LosePatience = "lose-patience" breaks "lockout-free";
        /// Nodes are in the order of their whole names, in which the mark comes before the number.
        SortByName = "sort-by-name" breaks "mutual-exclusion";
        /// Who asks for a watch waits for it, also when the node was gone before.
        NoRecheck = "no-recheck" breaks "no-waiter";
        /// Who does not hear of its node creates another: there is no mark in the name to find it by.
        NoMark = "no-mark" breaks "no-waiter";
        /// Who does not hear of its node opens another session, and takes the node of the former one for its own.
        FormerSession = "former-session" breaks "mutual-exclusion";
        /// Who is told that its connection is suspended keeps the lock until it is told that its session is over.
        KeepLockWhenSuspended = "keep-lock-when-suspended" breaks "mutual-exclusion";
        /// The node stays when its session ends.
        NotEphemeral = "not-ephemeral" breaks "nodes-freed";
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
    /// Has connected anew before it heard of its node, and looks whether it is there.
    Seeking,
    /// Waits for the list of children.
    Listing,
    /// Has asked for a watch on this node, and waits to hear whether it is there.
    Asking(Path),
    /// Waits for this node to change.
    Watching(Path),
    /// Has given up its place, and waits for the reply to that; only where it loses patience.
    Leaving,
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
    /// Its node in the queue.
    ///
    /// Invariant: there is one exactly from the reply to `create` until the round is over.
    pub node: Option<Path>,
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

    /// The caller wants the lock. Recipe, step 1: `create` of an ephemeral node with a number.
    fn acquire(&self, me: ClientState, out: &mut Output) -> ClientState {
        let me = ClientState { line: me.line.begin(self.sizes.rounds, out), node: None, ..me };
        me.line.count_silence(out);
        self.create(me, out)
    }

    fn create(&self, me: ClientState, out: &mut Output) -> ClientState {
        let data = mark(self.id, me.line.round);
        let prefix = (!self.breaks(Deviation::NoMark)).then_some(data);
        let ephemeral = !self.breaks(Deviation::NotEphemeral);
        self.ask(me, Phase::Creating, Command::Create { path: NewPath::Queued(prefix), data, ephemeral }, out)
    }

    /// Step 2: `getChildren`, without a watch.
    fn list(&self, me: ClientState, out: &mut Output) -> ClientState {
        self.ask(me, Phase::Listing, Command::Children, out)
    }

    /// Step 3: who is first has the lock. Step 4: who is not asks for a watch on the node before its own.
    fn listed(&self, me: ClientState, children: &[Path], out: &mut Output) -> ClientState {
        let mine = me.node.expect("who lists has a node");
        let before = children.iter().filter_map(|path| Some((self.distance(*path, mine)?, *path)));
        let after = children.iter().filter_map(|path| Some((self.distance(mine, *path)?, *path)));
        let Some((_, nearest)) = before.clone().min() else { return Self::hold(me, out) };
        let path = if self.breaks(Deviation::WatchLowest) {
            before.max().map_or(nearest, |(_, lowest)| lowest)
        } else if self.breaks(Deviation::WatchLast) {
            after.max().map_or(nearest, |(_, last)| last)
        } else {
            nearest
        };
        self.ask(me, Phase::Asking(path), Command::Exists { path, watch: true }, out)
    }

    /// How far one node is behind another in the queue, by the numbers alone: what is before the number in a name is a
    /// name of its creator, and in no order.
    fn distance(&self, before: Path, after: Path) -> Option<u32> {
        if self.breaks(Deviation::SortByName) {
            return (prefix(before) > prefix(after)).then_some(1);
        }
        numbering(self.sizes.rounds, self.sizes.clients).distance(number(before), number(after))
    }

    /// Step 5: if the node was gone before the watch was set, nothing will wake this client: it looks again.
    fn looked(&self, me: ClientState, path: Path, there: bool, out: &mut Output) -> ClientState {
        if there || self.breaks(Deviation::NoRecheck) {
            me.line.listen(out);
            if self.breaks(Deviation::LosePatience) {
                out.set_timer(Timer::Wake, model_timeout());
            }
            return ClientState { phase: Phase::Watching(path), ..me };
        }
        self.list(me, out)
    }

    /// It has waited for long enough, and gives its place up; only where it loses patience.
    fn leave(&self, me: ClientState, out: &mut Output) -> ClientState {
        let path = me.node.expect("who waits has a node");
        self.ask(me, Phase::Leaving, Command::Delete { path, guard: None }, out)
    }

    /// Step 6: the node is gone, and this client looks whether it is first: the one before may have died waiting.
    fn woken(&self, me: ClientState, out: &mut Output) -> ClientState {
        me.line.heard(out);
        out.cancel_timer(Timer::Wake);
        if self.breaks(Deviation::AssumeOnWatch) {
            return Self::hold(me, out);
        }
        self.list(me, out)
    }

    fn hold(me: ClientState, out: &mut Output) -> ClientState {
        out.set_timer(Timer::Work, model_timeout());
        ClientState { phase: Phase::Holding, ..me }
    }

    /// The caller writes, with the number of its node, and waits for the acknowledgement before it releases.
    fn work(&self, me: ClientState, out: &mut Output) -> ClientState {
        let grant = number(me.node.expect("who holds has a node"));
        me.line.write(self.id, self.resource, if self.sizes.rounds == 0 { 0 } else { grant }, out);
        ClientState { phase: Phase::Writing, ..me }
    }

    /// The caller is done: `delete` of its own node, whose name nobody else ever has.
    fn release(&self, me: ClientState, accepted: bool, out: &mut Output) -> ClientState {
        let path = me.node.expect("who releases has a node");
        self.ask(me, Phase::Deleting { accepted }, Command::Delete { path, guard: None }, out)
    }

    /// Ends a round.
    fn round_over(&self, me: ClientState, phase: Phase, out: &mut Output) -> ClientState {
        let me = ClientState { phase, line: me.line.at_rest(out), node: None };
        if me.line.was_last(self.sizes.rounds) {
            return me;
        }
        out.set_timer(Timer::Start, model_timeout());
        ClientState { phase: Phase::Idle, ..me }
    }

    /// The session is over, and the node with it. Who held the lock holds it no more.
    fn cut_off(&self, me: ClientState, out: &mut Output) -> Option<ClientState> {
        let me = ClientState { line: me.line.closed(), ..me };
        match me.phase {
            Phase::Idle | Phase::Done | Phase::Refused | Phase::Failed => Some(me),
            Phase::Deleting { accepted } => Some(self.released(me, accepted, out)),
            Phase::Creating
            | Phase::Seeking
            | Phase::Listing
            | Phase::Asking(_)
            | Phase::Watching(_)
            | Phase::Leaving
            | Phase::Holding
            | Phase::Writing => {
                out.cancel_timer(Timer::Work);
                out.cancel_timer(Timer::Wake);
                me.line.heard(out);
                Some(self.round_over(me, Phase::Failed, out))
            }
        }
    }

    /// No answer came for so long that the session may end soon, and nobody can say whether it has (`SUSPENDED`: Curator,
    /// Tech Note 12). Who holds the lock does so no more until it is connected anew and has looked; if it may not connect
    /// anew, the round is over, as at the end of the session.
    fn suspended(&self, me: ClientState, out: &mut Output) -> Option<ClientState> {
        let holds = matches!(me.phase, Phase::Holding | Phase::Writing);
        if holds && self.breaks(Deviation::KeepLockWhenSuspended) {
            return None;
        }
        if me.line.resends_left == 0 {
            return self.cut_off(me, out);
        }
        out.cancel_timer(Timer::Work);
        let phase = if holds { Phase::Listing } else { me.phase };
        self.ask_again(ClientState { phase, ..me }, out)
    }

    fn released(&self, me: ClientState, accepted: bool, out: &mut Output) -> ClientState {
        self.round_over(me, if accepted { Phase::Done } else { Phase::Refused }, out)
    }

    /// Nothing came: the library connects anew and asks again. Only `create` may not be asked twice: the mark in the
    /// name of the node tells whether the first was executed.
    fn ask_again(&self, me: ClientState, out: &mut Output) -> Option<ClientState> {
        let keeps_session = !self.breaks(Deviation::FormerSession);
        let line = if keeps_session { me.line.reconnected() } else { me.line.abandoned(out) };
        let me = ClientState { line, ..me };
        line.count_silence(out);
        match me.phase {
            Phase::Creating if self.breaks(Deviation::NoMark) => Some(self.create(me, out)),
            Phase::Creating | Phase::Seeking => Some(self.ask(me, Phase::Seeking, Command::Children, out)),
            Phase::Listing | Phase::Asking(_) | Phase::Watching(_) => Some(self.list(me, out)),
            Phase::Leaving => Some(self.leave(me, out)),
            Phase::Writing => Some(self.work(me, out)),
            Phase::Deleting { accepted } => Some(self.release(me, accepted, out)),
            Phase::Idle | Phase::Holding | Phase::Done | Phase::Refused | Phase::Failed => None,
        }
    }

    fn on_reply(&self, me: ClientState, reply: &Reply, out: &mut Output) -> Option<ClientState> {
        match (me.phase, reply) {
            (_, Reply::SessionExpired) => self.cut_off(me, out),
            (Phase::Creating, Reply::Created { path, .. }) => {
                me.line.heard(out);
                Some(self.list(ClientState { node: Some(*path), ..me }, out))
            }
            (Phase::Seeking, Reply::Children(children)) => {
                me.line.heard(out);
                match children.iter().find(|path| prefix(**path) == Some(mark(self.id, me.line.round))) {
                    Some(path) => Some(self.listed(ClientState { node: Some(*path), ..me }, children, out)),
                    None => Some(self.create(me, out)),
                }
            }
            (Phase::Listing, Reply::Children(children)) => {
                me.line.heard(out);
                Some(self.listed(me, children, out))
            }
            (Phase::Asking(asked), Reply::Exists { path, there }) if asked == *path => {
                me.line.heard(out);
                Some(self.looked(me, *path, *there, out))
            }
            (Phase::Leaving, Reply::Ok | Reply::NoNode) => {
                me.line.heard(out);
                Some(self.create(ClientState { node: None, ..me }, out))
            }
            (Phase::Deleting { accepted }, Reply::Ok | Reply::NoNode) => {
                me.line.heard(out);
                Some(self.released(me, accepted, out))
            }
            _ => None,
        }
    }
}

/// A node's number.
fn number(path: Path) -> u32 {
    match path {
        Path::Queued { number, .. } => number,
        Path::Plain(_) => 0,
    }
}

fn prefix(path: Path) -> Option<crate::stores::zookeeper::Mark> {
    match path {
        Path::Queued { prefix, .. } => prefix,
        Path::Plain(_) => None,
    }
}

impl LockClient for Client {
    type State = ClientState;

    /// One that crashed does not know what it was at, and leaves its node to the end of its session.
    fn on_start(&self, saved: Option<Saved>, out: &mut Output) -> ClientState {
        let line = Line::new(saved.unwrap_or_default(), self.sizes.resends, self.sizes.silence);
        self.round_over(ClientState { phase: Phase::Failed, line, node: None }, Phase::Failed, out)
    }

    fn on_ensemble(&self, me: &ClientState, message: FromEnsemble, out: &mut Output) -> Option<ClientState> {
        let session = me.line.session_of(self.id);
        match message {
            FromEnsemble::Reply { call, reply } if call == me.line.call(self.id) => {
                me.line.count_silence(out);
                self.on_reply(*me, &reply, out)
            }
            FromEnsemble::Changed { session: told, path } if told == session => match me.phase {
                Phase::Asking(watched) | Phase::Watching(watched) if watched == path => Some(self.woken(*me, out)),
                _ => None,
            },
            FromEnsemble::Expired { session: told } if told == session && me.line.open => self.cut_off(*me, out),
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
            Timer::Start => Some(self.acquire(*me, out)),
            Timer::Work => Some(self.work(*me, out)),
            Timer::NoReply => self.ask_again(*me, out),
            Timer::Wake => Some(self.leave(*me, out)),
            Timer::Suspended => self.suspended(*me, out),
            Timer::Ping => {
                me.line.ping(self.id, self.ensemble, out);
                None
            }
            Timer::Session(_) => None,
        }
    }

    fn outlook(state: &ClientState) -> Outlook {
        let stance = match state.phase {
            Phase::Idle | Phase::Failed => Stance::Away,
            Phase::Creating | Phase::Seeking | Phase::Listing | Phase::Asking(_) | Phase::Leaving => Stance::Waits,
            Phase::Deleting { .. } => Stance::Waits,
            Phase::Watching(_) => Stance::Pauses,
            Phase::Holding | Phase::Writing => Stance::Believes,
            Phase::Done => Stance::Done,
            Phase::Refused => Stance::Refused,
        };
        Outlook { round: state.line.round, session: state.line.session, stance }
    }
}

/// Whether a node is a client that waits to have the lock.
fn asks(node: &Node<'_, Member<Client>>) -> bool {
    match node.state {
        Some(State::Client(client)) => match client.phase {
            Phase::Creating
            | Phase::Seeking
            | Phase::Listing
            | Phase::Asking(_)
            | Phase::Watching(_)
            | Phase::Leaving => true,
            Phase::Idle
            | Phase::Holding
            | Phase::Writing
            | Phase::Deleting { .. }
            | Phase::Done
            | Phase::Refused
            | Phase::Failed => false,
        },
        Some(State::Ensemble(_) | State::Resource(_)) | None => false,
    }
}

/// The queue lock.
#[derive(Debug)]
pub struct ZookeeperQueue {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl Lock for ZookeeperQueue {
    fn stance(state: &StateOf<Self>) -> Option<Stance> {
        claims::stance::<Client>(state)
    }
}

impl ZookeeperClients for ZookeeperQueue {
    type Client = Client;
}

impl Protocol for ZookeeperQueue {
    const CARD: Card = Card {
        name: "zookeeper-queue",
        title: "Lock in ZooKeeper by a queue of ephemeral nodes",
        source: "Hunt, Konar, Junqueira and Reed 2010, ZooKeeper, 2.4; ZooKeeper recipes, Locks; Burrows 2006, 2.4",
        modelled: "Commands, replies, events, writes and acknowledgements one by one; connecting anew; crashes of clients \
                   and resource; sessions that end at any moment, or in time where that is assumed; rounds without end; \
                   where time is timed, the session timeout, pings and suspended connections",
        left_out: "Read locks and revocation. The ensemble's replication, which makes its writes linearizable",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Member<Client>;
    type History = Ledger;

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if sizes.resends > 0 && sizes.rounds == 0 {
            return Err("replies to commands that are sent again need rounds that are counted".to_owned());
        }
        if sizes.silence > 0 && sizes.rounds == 0 {
            return Err("who counts silence opens a session for each round: rounds must be counted".to_owned());
        }
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Member<Client>> {
        let (ensemble, resource) = (Id::from(self.sizes.clients), Id::from(self.sizes.clients + 1));
        let timeout = self.sizes.session_timeout as u8;
        let rules = Ensemble { ends_sessions: self.sizes.sessions_end, timeout };
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
        // Numbers that come again are in no order.
        let counted = self.sizes.rounds > 0;
        let number = |client: &ClientState| client.node.filter(|_| counted).map_or(0, number);
        ledger::observe(step, number, facts);
    }

    fn properties() -> Vec<Property<Self>> {
        let mut properties = vec![
            mutual_exclusion(),
            claims::in_order(),
            claims::no_herd(),
            claims::no_stale_write(),
            claims::nodes_freed(),
            no_waiter(),
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
