//! The rule in isolation: exogenous activities and errors, no loss, no target, no data.

use super::{Activation, Feedback, Layers, Pass};
use crate::matrix::Matrix;
use crate::random::{Role, Stream};
use crate::real::Real;

/// A network driven by an injected output error. The network's own output has no effect on its updates.
#[derive(Clone, Debug)]
pub struct Isolated<T> {
    /// Forward weights; no biases.
    pub layers: Layers<T>,
    /// Fixed backward weights.
    pub feedback: Feedback<T>,
    /// Buffers of the current iteration.
    pub pass: Pass<T>,
}

impl<T: Real> Isolated<T> {
    /// Draws `W_l ~ N(0, w_std^2)` and `B_l ~ N(0, b_std^2)` for layers of `sizes` (input first), from the streams
    /// of `(seed, repeat)`, for batches of up to `batch` samples.
    pub fn draw(sizes: &[usize], batch: usize, activation: Activation, std: [f64; 2], seed: u64, repeat: u64) -> Self {
        let [w_std, b_std] = std;
        let mut stream = Stream::new(seed, repeat, Role::Weights);
        let weights: Vec<_> = sizes.windows(2).map(|n| normal_matrix(&mut stream, n[0], n[1], w_std)).collect();
        let mut stream = Stream::new(seed, repeat, Role::Backward);
        let backward = sizes[1..].windows(2).map(|n| normal_matrix(&mut stream, n[1], n[0], b_std)).collect();
        let depth = weights.len();
        let layers = Layers { weights, biases: vec![Vec::new(); depth], activations: vec![activation; depth] };
        Self { layers, feedback: Feedback::BpTrw(backward), pass: Pass::new(sizes, batch) }
    }

    /// One iteration with input `activity` (`P x n_0`) and output error signal `error` (`P x n_D`), injected as it
    /// is, not multiplied by `f'(Z_D)`.
    pub fn step(&mut self, activity: &Matrix<T>, error: &Matrix<T>, eta: T) {
        self.layers.forward_hidden(activity, &mut self.pass);
        self.pass.output_delta_mut().as_mut_slice().copy_from_slice(error.as_slice());
        self.feedback.carry_back(&self.layers, &mut self.pass);
        self.layers.update(activity, &self.pass, eta);
    }
}

/// A `rows x cols` matrix of independent `N(0, std^2)` values.
pub(crate) fn normal_matrix<T: Real>(stream: &mut Stream, rows: usize, cols: usize, std: f64) -> Matrix<T> {
    let mut matrix = Matrix::zeros(rows, cols);
    stream.fill_normal(matrix.as_mut_slice());
    if std != 1.0 {
        matrix.scale(T::from_f64(std));
    }
    matrix
}
