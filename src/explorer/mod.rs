//! Floor 6: the explorer. A page on which a run is looked at, and taken otherwise: "what if this came first?"
//!
//! [`serve`] gives the page and answers what it asks. Nothing needs to be explored first: a run is a code
//! ([`Code`](crate::trace::Code)), and every question is about a code, so that the address in the browser says all, a link
//! works tomorrow and in another browser, and the server remembers nothing but what saves work.
//!
//! A connection costs no thread and asks nothing of a protocol: it sends a question to the desk, whose
//! threads borrow the catalogue. Searches that are started from the page have threads of their own, and the page hears of
//! them by server-sent events.
//!
//! The server is for whoever sits at this machine: it binds the loopback interface, answers only who calls it by that
//! name, and starts a search only for who has the token that was printed with the address.
//!
//! | file | what |
//! |---|---|
//! | `library` | protocols and checks to begin with |
//! | `runs` | from a code to a run, and one step further |
//! | `comparison` | the same schedule in another variant |
//! | `export` | a run in other forms |
//! | `checks` | searches that run beside |
//! | `desk` | who answers |
//! | `guard` | who may ask |
//! | `routes` | the addresses |

mod checks;
mod comparison;
mod desk;
mod export;
mod guard;
mod library;
mod routes;
mod runs;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cluster::Entry;
use crate::spec::Check;
use desk::Desk;
use guard::Guard;

/// What there is to be explored.
#[derive(Clone)]
pub struct Shelf<'c> {
    /// The protocols.
    pub catalogue: &'c [&'c dyn Entry],
    /// The checks of the manifests that were named, to begin with.
    pub checks: Vec<Check>,
}

impl std::fmt::Debug for Shelf<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelf").field("checks", &self.checks.len()).finish_non_exhaustive()
    }
}

/// How often it is asked whether the server shall end.
const PULSE: Duration = Duration::from_millis(100);

/// A token that nobody guesses: 128 bits of the system's randomness, which seeds the hashers of the standard library.
pub fn token() -> String {
    let word = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", word(), word())
}

/// Serves the page on `listener`, which listens on the loopback interface, until `ended` is set.
///
/// # Errors
/// If the listener is not on the loopback interface, or cannot be listened to.
pub fn serve(listener: TcpListener, shelf: &Shelf<'_>, token: &str, ended: &AtomicBool) -> io::Result<()> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the explorer serves on the loopback interface only"));
    }
    listener.set_nonblocking(true)?;
    let guard = Arc::new(Guard::new(address.port(), token));
    let desk = Desk::new(shelf);
    std::thread::scope(|scope| {
        let counter = desk.open(scope);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let outcome = runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let server = axum::serve(listener, routes::routes(counter, guard));
            tokio::select! {
                outcome = async { server.await } => outcome,
                () = until(ended) => Ok(()),
            }
        });
        desk.close();
        // Connections that wait for events would wait for ever.
        runtime.shutdown_background();
        outcome
    })
}

async fn until(ended: &AtomicBool) {
    while !ended.load(Ordering::Relaxed) {
        tokio::time::sleep(PULSE).await;
    }
}
