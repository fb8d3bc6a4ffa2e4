//! The update split by the latest change of the layer below (Fig S1 of the paper's first version).
//!
//! For the weights `W_l` above a hidden layer, with the input `L_{l-1}(i)`, the weights
//! `W_{l-1}(i-1)` before the latest update and `zeta = L_{l-1}(i) W_{l-1}(i-1) + b_l`, to first
//! order in that update `dW_l(i) = superalignment term + alignment term`, where
//!
//! * superalignment term `eta f(zeta)^T delta_{l+1}(i)`: what the update would be without the
//!   latest change;
//! * alignment term `eta [f'(zeta) o (L_{l-1}(i) dW_{l-1}(i-1))]^T delta_{l+1}(i)`: what the latest
//!   change adds. It carries `B_l^T`, as `dW_{l-1}(i-1) = eta L_{l-1}(i-1)^T delta_l(i-1)` does,
//!   and points at it where signals repeat.
//!
//! These are `last` and `T^1` of the [decomposition](super::decomposition) in a window of one lag.
//! They are computed here from the rule's own step, not from a difference of weights, at every
//! iteration and without an allocation.

use super::{Layers, Pass};
use crate::matrix::Matrix;
use crate::real::Real;

/// The two terms of one layer, of the latest update and summed since the second.
#[derive(Clone, Debug)]
pub struct Terms<T> {
    /// Superalignment term of the latest update, `n_l x n_{l+1}`.
    pub superalignment: Matrix<T>,
    /// Alignment term of the latest update, `n_l x n_{l+1}`.
    pub alignment: Matrix<T>,
    /// Sum of the superalignment terms, in double precision.
    pub superalignment_sum: Matrix<f64>,
    /// Sum of the alignment terms, in double precision.
    pub alignment_sum: Matrix<f64>,
}

/// Follows the terms of every layer above a hidden one through a run.
#[derive(Clone, Debug)]
pub struct LagOne<T> {
    layers: Vec<Layer<T>>,
    updates: usize,
}

#[derive(Clone, Debug)]
struct Layer<T> {
    terms: Terms<T>,
    /// `W_{l-1}` before the latest update, and that update by the rule alone.
    weights_before: Matrix<T>,
    change_below: Matrix<T>,
    /// `zeta`, `f(zeta)`, and the change of pre-activation, `P x n_l`.
    zeta: Matrix<T>,
    activity: Matrix<T>,
    shift: Matrix<T>,
}

impl<T: Real> LagOne<T> {
    /// Buffers for layers of `sizes` (input first) and batches of up to `batch` samples.
    pub fn new(sizes: &[usize], batch: usize) -> Self {
        let layer = |n: &[usize]| {
            let (below, here, above) = (n[0], n[1], n[2]);
            Layer {
                terms: Terms {
                    superalignment: Matrix::zeros(here, above),
                    alignment: Matrix::zeros(here, above),
                    superalignment_sum: Matrix::zeros(here, above),
                    alignment_sum: Matrix::zeros(here, above),
                },
                weights_before: Matrix::zeros(below, here),
                change_below: Matrix::zeros(below, here),
                zeta: Matrix::zeros(batch, here),
                activity: Matrix::zeros(batch, here),
                shift: Matrix::zeros(batch, here),
            }
        };
        Self { layers: sizes.windows(3).map(layer).collect(), updates: 0 }
    }

    /// Takes note of an update about to be made: `pass` holds the forward and backward pass of
    /// `input`.
    pub fn observe(&mut self, layers: &Layers<T>, input: &Matrix<T>, pass: &Pass<T>, eta: T) {
        for (index, layer) in self.layers.iter_mut().enumerate() {
            let l = index + 1;
            if self.updates > 0 {
                layer.split(layers, l, pass.source(input, l - 1), &pass.delta[l], eta);
            }
            layer.weights_before.as_mut_slice().copy_from_slice(layers.weights[l - 1].as_slice());
            layer.change_below.assign(eta * pass.source(input, l - 1).t() * &pass.delta[l - 1]);
        }
        self.updates += 1;
    }

    /// Terms of the latest update of `W_l`; `None` before the second update and for layer 0.
    pub fn terms(&self, l: usize) -> Option<&Terms<T>> {
        let layer = l.checked_sub(1).and_then(|index| self.layers.get(index))?;
        (self.updates > 1).then_some(&layer.terms)
    }
}

impl<T: Real> Layer<T> {
    fn split(
        &mut self,
        layers: &Layers<T>,
        l: usize,
        source: &Matrix<T>,
        delta: &Matrix<T>,
        eta: T,
    ) {
        let samples = source.rows();
        for buffer in [&mut self.zeta, &mut self.activity, &mut self.shift] {
            buffer.set_rows(samples);
        }
        self.zeta.assign(source * &self.weights_before);
        self.zeta.add_to_rows(&layers.biases[l - 1]);
        let activation = layers.activations[l - 1];
        activation.apply(self.zeta.as_slice(), self.activity.as_mut_slice());
        self.shift.assign(source * &self.change_below);
        activation.multiply_derivative(
            self.zeta.as_slice(),
            self.activity.as_slice(),
            self.shift.as_mut_slice(),
        );
        let Terms { superalignment, alignment, superalignment_sum, alignment_sum } =
            &mut self.terms;
        superalignment.assign(eta * self.activity.t() * delta);
        alignment.assign(eta * self.shift.t() * delta);
        for (sum, term) in [(superalignment_sum, superalignment), (alignment_sum, alignment)] {
            sum.as_mut_slice().iter_mut().zip(term.as_slice()).for_each(|(s, t)| *s += t.to_f64());
        }
    }
}
