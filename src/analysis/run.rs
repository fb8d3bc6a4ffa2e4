//! Running a plan: what is stored is not run again, the rest runs in parallel, and the results are written.

use super::attempt::{Attempt, Export, Threads};
use super::files::{FileError, TEMPORARY, remove_temporaries, write_atomically};
use super::job::{Job, JobError, JobResult, Outcome, RESULTS_VERSION};
use super::manifest::{FORMAT, log_with, manifest, pretty};
use super::parameter::Kind;
use super::plan::Plan;
use super::progress::Progress;
use super::series::series;
use super::store::{Found, Store};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use serde_json::{Value as Json, json};
use std::fmt::{Display, Formatter};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use thiserror::Error;

/// Runs one job; asks now and then whether to stop, and then gives [`JobError::Interrupted`].
pub type Runner<'a> = dyn Fn(&Job, &Attempt<'_>) -> Result<JobResult, JobError> + Sync + 'a;

/// Where and how to run.
#[derive(Clone, Debug)]
pub struct RunOptions<'a> {
    /// Run directory.
    pub out: PathBuf,
    /// Threads; 0 for as many as there are processors. Every job has one, and the last ones share what is left.
    pub threads: usize,
    /// What networks' jobs write beside their results.
    pub export: Export,
    /// Set to stop: see [`interrupt_on_ctrl_c`].
    pub interrupt: &'a AtomicBool,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every job completed.
    Completed,
    /// Every job finished, but some diverged.
    Diverged,
    /// It was asked to stop; finished jobs are stored.
    Interrupted,
    /// A job could not run, or its result not be stored; finished jobs are stored.
    Failed,
}

impl Ended {
    /// As in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Diverged => "diverged",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }
}

/// A planned job that diverged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DivergedJob {
    /// Name of the analysis.
    pub analysis: String,
    /// Short name of the condition.
    pub condition: String,
    /// Repeat, from 0.
    pub repeat: usize,
    /// After this many updates weights were not finite.
    pub iteration: usize,
    /// The first such layer.
    pub layer: usize,
}

impl Display for DivergedJob {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { analysis, condition, repeat, iteration, layer } = self;
        write!(
            f,
            "{analysis} ({condition}), repeat {repeat}: diverged at iteration {iteration} in layer {layer}; what was \
             recorded before is kept; a smaller eta may help"
        )
    }
}

/// What a run gave.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// Run directory.
    pub directory: PathBuf,
    /// Why it ended: completed, diverged or interrupted.
    pub ended: Ended,
    /// By index into [`Plan::jobs`]; `None` where an interrupted run did not get to.
    pub results: Vec<Option<JobResult>>,
    /// Jobs that were stored before.
    pub found: usize,
    /// Jobs run now.
    pub ran: usize,
    /// Planned jobs that diverged.
    pub diverged: Vec<DivergedJob>,
    /// What the user should know: damaged files that were replaced.
    pub warnings: Vec<String>,
}

/// Why a run could not be done.
#[derive(Debug, Error)]
pub enum RunError {
    /// The directory holds something else.
    #[error("{} is not empty and holds no run of this program: choose another directory with --out, or empty it", .0.display())]
    Foreign(PathBuf),
    /// The directory holds another run.
    #[error("{} holds the results of another spec ({theirs}): choose another directory with --out", path.display())]
    OtherSpec {
        /// Run directory.
        path: PathBuf,
        /// Names of what is there.
        theirs: String,
    },
    /// The directory holds results of another version.
    #[error("{} holds results of version {theirs}, and this program gives version {RESULTS_VERSION}, which differ in numbers: choose another directory with --out", path.display())]
    OtherVersion {
        /// Run directory.
        path: PathBuf,
        /// Its version.
        theirs: u64,
    },
    /// The manifest makes no sense.
    #[error("{} is not a manifest of this program: choose another directory with --out, or remove this one", .0.display())]
    Manifest(PathBuf),
    /// Another process is at it.
    #[error("another run is writing to {}: wait for it to end, or choose another directory with --out", .0.display())]
    Locked(PathBuf),
    /// A file could not be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// Threads could not be started.
    #[error("cannot start {threads} threads: {source}; ask for fewer with --threads")]
    Threads {
        /// How many.
        threads: usize,
        /// Why.
        source: rayon::ThreadPoolBuildError,
    },
    /// A job could not run.
    #[error("job {address} could not run: {message}")]
    Job {
        /// Its address.
        address: String,
        /// What happened and what to do.
        message: String,
    },
}

/// More threads than any machine has processors only cost memory.
const MOST_THREADS: usize = 1024;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// A flag that Ctrl-C sets. A second Ctrl-C ends the process at once with exit code 130, which harms nothing: files
/// are renamed into place when they are whole.
///
/// # Errors
/// If the handler cannot be set, as when there is one already.
pub fn interrupt_on_ctrl_c() -> Result<&'static AtomicBool, ctrlc::Error> {
    ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })?;
    Ok(&INTERRUPTED)
}

/// Runs what of `plan` is not stored yet in `options.out`, and writes `series.csv`, `manifest.json` and `log.json`.
/// The results and `series.csv` do not depend on the number of threads or on how often the run was stopped.
///
/// # Errors
/// Before any job runs: if the directory is foreign, holds another run, is in use or cannot be written to.
/// Afterwards: if a job cannot run or a file cannot be written; finished jobs are kept.
pub fn run(plan: &Plan, options: &RunOptions<'_>, runner: &Runner<'_>) -> Result<RunReport, RunError> {
    let (started, clock) = (SystemTime::now(), Instant::now());
    let directory = Directory::open(&options.out, plan, options.export)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads.min(MOST_THREADS)).build();
    let pool = pool.map_err(|source| RunError::Threads { threads: options.threads, source })?;

    let mut warnings = Vec::new();
    let stored: Vec<Found> = pool.install(|| plan.jobs.par_iter().map(|job| directory.store.load(job)).collect());
    let stored = stored.into_iter().map(|found| match found {
        Found::Result(result) => Some(result),
        Found::Nothing => None,
        Found::Damaged(why) => {
            warnings.push(format!("{why}; the job runs again"));
            None
        }
    });
    let mut results: Vec<Option<JobResult>> = stored.collect();
    for (result, job) in results.iter_mut().zip(&plan.jobs) {
        // A job whose exports are asked for and not there runs again.
        let file = |result: &JobResult| directory.export_file(options.export, job, &result.address);
        *result = result.take().filter(|result| file(result).is_none_or(|file| file.is_file()));
        if let Some(result) = result {
            directory.store.remove_checkpoint(&result.address);
        }
    }
    let found = results.iter().flatten().count();
    // Written before anything runs: it finds out whether that will be possible, and marks the directory as ours.
    directory.write("manifest.json", &pretty(&manifest(plan, &results, None)))?;

    let pending: Vec<usize> = (0..plan.jobs.len()).filter(|&job| results[job].is_none()).collect();
    let threads = Threads::new(pool.current_num_threads(), pending.len());
    let progress = Progress::new(plan.jobs.len(), pending.iter().map(|&job| &plan.jobs[job]));
    let noted = Mutex::new(Vec::new());
    let failed = AtomicBool::new(false);
    let stop = || options.interrupt.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed);
    let work = |&job: &usize| -> Result<Option<(usize, JobResult, Duration)>, RunError> {
        let clock = Instant::now();
        let address = &plan.addresses[job];
        let attempt = Attempt {
            stop: &stop,
            threads: Some(&threads),
            progress: Some(&progress),
            work: Progress::work(&plan.jobs[job]),
            checkpoint: Some(directory.store.checkpoint_path(address)),
            export: if plan.jobs[job].condition.kind() == Kind::Train { options.export } else { Export::Off },
            export_path: directory.export_file(options.export, &plan.jobs[job], address),
            warnings: Mutex::default(),
        };
        let outcome = if stop() { Err(JobError::Interrupted) } else { runner(&plan.jobs[job], &attempt) };
        noted.lock().unwrap_or_else(PoisonError::into_inner).extend(attempt.warnings());
        let stored = match outcome {
            Ok(result) => {
                directory.store.save(&result).map(|()| Some((job, result, clock.elapsed()))).map_err(Into::into)
            }
            Err(JobError::Interrupted) => Ok(None),
            Err(JobError::Failed(message)) => Err(RunError::Job { address: plan.addresses[job].clone(), message }),
        };
        if stored.is_err() {
            failed.store(true, Ordering::Relaxed);
        }
        threads.job_done();
        progress.job_done();
        stored
    };
    let done: Vec<_> = pool.install(|| pending.par_iter().with_max_len(1).map(work).collect());
    progress.clear();
    warnings.append(&mut noted.into_inner().unwrap_or_else(PoisonError::into_inner));

    let (mut failure, mut times, mut ran) = (None, Vec::new(), 0);
    for one in done {
        match one {
            Ok(None) => {}
            Ok(Some((job, result, time))) => {
                times.push(json!({ "job": result.address, "seconds": time.as_secs_f64() }));
                results[job] = Some(result);
                ran += 1;
            }
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    let diverged = diverged_jobs(plan, &results);
    let ended = match &failure {
        Some(_) => Ended::Failed,
        None if results.iter().any(Option::is_none) => Ended::Interrupted,
        None if !diverged.is_empty() => Ended::Diverged,
        None => Ended::Completed,
    };
    let entry = json!({
        "started-unix-seconds": started.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs()),
        "seconds": clock.elapsed().as_secs_f64(),
        "threads": pool.current_num_threads(),
        "ended": ended.as_str(),
        "jobs-found": found,
        "jobs": times,
    });
    let written = directory.write_results(plan, &results, ended, entry);
    match failure {
        Some(error) => Err(error),
        None => written.map(|()| RunReport {
            directory: options.out.clone(),
            ended,
            results,
            found,
            ran,
            diverged,
            warnings,
        }),
    }
}

fn diverged_jobs(plan: &Plan, results: &[Option<JobResult>]) -> Vec<DivergedJob> {
    let diverged = plan.planned().filter_map(|planned| match results.get(planned.job)?.as_ref()?.outcome {
        Outcome::Completed => None,
        Outcome::Diverged { iteration, layer } => Some(DivergedJob {
            analysis: planned.analysis.name.clone(),
            condition: planned.analysis.label(planned.condition),
            repeat: planned.repeat,
            iteration,
            layer,
        }),
    });
    diverged.collect()
}

/// A run directory of which this process is the only writer.
struct Directory {
    path: PathBuf,
    store: Store,
    /// Held, and so locked, as long as this is.
    _lock: File,
}

const MANIFEST: &str = "manifest.json";
const LOCK: &str = ".lock";

impl Directory {
    /// Opens or makes the directory for `plan`.
    fn open(path: &Path, plan: &Plan, export: Export) -> Result<Self, RunError> {
        if path.is_dir() {
            check_contents(path, plan)?;
        }
        let make = |source| FileError::new("make the directory", path, source);
        std::fs::create_dir_all(path).map_err(make)?;
        let lock_path = path.join(LOCK);
        let refused = |source| FileError::new("write to", path, source);
        let lock = File::create(&lock_path).map_err(refused)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(RunError::Locked(path.to_path_buf())),
            // Some network file systems have no locks; running without is better than not at all.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(FileError::new("lock", &lock_path, error).into()),
        }
        // Again, now that nobody else can change it.
        check_contents(path, plan)?;
        remove_temporaries(path)?;
        let store = Store::open(&path.join("jobs"))?;
        if let Some(directory) = export.directory() {
            let directory = path.join(directory);
            std::fs::create_dir_all(&directory).map_err(|e| FileError::new("make the directory", &directory, e))?;
            remove_temporaries(&directory)?;
        }
        Ok(Self { path: path.to_path_buf(), store, _lock: lock })
    }

    /// Where the exports of a job go, if it has any.
    fn export_file(&self, export: Export, job: &Job, address: &str) -> Option<PathBuf> {
        let directory = export.directory().filter(|_| job.condition.kind() == Kind::Train)?;
        Some(self.path.join(directory).join(format!("{address}.npz")))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        write_atomically(&self.path.join(name), bytes)
    }

    fn write_results(
        &self,
        plan: &Plan,
        results: &[Option<JobResult>],
        ended: Ended,
        log_entry: Json,
    ) -> Result<(), RunError> {
        let path = self.path.join("series.csv");
        let bytes = series(plan, results).map_err(|source| FileError::new("write", &path, source))?;
        write_atomically(&path, &bytes)?;
        self.write("log.json", &pretty(&log_with(&self.path.join("log.json"), log_entry)))?;
        // Last, as it says how all the rest ended.
        self.write(MANIFEST, &pretty(&manifest(plan, results, Some(ended))))?;
        Ok(())
    }
}

/// Refuses a directory that holds anything but a run of `plan`.
fn check_contents(path: &Path, plan: &Plan) -> Result<(), RunError> {
    let manifest_path = path.join(MANIFEST);
    let listed = std::fs::read_dir(path).map_err(|source| FileError::new("list", path, source))?;
    let ours = |name: &str| name == LOCK || name.starts_with(TEMPORARY);
    let jobs_empty = || std::fs::read_dir(path.join("jobs")).is_ok_and(|mut entries| entries.next().is_none());
    let mut names = listed.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    // What a run that was killed before its manifest leaves behind does not count.
    if !names.any(|name| !(ours(&name) || name == "jobs" && jobs_empty())) {
        return Ok(());
    }
    let bytes = match std::fs::read(&manifest_path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(RunError::Foreign(path.to_path_buf()));
        }
        Err(source) => return Err(FileError::new("read", &manifest_path, source).into()),
    };
    let manifest: Json = serde_json::from_slice(&bytes).map_err(|_| RunError::Manifest(manifest_path.clone()))?;
    let address = match (manifest["format"].as_str(), manifest["address"].as_str()) {
        (Some(FORMAT), Some(address)) => address,
        _ => return Err(RunError::Manifest(manifest_path)),
    };
    if let Some(theirs) = manifest["results-version"].as_u64().filter(|&theirs| theirs != u64::from(RESULTS_VERSION)) {
        return Err(RunError::OtherVersion { path: path.to_path_buf(), theirs });
    }
    if address != plan.address() {
        let specs = manifest["specs"].as_array().map(Vec::as_slice).unwrap_or_default();
        let names: Vec<String> =
            specs.iter().filter_map(|spec| spec["name"].as_str()).map(|n| format!("`{n}`")).collect();
        return Err(RunError::OtherSpec { path: path.to_path_buf(), theirs: names.join(", ") });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
