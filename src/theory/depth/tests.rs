use super::state::Moving;
use super::*;
use crate::matrix::Matrix;
use crate::measure::angle::weight_alignment;
use crate::measure::summary::Summary;
use crate::rule::{Activation, Isolated, UpdateAlignment, WeightNorm};
use crate::signal::{Form, Pair, Signals, Sizes};

struct Case {
    sizes: &'static [usize],
    forms: [&'static str; 2],
    cross: &'static str,
    batch: usize,
    iterations: usize,
    eta: f64,
    std: f64,
    norm: Option<f64>,
}

impl Case {
    fn run(&self) -> DepthRun {
        let [activity, error] = self.forms.map(|form| Form::parse(form).unwrap());
        let depth = self.sizes.len() - 1;
        DepthRun {
            network: DeepNetwork {
                sizes: self.sizes.to_vec(),
                w_std: vec![self.std; depth],
                norms: self.norm.map(|norm| vec![norm; depth]),
                bias_std: None,
            },
            b_std: vec![self.std; depth - 1],
            width: Width::Finite,
            pair: Pair { activity, error, cross: self.cross.parse().unwrap(), ..Pair::default() },
            batch: self.batch,
            rule: StepRule::plain(self.eta),
        }
    }

    /// Angles of weights and of updates by layer that the rule itself comes to.
    fn simulate(&self, repeat: u64) -> [Vec<f64>; 2] {
        let depth = self.sizes.len() - 1;
        let sizes = Sizes {
            batch: self.batch,
            inputs: self.sizes[0],
            outputs: self.sizes[depth],
            iterations: self.iterations,
        };
        let mut signals = Signals::<f64>::new(&self.run().pair, sizes, 1, repeat).unwrap();
        let std = [self.std, self.std];
        let mut net = Isolated::draw(self.sizes, self.batch, Activation::Linear, std, 1, repeat);
        if let Some(norm) = self.norm {
            net = net.with_weight_norm(&WeightNorm::Neuron(vec![norm]));
        }
        for _ in 0..self.iterations {
            net.step(signals.activity(), signals.error(), self.eta);
            signals.advance();
        }
        let angle =
            |l: usize| weight_alignment(&net.layers.weights[l], net.feedback.backward(l).unwrap());
        let weights = (1..depth).map(|l| angle(l).unwrap().unwrap()).collect();
        net.inject(signals.activity(), signals.error());
        let Isolated { layers, feedback, pass, .. } = &mut net;
        let updates =
            UpdateAlignment::new(self.sizes).angles(layers, feedback, signals.activity(), pass);
        [weights, updates.into_iter().flatten().collect()]
    }

    /// Mean differences of predictions to the rule by layer, with the standard error of the mean
    /// over repeats of what the rule gave: weights, updates.
    fn differences(&self, repeats: u64) -> [Vec<[f64; 2]>; 2] {
        let run = self.run();
        let pairs: Vec<_> = (0..repeats)
            .map(|repeat| {
                let predicted = run.angles(&[self.iterations], 1, repeat).unwrap().remove(0);
                let simulated = self.simulate(repeat);
                [(predicted.weights, &simulated[0]), (predicted.updates, &simulated[1])]
                    .map(|(a, b)| a.iter().zip(b).map(|(a, b)| [*a, *b]).collect::<Vec<[f64; 2]>>())
            })
            .collect();
        [0, 1].map(|which| {
            (0..pairs[0][which].len())
                .map(|layer| {
                    let [predicted, simulated] = [0, 1].map(|part| {
                        Summary::of(pairs.iter().map(|pair| Some(pair[which][layer][part])))
                    });
                    [
                        predicted.mean.unwrap() - simulated.mean.unwrap(),
                        simulated.standard_error().unwrap(),
                    ]
                })
                .collect()
        })
    }

    #[track_caller]
    fn holds(&self, repeats: u64, within: [f64; 2]) {
        for (found, within) in self.differences(repeats).iter().zip(within) {
            for (layer, [mean, error]) in found.iter().enumerate() {
                assert!(
                    mean.abs() < within + 2.0 * error,
                    "layer {layer}: off by {mean:.2} +- {error:.2}: {found:?}"
                );
            }
        }
    }
}

const HELD: Case = Case {
    sizes: &[10, 60, 60, 60, 6],
    forms: ["held", "held"],
    cross: "none",
    batch: 20,
    iterations: 150,
    eta: 2e-3,
    std: 0.1,
    norm: None,
};

#[test]
fn every_layer_of_the_linear_rule_is_predicted_given_b() {
    HELD.holds(12, [0.3, 2.0]);
    Case { forms: ["ar1:0.9", "ar1:0.8"], eta: 4e-3, ..HELD }.holds(12, [0.3, 2.0]);
    Case {
        sizes: &[8, 60, 60, 60, 60, 60, 8],
        forms: ["ar1:0.9", "ar1:0.9"],
        cross: "0.5@lag=2",
        ..HELD
    }
    .holds(8, [0.3, 2.0]);
}

#[test]
fn layers_need_not_be_wide() {
    // Signals that are the same and three times as many units as outputs: with the start of wide
    // layers the top layer is predicted several degrees too low.
    let case = Case {
        sizes: &[10, 30, 30, 10],
        forms: ["white", "white"],
        cross: "same",
        batch: 25,
        iterations: 100,
        eta: 2e-3,
        ..HELD
    };
    case.holds(16, [0.3, 2.0]);
    let wide = DepthRun { width: Width::Drawn, ..case.run() };
    let off = |run: &DepthRun| {
        let of_repeat = |repeat| run.angles(&[case.iterations], 1, repeat).unwrap()[0].weights[1];
        (0..16).map(|repeat| of_repeat(repeat) - case.simulate(repeat)[0][1]).sum::<f64>() / 16.0
    };
    let [wide, finite] = [off(&wide), off(&case.run())];
    assert!(finite.abs() < 0.5 * wide.abs(), "{finite} {wide}");
    // Fewer units than inputs.
    Case { sizes: &[40, 20, 30, 5], ..HELD }.holds(16, [0.3, 2.0]);
}

#[test]
fn under_weight_normalisation_classes_of_neurons_take_the_error_away() {
    let case = Case {
        sizes: &[20, 100, 100, 100, 20],
        batch: 50,
        iterations: 400,
        eta: 6e-4,
        norm: Some(1.0),
        ..HELD
    };
    let [weights, _] = case.differences(6);
    assert!(weights.iter().all(|[off, error]| off.abs() < 1.0 + 2.0 * error), "{weights:?}");
    // One class alone is off by more in the last layer, where columns differ most.
    let run = case.run();
    let mut off: f64 = 0.0;
    for repeat in 0..6 {
        let backward =
            BackwardTheory::drawn(&run.backward(1, repeat), 20, &Classes::one(case.sizes));
        let theory = DepthTheory::new(run.network.clone(), backward, run.rule);
        let mut follower = DepthFollower::Wide(Box::new(theory));
        let found = run.run(&mut follower, &[case.iterations], 1, repeat).unwrap();
        off += (found[0].weights[2] - case.simulate(repeat)[0][2]) / 6.0;
    }
    assert!(weights[2][0].abs() < off.abs(), "{weights:?} {off}");
}

#[test]
fn one_hidden_layer_is_the_theory_of_realised_signals() {
    use crate::theory::{Toy, moments::Realised};
    let case = Case { sizes: &[12, 40, 8], forms: ["ar1:0.9", "ar1:0.5"], ..HELD };
    let run = DepthRun { width: Width::Infinite, ..case.run() };
    let sizes = Sizes { batch: 20, inputs: 12, outputs: 8, iterations: 150 };
    let mut signals = Signals::<f64>::new(&run.pair, sizes, 1, 3).unwrap();
    let mut realised = Realised::new(12, 8);
    for _ in 0..150 {
        realised.add(signals.activity(), signals.error());
        signals.advance();
    }
    let toy = Toy { w_std: 0.1, b_std: 0.1, ..Toy::new(&[12, 40, 8], 20, case.eta).unwrap() };
    let (expected, found) = (realised.moments(&toy), run.angles(&[150], 1, 3).unwrap().remove(0));
    assert!(
        (expected.angle - found.weights[0]).abs() < 1e-9,
        "{} {}",
        expected.angle,
        found.weights[0]
    );
    assert!((expected.squared_norm / found.squared_norms[1] - 1.0).abs() < 1e-12);
}

#[test]
fn momentum_is_that_of_the_optimiser() {
    // Every step of a constant gradient with momentum is known in closed form, and so is the first
    // layer's share.
    let gradient = Matrix::from_vec(1, 2, vec![1.0, -2.0]);
    let rule = StepRule { eta: 0.1, momentum: 0.5, decay: 0.01 };
    let mut moving = Moving::zeros(1, 4, true);
    let (mut value, mut velocity) = (0.0, 0.0);
    for _ in 0..5 {
        moving.advance(&gradient, 3.0, rule);
        velocity = 0.5 * velocity + 3.0 - 0.01 * value;
        value += 0.1 * velocity;
    }
    assert!(
        (moving.value.row(0)[2] - value).abs() < 1e-12
            && (moving.value.row(0)[1] + 2.0 * value).abs() < 1e-12
    );
}

/// Orthonormal rows that span those of `matrix`, after those of `first`, which are orthonormal.
fn orthonormal(first: &Matrix<f64>, matrix: &Matrix<f64>) -> Matrix<f64> {
    let mut rows: Vec<Vec<f64>> = (0..first.rows()).map(|i| first.row(i).to_vec()).collect();
    for i in 0..matrix.rows() {
        let mut row = matrix.row(i).to_vec();
        for known in rows.iter().chain(&rows) {
            let along: f64 = known.iter().zip(&row).map(|(a, b)| a * b).sum();
            row.iter_mut().zip(known).for_each(|(value, known)| *value -= along * known);
        }
        let norm = row.iter().map(|value| value * value).sum::<f64>().sqrt();
        if norm > 1e-9 {
            rows.push(row.into_iter().map(|value| value / norm).collect());
        }
    }
    let columns = matrix.cols();
    Matrix::from_vec(rows.len(), columns, rows.concat())
}

/// `[T_l, Z_l]` and `R_l` of these very weights, by bases of the directions of every layer.
fn reduced_start(
    weights: &[Matrix<f64>],
    backward: &[Matrix<f64>],
    network: &DeepNetwork,
    eta: f64,
) -> ReducedNetwork {
    let (depth, sizes) = (network.depth(), &network.sizes);
    let outputs = sizes[depth];
    let all = super::backward::carriers(backward, outputs);
    let none = |l: usize| Matrix::zeros(0, sizes[l]);
    let mut below = Matrix::identity(sizes[0]);
    let (mut layers, mut carriers) = (Vec::new(), Vec::new());
    for l in 0..depth {
        let own = orthonormal(&none(l + 1), &all[l]);
        let passed = (&below * &weights[l]).to_matrix();
        let basis = orthonormal(&own, &passed);
        // The rows of `C` last.
        let (columns, k) = (basis.cols(), own.rows());
        let mut data = basis.as_slice()[k * columns..].to_vec();
        data.extend_from_slice(own.as_slice());
        let above = Matrix::from_vec(basis.rows(), columns, data);
        let carrier = (&all[l] * own.t()).to_matrix();
        let inner = if l == 0 { 0.0 } else { weights[l].inner(&backward[l - 1].transpose()) };
        layers.push(super::reduced::ReducedLayer {
            start: (&passed * above.t()).to_matrix(),
            bias: None,
            carrier: carrier.clone(),
            square_at_start: weights[l].squared_norm(),
            inner_at_start: inner,
            others: (sizes[l] - below.rows()) as f64,
        });
        carriers.push(carrier);
        below = above;
    }
    let squares = backward.iter().map(Matrix::squared_norm).collect();
    ReducedNetwork::new(network.clone(), StepRule::plain(eta), layers, carriers, squares)
}

/// A linear network of any widths that learns a task is what its few directions say, to rounding:
/// wide layers, layers narrower than the inputs, and one narrower than the output.
#[test]
fn a_network_is_its_reduced_network() {
    use crate::random::{Role, Stream};
    use crate::rule::normal_matrix;
    let eta = 0.01;
    for sizes in [vec![4, 40, 30, 2], vec![9, 5, 12, 7, 3], vec![3, 20, 2, 9, 4]] {
        let depth = sizes.len() - 1;
        let mut stream = Stream::new(3, depth as u64, Role::Weights);
        let mut draw =
            |rows: usize, cols: usize| normal_matrix::<f64>(&mut stream, rows, cols, 0.4);
        let mut weights: Vec<Matrix<f64>> = sizes.windows(2).map(|n| draw(n[0], n[1])).collect();
        let backward: Vec<Matrix<f64>> = sizes[1..].windows(2).map(|n| draw(n[1], n[0])).collect();
        let (inputs, targets) = (draw(6, sizes[0]), draw(6, sizes[depth]));
        let network = DeepNetwork { sizes, w_std: vec![0.4; depth], norms: None, bias_std: None };
        let mut reduced = reduced_start(&weights, &backward, &network, eta);
        for _ in 0..25 {
            let mut activities = vec![inputs.clone()];
            for w in &weights {
                activities.push((&activities[activities.len() - 1] * w).to_matrix());
            }
            let mut error = targets.clone();
            error -= &activities[depth];
            let function = reduced.functions().swap_remove(0);
            let predicted = (&inputs * &function).to_matrix();
            let off = predicted
                .as_slice()
                .iter()
                .zip(activities[depth].as_slice())
                .map(|(a, b)| (a - b).abs());
            let off = off.fold(0.0, f64::max);
            assert!(
                off < 1e-10,
                "{:?}: off by {off} of {}",
                network.sizes,
                activities[depth].norm()
            );
            for l in (0..depth).rev() {
                weights[l] += eta * activities[l].t() * &error;
                if l > 0 {
                    error = (&error * &backward[l - 1]).to_matrix();
                }
            }
            let mut error = targets.clone();
            error -= &activities[depth];
            reduced.advance(&(inputs.t() * &error).to_matrix());
        }
        for l in 1..depth {
            let angle = weight_alignment(&weights[l], &backward[l - 1]).unwrap().unwrap();
            assert!((angle - reduced.weight_alignment(l)).abs() < 1e-8, "layer {l}: {angle}");
        }
        for (l, weights) in weights.iter().enumerate() {
            assert!((weights.squared_norm() / reduced.squared_norm(l) - 1.0).abs() < 1e-10);
        }
    }
}

/// The law of the start that is drawn is that of Gaussian weights: mean and spread of what a
/// network of three layers makes of an error, against weights drawn whole.
#[test]
fn the_start_of_a_reduced_network_has_the_law_of_its_weights() {
    use crate::random::{Role, Stream};
    use crate::rule::normal_matrix;
    let sizes = vec![6, 8, 9, 3];
    let network = DeepNetwork {
        sizes: sizes.clone(),
        w_std: vec![0.5, 0.4, 0.3],
        norms: None,
        bias_std: None,
    };
    let mut stream = Stream::new(1, 0, Role::Backward);
    let backward: Vec<Matrix<f64>> =
        sizes[1..].windows(2).map(|n| normal_matrix(&mut stream, n[1], n[0], 0.6)).collect();
    let step = normal_matrix::<f64>(&mut stream, 6, 3, 0.5);
    let rule = StepRule::plain(0.3);
    let summary = |function: &dyn Fn(u64) -> [f64; 3]| {
        let found: Vec<[f64; 3]> = (0..3000).map(function).collect();
        [0, 1, 2].map(|which| Summary::of(found.iter().map(|found| Some(found[which]))))
    };
    let after = |net: &mut ReducedNetwork| {
        (0..3).for_each(|_| net.advance(&step));
        let function = net.functions().swap_remove(0);
        [function.squared_norm(), net.inner_product(1), net.squared_norm(1)]
    };
    let drawn = summary(&|repeat| {
        // Both of a pair have the law.
        let mut stream = Stream::new(1, repeat, Role::Theory);
        let mut pair = ReducedNetwork::drawn(&network, &backward, rule, &mut stream).unwrap();
        after(&mut pair[repeat as usize % 2])
    });
    let whole = summary(&|repeat| {
        let mut stream = Stream::new(2, repeat, Role::Weights);
        let pairs = sizes.windows(2).zip(&network.w_std);
        let weights: Vec<Matrix<f64>> =
            pairs.map(|(n, &std)| normal_matrix(&mut stream, n[0], n[1], std)).collect();
        after(&mut reduced_start(&weights, &backward, &network, rule.eta))
    });
    for (drawn, whole) in drawn.iter().zip(&whole) {
        let error = drawn.standard_error().unwrap().hypot(whole.standard_error().unwrap());
        let off = drawn.mean.unwrap() - whole.mean.unwrap();
        assert!(off.abs() < 4.0 * error, "{drawn:?} {whole:?}");
    }
    let spreads = drawn[0].sd.unwrap() / whole[0].sd.unwrap();
    assert!((0.9..1.1).contains(&spreads), "{spreads}");
}

/// Small rates, and held signals that have gone on for long, in wide layers.
#[test]
fn the_recursion_comes_to_its_closed_forms() {
    use super::closed::{held_limit, leading_order};
    use crate::random::{Role, Stream};
    use crate::rule::normal_matrix;
    let sizes = vec![6, 40, 50, 30, 5];
    let (w_std, b_std) = (vec![0.2, 0.1, 0.15, 0.1], vec![0.1, 0.2, 0.15]);
    let network = DeepNetwork { sizes: sizes.clone(), w_std, norms: None, bias_std: None };
    let steps: Vec<Matrix<f64>> = {
        let mut stream = Stream::new(5, 0, Role::Signal);
        (0..12).map(|_| normal_matrix(&mut stream, 6, 5, 1.0)).collect()
    };
    let mut trace = 0.0;
    for (t, later) in steps.iter().enumerate() {
        trace += steps[..t].iter().map(|earlier| earlier.inner(later)).sum::<f64>();
    }
    let eta = 1e-5;
    let wide = |rule| DepthTheory::new(network.clone(), BackwardTheory::wide(&sizes, &b_std), rule);
    let mut theory = wide(StepRule::plain(eta));
    steps.iter().for_each(|step| theory.advance(step));
    for (l, cosine) in (1..).zip(leading_order(&network, &b_std, eta, trace)) {
        let found = theory.weight_alignment(l).to_radians().cos();
        assert!((found / cosine - 1.0).abs() < 1e-4, "layer {l}: {found} {cosine}");
    }
    // The start is small enough to be forgotten.
    let small = DeepNetwork { w_std: vec![1e-6; 4], ..network.clone() };
    let mut theory =
        DepthTheory::new(small, BackwardTheory::wide(&sizes, &b_std), StepRule::plain(1e-2));
    (0..4000).for_each(|_| theory.advance(&steps[0]));
    for (l, cosine) in (1..).zip(held_limit(&sizes, &steps[0])) {
        let found = theory.weight_alignment(l);
        let limit = cosine.acos().to_degrees();
        assert!((found - limit).abs() < 0.3, "layer {l}: {found} {limit}");
    }
}
