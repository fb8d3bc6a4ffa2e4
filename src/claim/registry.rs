//! The claims: one table.
//!
//! `mech/*` are numbered as in the rebuilt protocol of the paper's second set of experiments; `digits/*` are this
//! project's analogues on the embedded data, with criteria from a pilot on another seed.

use super::evidence::{Evidence, Series, spread};
use super::verdict::Criterion;
use crate::analysis::Quantity;

/// A statement to be verified.
pub struct Claim {
    /// `document/number`.
    pub name: &'static str,
    /// What is claimed.
    pub statement: &'static str,
    /// Paper and figure, and where the criterion comes from.
    pub source: &'static str,
    /// All have to hold.
    pub parts: &'static [Part],
}

/// One statistic and its criterion.
pub struct Part {
    /// What is measured, in words.
    pub statistic: &'static str,
    /// One value per repeat.
    pub values: fn(&Evidence<'_>) -> Vec<f64>,
    /// What the mean has to satisfy.
    pub criterion: Criterion,
}

impl Claim {
    /// The document the claim belongs to: what stands before the slash.
    pub fn document(&self) -> &'static str {
        self.name.split('/').next().unwrap_or(self.name)
    }
}

const E1: &str = "RahmanSetayesh, Ghazizadeh & Marvasti (2024), experiment without learning, 20-100-20; tolerances around \
                  the published curves and an independent re-run";
const DIGITS: &str = "analogue on 8x8 digits of RahmanSetayesh, Ghazizadeh & Marvasti (2024), networks on MNIST; \
                      criteria of this project, from a pilot on another seed";

fn isolated(evidence: &Evidence<'_>, schedule: &str) -> Series {
    let selected = [("schedule", schedule), ("activation", "relu")];
    evidence.series("isolated", &selected, Quantity::WeightAlignment, Some(1))
}

fn digits(evidence: &Evidence<'_>, quantity: Quantity, layer: Option<usize>) -> Vec<f64> {
    evidence.series("digits", &[("rule", "bp-trw")], quantity, layer).last()
}

/// Every claim, in the order of documents.
pub static CLAIMS: &[Claim] = &[
    Claim {
        name: "mech/C1",
        statement: "Held (fully autocorrelated) signals align W with B^T without any loss, target or learning",
        source: E1,
        parts: &[
            Part {
                statistic: "weight alignment at the end, degrees",
                values: |e| isolated(e, "held").last(),
                criterion: Criterion::within(52.5, 56.0),
            },
            Part {
                statistic: "weight alignment at iteration 100, degrees",
                values: |e| isolated(e, "held").at(100),
                criterion: Criterion::within(69.5, 72.5),
            },
            Part {
                statistic: "largest change of the mean over 50 iterations from 50 on, degrees",
                values: |e| isolated(e, "held").largest_change(50, 50),
                criterion: Criterion::at_most(0.0),
            },
        ],
    },
    Claim {
        name: "mech/C2",
        statement: "Fresh errors that are also the inputs (full cross-correlation) align W with B^T almost completely",
        source: E1,
        parts: &[
            Part {
                statistic: "weight alignment at the end, degrees",
                values: |e| isolated(e, "shared").last(),
                criterion: Criterion::within(3.7, 4.7),
            },
            Part {
                statistic: "weight alignment at iteration 100, degrees",
                values: |e| isolated(e, "shared").at(100),
                criterion: Criterion::within(46.5, 50.0),
            },
            Part {
                statistic: "standard deviation over repeats at the end, degrees",
                values: |e| spread(&isolated(e, "shared").last()),
                criterion: Criterion::at_most(1.0),
            },
        ],
    },
    Claim {
        name: "mech/C3",
        statement: "Signals that are neither auto- nor cross-correlated give no alignment",
        source: E1,
        parts: &[Part {
            statistic: "weight alignment at the iteration farthest from 90, degrees",
            values: |e| isolated(e, "white").farthest_from(90.0),
            criterion: Criterion::within(88.5, 91.5),
        }],
    },
    Claim {
        name: "digits/D1",
        statement: "BP-TRW learns held-out digits, and its hidden weights and updates align",
        source: DIGITS,
        parts: &[
            Part {
                statistic: "test accuracy at the end, percent",
                values: |e| digits(e, Quantity::TestAccuracy, None),
                criterion: Criterion::at_least(90.0),
            },
            Part {
                statistic: "weight alignment of layer 1 at the end, degrees",
                values: |e| digits(e, Quantity::WeightAlignment, Some(1)),
                // 90 - 86.5 is the distance a 50 x 50 pair of independent matrices exceeds once in a thousand.
                criterion: Criterion::at_most(86.5),
            },
            Part {
                statistic: "weight alignment of layer 2 at the end, degrees",
                values: |e| digits(e, Quantity::WeightAlignment, Some(2)),
                criterion: Criterion::at_most(86.5),
            },
            Part {
                statistic: "update alignment of layer 0 at the end, degrees",
                values: |e| digits(e, Quantity::UpdateAlignment, Some(0)),
                criterion: Criterion::at_most(80.0),
            },
            Part {
                statistic: "update alignment of layer 1 at the end, degrees",
                values: |e| digits(e, Quantity::UpdateAlignment, Some(1)),
                criterion: Criterion::at_most(80.0),
            },
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_documents_stand_together() {
        let mut names: Vec<_> = CLAIMS.iter().map(|c| c.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CLAIMS.len());
        let mut documents: Vec<_> = CLAIMS.iter().map(Claim::document).collect();
        documents.dedup();
        let runs = documents.len();
        documents.sort_unstable();
        documents.dedup();
        assert_eq!(documents.len(), runs);
    }
}
