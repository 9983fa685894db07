//! What the catalogue has, in a line each or in full.

use serde::Serialize;

use super::style::{BAD, FAINT, NAME, STRONG, paint};
use super::wrap::wrapped;
use crate::cluster::{Entry, Instance};
use crate::model::{DeviationCard, Domain, Environment, NetworkKind, ParamValue, Parameter};
use crate::system::{PropertyCard, PropertyKind};

const LIST_FORMAT: &str = "quorate-protocols";
const SHOW_FORMAT: &str = "quorate-protocol";
const VERSION: u32 = 1;

/// Where the text beside `source` and the like starts.
const HEAD_INDENT: usize = 12;

/// A line for each protocol.
pub fn list(catalogue: &[&dyn Entry]) -> String {
    let name_width = catalogue.iter().map(|entry| entry.card().name.chars().count()).max().unwrap_or_default();
    let title_width = catalogue.iter().map(|entry| entry.card().title.chars().count()).max().unwrap_or_default();
    let line = |entry: &&dyn Entry| {
        let card = entry.card();
        let (properties, deviations) = (entry.properties().len(), entry.deviations().len());
        let name = paint(NAME, format!("{:name_width$}", card.name));
        let counts = paint(FAINT, format!("{properties:>2} properties, {deviations:>2} deviations"));
        format!("{name}  {:title_width$}  {counts}\n", card.title)
    };
    catalogue.iter().map(line).collect()
}

/// A protocol in full.
pub fn show(entry: &dyn Entry) -> String {
    let card = entry.card();
    let mut text = format!("{}  {}\n\n", paint(NAME, card.name), paint(STRONG, card.title));
    for (label, paragraph) in [("source", card.source), ("modelled", card.modelled), ("left out", card.left_out)] {
        text += &row(label, HEAD_INDENT, paragraph);
    }
    if let Some((network, roles)) = shape(entry) {
        text += &row("network", HEAD_INDENT, network_word(network));
        let roles: Vec<String> = roles.iter().map(|(role, count)| format!("{count} {role}")).collect();
        text += &row("roles", HEAD_INDENT, &roles.join(", "));
    }
    text += &section("parameters", &entry.parameters(), parameter);
    text += &section("deviations", entry.deviations(), deviation);
    text += &section("properties", &entry.properties(), property);
    text
}

fn section<T>(title: &str, members: &[T], line: impl Fn(&T) -> (&str, String)) -> String {
    let lines: Vec<(&str, String)> = members.iter().map(line).collect();
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let heading = if members.is_empty() { format!("no {title}") } else { title.to_owned() };
    let rows: String = lines.iter().map(|(name, paragraph)| row(name, width + 4, paragraph)).collect();
    format!("\n{}\n{rows}", paint(STRONG, heading))
}

fn row(label: &str, indent: usize, paragraph: &str) -> String {
    let width = label.chars().count();
    wrapped(&format!("  {}", paint(NAME, label)), width + 2, indent.max(width + 4), paragraph)
}

fn parameter(parameter: &Parameter) -> (&str, String) {
    let Parameter { name, about, domain } = parameter;
    let meanings = match domain {
        Domain::Count { .. } | Domain::Flag { .. } => String::new(),
        Domain::Choice { options, .. } => {
            options.iter().map(|(option, meaning)| format!("\n\n{option}: {}", meaning.trim())).collect()
        }
    };
    (name, format!("{about}\n\n{domain}; default {}{meanings}", domain.default_value()))
}

fn deviation(card: &DeviationCard) -> (&str, String) {
    let breaks = match card.breaks {
        Some(property) => format!("breaks {}", paint(BAD, property)),
        None => "breaks nothing alone".to_owned(),
    };
    (card.name, format!("{}\n\n{breaks}", card.about))
}

fn property(card: &PropertyCard) -> (&str, String) {
    (&card.name, format!("{}: {}", card.kind.word(), card.about))
}

fn shape(entry: &dyn Entry) -> Option<(NetworkKind, Vec<(&'static str, usize)>)> {
    let instance = Instance {
        protocol: entry.card().name.to_owned(),
        params: indexmap::IndexMap::new(),
        deviations: Vec::new(),
        environment: Environment::default(),
    };
    entry.shape(&instance).ok()
}

fn network_word(network: NetworkKind) -> &'static str {
    match network {
        NetworkKind::Unordered => "unordered",
        NetworkKind::Duplicating => "duplicating",
        NetworkKind::Fifo => "fifo",
    }
}

#[derive(Serialize)]
struct List<'a> {
    format: &'static str,
    version: u32,
    quorate: &'static str,
    protocols: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    title: &'a str,
    source: &'a str,
    properties: Vec<String>,
    deviations: Vec<&'a str>,
}

#[derive(Serialize)]
struct Show {
    format: &'static str,
    version: u32,
    quorate: &'static str,
    name: &'static str,
    title: &'static str,
    source: &'static str,
    modelled: &'static str,
    left_out: &'static str,
    network: Option<NetworkKind>,
    roles: Vec<Role>,
    parameters: Vec<ParameterRow>,
    deviations: Vec<DeviationRow>,
    properties: Vec<PropertyRow>,
}

#[derive(Serialize)]
struct Role {
    name: &'static str,
    count: usize,
}

#[derive(Serialize)]
struct ParameterRow {
    name: &'static str,
    about: String,
    default: ParamValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    bounds: Option<[usize; 2]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<OptionRow>,
}

#[derive(Serialize)]
struct OptionRow {
    name: &'static str,
    about: &'static str,
}

#[derive(Serialize)]
struct DeviationRow {
    name: &'static str,
    about: &'static str,
    breaks: Option<&'static str>,
}

#[derive(Serialize)]
struct PropertyRow {
    name: String,
    kind: PropertyKind,
    about: String,
}

/// [`list`] as a JSON document.
pub fn list_json(catalogue: &[&dyn Entry]) -> String {
    let line = |entry: &&dyn Entry| {
        let card = entry.card();
        Line {
            name: card.name,
            title: card.title,
            source: card.source,
            properties: entry.properties().into_iter().map(|card| card.name).collect(),
            deviations: entry.deviations().iter().map(|card| card.name).collect(),
        }
    };
    let protocols = catalogue.iter().map(line).collect();
    super::json::text(&List { format: LIST_FORMAT, version: VERSION, quorate: env!("CARGO_PKG_VERSION"), protocols })
}

/// [`show`] as a JSON document.
pub fn show_json(entry: &dyn Entry) -> String {
    let card = entry.card();
    let (network, roles) = shape(entry).map(|(network, roles)| (Some(network), roles)).unwrap_or_default();
    let deviation = |card: &DeviationCard| DeviationRow { name: card.name, about: card.about, breaks: card.breaks };
    let property = |card: PropertyCard| PropertyRow { name: card.name, kind: card.kind, about: card.about };
    super::json::text(&Show {
        format: SHOW_FORMAT,
        version: VERSION,
        quorate: env!("CARGO_PKG_VERSION"),
        name: card.name,
        title: card.title,
        source: card.source,
        modelled: card.modelled,
        left_out: card.left_out,
        network,
        roles: roles.into_iter().map(|(name, count)| Role { name, count }).collect(),
        parameters: entry.parameters().into_iter().map(parameter_row).collect(),
        deviations: entry.deviations().iter().map(deviation).collect(),
        properties: entry.properties().into_iter().map(property).collect(),
    })
}

fn parameter_row(parameter: Parameter) -> ParameterRow {
    let default = parameter.domain.default_value();
    let (bounds, options) = match parameter.domain {
        Domain::Count { bounds, .. } => (Some([*bounds.start(), *bounds.end()]), &[][..]),
        Domain::Flag { .. } => (None, &[][..]),
        Domain::Choice { options, .. } => (None, options),
    };
    let options = options.iter().map(|(name, about)| OptionRow { name, about: about.trim() }).collect();
    ParameterRow { name: parameter.name, about: parameter.about, default, bounds, options }
}
