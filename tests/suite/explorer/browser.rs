//! The page in Chromium: by keyboard alone, by the mouse, in a new browser, with hostile texts, and with a long run.

use std::time::{Duration, Instant};

use quorate::cluster::Instance;
use quorate::engine::{Silent, StopWhen, explore};
use quorate::trace::Code;
use serde_json::json;

use super::driver::{Browser, key};
use super::relay::{self, HOSTILE};
use super::server::Server;

/// A shortest counterexample: a server of Raft that does not save its vote votes twice.
pub(crate) fn raft_code() -> String {
    let instance: Instance = serde_json::from_value(json!({
        "protocol": "raft",
        "params": { "terms": 1, "candidates": 2 },
        "deviations": ["vote-not-persisted"],
        "environment": {
            "network": "duplicating",
            "no_op": "wait",
            "loss": { "total": 0 },
            "duplicates": { "total": 0 },
            "crashes": { "total": 1, "at_once": "unlimited", "restart": true, "in_flight": "kept" },
        },
    }))
    .unwrap();
    let entry = quorate_models::CATALOGUE.iter().find(|entry| entry.card().name == "raft").unwrap();
    let system = entry.build(&instance).unwrap();
    let settings = quorate::engine::Settings { stop_when: StopWhen::Never, threads: 1, ..Default::default() };
    let exploration = explore(&*system, &settings, &Silent);
    let property_ix = system.properties().iter().position(|card| card.name == "election-safety").unwrap();
    let path = exploration.findings[property_ix].as_ref().unwrap().path.as_ref().unwrap();
    Code::of(&*system, path, &instance, "election-safety").text()
}

fn raft() -> (Server, Browser, String) {
    let code = raft_code();
    (Server::of(quorate_models::CATALOGUE), Browser::start(), code)
}

/// The step that is chosen.
fn chosen(browser: &Browser) -> String {
    browser.text("document.querySelector('[role=option][aria-selected=true] .at')?.textContent")
}

#[test]
fn a_counterexample_of_raft_is_walked_by_keyboard_alone() {
    let (server, browser, code) = raft();
    browser.open(&server.page(&code));
    browser.until("document.querySelector('.why .evidence')");
    assert!(browser.text("document.querySelector('.why .evidence').textContent").contains("both leaders in term 1"));
    assert_eq!(chosen(&browser), "8");
    browser.press(&[key::HOME]);
    browser.until("document.querySelector('[role=status]').textContent.startsWith('Start')");
    for step in 1..=8 {
        browser.press(&[if step % 2 == 0 { "j" } else { key::DOWN }]);
        browser.until(&format!("document.querySelector('[role=status]').textContent.startsWith('Step {step} of 8')"));
        assert_eq!(chosen(&browser), step.to_string());
        let active = browser.text("document.querySelector('[role=listbox]').getAttribute('aria-activedescendant')");
        assert_eq!(active, format!("step-{step}"));
        browser.until("document.querySelector('.changes, .state .hint')");
    }
    assert!(browser.text("document.querySelector('[role=status]').textContent").contains("election-safety violated"));
    browser.press(&[key::UP, "k", key::HOME, "v"]);
    browser.until("document.querySelector('[role=status]').textContent.includes('violated')");
    browser.press(&["d"]);
    browser.until("document.querySelector('.whole')");
    browser.press(&["d", "/"]);
    browser.until("document.activeElement.matches('.filter')");
    browser.press(&["v", "o", "t", "e", key::ESCAPE]);
    browser.until("document.activeElement === document.body && document.querySelector('.filter').value === 'vote'");
    browser.press(&["c", "p", "c", "p", "?"]);
    browser.until("document.querySelector('dialog[open]')");
    browser.press(&[key::ESCAPE]);
    browser.until("!document.querySelector('dialog')");
    for (name, title) in [("s", "Share"), ("e", "Export"), ("x", "Compare")] {
        browser.press(&[name]);
        browser.until(&format!("document.querySelector('dialog[open] h2')?.textContent === '{title}'"));
        browser.press(&[key::ESCAPE]);
        browser.until("!document.querySelector('dialog')");
    }
    browser.assert_quiet();
}

#[test]
fn everything_that_can_be_done_can_be_reached_with_tab_and_has_a_name() {
    let (server, browser, code) = raft();
    browser.open(&server.page(&code));
    browser.until("document.querySelector('.next li button')");
    let nameless = browser.text("[...document.querySelectorAll('button, input, select')].filter((one) => !(one.textContent.trim() || one.getAttribute('aria-label') || one.labels?.length || one.title)).length");
    assert_eq!(nameless, "0");
    let mut places = std::collections::BTreeSet::new();
    for _ in 0..80 {
        browser.press(&[key::TAB]);
        places.insert(
            browser.text("document.activeElement.closest('section, header.top')?.getAttribute('aria-label') ?? 'top'"),
        );
    }
    for place in ["top", "Properties", "Steps", "Next actions", "Space-time diagram", "Timeline"] {
        assert!(places.contains(place), "{place}: {places:?}");
    }
    browser.assert_quiet();
}

#[test]
fn a_run_is_forked_and_returned_from() {
    let (server, browser, code) = raft();
    browser.open(&server.page(&format!("{code}@4")));
    browser.until("document.querySelector('.next li button') && document.querySelector('.next .ahead')");
    assert_eq!(chosen(&browser), "4");
    browser.press(&["f"]);
    browser.until("document.activeElement.closest('.next')");
    browser
        .run("[...document.querySelectorAll('.next li button')].find((one) => !one.querySelector('.ahead')).focus()");
    browser.press(&[key::ENTER]);
    browser.until("document.querySelector('[role=status]').textContent.startsWith('Step 5 of 5')");
    assert!(browser.text("document.querySelector('.steps header').textContent").contains("forked at 4"));
    assert_ne!(browser.text("location.hash"), format!("#{code}@5"));
    browser.press(&["u"]);
    browser.until("document.querySelector('[role=status]').textContent.startsWith('Step 4 of 8')");
    assert_eq!(browser.text("location.hash"), format!("#{code}@4"));
    // The fork stays in the tree, and a click opens it again.
    browser.until("document.querySelector('.fork') && document.querySelector('.forks button')");
    browser.run("document.querySelector('.forks button').click()");
    browser.until("document.querySelector('[role=status]').textContent.startsWith('Step 5 of 5')");
    browser.run("history.back()");
    browser.until("document.querySelector('[role=status]').textContent.includes('of 8')");
    // The step that the run takes anyway is no fork.
    browser.until("document.querySelector('.next .ahead')");
    browser.run("document.querySelector('.next .ahead').closest('button').click()");
    browser.until("document.querySelector('[role=status]').textContent.startsWith('Step 5 of 8')");
    browser.assert_quiet();
}

#[test]
fn an_address_opens_the_same_in_a_new_browser() {
    let (server, browser, code) = raft();
    browser.open(&server.page(&code));
    browser.until("document.querySelector('.next li button')");
    browser.press(&[key::HOME, "j", "j", "j"]);
    browser.until("document.querySelector('[role=status]').textContent.startsWith('Step 3')");
    browser.until("location.hash.endsWith('@3')");
    let place = browser.text("location.hash");
    let said = browser.text("document.querySelector('.said').textContent");
    drop(browser);
    let browser = Browser::start();
    // Without the token: a link may be read by who may not start anything.
    browser.open(&format!("http://127.0.0.1:{}/{place}", server.port));
    browser.until("document.querySelector('.said')");
    assert_eq!(browser.text("document.querySelector('.said').textContent"), said);
    assert_eq!(browser.text("document.querySelector('.top .primary')"), "null");
    browser.assert_quiet();
}

#[test]
fn hostile_texts_stay_texts_and_the_policy_is_in_force() {
    let server = Server::of(relay::CATALOGUE);
    let browser = Browser::start();
    browser.open(&server.page(&relay::everything_code()));
    browser.until("document.querySelector('.next li button')");
    browser.press(&["d"]);
    browser.until("document.querySelector('.whole')");
    for _ in 0..14 {
        browser.press(&["k"]);
    }
    browser.until("document.querySelector('[role=status]').textContent.startsWith('Start')");
    assert!(!browser.text("document.title").contains("owned"));
    assert_eq!(browser.text("document.querySelectorAll('#page script, #page img, #page b i').length"), "0");
    browser.until(&format!("document.querySelector('.whole').textContent.includes({})", json!(&HOSTILE[..20])));
    browser.run("location.hash = ''");
    browser.open(&format!("http://127.0.0.1:{}/", server.port));
    browser.until("document.querySelector('.card')");
    assert!(browser.text("document.querySelector('.card').textContent").contains("A <i>relay</i>"));
    browser.assert_quiet();
    let ran = browser.run(
        "const script = document.createElement('script'); script.textContent = 'window.ran = 1'; document.body.append(script); return window.ran === 1",
    );
    assert_eq!(ran, false);
    assert!(browser.forbids_eval());
}

#[test]
fn a_search_is_started_and_watched_and_its_violation_opened() {
    let server = Server::of(relay::CATALOGUE);
    let browser = Browser::start();
    browser.open(&format!("http://127.0.0.1:{}/?token={}", server.port, super::server::TOKEN));
    browser.until("document.querySelector('.card h3 button')");
    browser.run("document.querySelector('.card h3 button').click()");
    browser.until("document.querySelector('.next li button')");
    browser.press(&["r"]);
    browser.until("document.querySelector('dialog .primary')");
    browser.run("document.querySelector('dialog .primary').click()");
    browser.until("document.querySelector('.verdicts .violated button')");
    browser.run("document.querySelector('.verdicts .violated button').click()");
    browser.until("document.querySelector('.top .verdict.bad')");
    assert!(browser.text("document.querySelector('.top .verdict').textContent").contains("violated"));
    browser.assert_quiet();
}

#[test]
fn a_thousand_steps_of_nine_members_do_not_lag() {
    let server = Server::of(relay::CATALOGUE);
    let browser = Browser::start();
    browser.open(&server.page(&format!("{}@0", relay::long_code(9, 1000))));
    browser.until("document.querySelector('.steps small')?.textContent === '1,000 steps'");
    let drawn = "document.querySelectorAll('#page *').length";
    assert!(browser.text(drawn).parse::<usize>().unwrap() < 3000, "{}", browser.text(drawn));
    // In the page itself, so that the driver does not count: a key for each frame.
    let measured = browser.run(
        "const slow = []; let last = performance.now();
         for (let at = 0; at < 60; at += 1) {
           document.dispatchEvent(new KeyboardEvent('keydown', { key: at === 30 ? 'End' : at > 30 ? 'k' : 'j', bubbles: true }));
           await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
           const now = performance.now(); slow.push(now - last); last = now;
         }
         slow.sort((a, b) => a - b); return slow[45];",
    );
    assert!(measured.as_f64().unwrap() < 300.0, "three of four steps are drawn in {measured} ms");
    let started = Instant::now();
    browser.press(&[key::HOME, key::END]);
    browser.until("document.querySelector('[role=status]').textContent.startsWith('Step 1000')");
    assert!(started.elapsed() < Duration::from_secs(20));
    browser.assert_quiet();
}

#[test]
fn nothing_is_cut_off_in_narrow_and_in_wide_windows_in_light_and_in_dark() {
    let (server, browser, code) = raft();
    for (width, height) in [(1280, 800), (800, 900), (640, 400), (1920, 1080)] {
        for scheme in ["light", "dark"] {
            browser.look(width, height, scheme);
            browser.open("about:blank");
            browser.open(&server.page(&code));
            browser.until("document.querySelector('.next li button')");
            let wide = "document.documentElement.scrollWidth <= innerWidth";
            assert_eq!(browser.text(wide), "true", "{width} {scheme}");
            assert!(browser.screenshot().len() > 20_000, "{width} {scheme}");
        }
    }
    let ground = |browser: &Browser| browser.text("getComputedStyle(document.body).backgroundColor");
    let dark = ground(&browser);
    browser.look(1280, 800, "light");
    assert_ne!(ground(&browser), dark);
    browser.assert_quiet();
}
