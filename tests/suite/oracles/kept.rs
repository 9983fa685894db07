//! A folder in which a search is kept, and which is gone afterwards.

use std::path::PathBuf;
use std::time::Duration;

use quorate::engine::Checkpoints;
use serde_json::Value as Json;

/// Such a folder.
pub struct Kept(PathBuf);

impl Kept {
    /// One for the test with this name, in this process.
    pub fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("quorate-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        Self(folder)
    }

    /// For a search that begins.
    pub fn anew(&self) -> Checkpoints {
        self.checkpoints(None)
    }

    /// For one that goes on with what is kept.
    pub fn going_on(&self) -> Checkpoints {
        self.checkpoints(Some(self.0.clone()))
    }

    fn checkpoints(&self, resume: Option<PathBuf>) -> Checkpoints {
        Checkpoints { folder: self.0.clone(), every: Duration::from_secs(60), identity: Json::Null, resume }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
