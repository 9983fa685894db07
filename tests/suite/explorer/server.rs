//! An explorer that serves for one test, and plain HTTP to talk to it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use quorate::cluster::Entry;
use quorate::explorer::{Shelf, serve};
use serde_json::Value as Json;

/// The token of every test.
pub(crate) const TOKEN: &str = "0123456789abcdef";

/// An explorer that serves until it is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Server {
    pub(crate) fn of(catalogue: &'static [&'static dyn Entry]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let ended = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            let shelf = Shelf { catalogue, checks: Vec::new() };
            serve(listener, &shelf, TOKEN, &flag).unwrap();
        });
        Self { port, ended, thread: Some(thread) }
    }

    /// The address of the page, with what stands behind `#`.
    pub(crate) fn page(&self, place: &str) -> String {
        format!("http://127.0.0.1:{}/?token={TOKEN}#{place}", self.port)
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", self.port))
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Response {
        let (port, length) = (self.port, body.len());
        let head = format!("POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n");
        self.send(format!("{head}Content-Length: {length}\r\n\r\n{body}"))
    }

    pub(crate) fn json(&self, path: &str) -> Json {
        let response = self.get(path);
        assert_eq!(response.status, 200, "{path}: {response:?}");
        serde_json::from_str(&response.body).unwrap()
    }

    /// Sends these bytes and reads until the server has said all; status 0 if it says nothing.
    pub(crate) fn send(&self, request: impl AsRef<[u8]>) -> Response {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // A server that refuses early may not read to the end.
        let _ = stream.write_all(request.as_ref());
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Response { status, head: head.to_lowercase(), body: body.to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            assert!(ended.is_some_and(|ended| ended.is_ok()), "the server ends in peace");
        }
    }
}
