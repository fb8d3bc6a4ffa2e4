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

/// `[T_l, Z_l]` and `R_l` of these very weights and biases, by bases of the directions of every
/// layer.
fn reduced_start(
    [weights, backward]: [&[Matrix<f64>]; 2],
    biases: &[Vec<f64>],
    network: &DeepNetwork,
    eta: f64,
) -> ReducedNetwork {
    let (depth, sizes) = (network.depth(), &network.sizes);
    let all = super::backward::carriers(backward, sizes[depth]);
    let none = |l: usize| Matrix::zeros(0, sizes[l]);
    let mut below = Matrix::identity(sizes[0]);
    let (mut layers, mut carriers) = (Vec::new(), Vec::new());
    for l in 0..depth {
        let own = orthonormal(&none(l + 1), &all[l]);
        let passed = (&below * &weights[l]).to_matrix();
        // Biases, where there are any, are one direction more.
        let bias =
            Matrix::from_vec(biases[l].len() / sizes[l + 1], sizes[l + 1], biases[l].clone());
        let basis = orthonormal(&orthonormal(&own, &passed), &bias);
        // The rows of `C` last.
        let (columns, k) = (basis.cols(), own.rows());
        let mut data = basis.as_slice()[k * columns..].to_vec();
        data.extend_from_slice(own.as_slice());
        let above = Matrix::from_vec(basis.rows(), columns, data);
        let carrier = (&all[l] * own.t()).to_matrix();
        let inner = if l == 0 { 0.0 } else { weights[l].inner(&backward[l - 1].transpose()) };
        let bias = (&bias * above.t()).to_matrix();
        layers.push(super::reduced::ReducedLayer {
            start: (&passed * above.t()).to_matrix(),
            bias: (bias.rows() > 0).then(|| bias.row(0).to_vec()),
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

/// Has a linear network of these widths learn a task, beside what its few directions say, which is
/// right to rounding.
#[track_caller]
fn is_its_reduced_network(sizes: &[usize], biases: bool, norm: Option<WeightNorm>) {
    use crate::random::{Role, Stream};
    use crate::rule::normal_matrix;
    let (eta, depth) = (3e-3, sizes.len() - 1);
    let mut stream = Stream::new(3, depth as u64, Role::Probe);
    let [inputs, targets] = [0, depth].map(|l| normal_matrix::<f64>(&mut stream, 6, sizes[l], 0.4));
    let mut net = Isolated::draw(sizes, 6, Activation::Linear, [0.4; 2], 3, depth as u64);
    if biases {
        net = net.with_biases(0.3, 3, 0);
    }
    let backward: Vec<Matrix<f64>> =
        (1..depth).map(|l| net.feedback.backward(l).unwrap().clone()).collect();
    let w_std = vec![0.4; depth];
    let norms = norm.as_ref().map(|kind| norms(kind, sizes, &w_std));
    let bias_std = biases.then(|| vec![0.3; depth]);
    let network = DeepNetwork { sizes: sizes.to_vec(), w_std, norms, bias_std };
    let start = [&net.layers.weights[..], &backward];
    let mut reduced = reduced_start(start, &net.layers.biases, &network, eta);
    if let Some(norm) = &norm {
        net = net.with_weight_norm(norm);
    }
    for _ in 0..25 {
        net.layers.forward(&inputs, &mut net.pass);
        let outputs = net.pass.output().clone();
        let function = reduced.functions().swap_remove(0);
        let mut off = (&inputs * function.view().subrows(0..sizes[0])).to_matrix();
        if biases {
            off.add_to_rows(function.row(sizes[0]));
        }
        off -= &outputs;
        assert!(off.norm() < 1e-10, "off by {} of {}", off.norm(), outputs.norm());
        let mut error = targets.clone();
        error -= &outputs;
        net.step(&inputs, &error, eta);
        let mut step = (inputs.t() * &error).to_matrix().as_slice().to_vec();
        if biases {
            let ones = Matrix::from_vec(1, 6, vec![1.0; 6]);
            step.extend_from_slice((&ones * &error).to_matrix().as_slice());
        }
        reduced.advance(&Matrix::from_vec(network.step_rows(), sizes[depth], step));
    }
    for l in 1..depth {
        let angle = weight_alignment(&net.layers.weights[l], &backward[l - 1]).unwrap().unwrap();
        assert!((angle - reduced.weight_alignment(l)).abs() < 1e-8, "layer {l}: {angle}");
    }
    for (l, weights) in net.layers.weights.iter().enumerate() {
        assert!((weights.squared_norm() / reduced.squared_norm(l) - 1.0).abs() < 1e-10);
    }
}

/// Wide layers, layers narrower than the inputs, and one narrower than the output; with biases as
/// well, and with one factor per matrix, which leaves its directions as they are.
#[test]
fn a_network_is_its_reduced_network() {
    for sizes in [&[4, 40, 30, 2][..], &[9, 5, 12, 7, 3], &[3, 20, 2, 9, 4]] {
        is_its_reduced_network(sizes, false, None);
        is_its_reduced_network(sizes, false, Some(WeightNorm::Matrix(vec![2.0, 3.0, 1.5])));
    }
    is_its_reduced_network(&[4, 40, 30, 2], true, None);
    is_its_reduced_network(&[4, 40, 30, 2], true, Some(WeightNorm::Matrix(vec![2.0, 3.0])));
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
        let none = vec![Vec::new(); 3];
        after(&mut reduced_start([&weights, &backward], &none, &network, rule.eta))
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

/// The norm of a neuron's input weights says what the weights of a layer come to together.
#[test]
fn norms_of_neurons_are_those_of_networks_that_keep_them() {
    let sizes = [30, 20, 40, 10];
    for kind in ["2,0.5", "matrix:3,7,5", "initial", "matrix:initial"] {
        let kind: WeightNorm = kind.parse().unwrap();
        let found = norms(&kind, &sizes, &[0.3; 3]);
        assert_eq!(found.len(), 3);
        for (l, gamma) in found.iter().enumerate() {
            let square = |repeat| {
                let std = [0.3, 1.0];
                let net = Isolated::<f64>::draw(&sizes, 1, Activation::Linear, std, 1, repeat);
                Some(net.with_weight_norm(&kind).layers.weights[l].squared_norm())
            };
            let drawn = Summary::of((0..12).map(square));
            let said = sizes[l + 1] as f64 * gamma * gamma;
            let within = 4.0 * drawn.standard_error().unwrap() + 1e-9;
            assert!((drawn.mean.unwrap() - said).abs() < within, "{kind} {l}: {said} {drawn:?}");
        }
    }
}

/// After one update `W_l` has `eta L_l^T E C_{l+1}` in it, `L_l` what arrives at layer `l` by the
/// weights and the biases below, and nothing of what its own biases take. The mean of its square
/// over weights and biases is known at any width.
#[test]
fn what_biases_learn_is_no_part_of_the_weights() {
    use crate::random::{Role, Stream};
    use crate::rule::normal_matrix;
    let sizes = vec![3, 7, 6, 5, 4];
    let (w_std, bias_std) = (vec![0.3, 0.5, 0.2, 0.4], vec![0.6, 0.3, 0.8, 0.7]);
    let mut stream = Stream::new(2, 0, Role::Backward);
    let backward: Vec<Matrix<f64>> =
        sizes[1..].windows(2).map(|n| normal_matrix(&mut stream, n[1], n[0], 0.6)).collect();
    let step = normal_matrix::<f64>(&mut stream, 4, 4, 1.0);
    let theory = BackwardTheory::drawn(&backward, 4, &Classes::one(&sizes));
    let (eta, biases) = (0.1, Some(bias_std.clone()));
    let network =
        DeepNetwork { sizes: sizes.clone(), w_std: w_std.clone(), norms: None, bias_std: biases };
    let mut theory = DepthTheory::new(network, theory, StepRule::plain(eta));
    theory.advance(&step);
    let carriers = super::backward::carriers(&backward, 4);
    // Mean squares of what a unit of the input, and the biases below, are at a layer.
    let [mut input, mut constant] = [1.0, 0.0];
    for (l, carrier) in carriers.iter().enumerate() {
        let carried = (&step * carrier).to_matrix();
        let squares: Vec<f64> =
            (0..4).map(|i| carried.row(i).iter().map(|value| value * value).sum()).collect();
        let learnt = input * (squares[0] + squares[1] + squares[2]) + constant * squares[3];
        let [below, above] = [sizes[l], sizes[l + 1]].map(|n| n as f64);
        let expected = below * above * w_std[l].powi(2) + eta * eta * learnt;
        let found = theory.squared_norm(l);
        assert!((found / expected - 1.0).abs() < 1e-12, "layer {l}: {found} {expected}");
        input *= above * w_std[l].powi(2);
        constant = above * (w_std[l].powi(2) * constant + bias_std[l].powi(2));
    }
}

/// Angles of ReLU networks: those of networks that are run, and at the start what is drawn.
#[test]
fn weights_of_relu_networks_are_predicted_after_every_update_asked_for() {
    use crate::theory::bound::Network;
    let case = Case {
        sizes: &[10, 60, 60, 8],
        forms: ["ar1:0.9", "ar1:0.9"],
        batch: 15,
        eta: 5e-3,
        std: (2.0f64 / 60.0).sqrt(),
        ..HELD
    };
    let (run, iterations) = (case.run(), [0, 12, 25]);
    let all: Vec<_> = (0..6).map(|draw| run.relu_angles(&iterations, 1, draw).unwrap()).collect();
    let drawn = Network::of(&run, Activation::Relu).simulated(&iterations).unwrap().unwrap();
    for (place, iteration) in iterations.into_iter().enumerate() {
        for l in 0..2 {
            let said = Summary::of(all.iter().map(|found| Some(found[place].weights[l])));
            let drawn = drawn[place][l].unwrap();
            let error = said.standard_error().unwrap().hypot(drawn.error);
            let off = said.mean.unwrap() - drawn.mean;
            assert!(off.abs() < 3.0 + 2.0 * error, "{iteration}, layer {l}: {said:?} {drawn:?}");
        }
        assert!(all.iter().all(|found| found[place].iteration == iteration));
    }
    let start = &all[0][0];
    assert!(start.weights.iter().all(|angle| (angle - 90.0).abs() < 1e-9), "{start:?}");
    for (l, square) in start.squared_norms.iter().enumerate() {
        let expected = (case.sizes[l] * case.sizes[l + 1]) as f64 * case.std.powi(2);
        assert!((square / expected - 1.0).abs() < 1e-12, "{start:?}");
    }
}

/// Where layers are wide, what is drawn of the start of the weights makes no difference; upper
/// layers have learnt much here, which the start of the lower ones carries down in all directions.
#[test]
fn updates_in_wide_layers_are_those_at_any_width() {
    let case = Case {
        sizes: &[8, 600, 300, 150, 8],
        forms: ["white"; 2],
        cross: "same",
        std: 0.06,
        iterations: 50,
        eta: 1e-3,
        ..HELD
    };
    let angles = |width: Width| {
        let run = DepthRun { width, ..case.run() };
        let all: Vec<_> = (0..4)
            .map(|repeat| run.angles(&[case.iterations], 1, repeat).unwrap().remove(0))
            .collect();
        [0, 1, 2].map(|l| Summary::of(all.iter().map(|found| Some(found.updates[l]))))
    };
    let [wide, finite] = [Width::Drawn, Width::Finite].map(angles);
    for (l, (wide, finite)) in wide.iter().zip(&finite).enumerate() {
        let off = wide.mean.unwrap() - finite.mean.unwrap();
        assert!(off.abs() < 1.0, "layer {l}: {wide:?} {finite:?}");
    }
}
