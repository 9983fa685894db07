//! From the text of a manifest to its checks.

use std::ops::Range;
use std::time::Duration;

use super::reader::{Form, Node, Reader, Words};
use super::sweep::{self, Cell};
use super::{Check, Lock, Manifest, Mistakes, Size, Source, environment, expect, fairness, instance, quantity};
use crate::cluster::{Entry, Instance, handlers_behave};
use crate::engine::Limits;
use crate::model::{NetworkKind, Parameter, Reductions};
use crate::system::PropertyCard;

const MANIFEST_KEYS: &[&str] = &["protocol", "check"];
const CHECK_KEYS: &[&str] = &[
    "name",
    "protocol",
    "size",
    "tags",
    "params",
    "deviations",
    "network",
    "no_op",
    "time",
    "faults",
    "assume",
    "fairness",
    "reduce",
    "limits",
    "undecided",
    "expect",
    "lock",
    "source",
    "sweep",
    "cells",
];
const LIMIT_KEYS: &[&str] = &["states", "depth", "time", "memory"];
const LOCK_KEYS: &[&str] = &["states", "depth"];
const REDUCTIONS: &Words<Reductions> =
    &[("symmetry", Reductions::SYMMETRY), ("stale-messages", Reductions::STALE_MESSAGES)];
pub(super) const UNDECIDED: &Words<bool> = &[("refused", false), ("allowed", true)];

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
    let nodes = match section.get("check") {
        Some(node) => reader.list(node),
        None => {
            reader.wrong(&section.span, "the manifest has no check", "expected `[[check]]`");
            &[]
        }
    };
    let protocol = match section.get("protocol") {
        Some(node) => protocol(reader, node, catalogue),
        // Every check may say its own.
        None if !nodes.is_empty() && nodes.iter().all(says_protocol) => None,
        None => section.required(reader, "protocol", "the manifest").and(None),
    };
    let book = Book { catalogue, protocol };
    let mut seen = Vec::new();
    let mut checks = Vec::new();
    for node in nodes {
        let place = place_known.then(|| (file.to_owned(), reader.line_of(&node.span)));
        checks.extend(book.checks(reader, node, &mut seen, place));
    }
    let protocol = protocol.map(|entry| entry.card().name.to_owned());
    Some(Manifest { file: file.to_owned(), protocol, checks })
}

/// Whether a check names its protocol, or sweeps over several.
fn says_protocol(check: &Node) -> bool {
    let says = |node: &Node| node.entry("protocol").is_some();
    says(check) || check.entry("sweep").is_some_and(says)
}

fn protocol<'c>(reader: &mut Reader, node: &Node, catalogue: &[&'c dyn Entry]) -> Option<&'c dyn Entry> {
    let name = reader.text(node)?;
    let found = catalogue.iter().find(|entry| entry.card().name == name).copied();
    if found.is_none() {
        reader.unknown(&node.span, "protocol", name, catalogue.iter().map(|entry| entry.card().name));
    }
    found
}

/// What the checks of a manifest are read by.
struct Book<'b, 'c> {
    catalogue: &'b [&'c dyn Entry],
    /// The protocol of checks that name none.
    protocol: Option<&'c dyn Entry>,
}

impl<'c> Book<'_, 'c> {
    /// The names that the check at `node` may use.
    fn names(&self, reader: &mut Reader, node: &Node) -> Option<Names<'c>> {
        let own = reader.open_section(node)?.get("protocol");
        own.map_or(self.protocol, |own| protocol(reader, own, self.catalogue)).map(Names::of)
    }

    /// The check at `node`, or the cells of its sweep.
    fn checks(
        &self,
        reader: &mut Reader,
        node: &Node,
        seen: &mut Vec<(String, Range<usize>)>,
        place: Option<(String, usize)>,
    ) -> Vec<Check> {
        let Some(section) = reader.section(node, CHECK_KEYS) else { return Vec::new() };
        let name = section.required(reader, "name", "this check").and_then(|node| unique(reader, node, seen));
        if section.get("sweep").is_some() {
            let names = |reader: &mut Reader, node: &Node| self.names(reader, node);
            let cells = sweep::cells(reader, node, name.unwrap_or_default(), &names);
            let check = |(node, cell): (Node, Cell)| self.check(reader, &node, name, Some(cell), place.clone());
            return cells.into_iter().filter_map(check).collect();
        }
        for key in sweep::SWEEP_KEYS {
            if let Some(entry) = section.entry(key) {
                reader.wrong(&entry.key_span, format!("`{key}` is about a sweep, and this check has none"), "");
            }
        }
        self.check(reader, node, name, None, place).into_iter().collect()
    }

    fn check(
        &self,
        reader: &mut Reader,
        node: &Node,
        name: Option<&str>,
        cell: Option<Cell>,
        place: Option<(String, usize)>,
    ) -> Option<Check> {
        let section = reader.section(node, CHECK_KEYS)?;
        let names = self.names(reader, node);
        let names = names.as_ref();
        let size = section.get("size").and_then(|node| reader.word(node, "size", &Size::WORDS));
        let tags = section.get("tags").map(|node| tags(reader, node)).unwrap_or_default();
        let limits = section.get("limits").map(|node| limits(reader, node)).unwrap_or_default();
        let undecided = section.get("undecided").and_then(|node| reader.word(node, "value of `undecided`:", UNDECIDED));
        let lock = section.get("lock").and_then(|node| lock(reader, node));
        let source = section.get("source").and_then(|node| reader.text(node)).map(str::to_owned);
        let params = section.get("params").map(|node| instance::params(reader, node, names)).unwrap_or_default();
        let deviations =
            section.get("deviations").map(|node| instance::deviations(reader, node, names)).unwrap_or_default();
        let shape = names.and_then(|names| instance::shape(reader, &section, names, &params, &deviations));
        let roles = shape.as_ref().map(|(_, roles)| &roles[..]);
        let network = shape.as_ref().map_or(NetworkKind::default(), |(network, _)| *network);
        let mut environment = environment::read(reader, &section, network, roles);
        environment.assume =
            section.get("assume").map(|node| instance::assume(reader, node, names)).unwrap_or_default();
        let fairness = section.get("fairness").map(|node| fairness::read(reader, node)).unwrap_or_default();
        let reductions = section.get("reduce").map(|node| reductions(reader, node)).unwrap_or_default();
        let expect = expect::read(reader, section.get("expect"), names);
        let shapes = expect::shapes(reader, section.get("expect"));
        let protocol = names?.entry.card().name.to_owned();
        let name = match &cell {
            None => name?.to_owned(),
            Some(cell) => format!("{}: {}", name?, cell.label()),
        };
        Some(Check {
            name,
            place,
            cell,
            size: size.unwrap_or_default(),
            tags,
            instance: Instance { protocol, params, deviations, environment },
            limits,
            fairness,
            reductions,
            undecided_allowed: undecided.unwrap_or_default(),
            expect,
            shapes,
            lock,
            source,
        })
    }
}

/// A word or a list of them.
fn reductions(reader: &mut Reader, node: &Node) -> Reductions {
    let nodes = if let Form::List(nodes) = &node.form { nodes.iter().collect() } else { vec![node] };
    let mut reductions = Reductions::NONE;
    for node in nodes {
        reductions = reductions.and(reader.word(node, "reduction", REDUCTIONS).unwrap_or_default());
    }
    reductions
}

fn tags(reader: &mut Reader, node: &Node) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for node in reader.list(node) {
        let Some(tag) = reader.text(node) else { continue };
        let is_word = |c: char| c.is_alphanumeric() || "-_./".contains(c);
        if tag.is_empty() || !tag.chars().all(is_word) {
            reader.wrong(&node.span, format!("`{tag}` is no tag"), "letters, digits, `-`, `_`, `.` and `/`");
        } else if tags.iter().any(|other| other == tag) {
            reader.wrong(&node.span, format!("tag `{tag}` is here twice"), "each at most once");
        } else {
            tags.push(tag.to_owned());
        }
    }
    tags
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

pub(super) fn duration(reader: &mut Reader, node: &Node) -> Option<Duration> {
    quantity(reader, node, quantity::duration, quantity::DURATION)
}

pub(super) fn size(reader: &mut Reader, node: &Node) -> Option<u64> {
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
