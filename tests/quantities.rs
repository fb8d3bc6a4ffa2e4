//! What jobs of training say of a network, against the network itself and against each other.

use crate::common::job;
use alignscope::condition::{Condition, Draw, Kind};
use alignscope::matrix::Matrix;
use alignscope::measure::representation::{cka, rsa};
use alignscope::network::{Setup, Subset, Trainer};
use alignscope::quantity::Quantity;
use alignscope::rule::Pass;
use alignscope::run::{Job, JobResult};
use alignscope::text::Choice as _;

/// All training images in every batch, so that probe and batch are the same.
const DIGITS: [(&str, &str); 7] = [
    ("hidden", "24,20"),
    ("batch", "1437"),
    ("eta", "1e-4"),
    ("epochs", "12"),
    ("precision", "f64"),
    ("bias", "off"),
    ("record-every", "1"),
];

const END: usize = 12;

struct Run {
    job: Job,
    result: JobResult,
}

impl Run {
    fn new(kind: Kind, options: &[(&str, &str)]) -> Self {
        let (job, result) = job::run(kind, options);
        Self { job, result }
    }

    fn of(options: &[(&str, &str)]) -> Self {
        Self::new(Kind::Train, &[&DIGITS, options].concat())
    }

    fn value(&self, quantity: Quantity, k: usize, layer: impl Into<Option<usize>>) -> f64 {
        let layer = layer.into();
        let mut records = self.result.records.iter();
        let found =
            records.find(|r| r.quantity == quantity && r.iteration == k && r.layer == layer);
        found
            .and_then(|r| r.value)
            .unwrap_or_else(|| panic!("no {} of {layer:?} at {k}", quantity.name()))
    }

    /// The same network, trained apart, and what it makes of the training images: for every layer
    /// above the input pre-activations and norms of error signals.
    fn network<R>(
        &self,
        k: usize,
        look: impl FnOnce(&mut Trainer<'_, f64>, &[Vec<f64>], &[Vec<f64>]) -> R,
    ) -> R {
        let Condition::Train(condition) = &self.job.condition else { panic!("kind train") };
        let data = alignscope::data::digits::<f64>().unwrap();
        let mut trainer =
            Trainer::new(&data, condition.setup.clone(), self.job.seed, self.job.repeat);
        (0..k).for_each(|_| trainer.step());
        let depth = trainer.layers().depth();
        let (mut z, mut norms) = (vec![Vec::new(); depth], vec![Vec::new(); depth]);
        trainer.over_training_images(|part| {
            for l in 0..depth {
                z[l].extend_from_slice(part.pass.z[l].as_slice());
                let delta = &part.pass.delta[l];
                norms[l].extend(
                    (0..delta.rows())
                        .map(|i| delta.row(i).iter().map(|d| d * d).sum::<f64>().sqrt()),
                );
            }
        });
        look(&mut trainer, &z, &norms)
    }
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * (a.abs() + b.abs())
}

/// From norms and inner products before and after, what the update between them was.
#[test]
fn updates_measured_are_the_differences_they_make() {
    let quantities = "weight_alignment,weight_norm,weight_inner_product,step_alignment,\
        relative_update,update_weight_angle,weight_growth";
    let run = Run::of(&[("quantities", quantities)]);
    for (k, l) in (0..END).flat_map(|k| [1, 2].map(|l| (k, l))) {
        let of = |quantity| run.value(quantity, k, l);
        let next = |quantity| run.value(quantity, k + 1, l);
        let norm = of(Quantity::WeightNorm);
        let step = 1e-4 * norm * of(Quantity::RelativeUpdate);
        let b = of(Quantity::WeightInnerProduct)
            / norm
            / of(Quantity::WeightAlignment).to_radians().cos();
        let gain = next(Quantity::WeightInnerProduct) - of(Quantity::WeightInnerProduct);
        let cosine = of(Quantity::StepAlignment).to_radians().cos();
        assert!(close(gain, step * b * cosine, 1e-7), "{k} {l}: {gain} {step} {b} {cosine}");
        let lengthens = of(Quantity::UpdateWeightAngle).to_radians().cos();
        let squared = norm * norm + step * step + 2.0 * norm * step * lengthens;
        assert!(close(next(Quantity::WeightNorm).powi(2), squared, 1e-13), "{k} {l}: {squared}");
        let growth = norm / run.value(Quantity::WeightNorm, 0, l);
        assert!(close(of(Quantity::WeightGrowth), growth, 1e-13), "{k} {l}: {growth}");
    }
    assert!(run.value(Quantity::WeightGrowth, END, 2) > 1.0001);
}

/// A small step of BP takes the rate times the squared gradient from the loss.
#[test]
fn the_loss_falls_by_the_gradient_that_is_measured() {
    let quantities =
        ("quantities", "loss,bp_gradient_norm,gradient_stability,relative_update,weight_norm");
    let run = Run::of(&[
        ("rule", "bp"),
        ("eta", "1e-6"),
        ("loss", "softmax"),
        ("code", "one-hot"),
        quantities,
    ]);
    let samples = run.network(0, |trainer, _, _| trainer.samples(Subset::Train)) as f64;
    for k in 0..END {
        let mut squared = 0.0;
        for l in 0..3 {
            let gradient = run.value(Quantity::BpGradientNorm, k, l);
            let ours =
                run.value(Quantity::RelativeUpdate, k, l) * run.value(Quantity::WeightNorm, k, l);
            assert!(close(gradient * samples, ours, 1e-12), "{gradient} {ours}");
            squared += gradient * gradient;
            // Half of the images have nearly the gradient of the other half.
            assert!((0.0..30.0).contains(&run.value(Quantity::GradientStability, k, l)));
        }
        let fall = run.value(Quantity::Loss, k, None) - run.value(Quantity::Loss, k + 1, None);
        assert!(
            close(fall, 1e-6 * samples * squared, 5e-3),
            "{k}: {fall} {}",
            1e-6 * samples * squared
        );
    }
}

/// The share of the values below a bound.
fn share_below(values: &[f64], bound: f64) -> f64 {
    values.iter().filter(|value| **value < bound).count() as f64 / values.len() as f64
}

/// What was measured of the pre-activations of so many units at iteration `k`.
fn assert_pre_activations(run: &Run, k: usize, l: usize, z: &[f64], units: usize) {
    let of = |quantity| run.value(quantity, k, l);
    for (quantity, share) in [
        (Quantity::PreActivationLow, 0.01),
        (Quantity::PreActivationMedian, 0.5),
        (Quantity::PreActivationHigh, 0.99),
    ] {
        assert!(
            (share_below(z, of(quantity)) - share).abs() < 2.0 / z.len() as f64,
            "{k} {l} {share}"
        );
    }
    assert!((share_below(z, -1.0) - of(Quantity::PreActivationOff) / 100.0).abs() < 1e-12);
    let dead = (0..units).filter(|j| z.iter().skip(*j).step_by(units).all(|z| *z < 0.0)).count();
    assert_eq!(of(Quantity::DeadUnits), dead as f64, "{k} {l}");
}

/// What was measured of the norms of the error signals at iteration `k`.
fn assert_error_norms(run: &Run, k: usize, l: usize, norms: &[f64]) {
    let of = |quantity| run.value(quantity, k, l);
    let below = |bound: f64| share_below(norms, bound);
    let share = |quantity| below(of(quantity));
    assert!((share(Quantity::DeltaNormMedian) - 0.5).abs() < 2.0 / norms.len() as f64, "{k} {l}");
    assert!(share(Quantity::DeltaNormLow) < 0.003, "{k} {l}");
    // No other window as wide as a bin, from one mode to the next, holds clearly more.
    let mut sorted = norms.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (at, rest) =
        ((0.98 * (sorted.len() - 1) as f64) as usize, (0.98 * (sorted.len() - 1) as f64).fract());
    let half = (sorted[at] + rest * (sorted[at + 1] - sorted[at])) / 120.0;
    let around = |at: f64| below(at + half) - below(at - half * (1.0 + 1e-9));
    let mode = of(Quantity::DeltaNormMode);
    assert!(
        (0..60).all(|bin| around((2 * bin + 1) as f64 * half) <= around(mode) + 0.003),
        "{k} {l}"
    );
}

/// Against a network trained apart.
#[test]
fn distributions_and_accuracies_are_those_of_the_network() {
    let quantities = "pre_activation_p01,pre_activation_p50,pre_activation_p99,pre_activation_off,\
        dead_units,activation_growth,delta_norm_p001,delta_norm_p50,delta_norm_mode,\
        train_accuracy,test_accuracy,loss";
    let end = 200;
    let learning = [("eta", "1e-4"), ("epochs", "200"), ("record-every", "200")];
    let run =
        Run::of(&[&learning[..], &[("activation", "relu"), ("quantities", quantities)]].concat());
    let norm_of = |z: &[f64]| z.iter().map(|z| z.max(0.0).powi(2)).sum::<f64>().sqrt();
    let start = run.network(0, |_, z, _| norm_of(&z[1]));
    for k in [0, end] {
        run.network(k, |trainer, z, norms| {
            for (l, z) in z.iter().enumerate().take(2) {
                assert_pre_activations(&run, k, l, z, trainer.sizes()[l + 1]);
            }
            assert!(close(
                run.value(Quantity::ActivationGrowth, k, 1),
                norm_of(&z[1]) / start,
                1e-12
            ));
            for (l, norms) in norms.iter().enumerate() {
                assert_error_norms(&run, k, l, norms);
            }
            let code = trainer.code().clone();
            for (subset, quantity) in
                [(Subset::Train, Quantity::TrainAccuracy), (Subset::Test, Quantity::TestAccuracy)]
            {
                assert_eq!(run.value(quantity, k, None), trainer.evaluate(subset, &code).accuracy);
            }
            assert!(close(
                run.value(Quantity::Loss, k, None),
                trainer.evaluate(Subset::Train, &code).loss,
                1e-12
            ));
        });
    }
    assert!(
        run.value(Quantity::TrainAccuracy, end, None)
            > run.value(Quantity::TrainAccuracy, 0, None) + 20.0
    );
}

/// `(sum s^2)^2 / sum s^4` by traces, without a decomposition.
fn participation(matrix: &Matrix<f64>) -> f64 {
    let gram = (matrix.t() * matrix).to_matrix();
    gram.trace().powi(2) / gram.squared_norm()
}

/// By layer, error signals and the activities below, a row for every training image.
fn over_training_images(trainer: &mut Trainer<'_, f64>) -> (Vec<Matrix<f64>>, Vec<Matrix<f64>>) {
    let mut errors: Vec<Matrix<f64>> = Vec::new();
    let mut sources: Vec<Matrix<f64>> = Vec::new();
    let stack = |all: &mut Vec<Matrix<f64>>, l: usize, part: &Matrix<f64>| {
        if all.len() <= l {
            all.push(part.clone());
        } else {
            let (rows, columns) = (all[l].rows() + part.rows(), part.cols());
            let values = [all[l].as_slice(), part.as_slice()].concat();
            all[l] = Matrix::from_vec(rows, columns, values);
        }
    };
    trainer.over_training_images(|part| {
        for l in 0..3 {
            stack(&mut errors, l, &part.pass.delta[l]);
            stack(&mut sources, l, part.pass.source(&part.input, l));
        }
    });
    (errors, sources)
}

/// Against a network trained apart, and against bounds that hold for any matrix.
#[test]
fn ranks_are_those_of_the_network() {
    let run = Run::of(&[("quantities", "rank,rank_null,bp_error_participation_ratio")]);
    run.network(END, |trainer, _, _| {
        let (errors, sources) = over_training_images(trainer);
        for l in 0..3 {
            let of = |quantity| run.value(quantity, END, l);
            let update = (sources[l].t() * &errors[l]).to_matrix();
            for (quantity, expected) in [
                (Quantity::ActivityParticipationRatio, participation(&sources[l])),
                (Quantity::ErrorParticipationRatio, participation(&errors[l])),
                (Quantity::UpdateParticipationRatio, participation(&update)),
                (Quantity::WeightParticipationRatio, participation(&trainer.layers().weights[l])),
            ] {
                assert!(close(of(quantity), expected, 1e-9), "{l} {}", quantity.name());
            }
            let [samples, below, above] = [1437, trainer.sizes()[l], trainer.sizes()[l + 1]];
            for (quantity, [m, n]) in [
                (Quantity::ActivityParticipationRatioNull, [samples, below]),
                (Quantity::ErrorParticipationRatioNull, [samples, above]),
                (Quantity::WeightParticipationRatioNull, [below, above]),
            ] {
                let exact = (m * n + 2) as f64 / (m + n + 1) as f64;
                assert!(close(of(quantity), exact, 0.01), "{l} {} {exact}", quantity.name());
            }
            let all = [
                [
                    Quantity::ErrorStableRank,
                    Quantity::ErrorParticipationRatio,
                    Quantity::ErrorEffectiveRank,
                    Quantity::ErrorEffectiveRankNull,
                ],
                [
                    Quantity::UpdateStableRank,
                    Quantity::UpdateParticipationRatio,
                    Quantity::UpdateEffectiveRank,
                    Quantity::UpdateEffectiveRankNull,
                ],
            ];
            for counts in all {
                let counts = counts.map(of);
                assert!(counts.is_sorted() && counts[0] >= 1.0, "{l} {counts:?}");
            }
        }
        // The last layer's error passes through no B.
        let of = |quantity| run.value(quantity, END, 2);
        assert_eq!(of(Quantity::ErrorParticipationRatio), of(Quantity::BpErrorParticipationRatio));
        let of = |quantity| run.value(quantity, END, 0);
        assert_ne!(of(Quantity::ErrorParticipationRatio), of(Quantity::BpErrorParticipationRatio));
    });
}

/// Against two networks trained apart; at the start the two are one.
#[test]
fn representations_are_compared_with_those_of_bp_from_the_same_start() {
    let run = Run::of(&[
        ("batch", "96"),
        ("eta", "4e-3"),
        ("record-every", "180"),
        ("quantities", "cka_to_bp,rsa_to_bp"),
    ]);
    let end = run.result.records.iter().map(|r| r.iteration).max().unwrap();
    let Condition::Train(condition) = &run.job.condition else { panic!("kind train") };
    let data = alignscope::data::digits::<f64>().unwrap();
    let activities = |rule: &str| {
        let setup = Setup { rule: rule.parse().unwrap(), ..condition.setup.clone() };
        let mut trainer = Trainer::new(&data, setup, run.job.seed, run.job.repeat);
        (0..end).for_each(|_| trainer.step());
        let mut pass = Pass::new(trainer.sizes(), 360);
        trainer.layers().forward(&data.test.images, &mut pass);
        pass.activity
    };
    let (ours, bps) = (activities("fa"), activities("bp"));
    for l in 0..3 {
        for quantity in [Quantity::CkaToBp, Quantity::RsaToBp] {
            assert!((run.value(quantity, 0, l) - 1.0).abs() < 1e-12, "{l}");
        }
        let cka = cka(&ours[l], &bps[l]).unwrap();
        assert!(close(run.value(Quantity::CkaToBp, end, l), cka, 1e-9), "{l}");
        let rsa = rsa(&ours[l], &bps[l]).unwrap();
        assert!(close(run.value(Quantity::RsaToBp, end, l), rsa, 1e-9), "{l}");
        assert!((0.1..0.9999).contains(&cka) && (0.1..0.9999).contains(&rsa), "{l}: {cka} {rsa}");
    }
    let bp = Run::of(&[("rule", "bp"), ("quantities", "cka_to_bp,weight_norm")]);
    assert!(bp.result.records.iter().all(|r| r.quantity != Quantity::CkaToBp));
}

/// At the start no more than chance has it.
#[test]
fn updates_align_beyond_their_null_once_weights_do() {
    let quantities =
        ("quantities", "update_alignment,update_null_p025,update_null_p975,update_alignment_z");
    let run = Run::of(&[
        ("batch", "96"),
        ("eta", "4e-3"),
        ("epochs", "60"),
        ("record-every", "900"),
        quantities,
    ]);
    let last = run.result.records.iter().map(|r| r.iteration).max().unwrap();
    for l in 0..2 {
        let at = |k| {
            let of = |quantity| run.value(quantity, k, l);
            [
                Quantity::UpdateNullLow,
                Quantity::UpdateAlignment,
                Quantity::UpdateNullHigh,
                Quantity::UpdateAlignmentZ,
            ]
            .map(of)
        };
        let [low, _, high, z] = at(0);
        assert!(low < 90.0 && high > 90.0 && z.abs() < 5.0, "{low} {high} {z}");
        let [low, angle, high, z] = at(last);
        assert!(angle < low && low < high && z > 3.0, "{low} {angle} {high} {z}");
    }
}

/// The update of the rule in isolation, split by the latest change of the layer below, adds up.
#[test]
fn terms_of_the_rule_in_isolation_add_up() {
    let quantities = "weight_alignment,weight_norm,weight_inner_product,alignment_term,\
        alignment_term_norm,superalignment_term,superalignment_term_norm,alignment_sum,\
        alignment_sum_norm,superalignment_sum,superalignment_sum_norm";
    let options = [
        ("layers", "8,12,6"),
        // The split is to first order in the change below.
        ("activation", "linear"),
        ("activity", "ar1:0.8"),
        ("error", "ar1:0.9"),
        ("iterations", "30"),
        ("record-every", "1"),
        ("precision", "f64"),
        ("quantities", quantities),
    ];
    let run = Run::new(Kind::Isolate, &options);
    let of = |quantity, k| run.value(quantity, k, 1);
    let inner = |angle, norm, k| of(norm, k) * of(angle, k).to_radians().cos();
    let b = of(Quantity::WeightInnerProduct, 5)
        / inner(Quantity::WeightAlignment, Quantity::WeightNorm, 5);
    let (mut alignment, mut superalignment) = (0.0, 0.0);
    // The first update has none before it.
    for k in 2..=30 {
        let [of_alignment, of_superalignment] = [
            (Quantity::AlignmentTerm, Quantity::AlignmentTermNorm),
            (Quantity::SuperalignmentTerm, Quantity::SuperalignmentTermNorm),
        ]
        .map(|(angle, norm)| b * inner(angle, norm, k));
        let gain = of(Quantity::WeightInnerProduct, k) - of(Quantity::WeightInnerProduct, k - 1);
        assert!(
            (gain - of_alignment - of_superalignment).abs() < 1e-9 * gain.abs().max(1e-3),
            "{k}: {gain}"
        );
        (alignment, superalignment) =
            (alignment + of_alignment, superalignment + of_superalignment);
        let sums = [
            (alignment, Quantity::AlignmentSum, Quantity::AlignmentSumNorm),
            (superalignment, Quantity::SuperalignmentSum, Quantity::SuperalignmentSumNorm),
        ];
        for (sum, angle, norm) in sums {
            assert!(
                (sum - b * inner(angle, norm, k)).abs() < 1e-9 * sum.abs().max(1e-3),
                "{k} {}: {sum}",
                angle.name()
            );
        }
    }
}

/// Values of these kinds are recorded by their experiments: none may be forgotten there.
#[test]
fn every_quantity_of_draws_planes_and_recurrent_networks_has_a_value() {
    let draws = |draw| [("draw", draw), ("draws", "3"), ("layers", "6,5,4"), ("batch", "3")];
    let one_step = [&draws("one-step")[..], &[("activity", "white"), ("error", "white")]].concat();
    let composed = draws("composition");
    let plane = [
        ("hidden", "6,5"),
        ("batch", "500"),
        ("epochs", "3"),
        ("snapshot-every", "1"),
        ("mesh", "3"),
    ];
    let recurrent = [("units", "6"), ("batch", "3"), ("iterations", "20"), ("eta", "1e-3")];
    let isolated = [&recurrent[..], &[("activation", "linear"), ("activity", "ou:5")]].concat();
    let task = [&recurrent[..], &[("task", "recall"), ("credit", "bp-trw")]].concat();
    let mut measured = Vec::new();
    for (kind, options, is_measured) in [
        (
            Kind::Sample,
            &one_step[..],
            (|quantity| quantity.is_drawn_by(Draw::OneStep)) as fn(Quantity) -> bool,
        ),
        (Kind::Sample, &composed[..], |quantity| quantity.is_drawn_by(Draw::Composition)),
        (Kind::Plane, &plane[..], |_| true),
        (Kind::Recurrent, &isolated[..], |quantity| {
            !matches!(
                quantity,
                Quantity::RecurrentAlignment | Quantity::SequenceError | Quantity::SequenceAccuracy
            )
        }),
        (Kind::Recurrent, &task[..], |quantity| {
            !quantity.is_of_readout_lags()
                && !matches!(quantity, Quantity::ChangeBound | Quantity::PredictedWeightAlignment)
        }),
    ] {
        let quantities: Vec<Quantity> =
            Quantity::of_kind(kind).filter(|&quantity| is_measured(quantity)).collect();
        let names: Vec<&str> = quantities.iter().map(|quantity| quantity.name()).collect();
        let names = names.join(",");
        let (_, result) = job::run(kind, &[options, &[("quantities", names.as_str())]].concat());
        for quantity in &quantities {
            let has_value =
                result.records.iter().any(|r| r.quantity == *quantity && r.value.is_some());
            assert!(has_value, "{} of kind {}", quantity.name(), kind.name());
        }
        measured.extend(quantities);
    }
    let of_these = |quantity: &&Quantity| {
        quantity
            .info()
            .kinds
            .iter()
            .any(|k| [Kind::Sample, Kind::Plane, Kind::Recurrent].contains(k))
    };
    assert!(Quantity::ALL.iter().filter(of_these).all(|quantity| measured.contains(quantity)));
}
