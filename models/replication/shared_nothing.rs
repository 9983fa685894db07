//! Shared nothing: each shard has keys of its own, and a key moves from one shard to another while it is written.
//!
//! **Source.** Michael Stonebraker, *The Case for Shared Nothing* (Database Engineering, 1986): nodes with memory and disks of
//! their own, among which the data are divided, and which only send messages. How a key moves is what stores of that kind
//! have in common: a map with a version, routers that keep it, shards that refuse whoever has an old one (the shard versions of
//! MongoDB, the `MOVED` of a Redis Cluster).
//!
//! **Modelled.** One key, which moves so many times from shard to shard; routers, each of which has the map and writes by it; a
//! rebalancer, which has the map that counts. A move freezes the key where it is, copies what was written to the next shard,
//! and then switches: it gives the new map to all. A shard goes by the newest map that it has heard of, takes writes only if
//! the key is its own by that, and refuses a write by an older one. The writer of a refused write waits for a newer map and asks
//! again. All save what they know before they say so.
//!
//! **Left out.** Other keys, which move by themselves, and writes of several keys, which are what commitment is for. What a write
//! does: writes are kept as a set, as if each were idempotent and all commuted, so that neither one that is taken twice shows nor an
//! old one that is taken after a newer. Loss of messages: what is lost is sent again below. That goes for crashes too: what is in
//! flight to a node when it crashes is kept (`in_flight = "kept"`). Where it is lost nobody asks again, and `answered` is violated.
//! Copies of a shard: see [`primary_backup`](super::primary_backup).

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::model::{Card, Claim, Deviations, Node, Property, Protocol, Roster};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

quorate::params! {
    /// Who takes part, and how much happens.
    pub struct Sizes {
        /// Number of shards; the key is the first one's at the start.
        pub shards: usize = 2, in 2..=4;
        /// Number of routers.
        pub routers: usize = 2, in 1..=4;
        /// How often each router writes.
        pub writes: usize = 1, in 1..=3;
        /// How often the key moves.
        pub moves: usize = 1, in 0..=3;
    }
}

quorate::deviations! {
    /// What a shard, a router or the rebalancer may do wrongly.
    pub enum Deviation {
        /// A shard goes on to take writes when it has given a copy, until it hears that the key is another's.
        CopyThenSwitch = "copy-then-switch" breaks "no-lost-write";
        /// The new map is given to all before the key is copied.
        SwitchThenCopy = "switch-then-copy" breaks "no-lost-write";
        /// A shard takes a write by an old map.
        StaleRouter = "stale-router" breaks "no-lost-write";
        /// A shard takes a copy that comes again.
        InstallAgain = "install-again" breaks "no-lost-write";
        /// A router does not ask again when it was refused.
        NeverAgain = "never-again" breaks "answered";
    }
}

/// What was written: by which router, and which of its writes.
pub type Writes = BTreeSet<(Id, usize)>;

/// What travels. Versions of the map count from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Router to shard: write this.
    Write {
        /// The version of the router's map.
        version: usize,
        /// The number of the write.
        number: usize,
    },
    /// To the router: it is written.
    Written {
        /// The number of the write.
        number: usize,
    },
    /// To the router: the map of that write is old.
    Refused {
        /// Its version.
        version: usize,
        /// The number of the write.
        number: usize,
    },
    /// Rebalancer to shard: the key is another's by this map; what has it?
    Freeze {
        /// The version of the map.
        version: usize,
    },
    /// To the rebalancer: this.
    Copy {
        /// The version of the map by which the key moves.
        version: usize,
        /// All of it.
        writes: Writes,
    },
    /// Rebalancer to shard: the key is yours by this map, and has this.
    Install {
        /// The version of the map.
        version: usize,
        /// All of it.
        writes: Writes,
    },
    /// To the rebalancer: it is here.
    Installed {
        /// The version of the map.
        version: usize,
    },
    /// Rebalancer to all: this is the map.
    Map {
        /// Its version.
        version: usize,
    },
}

/// The key shall move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Begin;

/// What a shard knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ShardState {
    /// The version of the newest map that it has heard of: it goes by that.
    pub version: usize,
    /// What the key has, or had when it was here.
    pub writes: Writes,
}

/// What a router knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct RouterState {
    /// The version of its map.
    pub version: usize,
    /// The number of its open write, from 1; one more than it makes when all are answered.
    pub open: usize,
    /// Whether that was refused, and waits for a newer map.
    pub refused: bool,
}

/// What the rebalancer knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct RebalancerState {
    /// The version of the map that counts.
    pub version: usize,
    /// How far the move is.
    pub stage: Stage,
}

/// How far a move is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Stage {
    /// The key rests.
    Settled,
    /// It is to be frozen where it is.
    Freezing,
    /// It is to be installed where it will be.
    Installing(Writes),
}

/// The state of a member. All of it is saved.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of a shard.
    Shard(ShardState),
    /// Of a router.
    Router(RouterState),
    /// Of the rebalancer.
    Rebalancer(RebalancerState),
}

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It has keys.
    Shard,
    /// It writes.
    Router,
    /// It moves the key.
    Rebalancer,
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub struct Member {
    role: Role,
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl Sizes {
    /// Whose the key is by a map: it goes round.
    fn owner(&self, version: usize) -> Id {
        Id::from((version - 1) % self.shards)
    }

    /// All who have a map: shards and routers.
    fn members(&self) -> Vec<Id> {
        Id::vec_from(0..self.shards + self.routers)
    }
}

type Output = Out<Member>;

/// What a shard does.
impl Member {
    /// A write, if the key is this shard's by the newest map. One by a map that the shard has not heard of waits.
    fn write(&self, me: &mut ShardState, src: Id, version: usize, number: usize, o: &mut Output) {
        if version > me.version {
            return;
        }
        if version < me.version && !self.breaks(Deviation::StaleRouter) {
            return o.send(src, Msg::Refused { version, number });
        }
        me.writes.insert((src, number));
        o.send(src, Msg::Written { number });
    }

    /// Freeze and copy: what is copied is all that there will be, since by the new map the key is another's.
    fn freeze(&self, me: &mut ShardState, src: Id, version: usize, o: &mut Output) {
        if version < me.version {
            return;
        }
        if !self.breaks(Deviation::CopyThenSwitch) {
            me.version = version;
        }
        o.send(src, Msg::Copy { version, writes: me.writes.clone() });
    }

    /// The copy comes, and with it the map by which the key is this shard's. It may have been written since if it comes again.
    fn install(&self, me: &mut ShardState, src: Id, version: usize, writes: Writes, o: &mut Output) {
        if version > me.version || version == me.version && self.breaks(Deviation::InstallAgain) {
            *me = ShardState { version, writes };
        }
        o.send(src, Msg::Installed { version });
    }
}

/// What a router does.
impl Member {
    /// Asks the shard that has the key by the router's map.
    fn ask(&self, me: &RouterState, o: &mut Output) {
        let RouterState { version, open: number, .. } = *me;
        if number <= self.sizes.writes {
            o.send(self.sizes.owner(version), Msg::Write { version, number });
        }
    }

    fn written(&self, me: &mut RouterState, number: usize, o: &mut Output) {
        if number == me.open {
            (me.open, me.refused) = (number + 1, false);
            self.ask(me, o);
        }
    }

    /// The map was old: there is a newer one, here or on its way.
    fn refused(&self, me: &mut RouterState, version: usize, number: usize, o: &mut Output) {
        if number != me.open {
            return;
        }
        if me.version > version && !self.breaks(Deviation::NeverAgain) {
            self.ask(me, o);
        } else {
            me.refused = true;
        }
    }

    fn new_map(&self, me: &mut RouterState, version: usize, o: &mut Output) {
        if version <= me.version {
            return;
        }
        me.version = version;
        if me.refused && !self.breaks(Deviation::NeverAgain) {
            me.refused = false;
            self.ask(me, o);
        }
    }
}

/// What the rebalancer does.
impl Member {
    /// Says what is to be done next, once more after a restart.
    fn proceed(&self, me: &RebalancerState, o: &mut Output) {
        let (version, sizes) = (me.version + 1, &self.sizes);
        match &me.stage {
            Stage::Settled if me.version <= sizes.moves => o.set_timer(Begin, model_timeout()),
            Stage::Settled => {}
            Stage::Freezing => o.send(sizes.owner(me.version), Msg::Freeze { version }),
            Stage::Installing(writes) => {
                o.send(sizes.owner(version), Msg::Install { version, writes: writes.clone() });
            }
        }
    }

    fn begin(&self, me: &mut RebalancerState, o: &mut Output) {
        me.stage = Stage::Freezing;
        if self.breaks(Deviation::SwitchThenCopy) {
            o.broadcast(&self.sizes.members(), &Msg::Map { version: me.version + 1 });
        }
        self.proceed(me, o);
    }

    fn copied(&self, me: &mut RebalancerState, version: usize, writes: Writes, o: &mut Output) {
        if me.stage == Stage::Freezing && version == me.version + 1 {
            me.stage = Stage::Installing(writes);
            self.proceed(me, o);
        }
    }

    /// The switch: from now on the new map is the one that counts, and all are told.
    fn installed(&self, me: &mut RebalancerState, version: usize, o: &mut Output) {
        if matches!(me.stage, Stage::Installing(_)) && version == me.version + 1 {
            *me = RebalancerState { version, stage: Stage::Settled };
            o.broadcast(&self.sizes.members(), &Msg::Map { version });
            self.proceed(me, o);
        }
    }
}

impl Member {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// Which message is which rule.
    fn receive(&self, state: &mut State, src: Id, msg: Msg, o: &mut Output) {
        match (state, msg) {
            (State::Shard(me), Msg::Write { version, number }) => self.write(me, src, version, number, o),
            (State::Shard(me), Msg::Freeze { version }) => self.freeze(me, src, version, o),
            (State::Shard(me), Msg::Install { version, writes }) => self.install(me, src, version, writes, o),
            (State::Shard(me), Msg::Map { version }) => me.version = version.max(me.version),
            (State::Router(me), Msg::Written { number }) => self.written(me, number, o),
            (State::Router(me), Msg::Refused { version, number }) => self.refused(me, version, number, o),
            (State::Router(me), Msg::Map { version }) => self.new_map(me, version, o),
            (State::Rebalancer(me), Msg::Copy { version, writes }) => self.copied(me, version, writes, o),
            (State::Rebalancer(me), Msg::Installed { version }) => self.installed(me, version, o),
            (State::Shard(_) | State::Router(_) | State::Rebalancer(_), _) => {}
        }
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Begin;
    type State = State;
    type Storage = State;
    type Random = ();

    fn on_start(&self, _: Id, saved: &Option<State>, o: &mut Output) -> State {
        let state = saved.clone().unwrap_or_else(|| match self.role {
            Role::Shard => State::Shard(ShardState { version: 1, writes: Writes::new() }),
            Role::Router => State::Router(RouterState { version: 1, open: 1, refused: false }),
            Role::Rebalancer => State::Rebalancer(RebalancerState { version: 1, stage: Stage::Settled }),
        });
        match &state {
            State::Shard(_) => {}
            State::Router(me) => self.ask(me, o),
            State::Rebalancer(me) => self.proceed(me, o),
        }
        state
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Output) {
        let mut after = state.clone().into_owned();
        self.receive(&mut after, src, msg, o);
        if after != **state {
            o.save(after.clone());
            *state = Cow::Owned(after);
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, Begin: &Begin, o: &mut Output) {
        if let State::Rebalancer(me) = state.to_mut() {
            self.begin(me, o);
            o.save(state.clone().into_owned());
        }
    }
}

/// Shards, routers and a rebalancer with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct SharedNothing {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl Protocol for SharedNothing {
    const CARD: Card = Card {
        name: "shared-nothing",
        title: "A key that moves from shard to shard",
        source: "Stonebraker, The Case for Shared Nothing (1986); the map with a version as in MongoDB and Redis Cluster",
        modelled: "one key; its move by freezing, copying and switching; routers whose maps may be old; crashes of any member",
        left_out: "other keys, which move by themselves; writes of several keys, for which there is commitment; loss of \
                   messages, which are sent again below; copies of a shard",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let members = |role, count| {
            (0..count).map(move |_| Member { role, sizes: self.sizes.clone(), deviations: self.deviations })
        };
        Roster::new()
            .role("shard", members(Role::Shard, self.sizes.shards))
            .role("router", members(Role::Router, self.sizes.routers))
            .role("rebalancer", members(Role::Rebalancer, 1))
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("no-double-owner", "No two shards take writes of the key").by_nodes(owned, two_owners),
            Claim::always("no-lost-write", "The shard that takes writes of the key has every write that was answered")
                .by_nodes(account, lost_write),
            Claim::eventually_always("answered", "All writes are answered").by_nodes(open_write, |_, open| {
                let (router, number) = first(open)?;
                Some(Evidence::new(format!("write {number} of {router:?} is open")))
            }),
            Claim::sometimes("refused", "A router is refused, since its map is old").by_nodes(
                |_, node| matches!(node.state, Some(State::Router(me)) if me.refused),
                |_, refused: &[bool]| {
                    let router = refused.iter().position(|refused| *refused)?;
                    Some(Evidence::new(format!("{:?} is refused", Id::from(router))))
                },
            ),
            Claim::sometimes("stale", "The key has moved, and a router writes by an older map").by_nodes(map, stale),
            Claim::sometimes("done", "The key has moved as often as it shall, and all writes are answered").by_nodes(
                |it: &Self, node| match node.state {
                    Some(State::Rebalancer(me)) => me.version <= it.sizes.moves,
                    Some(State::Router(_)) => open_write(it, node).is_some(),
                    Some(State::Shard(_)) => false,
                    None => true,
                },
                |_, undone| (!undone.contains(&true)).then(|| Evidence::new("all is done")),
            ),
        ]
    }
}

/// The first node that has one, and what it has.
fn first<T>(of: &[Option<T>]) -> Option<(Id, &T)> {
    (0..).map(Id::from).zip(of).find_map(|(id, it)| Some((id, it.as_ref()?)))
}

/// What the key has at a shard that is up, if that takes writes of it.
fn owned(it: &SharedNothing, node: &Node<'_, Member>) -> Option<Writes> {
    match node.state? {
        State::Shard(me) => (it.sizes.owner(me.version) == node.id).then(|| me.writes.clone()),
        State::Router(_) | State::Rebalancer(_) => None,
    }
}

fn two_owners(_: &SharedNothing, owned: &[Option<Writes>]) -> Option<Evidence> {
    let mut owners = (0..).map(Id::from).zip(owned).filter(|(_, writes)| writes.is_some());
    let ((one, _), (other, _)) = (owners.next()?, owners.next()?);
    Some(Evidence::new(format!("{one:?} and {other:?} take writes of the key")))
}

/// What the key has at a shard that is up, or how many of a router's writes are answered: that by what the router has saved,
/// whether it is up or not.
fn account(it: &SharedNothing, node: &Node<'_, Member>) -> (Option<Writes>, usize) {
    match node.storage {
        Some(State::Router(me)) => (None, me.open - 1),
        Some(State::Shard(_) | State::Rebalancer(_)) | None => (owned(it, node), 0),
    }
}

fn lost_write(_: &SharedNothing, accounts: &[(Option<Writes>, usize)]) -> Option<Evidence> {
    let nodes = || (0..).map(Id::from).zip(accounts);
    let mut answered = nodes().flat_map(|(router, (_, count))| (1..=*count).map(move |number| (router, number)));
    answered.find_map(|(router, number)| {
        let lacks = |writes: &Option<Writes>| writes.as_ref().is_some_and(|writes| !writes.contains(&(router, number)));
        let (owner, _) = nodes().find(|(_, (writes, _))| lacks(writes))?;
        Some(Evidence::new(format!("write {number} of {router:?} was answered, and {owner:?} does not have it")))
    })
}

/// The number of a router's open write.
fn open_write(it: &SharedNothing, node: &Node<'_, Member>) -> Option<usize> {
    match node.state? {
        State::Router(me) => Some(me.open).filter(|open| *open <= it.sizes.writes),
        State::Shard(_) | State::Rebalancer(_) => None,
    }
}

/// The version of the map that counts, or of that of a router whose write is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Map {
    Counts(usize),
    Used(usize),
    None,
}

fn map(it: &SharedNothing, node: &Node<'_, Member>) -> Map {
    match node.state {
        Some(State::Rebalancer(me)) => Map::Counts(me.version),
        Some(State::Router(me)) if open_write(it, node).is_some() && !me.refused => Map::Used(me.version),
        Some(State::Router(_) | State::Shard(_)) | None => Map::None,
    }
}

fn stale(_: &SharedNothing, maps: &[Map]) -> Option<Evidence> {
    let newest = maps.iter().find_map(|map| if let Map::Counts(version) = map { Some(*version) } else { None })?;
    let router = maps.iter().position(|map| matches!(map, Map::Used(version) if *version < newest))?;
    Some(Evidence::new(format!("{:?} writes by an older map than {newest}", Id::from(router))))
}
