//! The notation for people: compact, on one line, with quotes only where a text could be taken for something else.

use std::fmt;

use super::{Payload, Value};

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit => f.write_str("()"),
            Self::None => f.write_str("none"),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Text(text) => write_text(f, text),
            Self::Node(ix) => write!(f, "Id({ix})"),
            Self::Name(name) => f.write_str(name),
            Self::Seq(members) => {
                f.write_str("[")?;
                write_values(f, members)?;
                f.write_str("]")
            }
            Self::Tuple(members) => {
                f.write_str("(")?;
                write_values(f, members)?;
                f.write_str(")")
            }
            Self::Map(entries) => {
                f.write_str("{")?;
                write_pairs(f, entries)?;
                f.write_str("}")
            }
            Self::Record { name, fields } if name.is_empty() => write_nameless(f, fields),
            Self::Record { name, fields } => write_fields(f, name, fields),
            Self::Variant { name, payload: Payload::Empty } => f.write_str(name),
            Self::Variant { name, payload: Payload::Values(values) } => {
                write!(f, "{name}(")?;
                write_values(f, values)?;
                f.write_str(")")
            }
            Self::Variant { name, payload: Payload::Fields(fields) } => write_fields(f, name, fields),
        }
    }
}

/// Whether `text` needs no quotes: it looks like a word, and not like a number, a flag or nothing.
fn is_plain_word(text: &str) -> bool {
    text.starts_with(char::is_alphanumeric)
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
        && text.chars().any(|c| !c.is_ascii_digit())
        && !matches!(text, "none" | "true" | "false")
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    if is_plain_word(text) { f.write_str(text) } else { write!(f, "{text:?}") }
}

fn write_values(f: &mut fmt::Formatter<'_>, values: &[Value]) -> fmt::Result {
    for (ix, value) in values.iter().enumerate() {
        let separator = if ix == 0 { "" } else { ", " };
        write!(f, "{separator}{value}")?;
    }
    Ok(())
}

fn write_pairs<K: fmt::Display>(f: &mut fmt::Formatter<'_>, pairs: &[(K, Value)]) -> fmt::Result {
    for (ix, (key, value)) in pairs.iter().enumerate() {
        let separator = if ix == 0 { "" } else { ", " };
        write!(f, "{separator}{key}: {value}")?;
    }
    Ok(())
}

fn write_fields(f: &mut fmt::Formatter<'_>, name: &str, fields: &[(String, Value)]) -> fmt::Result {
    if fields.is_empty() {
        return f.write_str(name);
    }
    write!(f, "{name} {{ ")?;
    write_pairs(f, fields)?;
    f.write_str(" }")
}

/// As a map of words: what JSON calls an object may have been one.
fn write_nameless(f: &mut fmt::Formatter<'_>, fields: &[(String, Value)]) -> fmt::Result {
    f.write_str("{")?;
    for (ix, (name, value)) in fields.iter().enumerate() {
        let separator = if ix == 0 { "" } else { ", " };
        f.write_str(separator)?;
        write_text(f, name)?;
        write!(f, ": {value}")?;
    }
    f.write_str("}")
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    enum Message {
        Promise { ballot: &'static str, accepted: Option<u8> },
        Put(u8),
        Move(u8, i8),
        Nothing {},
    }

    #[test]
    fn every_shape_has_its_notation() {
        let promise = Message::Promise { ballot: "1.0", accepted: None };
        for (value, expected) in [
            (Value::of(&promise), "Promise { ballot: 1.0, accepted: none }"),
            (Value::of(&Message::Put(3)), "Put(3)"),
            (Value::of(&Message::Move(3, -1)), "Move(3, -1)"),
            (Value::of(&Message::Nothing {}), "Nothing"),
            (Value::of(&BTreeSet::from(["b", "a"])), "[a, b]"),
            (Value::of(&BTreeMap::from([(1, "a"), (2, "b c")])), "{1: a, 2: \"b c\"}"),
            (Value::of(&(true, (), Vec::<u8>::new(), BTreeMap::<u8, u8>::new())), "(true, (), [], {})"),
        ] {
            assert_eq!(value.to_string(), expected);
        }
    }

    #[test]
    fn a_text_that_could_be_something_else_is_quoted() {
        for bare in ["a", "x1", "1.5", "log-entry", "überlauf", "2pc"] {
            assert_eq!(Value::of(bare).to_string(), bare);
        }
        for quoted in ["", " ", "12", "none", "true", "a b", "-x", "a,b", "\"", "\u{1b}[31m", "new\nline"] {
            assert_eq!(Value::of(quoted).to_string(), format!("{quoted:?}"));
        }
    }
}
