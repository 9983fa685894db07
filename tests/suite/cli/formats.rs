//! Every form of a run, against the schemas of those who read it.

use quorate::exit::Exit;
use quorate::report::schema::SCHEMAS;
use serde_json::Value as Json;

use super::specs::EVERY_OUTCOME;
use super::{Project, stable};
use crate::schema::{JUNIT, SARIF, violations, xml_violations};

const NONE: [String; 0] = [];

fn schema(name: &str) -> Json {
    serde_json::from_str(SCHEMAS.iter().find(|schema| schema.name == name).unwrap().text).unwrap()
}

/// A suite with every kind of outcome, in a form.
fn suite(test: &str, format: &str) -> String {
    let project = Project::with_spec(test, EVERY_OUTCOME);
    let ran = project.run(&["check", "--output", format]);
    assert_eq!(ran.exit, Exit::Differs);
    ran.out
}

#[test]
fn json_is_as_its_schema_has_it() {
    let report: Json = serde_json::from_str(&suite("format-json", "json")).unwrap();
    assert_eq!(violations(&schema("report"), &report), NONE);
    let mut wrong = report.clone();
    wrong["checks"][0]["exit"] = "green".into();
    wrong["checks"][1]["instance"]["protocol"] = 3.into();
    assert_eq!(violations(&schema("report"), &wrong).len(), 2);
    let trace = &report["checks"][0]["properties"][0]["trace"];
    assert_eq!(violations(&schema("trace"), trace), NONE);
}

#[test]
fn json_lines_are_a_line_for_each_check_and_one_for_the_run() {
    let text = suite("format-jsonl", "jsonl");
    let lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        assert_eq!(violations(&schema("lines"), line), NONE);
    }
    let (last, checks) = lines.split_last().unwrap();
    assert!(checks.iter().all(|line| line["type"] == "check"));
    assert_eq!((&last["type"], &last["checks"]), (&"run".into(), &checks.len().into()));
}

#[test]
fn statistics_are_as_their_schema_has_it() {
    let project = Project::with_spec("format-statistics", EVERY_OUTCOME);
    let ran = project.run(&["check", "--stats", "json"]);
    assert_eq!(violations(&schema("statistics"), &serde_json::from_str(&ran.out).unwrap()), NONE);
}

#[test]
fn junit_is_as_its_readers_have_it() {
    let text = suite("format-junit", "junit");
    assert_eq!(xml_violations(JUNIT, &text), NONE);
    let head: String = text.lines().filter(|line| line.contains('<')).map(|line| format!("{line}\n")).collect();
    insta::assert_snapshot!(without_times(&head));
}

/// Zeros for `time="…"`.
fn without_times(text: &str) -> String {
    let mut parts = text.split(" time=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + " time=\"0" + &part[part.find('"').unwrap()..])
}

#[test]
fn xml_has_what_the_story_has_and_no_more() {
    let project = Project::with_spec("format-xml", "[[check]]\nname = \"a < b & \\\"c\\\" \\u0007\"\n");
    let ran = project.run(&["check", "--output", "junit"]);
    assert_eq!(xml_violations(JUNIT, &ran.out), NONE);
    assert!(ran.out.contains("name=\"a &lt; b &amp; &quot;c&quot; \u{fffd}\""), "{}", ran.out);
}

#[test]
fn sarif_is_as_its_standard_has_it() {
    let log: Json = serde_json::from_str(&suite("format-sarif", "sarif")).unwrap();
    assert_eq!(violations(&serde_json::from_str(SARIF).unwrap(), &log), NONE);
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let line = |result: &Json| {
        let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        let flow = &result["codeFlows"][0]["threadFlows"][0]["locations"];
        format!(
            "{} {}:{} {}, {} places\n{}\n",
            result["level"].as_str().unwrap(),
            place["artifactLocation"]["uri"].as_str().unwrap(),
            place["region"]["startLine"],
            result["ruleId"].as_str().unwrap(),
            flow.as_array().map_or(0, Vec::len),
            result["message"]["text"].as_str().unwrap(),
        )
    };
    let results: Vec<String> = run["results"].as_array().unwrap().iter().map(line).collect();
    insta::assert_snapshot!(results.join("\n"));
}

#[test]
fn markdown_has_the_matrix_the_sweeps_and_the_diagrams() {
    insta::assert_snapshot!(stable(&suite("format-markdown", "markdown")));
}

#[test]
fn a_runner_of_github_gets_annotations_and_a_summary() {
    let project = Project::with_spec("format-github", EVERY_OUTCOME);
    project.write("summary.md", "# before\n");
    let variables = [("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", "summary.md")];
    let ran = project.run_with(&variables, &["check"]);
    let annotations: Vec<&str> = ran.out.lines().filter(|line| line.starts_with("::")).collect();
    let heads: Vec<&str> = annotations.iter().map(|line| line.split("%0A").next().unwrap()).collect();
    insta::assert_snapshot!(heads.join("\n"));
    let summary = project.read("summary.md");
    assert!(summary.starts_with("# before\n# quorate: a verdict or a count differs"));
    assert!(summary.contains("```mermaid\nsequenceDiagram"));
    // Elsewhere nothing of that comes, and a document on standard output stays whole.
    assert!(!project.run(&["check"]).out.contains("::error"));
    let ran = project.run_with(&variables, &["check", "--output", "json"]);
    assert!(serde_json::from_str::<Json>(&ran.out).is_ok());
    assert!(ran.err.contains("::error file=specs/turnstile.toml,line="));
}

#[test]
fn each_violation_has_a_trace_and_a_page() {
    let project = Project::with_spec("format-artifacts", EVERY_OUTCOME);
    project.run(&["check", "--name", "should hold", "--name", "another is", "--artifacts", "out"]);
    let files = project.files("out");
    let stems = ["turnstile.another-is-violated.handlers-behave", "turnstile.should-hold.one-at-a-time"];
    assert_eq!(files, stems.iter().flat_map(|stem| [format!("{stem}.json"), format!("{stem}.md")]).collect::<Vec<_>>());
    assert_eq!(violations(&schema("trace"), &project.json(&format!("out/{}", files[0]))), NONE);
    assert!(project.read(&format!("out/{}", files[3])).contains("```mermaid\nsequenceDiagram"));
    assert_eq!(project.run(&["replay", &format!("out/{}", files[2])]).exit, Exit::Expected);
}

/// A TOML document as JSON has it.
fn as_json(value: &toml_edit::Item) -> Json {
    if let Some(table) = value.as_table_like() {
        return table.iter().map(|(key, value)| (key.to_owned(), as_json(value))).collect();
    }
    if let Some(tables) = value.as_array_of_tables() {
        let table = |table: &toml_edit::Table| as_json(&toml_edit::Item::Table(table.clone()));
        return tables.iter().map(table).collect();
    }
    match value.as_value().unwrap() {
        toml_edit::Value::String(text) => text.value().as_str().into(),
        toml_edit::Value::Integer(number) => (*number.value()).into(),
        toml_edit::Value::Boolean(flag) => (*flag.value()).into(),
        toml_edit::Value::Array(values) => {
            values.iter().map(|value| as_json(&toml_edit::Item::Value(value.clone()))).collect()
        }
        other => panic!("{other} has no place in a manifest"),
    }
}

fn toml(text: &str) -> Json {
    as_json(text.parse::<toml_edit::DocumentMut>().unwrap().as_item())
}

#[test]
fn manifests_are_as_their_schema_has_it() {
    let schema = schema("manifest");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let specs = folder.join("specs").read_dir().unwrap().map(|file| file.unwrap().path());
    for path in specs {
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(violations(&schema, &toml(&text)), NONE, "{}", path.display());
    }
    let every = format!("protocol = \"turnstile\"\n{EVERY_OUTCOME}");
    assert_eq!(violations(&schema, &toml(&every)), NONE);
    let wrong = "[[check]]\nname = \"a\"\nsise = \"small\"\nlimits = { time = \"60\" }\n[[check]]\nname = 3\n";
    assert_eq!(violations(&schema, &toml(wrong)).len(), 3);
}

#[test]
fn the_keys_of_the_schemas_are_those_that_are_read() {
    let project = Project::new("schema-keys");
    let keys = |json: &Json| json.as_object().unwrap().keys().cloned().collect::<Vec<String>>();
    let known = |text: &str, file: &str| {
        project.write(file, text);
        let told = project.run(&["check", "specs/a.toml"]).err;
        let known = told.lines().find_map(|line| line.split_once("known: ")).unwrap().1;
        known.split(", ").map(|key| key.trim_matches('`').to_owned()).collect::<Vec<String>>()
    };
    let check = known("protocol = \"turnstile\"\n[[check]]\nname = \"a\"\nzzz = 3\n", "specs/a.toml");
    let of_schema = keys(&schema("manifest")["definitions"]["check"]["properties"]);
    assert_eq!(sorted(of_schema), sorted(check));
    let profile = known("[profile.default]\nzzz = 3\n", "quorate.toml");
    assert_eq!(sorted(keys(&schema("project")["definitions"]["profile"]["properties"])), sorted(profile));
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}
