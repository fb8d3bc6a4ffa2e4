//! Claims of the paper about the mechanism in networks that learn, numbered as in its rebuilt protocol.

use super::{CONFOUND, Claim, Part};
use crate::claim::evidence::{Evidence, Repeats, Series};
use crate::claim::verdict::Criterion;
use crate::measure::summary::mean;
use crate::quantity::Quantity;

const PAPER: &str = "RahmanSetayesh, Ghazizadeh & Marvasti (2024)";

/// Layers whose weights have a backward matrix.
const LAYERS: [usize; 4] = [1, 2, 3, 4];

fn claim(name: &str, statement: &str, figure: &str, analysis: &'static str, parts: Vec<Part>) -> Claim {
    super::claim(name, statement, &format!("{PAPER}, {figure}"), analysis, parts)
}

pub(super) fn claims() -> Vec<Claim> {
    let mut claims = vec![similarities(), products(), controls()];
    claims.extend(same_samples());
    claims.extend(planes());
    claims
}

/// A similarity of lag 1 of successive batches.
fn of_batches(e: &Evidence<'_>, quantity: Quantity, l: usize) -> Series {
    e.series_at_lag("similarity", &[], quantity, Some(l), Some(1))
}

/// Values at the iteration, within a range, whose mean is lowest.
fn lowest(series: &Series, from: usize, to: usize) -> Vec<f64> {
    series.within(from..=to).smallest_from(0)
}

fn highest(series: &Series, from: usize, to: usize) -> Vec<f64> {
    lowest(&series.negated(), from, to).into_iter().map(|value| -value).collect()
}

/// C16: experiment E5.
fn similarities() -> Claim {
    use Quantity as Q;
    let above = |what: &str, within: Q, between: Q| {
        let what = what.to_string();
        LAYERS.map(|l| {
            let statistic = format!("layer {l}: {what}, same class minus different, where smallest");
            Part::new(statistic, Criterion::at_least(0.0), move |e| {
                lowest(&of_batches(e, within, l).minus(&of_batches(e, between, l)), 5, usize::MAX)
            })
        })
    };
    let activities = above("activity similarity", Q::SimilarityActivityWithin, Q::SimilarityActivityBetween);
    let errors = above("error similarity", Q::SimilarityErrorWithin, Q::SimilarityErrorBetween);
    let negative = LAYERS.map(|l| {
        let statistic = format!("layer {l}: largest error similarity of different classes from 5 to 300");
        Part::new(statistic, Criterion::at_most(0.0), move |e| {
            highest(&of_batches(e, Q::SimilarityErrorBetween, l), 5, 300)
        })
    });
    let falls = LAYERS.map(|l| {
        let share = if l == 4 { 0.08 } else { 0.05 };
        let statistic =
            format!("layer {l}: error similarity of one class at 1480 minus {share} of its peak from 5 to 110");
        Part::new(statistic, Criterion::at_most(0.0), move |e| {
            let series = of_batches(e, Q::SimilarityErrorWithin, l);
            let peak = highest(&series, 5, 110);
            let end = series.at(1480);
            end.iter().zip(peak).map(|(end, peak)| end - share * peak).collect()
        })
    });
    let peak = LAYERS.map(|l| {
        let statistic = format!("layer {l}: error similarity of one class, highest from 5 to 110 minus highest later");
        Part::new(statistic, Criterion::at_least(0.0), move |e| {
            let series = of_batches(e, Q::SimilarityErrorWithin, l);
            let later = highest(&series, 111, usize::MAX);
            highest(&series, 5, 110).iter().zip(later).map(|(peak, later)| peak - later).collect()
        })
    });
    claim(
        "mech/C16",
        "Activities and errors of one class are more similar than those of different classes, and errors of different \
         classes are opposed",
        "similarities of successive batches (E5); criteria of the rebuilt protocol",
        "similarity",
        activities.into_iter().chain(errors).chain(negative).chain(falls).chain(peak).collect(),
    )
}

/// C18: experiment E5.
fn products() -> Claim {
    use Quantity as Q;
    let products = LAYERS.into_iter().flat_map(|l| {
        [
            Part::new(
                format!("layer {l}: smallest product within classes from 5 to 300"),
                Criterion::at_least(0.0),
                move |e| lowest(&of_batches(e, Q::SimilarityProductWithin, l), 5, 300),
            ),
            Part::new(
                format!("layer {l}: largest product between classes from 5 to 300"),
                Criterion::at_most(0.0),
                move |e| highest(&of_batches(e, Q::SimilarityProductBetween, l), 5, 300),
            ),
        ]
    });
    let eigenvalues = LAYERS.into_iter().flat_map(|l| {
        [
            Part::new(
                format!("layer {l}: smallest mean eigenvalue from 5 to 70"),
                Criterion::at_least(0.0),
                move |e| lowest(&of_batches(e, Q::MeanEigenvalue, l), 5, 70),
            ),
            Part::new(
                format!("layer {l}: mean size of the mean eigenvalue from 500 on, minus a quarter of its early peak"),
                Criterion::at_most(0.0),
                move |e| {
                    let series = of_batches(e, Q::MeanEigenvalue, l);
                    let late = series.repeats_over(500..=usize::MAX).present();
                    late.iter().zip(highest(&series, 5, 70)).map(|(late, peak)| late.abs() - 0.25 * peak).collect()
                },
            ),
            Part::new(
                format!("layer {l}: the same with the mean eigenvalue at the iteration farthest from 0"),
                Criterion::at_most(0.0),
                move |e| {
                    let series = of_batches(e, Q::MeanEigenvalue, l);
                    let worst = series.within(500..=usize::MAX).farthest_from(0.0);
                    let sign = mean(&worst).signum();
                    worst.iter().zip(highest(&series, 5, 70)).map(|(worst, peak)| sign * worst - 0.25 * peak).collect()
                },
            ),
        ]
    });
    claim(
        "mech/C18",
        "Similar inputs meet similar errors early in training, which makes M positive on average",
        "similarities of successive batches (E5); criteria of the rebuilt protocol",
        "similarity",
        products.chain(eigenvalues).collect(),
    )
}

/// The controls of experiment E5.
fn controls() -> Claim {
    use Quantity as Q;
    let shuffled = LAYERS.into_iter().flat_map(|l| {
        [
            Part::new(
                format!("layer {l}: product of similarities minus that at random pairs, where smallest from 5 to 70"),
                Criterion::at_least(0.0),
                move |e| {
                    let of = |quantity| of_batches(e, quantity, l);
                    lowest(&of(Q::SimilarityProduct).minus(&of(Q::SimilarityShuffled)), 5, 70)
                },
            ),
            Part::new(
                format!("layer {l}: product at random pairs over that of the pairs as they are, mean from 5 to 70"),
                Criterion::within(-0.1, 0.1),
                move |e| {
                    let of = |quantity| of_batches(e, quantity, l).repeats_over(5..=70);
                    of(Q::SimilarityShuffled).over(&of(Q::SimilarityProduct)).present()
                },
            ),
        ]
    });
    let random = Part::new(
        "activity similarity of the input layer, same random class minus different, where farthest from 0",
        Criterion::within(-0.05, 0.05),
        |e| {
            let of = |quantity| of_batches(e, quantity, 1);
            of(Q::SimilarityRandomWithin).minus(&of(Q::SimilarityRandomBetween)).farthest_from(0.0)
        },
    );
    claim(
        "mech/shuffled",
        "Destroying the pairing of activities and errors takes the effect away; classes drawn at random make no difference",
        "similarities of successive batches (E5), statement without values; the bound of C21 for random classes, otherwise \
         criteria of this project, set after the first results were seen",
        "similarity",
        shuffled.chain([random]).collect(),
    )
}

/// C21, C24: experiment E6.
fn same_samples() -> Vec<Claim> {
    use Quantity as Q;
    let at = |e: &Evidence<'_>, quantity, l, iteration: usize| -> Repeats {
        e.series_at_lag("similarity-same", &[], quantity, Some(l), Some(1)).repeats_over(iteration..=iteration)
    };
    let control = Part::new(
        "activity similarity of the input layer, same random class minus different",
        Criterion::within(-0.05, 0.05),
        move |e| at(e, Q::SimilarityRandomWithin, 1, 3).minus(&at(e, Q::SimilarityRandomBetween, 1, 3)).present(),
    );
    let early = LAYERS.into_iter().flat_map(|l| {
        let above = |what: &str, within, between| {
            Part::new(
                format!("layer {l}, iteration 3: {what}, same class minus different"),
                Criterion::at_least(0.0),
                move |e| at(e, within, l, 3).minus(&at(e, between, l, 3)).present(),
            )
        };
        [
            above("activity similarity", Q::SimilarityActivityWithin, Q::SimilarityActivityBetween),
            above("error similarity", Q::SimilarityErrorWithin, Q::SimilarityErrorBetween),
            Part::new(
                format!("layer {l}, iteration 3: error similarity of different classes"),
                Criterion::at_most(0.0),
                move |e| at(e, Q::SimilarityErrorBetween, l, 3).present(),
            ),
        ]
    });
    let learnt = |e: &Evidence<'_>, quantity, l, iteration: usize| -> Repeats {
        e.series_at_lag("similarity-learnt", &[], quantity, Some(l), Some(1)).repeats_over(iteration..=iteration)
    };
    let late = LAYERS.into_iter().flat_map(|l| {
        [
            Part::new(
                format!("layer {l}, iteration 3: share of poorly learnt samples in the products"),
                Criterion::within(0.5, 0.8),
                move |e| learnt(e, Q::SimilarityPoorShare, l, 3).present(),
            ),
            Part::new(
                format!("layer {l}, iteration 800: share of poorly learnt samples in the products"),
                Criterion::at_least(0.9),
                move |e| learnt(e, Q::SimilarityPoorShare, l, 800).present(),
            ),
            Part::new(
                format!(
                    "layer {l}, iteration 800: error similarity of well learnt samples over that of poorly learnt ones"
                ),
                Criterion::within(-0.1, 0.1),
                move |e| {
                    let well = learnt(e, Q::SimilarityErrorWell, l, 800);
                    well.over(&learnt(e, Q::SimilarityErrorPoor, l, 800)).present()
                },
            ),
        ]
    });
    let figure = "distributions of similarities (E6); criteria of the rebuilt protocol";
    vec![
        claim(
            "mech/learnt",
            "Late in training the errors of poorly learnt samples are what is left, and all that aligns",
            "distributions of similarities (E6); criteria of this project, fixed before the full run",
            "similarity-learnt",
            late.collect(),
        ),
        claim(
            "mech/C21",
            "With classes drawn at random there is no difference",
            figure,
            "similarity-same",
            vec![control],
        ),
        claim(
            "mech/C24",
            "Early in training, on the same samples, one class is more similar than different ones in every layer",
            figure,
            "similarity-same",
            early.collect(),
        ),
    ]
}

/// C22, C23: experiment E7.
fn planes() -> Vec<Claim> {
    use Quantity as Q;
    let of = |e: &Evidence<'_>, pair: &str, quantity| -> Repeats {
        let series = e.series("planes", &[("pair", pair)], quantity, None);
        series.repeats_over(series.end()..=series.end())
    };
    let figure = "weight trajectories (E7); criteria of the rebuilt protocol";
    let confounded = format!("{figure}; {CONFOUND}");
    let explained = vec![
        Part::new("BP-TRW and BP: variance along two components, percent", Criterion::at_least(88.0), move |e| {
            of(e, "bp", Q::Explained).plus(&of(e, "bp", Q::ExplainedSecond)).present()
        }),
        Part::new(
            "BP-TRW with and without WN: variance along two components, percent",
            Criterion::at_least(88.0),
            move |e| of(e, "wn", Q::Explained).plus(&of(e, "wn", Q::ExplainedSecond)).present(),
        ),
        Part::new("BP-TRW and BP: variance along the first component, percent", Criterion::at_least(80.0), move |e| {
            of(e, "bp", Q::Explained).present()
        }),
    ];
    let worse =
        Part::new("share of repeats whose training loss is above that of BP", Criterion::at_least(1.0), move |e| {
            of(e, "bp", Q::PlaneTrainingLoss).minus(&of(e, "bp", Q::PlaneTrainingLossSecond)).share_above(0.0).present()
        });
    let better =
        Part::new("share of repeats whose training loss is lower with WN", Criterion::at_least(0.5), move |e| {
            of(e, "wn", Q::PlaneTrainingLoss).minus(&of(e, "wn", Q::PlaneTrainingLossSecond)).share_above(0.0).present()
        });
    let accuracy = vec![
        Part::new("BP minus BP-TRW with WN, percentage points", Criterion::at_least(0.0), move |e| {
            of(e, "bp", Q::PlaneAccuracySecond).minus(&of(e, "wn", Q::PlaneAccuracySecond)).present()
        }),
        Part::new("BP-TRW with WN minus BP-TRW, percentage points", Criterion::at_least(2.0), move |e| {
            of(e, "wn", Q::PlaneAccuracySecond).minus(&of(e, "wn", Q::PlaneAccuracy)).present()
        }),
        Part::new("BP-TRW, percent", Criterion::at_least(89.0), move |e| of(e, "bp", Q::PlaneAccuracy).present()),
        Part::new("BP, percent", Criterion::at_least(96.5), move |e| of(e, "bp", Q::PlaneAccuracySecond).present()),
    ];
    vec![
        claim("mech/C22a", "Two components explain the ways of two networks", figure, "planes", explained),
        claim("mech/C22b", "BP-TRW ends at a higher training loss than BP", figure, "planes", vec![worse]),
        claim(
            "mech/C22c",
            "WN takes BP-TRW to a lower training loss, if not for every seed",
            &confounded,
            "planes",
            vec![better],
        ),
        claim("mech/C23", "Accuracies after 100 epochs: BP, BP-TRW with WN, BP-TRW", &confounded, "planes", accuracy),
    ]
}
