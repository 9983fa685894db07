//! The JSON Schemas (draft 7) of what is read and written.

/// A published schema.
#[derive(Debug)]
pub struct Schema {
    /// Its name.
    pub name: &'static str,
    /// What it is of.
    pub about: &'static str,
    /// The schema.
    pub text: &'static str,
}

/// Every schema.
pub const SCHEMAS: &[Schema] = &[
    Schema { name: "manifest", about: "a manifest of checks", text: include_str!("schema/manifest.json") },
    Schema { name: "project", about: "quorate.toml", text: include_str!("schema/project.json") },
    Schema { name: "report", about: "the report, `--output json`", text: include_str!("schema/report.json") },
    Schema { name: "lines", about: "a line of `--output jsonl`", text: include_str!("schema/lines.json") },
    Schema { name: "statistics", about: "`--stats json`", text: include_str!("schema/statistics.json") },
    Schema { name: "trace", about: "a trace file", text: include_str!("schema/trace.json") },
];
