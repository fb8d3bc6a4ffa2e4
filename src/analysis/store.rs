//! Store of finished jobs: one file each, named by the job's address.

use super::job::{Job, JobResult, address};
use crate::file::{FileError, make_directory, remove_file, remove_temporaries, write_atomically};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Results by address, in a directory of their own.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
}

/// What the store has for a job.
#[derive(Debug)]
pub enum Found {
    /// Its result.
    Result(JobResult),
    /// Nothing.
    Nothing,
    /// A file that is not its result, and why: to be run again.
    Damaged(String),
}

impl Store {
    /// Opens the store in `directory`, which is made if need be.
    ///
    /// # Errors
    /// If it cannot be made, or what killed writes left there cannot be removed.
    pub fn open(directory: &Path) -> Result<Self, FileError> {
        make_directory(directory)?;
        remove_temporaries(directory)?;
        Ok(Self::at(directory))
    }

    /// The store in `directory`, to be read only; it need not be there.
    pub fn at(directory: &Path) -> Self {
        Self { directory: directory.to_path_buf() }
    }

    /// File of a job.
    pub fn path(&self, address: &str) -> PathBuf {
        self.directory.join(format!("{address}.json"))
    }

    /// What a job that is under way leaves to the next attempt.
    pub fn checkpoint_path(&self, address: &str) -> PathBuf {
        self.directory.join(format!("{address}.checkpoint"))
    }

    /// What there is for `job`. A file that cannot be read, was cut short or belongs to other parameters is damaged.
    pub fn load(&self, job: &Job) -> Found {
        let wanted = job.address();
        let path = self.path(&wanted);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Found::Nothing,
            Err(error) => return Found::Damaged(format!("{} cannot be read ({error})", path.display())),
        };
        match serde_json::from_slice::<JobResult>(&bytes) {
            Ok(result) if result.address == wanted && address(&result.parameters) == wanted => Found::Result(result),
            Ok(_) => Found::Damaged(format!("{} does not hold the job of its name", path.display())),
            Err(error) => Found::Damaged(format!("{} is damaged ({error})", path.display())),
        }
    }

    /// Stores a result.
    ///
    /// # Errors
    /// If its file cannot be written.
    pub fn save(&self, result: &JobResult) -> Result<(), FileError> {
        let path = self.path(&result.address);
        let bytes = serde_json::to_vec(result).map_err(|error| FileError::new("write", &path, error.into()))?;
        write_atomically(&path, &bytes)?;
        self.remove_checkpoint(&result.address);
        Ok(())
    }

    /// Removes the checkpoint of a job that is stored. One that cannot be removed does no harm.
    pub fn remove_checkpoint(&self, address: &str) {
        let _ = remove_file(&self.checkpoint_path(address));
    }
}
