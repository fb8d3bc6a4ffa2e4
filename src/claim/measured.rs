//! Claims about values that were measured elsewhere, judged by the same rule.

use super::judged::JudgedClaim;
use super::part::{Outcome, PartEvidence};
use crate::spec::{Asked, ClaimKind, ClaimSet, ValueKind};
use std::fmt;

/// A part of a claim with its values, one of each repeat, in the order in which they were made.
#[derive(Clone, Debug)]
pub struct MeasuredPart {
    /// What is asked.
    pub asked: Asked,
    /// The values.
    pub values: Vec<f64>,
}

/// A claim about values that were measured elsewhere.
#[derive(Clone, Debug)]
pub struct MeasuredClaim {
    /// A name, to find it by.
    pub name: String,
    /// What is claimed.
    pub statement: String,
    /// What it says.
    pub kind: ClaimKind,
    /// When its criterion was set.
    pub set: ClaimSet,
    /// Claims that share its level of error.
    pub family_size: usize,
    /// All have to hold.
    pub parts: Vec<MeasuredPart>,
}

/// Why values cannot be judged.
#[derive(Clone, Debug, PartialEq)]
pub enum MeasuredError {
    /// There is no part, or no value of one.
    Nothing(String),
    /// A value that is not finite, of a part and repeat.
    NotFinite(String, usize),
    /// A value that is not of the kind said, of a part and repeat.
    Beyond(String, usize, f64, String),
    /// A bound, reach or range that says nothing.
    Senseless(String, &'static str),
}

impl fmt::Display for MeasuredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing(statistic) => write!(f, "`{statistic}` has no value"),
            Self::NotFinite(statistic, repeat) => write!(
                f,
                "`{statistic}`: the value of repeat {repeat} is not finite: give a run that \
                 diverged what it is worth, such as an accuracy of 0; a repeat left out for what \
                 came of it makes every verdict wrong"
            ),
            Self::Beyond(statistic, repeat, value, asked) => {
                write!(f, "`{statistic}`: the value {value} of repeat {repeat} is not {asked}")
            }
            Self::Senseless(statistic, what) => write!(f, "`{statistic}`: {what}"),
        }
    }
}

impl std::error::Error for MeasuredError {}

/// Judges values that were measured elsewhere by the rule that claims of specs are judged by.
///
/// # Errors
/// If a part has no values, one that is not finite or not of the kind said, or a bound that says
/// nothing.
pub fn judge_measured(claim: &MeasuredClaim) -> Result<JudgedClaim, MeasuredError> {
    if claim.parts.is_empty() {
        return Err(MeasuredError::Nothing(claim.name.clone()));
    }
    claim.parts.iter().try_for_each(MeasuredPart::check)?;
    let of_parts: Vec<PartEvidence<'_>> = claim
        .parts
        .iter()
        .map(|part| PartEvidence {
            asked: &part.asked,
            places: vec![None],
            rows: vec![part.values.iter().copied().map(Some).collect()],
        })
        .collect();
    let outcome = Outcome::of(&of_parts, claim.family_size.max(1));
    Ok(JudgedClaim {
        name: claim.name.clone(),
        statement: claim.statement.clone(),
        source: String::new(),
        kind: claim.kind,
        set: claim.set,
        why: String::new(),
        changed: String::new(),
        analysis: String::new(),
        family_size: claim.family_size.max(1),
        plan: None,
        verdict: outcome.verdict,
        decided_after: outcome.decided_after,
        needed: outcome.needed,
        refused: None,
        parts: outcome.parts,
    })
}

impl MeasuredPart {
    fn check(&self) -> Result<(), MeasuredError> {
        let Asked { statistic, criterion, values: kind, epsilon, .. } = &self.asked;
        let senseless = |what| Err(MeasuredError::Senseless(statistic.clone(), what));
        if criterion.low.is_nan() || criterion.high.is_nan() || criterion.low > criterion.high {
            return senseless("the lower bound is above the upper one");
        }
        if criterion.low.is_infinite() && criterion.high.is_infinite() {
            return senseless("there is no bound");
        }
        if *epsilon < 0.0 || criterion.is_all_within(*epsilon) {
            return senseless(
                "epsilon is below 0, or everything between the bounds is within it of one of them",
            );
        }
        let [least, most] = match kind {
            ValueKind::Bounded { range: [low, high], reach } => {
                if !(low < high && *reach > 0.0) {
                    return senseless("the range is empty, or the reach is not above 0");
                }
                if criterion.is_beyond_precision(*reach) {
                    return senseless("the reach is lost beside the bound: it is too small");
                }
                if reach.is_infinite() && (low.is_infinite() || high.is_infinite()) {
                    return senseless("neither a reach nor both ends of a range are known");
                }
                [*low, *high]
            }
            ValueKind::Share | ValueKind::Every(_) => [0.0, 1.0],
            ValueKind::Gaussian | ValueKind::Exact => [f64::NEG_INFINITY, f64::INFINITY],
        };
        if self.values.is_empty() {
            return Err(MeasuredError::Nothing(statistic.clone()));
        }
        let is_share = matches!(kind, ValueKind::Share | ValueKind::Every(_));
        for (repeat, &value) in self.values.iter().enumerate() {
            if !value.is_finite() {
                return Err(MeasuredError::NotFinite(statistic.clone(), repeat));
            }
            let is_one = !is_share || value == 0.0 || value == 1.0;
            if !(is_one && (least..=most).contains(&value)) {
                let asked =
                    if is_share { "0 or 1".into() } else { format!("from {least} to {most}") };
                return Err(MeasuredError::Beyond(statistic.clone(), repeat, value, asked));
            }
        }
        Ok(())
    }
}
