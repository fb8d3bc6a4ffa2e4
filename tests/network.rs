//! Training against what is known exactly: optimiser, codes, label changes, normalisation, threads,
//! probes, resumption.

use alignscope::data::{ChangeKind, CodeKind, DataSet, LabelChange, digits};
use alignscope::matrix::Matrix;
use alignscope::measure::angle::angle;
use alignscope::network::{
    Biases, Loss, Order, Probe, ProbeBatch, Reduction, Rule, Setup, Std, Subset, Trainer,
};
use alignscope::random::{Role, Stream};
use alignscope::real::Real;
use alignscope::rule::{Activation, Feedback, WeightNorm};
use std::sync::Arc;

fn data<T: Real>() -> Arc<DataSet<T>> {
    digits().unwrap()
}

/// A network of three weight matrices on the digits.
fn setup() -> Setup {
    Setup { hidden: vec![20, 15], batch: 100, order: Order::EachEpoch, ..Setup::default() }
}

fn trainer<T: Real>(data: &DataSet<T>, setup: Setup) -> Trainer<'_, T> {
    Trainer::new(data, setup, 5, 1)
}

fn run<T: Real>(trainer: &mut Trainer<'_, T>, updates: usize) {
    (0..updates).for_each(|_| trainer.step());
}

fn largest_difference(a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn a_dropped_last_batch_is_no_update() {
    let data = data::<f64>();
    let images = data.train.labels.len();
    let setup = Setup { batch: 100, drop_last: true, ..setup() };
    let mut net = trainer(&data, setup.clone());
    let whole = images / 100;
    assert_ne!(images % 100, 0, "there is something to drop");
    assert_eq!(net.batches_per_epoch(), whole);
    let mut shown = vec![0; images];
    for _ in 0..3 * whole {
        assert_eq!(net.next_batch().len(), 100);
        net.next_batch().iter().for_each(|&i| shown[i] += 1);
        net.step();
    }
    assert!(
        shown.iter().all(|&times| times <= 3) && shown.contains(&2),
        "another batch is left out in each epoch"
    );
    let mut all = trainer(&data, Setup { drop_last: false, ..setup });
    assert_eq!(all.batches_per_epoch(), whole + 1);
    let mut again = trainer(&data, Setup { drop_last: true, ..all.setup().clone() });
    run(&mut all, whole);
    run(&mut again, whole);
    assert_eq!(all.layers().weights, again.layers().weights, "the same up to there");
}

/// What the paper's rule does to one batch, written out sample by sample.
fn plain_step(
    weights: &[Matrix<f64>],
    backward: &[Matrix<f64>],
    input: &[f64],
    target: &[f64],
) -> Vec<Matrix<f64>> {
    let depth = weights.len();
    let f = |z: f64| if z > 0.0 { z.tanh() } else { 0.0 };
    let slope = |z: f64| if z > 0.0 { 1.0 - z.tanh().powi(2) } else { 0.0 };
    let (mut activities, mut zs) = (vec![input.to_vec()], Vec::new());
    for w in weights {
        let below = activities.last().unwrap();
        let z: Vec<f64> =
            (0..w.cols()).map(|j| (0..w.rows()).map(|i| below[i] * w.row(i)[j]).sum()).collect();
        activities.push(z.iter().map(|&z| f(z)).collect());
        zs.push(z);
    }
    let mut delta: Vec<f64> = (0..target.len())
        .map(|j| (target[j] - activities[depth][j]) * slope(zs[depth - 1][j]))
        .collect();
    let mut updates = Vec::new();
    for l in (0..depth).rev() {
        let mut update = Matrix::zeros(weights[l].rows(), weights[l].cols());
        #[expect(clippy::needless_range_loop, reason = "written out with indices, as in the paper")]
        for i in 0..update.rows() {
            for (u, d) in update.row_mut(i).iter_mut().zip(&delta) {
                *u = activities[l][i] * d;
            }
        }
        updates.insert(0, update);
        if l > 0 {
            let b = &backward[l - 1];
            delta = (0..b.cols())
                .map(|i| {
                    slope(zs[l - 1][i]) * (0..b.rows()).map(|j| delta[j] * b.row(j)[i]).sum::<f64>()
                })
                .collect();
        }
    }
    updates
}

#[test]
fn an_update_is_that_of_the_paper_written_out() {
    let data = data::<f64>();
    let setup = Setup { biases: Biases::Off, order: Order::Fixed, batch: 70, ..setup() };
    let mut trainer = trainer(&data, setup);
    run(&mut trainer, 3);
    let before = trainer.layers().clone();
    let backward: Vec<Matrix<f64>> =
        (1..3).map(|l| trainer.feedback().backward(l).unwrap().clone()).collect();
    let batch = trainer.next_batch().to_vec();
    let code = trainer.code().clone();
    trainer.step();
    for l in 0..3 {
        let mut expected = before.weights[l].clone();
        for &sample in &batch {
            let mut target = vec![0.0; 50];
            code.write_target(data.train.labels[sample], [0.0, 1.0], &mut target);
            let updates =
                plain_step(&before.weights, &backward, data.train.images.row(sample), &target);
            expected
                .as_mut_slice()
                .iter_mut()
                .zip(updates[l].as_slice())
                .for_each(|(e, u)| *e += 0.01 * u);
        }
        let difference = largest_difference(&trainer.layers().weights[l], &expected);
        assert!(difference < 1e-13, "layer {l}: {difference}");
    }
}

/// So that a comparison of scales of B at one learning rate is one of learning rates too.
#[test]
fn scaling_b_multiplies_the_learning_rates_of_lower_layers() {
    let data = data::<f64>();
    let plain = Setup { hidden: vec![12, 10, 8], order: Order::Fixed, ..setup() };
    for factor in [0.5, 3.0] {
        let mut scaled = trainer(&data, Setup { b_scale: factor, ..plain.clone() });
        for k in 0..4 {
            // What B as drawn does to the same state with the same batch.
            let mut drawn = trainer(&data, plain.clone());
            run(&mut drawn, k);
            *drawn.layers_mut() = scaled.layers().clone();
            let before = scaled.layers().clone();
            drawn.step();
            scaled.step();
            for l in 0..4 {
                let rate = factor.powi(3 - l as i32);
                let expected = |start: &[f64], end: &[f64]| -> Vec<f64> {
                    start.iter().zip(end).map(|(start, end)| start + rate * (end - start)).collect()
                };
                let [start, end, now] = [&before, drawn.layers(), scaled.layers()];
                let pairs = [
                    (
                        expected(start.weights[l].as_slice(), end.weights[l].as_slice()),
                        now.weights[l].as_slice(),
                    ),
                    (expected(&start.biases[l], &end.biases[l]), &now.biases[l][..]),
                ];
                for (expected, now) in pairs {
                    let largest =
                        expected.iter().zip(now).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                    assert!(largest < 1e-12, "factor {factor}, update {k}, layer {l}: {largest}");
                }
            }
            assert_ne!(drawn.layers().weights[0], scaled.layers().weights[0], "the rates differ");
        }
    }
}

#[test]
fn momentum_and_decay_are_pytorchs() {
    let data = data::<f64>();
    let (eta, momentum, decay) = (0.003, 0.7, 0.02);
    let with = Setup { eta, momentum, weight_decay: decay, order: Order::Fixed, ..setup() };
    let mut trainer = trainer(&data, with.clone());
    let plain = Setup { eta: 1.0, momentum: 0.0, weight_decay: 0.0, ..with };
    let mut velocity: Vec<Matrix<f64>> =
        trainer.layers().weights.iter().map(|w| Matrix::zeros(w.rows(), w.cols())).collect();
    let mut bias_velocity: Vec<Vec<f64>> =
        trainer.layers().biases.iter().map(|b| vec![0.0; b.len()]).collect();
    for k in 0..4 {
        // The bare gradient of this batch, from a trainer of the same state without an optimiser.
        let mut bare = Trainer::new(&*data, plain.clone(), 5, 1);
        run(&mut bare, k);
        *bare.layers_mut() = trainer.layers().clone();
        let before = trainer.layers().clone();
        bare.step();
        trainer.step();
        for l in 0..3 {
            let gradient =
                bare.layers().weights[l].as_slice().iter().zip(before.weights[l].as_slice());
            let mut expected = before.weights[l].clone();
            for ((v, (after, w)), e) in
                velocity[l].as_mut_slice().iter_mut().zip(gradient).zip(expected.as_mut_slice())
            {
                *v = momentum * *v + (after - w) - decay * w;
                *e += eta * *v;
            }
            assert!(
                largest_difference(&expected, &trainer.layers().weights[l]) < 1e-13,
                "update {k}, layer {l}"
            );
            let biases = bare.layers().biases[l].iter().zip(&before.biases[l]);
            for ((v, (after, b)), now) in
                bias_velocity[l].iter_mut().zip(biases).zip(&trainer.layers().biases[l])
            {
                *v = momentum * *v + (after - b) - decay * b;
                assert!((b + eta * *v - now).abs() < 1e-13);
            }
        }
    }
}

#[test]
fn decay_alone_shrinks_and_the_mean_divides_by_the_batch() {
    let data = data::<f64>();
    let sum = Setup { eta: 0.01, order: Order::Fixed, ..setup() };
    let mean = Setup { eta: 1.0, reduction: Reduction::Mean, ..sum.clone() };
    let (mut a, mut b) = (trainer(&data, sum.clone()), trainer(&data, mean));
    run(&mut a, 5);
    run(&mut b, 5);
    (0..3).for_each(|l| {
        assert!(largest_difference(&a.layers().weights[l], &b.layers().weights[l]) < 1e-13)
    });
    let decaying = Setup { weight_decay: 0.5, ..sum };
    let (mut a, mut b) =
        (trainer(&data, decaying.clone()), trainer(&data, Setup { weight_decay: 0.0, ..decaying }));
    let start = a.layers().weights[1].clone();
    a.step();
    b.step();
    let shrunk = start
        .as_slice()
        .iter()
        .zip(a.layers().weights[1].as_slice())
        .zip(b.layers().weights[1].as_slice());
    assert!(shrunk.into_iter().all(|((w, a), b)| (b - a - 0.005 * w).abs() < 1e-14));
}

#[test]
fn bits_do_not_depend_on_threads() {
    fn check<T: Real>(setup: Setup) {
        let data = data::<T>();
        let (mut one, mut two) = (trainer(&data, setup.clone()), trainer(&data, setup));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        two.use_threads(3);
        run(&mut one, 20);
        pool.install(|| run(&mut two, 20));
        assert_eq!(one.layers().weights, two.layers().weights);
        assert_eq!(one.layers().biases, two.layers().biases);
        let code = one.code().clone();
        let parallel = pool.install(|| two.evaluate(Subset::Test, &code));
        assert_eq!(one.evaluate(Subset::Test, &code), parallel);
    }
    // The first layer is large enough to be updated in two blocks.
    let wide = Setup { hidden: vec![900, 30], batch: 600, eta: 1e-3, ..setup() };
    check::<f32>(wide.clone());
    check::<f64>(Setup { momentum: 0.9, weight_norm: Some(WeightNorm::Neuron(vec![1.0])), ..wide });
}

#[test]
fn a_restored_run_goes_on_to_the_same_bits() {
    let data = data::<f32>();
    for setup in [
        Setup { momentum: 0.5, label_change: LabelChange::Every(1), ..setup() },
        Setup { loss: Loss::Random, eta: 1e-3, ..setup() },
        Setup { order: Order::Once, weight_norm: Some(WeightNorm::NeuronInitial), ..setup() },
    ] {
        for stop in [0, 7, 15, 22] {
            let mut whole = trainer(&data, setup.clone());
            run(&mut whole, stop);
            let saved = serde_json::to_vec(&whole.state()).unwrap();
            run(&mut whole, 40 - stop);
            let mut resumed = trainer(&data, setup.clone());
            assert!(resumed.restore(&serde_json::from_slice(&saved).unwrap()));
            run(&mut resumed, 40 - stop);
            assert_eq!(whole.layers().weights, resumed.layers().weights, "stopped at {stop}");
            assert_eq!(whole.layers().biases, resumed.layers().biases);
            assert_eq!(whole.code(), resumed.code());
            let mut other = trainer(&data, Setup { hidden: vec![19, 15], ..setup.clone() });
            assert!(!other.restore(&serde_json::from_slice(&saved).unwrap()));
        }
    }
}

#[test]
fn codes_change_when_told_and_everything_else_carries_on() {
    let data = data::<f64>();
    let changing = Setup { label_change: LabelChange::At(vec![2, 3]), epochs: 5, ..setup() };
    let per_epoch = 15;
    for (kind, code) in [
        (ChangeKind::Fresh, CodeKind::NHot { ones: 5, units: 50 }),
        (ChangeKind::Permute, CodeKind::NHot { ones: 5, units: 50 }),
        (ChangeKind::Fresh, CodeKind::OneHot),
    ] {
        let setup = Setup { change_kind: kind, code, ..changing.clone() };
        let mut net = trainer(&data, setup.clone());
        let mut steady = trainer(&data, Setup { label_change: LabelChange::Off, ..setup });
        assert_eq!(net.batches_per_epoch(), per_epoch);
        run(&mut net, 2 * per_epoch);
        run(&mut steady, 2 * per_epoch);
        assert_eq!(
            net.layers().weights,
            steady.layers().weights,
            "nothing differs before the change"
        );
        let (old, new) = (net.code_before_change().unwrap().clone(), net.code().clone());
        assert_eq!(&old, steady.code());
        assert_ne!(old, new);
        let before = net.evaluate(Subset::Test, &old).accuracy;
        let after = net.evaluate(Subset::Test, &new).accuracy;
        assert!(before > 30.0 && after < before - 15.0, "{before} {after}");
        run(&mut net, 1);
        assert!(net.code_before_change().is_none());
        run(&mut net, per_epoch - 1);
        assert_eq!(net.code_before_change(), Some(&new));
    }
}

#[test]
fn weight_normalisation_keeps_the_norms_it_is_told_to() {
    let data = data::<f64>();
    let norms = |net: &Trainer<'_, f64>, l: usize| -> Vec<f64> {
        let w = &net.layers().weights[l];
        (0..w.cols())
            .map(|j| (0..w.rows()).map(|i| w.row(i)[j].powi(2)).sum::<f64>().sqrt())
            .collect()
    };
    let whole =
        |net: &Trainer<'_, f64>, l: usize| norms(net, l).iter().map(|n| n * n).sum::<f64>().sqrt();
    let start = trainer(&data, setup());
    for (kind, by_neuron) in [
        (WeightNorm::Neuron(vec![1.0]), true),
        (WeightNorm::Neuron(vec![2.0, 0.5]), true),
        (WeightNorm::NeuronInitial, true),
        (WeightNorm::Matrix(vec![7.0]), false),
        (WeightNorm::MatrixInitial, false),
    ] {
        let mut net = trainer(&data, Setup { weight_norm: Some(kind.clone()), ..setup() });
        let unchanged: Vec<Matrix<f64>> =
            (1..3).map(|l| net.feedback().backward(l).unwrap().clone()).collect();
        for updates in [0, 1, 9] {
            run(&mut net, updates);
            for l in 0..3 {
                let expected = |j: usize| match &kind {
                    WeightNorm::Neuron(g) | WeightNorm::Matrix(g) => g[l.min(g.len() - 1)],
                    WeightNorm::NeuronInitial => norms(&start, l)[j],
                    WeightNorm::MatrixInitial => whole(&start, l),
                };
                if by_neuron {
                    let found = norms(&net, l);
                    assert!(
                        found
                            .iter()
                            .enumerate()
                            .all(|(j, n)| (n / expected(j) - 1.0).abs() < 1e-12),
                        "{kind:?}"
                    );
                } else {
                    assert!((whole(&net, l) / expected(0) - 1.0).abs() < 1e-12, "{kind:?}");
                }
            }
        }
        assert!(
            (1..3).all(|l| net.feedback().backward(l) == unchanged.get(l - 1)),
            "B is left alone"
        );
        assert_ne!(net.layers().weights[0], start.layers().weights[0]);
    }
}

#[test]
fn scaling_and_normalising_the_backward_weights_are_separate() {
    let data = data::<f64>();
    let of = |setup: Setup| trainer(&data, setup).feedback().backward(2).unwrap().clone();
    let plain = of(setup());
    let scaled = of(Setup { b_scale: 3.0, ..setup() });
    assert!(
        plain.as_slice().iter().zip(scaled.as_slice()).all(|(a, b)| (3.0 * a - b).abs() < 1e-14)
    );
    let normalised = of(Setup { normalize_b: true, b_scale: 0.5, ..setup() });
    for j in 0..normalised.cols() {
        let norm = (0..normalised.rows()).map(|i| normalised.row(i)[j].powi(2)).sum::<f64>().sqrt();
        assert!((norm - 0.5).abs() < 1e-12);
        let ratio = normalised.row(0)[j] / plain.row(0)[j];
        assert!(
            (0..normalised.rows())
                .all(|i| (normalised.row(i)[j] - ratio * plain.row(i)[j]).abs() < 1e-12)
        );
    }
    let fan_in =
        Trainer::<f64>::new(&data, Setup { w_std: Std::FanIn, b_std: Std::He, ..setup() }, 5, 1);
    let sd = |m: &Matrix<f64>| {
        (m.as_slice().iter().map(|v| v * v).sum::<f64>() / m.as_slice().len() as f64).sqrt()
    };
    // 1,280 and 300 normals: within four standard errors of 1/sqrt 64 and sqrt(2/20).
    assert!((sd(&fan_in.layers().weights[0]) * 8.0 - 1.0).abs() < 4.0 / 2560.0f64.sqrt());
    let b = fan_in.feedback().backward(1).unwrap();
    assert!((sd(b) / 0.1f64.sqrt() - 1.0).abs() < 4.0 / 600.0f64.sqrt());
}

#[test]
fn shallow_learning_moves_the_last_layer_alone() {
    let data = data::<f32>();
    let mut net = trainer(&data, Setup { rule: Rule::SHALLOW, weight_decay: 0.1, ..setup() });
    let start = net.layers().clone();
    run(&mut net, 30);
    for l in 0..2 {
        assert_eq!(net.layers().weights[l], start.weights[l]);
        assert_eq!(net.layers().biases[l], start.biases[l]);
    }
    assert_ne!(net.layers().weights[2], start.weights[2]);
    assert_ne!(net.layers().biases[2], start.biases[2]);
}

#[test]
fn untrained_biases_stay_and_absent_ones_are_absent() {
    let data = data::<f32>();
    let mut net = trainer(&data, Setup { biases: Biases::Untrained, ..setup() });
    let start = net.layers().biases.clone();
    assert!(start.iter().all(|b| b.iter().any(|v| *v != 0.0)));
    run(&mut net, 10);
    assert_eq!(net.layers().biases, start);
    assert!(
        trainer(&data, Setup { biases: Biases::Off, ..setup() })
            .layers()
            .biases
            .iter()
            .all(Vec::is_empty)
    );
}

#[test]
fn every_loss_and_activation_learns_the_digits_but_the_random_error() {
    let data = data::<f32>();
    let one_hot = Setup { code: CodeKind::OneHot, ..setup() };
    for (setup, least) in [
        (Setup { epochs: 30, ..setup() }, 85.0),
        (
            Setup {
                loss: Loss::SquaredLinear,
                eta: 3e-3,
                w_std: Std::FanIn,
                b_std: Std::FanIn,
                ..setup()
            },
            85.0,
        ),
        (
            Setup {
                loss: Loss::SigmoidCrossEntropy,
                eta: 5e-3,
                w_std: Std::FanIn,
                b_std: Std::FanIn,
                ..setup()
            },
            85.0,
        ),
        (
            Setup {
                loss: Loss::SoftmaxCrossEntropy,
                activations: vec![Activation::LeakyRelu, Activation::Erf],
                eta: 5e-3,
                w_std: Std::FanIn,
                b_std: Std::FanIn,
                ..one_hot
            },
            85.0,
        ),
    ] {
        let mut net = trainer(&data, setup);
        run(&mut net, 30 * 15);
        let code = net.code().clone();
        let accuracy = net.evaluate(Subset::Test, &code).accuracy;
        assert!(accuracy > least, "{:?}: {accuracy}", net.setup().loss);
    }
    let mut net = trainer(&data, Setup { loss: Loss::Random, eta: 1e-3, ..setup() });
    let start = net.layers().weights[0].clone();
    run(&mut net, 100);
    assert_ne!(net.layers().weights[0], start);
    let code = net.code().clone();
    let found = net.evaluate(Subset::Test, &code);
    assert!(found.accuracy < 30.0 && found.loss.is_nan());
}

#[test]
fn smoothed_targets_are_those_documented() {
    assert_eq!(Loss::HalfSquared.target_levels(0.05, 50), [0.05, 1.0]);
    let [off, on] = Loss::SoftmaxCrossEntropy.target_levels(0.2, 10);
    assert!(
        (off - 0.02).abs() < 1e-15
            && (on - 0.82).abs() < 1e-15
            && (9.0 * off + on - 1.0).abs() < 1e-12
    );
}

#[test]
fn probes_see_what_the_next_update_does() {
    let data = data::<f64>();
    let setup = Setup { batch: 60, ..setup() };
    let mut net = trainer(&data, setup.clone());
    run(&mut net, 25);
    let mut probe = Probe::new(&net, ProbeBatch::Next, 5, 1);
    let before = net.layers().clone();
    let angles: Vec<f64> = (0..3).map(|l| probe.update_weight_angle(&net, l).unwrap()).collect();
    let sizes: Vec<f64> = (0..3).map(|l| probe.relative_update(&net, l).unwrap()).collect();
    assert_eq!(probe.update_alignment(&net, 2), Some(0.0), "the last layer's update is BP's");
    net.step();
    for l in 0..3 {
        let after = net.layers().weights[l].as_slice().iter().zip(before.weights[l].as_slice());
        let step = Matrix::from_vec(
            before.weights[l].rows(),
            before.weights[l].cols(),
            after.map(|(a, b)| a - b).collect(),
        );
        let measured = angle(&step, &before.weights[l]).unwrap().unwrap();
        assert!((measured - angles[l]).abs() < 1e-6, "layer {l}: {measured} {}", angles[l]);
        let norm = |m: &Matrix<f64>| m.as_slice().iter().map(|v| v * v).sum::<f64>().sqrt();
        assert!((norm(&step) / 0.01 / norm(&before.weights[l]) / sizes[l] - 1.0).abs() < 1e-9);
    }
    // With transposed weights for B, updates and deltas are BP's.
    let transposed = net.layers().weights[1..].iter().map(Matrix::transpose).collect();
    *net.feedback_mut() = Feedback::fixed(transposed);
    probe.forget();
    for l in 0..2 {
        assert_eq!(probe.update_alignment(&net, l), Some(0.0));
        assert_eq!(probe.delta_alignment(&net, l), Some(0.0));
    }
}

#[test]
fn fixed_probes_stay_and_look_without_touching() {
    let data = data::<f32>();
    let (mut looked, mut plain) = (trainer(&data, setup()), trainer(&data, setup()));
    let mut probe = Probe::new(&looked, ProbeBatch::Fixed, 5, 1);
    let first = probe.pre_activations(&looked, 0).unwrap();
    probe.forget();
    assert_eq!(probe.pre_activations(&looked, 0).unwrap(), first);
    for _ in 0..20 {
        let _ = probe.update_null(&looked, &mut Stream::new(1, 1, Role::Null));
        let _ = probe.gradient_stability(&looked, 1);
        looked.step();
        probe.forget();
        plain.step();
    }
    assert_eq!(looked.layers().weights, plain.layers().weights);
    assert_ne!(probe.pre_activations(&looked, 0).unwrap(), first);
}

#[test]
fn redrawn_backward_weights_give_the_null_of_update_alignment() {
    let data = data::<f64>();
    let mut net = trainer(&data, setup());
    let mut probe = Probe::new(&net, ProbeBatch::Fixed, 5, 1);
    let nulls = |net: &Trainer<'_, f64>, probe: &mut Probe<f64>| -> Vec<_> {
        probe
            .update_null(net, &mut Stream::new(9, 0, Role::Null))
            .into_iter()
            .map(Option::unwrap)
            .collect()
    };
    // At the start B is one draw like any other.
    let mut scores = Vec::new();
    for repeat in 0..20 {
        let net = Trainer::new(&*data, setup(), 11, repeat);
        let mut probe = Probe::new(&net, ProbeBatch::Fixed, 11, repeat);
        scores.extend(nulls(&net, &mut probe).iter().map(|null| null.z.unwrap()));
    }
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    // 40 scores of standard deviation 1, the two of a repeat correlated at most fully.
    assert!(mean.abs() < 4.0 / 20.0f64.sqrt(), "{mean}");
    assert!(scores.iter().all(|z| z.abs() < 5.0), "{scores:?}");
    // The null is much wider than that of a weight angle with as many entries, about 1.6 degrees
    // here.
    let [first, _] = nulls(&net, &mut probe)[..] else { panic!("two layers") };
    assert!(first.high - first.low > 10.0, "{first:?}");
    // After learning the updates align beyond it.
    run(&mut net, 3000);
    probe.forget();
    for (l, null) in nulls(&net, &mut probe).into_iter().enumerate() {
        assert!(
            null.z.unwrap() > 3.0 && probe.update_alignment(&net, l).unwrap() < null.low,
            "layer {l}: {null:?}"
        );
    }
}

#[test]
fn dead_units_are_those_no_error_can_move() {
    let data = data::<f64>();
    let mut net = trainer(&data, Setup { biases: Biases::On, ..setup() });
    let mut probe = Probe::new(&net, ProbeBatch::Fixed, 5, 1);
    let before = probe.dead_units(&net, 1);
    net.layers_mut().biases[1][4] = -1e3;
    net.layers_mut().biases[1][9] = -1e3;
    probe.forget();
    let dead = probe.dead_units(&net, 1);
    assert!((before..=before + 2).contains(&dead) && dead >= 2, "{before} {dead}");
    let column = |net: &Trainer<'_, f64>| {
        (0..20).map(|i| net.layers().weights[1].row(i)[4]).collect::<Vec<_>>()
    };
    let start = column(&net);
    run(&mut net, 5);
    assert_eq!(column(&net), start, "no error moves its weights");
}
