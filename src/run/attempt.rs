//! What a job has at hand while it runs: whether to stop, threads, checkpoints, and where its
//! exports go.

use super::progress::RunObserver;
use crate::file::{FileError, sealed, unsealed, write_atomically};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What a network's job writes beside its result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Export {
    /// Nothing.
    #[default]
    Off,
    /// Weights at the start and at the end, and backward weights.
    Weights,
    /// These, and activities and error signals of the first so many updates.
    Signals(usize),
}

impl Export {
    /// What [`Self::parse`] takes.
    pub const EXPECTED: &'static str =
        "off, weights, signals, or signals:N for those of the first N updates";

    /// Reads the text form.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "off" => Some(Self::Off),
            "weights" => Some(Self::Weights),
            "signals" => Some(Self::Signals(usize::MAX)),
            _ => text.strip_prefix("signals:")?.parse().ok().filter(|&n| n > 0).map(Self::Signals),
        }
    }

    /// Whether anything is written.
    pub fn is_on(self) -> bool {
        self != Self::Off
    }

    /// Updates whose signals are recorded, at most.
    pub fn signals(self) -> Option<usize> {
        match self {
            Self::Signals(limit) => Some(limit),
            Self::Off | Self::Weights => None,
        }
    }

    /// Directories of the files, below that of the run: of weights, and of signals.
    pub(super) const DIRECTORIES: [&'static str; 2] = ["weights", "signals"];

    /// Directory of the files.
    pub(super) fn directory(self) -> Option<&'static str> {
        match self {
            Self::Off => None,
            Self::Weights => Some(Self::DIRECTORIES[0]),
            Self::Signals(_) => Some(Self::DIRECTORIES[1]),
        }
    }
}

/// Threads of a run, and jobs that want them.
#[derive(Debug)]
pub(super) struct Threads {
    all: usize,
    unfinished: AtomicUsize,
}

impl Threads {
    pub fn new(all: usize, jobs: usize) -> Self {
        Self { all, unfinished: AtomicUsize::new(jobs) }
    }

    pub fn job_done(&self) {
        self.unfinished.fetch_sub(1, Ordering::Relaxed);
    }

    /// Threads one job may use: one while there are jobs enough for all, which is what serves them
    /// best.
    fn per_job(&self) -> usize {
        (self.all / self.unfinished.load(Ordering::Relaxed).max(1)).max(1)
    }
}

/// The first line of a checkpoint is its hash alone.
const NOTHING_BESIDE: [&str; 2] = ["", ""];

/// What a job has at hand while it runs.
pub struct Attempt<'a> {
    pub(super) stop: &'a dyn Fn() -> bool,
    pub(super) threads: Option<&'a Threads>,
    pub(super) observer: Option<&'a dyn RunObserver>,
    /// Work of an update, in the units that the observer gets.
    pub(super) work: u64,
    pub(super) checkpoint: Option<PathBuf>,
    pub(super) export: Export,
    pub(super) export_path: Option<PathBuf>,
    pub(super) warnings: Mutex<Vec<String>>,
}

impl<'a> Attempt<'a> {
    /// An attempt without progress, checkpoints and exports, on one thread.
    pub fn bare(stop: &'a dyn Fn() -> bool) -> Self {
        Self {
            stop,
            threads: None,
            observer: None,
            work: 0,
            checkpoint: None,
            export: Export::Off,
            export_path: None,
            warnings: Mutex::default(),
        }
    }

    /// Whether the job is to leave a checkpoint and give up.
    pub fn is_to_stop(&self) -> bool {
        (self.stop)()
    }

    /// Threads the job may use just now.
    pub fn threads(&self) -> usize {
        self.threads.map_or(1, Threads::per_job)
    }

    /// Tells of so many updates done.
    pub fn advance(&self, updates: usize) {
        if let Some(observer) = self.observer {
            observer.advances(updates as u64, self.work);
        }
    }

    /// What an earlier attempt left. A file that is not as it was written is reported, and not
    /// used.
    pub fn checkpoint(&self) -> Option<Vec<u8>> {
        let path = self.checkpoint.as_ref()?;
        let bytes = std::fs::read(path).ok()?;
        let kept = unsealed(NOTHING_BESIDE, &bytes).map(<[u8]>::to_vec);
        if kept.is_none() {
            self.warn(format!(
                "{} does not match its checksum; the job starts again",
                path.display()
            ));
        }
        kept
    }

    /// Leaves `bytes` to the next attempt, after a line with their checksum.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn keep(&self, bytes: &[u8]) -> Result<(), FileError> {
        let kept = |path| write_atomically(path, &sealed(NOTHING_BESIDE, bytes));
        self.checkpoint.as_ref().map_or(Ok(()), |path| kept(path))
    }

    /// What is to be written beside the result.
    pub fn export(&self) -> Export {
        self.export
    }

    /// File that exports go to.
    pub fn export_path(&self) -> Option<&PathBuf> {
        self.export_path.as_ref()
    }

    /// Tells the user something that does not stop the job.
    pub fn warn(&self, warning: String) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
    }

    pub(super) fn warnings(self) -> Vec<String> {
        self.warnings.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_read() {
        assert_eq!(Export::parse("signals:30"), Some(Export::Signals(30)));
        assert_eq!(Export::parse("signals").and_then(Export::signals), Some(usize::MAX));
        assert_eq!(Export::parse("weights").map(Export::is_on), Some(true));
        assert_eq!([Export::parse("signals:0"), Export::parse("all")], [None, None]);
    }

    #[test]
    fn the_last_jobs_share_the_threads() {
        let threads = Threads::new(4, 5);
        assert_eq!(threads.per_job(), 1);
        (0..3).for_each(|_| threads.job_done());
        assert_eq!(threads.per_job(), 2);
        threads.job_done();
        assert_eq!(threads.per_job(), 4);
    }
}
