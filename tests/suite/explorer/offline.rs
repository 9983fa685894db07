//! The page in one file: opened from a folder, with the network off.

use std::path::Path;

use serde_json::json;

use super::browser::raft_code;
use super::driver::{Browser, key};
use super::relay;
use super::server::Server;

/// The page of a code in a file of its own.
fn page(server: &Server, code: &str, name: &str) -> String {
    let page = server.get(&format!("/api/export?code={code}&form=html"));
    assert_eq!(page.status, 200, "{page:?}");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, page.body).unwrap();
    format!("file://{}", file.display())
}

fn without_network() -> Browser {
    let browser = Browser::start();
    browser.command("Network.enable", &json!({}));
    let off = json!({ "offline": true, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0 });
    browser.command("Network.emulateNetworkConditions", &off);
    browser
}

#[test]
fn the_page_opens_from_a_file_without_a_network() {
    let server = Server::of(quorate_models::CATALOGUE);
    let address = page(&server, &raft_code(), "raft.html");
    drop(server);
    let browser = without_network();
    browser.open(&address);
    browser.until("document.querySelector('.why .evidence')");
    browser.press(&[key::HOME, "j", "j"]);
    browser.until("document.querySelector('[role=status]').textContent.startsWith('Step 2 of 8')");
    browser.until("document.querySelector('.next li button') && document.querySelector('.impossible li')");
    // The step that the run takes can be taken; all others would need the explorer.
    assert_eq!(browser.text("document.querySelectorAll('.next li button:not(:disabled)').length"), "1");
    browser.press(&["e"]);
    browser.until("document.querySelectorAll('dialog[open] .forms li').length >= 9");
    browser.press(&[key::ESCAPE]);
    browser.until("!document.querySelector('dialog')");
    browser.press(&["?"]);
    browser.until("document.querySelector('dialog[open] .keys')");
    browser.press(&[key::ESCAPE]);
    browser.assert_quiet();
}

#[test]
fn hostile_texts_stay_texts_in_the_file() {
    let server = Server::of(relay::CATALOGUE);
    let told = server.json(&format!("/api/run?code={}", relay::early_code()));
    let address = page(&server, told["code"].as_str().unwrap(), "hostile.html");
    let browser = without_network();
    browser.open(&address);
    browser.until("document.querySelector('.why .evidence')");
    assert!(!browser.text("document.title").contains("owned"));
    assert!(browser.text("document.querySelector('.why .evidence').textContent").contains("</script><script>"));
    assert_eq!(browser.text("document.querySelectorAll('#page script, #page img').length"), "0");
    browser.assert_quiet();
    assert!(browser.forbids_eval());
}
