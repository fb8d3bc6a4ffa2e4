//! Claims of the paper's experiment without learning, numbered as in its rebuilt protocol.

use super::{Claim, Part};
use crate::claim::evidence::{Evidence, Series, spread};
use crate::claim::verdict::Criterion;
use crate::quantity::Quantity;

const E1: &str = "RahmanSetayesh, Ghazizadeh & Marvasti (2024), experiment without learning, 20-100-20; tolerances around \
                  the published curves and an independent re-run";

fn isolated(evidence: &Evidence<'_>, schedule: &str) -> Series {
    let selected = [("schedule", schedule), ("activation", "relu")];
    evidence.series("isolated", &selected, Quantity::WeightAlignment, Some(1))
}

pub(super) fn claims() -> Vec<Claim> {
    vec![
        Claim {
            name: "mech/C1".into(),
            statement: "Held (fully autocorrelated) signals align W with B^T without any loss, target or learning"
                .into(),
            source: E1.into(),
            analysis: "isolated",
            parts: vec![
                Part {
                    statistic: "weight alignment at the end, degrees".into(),
                    values: Box::new(|e| isolated(e, "held").last()),
                    criterion: Criterion::within(52.5, 56.0),
                },
                Part {
                    statistic: "weight alignment at iteration 100, degrees".into(),
                    values: Box::new(|e| isolated(e, "held").at(100)),
                    criterion: Criterion::within(69.5, 72.5),
                },
                Part {
                    statistic: "largest change of the mean over 50 iterations from 50 on, degrees".into(),
                    values: Box::new(|e| isolated(e, "held").largest_change(50, 50)),
                    criterion: Criterion::at_most(0.0),
                },
            ],
        },
        Claim {
            name: "mech/C2".into(),
            statement:
                "Fresh errors that are also the inputs (full cross-correlation) align W with B^T almost completely"
                    .into(),
            source: E1.into(),
            analysis: "isolated",
            parts: vec![
                Part {
                    statistic: "weight alignment at the end, degrees".into(),
                    values: Box::new(|e| isolated(e, "shared").last()),
                    criterion: Criterion::within(3.7, 4.7),
                },
                Part {
                    statistic: "weight alignment at iteration 100, degrees".into(),
                    values: Box::new(|e| isolated(e, "shared").at(100)),
                    criterion: Criterion::within(46.5, 50.0),
                },
                Part {
                    statistic: "standard deviation over repeats at the end, degrees".into(),
                    values: Box::new(|e| spread(&isolated(e, "shared").last())),
                    criterion: Criterion::at_most(1.0),
                },
            ],
        },
        Claim {
            name: "mech/C3".into(),
            statement: "Signals that are neither auto- nor cross-correlated give no alignment".into(),
            source: E1.into(),
            analysis: "isolated",
            parts: vec![Part {
                statistic: "weight alignment at the iteration farthest from 90, degrees".into(),
                values: Box::new(|e| isolated(e, "white").farthest_from(90.0)),
                criterion: Criterion::within(88.5, 91.5),
            }],
        },
    ]
}
