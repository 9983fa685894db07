//! The space-time diagram, in places of a grid: a lane for each node, a row for each state.
//!
//! Row 0 is the start, and row `n` is the step `n` and the state after it. Nothing here knows of pixels: the picture for
//! files ([`svg()`](super::svg())) and the page draw the same places, and the page may hide lanes and fold rows.

use std::collections::BTreeMap;

use serde::Serialize;

use super::words::{cut, noted};
use crate::system::{Action, InFlight, Snapshot};
use crate::trace::{Part, Step};

/// Characters of a message or a note in the picture; the page has the whole.
const LABEL_CHARS: usize = 34;

/// A run as a picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diagram {
    /// Names of the nodes, from left to right.
    pub lanes: Vec<String>,
    /// What happens in each row, by row from 1.
    pub events: Vec<Event>,
    /// Messages, in the order of their ends.
    pub arrows: Vec<Arrow>,
    /// Times in which a node is down or stands still.
    pub spans: Vec<Span>,
    /// Times in which the network is split.
    pub bands: Vec<Band>,
    /// The row to which the last row leads back.
    pub loop_to: Option<usize>,
    /// Where properties find something for the first time.
    pub flags: Vec<Flag>,
}

/// That a property finds something in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flag {
    /// The row.
    pub row: usize,
    /// The property.
    pub property: String,
    /// Whether that is what it hopes for.
    pub witness: bool,
}

/// What happens in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// The word of its kind, which says what mark it has.
    pub kind: &'static str,
    /// The lane where it happens; `None` for the whole world, or on the way of a message.
    pub lane: Option<usize>,
    /// What is written at it.
    pub label: String,
    /// What changed in the node, in a few words.
    pub note: String,
    /// Whether the node saved something.
    pub saves: bool,
    /// Whether it is a step of one node that no other hears of: a timer or a choice, and nothing is sent.
    pub is_local: bool,
    /// Rows that it directly rests on: the one before on its lane, the one that sent its message.
    pub after: Vec<usize>,
}

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Arrow {
    /// The sender's lane.
    pub from: usize,
    /// The receiver's lane.
    pub to: usize,
    /// The row in which it was sent.
    pub sent: usize,
    /// The row in which it ends; `None` while it is in flight.
    pub ends: Option<usize>,
    /// The word of the kind of step that ends it: `deliver`, `drop`, `duplicate`, `corrupt`; `fly` while it is in flight,
    /// `lost` where a crash or a partition took it.
    pub kind: &'static str,
    /// The message, cut.
    pub label: String,
}

/// A time in which a node takes no step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Whose.
    pub lane: usize,
    /// The row of the crash or the pause.
    pub from: usize,
    /// The row in which it is back; `None` if it is not.
    pub to: Option<usize>,
    /// `down` or `paused`.
    pub what: &'static str,
}

/// A time in which the network is split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Band {
    /// The row in which it splits.
    pub from: usize,
    /// The row in which it heals; `None` if it does not.
    pub to: Option<usize>,
    /// The lanes of each side.
    pub sides: Vec<Vec<usize>>,
}

impl Diagram {
    /// The picture of `steps` through `states`; `causes` are the steps that each rests on through messages, `keeps` says
    /// whether what is delivered stays in flight.
    pub fn of(states: &[Snapshot], steps: &[Step], causes: &[Vec<usize>], keeps: bool, loop_to: Option<usize>) -> Self {
        let lanes: Vec<String> = states[0].nodes.iter().map(|node| node.name.clone()).collect();
        let mut drawing = Drawing { diagram: Self { lanes, loop_to, ..Self::default() }, last: BTreeMap::new() };
        for (ix, step) in steps.iter().enumerate() {
            drawing.event(ix + 1, step, &causes[ix]);
        }
        drawing.arrows(&states[0], steps, keeps);
        drawing.spans(states);
        drawing.bands(states);
        drawing.diagram
    }
}

/// Sender, receiver and text of a message.
type Flight = (String, String, String);

/// A message in flight.
struct Flying {
    /// The row in which it was sent.
    sent: usize,
    /// Whether it was delivered, and is there still.
    is_read: bool,
}

struct Drawing {
    diagram: Diagram,
    /// The last row of each lane.
    last: BTreeMap<usize, usize>,
}

impl Drawing {
    fn lane(&self, name: &str) -> Option<usize> {
        self.diagram.lanes.iter().position(|lane| lane == name)
    }

    fn event(&mut self, row: usize, step: &Step, causes: &[usize]) {
        let lane = step.action.place().and_then(|name| self.lane(name));
        let mut after: Vec<usize> = causes.iter().map(|cause| cause + 1).collect();
        if let Some(lane) = lane {
            after.extend(self.last.insert(lane, row));
        }
        after.sort_unstable();
        after.dedup();
        let is_own = matches!(step.action, Action::Timeout { .. } | Action::Choose { .. });
        let owner = step.action.place();
        self.diagram.events.push(Event {
            kind: step.action.kind().word(),
            lane,
            label: cut(&label(&step.action), LABEL_CHARS),
            note: cut(&noted(step, owner), LABEL_CHARS),
            saves: step.changes.iter().any(|change| change.part == Part::Storage && change.node.as_deref() == owner),
            is_local: is_own && step.sent.is_empty(),
            after,
        });
    }

    /// Of equal messages the one sent first ends first, as [`causes`](crate::trace::causes) has it. One that was
    /// delivered and stays in flight is not drawn again at the end.
    fn arrows(&mut self, start: &Snapshot, steps: &[Step], keeps: bool) {
        let mut flying: BTreeMap<Flight, Vec<Flying>> = BTreeMap::new();
        let flight = |of: &InFlight| (of.from.clone(), of.to.clone(), of.message.to_string());
        for message in &start.network {
            flying.entry(flight(message)).or_default().push(Flying { sent: 0, is_read: false });
        }
        for (ix, step) in steps.iter().enumerate() {
            let row = ix + 1;
            if let Some((from, to, message)) = step.action.message() {
                let message = message.to_string();
                let waiting = flying.entry((from.to_owned(), to.to_owned(), message.clone())).or_default();
                let stays = step.action.leaves_in_flight(keeps);
                let sent = waiting.first().map_or(0, |first| first.sent);
                if let Some(first) = waiting.first_mut() {
                    first.is_read = true;
                }
                if !stays && !waiting.is_empty() {
                    waiting.remove(0);
                }
                self.arrow((from, to), (sent, Some(row)), step.action.kind().word(), &message);
            }
            for gone in &step.lost {
                let waiting = flying.entry(flight(gone)).or_default();
                let sent = if waiting.is_empty() { 0 } else { waiting.remove(0).sent };
                self.arrow((&gone.from, &gone.to), (sent, Some(row)), "lost", &gone.message.to_string());
            }
            for message in &step.sent {
                flying.entry(flight(message)).or_default().push(Flying { sent: row, is_read: false });
            }
        }
        for ((from, to, message), waiting) in flying {
            for one in waiting.iter().filter(|one| !one.is_read) {
                self.arrow((&from, &to), (one.sent, None), "fly", &message);
            }
        }
    }

    fn arrow(&mut self, ends: (&str, &str), rows: (usize, Option<usize>), kind: &'static str, label: &str) {
        let (Some(from), Some(to)) = (self.lane(ends.0), self.lane(ends.1)) else { return };
        let label = cut(label, LABEL_CHARS);
        self.diagram.arrows.push(Arrow { from, to, sent: rows.0, ends: rows.1, kind, label });
    }

    fn spans(&mut self, states: &[Snapshot]) {
        for lane in 0..self.diagram.lanes.len() {
            for what in ["down", "paused"] {
                let is = |state: &Snapshot| match what {
                    "down" => state.nodes[lane].state.is_none(),
                    _ => state.nodes[lane].paused,
                };
                let times = intervals(states, is);
                self.diagram.spans.extend(times.into_iter().map(|(from, to)| Span { lane, from, to, what }));
            }
        }
    }

    fn bands(&mut self, states: &[Snapshot]) {
        for (from, to) in intervals(states, |state| !state.sides.is_empty()) {
            let side = |names: &Vec<String>| names.iter().filter_map(|name| self.lane(name)).collect();
            let sides = states[from].sides.iter().map(side).collect();
            self.diagram.bands.push(Band { from, to, sides });
        }
    }
}

/// From which row to which other something is so.
fn intervals(states: &[Snapshot], is: impl Fn(&Snapshot) -> bool) -> Vec<(usize, Option<usize>)> {
    let mut found: Vec<(usize, Option<usize>)> = Vec::new();
    let mut open = None;
    for (row, state) in states.iter().enumerate() {
        match (open, is(state)) {
            (None, true) => open = Some(row),
            (Some(from), false) => {
                found.push((from, Some(row)));
                open = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    found.extend(open.map(|from| (from, None)));
    found
}

/// What is written at a step; its kind is drawn.
fn label(action: &Action) -> String {
    match action {
        Action::Deliver { message, .. } | Action::Duplicate { message, .. } => message.to_string(),
        Action::Drop { message, .. } => format!("{message} is lost"),
        Action::Corrupt { arrives, .. } => format!("arrives as {arrives}"),
        Action::Timeout { timer, .. } => format!("timeout {timer}"),
        Action::Choose { key, choice, .. } => format!("{key} = {choice}"),
        Action::Restart { .. } => "restarts".to_owned(),
        Action::Resume { .. } => "goes on".to_owned(),
        Action::Heal => "the network is whole again".to_owned(),
        Action::Tick => "time passes".to_owned(),
        Action::Crash { .. } => "crashes".to_owned(),
        Action::LoseSave { .. } => "crashes; its last save is lost".to_owned(),
        Action::TearSave { .. } => "crashes; its last save is torn".to_owned(),
        Action::Pause { .. } => "stands still".to_owned(),
        Action::Partition { sides } => {
            let sides: Vec<String> = sides.iter().map(|side| format!("{{{}}}", side.join(", "))).collect();
            format!("partition {}", sides.join(" | "))
        }
        Action::Drift { ticks, .. } => format!("its clock drifts by {ticks:+}"),
    }
}
