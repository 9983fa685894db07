//! Cache-aside: readers fill a cache with what they have read in the database, and writers clear it.
//!
//! **Source.** Rajesh Nishtala et al., *Scaling Memcache at Facebook* (NSDI 2013): section 2 (look-aside, and that a write deletes
//! and does not set), 3.2.1 (leases against stale sets), 4.1 (a delete that is lost with its writer comes from the log of the
//! database in the end). Articles name caches before databases (002, section 2.3; 003, HA-8 and FT-9; 004, section 2.3.1), and
//! say nothing of what is stale in them.
//!
//! **Modelled.** One key. Readers that ask the cache, and where it has nothing, the database, and then fill the cache; writers
//! that write to the database and see to the cache before, after or both; a cache that takes every fill, only those with a
//! token that no delete has voided, or only those that are no older than the last delete; entries that expire.
//!
//! **What is promised.** With tokens, and a delete after the write: no stale entry once the writer goes on. The other ways are there
//! to show what they are worth.
//!
//! **Left out.** Other keys. Tokens for one reader at a time, which keep a herd from the database and are nothing to a stale
//! entry. Several copies of the database: one that lags makes old rows, as a slow reader does. Answers that come twice: a caller knows
//! which call an answer is of.
//!
//! | file | what |
//! |---|---|
//! | `cache` | the cache |
//! | `reader` | a miss, and the fill after it |
//! | `writer` | a write, and what is done to the cache |
//! | `member` | all as one actor, and the database |
//! | `claims` | the claims |

mod cache;
mod claims;
mod member;
mod reader;
mod writer;

use quorate::Id;
use quorate::model::{Card, Deviations, Property, Protocol, Roster};

pub use cache::{Cache, CacheState};
pub use member::{Member, Msg, Saved, State, Timer};
pub use reader::{Reader, ReaderState, Stage};
pub use writer::{Writer, WriterState};

quorate::choice_param! {
    /// Which fills a cache takes.
    pub enum Fill {
        /// All.
        Plain = "plain",
        /// Those with a token of a miss after which nothing was deleted: section 3.2.1.
        Lease = "lease",
        /// Those that are no older than what the last delete was for.
        Versioned = "versioned",
    }
}

quorate::choice_param! {
    /// What a writer does to the cache.
    pub enum Invalidation {
        /// It deletes the entry once the database has the write.
        DeleteAfter = "delete-after",
        /// It deletes the entry, and then writes.
        DeleteBefore = "delete-before",
        /// It deletes the entry, writes, goes on, and deletes again some time later.
        DeleteTwice = "delete-twice",
        /// It sets the entry once the database has the write.
        SetAfter = "set-after",
    }
}

quorate::params! {
    /// Who reads and writes, and how.
    pub struct Params {
        /// Number of readers.
        pub readers: usize = 2, in 1..=3;
        /// How often each reads.
        pub reads: usize = 1, in 1..=3;
        /// Number of writers, each of which writes once.
        pub writers: usize = 1, in 1..=2;
        /// Which fills the cache takes.
        pub fill: Fill = Fill::Lease;
        /// What a writer does to the cache.
        pub write: Invalidation = Invalidation::DeleteAfter;
        /// Whether what the cache has on a key expires.
        pub expires: bool = false;
        /// How many ticks the second delete waits; 0 for any moment.
        pub wait: usize = 0, in 0..=10;
        /// How often a writer says the same to the cache at most, until that answers.
        pub tries: usize = 1, in 1..=3;
    }
}

quorate::deviations! {
    /// What the cache or a writer may do wrongly.
    pub enum Deviation {
        /// The cache gives tokens and takes a fill without one.
        IgnoreToken = "ignore-token" breaks "fresh-after-write";
        /// A delete voids no tokens.
        KeepTokens = "keep-tokens" breaks "fresh-after-write";
        /// A delete is forgotten with the entry, and not what it was for.
        ForgetVersion = "forget-version" breaks "fresh-after-write";
        /// A writer goes on before the cache has answered.
        GoOnFirst = "go-on-first" breaks "fresh-after-write";
        /// A writer says it to the cache once.
        SayOnce = "say-once" breaks "stale-passes";
    }
}

/// A cache beside a database, with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct CacheAside {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl Protocol for CacheAside {
    const CARD: Card = Card {
        name: "cache-aside",
        title: "A cache beside a database",
        source: "Nishtala et al., Scaling Memcache at Facebook (NSDI 2013), sections 2, 3.2.1 and 4.1; articles 002 to 004, which \
                 name caches",
        modelled: "readers that fill what they miss, writers that delete before, after or twice, or set; fills with and without \
                   tokens or versions; expiry; lost messages, writers that crash",
        left_out: "other keys; tokens for one reader at a time, which spare the database; copies of the database that lag",
    };

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let (params, deviations) = (&self.params, self.deviations);
        let (cache, database) = (Id::from(0), Id::from(1));
        let reader = Reader { cache, database, reads: params.reads };
        let writer = Writer { cache, database, params: params.clone(), deviations };
        Roster::new()
            .role("cache", [Member::Cache(Cache { fill: params.fill, expires: params.expires, deviations })])
            .role("database", [Member::Database])
            .role("reader", vec![Member::Reader(reader); params.readers])
            .role("writer", vec![Member::Writer(writer); params.writers])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
