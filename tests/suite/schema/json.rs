//! JSON Schema, draft 7.

use serde_json::Value as Json;

/// What of `document` is not as `schema` has it, each with its place; empty if it is valid.
pub(crate) fn violations(schema: &Json, document: &Json) -> Vec<String> {
    let mut judge = Judge { root: schema, found: Vec::new() };
    judge.look(schema, document, "$");
    judge.found
}

struct Judge<'s> {
    root: &'s Json,
    found: Vec<String>,
}

/// Keywords that say nothing of a document.
const REMARKS: [&str; 8] = ["$schema", "$id", "id", "title", "description", "definitions", "default", "format"];

impl<'s> Judge<'s> {
    fn wrong(&mut self, at: &str, why: impl std::fmt::Display) {
        self.found.push(format!("{at}: {why}"));
    }

    fn is_valid(&self, schema: &'s Json, value: &Json) -> bool {
        let mut judge = Judge { root: self.root, found: Vec::new() };
        judge.look(schema, value, "");
        judge.found.is_empty()
    }

    fn look(&mut self, schema: &'s Json, value: &Json, at: &str) {
        let keywords = match schema {
            Json::Bool(true) => return,
            Json::Object(keywords) => keywords,
            _ => panic!("{at}: {schema} is no schema that this judge knows"),
        };
        for (keyword, says) in keywords {
            match keyword.as_str() {
                "$ref" => self.look(self.target(says.as_str().unwrap()), value, at),
                "type" if !types(says).any(|name| is_of_type(value, name)) => {
                    self.wrong(at, format!("{value} is not of type {says}"));
                }
                "const" if value != says => self.wrong(at, format!("{value} is not {says}")),
                "enum" if !says.as_array().unwrap().contains(value) => {
                    self.wrong(at, format!("{value} is none of {says}"));
                }
                "anyOf" if !self.count(says, value, |count| count > 0) => {
                    self.wrong(at, format!("{value} is as none of anyOf"));
                }
                "oneOf" if !self.count(says, value, |count| count == 1) => {
                    self.wrong(at, format!("{value} is not as exactly one of oneOf"));
                }
                "allOf" => says.as_array().unwrap().iter().for_each(|one| self.look(one, value, at)),
                "type" | "const" | "enum" | "anyOf" | "oneOf" => {}
                remark if REMARKS.contains(&remark) => {}
                _ => match value {
                    Json::Object(members) => self.object(keyword, says, keywords, members, at),
                    Json::Array(items) => self.array(keyword, says, items, at),
                    Json::String(text) => self.text(keyword, says, text, at),
                    Json::Number(number) => self.number(keyword, says, number.as_f64().unwrap(), at),
                    Json::Null | Json::Bool(_) => {}
                },
            }
        }
    }

    fn count(&self, schemas: &'s Json, value: &Json, enough: fn(usize) -> bool) -> bool {
        enough(schemas.as_array().unwrap().iter().filter(|schema| self.is_valid(schema, value)).count())
    }

    fn target(&self, reference: &str) -> &'s Json {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} is elsewhere"));
        self.root.pointer(pointer).unwrap_or_else(|| panic!("{reference} is nothing"))
    }

    fn object(
        &mut self,
        keyword: &str,
        says: &'s Json,
        all: &'s serde_json::Map<String, Json>,
        members: &serde_json::Map<String, Json>,
        at: &str,
    ) {
        let below = |name: &str| format!("{at}.{name}");
        match keyword {
            "properties" => {
                for (name, schema) in says.as_object().unwrap() {
                    if let Some(member) = members.get(name) {
                        self.look(schema, member, &below(name));
                    }
                }
            }
            "additionalProperties" => {
                let named = all.get("properties").and_then(Json::as_object);
                let is_named = |name: &String| named.is_some_and(|named| named.contains_key(name));
                for (name, member) in members.iter().filter(|(name, _)| !is_named(name)) {
                    match says {
                        Json::Bool(false) => self.wrong(&below(name), "nobody knows this member"),
                        schema => self.look(schema, member, &below(name)),
                    }
                }
            }
            "required" => {
                let required = says.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
                required
                    .filter(|name| !members.contains_key(*name))
                    .for_each(|name| self.wrong(at, format!("`{name}` is missing")));
            }
            other => unrelated(other),
        }
    }

    fn array(&mut self, keyword: &str, says: &'s Json, items: &[Json], at: &str) {
        match keyword {
            "items" => {
                items.iter().enumerate().for_each(|(ix, item)| self.look(says, item, &format!("{at}[{ix}]")));
            }
            "minItems" if (items.len() as u64) < says.as_u64().unwrap() => {
                self.wrong(at, format!("fewer than {says} items"));
            }
            "uniqueItems" if says == true && (1..items.len()).any(|ix| items[..ix].contains(&items[ix])) => {
                self.wrong(at, "an item is there twice");
            }
            "minItems" | "uniqueItems" => {}
            other => unrelated(other),
        }
    }

    fn text(&mut self, keyword: &str, says: &Json, text: &str, at: &str) {
        match keyword {
            "minLength" if (text.chars().count() as u64) < says.as_u64().unwrap() => {
                self.wrong(at, format!("shorter than {says}"));
            }
            "minLength" => {}
            "pattern" if !is_like(text, says.as_str().unwrap()) => {
                self.wrong(at, format!("{text:?} is not like {says}"));
            }
            "pattern" => {}
            other => unrelated(other),
        }
    }

    fn number(&mut self, keyword: &str, says: &Json, number: f64, at: &str) {
        match keyword {
            "minimum" if number < says.as_f64().unwrap() => self.wrong(at, format!("{number} is less than {says}")),
            "maximum" if number > says.as_f64().unwrap() => self.wrong(at, format!("{number} is more than {says}")),
            "minimum" | "maximum" => {}
            other => unrelated(other),
        }
    }
}

/// A keyword that is about values of another type says nothing; one that nobody knows is not passed over.
fn unrelated(keyword: &str) {
    const KNOWN: [&str; 10] = [
        "properties",
        "additionalProperties",
        "required",
        "items",
        "minItems",
        "uniqueItems",
        "minLength",
        "pattern",
        "minimum",
        "maximum",
    ];
    assert!(KNOWN.contains(&keyword), "this judge does not know `{keyword}`");
}

fn types(says: &Json) -> impl Iterator<Item = &str> {
    says.as_str().into_iter().chain(says.as_array().into_iter().flatten().filter_map(Json::as_str))
}

fn is_of_type(value: &Json, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("there is no type `{other}`"),
    }
}

/// The patterns that occur in the schemas here, each by what it means.
fn is_like(text: &str, pattern: &str) -> bool {
    let split = || text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    match pattern {
        "^[0-9]+(ms|s|m|min|h)$" => !split().0.is_empty() && ["ms", "s", "m", "min", "h"].contains(&split().1),
        "^[0-9]+(K|M|G|T)(iB)?$" => {
            !split().0.is_empty() && ["K", "M", "G", "T"].contains(&split().1.trim_end_matches("iB"))
        }
        "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$" | "^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$" => text.len() >= 2,
        "[0-9]+(\\.[0-9]+){3}" => text.split('.').count() >= 4,
        other => panic!("this judge does not know the pattern {other}"),
    }
}

#[test]
fn the_judge_of_json_finds_what_is_wrong() {
    let schema: Json = serde_json::from_str(super::SARIF).unwrap();
    let result = |result: Json| {
        let driver = serde_json::json!({ "driver": { "name": "x" } });
        let log = serde_json::json!({ "version": "2.1.0", "runs": [{ "tool": driver, "results": [result] }] });
        violations(&schema, &log)
    };
    let text = |text: Json| serde_json::json!({ "message": { "text": text } });
    assert_eq!(result(text("a".into())), Vec::<String>::new());
    assert_eq!(result(text(3.into())), ["$.runs[0].results[0].message.text: 3 is not of type \"string\""]);
    assert_eq!(result(serde_json::json!({})), ["$.runs[0].results[0]: `message` is missing"]);
    let mut strange = text("a".into());
    strange["colour"] = "red".into();
    strange["level"] = "fatal".into();
    strange["ruleIndex"] = (-2).into();
    assert_eq!(result(strange).len(), 3);
    assert_eq!(violations(&schema, &serde_json::json!({ "version": "2.0.0" })).len(), 2);
}
