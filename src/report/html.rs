//! A whole run as one page: every check in a line, and every violation to look at.
//!
//! The page needs the states on the way and what was possible in each, which no trace keeps: the traces are taken again.

use super::Run;
use super::traces::{self, Retold};
use super::viewer::{CheckLine, Offline, OfflineRun, html};
use crate::exit::Exit;
use crate::spec::{Checked, Conclusion};
use crate::trace::{Code, NO_RETURN_STATES_MAX, Outcome, Trace, retake, understood};

/// Violations on one page; the rest is named and not shown.
const RUNS_MAX: usize = 40;

pub(super) fn report(run: &Run<'_>) -> String {
    let violations = run.checks.iter().flat_map(|checked| {
        let violations = checked.traces().filter(|trace| trace.verdict == Outcome::Violated);
        violations.map(move |trace| (checked, trace))
    });
    let shown = violations.filter_map(|(checked, trace)| shown(run, checked, trace)).take(RUNS_MAX).collect();
    html(&Offline { title: "quorate check".to_owned(), runs: shown, checks: run.checks.iter().map(line).collect() })
}

fn shown(run: &Run<'_>, checked: &Checked, trace: &Trace) -> Option<OfflineRun> {
    let entry = run.catalogue.iter().find(|entry| entry.card().name == trace.instance.protocol).copied()?;
    let system = entry.build(&trace.instance).ok()?;
    let property_ix = system.properties().iter().position(|card| card.name == trace.property)?;
    let (_, path) = retake(&*system, trace, property_ix);
    let path = path?;
    let trace = understood(trace.clone(), &*system, &path, Some(entry), NO_RETURN_STATES_MAX);
    let states: Vec<_> = path.states.iter().map(|state| system.snapshot(state)).collect();
    let code = Code::of(&*system, &path, &trace.instance, &trace.property).text();
    let title = format!("{}: {}: {}", trace.instance.protocol, checked.check.name, trace.property);
    let retold = Retold { trace: &trace, states: &states, code: &code, system: &*system, path: &path };
    Some(traces::run(retold, title))
}

fn line(checked: &Checked) -> CheckLine {
    let words = match &checked.conclusion {
        Conclusion::Searched(outcome) => {
            let verdicts = outcome.properties.iter().enumerate();
            let told = verdicts.map(|(ix, card)| format!("{} {}", card.name, outcome.verdict(ix).word()));
            told.collect::<Vec<_>>().join(", ")
        }
        Conclusion::Refused(why) => why.clone(),
        Conclusion::Skipped => "not run: the run was interrupted".to_owned(),
        Conclusion::OutOfTime => "not run: the time was spent".to_owned(),
    };
    let title = format!("{}: {}", checked.check.instance.protocol, checked.check.name);
    CheckLine { title, expected: checked.exit() == Exit::Expected, words }
}
