//! The page on which a run is looked at: what it is told, its picture, and the page itself.
//!
//! [`Telling`] is all that is to be said of a run, as one document; [`html()`] puts it into a page that needs no server
//! and no network. The explorer serves the same page and answers what more it asks.
//!
//! | file | what |
//! |---|---|
//! | `telling` | a run with all that can be told of it |
//! | `findings` | where properties find something; orders of calls |
//! | `diagram`, `svg` | the space-time diagram in places of a grid; as a file |
//! | `options` | what can happen next, what cannot and why |
//! | `calls` | the calls of clients, read from the history |
//! | `words` | what is said of a step |
//! | `assets` | the files of the page, and their hashes |
//! | `html` | the page in one file |
//! | `digest` | SHA-256 and base64, for the policy of the page |

mod assets;
mod calls;
mod diagram;
mod digest;
mod findings;
mod html;
mod options;
mod svg;
mod telling;
mod words;

pub use assets::{ASSETS, Asset, import_map, served, sha256_base64};
pub use calls::Call;
pub use diagram::{Arrow, Band, Diagram, Event, Flag, Span};
pub use findings::{Found, OrderTold, PropertyTold};
pub use html::{CheckLine, Export, Offline, OfflineRun, html};
pub use options::{Impossible, Options, Possible, options};
pub use svg::svg;
pub use telling::{ChangeTold, ContrastTold, Goal, StateTold, StepTold, TELLING_VERSION, Telling};
