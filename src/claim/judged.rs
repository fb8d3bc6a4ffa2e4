//! What was found of a claim and of its parts.

use super::verdict::Verdict;
use crate::spec::{ClaimKind, ClaimSet, document};
use crate::text::with_interval;
use serde::Serialize;

/// A part of a claim, judged.
#[derive(Clone, Debug, Serialize)]
pub struct JudgedPart {
    /// What was measured.
    pub statistic: String,
    /// Mean over repeats; of several values, of the one that is nearest to its bound, or farthest
    /// beyond.
    pub mean: Option<f64>,
    /// Student's 95 % interval of the mean; for shares that of Clopper and Pearson.
    pub ci95: Option<[f64; 2]>,
    /// Repeats with a value.
    pub n: usize,
    /// Repeats that are farther on the wrong side of a bound than the claim says that they can be
    /// if the mean is at it.
    pub beyond: usize,
    /// The iteration, draw or place that the mean is of, where there are several.
    pub at: Option<usize>,
    /// What was asked, in words.
    pub criterion: String,
    /// What follows.
    pub verdict: Verdict,
    /// How much evidence there is that it holds, as a power of ten.
    pub evidence_for: f64,
    /// How much evidence there is that it does not, as a power of ten.
    pub evidence_against: f64,
    /// Repeats that are estimated to decide it; `None` if it is decided, or a million would not do.
    pub needed: Option<usize>,
}

impl JudgedPart {
    /// Mean and interval, as in tables.
    pub fn value(&self) -> String {
        self.mean.zip(self.ci95).map_or("no value".into(), |(mean, ends)| with_interval(mean, ends))
    }
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
    /// What it says.
    pub kind: ClaimKind,
    /// When its criterion was set.
    pub set: ClaimSet,
    /// Why its bounds are what they are.
    pub why: String,
    /// What of the criterion was changed after it was set.
    pub changed: String,
    /// The analysis that feeds it.
    pub analysis: String,
    /// Claims that share its level of error.
    pub family_size: usize,
    /// The plan that fixed it and the seeds before they were run; `None` if it is judged on others.
    pub plan: Option<String>,
    /// Holds if every part does, fails if one fails.
    pub verdict: Verdict,
    /// Repeats after which that was decided.
    pub decided_after: Option<usize>,
    /// Repeats that are estimated to decide it, where it is not.
    pub needed: Option<usize>,
    /// Why it was not judged.
    pub refused: Option<String>,
    /// The parts.
    pub parts: Vec<JudgedPart>,
}

impl JudgedClaim {
    /// The document the claim belongs to.
    pub fn document(&self) -> &str {
        document(&self.name)
    }

    /// When its criterion was set, and on what it is judged, in words.
    pub fn origin(&self) -> String {
        let set = match self.set {
            ClaimSet::Before => "Its criterion was set before results were seen",
            ClaimSet::Exploratory => "Exploratory: its criterion was set after results were seen",
        };
        match &self.plan {
            Some(plan) => format!("{set}; judged as planned in {plan}, on seeds not seen before"),
            None => set.into(),
        }
    }

    /// What would decide it, in words; nothing where it is decided.
    pub fn outlook(&self) -> String {
        match (self.verdict, self.needed, &self.refused) {
            (Verdict::Refused, _, Some(why)) => format!("not judged: {why}"),
            (Verdict::Undecided, ..) if self.parts.iter().any(|part| part.beyond > 0) => {
                "values spread farther than the claim allows for (reach), so that they do not \
                 count for it"
                    .into()
            }
            (Verdict::Undecided, Some(needed), _) => format!("about {needed} repeats would decide"),
            (Verdict::Undecided, None, _) => {
                "no number of repeats up to a million is estimated to \
                decide"
                    .into()
            }
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::{MeasuredClaim, MeasuredPart, judge_measured};
    use crate::spec::{Asked, Criterion, ValueKind};

    fn judged(values: &[f64], reach: f64) -> JudgedClaim {
        let range = [f64::NEG_INFINITY, f64::INFINITY];
        let asked = Asked {
            statistic: "gain".into(),
            criterion: Criterion { low: 0.0, high: f64::INFINITY },
            some: false,
            values: ValueKind::Bounded { range, reach },
            range: None,
            epsilon: 0.0,
            published_error: 0.0,
        };
        judge_measured(&MeasuredClaim {
            name: "gain".into(),
            statement: "It helps".into(),
            kind: ClaimKind::Direction,
            set: ClaimSet::Before,
            family_size: 1,
            parts: vec![MeasuredPart { asked, values: values.to_vec() }],
        })
        .unwrap()
    }

    #[test]
    fn what_would_decide_is_said_of_what_is_open() {
        let open = judged(&[1.0, 1.5, 0.5, 1.0], 5.0);
        assert_eq!(
            (open.verdict, open.parts[0].value()),
            (Verdict::Undecided, "1.00 [0.35, 1.65]".into())
        );
        let needed = open.needed.unwrap();
        assert_eq!(open.outlook(), format!("about {needed} repeats would decide"));
        let beyond = judged(&[1.0, 1.5, -6.0, 1.0], 5.0);
        assert!(beyond.outlook().contains("values spread farther than the claim allows for"));
        let decided = judged(&[4.0; 12], 5.0);
        assert_eq!((decided.verdict, decided.outlook().as_str()), (Verdict::Holds, ""));
    }
}
