//! Progress on standard error: a bar where that is a terminal, a line now and then where it is not.

use super::time::said;
use crate::recorded::ReadingObserver;
use crate::run::{RunObserver, Work};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between one drawing of a bar and the next.
const TICK: Duration = Duration::from_millis(200);

/// A bar that fills with the work done: share, jobs, rate of updates, time left.
#[derive(Debug)]
pub(super) struct RunBar {
    bar: ProgressBar,
    jobs: AtomicU64,
    finished: AtomicU64,
    updates: Arc<AtomicU64>,
    lines: Lines,
}

/// Between one line and the next, where no bar is seen.
const LINE: Duration = Duration::from_secs(60);

/// When lines are due, for logs of jobs that run for hours.
#[derive(Debug)]
struct Lines {
    begun: Mutex<Instant>,
    /// Milliseconds after the beginning at which the next is due.
    due: AtomicU64,
}

impl Lines {
    fn new() -> Self {
        Self { begun: Mutex::new(Instant::now()), due: AtomicU64::new(0) }
    }

    fn begin(&self) {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.due.store(LINE.as_millis() as u64, Ordering::Relaxed);
    }

    fn elapsed(&self) -> Duration {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Whether a line is due after so much time; once for every line.
    fn is_due(&self, elapsed: Duration) -> bool {
        let (now, due) = (elapsed.as_millis() as u64, self.due.load(Ordering::Relaxed));
        let next = now + LINE.as_millis() as u64;
        now >= due
            && self.due.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// What a line says: jobs, share of the work, time so far and left.
fn line([finished, jobs]: [u64; 2], share: f64, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    let left = if share > 0.0 {
        format!(", about {} left", said(seconds * (1.0 - share) / share))
    } else {
        String::new()
    };
    format!(
        "{finished} of {jobs} jobs, {:.0} % of the work in {}{left}",
        100.0 * share,
        said(seconds)
    )
}

impl RunBar {
    /// A bar that shows nothing before a run begins.
    pub fn new() -> Self {
        let updates = Arc::new(AtomicU64::new(0));
        let counted = updates.clone();
        let rate = move |state: &ProgressState, out: &mut dyn Write| {
            let rate =
                counted.load(Ordering::Relaxed) as f64 / state.elapsed().as_secs_f64().max(1e-3);
            // A line that cannot be written is not worth more than its absence.
            let _ = write!(out, "{rate:.0} updates/s");
        };
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        let template = "{bar:24} {percent:>3} %, {msg}, {rate}, {elapsed}, {eta} left";
        bar.set_style(style(template).with_key("rate", rate));
        Self {
            bar,
            jobs: AtomicU64::new(0),
            finished: AtomicU64::new(0),
            updates,
            lines: Lines::new(),
        }
    }

    fn show(&self) {
        let (finished, jobs) =
            (self.finished.load(Ordering::Relaxed), self.jobs.load(Ordering::Relaxed));
        self.bar.set_message(format!("{finished} of {jobs} jobs"));
    }

    /// Writes a line where there is no bar to be seen and one is due.
    fn tell(&self) {
        if !self.bar.is_hidden() {
            return;
        }
        let elapsed = self.lines.elapsed();
        if self.lines.is_due(elapsed) {
            let jobs = [&self.finished, &self.jobs].map(|number| number.load(Ordering::Relaxed));
            let all = self.bar.length().unwrap_or(0).max(1);
            tell!("{}", line(jobs, (self.bar.position() as f64 / all as f64).min(1.0), elapsed));
        }
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
        self.lines.begin();
        tick(&self.bar);
    }

    fn advances(&self, updates: u64, units: u64) {
        self.updates.fetch_add(updates, Ordering::Relaxed);
        self.bar.inc(units.saturating_mul(updates));
        self.tell();
    }

    fn finishes_job(&self) {
        self.finished.fetch_add(1, Ordering::Relaxed);
        self.show();
    }

    fn ends(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar that fills with the draws of a prediction, a line now and then where it is not seen.
#[derive(Debug)]
pub(super) struct DrawsBar {
    bar: ProgressBar,
    lines: Lines,
}

impl DrawsBar {
    /// A bar on standard error.
    pub fn new(draws: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(draws), ProgressDrawTarget::stderr());
        bar.set_style(style("{bar:24} {pos} of {len} draws, {elapsed}, {eta} left"));
        tick(&bar);
        let lines = Lines::new();
        lines.begin();
        Self { bar, lines }
    }

    /// Counts a draw, and hands it on.
    pub fn count<T>(&self, drawn: T) -> T {
        self.bar.inc(1);
        let elapsed = self.lines.elapsed();
        if self.bar.is_hidden() && self.lines.is_due(elapsed) {
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0).max(1));
            let seconds = elapsed.as_secs_f64();
            let left = seconds * (all - done.min(all)) as f64 / done.max(1) as f64;
            tell!("{done} of {all} draws in {}, about {} left", said(seconds), said(left));
        }
        drawn
    }
}

impl Drop for DrawsBar {
    fn drop(&mut self) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_due_now_and_then() {
        let lines = Lines::new();
        lines.begin();
        let due = [1, 59, 60, 61, 100, 119, 121, 130, 400, 401]
            .map(|s| lines.is_due(Duration::from_secs(s)));
        assert_eq!(due, [false, false, true, false, false, false, true, false, true, false]);
    }

    #[test]
    fn a_line_says_how_far_it_is_and_what_is_left() {
        assert_eq!(
            line([3, 40], 0.25, Duration::from_secs(600)),
            "3 of 40 jobs, 25 % of the work in 10 min, about 30 min left"
        );
        assert_eq!(
            line([0, 40], 0.0, Duration::from_secs(60)),
            "0 of 40 jobs, 0 % of the work in 60 s"
        );
    }
}
