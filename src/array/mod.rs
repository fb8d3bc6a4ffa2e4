//! Arrays in files: signals recorded elsewhere, and those written by this program.

mod csv;
mod npy;
mod stored;

pub use csv::{read_csv, write_csv};
pub use npy::{members, read_npy, read_npz, write_npy, write_npz};
pub use stored::{Header, Stored};

use crate::file::memory::{self, MemoryLimit};
use std::fs::File;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Values of any number of dimensions, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Length of every dimension.
    pub shape: Vec<usize>,
    /// Values, the last index fastest.
    pub data: Vec<f64>,
}

pub use crate::file::memory::MOST_BYTES;

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
    #[error("{} ends neither in .npz, .npy nor .csv: these are the formats that are read", .0.display())]
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
    #[error("{} has {found}: {}", path.display(), remedy(members, wanted.as_deref()), found = match wanted {
        Some(wanted) => format!("no member `{wanted}`"),
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
    #[error("{} holds values of type {found}: expected real numbers (f2, bfloat16, f4, f8), integers or truth values; convert it with .astype('f8')", path.display())]
    Type {
        /// The file.
        path: PathBuf,
        /// NumPy's name of the type.
        found: String,
    },
    /// Too large.
    #[error("{} claims {bytes} bytes, more than the {} that are read: {}", path.display(), limit.bytes, limit)]
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

/// Refuses values that take more memory than one request may.
fn check_size(path: &Path, values: u128) -> Result<(), ArrayError> {
    let (bytes, limit) = (values.saturating_mul(8), memory::limit());
    if bytes > u128::from(limit.bytes) {
        return Err(ArrayError::TooLarge { path: path.into(), bytes, limit });
    }
    Ok(())
}

/// An empty list with room for `values` values.
fn room(path: &Path, values: usize) -> Result<Vec<f64>, ArrayError> {
    check_size(path, values as u128)?;
    let mut room = Vec::new();
    // The limit is an estimate: what the system refuses is no reason to end the program.
    room.try_reserve_exact(values).map_err(|_| ArrayError::TooLarge {
        path: path.into(),
        bytes: 8 * values as u128,
        limit: memory::limit(),
    })?;
    Ok(room)
}

fn remedy(members: &[String], wanted: Option<&str>) -> String {
    let near = wanted.and_then(|wanted| crate::analysis::nearest(wanted, members.iter().map(String::as_str)));
    let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    match wanted {
        Some(_) => format!("it has {}{hint}", members.join(", ")),
        None => format!("choose one with #MEMBER: {}", members.join(", ")),
    }
}

/// Digits of a [`digest`].
pub const DIGEST: usize = 16;

/// What tells a file from another of its name: the first hexadecimal digits of the BLAKE3 hash of its bytes.
///
/// # Errors
/// If it cannot be read.
pub fn digest(path: &Path) -> Result<String, ArrayError> {
    let refuse = |source| ArrayError::File { action: "read", path: path.into(), source };
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path).map_err(refuse)?).map_err(refuse)?;
    Ok(hasher.finalize().to_hex()[..DIGEST].into())
}

/// Reads an array from a `.npy` or `.csv` file, or a member of an `.npz` archive (the only one, if none is named).
///
/// # Errors
/// If the file cannot be read, is damaged, too large, or holds something else than finite numbers.
pub fn read(path: &Path, member: Option<&str>) -> Result<Array, ArrayError> {
    let array = match path.extension().and_then(|e| e.to_str()) {
        Some("npz") => read_npz(path, member)?,
        Some("npy") if member.is_none() => read_npy(path)?,
        Some("csv") if member.is_none() => read_csv(path)?,
        Some("npy" | "csv") => {
            let members = vec!["(only .npz archives have members)".into()];
            return Err(ArrayError::Member { path: path.into(), wanted: member.map(str::to_string), members });
        }
        _ => return Err(ArrayError::Format(path.into())),
    };
    match array.data.iter().position(|v| !v.is_finite()) {
        None => Ok(array),
        Some(at) => Err(ArrayError::NotFinite { path: path.into(), value: array.data[at], index: array.index(at) }),
    }
}

/// Shape and type of an array, from its header alone, whose type and size are checked; a table is read for it.
///
/// # Errors
/// As [`read`], but for values that are not finite.
pub fn header(path: &Path, member: Option<&str>) -> Result<Header, ArrayError> {
    match path.extension().and_then(|e| e.to_str()) {
        Some("npz") => npy::header_npz(path, member),
        Some("npy") if member.is_none() => npy::header_npy(path),
        _ => Ok(Header { shape: read(path, member)?.shape, stored: Stored::F64 }),
    }
}

/// Shape of a member of an `.npz` archive, see [`header`].
///
/// # Errors
/// As [`header`].
pub fn shape(path: &Path, member: &str) -> Result<Vec<usize>, ArrayError> {
    Ok(header(path, Some(member))?.shape)
}

/// `PATH` or `PATH#MEMBER`, apart.
pub fn place(text: &str) -> (PathBuf, Option<&str>) {
    match text.rsplit_once('#') {
        Some((path, member)) => (path.into(), Some(member)),
        None => (text.into(), None),
    }
}

impl Array {
    /// Index of the value at a place in the data.
    fn index(&self, mut at: usize) -> Vec<usize> {
        let mut index = vec![0; self.shape.len()];
        for (i, &length) in index.iter_mut().zip(&self.shape).rev() {
            (*i, at) = (at % length.max(1), at / length.max(1));
        }
        index
    }
}

#[cfg(test)]
mod tests;
