//! A trace as a Mermaid sequence diagram, which Markdown viewers draw.

use super::{Ending, Trace};
use crate::system::{Action, ActionKind};

/// The most characters of a label: a diagram is for the shape, the story has it all.
const LABEL_WIDTH: usize = 60;

/// The trace as the text of a `sequenceDiagram`: a column for each node, an arrow for each message where it arrives
/// or is lost, a note for each other step.
pub fn mermaid(trace: &Trace) -> String {
    let nodes: Vec<&str> = trace.start.nodes.iter().map(|node| node.name.as_str()).collect();
    let mut diagram = String::from("sequenceDiagram\n");
    for (ix, name) in nodes.iter().enumerate() {
        diagram += &format!("  participant n{ix} as {}\n", label(name));
    }
    let column = |name: &str| nodes.iter().position(|node| *node == name).map(|ix| format!("n{ix}"));
    let loop_from = match trace.ending {
        Some(Ending::Loop { from, .. }) => Some(from),
        Some(Ending::Stop { .. } | Ending::Trap) | None => None,
    };
    for (ix, step) in trace.steps.iter().enumerate() {
        if loop_from == Some(ix) {
            diagram += "  loop for ever\n";
        }
        let columns: Vec<String> = step.action.nodes().into_iter().filter_map(column).collect();
        diagram += &format!("  {}\n", line(ix + 1, &step.action, &columns, nodes.len()));
    }
    if loop_from.is_some_and(|from| from < trace.steps.len()) {
        diagram += "  end\n";
    }
    let all = over_all(nodes.len());
    diagram + &format!("  Note over {all}: {}\n", label(&trace.evidence))
}

fn line(number: usize, action: &Action, columns: &[String], node_count: usize) -> String {
    let (kind, subject) = (action.kind(), action.subject());
    let message = subject.split_once(": ").map_or(subject.as_str(), |(_, message)| message);
    match columns {
        [from, to] if kind == ActionKind::Drop => format!("{from}--x{to}: {number}. {} (lost)", label(message)),
        [from, to] if kind.is_fault() => format!("{from}->>{to}: {number}. {} ({})", label(message), kind.word()),
        [from, to] => format!("{from}->>{to}: {number}. {}", label(message)),
        [node] if message == subject => format!("Note over {node}: {number}. {}", kind.word()),
        [node] => format!("Note over {node}: {number}. {} {}", kind.word(), label(message)),
        _ => format!("Note over {}: {number}. {} {}", over_all(node_count), kind.word(), label(&subject)),
    }
}

fn over_all(node_count: usize) -> String {
    match node_count {
        0 | 1 => "n0".to_owned(),
        count => format!("n0,n{}", count - 1),
    }
}

/// Text that Mermaid takes as text: `;` and `#` mean something to it, and so do line ends.
fn label(text: &str) -> String {
    let mut label = String::new();
    for (ix, letter) in text.chars().enumerate() {
        if ix == LABEL_WIDTH {
            return label + "…";
        }
        match letter {
            ';' => label += "#59;",
            '#' => label += "#35;",
            '<' => label += "#lt;",
            '>' => label += "#gt;",
            letter if letter.is_control() => label.push(' '),
            letter => label.push(letter),
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use super::super::script::{instance, lease};
    use super::*;

    #[test]
    fn a_trace_is_drawn() {
        let system = lease();
        let trace = Trace::of(&system, &system.path(), &instance(), 0);
        insta::assert_snapshot!(mermaid(&trace));
    }

    #[test]
    fn what_means_something_to_mermaid_is_shown() {
        assert_eq!(label("a;b#c<d>\ne"), "a#59;b#35;c#lt;d#gt; e");
        assert_eq!(label(&"x".repeat(100)).chars().count(), LABEL_WIDTH + 1);
    }
}
