//! Forward weights, biases and activations, and the buffers of one pass over a batch.

use super::Activation;
use super::activity_norm::{ActivityNorm, Running, Standardised};
use super::dropout::Dropped;
use crate::matrix::{Matrix, ViewMut};
use crate::random::Stream;
use crate::real::Real;
use std::ops::Range;

/// A stack of fully connected layers. `W_l` (`n_l x n_{l+1}`) maps layer `l` to layer `l + 1`, `l`
/// from 0.
#[derive(Clone, Debug)]
pub struct Layers<T> {
    /// `W_0 .. W_{D-1}`.
    pub weights: Vec<Matrix<T>>,
    /// `b_1 .. b_D`, one value per unit; empty vectors where the network has no biases.
    pub biases: Vec<Vec<T>>,
    /// Whether updates change the biases.
    pub biases_learn: bool,
    /// `f_1 .. f_D`.
    pub activations: Vec<Activation>,
    /// Which pre-activations of hidden layers are normalised.
    pub activity_norm: ActivityNorm,
    /// Statistics of the hidden layers over the batches so far, under batch normalisation; empty
    /// otherwise.
    pub running: Vec<Running<T>>,
}

impl<T: Real> Layers<T> {
    /// Number of weight matrices `D`.
    pub fn depth(&self) -> usize {
        self.weights.len()
    }

    /// Units of every layer, the input first: `n_0 .. n_D`.
    pub fn sizes(&self) -> Vec<usize> {
        let inputs = self.weights.iter().map(Matrix::rows);
        inputs.chain(self.weights.last().map(Matrix::cols)).collect()
    }

    /// The first layer whose weights or biases are no longer finite.
    pub fn first_non_finite(&self) -> Option<usize> {
        let finite = |v: &[T]| crate::vmath::all_finite(v);
        (0..self.depth()).find(|&l| !finite(self.weights[l].as_slice()) || !finite(&self.biases[l]))
    }

    /// Forward pass of `input` (`P x n_0`): fills the pre-activations and activities of `pass`.
    pub fn forward(&self, input: &Matrix<T>, pass: &mut Pass<T>) {
        self.forward_through(self.depth(), false, input, pass);
    }

    /// As [`Self::forward`], but that batch normalisation goes by the statistics of earlier
    /// batches.
    pub fn forward_by_running(&self, input: &Matrix<T>, pass: &mut Pass<T>) {
        self.forward_through(self.depth(), true, input, pass);
    }

    /// Forward pass through the hidden layers only: all that an update needs when the output error
    /// is given from outside. The output layer's buffers keep what they hold.
    pub fn forward_hidden(&self, input: &Matrix<T>, pass: &mut Pass<T>) {
        self.forward_through(self.depth() - 1, false, input, pass);
    }

    fn forward_through(
        &self,
        depth: usize,
        by_running: bool,
        input: &Matrix<T>,
        pass: &mut Pass<T>,
    ) {
        pass.set_batch(input.rows());
        if self.activity_norm != ActivityNorm::Off {
            pass.standardise(self.activity_norm);
        }
        for l in 0..depth {
            let (below, above) = pass.activity.split_at_mut(l);
            let source = match l.checked_sub(1) {
                None => input,
                Some(below_l) => pass.dropped.get(below_l).map_or(&below[below_l], Dropped::fed),
            };
            let z = &mut pass.z[l];
            if let Some(standardised) = pass.standardised.get_mut(l) {
                z.assign(source * &self.weights[l]);
                match self.running.get(l).filter(|_| by_running) {
                    Some(running) => standardised.forward_by(running, z),
                    None => standardised.forward(z),
                }
                if !self.biases[l].is_empty() {
                    z.add_to_rows(&self.biases[l]);
                }
            } else if self.biases[l].is_empty() {
                z.assign(source * &self.weights[l]);
            } else {
                z.fill_rows(&self.biases[l]);
                *z += source * &self.weights[l];
            }
            self.activations[l].apply(z.as_slice(), above[0].as_mut_slice());
            if let Some(dropped) = pass.dropped.get_mut(l) {
                dropped.take(&above[0]);
            }
        }
    }

    /// Takes the statistics of a batch, whose pass this is, into those that run.
    pub fn follow_statistics(&mut self, pass: &Pass<T>) {
        for (running, batch) in self.running.iter_mut().zip(&pass.standardised) {
            running.follow(batch);
        }
    }

    /// `W_l += rate * L_l^T delta_{l+1}` and `b_{l+1} += rate * (column sums of delta_{l+1})` for
    /// every layer, from the deltas of `pass`. The sign is "towards the target": the error is
    /// target minus output.
    pub fn update(&mut self, input: &Matrix<T>, pass: &Pass<T>, rate: T) {
        for l in 0..self.depth() {
            let rows = 0..self.weights[l].rows();
            add_gradient(
                self.weights[l].as_mut_slice(),
                rows,
                pass.source(input, l),
                &pass.delta[l],
                rate,
            );
            if self.biases_learn {
                add_scaled_column_sums(&mut self.biases[l], pass.bias_error(l), rate);
            }
        }
    }
}

/// Adds `rate * L^T delta` to rows of a matrix of the shape of `W`: `out` holds those `rows`, one
/// after the other. `source` is `L` (`P x n_l`), `delta` is `P x n_{l+1}`.
pub(crate) fn add_gradient<T: Real>(
    out: &mut [T],
    rows: Range<usize>,
    source: &Matrix<T>,
    delta: &Matrix<T>,
    rate: T,
) {
    let mut out = ViewMut::from_slice(out, rows.len(), delta.cols());
    out += rate * source.view().subcols(rows).t() * delta;
}

/// `bias += rate * (column sums of delta)`; nothing where there is no bias.
pub(crate) fn add_scaled_column_sums<T: Real>(bias: &mut [T], delta: &Matrix<T>, rate: T) {
    if bias.is_empty() {
        return;
    }
    pulp::Arch::new().dispatch(
        #[inline(always)]
        || {
            for row in delta.as_slice().chunks_exact(bias.len()) {
                for (b, &d) in bias.iter_mut().zip(row) {
                    *b += rate * d;
                }
            }
        },
    );
}

/// Buffers of one forward and backward pass, allocated once. Index `l` belongs to layer `l + 1`.
#[derive(Clone, Debug)]
pub struct Pass<T> {
    /// Pre-activations `Z_{l+1}`, `P x n_{l+1}`.
    pub z: Vec<Matrix<T>>,
    /// Activities `L_{l+1} = f(Z_{l+1})`, `P x n_{l+1}`, before any are dropped.
    pub activity: Vec<Matrix<T>>,
    /// Error signals `delta_{l+1}`, `P x n_{l+1}`: the error arriving at the layer times
    /// `f'(Z_{l+1})`, and times the mask where activities are dropped; where pre-activations are
    /// normalised, what this is before they are.
    pub delta: Vec<Matrix<T>>,
    /// Normalised pre-activations of the hidden layers; empty where they are not normalised.
    pub standardised: Vec<Standardised<T>>,
    /// Masks of the hidden layers; empty where nothing is dropped.
    pub dropped: Vec<Dropped<T>>,
}

impl<T: Real> Pass<T> {
    /// Buffers for layers of `sizes` (input first) and up to `batch` samples.
    pub fn new(sizes: &[usize], batch: usize) -> Self {
        let buffers = || sizes[1..].iter().map(|&n| Matrix::zeros(batch, n)).collect::<Vec<_>>();
        Self {
            z: buffers(),
            activity: buffers(),
            delta: buffers(),
            standardised: Vec::new(),
            dropped: Vec::new(),
        }
    }

    /// Sets the number of samples; allocates only beyond the size given to [`Pass::new`].
    pub fn set_batch(&mut self, samples: usize) {
        for matrix in self.z.iter_mut().chain(&mut self.activity).chain(&mut self.delta) {
            matrix.set_rows(samples);
        }
        self.standardised.iter_mut().for_each(|layer| layer.set_batch(samples));
        self.dropped.iter_mut().for_each(|layer| layer.set_batch(samples));
    }

    /// Draws which activities of the hidden layers the next forward pass of `samples` drops: a
    /// share `rate` of them, layer by layer from the lowest.
    pub fn draw_dropped(&mut self, samples: usize, rate: f64, stream: &mut Stream) {
        if self.dropped.is_empty() {
            let hidden = self.z.len().saturating_sub(1);
            self.dropped = self.z[..hidden].iter().map(|z| Dropped::new(z.cols())).collect();
        }
        for dropped in &mut self.dropped {
            dropped.set_batch(samples);
            dropped.draw(rate, stream);
        }
    }

    /// Drops nothing from now on.
    pub fn keep_all(&mut self) {
        self.dropped.clear();
    }

    /// Mask of layer `l + 1`, where activities are dropped.
    pub fn mask(&self, l: usize) -> Option<&Matrix<T>> {
        self.dropped.get(l).map(Dropped::mask)
    }

    /// Activity of layer `l + 1` as the layer above is fed it, dropped ones being 0.
    pub fn fed(&self, l: usize) -> &Matrix<T> {
        self.dropped.get(l).map_or(&self.activity[l], Dropped::fed)
    }

    /// Makes room for normalised pre-activations, if there is none yet.
    fn standardise(&mut self, over: ActivityNorm) {
        if self.standardised.is_empty() {
            let hidden = self.z.len().saturating_sub(1);
            let room = |z: &Matrix<T>| Standardised::new(over, z.rows(), z.cols());
            self.standardised = self.z[..hidden].iter().map(room).collect();
        }
    }

    /// Error signals that the biases of layer `l + 1` learn from.
    pub fn bias_error(&self, l: usize) -> &Matrix<T> {
        self.standardised.get(l).map_or(&self.delta[l], |layer| &layer.arriving)
    }

    /// Activity of the output layer.
    pub fn output(&self) -> &Matrix<T> {
        &self.activity[self.activity.len() - 1]
    }

    /// Error signal of the output layer, to be written before errors are carried back.
    pub fn output_delta_mut(&mut self) -> &mut Matrix<T> {
        let last = self.delta.len() - 1;
        &mut self.delta[last]
    }

    /// What `W_l` is fed: the activity of layer `l`, where layer 0 is `input`.
    pub fn source<'a>(&'a self, input: &'a Matrix<T>, l: usize) -> &'a Matrix<T> {
        l.checked_sub(1).map_or(input, |below| self.fed(below))
    }
}
