//! File operations that fail on purpose.

use super::Operation;
use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Operations below a directory, counted, and which of them fail.
struct Watched {
    below: PathBuf,
    /// Number of the first one to fail, from 0.
    first: usize,
    /// Whether all that follow fail as well, as on a disk that is gone.
    lasting: bool,
    seen: Vec<Operation>,
}

static WATCHED: Mutex<Vec<Watched>> = Mutex::new(Vec::new());

fn watched() -> MutexGuard<'static, Vec<Watched>> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fails if this operation on `path` is to fail; of what was written half is left.
pub(super) fn checked(operation: Operation, path: &Path) -> Result<()> {
    let mut all = watched();
    let Some(watched) = all.iter_mut().find(|watched| path.starts_with(&watched.below)) else {
        return Ok(());
    };
    let number = watched.seen.len();
    watched.seen.push(operation);
    if number != watched.first && !(watched.lasting && number > watched.first) {
        return Ok(());
    }
    if operation == Operation::Write {
        let file = File::options().write(true).open(path)?;
        file.set_len(file.metadata()?.len() / 2)?;
    }
    Err(Error::new(ErrorKind::StorageFull, format!("made to fail: {operation:?}")))
}

/// Has operations below a directory fail until it is dropped.
pub(crate) struct Faults(PathBuf);

impl Faults {
    pub(crate) fn below(directory: &Path, first: usize, lasting: bool) -> Self {
        let below = directory.to_path_buf();
        watched().push(Watched { below: below.clone(), first, lasting, seen: Vec::new() });
        Self(below)
    }

    /// Operations so far, those that failed included.
    pub(crate) fn seen(&self) -> Vec<Operation> {
        let all = watched();
        all.iter()
            .find(|watched| watched.below == self.0)
            .map(|watched| watched.seen.clone())
            .unwrap_or_default()
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        watched().retain(|watched| watched.below != self.0);
    }
}
