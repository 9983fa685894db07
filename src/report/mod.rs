//! Floor 5: what was found, in the forms in which people and machines read it.
//!
//! Every form is a function from [`Checked`](crate::spec::Checked) checks, mistakes or the catalogue to a text.
//! Nothing here writes to a stream, knows the command line, or decides a verdict. Texts for people bear colours,
//! which the stream takes away where nobody sees them.
//!
//! | file | what |
//! |---|---|
//! | `table`, `verdicts` | the verdict table: a row a check, a line in total |
//! | `failures` | why a check is not as expected |
//! | `single` | one run in full |
//! | `statistics` | the numbers of every search |
//! | `json` | the whole report for machines |
//! | `simulation` | what random walks have met |
//! | `comparison` | what two traces have in common |
//! | `traces` | a trace in the forms that other tools read |
//! | `mistakes` | what is wrong with a manifest, under the line where it stands |
//! | `protocols` | what the catalogue has |
//! | `numbers`, `style`, `wrap` | numbers, colours, lines |

mod comparison;
mod failures;
pub mod json;
mod mistakes;
pub mod numbers;
pub mod protocols;
pub mod simulation;
mod single;
pub mod statistics;
pub mod style;
mod table;
pub mod traces;
mod verdicts;
mod wrap;

pub use comparison::comparison;
pub use failures::{failures, unused_faults};
pub use mistakes::mistakes;
pub use single::single;
pub use table::{Table, status, total};
