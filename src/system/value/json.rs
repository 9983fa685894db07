//! The notation for machines: JSON much as serde would write the Rust value, with names in the place of ids.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json};

use super::{Payload, Value};

impl Value {
    /// The value as JSON.
    ///
    /// A variant is tagged from outside: `"Ping"`, `{"Put": 3}`, `{"Move": [1, 2]}`, `{"Vote": {"term": 4}}`. So is a
    /// tuple struct. A record is an object of its fields; a map is an object too where its keys are words, else a list of
    /// `[key, value]`. `()` and `none` are `null`. A number that fits neither `i64` nor `u64` is a text.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Unit | Self::None => Json::Null,
            Self::Bool(flag) => Json::Bool(*flag),
            Self::Int(number) => whole(*number),
            Self::Text(text) | Self::Name(text) => Json::String(text.clone()),
            Self::Node(_) => Json::String(self.to_string()),
            Self::Seq(members) | Self::Tuple(members) => array(members),
            Self::Map(entries) => map(entries),
            Self::Record { fields, .. } => object(fields),
            Self::Variant { name, payload } => match payload {
                Payload::Empty => Json::String(name.clone()),
                Payload::Values(values) => match values.as_slice() {
                    [value] => tagged(name, value.to_json()),
                    values => tagged(name, array(values)),
                },
                Payload::Fields(fields) => tagged(name, object(fields)),
            },
        }
    }

    /// The value as far as JSON tells it. What [`to_json`](Self::to_json) has written comes back with the same
    /// JSON, but JSON does not tell everything: a name is a text again, a tuple is a list, `()` is `none`, a record
    /// has lost its name, a map of words looks like a record, and a variant around a list like one of several values.
    ///
    /// An object with one member whose name starts with a capital letter is taken for a variant.
    pub fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::None,
            Json::Bool(flag) => Self::Bool(*flag),
            Json::Number(number) => match number.as_i128() {
                Some(number) => Self::Int(number),
                None => Self::Text(number.to_string()),
            },
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(members) => Self::Seq(members.iter().map(Self::from_json).collect()),
            Json::Object(members) => match members.iter().next() {
                Some((name, payload)) if members.len() == 1 && name.starts_with(char::is_uppercase) => {
                    Self::Variant { name: name.clone(), payload: Payload::from_json(payload) }
                }
                _ => Self::Record { name: String::new(), fields: fields(members) },
            },
        }
    }
}

impl Payload {
    fn from_json(json: &Json) -> Self {
        match json {
            Json::Object(members) => Self::Fields(fields(members)),
            Json::Array(values) if values.len() > 1 => Self::Values(values.iter().map(Value::from_json).collect()),
            value => Self::Values(vec![Value::from_json(value)]),
        }
    }
}

/// As its JSON.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

/// From its JSON, as far as that tells it: see [`Value::from_json`].
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Json::deserialize(deserializer).map(|json| Self::from_json(&json))
    }
}

/// Reads an optional value whose `null` is a value, and which is absent when there is none.
pub(crate) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn fields(members: &Map<String, Json>) -> Vec<(String, Value)> {
    members.iter().map(|(name, value)| (name.clone(), Value::from_json(value))).collect()
}

fn whole(number: i128) -> Json {
    if let Ok(number) = i64::try_from(number) {
        Json::from(number)
    } else if let Ok(number) = u64::try_from(number) {
        Json::from(number)
    } else {
        Json::String(number.to_string())
    }
}

fn array(values: &[Value]) -> Json {
    Json::Array(values.iter().map(Value::to_json).collect())
}

fn object(fields: &[(String, Value)]) -> Json {
    Json::Object(fields.iter().map(|(name, value)| (name.clone(), value.to_json())).collect())
}

fn tagged(name: &str, payload: Json) -> Json {
    Json::Object(Map::from_iter([(name.to_owned(), payload)]))
}

/// An object, if the keys are words and no two of them are the same word; else pairs, so that nothing is lost.
fn map(entries: &[(Value, Value)]) -> Json {
    let mut object = Map::new();
    for (key, value) in entries {
        let word = match key.to_json() {
            Json::String(word) if !matches!(key, Value::Int(_)) => word,
            _ => return pairs(entries),
        };
        if object.insert(word, value.to_json()).is_some() {
            return pairs(entries);
        }
    }
    Json::Object(object)
}

fn pairs(entries: &[(Value, Value)]) -> Json {
    Json::Array(entries.iter().map(|(key, value)| Json::Array(vec![key.to_json(), value.to_json()])).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;
    use serde_json::json;

    use super::*;
    use crate::Id;

    #[derive(Serialize)]
    enum Message {
        Ping,
        Put(u8),
        Pair((u8, u8)),
        Move(u8, u8),
        Vote { term: u8 },
    }

    #[test]
    fn json_is_what_serde_json_would_write() {
        #[derive(Serialize)]
        struct State {
            votes: BTreeMap<String, u8>,
            leader: Option<u8>,
            log: Vec<Message>,
        }
        let log =
            vec![Message::Ping, Message::Put(1), Message::Pair((1, 2)), Message::Move(1, 2), Message::Vote { term: 3 }];
        let state = State { votes: BTreeMap::from([("a".to_owned(), 1)]), leader: None, log };
        assert_eq!(Value::of(&state).to_json(), serde_json::to_value(&state).unwrap());
    }

    #[test]
    fn nodes_are_words() {
        let value = Value::of(&(Id::from(0), Id::from(7)));
        let named = value.with_names(&|ix| (ix == 0).then(|| "leader".to_owned()));
        assert_eq!(named.to_json(), json!(["leader", "Id(7)"]));
    }

    #[test]
    fn a_map_whose_keys_are_not_distinct_words_is_a_list_of_pairs() {
        assert_eq!(Value::of(&BTreeMap::from([(1, true)])).to_json(), json!([[1, true]]));
        assert_eq!(Value::of(&BTreeMap::from([((1, 2), ())])).to_json(), json!([[[1, 2], null]]));
        assert_eq!(Value::of(&BTreeMap::from([(u128::MAX >> 1, 1)])).to_json(), json!([[i128::MAX.to_string(), 1]]));
        let twice = [Value::Text("a".to_owned()), Value::Name("a".to_owned())];
        let twice = Value::Map(twice.into_iter().map(|key| (key, Value::Unit)).collect());
        assert_eq!(twice.to_json(), json!([["a", null], ["a", null]]));
    }

    #[test]
    fn what_was_written_and_read_is_written_the_same() {
        for json in [
            json!(null),
            json!([true, -1, u64::MAX, "none", []]),
            json!("Ping"),
            json!({ "Put": 3 }),
            json!({ "Put": [] }),
            json!({ "Put": [3] }),
            json!({ "Put": [3, { "round": 1 }] }),
            json!({ "Vote": {} }),
            json!({ "Vote": { "term": 4, "for": null } }),
            json!({ "term": 4 }),
            json!({ "A": 1, "B": 2 }),
            json!({}),
        ] {
            assert_eq!(Value::from_json(&json).to_json(), json);
        }
    }

    #[test]
    fn what_was_read_can_be_read_by_people() {
        let read = |json: Json| Value::from_json(&json).to_string();
        assert_eq!(read(json!({ "Vote": { "term": 4, "for": null } })), "Vote { term: 4, for: none }");
        assert_eq!(read(json!({ "Put": [3, "a b"] })), "Put(3, \"a b\")");
        assert_eq!(read(json!({ "round": 1, "by whom": ["n0"] })), "{round: 1, \"by whom\": [n0]}");
        assert_eq!(read(json!([{}, 1.5])), "[{}, 1.5]");
    }

    #[test]
    fn a_number_beyond_64_bits_is_a_text() {
        assert_eq!(Value::Int(u64::MAX.into()).to_json(), json!(u64::MAX));
        assert_eq!(Value::Int(i64::MIN.into()).to_json(), json!(i64::MIN));
        assert_eq!(Value::Int(i128::from(u64::MAX) + 1).to_json(), json!("18446744073709551616"));
    }
}
