//! The forms of a whole run: one line each.

use super::{github, html, json, jsonl, junit, markdown, sarif};
use crate::cluster::Entry;
use crate::exit::Exit;
use crate::spec::Checked;

/// A run that has ended.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The checks, in their order.
    pub checks: &'a [Checked],
    /// How the run ended.
    pub exit: Exit,
    /// The command line that was run.
    pub command: &'a str,
    /// Microseconds from start to end.
    pub elapsed_us: u64,
    /// The protocols, for forms that take traces again.
    pub catalogue: &'a [&'a dyn Entry],
}

impl std::fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("checks", &self.checks.len()).field("exit", &self.exit).finish_non_exhaustive()
    }
}

/// A form of a run.
#[derive(Debug)]
pub struct Format {
    /// Its name, as `--output` has it.
    pub name: &'static str,
    /// Who reads it.
    pub about: &'static str,
    /// What is written when a check has ended, in the order of the checks.
    pub row: Option<fn(&Checked) -> String>,
    /// What is written at the end.
    pub end: fn(&Run<'_>) -> String,
}

/// Every form but the text for people, which is written as the run goes.
pub const FORMATS: &[Format] = &[
    Format { name: "json", about: "one document, with all verdicts, counts and traces", row: None, end: json::report },
    Format { name: "jsonl", about: "a line for each check as it ends", row: Some(jsonl::row), end: jsonl::end },
    Format { name: "junit", about: "JUnit XML, for test reports", row: None, end: junit::report },
    Format { name: "sarif", about: "SARIF 2.1.0, for code scanning", row: None, end: sarif::report },
    Format { name: "markdown", about: "tables, stories and diagrams, for summaries", row: None, end: markdown::report },
    Format { name: "github", about: "annotations of GitHub Actions", row: None, end: github::annotations },
    Format {
        name: "html",
        about: "one page that shows every violation, without a server or a network",
        row: None,
        end: html::report,
    },
];

/// The form with this name.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
