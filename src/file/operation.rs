//! What is done to files, one thing at a time.

use super::error::FileError;
#[cfg(test)]
use super::fault::checked;
use std::fs;
use std::path::Path;

/// What is done to files; tests make any of it fail, see `fault.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// A directory is made.
    Make,
    /// A file is opened to be written.
    Create,
    /// Its bytes are written.
    Write,
    /// Lines are added to it.
    Append,
    /// They are brought to the disk.
    Sync,
    /// The file is put in its place.
    Rename,
    /// A file or an entry is removed.
    Remove,
}

/// Outside tests nothing fails on purpose.
#[cfg(not(test))]
#[inline]
pub(super) fn checked(_: Operation, _: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Makes a directory and those above it.
///
/// # Errors
/// If one cannot be made.
pub(crate) fn make_directory(path: &Path) -> Result<(), FileError> {
    let made = checked(Operation::Make, path).and_then(|()| fs::create_dir_all(path));
    made.map_err(|source| FileError::new("make the directory", path, source))
}

/// Removes a file.
///
/// # Errors
/// If it cannot be removed.
pub(crate) fn remove_file(path: &Path) -> Result<(), FileError> {
    let removed = checked(Operation::Remove, path).and_then(|()| fs::remove_file(path));
    removed.map_err(|source| FileError::new("remove", path, source))
}
