//! A manifest as a test.

use super::Session;
use crate::cluster::Entry;
use crate::exit::Exit;

/// Checks a manifest within `cargo test`: panics with the table and the stories if a verdict is not as expected, if
/// something is undecided, or if the manifest has mistakes.
///
/// ```no_run
/// # const CATALOGUE: &[&dyn quorate::cluster::Entry] = &[];
/// #[test]
/// fn the_lock_excludes() {
///     quorate::assert_spec!("specs/lock.toml", CATALOGUE);
/// }
///
/// #[test]
/// fn the_larger_checks() {
///     quorate::assert_spec!("specs/lock.toml", CATALOGUE, "--size", "standard", "--time-in-all", "5m");
/// }
/// ```
///
/// The file is seen from the folder of the crate's `Cargo.toml`; what follows the catalogue is as `quorate check` takes
/// it. Environment variables have no say.
#[macro_export]
macro_rules! assert_spec {
    ($file:expr, $catalogue:expr $(, $arg:expr)* $(,)?) => {
        $crate::cli::assert_spec(::core::env!("CARGO_MANIFEST_DIR"), $file, $catalogue, &[$($arg),*])
    };
}

/// What [`assert_spec!`](crate::assert_spec) does, with the folder from which the file is seen.
///
/// # Panics
/// If the run does not end with [`Exit::Expected`].
#[track_caller]
pub fn assert_spec(folder: &str, file: &str, catalogue: &[&dyn Entry], args: &[&str]) {
    let session = Session { folder: folder.into(), ..Session::new(catalogue) };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = ["check", file].into_iter().chain(args.iter().copied());
    let exit = session.run(args, &mut out, &mut err);
    let (out, err) = (String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
    assert!(exit == Exit::Expected, "{file} is not as expected (exit code {})\n\n{out}{err}", exit.code());
}
