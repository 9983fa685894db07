//! SARIF 2.1.0, for code scanning: a rule for each property, a result for each failure.
//!
//! A result stands where its check stands in the manifest; the trace is its code flow, a location for each step.
//! What a check expects and finds is no result: a red row is one, whichever way it is red.

use serde_json::{Value as Json, json};

use super::failures::told;
use super::format::Run;
use crate::exit::Exit;
use crate::spec::{Check, Checked, Conclusion, Failure, Outcome};
use crate::trace::Trace;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Rules in the order in which they are first spoken of.
#[derive(Default)]
struct Rules {
    ids: Vec<String>,
    rules: Vec<Json>,
}

impl Rules {
    /// The place of a rule.
    fn ix(&mut self, id: &str, about: &str) -> usize {
        if let Some(ix) = self.ids.iter().position(|other| other == id) {
            return ix;
        }
        self.ids.push(id.to_owned());
        self.rules.push(json!({
            "id": id,
            "name": id,
            "shortDescription": { "text": about },
            "defaultConfiguration": { "level": "error" },
        }));
        self.ids.len() - 1
    }
}

pub(super) fn report(run: &Run<'_>) -> String {
    let mut rules = Rules::default();
    for outcome in run.checks.iter().filter_map(|checked| Some((checked, checked.outcome()?))) {
        let (checked, outcome) = outcome;
        for card in &outcome.properties {
            rules.ix(&format!("{}/{}", checked.check.instance.protocol, card.name), &card.about);
        }
    }
    let results: Vec<Json> = run.checks.iter().flat_map(|checked| results(checked, &mut rules)).collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "quorate",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.rules,
            } },
            "invocations": [{
                "executionSuccessful": !matches!(run.exit, Exit::Usage | Exit::Internal | Exit::Interrupted),
                "exitCode": run.exit.code(),
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    super::json::text(&document)
}

fn results(checked: &Checked, rules: &mut Rules) -> Vec<Json> {
    let check = &checked.check;
    let of_run = |rules: &mut Rules, word: &str, sentence: &str| {
        let rule = rules.ix(&format!("quorate/{word}"), "A check could not be run");
        vec![result(check, rules, rule, "error", word, sentence, None)]
    };
    match &checked.conclusion {
        Conclusion::Refused(sentence) => of_run(rules, "refused", sentence),
        Conclusion::Skipped => Vec::new(),
        Conclusion::OutOfTime => of_run(rules, "out-of-time", "the time for the whole run was spent"),
        Conclusion::Searched(outcome) => {
            outcome.failures.iter().map(|failure| of_failure(check, outcome, failure, rules)).collect()
        }
    }
}

fn of_failure(check: &Check, outcome: &Outcome, failure: &Failure, rules: &mut Rules) -> Json {
    let card = failure.property_ix().map(|ix| &outcome.properties[ix]);
    let rule = match card {
        Some(card) => rules.ix(&format!("{}/{}", check.instance.protocol, card.name), &card.about),
        None => rules.ix("quorate/count-moved", "The transition relation is the one that was locked"),
    };
    let level = if failure.exit() == Exit::Differs { "error" } else { "warning" };
    let name = card.map(|card| format!("{}: ", card.name)).unwrap_or_default();
    let trace = told(outcome, failure).and_then(|ix| outcome.traces[ix].as_ref());
    result(check, rules, rule, level, failure.word(), &format!("{name}{failure}"), trace)
}

fn result(
    check: &Check,
    rules: &Rules,
    rule_ix: usize,
    level: &str,
    word: &str,
    sentence: &str,
    trace: Option<&Trace>,
) -> Json {
    let evidence = trace.map(|trace| format!("\n{}", trace.evidence)).unwrap_or_default();
    let message = format!("{}: {}: {sentence}{evidence}", check.instance.protocol, check.name);
    let id = &rules.ids[rule_ix];
    let mut result = json!({
        "ruleId": id,
        "ruleIndex": rule_ix,
        "level": level,
        "kind": "fail",
        "message": { "text": message },
        "locations": locations(check),
        // A failure is the same one after lines have moved.
        "partialFingerprints": { "quorateCheck/v1": format!("{id}|{}|{word}", check.name) },
    });
    if let Some(trace) = trace {
        result["codeFlows"] = json!([{
            "message": { "text": trace.claim },
            "threadFlows": [{ "locations": flow(check, trace) }],
        }]);
    }
    result
}

fn locations(check: &Check) -> Vec<Json> {
    let Some((file, line)) = &check.place else { return Vec::new() };
    vec![json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(file) },
        "region": { "startLine": line },
    } })]
}

/// A step for each place of the flow. All of them are in the manifest: a protocol's code runs too often to be in one.
fn flow(check: &Check, trace: &Trace) -> Vec<Json> {
    let place = locations(check).into_iter().next().unwrap_or_else(|| json!({}));
    let at = |text: String, order: usize, importance: &str| {
        let mut location = place.clone();
        location["message"] = json!({ "text": text });
        json!({ "location": location, "executionOrder": order, "importance": importance })
    };
    let mut flow = vec![at("start".to_owned(), 1, "unimportant")];
    for (ix, step) in trace.steps.iter().enumerate() {
        let importance = if step.action.kind().is_fault() { "essential" } else { "important" };
        flow.push(at(format!("{}. {}", ix + 1, step.action), ix + 2, importance));
    }
    let last = flow.len() + 1;
    flow.push(at(trace.evidence.clone(), last, "essential"));
    flow
}

/// A file as a URI has it.
fn uri(file: &str) -> String {
    let mut uri = String::new();
    for byte in file.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri += &format!("%{byte:02X}");
        }
    }
    uri
}
