//! When claims are looked at: after some repeats, and then after twice as many each time, which verdicts by e-processes allow.

use super::{Evidence, Verdict, claims, judge};
use crate::run::{Ended, Plan, Planned, RunReport};
use std::collections::{BTreeSet, HashSet};

/// Repeats after which claims are looked at first; then after twice as many, and so on.
pub const FIRST_LOOK: usize = 10;

/// Conditions, each by its analysis and its index, whose results claims are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimedConditions(BTreeSet<(String, usize)>);

impl ClaimedConditions {
    /// Those that claims of some names are about.
    pub fn of(plan: &Plan, is_wanted: &dyn Fn(&str) -> bool) -> Self {
        let wanted = claims(plan).into_iter().filter(|claim| is_wanted(&claim.name));
        Self(wanted.flat_map(|claim| claim.conditions(plan.analyses())).collect())
    }

    /// Whether what was planned is of one of them.
    pub fn has(&self, planned: &Planned<'_>) -> bool {
        self.0.contains(&(planned.analysis.name.clone(), planned.condition_index))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What was run for claims, until all were decided or there were no more repeats.
#[derive(Clone, Debug)]
pub struct Looked {
    /// The last run, with all results there are.
    pub report: RunReport,
    /// Repeats after which claims were looked at.
    pub after: Vec<usize>,
    /// Jobs that were run.
    pub ran: usize,
}

/// Has the repeats run that the claims of a plan need: of the conditions of those that are not decided, twice as many at every
/// look. `run` is given the jobs to be run, by index into [`Plan::jobs`]; `None` for all, where nothing is claimed. An
/// interrupted run is the last.
///
/// # Errors
/// Those of `run`.
pub fn look<E>(plan: &Plan, mut run: impl FnMut(Option<&HashSet<usize>>) -> Result<RunReport, E>) -> Result<Looked, E> {
    let mut open = ClaimedConditions::of(plan, &|_| true);
    if open.is_empty() {
        let report = run(None)?;
        return Ok(Looked { ran: report.ran, report, after: Vec::new() });
    }
    let (mut repeats, mut after, mut ran) = (FIRST_LOOK, Vec::new(), 0);
    loop {
        let of_open: Vec<Planned<'_>> = plan.planned().filter(|planned| open.has(planned)).collect();
        let horizon = of_open.iter().map(|planned| planned.repeat + 1).max().unwrap_or(0);
        let only: HashSet<usize> =
            of_open.iter().filter(|planned| planned.repeat < repeats).map(|planned| planned.job).collect();
        let report = run(Some(&only))?;
        ran += report.ran;
        after.push(repeats.min(horizon));
        if report.ended == Ended::Interrupted {
            return Ok(Looked { report, after, ran });
        }
        let judged = judge(&Evidence::new(plan, &report.results));
        let undecided: HashSet<&str> = judged
            .iter()
            .filter(|claim| claim.verdict == Verdict::Undecided)
            .map(|claim| claim.name.as_str())
            .collect();
        open = ClaimedConditions::of(plan, &|name| undecided.contains(name));
        if open.is_empty() || repeats >= horizon {
            return Ok(Looked { report, after, ran });
        }
        repeats *= 2;
    }
}
