//! What a check expects of each property.

use indexmap::IndexMap;

use super::Expected;
use super::manifest::Names;
use super::reader::{Entry, Form, Node, Reader, quoted};
use crate::cluster::HANDLERS_BEHAVE;
use crate::system::{ActionKind, PropertyCard, PropertyKind};

const WILDCARD: &str = "*";
const BOUND_KEYS: &[&str] = &["at_most_steps", "shape"];
const VERDICTS: &[&str] = &["holds", "violated", "reachable", "unreachable", "undecided"];

/// What is expected of each property, by its name.
pub(super) fn read(reader: &mut Reader, node: Option<&Node>, names: Option<&Names<'_>>) -> IndexMap<String, Expected> {
    let Some(names) = names else {
        // Without a protocol there are no names to look up; the words can still be wrong.
        let section = node.and_then(|node| reader.open_section(node));
        for entry in section.iter().flat_map(|section| section.entries) {
            verdict(reader, &entry.node);
        }
        return IndexMap::new();
    };
    let properties = &names.properties;
    let mut named: Vec<Option<Expected>> = vec![None; properties.len()];
    if let Some(section) = node.and_then(|node| reader.open_section(node)) {
        for entry in section.entries.iter().filter(|entry| entry.key != WILDCARD) {
            property(reader, entry, properties, &mut named);
        }
        if let Some(entry) = section.entry(WILDCARD) {
            wildcard(reader, entry, properties, &mut named);
        }
    }
    let violation = named.iter().any(|expected| matches!(expected, Some(Expected::Violated { .. })));
    let expected = |(card, named): (&PropertyCard, Option<Expected>)| {
        (card.name.clone(), named.unwrap_or_else(|| unnamed(card, violation)))
    };
    properties.iter().zip(named).map(expected).collect()
}

/// What is expected of a property that the check does not name. In a check that looks for a violation that is
/// nothing, but code that goes wrong is never what a check looks for.
fn unnamed(card: &PropertyCard, violation: bool) -> Expected {
    match violation {
        false => Expected::of_kind(card.kind),
        true if card.name == HANDLERS_BEHAVE => Expected::NotSeen,
        true => Expected::Anything,
    }
}

fn property(reader: &mut Reader, entry: &Entry, properties: &[PropertyCard], named: &mut [Option<Expected>]) {
    let Some(property_ix) = properties.iter().position(|card| card.name == entry.key) else {
        let known = properties.iter().map(|card| card.name.as_str());
        reader.unknown(&entry.key_span, "property", &entry.key, known);
        return;
    };
    let Some(expected) = verdict(reader, &entry.node) else { return };
    let card = &properties[property_ix];
    if fits(expected, card.kind) {
        named[property_ix] = Some(expected);
    } else {
        let words: Vec<&str> = Expected::words(card.kind).iter().map(|(word, _)| *word).collect();
        let wrong = format!("`{}`, of kind `{}`, cannot be `{}`", card.name, card.kind.word(), expected.word());
        reader.wrong(&entry.node.span, wrong, format!("expected one of {}", quoted(&words)));
    }
}

/// Gives the word to all properties that no other key names and whose kind it fits.
fn wildcard(reader: &mut Reader, entry: &Entry, properties: &[PropertyCard], named: &mut [Option<Expected>]) {
    let Some(expected) = verdict(reader, &entry.node) else { return };
    let mut covers_any = false;
    for (card, named) in properties.iter().zip(named) {
        if named.is_none() && fits(expected, card.kind) {
            *named = Some(expected);
            covers_any = true;
        }
    }
    if !covers_any {
        let wrong = format!("`\"*\"` covers no property that could be `{}`", expected.word());
        reader.wrong(&entry.key_span, wrong, "it stands for all properties that are not named");
    }
}

fn fits(expected: Expected, kind: PropertyKind) -> bool {
    Expected::words(kind).iter().any(|(word, _)| *word == expected.word())
}

/// A word, or `{ violated = { at_most_steps = 12 } }`.
fn verdict(reader: &mut Reader, node: &Node) -> Option<Expected> {
    match &node.form {
        Form::Text(word) => word_of(reader, node, word),
        Form::Section(_) => {
            let section = reader.section(node, &["violated"])?;
            let violated = section.required(reader, "violated", "this verdict")?;
            if !matches!(violated.form, Form::Section(_)) {
                reader.wrong_type(violated, "{ at_most_steps = 12 }");
                return None;
            }
            let bounds = reader.section(violated, BOUND_KEYS)?;
            let most = match bounds.get("at_most_steps") {
                Some(most) => Some(reader.count(most, u64::from(u32::MAX))? as u32),
                None if bounds.get("shape").is_some() => None,
                None => {
                    bounds.required(reader, "at_most_steps", "this bound");
                    return None;
                }
            };
            Some(Expected::Violated { at_most_steps: most })
        }
        Form::Whole(_) | Form::Flag(_) | Form::List(_) | Form::Other(_) => {
            reader.wrong_type(
                node,
                &format!("one of {}, or {{ violated = {{ at_most_steps = 12 }} }}", quoted(VERDICTS)),
            );
            None
        }
    }
}

fn word_of(reader: &mut Reader, node: &Node, word: &str) -> Option<Expected> {
    let kinds = [PropertyKind::Always, PropertyKind::Sometimes];
    let mut words = kinds.into_iter().flat_map(Expected::words);
    let found = words.find(|(known, _)| *known == word).map(|(_, expected)| *expected);
    if found.is_none() {
        reader.unknown(&node.span, "verdict", word, VERDICTS.iter().copied());
    }
    found
}

/// Of properties that are expected to be violated in a certain shape, the steps that it has.
pub(super) fn shapes(reader: &mut Reader, node: Option<&Node>) -> IndexMap<String, Vec<String>> {
    let mut shapes = IndexMap::new();
    let Some(section) = node.and_then(|node| reader.open_section(node)) else { return shapes };
    for entry in section.entries {
        let violated = entry.node.entry("violated");
        let Some(shape) = violated.and_then(|violated| violated.entry("shape")) else { continue };
        if entry.key == WILDCARD {
            reader.wrong(&shape.span, "one shape is not that of several counterexamples", "the name of a property");
        }
        let steps: Vec<String> = reader.list(shape).iter().filter_map(|step| shape_step(reader, step)).collect();
        shapes.insert(entry.key.clone(), steps);
    }
    shapes
}

/// A kind of step, and if need be a pattern of who and what: `crash`, `deliver *Promise*`.
fn shape_step(reader: &mut Reader, node: &Node) -> Option<String> {
    let step = reader.text(node)?;
    let kind = step.split(' ').next().unwrap_or_default();
    let words = ActionKind::ALL.map(ActionKind::word);
    if !words.contains(&kind) && !kind.contains(['*', '?']) {
        reader.unknown(&node.span, "kind of step", kind, words);
        return None;
    }
    Some(step.to_owned())
}
