//! A trace as a test: it fails once the trace no longer applies.

use super::{Code, Trace};
use crate::cluster::Entry;

/// Follows a code in the protocols of a catalogue, and returns what its property finds at the end.
///
/// It is what the tests call that [`test_source`] writes.
///
/// # Errors
/// A sentence: the text is no code, the catalogue has not its protocol, a step cannot be taken any more, or the
/// property finds nothing at the end.
pub fn confirm(catalogue: &[&dyn Entry], code: &str) -> Result<String, String> {
    let code = Code::parse(code).map_err(|error| error.to_string())?;
    let protocol = &code.instance.protocol;
    let entry = catalogue.iter().find(|entry| entry.card().name == protocol);
    let entry = entry.ok_or_else(|| format!("the catalogue has no protocol `{protocol}`"))?;
    let system = entry.build(&code.instance)?;
    let property_ix = system.properties().iter().position(|card| card.name == code.property);
    let property_ix = property_ix.ok_or_else(|| format!("{protocol} has no property `{}`", code.property))?;
    let path = code.follow(&*system).map_err(|astray| format!("step {} cannot be taken any more", astray.step))?;
    let last = path.states.last().ok_or("the system has no start")?;
    let evidence = system.evidence(last, property_ix);
    evidence.map(|evidence| evidence.sentence).ok_or_else(|| format!("{} finds nothing at the end", code.property))
}

/// The source of a Rust test that confirms the trace; `catalogue` is the path of the catalogue in its crate.
pub fn test_source(trace: &Trace, code: &str, catalogue: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    let name: String = format!("{} {} is {}", trace.instance.protocol, trace.property, trace.verdict.word())
        .chars()
        .map(letter)
        .collect();
    let actions: Vec<String> = trace.steps.iter().map(|step| step.action.to_string().replace('\n', " ")).collect();
    let steps: String = actions.iter().enumerate().map(|(ix, action)| format!("/// {}. {action}\n", ix + 1)).collect();
    format!(
        "/// {}\n///\n{steps}#[test]\nfn {name}() {{\n    let code = \"{code}\";\n    let evidence = quorate::trace::confirm({catalogue}, code).expect(\"the trace still applies\");\n    assert_eq!(evidence, {:?});\n}}\n",
        trace.claim.replace('\n', " "),
        trace.evidence
    )
}
