//! Whether a checkpoint is of the same search.

use std::sync::OnceLock;

use serde_json::{Map, Value as Json};

use super::sum::sum;

/// The sum of this program, as it stands on disk: another build may do otherwise.
fn build() -> &'static str {
    static BUILD: OnceLock<String> = OnceLock::new();
    BUILD.get_or_init(|| {
        let program = std::env::current_exe().and_then(std::fs::read);
        program.map_or_else(|_| "unknown".to_owned(), |bytes| format!("{:08x}", sum(&bytes)))
    })
}

/// The identity of a search with that of the program.
pub(super) fn with_build(identity: &Json) -> Json {
    let mut all = Map::new();
    all.insert("quorate".to_owned(), env!("CARGO_PKG_VERSION").into());
    all.insert("search".to_owned(), identity.clone());
    all.insert("build".to_owned(), build().into());
    Json::Object(all)
}

/// The first difference, in words, between what a checkpoint says and what is so here.
pub(super) fn difference(kept: &Json, here: &Json) -> Option<String> {
    at("", kept, here)
}

fn at(place: &str, kept: &Json, here: &Json) -> Option<String> {
    let inner = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
    match (kept, here) {
        (Json::Object(kept), Json::Object(here)) => {
            let names = kept.keys().chain(here.keys().filter(|name| !kept.contains_key(*name)));
            let value = |map: &Map<String, Json>, name: &str| map.get(name).cloned().unwrap_or_default();
            names.map(String::as_str).find_map(|name| at(&inner(name), &value(kept, name), &value(here, name)))
        }
        (kept, here) => {
            let text = |value: &Json| if value.is_null() { "not there".to_owned() } else { value.to_string() };
            (kept != here).then(|| format!("{place} is {} in it, and {} here", text(kept), text(here)))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_difference_is_named() {
        let kept = json!({ "protocol": "paxos", "params": { "acceptors": 3, "retries": 1 } });
        assert_eq!(difference(&kept, &kept), None);
        let told = |here: &Json| difference(&kept, here).unwrap();
        assert_eq!(
            told(&json!({ "protocol": "paxos", "params": { "acceptors": 5, "retries": 1 } })),
            "params.acceptors is 3 in it, and 5 here"
        );
        assert_eq!(told(&json!({ "protocol": "raft" })), r#"protocol is "paxos" in it, and "raft" here"#);
        let more = json!({ "protocol": "paxos", "params": { "acceptors": 3, "retries": 1 }, "size": 2 });
        assert_eq!(told(&more), "size is not there in it, and 2 here");
    }
}
