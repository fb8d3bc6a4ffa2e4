//! Writing files whole, or not at all.

use super::error::FileError;
use super::temporary::Temporary;
use std::fs::{self, File};
use std::io::{Error, ErrorKind, Write};
use std::path::Path;

/// Writes `bytes` to a temporary file beside `path`, syncs it and renames it to `path`.
///
/// No link is followed: a link at `path` is replaced, and what it points to stays as it is. A
/// device, a pipe or a directory at `path` is refused.
///
/// # Errors
/// If any of that fails; `path` is then as it was before.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    replace(path, |file| file.write_all(bytes))
}

/// Copies a file so that `to` is whole or as it was before.
///
/// # Errors
/// If it cannot be read, or the copy not be written.
pub(crate) fn copy_atomically(from: &Path, to: &Path) -> Result<(), FileError> {
    let mut source = File::open(from).map_err(|source| FileError::new("read", from, source))?;
    replace(to, |file| std::io::copy(&mut source, file).map(|_| ()))
}

/// Has `fill` write a temporary file beside `path`, and puts it in its place.
fn replace(
    path: &Path,
    fill: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> Result<(), FileError> {
    let refused = |source| FileError::new("write", path, source);
    if path.file_name().is_none() {
        return Err(refused(Error::new(ErrorKind::IsADirectory, NO_FILE)));
    }
    refuse_special(path).map_err(refused)?;
    let mut temporary = Temporary::beside(path).map_err(refused)?;
    temporary.fill(fill).and_then(|()| temporary.rename(path)).map_err(refused)
}

const NO_FILE: &str = "it is a directory, and a file is to be written; add a file name";

/// Refuses what a file may not take the place of.
fn refuse_special(path: &Path) -> std::io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Err(Error::new(ErrorKind::IsADirectory, NO_FILE)),
        Ok(found) if !found.is_file() && !found.is_symlink() => {
            Err(Error::other("it is a device, a pipe or a socket; choose another path"))
        }
        // Whatever else is the matter comes up when the file is written.
        _ => Ok(()),
    }
}

/// Writes a file that the user has named: like [`write_atomically`], but straight into a device or
/// a pipe, which are there to be written to.
///
/// # Errors
/// If it cannot be written.
#[cfg(feature = "cli")]
pub(crate) fn write_named(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let found = fs::metadata(path).ok();
    // Links below these directories are open files of this process, by number.
    let of_system = ["/dev", "/proc"].iter().any(|system| path.starts_with(system));
    let direct = found.is_some_and(|found| !found.is_dir() && (of_system || !found.is_file()));
    if !direct {
        return write_atomically(path, bytes);
    }
    let written = File::options().write(true).open(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|source| FileError::new("write", path, source))
}
