//! The command line of quorate, with the counter.

use std::process::ExitCode;

fn main() -> ExitCode {
    quorate::cli::main(counter::CATALOGUE)
}
