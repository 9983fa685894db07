//! What the server answers, and what it refuses.

use serde_json::{Value as Json, json};

use super::relay::{CATALOGUE, HOSTILE, everything_code, instance};
use super::server::{Server, TOKEN};
use quorate::trace::Code;

fn start() -> (Server, String) {
    (Server::of(CATALOGUE), Code::of_start(&instance(3, 4)))
}

#[test]
fn the_page_comes_with_a_strict_policy_and_its_files() {
    let (server, _) = start();
    let page = server.get("/");
    assert_eq!(page.status, 200);
    let policy = page.head.lines().find(|line| line.starts_with("content-security-policy:")).unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self' 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for header in ["x-content-type-options: nosniff", "referrer-policy: no-referrer", "cache-control: no-store"] {
        assert!(page.head.contains(header), "{}", page.head);
    }
    for file in ["app.js", "style.css", "vendor/preact.js"] {
        assert_eq!(server.get(&format!("/assets/{file}")).status, 200, "{file}");
    }
}

#[test]
fn who_calls_it_by_another_name_or_from_another_page_is_refused() {
    let (server, code) = start();
    let port = server.port;
    let asked = |host: &str, more: &str| {
        let request = format!("GET /api/run?code={code} HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n");
        server.send(request).status
    };
    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("LOCALHOST:{port}")] {
        assert_eq!(asked(&host, ""), 200, "{host}");
    }
    for host in ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example", "", "127.0.0.1@evil.example"] {
        assert_ne!(asked(host, ""), 200, "{host}");
    }
    let own = format!("127.0.0.1:{port}");
    assert_eq!(asked(&own, &format!("Origin: http://127.0.0.1:{port}\r\n")), 200);
    for origin in ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1", "file://"] {
        assert_eq!(asked(&own, &format!("Origin: {origin}\r\n")), 403, "{origin}");
    }
    assert_eq!(asked(&own, "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n"), 403);
    assert_eq!(asked(&own, "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"), 200);
    assert_eq!(asked(&own, "Host: evil.example\r\n"), 403);
}

#[test]
fn a_search_is_started_only_with_the_token() {
    let (server, code) = start();
    let order = json!({ "code": code, "states": 50_000, "seconds": 20 }).to_string();
    for path in ["/api/checks", "/api/checks?token=", "/api/checks?token=0123456789abcdee", "/api/checks/1/stop"] {
        assert_eq!(server.post(path, &order).status, 403, "{path}");
    }
    let begun = server.post(&format!("/api/checks?token={TOKEN}"), &order);
    assert_eq!(begun.status, 200, "{begun:?}");
    let number = serde_json::from_str::<Json>(&begun.body).unwrap()["check"].as_u64().unwrap();
    let events = server.get(&format!("/api/checks/{number}"));
    assert!(events.head.contains("text/event-stream"), "{}", events.head);
    let last = events.body.lines().rfind(|line| line.starts_with("data:")).unwrap();
    let last: Json = serde_json::from_str(&last[5..]).unwrap();
    assert_eq!(last["done"], true);
    let early = last["verdicts"].as_array().unwrap().iter().find(|one| one["property"] == "early").unwrap().clone();
    assert_eq!((&early["verdict"], &early["steps"]), (&json!("violated"), &json!(3)));
    let found = server.json(&format!("/api/run?code={}", early["code"].as_str().unwrap()));
    assert_eq!(found["goal"]["property"], "early");
    assert_eq!(server.post(&format!("/api/checks/{number}/stop?token={TOKEN}"), "").status, 200);
    assert_eq!(server.post(&format!("/api/checks/99/stop?token={TOKEN}"), "").status, 404);
}

#[test]
fn a_run_is_opened_forked_and_told_in_other_forms() {
    let (server, code) = start();
    let told = server.json(&format!("/api/run?code={code}"));
    assert_eq!(told["steps"], json!([]));
    let options = server.json(&format!("/api/options?code={code}&at=0"));
    let deliver = options["possible"].as_array().unwrap().iter().find(|one| one["kind"] == "deliver").unwrap();
    let index = deliver["index"].as_u64().unwrap();
    let forked = server.json(&format!("/api/run?code={code}&at=0&take={index}"));
    assert_eq!(forked["steps"].as_array().unwrap().len(), 1);
    let again = server.json(&format!("/api/run?code={}", forked["code"].as_str().unwrap()));
    assert_eq!(again["states"], forked["states"]);
    let everything = everything_code();
    let run = server.json(&format!("/api/run?code={everything}"));
    assert_eq!(run["steps"].as_array().unwrap().len(), 14);
    let compared = server.json(&format!("/api/compare?code={everything}&with="));
    assert_eq!(compared["step_count"], 14);
    for form in ["svg", "code"] {
        let file = server.get(&format!("/api/export?code={code}&form={form}"));
        assert!(file.status == 200 && file.head.contains("attachment"), "{form}: {file:?}");
    }
    assert_eq!(server.get(&format!("/api/export?code={code}&form=mermaid")).status, 400);
}

#[test]
fn every_form_of_a_violation_is_there() {
    let (server, code) = start();
    let mut told = server.json(&format!("/api/run?code={code}"));
    for at in 0..3 {
        let code = told["code"].as_str().unwrap().to_owned();
        let options = server.json(&format!("/api/options?code={code}&at={at}"));
        let possible = options["possible"].as_array().unwrap();
        let deliver = possible.iter().find(|one| one["kind"] == "deliver").unwrap()["index"].as_u64().unwrap();
        told = server.json(&format!("/api/run?code={code}&at={at}&take={deliver}"));
    }
    assert_eq!(told["goal"]["property"], "early");
    let code = told["code"].as_str().unwrap();
    for form in ["svg", "mermaid", "markdown", "itf", "json", "html", "text", "shiviz", "test", "code"] {
        let file = server.get(&format!("/api/export?code={code}&form={form}"));
        assert!(file.status == 200 && file.body.len() > 40, "{form}");
    }
    let page = server.get(&format!("/api/export?code={code}&form=html")).body;
    assert!(!page.contains(HOSTILE), "a text of the run would end the block that holds it");
    assert_eq!(server.get(&format!("/api/export?code={code}&form=mermade")).status, 404);
}

#[test]
fn what_is_malformed_or_too_large_is_answered() {
    let (server, code) = start();
    let cases = [
        ("/api/run", 400),
        ("/api/run?code=q1:zz", 400),
        ("/api/run?code=%FF%FE", 400),
        (&format!("/api/run?code={code}&at=9&take=0")[..], 400),
        (&format!("/api/run?code={code}&at=0&take=999"), 400),
        (&format!("/api/run?code={code}&at=0"), 400),
        (&format!("/api/run?code={code}&at=-1&take=x"), 400),
        (&format!("/api/options?code={code}&at=18446744073709551615"), 400),
        ("/api/checks/7", 404),
        ("/api/checks/seven", 400),
        ("/nothing", 404),
        (&format!("/api/run?code=q1:{}", "A".repeat(60_000)), 414),
    ];
    for (path, status) in cases {
        assert_eq!(server.get(path).status, status, "{}", &path[..path.len().min(90)]);
    }
    let post = format!("/api/checks?token={TOKEN}");
    for (body, status) in [("{", 400), ("[]", 400), ("{\"code\": 3}", 400), (&"x".repeat(100_000)[..], 413)] {
        assert_eq!(server.post(&post, body).status, status);
    }
    assert_eq!(server.send("NONSENSE\r\n\r\n").status, 400);
    assert_eq!(server.get("/").status, 200, "it still serves");
}

#[test]
fn no_file_of_the_working_directory_is_served() {
    let (server, _) = start();
    let here = std::env::current_dir().unwrap();
    assert!(here.join("Cargo.toml").is_file());
    for path in [
        "/Cargo.toml",
        "/assets/Cargo.toml",
        "/assets/../Cargo.toml",
        "/assets/..%2fCargo.toml",
        "/assets/%2e%2e/%2e%2e/Cargo.toml",
        "/assets//etc/passwd",
        "/assets/vendor/../../../../Cargo.toml",
    ] {
        let response = server.get(path);
        assert_eq!(response.status, 404, "{path}");
        assert!(!response.body.contains("[package]") && !response.body.contains("[workspace]"), "{path}");
    }
}

#[test]
fn a_link_to_a_protocol_that_has_changed_says_where() {
    let (server, _) = start();
    // A run of four members, told of three: the third hop goes elsewhere.
    let four = instance(4, 4);
    let system = CATALOGUE[0].build(&four).unwrap();
    let kinds = std::iter::repeat_n(quorate::system::ActionKind::Deliver, 4);
    let code = Code::of(&*system, &super::relay::path(&*system, kinds), &instance(3, 4), "early").text();
    let told = server.json(&format!("/api/run?code={code}"));
    assert_eq!((&told["astray"]["step"], told["steps"].as_array().unwrap().len()), (&json!(3), 2));
}
