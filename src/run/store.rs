//! Store of finished jobs: one file each, named by the job's address.

use super::files::JOBS;
use super::job::{Job, JobResult, address};
use crate::file::{
    Checksums, FileError, make_directory, remove_file, remove_temporaries, write_atomically,
};
use blake3::Hash;
use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Results by address, in a run directory.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
}

/// What the store has for a job.
#[derive(Debug)]
pub enum StoredResult {
    /// Its result, and the hash of its file.
    Result(JobResult, Hash),
    /// Nothing.
    Nothing,
    /// A file that is not its result, and why: to be run again.
    Damaged(String),
}

impl Store {
    /// Opens the store of a run directory, which is made if need be.
    ///
    /// # Errors
    /// If it cannot be made, or what killed writes left there cannot be removed.
    pub fn open(run: &Path) -> Result<Self, FileError> {
        let store = Self::at(run);
        make_directory(&store.directory)?;
        remove_temporaries(&store.directory)?;
        Ok(store)
    }

    /// The store of a run directory, to be read only; it need not be there.
    pub fn at(run: &Path) -> Self {
        Self { directory: run.join(JOBS) }
    }

    /// Path of a job's file below the run directory, as in its checksums.
    pub fn name(address: &str) -> String {
        format!("{JOBS}/{address}.json")
    }

    /// Addresses of the jobs that have a file, whatever it holds.
    pub fn addresses(&self) -> HashSet<String> {
        let listed = fs::read_dir(&self.directory).into_iter().flatten().flatten();
        let names = listed.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter_map(|name| Some(name.strip_suffix(".json")?.to_string())).collect()
    }

    /// File of a job.
    pub fn path(&self, address: &str) -> PathBuf {
        self.directory.join(format!("{address}.json"))
    }

    /// What a job that is under way leaves to the next attempt.
    pub fn checkpoint_path(&self, address: &str) -> PathBuf {
        self.directory.join(format!("{address}.checkpoint"))
    }

    /// What there is for `job`. A file that cannot be read, was cut short, belongs to other
    /// parameters or is not as it was written is damaged.
    pub fn load(&self, job: &Job, checksums: &Checksums) -> StoredResult {
        let wanted = job.address();
        let path = self.path(&wanted);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return StoredResult::Nothing,
            Err(error) => {
                return StoredResult::Damaged(format!(
                    "{} cannot be read ({error})",
                    path.display()
                ));
            }
        };
        let hash = blake3::hash(&bytes);
        let damage = checksums.standing(&Self::name(&wanted), hash).damage(&path);
        match (serde_json::from_slice::<JobResult>(&bytes), damage) {
            (Ok(result), _)
                if result.address != wanted || address(&result.parameters) != wanted =>
            {
                StoredResult::Damaged(format!(
                    "{} does not hold the job of its name",
                    path.display()
                ))
            }
            (Err(error), _) => {
                StoredResult::Damaged(format!("{} is damaged ({error})", path.display()))
            }
            (Ok(_), Some(damage)) => StoredResult::Damaged(damage),
            (Ok(result), None) => StoredResult::Result(result, hash),
        }
    }

    /// The bytes of a result's file.
    ///
    /// # Errors
    /// If it has no JSON form, which never happens.
    pub fn encode(&self, result: &JobResult) -> Result<Vec<u8>, FileError> {
        let path = self.path(&result.address);
        serde_json::to_vec(result).map_err(|error| FileError::new("write", &path, error.into()))
    }

    /// Stores a result.
    ///
    /// # Errors
    /// If its file cannot be written.
    pub fn save(&self, address: &str, bytes: &[u8]) -> Result<(), FileError> {
        write_atomically(&self.path(address), bytes)?;
        self.remove_checkpoint(address);
        Ok(())
    }

    /// Removes the checkpoint of a job that is stored. One that cannot be removed does no harm.
    pub fn remove_checkpoint(&self, address: &str) {
        let _ = remove_file(&self.checkpoint_path(address));
    }
}
