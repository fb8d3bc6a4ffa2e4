//! Which matrix carried the error back: the one whose product with `delta_{l+1}` makes `delta_l`.

use super::closing::{Closing, MOST_ROUNDING, Tally};
use super::{LayerActivation, RecordedRun};
use crate::array::ArrayError;
use crate::matrix::Matrix;
use crate::rule::{Product, product};
use crate::vmath::sum_squares;
use serde::Serialize;

/// What carried the error of layer `l + 1` back to layer `l`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// `B_l`, as recorded.
    Backward,
    /// `B_l^T`: a square matrix that was recorded transposed.
    BackwardTransposed,
    /// `W_l^T` of the same iteration: backpropagation.
    ForwardTransposed,
}

/// What one matrix makes of the error signal above.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CarrierClosing {
    /// The matrix `M`.
    pub carrier: Carrier,
    /// Recorded `delta_l` against `(delta_{l+1} M) o f'(Z_l)`.
    #[serde(flatten)]
    pub closing: Closing,
}

/// The error signal of one layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerFeedback {
    /// The layer of `delta_l`.
    pub layer: usize,
    /// The matrix that makes `delta_l` of `delta_{l+1}`; `None` if none does.
    pub carried_by: Option<Carrier>,
    /// Every matrix that was recorded and may have carried it.
    pub closings: Vec<CarrierClosing>,
}

impl LayerFeedback {
    /// The error signal of layer `l`; `None` where a member that this takes is missing, or the activation is not known.
    pub(super) fn of(run: &RecordedRun, l: usize, activation: &LayerActivation) -> Result<Option<Self>, ArrayError> {
        let (Some(activation), Some(delta), Some(above), Some(below)) =
            (activation.activation, run.delta(l), run.delta(l + 1), run.units(l - 1))
        else {
            return Ok(None);
        };
        let mut tallies: Vec<(Carrier, Tally)> = Vec::new();
        let rounding_below = run.rounding_of(below + 1);
        for k in 0..delta.len() {
            let Some(z) = run.pre_activation(l, k)? else { return Ok(None) };
            let (recorded, error) = (delta.matrix(k)?, above.matrix(k)?);
            let mut activity = vec![0.0; z.as_slice().len()];
            activation.apply(z.as_slice(), &mut activity);
            let clear = clear_of_zero(&z, rounding_below);
            for (carrier, matrix) in carriers(run, l, k)? {
                let mut made = Matrix::zeros(z.rows(), z.cols());
                product(&mut made, Product::Replace, error.as_faer(), matrix.as_faer(), 1.0);
                activation.multiply_derivative(z.as_slice(), &activity, made.as_mut_slice());
                let known = tallies.iter().position(|(of, _)| *of == carrier).unwrap_or_else(|| {
                    tallies.push((carrier, Tally::default()));
                    tallies.len() - 1
                });
                let pairs = recorded.as_slice().iter().zip(made.as_slice()).zip(&clear);
                let (recorded, made): (Vec<f64>, Vec<f64>) = pairs.filter(|(_, clear)| **clear).map(|(d, _)| d).unzip();
                tallies[known].1.add(&recorded, &made);
            }
        }
        let rounding = run.rounding_of(above.shape()[1] + 1);
        let closing = |(carrier, tally): (Carrier, Tally)| {
            Some(CarrierClosing { carrier, closing: Closing::new(tally.relative()?, rounding) })
        };
        let closings: Vec<CarrierClosing> = tallies.into_iter().filter_map(closing).collect();
        let relative = |of: &CarrierClosing| of.closing.relative_difference;
        let closed = closings.iter().filter(|of| of.closing.closes);
        let carried_by = closed.min_by(|a, b| relative(a).total_cmp(&relative(b))).map(|of| of.carrier);
        Ok((!closings.is_empty()).then_some(Self { layer: l, carried_by, closings }))
    }
}

/// Which pre-activations are so far from zero that rounding does not decide on which side of a kink they lie.
fn clear_of_zero(z: &Matrix<f64>, rounding: f64) -> Vec<bool> {
    let mean_square = sum_squares(z.as_slice()) / z.as_slice().len().max(1) as f64;
    let margin = MOST_ROUNDING * rounding * mean_square.sqrt();
    z.as_slice().iter().map(|z| z.abs() > margin).collect()
}

/// What may have carried the error back in iteration `k`, `n_{l+1} x n_l` each.
fn carriers(run: &RecordedRun, l: usize, k: usize) -> Result<Vec<(Carrier, Matrix<f64>)>, ArrayError> {
    let backward = run.backward(l);
    let square = backward.filter(|b| b.rows() == b.cols());
    let forward = run.weights_before(l, k)?;
    let all = [
        (Carrier::Backward, backward.cloned()),
        (Carrier::BackwardTransposed, square.map(Matrix::transpose)),
        (Carrier::ForwardTransposed, forward.map(|w| w.transpose())),
    ];
    Ok(all.into_iter().filter_map(|(of, matrix)| Some((of, matrix?))).collect())
}
