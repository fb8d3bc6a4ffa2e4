//! Files of a run directory that no result is read from, held against their checksums: exports,
//! `series.csv`, `log.json`, figures.

use super::attempt::Export;
use super::error::RunError;
use super::files::{LOG, SERIES, TableFile};
use super::head::Head;
use super::job::Job;
use super::manifest::log_is_whole;
use crate::condition::Kind;
use crate::file::quote::operand;
use crate::file::{CHECKSUMS, Checksums, FileError, Standing};
use blake3::Hash;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// Directory of the figures, below that of the run; it has checksums of its own, as figures are
/// also drawn while nobody else writes to the run.
pub const FIGURES: &str = "figures";

/// Missing files that are named one by one.
const NAMED: usize = 5;

/// Path of a job's export below the run directory, as in its checksums; `None` if it has none.
pub(super) fn export_name(export: Export, job: &Job, address: &str) -> Option<String> {
    let directory = export.directory().filter(|_| job.condition.kind() == Kind::Train)?;
    Some(format!("{directory}/{address}.npz"))
}

/// The exports of a run directory, and what its checksums say of them.
#[derive(Debug, Default)]
pub(super) struct Exports(BTreeMap<String, (Standing, Hash)>);

impl Exports {
    /// Reads every one of them.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn read(run: &Path, checksums: &Checksums) -> Result<Self, FileError> {
        let mut names = Vec::new();
        for directory in Export::DIRECTORIES {
            let listed = std::fs::read_dir(run.join(directory)).into_iter().flatten().flatten();
            let files = listed.map(|entry| entry.file_name().to_string_lossy().into_owned());
            names.extend(
                files
                    .filter(|file| file.ends_with(".npz"))
                    .map(|file| format!("{directory}/{file}")),
            );
        }
        let read = names.par_iter().map(|name| {
            let found = checksums.of_file(run, name)?;
            Ok(found.map(|found| (name.clone(), found)))
        });
        let read: Vec<Option<_>> = read.collect::<Result<_, FileError>>()?;
        Ok(Self(read.into_iter().flatten().collect()))
    }

    /// Hash of an export, if it is there and as it was written.
    pub fn whole(&self, name: &str) -> Option<Hash> {
        self.0.get(name).filter(|(standing, _)| *standing == Standing::Whole).map(|&(_, hash)| hash)
    }

    /// Those as they were written.
    pub fn all_whole(&self) -> impl Iterator<Item = (&str, Hash)> {
        self.0.keys().filter_map(|name| Some((name.as_str(), self.whole(name)?)))
    }

    /// What is wrong with an export, as a sentence begins.
    pub fn damage(&self, run: &Path, name: &str) -> Option<String> {
        self.0.get(name).and_then(|(standing, _)| standing.damage(&run.join(name)))
    }

    /// Those that are not as they were written, but for some: what is wrong, and what makes them
    /// again.
    pub fn damages(&self, run: &Path, but: &HashSet<String>) -> Vec<String> {
        let damaged = self.0.keys().filter(|name| !but.contains(*name)).filter_map(|name| {
            let damage = self.damage(run, name)?;
            let export = name.split('/').next().unwrap_or_default();
            Some(format!("{damage}; {}", remedy(run, export)))
        });
        damaged.collect()
    }
}

/// That nothing vouches for a run directory, as a sentence begins.
pub(super) fn without_checksums(run: &Path) -> String {
    format!("{} holds no {CHECKSUMS}, as runs of version 0.1.0 do not", run.display())
}

/// What makes an export again.
pub(super) fn remedy(run: &Path, export: &str) -> String {
    format!("`alignscope run {} --export {export}` makes it again", operand(run))
}

/// What a reader is to say of a run directory, but for its jobs and exports: what is damaged, and
/// what writes it again.
///
/// # Errors
/// If a file is there and cannot be read.
pub(super) fn damages(
    run: &Path,
    head: &Head,
    checksums: &Checksums,
) -> Result<Vec<String>, RunError> {
    let mut damages = of_list(run, checksums);
    damages.extend(head.damage.iter().map(|why| format!("{why}; spec.toml stands in for it")));
    damages.extend(head.specs(run, checksums).map(|(_, damages)| damages).unwrap_or_default());
    damages.extend(derived(run, checksums)?);
    let remedy = |damage| format!("{damage}; `alignscope run {}` writes it again", operand(run));
    let mut damages: Vec<String> = damages.into_iter().map(remedy).collect();
    let verdicts = damage_of(run, checksums, TableFile::Verdicts.name())?;
    damages.extend(
        verdicts.map(|damage| {
            format!("{damage}; `alignscope verify {}` writes it again", operand(run))
        }),
    );
    for table in TableFile::PARQUET {
        let damage = damage_of(run, checksums, table.name())?;
        let remedy = format!("`alignscope tables {}` writes it again", operand(run));
        damages.extend(damage.map(|damage| format!("{damage}; {remedy}")));
    }
    Ok(damages)
}

/// What is wrong with a file of the list; `None` if it is not there, or nothing is.
fn damage_of(run: &Path, checksums: &Checksums, name: &str) -> Result<Option<String>, FileError> {
    Ok(checksums.of_file(run, name)?.and_then(|(standing, _)| standing.damage(&run.join(name))))
}

/// What is wrong with files that a run, or drawing, writes again: everything but jobs, exports,
/// manifest and specs.
pub(super) fn derived(run: &Path, checksums: &Checksums) -> Result<Vec<String>, FileError> {
    let mut damages = Vec::new();
    for name in [SERIES, TableFile::Summary.name(), TableFile::Comparisons.name()] {
        damages.extend(damage_of(run, checksums, name)?);
    }
    if !log_is_whole(&run.join(LOG)) {
        damages.extend(Standing::Changed.damage(&run.join(LOG)));
    }
    Ok(damages)
}

/// What is to be said of the list itself: lines that are none, and exports that are listed and not
/// there.
pub(super) fn of_list(run: &Path, checksums: &Checksums) -> Vec<String> {
    let exports: Vec<String> =
        Export::DIRECTORIES.iter().map(|directory| format!("{directory}/")).collect();
    let is_export = |name: &&str| exports.iter().any(|directory| name.starts_with(directory));
    missing_and_broken(run, checksums, checksums.names().filter(is_export))
}

/// What is wrong with the figures of a run directory and with their list, and what mends it.
///
/// # Errors
/// If a file is there and cannot be read.
pub fn damaged_figures(run: &Path) -> Result<Vec<String>, FileError> {
    let directory = run.join(FIGURES);
    let (files, list) = damaged_files(&directory, &Checksums::read(&directory)?)?;
    let remedy = format!("`alignscope figure {}` draws those of the spec again", operand(run));
    let damages = files.into_iter().map(|(_, damage)| damage).chain(list);
    Ok(damages.map(|damage| format!("{damage}; {remedy}")).collect())
}

/// A file, by its path in the directory, and what is wrong with it.
type NamedDamage = (String, String);

/// Files of a directory's list that are not as they were written, by path, with what is wrong; and
/// what is wrong with the list.
///
/// # Errors
/// If a file is there and cannot be read.
pub(crate) fn damaged_files(
    directory: &Path,
    checksums: &Checksums,
) -> Result<(Vec<NamedDamage>, Vec<String>), FileError> {
    let mut damaged = Vec::new();
    for name in checksums.names() {
        let found = checksums.of_file(directory, name)?;
        let damage = found.and_then(|(standing, _)| standing.damage(&directory.join(name)));
        damaged.extend(damage.map(|damage| (name.to_string(), damage)));
    }
    Ok((damaged, missing_and_broken(directory, checksums, checksums.names())))
}

fn missing_and_broken<'a>(
    directory: &Path,
    checksums: &Checksums,
    names: impl Iterator<Item = &'a str>,
) -> Vec<String> {
    let path = directory.join(CHECKSUMS);
    let mut found = Vec::new();
    if checksums.broken() > 0 {
        found.push(format!(
            "{} has {} lines that make no sense",
            path.display(),
            checksums.broken()
        ));
    }
    let missing: Vec<PathBuf> =
        names.map(|name| directory.join(name)).filter(|file| !file.exists()).collect();
    if !missing.is_empty() {
        let mut named: Vec<String> =
            missing.iter().take(NAMED).map(|file| file.display().to_string()).collect();
        if missing.len() > NAMED {
            named.push(format!("{} more", missing.len() - NAMED));
        }
        found.push(format!("{} lists what no longer exists: {}", path.display(), named.join(", ")));
    }
    found
}
