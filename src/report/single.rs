//! One run in full: a line for each property, then the stories.

use super::assurance::Assurance;
use super::numbers::{bytes, count, counted, elapsed};
use super::style::{BAD, DOUBTFUL, FAINT, GOOD, STRONG, paint};
use super::wrap::wrapped;
use crate::engine::{Cut, Ended, Statistics, Verdict};
use crate::spec::{Checked, Conclusion, Failure, Outcome};
use crate::trace::story;

/// A run that was put together on the command line.
pub fn single(checked: &Checked) -> String {
    let title = paint(STRONG, &checked.check.instance.protocol);
    let title = format!("{title}  {}", checked.check.name);
    match &checked.conclusion {
        Conclusion::Refused(sentence) => format!("{}: {sentence}\n", paint(BAD, "error")),
        Conclusion::Skipped | Conclusion::OutOfTime => format!("{}: {title}\n", paint(DOUBTFUL, "not run")),
        Conclusion::Searched(outcome) => {
            let (properties, stories) = (properties(checked, outcome), stories(outcome));
            let rests_on = wrapped("  ", 2, 2, &Assurance::of(checked, outcome).sentence());
            let audit = audit(outcome);
            format!("{}\n\n{properties}\n{}{rests_on}{audit}{stories}", title.trim_end(), numbers(outcome))
        }
    }
}

fn properties(checked: &Checked, outcome: &Outcome) -> String {
    let width = outcome.properties.iter().map(|card| card.name.chars().count()).max().unwrap_or_default();
    let line = |(ix, card): (usize, &crate::system::PropertyCard)| {
        let verdict = outcome.verdict(ix);
        let style = match verdict {
            Verdict::Holds | Verdict::Reachable => GOOD,
            Verdict::Violated => BAD,
            Verdict::Unreachable | Verdict::Undecided(_) => DOUBTFUL,
        };
        let more = match (verdict, outcome.steps(ix)) {
            (Verdict::Undecided(cut), _) => format!(": {cut}"),
            (_, Some(steps)) => format!(" in {}", counted(u64::from(steps), "step")),
            (Verdict::Unreachable, None) => ": what holds may hold because nothing happens".to_owned(),
            (Verdict::Holds | Verdict::Violated | Verdict::Reachable, None) => String::new(),
        };
        let kind = card.kind.word();
        format!(
            "  {:width$}  {}  {}{more}{}\n",
            card.name,
            paint(FAINT, format!("{kind:11}")),
            paint(style, verdict.word()),
            checked.fairness(ix).map(|fairness| paint(FAINT, format!("  ({fairness})"))).unwrap_or_default(),
        )
    };
    outcome.properties.iter().enumerate().map(line).collect()
}

fn numbers(outcome: &Outcome) -> String {
    let Statistics { distinct, generated, depth, peak_bytes, elapsed_us, .. } = &outcome.exploration.statistics;
    let ended = match outcome.exploration.ended {
        Ended::Complete => "every reachable state was seen".to_owned(),
        Ended::Stopped => Cut::Stopped.to_string(),
        Ended::Cut(cut) => cut.to_string(),
    };
    format!(
        "  {}, {} generated, depth {depth}, {}, {}; {ended}\n",
        counted(*distinct, "distinct state"),
        count(*generated),
        elapsed(*elapsed_us),
        bytes(*peak_bytes),
    )
}

/// What an audit has found: no verdict counts.
fn audit(outcome: &Outcome) -> String {
    let unsound = outcome.failures.iter().filter(|failure| matches!(failure, Failure::Unsound { .. }));
    unsound.map(|failure| format!("  {}\n", paint(BAD, failure))).collect()
}

fn stories(outcome: &Outcome) -> String {
    let violated = (0..outcome.properties.len()).filter(|ix| outcome.verdict(*ix) == Verdict::Violated);
    let traces = violated.filter_map(|ix| outcome.traces[ix].as_ref());
    traces.map(|trace| format!("\n{}", story(trace))).collect()
}
