//! What a run reports while it is under way.

use super::job::Job;
use super::work::operations;
use std::fmt::Debug;

/// Is told how far a run has come: a bar in a terminal, a line in a log, a window.
///
/// Every method may be called from any thread.
pub trait RunObserver: Debug + Sync {
    /// A run begins.
    fn begins(&self, work: Work) {
        let _ = work;
    }

    /// So many updates of one job are done, each of so many units of work.
    fn advances(&self, updates: u64, units: u64) {
        let _ = (updates, units);
    }

    /// A job is done.
    fn finishes_job(&self) {}

    /// The run ends, for whatever reason.
    fn ends(&self) {}
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl RunObserver for Unobserved {}

/// How much a run has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Jobs of the run, or of its shard.
    pub jobs: usize,
    /// Those of them whose results are stored already.
    pub stored: usize,
    /// Work of the others, in units of 10,000 multiplications and additions, as jobs differ in
    /// size.
    pub units: u64,
}

/// Multiplications and additions in a unit of work.
const UNIT: f64 = 1e4;

impl Work {
    /// That of so many jobs, of which `pending` are still to be run.
    pub(super) fn of<'a>(jobs: usize, pending: impl Iterator<Item = &'a Job>) -> Self {
        let (mut left, mut units) = (0, 0u64);
        for job in pending {
            left += 1;
            units = units.saturating_add(Self::units(job));
        }
        Self { jobs, stored: jobs - left, units }
    }

    /// Units of `job`.
    pub(super) fn units(job: &Job) -> u64 {
        Self::per_update(job).saturating_mul(job.condition.last_iteration() as u64)
    }

    /// Units of one update of `job`, at least one.
    pub(super) fn per_update(job: &Job) -> u64 {
        let updates = job.condition.last_iteration().max(1) as f64;
        ((operations(job) / updates / UNIT) as u64).max(1)
    }
}
