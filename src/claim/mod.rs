//! Statements with a criterion fixed in advance, and what the results say of them.

mod evidence;
mod registry;
mod verdict;

pub use evidence::{Evidence, Series};
pub use registry::{CLAIMS, Claim, Part};
pub use verdict::{Criterion, Estimate, Verdict, decide};

use serde::Serialize;

/// Joint level of the claims of one document.
const ALPHA: f64 = 0.05;

/// A part of a claim, judged.
#[derive(Clone, Debug, Serialize)]
pub struct JudgedPart {
    /// What was measured.
    pub statistic: &'static str,
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

/// A claim, judged.
#[derive(Clone, Debug, Serialize)]
pub struct JudgedClaim {
    /// Name, `document/number`.
    pub name: &'static str,
    /// What is claimed.
    pub statement: &'static str,
    /// Who claims it, and where the criterion comes from.
    pub source: &'static str,
    /// Holds if every part does, fails if one fails.
    pub verdict: Verdict,
    /// The parts.
    pub parts: Vec<JudgedPart>,
}

/// Judges every registered claim on the results. Holm's correction runs over all parts of a document's claims.
pub fn judge(evidence: &Evidence<'_>) -> Vec<JudgedClaim> {
    let mut documents: Vec<&str> = CLAIMS.iter().map(Claim::document).collect();
    documents.dedup();
    documents.into_iter().flat_map(|document| judge_document(document, evidence)).collect()
}

fn judge_document(document: &str, evidence: &Evidence<'_>) -> Vec<JudgedClaim> {
    let claims = || CLAIMS.iter().filter(|claim| claim.document() == document);
    let estimates: Vec<_> = claims()
        .flat_map(|claim| claim.parts)
        .map(|part| (Estimate::of(&(part.values)(evidence)), part.criterion))
        .collect();
    let mut judged = estimates.iter().zip(decide(&estimates, ALPHA));
    claims()
        .map(|claim| {
            let parts: Vec<JudgedPart> = claim
                .parts
                .iter()
                .zip(judged.by_ref())
                .map(|(part, (&(estimate, criterion), verdict))| JudgedPart {
                    statistic: part.statistic,
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
            JudgedClaim { name: claim.name, statement: claim.statement, source: claim.source, verdict, parts }
        })
        .collect()
}
