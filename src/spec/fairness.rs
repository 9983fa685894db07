//! What is assumed of fairness in place of what the properties say.

use super::reader::{Form, Node, Reader, quoted};
use crate::system::{FairClass, FairnessOverride, Level};

/// A level for all classes, or a table with a level for some.
pub(super) fn read(reader: &mut Reader, node: &Node) -> FairnessOverride {
    let mut fairness = FairnessOverride::default();
    match &node.form {
        Form::Text(_) => level(reader, node).map_or(fairness, FairnessOverride::all),
        Form::Section(_) => {
            let Some(section) = reader.section(node, &FairClass::WORDS) else { return fairness };
            for class in FairClass::ALL {
                if let Some(level) = section.get(class.word()).and_then(|node| level(reader, node)) {
                    fairness.set(class, level);
                }
            }
            fairness
        }
        Form::Whole(_) | Form::Flag(_) | Form::List(_) | Form::Other(_) => {
            let words = Level::WORDS.map(|(word, _)| word);
            reader.wrong_type(node, &format!("one of {}, or {{ deliveries = \"strong\" }}", quoted(&words)));
            fairness
        }
    }
}

fn level(reader: &mut Reader, node: &Node) -> Option<Level> {
    reader.word(node, "level of fairness", &Level::WORDS)
}
