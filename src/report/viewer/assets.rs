//! The files of the page. They are part of the program: nothing is read from a folder when it runs.
//!
//! `preact`, its hooks and `htm` are copies of what npm has (`assets/vendor`, each beside its licence); a test holds them to
//! their hashes. There is no build step: what is written here is what the browser gets.

use std::fmt::Write;

use super::digest::{base64, sha256};

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Its name behind `/assets/`.
    pub name: &'static str,
    /// What a module calls it in an import; empty for what is no module.
    pub specifier: &'static str,
    /// Its type.
    pub mime: &'static str,
    /// Its text.
    pub text: &'static str,
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const SHEET: &str = "text/css; charset=utf-8";

/// Every file: one line each.
#[rustfmt::skip]
pub static ASSETS: &[Asset] = &[
    Asset { name: "style.css", specifier: "", mime: SHEET, text: include_str!("assets/style.css") },
    Asset { name: "app.js", specifier: "quorate/app", mime: SCRIPT, text: include_str!("assets/app.js") },
    Asset { name: "source.js", specifier: "quorate/source", mime: SCRIPT, text: include_str!("assets/source.js") },
    Asset { name: "words.js", specifier: "quorate/words", mime: SCRIPT, text: include_str!("assets/words.js") },
    Asset { name: "diagram.js", specifier: "quorate/diagram", mime: SCRIPT, text: include_str!("assets/diagram.js") },
    Asset { name: "state.js", specifier: "quorate/state", mime: SCRIPT, text: include_str!("assets/state.js") },
    Asset { name: "panels.js", specifier: "quorate/panels", mime: SCRIPT, text: include_str!("assets/panels.js") },
    Asset { name: "dialogs.js", specifier: "quorate/dialogs", mime: SCRIPT, text: include_str!("assets/dialogs.js") },
    Asset { name: "start.js", specifier: "quorate/start", mime: SCRIPT, text: include_str!("assets/start.js") },
    Asset { name: "vendor/preact.js", specifier: "preact", mime: SCRIPT, text: include_str!("assets/vendor/preact.js") },
    Asset { name: "vendor/hooks.js", specifier: "preact/hooks", mime: SCRIPT, text: include_str!("assets/vendor/hooks.js") },
    Asset { name: "vendor/htm.js", specifier: "htm", mime: SCRIPT, text: include_str!("assets/vendor/htm.js") },
];

/// The frame of the page: `{{…}}` stands for what differs between the served page and the one in a file.
const FRAME: &str = include_str!("assets/index.html");

/// The import map of the page, with the address of each module.
pub fn import_map(address: impl Fn(&Asset) -> String) -> String {
    let mut map = String::from("{\"imports\":{");
    let modules = ASSETS.iter().filter(|asset| !asset.specifier.is_empty());
    for (ix, asset) in modules.enumerate() {
        let comma = if ix == 0 { "" } else { "," };
        let _ = write!(map, "{comma}\"{}\":\"{}\"", asset.specifier, address(asset));
    }
    map + "}}"
}

/// The hash of a text as a Content-Security-Policy has it.
pub fn sha256_base64(text: &str) -> String {
    format!("sha256-{}", base64(&sha256(text.as_bytes())))
}

/// The frame with its parts put in.
pub(super) fn framed(title: &str, policy: &str, style: &str, scripts: &str, data: &str) -> String {
    let parts = [
        ("{{title}}", title),
        ("{{policy}}", policy),
        ("{{style}}", style),
        ("{{scripts}}", scripts),
        ("{{data}}", data),
    ];
    let mut page = String::with_capacity(FRAME.len() + style.len() + scripts.len() + data.len());
    let mut rest = FRAME;
    // One pass: what is put in may hold any text.
    while let Some((start, (mark, part))) =
        parts.iter().filter_map(|part| Some((rest.find(part.0)?, part))).min_by_key(|(start, _)| *start)
    {
        page.push_str(&rest[..start]);
        page.push_str(part);
        rest = &rest[start + mark.len()..];
    }
    page.push_str(rest);
    page
}

/// The page as the server gives it, and the policy that goes with it.
pub fn served() -> (String, String) {
    let map = import_map(|asset| format!("/assets/{}", asset.name));
    let policy = format!(
        "default-src 'none'; script-src 'self' '{}'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        sha256_base64(&map)
    );
    let scripts =
        format!("<script type=\"importmap\">{map}</script>\n<script type=\"module\" src=\"/assets/app.js\"></script>");
    let style = "<link rel=\"stylesheet\" href=\"/assets/style.css\">";
    (framed("quorate explore", "", style, &scripts, ""), policy)
}
