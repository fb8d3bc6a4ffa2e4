//! What the linear rule would have made of the recorded signals.

use super::run::RecordedRun;
use crate::array::ArrayError;
use crate::matrix::Matrix;
use crate::measure::angle::weight_alignment;
use crate::recipe::Steps;
use crate::theory::moments::Realised;
use crate::vmath::sum_squares;
use serde::Serialize;

/// Weight alignment that exact theory gives the linear rule on the recorded signals, beside what
/// was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LinearPrediction {
    /// The layer `l` of `W_l`.
    pub layer: usize,
    /// The state compared: after so many updates.
    pub state: usize,
    /// Measured angle of `W_l` to `B_l^T` at the first state, in degrees.
    pub first_degrees: Option<f64>,
    /// Measured at the state compared.
    pub measured_degrees: Option<f64>,
    /// Of the unrolled rule, from the recorded first states of `W_{l-1}`, `W_l` and `B_l`.
    pub from_these_weights_degrees: Option<f64>,
    /// Averaged over independent Gaussian `W_{l-1}`, `W_l`, `B_l` of the recorded scales.
    pub averaged_degrees: Option<f64>,
}

impl LinearPrediction {
    /// Assumptions of both.
    pub const ASSUMPTIONS: &'static str = "linear activation of layer l, B_l^T from the left, no \
         weight normalisation, decay or momentum; the recorded signals; averaged: W and B Gaussian \
         and independent at the first state, ratio of moments";
    /// Source of both.
    pub const SOURCE: &'static str =
        "unrolled rule: W_l = W_l(0) + eta W_{l-1}(0)' G + eta^2 B_l' M";
}

/// The prediction for `W_l`; `None` where a member that it takes is missing, or learning rates
/// differ between layers or are negative.
pub(super) fn predict(
    run: &RecordedRun,
    l: usize,
    steps: &Steps,
) -> Result<Option<LinearPrediction>, ArrayError> {
    let above = run.weights(l).filter(|w| w.len() > 1);
    let (Some(above), Some(backward), Some(activity), Some(error)) =
        (above, run.fixed_backward(l)?, run.activity(l - 1), run.delta(l + 1))
    else {
        return Ok(None);
    };
    let state = above.len() - 1;
    let differs = |k: usize| steps.eta(l, k) != steps.eta(l - 1, k) || steps.eta(l, k) < 0.0;
    if (0..state).any(differs) {
        return Ok(None);
    }
    let Some(start) = with_bias(run, l)? else { return Ok(None) };
    let mut realised = Realised::new(start.rows(), error.shape()[1]);
    for k in 0..state {
        let mut error = error.matrix(k)?;
        // Rates that change are part of the signal.
        error.scale(steps.eta(l, k));
        realised.add(&with_ones(activity.matrix(k)?, start.rows()), &error);
    }
    let (first, last) = (above.matrix(0)?, above.matrix(state)?);
    let angle = |weights: &Matrix<f64>| weight_alignment(weights, &backward).ok().flatten();
    let scale = |m: &Matrix<f64>| (sum_squares(m.as_slice()) / m.as_slice().len() as f64).sqrt();
    Ok(Some(LinearPrediction {
        layer: l,
        state,
        first_degrees: angle(&first),
        measured_degrees: angle(&last),
        from_these_weights_degrees: angle(&realised.weights([&start, &first], &backward, 1.0)),
        averaged_degrees: realised.angle(1.0, [scale(&start), scale(&first), scale(&backward)]),
    }))
}

/// `W_{l-1}(0)`, with biases that move as weights of a unit that is always 1.
fn with_bias(run: &RecordedRun, l: usize) -> Result<Option<Matrix<f64>>, ArrayError> {
    let Some(weights) = run.weights_before(l - 1, 0)? else { return Ok(None) };
    let Some(biases) = run.biases(l).filter(|biases| biases.len() > 1) else {
        return Ok(Some(weights));
    };
    let values = weights.as_slice().iter().chain(biases.matrix(0)?.as_slice()).copied().collect();
    Ok(Some(Matrix::from_vec(weights.rows() + 1, weights.cols(), values)))
}

/// The activity, with units of 1 up to `units`.
fn with_ones(activity: Matrix<f64>, units: usize) -> Matrix<f64> {
    if activity.cols() == units {
        return activity;
    }
    let values =
        (0..activity.rows()).flat_map(|p| activity.row(p).iter().copied().chain([1.0])).collect();
    Matrix::from_vec(activity.rows(), units, values)
}
