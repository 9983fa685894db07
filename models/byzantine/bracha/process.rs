//! A correct process: the four steps of figure 1.

use std::collections::BTreeSet;

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;

use super::{Deviation, Kind, Lie, Member, Msg, Sizes, Value};

/// A correct process, with what it knows of the others.
#[derive(Clone, Debug)]
pub struct Process {
    pub(super) id: Id,
    /// Who broadcasts.
    pub(super) sender: Id,
    /// All other processes.
    pub(super) peers: Vec<Id>,
    /// What it may be told by those who lie.
    pub(super) lies: BTreeSet<Lie>,
    pub(super) sizes: Sizes,
    pub(super) deviations: Deviations<Deviation>,
}

/// A correct process's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ProcessState {
    /// What it has echoed.
    ///
    /// Invariant: at most one value.
    pub echoed: BTreeSet<Value>,
    /// What it is ready for.
    ///
    /// Invariant: at most one value.
    pub ready: BTreeSet<Value>,
    /// What it has delivered.
    ///
    /// Invariant: once set, it stays.
    pub delivered: Option<Value>,
    /// Who has echoed what, itself included, as long as that matters.
    pub echoes: BTreeSet<(Value, Id)>,
    /// Who is ready for what, itself included, as long as that matters.
    pub readies: BTreeSet<(Value, Id)>,
}

/// How many have echoed a value and are ready for it, lies included.
#[derive(Clone, Copy, Debug)]
struct Count {
    is_initial: bool,
    echoes: usize,
    readies: usize,
}

impl Process {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// Step 0: the sender sends its value to all, and to itself.
    pub(super) fn start(&self, o: &mut Out<Member>) -> ProcessState {
        let mut me = ProcessState::default();
        if self.id == self.sender {
            let initial = Msg { kind: Kind::Initial, value: Value::A };
            o.broadcast(&self.peers, &initial);
            self.receive(&mut me, self.id, initial, o);
        }
        self.listen(o);
        me
    }

    /// Those who lie may tell it something.
    fn listen(&self, o: &mut Out<Member>) {
        o.choose_random("is told", self.lies.iter().copied().collect());
    }

    /// A message of a correct process.
    pub(super) fn receive(&self, me: &mut ProcessState, src: Id, msg: Msg, o: &mut Out<Member>) {
        let value = msg.value;
        match msg.kind {
            Kind::Initial => {}
            Kind::Echo => drop(me.echoes.insert((value, src))),
            Kind::Ready => drop(me.readies.insert((value, src))),
        }
        let is_initial = msg.kind == Kind::Initial && src == self.sender;
        self.advance(me, value, is_initial, [0, 0], o);
    }

    /// A message of some that lie. It counts now and is not remembered.
    pub(super) fn be_told(&self, me: &mut ProcessState, lie: Lie, o: &mut Out<Member>) {
        let voices = match lie.said.kind {
            Kind::Initial => [0, 0],
            Kind::Echo => [lie.voices, 0],
            Kind::Ready => [0, lie.voices],
        };
        self.advance(me, lie.said.value, lie.said.kind == Kind::Initial, voices, o);
        self.listen(o);
    }

    /// Steps 1 to 3 for the value that was heard of: no count of another value has changed.
    fn advance(&self, me: &mut ProcessState, value: Value, is_initial: bool, lies: [usize; 2], o: &mut Out<Member>) {
        let by = |heard: &BTreeSet<(Value, Id)>| heard.iter().filter(|(other, _)| *other == value).count();
        let count = |me: &ProcessState| Count {
            is_initial,
            echoes: by(&me.echoes) + lies[0],
            readies: by(&me.readies) + lies[1],
        };
        self.echo(me, value, count(me), o);
        self.get_ready(me, value, count(me), o);
        self.deliver(me, value, count(me));
        self.forget(me);
    }

    /// Step 1: echo the first value that the sender has sent, that enough others echo or that enough are ready for.
    fn echo(&self, me: &mut ProcessState, value: Value, count: Count, o: &mut Out<Member>) {
        let is_backed = count.echoes >= self.echoes_needed() || count.readies >= self.readies_needed();
        let is_known = count.is_initial || is_backed && !self.breaks(Deviation::EchoInitialOnly);
        let is_first = me.echoed.is_empty() || self.breaks(Deviation::EchoTwice);
        if is_known && is_first && me.echoed.insert(value) {
            me.echoes.insert((value, self.id));
            o.broadcast(&self.peers, &Msg { kind: Kind::Echo, value });
        }
    }

    /// Step 2: be ready for the first value that enough others echo or are ready for.
    fn get_ready(&self, me: &mut ProcessState, value: Value, count: Count, o: &mut Out<Member>) {
        let is_backed = count.echoes >= self.echoes_needed() || count.readies >= self.readies_needed();
        let is_first = me.ready.is_empty() || self.breaks(Deviation::ReadyTwice);
        if is_backed && is_first && me.ready.insert(value) {
            me.readies.insert((value, self.id));
            o.broadcast(&self.peers, &Msg { kind: Kind::Ready, value });
        }
    }

    /// Step 3: deliver what enough others are ready for.
    fn deliver(&self, me: &mut ProcessState, value: Value, count: Count) {
        if me.delivered.is_none() && count.readies >= self.readies_to_deliver() {
            me.delivered = Some(value);
        }
    }

    /// More than (n + t) / 2, so that two such quorums share a correct process.
    fn echoes_needed(&self) -> usize {
        let Sizes { processes, tolerated, .. } = self.sizes;
        if self.breaks(Deviation::EchoSmall) { processes.div_ceil(2) } else { (processes + tolerated) / 2 + 1 }
    }

    /// t + 1, so that a correct process is among them.
    fn readies_needed(&self) -> usize {
        let mut needed = self.sizes.tolerated + 1;
        if self.breaks(Deviation::AmplifyAtOne) {
            needed = 1;
        }
        if self.breaks(Deviation::NoAmplify) {
            needed = usize::MAX;
        }
        needed
    }

    /// 2t + 1, so that t + 1 correct ones are among them, who make all others ready.
    fn readies_to_deliver(&self) -> usize {
        let mut needed = 2 * self.sizes.tolerated + 1;
        if self.breaks(Deviation::DeliverEarly) {
            needed = self.sizes.tolerated + 1;
        }
        if self.breaks(Deviation::WaitForAll) {
            needed = self.sizes.processes;
        }
        needed
    }

    /// What was counted for steps that are done counts for nothing any more.
    fn forget(&self, me: &mut ProcessState) {
        let is_done = |done: &BTreeSet<Value>, twice| match self.breaks(twice) {
            false => !done.is_empty(),
            true => done.len() == Value::ALL.len(),
        };
        let has_echoed = is_done(&me.echoed, Deviation::EchoTwice);
        let is_ready = is_done(&me.ready, Deviation::ReadyTwice);
        if has_echoed && is_ready {
            me.echoes.clear();
            if me.delivered.is_some() {
                me.readies.clear();
            }
        }
    }
}
