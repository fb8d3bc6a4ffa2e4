//! Shards, or any runs of the same spec, put together.

use super::attempt::Export;
use super::audit::{Exports, damages, remedy, without_checksums};
use super::directory::{Directory, check_source};
use super::error::RunError;
use super::execute::Clock;
use super::job::{Job, JobResult};
use super::plan::Plan;
use super::report::{Ended, RunReport, diverged_jobs};
use super::shard::Shard;
use super::store::{Store, StoredResult};
use crate::file::{Checksums, FileError, copy_atomically, make_directory, remove_temporaries};
use blake3::Hash;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use serde_json::json;
use std::path::{Path, PathBuf};

/// A run directory that is merged.
#[derive(Clone, Debug)]
pub struct MergeSource {
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
    pub sources: Vec<MergeSource>,
}

/// A file to be copied: from where, to where, and its path in the checksums with its hash.
struct Copy {
    from: PathBuf,
    to: PathBuf,
    line: (String, Hash),
}

/// A directory that results are taken from, and what vouches for them.
struct MergedRun {
    path: PathBuf,
    checksums: Checksums,
    exports: Exports,
}

impl MergedRun {
    fn new(path: &Path, checksums: Checksums) -> Result<Self, FileError> {
        Ok(Self { path: path.to_path_buf(), exports: Exports::read(path, &checksums)?, checksums })
    }
}

/// Copies the results of `plan` in run directories `sources` to `out`, and writes there what a run
/// of the whole plan would have written. What `out` already holds counts as well. Every file is
/// held against its checksum, and left out if it is not as it was written.
///
/// # Errors
/// Before anything is written: if a directory holds no run or one of another spec, is being written
/// to, is both source and `out`, or if two hold different results of the same job. Afterwards: if a
/// file cannot be written.
pub fn merge(plan: &Plan, sources: &[PathBuf], out: &Path) -> Result<Merged, RunError> {
    let clock = Clock::start();
    let (mut described, mut places, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
    for path in sources {
        if same_directory(path, out) {
            return Err(RunError::SourceIsOut(path.clone()));
        }
        let checksums = Checksums::read(path)?;
        let head = check_source(path, plan, &checksums)?;
        described.push(MergeSource { path: path.clone(), shard: head.shard });
        warnings.extend(damages(path, &head, &checksums)?);
        if !checksums.is_present() {
            warnings.push(format!("{}: it is accepted as it is", without_checksums(path)));
        }
        places.push(MergedRun::new(path, checksums)?);
    }
    let directory = Directory::open(out, plan, Export::Off)?;
    warnings.extend(directory.damages()?);
    // What is there comes first, so that it is not copied over itself.
    places.insert(0, MergedRun::new(out, directory.checksums().clone())?);
    let found: Vec<Pick> =
        plan.jobs.par_iter().map(|job| pick(job, &places)).collect::<Result<_, _>>()?;
    let (mut copies, mut results, mut damaged) = (Vec::new(), Vec::new(), Vec::new());
    for pick in found {
        results.push(pick.result);
        warnings.extend(pick.warnings);
        accept(&directory, pick.copy, &mut copies);
    }
    for export in exports(plan, &places)? {
        warnings.extend(export.warnings);
        damaged.extend(export.damaged);
        accept(&directory, export.copy, &mut copies);
    }
    // Before anything is copied, as it is the manifest that makes the directory ours: a merge that
    // is killed can be repeated.
    directory.describe(plan, &results, None, None)?;
    directory.note(&copies.iter().map(|copy| copy.line.clone()).collect::<Vec<_>>())?;
    copies.par_iter().with_max_len(1).try_for_each(|copy| copy_atomically(&copy.from, &copy.to))?;

    let all: Vec<usize> = (0..plan.jobs.len()).collect();
    let ended = Ended::of(plan, &results, &all);
    let found = results.iter().flatten().count();
    let merged: Vec<String> = sources.iter().map(|path| path.display().to_string()).collect();
    let entry =
        clock.entry(json!({ "merged": merged, "ended": ended.as_str(), "jobs-found": found }));
    directory.write_results(plan, &results, ended, None, entry)?;
    let diverged = diverged_jobs(plan, &results);
    let directory = out.to_path_buf();
    let report = RunReport {
        directory,
        shard: None,
        ended,
        results,
        found,
        ran: 0,
        diverged,
        warnings,
        damaged,
    };
    Ok(Merged { report, sources: described })
}

/// Has a file copied, unless it is where it belongs already.
fn accept(directory: &Directory, copy: Option<Copy>, copies: &mut Vec<Copy>) {
    match copy {
        Some(copy) if copy.from == copy.to => directory.confirm(&copy.line.0, copy.line.1),
        copy => copies.extend(copy),
    }
}

fn same_directory(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// What the directories have for a job.
#[derive(Default)]
struct Pick {
    result: Option<JobResult>,
    /// The file, which may be where it belongs already.
    copy: Option<Copy>,
    warnings: Vec<String>,
    /// What is wrong with files in whose place no other was found, and what makes them again.
    damaged: Vec<String>,
}

impl Pick {
    /// Takes a file that is whole, of which all directories that have it must have the same bytes;
    /// the first is kept.
    fn take(
        &mut self,
        address: &str,
        [from, to]: [PathBuf; 2],
        line: (String, Hash),
    ) -> Result<(), RunError> {
        match &self.copy {
            None => self.copy = Some(Copy { from, to, line }),
            Some(first) if first.line.1 == line.1 => {}
            Some(first) => {
                let (address, first) = (address.into(), first.from.clone());
                return Err(RunError::Conflicting { address, first, second: from });
            }
        }
        Ok(())
    }
}

/// The result of a job; the first of `places` is where it goes.
fn pick(job: &Job, places: &[MergedRun]) -> Result<Pick, RunError> {
    let address = job.address();
    let mut picked = Pick::default();
    for place in places {
        let store = Store::at(&place.path);
        match store.load(job, &place.checksums) {
            StoredResult::Nothing => {}
            StoredResult::Damaged(why) => picked.warnings.push(format!("{why}; it is left out")),
            StoredResult::Result(result, hash) => {
                let paths = [store.path(&address), Store::at(&places[0].path).path(&address)];
                picked.take(&address, paths, (Store::name(&address), hash))?;
                picked.result.get_or_insert(result);
            }
        }
    }
    Ok(picked)
}

/// Exported files of planned jobs.
fn exports(plan: &Plan, places: &[MergedRun]) -> Result<Vec<Pick>, RunError> {
    let mut picks = Vec::new();
    for kind in Export::DIRECTORIES {
        if places.iter().any(|place| place.path.join(kind).is_dir()) {
            let directory = places[0].path.join(kind);
            make_directory(&directory)?;
            remove_temporaries(&directory)?;
            let each = plan.addresses.par_iter().map(|address| export(address, kind, places));
            picks.extend(each.collect::<Result<Vec<_>, _>>()?);
        }
    }
    Ok(picks)
}

/// The exported file of a job.
fn export(address: &str, kind: &str, places: &[MergedRun]) -> Result<Pick, RunError> {
    let name = format!("{kind}/{address}.npz");
    let mut picked = Pick::default();
    for place in places {
        if let Some(hash) = place.exports.whole(&name) {
            let paths = [place.path.join(&name), places[0].path.join(&name)];
            picked.take(address, paths, (name.clone(), hash))?;
        } else if let Some(damage) = place.exports.damage(&place.path, &name) {
            picked.warnings.push(format!("{damage}; it is left out"));
            picked.damaged.push(format!("{damage}; {}", remedy(&place.path, kind)));
        }
    }
    if picked.copy.is_some() {
        picked.damaged.clear();
    } else {
        picked.warnings.clear();
    }
    Ok(picked)
}
