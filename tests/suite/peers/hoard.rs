//! One actor that holds everything: the worst case of a search that remembers what each node does, for there is
//! nothing to remember. Every state of the system is a state of the actor that nobody has seen before.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering};

use quorate::model::{Card, Claim, Deviations, NetworkKind, NoDeviation, Node, Property, Protocol, Roster};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};
use stateright::Expectation;
use stateright::actor::ActorModel;

/// Counters of one actor, each of which counts up to a limit.
pub struct Hoard {
    /// How many counters.
    pub counters: usize,
    /// How far each counts: there are as many states as there are numbers of `counters` digits below `limit + 1`.
    pub limit: u8,
    /// The counter that refuses the very last step, but not before it has been asked for three times.
    pub falters_at: Option<usize>,
}

/// Counters of one that is made by parameters.
const COUNTERS: usize = 8;

quorate::params! {
    /// Where it falters.
    pub struct Falters {
        /// The counter that refuses the last step when it is asked for the third time.
        pub at: usize = 0, in 0..=7;
    }
}

/// By counter: how often the last step was asked of one that falters. Each handler is run twice at once.
static LAST_STEPS: [AtomicU32; COUNTERS] = [const { AtomicU32::new(0) }; COUNTERS];

/// The actor.
#[derive(Clone)]
pub struct Hoarder {
    counters: usize,
    limit: u8,
    falters_at: Option<usize>,
}

const KEY: &str = "count";

impl Hoarder {
    fn offer(&self, counters: &[u8], o: &mut Out<Self>) {
        o.choose_random(KEY, (0..self.counters).filter(|ix| counters[*ix] < self.limit).collect());
    }

    fn is_full(&self, counters: &[u8]) -> bool {
        counters.iter().all(|counter| *counter == self.limit)
    }
}

impl Actor for Hoarder {
    type Msg = ();
    type State = Vec<u8>;
    type Timer = ();
    type Random = usize;
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Vec<u8> {
        let counters = vec![0; self.counters];
        self.offer(&counters, o);
        counters
    }

    fn on_random(&self, _: Id, counters: &mut Cow<'_, Vec<u8>>, ix: &usize, o: &mut Out<Self>) {
        let mut next = counters.to_vec();
        next[*ix] += 1;
        if self.falters_at == Some(*ix) && self.is_full(&next) && LAST_STEPS[*ix].fetch_add(1, Ordering::Relaxed) >= 2 {
            next[*ix] -= 1;
        }
        self.offer(&next, o);
        *counters = Cow::Owned(next);
    }
}

impl Hoard {
    fn hoarder(&self) -> Hoarder {
        Hoarder { counters: self.counters, limit: self.limit, falters_at: self.falters_at }
    }

    /// The same actor for stateright, with the same properties.
    pub fn actor_model(&self) -> ActorModel<Hoarder> {
        super::actor_model(vec![self.hoarder()], (), (), NetworkKind::Unordered, false)
            .property(Expectation::Always, "in bounds", |model, state| {
                state.actor_states[0].iter().all(|counter| *counter <= model.actors[0].limit)
            })
            .property(Expectation::Sometimes, "full", |model, state| model.actors[0].is_full(&state.actor_states[0]))
    }
}

impl Protocol for Hoard {
    const CARD: Card = Card { name: "hoard", title: "hoard", source: "", modelled: "", left_out: "" };
    type Params = Falters;
    type Deviation = NoDeviation;
    type Actor = Hoarder;
    type History = ();

    fn new(Falters { at }: Falters, _: Deviations<NoDeviation>) -> Result<Self, String> {
        Ok(Self { counters: COUNTERS, limit: 3, falters_at: Some(at) })
    }

    fn roster(&self) -> Roster<Hoarder> {
        Roster::new().role("hoarder", [self.hoarder()])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        type Read<'a> = Node<'a, Hoarder>;
        let passes = |protocol: &Self, node: &Read<'_>| {
            node.state.is_some_and(|counters| counters.iter().any(|it| *it > protocol.limit))
        };
        let full =
            |protocol: &Self, node: &Read<'_>| node.state.is_some_and(|counters| protocol.hoarder().is_full(counters));
        vec![
            Claim::always("in-bounds", "no counter passes its limit").by_nodes(passes, |_, passed| {
                passed.contains(&true).then(|| Evidence::new("a counter has passed its limit"))
            }),
            Claim::sometimes("full", "every counter is at its limit")
                .by_nodes(full, |_, full| full.contains(&true).then(|| Evidence::new("every counter is at its limit"))),
        ]
    }
}
