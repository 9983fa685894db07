//! How a run of the command line ends: the exit codes, which are public and do not change.

use std::process::ExitCode;

use serde::Serialize;

/// An exit code, in the order of the numbers.
///
/// A run that has several reasons ends with the gravest, see [`and`](Self::and).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Exit {
    /// 0: every verdict is as expected; of an ad hoc run: no property is violated and every witness is reached.
    /// Of a replay: the trace still shows what it showed.
    Expected = 0,
    /// 1: a verdict or a count differs; of an ad hoc run: a property is violated. Of a replay: the trace no
    /// longer applies.
    Differs = 1,
    /// 2: the command line, a manifest, a trace or a parameter is wrong, or a file cannot be read or written.
    Usage = 2,
    /// 3: nothing differs, but something is undecided: a limit was reached, or, of an ad hoc run, a witness was not.
    Undecided = 3,
    /// 4: nothing was selected, so nothing was run.
    NothingSelected = 4,
    /// 101: an error of quorate itself. It is what a panic of a Rust program ends with.
    Internal = 101,
    /// 130: interrupted, by Ctrl-C or because nobody reads the output any more; what was found until then was told.
    Interrupted = 130,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The graver of two reasons to end.
    ///
    /// A run that was interrupted says so even if it has found something: it has not seen all that it was asked for.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let gravity = |exit: Self| match exit {
            Self::Expected => 0,
            Self::NothingSelected => 1,
            Self::Undecided => 2,
            Self::Differs => 3,
            Self::Interrupted => 4,
            Self::Usage => 5,
            Self::Internal => 6,
        };
        if gravity(other) > gravity(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_numbers_are_a_promise() {
        let exits = [
            Exit::Expected,
            Exit::Differs,
            Exit::Usage,
            Exit::Undecided,
            Exit::NothingSelected,
            Exit::Internal,
            Exit::Interrupted,
        ];
        assert_eq!(exits.map(Exit::code), [0, 1, 2, 3, 4, 101, 130]);
    }

    #[test]
    fn the_graver_reason_wins_in_any_order() {
        assert_eq!(Exit::Expected.and(Exit::Undecided), Exit::Undecided);
        assert_eq!(Exit::Undecided.and(Exit::Differs), Exit::Differs);
        assert_eq!(Exit::Differs.and(Exit::Undecided), Exit::Differs);
        assert_eq!(Exit::Differs.and(Exit::Interrupted), Exit::Interrupted);
    }
}
