//! Run directories read back: what was planned, what there is of it, and nothing run.

use super::files::FileError;
use super::job::{JobResult, RESULTS_VERSION};
use super::manifest::FORMAT;
use super::plan::{Plan, PlanError};
use super::spec::{Analysis, Spec};
use super::spec_file::{SpecError, parse_spec, read_spec};
use super::spec_manifest::spec_text;
use super::store::{Found, Store};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::io::ErrorKind;
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

/// What the manifest of a run directory says.
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

/// Why a run directory cannot be read.
#[derive(Debug, Error)]
pub enum StoredError {
    /// There is no manifest.
    #[error("{} is no run directory: it holds no manifest.json; give the directory that a run wrote (its --out)", .0.display())]
    NoRun(PathBuf),
    /// The manifest makes no sense.
    #[error("{} is not a manifest of this program ({why}): give the same run command again, which writes it anew", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The directory holds results of another version.
    #[error("{} holds results of version {theirs}, and this program reads version {RESULTS_VERSION}: use the program that wrote them, or run the spec again", path.display())]
    OtherVersion {
        /// Run directory.
        path: PathBuf,
        /// Its version.
        theirs: u64,
    },
    /// The manifest does not say all that a spec does.
    #[error("what {} was asked for cannot be read from its manifest: give the spec it was made of with --spec", .0.display())]
    NeedsSpec(PathBuf),
    /// The spec is of something else.
    #[error("no job of the specs given is stored in {0}: give the specs these runs were made of")]
    NothingOf(String),
    /// Two runs have results under one name.
    #[error("two of these runs have an analysis named `{0}`: give one of them only, or take them one at a time")]
    SameName(String),
    /// There is nothing to be read.
    #[error("there is no run to read: give at least one run directory")]
    Empty,
    /// A file could not be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// A spec cannot be used.
    #[error(transparent)]
    Spec(#[from] SpecError),
}

/// Reads run directories: their plans from `specs` if any are given, and otherwise from `spec.toml` or the manifest of
/// each. Nothing is run or written, so a run that is under way can be read.
///
/// # Errors
/// If one of them is no run of this version, its plan cannot be had, or nothing of the given specs is there.
pub fn read_runs(directories: &[PathBuf], specs: &[PathBuf]) -> Result<Stored, StoredError> {
    let manifests = directories.iter().map(|path| Manifest::read(path)).collect::<Result<Vec<_>, _>>()?;
    let planned = if specs.is_empty() {
        manifests.iter().map(Manifest::specs).collect::<Result<Vec<_>, _>>()?.concat()
    } else {
        specs.iter().map(|path| read_spec(path)).collect::<Result<Vec<_>, _>>()?
    };
    let plan = Plan::new(planned).map_err(|error| match error {
        PlanError::SameName(name) => StoredError::SameName(name),
        PlanError::Empty => StoredError::Empty,
    })?;
    let stores: Vec<Store> = directories.iter().map(|path| Store::of_reader(&path.join("jobs"))).collect();
    let found: Vec<(Option<JobResult>, Vec<String>)> = plan.jobs.par_iter().map(|job| first(&stores, job)).collect();
    let (results, warnings): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    if !specs.is_empty() && results.iter().all(Option::is_none) {
        let names: Vec<String> = directories.iter().map(|path| path.display().to_string()).collect();
        return Err(StoredError::NothingOf(names.join(", ")));
    }
    let directories = manifests.into_iter().map(Manifest::summary).collect();
    Ok(Stored { plan, results, directories, warnings: warnings.concat() })
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

/// A manifest, as it stands in its file.
struct Manifest {
    directory: PathBuf,
    json: Json,
}

impl Manifest {
    fn read(directory: &Path) -> Result<Self, StoredError> {
        let path = directory.join("manifest.json");
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Err(StoredError::NoRun(directory.to_path_buf()));
            }
            Err(source) => return Err(FileError::new("read", &path, source).into()),
        };
        let refused = |why: String| StoredError::Manifest { path: path.clone(), why };
        let json: Json = serde_json::from_slice(&bytes).map_err(|error| refused(error.to_string()))?;
        if json["format"].as_str() != Some(FORMAT) || json["address"].as_str().is_none() {
            return Err(refused("it has no format or no address".into()));
        }
        let version = json["results-version"].as_u64();
        if let Some(theirs) = version.filter(|&theirs| theirs != u64::from(RESULTS_VERSION)) {
            return Err(StoredError::OtherVersion { path: directory.to_path_buf(), theirs });
        }
        Ok(Self { directory: directory.to_path_buf(), json })
    }

    fn text(&self, key: &str) -> String {
        self.json[key].as_str().unwrap_or_default().to_string()
    }

    /// The specs of the run: of `spec.toml` if there is one, or else as the manifest has them.
    fn specs(&self) -> Result<Vec<Spec>, StoredError> {
        let written = self.directory.join("spec.toml");
        if written.is_file() {
            return Ok(vec![read_spec(&written)?]);
        }
        let unreadable = || StoredError::NeedsSpec(self.directory.clone());
        let all = self.json["specs"].as_array().ok_or_else(unreadable)?;
        let path = self.directory.join("manifest.json");
        let read = |json: &Json| spec_text(json).and_then(|text| parse_spec(&path, &text).ok());
        let specs = all.iter().map(read).collect::<Option<Vec<_>>>().ok_or_else(unreadable)?;
        // What was read is what was run only if its results have the same address.
        let plan = Plan::new(specs.clone()).map_err(|_| unreadable())?;
        if plan.address() == self.text("address") { Ok(specs) } else { Err(unreadable()) }
    }

    fn summary(self) -> StoredDirectory {
        let [version, address, ended] = ["version", "address", "ended"].map(|key| self.text(key));
        StoredDirectory { path: self.directory, version, address, ended }
    }
}

#[cfg(test)]
mod tests;
