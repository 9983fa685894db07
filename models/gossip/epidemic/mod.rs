//! Rumour mongering in a large population: how many never hear of it, how many messages that takes, and how long.
//!
//! # Source
//!
//! A. Demers, D. Greene, C. Hauser, W. Irish, J. Larson, S. Shenker, H. Sturgis, D. Swinehart and D. Terry, *Epidemic
//! Algorithms for Replicated Database Maintenance* (PODC 1987), section 1.4 with tables 1 to 3.
//!
//! # What is modelled
//!
//! Cycles, as in the paper's simulations: in a cycle every infective site contacts another, each as likely as any
//! other (push), or every site does (pull), and all contacts of a cycle see the sites as they were at its start. Who
//! loses interest: after *k* unnecessary contacts in a row, or after each with probability 1/*k*; blindly, all
//! contacts are unnecessary. What several pulls from one site in one cycle do to its counter is said under table 3 of the
//! paper. The connection limit is none, hunting is none.
//!
//! # One actor for all sites
//!
//! Sites differ in nothing but whether they know the rumour and what their counter says, and whom a site contacts
//! does not depend on which site it is. So how many sites there are of each kind is all that the future depends on:
//! the chain of the counts is the chain of the sites, lumped. A step is one contact, an open choice whose options
//! carry their odds. The messages one by one are in [`rumour_mongering`](super::rumour_mongering).
//!
//! # What is left out, and why that is sound
//!
//! Other rumours: sites spread each by itself. Losses: the paper's simulations have none. The tables' *t ave* for push
//! is larger by one to three cycles than what follows from these rules, while residue, traffic and *t last*, and for
//! pull *t ave* too, are what comes out; the paper does not say how it was taken.

mod cycle;
mod population;

use std::borrow::Cow;

use quorate::model::{Card, Cause, Claim, Deviations, Measure, Observable, Property, Protocol, Roster, World};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out, deviations, params};

pub use super::variant::{Direction, Interest, Response};
pub use cycle::Spread;
pub use population::{Answer, Contact, Contacting, Contacts, Hot, Population, Reached, Told};

params! {
    /// The population, and the kind of rumour mongering.
    pub struct Sizes {
        /// Number of sites.
        pub sites: usize = 1000, in 2..=1000;
        /// Who contacts whom.
        pub direction: Direction = Direction::Push;
        /// What makes a contact unnecessary.
        pub response: Response = Response::Feedback;
        /// How interest is lost.
        pub interest: Interest = Interest::Counter;
        /// The paper's k.
        pub k: usize = 1, in 1..=5;
        /// Whether messages and cycles are counted, for traffic, t-ave and t-last; they multiply the states.
        pub measured: bool = true;
    }
}

deviations! {
    /// What sites may do wrongly.
    pub enum Deviation {
        /// Nobody loses interest.
        KeepInterest = "keep-interest" breaks "dies-out";
    }
}

/// All sites.
#[derive(Clone, Debug)]
pub struct Sites {
    spread: Spread,
}

impl Actor for Sites {
    type Msg = ();
    type Timer = ();
    type State = Population;
    type Storage = ();
    type Random = Contact;

    fn on_start(&self, _: Id, _: &Option<()>, out: &mut Out<Self>) -> Population {
        self.go_on(self.spread.start(), out)
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, Population>, contact: &Contact, out: &mut Out<Self>) {
        *state = Cow::Owned(self.go_on(self.spread.contact(state, contact), out));
    }
}

impl Sites {
    fn go_on(&self, population: Population, out: &mut Out<Self>) -> Population {
        let population = self.spread.turn_cycle(population);
        out.choose_random("contact", self.spread.contacts(&population));
        population
    }
}

/// A rumour in a population.
#[derive(Clone, Debug)]
pub struct Epidemic {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl Epidemic {
    fn at_end(measure: Measure, read: impl Fn(&Population, f64) -> f64 + Send + Sync + 'static) -> Observable<Self> {
        measure.at_end(move |protocol: &Self, world: &World<'_, Self>| {
            let sites = protocol.sizes.sites as f64;
            world.nodes.iter().find_map(|node| node.state).map_or(0.0, |population| read(population, sites))
        })
    }
}

impl Protocol for Epidemic {
    const CARD: Card = Card {
        name: "epidemic",
        title: "Rumour mongering in a population",
        source: "Demers et al., Epidemic Algorithms for Replicated Database Maintenance (1987), 1.4, tables 1 to 3",
        modelled: "Numbers of susceptible, infective and removed sites, contact by contact in cycles: push and pull, \
                   feedback and blind, counter and coin, k",
        left_out: "Which site is which (nothing depends on it), other rumours (sites spread each by itself), losses, \
                   connection limits and hunting (the tables have none)",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Sites;
    type History = ();

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if sizes.direction == Direction::Pull && sizes.interest == Interest::Coin {
            return Err("the paper does not say what several requests in one cycle do to a coin".to_owned());
        }
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Sites> {
        let keeps = self.deviations.has(Deviation::KeepInterest);
        Roster::new().role("sites", [Sites { spread: Spread { sizes: self.sizes.clone(), keeps } }])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        let dies_out = "From everywhere the rumour can come to be hot nowhere";
        let residue = "The rumour is hot nowhere, and somebody has not heard of it";
        let everybody = "Everybody has heard of it";
        let found = |is_there: bool, sentence: &str| is_there.then(|| Evidence::new(sentence.to_owned()));
        vec![
            Claim::always_possible("dies-out", dies_out).by_nodes(
                |_: &Self, node| node.state.is_some_and(|population| population.infective() > 0),
                move |_, hot| found(hot.contains(&true), "a site is still spreading it"),
            ),
            Claim::sometimes("residue", residue).by_nodes(
                |_: &Self, node| {
                    node.state.is_some_and(|population| population.infective() == 0 && population.susceptible > 0)
                },
                move |_, left| found(left.contains(&true), "somebody will never hear of it"),
            ),
            Claim::sometimes("everybody-knows", everybody).by_nodes(
                |_: &Self, node| node.state.is_some_and(|population| population.susceptible == 0),
                move |_, all| found(all.contains(&true), "all sites know it"),
            ),
        ]
    }

    fn observables() -> Vec<Observable<Self>> {
        vec![
            Self::at_end(
                Measure::new("residue", "The part of the sites that never hear of it"),
                |population, sites| f64::from(population.susceptible) / sites,
            ),
            Self::at_end(Measure::new("traffic", "Messages with the rumour, by site"), |population, sites| {
                f64::from(population.messages) / sites
            }),
            Self::at_end(
                Measure::new("t-ave", "Cycles until a site hears of it, on average of those that do"),
                |population, sites| f64::from(population.arrivals) / (sites - f64::from(population.susceptible)),
            ),
            Self::at_end(Measure::new("t-last", "Cycles until the last site to do so hears of it"), |population, _| {
                f64::from(population.last)
            }),
        ]
    }

    /// Each contact has the odds that it carries.
    fn weight(&self, _: Id, cause: &Cause<'_, Sites>) -> f64 {
        match cause {
            Cause::Choose(contact) => f64::from(contact.odds),
            Cause::Start | Cause::Deliver { .. } | Cause::Timeout(()) | Cause::Crash | Cause::Restart => 1.0,
        }
    }
}
