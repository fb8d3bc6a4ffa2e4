//! Writing files so that a reader never sees half of one, with errors that name file and remedy.

#[cfg(test)]
pub(crate) mod fault;
pub mod memory;

mod temporary;

#[cfg(test)]
use fault::checked;
use std::fs::{self, File, OpenOptions};
use std::io::{Error, ErrorKind, Write};
use std::path::{Path, PathBuf};
use temporary::Temporary;

#[cfg(any(test, feature = "cli"))]
pub(crate) use temporary::{Kept, remove_abandoned};
pub(crate) use temporary::{TEMPORARY, remove_temporaries};

/// A file or directory that could not be used.
#[derive(Debug, thiserror::Error)]
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
        _ if is_link_refused(source) => "; it is a link, which is not followed: remove it",
        _ => "",
    }
}

/// Whether a file was not opened as it is a link.
fn is_link_refused(source: &Error) -> bool {
    #[cfg(unix)]
    return source.raw_os_error() == Some(libc::ELOOP);
    #[cfg(not(unix))]
    return false;
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

/// Removes a file.
///
/// # Errors
/// If it cannot be removed.
pub(crate) fn remove_file(path: &Path) -> Result<(), FileError> {
    let removed = checked(Operation::Remove, path).and_then(|()| fs::remove_file(path));
    removed.map_err(|source| FileError::new("remove", path, source))
}

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
fn replace(path: &Path, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<(), FileError> {
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

/// Opens the file at `path`, which is made if need be, to be locked: neither is it emptied, nor is
/// a link followed to another.
///
/// # Errors
/// If it cannot be opened, or is a link, a directory, a device or a pipe.
pub(crate) fn open_lock(path: &Path) -> std::io::Result<File> {
    checked(Operation::Create, path)?;
    let mut options = File::options();
    unfollowed(options.read(true).write(true).create(true).truncate(false)).open(path).and_then(regular)
}

/// Opens the file at `path` to be read, unless it is a link or no regular file.
///
/// # Errors
/// If it cannot be opened, or is a link, a directory, a device or a pipe.
pub(crate) fn open_unfollowed(path: &Path) -> std::io::Result<File> {
    unfollowed(File::options().read(true)).open(path).and_then(regular)
}

/// Has `options` open no link, and not wait for the other end of a pipe.
pub(crate) fn unfollowed(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options
}

/// The file, if it is one.
fn regular(file: File) -> std::io::Result<File> {
    if file.metadata()?.is_file() { Ok(file) } else { Err(Error::other("it is no regular file; remove it")) }
}

#[cfg(test)]
mod tests;
