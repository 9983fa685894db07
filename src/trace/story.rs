//! The numbered story: what happened, to whom, and what came of it, for someone who does not know the model.

use indexmap::IndexMap;

use super::lines::Lines;
use super::setting::setting;
use super::{Change, Ending, How, Kept, NoReturn, Part, Step, Trace};
use crate::system::{Action, ActionKind, InFlight, NodeSnapshot, PropertyKind, Snapshot};

/// Where the text of a step starts: after its number and the kind of its action.
const INDENT: usize = 16;

/// The trace as a text of numbered steps, in lines of at most some hundred columns. Nothing is left out: what does
/// not fit on a line goes on in the next.
pub fn story(trace: &Trace) -> String {
    let mut lines = Lines::default();
    let verdict = format!("{} is {}", trace.property, trace.verdict.word());
    lines.paragraph(0, "", &format!("{verdict} {}", when(trace)));
    lines.paragraph(INDENT, "  the claim", &trace.claim);
    lines.paragraph(INDENT, "  checked", &setting(&trace.instance));
    if let Some(Ending::Loop { fairness, .. } | Ending::Stop { fairness, .. }) = &trace.ending {
        lines.paragraph(INDENT, "  fairness", &fairness.to_string());
    }
    lines.gap();
    start(&trace.start, &mut lines);
    tell_steps(trace, outcome, &mut lines);
    lines.gap();
    tell_end(trace, &mut lines);
    lines.paragraph(0, "", &format!("{verdict}: {}", trace.evidence));
    hangs_on(trace, &mut lines);
    lines.finish()
}

/// The same in short: what happens, and how it ends, without what each step changes.
pub fn outline(trace: &Trace) -> String {
    let mut lines = Lines::default();
    tell_steps(trace, |_| Vec::new(), &mut lines);
    tell_end(trace, &mut lines);
    lines.finish()
}

fn tell_steps(trace: &Trace, outcome: impl Fn(&Step) -> Vec<String>, lines: &mut Lines) {
    for (ix, step) in trace.steps.iter().enumerate() {
        if matches!(trace.ending, Some(Ending::Loop { from, .. }) if from == ix) {
            lines.paragraph(0, "", "------ from here on for ever:");
        }
        let label = format!("{:>3}  {}", ix + 1, event(&step.action));
        lines.paragraph(INDENT, &label, &happening(&step.action));
        for line in outcome(step) {
            lines.paragraph(INDENT + 2, "", &line);
        }
    }
}

fn tell_end(trace: &Trace, lines: &mut Lines) {
    if trace.kind == PropertyKind::NoDeadlock {
        lines.paragraph(0, "", "Nothing but faults can happen any more.");
    }
    if let Some(ending) = &trace.ending {
        tell_ending(ending, trace.steps.len(), lines);
    }
}

/// After how many steps it shows.
fn when(trace: &Trace) -> String {
    let counted = |count| if count == 1 { "1 step".to_owned() } else { format!("{count} steps") };
    match (&trace.ending, trace.steps.len()) {
        (Some(Ending::Loop { from: 0, .. }), count) => format!("by a loop of {} from the start", counted(count)),
        (Some(Ending::Loop { from, .. }), count) => {
            format!("by a loop of {} after {}", counted(count - from), counted(*from))
        }
        (Some(Ending::Stop { .. } | Ending::Trap) | None, 0) => "at the start".to_owned(),
        (Some(Ending::Stop { .. } | Ending::Trap) | None, count) => format!("after {}", counted(count)),
    }
}

/// How the run goes on, and why it may.
fn tell_ending(ending: &Ending, step_count: usize, lines: &mut Lines) {
    match ending {
        Ending::Loop { from, kept, .. } => {
            let again = format!("After step {step_count} all is as it was before step {}.", from + 1);
            lines.paragraph(0, "", &format!("{again} The loop is fair:"));
            for Kept { level, what, how, .. } in kept {
                let how = match how {
                    How::Taken { step } => format!("happens in step {step}"),
                    How::Impossible { after: 0 } => "is not possible at the start".to_owned(),
                    How::Impossible { after } => format!("is not possible after step {after}"),
                };
                lines.paragraph(2, "  ", &format!("{what} ({}) {how}", level.word()));
            }
            if kept.is_empty() {
                lines.paragraph(2, "  ", "nothing that must be treated fairly is possible on it");
            }
        }
        Ending::Stop { possible, .. } => {
            lines.paragraph(0, "", "Nothing need happen any more.");
            let may = |action: &Action| format!("may happen, and need not: {action}");
            possible.iter().for_each(|action| lines.paragraph(2, "  ", &may(action)));
        }
        Ending::Trap => {
            lines.paragraph(0, "", "From here on what is missing is out of reach, unless a fault helps.");
        }
    }
}

/// What the violation hangs on, as far as somebody has asked.
fn hangs_on(trace: &Trace, lines: &mut Lines) {
    if let Some(no_return) = trace.no_return {
        let sentence = match no_return {
            NoReturn::Step(0) => "It cannot be avoided from the start on.".to_owned(),
            NoReturn::Step(step) if step == trace.steps.len() => "It could be avoided until the last step.".to_owned(),
            NoReturn::Step(step) => format!("It can no longer be avoided after step {step}, whatever comes then."),
            NoReturn::Unknown(states) => {
                format!(
                    "After which step it can no longer be avoided is not known: it takes more than {states} states to say."
                )
            }
        };
        lines.paragraph(0, "", &sentence);
    }
    if let Some(contrast) = &trace.contrast {
        let text = contrast.to_string();
        let mut told = text.lines();
        let first = told.next().unwrap_or_default();
        lines.paragraph(0, "", &format!("{}{}", first[..1].to_uppercase(), &first[1..]));
        told.for_each(|line| lines.paragraph(2, "", line.trim_start()));
    }
}

/// Who is there and what is on its way before the first step. Nodes of which the same is to be said share a line.
fn start(snapshot: &Snapshot, lines: &mut Lines) {
    let nodes = snapshot.nodes.iter().map(|node| (situation(node), node.name.as_str()));
    let mut label = "     start";
    for (situation, names) in grouped(nodes) {
        lines.paragraph(INDENT, label, &format!("{}: {situation}", names.join(", ")));
        label = "";
    }
    for line in messages("has sent", &snapshot.network) {
        lines.paragraph(INDENT, label, &line);
        label = "";
    }
}

fn situation(node: &NodeSnapshot) -> String {
    let mut parts = vec![node.state.as_ref().map_or("down".to_owned(), ToString::to_string)];
    if node.paused {
        parts.push("paused".to_owned());
    }
    match &node.storage {
        Some(storage) if node.state.as_ref() == Some(storage) => parts[0] += " (saved)",
        Some(storage) => parts.push(format!("saved {storage}")),
        None => {}
    }
    if !node.timers.is_empty() {
        let timers: Vec<_> = node.timers.iter().map(ToString::to_string).collect();
        parts.push(format!("timers {}", timers.join(", ")));
    }
    parts.extend(node.choices.iter().map(|(key, options)| {
        let options: Vec<_> = options.iter().map(ToString::to_string).collect();
        format!("choice {key} among {}", options.join(", "))
    }));
    parts.join("; ")
}

/// What happened, in a word. Faults are in capitals.
fn event(action: &Action) -> &'static str {
    match action.kind() {
        kind @ (ActionKind::Deliver
        | ActionKind::Timeout
        | ActionKind::Choose
        | ActionKind::Restart
        | ActionKind::Resume
        | ActionKind::Heal
        | ActionKind::Tick) => kind.word(),
        ActionKind::Drop => "LOST",
        ActionKind::Duplicate => "DUPLICATE",
        ActionKind::Corrupt => "CORRUPT",
        ActionKind::Crash | ActionKind::LoseSave | ActionKind::TearSave => "CRASH",
        ActionKind::Pause => "PAUSE",
        ActionKind::Partition => "PARTITION",
        ActionKind::Drift => "DRIFT",
    }
}

fn happening(action: &Action) -> String {
    match action {
        Action::Duplicate { .. } => format!("{} (and a copy stays in flight)", action.subject()),
        Action::Corrupt { from, to, message, arrives } => format!("{from} -> {to}: {message} arrives as {arrives}"),
        Action::LoseSave { node } => format!("{node}, and its last save is lost"),
        Action::TearSave { node, storage } => format!("{node}, and its last save is torn: {storage}"),
        Action::Heal => "the network is whole again".to_owned(),
        Action::Tick => "time passes".to_owned(),
        Action::Drift { node, ticks } if *ticks > 0 => format!("the clock of {node} gains a tick"),
        Action::Drift { node, .. } => format!("the clock of {node} will miss a tick"),
        Action::Deliver { .. }
        | Action::Timeout { .. }
        | Action::Choose { .. }
        | Action::Restart { .. }
        | Action::Resume { .. }
        | Action::Drop { .. }
        | Action::Crash { .. }
        | Action::Pause { .. }
        | Action::Partition { .. } => action.subject(),
    }
}

/// What came of a step, a line each.
pub fn outcome(step: &Step) -> Vec<String> {
    let mut lines: Vec<String> = step.changes.iter().filter_map(|one| changed(one, &step.changes)).collect();
    lines.extend(messages("sends", &step.sent));
    lines.extend(messages("sent, and it is LOST:", &step.lost));
    if lines.is_empty() && !says_all(&step.action) {
        lines.push("nothing else changes".to_owned());
    }
    lines
}

/// Whether the action itself says what came of it.
fn says_all(action: &Action) -> bool {
    match action {
        Action::Drop { .. }
        | Action::Resume { .. }
        | Action::Heal
        | Action::Tick
        | Action::Pause { .. }
        | Action::Partition { .. }
        | Action::Drift { .. } => true,
        Action::Deliver { .. }
        | Action::Timeout { .. }
        | Action::Choose { .. }
        | Action::Restart { .. }
        | Action::Duplicate { .. }
        | Action::Corrupt { .. }
        | Action::Crash { .. }
        | Action::LoseSave { .. }
        | Action::TearSave { .. } => false,
    }
}

/// One change, in a line. What a node has changed and saved alike is said once.
fn changed(change: &Change, all: &[Change]) -> Option<String> {
    let alike = |part| all.contains(&Change { part, ..change.clone() });
    let node = change.node.as_deref().unwrap_or_default();
    let what = difference(change);
    let comes_or_goes = change.path.is_empty() && (change.before.is_none() || change.after.is_none());
    Some(match change.part {
        // Its state, which is new or gone, tells it.
        Part::Up => return None,
        Part::State => match (&change.before, &change.after) {
            (None, Some(state)) if comes_or_goes => format!("{node} is up again as {state}"),
            (Some(state), None) if comes_or_goes => format!("{node} is down and has lost {state}"),
            _ if alike(Part::Storage) => format!("{node}: {what} (saved)"),
            _ => format!("{node}: {what}"),
        },
        Part::Storage if alike(Part::State) && !comes_or_goes => return None,
        Part::Storage => format!("{node} saves: {what}"),
        Part::Timers => format!("{node} timers: {what}"),
        Part::Choices => format!("{node} choices: {what}"),
        Part::History => format!("history: {what}"),
    })
}

/// `place before -> after`, or the place and value of something new after `+`, of something gone after `-`.
fn difference(change: &Change) -> String {
    let place = |end: &str| if change.path.is_empty() { String::new() } else { format!("{}{end} ", change.path) };
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("{}{before} -> {after}", place("")),
        (Some(before), None) => format!("- {}{before}", place(":")),
        (None, Some(after)) => format!("+ {}{after}", place(":")),
        (None, None) => change.path.clone(),
    }
}

/// Messages with a verb, a line for those of one sender with one content.
fn messages(verb: &str, messages: &[InFlight]) -> Vec<String> {
    let line = |one: &InFlight| format!("{} {verb} {} to ", one.from, one.message);
    let lines = grouped(messages.iter().map(|one| (line(one), one.to.as_str())));
    lines.into_iter().map(|(line, receivers)| line + &receivers.join(", ")).collect()
}

/// The members of each group, in the order in which the groups begin.
fn grouped<'a>(pairs: impl Iterator<Item = (String, &'a str)>) -> IndexMap<String, Vec<&'a str>> {
    let mut groups: IndexMap<String, Vec<&str>> = IndexMap::new();
    for (group, member) in pairs {
        groups.entry(group).or_default().push(member);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::super::script::{acquire, deadlock, deliver, in_flight, instance, lease};
    use super::*;
    use crate::system::Value;

    #[test]
    fn a_counterexample_is_told() {
        let system = lease();
        let trace = Trace::of(&system, &system.path(), &instance(), 0);
        insta::assert_snapshot!(story(&trace), @r"
        one-holder is violated after 7 steps
          the claim     at any time at most one client holds the lease
          checked       lease with clients = 2; deviation forget-holder; unordered network; at most 1 lost message;
                          at most 1 crash

             start      client0, client1: Waiting
                        server: {holder: none, last_token: 0} (saved)
                        client0 has sent Acquire { ttl_ms: 500 } to server
                        client1 has sent Acquire { ttl_ms: 500 } to server
          1  deliver    client0 -> server: Acquire { ttl_ms: 500 }
                          server: holder none -> client0
                          server: last_token 0 -> 1 (saved)
                          server sends Granted { token: 1, to: client0 } to client0, client1
          2  LOST       server -> client1: Granted { token: 1, to: client0 }
          3  deliver    server -> client0: Granted { token: 1, to: client0 }
                          client0: Waiting -> Holding(1)
                          client0 timers: + Renew
                          history: + [0]: client0
          4  CRASH      server
                          server is down and has lost {holder: client0, last_token: 1}
          5  restart    server
                          server is up again as {holder: none, last_token: 1}
          6  deliver    client1 -> server: Acquire { ttl_ms: 500 }
                          server: holder none -> client1
                          server sends Granted { token: 1, to: client1 } to client0, client1
          7  deliver    server -> client1: Granted { token: 1, to: client1 }
                          client1: Waiting -> Holding(1)
                          client1 timers: + Renew
                          history: + [1]: client1

        one-holder is violated: client0 and client1 hold the lease, both with token 1
        ");
    }

    #[test]
    fn choices_duplicates_and_a_deadlock_are_told() {
        let system = deadlock();
        let trace = Trace::of(&system, &system.path(), &instance(), 0);
        insta::assert_snapshot!(story(&trace), @r"
        somebody-wins is violated after 3 steps
          the claim     a game ends with a winner
          checked       lease with clients = 2; deviation forget-holder; unordered network; at most 1 lost message;
                          at most 1 crash

             start      coin: {side: none}; timers Flip
                        player: []
          1  timeout    coin: Flip
                          coin timers: - Flip
                          coin choices: + side: [1, 2]
          2  choose     coin: side = 2
                          coin: [side] none -> 2
                          coin saves: + 2
                          coin choices: - side: [1, 2]
                          coin sends 2 to player
          3  DUPLICATE  coin -> player: 2 (and a copy stays in flight)
                          player: + [0]: 2

        Nothing but faults can happen any more.
        somebody-wins is violated: player waits for a 1
        ");
    }

    #[test]
    fn the_story_is_the_same_after_the_file() {
        for system in [lease(), deadlock()] {
            let trace = Trace::of(&system, &system.path(), &instance(), 0);
            let read = Trace::parse(&trace.to_json(), "a.json").unwrap();
            assert_eq!(read, trace);
            assert_eq!(story(&read), story(&trace));
        }
    }

    #[test]
    fn a_long_payload_goes_on_in_the_next_line_and_nothing_is_left_out() {
        let system = lease();
        let mut trace = Trace::of(&system, &system.path(), &instance(), 0);
        let words: Vec<String> = (0..80).map(|ix| format!("w{ix}")).collect();
        let long = Value::Seq(words.iter().cloned().map(Value::Text).collect());
        trace.steps[0].action =
            Action::Deliver { from: "client0".to_owned(), to: "server".to_owned(), message: long.clone() };
        trace.steps[0].changes[0].after = Some(long);
        let story = story(&trace);
        assert!(story.lines().all(|line| line.chars().count() <= 110));
        for word in words {
            let is_word = |text: &&str| text.trim_matches(|c: char| !c.is_alphanumeric()) == word;
            assert_eq!(story.split_whitespace().filter(is_word).count(), 2, "{word}");
        }
    }

    #[test]
    fn what_a_crash_takes_out_of_flight_is_marked() {
        let gone = in_flight("client0", "server", &acquire());
        let step = Step {
            action: Action::Crash { node: "server".to_owned() },
            changes: Vec::new(),
            sent: Vec::new(),
            lost: vec![gone],
        };
        assert_eq!(outcome(&step), ["client0 sent, and it is LOST: Acquire { ttl_ms: 500 } to server"]);
        let idle = Step { action: deliver("client0", "server", &acquire()), lost: Vec::new(), ..step };
        assert_eq!(outcome(&idle), ["nothing else changes"]);
    }
}
