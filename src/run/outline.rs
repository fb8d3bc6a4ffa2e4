//! What there is of runs below a directory, from their manifests and the names of their files alone:
//! a list of them takes no time.

use super::files::MANIFEST;
use super::manifest::FORMAT;
use super::store::Store;
use crate::file::{Checksums, FileError, size_below};
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What the manifest of a run directory says of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outline {
    /// Where it is.
    #[serde(serialize_with = "as_shown")]
    pub directory: PathBuf,
    /// Names of its specs.
    pub specs: Vec<String>,
    /// Why it ended, or `under way`, and how many files of finished jobs are missing; what is wrong
    /// with the manifest where that says nothing.
    pub ended: String,
    /// Its share of the jobs, where that is not all.
    pub shard: Option<String>,
    /// Jobs finished whose files are there, of how many.
    pub jobs: Option<[u64; 2]>,
    /// Repeats of its analyses.
    pub repeats: BTreeSet<u64>,
    /// The day on which its manifest was last written, in UTC.
    pub written: Option<String>,
    /// Size of its files.
    pub bytes: u64,
}

/// A path as people see it: JSON has no others than text.
fn as_shown<S: serde::Serializer>(path: &Path, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(&path.display())
}

/// How far below a directory runs are looked for: shards stand two levels down.
const LEVELS: usize = 2;

/// The runs below a directory, by path; the directory itself may be one.
///
/// # Errors
/// If the directory cannot be listed.
pub fn outlines(directory: &Path) -> Result<Vec<Outline>, FileError> {
    let mut found = Vec::new();
    std::fs::read_dir(directory).map_err(|source| FileError::new("list", directory, source))?;
    look(directory, LEVELS, &mut found);
    found.sort_by(|a, b| a.directory.cmp(&b.directory));
    Ok(found)
}

/// Adds the run in a directory, or those below it. What cannot be listed holds none.
fn look(directory: &Path, levels: usize, found: &mut Vec<Outline>) {
    if directory.join(MANIFEST).is_file() {
        found.extend(outline(directory));
    } else if levels > 0 {
        let listed = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let below = listed.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        below.for_each(|entry| look(&entry.path(), levels - 1, found));
    }
}

/// `None` of a directory that is no run.
fn outline(directory: &Path) -> Option<Outline> {
    let path = directory.join(MANIFEST);
    let bytes = std::fs::read(&path).ok();
    let manifest = bytes.as_ref().and_then(|bytes| serde_json::from_slice::<Json>(bytes).ok());
    let of_run = manifest.as_ref().filter(|manifest| manifest["format"] == FORMAT);
    if manifest.is_some() && of_run.is_none() {
        return None;
    }
    // What was changed since it was written is not believed, as it is not where a run is read.
    let is_whole = |bytes: &Vec<u8>| {
        let checksums = Checksums::read(directory).ok();
        checksums.is_none_or(|noted| {
            noted.standing(MANIFEST, blake3::hash(bytes)).damage(&path).is_none()
        })
    };
    let of_run = of_run.filter(|_| bytes.as_ref().is_some_and(is_whole));
    let text = |key: &str| of_run.and_then(|manifest| manifest[key].as_str()).map(String::from);
    let specs = of_run.and_then(|manifest| manifest["specs"].as_array());
    let analyses =
        || specs.into_iter().flatten().filter_map(|spec| spec["analyses"].as_array()).flatten();
    let jobs = of_run.map(|manifest| &manifest["jobs"]);
    let jobs = jobs.and_then(|jobs| Some([jobs["finished"].as_u64()?, jobs["planned"].as_u64()?]));
    let files = Store::at(directory).addresses().len() as u64;
    let missing = jobs.map_or(0, |[finished, _]| finished.saturating_sub(files));
    let ended = text("ended").map_or("unknown: its manifest is damaged".into(), |ended| {
        let gone = if missing == 1 { "file of a job is" } else { "files of jobs are" };
        if missing == 0 { ended } else { format!("{ended}, but {missing} {gone} missing") }
    });
    let modified = std::fs::metadata(&path).and_then(|facts| facts.modified()).ok();
    let since = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    Some(Outline {
        directory: directory.to_path_buf(),
        specs: specs
            .into_iter()
            .flatten()
            .filter_map(|spec| spec["name"].as_str().map(String::from))
            .collect(),
        ended,
        shard: text("shard"),
        jobs: jobs.map(|[finished, planned]| [finished - missing, planned]),
        repeats: analyses().filter_map(|analysis| analysis["repeats"].as_u64()).collect(),
        written: since.map(|since| day(since.as_secs() / 86_400)),
        bytes: size_below(directory),
    })
}

/// The date of a day since 1970, by the rule of the Gregorian calendar.
fn day(days: u64) -> String {
    // Years from March on, so that the day of the leap year stands at their end.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + 400 * era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        for (days, date) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (19_722, "2023-12-31"),
            (20_787, "2026-11-30"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(day(days), date);
        }
    }
}
