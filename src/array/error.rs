//! Why arrays cannot be read or written.

use super::format::other_format;
use crate::file::memory::MemoryLimit;
use crate::text::nearest;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why a file cannot be read or written as an array.
#[derive(Debug, Error)]
pub enum ArrayError {
    /// The file system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not a format that is known.
    #[error(
        "{} ends neither in .npz, .npy nor .csv (.tsv, .txt, .dat): {}", .0.display(),
        other_format(.0)
    )]
    Format(PathBuf),
    /// A file that is not what its name says, or was cut short.
    #[error("{} is damaged or no {format} file: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What it should be.
        format: &'static str,
        /// What is wrong.
        why: String,
    },
    /// No such member.
    #[error("{} has {found}: {}", path.display(), remedy(members, wanted.as_deref()),
        found = match wanted {
        Some(wanted) => format!("no member `{wanted}`"),
        None if members.is_empty() => "no members".into(),
        None => "several members".into(),
    })]
    Member {
        /// The archive.
        path: PathBuf,
        /// What was asked for.
        wanted: Option<String>,
        /// What there is.
        members: Vec<String>,
    },
    /// A type of values that is not read.
    #[error("{} holds values of type {found}: {remedy}", path.display())]
    Type {
        /// The file, and the member.
        path: PathBuf,
        /// NumPy's name of the type.
        found: String,
        /// What it is, and what to do about it.
        remedy: String,
    },
    /// Too large.
    #[error("{} claims {bytes} bytes, more than the {} that are read: {}", path.display(),
        limit.bytes, limit)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What its values take in memory.
        bytes: u128,
        /// What is allowed.
        limit: MemoryLimit,
    },
    /// A value that is not finite.
    #[error("{} holds {value} at index {index:?}: values must be finite", path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The value.
        value: f64,
        /// Where.
        index: Vec<usize>,
    },
    /// Values so large or small that products of them leave the numbers there are.
    #[error("{} holds values up to {largest:.1e}: products of several of them cannot be held as \
        numbers; its largest should lie between 1e-50 and 1e30, so take states from before a run \
        diverged, or scale what was recorded", path.display())]
    Scale {
        /// The file.
        path: PathBuf,
        /// Its largest value, without its sign.
        largest: f64,
    },
    /// A line of a CSV file.
    #[error("{}:{line}: {why}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// What is wrong, and what was expected.
        why: String,
    },
}

impl ArrayError {
    /// Whether the bytes that were read are to blame.
    pub(super) fn is_of_contents(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Type { .. })
    }
}

pub(super) fn refused(action: &'static str, path: &Path, source: std::io::Error) -> ArrayError {
    ArrayError::File { action, path: path.into(), source }
}

/// Most members that an error names.
const MOST_NAMED: usize = 40;

pub(super) fn remedy(members: &[String], wanted: Option<&str>) -> String {
    let near = wanted.and_then(|wanted| nearest(wanted, members.iter().map(String::as_str)));
    let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    let (some, rest) = members.split_at(members.len().min(MOST_NAMED));
    let rest = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    let some = some.join(", ");
    match wanted {
        _ if members.is_empty() => "it holds no arrays".into(),
        Some(_) => format!("it has {some}{rest}{hint}"),
        None => format!("choose one with #MEMBER: {some}{rest}"),
    }
}
