//! A registry of services: instances say that they are there, and clients ask whom to call.
//!
//! **Source.** Cary Gray and David Cheriton, *Leases: An Efficient Fault-Tolerant Mechanism for Distributed File Cache Consistency*
//! (SOSP 1989), for entries that end by themselves; Tushar Chandra and Sam Toueg, *Unreliable Failure Detectors for Reliable
//! Distributed Systems* (JACM 1996), for completeness and accuracy, which is what a registry by heartbeats has to offer; the
//! registries with leases of etcd, Eureka and their kin. An article (004, section 2.4) has the registry, and neither leases nor
//! heartbeats: that is the deviation `no-lease`.
//!
//! **Modelled.** Instances that send a heartbeat each so many ticks, which registers them as well; a registry, whose entries end
//! when no heartbeat has come for so many ticks, in memory or on disk; a client that asks again and again for the list, calls
//! any instance of it, and another when no answer comes. Time is meant to be timed.
//!
//! **Left out.** A registry of several servers: that is consensus, in this library by itself. Instances that say goodbye: it
//! saves the end of a lease. Addresses that come to belong to others.
//!
//! | file | what |
//! |---|---|
//! | `member` | instances and the registry, and all as one actor |
//! | `client` | the client |
//! | `claims` | the claims |

mod claims;
mod client;
mod member;

use quorate::Id;
use quorate::model::{Card, Deviations, Property, Protocol, Roster};

pub use client::{Client, ClientState};
pub use member::{Instance, Member, Msg, Registry, State, Timer};

quorate::params! {
    /// Who takes part, and how long things last, in ticks.
    pub struct Params {
        /// Number of instances.
        pub instances: usize = 2, in 1..=3;
        /// From one heartbeat to the next.
        pub beat: usize = 2, in 1..=5;
        /// From a heartbeat to the end of the entry.
        pub lease: usize = 4, in 1..=10;
        /// From one question of the client to the next.
        pub refresh: usize = 3, in 1..=5;
        /// From a call to giving it up.
        pub patience: usize = 3, in 1..=5;
        /// Whether the registry has its entries on disk.
        pub durable: bool = false;
    }
}

quorate::deviations! {
    /// What a member may do wrongly.
    pub enum Deviation {
        /// Entries do not end.
        NoLease = "no-lease" breaks "dead-removed";
        /// A heartbeat does not make the entry last longer.
        NotRenewed = "not-renewed" breaks "accurate";
        /// A heartbeat of an instance that is not listed does not register it.
        RegisterOnce = "register-once" breaks "live-listed";
        /// Entries that the registry finds on disk when it comes back do not end.
        LeasesForgotten = "leases-forgotten" breaks "dead-removed";
        /// The client waits for an answer until it comes.
        NeverGiveUp = "never-give-up" breaks "answered";
    }
}

/// A registry with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct ServiceRegistry {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl ServiceRegistry {
    fn registry(&self) -> Id {
        Id::from(self.params.instances)
    }
}

impl Protocol for ServiceRegistry {
    const CARD: Card = Card {
        name: "service-registry",
        title: "A registry of services with leases",
        source: "Gray and Cheriton, Leases (1989); Chandra and Toueg, Unreliable Failure Detectors (1996); article 004, \
                 section 2.4",
        modelled: "heartbeats that register, entries that end, in memory or on disk; a client that asks for the list, calls, and \
                   gives up; time in ticks",
        left_out: "a registry of several servers, which is consensus; instances that say goodbye; addresses that change hands",
    };

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let (registry, params, deviations) = (self.registry(), self.params.clone(), self.deviations);
        let instance = Member::Instance(Instance { registry, beat: params.beat });
        Roster::new()
            .role("instance", vec![instance; params.instances])
            .role("registry", [Member::Registry(Registry { params: params.clone(), deviations })])
            .role("client", [Member::Client(Client { registry, params, deviations })])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
