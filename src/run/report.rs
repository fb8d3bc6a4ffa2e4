//! How a run ended, and what it gave.

use super::job::{JobResult, Outcome};
use super::plan::Plan;
use super::shard::Shard;
use std::fmt::{Display, Formatter};
use std::path::PathBuf;

/// How the manifest says that jobs were left out, as they were not needed.
pub(super) const PARTLY: &str = "partly";

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every job completed.
    Completed,
    /// Every job finished, but some diverged.
    Diverged,
    /// The jobs that were asked for finished; others of the plan were not needed.
    Partly,
    /// It was asked to stop; finished jobs are stored.
    Interrupted,
    /// A job could not run, or its result not be stored; finished jobs are stored.
    Failed,
}

impl Ended {
    /// How jobs ended of which those of `own` were to be run.
    pub(super) fn of(plan: &Plan, results: &[Option<JobResult>], own: &[usize]) -> Self {
        if own.iter().any(|&job| results[job].is_none()) {
            Self::Interrupted
        } else if !diverged_jobs(plan, results).is_empty() {
            Self::Diverged
        } else {
            Self::Completed
        }
    }

    /// The same of a run of which only some jobs were asked for: it is not complete while others
    /// have no result.
    pub(super) fn unless_partial(self, only_some: bool, results: &[Option<JobResult>]) -> Self {
        let is_open = only_some && results.iter().any(Option::is_none);
        if is_open && matches!(self, Self::Completed | Self::Diverged) {
            Self::Partly
        } else {
            self
        }
    }

    /// As in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Diverged => "diverged",
            Self::Partly => PARTLY,
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }
}

/// A planned job that diverged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DivergedJob {
    /// Name of the analysis.
    pub analysis: String,
    /// Short name of the condition.
    pub condition: String,
    /// Repeat, from 0.
    pub repeat: usize,
    /// After this many updates weights were not finite.
    pub iteration: usize,
    /// The first such layer.
    pub layer: usize,
}

impl Display for DivergedJob {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { analysis, condition, repeat, iteration, layer } = self;
        write!(
            f,
            "{analysis} ({condition}), repeat {repeat}: diverged at iteration {iteration} in layer \
             {layer}; what was recorded before is kept; a smaller eta may help"
        )
    }
}

/// What a run gave.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// Run directory.
    pub directory: PathBuf,
    /// The share of the jobs that was to be run; `None` for all.
    pub shard: Option<Shard>,
    /// Why it ended: completed, diverged or interrupted.
    pub ended: Ended,
    /// By index into [`Plan::jobs`]; `None` where an interrupted run did not get to.
    pub results: Vec<Option<JobResult>>,
    /// Jobs that were stored before.
    pub found: usize,
    /// Jobs run now.
    pub ran: usize,
    /// Planned jobs that diverged.
    pub diverged: Vec<DivergedJob>,
    /// What the user should know: damaged files that were replaced.
    pub warnings: Vec<String>,
    /// Damaged exports that were not asked for and so are still there, and what makes them again.
    pub damaged: Vec<String>,
}

pub(super) fn diverged_jobs(plan: &Plan, results: &[Option<JobResult>]) -> Vec<DivergedJob> {
    let diverged =
        plan.planned().filter_map(|planned| match results.get(planned.job)?.as_ref()?.outcome {
            Outcome::Completed => None,
            Outcome::Diverged { iteration, layer } => Some(DivergedJob {
                analysis: planned.analysis.name.clone(),
                condition: planned.analysis.label(planned.condition),
                repeat: planned.repeat,
                iteration,
                layer,
            }),
        });
    diverged.collect()
}
