//! Where arrays are read from, and written to.

use super::error::{ArrayError, refused};
use super::format::extension;
use crate::file::{memory, write_atomically};
use std::path::{Path, PathBuf};

/// Where an array is read from.
pub(super) struct Location<'a> {
    pub(super) path: &'a Path,
    pub(super) member: Option<&'a str>,
}

impl Location<'_> {
    /// `FILE` or `FILE#MEMBER`.
    pub(super) fn name(&self) -> PathBuf {
        let mut name = self.path.as_os_str().to_os_string();
        if let Some(member) = self.member {
            name.push("#");
            name.push(member);
        }
        name.into()
    }

    pub(super) fn damaged(&self, why: String) -> ArrayError {
        ArrayError::Damaged { path: self.name(), format: ".npy", why }
    }

    /// What it means that bytes could not be read.
    pub(super) fn failed(&self, error: &std::io::Error) -> ArrayError {
        let path = self.path.into();
        match self.member {
            _ if error.raw_os_error().is_some() => {
                refused("read", self.path, std::io::Error::new(error.kind(), error.to_string()))
            }
            Some(member) => ArrayError::Damaged {
                path,
                format: ".npz",
                why: format!(
                    "member `{member}` does not unpack to what its checksum (CRC-32) was made of \
                    ({error}): copy the file again, or save it again"
                ),
            },
            None => ArrayError::Damaged { path, format: ".npy", why: error.to_string() },
        }
    }

    /// Refuses values that take more memory than one request may.
    pub(super) fn check_size(&self, values: u128) -> Result<(), ArrayError> {
        let (bytes, limit) = (values.saturating_mul(8), memory::limit());
        if bytes > u128::from(limit.bytes) {
            return Err(ArrayError::TooLarge { path: self.name(), bytes, limit });
        }
        Ok(())
    }

    /// An empty list with room for `values` values.
    pub(super) fn room(&self, values: usize) -> Result<Vec<f64>, ArrayError> {
        self.check_size(values as u128)?;
        let mut room = Vec::new();
        self.reserve(&mut room, values)?;
        Ok(room)
    }

    /// Makes room for `more` values. The limit is an estimate: what the system refuses is no reason
    /// to end the program.
    pub(super) fn reserve(&self, room: &mut Vec<f64>, more: usize) -> Result<(), ArrayError> {
        room.try_reserve_exact(more).map_err(|_| {
            let bytes = 8 * (room.len() as u128 + more as u128);
            ArrayError::TooLarge { path: self.name(), bytes, limit: memory::limit() }
        })
    }
}

/// Writes a file, whole or not at all.
pub(super) fn store(path: &Path, bytes: &[u8]) -> Result<(), ArrayError> {
    write_atomically(path, bytes)
        .map_err(|error| refused("write", path, std::io::Error::other(error)))
}

/// `PATH` or `PATH#MEMBER`, apart. A `#` may stand in either: a file or directory that exists is
/// meant, the longest such name first; if there is none, an archive by its extension.
pub fn place(text: &str) -> (PathBuf, Option<&str>) {
    let splits = || text.rmatch_indices('#').map(|(at, _)| (&text[..at], Some(&text[at + 1..])));
    let whole = || std::iter::once((text, None));
    let is_archive = |path: &str| path.to_ascii_lowercase().ends_with(".npz");
    let is_named = |path: &str| {
        ["npz", "npy", "csv", "tsv", "txt", "dat"].contains(&extension(Path::new(path)).as_str())
    };
    let there = whole().chain(splits()).find(|(path, _)| Path::new(path).exists());
    let (path, member) = there
        .or_else(|| splits().find(|(path, _)| is_archive(path)))
        .or_else(|| whole().chain(splits()).find(|(path, _)| is_named(path)))
        .unwrap_or((text, None));
    (path.into(), member)
}
