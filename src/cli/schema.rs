//! `quorate schema`: the JSON Schemas of what is read and written.

use super::args::SchemaArgs;
use super::{CliError, Session, Streams};
use crate::exit::Exit;
use crate::report::schema::SCHEMAS;
use crate::spec::nearest;

pub(super) fn schema(_: &Session<'_>, args: &SchemaArgs, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    let Some(name) = &args.name else {
        for schema in SCHEMAS {
            writeln!(streams.out, "{:10}  {}", schema.name, schema.about)?;
        }
        return Ok(Exit::Expected);
    };
    let Some(schema) = SCHEMAS.iter().find(|schema| schema.name == name) else {
        let near = nearest(name, SCHEMAS.iter().map(|schema| schema.name));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(CliError::Usage(format!("no schema `{name}`{near}\n  `quorate schema` names all of them")));
    };
    write!(streams.out, "{}", schema.text)?;
    Ok(Exit::Expected)
}
