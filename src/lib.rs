//! Quorate checks distributed protocols.
//!
//! A protocol is a set of stateright [`Actor`]s with parameters, named deviations and properties. A cluster of
//! them runs over a modelled network with modelled faults. The engine visits every reachable state and answers for
//! every property: it holds, it is violated, with a shortest counterexample, or it is undecided, and why.
//!
//! This page says how the house is built. Read the floors from below: imports only go down.
//!
//! ```text
//!  7  cli              one subcommand a file; its arguments, its exit code
//!  6  explorer         a page to look at a run, and to take it otherwise
//!  5  spec, report     the manifest in; verdicts and formats out
//!  4  engine, walk, trace  searches and random walks over integers; counterexamples as plain data
//!  2  cluster, foreign actors + network + faults => the waist; any stateright model => the waist
//!  1  model            the words a protocol author uses
//!  0  system           the waist: words, interning, plain values, TransitionSystem
//! ```
//!
//! - [`system`]: a state is a vector of integers. [`TransitionSystem`](system::TransitionSystem) is what a search sees;
//!   [`Explain`](system::Explain) turns the same integers back into plain data for people.
//! - [`model`]: [`Protocol`](model::Protocol), [`params!`], [`deviations!`], [`Property`](model::Property),
//!   [`Environment`](model::Environment).
//! - [`cluster`]: the semantics, on one page; the only place where protocol code runs, and it runs once for each
//!   distinct (node state, event).
//! - [`foreign`]: any stateright model as such a system, its states kept whole.
//! - [`engine`]: [`explore`](engine::explore), breadth first, exact, parallel.
//! - [`walk`]: [`simulate`](walk::simulate), seeded random walks and what they estimate; never says that anything holds.
//! - [`trace`]: a counterexample as versioned data; telling it; taking it again.
//! - [`spec`]: the manifest, and what its expectations make of an exploration.
//! - [`report`]: verdict tables, JSON.
//! - [`explorer`]: the page on which a run is looked at and taken otherwise, and its server.
//! - [`exit`]: the exit codes. A leaf: every floor may read it.
//! - [`cli`]: `quorate::cli::main(catalogue)` gives a crate with protocols of its own the whole command line.
//!
//! Two crates: this toolkit, and `models/` with the protocol library and the `quorate` binary, which uses what any
//! stranger's crate can use. Closed sets (actions, kinds of property, verdicts) are enums, matched without a wildcard;
//! open sets (protocols, subcommands, formats) are one slice each, with one line for each member.
//!
//! # The four ideas
//!
//! **The waist is integers.** Node states, messages, inboxes and histories are interned; a handler's effect on a node
//! is worked out once and is a row of numbers from then on. A global state is a handful of numbers that fit a key
//! of 64 bits in most models, so that the key *is* the state: nothing is hashed away, two states are one only if
//! they are equal.
//!
//! **A property says what it reads** ([`Claim::by_history`](model::Claim::by_history), `by_nodes`, `by_world`), and
//! is asked only after steps that change just that. A step that changes nothing a property reads cannot change
//! its answer.
//!
//! **No parents.** Traces cost no memory while the search runs: the levels are walked back when something was
//! found, and of all shortest ways the least by content is told. So the counterexample does not depend on threads.
//!
//! **Nothing is green that could not have been red.** A cut search never says that a property holds. Each property has
//! a deviation that breaks it, each deviation a check in which it is caught, and each protocol witnesses that the
//! interesting situations are reached; a test walks the catalogue and holds every protocol to that.
//!
//! # Where building departed from the first design
//!
//! - A delivery that changes nothing is *no step* by default, rather than a step that removes the message: the same
//!   behaviour of the nodes in fewer states, and counts that can be held against stateright's. `no_op = "consume"`
//!   is there for properties that read what is in flight.
//! - Values live in an append-only table that is read without a lock, not in an `IndexSet` behind one.
//! - Inserting is not done by compare-and-swap: each round sorts its keys by shard and each shard has one owner,
//!   which needs neither atomics nor `unsafe`, and whose outcome does not depend on the schedule.
//! - The history grows by facts that are taken from a step without knowing the history, so that a step that
//!   nobody needs to remember costs nothing.

pub mod cli;
pub mod cluster;
pub mod engine;
pub mod exit;
pub mod explorer;
pub mod foreign;
pub mod model;
pub mod report;
pub mod spec;
pub mod system;
pub mod trace;
pub mod walk;

pub use serde;
pub use stateright;
pub use stateright::actor::{Actor, Envelope, Id, Out};
