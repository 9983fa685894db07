//! A run in other forms.

use super::comparison::{correct, point_of_no_return};
use super::desk::{Document, Refusal};
use super::runs::{Run, Runs};
use crate::report::traces::{Retold, TRACE_FORMATS};
use crate::report::viewer::{Telling, svg};
use crate::spec::nearest;
use crate::system::Snapshot;
use crate::trace::{Trace, contrast, setting, test_source};

/// The run in the form with this name. One that shows nothing of a property has only its picture and its code.
pub(super) fn export(runs: &Runs<'_>, run: &Run, form: &str) -> Result<Document, Refusal> {
    let name = |extension: &str| format!("{}.{extension}", run.instance.protocol);
    let Some(mut trace) = run.trace() else {
        return match form {
            "svg" => {
                let telling = Telling::of(&*run.system, &run.path, &run.instance, run.code());
                Ok(Document {
                    name: name("svg"),
                    mime: mime("svg"),
                    text: svg(&telling.diagram, &setting(&run.instance)),
                })
            }
            "code" => Ok(Document { name: name("q1"), mime: mime("q1"), text: format!("{}\n", run.code()) }),
            _ => Err(Refusal::bad(format!(
                "this run shows nothing of a property yet, and {form} is a form of what was shown; svg and code are there"
            ))),
        };
    };
    if form == "test" {
        let text = test_source(&trace, &run.code(), "quorate_models::CATALOGUE");
        return Ok(Document { name: name("rs"), mime: mime("rs"), text });
    }
    let Some(format) = TRACE_FORMATS.iter().find(|format| format.name == form) else {
        let near = nearest(form, TRACE_FORMATS.iter().map(|format| format.name));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(Refusal::not_found(format!("there is no form `{form}`{near}")));
    };
    understand(runs, run, &mut trace);
    let states: Vec<Snapshot> = run.path.states.iter().map(|state| run.system.snapshot(state)).collect();
    let code = run.code();
    let retold = Retold { trace: &trace, states: &states, code: &code, system: &*run.system, path: &run.path };
    Ok(Document { name: name(format.extension), mime: mime(format.extension), text: (format.write)(retold) })
}

/// Adds to the trace what its violation hangs on.
fn understand(runs: &Runs<'_>, run: &Run, trace: &mut Trace) {
    trace.no_return = point_of_no_return(run);
    trace.contrast = correct(runs, run).map(|correct| contrast(&*correct, trace));
}

fn mime(extension: &str) -> &'static str {
    match extension {
        "svg" => "image/svg+xml",
        "html" => "text/html; charset=utf-8",
        "json" | "itf.json" => "application/json",
        _ => "text/plain; charset=utf-8",
    }
}
