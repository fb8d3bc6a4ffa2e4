//! Claims on activities and errors that are correlated with each other, of which the paper shows one extreme (mech/C2).

use super::{Claim, Part, claim};
use crate::claim::evidence::{Evidence, Series};
use crate::claim::verdict::Criterion;
use crate::quantity::Quantity;

const OURS: &str = "abstract of RahmanSetayesh, Ghazizadeh & Marvasti (2024), which says it of cross-correlation at large; \
                    criteria of this project, from exact theory, fixed before the first run";

/// Correlations of white activities and errors, ascending.
const CROSS: [&str; 6] = ["none", "0.2", "0.4", "0.6", "0.8", "same"];
const LAGGED: &str = "0.8@lag=2";

fn angle(e: &Evidence<'_>, analysis: &str, activity: &str, cross: &str, quantity: Quantity) -> Series {
    e.series(analysis, &[("activity", activity), ("cross", cross)], quantity, Some(1))
}

fn at_end(analysis: &'static str, activity: &'static str, cross: &'static str, criterion: Criterion) -> Part {
    let what = format!("activity {activity}, cross {cross}: weight alignment at the end, degrees");
    Part::new(what, criterion, move |e| angle(e, analysis, activity, cross, Quantity::WeightAlignment).last())
}

fn beside_theory(analysis: &'static str, activity: &'static str, cross: &'static str) -> Part {
    let what = format!("activity {activity}, cross {cross}: measured minus predicted given the signals, degrees");
    Part::new(what, Criterion::within(-2.0, 2.0), move |e| {
        let of = |quantity| angle(e, analysis, activity, cross, quantity);
        of(Quantity::WeightAlignment).minus(&of(Quantity::ConditionalAlignment)).last()
    })
}

pub(super) fn claims() -> Vec<Claim> {
    let (swept, lagged) = ("cross-correlation", "cross-lagged");
    let right = Criterion::within(88.0, 92.0);
    let falls = CROSS.windows(2).map(|pair| {
        let [less, more] = [pair[0], pair[1]];
        let what = format!("fall of the angle from cross {less} to {more}, degrees");
        Part::new(what, Criterion::at_least(0.0), move |e| {
            let of = |cross| angle(e, swept, "white", cross, Quantity::WeightAlignment);
            of(less).minus(&of(more)).last()
        })
    });
    let predicted = CROSS.map(|cross| beside_theory(swept, "white", cross));
    let predicted_lagged = ["white", "ar1:0.9"].map(|activity| beside_theory(lagged, activity, LAGGED));
    vec![
        claim(
            "cross/falls",
            "White signals align the more, the more they are correlated with each other, from none",
            OURS,
            swept,
            [at_end(swept, "white", "none", right)].into_iter().chain(falls).collect(),
        ),
        claim("cross/theory", "Exact theory gives the angle at every correlation", OURS, swept, predicted.into()),
        claim(
            "cross/lagged",
            "A correlation over a lag aligns too, if the activity lasts over the lag; white signals it does not align",
            OURS,
            lagged,
            vec![
                at_end(lagged, "ar1:0.9", LAGGED, Criterion::at_most(88.0)),
                at_end(lagged, "ar1:0.9", "none", right),
                at_end(lagged, "white", LAGGED, right),
            ],
        ),
        claim(
            "cross/theory-lagged",
            "Exact theory gives the angle of correlations over a lag",
            OURS,
            lagged,
            predicted_lagged.into(),
        ),
    ]
}
