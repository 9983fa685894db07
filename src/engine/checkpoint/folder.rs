//! The files of a checkpoint: written whole or not at all, read with their sums.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::CheckpointError;
use super::sum::{Sum, sum};

/// The file that says which others belong to the checkpoint. It is written last.
const MANIFEST: &str = "checkpoint";

/// A file that belongs to a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) name: String,
    bytes: u64,
    sum: u32,
}

/// Where a checkpoint is.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Whether there is a checkpoint.
    pub(super) fn is_taken(&self) -> bool {
        self.path.join(MANIFEST).exists()
    }

    /// Writes a file of these pieces.
    pub(super) fn write<'a>(&self, name: &str, pieces: impl IntoIterator<Item = &'a [u8]>) -> io::Result<Kept> {
        fs::create_dir_all(&self.path)?;
        let unfinished = self.path.join(format!("{name}.tmp"));
        let (mut file, mut sum, mut bytes) = (File::create(&unfinished)?, Sum::new(), 0);
        for piece in pieces {
            file.write_all(piece)?;
            sum.add(piece);
            bytes += piece.len() as u64;
        }
        file.sync_all()?;
        drop(file);
        fs::rename(unfinished, self.path.join(name))?;
        Ok(Kept { name: name.to_owned(), bytes, sum: sum.value() })
    }

    /// Writes the manifest, and makes sure that it and all that was written before is on disk.
    pub(super) fn write_manifest(&self, text: &str) -> io::Result<()> {
        self.write(MANIFEST, [format!("{:08x}\n", sum(text.as_bytes())).as_bytes(), text.as_bytes()])?;
        File::open(&self.path)?.sync_all()
    }

    pub(super) fn read_manifest(&self) -> Result<String, CheckpointError> {
        let text = self.load(MANIFEST)?;
        let damaged = || self.damaged(MANIFEST);
        let text = String::from_utf8(text).map_err(|_| damaged())?;
        let (written, text) = text.split_once('\n').ok_or_else(damaged)?;
        if written != format!("{:08x}", sum(text.as_bytes())) {
            return Err(damaged());
        }
        Ok(text.to_owned())
    }

    pub(super) fn read(&self, kept: &Kept) -> Result<Vec<u8>, CheckpointError> {
        let bytes = self.load(&kept.name)?;
        if bytes.len() as u64 != kept.bytes || sum(&bytes) != kept.sum {
            return Err(self.damaged(&kept.name));
        }
        Ok(bytes)
    }

    /// Takes away what belongs to the checkpoint before.
    pub(super) fn remove(&self, name: &str) {
        // It is in nobody's way if it stays.
        let _ = fs::remove_file(self.path.join(name));
    }

    fn load(&self, name: &str) -> Result<Vec<u8>, CheckpointError> {
        let path = self.path.join(name);
        fs::read(&path).map_err(|source| CheckpointError::Unreadable { path, source })
    }

    pub(super) fn damaged(&self, name: &str) -> CheckpointError {
        CheckpointError::Damaged { path: self.path.join(name) }
    }
}
