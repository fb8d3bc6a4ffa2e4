//! Statements with a criterion, and what the results say of them.

mod eprocess;
mod evidence;
mod judged;
mod needed;
mod own;
mod registered;
#[cfg(test)]
mod simulation;
mod table;
mod values;
mod verdict;

pub use crate::spec::{Claim, ClaimPart, Criterion};
pub use evidence::Evidence;
#[cfg(feature = "plot")]
pub(crate) use judged::with_interval;
pub use judged::{JudgedClaim, JudgedPart};
pub use own::{FULL, LONG, Own, QUICK};
pub use table::{VERDICT_COLUMNS, verdicts_csv};
pub use verdict::{ALPHA, Verdict};

use crate::measure::summary::Summary;
use crate::run::{Ended, Plan, Planned, RunReport};
use crate::spec::{KnownAnalysis, ValueKind};
use crate::text::short;
use evidence::OfClaim;
use needed::needed;
use std::collections::{BTreeSet, HashSet};
use values::Repeats;
use verdict::{Bounds, evidence as evidence_of, of_claim};

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

/// Has the repeats run that the claims of a plan need: of the conditions of those that are not
/// decided, twice as many at every look, up to `most` repeats: verdicts hold whenever one stops
/// looking. `run` is given the jobs to be run, by index into [`Plan::jobs`]; `None` for all, where
/// nothing is claimed. An interrupted run is the last.
///
/// # Errors
/// Those of `run`.
pub fn look<E>(
    plan: &Plan,
    most: usize,
    mut run: impl FnMut(Option<&HashSet<usize>>) -> Result<RunReport, E>,
) -> Result<Looked, E> {
    let mut open = ClaimedConditions::of(plan, &|_| true);
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
            .filter(|claim| claim.verdict == Verdict::Undecided)
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
    let doubled = if claim.parts.iter().any(|part| part.published_error > 0.0) { 2.0 } else { 1.0 };
    let level = (doubled * family as f64 / ALPHA).ln();
    let parts: Vec<PartEvidence> = if claim.refused.is_some() {
        Vec::new()
    } else {
        let evidence = evidence.of(claim);
        claim.parts.iter().map(|part| PartEvidence::of(part, &evidence)).collect()
    };
    let against_bounds = |bounds: &dyn Fn(&ClaimPart) -> Bounds| {
        of_claim(
            &parts
                .iter()
                .map(|seen| evidence_of(seen.part, &seen.rows, bounds(seen.part)))
                .collect::<Vec<_>>(),
        )
    };
    let decided = against_bounds(&|part| Bounds::of(part, family)).decided(level);
    let at_bound = || {
        let beside = against_bounds(&|part| Bounds::beside(part, family));
        let [inside, outside] = beside.largest();
        let may = claim.parts.iter().any(|part| part.epsilon > 0.0);
        (may && inside >= level && outside >= level).then_some(Verdict::AtTheBound)
    };
    let (verdict, after) = match decided {
        Some((verdict, after)) => (verdict, Some(after)),
        None if claim.refused.is_some() => (Verdict::Refused, None),
        None => (at_bound().unwrap_or(Verdict::Undecided), None),
    };
    let against = level + (parts.len().max(1) as f64).ln();
    let judged: Vec<JudgedPart> =
        parts.iter().map(|seen| seen.judge(family, [level, against])).collect();
    let is_open = |part: &&JudgedPart| part.verdict == Verdict::Undecided;
    let needed: Option<Vec<usize>> =
        judged.iter().filter(is_open).map(|part| part.needed).collect();
    let counts = verdict == Verdict::Undecided && judged.iter().all(|part| part.beyond == 0);
    let needed = needed.and_then(|all| all.into_iter().max()).filter(|_| counts);
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
        decided_after: after,
        needed,
        refused: claim.refused.clone(),
        parts: judged,
    }
}

/// What was seen of a part.
struct PartEvidence<'a> {
    part: &'a ClaimPart,
    places: Vec<Option<usize>>,
    rows: Vec<Repeats>,
}

impl<'a> PartEvidence<'a> {
    fn of(part: &'a ClaimPart, evidence: &OfClaim<'_, '_>) -> Self {
        let found =
            evidence.rows(part).into_iter().filter(|(_, row)| row.iter().any(Option::is_some));
        let (places, rows) = found.unzip();
        Self { part, places, rows }
    }

    /// The row whose mean is nearest to its bound or farthest beyond; where one is enough, the one
    /// that is farthest inside.
    fn shown(&self) -> Option<usize> {
        let Criterion { low, high } = self.part.criterion;
        let margin = |row: &Repeats| {
            let mean = Summary::of(row.iter().copied()).mean.unwrap_or(f64::NAN);
            (mean - low).min(high - mean)
        };
        let margins = self.rows.iter().map(margin).enumerate();
        let sign = if self.part.some { -1.0 } else { 1.0 };
        margins.min_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1))).map(|(place, _)| place)
    }

    /// Repeats that are farther on the wrong side of a bound than is thought possible with the mean
    /// at it.
    fn beyond(&self) -> usize {
        let ValueKind::Bounded { reach, .. } = self.part.values else { return 0 };
        let Criterion { low, high } = self.part.criterion;
        let is_beyond = |value: &f64| *value < low - reach || *value > high + reach;
        self.rows
            .iter()
            .map(|row| row.iter().flatten().filter(|value| is_beyond(value)).count())
            .max()
            .unwrap_or(0)
    }

    fn judge(&self, family: usize, [level, against]: [f64; 2]) -> JudgedPart {
        let bounds = Bounds::of(self.part, family);
        let seen = evidence_of(self.part, &self.rows, bounds);
        let [holds, fails] = seen.largest();
        let verdict = if fails == f64::INFINITY || (fails >= against && holds < level) {
            Verdict::Fails
        } else if holds >= level && fails < against {
            Verdict::Holds
        } else if self.part.epsilon > 0.0 && {
            let [inside, outside] =
                evidence_of(self.part, &self.rows, Bounds::beside(self.part, family)).largest();
            inside >= level && outside >= against
        } {
            Verdict::AtTheBound
        } else {
            Verdict::Undecided
        };
        let shown = self.shown();
        let row: Vec<f64> =
            shown.iter().flat_map(|&place| self.rows[place].iter().copied().flatten()).collect();
        let summary = Summary::of(row.iter().map(|value| Some(*value)));
        let is_open = verdict == Verdict::Undecided;
        JudgedPart {
            statistic: self.part.statistic.clone(),
            mean: summary.mean,
            ci95: interval(&row, &summary, self.part),
            beyond: self.beyond(),
            n: summary.n,
            at: shown.and_then(|place| self.places[place]),
            criterion: describe(self.part),
            verdict,
            evidence_for: power(holds),
            evidence_against: power(fails),
            needed: is_open
                .then(|| needed(&row, self.part.values, bounds, [level, against]))
                .flatten(),
        }
    }
}

/// Powers of ten, none beyond what is worth telling.
fn power(log: f64) -> f64 {
    (log / std::f64::consts::LN_10).clamp(-99.0, 99.0)
}

/// The criterion in words.
fn describe(part: &ClaimPart) -> String {
    let asked = part.criterion.describe();
    match part.values {
        ValueKind::Every(share) => format!("every repeat (shown of {} %)", short(100.0 * share)),
        _ if part.some => format!("{asked}, once at least"),
        _ => asked,
    }
}

/// A 95 % interval that keeps to the values that there can be.
fn interval(row: &[f64], summary: &Summary, part: &ClaimPart) -> Option<[f64; 2]> {
    match part.values {
        ValueKind::Share | ValueKind::Every(_) => {
            let n = row.len() as f64;
            let ones = row.iter().filter(|value| **value != 0.0).count() as f64;
            (n > 0.0).then(|| clopper_pearson(ones, n))
        }
        _ => {
            let [low, high] = part.range.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
            summary.ci95.map(|[a, b]| [a.max(low), b.min(high)])
        }
    }
}

/// The exact 95 % interval of a share (Clopper & Pearson 1934).
fn clopper_pearson(ones: f64, n: f64) -> [f64; 2] {
    use statrs::function::beta::inv_beta_reg;
    let low = if ones == 0.0 { 0.0 } else { inv_beta_reg(ones, n - ones + 1.0, 0.025) };
    let high = if ones == n { 1.0 } else { inv_beta_reg(ones + 1.0, n - ones, 0.975) };
    [low, high]
}
