//! Checkpoints: a search that was ended, or killed, goes on where it was.
//!
//! What is kept is the search as it was when it reached its last whole level: all levels, what was found, the counts,
//! and the [tables](crate::system::TransitionSystem::put_away) behind the words. Every level is a file that never
//! changes, so that a checkpoint writes what is new since the last one. The manifest is written last and in one
//! step: whenever the process dies, the folder holds a whole checkpoint, this one or the one before.
//!
//! The set of states is not kept: it is filled from the levels again.
//!
//! | file | what |
//! |---|---|
//! | `folder` | files, written whole or not at all |
//! | `sum` | CRC-32 |
//! | `identity` | whether a checkpoint is of the same search |

mod folder;
mod identity;
mod sum;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use self::folder::{Folder, Kept};
use super::exploration::Statistics;
use super::level::Level;
use super::packing::Packing;
use super::retrace::Target;
use crate::system::{PropertySet, TransitionSystem};

const FORMAT: &str = "quorate-checkpoint";
const VERSION: u32 = 2;

/// Where and how often a search is kept.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    /// The folder of its checkpoint.
    pub folder: PathBuf,
    /// How long it goes on before it is kept again. It is also kept when a limit or somebody ends it.
    pub every: Duration,
    /// What is searched, in plain data: a checkpoint of anything else is refused.
    pub identity: Json,
    /// The folder of a checkpoint to go on from.
    pub resume: Option<PathBuf>,
}

/// Why a search cannot go on from a checkpoint, or cannot be kept where it was told to.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not as it was written.
    #[error("{}: the file was cut short or has changed since it was written", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The checkpoint is of something else.
    #[error("{}: the checkpoint is of another search: {difference}", path.display())]
    OfAnother {
        /// The folder.
        path: PathBuf,
        /// What differs, of both.
        difference: String,
    },
    /// The tables do not come back as they were.
    #[error("{}: {reason}", path.display())]
    Tables {
        /// The folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// There is a checkpoint where a new one shall be written.
    #[error("{}: there is a checkpoint already; go on from it with --resume, or take it away", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
    },
}

/// What the manifest says of a level.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct LevelRow {
    file: Kept,
    /// By part: the index of its packing, and its bytes.
    parts: Vec<(usize, usize)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    format: String,
    version: u32,
    identity: Json,
    open: PropertySet,
    found: Vec<Option<Target>>,
    statistics: Statistics,
    tables: Kept,
    packings: Vec<Packing>,
    levels: Vec<LevelRow>,
}

/// A search at the moment at which it knew a whole level and had not begun to expand it.
#[derive(Debug)]
pub(super) struct Kernel {
    pub(super) open: PropertySet,
    pub(super) found: Vec<Option<Target>>,
    pub(super) statistics: Statistics,
    pub(super) levels: Vec<Arc<Level>>,
    pub(super) packing: Arc<Packing>,
}

/// Keeps a search.
#[derive(Debug)]
pub(super) struct Keeper {
    folder: Folder,
    identity: Json,
    every: Duration,
    last: Instant,
    packings: Vec<Arc<Packing>>,
    /// The levels that have their files.
    levels: Vec<LevelRow>,
    /// Counts the files of tables, of which each checkpoint has its own.
    number: u64,
    tables: Option<String>,
}

impl Keeper {
    /// For a search that begins, or goes on from the checkpoint that is returned.
    pub(super) fn new(
        checkpoints: &Checkpoints,
        system: &dyn TransitionSystem,
    ) -> Result<(Self, Option<Kernel>), CheckpointError> {
        let folder = Folder::new(&checkpoints.folder);
        let identity = identity::with_build(&checkpoints.identity);
        let mut keeper = Self {
            folder,
            identity,
            every: checkpoints.every,
            last: Instant::now(),
            packings: Vec::new(),
            levels: Vec::new(),
            number: 0,
            tables: None,
        };
        let Some(path) = &checkpoints.resume else {
            return match keeper.folder.is_taken() {
                true => Err(CheckpointError::Taken { path: checkpoints.folder.clone() }),
                false => Ok((keeper, None)),
            };
        };
        if *path != checkpoints.folder && keeper.folder.is_taken() {
            return Err(CheckpointError::Taken { path: checkpoints.folder.clone() });
        }
        let kernel = keeper.read(path, *path == checkpoints.folder, system)?;
        Ok((keeper, Some(kernel)))
    }

    /// Reads the checkpoint in `path`; `here` if further ones go to the same place.
    fn read(&mut self, path: &Path, here: bool, system: &dyn TransitionSystem) -> Result<Kernel, CheckpointError> {
        let folder = Folder::new(path);
        let text = folder.read_manifest()?;
        let plain: Json = serde_json::from_str(&text).map_err(|_| folder.damaged("checkpoint"))?;
        let of_another = |difference| CheckpointError::OfAnother { path: path.to_owned(), difference };
        let head = serde_json::json!({ "format": plain["format"], "version": plain["version"] });
        let ours = serde_json::json!({ "format": FORMAT, "version": VERSION });
        identity::difference(&head, &ours)
            .or_else(|| identity::difference(&plain["identity"], &self.identity))
            .map_or(Ok(()), |difference| Err(of_another(difference)))?;
        let manifest: Manifest = serde_json::from_value(plain).map_err(|_| folder.damaged("checkpoint"))?;
        let tables = folder.read(&manifest.tables)?;
        let numbers: Vec<u32> = tables.as_chunks::<4>().0.iter().map(|number| u32::from_le_bytes(*number)).collect();
        drop(tables);
        let refused = |reason| CheckpointError::Tables { path: path.to_owned(), reason };
        system.take_back(&numbers).map_err(refused)?;
        let packings: Vec<Arc<Packing>> = manifest.packings.into_iter().map(Arc::new).collect();
        let mut levels = Vec::new();
        for row in &manifest.levels {
            let (bytes, mut level, mut start) = (folder.read(&row.file)?, Level::default(), 0);
            for &(packing_ix, count) in &row.parts {
                let packing = packings.get(packing_ix);
                let records = bytes.get(start..start + count);
                let (Some(packing), Some(records)) = (packing, records) else {
                    return Err(folder.damaged("checkpoint"));
                };
                level.push(packing, records.to_vec());
                start += count;
            }
            levels.push(Arc::new(level));
        }
        let Some(packing) = packings.last().cloned().filter(|_| !levels.is_empty()) else {
            return Err(folder.damaged("checkpoint"));
        };
        if here {
            self.number = 1 + manifest.tables.name.split_once('-').and_then(|(_, n)| n.parse().ok()).unwrap_or(0);
            self.tables = Some(manifest.tables.name);
            self.levels = manifest.levels;
            self.packings = packings;
        }
        let Manifest { open, found, statistics, .. } = manifest;
        Ok(Kernel { open, found, statistics, levels, packing })
    }

    /// Whether it is time.
    pub(super) fn is_due(&self) -> bool {
        self.last.elapsed() >= self.every
    }

    /// Keeps the search as it is. On failure what was kept before stays.
    pub(super) fn keep(&mut self, kernel: &Kernel, system: &dyn TransitionSystem) -> io::Result<()> {
        // Also if it fails: a full disk is not tried again at once.
        self.last = Instant::now();
        for (depth, level) in kernel.levels.iter().enumerate().skip(self.levels.len()) {
            let parts = level.parts().map(|(packing, records)| (self.packing_ix(packing), records.len())).collect();
            let pieces = level.parts().map(|(_, records)| records);
            let file = self.folder.write(&format!("level-{depth:05}"), pieces)?;
            self.levels.push(LevelRow { file, parts });
        }
        // The last packing is that of the set.
        let packing_ix = self.packing_ix(&kernel.packing);
        let last = self.packings.len() - 1;
        if packing_ix != last {
            self.packings.push(Arc::clone(&kernel.packing));
        }
        let numbers = system.put_away().ok_or_else(|| io::Error::other("what is checked cannot be continued"))?;
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        drop(numbers);
        let tables = self.folder.write(&format!("tables-{}", self.number), [&bytes[..]])?;
        let name = tables.name.clone();
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            version: VERSION,
            identity: self.identity.clone(),
            open: kernel.open,
            found: kernel.found.clone(),
            statistics: kernel.statistics.clone(),
            tables,
            packings: self.packings.iter().map(|packing| Packing::clone(packing)).collect(),
            levels: self.levels.clone(),
        };
        self.folder.write_manifest(&serde_json::to_string(&manifest)?)?;
        self.number += 1;
        if let Some(before) = self.tables.replace(name) {
            self.folder.remove(&before);
        }
        Ok(())
    }

    fn packing_ix(&mut self, packing: &Arc<Packing>) -> usize {
        let known = self.packings.iter().rposition(|known| **known == **packing);
        known.unwrap_or_else(|| {
            self.packings.push(Arc::clone(packing));
            self.packings.len() - 1
        })
    }
}
