//! Plain values: what messages, states, timers and histories look like without their Rust types.
//!
//! [`Value::of`] makes a [`Value`] of anything that serde can serialise. People read it through its
//! [`Display`](std::fmt::Display); machines read its JSON, which is also how serde writes it.
//!
//! | file | what |
//! |---|---|
//! | `serializer` | from serde's data model to a value |
//! | `display` | the notation for people |
//! | `json` | the notation for machines |

mod display;
mod json;
mod serializer;

pub(crate) use json::present;
use serde::Serialize;

/// A plain value: a tree of names, numbers and words that knows no Rust type.
///
/// Its equality is structural, and its order is total but means nothing: it exists so that values can be
/// sorted and kept in maps.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Nothing to say: `()`.
    #[default]
    Unit,
    /// An optional value that is absent. One that is present is just itself.
    None,
    /// True or false.
    Bool(bool),
    /// A whole number of any width.
    Int(i128),
    /// A text, a character, or the shortest form of a number that is not whole.
    Text(String),
    /// A node by its place in the roster: stateright's [`Id`](crate::Id).
    Node(usize),
    /// A node by its name in the roster.
    Name(String),
    /// A list, a set, bytes: members in order.
    Seq(Vec<Value>),
    /// A tuple or an array of fixed length: members by position.
    Tuple(Vec<Value>),
    /// Keys and what belongs to each, in the order in which they were serialised. Keys may be any values.
    Map(Vec<(Value, Value)>),
    /// A struct with named fields.
    Record {
        /// The name of its type; empty where it was read from JSON.
        name: String,
        /// Its fields in the order of the type.
        fields: Vec<(String, Value)>,
    },
    /// A variant of an enum. A tuple struct and a unit struct, whose name says what they are, look the same.
    Variant {
        /// The name of the variant or struct.
        name: String,
        /// What it carries.
        payload: Payload,
    },
}

/// What a variant of an enum carries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Payload {
    /// Nothing: its name says it all.
    Empty,
    /// One or more values by position.
    Values(Vec<Value>),
    /// Values by name.
    Fields(Vec<(String, Value)>),
}

impl Value {
    /// The plain value of anything that serde can serialise.
    ///
    /// A newtype struct is what it wraps; one called `Id` around a whole number is a [`Node`](Self::Node).
    /// Where a type refuses to be serialised (a variant under `#[serde(skip)]`), the refusal is the value, as
    /// a text: a report about a long run shall not fail over one field.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Self {
        serializer::value_of(value).unwrap_or_else(|refusal| Self::Text(format!("not serialisable: {refusal}")))
    }

    /// Whether it is one number, word or name, without parts.
    pub fn is_simple(&self) -> bool {
        match self {
            Self::Unit | Self::None | Self::Bool(_) | Self::Int(_) | Self::Text(_) | Self::Node(_) | Self::Name(_) => {
                true
            }
            Self::Variant { payload, .. } => *payload == Payload::Empty,
            Self::Seq(_) | Self::Tuple(_) | Self::Map(_) | Self::Record { .. } => false,
        }
    }

    /// The same, with every node for which there is a name called by it.
    #[must_use]
    pub fn with_names(self, name: &dyn Fn(usize) -> Option<String>) -> Self {
        let all = |values: Vec<Self>| values.into_iter().map(|value| value.with_names(name)).collect();
        let fields = |fields: Vec<(String, Self)>| {
            fields.into_iter().map(|(field, value)| (field, value.with_names(name))).collect()
        };
        match self {
            Self::Node(ix) => name(ix).map_or(Self::Node(ix), Self::Name),
            Self::Seq(members) => Self::Seq(all(members)),
            Self::Tuple(members) => Self::Tuple(all(members)),
            Self::Map(entries) => {
                let named = |(key, value): (Self, Self)| (key.with_names(name), value.with_names(name));
                Self::Map(entries.into_iter().map(named).collect())
            }
            Self::Record { name: type_name, fields: members } => {
                Self::Record { name: type_name, fields: fields(members) }
            }
            Self::Variant { name: variant, payload } => {
                let payload = match payload {
                    Payload::Empty => Payload::Empty,
                    Payload::Values(values) => Payload::Values(all(values)),
                    Payload::Fields(members) => Payload::Fields(fields(members)),
                };
                Self::Variant { name: variant, payload }
            }
            Self::Unit | Self::None | Self::Bool(_) | Self::Int(_) | Self::Text(_) | Self::Name(_) => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Id;

    #[derive(Serialize)]
    enum Message {
        Vote { from: Id, grants: BTreeMap<Id, Vec<Id>> },
        Forward(Id, Option<Id>),
        Ping,
    }

    #[derive(Serialize)]
    struct Leader {
        is: Id,
    }

    fn named<T: Serialize>(value: &T) -> String {
        let name = |ix| (ix < 3).then(|| format!("n{ix}"));
        Value::of(value).with_names(&name).to_string()
    }

    #[test]
    fn nodes_are_called_by_name_wherever_they_stand() {
        let grants = BTreeMap::from([(Id::from(1), vec![Id::from(2), Id::from(9)])]);
        assert_eq!(named(&Message::Vote { from: Id::from(0), grants }), "Vote { from: n0, grants: {n1: [n2, Id(9)]} }");
        assert_eq!(named(&Message::Forward(Id::from(2), Some(Id::from(0)))), "Forward(n2, n0)");
        assert_eq!(named(&Message::Ping), "Ping");
        assert_eq!(named(&Leader { is: Id::from(1) }), "Leader { is: n1 }");
        assert_eq!(named(&((), None::<Id>, "Id(1)", 1_u8, true)), "((), none, \"Id(1)\", 1, true)");
    }
}
