//! Runs that are read and not run: what figures, tables and reports have in common.

use crate::file::{FileError, Kept, make_directory, remove_abandoned};
use crate::run::{Stored, StoredDirectory, StoredError, read_runs};
use clap::{Arg, ArgAction, ArgMatches, value_parser};
use std::path::{Path, PathBuf};

/// `--spec`, of commands that read runs.
pub(super) fn spec_option() -> Arg {
    Arg::new("spec")
        .long("spec")
        .value_name("FILE")
        .action(ArgAction::Append)
        .value_parser(value_parser!(PathBuf))
        .help("Spec to read the results by, in place of the run's own; can be repeated")
}

/// Reads run directories by the specs given with `--spec`, and says what is damaged or missing.
pub(super) fn read(runs: &[PathBuf], matches: &ArgMatches) -> anyhow::Result<Stored> {
    let specs: Vec<PathBuf> = matches.get_many("spec").into_iter().flatten().cloned().collect();
    let stored = read_runs(runs, &specs).map_err(|error| match error {
        // A bad spec is a bad request.
        StoredError::Spec(error) => anyhow::Error::from(error),
        other => other.into(),
    })?;
    for warning in &stored.warnings {
        tell!("warning: {warning}");
    }
    let (found, planned) = (stored.results.iter().flatten().count(), stored.plan.jobs.len());
    if found < planned {
        tell!("warning: {found} of {planned} jobs are stored, and only these are shown");
    }
    for caution in stored.directories.iter().filter_map(StoredDirectory::caution) {
        tell!("warning: {caution}");
    }
    Ok(stored)
}

/// The directory of a user's that was asked for, made ready to be written to; `None` where nothing
/// was asked for, or `own` under another name: what is written there has checksums.
///
/// # Errors
/// If it cannot be made.
pub(super) fn elsewhere<'a>(
    own: &Path,
    asked: Option<&'a PathBuf>,
) -> Result<Option<&'a Path>, FileError> {
    let is_own = |path: &Path| {
        let both = (path.canonicalize(), own.canonicalize());
        matches!(both, (Ok(a), Ok(b)) if a == b)
    };
    let Some(directory) = asked.filter(|path| !is_own(path)) else { return Ok(None) };
    make_directory(directory)?;
    remove_abandoned(directory, Kept::Others);
    Ok(Some(directory))
}
