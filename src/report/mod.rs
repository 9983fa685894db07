//! Floor 5: what was found, in the forms in which people and machines read it.
//!
//! Every form is a function from [`Checked`](crate::spec::Checked) checks, mistakes or the catalogue to a text.
//! Nothing here writes to a stream, knows the command line, or decides a verdict. Texts for people bear colours,
//! which the stream takes away where nobody sees them.
//!
//! | file | what |
//! |---|---|
//! | `table`, `verdicts` | the verdict table: a row a check, a line in total |
//! | `grid` | the cells of a sweep as a table |
//! | `failures` | why a check is not as expected |
//! | `assurance` | what the verdicts of a search rest on |
//! | `single` | one run in full |
//! | `statistics` | the numbers of every search |
//! | `json` | the whole report for machines |
//! | `simulation` | what random walks have met |
//! | `comparison` | what two traces have in common |
//! | `traces` | a trace in the forms that other tools read |
//! | `viewer` | the page on which a run is looked at |
//! | `format` | the forms of a whole run, one line each |
//! | `json`, `jsonl`, `junit`, `sarif`, `markdown`, `github`, `html` | those forms |
//! | `schema` | the JSON Schemas of what is read and written |
//! | `mistakes` | what is wrong with a manifest, under the line where it stands |
//! | `protocols`, `starter` | what the catalogue has; a manifest to begin with |
//! | `variants` | what each deviation flips |
//! | `pages` | pages of documentation from the catalogue and the specs |
//! | `numbers`, `style`, `wrap`, `xml` | numbers, colours, lines, tags |

mod assurance;
mod comparison;
mod failures;
mod format;
mod github;
mod grid;
mod html;
pub mod json;
mod jsonl;
mod junit;
mod markdown;
mod mistakes;
pub mod numbers;
pub mod pages;
pub mod protocols;
mod sarif;
pub mod schema;
pub mod simulation;
mod single;
mod starter;
pub mod statistics;
pub mod style;
mod table;
pub mod traces;
pub mod variants;
mod verdicts;
pub mod viewer;
mod wrap;
mod xml;

pub use comparison::comparison;
pub use failures::{command_line, failures, unused_faults};
pub use format::{FORMATS, Format, Run, format};
pub use grid::sweeps;
pub use markdown::page;
pub use mistakes::mistakes;
pub use single::single;
pub use starter::starter;
pub use table::{Table, status, total};

/// A text for people without its colours.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}
