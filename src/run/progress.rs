//! Progress of a run on standard error, where that is a terminal.

use super::job::Job;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A bar that fills with the operations done, as jobs differ in size: share, jobs, rate of updates, time left.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    jobs: u64,
    finished: AtomicU64,
    updates: Arc<AtomicU64>,
}

/// Operations in the unit of the bar.
const UNIT: f64 = 1e4;

impl Progress {
    /// For a plan of so many jobs, of which `pending` are still to be run.
    pub fn new<'a>(jobs: usize, pending: impl Iterator<Item = &'a Job>) -> Self {
        let (mut left, mut total) = (0, 0u64);
        for job in pending {
            left += 1;
            let updates = job.condition.last_iteration() as u64;
            total = total.saturating_add(Self::work(job).saturating_mul(updates));
        }
        let updates = Arc::new(AtomicU64::new(0));
        let counted = updates.clone();
        let rate = move |state: &ProgressState, out: &mut dyn Write| {
            let rate = counted.load(Ordering::Relaxed) as f64 / state.elapsed().as_secs_f64().max(1e-3);
            // A line that cannot be written is not worth more than its absence.
            let _ = write!(out, "{rate:.0} updates/s");
        };
        let bar = ProgressBar::new(total);
        let style = ProgressStyle::with_template("{bar:24} {percent:>3} %, {msg}, {rate}, {elapsed}, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("rate", rate));
        let progress = Self { bar, jobs: jobs as u64, finished: AtomicU64::new((jobs - left) as u64), updates };
        progress.show();
        if !progress.bar.is_hidden() {
            progress.bar.enable_steady_tick(Duration::from_millis(200));
        }
        progress
    }

    /// Operations of an update of `job`, in the unit of the bar.
    pub fn work(job: &Job) -> u64 {
        ((job.condition.operations() / UNIT) as u64).max(1)
    }

    /// So many updates of so much work each are done.
    pub fn advance(&self, updates: u64, work: u64) {
        self.updates.fetch_add(updates, Ordering::Relaxed);
        self.bar.inc(work.saturating_mul(updates));
    }

    /// A job is done.
    pub fn job_done(&self) {
        self.finished.fetch_add(1, Ordering::Relaxed);
        self.show();
    }

    fn show(&self) {
        self.bar.set_message(format!("{} of {} jobs", self.finished.load(Ordering::Relaxed), self.jobs));
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
