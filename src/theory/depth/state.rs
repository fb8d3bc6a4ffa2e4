//! The reduced state of a network, and its recursion.

use super::backward::BackwardTheory;
use crate::matrix::Matrix;
use crate::rule::WeightNorm;
use crate::vmath::dot;

/// What there is to know of a network beside its backward weights.
#[derive(Clone, Debug, PartialEq)]
pub struct DeepNetwork {
    /// Units of every layer, inputs first: `n_0 .. n_D`, at least three.
    pub sizes: Vec<usize>,
    /// Standard deviation of `W_l` at the start, `l` from 0.
    pub w_std: Vec<f64>,
    /// Norm of every neuron's input weights by layer, if it is kept: WN(gamma).
    pub norms: Option<Vec<f64>>,
    /// Standard deviation of the biases, which learn, by layer of `W_l`; `None` without biases.
    /// With biases every step has one row more: the sums of the errors over samples, as of an input
    /// that is always 1.
    pub bias_std: Option<Vec<f64>>,
}

impl DeepNetwork {
    /// Number of weight matrices `D`.
    pub fn depth(&self) -> usize {
        self.sizes.len() - 1
    }

    /// Rows of a step: inputs, and one for biases.
    pub fn step_rows(&self) -> usize {
        self.sizes[0] + usize::from(self.bias_std.is_some())
    }
}

/// Norm of every neuron's input weights by layer under weight normalisation of this kind; of a
/// whole matrix, that which its neurons have together.
pub fn norms(kind: &WeightNorm, sizes: &[usize], w_std: &[f64]) -> Vec<f64> {
    let listed = |norms: &[f64], l: usize| norms.get(l).or(norms.last()).copied().unwrap_or(1.0);
    let of_layer = |(l, n): (usize, &[usize])| match kind {
        WeightNorm::Neuron(norms) => listed(norms, l),
        WeightNorm::Matrix(norms) => listed(norms, l) / (n[1] as f64).sqrt(),
        WeightNorm::NeuronInitial | WeightNorm::MatrixInitial => w_std[l] * (n[0] as f64).sqrt(),
    };
    sizes.windows(2).enumerate().map(of_layer).collect()
}

/// How far the weights move for a gradient: `V = momentum V + G - decay W`, `W += eta V`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepRule {
    /// Learning rate.
    pub eta: f64,
    /// Momentum; 0 for none.
    pub momentum: f64,
    /// Weight decay; 0 for none.
    pub decay: f64,
}

impl StepRule {
    /// The rule alone.
    pub fn plain(eta: f64) -> Self {
        Self { eta, momentum: 0.0, decay: 0.0 }
    }
}

/// A matrix in the reduced description, with its velocity where there is momentum.
#[derive(Clone, Debug)]
pub(super) struct Moving {
    pub value: Matrix<f64>,
    velocity: Option<Matrix<f64>>,
}

impl Moving {
    pub fn zeros(rows: usize, columns: usize, momentum: bool) -> Self {
        let zeros = || Matrix::zeros(rows, columns);
        Self { value: zeros(), velocity: momentum.then(zeros) }
    }

    /// One step of `rule` with gradient `factor * gradient`, repeated for every class of neurons
    /// above.
    pub fn advance(&mut self, gradient: &Matrix<f64>, factor: f64, rule: StepRule) {
        let StepRule { eta, momentum, decay } = rule;
        // With one class the matrices are alike, and are gone through as one long row.
        let (row, width) = if self.value.cols() == gradient.cols() {
            [self.value.as_slice().len(); 2].into()
        } else {
            (self.value.cols(), gradient.cols())
        };
        let added = gradient.as_slice().chunks_exact(width);
        let rows = self.value.as_mut_slice().chunks_exact_mut(row);
        match &mut self.velocity {
            None => {
                for (row, added) in rows.zip(added) {
                    for block in row.chunks_exact_mut(width) {
                        let pairs = block.iter_mut().zip(added);
                        pairs.for_each(|(q, g)| *q = (1.0 - eta * decay) * *q + eta * factor * g);
                    }
                }
            }
            Some(velocity) => {
                let velocity = velocity.as_mut_slice().chunks_exact_mut(row);
                for ((row, velocity), added) in rows.zip(velocity).zip(added) {
                    let blocks = row.chunks_exact_mut(width);
                    for (block, v) in blocks.zip(velocity.chunks_exact_mut(width)) {
                        for ((q, v), g) in block.iter_mut().zip(v).zip(added) {
                            *v = momentum * *v + factor * g - decay * *q;
                            *q += eta * *v;
                        }
                    }
                }
            }
        }
    }

    /// Multiplies the columns of every class by its factor. Velocities are those of the unscaled
    /// weights, as in the programs that normalise after the optimiser's step.
    fn scale_classes(&mut self, factors: &[f64]) {
        let width = self.value.cols() / factors.len();
        for i in 0..self.value.rows() {
            for (block, factor) in self.value.row_mut(i).chunks_exact_mut(width).zip(factors) {
                block.iter_mut().for_each(|q| *q *= factor);
            }
        }
    }
}

/// The reduced state of a network: what its weights owe to the signals so far.
#[derive(Clone, Debug)]
pub struct DepthTheory {
    pub(super) network: DeepNetwork,
    pub(super) backward: BackwardTheory,
    rule: StepRule,
    /// Factor `a` of `W_l(0)` by layer and class of neurons above, and its velocity.
    pub(super) kept: Vec<Vec<[f64; 2]>>,
    /// `G_l`, `n_0 x m_{l+1} n_D`.
    pub(super) gradients: Vec<Moving>,
    /// `N_{l,j}` for `j` from 1 to `l`, `m_j n_D x m_{l+1} n_D`.
    pub(super) responses: Vec<Vec<Moving>>,
}

impl DepthTheory {
    /// The network at its start, normalised if its norms are kept.
    pub fn new(network: DeepNetwork, backward: BackwardTheory, rule: StepRule) -> Self {
        let (depth, inputs) = (network.depth(), network.step_rows());
        let momentum = rule.momentum != 0.0;
        let width = |l: usize| backward.width(l);
        let gradients = (0..depth).map(|l| Moving::zeros(inputs, width(l + 1), momentum)).collect();
        let responses = (0..depth).map(|l| {
            (1..=l).map(|j| Moving::zeros(width(j), width(l + 1), momentum)).collect::<Vec<_>>()
        });
        let responses = responses.collect();
        let kept = (0..depth).map(|l| vec![[1.0, 0.0]; backward.classes(l + 1).len()]).collect();
        let mut theory = Self { network, backward, rule, kept, gradients, responses };
        theory.normalise();
        theory
    }

    /// What it was made for.
    pub fn network(&self) -> &DeepNetwork {
        &self.network
    }

    /// What it knows of the backward weights.
    pub fn backward(&self) -> &BackwardTheory {
        &self.backward
    }

    /// One update with `step = X^T E` (`n_0 x n_D`), summed over the batch.
    pub fn advance(&mut self, step: &Matrix<f64>) {
        let weighted = self.weighted_by_layer(step);
        let (passed, beta) = (self.passed(&weighted), self.beta());
        for (l, weighted) in weighted.iter().enumerate() {
            self.gradients[l].advance(weighted, 1.0, self.rule);
            for (j, response) in self.responses[l].iter_mut().enumerate() {
                response.advance(&passed[j], beta[l][j], self.rule);
            }
        }
        let StepRule { eta, momentum, decay } = self.rule;
        for [a, velocity] in self.kept.iter_mut().flatten() {
            *velocity = momentum * *velocity - decay * *a;
            *a += eta * *velocity;
        }
        self.normalise();
    }

    /// `J_l = V_l^T A` for `l` from 0 to `D-2`, `m_{l+1} n_D x n_D`, given a step as every layer
    /// takes it.
    pub(super) fn passed(&self, weighted: &[Matrix<f64>]) -> Vec<Matrix<f64>> {
        let beta = self.beta();
        let mut all: Vec<Matrix<f64>> = Vec::new();
        // S_j J_{j-1} by `j - 1`: every layer above takes it.
        let mut carried: Vec<Matrix<f64>> = Vec::new();
        for l in 0..self.network.depth() - 1 {
            let mut here = (self.gradients[l].value.t() * &weighted[l]).to_matrix();
            for (j, response) in self.responses[l].iter().enumerate() {
                here += beta[l][j] * response.value.t() * &carried[j];
            }
            carried.push((self.backward.gram(l + 1) * &here).to_matrix());
            all.push(here);
        }
        all
    }

    /// `rho_l`: how much `W_l(0)`, as far as it is kept, stretches a vector.
    pub(super) fn stretch(&self, l: usize) -> f64 {
        let classes = self.backward.classes(l + 1).iter().zip(&self.kept[l]);
        let square: f64 = classes.map(|(&units, [a, _])| units as f64 * a * a).sum();
        self.network.w_std[l] * square.sqrt()
    }

    /// How long an input is where it arrives at layer `l`, for every layer.
    pub(super) fn lengths(&self) -> Vec<Length> {
        let biases = |l: usize| self.network.bias_std.as_ref().map_or(0.0, |std| std[l]);
        let next = |length: &mut Length, l: usize| {
            let (stretch, bias) = (self.stretch(l), biases(l));
            let after = Length {
                input: length.input * stretch,
                constant: length.constant * stretch * stretch
                    + bias * bias * self.network.sizes[l + 1] as f64,
            };
            Some(std::mem::replace(length, after))
        };
        (0..self.network.depth()).scan(Length { input: 1.0, constant: 0.0 }, next).collect()
    }

    /// A step as every layer takes it.
    pub(super) fn weighted_by_layer(&self, step: &Matrix<f64>) -> Vec<Matrix<f64>> {
        self.lengths().into_iter().map(|length| self.weighted(step, length)).collect()
    }

    /// A step as `Q_l` takes it: inputs as long as they are at layer `l`; the constant is what it
    /// was, and 1 more for the bias of the layer above.
    fn weighted(&self, step: &Matrix<f64>, length: Length) -> Matrix<f64> {
        self.stretched(step, length.input, (length.constant + 1.0).sqrt())
    }

    /// A step with the rows of the inputs and that of the constant multiplied each by its own
    /// factor.
    pub(super) fn stretched(&self, step: &Matrix<f64>, input: f64, constant: f64) -> Matrix<f64> {
        let mut out = step.clone();
        out.scale(input);
        if self.network.bias_std.is_some() {
            let last = step.rows() - 1;
            out.row_mut(last)
                .iter_mut()
                .zip(step.row(last))
                .for_each(|(to, from)| *to = constant * from);
        }
        out
    }

    /// `G_l` as far as it is part of `W_l`: without what the biases have learnt.
    pub(super) fn gradient(&self, l: usize) -> Matrix<f64> {
        let mut out = self.gradients[l].value.clone();
        if self.network.bias_std.is_some() {
            let constant = self.lengths()[l].constant;
            let last = out.rows() - 1;
            let share = (constant / (constant + 1.0)).sqrt();
            out.row_mut(last).iter_mut().for_each(|value| *value *= share);
        }
        out
    }

    /// `beta_{l,j}` for every layer `l`, by `j - 1`.
    pub(super) fn beta(&self) -> Vec<Vec<f64>> {
        let stretch: Vec<f64> = (0..self.network.depth()).map(|l| self.stretch(l)).collect();
        (0..stretch.len())
            .map(|l| (1..=l).map(|j| stretch[j..l].iter().product()).collect())
            .collect()
    }

    /// Squared norm of the columns of `W_l` of every class.
    fn squared_norms(&self, l: usize) -> Vec<f64> {
        let [below, std] = [self.network.sizes[l] as f64, self.network.w_std[l]];
        let learnt = self.learnt(l);
        let classes = self.backward.classes(l + 1).iter().zip(&self.kept[l]).zip(learnt);
        classes
            .map(|((&units, [a, _]), learnt)| (a * std).powi(2) * below * units as f64 + learnt)
            .collect()
    }

    /// `||Q_l C_{l+1}||^2` by class of neurons: the learnt part of `W_l`.
    fn learnt(&self, l: usize) -> Vec<f64> {
        let (outputs, gram) = (self.outputs(), self.backward.gram(l + 1));
        let mut found = vec![0.0; self.kept[l].len()];
        let mut add = |left: &Matrix<f64>, right: &Matrix<f64>| {
            let spread = (right * gram).to_matrix();
            for i in 0..left.rows() {
                let blocks =
                    left.row(i).chunks_exact(outputs).zip(spread.row(i).chunks_exact(outputs));
                blocks.zip(&mut found).for_each(|((a, b), sum)| *sum += dot(a, b));
            }
        };
        let gradient = self.gradient(l);
        add(&gradient, &gradient);
        for (j, response) in self.responses[l].iter().enumerate() {
            add(&(self.backward.gram(j + 1) * &response.value).to_matrix(), &response.value);
        }
        found
    }

    /// Squared Frobenius norm of `W_l`, its mean over `W(0)`.
    pub fn squared_norm(&self, l: usize) -> f64 {
        self.squared_norms(l).iter().sum()
    }

    /// `<W_l, B_l^T>`, its mean over `W(0)`, 0 < `l` < `D`.
    pub fn inner_product(&self, l: usize) -> f64 {
        self.backward.pairing(l).inner(&self.responses[l][l - 1].value)
    }

    /// Angle in degrees of `W_l` to `B_l^T`, 0 < `l` < `D`.
    pub fn weight_alignment(&self, l: usize) -> f64 {
        let norms = self.squared_norm(l) * self.backward.squared_norm(l);
        degrees(self.inner_product(l) / norms.sqrt())
    }

    /// The norms of neurons, back to what they are to be.
    fn normalise(&mut self) {
        let Some(norms) = self.network.norms.clone() else { return };
        for (l, gamma) in norms.iter().enumerate() {
            let found = self.squared_norms(l);
            let classes = self.backward.classes(l + 1).iter().zip(found);
            let factors: Vec<f64> =
                classes.map(|(&units, square)| gamma * (units as f64 / square).sqrt()).collect();
            self.kept[l].iter_mut().zip(&factors).for_each(|([a, _], factor)| *a *= factor);
            self.gradients[l].scale_classes(&factors);
            self.responses[l].iter_mut().for_each(|response| response.scale_classes(&factors));
        }
    }

    /// Units of the output `n_D`.
    pub(super) fn outputs(&self) -> usize {
        self.network.sizes[self.network.depth()]
    }

    /// `K_l = Q_l^T Q_l`, `m_{l+1} n_D` squared: by it, classes of neurons that will differ in norm
    /// are found.
    pub(super) fn square(&self, l: usize) -> Matrix<f64> {
        let gradient = self.gradient(l);
        let mut sum = (gradient.t() * &gradient).to_matrix();
        for (j, response) in self.responses[l].iter().enumerate() {
            let spread = (self.backward.gram(j + 1) * &response.value).to_matrix();
            sum += response.value.t() * &spread;
        }
        sum
    }
}

/// Lengths of inputs at a layer, as the weights of the start make them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Length {
    /// `alpha_l`, of a unit of the input.
    pub input: f64,
    /// Squared, of what biases below put there.
    pub constant: f64,
}

pub(super) fn degrees(cosine: f64) -> f64 {
    cosine.clamp(-1.0, 1.0).acos().to_degrees()
}
