//! The command line of quorate, with the protocols of this library.

use std::process::ExitCode;

fn main() -> ExitCode {
    quorate::cli::main(quorate_models::CATALOGUE)
}
