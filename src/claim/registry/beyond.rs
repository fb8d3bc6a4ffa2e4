//! Claims on what the paper's networks leave fixed: width, the size of batches, how often labels change. Criteria of this
//! project, set before the first run of what they judge.

use super::{Claim, Part, claim};
use crate::claim::evidence::{Evidence, Repeats};
use crate::claim::verdict::Criterion;
use crate::quantity::Quantity;

const OURS: &str = "not in the paper; criteria of this project, fixed before the first run";
const ADDED: &str = "not in the paper; criteria of this project, added after the version at batches of 1,000 had failed at 200 \
                     units, and fixed before their own run";

/// What WN(1) changes besides keeping the norms of the weights.
const B_SCALED: &str = "with WN(1) B is scaled too, its columns to norm 1: 2, 1.4, 1 and 0.7 times as drawn at 25, 50, 100 and \
                        200 units";

/// Hidden layers of every network here.
const HIDDEN: usize = 4;

const PLAIN: [&str; 2] = ["bp-trw", "off"];
const NORMALISED: [&str; 2] = ["bp-trw", "1"];
/// Weight normalisation of the experiments with labels that change.
const WITH_WN: &str = "0.6";

pub(super) fn claims() -> Vec<Claim> {
    let mut claims = width();
    claims.extend(batch());
    claims.extend(frequency());
    claims.extend(rules());
    claims.extend(akrout());
    claims
}

/// Values at the end of the condition with these values.
fn at_end(
    e: &Evidence<'_>,
    analysis: &str,
    axes: &[(&str, &str)],
    [rule, wn]: [&str; 2],
    quantity: Quantity,
    layer: Option<usize>,
) -> Repeats {
    let selected: Vec<(&str, &str)> = axes.iter().copied().chain([("rule", rule), ("wn", wn)]).collect();
    let series = e.series(analysis, &selected, quantity, layer);
    series.repeats_at(series.end())
}

/// Mean over hidden layers of the weight alignment at the end.
fn mean_angle(e: &Evidence<'_>, analysis: &str, axes: &[(&str, &str)], condition: [&str; 2]) -> Repeats {
    let of = |l| at_end(e, analysis, axes, condition, Quantity::WeightAlignment, Some(l));
    Repeats::mean((1..=HIDDEN).map(of).collect())
}

/// Hidden layers of one width, as in conditions.
fn hidden(width: usize) -> String {
    vec![width.to_string(); HIDDEN].join(",")
}

/// With batches of 1,000 the step is too long for 200 units: the networks end at chance, which made the first version of
/// these claims fail there. What width does is judged with batches of 100 too, as alignment depends on the samples seen.
fn width() -> Vec<Claim> {
    const WIDTHS: [usize; 4] = [25, 50, 100, 200];
    let angle = |e: &Evidence<'_>, batch: &str, width: usize, condition| {
        mean_angle(e, "width", &[("hidden", &hidden(width)), ("batch", batch)], condition)
    };
    let present = |batch: &'static str| {
        WIDTHS.map(|width| {
            let what = format!("{width} units: mean angle of hidden layers without WN, degrees");
            Part::new(what, Criterion::at_most(88.0), move |e| angle(e, batch, width, PLAIN).present())
        })
    };
    let restored = |batch: &'static str| {
        WIDTHS.map(|width| {
            let what = format!("{width} units: mean angle without WN minus with WN and B of norm 1, degrees");
            Part::new(what, Criterion::at_least(1.0), move |e| {
                angle(e, batch, width, PLAIN).minus(&angle(e, batch, width, NORMALISED)).present()
            })
        })
    };
    let weaker = |batch: &'static str| {
        let what = "mean angle at 200 units minus that at 50, no WN, degrees";
        vec![Part::new(what, Criterion::at_least(1.0), move |e| {
            angle(e, batch, 200, PLAIN).minus(&angle(e, batch, 50, PLAIN)).present()
        })]
    };
    let of_batches = |batch: &'static str, suffix: &str, source: &str| {
        let of = |name: &str, statement: &str, parts| {
            let statement = format!("{statement} (batches of {batch})");
            let source = format!("{source}; {B_SCALED}");
            claim(&format!("width/{name}{suffix}"), &statement, &source, "width", parts)
        };
        [
            of("present", "Weights align at every width", present(batch).into()),
            of("restored", "WN restores alignment at every width", restored(batch).into()),
            of(
                "weaker",
                "Wider layers align less: what aligns them has the rank of the task, not of the layer",
                weaker(batch),
            ),
        ]
    };
    of_batches("1000", "", OURS).into_iter().chain(of_batches("100", "-100", ADDED)).collect()
}

fn batch() -> Vec<Claim> {
    let angle = |e: &Evidence<'_>, batch: &str, condition| mean_angle(e, "batch", &[("batch", batch)], condition);
    let same = ["50", "200", "2000"].into_iter().flat_map(|batch| {
        [(PLAIN, "no WN"), (NORMALISED, "WN and B of norm 1")].map(|(condition, name)| {
            let what = format!("{name}: mean angle at batches of {batch} minus that at 1000, degrees");
            Part::new(what, Criterion::within(-5.0, 5.0), move |e| {
                angle(e, batch, condition).minus(&angle(e, "1000", condition)).present()
            })
        })
    });
    let accurate = ["50", "200"].map(|batch| {
        let what = format!("BP-TRW, no WN: accuracy at batches of {batch} minus that at 1000, percentage points");
        Part::new(what, Criterion::within(-3.0, 3.0), move |e| {
            let of = |batch| at_end(e, "batch", &[("batch", batch)], PLAIN, Quantity::TestAccuracy, None);
            of(batch).minus(&of("1000")).present()
        })
    });
    vec![
        claim(
            "batch/same",
            "Alignment depends on the samples seen, not on how they are batched",
            OURS,
            "batch",
            same.collect(),
        ),
        claim("batch/accuracy", "So does the accuracy of BP-TRW", OURS, "batch", accurate.into()),
    ]
}

fn frequency() -> Vec<Claim> {
    const EVERY: [&str; 3] = ["every:10", "every:20", "every:40"];
    const RULES: [[&str; 2]; 2] = [["bp", "BP"], ["bp-trw", "BP-TRW"]];
    let before = |e: &Evidence<'_>, every: &str, rule: &str, wn: &str| {
        let selected = [("label-change", every), ("rule", rule), ("wn", wn)];
        e.series("label-frequency", &selected, Quantity::AccuracyBeforeChange, None)
    };
    let mean = move |e: &Evidence<'_>, every: &str, rule: &str, wn: &str| {
        before(e, every, rule, wn).repeats_over(0..=usize::MAX)
    };
    let of_each = EVERY.into_iter().flat_map(|every| RULES.map(|rule| (every, rule)));
    let helps = of_each.clone().map(|(every, [rule, name])| {
        let what = format!("{name}, {every}: mean accuracy before changes, WN minus no WN, percentage points");
        Part::new(what, Criterion::at_least(10.0), move |e| {
            mean(e, every, rule, WITH_WN).minus(&mean(e, every, rule, "off")).present()
        })
    });
    let matched = EVERY.map(|every| {
        let what = format!("{every}: mean accuracy before changes with WN, BP minus BP-TRW, percentage points");
        Part::new(what, Criterion::at_most(5.0), move |e| {
            mean(e, every, "bp", WITH_WN).minus(&mean(e, every, "bp-trw", WITH_WN)).present()
        })
    });
    let worn = RULES.map(|[rule, name]| {
        let what = format!(
            "{name}, every:20, no WN: accuracy before the last change minus before the first, percentage points"
        );
        Part::new(what, Criterion::at_most(-20.0), move |e| {
            let series = before(e, "every:20", rule, "off");
            let first = series.by_iteration.keys().next().copied().unwrap_or(0);
            series.repeats_at(series.end()).minus(&series.repeats_at(first)).present()
        })
    });
    vec![
        claim(
            "frequency/helps",
            "WN helps both rules however often labels change",
            OURS,
            "label-frequency",
            helps.collect(),
        ),
        claim(
            "frequency/match",
            "With WN, BP-TRW almost matches BP however often labels change",
            OURS,
            "label-frequency",
            matched.into(),
        ),
        claim(
            "frequency/worn",
            "Without WN networks wear out as labels go on changing",
            OURS,
            "label-frequency",
            worn.into(),
        ),
    ]
}

/// Rules other than BP, BP-TRW and that of frozen hidden layers.
const OTHERS: [&str; 10] = [
    "dfa",
    "sign-uniform",
    "sign-batch",
    "sign-fixed",
    "kolen-pollack",
    "mirror:0.02",
    "interpolated:0.5",
    "correlated:0.5",
    "sparse:0.1",
    "orthogonal",
];

fn rules() -> Vec<Claim> {
    const DATA: [&str; 2] = ["mnist", "fashion-mnist"];
    let accuracy = |e: &Evidence<'_>, data: &str, rule: &str| {
        at_end(e, "rules", &[("data", data)], [rule, "off"], Quantity::TestAccuracy, None)
    };
    let angle = |e: &Evidence<'_>, data: &str, rule: &str| {
        let of = |l| at_end(e, "rules", &[("data", data)], [rule, "off"], Quantity::WeightAlignment, Some(l));
        Repeats::mean((1..=HIDDEN).map(of).collect())
    };
    let each = |rules: &[&'static str]| -> Vec<(&'static str, &'static str)> {
        DATA.into_iter().flat_map(|data| rules.iter().map(move |&rule| (data, rule))).collect()
    };
    let learn = each(&OTHERS).into_iter().chain(each(&["bp-trw"])).map(|(data, rule)| {
        let what = format!("{data}, {rule}: accuracy minus that of frozen hidden layers, percentage points");
        Part::new(what, Criterion::at_least(10.0), move |e| {
            accuracy(e, data, rule).minus(&accuracy(e, data, "shallow")).present()
        })
    });
    let signs = each(&["sign-uniform", "sign-batch", "sign-fixed"]).into_iter().flat_map(|(data, rule)| {
        let near = format!("{data}, {rule}: BP's accuracy minus its own, percentage points");
        let ahead = format!("{data}, {rule}: its accuracy minus that of BP-TRW, percentage points");
        [
            Part::new(near, Criterion::at_most(2.0), move |e| {
                accuracy(e, data, "bp").minus(&accuracy(e, data, rule)).present()
            }),
            Part::new(ahead, Criterion::at_least(0.0), move |e| {
                accuracy(e, data, rule).minus(&accuracy(e, data, "bp-trw")).present()
            }),
        ]
    });
    let direct = DATA.map(|data| {
        let what = format!("{data}: accuracy of DFA minus that of BP-TRW, percentage points");
        Part::new(what, Criterion::within(-3.0, 3.0), move |e| {
            accuracy(e, data, "dfa").minus(&accuracy(e, data, "bp-trw")).present()
        })
    });
    let aligned = each(&["kolen-pollack", "mirror:0.02"]).into_iter().map(|(data, rule)| {
        let what = format!("{data}, {rule}: mean angle of hidden layers, degrees");
        Part::new(what, Criterion::at_most(30.0), move |e| angle(e, data, rule).present())
    });
    vec![
        claim(
            "rules/learn",
            "Under every rule hidden layers learn what frozen ones do not have",
            OURS,
            "rules",
            learn.collect(),
        ),
        claim(
            "rules/signs",
            "With the signs of the forward weights feedback does almost as well as BP, and better than BP-TRW",
            "the order of the errors that BioTorch publishes (convolutional networks: MNIST 0.84, 0.83, 0.79, 0.92 and 1.91 %, \
             Fashion-MNIST 8.88, 9.22, 9.31, 9.27 and 12.77 % for BP, the three and FA); bounds of this project, fixed before \
             the first run",
            "rules",
            signs.collect(),
        ),
        claim(
            "rules/direct",
            "Direct feedback alignment does as well as BP-TRW",
            "BioTorch publishes nearly equal errors (1.71 and 1.91 %, 12.76 and 12.77 %); bounds of this project, fixed before \
             the first run",
            "rules",
            direct.into(),
        ),
        claim(
            "rules/learnt",
            "Backward weights that learn end close to the forward weights",
            OURS,
            "rules",
            aligned.collect(),
        ),
    ]
}

/// The values committed with the code release, after so many epochs: angle in degrees and test accuracy in percent.
fn akrout() -> [Claim; 2] {
    const EPOCH: usize = 468;
    const SOURCE: &str = "runs committed with the code of Akrout et al. (2019), whose bias gradient is divided by the batch \
                          twice, which ours is not; tolerances set before the first run; a version that did not leave out \
                          the short last batch, as that code does, failed at the accuracy after one epoch (83.2), and one \
                          of 3 repeats left these undecided";
    let near = |centre: f64, reach: f64| Criterion::within(centre - reach, centre + reach);
    let parts = move |analysis: &'static str, rule: &'static str, (epoch, degrees, percent): (usize, f64, f64)| {
        let of = move |e: &Evidence<'_>, quantity, layer| {
            e.series(analysis, &[("rule", rule)], quantity, layer).at(epoch * EPOCH)
        };
        let after = format!("{rule} after {epoch} epochs");
        [
            Part::new(format!("{after}: angle, degrees"), near(degrees, 3.0), move |e| {
                of(e, Quantity::WeightAlignment, Some(1))
            }),
            Part::new(format!("{after}: test accuracy, percent"), near(percent, 1.0), move |e| {
                of(e, Quantity::TestAccuracy, None)
            }),
        ]
    };
    let early = [(1, 40.0, 85.5), (10, 29.3, 90.9), (40, 36.6, 94.2)];
    let late = [("bp-trw", (400, 40.0, 97.8)), ("kolen-pollack", (400, 3.6, 98.5))];
    [
        claim(
            "akrout/fa",
            "Feedback alignment gives the angles and accuracies of an independent program",
            SOURCE,
            "akrout",
            early.into_iter().flat_map(|expected| parts("akrout", "bp-trw", expected)).collect(),
        ),
        claim(
            "akrout/end",
            "So it does after ten times as long, and Kolen-Pollack too, which there lets nothing decay",
            SOURCE,
            "akrout-long",
            late.into_iter().flat_map(|(rule, expected)| parts("akrout-long", rule, expected)).collect(),
        ),
    ]
}
