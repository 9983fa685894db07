//! A check that stands for many: one for each combination of values.
//!
//! ```toml
//! [[check]]
//! name   = "how many crashes a quorum stands"
//! sweep  = { "params.acceptors" = [3, 5], "faults.crashes.total" = [0, 1, 2], deviations = [[], ["forget-promise"]] }
//! assume = ["faults.crashes.total < params.acceptors"]     # other combinations are no cells
//! expect = { agreement = "holds" }                         # of every cell
//!
//! [[check.cells]]                                          # of those for which all conditions are true
//! where  = ["deviations has forget-promise", "faults.crashes.total >= 1"]
//! expect = { agreement = "violated" }
//! ```
//!
//! Every cell is read as the check that it stands for, so that a value which does not fit is found where it stands.

use std::ops::Range;

use super::condition::{self, Operand, Scope, UNLIMITED};
use super::environment;
use super::manifest::Names;
use super::reader::{Entry, Form, Node, Reader, Section};
use crate::model::ParamValue;

/// What may be swept: the first word of an axis.
const AXES: &[&str] = &["protocol", "params", "deviations", "network", "no_op", "faults", "limits"];
/// The keys that are about the sweep, and not about its cells.
pub(super) const SWEEP_KEYS: [&str; 2] = ["sweep", "cells"];
const CASE_KEYS: &[&str] = &["where", "expect"];
/// More cells than this are a slip.
const CELLS_MAX: usize = 1_000;

/// Where a check stands in its sweep.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Cell {
    /// The name of the check that has the sweep.
    pub sweep: String,
    /// Its values, in the order of the sweep.
    pub axes: Vec<Axis>,
}

/// One value of a cell.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Axis {
    /// What is swept, in a word: `acceptors`, `crashes`.
    pub axis: String,
    /// Its value, as people write it.
    pub value: String,
}

impl Cell {
    /// What tells it from the other cells: `acceptors=3, crashes=1`.
    pub fn label(&self) -> String {
        let word = |Axis { axis, value }: &Axis| format!("{axis}={value}");
        self.axes.iter().map(word).collect::<Vec<_>>().join(", ")
    }
}

/// A swept key and its values.
struct Swept {
    path: Vec<String>,
    key_span: Range<usize>,
    values: Vec<Node>,
}

/// The checks that the check at `node` stands for, as they would be written, each with its values.
///
/// `names_of` knows the names that a check may use, by what it says its protocol is.
pub(super) fn cells<'c>(
    reader: &mut Reader,
    node: &Node,
    name: &str,
    names_of: &dyn Fn(&mut Reader, &Node) -> Option<Names<'c>>,
) -> Vec<(Node, Cell)> {
    let Some(section) = reader.open_section(node) else { return Vec::new() };
    let Some(sweep) = section.get("sweep") else { return Vec::new() };
    let swept = swept(reader, sweep);
    let cell_count = swept.iter().map(|one| one.values.len()).try_fold(1, usize::checked_mul);
    if cell_count.is_none_or(|count| count > CELLS_MAX) {
        reader.wrong(&sweep.span, "this sweep has too many cells", format!("at most {CELLS_MAX}"));
        return Vec::new();
    }
    let mut cases = cases(reader, &section);
    let mut labels = Vec::new();
    let mut cells = Vec::new();
    for values in combinations(&swept) {
        let (mut written, cell) = written(section.entries, &swept, &values, name, node);
        let names = names_of(reader, &written);
        let scope = Said { check: &written, names: names.as_ref() };
        if !section.get("assume").is_none_or(|assume| all_true(reader, &conditions(assume), &scope)) {
            continue;
        }
        for case in &mut cases {
            let scope = Said { check: &written, names: names.as_ref() };
            if case.conditions.is_some_and(|node| all_true(reader, &one_or_more(node), &scope)) {
                case.covers_any = true;
                case.expect.into_iter().for_each(|expect| expects_too(&mut written, expect));
            }
        }
        labels.push(cell.label());
        lock_of(&mut written, &cell.label());
        cells.push((written, cell));
    }
    if cells.is_empty() && cell_count != Some(0) {
        reader.wrong(&sweep.span, "`assume` leaves no cell of this sweep", "a condition that some cell meets");
    }
    for case in cases.iter().filter(|case| !case.covers_any && !cells.is_empty()) {
        reader.wrong(&case.span, "these conditions are met by no cell", "");
    }
    strange_locks(reader, &section, &labels);
    cells
}

/// The axes of a sweep; those that are wrong are noted and left out.
fn swept(reader: &mut Reader, sweep: &Node) -> Vec<Swept> {
    let mut swept = Vec::new();
    if let Some(section) = reader.open_section(sweep) {
        section.entries.iter().for_each(|entry| axis(reader, entry, Vec::new(), &mut swept));
    }
    if swept.is_empty() {
        reader.wrong(&sweep.span, "nothing is swept", "keys and lists of values, such as { \"params.size\" = [1, 2] }");
    }
    swept
}

/// Keys may be written with their dots in quotes or without.
fn axis(reader: &mut Reader, entry: &Entry, mut path: Vec<String>, swept: &mut Vec<Swept>) {
    path.extend(entry.key.split('.').map(str::to_owned));
    if !AXES.contains(&path[0].as_str()) {
        reader.unknown(&entry.key_span, "axis", &path[0], AXES.iter().copied());
        return;
    }
    match &entry.node.form {
        Form::Section(entries) => entries.iter().for_each(|entry| axis(reader, entry, path.clone(), swept)),
        Form::List(values) if values.is_empty() => {
            reader.wrong(&entry.node.span, "an axis has at least one value", "");
        }
        Form::List(values) => {
            swept.push(Swept { path, key_span: entry.key_span.clone(), values: values.clone() });
        }
        Form::Text(_) | Form::Whole(_) | Form::Flag(_) | Form::Other(_) => {
            reader.wrong_type(&entry.node, "a list of values");
        }
    }
}

/// Which value of each axis, for all cells; the last axis turns fastest.
fn combinations(swept: &[Swept]) -> Vec<Vec<usize>> {
    let mut combinations = vec![Vec::new()];
    for axis in swept {
        let longer = |begun: &Vec<usize>, ix| begun.iter().copied().chain([ix]).collect();
        let of = |begun| (0..axis.values.len()).map(move |ix| longer(begun, ix));
        combinations = combinations.iter().flat_map(of).collect();
    }
    combinations
}

/// The check of one cell, as it would be written.
fn written(entries: &[Entry], swept: &[Swept], values: &[usize], name: &str, node: &Node) -> (Node, Cell) {
    let is_own = |entry: &&Entry| !SWEEP_KEYS.contains(&entry.key.as_str());
    let mut entries: Vec<Entry> = entries.iter().filter(is_own).cloned().collect();
    without_conditions(&mut entries);
    let mut axes = Vec::new();
    for (axis, value_ix) in swept.iter().zip(values) {
        let value = &axis.values[*value_ix];
        put(&mut entries, &axis.path, value, &axis.key_span);
        axes.push(Axis { axis: axis.word(swept), value: words(value) });
    }
    let form = Form::Section(entries);
    (Node { form, span: node.span.clone() }, Cell { sweep: name.to_owned(), axes })
}

fn put(entries: &mut Vec<Entry>, path: &[String], value: &Node, key_span: &Range<usize>) {
    let Some((key, rest)) = path.split_first() else { return };
    let at = entries.iter().position(|entry| entry.key == *key).unwrap_or_else(|| {
        let node = Node { form: Form::Section(Vec::new()), span: key_span.clone() };
        entries.push(Entry { key: key.clone(), key_span: key_span.clone(), node });
        entries.len() - 1
    });
    let node = &mut entries[at].node;
    if rest.is_empty() {
        node.clone_from(value);
        return;
    }
    if !matches!(node.form, Form::Section(_)) {
        node.form = Form::Section(Vec::new());
    }
    if let Form::Section(below) = &mut node.form {
        put(below, rest, value, key_span);
    }
}

impl Swept {
    /// The shortest word that no other axis has.
    fn word(&self, all: &[Self]) -> String {
        let short = |path: &[String]| path.iter().rfind(|key| *key != "total").cloned().unwrap_or_default();
        let word = short(&self.path);
        let is_taken = all.iter().filter(|axis| short(&axis.path) == word).count() > 1;
        if is_taken { self.path.join(".") } else { word }
    }
}

/// A value, as people write it.
fn words(value: &Node) -> String {
    match &value.form {
        Form::Text(text) => text.clone(),
        Form::Whole(whole) => whole.to_string(),
        Form::Flag(flag) => flag.to_string(),
        Form::List(values) if values.is_empty() => "none".to_owned(),
        Form::List(values) => values.iter().map(words).collect::<Vec<_>>().join(" + "),
        Form::Section(entries) if entries.is_empty() => "none".to_owned(),
        Form::Section(entries) => {
            let word = |entry: &Entry| format!("{} {}", entry.key, words(&entry.node));
            entries.iter().map(word).collect::<Vec<_>>().join(" ")
        }
        Form::Other(noun) => (*noun).to_owned(),
    }
}

/// What is expected of some of the cells.
struct Case<'n> {
    span: Range<usize>,
    conditions: Option<&'n Node>,
    expect: Option<&'n Node>,
    covers_any: bool,
}

fn cases<'n>(reader: &mut Reader, section: &Section<'n>) -> Vec<Case<'n>> {
    let nodes = section.get("cells").map(|node| reader.list(node)).unwrap_or_default();
    let mut case = |node: &'n Node| {
        let section = reader.section(node, CASE_KEYS)?;
        let conditions = section.required(reader, "where", "this case");
        let expect = section.required(reader, "expect", "this case");
        // What is misspelt has been noted, and is not said to cover nothing as well.
        Some(Case { span: node.span.clone(), conditions, expect, covers_any: conditions.is_none() })
    };
    nodes.iter().filter_map(&mut case).collect()
}

/// What `assume` says of the sweep. It also names assumptions of the protocol, which are words: conditions have gaps.
fn conditions(assume: &Node) -> Vec<&Node> {
    one_or_more(assume).into_iter().filter(|node| is_condition(node)).collect()
}

fn is_condition(node: &Node) -> bool {
    matches!(&node.form, Form::Text(text) if text.contains(' '))
}

fn one_or_more(node: &Node) -> Vec<&Node> {
    match &node.form {
        Form::List(nodes) => nodes.iter().collect(),
        Form::Text(_) | Form::Whole(_) | Form::Flag(_) | Form::Section(_) | Form::Other(_) => vec![node],
    }
}

/// Of `assume`, what a check without a sweep could say as well.
fn without_conditions(entries: &mut Vec<Entry>) {
    let Some(at) = entries.iter().position(|entry| entry.key == "assume") else { return };
    if is_condition(&entries[at].node) {
        entries.remove(at);
    } else if let Form::List(nodes) = &mut entries[at].node.form {
        nodes.retain(|node| !is_condition(node));
    }
}

/// Whether all conditions are true. One that is unclear is noted and passed over.
fn all_true(reader: &mut Reader, conditions: &[&Node], scope: &Said<'_, '_>) -> bool {
    let mut all = true;
    for node in conditions {
        let Some(text) = reader.text(node) else { continue };
        match condition::is_true(text, scope) {
            Ok(is_true) => all &= is_true,
            Err(unclear) => reader.wrong(&node.span, unclear.wrong, unclear.expected),
        }
    }
    all
}

/// Expectations of a case stand for those of the check.
fn expects_too(check: &mut Node, expect: &Node) {
    let (Form::Section(entries), Form::Section(own)) = (&mut check.form, &expect.form) else { return };
    for entry in own {
        put(entries, &["expect".to_owned(), entry.key.clone()], &entry.node, &entry.key_span);
    }
}

/// Of the locks of a sweep, that of one cell.
fn lock_of(check: &mut Node, label: &str) {
    let Form::Section(entries) = &mut check.form else { return };
    let Some(at) = entries.iter().position(|entry| entry.key == "lock") else { return };
    let Form::Section(locks) = &mut entries[at].node.form else { return };
    match locks.iter().position(|entry| entry.key == label) {
        Some(own) => entries[at].node = locks.swap_remove(own).node,
        None => drop(entries.remove(at)),
    }
}

fn strange_locks(reader: &mut Reader, section: &Section<'_>, labels: &[String]) {
    let Some(locks) = section.get("lock").and_then(|lock| reader.open_section(lock)) else { return };
    for entry in locks.entries.iter().filter(|entry| !labels.contains(&entry.key)) {
        reader.unknown(&entry.key_span, "cell", &entry.key, labels.iter().map(String::as_str));
    }
}

/// What a check says, and what is so when it says nothing.
struct Said<'n, 'c> {
    check: &'n Node,
    names: Option<&'n Names<'c>>,
}

impl Said<'_, '_> {
    fn written(&self, path: &str) -> Option<&Node> {
        path.split('.').try_fold(self.check, Node::entry)
    }

    /// `faults.loss = 1` and `faults.loss.total = 1` say the same.
    fn budget(&self, path: &str) -> Option<&Node> {
        let is_total = |node: &&Node| !matches!(node.form, Form::Section(_));
        let short = path.strip_suffix(".total").and_then(|short| self.written(short));
        let long = self.written(&format!("{path}.total"));
        self.written(path).filter(is_total).or(short.filter(is_total)).or(long)
    }

    fn default(&self, path: &str) -> Option<Operand> {
        match path.split_once('.') {
            Some(("params", name)) => {
                let parameter = self.names?.parameters.iter().find(|parameter| parameter.name == name)?;
                Some(match parameter.domain.default_value() {
                    ParamValue::Count(count) => Operand::Number(i64::try_from(count).unwrap_or(UNLIMITED)),
                    value @ (ParamValue::Flag(_) | ParamValue::Choice(_)) => Operand::Word(value.to_string()),
                })
            }
            Some(("faults", fault)) => {
                let fault = fault.strip_suffix(".total").unwrap_or(fault);
                environment::FAULT_KEYS.contains(&fault).then_some(Operand::Number(0))
            }
            None if path == "deviations" => Some(Operand::List(Vec::new())),
            None if path == "protocol" => Some(Operand::Word(self.names?.entry.card().name.to_owned())),
            Some(_) | None => None,
        }
    }
}

impl Scope for Said<'_, '_> {
    fn look_up(&self, path: &str) -> Option<Operand> {
        let node = if path.starts_with("faults.") { self.budget(path) } else { self.written(path) };
        match node.map(|node| &node.form) {
            Some(Form::Whole(whole)) => Some(Operand::Number(*whole)),
            Some(Form::Text(text)) if text == "unlimited" => Some(Operand::Number(UNLIMITED)),
            Some(Form::Text(text)) => Some(Operand::Word(text.clone())),
            Some(Form::Flag(flag)) => Some(Operand::Word(flag.to_string())),
            Some(Form::List(values)) => Some(Operand::List(values.iter().map(words).collect())),
            Some(Form::Section(_) | Form::Other(_)) | None => self.default(path),
        }
    }

    fn paths(&self) -> Vec<String> {
        let parameters = self.names.iter().flat_map(|names| &names.parameters);
        let parameters = parameters.map(|parameter| format!("params.{}", parameter.name));
        let faults = environment::FAULT_KEYS.iter().map(|fault| format!("faults.{fault}.total"));
        parameters.chain(faults).chain(["deviations", "network", "protocol"].map(str::to_owned)).collect()
    }
}
