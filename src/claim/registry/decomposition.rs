//! Claims on what the updates of a network in training are made of (experiments E2 to E4), and on the alignment budget.

use super::{Claim, Part, claim};
use crate::claim::evidence::{Evidence, Repeats, Series};
use crate::claim::verdict::Criterion;
use crate::measure::summary::mean;
use crate::quantity::Quantity;

const PAPER: &str = "RahmanSetayesh, Ghazizadeh & Marvasti (2024), experiments E2 and E3; tolerances around the published \
                     curves and an independent re-run";
const WITHHELD: &str = "RahmanSetayesh, Ghazizadeh & Marvasti (2024), experiments E2 and E4, statements without values; criteria \
                        fixed before the full run";
const E2: &str = "RahmanSetayesh, Ghazizadeh & Marvasti (2024), experiment E2";
const E3: &str = "RahmanSetayesh, Ghazizadeh & Marvasti (2024), experiment E3";
const AFTER: &str = "criterion of this project, set after the first results were seen";
const BUDGET: &str = "after Robertson & Koyejo (2024); criteria of this project, fixed before the full run";

const LAYERS: [usize; 4] = [1, 2, 3, 4];
/// Iterations early and late in training whose terms are shown over lags.
const EARLY: usize = 66;
const LATE: usize = 1260;

const ONCE: [(&str, &str); 2] = [("order", "once"), ("wrong-labels", "0")];
const SHUFFLED: [(&str, &str); 2] = [("order", "each-epoch"), ("wrong-labels", "0")];
const RANDOM: [(&str, &str); 2] = [("order", "fixed"), ("wrong-labels", "1")];

/// Mean angle of the alignment terms of several lags at an iteration.
fn term(
    e: &Evidence<'_>,
    selected: &[(&str, &str)],
    at: usize,
    l: usize,
    lags: impl IntoIterator<Item = usize>,
) -> Repeats {
    let of_lag = |lag| {
        let series = e.series_at_lag("terms-lags", selected, Quantity::TermAngle, Some(l), Some(lag));
        series.repeats_over(at..=at)
    };
    Repeats::mean(lags.into_iter().map(of_lag).collect())
}

/// Values of the lag, of these, whose mean angle is largest.
fn largest_term(
    e: &Evidence<'_>,
    selected: &[(&str, &str)],
    at: usize,
    l: usize,
    lags: std::ops::RangeInclusive<usize>,
) -> Vec<f64> {
    let all = lags.map(|lag| term(e, selected, at, l, [lag]).present()).filter(|values| !values.is_empty());
    all.max_by(|a, b| mean(a).total_cmp(&mean(b))).unwrap_or_default()
}

fn lags_series(e: &Evidence<'_>, selected: &[(&str, &str)], quantity: Quantity, l: usize) -> Series {
    e.series("terms-lags", selected, quantity, Some(l))
}

fn remainder(e: &Evidence<'_>, quantity: Quantity, l: usize) -> Series {
    e.series("remainder", &[], quantity, Some(l))
}

pub(super) fn claims() -> Vec<Claim> {
    vec![
        exact(),
        sizes(),
        directions(),
        explained(),
        lags(),
        updates(),
        shares(),
        late(),
        random(),
        linear(),
        control(),
        dip(),
        learns(),
        orthogonal(),
    ]
    .into_iter()
    .chain(budgets())
    .collect()
}

/// mech/C4.
fn exact() -> Claim {
    let of = |quantity, what: &str| {
        LAYERS.map(|l| {
            Part::new(format!("layer {l}: {what}, largest over time"), Criterion::within(0.0, 1e-10), move |e| {
                e.series("linear-network", &[], quantity, Some(l)).farthest_from(0.0)
            })
        })
    };
    let parts = of(Quantity::RemainderRatio, "size of the remainder over the update").into_iter();
    let deviation = of(Quantity::LinearTermsDeviation, "linear form minus alignment terms, over these");
    let statement = "In a linear network the alignment terms and the last term are the whole update, and the linear form of \
                     the terms is exact";
    claim("mech/C4", statement, PAPER, "linear-network", parts.chain(deviation).collect())
}

/// mech/C6.
fn sizes() -> Claim {
    let ratio = |e: &Evidence<'_>, l, k: usize| remainder(e, Quantity::RemainderRatio, l).repeats_over(k..=k);
    let bounds = LAYERS.into_iter().zip([0.03, 0.05, 0.07, 0.12]).map(move |(l, bound)| {
        Part::new(format!("layer {l}: ratio at iteration 1500"), Criterion::at_most(bound), move |e| {
            ratio(e, l, 1500).present()
        })
    });
    let order = [1, 2, 3].map(|l| {
        let what = format!("layer {} minus layer {l}: ratio at iteration 1500", l + 1);
        Part::new(what, Criterion::at_least(0.0), move |e| ratio(e, l + 1, 1500).minus(&ratio(e, l, 1500)).present())
    });
    let plateau = LAYERS.map(|l| {
        let what = format!("layer {l}: ratio at iteration 1500 over that at 500");
        Part::new(what, Criterion::within(1.0, 1.6), move |e| ratio(e, l, 1500).over(&ratio(e, l, 500)).present())
    });
    let start = LAYERS.map(|l| {
        Part::new(format!("layer {l}: ratio at iteration 0"), Criterion::at_most(1e-6), move |e| {
            ratio(e, l, 0).present()
        })
    });
    let statement = "The remainder is small, larger in higher layers, and grows from nothing to a plateau";
    claim("mech/C6", statement, PAPER, "remainder", bounds.chain(order).chain(plateau).chain(start).collect())
}

/// mech/C7.
fn directions() -> Claim {
    let last = LAYERS.map(|l| {
        let what = format!("layer {l}: angle of the last term, at the iteration farthest from 91, degrees");
        Part::new(what, Criterion::within(88.0, 94.0), move |e| {
            remainder(e, Quantity::LastAngle, l).farthest_from(91.0)
        })
    });
    let rest = LAYERS.map(|l| {
        let what = format!("layer {l}: angle of the remainder, at the iteration farthest from 92, degrees");
        Part::new(what, Criterion::within(88.0, 96.0), move |e| {
            remainder(e, Quantity::RemainderAngle, l).farthest_from(92.0)
        })
    });
    let statement = "Neither last term nor remainder points towards the transposed B";
    claim("mech/C7", statement, PAPER, "remainder", last.into_iter().chain(rest).collect())
}

/// mech/C8.
fn explained() -> Claim {
    let angle = |e: &Evidence<'_>, quantity, l| lags_series(e, &ONCE, quantity, l).repeats_over(EARLY..=EARLY);
    let parts = LAYERS.into_iter().flat_map(|l| {
        let what = |what| format!("layer {l}: {what} at iteration {EARLY}, degrees");
        [
            Part::new(what("angle of the sum of the terms"), Criterion::at_most(85.0), move |e| {
                angle(e, Quantity::TermsAngle, l).present()
            }),
            Part::new(what("angle of the update minus that"), Criterion::at_least(0.0), move |e| {
                angle(e, Quantity::StepAlignment, l).minus(&angle(e, Quantity::TermsAngle, l)).present()
            }),
            Part::new(what("angle of the update"), Criterion::at_most(90.0), move |e| {
                angle(e, Quantity::StepAlignment, l).present()
            }),
        ]
    });
    let statement = "The alignment terms point towards the transposed B more than the update they are part of";
    claim("mech/C8", statement, PAPER, "terms-lags", parts.collect())
}

/// mech/C9.
fn lags() -> Claim {
    let every = LAYERS.map(|l| {
        let what = format!("layer {l}: largest angle of the terms of lags 1 to 58 at iteration {EARLY}, degrees");
        Part::new(what, Criterion::at_most(90.0), move |e| largest_term(e, &ONCE, EARLY, l, 1..=58))
    });
    let growth = LAYERS.map(|l| {
        let what = format!("layer {l}: mean angle over lags 50 to 58 minus that over lags 1 to 10, degrees");
        Part::new(what, Criterion::at_least(1.5), move |e| {
            term(e, &ONCE, EARLY, l, 50..=58).minus(&term(e, &ONCE, EARLY, l, 1..=10)).present()
        })
    });
    let depth =
        Part::new("angle of the term of lag 10, layer 4 minus layer 1, degrees", Criterion::at_least(0.0), |e| {
            term(e, &ONCE, EARLY, 4, [10]).minus(&term(e, &ONCE, EARLY, 1, [10])).present()
        });
    let statement = "Early, the terms of all lags point towards the transposed B, less with the lag and higher up";
    claim("mech/C9", statement, PAPER, "terms-lags", every.into_iter().chain(growth).chain([depth]).collect())
}

/// mech/C14.
fn updates() -> Claim {
    let of = |e: &Evidence<'_>, order, quantity| e.series("terms-time", &[("order", order)], quantity, Some(1));
    let update = move |e: &Evidence<'_>| of(e, "once", Quantity::StepAlignment);
    let weights = move |e: &Evidence<'_>, order| of(e, order, Quantity::WeightAlignment);
    let parts = vec![
        Part::new("layer 1: smallest angle of an update, degrees", Criterion::within(82.0, 85.5), move |e| {
            update(e).smallest_from(0)
        }),
        Part::new(
            "layer 1: angle of updates before iteration 50 minus that at 50 to 150, degrees",
            Criterion::at_least(0.0),
            move |e| update(e).repeats_over(0..=49).minus(&update(e).repeats_over(50..=150)).present(),
        ),
        Part::new(
            "layer 1: angle of updates at iterations 160 to 300 minus that at 50 to 150, degrees",
            Criterion::at_least(0.0),
            move |e| update(e).repeats_over(160..=300).minus(&update(e).repeats_over(50..=150)).present(),
        ),
        Part::new("layer 1: angle of updates from iteration 1400 on, degrees", Criterion::at_least(86.0), move |e| {
            update(e).repeats_over(1400..=1500).present()
        }),
        Part::new("layer 1: weight alignment at iteration 1480, degrees", Criterion::within(81.0, 84.0), move |e| {
            weights(e, "once").at(1480)
        }),
        Part::new(
            "layer 1: weight alignment at iteration 1480, shuffled minus not, degrees",
            Criterion::within(-0.7, 0.7),
            move |e| {
                let at = |order| weights(e, order).repeats_over(1480..=1480);
                at("each-epoch").minus(&at("once")).present()
            },
        ),
    ];
    let statement = "Updates point towards the transposed B most around iteration 100; weights go on turning; shuffling the \
                     batches changes nothing";
    claim("mech/C14", statement, PAPER, "terms-time", parts)
}

/// What the terms have in the alignment of updates.
fn shares() -> Claim {
    let parts = LAYERS.into_iter().flat_map(|l| {
        [500, 1500].map(|k| {
            let what = format!("layer {l}: mean share of the alignment terms, iterations {k} to {}", k + 200);
            Part::new(what, Criterion::at_least(0.9), move |e| {
                remainder(e, Quantity::TermsShare, l).repeats_over(k..=k + 200).present()
            })
        })
    });
    let statement = "Alignment terms account for all of what an update has in the direction of the transposed B";
    claim("mech/shares", statement, WITHHELD, "remainder", parts.collect())
}

/// The panels late in training.
fn late() -> Claim {
    let bump = |selected: &'static [(&str, &str)], k| {
        move |e: &Evidence<'_>, l| term(e, selected, k, l, [60]).minus(&term(e, selected, k, l, 50..=58)).present()
    };
    let revisited = LAYERS.map(|l| {
        let what = format!("layer {l}: angle of lag 60 minus the mean of lags 50 to 58 at iteration {LATE}, degrees");
        Part::new(what, Criterion::at_most(-1.0), move |e| bump(&ONCE, LATE)(e, l))
    });
    let shuffled = LAYERS.map(|l| {
        let what = format!("layer {l}: the same, shuffled every epoch, degrees");
        Part::new(what, Criterion::within(-1.0, 1.0), move |e| bump(&SHUFFLED, LATE)(e, l))
    });
    let weaker = LAYERS.map(|l| {
        let what = format!("layer {l}: mean angle of lags 1 to 10 at iteration {LATE} minus at {EARLY}, degrees");
        Part::new(what, Criterion::at_least(2.0), move |e| {
            term(e, &ONCE, LATE, l, 1..=10).minus(&term(e, &ONCE, EARLY, l, 1..=10)).present()
        })
    });
    let statement =
        "Late, terms are weaker but for those of the same batch, a whole epoch before; shuffling takes these away";
    claim("mech/late", statement, WITHHELD, "terms-lags", revisited.into_iter().chain(shuffled).chain(weaker).collect())
}

/// E2c.
fn random() -> Claim {
    let parts = [EARLY, LATE].into_iter().flat_map(|k| {
        LAYERS.into_iter().flat_map(move |l| {
            let others = format!("layer {l}: mean angle of lags 10 to 58 at iteration {k}, degrees");
            let again = format!("layer {l}: angle of lag 60 minus that at iteration {k}, degrees");
            [
                Part::new(others, Criterion::within(89.0, 91.0), move |e| term(e, &RANDOM, k, l, 10..=58).present()),
                Part::new(again, Criterion::at_most(-1.0), move |e| {
                    term(e, &RANDOM, k, l, [60]).minus(&term(e, &RANDOM, k, l, 10..=58)).present()
                }),
            ]
        })
    });
    let accuracy = Part::new("test accuracy after 20 epochs, percent", Criterion::within(8.0, 12.0), |e| {
        e.series("terms-lags", &RANDOM, Quantity::TestAccuracy, None).at(1200)
    });
    let statement = "With random labels only terms of the same batch point towards the transposed B";
    claim("mech/random", statement, WITHHELD, "terms-lags", parts.chain([accuracy]).collect())
}

/// Of weights at the end, built or the network's, minus those of the network.
fn built(e: &Evidence<'_>, quantity: Quantity, l: usize) -> Vec<f64> {
    let of = |quantity| {
        let series = e.series("linear-control", &[], quantity, Some(l));
        series.repeats_over(series.end()..=series.end())
    };
    of(quantity).minus(&of(Quantity::WeightAlignment)).present()
}

/// E4, first half.
fn linear() -> Claim {
    let parts = LAYERS.map(|l| {
        let what = format!("layer {l}: angle of weights built from linear terms minus the network's, degrees");
        Part::new(what, Criterion::at_most(0.0), move |e| built(e, Quantity::LinearAlignment, l))
    });
    let statement = "The linear form of the alignment terms captures the alignment, and makes too much of it";
    claim("mech/linear", statement, WITHHELD, "linear-control", parts.into())
}

/// E4, second half.
fn control() -> Claim {
    let parts = LAYERS.map(|l| {
        let what = format!("layer {l}: angle of weights built with another B minus the network's, degrees");
        Part::new(what, Criterion::within(-2.0, 2.0), move |e| built(e, Quantity::ControlAlignment, l))
    });
    let statement = "Weights built with another B in the alignment terms align with that B as much: alignment is a property of \
                     the signals";
    claim("mech/control", statement, WITHHELD, "linear-control", parts.into())
}

/// E2a and E2b: the lag at which batches come again.
fn dip() -> Claim {
    let depth = |e: &Evidence<'_>, selected, l, lag| {
        term(e, selected, EARLY, l, [lag]).minus(&term(e, selected, EARLY, l, [60]))
    };
    let beside = LAYERS.into_iter().flat_map(|l| {
        [59, 61].map(|lag| {
            let what = format!("layer {l}: angle of lag {lag} minus that of lag 60 at iteration {EARLY}, degrees");
            Part::new(what, Criterion::at_least(0.0), move |e| depth(e, &ONCE, l, lag).present())
        })
    });
    let gone = LAYERS.map(|l| {
        let what = format!("layer {l}: mean of the two, minus the same shuffled every epoch, degrees");
        Part::new(what, Criterion::at_least(0.0), move |e| {
            let mean = |selected| Repeats::mean(vec![depth(e, selected, l, 59), depth(e, selected, l, 61)]);
            mean(&ONCE).minus(&mean(&SHUFFLED)).present()
        })
    });
    let statement = "Early already, the term of the same batch points towards the transposed B more than its neighbours, unless \
                     batches are shuffled";
    let source = format!("{E2}, digitised figure: the signs of its differences; {AFTER}");
    claim("mech/dip", statement, &source, "terms-lags", beside.chain(gone).collect())
}

/// E2: what its networks have learnt by then.
fn learns() -> Claim {
    let parts = [("fixed order", ONCE), ("shuffled every epoch", SHUFFLED)].into_iter().flat_map(|(what, selected)| {
        [(10, 80.0, 85.0), (20, 85.0, 88.0)].map(|(epoch, low, high)| {
            let what = format!("{what}: test accuracy after {epoch} epochs, percent");
            Part::new(what, Criterion::within(low, high), move |e| {
                e.series("terms-lags", &selected, Quantity::TestAccuracy, None).at(60 * epoch)
            })
        })
    });
    let statement = "Accuracies after 10 and 20 epochs, in fixed order and shuffled";
    claim("mech/accuracy", statement, &format!("{E2}: the range printed"), "terms-lags", parts.collect())
}

/// E3: the last term beside the alignment terms.
fn orthogonal() -> Claim {
    let same = LAYERS.map(|l| {
        let what =
            format!("layer {l}: angle of last term and remainder minus that of the last term, where farthest, degrees");
        Part::new(what, Criterion::within(-0.5, 0.5), move |e| {
            remainder(e, Quantity::NonAligningAngle, l).minus(&remainder(e, Quantity::LastAngle, l)).farthest_from(0.0)
        })
    });
    let sizes = LAYERS.map(|l| {
        let what =
            format!("layer {l}: norm of the alignment terms over that of the last term, where farthest from 1.075");
        Part::new(what, Criterion::within(0.75, 1.4), move |e| {
            let ratio = remainder(e, Quantity::TermsRatio, l).over(&remainder(e, Quantity::LastRatio, l));
            ratio.within(100..=usize::MAX).farthest_from(1.075)
        })
    });
    let statement = "The last term is as large as the alignment terms, and the remainder does not change its direction";
    let source =
        format!("{E3}: the range printed, from iteration 100 on; 0.5 degrees for `indistinguishable`: {AFTER}");
    claim("mech/last", statement, &source, "remainder", same.into_iter().chain(sizes).collect())
}

fn budgets() -> [Claim; 2] {
    let of = |e: &Evidence<'_>, wn: &str, quantity, l| {
        let series = e.series("budget", &[("wn", wn)], quantity, Some(l));
        series.repeats_over(series.end()..=series.end())
    };
    let plain = LAYERS.into_iter().flat_map(|l| {
        [
            Part::new(format!("layer {l}: injected over growth"), Criterion::within(-1e-3, 1e-3), move |e| {
                of(e, "off", Quantity::BudgetInjected, l).over(&of(e, "off", Quantity::BudgetGrowth, l)).present()
            }),
            Part::new(format!("layer {l}: alignment minus growth, over growth"), Criterion::at_least(0.0), move |e| {
                let growth = of(e, "off", Quantity::BudgetGrowth, l);
                of(e, "off", Quantity::BudgetAlignment, l).minus(&growth).over(&growth).present()
            }),
        ]
    });
    let normalised = LAYERS.map(|l| {
        let what = format!("layer {l}: what normalisation lets in, over the gain in alignment");
        Part::new(what, Criterion::at_least(0.5), move |e| {
            let alignment = of(e, "1", Quantity::BudgetAlignment, l);
            of(e, "1", Quantity::BudgetInjected, l).times(-1.0).over(&alignment).present()
        })
    });
    [
        claim(
            "budget/plain",
            "Without normalisation alignment is the growth of the weights below and what the curvature of the activation adds, \
             less squared steps",
            BUDGET,
            "budget",
            plain.collect(),
        ),
        claim(
            "budget/wn",
            "Under weight normalisation weights below do not grow: most of the alignment is let in by the normalisation",
            BUDGET,
            "budget",
            normalised.into(),
        ),
    ]
}
