//! A run directory: who may write to it, what it holds, and what it says of itself.

use super::attempt::Export;
use super::job::{Job, JobResult, RESULTS_VERSION};
use super::manifest::{FORMAT, log_with, manifest, pretty};
use super::parameter::Kind;
use super::plan::Plan;
use super::run::{Ended, RunError};
use super::series::series;
use super::shard::Shard;
use super::spec::Spec;
use super::spec_file::read_spec;
use super::store::{Found, Store};
use crate::file::{
    FileError, TEMPORARY, make_directory, open_lock, open_unfollowed, remove_file, remove_temporaries, write_atomically,
};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use serde_json::Value as Json;
use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const JOBS: &str = "jobs";
const LOCK: &str = ".lock";

/// A run directory of which this process is the only writer.
pub(super) struct Directory {
    pub path: PathBuf,
    pub store: Store,
    /// Held, and so locked, as long as this is.
    _lock: File,
}

/// What a run directory says of itself.
#[derive(Clone, Debug)]
pub struct Described {
    /// The documents that were run, every value written out.
    pub specs: Vec<Spec>,
    /// The share of their jobs that was to be run; `None` for all.
    pub shard: Option<Shard>,
}

/// Reads from a run directory what it is of.
///
/// # Errors
/// If it is no run directory of this version, or its specs are not there or cannot be read.
pub fn read_directory(path: &Path) -> Result<Described, RunError> {
    let head = Head::of_run(path)?;
    Ok(Described { specs: kept_specs(path)?, shard: head.shard })
}

/// The specs that a run directory keeps.
pub(super) fn kept_specs(path: &Path) -> Result<Vec<Spec>, RunError> {
    let paths: Vec<PathBuf> = spec_paths(path).take_while(|path| path.is_file()).collect();
    if paths.is_empty() {
        return Err(RunError::NoSpec(path.to_path_buf()));
    }
    Ok(paths.iter().map(|path| read_spec(path)).collect::<Result<_, _>>()?)
}

/// Which jobs of `plan` are done in a directory, that may not be there yet; nothing is changed.
///
/// # Errors
/// If it holds anything but a run of `plan`.
pub fn finished(plan: &Plan, path: &Path, export: Export) -> Result<Vec<bool>, RunError> {
    if !path.exists() {
        return Ok(vec![false; plan.jobs.len()]);
    }
    check_contents(path, plan)?;
    let store = Store::at(&path.join(JOBS));
    let done = plan.jobs.par_iter().zip(&plan.addresses).map(|(job, address)| {
        let exported = export_file(path, export, job, address).is_none_or(|file| file.is_file());
        exported && matches!(store.load(job), Found::Result(_))
    });
    Ok(done.collect())
}

/// Whether a run directory has a result of the job with this address, whole or not.
pub fn is_stored(path: &Path, address: &str) -> bool {
    Store::at(&path.join(JOBS)).path(address).is_file()
}

/// Where the exports of a job go, if it has any.
fn export_file(path: &Path, export: Export, job: &Job, address: &str) -> Option<PathBuf> {
    let directory = export.directory().filter(|_| job.condition.kind() == Kind::Train)?;
    Some(path.join(directory).join(format!("{address}.npz")))
}

/// Checks that a directory holds a run of `plan` that nobody is writing to, and gives its share of the jobs.
pub(super) fn check_source(path: &Path, plan: &Plan) -> Result<Option<Shard>, RunError> {
    let head = Head::of_run(path)?;
    head.check(path, plan)?;
    // Released at once: what is found out is whether a run is under way now.
    if let Ok(lock) = open_unfollowed(&path.join(LOCK)) {
        lock_or_refuse(lock.try_lock_shared(), path)?;
    }
    Ok(head.shard)
}

/// Where the specs of a run are kept: `spec.toml`, and `spec-2.toml`, ... where there are several.
fn spec_paths(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let name = |number| if number == 1 { "spec.toml".into() } else { format!("spec-{number}.toml") };
    let directory = directory.to_path_buf();
    (1..).map(move |number: usize| directory.join(name(number)))
}

impl Directory {
    /// Opens or makes the directory for `plan`.
    pub fn open(path: &Path, plan: &Plan, export: Export) -> Result<Self, RunError> {
        if path.is_dir() {
            check_contents(path, plan)?;
        }
        make_directory(path)?;
        let lock_path = path.join(LOCK);
        let lock = open_lock(&lock_path).map_err(|source| match source.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => FileError::new("write to", path, source),
            _ => FileError::new("open", &lock_path, source),
        })?;
        lock_or_refuse(lock.try_lock(), path)?;
        // Again, now that nobody else can change it.
        check_contents(path, plan)?;
        remove_temporaries(path)?;
        let store = Store::open(&path.join(JOBS))?;
        if let Some(directory) = export.directory() {
            let directory = path.join(directory);
            make_directory(&directory)?;
            remove_temporaries(&directory)?;
        }
        Ok(Self { path: path.to_path_buf(), store, _lock: lock })
    }

    /// Results that are there, by index into the plan's jobs, and what is wrong with files of others.
    pub fn stored(&self, plan: &Plan) -> (Vec<Option<JobResult>>, Vec<String>) {
        let found: Vec<Found> = plan.jobs.par_iter().map(|job| self.store.load(job)).collect();
        let mut warnings = Vec::new();
        let results = found.into_iter().map(|found| match found {
            Found::Result(result) => Some(result),
            Found::Nothing => None,
            Found::Damaged(why) => {
                warnings.push(format!("{why}; the job runs again"));
                None
            }
        });
        (results.collect(), warnings)
    }

    /// Where the exports of a job go, if it has any.
    pub fn export_file(&self, export: Export, job: &Job, address: &str) -> Option<PathBuf> {
        export_file(&self.path, export, job, address)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        write_atomically(&self.path.join(name), bytes)
    }

    /// Writes the manifest and the specs: what is run here, and how it ended (`None`: under way).
    pub fn describe(
        &self,
        plan: &Plan,
        results: &[Option<JobResult>],
        ended: Option<Ended>,
        shard: Option<Shard>,
    ) -> Result<(), RunError> {
        // First, as it is the manifest that makes the directory ours.
        self.write(MANIFEST, &pretty(&manifest(plan, results, ended, shard)))?;
        let mut paths = spec_paths(&self.path);
        for (spec, path) in plan.specs.iter().zip(paths.by_ref()) {
            write_atomically(&path, spec.to_toml().as_bytes())?;
        }
        // The same analyses may have been in more documents before.
        for path in paths.take_while(|path| path.is_file()) {
            remove_file(&path)?;
        }
        Ok(())
    }

    /// Writes the series, the log, and last, as it says how all the rest ended, the manifest.
    pub fn write_results(
        &self,
        plan: &Plan,
        results: &[Option<JobResult>],
        ended: Ended,
        shard: Option<Shard>,
        log_entry: Json,
    ) -> Result<(), RunError> {
        let path = self.path.join("series.csv");
        let bytes = series(plan, results).map_err(|source| FileError::new("write", &path, source))?;
        write_atomically(&path, &bytes)?;
        self.write("log.json", &pretty(&log_with(&self.path.join("log.json"), log_entry)))?;
        self.describe(plan, results, Some(ended), shard)
    }
}

/// Some network file systems have no locks; going on without is better than not at all.
fn lock_or_refuse(lock: Result<(), TryLockError>, path: &Path) -> Result<(), RunError> {
    match lock {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(RunError::Locked(path.to_path_buf())),
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => Ok(()),
        Err(TryLockError::Error(error)) => Err(FileError::new("lock", &path.join(LOCK), error).into()),
    }
}

/// What a manifest says of a run directory as a whole.
pub(super) struct Head {
    pub address: String,
    /// Version of the program that wrote it.
    pub version: String,
    /// Why the run ended, or `under way`.
    pub ended: String,
    specs: Vec<String>,
    shard: Option<Shard>,
}

impl Head {
    /// From the manifest of a directory; `None` where there is no manifest.
    fn read(directory: &Path) -> Result<Option<Self>, RunError> {
        let path = directory.join(MANIFEST);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(source) => return Err(FileError::new("read", &path, source).into()),
        };
        let manifest: Json = serde_json::from_slice(&bytes).map_err(|_| RunError::Manifest(path.clone()))?;
        let address = match (manifest["format"].as_str(), manifest["address"].as_str()) {
            (Some(FORMAT), Some(address)) => address.to_string(),
            _ => return Err(RunError::Manifest(path)),
        };
        let version = manifest["results-version"].as_u64();
        if let Some(theirs) = version.filter(|&theirs| theirs != u64::from(RESULTS_VERSION)) {
            return Err(RunError::OtherVersion { path: directory.to_path_buf(), theirs });
        }
        let specs = manifest["specs"].as_array().map(Vec::as_slice).unwrap_or_default();
        let specs = specs.iter().filter_map(|spec| spec["name"].as_str()).map(String::from).collect();
        let shard = manifest["shard"].as_str().and_then(|text| Shard::parse(text).ok());
        let [version, ended] = ["version", "ended"].map(|key| manifest[key].as_str().unwrap_or_default().to_string());
        Ok(Some(Self { address, version, ended, specs, shard }))
    }

    /// The same, of a directory that has to be a run.
    pub fn of_run(directory: &Path) -> Result<Self, RunError> {
        Self::read(directory)?.ok_or_else(|| RunError::NoRun(directory.to_path_buf()))
    }

    /// Refuses another spec than that of `plan`.
    fn check(&self, directory: &Path, plan: &Plan) -> Result<(), RunError> {
        if self.address == plan.address() {
            return Ok(());
        }
        let names: Vec<String> = self.specs.iter().map(|name| format!("`{name}`")).collect();
        Err(RunError::OtherSpec { path: directory.to_path_buf(), theirs: names.join(", ") })
    }
}

/// Refuses a directory that holds anything but a run of `plan`.
pub(super) fn check_contents(path: &Path, plan: &Plan) -> Result<(), RunError> {
    let listed = std::fs::read_dir(path).map_err(|source| FileError::new("list", path, source))?;
    let ours = |name: &str| name == LOCK || name.starts_with(TEMPORARY);
    let made = |name: &str| name == JOBS || Export::DIRECTORIES.contains(&name);
    let is_empty = |name: &str| std::fs::read_dir(path.join(name)).is_ok_and(|mut entries| entries.next().is_none());
    let mut names = listed.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    // What a run that was killed before its manifest leaves behind does not count.
    if names.all(|name| ours(&name) || made(&name) && is_empty(&name)) {
        return Ok(());
    }
    let head = Head::read(path)?.ok_or_else(|| RunError::Foreign(path.to_path_buf()))?;
    head.check(path, plan)
}
