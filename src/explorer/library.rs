//! What the page offers to begin with: the checks that were named, and every protocol.

use serde::Serialize;

use super::Shelf;
use crate::cluster::{Entry, Instance};
use crate::model::Environment;
use crate::spec::Expected;
use crate::trace::{Code, setting};

/// The first page.
#[derive(Debug, Serialize)]
pub(super) struct Library {
    quorate: &'static str,
    checks: Vec<CheckCard>,
    protocols: Vec<ProtocolCard>,
}

#[derive(Debug, Serialize)]
struct CheckCard {
    protocol: String,
    name: String,
    size: &'static str,
    setting: String,
    /// Properties that are expected to be violated.
    violates: Vec<String>,
    code: String,
}

#[derive(Debug, Serialize)]
struct ProtocolCard {
    name: &'static str,
    title: &'static str,
    source: &'static str,
    modelled: &'static str,
    left_out: &'static str,
    properties: Vec<String>,
    /// The protocol as it should be first, then with each deviation.
    variants: Vec<VariantCard>,
}

#[derive(Debug, Serialize)]
struct VariantCard {
    name: &'static str,
    about: &'static str,
    breaks: Option<&'static str>,
    code: String,
}

impl Library {
    pub(super) fn of(shelf: &Shelf<'_>) -> Self {
        let checks = shelf.checks.iter().map(|check| {
            let entry = shelf.catalogue.iter().find(|entry| entry.card().name == check.instance.protocol);
            let properties = entry.map(|entry| entry.properties()).unwrap_or_default();
            let violated = properties.iter().filter(|card| matches!(check.expected(card), Expected::Violated { .. }));
            CheckCard {
                protocol: check.instance.protocol.clone(),
                name: check.name.clone(),
                size: check.size.word(),
                setting: setting(&check.instance),
                violates: violated.map(|card| card.name.clone()).collect(),
                code: Code::of_start(&check.instance),
            }
        });
        Self {
            quorate: env!("CARGO_PKG_VERSION"),
            checks: checks.collect(),
            protocols: shelf.catalogue.iter().map(|entry| protocol(*entry)).collect(),
        }
    }
}

fn protocol(entry: &dyn Entry) -> ProtocolCard {
    let card = entry.card();
    let variant = |name: &'static str, about, breaks| {
        let deviations = if name.is_empty() { Vec::new() } else { vec![name.to_owned()] };
        let code = usual_instance(entry, deviations).map(|instance| Code::of_start(&instance));
        VariantCard { name, about, breaks, code: code.unwrap_or_default() }
    };
    let correct = variant("", "the protocol as it is written", None);
    let deviations = entry.deviations().iter().map(|card| variant(card.name, card.about, card.breaks));
    ProtocolCard {
        name: card.name,
        title: card.title,
        source: card.source,
        modelled: card.modelled,
        left_out: card.left_out,
        properties: entry.properties().into_iter().map(|card| card.name).collect(),
        variants: std::iter::once(correct).chain(deviations).collect(),
    }
}

/// The instance with all defaults and these deviations.
fn usual_instance(entry: &dyn Entry, deviations: Vec<String>) -> Result<Instance, String> {
    let plain = Instance {
        protocol: entry.card().name.to_owned(),
        params: indexmap::IndexMap::new(),
        deviations,
        environment: Environment::default(),
    };
    let (network, _) = entry.shape(&plain)?;
    Ok(Instance { environment: Environment { network, ..Environment::default() }, ..plain })
}
