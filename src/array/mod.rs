//! Arrays in files: signals recorded elsewhere, and those written by this program.

mod directory;
mod error;
mod format;
mod frames;
mod npy;
mod npz;
mod packed;
mod place;
mod refusal;
mod stored;
mod text;
mod values;

pub use error::ArrayError;
pub use frames::{Extent, Frames, Spool, Taken, extent};
pub use npy::{read_npy, write_npy};
pub use npz::{read_npz, write_npz};
pub use place::place;
pub use stored::{Header, Stored};
pub use text::{read_text, write_csv};
pub use values::Array;

pub use crate::file::memory::MOST_BYTES;
use error::refused;
use format::extension;
use place::{Location, store};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Digits of a [`digest`].
pub const DIGEST: usize = 16;

/// What tells a file from another of its name: the first hexadecimal digits of the BLAKE3 hash of
/// its bytes; those of a directory are its `.npy` files one after the other.
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
    /// As the extension of a file says; but what starts as an `.npy` or as an archive is one, for
    /// either is easily saved under the name of the other.
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
            return Err(ArrayError::Member {
                path: path.into(),
                wanted: member.map(str::to_string),
                members,
            });
        }
        opened.map(|_| format).map_err(|source| refused("read", path, source))
    }
}

/// Names of the arrays of an `.npz` archive or of a directory of `.npy` files, without their
/// extension.
///
/// # Errors
/// If it cannot be read, or contradicts itself.
pub fn members(path: &Path) -> Result<Vec<String>, ArrayError> {
    if path.is_dir() { directory::members(path) } else { npz::members(path) }
}

/// Reads an array from a `.npy` file, a table as text (`.csv`, `.tsv`, `.txt`, `.dat`), or a member
/// of an `.npz` archive or of a directory of `.npy` files (the only one, if none is named).
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
            path: Location { path, member }.name(),
            value: array.data[at],
            index: array.index(at),
        }),
    }
}

/// Shape and type of an array, from its header alone, whose type and size are checked; a table is
/// read for it.
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

#[cfg(test)]
mod tests;
