//! What the page is made of.

use quorate::report::viewer::{ASSETS, import_map, sha256_base64};

/// The vendored files by their hash: preact 10.29.8 and htm 3.1.1 as npm has them.
const PINNED: [(&str, &str); 3] = [
    ("vendor/preact.js", "sha256-ww5yHr/cbirUwYwU0t+4JmeCnIrsJ94SB3dOP8FoWKg="),
    ("vendor/hooks.js", "sha256-pu5iby0BVwWS3VaaeS4/BQFUqgKJDurYwiP6PtWqPVo="),
    ("vendor/htm.js", "sha256-qzPdPzgFm5vk1fU1ASju+yNWY5xOC76dnos7p1hH6eQ="),
];

#[test]
fn what_others_wrote_is_what_they_wrote() {
    for (name, hash) in PINNED {
        let asset = ASSETS.iter().find(|asset| asset.name == name).unwrap();
        assert_eq!(sha256_base64(asset.text), hash, "{name}");
    }
    let vendored = ASSETS.iter().filter(|asset| asset.name.starts_with("vendor/")).count();
    assert_eq!(vendored, PINNED.len());
}

#[test]
fn the_page_needs_neither_eval_nor_another_site() {
    for asset in ASSETS.iter().filter(|asset| !asset.name.starts_with("vendor/")) {
        for banned in ["eval(", "new Function", "innerHTML", "outerHTML", "document.write", "http://", "https://"] {
            let text = asset.text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains(banned), "{} has {banned}", asset.name);
        }
    }
}

#[test]
fn every_import_is_in_the_map() {
    let map = import_map(|asset| asset.name.to_owned());
    for asset in ASSETS {
        for line in asset.text.lines().filter(|line| line.starts_with("import ")) {
            let specifier = line.rsplit('"').nth(1).unwrap();
            assert!(map.contains(&format!("\"{specifier}\":")), "{}: {line}", asset.name);
        }
    }
}
