//! A Mermaid `sequenceDiagram`, which forges and wikis draw.
//!
//! A message is drawn where it arrives, since that is the step; one that is lost ends in a cross. Timers, choices,
//! crashes and restarts are notes. What changed in a node's state follows as a note of its own, up to a few lines.

use crate::system::Action;
use crate::trace::{Change, Part, Step, Trace};

/// Changes that are told in one note.
const CHANGES_MAX: usize = 4;
/// Characters of one line: diagrams with wider ones cannot be read.
const LINE_CHARS_MAX: usize = 72;

/// The trace as a diagram.
pub(in crate::report) fn mermaid(trace: &Trace) -> String {
    let mut lines = vec!["sequenceDiagram".to_owned(), "    autonumber".to_owned()];
    for (ix, node) in trace.start.nodes.iter().enumerate() {
        lines.push(format!("    participant n{ix} as {}", escaped(&node.name)));
    }
    let ids = Ids { trace };
    for step in &trace.steps {
        lines.extend(ids.step(step).into_iter().map(|line| format!("    {line}")));
    }
    let all = match trace.start.nodes.len() {
        0 | 1 => "n0".to_owned(),
        count => format!("n0,n{}", count - 1),
    };
    let verdict = format!("{} is {}: {}", trace.property, trace.verdict.word(), trace.evidence);
    lines.push(format!("    Note over {all}: {}", wrapped(&verdict)));
    lines.join("\n") + "\n"
}

/// Nodes by their place: a name may have letters that the diagram cannot read.
struct Ids<'a> {
    trace: &'a Trace,
}

impl Ids<'_> {
    fn id(&self, node: &str) -> String {
        let ix = self.trace.start.nodes.iter().position(|other| other.name == node);
        ix.map_or_else(|| "n0".to_owned(), |ix| format!("n{ix}"))
    }

    /// Mermaid takes the first and the last of those that a note spans.
    fn note_over_all(&self, text: &str) -> String {
        let last = self.trace.start.nodes.len().saturating_sub(1);
        let span = if last == 0 { "n0".to_owned() } else { format!("n0,n{last}") };
        format!("Note over {span}: {}", wrapped(text))
    }

    fn step(&self, step: &Step) -> Vec<String> {
        let note = |node: &str, text: &str| format!("Note over {}: {}", self.id(node), wrapped(text));
        let arrow = |from: &str, arrow: &str, to: &str, text: &str| {
            format!("{}{arrow}{}: {}", self.id(from), self.id(to), wrapped(text))
        };
        let first = match &step.action {
            Action::Deliver { from, to, message } => arrow(from, "->>", to, &message.to_string()),
            Action::Duplicate { from, to, message } => arrow(from, "->>", to, &format!("{message} (a copy stays)")),
            Action::Drop { from, to, message } => arrow(from, "-x", to, &format!("{message} (lost)")),
            Action::Timeout { node, timer } => note(node, &format!("timeout {timer}")),
            Action::Choose { node, key, choice } => note(node, &format!("{key} = {choice}")),
            Action::Corrupt { from, to, message, arrives } => {
                arrow(from, "->>", to, &format!("{message} (arrives as {arrives})"))
            }
            Action::Restart { node } => note(node, "restart"),
            Action::Resume { node } => note(node, "goes on"),
            Action::Crash { node } => note(node, "CRASH"),
            Action::LoseSave { node } => note(node, "CRASH, and the last save is lost"),
            Action::TearSave { node, storage } => note(node, &format!("CRASH, and of the last save is left {storage}")),
            Action::Pause { node } => note(node, "PAUSE"),
            Action::Drift { node, ticks } => note(node, &format!("its clock drifts by {ticks:+}")),
            Action::Partition { .. } | Action::Heal | Action::Tick => self.note_over_all(&step.action.to_string()),
        };
        let mut nodes: Vec<&str> = Vec::new();
        for change in &step.changes {
            nodes.extend(change.node.as_deref().filter(|node| !nodes.contains(node)));
        }
        let notes = nodes.into_iter().filter_map(|node| {
            let told = changes(step, node);
            (!told.is_empty()).then(|| format!("Note over {}: {}", self.id(node), told.join("<br/>")))
        });
        std::iter::once(first).chain(notes).collect()
    }
}

/// What changed in the state or storage of a node, a line each.
fn changes(step: &Step, node: &str) -> Vec<String> {
    let of_node = step.changes.iter().filter(|change| change.node.as_deref() == Some(node));
    let told: Vec<String> = of_node.filter_map(change).collect();
    let more = told.len().saturating_sub(CHANGES_MAX);
    let mut lines: Vec<String> = told.into_iter().take(CHANGES_MAX).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

fn change(change: &Change) -> Option<String> {
    let verb = match change.part {
        Part::State => "",
        Part::Storage => "saved ",
        Part::Up | Part::Timers | Part::Choices | Part::History => return None,
    };
    let place = if change.path.is_empty() { String::new() } else { format!("{} ", change.path) };
    let text = match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("{verb}{place}{before} → {after}"),
        (None, Some(after)) => format!("{verb}+ {place}{after}"),
        (Some(before), None) => format!("{verb}− {place}{before}"),
        (None, None) => return None,
    };
    Some(escaped(&cut(&text)))
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LINE_CHARS_MAX {
        return text.to_owned();
    }
    text.chars().take(LINE_CHARS_MAX - 1).chain(['…']).collect()
}

/// In lines that fit, cut at spaces.
fn wrapped(text: &str) -> String {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is a line");
        if !last.is_empty() && last.chars().count() + word.chars().count() >= LINE_CHARS_MAX {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines.iter().map(|line| escaped(line)).collect::<Vec<_>>().join("<br/>")
}

/// Letters that mean something to the diagram, as its entities.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '#' | ';' | '<' | '>' | '"' | '%' => out.push_str(&format!("#{};", letter as u32)),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}
