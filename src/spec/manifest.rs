//! From the text of a manifest to its checks.

use std::ops::Range;
use std::time::Duration;

use super::reader::{Node, Reader, Section};
use super::{Check, Lock, Manifest, Mistakes, Size, Source, environment, expect, fairness, instance, quantity};
use crate::cluster::{Entry, Instance, handlers_behave};
use crate::engine::Limits;
use crate::model::{NetworkKind, Parameter};
use crate::system::PropertyCard;

const MANIFEST_KEYS: &[&str] = &["protocol", "check"];
const CHECK_KEYS: &[&str] = &[
    "name",
    "size",
    "params",
    "deviations",
    "network",
    "no_op",
    "time",
    "faults",
    "assume",
    "fairness",
    "limits",
    "expect",
    "lock",
    "source",
];
const LIMIT_KEYS: &[&str] = &["states", "depth", "time", "memory"];
const LOCK_KEYS: &[&str] = &["states", "depth"];

/// Names in a check are looked up among those of its protocol.
pub(super) struct Names<'c> {
    pub(super) entry: &'c dyn Entry,
    pub(super) parameters: Vec<Parameter>,
    pub(super) deviations: Vec<&'static str>,
    pub(super) assumptions: Vec<&'static str>,
    pub(super) properties: Vec<PropertyCard>,
}

impl<'c> Names<'c> {
    fn of(entry: &'c dyn Entry) -> Self {
        Self {
            entry,
            parameters: entry.parameters(),
            deviations: entry.deviations().iter().map(|card| card.name).collect(),
            assumptions: entry.assumptions().into_iter().map(|card| card.name).collect(),
            properties: entry.properties().into_iter().chain([handlers_behave()]).collect(),
        }
    }
}

/// Reads a manifest.
///
/// # Errors
/// Everything that is wrong with it. What is wrong is read as if it were not there, so that one run finds all;
/// names in the checks of a protocol that nobody knows are not looked up.
pub fn read(source: Source, catalogue: &[&dyn Entry]) -> Result<Manifest, Mistakes> {
    let file = source.name.clone();
    let place_known = !source.from_options;
    let (mut reader, root) = Reader::new(source)?;
    let manifest = manifest(&mut reader, &root, &file, place_known, catalogue);
    reader.finish(manifest)
}

fn manifest(
    reader: &mut Reader,
    root: &Node,
    file: &str,
    place_known: bool,
    catalogue: &[&dyn Entry],
) -> Option<Manifest> {
    let section = reader.section(root, MANIFEST_KEYS)?;
    let names = protocol(reader, &section, catalogue).map(Names::of);
    let nodes = match section.get("check") {
        Some(node) => reader.list(node),
        None => {
            reader.wrong(&section.span, "the manifest has no check", "expected `[[check]]`");
            &[]
        }
    };
    let mut seen = Vec::new();
    let mut checks = Vec::new();
    for node in nodes {
        let place = place_known.then(|| (file.to_owned(), reader.line_of(&node.span)));
        checks.extend(check(reader, node, names.as_ref(), &mut seen, place));
    }
    Some(Manifest { file: file.to_owned(), protocol: names?.entry.card().name.to_owned(), checks })
}

fn protocol<'c>(reader: &mut Reader, root: &Section<'_>, catalogue: &[&'c dyn Entry]) -> Option<&'c dyn Entry> {
    let node = root.required(reader, "protocol", "the manifest")?;
    let name = reader.text(node)?;
    let found = catalogue.iter().find(|entry| entry.card().name == name).copied();
    if found.is_none() {
        reader.unknown(&node.span, "protocol", name, catalogue.iter().map(|entry| entry.card().name));
    }
    found
}

fn check(
    reader: &mut Reader,
    node: &Node,
    names: Option<&Names<'_>>,
    seen: &mut Vec<(String, Range<usize>)>,
    place: Option<(String, usize)>,
) -> Option<Check> {
    let section = reader.section(node, CHECK_KEYS)?;
    let name = section.required(reader, "name", "this check").and_then(|node| unique(reader, node, seen));
    let size = section.get("size").and_then(|node| reader.word(node, "size", &Size::WORDS));
    let limits = section.get("limits").map(|node| limits(reader, node)).unwrap_or_default();
    let lock = section.get("lock").and_then(|node| lock(reader, node));
    let source = section.get("source").and_then(|node| reader.text(node)).map(str::to_owned);
    let params = section.get("params").map(|node| instance::params(reader, node, names)).unwrap_or_default();
    let deviations =
        section.get("deviations").map(|node| instance::deviations(reader, node, names)).unwrap_or_default();
    let shape = names.and_then(|names| instance::shape(reader, &section, names, &params, &deviations));
    let roles = shape.as_ref().map(|(_, roles)| &roles[..]);
    let network = shape.as_ref().map_or(NetworkKind::default(), |(network, _)| *network);
    let mut environment = environment::read(reader, &section, network, roles);
    environment.assume = section.get("assume").map(|node| instance::assume(reader, node, names)).unwrap_or_default();
    let fairness = section.get("fairness").map(|node| fairness::read(reader, node)).unwrap_or_default();
    let expect = expect::read(reader, section.get("expect"), names);
    let protocol = names?.entry.card().name.to_owned();
    Some(Check {
        name: name?.to_owned(),
        place,
        size: size.unwrap_or_default(),
        instance: Instance { protocol, params, deviations, environment },
        limits,
        fairness,
        expect,
        lock,
        source,
    })
}

fn unique<'n>(reader: &mut Reader, node: &'n Node, seen: &mut Vec<(String, Range<usize>)>) -> Option<&'n str> {
    let name = reader.text(node)?;
    if name.trim().is_empty() {
        reader.wrong(&node.span, "a check has a name", "expected some words");
        return None;
    }
    if let Some((_, first)) = seen.iter().find(|(other, _)| other == name) {
        let line = reader.line_of(first);
        reader.wrong(&node.span, format!("another check is called `{name}`"), format!("the first is in line {line}"));
        return None;
    }
    seen.push((name.to_owned(), node.span.clone()));
    Some(name)
}

fn limits(reader: &mut Reader, node: &Node) -> Limits {
    let Some(section) = reader.section(node, LIMIT_KEYS) else { return Limits::default() };
    Limits {
        states: section.get("states").and_then(|node| reader.count(node, i64::MAX as u64)),
        depth: section.get("depth").and_then(|node| depth(reader, node)),
        time: section.get("time").and_then(|node| duration(reader, node)),
        memory_bytes: section.get("memory").and_then(|node| size(reader, node)),
    }
}

fn depth(reader: &mut Reader, node: &Node) -> Option<u32> {
    reader.count(node, u64::from(u32::MAX)).map(|count| count as u32)
}

fn duration(reader: &mut Reader, node: &Node) -> Option<Duration> {
    quantity(reader, node, quantity::duration, quantity::DURATION)
}

fn size(reader: &mut Reader, node: &Node) -> Option<u64> {
    quantity(reader, node, quantity::size, quantity::SIZE)
}

fn quantity<T>(reader: &mut Reader, node: &Node, read: fn(&str) -> Result<T, String>, expected: &str) -> Option<T> {
    let text = reader.text_of(node, expected)?;
    let quantity = read(text).ok();
    if quantity.is_none() {
        reader.wrong(&node.span, format!("expected {expected}, found \"{text}\""), "");
    }
    quantity
}

fn lock(reader: &mut Reader, node: &Node) -> Option<Lock> {
    let section = reader.section(node, LOCK_KEYS)?;
    let states = section.required(reader, "states", "the lock").and_then(|node| reader.count(node, i64::MAX as u64));
    let depth = section.required(reader, "depth", "the lock").and_then(|node| depth(reader, node));
    Some(Lock { states: states?, depth: depth? })
}
