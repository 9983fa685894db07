//! Which form goes where.

use std::fs::File;
use std::io::{self, Write};

use super::plain::Plain;
use super::{CliError, Session, Streams};
use crate::report::{self, FORMATS, Format, Run};
use crate::spec::{Checked, nearest};

/// Where a form goes.
pub(super) enum Destination {
    Out,
    Err,
    File(Plain<File>),
}

impl Destination {
    pub(super) fn write(&mut self, streams: &mut Streams<'_>, text: &str) -> io::Result<()> {
        let stream: &mut dyn Write = match self {
            Self::Out => streams.out,
            Self::Err => streams.err,
            Self::File(file) => file,
        };
        stream.write_all(text.as_bytes())?;
        stream.flush()
    }
}

/// The forms of a run of `check`. Files are made before the run begins: a run of hours shall not end with a
/// report that nobody can write.
pub(super) struct Outputs {
    pub(super) text: Destination,
    pub(super) forms: Vec<(&'static Format, Destination)>,
    pub(super) statistics_text: bool,
    pub(super) statistics_json: Vec<Destination>,
}

impl Outputs {
    pub(super) fn open(session: &Session<'_>, outputs: &[String], stats: &[String]) -> Result<Self, CliError> {
        let mut opened = Opener { session, out_taken_by: None };
        let (mut text, mut forms) = (None, Vec::new());
        for output in outputs {
            match split(output) {
                ("text", file) => text = Some(opened.open("--output", output, file)?),
                (name, file) => {
                    let format = report::format(name).ok_or_else(|| unknown(output, name))?;
                    forms.push((format, opened.open("--output", output, file)?));
                }
            }
        }
        let (mut statistics_text, mut statistics_json) = (false, Vec::new());
        for stats in stats {
            match split(stats) {
                ("text", None) => statistics_text = true,
                ("json", file) => statistics_json.push(opened.open("--stats", stats, file)?),
                _ => return Err(CliError::Usage(format!("`--stats {stats}`: expected text, json or json=FILE"))),
            }
        }
        let usual = if opened.out_taken_by.is_some() { Destination::Err } else { Destination::Out };
        Ok(Self { text: text.unwrap_or(usual), forms, statistics_text, statistics_json })
    }

    /// Writes what the forms say of a check that has ended.
    pub(super) fn row(&mut self, streams: &mut Streams<'_>, checked: &Checked) -> io::Result<()> {
        self.forms
            .iter_mut()
            .filter_map(|(format, to)| Some((format.row?, to)))
            .try_for_each(|(row, to)| to.write(streams, &row(checked)))
    }

    /// Writes what the forms say of the whole run.
    pub(super) fn end(&mut self, streams: &mut Streams<'_>, run: &Run<'_>) -> io::Result<()> {
        self.forms.iter_mut().try_for_each(|(format, to)| to.write(streams, &(format.end)(run)))
    }
}

/// What `simulate` writes: text for people and JSON.
pub(super) struct Documents {
    pub(super) text: Destination,
    pub(super) json: Vec<Destination>,
}

impl Documents {
    pub(super) fn open(session: &Session<'_>, outputs: &[String]) -> Result<Self, CliError> {
        let mut opened = Opener { session, out_taken_by: None };
        let (mut text, mut json) = (None, Vec::new());
        for output in outputs {
            match split(output) {
                ("text", file) => text = Some(opened.open("--output", output, file)?),
                ("json", file) => json.push(opened.open("--output", output, file)?),
                _ => return Err(CliError::Usage(format!("`--output {output}`: expected text, json or json=FILE"))),
            }
        }
        let usual = if opened.out_taken_by.is_some() { Destination::Err } else { Destination::Out };
        Ok(Self { text: text.unwrap_or(usual), json })
    }
}

fn unknown(output: &str, name: &str) -> CliError {
    let known: Vec<&str> = ["text"].into_iter().chain(FORMATS.iter().map(|format| format.name)).collect();
    let near = nearest(name, known.iter().copied()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    CliError::Usage(format!("`--output {output}`: unknown format `{name}`{near}\n  formats: {}", known.join(", ")))
}

/// Splits `json=report.json`.
fn split(output: &str) -> (&str, Option<&str>) {
    output.split_once('=').map_or((output, None), |(format, file)| (format, Some(file)))
}

struct Opener<'s> {
    session: &'s Session<'s>,
    out_taken_by: Option<String>,
}

impl Opener<'_> {
    fn open(&mut self, option: &str, value: &str, file: Option<&str>) -> Result<Destination, CliError> {
        let Some(file) = file else {
            let this = format!("{option} {value}");
            if let Some(other) = self.out_taken_by.replace(this.clone()) {
                let message = format!("`{other}` and `{this}` both go to standard output; name a file: `{this}=FILE`");
                return Err(CliError::Usage(message));
            }
            return Ok(Destination::Out);
        };
        let created = File::create(self.session.folder.join(file));
        let file = created.map_err(|error| CliError::File { verb: "write", path: file.into(), error })?;
        Ok(Destination::File(Plain::new(file)))
    }
}
