//! Documents against schemas: JSON Schema (draft 7) and XML Schema, as far as the schemas here go.
//!
//! A keyword or element that these judges do not know is an error of the test, not a thing to pass over: a document is
//! never valid because nobody looked.

mod json;
mod xml;

pub(crate) use self::json::violations;
pub(crate) use self::xml::violations as xml_violations;

/// The official schema of SARIF 2.1.0.
pub(crate) const SARIF: &str = include_str!("vendored/sarif-2.1.0.json");
/// The schema of JUnit XML of Jenkins' xUnit plugin.
pub(crate) const JUNIT: &str = include_str!("vendored/junit-10.xsd");
