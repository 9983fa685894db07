//! Writes the counts that were found into a manifest, and leaves all else as it was written.

use toml_edit::{DocumentMut, InlineTable, Item, TableLike, TomlError, Value};

use super::Lock;

/// The text of a manifest with new locks for the checks with these names. Comments and order stay.
///
/// # Errors
/// If the text is not TOML.
pub fn lock(text: &str, locks: &[(&str, Lock)]) -> Result<String, TomlError> {
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
        if let Some((_, lock)) = locks.iter().find(|(other, _)| *other == name) {
            set_lock(check, lock);
        }
    }
    Ok(document.to_string())
}

fn set_lock(check: &mut dyn TableLike, lock: &Lock) {
    let counts = [("states", lock.states), ("depth", u64::from(lock.depth))];
    if let Some(table) = check.get_mut("lock").and_then(Item::as_table_like_mut) {
        counts.into_iter().for_each(|(key, count)| set(table, key, count));
    } else {
        let inline: InlineTable = counts.into_iter().map(|(key, count)| (key, number(count))).collect();
        check.insert("lock", Item::Value(inline.into()));
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
        let locks = [
            ("two", Lock { states: 70, depth: 7 }),
            ("one", Lock { states: 90, depth: 9 }),
            ("three", Lock { states: 80, depth: 8 }),
        ];
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
}
