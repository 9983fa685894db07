//! Why a run ends before it has anything to tell.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::exit::Exit;
use crate::report::mistakes;
use crate::report::style::{BAD, paint};
use crate::spec::Mistakes;
use crate::trace::TraceError;

/// Why a run ends before it has anything to tell.
#[derive(Debug, Error)]
pub(super) enum CliError {
    /// The command line cannot be read, or asks for help.
    #[error(transparent)]
    Arguments(#[from] clap::Error),
    /// The command line asks for what does not go together or is not there.
    #[error("{0}")]
    Usage(String),
    /// Manifests, or ad hoc options, are wrong.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Mistakes(Vec<Mistakes>),
    /// A trace is wrong.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// A trace no longer applies.
    #[error("{0}")]
    Gone(String),
    /// Nothing is left to do.
    #[error("{0}")]
    NothingSelected(String),
    /// A file cannot be read or written.
    #[error("cannot {verb} {}: {error}", path.display())]
    File {
        /// `read` or `write`.
        verb: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Nobody takes the output.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}

impl CliError {
    /// The exit code.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Arguments(error) if !error.use_stderr() => Exit::Expected,
            Self::Arguments(_) | Self::Usage(_) | Self::Mistakes(_) | Self::Trace(_) | Self::File { .. } => Exit::Usage,
            Self::Gone(_) => Exit::Differs,
            Self::NothingSelected(_) => Exit::NothingSelected,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Interrupted,
            Self::Output(_) => Exit::Usage,
        }
    }

    /// The message, with an end of line.
    pub(super) fn message(&self) -> String {
        match self {
            Self::Arguments(error) => error.render().ansi().to_string(),
            Self::Mistakes(sources) => sources.iter().map(mistakes).collect(),
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => String::new(),
            Self::Usage(_)
            | Self::Trace(_)
            | Self::Gone(_)
            | Self::NothingSelected(_)
            | Self::File { .. }
            | Self::Output(_) => {
                format!("{}: {self}\n", paint(BAD, "error"))
            }
        }
    }
}
