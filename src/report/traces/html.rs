//! A trace as a page and as a picture.

use super::{Retold, TRACE_FORMATS};
use crate::report::viewer::{Diagram, Export, Offline, OfflineRun, Telling, html, options, svg};
use crate::system::Word;
use crate::trace::{Trace, setting, test_source};

/// Steps that are offered or refused in all rows of one page; beyond, the page offers none.
const OPTIONS_MAX: usize = 20_000;
/// Forms that hold every state whole are left out of the page of a longer trace.
const WHOLE_STATES_STEPS: usize = 300;

/// The trace as a page of its own.
pub(super) fn page(retold: Retold<'_>) -> String {
    let title = title(retold.trace);
    html(&Offline { title: title.clone(), runs: vec![run(retold, title)], checks: Vec::new() })
}

/// The trace as a picture.
pub(super) fn picture(retold: Retold<'_>) -> String {
    let telling = telling(retold);
    picture_of(&telling.diagram, retold.trace)
}

/// What the page tells of a trace.
pub fn run(retold: Retold<'_>, title: String) -> OfflineRun {
    let telling = telling(retold);
    let exports = exports(retold, &telling.diagram);
    OfflineRun { title, telling, options: all_options(retold), exports }
}

fn title(trace: &Trace) -> String {
    format!("{}: {} {}", trace.instance.protocol, trace.property, trace.verdict.word())
}

fn telling(retold: Retold<'_>) -> Telling {
    Telling::of(retold.system, retold.path, &retold.trace.instance, retold.code.to_owned()).shown(retold.trace)
}

fn picture_of(diagram: &Diagram, trace: &Trace) -> String {
    svg(diagram, &format!("{}: {}. {}", title(trace), trace.evidence, setting(&trace.instance)))
}

/// What is possible in each row, as far as there is room.
fn all_options(retold: Retold<'_>) -> Vec<crate::report::viewer::Options> {
    let environment = &retold.trace.instance.environment;
    let mut room = OPTIONS_MAX;
    let mut fits = |state: &[Word]| {
        let options = options(retold.system, state, environment);
        room = room.checked_sub(options.possible.len() + options.impossible.len())?;
        Some(options)
    };
    retold.path.states.iter().map_while(|state| fits(state)).collect()
}

/// The other forms, but this page.
fn exports(retold: Retold<'_>, diagram: &Diagram) -> Vec<Export> {
    let is_short = retold.trace.steps.len() <= WHOLE_STATES_STEPS;
    let forms =
        TRACE_FORMATS.iter().filter(|form| !matches!(form.name, "html" | "svg") && (is_short || form.name != "itf"));
    let text =
        |form: &super::TraceFormat| Export { name: form.name, extension: form.extension, text: (form.write)(retold) };
    let picture = Export { name: "svg", extension: "svg", text: picture_of(diagram, retold.trace) };
    let test = test_source(retold.trace, retold.code, "quorate_models::CATALOGUE");
    let test = Export { name: "test", extension: "rs", text: test };
    forms.map(text).chain([picture, test]).collect()
}
