//! What the diagram and the step list say of a step.

use crate::system::{Action, Value};
use crate::trace::{Change, Part, Step};

/// A text in at most so many characters.
pub(super) fn cut(text: &str, chars_max: usize) -> String {
    let flat = text.replace(char::is_control, " ");
    if flat.chars().count() <= chars_max {
        return flat;
    }
    flat.chars().take(chars_max - 1).chain(['…']).collect()
}

/// What changed in the state of `owner`, in a few words: `term 1 → 2, + log[0]`; or as what it comes back.
pub(super) fn noted(step: &Step, owner: Option<&str>) -> String {
    let Some(owner) = owner else { return String::new() };
    let own = step.changes.iter().filter(|change| change.node.as_deref() == Some(owner) && change.part == Part::State);
    let words = |change: &Change| match (&change.before, &change.after) {
        (None, Some(after)) if change.path.is_empty() => Some(format!("as {after}")),
        _ if change.path.is_empty() => None,
        _ => Some(few_words(change)),
    };
    own.filter_map(words).collect::<Vec<_>>().join(", ")
}

fn few_words(change: &Change) -> String {
    let path = last_field(&change.path);
    let simple = |value: &Value| match value {
        value if value.is_simple() => value.to_string(),
        _ => "…".to_owned(),
    };
    match (&change.before, &change.after) {
        (Some(_), Some(after)) if after.is_simple() => format!("{path} → {after}"),
        (Some(_), Some(_)) => format!("{path} changes"),
        (None, Some(after)) => format!("+ {path} {}", simple(after)),
        (Some(before), None) => format!("− {path} {}", simple(before)),
        (None, None) => path.to_owned(),
    }
}

/// The last field of a path, with its keys and positions: `log[2]` of `server.log[2]`.
fn last_field(path: &str) -> &str {
    let depth = |(ix, letter): (usize, char), open: &mut i32| {
        match letter {
            '[' => *open += 1,
            ']' => *open -= 1,
            _ => {}
        }
        (letter == '.' && *open == 0).then_some(ix + 1)
    };
    let mut open = 0;
    let start = path.char_indices().filter_map(|at| depth(at, &mut open)).last();
    &path[start.unwrap_or(0)..]
}

/// The step in one sentence, for whoever hears it rather than sees it.
pub(super) fn sentence(step: &Step) -> String {
    let what = match &step.action {
        Action::Deliver { from, to, message } => format!("{to} receives {message} from {from}"),
        Action::Duplicate { from, to, message } => {
            format!("{to} receives {message} from {from}, and a copy stays in flight")
        }
        Action::Drop { from, to, message } => format!("{message} from {from} to {to} is lost"),
        Action::Corrupt { from, to, message, arrives } => {
            format!("{message} from {from} reaches {to} as {arrives}")
        }
        Action::Timeout { node, timer } => format!("the timer {timer} of {node} fires"),
        Action::Choose { node, key, choice } => format!("{node} chooses {key} = {choice}"),
        Action::Restart { node } => format!("{node} restarts from what it had saved"),
        Action::Resume { node } => format!("{node} goes on"),
        Action::Heal => "the network is whole again".to_owned(),
        Action::Tick => "time passes".to_owned(),
        Action::Crash { node } => format!("{node} crashes"),
        Action::LoseSave { node } => format!("{node} crashes, and its last save is lost"),
        Action::TearSave { node, storage } => format!("{node} crashes, and of its last save is left {storage}"),
        Action::Pause { node } => format!("{node} stands still"),
        Action::Partition { sides } => {
            let sides: Vec<String> = sides.iter().map(|side| side.join(", ")).collect();
            format!("the network splits: {}", sides.join(" | "))
        }
        Action::Drift { node, ticks } => format!("the clock of {node} drifts by {ticks:+}"),
    };
    match step.sent.len() {
        0 => what,
        1 => format!("{what}; it sends {} to {}", step.sent[0].message, step.sent[0].to),
        sent => format!("{what}; {sent} messages are sent"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_field_keeps_its_keys() {
        for (path, field) in
            [("term", "term"), ("a.log[2]", "log[2]"), ("a.log[2].term", "term"), ("a[x.y]", "a[x.y]"), ("", "")]
        {
            assert_eq!(last_field(path), field);
        }
    }

    #[test]
    fn a_text_is_cut_by_characters() {
        assert_eq!(cut("żółw\nidzie", 6), "żółw …");
        assert_eq!(cut("żółw", 4), "żółw");
    }
}
