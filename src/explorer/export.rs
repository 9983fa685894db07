//! A run in other forms.

use super::desk::{Document, Refusal};
use super::runs::Run;
use crate::report::traces::{Retold, TRACE_FORMATS};
use crate::report::viewer::{Telling, svg};
use crate::spec::nearest;
use crate::system::Snapshot;
use crate::trace::{setting, test_source};

/// The run in the form with this name. One that shows nothing of a property has only its picture and its code.
pub(super) fn export(run: &Run, form: &str) -> Result<Document, Refusal> {
    let name = |extension: &str| format!("{}.{extension}", run.instance.protocol);
    let Some(trace) = run.trace() else {
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
    let states: Vec<Snapshot> = run.path.states.iter().map(|state| run.system.snapshot(state)).collect();
    let code = run.code();
    let retold = Retold { trace: &trace, states: &states, code: &code, system: &*run.system, path: &run.path };
    Ok(Document { name: name(format.extension), mime: mime(format.extension), text: (format.write)(retold) })
}

fn mime(extension: &str) -> &'static str {
    match extension {
        "svg" => "image/svg+xml",
        "html" => "text/html; charset=utf-8",
        "json" | "itf.json" => "application/json",
        _ => "text/plain; charset=utf-8",
    }
}
