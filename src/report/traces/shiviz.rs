//! A log for ShiViz: each event with the vector clock of its host.
//!
//! Two lines an event, which ShiViz reads by the expression `(?<host>\S+) (?<clock>\{.*\})\n(?<event>.*)`. A host is a
//! node, or the network, where messages are lost. An event knows of another if a chain of steps of one host and
//! of messages leads from that to this.

use std::collections::BTreeMap;

use crate::system::Action;
use crate::trace::{Trace, causes};

/// What loses messages.
const NETWORK: &str = "network";

type Clock<'a> = BTreeMap<&'a str, u64>;

/// The trace as a log.
pub(super) fn shiviz(trace: &Trace) -> String {
    let mut clocks: Vec<Clock<'_>> = Vec::new();
    // The last event of each host: an event of the log each, the starts first.
    let mut last: BTreeMap<&str, Clock<'_>> = BTreeMap::new();
    let mut log = String::new();
    for node in &trace.start.nodes {
        let clock = Clock::from([(node.name.as_str(), 1)]);
        log += &event(&node.name, &clock, "start");
        last.insert(&node.name, clock);
    }
    for (step, rests_on) in trace.steps.iter().zip(causes(trace)) {
        let host = step.action.place().unwrap_or(NETWORK);
        let mut clock = last.get(host).cloned().unwrap_or_default();
        for cause in rests_on {
            join(&mut clock, &clocks[cause]);
        }
        if let Some(sender) = sender_at_start(trace, &step.action) {
            join(&mut clock, &Clock::from([(sender, 1)]));
        }
        *clock.entry(host).or_insert(0) += 1;
        log += &event(host, &clock, &step.action.to_string());
        last.insert(host, clock.clone());
        clocks.push(clock);
    }
    log
}

/// Who has sent the message: the receiver knows at least that it has started.
fn sender_at_start<'a>(trace: &'a Trace, action: &Action) -> Option<&'a str> {
    let (from, ..) = action.message()?;
    trace.start.nodes.iter().map(|node| node.name.as_str()).find(|name| *name == from)
}

fn join<'a>(clock: &mut Clock<'a>, other: &Clock<'a>) {
    for (host, time) in other {
        let own = clock.entry(host).or_insert(0);
        *own = (*own).max(*time);
    }
}

fn event(host: &str, clock: &Clock<'_>, text: &str) -> String {
    let clock = serde_json::to_string(clock).expect("a clock is names and numbers");
    format!("{host} {clock}\n{}\n", text.replace('\n', " "))
}
