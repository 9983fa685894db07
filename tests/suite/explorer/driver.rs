//! A browser, by WebDriver: Chromium through chromedriver, in a profile of its own, one at a time.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

/// Two browsers at a time would only be slower.
static TURN: Mutex<()> = Mutex::new(());

const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=1280,800",
];

/// Keys as WebDriver names them.
pub(crate) mod key {
    pub(crate) const TAB: &str = "\u{E004}";
    pub(crate) const ENTER: &str = "\u{E007}";
    pub(crate) const ESCAPE: &str = "\u{E00C}";
    pub(crate) const END: &str = "\u{E010}";
    pub(crate) const HOME: &str = "\u{E011}";
    pub(crate) const UP: &str = "\u{E013}";
    pub(crate) const DOWN: &str = "\u{E015}";
}

/// A browser that ends when it is dropped.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _turn: MutexGuard<'static, ()>,
}

impl Browser {
    pub(crate) fn start() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let started = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut driver = started.unwrap_or_else(|error| {
            panic!("the explorer is tested in a real browser, and there is no chromedriver ({error}): `apt-get install chromium chromium-driver`")
        });
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.ok()?;
            line.strip_suffix('.')?.rsplit_once("on port ")?.1.parse().ok()
        });
        let port = port.expect("chromedriver says on which port it listens");
        // Its further words go nowhere, but it must be able to say them.
        std::thread::spawn(move || lines.for_each(drop));
        let mut browser = Self { driver, port, session: String::new(), _turn: turn };
        let options = json!({ "args": FLAGS });
        let wanted = json!({
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": options,
        });
        let begun = browser.call("POST", "/session", &json!({ "capabilities": { "alwaysMatch": wanted } }));
        browser.session = begun["sessionId"].as_str().unwrap().to_owned();
        browser
    }

    /// One call, by HTTP/1.1; chromedriver keeps the connection open, so the length of the body counts.
    fn call(&self, method: &str, path: &str, body: &Json) -> Json {
        let (status, text) = self.exchange(method, path, body);
        let answer: Json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert!(status == 200, "{method} {path}: {answer}");
        answer["value"].clone()
    }

    fn exchange(&self, method: &str, path: &str, body: &Json) -> (u16, String) {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", self.port);
        let head = format!("{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let (mut status, mut length) = (0, 0);
        for line in reader.by_ref().lines() {
            let line = line.unwrap().to_lowercase();
            if line.is_empty() {
                break;
            }
            if line.starts_with("http/") {
                status = line.split(' ').nth(1).unwrap().parse().unwrap();
            } else if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut bytes = vec![0; length];
        reader.read_exact(&mut bytes).unwrap();
        (status, String::from_utf8(bytes).unwrap())
    }

    fn in_session(&self, method: &str, what: &str, body: &Json) -> Json {
        self.call(method, &format!("/session/{}/{what}", self.session), body)
    }

    pub(crate) fn open(&self, address: &str) {
        self.in_session("POST", "url", &json!({ "url": address }));
    }

    /// What a script returns.
    pub(crate) fn run(&self, script: &str) -> Json {
        self.in_session("POST", "execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What an expression is, as text.
    pub(crate) fn text(&self, expression: &str) -> String {
        let value = self.run(&format!("return String({expression})"));
        value.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an expression is true.
    #[allow(clippy::disallowed_methods, reason = "a browser takes its time, and says nothing when it is done")]
    pub(crate) fn until(&self, expression: &str) {
        let started = Instant::now();
        while self.run(&format!("return Boolean({expression})")) != true {
            let late = started.elapsed() > Duration::from_secs(60);
            assert!(
                !late,
                "{expression} does not become true; the page says:\n{}",
                self.text("document.body.innerText")
            );
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Whether the page's own policy forbids to run a text: in a timer, since what a driver runs is above the policy.
    pub(crate) fn forbids_eval(&self) -> bool {
        self.run("setTimeout('window.evaluated = true', 0); window.waited = false; setTimeout(() => { window.waited = true; }, 100)");
        self.until("window.waited");
        self.run("return window.evaluated === true") == false
    }

    /// Presses and releases keys, one after the other.
    pub(crate) fn press(&self, keys: &[&str]) {
        let strokes = keys
            .iter()
            .flat_map(|key| [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]);
        let actions = json!([{ "type": "key", "id": "keys", "actions": strokes.collect::<Vec<_>>() }]);
        self.in_session("POST", "actions", &json!({ "actions": actions }));
    }

    /// A command of the browser's own protocol.
    pub(crate) fn command(&self, command: &str, params: &Json) -> Json {
        self.in_session("POST", "goog/cdp/execute", &json!({ "cmd": command, "params": params }))
    }

    /// How large the window is, and which colours are preferred.
    pub(crate) fn look(&self, width: u32, height: u32, scheme: &str) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.command("Emulation.setDeviceMetricsOverride", &size);
        let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.command("Emulation.setEmulatedMedia", &scheme);
    }

    /// The picture of the window, as PNG in base64.
    pub(crate) fn screenshot(&self) -> String {
        self.in_session("GET", "screenshot", &Json::Null).as_str().unwrap().to_owned()
    }

    /// Fails if the console has an error or a warning.
    pub(crate) fn assert_quiet(&self) {
        let log = self.in_session("POST", "se/log", &json!({ "type": "browser" }));
        let loud = |line: &&Json| matches!(line["level"].as_str(), Some("SEVERE" | "WARNING"));
        let loud: Vec<&Json> = log.as_array().unwrap().iter().filter(loud).collect();
        assert!(loud.is_empty(), "{loud:#?}");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The session first: a driver that ends leaves its browser behind.
        if !self.session.is_empty() && !std::thread::panicking() {
            self.exchange("DELETE", &format!("/session/{}", self.session), &Json::Null);
        } else if !self.session.is_empty() {
            let ended = || self.exchange("DELETE", &format!("/session/{}", self.session), &Json::Null);
            drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(ended)));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
