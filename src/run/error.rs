//! Why a run cannot go on.

use super::job::RESULTS_VERSION;
use super::shard::Shard;
use crate::file::FileError;
use crate::file::quote::operand;
use crate::spec::SpecError;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a run could not be done.
#[derive(Debug, Error)]
pub enum RunError {
    /// The directory holds something else.
    #[error("{} is not empty and holds no run of this program: choose another directory with \
        --out, or empty it", .0.display())]
    Foreign(PathBuf),
    /// The directory holds another run.
    #[error("{} holds the results of another spec ({theirs}): choose another directory with --out",
        path.display())]
    OtherSpec {
        /// Run directory.
        path: PathBuf,
        /// Names of what is there.
        theirs: String,
    },
    /// The directory holds more repeats of the same spec.
    #[error("{} holds more repeats of this spec than are asked for: ask for as many with --repeats, \
        or choose another directory with --out", path.display())]
    MoreRepeats {
        /// Run directory.
        path: PathBuf,
    },
    /// The directory holds results on files that have changed.
    #[error("{} holds results on data that are not what they were: put the files back that its \
        spec names, or choose another directory with --out", path.display())]
    OtherData {
        /// Run directory.
        path: PathBuf,
    },
    /// The directory holds results of another version.
    #[error("{} holds results of version {theirs}, and this program gives version \
        {RESULTS_VERSION}, which differ in numbers: choose another directory with --out",
            path.display())]
    OtherVersion {
        /// Run directory.
        path: PathBuf,
        /// Its version.
        theirs: u64,
    },
    /// The directory is no run.
    #[error("{}; give a directory that a run wrote (its --out)", without_run(.0))]
    NoRun(PathBuf),
    /// What is merged is also where it would go.
    #[error("{} cannot be merged into itself: name another directory first, and then those to be \
        merged", .0.display())]
    SourceIsOut(PathBuf),
    /// Two directories hold different results of a job.
    #[error("{} and {} hold different results of job {address}: one of them was changed, or comes \
        of another version or machine; remove the wrong one", first.display(), second.display())]
    Conflicting {
        /// Address of the job.
        address: String,
        /// A file.
        first: PathBuf,
        /// A file with other bytes.
        second: PathBuf,
    },
    /// The directory does not say what it is of.
    #[error("{} holds no spec.toml, as runs of older versions do not: give the spec itself",
        .0.display())]
    NoSpec(PathBuf),
    /// What it says cannot be used.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The spec in the directory is not the one that was run.
    #[error("{}", spec_changed(paths, directory, *shard, difference.as_deref()))]
    SpecChanged {
        /// The specs that are there.
        paths: Vec<PathBuf>,
        /// Run directory.
        directory: PathBuf,
        /// Its share of the jobs.
        shard: Option<Shard>,
        /// What was changed, as far as that can be said.
        difference: Option<String>,
    },
    /// The manifest makes no sense, and nothing else says what the directory is of.
    #[error("{} is damaged or not a manifest of this program, and there is no spec.toml of the run \
        beside it that could stand in: give the spec of the run with this directory as --out, or \
        choose another directory with --out", .0.display())]
    Manifest(PathBuf),
    /// The list of checksums does not have the manifest, which is always in it.
    #[error("{} was cut short or emptied: it does not list manifest.json. If the other files are as they \
        were written, remove it: the run is then read as it is, and the next run writes it anew", .0.display())]
    Checksums(PathBuf),
    /// Another process is at it.
    #[error("another run is writing to {}: wait for it to end, or choose another directory with \
        --out", .0.display())]
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

/// What was changed, and what to do about it.
fn spec_changed(
    paths: &[PathBuf],
    directory: &Path,
    shard: Option<Shard>,
    difference: Option<&str>,
) -> String {
    let named: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let given: Vec<String> = paths.iter().map(|path| operand(path)).collect();
    let (named, given, out) = (named.join(" "), given.join(" "), operand(directory));
    let difference = difference.map(|difference| format!(" ({difference})")).unwrap_or_default();
    let shard = shard.map(|shard| format!(" --shard {shard}")).unwrap_or_default();
    format!(
        "{named} was changed after the run wrote it{difference}: if that is meant, say so with \
         alignscope run {given} --out {out}{shard}; otherwise give the spec that was run in its \
         place"
    )
}

/// Why nothing can be read from a path, as a sentence begins.
fn without_run(path: &Path) -> String {
    let shown = path.display();
    if !path.exists() {
        format!("{shown} does not exist")
    } else if !path.is_dir() {
        format!("{shown} is a file, and a run is a directory")
    } else {
        format!("{shown} holds no run of this program: there is no manifest.json in it")
    }
}
