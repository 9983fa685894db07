//! Floor 2: actors, network and faults make a transition system.
//!
//! [`Cluster`] is a [`TransitionSystem`](crate::system::TransitionSystem) made of a [`Protocol`](crate::model::Protocol)
//! and an [`Environment`](crate::model::Environment). This page is what its steps mean; the tests hold it against
//! an independent reading of the same rules, and against stateright's `ActorModel` where the two agree.
//!
//! # What a state is
//!
//! For each node: whether it is up, its state, what it has saved, its timers that are set, its choices that are
//! open. The messages in flight. What the observer has recorded. What is left of each bounded fault, and how the
//! network is split; in timed mode also how long timers, messages and pauses have left, and how the clocks are.
//! Two states are the same when all of these are equal by `Eq`; nothing is compared by a hash.
//!
//! # What a step is
//!
//! A handler runs to its end in one step: its new state, its saves, its timers and all its sends take effect
//! together, or, if the node crashes before, not at all. Who wants a crash between two sends takes two steps
//! (a timer, a choice, or a message to oneself). **A step after which the whole state is as before is no step.**
//!
//! | step | may happen when | what it does |
//! |---|---|---|
//! | deliver | a message is in flight to a node that is up; on a FIFO network, the oldest of its channel | takes the message out of flight (a duplicating network keeps it) and runs `on_msg` |
//! | timeout | a timer is set, and, where time is timed, it may fire | takes the timer away and runs `on_timeout` |
//! | choose | a choice is open | takes the choice away and runs `on_random` with one of its options |
//! | restart | a node is down, and restarts are allowed | runs `on_start` with what the node had saved |
//! | drop | a message is in flight (FIFO: the oldest of its channel), and the budget is not spent | takes it out of flight (on a duplicating network: for ever, until it is sent again) |
//! | corrupt | as deliver, and the budget is not spent; once for each other payload of [`Protocol::corrupt`](crate::model::Protocol::corrupt) | as deliver, and `on_msg` gets the other payload; a receiver that ignores it has lost the message |
//! | duplicate | as deliver, and the budget is not spent; not on a duplicating network | runs `on_msg`, and the message stays in flight |
//! | crash | a node is up, and neither the budget nor the number of nodes that may be down at once is spent | the node loses its state, timers and choices, and keeps what it had saved |
//! | lose-save | as crash, the node has saved since it started, and the budget is not spent | a crash; in storage is what was there before the last save |
//! | tear-save | likewise | a crash; in storage is what [`Protocol::tear`](crate::model::Protocol::tear) leaves of the last save |
//! | pause | a node is up, and the budget is not spent | the node takes no step of its own; it keeps everything |
//! | resume | a node is paused, and may go on | it goes on |
//! | partition | the network is whole, and the budget is not spent | it splits into sides |
//! | heal | the network is split, and may become whole | it is whole |
//! | tick | time is timed, and nothing is overdue | time passes: see below |
//! | drift | time is timed, clocks are not perfect, and this one may stray | a clock gains a tick, or will miss the next one |
//!
//! # A message whose delivery changes nothing
//!
//! A delivery *changes nothing* when afterwards the node (state, storage, timers, choices) is as before, nothing
//! was sent to anybody and the observer had nothing to record. On unordered and duplicating networks such a delivery
//! is no step, and the message stays in flight: a later state may still react to it. That loses no behaviour of the
//! nodes, since a message may wait for ever anyway, and it saves the states that differ only by which useless
//! messages were consumed. It is also what stateright does, with two differences: there a handler that touches its
//! state (`to_mut`) without changing it, and one that sends only to ids that nobody has, count as a change. With
//! `no_op = "consume"` such a message may be delivered on an unordered network and is gone: ask for it where a
//! property reads what is in flight. On a FIFO network it is always consumed, since it stands before others. To
//! duplicate such a message is never a step, and no budget is spent on it. The same rule makes a timer that only
//! sets itself again no step.
//!
//! # Nodes that are down
//!
//! A node that is down has no state: properties see what it had saved and no more (in stateright they see the
//! memory of the dead). Messages to it wait until it is back, or are lost at the crash and while it is down, as the
//! environment says. `crashes.total` counts crashes over the whole run; `at_once` counts the nodes that are down at
//! the same time. The same node may crash again.
//!
//! The last save is the last step in which a node's storage changed. It stays in danger until the next save or crash;
//! where no save may be lost or torn, nothing is remembered of it.
//!
//! # Nodes that are paused
//!
//! A paused node handles nothing: no message, no timer, no choice. Messages to it wait, and may be lost; it may crash.
//! Properties see its state, and the observer sees neither that it is paused nor that it goes on, as the node itself
//! does not.
//!
//! # A split network
//!
//! A split gives every node a side: any way to do so with at most `partitions.sides` sides, two if nothing is said.
//! Where roles are named that may be cut off, all other nodes stay on one side. Nothing passes from one side to
//! another: what is in flight across waits until the network is whole, or is lost when it splits, with all that is
//! sent across while it is split, as the environment says. Waiting messages may be lost. A split network splits anew
//! only after it was whole.
//!
//! # Time
//!
//! Time is *asynchronous* unless the environment says otherwise: a timer that is set may fire at any moment, a message
//! may take for ever, and the range given to `Out::set_timer` means nothing. That stands for unbounded pauses, delays
//! and jumps of clocks; whoever assumes more says so by an assumption.
//!
//! Where time is *timed* it passes in ticks, and a step takes no time. A tick lasts [`Timing::tick_ms`](crate::model::Timing::tick_ms),
//! by which the ranges of timers are measured, rounded outwards. Nothing holds a date: what is left until a bound is
//! counted down and stops there, so that the states stay finite.
//!
//! - **Timers.** A timer may fire once the first bound has passed on its own node's clock, and must before the second
//!   is exceeded; both are included. An empty range (stateright's `model_timeout()`) says nothing: any moment will do.
//! - **Messages** take between [`Delay::at_least`](crate::model::Delay::at_least) and `at_most` ticks of true time. Of equal messages the oldest arrives
//!   or is lost first; that loses no behaviour. Where there is an upper bound, a delivery that changes nothing consumes
//!   the message, and a duplicating network delivers each message once or more within its bounds: a delivery takes it
//!   away, or, as a duplicate without a budget, does not.
//! - **A tick passes only when nothing is overdue**: no timer must fire, no message must arrive, no pause must end, and no
//!   choice is open where choices are made [at once](crate::model::Choosing::AtOnce). What
//!   cannot happen is not overdue: a message to a node that is down, paused or cut off waits, and is overdue as soon as it
//!   can arrive; so are the timers of a paused node. Faults, other choices, restarts and heals are never overdue.
//! - **Clocks.** *Perfect* clocks tick with true time. *Skewed* clocks are up to so many ticks ahead of true time, and so
//!   of each other: a clock may gain a tick up to the bound; at a tick of true time one that is ahead stays and one that is
//!   not is carried along. *Drifting* clocks gain or lose one tick, and not again for so many ticks of true time: over
//!   `t` ticks one drifts at most by `t / n + 1`. A drifting clock strays only while it is read. Clocks go on while their
//!   node is paused.
//! - **Reading a clock.** [`Protocol::tick_clock`](crate::model::Protocol::tick_clock) tells a node's state that its clock ticked: a member keeps the readings that it needs
//!   in its state. Otherwise a protocol knows time by its timers alone.
//!
//! # What nobody receives
//!
//! A message to an id that nobody has is seen by the observer and then gone.
//!
//! # Handlers that go wrong
//!
//! Each distinct (slot, event) runs its handler once, in truth twice (where nothing is remembered, from one slot in eight): a
//! handler that panics, or gives two results, leaves a failed node, which violates the built-in property [`HANDLERS_BEHAVE`] and comes with a trace.
//!
//! # What may be left out
//!
//! Two [reductions](crate::model::Reductions) may be asked for. Neither is believed: when the search is over, all that it came
//! upon is [looked at again](confirm), and where a declaration is wrong, the search says nothing.
//!
//! - **Symmetry.** Of states that differ only by the names of members that [are
//!   interchangeable](crate::model::Protocol::symmetry), one is kept. The number of states is exactly the number of
//!   orbits; counterexamples are runs of the cluster as it is, with everybody's own name. Verdicts over states and steps
//!   are preserved, and that something is always possible; those that fairness decides are not, and stay undecided.
//! - **Stale messages.** What [will never change anything](crate::model::Protocol::is_stale) is not in flight. Only where messages
//!   wait in any order, in asynchronous time, and are not corrupted. The same verdicts are preserved, but for those of
//!   properties that read everything, which stay undecided too: they may read what is in flight.
//!
//! # How it is fast
//!
//! A node's word stands for its slot and its inbox; the list of moves of each word is worked out once, by the
//! protocol's code, and is then a row of numbers. A global successor is a few table look-ups.
//!
//! | file | what |
//! |---|---|
//! | `slot`, `choices`, `few` | what a node is |
//! | `inbox` | what is in flight to it, by kind of network |
//! | `split` | the sides of a split network |
//! | `time` | timers, clocks, what is overdue |
//! | `event`, `step` | what can happen to a node; running its handler |
//! | `position`, `moves` | the tables behind one word; the steps from it, written down |
//! | `tables` | filling those tables |
//! | `rows` | the steps of one node, worked out |
//! | `stale` | messages that will never change anything, left out |
//! | `group`, `symmetry` | interchangeable members, and the states that stand for others |
//! | `alike` | whether conditions judge the images of a state as they judge the state |
//! | `confirm` | whether what was left out makes no difference, after the search |
//! | `naming` | whether renaming is what its name says |
//! | `audit` | a second look at the protocol's code, after the search |
//! | `saved` | the tables, put away and restored |
//! | `transitions` | the steps of the whole |
//! | `faults` | budgets, as words; whom a fault may strike |
//! | `conditions` | the conditions of properties and assumptions, and what is remembered of each |
//! | `readings`, `findings`, `assumptions` | what conditions read of nodes; what properties find; what is ruled out |
//! | `instances` | of what each step is a step, for fairness |
//! | `labels` | threads, local transitions and odds, for random walks |
//! | `measures` | observables over words |
//! | `explain` | words back into plain data |
//! | `entry` | a protocol as the catalogue lists it |

mod alike;
mod assumptions;
mod audit;
mod choices;
mod conditions;
mod confirm;
mod entry;
mod event;
mod explain;
mod faults;
mod few;
mod findings;
mod group;
mod inbox;
mod instances;
mod labels;
mod measures;
mod moves;
mod naming;
mod position;
mod readings;
mod rows;
mod saved;
mod slot;
mod split;
mod stale;
mod step;
mod symmetry;
mod tables;
mod time;
mod transitions;

pub use conditions::{HANDLERS_BEHAVE, handlers_behave};
pub use entry::{AssumptionCard, Entry, Instance, Roles, entry};
pub use tables::Cluster;
