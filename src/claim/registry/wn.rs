//! Claims of the paper's experiments with weight normalisation and with labels that change, numbered as in their rebuilt
//! protocol. Where that protocol withholds the values (experiments C and D), and for what the paper did not do, criteria
//! are this project's, set before the first full run.

use super::{CONFOUND, Claim, Part, claim};
use crate::claim::evidence::{Evidence, Repeats};
use crate::claim::verdict::Criterion;
use crate::quantity::Quantity;

const PRACTICE: &str = "RahmanSetayesh, Ghazizadeh & Marvasti (2024), weight normalisation in practice (experiment A); \
                        tolerances from the spread of repeats and of the authors' own reruns";
const CHANGE: &str = "RahmanSetayesh, Ghazizadeh & Marvasti (2021), Fig 8 (experiment B); tolerances from the spread of \
                      repeats";
const SENSITIVITY: &str = "RahmanSetayesh, Ghazizadeh & Marvasti (2021), Fig S3 (experiment C); criteria of this project, \
                           fixed before the first full run";
const WRONG: &str = "RahmanSetayesh, Ghazizadeh & Marvasti (2024), label shuffling (experiment D); criteria of this \
                     project, fixed before the first full run";
const OURS: &str = "criteria of this project, fixed before the first full run";
const AFTER: &str = "criterion of this project, set after the first results were seen";

/// Updates per epoch of both data sets at batches of 1,000.
const EPOCH: usize = 60;

/// Values that tell a condition apart.
type Selected = &'static [(&'static str, &'static str)];

/// Conditions of experiment A.
const A1: Selected = &[("rule", "bp-trw"), ("wn", "off"), ("b-scale", "1")];
const A2: Selected = &[("rule", "bp-trw"), ("wn", "1"), ("normalize-b", "on")];
const A3: Selected = &[("rule", "bp-trw"), ("wn", "1"), ("normalize-b", "off")];
const SCALED: Selected = &[("rule", "bp-trw"), ("wn", "off"), ("b-scale", "1.4142")];
const A4: Selected = &[("rule", "bp"), ("eta", "0.0003"), ("wn", "off")];
const A5: Selected = &[("rule", "bp"), ("eta", "0.0003"), ("wn", "0.6")];
const FROZEN: Selected = &[("rule", "shallow"), ("wn", "off")];
const FROZEN_WN: Selected = &[("rule", "shallow"), ("wn", "1")];

/// Conditions of experiment B.
const BP: Selected = &[("rule", "bp"), ("wn", "off")];
const BP_WN: Selected = &[("rule", "bp"), ("wn", "0.6")];
const TRW: Selected = &[("rule", "bp-trw"), ("wn", "off")];
const TRW_WN: Selected = &[("rule", "bp-trw"), ("wn", "0.6")];

/// When a value is taken.
#[derive(Clone, Copy)]
enum When {
    /// After so many epochs.
    Epoch(usize),
    /// Averaged over the last epoch.
    LastEpoch,
    /// Averaged over these epochs.
    Epochs(usize, usize),
}
use When::{Epoch, Epochs, LastEpoch};

/// Where values come from.
#[derive(Clone, Copy)]
struct Source {
    analysis: &'static str,
    data: &'static str,
}

impl Source {
    fn get(
        self,
        e: &Evidence<'_>,
        selected: Selected,
        quantity: Quantity,
        layer: Option<usize>,
        when: When,
    ) -> Repeats {
        let selected: Vec<(&str, &str)> = selected.iter().copied().chain([("data", self.data)]).collect();
        let series = e.series(self.analysis, &selected, quantity, layer);
        match when {
            Epoch(epoch) => series.repeats_over(epoch * EPOCH..=epoch * EPOCH),
            LastEpoch => series.repeats_over((series.end() + 1).saturating_sub(EPOCH)..=series.end()),
            Epochs(from, to) => series.repeats_over(from * EPOCH..=to * EPOCH),
        }
    }

    fn accuracy(self, e: &Evidence<'_>, selected: Selected, when: When) -> Repeats {
        self.get(e, selected, Quantity::TestAccuracy, None, when)
    }

    /// Weight alignment at the end.
    fn angle(self, e: &Evidence<'_>, selected: Selected, l: usize) -> Repeats {
        self.get(e, selected, Quantity::WeightAlignment, Some(l), LastEpoch)
    }

    /// Mean over hidden layers of the weight alignment at the end.
    fn mean_angle(self, e: &Evidence<'_>, selected: Selected) -> Repeats {
        Repeats::mean((1..5).map(|l| self.angle(e, selected, l)).collect())
    }

    /// Update alignment at the end.
    fn update(self, e: &Evidence<'_>, selected: Selected, l: usize) -> Repeats {
        self.get(e, selected, Quantity::UpdateAlignment, Some(l), LastEpoch)
    }

    fn mean_update(self, e: &Evidence<'_>, selected: Selected) -> Repeats {
        Repeats::mean((0..4).map(|l| self.update(e, selected, l)).collect())
    }

    fn part(
        self,
        statistic: impl Into<String>,
        criterion: Criterion,
        values: impl Fn(Self, &Evidence<'_>) -> Repeats + 'static,
    ) -> Part {
        Part::new(statistic, criterion, move |e| values(self, e).present())
    }
}

const AT_LEAST: fn(f64) -> Criterion = Criterion::at_least;
const AT_MOST: fn(f64) -> Criterion = Criterion::at_most;
const WITHIN: fn(f64, f64) -> Criterion = Criterion::within;

fn near(centre: f64, tolerance: f64) -> Criterion {
    Criterion::within(centre - tolerance, centre + tolerance)
}

pub(super) fn claims() -> Vec<Claim> {
    let mut claims = practice();
    claims.extend(label_change());
    claims.extend(sensitivity());
    claims.extend(wrong_labels());
    claims.extend(fashion());
    claims.extend(depth());
    claims
}

/// A claim that compares A1 with A2, which differ in more than WN.
fn of_practice(name: &str, statement: &str, source: &str, parts: Vec<Part>) -> Claim {
    claim(name, statement, &format!("{source}; {CONFOUND}"), "wn-practice", parts)
}

fn practice() -> Vec<Claim> {
    let mnist = Source { analysis: "wn-practice", data: "mnist" };
    let mut claims = practice_angles(mnist);
    claims.extend(practice_accuracy(mnist));
    claims.extend(practice_mechanism(mnist));
    claims.extend(radial_updates(mnist));
    claims.push(split_of_the_gain(mnist));
    claims.push(split_of_the_angle(mnist));
    claims
}

/// W1 to W4.
fn practice_angles(mnist: Source) -> Vec<Claim> {
    let a = |name, statement, parts| of_practice(name, statement, PRACTICE, parts);
    let gain = |l: usize, criterion| {
        let what = format!("layer {l}: angle without WN minus with WN, degrees");
        mnist.part(what, criterion, move |s, e| s.angle(e, A1, l).minus(&s.angle(e, A2, l)))
    };
    let step = |l: usize| {
        let what = format!("no WN: angle of layer {l} minus that of layer {}, degrees", l + 1);
        mnist.part(what, AT_LEAST(0.0), move |s, e| s.angle(e, A1, l).minus(&s.angle(e, A1, l + 1)))
    };
    let pairs = [(1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)];
    let even = pairs.map(|(l, m)| {
        let what = format!("WN: angle of layer {l} minus that of layer {m}, degrees");
        mnist.part(what, WITHIN(-4.0, 4.0), move |s, e| s.angle(e, A2, l).minus(&s.angle(e, A2, m)))
    });
    let spread = mnist.part("no WN: angle of layer 1 minus that of layer 4, degrees", AT_LEAST(5.0), |s, e| {
        s.angle(e, A1, 1).minus(&s.angle(e, A1, 4))
    });
    let updates = (0..4).map(|l| {
        let what = format!("layer {l}: update angle without WN minus with WN, degrees");
        mnist.part(what, AT_LEAST(0.0), move |s, e| s.update(e, A1, l).minus(&s.update(e, A2, l)))
    });
    let drop =
        mnist.part("mean over layers of the update angle, without WN minus with WN, degrees", AT_LEAST(8.0), |s, e| {
            s.mean_update(e, A1).minus(&s.mean_update(e, A2))
        });
    vec![
        a(
            "wn/W1",
            "WN restores the alignment of the lower layers and leaves that of the last",
            vec![gain(1, AT_LEAST(2.5)), gain(2, AT_LEAST(2.5)), gain(3, AT_LEAST(2.5)), gain(4, WITHIN(-1.5, 1.5))],
        ),
        a(
            "wn/W2",
            "WN improves the mean alignment of the hidden layers",
            vec![
                mnist.part("no WN: mean angle of layers 1 to 4, degrees", near(76.5, 1.5), |s, e| s.mean_angle(e, A1)),
                mnist.part("WN: mean angle of layers 1 to 4, degrees", near(71.8, 1.5), |s, e| s.mean_angle(e, A2)),
                mnist
                    .part("difference, degrees", AT_LEAST(3.0), |s, e| s.mean_angle(e, A1).minus(&s.mean_angle(e, A2))),
            ],
        ),
        a(
            "wn/W3",
            "Without WN alignment weakens toward the input; with WN layers align alike",
            [step(1), step(2), step(3), spread].into_iter().chain(even).collect(),
        ),
        a("wn/W4", "WN brings BP-TRW's updates closer to BP's in every layer", updates.chain([drop]).collect()),
    ]
}

/// W5, W6, W8.
fn practice_accuracy(mnist: Source) -> Vec<Claim> {
    let a = |name, statement, parts| of_practice(name, statement, PRACTICE, parts);
    let accuracy = |what: &str, criterion, selected: Selected| {
        mnist.part(format!("{what}: test accuracy after 90 epochs, percent"), criterion, move |s, e| {
            s.accuracy(e, selected, Epoch(90))
        })
    };
    let better = |what: &str, when: When, least: f64, one: Selected, other: Selected| {
        mnist.part(what, AT_LEAST(least), move |s, e| s.accuracy(e, one, when).minus(&s.accuracy(e, other, when)))
    };
    let end = Epochs(90, 100);
    vec![
        a(
            "wn/W5",
            "WN improves the test accuracy of BP-TRW",
            vec![
                accuracy("no WN", near(91.8, 0.8), A1),
                accuracy("WN", near(95.0, 0.6), A2),
                better("WN minus no WN after 90 epochs, percentage points", Epoch(90), 2.0, A2, A1),
                mnist.part("share of repeats with WN that are above all without", AT_LEAST(1.0), |s, e| {
                    s.accuracy(e, A2, Epoch(90)).above_all_of(&s.accuracy(e, A1, Epoch(90)))
                }),
            ],
        ),
        a(
            "wn/W6",
            "WN makes BP-TRW learn faster",
            vec![better("WN minus no WN after 10 epochs, percentage points", Epoch(10), 5.0, A2, A1)],
        ),
        a(
            "wn/W8",
            "Order of test errors at the end: BP, BP-TRW with WN, BP with WN(0.6), BP-TRW (BP at learning rate 3e-4, BP-TRW \
             at 5e-4)",
            vec![
                better("accuracy of BP minus BP-TRW with WN, epochs 90 to 100, percentage points", end, 0.0, A4, A2),
                better("BP-TRW with WN minus BP with WN(0.6), percentage points", end, 0.0, A2, A5),
                better("BP with WN(0.6) minus BP-TRW, percentage points", end, 0.0, A5, A1),
            ],
        ),
    ]
}

/// W9 to W11.
fn practice_mechanism(mnist: Source) -> Vec<Claim> {
    let a = |name, statement, parts| of_practice(name, statement, PRACTICE, parts);
    let growth = [1.03, 1.20, 1.31, 1.71, 3.67].into_iter().enumerate().map(|(l, reference)| {
        let tolerance = if l == 4 { 0.15 } else { 0.10 } * reference;
        mnist.part(format!("layer {l}: growth of the norm"), near(reference, tolerance), move |s, e| {
            s.get(e, A1, Quantity::WeightGrowth, Some(l), Epoch(100))
        })
    });
    let rising = (0..4).map(|l| {
        let what = format!("layer {} minus layer {l}: growth of the norm", l + 1);
        mnist.part(what, AT_LEAST(0.0), move |s, e| {
            let of = |l| s.get(e, A1, Quantity::WeightGrowth, Some(l), Epoch(100));
            of(l + 1).minus(&of(l))
        })
    });
    let relative = (1..5).map(|l| {
        let what = format!("layer {l}: relative update with WN over that without");
        mnist.part(what, AT_LEAST(1.7), move |s, e| {
            let of = |selected| s.get(e, selected, Quantity::RelativeUpdate, Some(l), LastEpoch);
            of(A2).over(&of(A1))
        })
    });
    // Lowest sixtieth of the published ranges.
    let edges = [0.05, 0.1, 0.2, 0.5].map(|range| range / 60.0);
    let norms = edges.into_iter().enumerate().flat_map(|(i, edge)| {
        let l = i + 1;
        let of = move |quantity, selected: Selected| {
            move |s: Source, e: &Evidence<'_>| s.get(e, selected, quantity, Some(l), Epoch(13))
        };
        let mode = move |s: Source, e: &Evidence<'_>| {
            let of = |selected| s.get(e, selected, Quantity::DeltaNormMode, Some(l), Epoch(13));
            of(A2).minus(&of(A1))
        };
        let low = Quantity::DeltaNormLow;
        [
            mnist.part(format!("layer {l}: mode of the error norms, with WN minus without"), AT_LEAST(0.0), mode),
            mnist.part(format!("layer {l}: 0.1 percentile with WN"), AT_LEAST(edge), of(low, A2)),
            mnist.part(format!("layer {l}: 0.1 percentile without WN"), AT_MOST(edge), of(low, A1)),
        ]
    });
    vec![
        a("wn/W9", "Without WN weights grow, the more the nearer to the output", growth.chain(rising).collect()),
        a("wn/W10", "WN keeps updates large relative to the weights", relative.collect()),
        a("wn/W11", "WN keeps the error signals of well-learnt samples from vanishing", norms.collect()),
    ]
}

/// W12, and the same of lower layers.
fn radial_updates(mnist: Source) -> [Claim; 2] {
    let radial = |what: &str, l: usize, criterion, selected: Selected| {
        mnist.part(format!("{what}: angle of update and weights of layer {l}, degrees"), criterion, move |s, e| {
            s.get(e, selected, Quantity::UpdateWeightAngle, Some(l), LastEpoch)
        })
    };
    let published = [(1, 89.0, 87.8, 1.5), (2, 88.9, 84.8, 3.0), (3, 88.6, 78.4, 4.5)];
    let lower = published.into_iter().flat_map(|(l, plain, normalised, tolerance)| {
        [radial("no WN", l, near(plain, 1.5), A1), radial("WN", l, near(normalised, tolerance), A2)]
    });
    let tolerances = "published values of layers 1 to 3, with tolerances of 1.5 degrees or of 1.5 standard deviations over repeats \
                      as in W12";
    [
        of_practice(
            "wn/W12",
            "Under WN a large part of the output layer's update is radial",
            PRACTICE,
            vec![radial("WN", 4, near(66.0, 8.0), A2), radial("no WN", 4, AT_LEAST(85.0), A1)],
        ),
        of_practice(
            "wn/radial",
            "Under WN updates are the more radial the nearer to the output; without, they are next to orthogonal to the weights",
            &format!("{PRACTICE}: {tolerances}; {AFTER}"),
            lower.collect(),
        ),
    ]
}

/// The paper changed WN and the scale of B at once. How much of the gain does each carry?
fn split_of_the_gain(mnist: Source) -> Claim {
    let share = |what: &str, criterion, selected: Selected, least: f64| {
        mnist.part(what, criterion, move |s, e| {
            let of = |selected| s.accuracy(e, selected, Epoch(90));
            let (alone, both) = (of(selected).minus(&of(A1)), of(A2).minus(&of(A1)));
            alone.minus(&both.times(least))
        })
    };
    let frozen = |what: &str, selected: Selected, baseline: Selected| {
        mnist.part(what, AT_LEAST(2.0), move |s, e| {
            s.accuracy(e, selected, Epoch(90)).minus(&s.accuracy(e, baseline, Epoch(90)))
        })
    };
    claim(
        "wn/split",
        "WN alone, with B as drawn, carries most of the gain in accuracy, and scaling B alone little of it; both beat \
         frozen hidden layers",
        OURS,
        "wn-practice",
        vec![
            share("gain of WN alone minus half of the whole gain, percentage points", AT_LEAST(0.0), A3, 0.5),
            share(
                "gain of B scaled alone minus a quarter of the whole gain, percentage points",
                AT_MOST(0.0),
                SCALED,
                0.25,
            ),
            frozen("BP-TRW minus frozen hidden layers, percentage points", A1, FROZEN),
            frozen("BP-TRW with WN minus frozen hidden layers with WN, percentage points", A2, FROZEN_WN),
        ],
    )
}

/// W1's criterion for each of the two changes alone.
fn split_of_the_angle(mnist: Source) -> Claim {
    let alone = [("WN alone, B as drawn", A3), ("B scaled alone", SCALED)].into_iter().flat_map(|(what, selected)| {
        (1..5).map(move |l| {
            let what = format!("{what}: angle of layer {l} without minus with it, degrees");
            let criterion = if l == 4 { WITHIN(-1.5, 1.5) } else { AT_LEAST(2.5) };
            mnist.part(what, criterion, move |s, e| s.angle(e, A1, l).minus(&s.angle(e, selected, l)))
        })
    });
    let source = format!("W1's criterion applied to each change alone: {AFTER}");
    let statement = "WN alone and the scale of B alone each restore the alignment of the lower layers and leave that of the \
                     last";
    claim("wn/split-angle", statement, &source, "wn-practice", alone.collect())
}

fn label_change() -> Vec<Claim> {
    let mnist = Source { analysis: "label-change", data: "mnist" };
    let b = |name, statement, parts| claim(name, statement, CHANGE, "label-change", parts);
    let all = [("BP", BP), ("BP with WN", BP_WN), ("BP-TRW", TRW), ("BP-TRW with WN", TRW_WN)];
    let at = |what: &str, epoch: usize, criterion, selected: Selected| {
        mnist.part(format!("{what}: test accuracy after {epoch} epochs, percent"), criterion, move |s, e| {
            s.accuracy(e, selected, Epoch(epoch))
        })
    };
    let gain = |what: &str, least: f64, with: Selected, without: Selected| {
        mnist.part(
            format!("{what}: WN minus no WN after 190 epochs, percentage points"),
            AT_LEAST(least),
            move |s, e| s.accuracy(e, with, Epoch(190)).minus(&s.accuracy(e, without, Epoch(190))),
        )
    };
    let change = |what: &str, [from, to]: [usize; 2], criterion, selected: Selected| {
        mnist.part(format!("{what}: {from} minus {to} epochs, percentage points"), criterion, move |s, e| {
            s.accuracy(e, selected, Epoch(from)).minus(&s.accuracy(e, selected, Epoch(to)))
        })
    };
    let before = [near(96.9, 0.5), near(93.7, 1.5), near(91.1, 1.0), near(91.3, 1.5)];
    vec![
        b(
            "wn/L1",
            "Accuracies before the change",
            all.iter().zip(before).map(|((what, selected), criterion)| at(what, 90, criterion, selected)).collect(),
        ),
        b(
            "wn/L2",
            "Just after the change nothing is known of the new labels",
            all.iter().map(|(what, selected)| at(what, 100, AT_MOST(20.0), selected)).collect(),
        ),
        b(
            "wn/L3",
            "Without WN neither rule relearns",
            vec![at("BP", 190, AT_MOST(75.0), BP), at("BP-TRW", 190, AT_MOST(70.0), TRW)],
        ),
        b(
            "wn/L4",
            "WN lets both rules relearn",
            vec![
                gain("BP", 20.0, BP_WN, BP),
                gain("BP-TRW", 25.0, TRW_WN, TRW),
                mnist.part("share of BP-TRW's repeats with WN that are above all without", AT_LEAST(1.0), |s, e| {
                    s.accuracy(e, TRW_WN, Epoch(190)).above_all_of(&s.accuracy(e, TRW, Epoch(190)))
                }),
            ],
        ),
        b(
            "wn/L5",
            "With WN, BP-TRW almost matches BP after the change",
            vec![mnist.part(
                "BP minus BP-TRW, both with WN, after 190 epochs, percentage points",
                AT_MOST(5.0),
                |s, e| s.accuracy(e, BP_WN, Epoch(190)).minus(&s.accuracy(e, TRW_WN, Epoch(190))),
            )],
        ),
        b(
            "wn/L6",
            "What is lost for good: little with WN, much without",
            vec![
                change("BP with WN", [90, 190], AT_MOST(8.0), BP_WN),
                change("BP-TRW with WN", [90, 190], AT_MOST(6.0), TRW_WN),
                change("BP", [90, 190], AT_LEAST(20.0), BP),
                change("BP-TRW", [90, 190], AT_LEAST(25.0), TRW),
            ],
        ),
        b(
            "wn/L7",
            "Without WN more training does not help",
            vec![change("BP", [190, 120], WITHIN(-4.0, 4.0), BP), change("BP-TRW", [190, 120], WITHIN(-4.0, 4.0), TRW)],
        ),
        b(
            "wn/L8",
            "With WN relearning is fast",
            vec![at("BP with WN", 105, AT_LEAST(80.0), BP_WN), at("BP-TRW with WN", 105, AT_LEAST(70.0), TRW_WN)],
        ),
        pre_activations(mnist),
    ]
    .into_iter()
    .chain(each_repeat(mnist))
    .collect()
}

/// C29 and C30 of the first version where L1 to L9 do not state the same, and the median that L5 asks for.
fn each_repeat(mnist: Source) -> [Claim; 3] {
    let end = |s: Source, e: &Evidence<'_>, selected| s.accuracy(e, selected, Epoch(190));
    let below = |what: &str, selected: Selected| {
        let what = format!("{what}: share of repeats below 70 % after 190 epochs");
        mnist.part(what, AT_LEAST(1.0), move |s, e| end(s, e, selected).times(-1.0).share_above(-70.0))
    };
    let ordered = |what: &str, first: Selected, second: Selected| {
        mnist.part(format!("{what}, after 190 epochs, percentage points"), AT_LEAST(0.0), move |s, e| {
            end(s, e, first).minus(&end(s, e, second))
        })
    };
    let above =
        mnist.part("BP-TRW with WN: share of repeats above 84 % after 190 epochs", AT_LEAST(1.0), move |s, e| {
            end(s, e, TRW_WN).share_above(84.0)
        });
    let close = mnist.part(
        "share of repeats in which BP is at most 5 points ahead of BP-TRW, both with WN, after 190 epochs",
        AT_LEAST(0.5),
        move |s, e| end(s, e, TRW_WN).minus(&end(s, e, BP_WN)).share_above(-5.0),
    );
    let protocol = "RahmanSetayesh, Ghazizadeh & Marvasti (2021), Fig 8; criterion of the rebuilt protocol";
    let median =
        format!("{CHANGE}; L5 asks for the median without a bound of its own, so that of the mean is taken: {AFTER}");
    [
        claim(
            "wn/C29",
            "Without WN every network relearns little, with WN every network of BP-TRW relearns",
            protocol,
            "label-change",
            vec![below("BP", BP), below("BP-TRW", TRW), above],
        ),
        claim(
            "wn/C30",
            "Order after the change: BP with WN, BP-TRW with WN, BP, BP-TRW",
            protocol,
            "label-change",
            vec![
                ordered("BP with WN minus BP-TRW with WN", BP_WN, TRW_WN),
                ordered("BP-TRW with WN minus BP", TRW_WN, BP),
                ordered("BP minus BP-TRW", BP, TRW),
            ],
        ),
        claim(
            "wn/L5-median",
            "With WN, BP-TRW almost matches BP after the change, in the median",
            &median,
            "label-change",
            vec![close],
        ),
    ]
}

/// L9: pre-activations of the output layer at the end of the first phase.
fn pre_activations(mnist: Source) -> Claim {
    let of = |s: Source, e: &Evidence<'_>, selected, quantity| s.get(e, selected, quantity, Some(4), Epoch(100));
    let narrower = |what: &str, with: Selected, without: Selected| {
        mnist.part(format!("{what}: width without WN over that with it"), AT_LEAST(2.0), move |s, e| {
            let width = |selected| {
                let high = of(s, e, selected, Quantity::PreActivationHigh);
                high.minus(&of(s, e, selected, Quantity::PreActivationLow))
            };
            width(without).over(&width(with))
        })
    };
    let below = |what: &str, criterion, selected: Selected| {
        mnist.part(format!("{what}: share below -1, percent"), criterion, move |s, e| {
            of(s, e, selected, Quantity::PreActivationOff)
        })
    };
    claim(
        "wn/L9",
        "WN keeps the outputs' pre-activations where units can still learn",
        CHANGE,
        "label-change",
        vec![
            narrower("BP", BP_WN, BP),
            narrower("BP-TRW", TRW_WN, TRW),
            below("BP with WN", AT_MOST(1.0), BP_WN),
            below("BP-TRW with WN", AT_MOST(1.0), TRW_WN),
            below("BP", AT_LEAST(10.0), BP),
            below("BP-TRW", AT_LEAST(10.0), TRW),
        ],
    )
}

/// Conditions of experiment C with gamma between them: rule, eta, smoothing.
const GRID: [(&str, &str, &str); 8] = [
    ("bp", "0.0005", "0"),
    ("bp", "0.0003", "0"),
    ("bp", "0.0005", "0.05"),
    ("bp", "0.0003", "0.05"),
    ("bp-trw", "0.0005", "0"),
    ("bp-trw", "0.0003", "0"),
    ("bp-trw", "0.0005", "0.05"),
    ("bp-trw", "0.0003", "0.05"),
];

/// Mean accuracy over the last ten epochs but the very end: the paper's score.
fn score(e: &Evidence<'_>, rule: &str, eta: &str, smoothing: &str, wn: &str) -> Repeats {
    let selected = [("rule", rule), ("eta", eta), ("label-smoothing", smoothing), ("wn", wn)];
    e.series("sensitivity", &selected, Quantity::TestAccuracy, None).repeats_over(190 * EPOCH..=199 * EPOCH)
}

fn sensitivity() -> Vec<Claim> {
    let c = |name, statement, parts| claim(name, statement, SENSITIVITY, "sensitivity", parts);
    let named = |(rule, eta, smoothing): (&str, &str, &str)| format!("{rule}, eta {eta}, smoothing {smoothing}");
    let gain = GRID.map(|(rule, eta, smoothing)| {
        let what = format!("{}: WN(0.75) minus no WN, percentage points", named((rule, eta, smoothing)));
        Part::new(what, AT_LEAST(if smoothing == "0" { 10.0 } else { 0.0 }), move |e| {
            score(e, rule, eta, smoothing, "0.75").minus(&score(e, rule, eta, smoothing, "off")).present()
        })
    });
    let smooth = GRID.into_iter().filter(|(_, _, smoothing)| *smoothing == "0").map(|(rule, eta, _)| {
        let what = format!("{rule}, eta {eta}, no WN: smoothing 0.05 minus none, percentage points");
        Part::new(what, AT_LEAST(10.0), move |e| {
            score(e, rule, eta, "0.05", "off").minus(&score(e, rule, eta, "0", "off")).present()
        })
    });
    let match_bp = ["0.5", "0.75", "1"].into_iter().flat_map(|wn| {
        ["0.0005", "0.0003"].map(|eta| {
            let what = format!("WN({wn}), eta {eta}: BP minus BP-TRW, percentage points");
            Part::new(what, AT_MOST(10.0), move |e| {
                score(e, "bp", eta, "0", wn).minus(&score(e, "bp-trw", eta, "0", wn)).present()
            })
        })
    });
    let decline = ["bp", "bp-trw"].into_iter().flat_map(|rule| {
        ["0.0005", "0.0003"].map(|eta| {
            let what = format!("{rule}, eta {eta}: WN(0.75) minus WN(2.5), percentage points");
            Part::new(what, AT_LEAST(0.0), move |e| {
                score(e, rule, eta, "0", "0.75").minus(&score(e, rule, eta, "0", "2.5")).present()
            })
        })
    });
    vec![
        c("wn/figS3-gain", "WN helps after a label change, whatever the rule and the learning rate", gain.into()),
        c("wn/figS3-smoothing", "Label smoothing, which keeps outputs above zero, helps without WN", smooth.collect()),
        c("wn/figS3-match", "With gamma from 0.5 to 1, BP-TRW is close to BP", match_bp.collect()),
        c("wn/figS3-gamma", "A large gamma, which lets outputs saturate, helps less than 0.75", decline.collect()),
    ]
}

/// Shares of wrong labels, ascending.
const SHARES: [&str; 6] = ["0", "0.2", "0.4", "0.6", "0.8", "1"];

/// Weight alignment at the end under a share of wrong labels.
fn wrong(e: &Evidence<'_>, share: &str, l: usize) -> Repeats {
    let series =
        e.series("wrong-labels", &[("data", "mnist"), ("wrong-labels", share)], Quantity::WeightAlignment, Some(l));
    series.repeats_over((series.end() + 1).saturating_sub(EPOCH)..=series.end())
}

fn wrong_labels() -> Vec<Claim> {
    let d = |name, statement, parts| claim(name, statement, WRONG, "wrong-labels", parts);
    let after = |e: &Evidence<'_>, share: &str, quantity| {
        let selected = [("data", "mnist"), ("wrong-labels", share)];
        e.series("wrong-labels", &selected, quantity, None).repeats_over(90 * EPOCH..=90 * EPOCH)
    };
    let accuracy = |share: &'static str, criterion| {
        Part::new(format!("share {share}: test accuracy after 90 epochs, percent"), criterion, move |e| {
            after(e, share, Quantity::TestAccuracy).present()
        })
    };
    let training = Part::new("share 1: training accuracy after 90 epochs, percent", WITHIN(5.0, 15.0), move |e| {
        after(e, "1", Quantity::TrainAccuracy).present()
    });
    let falls = SHARES.windows(2).map(|pair| {
        let [less, more] = [pair[0], pair[1]];
        let what = format!("share {less} minus share {more}: test accuracy after 90 epochs, percentage points");
        Part::new(what, AT_LEAST(0.0), move |e| {
            let of = |share| after(e, share, Quantity::TestAccuracy);
            of(less).minus(&of(more)).present()
        })
    });
    let later = format!(
        "RahmanSetayesh, Ghazizadeh & Marvasti (2024), label shuffling (experiment D), without values; {AFTER}"
    );
    let aligned = (1..5).map(|l| {
        // A mean of ten angles of independent 50 x 50 matrices is below 88.5 once in 20,000.
        Part::new(
            format!("layer {l}, all labels drawn at random: angle at the end, degrees"),
            AT_MOST(88.5),
            move |e| wrong(e, "1", l).present(),
        )
    });
    let less = (1..5).map(|l| {
        Part::new(
            format!("layer {l}: angle with all labels random minus with a fifth, degrees"),
            AT_LEAST(0.0),
            move |e| wrong(e, "1", l).minus(&wrong(e, "0.2", l)).present(),
        )
    });
    vec![
        d("wn/D-chance", "With labels drawn at random nothing is learnt", vec![accuracy("1", WITHIN(5.0, 15.0))]),
        d("wn/D-aligned", "With labels drawn at random every layer aligns all the same", aligned.collect()),
        d("wn/D-less", "The more labels are wrong, the less the weights align", less.collect()),
        d(
            "wn/D-robust",
            "With four labels in five replaced, what is left is still learnt",
            vec![accuracy("0.8", AT_LEAST(50.0)), accuracy("0.2", AT_LEAST(85.0))],
        ),
        claim(
            "wn/D-chance-training",
            "Labels drawn at random are not learnt by heart either",
            &later,
            "wrong-labels",
            vec![training],
        ),
        claim("wn/D-falls", "The more labels are wrong, the less is learnt", &later, "wrong-labels", falls.collect()),
    ]
}

/// The headline claims on another data set.
fn fashion() -> Vec<Claim> {
    let practice = Source { analysis: "wn-practice", data: "fashion-mnist" };
    let change = Source { analysis: "label-change", data: "fashion-mnist" };
    let lower = (1..4).map(|l| {
        practice.part(format!("layer {l}: angle without WN minus with WN, degrees"), AT_LEAST(1.0), move |s, e| {
            s.angle(e, A1, l).minus(&s.angle(e, A2, l))
        })
    });
    let gain = |what: &str, with: Selected, without: Selected| {
        change.part(
            format!("{what}: WN minus no WN after 190 epochs, percentage points"),
            AT_LEAST(10.0),
            move |s, e| s.accuracy(e, with, Epoch(190)).minus(&s.accuracy(e, without, Epoch(190))),
        )
    };
    let source = "analogue on Fashion-MNIST; criteria of this project, fixed before the first full run";
    vec![
        of_practice("fashion/angles", "WN restores the alignment of the lower layers", source, lower.collect()),
        of_practice(
            "fashion/accuracy",
            "WN improves the test accuracy of BP-TRW",
            source,
            vec![practice.part("WN minus no WN after 90 epochs, percentage points", AT_LEAST(0.5), |s, e| {
                s.accuracy(e, A2, Epoch(90)).minus(&s.accuracy(e, A1, Epoch(90)))
            })],
        ),
        claim(
            "fashion/change",
            "WN lets both rules relearn after a label change",
            source,
            "label-change",
            vec![gain("BP", BP_WN, BP), gain("BP-TRW", TRW_WN, TRW)],
        ),
        claim(
            "fashion/match",
            "With WN, BP-TRW almost matches BP after the change",
            source,
            "label-change",
            vec![change.part(
                "BP minus BP-TRW, both with WN, after 190 epochs, percentage points",
                AT_MOST(5.0),
                |s, e| s.accuracy(e, BP_WN, Epoch(190)).minus(&s.accuracy(e, TRW_WN, Epoch(190))),
            )],
        ),
    ]
}

/// `50,50,...`, so many.
fn hidden(layers: usize) -> String {
    vec!["50"; layers].join(",")
}

fn depth() -> Vec<Claim> {
    let at = |e: &Evidence<'_>, selected: Selected, layers: usize, quantity, l| {
        let hidden = hidden(layers);
        let selected: Vec<(&str, &str)> = selected.iter().copied().chain([("hidden", hidden.as_str())]).collect();
        e.series("depth", &selected, quantity, l).repeats_over(100 * EPOCH..=100 * EPOCH)
    };
    let mean_angle = move |e: &Evidence<'_>, selected: Selected, layers: usize| {
        Repeats::mean((1..=layers).map(|l| at(e, selected, layers, Quantity::WeightAlignment, Some(l))).collect())
    };
    let weaker = vec![Part::new(
        "no WN: mean angle of eight hidden layers minus that of two, degrees",
        AT_LEAST(2.0),
        move |e| mean_angle(e, A1, 8).minus(&mean_angle(e, A1, 2)).present(),
    )];
    let lower = move |what: &'static str, selected: Selected| {
        (3..=8).map(move |layers| {
            let what = format!("{layers} hidden layers: mean angle without WN minus with {what}, degrees");
            Part::new(what, AT_LEAST(2.0), move |e| {
                mean_angle(e, A1, layers).minus(&mean_angle(e, selected, layers)).present()
            })
        })
    };
    let restored = lower("WN and B of norm 1", A2);
    let alone = lower("WN alone, B as drawn", A3).chain(lower("B scaled alone, no WN", SCALED));
    let accurate = (4..=8).map(|layers| {
        let what =
            format!("{layers} hidden layers: accuracy with WN and B of norm 1 minus without WN, percentage points");
        Part::new(what, AT_LEAST(2.0), move |e| {
            let of = |selected| at(e, selected, layers, Quantity::TestAccuracy, None);
            of(A2).minus(&of(A1)).present()
        })
    });
    let both = format!("{OURS}; {CONFOUND}");
    let split = format!("the criterion of depth/restored applied to each change alone: {AFTER}");
    vec![
        claim("depth/weaker", "In deeper networks alignment weakens", OURS, "depth", weaker),
        claim("depth/restored", "WN restores alignment at every depth", &both, "depth", restored.collect()),
        claim("depth/accuracy", "WN helps BP-TRW at every depth", &both, "depth", accurate.collect()),
        claim(
            "depth/split",
            "WN alone and the scale of B alone each restore alignment at every depth",
            &split,
            "depth",
            alone.collect(),
        ),
    ]
}
