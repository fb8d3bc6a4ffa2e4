//! Statements with a criterion fixed in advance, and what the results say of them.

mod evidence;
mod registry;
mod verdict;

pub use evidence::{Evidence, Series};
pub use registry::{Claim, Part, claims};
pub use verdict::{Criterion, Estimate, Verdict, decide};

use crate::text::short;
use serde::Serialize;

/// Joint level of the claims of one document.
const ALPHA: f64 = 0.05;

/// A part of a claim, judged.
#[derive(Clone, Debug, Serialize)]
pub struct JudgedPart {
    /// What was measured.
    pub statistic: String,
    /// Mean over repeats.
    pub mean: Option<f64>,
    /// Student's 95 % interval of the mean, uncorrected.
    pub ci95: Option<[f64; 2]>,
    /// Repeats.
    pub n: usize,
    /// What was asked, in words.
    pub criterion: String,
    /// What follows, after Holm's correction.
    pub verdict: Verdict,
}

impl JudgedPart {
    /// Mean and interval, as in tables.
    pub fn value(&self) -> String {
        self.mean.zip(self.ci95).map_or("no value".into(), |(mean, ends)| with_interval(mean, ends))
    }
}

/// A mean and its interval to two decimals, or to two digits where it is small.
pub(crate) fn with_interval(mean: f64, [low, high]: [f64; 2]) -> String {
    if mean.abs() < 0.01 {
        return format!("{} [{}, {}]", short(mean), short(low), short(high));
    }
    format!("{mean:.2} [{low:.2}, {high:.2}]")
}

/// A claim, judged.
#[derive(Clone, Debug, Serialize)]
pub struct JudgedClaim {
    /// Name, `document/number`.
    pub name: String,
    /// What is claimed.
    pub statement: String,
    /// Who claims it, and where the criterion comes from.
    pub source: String,
    /// The analysis that feeds it.
    pub analysis: &'static str,
    /// Holds if every part does, fails if one fails.
    pub verdict: Verdict,
    /// The parts.
    pub parts: Vec<JudgedPart>,
}

/// Judges the claims whose analysis was run. Holm's correction runs over all parts of the claims of a
/// [family](Claim::family).
pub fn judge(evidence: &Evidence<'_>) -> Vec<JudgedClaim> {
    let claims: Vec<Claim> = claims().into_iter().filter(|claim| evidence.has(claim.analysis)).collect();
    let mut families: Vec<_> = claims.iter().map(Claim::family).collect();
    families.sort_unstable();
    families.dedup();
    let of_family = |family| {
        let members: Vec<(usize, &Claim)> = claims.iter().enumerate().filter(|(_, c)| c.family() == family).collect();
        let judged = judge_family(&members.iter().map(|(_, claim)| *claim).collect::<Vec<_>>(), evidence);
        members.into_iter().map(|(place, _)| place).zip(judged).collect::<Vec<_>>()
    };
    let mut judged: Vec<(usize, JudgedClaim)> = families.into_iter().flat_map(of_family).collect();
    judged.sort_by_key(|(place, _)| *place);
    judged.into_iter().map(|(_, claim)| claim).collect()
}

/// Documents of which only some claims were judged, each with the number judged and the number there is. Holm's correction
/// counts those judged, so that a verdict may be bolder than among all of them.
pub fn partly_judged(judged: &[JudgedClaim]) -> Vec<(String, usize, usize)> {
    let all = claims();
    let mut documents: Vec<&str> = all.iter().map(Claim::document).collect();
    documents.dedup();
    let count = |document: &str| {
        let judged = judged.iter().filter(|claim| registry::document(&claim.name) == document).count();
        (judged, all.iter().filter(|claim| claim.document() == document).count())
    };
    let counted = documents.into_iter().map(|document| (document.to_string(), count(document)));
    counted.filter(|(_, (some, all))| *some > 0 && some < all).map(|(name, (some, all))| (name, some, all)).collect()
}

fn judge_family(claims: &[&Claim], evidence: &Evidence<'_>) -> Vec<JudgedClaim> {
    let parts = claims.iter().flat_map(|claim| &claim.parts);
    let estimates: Vec<_> = parts.map(|part| (Estimate::of(&(part.values)(evidence)), part.criterion)).collect();
    let mut judged = estimates.iter().zip(decide(&estimates, ALPHA));
    let mut judge = |claim: &Claim| {
        let parts: Vec<JudgedPart> = claim
            .parts
            .iter()
            .zip(judged.by_ref())
            .map(|(part, (&(estimate, criterion), verdict))| JudgedPart {
                statistic: part.statistic.clone(),
                mean: estimate.map(|e| e.mean),
                ci95: estimate.map(|e| e.interval(0.95).into()),
                n: estimate.map_or(0, |e| e.n),
                criterion: criterion.describe(),
                verdict,
            })
            .collect();
        let all = |verdict| parts.iter().all(|part| part.verdict == verdict);
        let verdict = if all(Verdict::Holds) {
            Verdict::Holds
        } else if parts.iter().any(|part| part.verdict == Verdict::Fails) {
            Verdict::Fails
        } else {
            Verdict::Undecided
        };
        let (name, statement, source) = (claim.name.clone(), claim.statement.clone(), claim.source.clone());
        JudgedClaim { name, statement, source, analysis: claim.analysis, verdict, parts }
    };
    claims.iter().map(|claim| judge(claim)).collect()
}
