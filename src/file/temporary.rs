//! Files that are being written, beside the place they are to take.

#[cfg(any(test, feature = "cli"))]
use super::Lock;
use super::{FileError, Operation, checked, remove_file};
use std::fs::{self, File, TryLockError};
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Start of the names of files being written.
pub(crate) const TEMPORARY: &str = ".writing-";

/// Names tried, at most: those that are there are of processes that were killed, or of links.
const TRIED: usize = 10_000;

/// Temporary files made by this process so far.
static MADE: AtomicUsize = AtomicUsize::new(0);

/// A file that is being written. It is locked meanwhile, by which others can tell it from what a
/// killed process has left behind, and removed unless it is put in its place.
pub(super) struct Temporary {
    path: PathBuf,
    file: File,
    renamed: bool,
}

impl Temporary {
    /// A new file in the directory of `path`, under a name that nothing there has yet.
    pub fn beside(path: &Path) -> Result<Self> {
        for _ in 0..TRIED {
            let number = MADE.fetch_add(1, Ordering::Relaxed);
            let path = path.with_file_name(format!("{TEMPORARY}{}-{number}", std::process::id()));
            checked(Operation::Create, &path)?;
            // Made anew, and never through a link that is there already.
            let file = match File::create_new(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                made => made?,
            };
            let temporary = Self { path, file, renamed: false };
            // Some file systems have no locks; there, nothing is taken for abandoned either.
            let locked = temporary.file.try_lock();
            // Who looks for abandoned files may have found this one just before it was locked.
            if !matches!(locked, Err(TryLockError::WouldBlock)) && temporary.is_there() {
                return Ok(temporary);
            }
        }
        Err(Error::new(
            ErrorKind::AlreadyExists,
            format!("too many files {TEMPORARY}* are there; remove them"),
        ))
    }

    /// Whether the path still leads to the file.
    fn is_there(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let [there, own] = [fs::symlink_metadata(&self.path), self.file.metadata()];
            let same = |there: fs::Metadata, own: fs::Metadata| {
                (there.dev(), there.ino()) == (own.dev(), own.ino())
            };
            there.is_ok_and(|there| own.is_ok_and(|own| same(there, own)))
        }
        #[cfg(not(unix))]
        self.path.is_file()
    }

    /// Has `write` fill the file, and brings it to the disk.
    pub fn fill(&mut self, write: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
        write(&mut self.file)?;
        checked(Operation::Write, &self.path)?;
        checked(Operation::Sync, &self.path)?;
        self.file.sync_all()
    }

    /// Puts the file in its place.
    pub fn rename(mut self, path: &Path) -> Result<()> {
        checked(Operation::Rename, &self.path)?;
        fs::rename(&self.path, path)?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.renamed {
            // It is useless now, and that it cannot be removed either adds nothing to the first
            // error.
            let _ = remove_file(&self.path);
        }
    }
}

/// Temporary files of `directory`, those of earlier versions included; of links, the links.
fn temporaries(directory: &Path) -> std::result::Result<Vec<PathBuf>, FileError> {
    let listed =
        fs::read_dir(directory).map_err(|source| FileError::new("list", directory, source))?;
    let files = listed.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_dir()));
    let named = files
        .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(TEMPORARY.as_bytes()));
    Ok(named.map(|entry| entry.path()).collect())
}

/// Removes what writes that were killed left behind in `directory`, to which nobody else writes.
pub(crate) fn remove_temporaries(directory: &Path) -> std::result::Result<(), FileError> {
    temporaries(directory)?.iter().try_for_each(|path| remove_file(path))
}

/// Whose files are in a directory.
#[cfg(any(test, feature = "cli"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Only what this program writes.
    Ours,
    /// A user's, too.
    Others,
}

/// Removes what writes that were killed left behind in `directory`, to which others may be writing
/// now. That something cannot be removed does no harm.
#[cfg(any(test, feature = "cli"))]
pub(crate) fn remove_abandoned(directory: &Path, kept: Kept) {
    let is_ours =
        |path: &Path| path.file_name().is_some_and(|name| is_numbered(&name.to_string_lossy()));
    for path in temporaries(directory).unwrap_or_default() {
        if kept == Kept::Others && !is_ours(&path) {
            continue;
        }
        // The lock is held until the file is removed, lest its name is taken anew in between.
        let lock =
            Lock::existing(&path).and_then(|lock| Ok(lock.try_exclusive().map(|()| lock)?));
        if lock.is_ok() || path.is_symlink() {
            let _ = remove_file(&path);
        }
    }
}

/// Whether a file has a name as [`Temporary`] gives it: with the numbers of a process and a file.
#[cfg(any(test, feature = "cli"))]
fn is_numbered(name: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let numbers = name.strip_prefix(TEMPORARY).and_then(|rest| rest.split_once('-'));
    numbers.is_some_and(|(process, file)| is_number(process) && is_number(file))
}
