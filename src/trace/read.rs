//! From a file's text to a trace, or why it is none.

use serde_json::Value as Json;
use thiserror::Error;

use super::{FORMAT, Trace, VERSION};

/// Why a text is not a trace that this tool can read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TraceError {
    /// The text ends in the middle.
    #[error("{file}:{line}:{column}: the trace ends too early: the file was cut off or not written to its end")]
    Truncated {
        /// The file.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1; 0 before the first.
        column: usize,
    },
    /// The text is not JSON.
    #[error("{file}:{line}:{column}: not JSON: {why}; a trace is one JSON object")]
    NotJson {
        /// The file.
        file: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1; 0 before the first.
        column: usize,
        /// What the parser says.
        why: String,
    },
    /// The text is JSON, but nothing says that it is a trace.
    #[error("{file}: not a trace: {found}; expected a JSON object with \"format\": \"{FORMAT}\" and a \"version\"")]
    NotATrace {
        /// The file.
        file: String,
        /// What there is instead.
        found: String,
    },
    /// The trace is of a version that this tool does not read.
    #[error(
        "{file}: version {found} of the trace format; quorate {} reads version {VERSION}",
        env!("CARGO_PKG_VERSION")
    )]
    OtherVersion {
        /// The file.
        file: String,
        /// Its version, as it stands there.
        found: String,
    },
    /// The trace lacks a member, or has one that is not what it should be.
    #[error("{file}:{line}:{column}: not a trace of version {VERSION}: {why}")]
    Malformed {
        /// The file.
        file: String,
        /// Line, from 1: where the parser noticed, which for a member that is missing is the end of its object.
        line: usize,
        /// Column, from 1; 0 before the first.
        column: usize,
        /// What is wrong, and what was expected.
        why: String,
    },
}

impl Trace {
    /// Reads the text of a trace file. `file` is what errors call it.
    ///
    /// # Errors
    /// See [`TraceError`].
    pub fn parse(text: &str, file: &str) -> Result<Self, TraceError> {
        let json: Json = serde_json::from_str(text).map_err(|error| syntax_error(&error, file))?;
        check_heading(&json, file)?;
        serde_json::from_str(text).map_err(|error| TraceError::Malformed {
            file: file.to_owned(),
            line: error.line(),
            column: error.column(),
            why: match what(&error) {
                // The syntax is right: this is how the parser says that a word should stand here.
                why if why == "expected value" => "expected a word".to_owned(),
                why => why,
            },
        })
    }
}

fn syntax_error(error: &serde_json::Error, file: &str) -> TraceError {
    let (file, line, column) = (file.to_owned(), error.line(), error.column());
    if error.is_eof() {
        TraceError::Truncated { file, line, column }
    } else {
        TraceError::NotJson { file, line, column, why: what(error) }
    }
}

/// Whether this is a trace, and of a version that can be read: what must be known before the rest is looked at.
fn check_heading(json: &Json, file: &str) -> Result<(), TraceError> {
    let not_a_trace = |found: String| Err(TraceError::NotATrace { file: file.to_owned(), found });
    match (json.get("format"), json.get("version")) {
        _ if !json.is_object() => not_a_trace(format!("it is {}", sort(json))),
        (None, _) => not_a_trace("it has no \"format\"".to_owned()),
        (Some(format), _) if format != FORMAT => not_a_trace(format!("its \"format\" is {format}")),
        (Some(_), None) => not_a_trace("it has no \"version\"".to_owned()),
        (Some(_), Some(version)) if version != VERSION => {
            Err(TraceError::OtherVersion { file: file.to_owned(), found: version.to_string() })
        }
        (Some(_), Some(_)) => Ok(()),
    }
}

fn sort(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// What the parser says, without the place that it puts at the end.
fn what(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&place).unwrap_or(&message).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::script::{deadlock, instance, lease};
    use super::*;

    fn text() -> String {
        let system = lease();
        Trace::of(&system, &system.path(), &instance(), 0).to_json()
    }

    fn message(text: &str) -> String {
        Trace::parse(text, "a.json").unwrap_err().to_string()
    }

    fn without(member: &str) -> String {
        let mut json: Json = serde_json::from_str(&text()).unwrap();
        json.as_object_mut().unwrap().shift_remove(member).unwrap();
        json.to_string()
    }

    #[test]
    fn a_stranger_can_read_the_file() {
        let system = deadlock();
        insta::assert_snapshot!(Trace::of(&system, &system.path(), &instance(), 0).to_json(), @r#"
        {
          "format": "quorate-trace",
          "version": 1,
          "quorate": "0.1.0",
          "instance": {
            "protocol": "lease",
            "params": {
              "clients": 2
            },
            "deviations": [
              "forget-holder"
            ],
            "environment": {
              "network": "unordered",
              "no_op": "wait",
              "loss": {
                "total": 1,
                "of": []
              },
              "duplicates": {
                "total": 0,
                "of": []
              },
              "crashes": {
                "total": 1,
                "at_once": "unlimited",
                "of": [],
                "restart": true,
                "in_flight": "kept"
              }
            }
          },
          "property": "somebody-wins",
          "kind": "no-deadlock",
          "verdict": "violated",
          "claim": "a game ends with a winner",
          "evidence": "player waits for a 1",
          "start": {
            "nodes": [
              {
                "name": "coin",
                "state": {
                  "side": null
                },
                "timers": [
                  "Flip"
                ],
                "choices": {}
              },
              {
                "name": "player",
                "state": [],
                "timers": [],
                "choices": {}
              }
            ],
            "network": [],
            "history": null,
            "budgets": {
              "duplicates": 1
            }
          },
          "steps": [
            {
              "action": {
                "kind": "timeout",
                "node": "coin",
                "timer": "Flip"
              },
              "changes": [
                {
                  "node": "coin",
                  "part": "timers",
                  "path": "",
                  "before": "Flip"
                },
                {
                  "node": "coin",
                  "part": "choices",
                  "path": "side",
                  "after": [
                    1,
                    2
                  ]
                }
              ],
              "sent": []
            },
            {
              "action": {
                "kind": "choose",
                "node": "coin",
                "key": "side",
                "choice": 2
              },
              "changes": [
                {
                  "node": "coin",
                  "part": "state",
                  "path": "[side]",
                  "before": null,
                  "after": 2
                },
                {
                  "node": "coin",
                  "part": "storage",
                  "path": "",
                  "after": 2
                },
                {
                  "node": "coin",
                  "part": "choices",
                  "path": "side",
                  "before": [
                    1,
                    2
                  ]
                }
              ],
              "sent": [
                {
                  "from": "coin",
                  "to": "player",
                  "message": 2
                }
              ]
            },
            {
              "action": {
                "kind": "duplicate",
                "from": "coin",
                "to": "player",
                "message": 2
              },
              "changes": [
                {
                  "node": "player",
                  "part": "state",
                  "path": "[0]",
                  "after": 2
                }
              ],
              "sent": []
            }
          ]
        }
        "#);
    }

    #[test]
    fn a_file_cut_off_anywhere_is_an_error_and_never_a_trace() {
        let text = text();
        for end in 0..text.trim_end().len() {
            match Trace::parse(&text[..end], "a.json") {
                Err(TraceError::Truncated { .. }) => {}
                other => panic!("cut at {end}: {other:?}"),
            }
        }
        insta::assert_snapshot!(
            message(&text[..60]),
            @"a.json:4:13: the trace ends too early: the file was cut off or not written to its end"
        );
    }

    #[test]
    fn what_is_no_trace_is_named() {
        insta::assert_snapshot!(
            message("protocol = \"paxos\""),
            @"a.json:1:1: not JSON: expected value; a trace is one JSON object"
        );
        insta::assert_snapshot!(
            message("[1, 2]"),
            @r#"a.json: not a trace: it is a list; expected a JSON object with "format": "quorate-trace" and a "version""#
        );
        insta::assert_snapshot!(
            message("{}"),
            @r#"a.json: not a trace: it has no "format"; expected a JSON object with "format": "quorate-trace" and a "version""#
        );
        insta::assert_snapshot!(
            message("{\"format\": \"itf\", \"version\": 1}"),
            @r#"a.json: not a trace: its "format" is "itf"; expected a JSON object with "format": "quorate-trace" and a "version""#
        );
        insta::assert_snapshot!(
            message(&without("format")),
            @r#"a.json: not a trace: it has no "format"; expected a JSON object with "format": "quorate-trace" and a "version""#
        );
        insta::assert_snapshot!(
            message(&without("version")),
            @r#"a.json: not a trace: it has no "version"; expected a JSON object with "format": "quorate-trace" and a "version""#
        );
    }

    #[test]
    fn another_version_is_named_with_the_one_that_is_read() {
        insta::assert_snapshot!(
            message("{\"format\": \"quorate-trace\", \"version\": 2}"),
            @"a.json: version 2 of the trace format; quorate 0.1.0 reads version 1"
        );
        insta::assert_snapshot!(
            message("{\"format\": \"quorate-trace\", \"version\": \"x\"}"),
            @r#"a.json: version "x" of the trace format; quorate 0.1.0 reads version 1"#
        );
    }

    #[test]
    fn a_member_that_is_missing_or_wrong_is_named_with_its_place() {
        insta::assert_snapshot!(
            message(&without("steps")),
            @"a.json:1:991: not a trace of version 1: missing field `steps`"
        );
        let text = text();
        insta::assert_snapshot!(
            message(&text.replacen("\"deliver\"", "\"devour\"", 1)),
            @"a.json:95:24: not a trace of version 1: unknown variant `devour`, expected one of `deliver`, `timeout`, `choose`, `restart`, `resume`, `heal`, `tick`, `drop`, `duplicate`, `corrupt`, `crash`, `lose-save`, `tear-save`, `pause`, `partition`, `drift`"
        );
        insta::assert_snapshot!(
            message(&text.replacen("\"to\"", "\"two\"", 1)),
            @"a.json:75:7: not a trace of version 1: missing field `to`"
        );
        insta::assert_snapshot!(
            message(&text.replacen("\"always\"", "7", 1)),
            @"a.json:34:11: not a trace of version 1: expected a word"
        );
    }

    #[test]
    fn members_that_are_not_known_are_ignored() {
        let mut json: Json = serde_json::from_str(&text()).unwrap();
        json["colour"] = json!("red");
        assert_eq!(Trace::parse(&json.to_string(), "a.json"), Trace::parse(&text(), "a.json"));
    }
}
