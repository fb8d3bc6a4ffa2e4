//! Run directories read back: what was planned, what there is of it, and nothing run.

use super::audit::{Exports, damages, without_checksums};
use super::error::RunError;
use super::head::Head;
use super::job::{Job, JobResult};
use super::plan::{Plan, PlanError};
use super::report::PARTLY;
use super::results::Results;
use super::store::{Store, StoredResult};
use crate::file::Checksums;
use crate::file::quote::operand;
use crate::spec::{Analysis, Spec, SpecError, read_spec};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Runs taken together.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What was planned.
    pub plan: Plan,
    /// By index into [`Plan::jobs`]; `None` where nothing is stored.
    pub results: Vec<Option<JobResult>>,
    /// Where it was found, in the order given.
    pub directories: Vec<StoredDirectory>,
    /// Damaged files, and what makes them again.
    pub warnings: Vec<String>,
}

/// Where a run was found, and what its manifest says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDirectory {
    /// The directory.
    pub path: PathBuf,
    /// Version of the program that ran it.
    pub version: String,
    /// Address of its results.
    pub address: String,
    /// Why it ended, or `under way`.
    pub ended: String,
    /// Whether there are checksums that vouch for its files; version 0.1.0 wrote none.
    pub is_vouched_for: bool,
}

impl StoredDirectory {
    /// What is to be said of a directory that nothing vouches for.
    pub fn caution(&self) -> Option<String> {
        (!self.is_vouched_for)
            .then(|| format!("{}: it is accepted as it is", without_checksums(&self.path)))
    }
}

/// Why run directories cannot be read.
#[derive(Debug, Error)]
pub enum StoredError {
    /// One of them is no run of this version, or does not say what it is of.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A spec given to read them by cannot be used.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The spec is of something else.
    #[error("no job of the specs given is stored in {0}: give the specs these runs were made of")]
    NothingOf(String),
    /// Two runs have results under one name.
    #[error(
        "two of these runs have an analysis named `{0}`: give one of them only, or take them one \
         at a time"
    )]
    SameName(String),
    /// There is nothing to be read.
    #[error("there is no run to read: give at least one run directory")]
    Empty,
}

/// Reads run directories: their plans from `specs` if any are given, and otherwise from what each
/// says of itself. Nothing is run or written, so a run that is under way can be read. Every file is
/// held against its checksum; a result that is not as it was written is left out.
///
/// # Errors
/// If one of them is no run of this version, its plan cannot be had, or nothing of the given specs
/// is there.
pub fn read_runs(directories: &[PathBuf], specs: &[PathBuf]) -> Result<Stored, StoredError> {
    match read_once(directories, specs) {
        // What was being written while it was read fits its checksum the next time.
        Ok(stored) if !stored.warnings.is_empty() => read_once(directories, specs),
        Err(StoredError::Run(RunError::SpecChanged { .. } | RunError::Manifest(_))) => {
            read_once(directories, specs)
        }
        read => read,
    }
}

/// A run directory that is read.
struct Read {
    described: StoredDirectory,
    specs: Vec<Spec>,
    checksums: Checksums,
    damages: Vec<String>,
}

impl Read {
    fn of(path: &Path, with_specs: bool) -> Result<Self, RunError> {
        let checksums = Checksums::read(path)?;
        let head = Head::of_run(path, &checksums)?;
        let specs = if with_specs { head.specs(path, &checksums)?.0 } else { Vec::new() };
        let mut damages = damages(path, &head, &checksums)?;
        let recordings = head.changed_recordings(&specs);
        if recordings.is_empty() && with_specs && !head.is_of(&specs) {
            damages.push(format!(
                "data that the run in {} is on are not what they were: results on them are left \
                 out; put the files back that its spec names",
                path.display()
            ));
        }
        damages.extend(recordings.into_iter().map(|recording| {
            let run = operand(path);
            format!(
                "recording {recording} is not what it was: what was measured is left out, and \
                 `alignscope run {run}` measures it again"
            )
        }));
        damages.extend(Exports::read(path, &checksums)?.damages(path, &HashSet::new()));
        let described = StoredDirectory {
            path: path.to_path_buf(),
            address: head.address().to_string(),
            version: head.version,
            ended: head.ended,
            is_vouched_for: checksums.is_present(),
        };
        Ok(Self { described, specs, checksums, damages })
    }
}

fn read_once(directories: &[PathBuf], specs: &[PathBuf]) -> Result<Stored, StoredError> {
    let read = directories.iter().map(|path| Read::of(path, specs.is_empty()));
    let read = read.collect::<Result<Vec<_>, _>>()?;
    let planned = if specs.is_empty() {
        read.iter().flat_map(|read| read.specs.clone()).collect()
    } else {
        specs.iter().map(|path| read_spec(path)).collect::<Result<Vec<_>, _>>()?
    };
    let plan = Plan::new(planned).map_err(|error| match error {
        PlanError::SameName(name) => StoredError::SameName(name),
        PlanError::Empty => StoredError::Empty,
    })?;
    let found: Vec<(Option<JobResult>, Vec<String>)> =
        plan.jobs.par_iter().map(|job| first(&read, job)).collect();
    let (results, damaged): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    if !specs.is_empty() && results.iter().all(Option::is_none) {
        let names: Vec<String> =
            directories.iter().map(|path| path.display().to_string()).collect();
        return Err(StoredError::NothingOf(names.join(", ")));
    }
    let warnings = read
        .iter()
        .flat_map(|read| read.damages.clone())
        .chain(damaged.into_iter().flatten())
        .collect();
    Ok(Stored {
        plan,
        results,
        directories: read.into_iter().map(|read| read.described).collect(),
        warnings,
    })
}

/// The result of a job in the first directory that has it, and what was damaged on the way.
fn first(directories: &[Read], job: &Job) -> (Option<JobResult>, Vec<String>) {
    let mut damaged = Vec::new();
    for Read { described, checksums, .. } in directories {
        match Store::at(&described.path).load(job, checksums) {
            StoredResult::Result(result, _) => return (Some(result), damaged),
            StoredResult::Nothing => {}
            StoredResult::Damaged(why) => {
                let run = operand(&described.path);
                damaged.push(format!(
                    "{why}; it is left out, and `alignscope run {run}` runs the job again"
                ));
            }
        }
    }
    (None, damaged)
}

impl Stored {
    /// The results, to be looked up.
    pub fn index(&self) -> Results<'_> {
        Results::new(&self.plan, &self.results)
    }

    /// The analyses of which every job is stored, or as many repeats as were asked for, of every
    /// condition that was asked for; `None` if there are none.
    pub fn complete(&self) -> Option<Self> {
        let is_partly = self.directories.iter().all(|directory| directory.ended == PARTLY);
        let is_whole = |analysis: &Analysis| {
            let [stored, planned] = self.index().count(analysis);
            let has_repeats = |condition| self.index().whole_repeats(analysis, condition) > 1;
            stored == planned || is_partly && analysis.conditions.iter().any(has_repeats)
        };
        let whole: BTreeSet<&str> =
            self.plan.analyses().filter(|a| is_whole(a)).map(|a| a.name.as_str()).collect();
        let mut specs = self.plan.specs.clone();
        specs.iter_mut().for_each(|spec| {
            spec.analyses.retain(|analysis| whole.contains(analysis.name.as_str()))
        });
        let plan = Plan::new(specs).ok()?;
        let by_address = self.plan.by_address();
        let result = |address: &String| self.results[*by_address.get(address.as_str())?].clone();
        let results = plan.addresses.iter().map(result).collect();
        Some(Self { plan, results, directories: self.directories.clone(), warnings: Vec::new() })
    }
}

#[cfg(test)]
mod tests;
