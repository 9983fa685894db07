//! Ten thousand requests that nobody means: each is answered, and nothing panics.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::relay::{CATALOGUE, everything_code};
use super::server::{Server, TOKEN};

const REQUESTS: usize = 10_000;

struct Noise {
    dice: ChaCha8Rng,
    code: String,
}

impl Noise {
    fn below(&mut self, bound: usize) -> usize {
        self.dice.next_u32() as usize % bound
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn letters(&mut self) -> String {
        let most = 1 + self.below(40);
        (0..most).map(|_| char::from(b'!' + self.below(94) as u8)).collect()
    }

    /// The code, now and then with a letter changed, cut, or something else altogether.
    fn code(&mut self) -> String {
        let mut code = self.code.clone();
        match self.below(6) {
            0 => code.truncate(self.below(self.code.len())),
            1 => {
                let at = 3 + self.below(code.len() - 4);
                code.replace_range(at..=at, self.pick(&["A", "-", "%", "z", "&"]));
            }
            2 => code = self.letters(),
            _ => {}
        }
        code
    }

    fn number(&mut self) -> String {
        match self.below(4) {
            0 => self.letters(),
            1 => self.dice.next_u64().to_string(),
            _ => self.below(20).to_string(),
        }
    }

    fn path(&mut self) -> String {
        let route = self
            .pick(&["run", "run", "options", "options", "insight", "compare", "export", "checks/1", "library", "x"]);
        let mut path = format!("/api/{route}?code={}", self.code());
        for name in ["at", "take", "with", "form", "token"] {
            if self.below(2) == 0 {
                let value = match name {
                    "form" => self.pick(&["svg", "json", "html", "text", "<b>", "itf"]).to_owned(),
                    "with" => self.pick(&["", "nothing", ",,", "minority"]).to_owned(),
                    _ => self.number(),
                };
                path += &format!("&{name}={value}");
            }
        }
        path
    }

    fn request(&mut self, port: u16) -> Vec<u8> {
        let method = self.pick(&["GET", "GET", "GET", "GET", "POST", "HEAD", "PUT", "OPTIONS", "DELETE"]);
        let path = match self.below(8) {
            0 => format!("/{}", self.letters().replace(' ', "")),
            1 => format!("/assets/{}", self.letters().replace(' ', "")),
            2 => format!("/api/checks/{}/stop?token={TOKEN}", self.number()),
            _ => self.path(),
        };
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n");
        if method == "POST" {
            let body = self.letters();
            request += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        } else {
            request += "\r\n";
        }
        let mut bytes = request.into_bytes();
        // Only in the first line: what is behind says where the request ends.
        let line = bytes.iter().position(|byte| *byte == b'\r').unwrap();
        for _ in 0..if self.below(5) == 0 { self.below(6) } else { 0 } {
            let at = self.below(line);
            bytes[at] = self.dice.next_u32() as u8;
        }
        bytes
    }
}

#[test]
fn ten_thousand_random_requests_are_answered_without_a_panic() {
    let server = Server::of(CATALOGUE);
    let port = server.port;
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let server = &server;
            scope.spawn(move || {
                let dice = ChaCha8Rng::seed_from_u64(worker);
                let mut noise = Noise { dice, code: everything_code() };
                for _ in 0..REQUESTS / 4 {
                    let request = noise.request(port);
                    let response = server.send(&request);
                    let told = || String::from_utf8_lossy(&request).into_owned();
                    assert!(response.status >= 200 && response.status != 500, "{response:?}\n{}", told());
                }
            });
        }
    });
    assert_eq!(server.get("/").status, 200);
}
