//! Writes the counts that were found into a manifest, and leaves all else as it was written.

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, TomlError, Value};

use super::Lock;

/// The counts of one check, or of one cell of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The name of the check, or of the sweep.
    pub name: String,
    /// The label of the cell.
    pub cell: Option<String>,
    /// The counts.
    pub lock: Lock,
}

/// The text of a manifest with new locks for these checks. Comments and order stay.
///
/// # Errors
/// If the text is not TOML.
pub fn lock(text: &str, locks: &[Counted]) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let checks: Vec<&mut dyn TableLike> = match document.get_mut("check") {
        Some(Item::ArrayOfTables(tables)) => tables.iter_mut().map(|table| table as &mut dyn TableLike).collect(),
        Some(Item::Value(Value::Array(values))) => {
            let inline = values.iter_mut().filter_map(Value::as_inline_table_mut);
            inline.map(|table| table as &mut dyn TableLike).collect()
        }
        Some(Item::None | Item::Table(_) | Item::Value(_)) | None => Vec::new(),
    };
    for check in checks {
        let name = check.get("name").and_then(Item::as_str).unwrap_or_default();
        let own: Vec<&Counted> = locks.iter().filter(|counted| counted.name == name).collect();
        for counted in own {
            match &counted.cell {
                None => set_lock(check, "lock", counted.lock),
                Some(cell) => set_lock(cells(check), cell, counted.lock),
            }
        }
    }
    Ok(document.to_string())
}

/// The locks of a sweep: a table of its own, unless someone has written another.
fn cells(check: &mut dyn TableLike) -> &mut dyn TableLike {
    let item = check.entry("lock").or_insert_with(|| Item::Table(Table::new()));
    if !item.is_table_like() {
        *item = Item::Table(Table::new());
    }
    item.as_table_like_mut().expect("it has just been made one")
}

fn set_lock(table: &mut dyn TableLike, key: &str, lock: Lock) {
    let counts = [("states", lock.states), ("depth", u64::from(lock.depth))];
    if let Some(table) = table.get_mut(key).and_then(Item::as_table_like_mut) {
        counts.into_iter().for_each(|(key, count)| set(table, key, count));
    } else {
        let inline: InlineTable = counts.into_iter().map(|(key, count)| (key, number(count))).collect();
        table.insert(key, Item::Value(inline.into()));
    }
}

fn set(table: &mut dyn TableLike, key: &str, count: u64) {
    let mut value = number(count);
    if let Some(old) = table.get(key).and_then(Item::as_value) {
        *value.decor_mut() = old.decor().clone();
    }
    table.insert(key, Item::Value(value));
}

/// TOML has no whole numbers beyond 2^63, and no search has that many states.
fn number(count: u64) -> Value {
    Value::from(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_change_and_all_else_stays() {
        let text = r#"# Paxos
protocol = "paxos"

[[check]]
name = "one"   # the smallest
lock = { states = 1, depth =  2 }  # by hand
source = "the paper"

[[check]]  # two
name = "two"
# nothing more

[[check]]
name = "three"
[check.lock]
states = 5 # five
depth = 6
"#;
        let lock_of =
            |name: &str, states, depth| Counted { name: name.to_owned(), cell: None, lock: Lock { states, depth } };
        let locks = [lock_of("two", 70, 7), lock_of("one", 90, 9), lock_of("three", 80, 8)];
        let expected = r#"# Paxos
protocol = "paxos"

[[check]]
name = "one"   # the smallest
lock = { states = 90, depth =  9 }  # by hand
source = "the paper"

[[check]]  # two
name = "two"
lock = { states = 70, depth = 7 }
# nothing more

[[check]]
name = "three"
[check.lock]
states = 80 # five
depth = 8
"#;
        assert_eq!(lock(text, &locks).unwrap(), expected);
        assert_eq!(lock(text, &[]).unwrap(), text);
    }

    #[test]
    fn cells_have_a_table_of_their_own() {
        let text = "[[check]]\nname = \"s\"\nsweep = { network = [\"fifo\"] } # one\n\n[[check]]\nname = \"t\"\n";
        let counted = |states| Counted {
            name: "s".to_owned(),
            cell: Some("network=fifo".to_owned()),
            lock: Lock { states, depth: 3 },
        };
        let once = lock(text, &[counted(7)]).unwrap();
        let expected = "[[check]]\nname = \"s\"\nsweep = { network = [\"fifo\"] } # one\n\n[check.lock]\n\
                        \"network=fifo\" = { states = 7, depth = 3 }\n\n[[check]]\nname = \"t\"\n";
        assert_eq!(once, expected);
        assert_eq!(lock(&once, &[counted(8)]).unwrap(), expected.replace('7', "8"));
    }
}
