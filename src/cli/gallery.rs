//! `figures/` of a run directory: one process draws there at a time, and every file has its
//! checksum.

use crate::figure::{Figure, FigureError, Format, render};
use crate::file::{
    Checksums, FileError, Kept, Ledger, Lock, make_directory, remove_abandoned, write_atomically,
};
use crate::run::{FIGURES, damaged_files};
use crate::text::Choice;
use std::collections::BTreeSet;
use std::fs::TryLockError;
use std::path::{Path, PathBuf};

const LOCK: &str = ".lock";

/// Figures of a run, being drawn.
pub(super) struct Gallery {
    directory: PathBuf,
    ledger: Ledger,
    /// Files that were not as they had been written, and what is wrong with them.
    damaged: Vec<(String, String)>,
    drawn: BTreeSet<String>,
    /// Held, and so locked, as long as this is.
    _lock: Lock,
}

impl Gallery {
    /// Opens or makes the figures of a run directory, once no other process draws there, and
    /// removes what drawing that was killed left behind.
    pub fn open(run: &Path) -> Result<Self, FileError> {
        let directory = run.join(FIGURES);
        make_directory(&directory)?;
        let lock = lock(&directory)?;
        remove_abandoned(&directory, Kept::Ours);
        let checksums = Checksums::read(&directory)?;
        let (damaged, others) = damaged_files(&directory, &checksums)?;
        for damage in others {
            tell!("warning: {damage}; it is written again");
        }
        let ledger = Ledger::new(&directory, checksums);
        Ok(Self { directory, ledger, damaged, drawn: BTreeSet::new(), _lock: lock })
    }

    /// Draws a figure, with the CSV behind it; gives the files, none if there is nothing to be
    /// drawn.
    pub fn draw(
        &mut self,
        name: &str,
        figure: &Figure,
        formats: &[Format],
    ) -> anyhow::Result<Vec<PathBuf>> {
        let files = files(name, figure, formats)?;
        let hashes: Vec<_> =
            files.iter().map(|(name, bytes)| (name.clone(), blake3::hash(bytes))).collect();
        self.ledger.note(&hashes)?;
        let mut written = Vec::new();
        for (name, bytes) in files {
            let path = self.directory.join(&name);
            write_atomically(&path, &bytes)?;
            written.push(path);
            self.drawn.insert(name);
        }
        Ok(written)
    }

    /// Brings the list of checksums up to date, and tells of files that were damaged; gives what
    /// still is.
    pub fn close(self) -> Result<Vec<String>, FileError> {
        let (again, left): (Vec<_>, Vec<_>) =
            self.damaged.iter().partition(|(name, _)| self.drawn.contains(name));
        for (_, damage) in again {
            tell!("warning: {damage}; it is drawn again");
        }
        self.ledger.settle()?;
        let remedy = "draw it again with the options it was drawn with, or remove it";
        Ok(left.into_iter().map(|(_, damage)| format!("{damage}; {remedy}")).collect())
    }
}

/// Waits until no other process draws. Some network file systems have no locks; going on without is
/// better than not at all.
fn lock(directory: &Path) -> Result<Lock, FileError> {
    let path = directory.join(LOCK);
    let lock = Lock::open(&path).map_err(|source| FileError::new("write to", directory, source))?;
    match lock.try_exclusive() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            tell!("another process is drawing in {}: waiting for it to end", directory.display());
            lock.wait().map_err(|source| FileError::new("lock", &path, source))?;
        }
        Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {}
        Err(TryLockError::Error(error)) => return Err(FileError::new("lock", &path, error)),
    }
    Ok(lock)
}

/// Names and bytes of a figure's files, the CSV behind it last; none, and a warning, where there is
/// nothing to be drawn.
pub(super) fn files(
    name: &str,
    figure: &Figure,
    formats: &[Format],
) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut files = match pictures(name, figure, formats) {
        Ok(files) => files,
        Err(error) => match error.downcast_ref::<FigureError>() {
            Some(refusal) => {
                tell!("warning: figure `{name}` is not drawn: {refusal}");
                return Ok(Vec::new());
            }
            None => return Err(error),
        },
    };
    figure.remarks.iter().for_each(|remark| tell!("warning: figure `{name}`: {remark}"));
    files.push((format!("{name}.csv"), figure.csv().into_bytes()));
    Ok(files)
}

pub(super) fn pictures(
    name: &str,
    figure: &Figure,
    formats: &[Format],
) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let rendered = render(figure)?;
    let each = formats
        .iter()
        .map(|format| Ok((format!("{name}.{}", format.name()), rendered.bytes(*format)?)));
    each.collect()
}
