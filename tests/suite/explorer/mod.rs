//! The explorer: its server over HTTP, its picture, and its page in a real browser.
//!
//! | module | what |
//! |---|---|
//! | `relay` | a protocol with everything that can be drawn, and with hostile texts |
//! | `server` | an explorer that serves for one test, and plain HTTP to talk to it |
//! | `http` | what is answered, and what is refused |
//! | `noise` | ten thousand requests that nobody means |
//! | `picture` | the diagram and its SVG |
//! | `options` | what can happen next, and why the rest cannot |
//! | `page` | what the page is made of |
//! | `driver` | a browser, by WebDriver |
//! | `browser` | the page in Chromium |
//! | `offline` | the page in one file, in Chromium |

mod browser;
mod driver;
mod http;
mod noise;
mod offline;
mod options;
mod page;
mod picture;
mod relay;
mod server;
