//! Claims on the embedded digits: this project's analogues, with criteria from a pilot on another seed.

use super::{Claim, Part};
use crate::claim::evidence::Evidence;
use crate::claim::verdict::Criterion;
use crate::quantity::Quantity;

const DIGITS: &str = "analogue on 8x8 digits of RahmanSetayesh, Ghazizadeh & Marvasti (2024), networks on MNIST; \
                      criteria of this project, from a pilot on another seed";

fn digits(evidence: &Evidence<'_>, quantity: Quantity, layer: Option<usize>) -> Vec<f64> {
    evidence.series("digits", &[("rule", "bp-trw")], quantity, layer).last()
}

pub(super) fn claims() -> Vec<Claim> {
    vec![Claim {
        name: "digits/D1".into(),
        statement: "BP-TRW learns held-out digits, and its hidden weights and updates align".into(),
        source: DIGITS.into(),
        analysis: "digits",
        parts: vec![
            Part {
                statistic: "test accuracy at the end, percent".into(),
                values: Box::new(|e| digits(e, Quantity::TestAccuracy, None)),
                criterion: Criterion::at_least(90.0),
            },
            Part {
                statistic: "weight alignment of layer 1 at the end, degrees".into(),
                values: Box::new(|e| digits(e, Quantity::WeightAlignment, Some(1))),
                // 90 - 86.5 is the distance a 50 x 50 pair of independent matrices exceeds once in a thousand.
                criterion: Criterion::at_most(86.5),
            },
            Part {
                statistic: "weight alignment of layer 2 at the end, degrees".into(),
                values: Box::new(|e| digits(e, Quantity::WeightAlignment, Some(2))),
                criterion: Criterion::at_most(86.5),
            },
            Part {
                statistic: "update alignment of layer 0 at the end, degrees".into(),
                values: Box::new(|e| digits(e, Quantity::UpdateAlignment, Some(0))),
                criterion: Criterion::at_most(80.0),
            },
            Part {
                statistic: "update alignment of layer 1 at the end, degrees".into(),
                values: Box::new(|e| digits(e, Quantity::UpdateAlignment, Some(1))),
                criterion: Criterion::at_most(80.0),
            },
        ],
    }]
}
