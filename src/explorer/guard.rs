//! Who may ask.
//!
//! A page of another site can make a browser call this server, and by DNS rebinding even under a name of its own. So a
//! request is answered only if it calls the server by a name of the loopback interface, and comes from its own page or
//! from none; whatever starts or ends a search must bear the token that was printed with the address.

use axum::http::{HeaderMap, Method, Uri, header};

/// The longest address: that of a run of some ten thousand steps.
const ADDRESS_BYTES_MAX: usize = 48 * 1024;

/// Who may ask.
#[derive(Debug)]
pub(super) struct Guard {
    hosts: [String; 3],
    token: String,
}

impl Guard {
    pub(super) fn new(port: u16, token: &str) -> Self {
        let hosts = ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}"));
        Self { hosts, token: token.to_owned() }
    }

    /// Why a request is refused, if it is: status and sentence.
    pub(super) fn refuses(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<(u16, &'static str)> {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let calls_us = |host: &str| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host));
        if headers.get_all(header::HOST).iter().count() != 1 || !text(header::HOST).is_some_and(calls_us) {
            return Some((403, "this server answers only who calls it by its own name"));
        }
        let is_own = |origin: &str| origin.strip_prefix("http://").is_some_and(calls_us);
        if text(header::ORIGIN).is_some_and(|origin| !is_own(origin)) {
            return Some((403, "this server answers only its own page"));
        }
        let is_foreign = text(header::HeaderName::from_static("sec-fetch-site")) == Some("cross-site");
        let is_visit = text(header::HeaderName::from_static("sec-fetch-mode")) == Some("navigate");
        if is_foreign && !is_visit {
            return Some((403, "this server answers only its own page"));
        }
        if uri.path_and_query().is_some_and(|address| address.as_str().len() > ADDRESS_BYTES_MAX) {
            return Some((414, "the address is too long"));
        }
        if *method != Method::GET && *method != Method::HEAD && !self.has_token(uri) {
            return Some((403, "the token is missing or wrong: open the address that `quorate explore` printed"));
        }
        None
    }

    fn has_token(&self, uri: &Uri) -> bool {
        let pairs = uri.query().unwrap_or_default().split('&');
        let given = pairs.filter_map(|pair| pair.strip_prefix("token=")).next().unwrap_or_default();
        // Takes as long wherever the two differ.
        let differing = given.bytes().zip(self.token.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
        given.len() == self.token.len() && differing == 0
    }
}
