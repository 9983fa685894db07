//! Reads a TOML document value by value, and collects everything that is wrong with it.
//!
//! [`Node`] is the document as a tree with the place of every value and key; [`Reader`] takes from it what the
//! manifest may hold. A value that is wrong is noted and read as absent, so that one run finds every mistake.

use std::ops::Range;

use toml_edit::{Document, Item, Key, TableLike, Value};

use super::{Mistake, Mistakes, Source, nearest};

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) form: Form,
    pub(super) span: Range<usize>,
}

impl Node {
    /// The value of a key, if this is a table that has it.
    pub(super) fn entry(&self, key: &str) -> Option<&Node> {
        let Form::Section(entries) = &self.form else { return None };
        entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }
}

#[derive(Clone, Debug)]
pub(super) enum Form {
    Text(String),
    Whole(i64),
    Flag(bool),
    List(Vec<Node>),
    Section(Vec<Entry>),
    /// A float or a date: nothing in a manifest is one.
    Other(&'static str),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) node: Node,
}

/// A closed set of words and what each stands for.
pub(super) type Words<T> = [(&'static str, T)];

pub(super) struct Reader {
    source: Source,
    mistakes: Vec<Mistake>,
}

impl Reader {
    /// A reader and the root of the document; a text that is not TOML is a mistake of its own.
    pub(super) fn new(source: Source) -> Result<(Self, Node), Mistakes> {
        match Document::parse(source.text.clone()) {
            Ok(document) => {
                let root = Node { form: Form::Section(entries(document.as_table())), span: 0..0 };
                Ok((Self { source, mistakes: Vec::new() }, root))
            }
            Err(error) => {
                let end = source.text.len();
                let span = error.span().unwrap_or(end..end);
                let wrong = "this is not TOML".to_owned();
                let mistake = Mistake { span, wrong, expected: error.message().to_owned(), nearest: None };
                Err(Mistakes { source, mistakes: vec![mistake] })
            }
        }
    }

    /// What was read, unless something was wrong.
    pub(super) fn finish<T>(mut self, read: Option<T>) -> Result<T, Mistakes> {
        match read {
            Some(read) if self.mistakes.is_empty() => Ok(read),
            _ => {
                self.mistakes.sort_by_key(|mistake| (mistake.span.start, mistake.span.end));
                // What all cells of a sweep share is read once for each.
                let mut told = Vec::new();
                self.mistakes.retain(|mistake| {
                    !told.contains(mistake) && {
                        told.push(mistake.clone());
                        true
                    }
                });
                Err(Mistakes { source: self.source, mistakes: self.mistakes })
            }
        }
    }

    pub(super) fn line_of(&self, span: &Range<usize>) -> usize {
        self.source.place(span.start).line
    }

    /// Notes a mistake.
    pub(super) fn wrong(&mut self, span: &Range<usize>, wrong: impl Into<String>, expected: impl Into<String>) {
        self.note(span, wrong.into(), expected.into(), None);
    }

    /// Notes that `name` is not one of `known`.
    pub(super) fn unknown<'k>(
        &mut self,
        span: &Range<usize>,
        noun: &str,
        name: &str,
        known: impl IntoIterator<Item = &'k str>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        let expected = match &known[..] {
            [] => "there are none".to_owned(),
            known => format!("known: {}", backticked(known)),
        };
        let near = nearest(name, known).map(str::to_owned);
        self.note(span, format!("unknown {noun} `{name}`"), expected, near);
    }

    fn note(&mut self, span: &Range<usize>, wrong: String, expected: String, nearest: Option<String>) {
        self.mistakes.push(Mistake { span: span.clone(), wrong, expected, nearest });
    }

    pub(super) fn wrong_type(&mut self, node: &Node, expected: &str) {
        self.wrong(&node.span, format!("expected {expected}, found {}", node.form.noun()), "");
    }

    pub(super) fn text<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        self.text_of(node, "a string")
    }

    /// A string that is meant to be something more.
    pub(super) fn text_of<'n>(&mut self, node: &'n Node, expected: &str) -> Option<&'n str> {
        let Form::Text(text) = &node.form else {
            self.wrong_type(node, expected);
            return None;
        };
        Some(text)
    }

    /// A whole number from 0 to `most`.
    pub(super) fn count(&mut self, node: &Node, most: u64) -> Option<u64> {
        let Form::Whole(whole) = node.form else {
            self.wrong_type(node, "a whole number");
            return None;
        };
        let count = u64::try_from(whole).ok().filter(|count| *count <= most);
        if count.is_none() {
            self.wrong(&node.span, format!("{whole} is out of bounds"), format!("a whole number from 0 to {most}"));
        }
        count
    }

    pub(super) fn flag(&mut self, node: &Node) -> Option<bool> {
        let Form::Flag(flag) = node.form else {
            self.wrong_type(node, "true or false");
            return None;
        };
        Some(flag)
    }

    /// One of a closed set of words.
    pub(super) fn word<T: Copy>(&mut self, node: &Node, noun: &str, words: &Words<T>) -> Option<T> {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let text = self.text_of(node, &format!("one of {}", quoted(&known)))?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            self.unknown(&node.span, noun, text, known);
        }
        found
    }

    /// The values of a list; nothing if it is no list.
    pub(super) fn list<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        let Form::List(nodes) = &node.form else {
            self.wrong_type(node, "a list");
            return &[];
        };
        nodes
    }

    /// Names out of a set, each at most once.
    pub(super) fn names(&mut self, node: &Node, noun: &str, known: &[&str]) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for member in self.list(node) {
            let Some(name) = self.text(member) else { continue };
            if !known.contains(&name) {
                self.unknown(&member.span, noun, name, known.iter().copied());
            } else if names.iter().any(|other| other == name) {
                self.wrong(&member.span, format!("{noun} `{name}` is here twice"), "each at most once");
            } else {
                names.push(name.to_owned());
            }
        }
        names
    }

    /// The entries of a table, those with unknown keys noted; nothing if it is no table.
    pub(super) fn section<'n>(&mut self, node: &'n Node, known: &'static [&'static str]) -> Option<Section<'n>> {
        let section = Section { known, ..self.open_section(node)? };
        for entry in section.entries {
            if !known.contains(&entry.key.as_str()) {
                self.unknown(&entry.key_span, "key", &entry.key, known.iter().copied());
            }
        }
        Some(section)
    }

    /// The entries of a table whose keys the caller looks at.
    pub(super) fn open_section<'n>(&mut self, node: &'n Node) -> Option<Section<'n>> {
        let Form::Section(entries) = &node.form else {
            self.wrong_type(node, "a table");
            return None;
        };
        Some(Section { entries, span: node.span.clone(), known: &[] })
    }
}

/// The entries of a table.
pub(super) struct Section<'n> {
    pub(super) entries: &'n [Entry],
    pub(super) span: Range<usize>,
    /// The keys that it may have; none if the caller looks at them.
    known: &'static [&'static str],
}

impl<'n> Section<'n> {
    pub(super) fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The value of a key that must be there. If it is there but misspelt, that has been noted.
    pub(super) fn required(&self, reader: &mut Reader, key: &str, whose: &str) -> Option<&'n Node> {
        let node = self.get(key);
        let unknown = |entry: &&Entry| !self.known.contains(&entry.key.as_str());
        let meant = |entry: &Entry| nearest(&entry.key, self.known.iter().copied()) == Some(key);
        if node.is_none() && !self.entries.iter().filter(unknown).any(meant) {
            reader.wrong(&self.span, format!("{whose} has no `{key}`"), "");
        }
        node
    }
}

impl Form {
    fn noun(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Whole(_) => "a whole number",
            Self::Flag(true) => "true",
            Self::Flag(false) => "false",
            Self::List(_) => "a list",
            Self::Section(_) => "a table",
            Self::Other(noun) => noun,
        }
    }
}

/// Values for a sentence: `"a"`, `"b"`, as TOML writes them.
pub(super) fn quoted(values: &[&str]) -> String {
    values.iter().map(|value| format!("\"{value}\"")).collect::<Vec<_>>().join(", ")
}

/// Names for a sentence: "`a`, `b`".
pub(super) fn backticked(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn entries(table: &dyn TableLike) -> Vec<Entry> {
    let keys: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    let pairs = keys.iter().filter_map(|key| table.get_key_value(key));
    pairs.filter(|(_, item)| !item.is_none()).map(|(key, item)| entry(key, item)).collect()
}

fn entry(key: &Key, item: &Item) -> Entry {
    let key_span = key.span().unwrap_or(0..0);
    // A table that only dotted keys speak of has no place of its own.
    let span = item.span().unwrap_or_else(|| key_span.clone());
    let form = match item {
        Item::None => Form::Section(Vec::new()),
        Item::Value(value) => form(value),
        Item::Table(table) => Form::Section(entries(table)),
        Item::ArrayOfTables(tables) => {
            let node = |table: &toml_edit::Table| Node {
                form: Form::Section(entries(table)),
                span: table.span().unwrap_or_else(|| key_span.clone()),
            };
            Form::List(tables.iter().map(node).collect())
        }
    };
    Entry { key: key.get().to_owned(), key_span, node: Node { form, span } }
}

fn form(value: &Value) -> Form {
    match value {
        Value::String(text) => Form::Text(text.value().clone()),
        Value::Integer(whole) => Form::Whole(*whole.value()),
        Value::Boolean(flag) => Form::Flag(*flag.value()),
        Value::Float(_) => Form::Other("a number with a point"),
        Value::Datetime(_) => Form::Other("a date"),
        Value::InlineTable(table) => Form::Section(entries(table)),
        Value::Array(values) => {
            let node = |value: &Value| Node { form: form(value), span: value.span().unwrap_or(0..0) };
            Form::List(values.iter().map(node).collect())
        }
    }
}
