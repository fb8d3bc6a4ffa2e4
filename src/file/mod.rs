//! Writing files so that a reader never sees half of one, with errors that name file and remedy.

#[cfg(test)]
pub(crate) mod fault;
pub mod memory;

#[cfg(test)]
use fault::checked;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A file or directory that could not be used.
#[derive(Debug, Error)]
#[error("cannot {action} {}: {source}{}", path.display(), remedy(source))]
pub struct FileError {
    /// What was tried: `read`, `write`, ...
    pub action: &'static str,
    /// To which file.
    pub path: PathBuf,
    /// Why it failed.
    pub source: std::io::Error,
}

impl FileError {
    /// An error of doing `action` to `path`.
    pub fn new(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self { action, path: path.to_path_buf(), source }
    }
}

fn remedy(source: &std::io::Error) -> &'static str {
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "; free some space and give the same command again: finished jobs are kept"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "; choose another directory, or change its permissions"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => "; a file is in the way: choose another directory",
        ErrorKind::NotFound => "; check the path",
        _ => "",
    }
}

/// What is done to files; tests make any of it fail, see `fault.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// A directory is made.
    Make,
    /// A file is opened to be written.
    Create,
    /// Its bytes are written.
    Write,
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
fn checked(_: Operation, _: &Path) -> std::io::Result<()> {
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

/// Opens a file to be written, empty.
pub(crate) fn create_file(path: &Path) -> std::io::Result<File> {
    checked(Operation::Create, path).and_then(|()| File::create(path))
}

/// Removes a file.
///
/// # Errors
/// If it cannot be removed.
pub(crate) fn remove_file(path: &Path) -> Result<(), FileError> {
    let removed = checked(Operation::Remove, path).and_then(|()| fs::remove_file(path));
    removed.map_err(|source| FileError::new("remove", path, source))
}

/// Start of the names of files being written.
pub(crate) const TEMPORARY: &str = ".writing-";

/// Writes `bytes` to a temporary file beside `path`, syncs it and renames it to `path`.
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
fn replace(path: &Path, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), FileError> {
    let refused = |source| FileError::new("write", path, source);
    let name = path.file_name().ok_or_else(|| refused(ErrorKind::InvalidInput.into()))?;
    let mut temporary_name = std::ffi::OsString::from(TEMPORARY);
    temporary_name.push(name);
    let temporary = path.with_file_name(temporary_name);
    let written = create_file(&temporary).and_then(|mut file| {
        fill(&mut file)?;
        checked(Operation::Write, &temporary)?;
        checked(Operation::Sync, &temporary)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| {
        checked(Operation::Rename, &temporary)?;
        fs::rename(&temporary, path)
    });
    renamed.map_err(|source| {
        // The file is useless now, and that it cannot be removed either adds nothing to the first error.
        let _ = remove_file(&temporary);
        refused(source)
    })
}

/// Removes what writes that were killed left behind in `directory`.
pub(crate) fn remove_temporaries(directory: &Path) -> Result<(), FileError> {
    let listed = fs::read_dir(directory).map_err(|source| FileError::new("list", directory, source))?;
    for entry in listed.flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            remove_file(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_and_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.json");
        write_atomically(&path, b"1").unwrap();
        write_atomically(&path, b"2").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        let error = write_atomically(&path.join("b"), b"3").unwrap_err().to_string();
        assert!(error.contains("a.json/b") && error.contains("a file is in the way"), "{error}");
    }
}
