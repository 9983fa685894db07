//! From serde's data model to a [`Value`].

use std::fmt;

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::{Payload, Value};

/// The name under which stateright's `Id` serialises itself.
const NODE_TYPE: &str = "Id";

/// The plain value of `value`, or why its type refused.
pub(super) fn value_of<T: Serialize + ?Sized>(value: &T) -> Result<Value, Refusal> {
    value.serialize(Plain)
}

/// What a type says when it refuses to be serialised.
#[derive(Debug)]
pub(super) struct Refusal(String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

impl serde::ser::Error for Refusal {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// The serializer. It has no state: what grows is in [`Members`], [`Entries`] and [`Fields`].
struct Plain;

fn whole(number: impl Into<i128>) -> Result<Value, Refusal> {
    Ok(Value::Int(number.into()))
}

fn text(text: impl Into<String>) -> Result<Value, Refusal> {
    Ok(Value::Text(text.into()))
}

fn empty_variant(name: &str) -> Result<Value, Refusal> {
    Ok(Value::Variant { name: name.to_owned(), payload: Payload::Empty })
}

impl Serializer for Plain {
    type Ok = Value;
    type Error = Refusal;
    type SerializeSeq = Members;
    type SerializeTuple = Members;
    type SerializeTupleStruct = Members;
    type SerializeTupleVariant = Members;
    type SerializeMap = Entries;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    fn serialize_bool(self, flag: bool) -> Result<Value, Refusal> {
        Ok(Value::Bool(flag))
    }

    fn serialize_i8(self, number: i8) -> Result<Value, Refusal> {
        whole(number)
    }

    fn serialize_i16(self, number: i16) -> Result<Value, Refusal> {
        whole(number)
    }

    fn serialize_i32(self, number: i32) -> Result<Value, Refusal> {
        whole(number)
    }

    fn serialize_i64(self, number: i64) -> Result<Value, Refusal> {
        whole(number)
    }

    fn serialize_i128(self, number: i128) -> Result<Value, Refusal> {
        whole(number)
    }

    fn serialize_u8(self, number: u8) -> Result<Value, Refusal> {
        whole(number)
    }

    fn serialize_u16(self, number: u16) -> Result<Value, Refusal> {
        whole(number)
    }

    fn serialize_u32(self, number: u32) -> Result<Value, Refusal> {
        whole(number)
    }

    fn serialize_u64(self, number: u64) -> Result<Value, Refusal> {
        whole(number)
    }

    /// Beyond the greatest `i128` the digits are kept as a text.
    fn serialize_u128(self, number: u128) -> Result<Value, Refusal> {
        i128::try_from(number).map_or_else(|_| text(number.to_string()), whole)
    }

    /// `Debug` is the shortest form that reads back as the same number, with an exponent where it is long.
    fn serialize_f32(self, number: f32) -> Result<Value, Refusal> {
        text(format!("{number:?}"))
    }

    fn serialize_f64(self, number: f64) -> Result<Value, Refusal> {
        text(format!("{number:?}"))
    }

    fn serialize_char(self, character: char) -> Result<Value, Refusal> {
        text(character)
    }

    fn serialize_str(self, string: &str) -> Result<Value, Refusal> {
        text(string)
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, Refusal> {
        Ok(Value::Seq(bytes.iter().map(|byte| Value::Int((*byte).into())).collect()))
    }

    fn serialize_none(self) -> Result<Value, Refusal> {
        Ok(Value::None)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Refusal> {
        value_of(value)
    }

    fn serialize_unit(self) -> Result<Value, Refusal> {
        Ok(Value::Unit)
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<Value, Refusal> {
        empty_variant(name)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Value, Refusal> {
        empty_variant(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<Value, Refusal> {
        let value = value_of(value)?;
        let node_ix = match value {
            Value::Int(number) if name == NODE_TYPE => usize::try_from(number).ok(),
            _ => None,
        };
        Ok(node_ix.map_or(value, Value::Node))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, Refusal> {
        Ok(Value::Variant { name: variant.to_owned(), payload: Payload::Values(vec![value_of(value)?]) })
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Members, Refusal> {
        Ok(Members { of: Whole::Seq, values: Vec::new() })
    }

    fn serialize_tuple(self, _: usize) -> Result<Members, Refusal> {
        Ok(Members { of: Whole::Tuple, values: Vec::new() })
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Members, Refusal> {
        Ok(Members { of: Whole::Named(name), values: Vec::new() })
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Members, Refusal> {
        Ok(Members { of: Whole::Named(variant), values: Vec::new() })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries, Refusal> {
        Ok(Entries { entries: Vec::new(), key: None })
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields, Refusal> {
        Ok(Fields { name, fields: Vec::new() })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields, Refusal> {
        Ok(Fields { name: variant, fields: Vec::new() })
    }
}

/// Values by position, so far.
struct Members {
    of: Whole,
    values: Vec<Value>,
}

/// What the values by position make.
enum Whole {
    Seq,
    Tuple,
    /// A tuple struct or a tuple variant, with its name.
    Named(&'static str),
}

impl Members {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        self.values.push(value_of(value)?);
        Ok(())
    }

    fn finish(self) -> Value {
        match self.of {
            Whole::Seq => Value::Seq(self.values),
            Whole::Tuple => Value::Tuple(self.values),
            Whole::Named(name) => Value::Variant { name: name.to_owned(), payload: Payload::Values(self.values) },
        }
    }
}

impl SerializeSeq for Members {
    type Ok = Value;
    type Error = Refusal;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        self.push(value)
    }

    fn end(self) -> Result<Value, Refusal> {
        Ok(self.finish())
    }
}

impl SerializeTuple for Members {
    type Ok = Value;
    type Error = Refusal;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        self.push(value)
    }

    fn end(self) -> Result<Value, Refusal> {
        Ok(self.finish())
    }
}

impl SerializeTupleStruct for Members {
    type Ok = Value;
    type Error = Refusal;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        self.push(value)
    }

    fn end(self) -> Result<Value, Refusal> {
        Ok(self.finish())
    }
}

impl SerializeTupleVariant for Members {
    type Ok = Value;
    type Error = Refusal;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        self.push(value)
    }

    fn end(self) -> Result<Value, Refusal> {
        Ok(self.finish())
    }
}

/// Values by key, so far, and a key whose value is still to come.
struct Entries {
    entries: Vec<(Value, Value)>,
    key: Option<Value>,
}

impl SerializeMap for Entries {
    type Ok = Value;
    type Error = Refusal;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refusal> {
        self.key = Some(value_of(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        let key = self.key.take().ok_or_else(|| Refusal("a map's value came before its key".to_owned()))?;
        self.entries.push((key, value_of(value)?));
        Ok(())
    }

    fn end(self) -> Result<Value, Refusal> {
        Ok(Value::Map(self.entries))
    }
}

/// Values by name, so far.
struct Fields {
    name: &'static str,
    fields: Vec<(String, Value)>,
}

impl Fields {
    fn push<T: Serialize + ?Sized>(&mut self, field: &'static str, value: &T) -> Result<(), Refusal> {
        self.fields.push((field.to_owned(), value_of(value)?));
        Ok(())
    }
}

impl SerializeStruct for Fields {
    type Ok = Value;
    type Error = Refusal;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, field: &'static str, value: &T) -> Result<(), Refusal> {
        self.push(field, value)
    }

    fn end(self) -> Result<Value, Refusal> {
        Ok(Value::Record { name: self.name.to_owned(), fields: self.fields })
    }
}

impl SerializeStructVariant for Fields {
    type Ok = Value;
    type Error = Refusal;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, field: &'static str, value: &T) -> Result<(), Refusal> {
        self.push(field, value)
    }

    fn end(self) -> Result<Value, Refusal> {
        Ok(Value::Variant { name: self.name.to_owned(), payload: Payload::Fields(self.fields) })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde::Serialize;

    use super::*;
    use crate::Id;

    fn tuple(values: impl IntoIterator<Item = i128>) -> Value {
        Value::Tuple(values.into_iter().map(Value::Int).collect())
    }

    fn variant(name: &str, payload: Payload) -> Value {
        Value::Variant { name: name.to_owned(), payload }
    }

    #[test]
    fn numbers_of_every_width_are_whole() {
        let least = (i8::MIN, i16::MIN, i32::MIN, i64::MIN, i128::MIN);
        let greatest = (u8::MAX, u16::MAX, u32::MAX, u64::MAX, i128::MAX);
        assert_eq!(Value::of(&least), tuple([-0x80, -0x8000, -0x8000_0000, i64::MIN.into(), i128::MIN]));
        assert_eq!(Value::of(&greatest), tuple([0xff, 0xffff, 0xffff_ffff, u64::MAX.into(), i128::MAX]));
        assert_eq!(Value::of(&u128::MAX), Value::Text("340282366920938463463374607431768211455".to_owned()));
    }

    #[test]
    fn texts_characters_and_numbers_that_are_not_whole_are_texts() {
        for (value, expected) in [
            (Value::of("a word"), "a word"),
            (Value::of(&'x'), "x"),
            (Value::of(&0.1_f32), "0.1"),
            (Value::of(&1.0_f64), "1.0"),
            (Value::of(&1e300_f64), "1e300"),
            (Value::of(&f64::NAN), "NaN"),
        ] {
            assert_eq!(value, Value::Text(expected.to_owned()));
        }
    }

    #[test]
    fn an_option_is_its_content() {
        assert_eq!(Value::of(&Some(3_u8)), Value::Int(3));
        assert_eq!(Value::of(&None::<u8>), Value::None);
        assert_eq!(Value::of(&()), Value::Unit);
        assert_eq!(Value::of(&true), Value::Bool(true));
    }

    #[test]
    fn lists_sets_and_bytes_are_sequences_and_tuples_are_not() {
        let expected = Value::Seq(vec![Value::Int(1), Value::Int(2)]);
        assert_eq!(Value::of(&vec![1_u8, 2]), expected);
        assert_eq!(Value::of(&BTreeSet::from([2_u8, 1])), expected);
        assert_eq!(Value::of(&(1_u8, 2_u64)), tuple([1, 2]));
        assert_eq!(Value::of(&[1_u8, 2]), tuple([1, 2]));
        assert_eq!(Plain.serialize_bytes(&[1, 2]).unwrap(), expected);
    }

    #[test]
    fn maps_may_have_any_keys() {
        let by_pair = BTreeMap::from([((Id::from(1), 2_u8), "x")]);
        let key = Value::Tuple(vec![Value::Node(1), Value::Int(2)]);
        assert_eq!(Value::of(&by_pair), Value::Map(vec![(key, Value::Text("x".to_owned()))]));
    }

    #[test]
    fn structs_keep_what_says_something() {
        #[derive(Serialize)]
        struct Mark;
        #[derive(Serialize)]
        struct Slot(u8);
        #[derive(Serialize)]
        struct Ballot(u8, Id);
        #[derive(Serialize)]
        struct Entry {
            slot: Slot,
            ballot: Ballot,
        }
        let ballot = variant("Ballot", Payload::Values(vec![Value::Int(2), Value::Node(0)]));
        assert_eq!(Value::of(&Mark), variant("Mark", Payload::Empty));
        assert_eq!(
            Value::of(&Entry { slot: Slot(7), ballot: Ballot(2, Id::from(0)) }),
            Value::Record {
                name: "Entry".to_owned(),
                fields: vec![("slot".to_owned(), Value::Int(7)), ("ballot".to_owned(), ballot)],
            }
        );
    }

    #[test]
    fn variants_carry_nothing_values_or_fields() {
        #[derive(Serialize)]
        enum Message {
            Ping,
            Put(u8),
            Move(u8, u8),
            Vote { term: u8 },
        }
        assert_eq!(Value::of(&Message::Ping), variant("Ping", Payload::Empty));
        assert_eq!(Value::of(&Message::Put(3)), variant("Put", Payload::Values(vec![Value::Int(3)])));
        let two = Payload::Values(vec![Value::Int(1), Value::Int(2)]);
        assert_eq!(Value::of(&Message::Move(1, 2)), variant("Move", two));
        let term = Payload::Fields(vec![("term".to_owned(), Value::Int(4))]);
        assert_eq!(Value::of(&Message::Vote { term: 4 }), variant("Vote", term));
    }

    #[test]
    fn only_a_whole_number_called_id_is_a_node() {
        #[derive(Serialize)]
        #[serde(rename = "Id")]
        struct Other(&'static str);
        assert_eq!(Value::of(&Id::from(5)), Value::Node(5));
        assert_eq!(Value::of(&Other("x")), Value::Text("x".to_owned()));
    }

    #[test]
    fn a_refusal_is_a_text() {
        #[derive(Serialize)]
        enum Shy {
            #[serde(skip)]
            Hidden,
        }
        let Value::Text(text) = Value::of(&Shy::Hidden) else { panic!("a refusal is a text") };
        assert!(text.starts_with("not serialisable: ") && text.contains("Hidden"), "{text}");
    }
}
