//! Opening files that are no links.

use super::checked;
use super::operation::Operation;
use std::fs::{File, OpenOptions};
use std::io::Error;
use std::path::Path;

/// Opens the file at `path`, which is made if need be, to be locked: neither is it emptied, nor is
/// a link followed to another.
///
/// # Errors
/// If it cannot be opened, or is a link, a directory, a device or a pipe.
pub(crate) fn open_lock(path: &Path) -> std::io::Result<File> {
    checked(Operation::Create, path)?;
    let mut options = File::options();
    unfollowed(options.read(true).write(true).create(true).truncate(false))
        .open(path)
        .and_then(regular)
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
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(Error::other("it is no regular file; remove it"))
    }
}
