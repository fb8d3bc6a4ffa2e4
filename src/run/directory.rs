//! A run directory: who may write to it, and what it holds.

use super::attempt::Export;
use super::audit::{Exports, derived, export_name, of_list, without_checksums};
use super::error::RunError;
use super::files::{JOBS, LOG, MANIFEST, SERIES};
use super::head::{Head, spec_paths};
use super::job::JobResult;
use super::manifest::{log_with, manifest, pretty};
use super::plan::Plan;
use super::report::Ended;
use super::results::Results;
use super::series::series;
use super::shard::Shard;
use super::store::{Store, StoredResult};
use crate::file::{
    CHECKSUMS, Checksums, FileError, Ledger, Lock, TEMPORARY, hash_of, make_directory, remove_file,
    remove_temporaries, write_atomically,
};
use crate::spec::Spec;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use serde_json::Value as Json;
use std::fs::TryLockError;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const LOCK: &str = ".lock";

/// A run directory of which this process is the only writer.
pub(super) struct Directory {
    pub path: PathBuf,
    pub store: Store,
    /// What is written, with its checksums.
    ledger: Ledger,
    /// What it said of itself before.
    head: Option<Head>,
    /// Held, and so locked, as long as this is.
    _lock: Lock,
}

/// How far a directory is.
#[derive(Clone, Debug)]
pub struct Finished {
    /// By index into [`Plan::jobs`]: whether it is done, exports included.
    pub done: Vec<bool>,
    /// Damaged files, and what becomes of them.
    pub warnings: Vec<String>,
}

/// Which jobs of `plan` are done in a directory, that may not be there yet; nothing is changed.
///
/// # Errors
/// If it holds anything but a run of `plan`.
pub fn finished(plan: &Plan, path: &Path, export: Export) -> Result<Finished, RunError> {
    if !path.exists() {
        return Ok(Finished { done: vec![false; plan.jobs.len()], warnings: Vec::new() });
    }
    let checksums = Checksums::read(path)?;
    check_contents(path, plan, &checksums)?;
    let (store, exports) = (Store::at(path), Exports::read(path, &checksums)?);
    let found = plan.jobs.par_iter().zip(&plan.addresses).map(|(job, address)| {
        let name = export_name(export, job, address);
        let exported = name.as_ref().is_none_or(|name| exports.whole(name).is_some());
        let export_damage = name.and_then(|name| exports.damage(path, &name));
        match store.load(job, &checksums) {
            StoredResult::Result(..) => (exported, export_damage),
            StoredResult::Nothing => (false, None),
            StoredResult::Damaged(why) => (false, Some(why)),
        }
    });
    let (done, damages): (Vec<bool>, Vec<Option<String>>) = found.unzip();
    let warnings =
        damages.into_iter().flatten().map(|why| format!("{why}; the job will run again"));
    Ok(Finished { done, warnings: warnings.collect() })
}

/// Whether a run directory has a result of the job with this address, whole or not.
pub fn is_stored(path: &Path, address: &str) -> bool {
    Store::at(path).path(address).is_file()
}

/// Checks that a directory holds a run of `plan` that nobody is writing to, and gives its share of
/// the jobs.
pub(super) fn check_source(
    path: &Path,
    plan: &Plan,
    checksums: &Checksums,
) -> Result<Head, RunError> {
    let head = Head::of_run(path, checksums)?;
    head.check(path, plan)?;
    // Released at once: what is found out is whether a run is under way now.
    if let Ok(lock) = Lock::existing(&path.join(LOCK)) {
        lock_or_refuse(lock.try_shared(), path)?;
    }
    Ok(head)
}

/// Whether a process is writing to a run directory; `None` where that cannot be found out.
pub(super) fn is_written_to(path: &Path) -> Option<bool> {
    let lock = Lock::existing(&path.join(LOCK)).ok()?;
    match lock.try_shared() {
        Ok(()) => Some(false),
        Err(TryLockError::WouldBlock) => Some(true),
        Err(TryLockError::Error(_)) => None,
    }
}

impl Directory {
    /// Opens or makes the directory for `plan`.
    pub fn open(path: &Path, plan: &Plan, export: Export) -> Result<Self, RunError> {
        if path.is_dir() {
            check_contents(path, plan, &Checksums::read(path)?)?;
        }
        make_directory(path)?;
        let lock_path = path.join(LOCK);
        let lock = Lock::open(&lock_path).map_err(|source| match source.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                FileError::new("write to", path, source)
            }
            _ => FileError::new("open", &lock_path, source),
        })?;
        lock_or_refuse(lock.try_exclusive(), path)?;
        // Again, now that nobody else can change it.
        let checksums = Checksums::read(path)?;
        let head = check_contents(path, plan, &checksums)?;
        remove_temporaries(path)?;
        let store = Store::open(path)?;
        if let Some(directory) = export.directory() {
            let directory = path.join(directory);
            make_directory(&directory)?;
            remove_temporaries(&directory)?;
        }
        Ok(Self {
            path: path.to_path_buf(),
            store,
            ledger: Ledger::new(path, checksums),
            head,
            _lock: lock,
        })
    }

    /// What vouches for the files, as it was when the directory was opened.
    pub fn checksums(&self) -> &Checksums {
        self.ledger.found()
    }

    /// Takes note of a file that was found whole.
    pub fn confirm(&self, name: &str, hash: blake3::Hash) {
        self.ledger.confirm(name, hash);
    }

    /// Adds files that are about to be put in their places.
    pub fn note(&self, files: &[(String, blake3::Hash)]) -> Result<(), FileError> {
        self.ledger.note(files)
    }

    /// Results that are there, by index into the plan's jobs, and what is wrong with files of
    /// others.
    pub fn stored(&self, plan: &Plan) -> (Vec<Option<JobResult>>, Vec<String>) {
        let found: Vec<StoredResult> =
            plan.jobs.par_iter().map(|job| self.store.load(job, self.checksums())).collect();
        let mut warnings = Vec::new();
        let results = found.into_iter().map(|found| match found {
            StoredResult::Result(result, hash) => {
                self.confirm(&Store::name(&result.address), hash);
                Some(result)
            }
            StoredResult::Nothing => None,
            StoredResult::Damaged(why) => {
                warnings.push(format!("{why}; the job runs again"));
                None
            }
        });
        (results.collect(), warnings)
    }

    /// The exports that are there.
    pub fn exports(&self) -> Result<Exports, FileError> {
        let exports = Exports::read(&self.path, self.checksums())?;
        exports.all_whole().for_each(|(name, hash)| self.confirm(name, hash));
        Ok(exports)
    }

    /// What was wrong with the files that every run writes again, and with the list of checksums.
    pub fn damages(&self) -> Result<Vec<String>, FileError> {
        let Some(head) = &self.head else { return Ok(Vec::new()) };
        if !self.checksums().is_present() {
            let what = "what it holds is accepted as it is, and has checksums from now on";
            let legacy = format!("{}: {what}", without_checksums(&self.path));
            return Ok(vec![legacy].into_iter().chain(self.again(&head.damage)).collect());
        }
        let mut damages = of_list(&self.path, self.checksums());
        damages.extend(self.again(&head.damage));
        damages.extend(self.again(&spec_damages(&self.path, self.checksums())?));
        damages.extend(self.again(&derived(&self.path, self.checksums())?));
        Ok(damages)
    }

    /// Recordings that were measured here and have changed since.
    pub fn changed_recordings(&self, plan: &Plan) -> Vec<String> {
        let changed = self.head.iter().flat_map(|head| head.changed_recordings(&plan.specs));
        let told = |path| format!("recording {path} is not what it was: it is measured again");
        changed.map(told).collect()
    }

    fn again<'a>(&self, damages: impl IntoIterator<Item = &'a String>) -> Vec<String> {
        damages.into_iter().map(|damage| format!("{damage}; it is written again")).collect()
    }

    /// Stores the result of a job, and vouches for it and for what the job has exported.
    pub fn save(&self, result: &JobResult, export: Option<String>) -> Result<(), FileError> {
        let bytes = self.store.encode(result)?;
        let mut files = vec![(Store::name(&result.address), blake3::hash(&bytes))];
        if let Some(name) = export.filter(|name| self.path.join(name).is_file()) {
            let hash = hash_of(&self.path.join(&name))?;
            files.push((name, hash));
        }
        self.note(&files)?;
        self.store.save(&result.address, &bytes)
    }

    /// Writes files, vouching for them first.
    fn write(&self, files: &[(String, Vec<u8>)]) -> Result<(), FileError> {
        let hashes: Vec<_> =
            files.iter().map(|(name, bytes)| (name.clone(), blake3::hash(bytes))).collect();
        self.note(&hashes)?;
        files.iter().try_for_each(|(name, bytes)| write_atomically(&self.path.join(name), bytes))
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
        let mut files =
            vec![(MANIFEST.to_string(), pretty(&manifest(plan, results, ended, shard)))];
        let mut paths = spec_paths(&self.path);
        let name =
            |path: PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = |spec: &Spec| spec.to_toml().into_bytes();
        files.extend(
            plan.specs.iter().zip(paths.by_ref()).map(|(spec, path)| (name(path), text(spec))),
        );
        self.write(&files)?;
        // The same analyses may have been in more documents before.
        for path in paths.take_while(|path| path.is_file()) {
            remove_file(&path)?;
        }
        Ok(())
    }

    /// Writes the series, the log, the manifest, which says how all the rest ended, and last the
    /// checksums.
    pub fn write_results(
        &self,
        plan: &Plan,
        results: &[Option<JobResult>],
        ended: Ended,
        shard: Option<Shard>,
        log_entry: Json,
    ) -> Result<(), RunError> {
        let bytes = series(Results::new(plan, results))
            .map_err(|source| FileError::new("write", &self.path.join(SERIES), source))?;
        self.write(&[(SERIES.into(), bytes)])?;
        // Times differ from run to run, and checksums must not: the log vouches for itself.
        let log = self.path.join(LOG);
        write_atomically(&log, &log_with(&log, log_entry))?;
        self.describe(plan, results, Some(ended), shard)?;
        Ok(self.ledger.settle()?)
    }
}

/// What is wrong with the specs that a run wrote.
fn spec_damages(run: &Path, checksums: &Checksums) -> Result<Vec<String>, FileError> {
    let mut damages = Vec::new();
    for path in spec_paths(run).take_while(|path| path.is_file()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        damages.extend(
            checksums.of_file(run, &name)?.and_then(|(standing, _)| standing.damage(&path)),
        );
    }
    Ok(damages)
}

/// Some network file systems have no locks; going on without is better than not at all.
fn lock_or_refuse(lock: Result<(), TryLockError>, path: &Path) -> Result<(), RunError> {
    match lock {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(RunError::Locked(path.to_path_buf())),
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => Ok(()),
        Err(TryLockError::Error(error)) => {
            Err(FileError::new("lock", &path.join(LOCK), error).into())
        }
    }
}

/// Refuses a directory that holds anything but a run of `plan`; gives what it says of itself, if it
/// is one.
pub(super) fn check_contents(
    path: &Path,
    plan: &Plan,
    checksums: &Checksums,
) -> Result<Option<Head>, RunError> {
    let listed = std::fs::read_dir(path).map_err(|source| FileError::new("list", path, source))?;
    let begun =
        checksums.broken() == 0 && (checksums.has(MANIFEST) || checksums.names().next().is_none());
    let ours =
        |name: &str| name == LOCK || name.starts_with(TEMPORARY) || name == CHECKSUMS && begun;
    let made = |name: &str| name == JOBS || Export::DIRECTORIES.contains(&name);
    let is_empty = |name: &str| {
        std::fs::read_dir(path.join(name)).is_ok_and(|mut entries| entries.next().is_none())
    };
    let mut names = listed.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    // What a run that was killed before its manifest leaves behind does not count.
    if names.all(|name| ours(&name) || made(&name) && is_empty(&name)) {
        return Ok(None);
    }
    let head = Head::read(path, checksums)?.ok_or_else(|| RunError::Foreign(path.to_path_buf()))?;
    head.check(path, plan)?;
    Ok(Some(head))
}
