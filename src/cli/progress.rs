//! Progress on standard error, where that is a terminal.

use crate::recorded::ReadingObserver;
use crate::run::{RunObserver, Work};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Between one drawing of a bar and the next.
const TICK: Duration = Duration::from_millis(200);

/// A bar that fills with the work done: share, jobs, rate of updates, time left.
#[derive(Debug)]
pub(super) struct RunBar {
    bar: ProgressBar,
    jobs: AtomicU64,
    finished: AtomicU64,
    updates: Arc<AtomicU64>,
}

impl RunBar {
    /// A bar that shows nothing before a run begins.
    pub fn new() -> Self {
        let updates = Arc::new(AtomicU64::new(0));
        let counted = updates.clone();
        let rate = move |state: &ProgressState, out: &mut dyn Write| {
            let rate = counted.load(Ordering::Relaxed) as f64 / state.elapsed().as_secs_f64().max(1e-3);
            // A line that cannot be written is not worth more than its absence.
            let _ = write!(out, "{rate:.0} updates/s");
        };
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        let template = "{bar:24} {percent:>3} %, {msg}, {rate}, {elapsed}, {eta} left";
        bar.set_style(style(template).with_key("rate", rate));
        Self { bar, jobs: AtomicU64::new(0), finished: AtomicU64::new(0), updates }
    }

    fn show(&self) {
        let (finished, jobs) = (self.finished.load(Ordering::Relaxed), self.jobs.load(Ordering::Relaxed));
        self.bar.set_message(format!("{finished} of {jobs} jobs"));
    }
}

impl RunObserver for RunBar {
    fn begins(&self, work: Work) {
        self.jobs.store(work.jobs as u64, Ordering::Relaxed);
        self.finished.store(work.stored as u64, Ordering::Relaxed);
        self.bar.set_length(work.units);
        self.bar.reset();
        self.bar.set_draw_target(ProgressDrawTarget::stderr());
        self.show();
        tick(&self.bar);
    }

    fn advances(&self, updates: u64, units: u64) {
        self.updates.fetch_add(updates, Ordering::Relaxed);
        self.bar.inc(units.saturating_mul(updates));
    }

    fn finishes_job(&self) {
        self.finished.fetch_add(1, Ordering::Relaxed);
        self.show();
    }

    fn ends(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar that fills with the bytes read of a recording, one stage after the other.
#[derive(Debug)]
pub(super) struct ReadingBar(ProgressBar);

impl ReadingBar {
    /// A bar on standard error.
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        bar.set_style(style("{bar:24} {percent:>3} %, {msg}, {elapsed}"));
        tick(&bar);
        Self(bar)
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl ReadingObserver for ReadingBar {
    fn begins(&self, stage: &str, bytes: u64) {
        self.0.set_position(0);
        self.0.set_length(bytes);
        self.0.set_message(stage.to_string());
    }

    fn advances(&self, bytes: u64) {
        self.0.inc(bytes);
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Keeps a bar moving while nothing is counted. What no one sees needs no thread for it.
fn tick(bar: &ProgressBar) {
    if !bar.is_hidden() {
        bar.enable_steady_tick(TICK);
    }
}
