//! Parameters, deviations and roles, looked up among those of the protocol.

use indexmap::IndexMap;

use super::manifest::Names;
use super::reader::{Entry, Form, Node, Reader, Section};
use crate::cluster::Instance;
use crate::model::{Domain, Environment, NetworkKind, ParamValue, Parameter};

type Params = IndexMap<String, ParamValue>;

pub(super) fn params(reader: &mut Reader, node: &Node, names: Option<&Names<'_>>) -> Params {
    let mut params = Params::new();
    let Some(section) = reader.open_section(node) else { return params };
    let Some(names) = names else { return params };
    for entry in section.entries {
        let Some(parameter) = names.parameters.iter().find(|parameter| parameter.name == entry.key) else {
            let known = names.parameters.iter().map(|parameter| parameter.name);
            reader.unknown(&entry.key_span, "parameter", &entry.key, known);
            continue;
        };
        if let Some(value) = value(reader, entry, parameter) {
            params.insert(entry.key.clone(), value);
        }
    }
    params
}

fn value(reader: &mut Reader, Entry { node, .. }: &Entry, parameter: &Parameter) -> Option<ParamValue> {
    let (name, domain) = (parameter.name, &parameter.domain);
    let value = match (domain, &node.form) {
        // A number beyond `usize` is beyond every bound.
        (Domain::Count { .. }, Form::Whole(whole)) => ParamValue::Count(usize::try_from(*whole).unwrap_or(usize::MAX)),
        (Domain::Flag { .. }, Form::Flag(flag)) => ParamValue::Flag(*flag),
        (Domain::Choice { .. }, Form::Text(name)) => ParamValue::Choice(name.clone()),
        (Domain::Count { .. } | Domain::Flag { .. } | Domain::Choice { .. }, _) => {
            reader.wrong_type(node, &domain.to_string());
            return None;
        }
    };
    if domain.contains(&value) {
        return Some(value);
    }
    match (domain, &value) {
        (Domain::Choice { options, .. }, ParamValue::Choice(word)) => {
            let known = options.iter().map(|(option, _)| *option);
            reader.unknown(&node.span, &format!("value of `{name}`:"), word, known);
        }
        _ => reader.wrong(&node.span, format!("`{name}` is out of bounds"), format!("expected {domain}")),
    }
    None
}

pub(super) fn deviations(reader: &mut Reader, node: &Node, names: Option<&Names<'_>>) -> Vec<String> {
    match names {
        Some(names) => reader.names(node, "deviation", &names.deviations),
        None => {
            for node in reader.list(node) {
                reader.text(node);
            }
            Vec::new()
        }
    }
}

pub(super) fn assume(reader: &mut Reader, node: &Node, names: Option<&Names<'_>>) -> Vec<String> {
    match names {
        Some(names) => reader.names(node, "assumption", &names.assumptions),
        None => {
            for node in reader.list(node) {
                reader.text(node);
            }
            Vec::new()
        }
    }
}

/// The network that the protocol assumes with these parameters, and its roles. Parameters that do not go together
/// are a mistake.
pub(super) fn shape(
    reader: &mut Reader,
    check: &Section<'_>,
    names: &Names<'_>,
    params: &Params,
    deviations: &[String],
) -> Option<(NetworkKind, Vec<&'static str>)> {
    let instance = Instance {
        protocol: names.entry.card().name.to_owned(),
        params: params.clone(),
        deviations: deviations.to_vec(),
        environment: Environment::default(),
    };
    match names.entry.shape(&instance) {
        Ok((network, roles)) => Some((network, roles.into_iter().map(|(role, _)| role).collect())),
        Err(sentence) => {
            let span = check.get("params").map_or(&check.span, |node| &node.span);
            reader.wrong(span, "these parameters do not go together", sentence);
            None
        }
    }
}
