//! Arrays in files: signals recorded elsewhere, and those written by this program.

mod directory;
mod frames;
mod npy;
mod npz;
mod refusal;
mod stored;
mod text;

pub use frames::{Extent, Frames, Spool, Taken, extent};
pub use npy::{read_npy, write_npy};
pub use npz::{read_npz, write_npz};
pub use stored::{Header, Stored};
pub use text::{read_text, write_csv};

use crate::file::memory::{self, MemoryLimit};
use crate::file::write_atomically;
use std::fs::File;
use std::io::Read;
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
    #[error(
        "{} ends neither in .npz, .npy nor .csv (.tsv, .txt, .dat): {}", .0.display(), refusal::other_format(.0)
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

impl ArrayError {
    /// Whether the bytes that were read are to blame.
    fn is_of_contents(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Type { .. })
    }
}

fn refused(action: &'static str, path: &Path, source: std::io::Error) -> ArrayError {
    ArrayError::File { action, path: path.into(), source }
}

/// Where an array is read from.
struct Source<'a> {
    path: &'a Path,
    member: Option<&'a str>,
}

impl Source<'_> {
    /// `FILE` or `FILE#MEMBER`.
    fn name(&self) -> PathBuf {
        let mut name = self.path.as_os_str().to_os_string();
        if let Some(member) = self.member {
            name.push("#");
            name.push(member);
        }
        name.into()
    }

    fn damaged(&self, why: String) -> ArrayError {
        ArrayError::Damaged { path: self.name(), format: ".npy", why }
    }

    /// What it means that bytes could not be read.
    fn failed(&self, error: &std::io::Error) -> ArrayError {
        let path = self.path.into();
        match self.member {
            _ if error.raw_os_error().is_some() => {
                refused("read", self.path, std::io::Error::new(error.kind(), error.to_string()))
            }
            Some(member) => ArrayError::Damaged {
                path,
                format: ".npz",
                why: format!(
                    "member `{member}` does not unpack to what its checksum (CRC-32) was made of ({error}): copy the \
                     file again, or save it anew"
                ),
            },
            None => ArrayError::Damaged { path, format: ".npy", why: error.to_string() },
        }
    }

    /// Refuses values that take more memory than one request may.
    fn check_size(&self, values: u128) -> Result<(), ArrayError> {
        let (bytes, limit) = (values.saturating_mul(8), memory::limit());
        if bytes > u128::from(limit.bytes) {
            return Err(ArrayError::TooLarge { path: self.name(), bytes, limit });
        }
        Ok(())
    }

    /// An empty list with room for `values` values.
    fn room(&self, values: usize) -> Result<Vec<f64>, ArrayError> {
        self.check_size(values as u128)?;
        let mut room = Vec::new();
        self.reserve(&mut room, values)?;
        Ok(room)
    }

    /// Makes room for `more` values. The limit is an estimate: what the system refuses is no reason to end the program.
    fn reserve(&self, room: &mut Vec<f64>, more: usize) -> Result<(), ArrayError> {
        room.try_reserve_exact(more).map_err(|_| {
            let bytes = 8 * (room.len() as u128 + more as u128);
            ArrayError::TooLarge { path: self.name(), bytes, limit: memory::limit() }
        })
    }
}

/// Writes a file, whole or not at all.
fn store(path: &Path, bytes: &[u8]) -> Result<(), ArrayError> {
    write_atomically(path, bytes).map_err(|error| refused("write", path, std::io::Error::other(error)))
}

/// Most members that an error names.
const MOST_NAMED: usize = 40;

fn remedy(members: &[String], wanted: Option<&str>) -> String {
    let near = wanted.and_then(|wanted| crate::text::nearest(wanted, members.iter().map(String::as_str)));
    let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    let (some, rest) = members.split_at(members.len().min(MOST_NAMED));
    let rest = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    let some = some.join(", ");
    match wanted {
        Some(_) => format!("it has {some}{rest}{hint}"),
        None => format!("choose one with #MEMBER: {some}{rest}"),
    }
}

/// Digits of a [`digest`].
pub const DIGEST: usize = 16;

/// What tells a file from another of its name: the first hexadecimal digits of the BLAKE3 hash of its bytes;
/// those of a directory are its `.npy` files one after the other.
///
/// # Errors
/// If it cannot be read.
pub fn digest(path: &Path) -> Result<String, ArrayError> {
    let refuse = |source| ArrayError::File { action: "read", path: path.into(), source };
    let mut hasher = blake3::Hasher::new();
    if path.is_dir() {
        directory::hash(path, &mut hasher)?;
    } else {
        hasher.update_reader(File::open(path).map_err(refuse)?).map_err(refuse)?;
    }
    Ok(hasher.finalize().to_hex()[..DIGEST].into())
}

/// How a file holds arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Npy,
    Npz,
    Text,
}

impl Format {
    /// As the extension of a file says; but what starts as an `.npy` or as an archive is one, for either is easily saved
    /// under the name of the other.
    fn of(path: &Path, member: Option<&str>) -> Result<Self, ArrayError> {
        let named = match &extension(path)[..] {
            "npz" => Self::Npz,
            "npy" => Self::Npy,
            "csv" | "tsv" | "txt" | "dat" => Self::Text,
            _ => return Err(ArrayError::Format(path.into())),
        };
        let mut start = Vec::new();
        let opened = File::open(path).and_then(|file| file.take(6).read_to_end(&mut start));
        let format = match named {
            Self::Npz if start.starts_with(npy::MAGIC) => Self::Npy,
            Self::Npy if start.starts_with(b"PK\x03\x04") => Self::Npz,
            named => named,
        };
        if format != Self::Npz && member.is_some() {
            let members = vec!["(only .npz archives have members)".into()];
            return Err(ArrayError::Member { path: path.into(), wanted: member.map(str::to_string), members });
        }
        opened.map(|_| format).map_err(|source| refused("read", path, source))
    }
}

/// Names of the arrays of an `.npz` archive or of a directory of `.npy` files, without their extension.
///
/// # Errors
/// If it cannot be read, or contradicts itself.
pub fn members(path: &Path) -> Result<Vec<String>, ArrayError> {
    if path.is_dir() { directory::members(path) } else { npz::members(path) }
}

/// Reads an array from a `.npy` file, a table as text (`.csv`, `.tsv`, `.txt`, `.dat`), or a member of an `.npz` archive or
/// of a directory of `.npy` files (the only one, if none is named).
///
/// # Errors
/// If the file cannot be read, is damaged, too large, or holds something else than finite numbers.
pub fn read(path: &Path, member: Option<&str>) -> Result<Array, ArrayError> {
    if path.is_dir() {
        return read(&directory::file(path, member)?, None);
    }
    let array = match Format::of(path, member)? {
        Format::Npz => read_npz(path, member)?,
        Format::Npy => read_npy(path)?,
        Format::Text => read_text(path)?,
    };
    match array.data.iter().position(|v| !v.is_finite()) {
        None => Ok(array),
        Some(at) => Err(ArrayError::NotFinite {
            path: Source { path, member }.name(),
            value: array.data[at],
            index: array.index(at),
        }),
    }
}

/// Shape and type of an array, from its header alone, whose type and size are checked; a table is read for it.
///
/// # Errors
/// As [`read`], but for values that are not finite.
pub fn header(path: &Path, member: Option<&str>) -> Result<Header, ArrayError> {
    if path.is_dir() {
        return header(&directory::file(path, member)?, None);
    }
    match Format::of(path, member)? {
        Format::Npz => npz::header_npz(path, member),
        Format::Npy => npy::header_npy(path),
        Format::Text => Ok(Header { shape: read_text(path)?.shape, stored: Stored::F64 }),
    }
}

/// Shape of a member of an `.npz` archive, see [`header`].
///
/// # Errors
/// As [`header`].
pub fn shape(path: &Path, member: &str) -> Result<Vec<usize>, ArrayError> {
    Ok(header(path, Some(member))?.shape)
}

/// `PATH` or `PATH#MEMBER`, apart. A `#` may stand in either: a file that exists is meant, the longest such name first;
/// if there is none, an archive by its extension.
pub fn place(text: &str) -> (PathBuf, Option<&str>) {
    let splits = || text.rmatch_indices('#').map(|(at, _)| (&text[..at], Some(&text[at + 1..])));
    let whole = || std::iter::once((text, None));
    let is_archive = |path: &str| path.to_ascii_lowercase().ends_with(".npz");
    let is_named =
        |path: &str| ["npz", "npy", "csv", "tsv", "txt", "dat"].contains(&extension(Path::new(path)).as_str());
    let there = whole().chain(splits()).find(|(path, _)| Path::new(path).is_file());
    let (path, member) = there
        .or_else(|| splits().find(|(path, _)| is_archive(path)))
        .or_else(|| whole().chain(splits()).find(|(path, _)| is_named(path)))
        .unwrap_or((text, None));
    (path.into(), member)
}

/// Extension of a file's name, in small letters.
fn extension(path: &Path) -> String {
    path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase()
}

impl Array {
    /// Index of the value at a place in the data.
    pub(crate) fn index(&self, mut at: usize) -> Vec<usize> {
        let mut index = vec![0; self.shape.len()];
        for (i, &length) in index.iter_mut().zip(&self.shape).rev() {
            (*i, at) = (at % length.max(1), at / length.max(1));
        }
        index
    }
}

#[cfg(test)]
mod tests;
