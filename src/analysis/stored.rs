//! Run directories read back: what was planned, what there is of it, and nothing run.

use super::directory::{Head, JOBS, kept_specs};
use super::job::JobResult;
use super::plan::{Plan, PlanError};
use super::run::RunError;
use super::spec::Analysis;
use super::spec_file::{SpecError, read_spec};
use super::store::{Found, Store};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use std::collections::BTreeSet;
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
    /// Damaged files.
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
    #[error("two of these runs have an analysis named `{0}`: give one of them only, or take them one at a time")]
    SameName(String),
    /// There is nothing to be read.
    #[error("there is no run to read: give at least one run directory")]
    Empty,
}

/// Reads run directories: their plans from `specs` if any are given, and otherwise from what each says of itself. Nothing
/// is run or written, so a run that is under way can be read.
///
/// # Errors
/// If one of them is no run of this version, its plan cannot be had, or nothing of the given specs is there.
pub fn read_runs(directories: &[PathBuf], specs: &[PathBuf]) -> Result<Stored, StoredError> {
    let heads = directories.iter().map(|path| stored_directory(path)).collect::<Result<Vec<_>, _>>()?;
    let planned = if specs.is_empty() {
        directories.iter().map(|path| kept_specs(path)).collect::<Result<Vec<_>, _>>()?.concat()
    } else {
        specs.iter().map(|path| read_spec(path)).collect::<Result<Vec<_>, _>>()?
    };
    let plan = Plan::new(planned).map_err(|error| match error {
        PlanError::SameName(name) => StoredError::SameName(name),
        PlanError::Empty => StoredError::Empty,
    })?;
    let stores: Vec<Store> = directories.iter().map(|path| Store::at(&path.join(JOBS))).collect();
    let found: Vec<(Option<JobResult>, Vec<String>)> = plan.jobs.par_iter().map(|job| first(&stores, job)).collect();
    let (results, warnings): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    if !specs.is_empty() && results.iter().all(Option::is_none) {
        let names: Vec<String> = directories.iter().map(|path| path.display().to_string()).collect();
        return Err(StoredError::NothingOf(names.join(", ")));
    }
    Ok(Stored { plan, results, directories: heads, warnings: warnings.concat() })
}

/// What the manifest of a directory says of it.
fn stored_directory(path: &Path) -> Result<StoredDirectory, RunError> {
    let head = Head::of_run(path)?;
    Ok(StoredDirectory { path: path.to_path_buf(), version: head.version, address: head.address, ended: head.ended })
}

/// The result of a job in the first store that has it, and what was damaged on the way.
fn first(stores: &[Store], job: &super::job::Job) -> (Option<JobResult>, Vec<String>) {
    let mut damaged = Vec::new();
    for store in stores {
        match store.load(job) {
            Found::Result(result) => return (Some(result), damaged),
            Found::Nothing => {}
            Found::Damaged(why) => damaged.push(why),
        }
    }
    (None, damaged)
}

impl Stored {
    /// Jobs of an analysis that are stored, of how many.
    pub fn jobs(&self, analysis: &Analysis) -> [usize; 2] {
        let planned = self.plan.planned().filter(|planned| planned.analysis.name == analysis.name);
        let stored = planned.map(|planned| self.results.get(planned.job).is_some_and(Option::is_some));
        stored.fold([0, 0], |[some, all], stored| [some + usize::from(stored), all + 1])
    }

    /// The analyses of which every job is stored; `None` if there are none.
    pub fn complete(&self) -> Option<Self> {
        let is_whole = |analysis: &Analysis| self.jobs(analysis)[0] == self.jobs(analysis)[1];
        let whole: BTreeSet<&str> = self.plan.analyses().filter(|a| is_whole(a)).map(|a| a.name.as_str()).collect();
        let mut specs = self.plan.specs.clone();
        specs.iter_mut().for_each(|spec| spec.analyses.retain(|analysis| whole.contains(analysis.name.as_str())));
        let plan = Plan::new(specs).ok()?;
        let place = |address: &String| self.plan.addresses.iter().position(|known| known == address);
        let results = plan.addresses.iter().map(|address| self.results.get(place(address)?)?.clone()).collect();
        Some(Self { plan, results, directories: self.directories.clone(), warnings: Vec::new() })
    }
}

#[cfg(test)]
mod tests;
