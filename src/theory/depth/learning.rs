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
        let last = self.depth.network.depth() - 1;
        let top = self.depth.backward.top();
        let mut first = self.start.clone();
        first.scale(self.depth.network.w_std[last]);
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
}
