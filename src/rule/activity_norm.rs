//! Normalisation of pre-activations: over the batch (Ioffe & Szegedy 2015), or over the units of a
//! layer (Ba, Kiros & Hinton 2016).
//!
//! ```text
//! H_{l+1} = (R - mean R) / sqrt(var R + 1e-5),   R = L_l W_l,   Z_{l+1} = H_{l+1} + b_{l+1},   L_{l+1} = f(Z_{l+1})
//! ```
//!
//! of hidden layers; the output layer stays as it is. Mean and variance are those of a unit over
//! the samples of a batch, or of a sample over the units. The bias comes after, in the place of
//! PyTorch's shift; there is no factor. On the way back an error `A = f'(Z) o E` that arrives at
//! `H` becomes
//!
//! ```text
//! delta = (A - mean A - H mean(A o H)) / sqrt(var R + 1e-5)
//! ```
//!
//! at `R`, which is what weights learn from and what goes further back, whatever carries it there;
//! biases learn from `A`.

use crate::matrix::Matrix;
use crate::real::Real;
use crate::text::Choice;

/// What is added to variances: PyTorch's default.
const EPSILON: f64 = 1e-5;

/// Share of the running statistics that a batch replaces: PyTorch's default.
const REPLACED: f64 = 0.1;

/// Which pre-activations of hidden layers are normalised together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ActivityNorm {
    /// None.
    #[default]
    Off,
    /// Those of a unit, over the samples of a batch.
    Batch,
    /// Those of a sample, over the units of a layer.
    Layer,
}

impl Choice for ActivityNorm {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("off", Self::Off), ("batch", Self::Batch), ("layer", Self::Layer)];
}

/// Means and variances of the units of a layer, running over batches: what batch normalisation
/// goes by where nothing is learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct Running<T> {
    /// Of every unit.
    pub mean: Vec<T>,
    /// Of every unit, with `P - 1` in place of `P`.
    pub variance: Vec<T>,
}

impl<T: Real> Running<T> {
    /// Mean 0 and variance 1 of so many units.
    pub fn start(units: usize) -> Self {
        Self { mean: vec![T::zero(); units], variance: vec![T::one(); units] }
    }

    /// Takes a share of those of the latest batch.
    pub fn follow(&mut self, batch: &Standardised<T>) {
        let samples = batch.hat.rows() as f64;
        let replace = |old: &mut T, new: f64| {
            *old = T::from_f64((1.0 - REPLACED) * old.to_f64() + REPLACED * new);
        };
        let unbiased = samples / (samples - 1.0).max(1.0);
        for (old, new) in self.mean.iter_mut().zip(&batch.mean) {
            replace(old, *new);
        }
        for (old, new) in self.variance.iter_mut().zip(&batch.variance) {
            replace(old, unbiased * new);
        }
    }
}

/// Normalised pre-activations of one layer, and what their way back takes.
#[derive(Clone, Debug)]
pub struct Standardised<T> {
    over: ActivityNorm,
    /// `H`, `P x n`.
    pub hat: Matrix<T>,
    /// Errors that arrive at `H`, `P x n`: those that biases learn from.
    pub arriving: Matrix<T>,
    /// By unit, or by sample.
    mean: Vec<f64>,
    variance: Vec<f64>,
}

impl<T: Real> Standardised<T> {
    /// Buffers for `samples` of so many units.
    pub fn new(over: ActivityNorm, samples: usize, units: usize) -> Self {
        let room = || Matrix::zeros(samples, units);
        Self { over, hat: room(), arriving: room(), mean: Vec::new(), variance: Vec::new() }
    }

    /// Sets the number of samples.
    pub fn set_batch(&mut self, samples: usize) {
        self.hat.set_rows(samples);
        self.arriving.set_rows(samples);
    }

    /// Normalises `raw` by its own means and variances.
    pub fn forward(&mut self, raw: &mut Matrix<T>) {
        let groups = if self.over == ActivityNorm::Batch { raw.cols() } else { raw.rows() };
        let each = (raw.as_slice().len() / groups.max(1)).max(1) as f64;
        (self.mean, self.variance) = (vec![0.0; groups], vec![0.0; groups]);
        let over = self.over;
        visit(over, raw, |group, x| self.mean[group] += x.to_f64());
        self.mean.iter_mut().for_each(|sum| *sum /= each);
        let mean = &self.mean;
        let variance = &mut self.variance;
        visit(over, raw, |group, x| variance[group] += (x.to_f64() - mean[group]).powi(2));
        self.variance.iter_mut().for_each(|sum| *sum /= each);
        self.scale(raw);
    }

    /// Normalises `raw` by running statistics.
    pub fn forward_by(&mut self, running: &Running<T>, raw: &mut Matrix<T>) {
        self.mean = running.mean.iter().map(|x| x.to_f64()).collect();
        self.variance = running.variance.iter().map(|x| x.to_f64()).collect();
        self.scale(raw);
    }

    fn scale(&mut self, raw: &mut Matrix<T>) {
        let factors = self.factors();
        let (columns, over) = (raw.cols().max(1), self.over);
        for (p, row) in raw.as_mut_slice().chunks_exact_mut(columns).enumerate() {
            for (j, x) in row.iter_mut().enumerate() {
                let group = if over == ActivityNorm::Batch { j } else { p };
                *x = T::from_f64((x.to_f64() - self.mean[group]) * factors[group]);
            }
        }
        self.hat.as_mut_slice().copy_from_slice(raw.as_slice());
    }

    /// `1 / sqrt(var + 1e-5)` of every group.
    pub fn factors(&self) -> Vec<f64> {
        self.variance.iter().map(|variance| 1.0 / (variance + EPSILON).sqrt()).collect()
    }

    /// Takes errors from `H` back to `R`.
    pub fn back(&mut self, delta: &mut Matrix<T>) {
        self.arriving.as_mut_slice().copy_from_slice(delta.as_slice());
        let (factors, over, columns) = (self.factors(), self.over, delta.cols().max(1));
        let each = (delta.as_slice().len() / factors.len().max(1)).max(1) as f64;
        let (mut sums, mut products) = (vec![0.0; factors.len()], vec![0.0; factors.len()]);
        visit(over, delta, |group, a| sums[group] += a.to_f64());
        for (p, (errors, hats)) in delta
            .as_slice()
            .chunks_exact(columns)
            .zip(self.hat.as_slice().chunks_exact(columns))
            .enumerate()
        {
            for (j, (a, h)) in errors.iter().zip(hats).enumerate() {
                let group = if over == ActivityNorm::Batch { j } else { p };
                products[group] += a.to_f64() * h.to_f64();
            }
        }
        let hats = self.hat.as_slice().chunks_exact(columns);
        for (p, (errors, hats)) in
            delta.as_mut_slice().chunks_exact_mut(columns).zip(hats).enumerate()
        {
            for (j, (a, h)) in errors.iter_mut().zip(hats).enumerate() {
                let group = if over == ActivityNorm::Batch { j } else { p };
                let rest = a.to_f64() - (sums[group] + h.to_f64() * products[group]) / each;
                *a = T::from_f64(rest * factors[group]);
            }
        }
    }

    /// `sum (R - mean R) o delta - H o A`: what the inner product of weights and their gradient is
    /// beside that of normalised pre-activations and the errors that arrive there.
    pub(super) fn injected(&self, delta: &Matrix<T>) -> f64 {
        let (factors, columns) = (self.factors(), delta.cols().max(1));
        let rows = self.hat.as_slice().chunks_exact(columns);
        let errors = delta.as_slice().chunks_exact(columns);
        let arriving = self.arriving.as_slice().chunks_exact(columns);
        let mut sum = 0.0;
        for (p, (hats, (errors, arriving))) in rows.zip(errors.zip(arriving)).enumerate() {
            for (j, (h, (d, a))) in hats.iter().zip(errors.iter().zip(arriving)).enumerate() {
                let group = if self.over == ActivityNorm::Batch { j } else { p };
                let h = h.to_f64();
                sum += h / factors[group] * d.to_f64() - h * a.to_f64();
            }
        }
        sum
    }
}

/// Calls `look` with the group and value of every entry.
fn visit<T: Real>(over: ActivityNorm, matrix: &Matrix<T>, mut look: impl FnMut(usize, T)) {
    for (p, row) in matrix.as_slice().chunks_exact(matrix.cols().max(1)).enumerate() {
        for (j, &x) in row.iter().enumerate() {
            look(if over == ActivityNorm::Batch { j } else { p }, x);
        }
    }
}
