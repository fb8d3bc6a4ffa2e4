//! Opening files that are no links.

use super::checked;
use super::operation::Operation;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Error;
use std::path::Path;

/// A file by which processes keep out of each other's way.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Lock {
    /// Opens the file at `path`, which is made if need be: neither is it emptied, nor is a link
    /// followed to another.
    ///
    /// # Errors
    /// If it cannot be opened, or is a link, a directory, a device or a pipe.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        checked(Operation::Create, path)?;
        let mut options = File::options();
        unfollowed(options.read(true).write(true).create(true).truncate(false))
            .open(path)
            .and_then(regular)
            .map(Self)
    }

    /// Opens a file that is there.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn existing(path: &Path) -> std::io::Result<Self> {
        unfollowed(File::options().read(true)).open(path).and_then(regular).map(Self)
    }

    /// Locks it unless another has locked it.
    pub fn try_exclusive(&self) -> Result<(), TryLockError> {
        self.0.try_lock()
    }

    /// Locks it against those that would have it for themselves, unless one has.
    pub fn try_shared(&self) -> Result<(), TryLockError> {
        self.0.try_lock_shared()
    }

    /// Locks it, once no other does.
    #[cfg(feature = "cli")]
    pub fn wait(&self) -> std::io::Result<()> {
        self.0.lock()
    }
}

impl Drop for Lock {
    /// Released, and not only closed: a process that is just being started elsewhere in this program
    /// has copies of all files until it has begun, and would keep the lock for that long.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_released_while_copies_of_its_file_are_open() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let [first, second] = [(); 2].map(|()| Lock::open(&path).unwrap());
        first.try_exclusive().unwrap();
        // What a process that is being started has of it.
        let copy = first.0.try_clone().unwrap();
        assert!(matches!(second.try_exclusive(), Err(TryLockError::WouldBlock)));
        drop(first);
        second.try_exclusive().unwrap();
        drop(copy);
    }
}
