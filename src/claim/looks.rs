//! When claims are looked at: after some repeats, and then after twice as many each time, which verdicts by e-processes allow.

use super::{Evidence, Verdict, claims, judge};
use crate::run::{Ended, Plan, Planned, RunReport};
use crate::spec::Analysis;
use std::collections::HashSet;

/// Repeats after which claims are looked at first.
const FIRST: usize = 10;

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

/// Has the repeats run that the claims of a plan need: of the analyses of those that are not decided, twice as many at every
/// look. `run` is given the jobs to be run, by index into [`Plan::jobs`]; `None` for all, where nothing is claimed. An
/// interrupted run is the last.
///
/// # Errors
/// Those of `run`.
pub fn look<E>(plan: &Plan, mut run: impl FnMut(Option<&HashSet<usize>>) -> Result<RunReport, E>) -> Result<Looked, E> {
    let repeats = |analysis: &Analysis| analysis.settings.repeats;
    let mut open: HashSet<String> = claims(plan).iter().flat_map(|claim| claim.analyses.clone()).collect();
    if open.is_empty() {
        let report = run(None)?;
        return Ok(Looked { ran: report.ran, report, after: Vec::new() });
    }
    let (mut repeat, mut after, mut ran) = (FIRST, Vec::new(), 0);
    loop {
        let horizon = plan.analyses().filter(|analysis| open.contains(&analysis.name)).map(repeats).max().unwrap_or(0);
        let wanted = |planned: &Planned<'_>| open.contains(&planned.analysis.name) && planned.repeat < repeat;
        let only: HashSet<usize> = plan.planned().filter(wanted).map(|planned| planned.job).collect();
        let report = run(Some(&only))?;
        ran += report.ran;
        after.push(repeat.min(horizon));
        if report.ended == Ended::Interrupted {
            return Ok(Looked { report, after, ran });
        }
        let judged = judge(&Evidence::new(plan, &report.results));
        let undecided: HashSet<&str> = judged
            .iter()
            .filter(|claim| claim.verdict == Verdict::Undecided)
            .map(|claim| claim.name.as_str())
            .collect();
        let still = claims(plan).into_iter().filter(|claim| undecided.contains(claim.name.as_str()));
        open = still.flat_map(|claim| claim.analyses.clone()).collect();
        if open.is_empty() || repeat >= horizon {
            return Ok(Looked { report, after, ran });
        }
        repeat *= 2;
    }
}
