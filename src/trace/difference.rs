//! How two values differ, part by part.
//!
//! Two values of the same shape are compared part by part, any others as wholes. Lists are aligned by what they
//! have in common, so that a message appended to a log or a vote added to a set is one difference. A tuple of
//! numbers and words is one thing: the ballot `(1, proposer0)` is not two.

use std::fmt;

use crate::system::{Payload, Value};

/// One difference between two values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// Where it is.
    pub(super) path: Path,
    /// What was there; `None` for something new.
    pub(super) before: Option<Value>,
    /// What is there now; `None` for something that is gone.
    pub(super) after: Option<Value>,
}

/// A way from the root of a value to one of its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path(pub(super) Vec<Segment>);

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// To a field.
    Field(String),
    /// To what belongs to a key.
    Key(Value),
    /// To a member, by its position afterwards, or before if it is gone.
    Index(usize),
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Field(name) if depth == 0 => f.write_str(name)?,
                Segment::Field(name) => write!(f, ".{name}")?,
                Segment::Key(key) => write!(f, "[{key}]")?,
                Segment::Index(ix) => write!(f, "[{ix}]")?,
            }
        }
        Ok(())
    }
}

/// The differences from `before` to `after`, in the order of their places; none if the two are equal.
pub(super) fn difference(before: &Value, after: &Value) -> Vec<Difference> {
    let mut comparison = Comparison::default();
    comparison.values(before, after);
    comparison.found
}

#[derive(Default)]
struct Comparison {
    at: Vec<Segment>,
    found: Vec<Difference>,
}

impl Comparison {
    fn push(&mut self, before: Option<&Value>, after: Option<&Value>) {
        let path = Path(self.at.clone());
        self.found.push(Difference { path, before: before.cloned(), after: after.cloned() });
    }

    fn within(&mut self, segment: Segment, compare: impl FnOnce(&mut Self)) {
        self.at.push(segment);
        compare(self);
        self.at.pop();
    }

    fn values(&mut self, before: &Value, after: &Value) {
        if before != after && !self.parts(before, after) {
            self.push(Some(before), Some(after));
        }
    }

    /// Compares two values part by part; `false`, and nothing done, if they are not of the same shape.
    fn parts(&mut self, before: &Value, after: &Value) -> bool {
        use Value::{Map, Record, Seq, Tuple, Variant};
        match (before, after) {
            (Seq(old), Seq(new)) => self.lists(old, new),
            (Tuple(old), Tuple(new)) => return self.positions(old, new),
            (Map(old), Map(new)) => self.keyed(old, new, |key| Segment::Key(key.clone())),
            (Record { name: of, fields: old }, Record { name, fields: new }) if of == name => self.fields(old, new),
            (Variant { name: of, payload: old }, Variant { name, payload: new }) if of == name => {
                return self.payloads(old, new);
            }
            _ => return false,
        }
        true
    }

    /// Of two variants of the same name. The name is no part of the path: it says nothing new.
    fn payloads(&mut self, before: &Payload, after: &Payload) -> bool {
        match (before, after) {
            (Payload::Fields(old), Payload::Fields(new)) => {
                self.fields(old, new);
                true
            }
            (Payload::Values(old), Payload::Values(new)) => match (old.as_slice(), new.as_slice()) {
                ([old], [new]) => self.parts(old, new),
                _ => self.positions(old, new),
            },
            (Payload::Empty | Payload::Values(_) | Payload::Fields(_), _) => false,
        }
    }

    /// Of two rows of values by position; `false` if they are not equally many, or only numbers and words.
    fn positions(&mut self, before: &[Value], after: &[Value]) -> bool {
        if before.len() != after.len() || before.iter().chain(after).all(Value::is_simple) {
            return false;
        }
        for (ix, (old, new)) in before.iter().zip(after).enumerate() {
            self.within(Segment::Index(ix), |inside| inside.values(old, new));
        }
        true
    }

    fn fields(&mut self, before: &[(String, Value)], after: &[(String, Value)]) {
        self.keyed(before, after, |field| Segment::Field(field.clone()));
    }

    fn keyed<K: PartialEq>(&mut self, before: &[(K, Value)], after: &[(K, Value)], segment: impl Fn(&K) -> Segment) {
        for (key, old) in before {
            let new = after.iter().find(|(other, _)| other == key).map(|(_, new)| new);
            self.within(segment(key), |inside| match new {
                Some(new) => inside.values(old, new),
                None => inside.push(Some(old), None),
            });
        }
        for (key, new) in after.iter().filter(|(key, _)| before.iter().all(|(other, _)| other != key)) {
            self.within(segment(key), |inside| inside.push(None, Some(new)));
        }
    }

    /// Between two members that the lists have in common, the others are paired from the left; what is
    /// left over was removed or added.
    fn lists(&mut self, before: &[Value], after: &[Value]) {
        let (mut old_ix, mut new_ix) = (0, 0);
        for (old_end, new_end) in alignment(before, after) {
            while old_ix < old_end || new_ix < new_end {
                match (old_ix < old_end, new_ix < new_end) {
                    (true, true) => self.within(Segment::Index(new_ix), |inside| {
                        inside.values(&before[old_ix], &after[new_ix]);
                    }),
                    (true, false) => {
                        self.within(Segment::Index(old_ix), |inside| inside.push(Some(&before[old_ix]), None));
                    }
                    _ => self.within(Segment::Index(new_ix), |inside| inside.push(None, Some(&after[new_ix]))),
                }
                old_ix += usize::from(old_ix < old_end);
                new_ix += usize::from(new_ix < new_end);
            }
            (old_ix, new_ix) = (old_end + 1, new_end + 1);
        }
    }
}

/// The positions of a longest common subsequence, ascending, and at the end the two lengths.
fn alignment(before: &[Value], after: &[Value]) -> Vec<(usize, usize)> {
    // length[i][j]: of a longest common subsequence of before[i..] and after[j..].
    let mut length = vec![vec![0_usize; after.len() + 1]; before.len() + 1];
    for (i, old) in before.iter().enumerate().rev() {
        for (j, new) in after.iter().enumerate().rev() {
            length[i][j] = if old == new { length[i + 1][j + 1] + 1 } else { length[i + 1][j].max(length[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::new();
    while i < before.len() && j < after.len() {
        if before[i] == after[j] {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if length[i + 1][j] >= length[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs.push((before.len(), after.len()));
    pairs
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

    use super::*;

    fn shown(before: &impl Serialize, after: &impl Serialize) -> Vec<String> {
        let word = |value: Option<Value>| value.map_or("-".to_owned(), |value| value.to_string());
        let found = difference(&Value::of(before), &Value::of(after));
        found.into_iter().map(|one| format!("{} {} > {}", one.path, word(one.before), word(one.after))).collect()
    }

    /// What `value` becomes by these differences. The inverse of [`difference`], written without regard to it.
    fn applied(value: &Value, found: &[Difference]) -> Value {
        let here: Vec<_> = found.iter().filter(|one| one.path.0.is_empty()).collect();
        if let [whole] = here.as_slice() {
            assert_eq!((found.len(), whole.before.as_ref()), (1, Some(value)));
            return whole.after.clone().expect("a whole value does not vanish");
        }
        match value {
            _ if found.is_empty() => value.clone(),
            Value::Seq(members) => Value::Seq(applied_to_list(members, found)),
            Value::Tuple(members) => Value::Tuple(applied_to_list(members, found)),
            Value::Map(entries) => Value::Map(applied_to_keyed(
                entries,
                found,
                |key| Segment::Key(key.clone()),
                |segment| match segment {
                    Segment::Key(key) => key.clone(),
                    other => panic!("{other:?} is no key"),
                },
            )),
            Value::Record { name, fields } => {
                Value::Record { name: name.clone(), fields: applied_to_fields(fields, found) }
            }
            Value::Variant { name, payload } => {
                let payload = match payload {
                    Payload::Empty => Payload::Empty,
                    Payload::Fields(fields) => Payload::Fields(applied_to_fields(fields, found)),
                    Payload::Values(values) if values.len() == 1 => Payload::Values(vec![applied(&values[0], found)]),
                    Payload::Values(values) => Payload::Values(applied_to_list(values, found)),
                };
                Value::Variant { name: name.clone(), payload }
            }
            simple => panic!("{simple} has no parts"),
        }
    }

    /// Those of `found` that lie below `segment`, seen from there.
    fn below(found: &[Difference], segment: &Segment) -> Vec<Difference> {
        let below = found.iter().filter(|one| one.path.0.first() == Some(segment));
        below.map(|one| Difference { path: Path(one.path.0[1..].to_vec()), ..one.clone() }).collect()
    }

    fn applied_to_keyed<K: Clone>(
        members: &[(K, Value)],
        found: &[Difference],
        segment: impl Fn(&K) -> Segment,
        key: impl Fn(&Segment) -> K,
    ) -> Vec<(K, Value)> {
        let mut kept = Vec::new();
        for (name, value) in members {
            let below = below(found, &segment(name));
            let gone = below.iter().any(|one| one.path.0.is_empty() && one.after.is_none());
            if !gone {
                kept.push((name.clone(), applied(value, &below)));
            }
        }
        let new = found.iter().filter(|one| one.before.is_none() && one.path.0.len() == 1);
        kept.extend(new.map(|one| (key(&one.path.0[0]), one.after.clone().expect("something new is there"))));
        kept
    }

    fn applied_to_fields(fields: &[(String, Value)], found: &[Difference]) -> Vec<(String, Value)> {
        applied_to_keyed(
            fields,
            found,
            |field| Segment::Field(field.clone()),
            |segment| match segment {
                Segment::Field(field) => field.clone(),
                other => panic!("{other:?} is no field"),
            },
        )
    }

    fn applied_to_list(members: &[Value], found: &[Difference]) -> Vec<Value> {
        let at = |one: &Difference| match one.path.0.as_slice() {
            [Segment::Index(ix)] => Some(*ix),
            _ => None,
        };
        let mut members = members.to_vec();
        for one in found.iter().rev().filter(|one| one.after.is_none()) {
            if let Some(ix) = at(one) {
                assert_eq!(Some(members.remove(ix)), one.before);
            }
        }
        for one in found.iter().filter(|one| one.before.is_none()) {
            if let Some(ix) = at(one) {
                members.insert(ix, one.after.clone().expect("something new is there"));
            }
        }
        let stay = |one: &&Difference| at(one).is_none() || (one.before.is_some() && one.after.is_some());
        let inside: Vec<_> = found.iter().filter(stay).cloned().collect();
        let each = members.iter().enumerate();
        each.map(|(ix, member)| applied(member, &below(&inside, &Segment::Index(ix)))).collect()
    }

    #[test]
    fn each_shape_is_compared_part_by_part() {
        #[derive(Serialize)]
        struct State {
            term: u8,
            voted: Option<&'static str>,
            votes: BTreeMap<u8, Vec<u8>>,
        }
        #[derive(Serialize)]
        enum Role {
            Follower,
            Leader { state: State },
            Old(State),
        }
        let state = |term, votes| State { term, voted: None, votes: BTreeMap::from(votes) };
        let (old, new) = (state(1, [(1, vec![1]), (2, vec![])]), state(2, [(1, vec![1, 3]), (3, vec![])]));
        let expected = ["term 1 > 2", "votes[1][1] - > 3", "votes[2] [] > -", "votes[3] - > []"];
        assert_eq!(shown(&old, &new), expected);
        assert_eq!(shown(&Role::Old(old), &Role::Old(new)), expected);
        let leader = |term| Role::Leader { state: state(term, [(1, vec![]), (2, vec![])]) };
        assert_eq!(shown(&leader(1), &leader(2)), ["state.term 1 > 2"]);
        assert_eq!(shown(&Role::Follower, &Some("word")), [" Follower > word"]);
        let voted = |voted| State { voted, ..state(1, [(1, vec![]), (2, vec![])]) };
        assert_eq!(shown(&voted(None), &voted(Some("n1"))), ["voted none > n1"]);
    }

    #[test]
    fn lists_are_aligned_and_tuples_of_words_are_one_thing() {
        assert_eq!(shown(&vec![1, 2, 3], &vec![2, 3, 4]), ["[0] 1 > -", "[2] - > 4"]);
        assert_eq!(shown(&vec![1, 2, 3], &vec![1, 5, 3]), ["[1] 2 > 5"]);
        assert_eq!(shown(&(1, "n0"), &(2, "n0")), [" (1, n0) > (2, n0)"]);
        assert_eq!(shown(&(1, vec![2]), &(1, vec![2, 3])), ["[1][1] - > 3"]);
    }

    /// Every value of a small world: numbers, short lists and tuples of them, and what wraps them.
    fn small_world() -> Vec<Value> {
        let numbers = [Value::None, Value::Int(0), Value::Int(1)];
        let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
        for ix in 0..13 {
            let row = rows[ix].clone();
            rows.extend(numbers.iter().map(|number| [row.as_slice(), std::slice::from_ref(number)].concat()));
        }
        let lists: Vec<_> = rows.iter().map(|row| Value::Seq(row.clone())).collect();
        let tuples = rows.iter().filter(|row| row.len() == 2).map(|row| Value::Tuple(row.clone()));
        let leaves: Vec<_> = numbers.into_iter().chain(lists.iter().take(14).cloned()).chain(tuples).collect();
        let variant = |payload| Value::Variant { name: "Put".to_owned(), payload };
        let fields = |value: &Value| vec![("a".to_owned(), value.clone()), ("b".to_owned(), Value::Int(0))];
        let mut world = lists;
        for leaf in leaves {
            world.extend([
                Value::Seq(vec![leaf.clone(), Value::Int(0)]),
                Value::Tuple(vec![leaf.clone(), Value::Int(0)]),
                Value::Map(vec![(Value::Int(1), leaf.clone())]),
                Value::Map(vec![(Value::Int(1), leaf.clone()), (Value::Int(2), Value::Int(0))]),
                Value::Record { name: "State".to_owned(), fields: fields(&leaf) },
                variant(Payload::Fields(fields(&leaf))),
                variant(Payload::Values(vec![leaf.clone()])),
                variant(Payload::Values(vec![leaf.clone(), Value::Int(0)])),
                leaf,
            ]);
        }
        world
    }

    #[test]
    fn a_value_does_not_differ_from_itself_and_becomes_another_by_their_differences() {
        let world = small_world();
        assert!(world.len() > 200, "{}", world.len());
        for before in &world {
            assert_eq!(difference(before, before), []);
            for after in &world {
                let found = difference(before, after);
                assert_eq!(&applied(before, &found), after, "{before} to {after}: {found:?}");
            }
        }
    }
}
