//! The page in one file: it opens from a folder or an attachment, and asks no network for anything.
//!
//! Modules are `data:` addresses in an import map, the documents are JSON in a block that no browser runs, and a policy in
//! the page forbids all else, connections included.

use serde::Serialize;

use super::assets::{ASSETS, framed, import_map, sha256_base64};
use super::digest::base64;
use super::{Options, Telling};

/// What a page in a file tells.
#[derive(Clone, Debug, Serialize)]
pub struct Offline {
    /// Its title.
    pub title: String,
    /// The runs that it has.
    pub runs: Vec<OfflineRun>,
    /// What was checked, a line each, where the page is of a check.
    pub checks: Vec<CheckLine>,
}

/// One run of a page.
#[derive(Clone, Debug, Serialize)]
pub struct OfflineRun {
    /// What the run is of.
    pub title: String,
    /// The run.
    pub telling: Telling,
    /// What is possible in each row, as far as the page has room for it.
    pub options: Vec<Options>,
    /// The run in other forms.
    pub exports: Vec<Export>,
}

/// A run in another form.
#[derive(Clone, Debug, Serialize)]
pub struct Export {
    /// The form.
    pub name: &'static str,
    /// The end of its file.
    pub extension: &'static str,
    /// The text.
    pub text: String,
}

/// What became of a check, in a line.
#[derive(Clone, Debug, Serialize)]
pub struct CheckLine {
    /// Protocol and name.
    pub title: String,
    /// Whether it is as expected.
    pub expected: bool,
    /// What became of it.
    pub words: String,
}

/// The page.
pub fn html(offline: &Offline) -> String {
    let data_url = |text: &str| format!("data:text/javascript;base64,{}", base64(text.as_bytes()));
    let map = import_map(|asset| data_url(asset.text));
    let main = "import \"quorate/app\";";
    let style = ASSETS.iter().find(|asset| asset.name == "style.css").map_or("", |asset| asset.text);
    let policy = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src '{}' '{}' data:; \
         style-src '{}'; img-src blob: data:; base-uri 'none'; form-action 'none'\">",
        sha256_base64(&map),
        sha256_base64(main),
        sha256_base64(style)
    );
    let scripts = format!("<script type=\"importmap\">{map}</script>\n<script type=\"module\">{main}</script>");
    let json = serde_json::to_string(offline).expect("a run has nothing that JSON cannot say");
    // No text in it may end the block.
    let data = format!("<script type=\"application/json\" id=\"runs\">{}</script>", json.replace('<', "\\u003c"));
    framed(&plain(&offline.title), &policy, &format!("<style>{style}</style>"), &scripts, &data)
}

fn plain(title: &str) -> String {
    title.replace('&', "&amp;").replace('<', "&lt;")
}
