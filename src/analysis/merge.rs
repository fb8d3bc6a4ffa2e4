//! Shards, or any runs of the same spec, put together.

use super::attempt::Export;
use super::directory::{Directory, JOBS, check_source};
use super::job::{Job, JobResult};
use super::plan::Plan;
use super::run::{Clock, Ended, RunError, RunReport, diverged_jobs};
use super::shard::Shard;
use super::store::{Found, Store};
use crate::file::{FileError, copy_atomically, make_directory};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use serde_json::json;
use std::fs::File;
use std::path::{Path, PathBuf};

/// A run directory that is merged.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// The share of the jobs it was to run; `None` for all.
    pub shard: Option<Shard>,
}

/// What a merge gave.
#[derive(Clone, Debug)]
pub struct Merged {
    /// As of a run: interrupted where results are missing.
    pub report: RunReport,
    /// What was merged, in the order given.
    pub sources: Vec<Source>,
}

/// A file to be copied, and where to.
type Copy = (PathBuf, PathBuf);

/// Copies the results of `plan` in run directories `sources` to `out`, and writes there what a run of the whole plan would
/// have written. What `out` already holds counts as well.
///
/// # Errors
/// Before anything is written: if a directory holds no run or one of another spec, is being written to, is both source and
/// `out`, or if two hold different results of the same job. Afterwards: if a file cannot be written.
pub fn merge(plan: &Plan, sources: &[PathBuf], out: &Path) -> Result<Merged, RunError> {
    let clock = Clock::start();
    let mut described = Vec::new();
    for path in sources {
        if same_directory(path, out) {
            return Err(RunError::SourceIsOut(path.clone()));
        }
        described.push(Source { path: path.clone(), shard: check_source(path, plan)? });
    }
    let directory = Directory::open(out, plan, Export::Off)?;
    // What is there comes first, so that it is not copied over itself.
    let places: Vec<PathBuf> = [out.to_path_buf()].into_iter().chain(sources.iter().cloned()).collect();
    let found: Vec<Pick> = plan.jobs.par_iter().map(|job| pick(job, &places)).collect::<Result<_, _>>()?;
    let mut copies: Vec<Copy> = Vec::new();
    let (mut results, mut warnings) = (Vec::new(), Vec::new());
    for pick in found {
        copies.extend(pick.from.map(|from| (from.clone(), out.join(JOBS).join(from.file_name().unwrap_or_default()))));
        results.push(pick.result);
        warnings.extend(pick.warnings);
    }
    copies.extend(exports(plan, &places)?);
    // Before anything is copied, as it is the manifest that makes the directory ours: a merge that is killed can be repeated.
    directory.describe(plan, &results, None, None)?;
    copies.par_iter().with_max_len(1).try_for_each(|(from, to)| copy_atomically(from, to))?;

    let all: Vec<usize> = (0..plan.jobs.len()).collect();
    let ended = Ended::of(plan, &results, &all);
    let found = results.iter().flatten().count();
    let merged: Vec<String> = sources.iter().map(|path| path.display().to_string()).collect();
    let entry = clock.entry(json!({ "merged": merged, "ended": ended.as_str(), "jobs-found": found }));
    directory.write_results(plan, &results, ended, None, entry)?;
    let diverged = diverged_jobs(plan, &results);
    let directory = out.to_path_buf();
    let report = RunReport { directory, shard: None, ended, results, found, ran: 0, diverged, warnings };
    Ok(Merged { report, sources: described })
}

fn same_directory(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// What the directories have for a job.
#[derive(Default)]
struct Pick {
    result: Option<JobResult>,
    /// The file to be copied, if it is not where it should be already.
    from: Option<PathBuf>,
    warnings: Vec<String>,
}

/// The result of a job, of which all directories that have it must have the same bytes; the first of `places` is where it
/// goes.
fn pick(job: &Job, places: &[PathBuf]) -> Result<Pick, RunError> {
    let address = job.address();
    let (mut picked, mut first): (Pick, Option<(PathBuf, Vec<u8>)>) = Default::default();
    for (place, directory) in places.iter().enumerate() {
        let store = Store::at(&directory.join(JOBS));
        let path = store.path(&address);
        match (store.load(job), &first) {
            (Found::Nothing, _) => {}
            (Found::Damaged(why), _) => picked.warnings.push(format!("{why}; it is left out")),
            (Found::Result(result), None) => {
                picked.result = Some(result);
                picked.from = (place > 0).then(|| path.clone());
                let bytes = std::fs::read(&path).map_err(|source| FileError::new("read", &path, source))?;
                first = Some((path, bytes));
            }
            (Found::Result(_), Some((other, bytes))) => {
                let same = std::fs::read(&path).map_err(|source| FileError::new("read", &path, source))? == *bytes;
                if !same {
                    return Err(RunError::Conflicting { address, first: other.clone(), second: path });
                }
            }
        }
    }
    Ok(picked)
}

/// Exported files of planned jobs that are not yet in the first of `places`.
fn exports(plan: &Plan, places: &[PathBuf]) -> Result<Vec<Copy>, RunError> {
    let mut copies = Vec::new();
    for kind in Export::DIRECTORIES {
        let directories: Vec<PathBuf> = places.iter().map(|place| place.join(kind)).collect();
        if directories.iter().all(|directory| !directory.is_dir()) {
            continue;
        }
        make_directory(&directories[0])?;
        let each = plan.addresses.par_iter().map(|address| export(address, &directories));
        copies.extend(each.collect::<Result<Vec<_>, _>>()?.into_iter().flatten());
    }
    Ok(copies)
}

/// The exported file of a job, if it has to be copied.
fn export(address: &str, directories: &[PathBuf]) -> Result<Option<Copy>, RunError> {
    let files = directories.iter().map(|directory| directory.join(format!("{address}.npz")));
    let files: Vec<PathBuf> = files.filter(|file| file.is_file()).collect();
    let Some((first, others)) = files.split_first() else { return Ok(None) };
    let hash_of_first = if others.is_empty() { None } else { Some(hash(first)?) };
    for second in others {
        if Some(hash(second)?) != hash_of_first {
            let (first, second) = (first.clone(), second.clone());
            return Err(RunError::Conflicting { address: address.into(), first, second });
        }
    }
    let to = directories[0].join(format!("{address}.npz"));
    Ok((*first != to).then(|| (first.clone(), to)))
}

fn hash(path: &Path) -> Result<blake3::Hash, FileError> {
    let read = |source| FileError::new("read", path, source);
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path).map_err(read)?).map_err(read)?;
    Ok(hasher.finalize())
}
