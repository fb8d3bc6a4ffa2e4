//! Statements with a criterion, and what the results say of them.

mod eprocess;
mod evidence;
mod judged;
mod measured;
mod needed;
mod own;
mod part;
mod registered;
#[cfg(test)]
mod simulation;
mod table;
mod values;
mod verdict;

pub use crate::spec::{Asked, Claim, ClaimPart, Criterion};
pub use evidence::Evidence;
pub use judged::{JudgedClaim, JudgedPart};
pub use measured::{MeasuredClaim, MeasuredError, MeasuredPart, judge_measured};
pub use own::{FULL, LONG, Own, QUICK};
pub use table::{VERDICT_COLUMNS, verdicts_csv};
pub use verdict::{ALPHA, Verdict};

use crate::run::{Ended, Plan, Planned, RunReport};
use crate::spec::KnownAnalysis;
use part::{Outcome, PartEvidence};
use std::collections::{BTreeSet, HashSet};

/// The claims of the specs of a plan, in their order; of one that stands in several, the first.
pub fn claims(plan: &Plan) -> Vec<&Claim> {
    let mut claims: Vec<&Claim> = Vec::new();
    for claim in plan.specs.iter().flat_map(|spec| &spec.claims) {
        if claims.iter().all(|known| known.name != claim.name) {
            claims.push(claim);
        }
    }
    claims
}

/// How many claims share the level of error of a claim: as its spec says, or else as many as there
/// are in the specs.
fn family_size(plan: &Plan, claim: &Claim) -> usize {
    let (document, set) = claim.family();
    let said = plan
        .specs
        .iter()
        .filter_map(|spec| spec.families.get(document))
        .map(|size| size.of(set))
        .max();
    let here = claims(plan).iter().filter(|other| other.family() == claim.family()).count();
    said.unwrap_or(0).max(here).max(1)
}

/// Judges the claims of the specs whose analyses were run. One of this project whose analysis was
/// changed is refused.
pub fn judge(evidence: &Evidence<'_>) -> Vec<JudgedClaim> {
    let plan = evidence.plan();
    let ready = claims(plan)
        .into_iter()
        .filter(|claim| claim.analyses.iter().all(|analysis| evidence.has(analysis)));
    let mut known = own::OwnSpecs::default();
    let judged = ready.map(|claim| {
        let spec =
            plan.specs.iter().find(|spec| spec.claims.iter().any(|known| known.name == claim.name));
        let mut claim = claim.clone();
        let planned = spec.and_then(|spec| known.plan(&claim, spec));
        claim.refused = claim.refused.take().or_else(|| known.departure(&claim, spec?));
        JudgedClaim { plan: planned, ..judge_claim(&claim, evidence, family_size(plan, &claim)) }
    });
    judged.collect()
}

/// Repeats after which claims are looked at first; then after twice as many, and so on.
pub const FIRST_LOOK: usize = 10;

/// Conditions, each by its analysis and its index, whose results claims are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimedConditions(BTreeSet<(String, usize)>);

impl ClaimedConditions {
    /// Those that claims of some names are about.
    pub fn of(plan: &Plan, is_wanted: &dyn Fn(&str) -> bool) -> Self {
        let analyses: Vec<KnownAnalysis<'_>> = plan.analyses().map(KnownAnalysis::of).collect();
        let wanted = claims(plan).into_iter().filter(|claim| is_wanted(&claim.name));
        Self(wanted.flat_map(|claim| claim.conditions(&analyses)).collect())
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

/// Has the repeats run that the claims of a plan need: of the conditions of those that `is_followed`
/// by name and are not decided, twice as many at every look, up to `most` repeats: verdicts hold
/// whenever one stops looking. `run` is given the jobs to be run, by index into [`Plan::jobs`];
/// `None` for all, where nothing is claimed. An interrupted run is the last.
///
/// # Errors
/// Those of `run`.
pub fn look<E>(
    plan: &Plan,
    most: usize,
    is_followed: &dyn Fn(&str) -> bool,
    mut run: impl FnMut(Option<&HashSet<usize>>) -> Result<RunReport, E>,
) -> Result<Looked, E> {
    let mut open = ClaimedConditions::of(plan, is_followed);
    if open.is_empty() {
        let report = run(None)?;
        return Ok(Looked { ran: report.ran, report, after: Vec::new() });
    }
    let (mut repeats, mut after, mut ran) = (FIRST_LOOK.min(most), Vec::new(), 0);
    loop {
        let of_open: Vec<Planned<'_>> =
            plan.planned().filter(|planned| open.has(planned)).collect();
        let horizon = of_open.iter().map(|planned| planned.repeat + 1).max().unwrap_or(0);
        let only: HashSet<usize> = of_open
            .iter()
            .filter(|planned| planned.repeat < repeats)
            .map(|planned| planned.job)
            .collect();
        let report = run(Some(&only))?;
        ran += report.ran;
        after.push(repeats.min(horizon));
        if report.ended == Ended::Interrupted {
            return Ok(Looked { report, after, ran });
        }
        let judged = judge(&Evidence::new(plan, &report.results));
        let undecided: HashSet<&str> = judged
            .iter()
            .filter(|claim| claim.verdict == Verdict::Undecided && is_followed(&claim.name))
            .map(|claim| claim.name.as_str())
            .collect();
        open = ClaimedConditions::of(plan, &|name| undecided.contains(name));
        if open.is_empty() || repeats >= horizon.min(most) {
            return Ok(Looked { report, after, ran });
        }
        repeats = (2 * repeats).min(most);
    }
}

fn judge_claim(claim: &Claim, evidence: &Evidence<'_>, family: usize) -> JudgedClaim {
    let mut of_parts: Vec<PartEvidence<'_>> = if claim.refused.is_some() {
        Vec::new()
    } else {
        let evidence = evidence.of(claim);
        claim.parts.iter().map(|part| PartEvidence::of(part, &evidence)).collect()
    };
    // What cannot be used is evidence of nothing, and a repeat left out for it would bend the rest.
    let refused =
        claim.refused.clone().or_else(|| of_parts.iter().find_map(PartEvidence::unusable));
    if refused.is_some() {
        of_parts.clear();
    }
    let outcome = Outcome::of(&of_parts, family);
    let verdict = if refused.is_some() { Verdict::Refused } else { outcome.verdict };
    JudgedClaim {
        name: claim.name.clone(),
        statement: claim.statement.clone(),
        source: claim.source.clone(),
        kind: claim.kind,
        set: claim.set,
        why: claim.why.clone(),
        changed: claim.changed.clone(),
        analysis: claim.analysis().to_string(),
        family_size: family,
        plan: None,
        verdict,
        decided_after: outcome.decided_after,
        needed: outcome.needed,
        refused,
        parts: outcome.parts,
    }
}
