//! A check out of command-line options.
//!
//! The options are written as the manifest that says the same, and that is read as every other: names and values
//! are looked up in one place only.

use std::fmt::Write;

use toml_edit::{Key, Value};

use super::args::InstanceArgs;
use super::{CliError, Session};
use crate::spec::{self, Check, Source};

/// The check of `protocol` with these options.
pub(super) fn check(session: &Session<'_>, protocol: &str, args: &InstanceArgs) -> Result<Check, CliError> {
    let text = manifest(protocol, args)?;
    let source = Source { name: "the command line".to_owned(), text, from_options: true };
    let manifest = spec::read(source, session.catalogue).map_err(|mistakes| CliError::Mistakes(vec![mistakes]))?;
    Ok(manifest.checks.into_iter().next().expect("there is one check in the manifest below"))
}

fn manifest(protocol: &str, args: &InstanceArgs) -> Result<String, CliError> {
    let mut text = format!("protocol = {}\n[[check]]\nname = {}\n", Value::from(protocol), Value::from(title(args)));
    for param in &args.params {
        let no_value = || CliError::Usage(format!("`-p {param}`: expected NAME=VALUE, such as `-p acceptors=5`"));
        let (name, value) = param.split_once('=').ok_or_else(no_value)?;
        let _ = writeln!(text, "params.{} = {}", Key::new(name.trim()), literal(value.trim()));
    }
    if !args.deviations.is_empty() {
        let _ = writeln!(text, "deviations = {}", args.deviations.iter().collect::<Value>());
    }
    if !args.assume.is_empty() {
        let _ = writeln!(text, "assume = {}", args.assume.iter().collect::<Value>());
    }
    for (key, value) in options(args) {
        let _ = writeln!(text, "{key} = {}", literal(value));
    }
    Ok(text)
}

/// Keys of a manifest and the options that stand for them.
fn options(args: &InstanceArgs) -> Vec<(&'static str, &str)> {
    let options = [
        ("network", &args.network),
        ("no_op", &args.no_op),
        ("time", &args.timing),
        ("faults.loss", &args.loss),
        ("faults.duplicates", &args.duplicates),
        ("faults.corruptions", &args.corruptions),
        ("faults.crashes", &args.crashes),
        ("faults.lost_saves", &args.lost_saves),
        ("faults.torn_saves", &args.torn_saves),
        ("faults.pauses", &args.pauses),
        ("faults.partitions", &args.partitions),
        ("fairness", &args.fairness),
        ("reduce", &args.reduce),
    ];
    options.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?))).collect()
}

/// What reports call the check: its options.
fn title(args: &InstanceArgs) -> String {
    let options =
        options(args).into_iter().map(|(key, value)| format!("{}={value}", key.trim_start_matches("faults.")));
    let words: Vec<String> =
        args.params.iter().chain(&args.deviations).chain(&args.assume).cloned().chain(options).collect();
    if words.is_empty() { "with all defaults".to_owned() } else { words.join(" ") }
}

/// A value as TOML has it: numbers, true, false and tables as they are, all else in quotes.
fn literal(text: &str) -> String {
    let bare = text.parse::<i64>().is_ok() || text == "true" || text == "false" || text.starts_with(['{', '[', '"']);
    if bare { text.to_owned() } else { Value::from(text).to_string() }
}

/// Whether an option says something about the instance.
pub(super) fn is_any_given(args: &InstanceArgs) -> bool {
    !args.params.is_empty()
        || !args.deviations.is_empty()
        || !args.assume.is_empty()
        || !options(args).is_empty()
        || args.keep_going
}
