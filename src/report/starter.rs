//! A manifest to begin with: the protocol as it is, and all that can be set, commented.

use std::fmt::Write;

use crate::cluster::Entry;
use crate::model::DeviationCard;
use crate::spec::Expected;
use crate::system::PropertyCard;

/// The manifest. It can be read and run as it is; what is commented can be, too.
pub fn starter(entry: &dyn Entry) -> String {
    let card = entry.card();
    let mut text =
        format!("# {}.\n# What each key means: `quorate schema manifest`.\nprotocol = \"{}\"\n", card.title, card.name);
    text += "\n# The protocol with all defaults, without faults.\n[[check]]\nname = \"no faults\"\n";
    text += "size = \"small\"       # seconds; or standard: minutes, stress: as long as it takes\n";
    text += "# tags = [\"nightly\"]  # `quorate check --tag nightly`\n";
    parameters(entry, &mut text);
    text += "# `quorate check --update-lock` writes the counts; from then on a count that moves is told.\n";
    text += "# lock = { states = 0, depth = 0 }\n";
    expectations(&entry.properties(), &mut text);
    text += "\n# What may go wrong, and how often.\n# [[check]]\n# name = \"a crash\"\n";
    text += "# faults = { loss = 1, duplicates = 1, crashes = { total = 1, at_once = 1 } }\n";
    if !entry.deviations().is_empty() {
        text += "\n# What the safeguards are for. Most need a fault, or more members, to be caught:\n# `quorate variants` says in which checks they are.\n";
        entry.deviations().iter().for_each(|deviation| deviant(deviation, &mut text));
    }
    text
}

fn parameters(entry: &dyn Entry, text: &mut String) {
    let parameters = entry.parameters();
    if parameters.is_empty() {
        return;
    }
    *text += "# [check.params] could set:\n";
    for parameter in parameters {
        let about = parameter.about.lines().next().unwrap_or_default().trim();
        let default = parameter.domain.default_value();
        let _ = writeln!(text, "#   {} = {default}, {}: {about}", parameter.name, parameter.domain);
    }
}

fn expectations(properties: &[PropertyCard], text: &mut String) {
    *text += "[check.expect]\n";
    for card in properties {
        let word = Expected::of_kind(card.kind).word();
        let about = card.about.lines().next().unwrap_or_default().trim();
        let _ = writeln!(text, "# {about}\n{} = \"{word}\"", card.name);
    }
}

fn deviant(deviation: &DeviationCard, text: &mut String) {
    let about = deviation.about.lines().next().unwrap_or_default().trim();
    let _ = writeln!(text, "\n# [[check]]\n# name = \"{about}\"\n# deviations = [\"{}\"]", deviation.name);
    if let Some(property) = deviation.breaks {
        let _ = writeln!(text, "# expect = {{ {property} = \"violated\" }}");
    }
}
