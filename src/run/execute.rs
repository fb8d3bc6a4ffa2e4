//! Running a plan: what is stored is not run again, the rest runs in parallel, and the results are
//! written.

use super::attempt::{Attempt, Export, Threads};
use super::audit::export_name;
use super::directory::Directory;
use super::error::RunError;
use super::job::{Job, JobError, JobResult, Outcome};
use super::plan::Plan;
use super::progress::{RunObserver, Work};
use super::report::{Ended, RunReport, diverged_jobs};
use super::shard::Shard;
use crate::array::shape;
use crate::condition::Kind;
use rayon::ThreadPool;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use serde_json::{Value as Json, json};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Runs one job; asks now and then whether to stop, and then gives [`JobError::Interrupted`].
pub type Runner<'a> = dyn Fn(&Job, &Attempt<'_>) -> Result<JobResult, JobError> + Sync + 'a;

/// Where and how to run.
#[derive(Clone, Debug)]
pub struct RunOptions<'a> {
    /// Run directory.
    pub out: PathBuf,
    /// Threads; 0 for as many as there are processors. Every job has one, and the last ones share
    /// what is left.
    pub threads: usize,
    /// What networks' jobs write beside their results.
    pub export: Export,
    /// The share of the jobs to run; `None` for all.
    pub shard: Option<Shard>,
    /// The jobs that are asked for, by index into [`Plan::jobs`]; `None` for all.
    pub only: Option<&'a HashSet<usize>>,
    /// Set to stop: jobs leave a checkpoint and give up.
    pub interrupt: &'a AtomicBool,
    /// Is told how far the run has come.
    pub observer: &'a dyn RunObserver,
}

/// More threads than any machine has processors only cost memory.
const MOST_THREADS: usize = 1024;

/// Runs what of `plan`, or of a shard of it, is not stored yet in `options.out`, and writes
/// `series.csv`, `manifest.json`, the spec and `log.json`. The results and `series.csv` do not
/// depend on the number of threads or on how often the run was stopped.
///
/// # Errors
/// Before any job runs: if the directory is foreign, holds another run, is in use or cannot be
/// written to. Afterwards: if a job cannot run or a file cannot be written; finished jobs are kept.
pub fn run(
    plan: &Plan,
    options: &RunOptions<'_>,
    runner: &Runner<'_>,
) -> Result<RunReport, RunError> {
    let clock = Clock::start();
    let directory = Directory::open(&options.out, plan, options.export)?;
    let pool = pool(options.threads)?;

    let StoredBefore { here, mut results, damaged, mut warnings } =
        StoredBefore::new(plan, options, &directory, &pool)?;
    let found = results.iter().flatten().count();
    // Written before anything runs: it finds out whether that will be possible, and marks the
    // directory as ours.
    directory.describe(plan, &results, None, options.shard)?;

    let pending: Vec<usize> = here.iter().copied().filter(|&job| results[job].is_none()).collect();
    let session = Session::new(
        plan,
        options,
        &directory,
        runner,
        &pending,
        here.len(),
        pool.current_num_threads(),
    );
    let done: Vec<_> = pool
        .install(|| pending.par_iter().with_max_len(1).map(|&job| session.run_job(job)).collect());
    warnings.append(&mut session.end());

    let (mut failure, mut times) = (None, Vec::new());
    for one in done {
        match one {
            Ok(None) => {}
            Ok(Some((job, result, time))) => {
                times.push(json!({ "job": result.address, "seconds": time.as_secs_f64() }));
                results[job] = Some(result);
            }
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    let ended = if failure.is_some() {
        Ended::Failed
    } else {
        Ended::of(plan, &results, &here).unless_partial(options.only.is_some(), &results)
    };
    let ran = times.len();
    let entry = clock.entry(json!({
        "threads": pool.current_num_threads(),
        "ended": ended.as_str(),
        "jobs-found": found,
        "jobs": times,
    }));
    let written = directory.write_results(plan, &results, ended, options.shard, entry);
    failure.map_or(Ok(()), Err)?;
    written?;
    let diverged = diverged_jobs(plan, &results);
    let (directory, shard) = (options.out.clone(), options.shard);
    Ok(RunReport { directory, shard, ended, results, found, ran, diverged, warnings, damaged })
}

/// What is stored before a run.
struct StoredBefore {
    /// The jobs that are asked for.
    here: Vec<usize>,
    /// By job of the plan, without those that are to run again.
    results: Vec<Option<JobResult>>,
    /// What is wrong with exports that nobody asks for.
    damaged: Vec<String>,
    warnings: Vec<String>,
}

impl StoredBefore {
    fn new(
        plan: &Plan,
        options: &RunOptions<'_>,
        directory: &Directory,
        pool: &ThreadPool,
    ) -> Result<Self, RunError> {
        let mut warnings = directory.damages()?;
        warnings.extend(directory.changed_recordings(plan));
        let (mut results, damages) = pool.install(|| directory.stored(plan));
        warnings.extend(damages);
        let exports = pool.install(|| directory.exports())?;
        let mut wanted = HashSet::new();
        let is_own = |job: &usize| {
            options.shard.is_none_or(|shard| shard.has(*job))
                && options.only.is_none_or(|only| only.contains(job))
        };
        let here: Vec<usize> = (0..plan.jobs.len()).filter(is_own).collect();
        for &job in &here {
            // A job whose exports are asked for and not there, or damaged, runs again.
            if let Some(name) = export_name(options.export, &plan.jobs[job], &plan.addresses[job]) {
                if results[job].is_some() {
                    let damage = exports.damage(&directory.path, &name);
                    warnings.extend(damage.map(|damage| format!("{damage}; the job runs again")));
                }
                let path = directory.path.join(&name);
                let serves = |result: &JobResult| {
                    exports.whole(&name).is_some()
                        && has_length(options.export, &plan.jobs[job], result, &path)
                };
                results[job] = results[job].take().filter(serves);
                wanted.insert(name);
            }
            if results[job].is_some() {
                directory.store.remove_checkpoint(&plan.addresses[job]);
            }
        }
        let damaged = exports.damages(&directory.path, &wanted);
        Ok(Self { here, results, damaged, warnings })
    }
}

/// Whether exported signals are of as many updates as are asked for. Those of a job that diverged
/// end with it.
fn has_length(export: Export, job: &Job, result: &JobResult, path: &Path) -> bool {
    let Some(limit) = export.signals() else { return true };
    let wanted = limit.min(job.condition.last_iteration());
    let stored = || shape(path, "activity0").ok().and_then(|shape| shape.first().copied());
    result.outcome != Outcome::Completed || stored() == Some(wanted)
}

/// So many threads; 0 for as many as there are processors.
pub(super) fn pool(threads: usize) -> Result<ThreadPool, RunError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.min(MOST_THREADS)).build();
    pool.map_err(|source| RunError::Threads { threads, source })
}

/// When something began.
pub(super) struct Clock(SystemTime, Instant);

impl Clock {
    pub fn start() -> Self {
        Self(SystemTime::now(), Instant::now())
    }

    /// `what` with start and duration, for the log.
    pub fn entry(&self, mut what: Json) -> Json {
        let started =
            self.0.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
        what["started-unix-seconds"] = started.into();
        what["seconds"] = self.1.elapsed().as_secs_f64().into();
        what
    }
}

/// Jobs being run.
struct Session<'a> {
    plan: &'a Plan,
    options: &'a RunOptions<'a>,
    directory: &'a Directory,
    runner: &'a Runner<'a>,
    threads: Threads,
    warnings: Mutex<Vec<String>>,
    failed: AtomicBool,
}

impl<'a> Session<'a> {
    fn new(
        plan: &'a Plan,
        options: &'a RunOptions<'a>,
        directory: &'a Directory,
        runner: &'a Runner<'a>,
        pending: &[usize],
        all: usize,
        threads: usize,
    ) -> Self {
        options.observer.begins(Work::of(all, pending.iter().map(|&job| &plan.jobs[job])));
        let threads = Threads::new(threads, pending.len());
        let (warnings, failed) = (Mutex::default(), AtomicBool::new(false));
        Self { plan, options, directory, runner, threads, warnings, failed }
    }

    /// Runs and stores one job; `None` if it was to stop.
    fn run_job(&self, job: usize) -> Result<Option<(usize, JobResult, Duration)>, RunError> {
        let clock = Instant::now();
        let stop = || {
            self.options.interrupt.load(Ordering::Relaxed) || self.failed.load(Ordering::Relaxed)
        };
        let attempt = self.attempt(job, &stop);
        let outcome = if stop() {
            Err(JobError::Interrupted)
        } else {
            (self.runner)(&self.plan.jobs[job], &attempt)
        };
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).extend(attempt.warnings());
        let stored = match outcome {
            Ok(result) => {
                let export = export_name(
                    self.options.export,
                    &self.plan.jobs[job],
                    &self.plan.addresses[job],
                );
                let saved = self.directory.save(&result, export);
                saved.map(|()| Some((job, result, clock.elapsed()))).map_err(Into::into)
            }
            Err(JobError::Interrupted) => Ok(None),
            Err(JobError::Failed(message)) => {
                Err(RunError::Job { address: self.plan.addresses[job].clone(), message })
            }
        };
        if stored.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        self.threads.job_done();
        self.options.observer.finishes_job();
        stored
    }

    fn attempt<'b>(&'b self, index: usize, stop: &'b dyn Fn() -> bool) -> Attempt<'b> {
        let (job, address, export) =
            (&self.plan.jobs[index], &self.plan.addresses[index], self.options.export);
        Attempt {
            stop,
            threads: Some(&self.threads),
            observer: Some(self.options.observer),
            work: Work::per_update(job),
            checkpoint: Some(self.directory.store.checkpoint_path(address)),
            export: if job.condition.kind() == Kind::Train { export } else { Export::Off },
            export_path: export_name(export, job, address)
                .map(|name| self.directory.path.join(name)),
            warnings: Mutex::default(),
        }
    }

    /// Ends what the observer follows, and gives the warnings.
    fn end(self) -> Vec<String> {
        self.options.observer.ends();
        self.warnings.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(super) mod tests;
