//! Learning in deep linear networks under the rule, in closed form: loss, outputs and the alignment
//! of every layer at every update, with no weight matrix run.
//!
//! With a task the error is `E = Y - X Pi_D`, `Pi_D = Pi_{D-1} (W_{D-1}(0) + Q_{D-1} C_D)`. The
//! rule sees the network only through `Pi_D`, so that the recursion of [`super`] closes once `Pi_D`
//! is known. In its representation `Pi_{D-1}` has a block of columns for the inputs, `alpha I`, and
//! one for every layer `j` below, `beta_{D-1,j} V_{j-1} R_j` with `R_j R_j^T = S_j`; `W_{D-1}(0)`
//! is one draw `Omega` of that many rows, kept throughout:
//!
//! ```text
//! Pi_D = alpha Omega_0 + sum_j beta_{D-1,j} V_{j-1} R_j Omega_j + V_{D-1}
//! ```
//!
//! Here the error depends on `W(0)`, so that inner products of the start with what is learnt no
//! longer vanish. That of the last layer is known, `2 tr(Omega^T Q_{D-1})` in its squared norm; the
//! others are neglected.
//!
//! That is for wide layers. A [`ReducedNetwork`] does the same at any width, and neglects nothing.

use super::{BackwardTheory, DeepNetwork, DepthTheory, ReducedNetwork, StepRule, degrees};
use crate::matrix::{Matrix, ViewMut};
use crate::measure::spectrum::{NoConvergence, root};
use crate::random::{Role, Stream};
use crate::rule::normal_matrix;

/// The theory of a network that learns.
#[derive(Clone, Debug)]
pub struct LearningTheory {
    network: DeepNetwork,
    weights: Weights,
}

/// What is known of the weights.
#[derive(Clone, Debug)]
enum Weights {
    Wide(Box<WideLearning>),
    Finite(ReducedNetwork),
}

impl LearningTheory {
    /// Of wide layers at their start, the last drawn for `(seed, repeat)`.
    ///
    /// # Errors
    /// If the decomposition of `S_j` does not converge.
    pub fn wide(
        network: DeepNetwork,
        backward: BackwardTheory,
        rule: StepRule,
        key: [u64; 2],
    ) -> Result<Self, NoConvergence> {
        let weights =
            Weights::Wide(Box::new(WideLearning::new(network.clone(), backward, rule, key)?));
        Ok(Self { network, weights })
    }

    /// At any width: a network in its directions, at its start.
    pub fn finite(network: ReducedNetwork) -> Self {
        Self { network: network.network().clone(), weights: Weights::Finite(network) }
    }

    /// What it was made for.
    pub fn network(&self) -> &DeepNetwork {
        &self.network
    }

    /// The weights of wide layers: by these, classes of neurons are found.
    pub fn wide_weights(&self) -> Option<&DepthTheory> {
        match &self.weights {
            Weights::Wide(of) => Some(&of.depth),
            Weights::Finite(_) => None,
        }
    }

    /// What the network makes of its inputs, `n_0 x n_D`, with a row for biases if it has them.
    pub fn function(&self) -> Matrix<f64> {
        match &self.weights {
            Weights::Wide(of) => of.function(),
            Weights::Finite(of) => of.functions().swap_remove(0),
        }
    }

    /// Outputs for inputs `P x n_0`, `P x n_D`.
    pub fn outputs(&self, inputs: &Matrix<f64>) -> Matrix<f64> {
        apply(inputs, &self.function())
    }

    /// One update on a batch of inputs (`P x n_0`) and targets (`P x n_D`), its sum over samples
    /// multiplied by `share`: 1, or `1 / P` for the mean. Gives the errors `Y - L_D`.
    pub fn advance(
        &mut self,
        inputs: &Matrix<f64>,
        targets: &Matrix<f64>,
        share: f64,
    ) -> Matrix<f64> {
        let errors = self.errors(inputs, targets);
        let mut step = self.step(inputs, &errors);
        step.scale(share);
        match &mut self.weights {
            Weights::Wide(of) => of.depth.advance(&step),
            Weights::Finite(of) => of.advance(&step),
        }
        errors
    }

    /// `Y - L_D`.
    pub fn errors(&self, inputs: &Matrix<f64>, targets: &Matrix<f64>) -> Matrix<f64> {
        let mut errors = self.outputs(inputs);
        errors.as_mut_slice().iter_mut().zip(targets.as_slice()).for_each(|(z, y)| *z = y - *z);
        errors
    }

    /// `X^T E`, with the sums of the errors as its last row where there are biases.
    pub fn step(&self, inputs: &Matrix<f64>, errors: &Matrix<f64>) -> Matrix<f64> {
        let mut step = Matrix::zeros(self.network.step_rows(), errors.cols());
        let (inputs_only, outputs) = (self.network.sizes[0], errors.cols());
        let sums = &mut step.as_mut_slice()[..inputs_only * outputs];
        ViewMut::from_slice(sums, inputs_only, outputs).assign(inputs.t() * errors);
        if self.network.bias_std.is_some() {
            let last = step.rows() - 1;
            for p in 0..errors.rows() {
                step.row_mut(last).iter_mut().zip(errors.row(p)).for_each(|(sum, e)| *sum += e);
            }
        }
        step
    }

    /// Angle in degrees of `W_l` to `B_l^T`, 0 < `l` < `D`.
    pub fn weight_alignment(&self, l: usize) -> f64 {
        match &self.weights {
            Weights::Wide(of) => of.weight_alignment(l),
            Weights::Finite(of) => of.weight_alignment(l),
        }
    }

    /// Angles in degrees of the error signals of layers 1 to `D-1` to those of back-propagation,
    /// given `E^T E`.
    ///
    /// # Errors
    /// If values have diverged.
    pub fn delta_alignment(&self, errors: &Matrix<f64>) -> Result<Vec<f64>, NoConvergence> {
        match &self.weights {
            Weights::Wide(of) => of.depth.delta_alignment(errors),
            Weights::Finite(of) => Ok(of.delta_alignment(errors)),
        }
    }

    /// Angles in degrees of the updates of `W_0 .. W_{D-2}` to those of back-propagation, given
    /// [`Self::step`].
    ///
    /// # Errors
    /// If values have diverged.
    pub fn update_alignment(&self, step: &Matrix<f64>) -> Result<Vec<f64>, NoConvergence> {
        match &self.weights {
            Weights::Wide(of) => of.depth.update_alignment(step),
            Weights::Finite(of) => Ok(of.update_alignment(step)),
        }
    }
}

/// Learning in wide layers.
#[derive(Clone, Debug)]
struct WideLearning {
    depth: DepthTheory,
    /// `Omega_0`, a row per input (and one for biases) of standard normal values; scaled when it is
    /// used.
    start: Matrix<f64>,
    /// `s R_j Omega_j` for `j` from 1 to `D-1`, `m_j n_D x n_D`: what of `W_{D-1}(0)` the
    /// directions of `B` meet.
    met: Vec<Matrix<f64>>,
}

impl WideLearning {
    fn new(
        network: DeepNetwork,
        backward: BackwardTheory,
        rule: StepRule,
        [seed, repeat]: [u64; 2],
    ) -> Result<Self, NoConvergence> {
        let last = network.depth() - 1;
        let (outputs, std) = (network.sizes[last + 1], network.w_std[last]);
        let mut stream = Stream::new(seed, repeat, Role::Weights);
        let start = normal_matrix(&mut stream, network.step_rows(), outputs, 1.0);
        let mut met = Vec::new();
        for j in 1..=last {
            let root = root(backward.gram(j))?;
            met.push((&root * &normal_matrix(&mut stream, root.cols(), outputs, std)).to_matrix());
        }
        Ok(Self { depth: DepthTheory::new(network, backward, rule), start, met })
    }

    /// The start of the inputs' own way, and what every layer learnt on top of it.
    fn function(&self) -> Matrix<f64> {
        let mut out = self.first();
        self.keep(&mut out);
        let (columns, inputs) = (out.cols(), self.depth.network.sizes[0]);
        let (of_inputs, of_biases) = out.as_mut_slice().split_at_mut(inputs * columns);
        let mut of_inputs = ViewMut::from_slice(of_inputs, inputs, columns);
        let layers = self.depth.gradients.iter().zip(self.depth.lengths());
        for ((gradient, length), carried) in layers.zip(&self.carried()) {
            let gradient = gradient.value.view();
            of_inputs += length.input * gradient.subrows(0..inputs) * carried;
            if !of_biases.is_empty() {
                let constant = (length.constant + 1.0).sqrt();
                let mut of_biases = ViewMut::from_slice(of_biases, 1, columns);
                of_biases += constant * gradient.subrows(inputs..inputs + 1) * carried;
            }
        }
        out
    }

    /// What the layers above make of `G_l` by the time it reaches the outputs, `m_{l+1} n_D x n_D`,
    /// `l` from 0 to `D-1`: collected from the top down, so that nothing but `G_l` itself has a row
    /// for every input.
    fn carried(&self) -> Vec<Matrix<f64>> {
        let (depth, beta) = (&self.depth, self.depth.beta());
        let last = depth.network.depth() - 1;
        let through_start = |(met, &beta): (&Matrix<f64>, &f64)| {
            let mut met = met.clone();
            self.keep(&mut met);
            met.scale(beta);
            met
        };
        let mut all: Vec<Matrix<f64>> =
            self.met.iter().zip(&beta[last]).map(through_start).collect();
        all.push(depth.backward.top().clone());
        for l in (1..=last).rev() {
            let (below, here) = all.split_at_mut(l);
            for (j, response) in depth.responses[l].iter().enumerate() {
                let spread = (&response.value * &here[0]).to_matrix();
                below[j] += beta[l][j] * depth.backward.gram(j + 1) * &spread;
            }
        }
        all
    }

    fn weight_alignment(&self, l: usize) -> f64 {
        if l + 1 < self.depth.network.depth() {
            return self.depth.weight_alignment(l);
        }
        let square = self.depth.squared_norm(l) + 2.0 * self.start_with_learnt();
        degrees(self.depth.inner_product(l) / (square * self.depth.backward.squared_norm(l)).sqrt())
    }

    /// `<W_{D-1}(0), Q_{D-1} C_D>`.
    fn start_with_learnt(&self) -> f64 {
        let network = &self.depth.network;
        let last = network.depth() - 1;
        let top = self.depth.backward.top();
        let std = network.w_std[last];
        let mut first = self.start.clone();
        first.scale(std);
        if let Some(biases) = &network.bias_std {
            // What the output makes of the constant is drawn as one: of the weights' part no more
            // is known than its mean given the sum with the bias.
            let passed = std * self.depth.lengths()[last].constant.sqrt();
            let both = passed.hypot(biases[last]);
            let row = first.rows() - 1;
            let share = if both > 0.0 { passed / both } else { 0.0 };
            first.row_mut(row).iter_mut().for_each(|value| *value *= share);
        }
        self.keep(&mut first);
        let mut sum = first.inner(&(&self.depth.gradient(last) * top).to_matrix());
        for (met, response) in self.met.iter().zip(&self.depth.responses[last]) {
            let mut met = met.clone();
            self.keep(&mut met);
            sum += met.inner(&(&response.value * top).to_matrix());
        }
        sum
    }

    /// `alpha Omega_0`, before what is left of it.
    fn first(&self) -> Matrix<f64> {
        let network = &self.depth.network;
        let last = network.depth() - 1;
        let (length, std) = (self.depth.lengths()[last], network.w_std[last]);
        let mut out = self.start.clone();
        out.scale(length.input * std);
        if let Some(biases) = &network.bias_std {
            let row = out.rows() - 1;
            let constant = (length.constant * std * std + biases[last].powi(2)).sqrt();
            out.row_mut(row)
                .iter_mut()
                .zip(self.start.row(row))
                .for_each(|(to, from)| *to = constant * from);
        }
        out
    }

    /// Multiplies the columns, one per output, by what is left of `W_{D-1}(0)` there.
    fn keep(&self, matrix: &mut Matrix<f64>) {
        let kept = &self.depth.kept[self.depth.network.depth() - 1];
        let outputs = matrix.cols();
        let top = self.depth.backward.top();
        let left: Vec<f64> = (0..outputs)
            .map(|q| {
                kept.iter().enumerate().map(|(k, [a, _])| a * top.row(k * outputs + q)[q]).sum()
            })
            .collect();
        matrix.as_mut_slice().chunks_exact_mut(outputs).for_each(|row| {
            row.iter_mut().zip(&left).for_each(|(value, left)| *value *= left);
        });
    }
}

/// Inputs through a function that may have a last row for biases.
fn apply(inputs: &Matrix<f64>, function: &Matrix<f64>) -> Matrix<f64> {
    let rows = inputs.cols();
    let mut out = (inputs * function.view().subrows(0..rows)).to_matrix();
    if function.rows() > rows {
        out.add_to_rows(function.row(rows));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::angle::weight_alignment;
    use crate::measure::summary::Summary;
    use crate::rule::{Activation, Isolated, WeightNorm};
    use crate::theory::depth::Classes;

    /// `V_l` of every layer, from the bottom up.
    fn learnt(network: &WideLearning) -> Vec<Matrix<f64>> {
        let (depth, beta) = (&network.depth, network.depth.beta());
        let mut all: Vec<Matrix<f64>> = Vec::new();
        for (l, gradient) in depth.gradients.iter().enumerate() {
            let mut here = depth.weighted_by_layer(&gradient.value).swap_remove(l);
            for (j, response) in depth.responses[l].iter().enumerate() {
                let spread = (depth.backward.gram(j + 1) * &response.value).to_matrix();
                here += beta[l][j] * &all[j] * &spread;
            }
            all.push(here);
        }
        all
    }

    #[test]
    fn the_function_is_that_of_all_layers_by_themselves() {
        let sizes = [7, 12, 11, 9, 3];
        let mut stream = Stream::new(5, 0, Role::Probe);
        let backward: Vec<Matrix<f64>> =
            (1..4).map(|l| normal_matrix(&mut stream, sizes[l + 1], sizes[l], 0.4)).collect();
        for (norms, bias_std) in
            [(None, None), (Some(vec![1.0; 4]), None), (None, Some(vec![0.3; 4]))]
        {
            let network = DeepNetwork { sizes: sizes.into(), w_std: vec![0.3; 4], norms, bias_std };
            let classes =
                Classes(sizes[1..].iter().map(|&n| (0..n).map(|i| i % 2).collect()).collect());
            let rows = network.step_rows();
            let theory = BackwardTheory::drawn(&backward, 3, &classes);
            let rule = StepRule { eta: 0.05, momentum: 0.5, decay: 0.01 };
            let mut learning = WideLearning::new(network, theory, rule, [5, 0]).unwrap();
            for _ in 0..6 {
                learning.depth.advance(&normal_matrix(&mut stream, rows, 3, 1.0));
            }
            let (learnt, beta) = (learnt(&learning), learning.depth.beta());
            let mut expected = learning.first();
            for (j, met) in learning.met.iter().enumerate() {
                expected += beta[3][j] * &learnt[j] * met;
            }
            learning.keep(&mut expected);
            expected += &learnt[3] * learning.depth.backward.top();
            let far = |other: &Matrix<f64>| {
                let pairs = other.as_slice().iter().zip(expected.as_slice());
                pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
            };
            let size = expected.squared_norm().sqrt();
            assert!(far(&learning.function()) <= 1e-13 * size);
            let mut start = learning.first();
            learning.keep(&mut start);
            assert!(far(&start) > 0.1 * size, "the layers have learnt next to nothing");
        }
    }

    /// With targets of zero the first update takes from `W_{D-1}` along its own outputs: the mean
    /// of `<W_{D-1}(0), eta L^T (-L W_{D-1}(0) - b_D)>` is `-eta n_D s^2 E||L||^2`, `L` what
    /// arrives at the last layer.
    #[test]
    fn the_last_layer_unlearns_its_start() {
        let (sizes, w_std, eta) = ([2, 30, 20, 3], vec![0.3, 0.2, 0.1], 1e-2);
        let inputs = Matrix::from_vec(3, 2, vec![1.0, -0.5, 0.2, 0.8, -1.1, 0.4]);
        let targets = Matrix::zeros(3, 3);
        for bias_std in [None, Some(vec![0.3, 0.2, 0.5])] {
            let network = DeepNetwork {
                sizes: sizes.into(),
                w_std: w_std.clone(),
                norms: None,
                bias_std: bias_std.clone(),
            };
            let backward = BackwardTheory::wide(&sizes, &[0.2, 0.2]);
            let unlearnt = |repeat: u64| {
                let (network, backward) = (network.clone(), backward.clone());
                let rule = StepRule::plain(eta);
                let mut theory =
                    LearningTheory::wide(network, backward, rule, [3, repeat]).unwrap();
                theory.advance(&inputs, &targets, 1.0);
                let Weights::Wide(of) = theory.weights else { panic!("wide layers") };
                Some(of.start_with_learnt())
            };
            let found = Summary::of((0..1500).map(unlearnt));
            let (mut arrived, mut constant) = (inputs.squared_norm(), 0.0);
            for l in 0..2 {
                let units = sizes[l + 1] as f64;
                let bias = bias_std.as_ref().map_or(0.0, |std| std[l]);
                arrived *= units * w_std[l].powi(2);
                constant = units * (w_std[l].powi(2) * constant + bias.powi(2));
            }
            let expected = -eta * 3.0 * w_std[2].powi(2) * (arrived + 3.0 * constant);
            let off = found.mean.unwrap() - expected;
            assert!(off.abs() < 4.0 * found.standard_error().unwrap(), "{expected}: {found:?}");
        }
    }

    /// Layers that learn a task, with or without biases and weight normalisation.
    #[derive(Clone, Copy, Debug)]
    struct Task {
        sizes: [usize; 4],
        std: f64,
        biases: Option<f64>,
        norm: Option<f64>,
        eta: f64,
        updates: usize,
    }

    impl Task {
        /// Inputs and targets.
        fn shown(&self, repeat: u64) -> [Matrix<f64>; 2] {
            let mut stream = Stream::new(9, repeat, Role::Signal);
            [0, 3].map(|l| normal_matrix(&mut stream, 40, self.sizes[l], 1.0))
        }

        /// By the rule itself and as predicted for its `B`: the angles of layers 1 and 2, and by
        /// how much `||W_2||^2` has grown.
        fn learn(&self, repeat: u64) -> [[f64; 3]; 2] {
            let [inputs, targets] = self.shown(repeat);
            let std = [self.std; 2];
            let mut net =
                Isolated::<f64>::draw(&self.sizes, 40, Activation::Linear, std, 9, repeat);
            if let Some(std) = self.biases {
                net = net.with_biases(std, 9, repeat);
            }
            if let Some(norm) = self.norm {
                net = net.with_weight_norm(&WeightNorm::Neuron(vec![norm]));
            }
            let start = net.layers.weights[2].squared_norm();
            for _ in 0..self.updates {
                net.layers.forward(&inputs, &mut net.pass);
                let mut errors = targets.clone();
                errors -= net.pass.output();
                net.step(&inputs, &errors, self.eta);
            }
            let backward = [1, 2].map(|l| net.feedback.backward(l).unwrap().clone());
            let theory = self.predict(&backward, repeat);
            let measured = |l: usize| {
                weight_alignment(&net.layers.weights[l], &backward[l - 1]).unwrap().unwrap()
            };
            let predicted = [1, 2].map(|l| theory.weight_alignment(l));
            // The norm that the predicted angle is of.
            let inner = theory.wide_weights().unwrap().inner_product(2);
            let norm = inner / (predicted[1].to_radians().cos() * backward[1].norm());
            let at_start = (self.sizes[2] * self.sizes[3]) as f64 * self.std.powi(2);
            let grown = [net.layers.weights[2].squared_norm() - start, norm * norm - at_start];
            [[measured(1), measured(2), grown[0]], [predicted[0], predicted[1], grown[1]]]
        }

        fn predict(&self, backward: &[Matrix<f64>], repeat: u64) -> LearningTheory {
            let [inputs, targets] = self.shown(repeat);
            let w_std = vec![self.std; 3];
            let norms = self.norm.map(|norm| vec![norm; 3]);
            let bias_std = self.biases.map(|std| vec![std; 3]);
            let network = DeepNetwork { sizes: self.sizes.into(), w_std, norms, bias_std };
            let run = |classes: &Classes| {
                let backward = BackwardTheory::drawn(backward, self.sizes[3], classes);
                let (rule, key) = (StepRule::plain(self.eta), [10, repeat]);
                let mut theory =
                    LearningTheory::wide(network.clone(), backward, rule, key).unwrap();
                for _ in 0..self.updates {
                    theory.advance(&inputs, &targets, 1.0);
                }
                theory
            };
            let one = run(&Classes::one(&self.sizes));
            if self.norm.is_none() {
                return one;
            }
            run(&Classes::by_norm(backward, one.wide_weights().unwrap()))
        }
    }

    #[test]
    fn wide_layers_that_learn_align_as_predicted() {
        let plain = Task {
            sizes: [10, 100, 100, 4],
            std: 0.08,
            biases: None,
            norm: None,
            eta: 2e-3,
            updates: 60,
        };
        let biased = Task { biases: Some(0.3), ..plain };
        let kept = Task { norm: Some(0.8), ..plain };
        let hindered = Task { std: 0.16, eta: 3e-4, ..plain };
        for (task, grows) in [(plain, true), (biased, true), (kept, false), (hindered, true)] {
            let found: Vec<_> = (0..16).map(|repeat| task.learn(repeat)).collect();
            for place in 0..2 + usize::from(grows) {
                let [measured, predicted] =
                    [0, 1].map(|of| Summary::of(found.iter().map(|found| Some(found[of][place]))));
                let off = predicted.mean.unwrap() - measured.mean.unwrap();
                let error =
                    measured.standard_error().unwrap().hypot(predicted.standard_error().unwrap());
                let within = if place < 2 { 1.0 } else { 0.0 };
                assert!(
                    off.abs() < within + 3.0 * error,
                    "{task:?} {place}: {measured:?} {predicted:?}"
                );
            }
        }
    }

    /// As `W_{D-1}` learns `eta L^T E`, what it learns meets its start by `eta <L W_{D-1}(0), E>`,
    /// exactly: `L W_{D-1}(0)` is what outputs would be if the last layer had learnt nothing.
    #[test]
    fn what_the_last_layer_learns_meets_its_start_where_errors_meet_outputs() {
        let (sizes, eta) = ([5, 12, 10, 3], 0.02);
        let mut stream = Stream::new(6, 0, Role::Probe);
        let [first, second] =
            [1, 2].map(|l| normal_matrix(&mut stream, sizes[l + 1], sizes[l], 0.3));
        let inputs = normal_matrix(&mut stream, 8, 5, 1.0);
        let targets = normal_matrix(&mut stream, 8, 3, 1.0);
        let network =
            DeepNetwork { sizes: sizes.into(), w_std: vec![0.3; 3], norms: None, bias_std: None };
        let classes =
            Classes(sizes[1..].iter().map(|&n| (0..n).map(|i| i % 2).collect()).collect());
        let backward = BackwardTheory::drawn(&[first, second], 3, &classes);
        let rule = StepRule::plain(eta);
        let mut theory = LearningTheory::wide(network, backward, rule, [6, 0]).unwrap();
        let [mut expected, mut found] = [0.0, 0.0];
        for _ in 0..8 {
            let Weights::Wide(before) = &theory.weights else { panic!("wide layers") };
            let mut unlearnt = before.clone();
            unlearnt.depth.gradients[2].value.scale(0.0);
            unlearnt.depth.responses[2].iter_mut().for_each(|response| response.value.scale(0.0));
            let outputs = apply(&inputs, &unlearnt.function());
            expected += eta * outputs.inner(&theory.advance(&inputs, &targets, 1.0));
            let Weights::Wide(after) = &theory.weights else { panic!("wide layers") };
            found = after.start_with_learnt();
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        assert!(found.abs() > 0.1, "the start has met next to nothing: {found}");
    }
}
