//! Closed forms: what the rule must do, without running it.

pub mod bound;
pub mod depth;
pub mod held;
pub mod mean_field;
pub mod moments;
pub mod one_step;
pub mod recurrent;
pub mod relu;
pub mod shared;
pub mod spectra;
pub mod stationary;
pub mod teacher;
pub mod white;
pub mod wick;

use crate::rule::Timing;
use thiserror::Error;

/// A prediction with what it rests on.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Prediction {
    /// The predicted value.
    pub value: f64,
    /// Under which assumptions.
    pub assumptions: &'static str,
    /// Where it comes from.
    pub source: &'static str,
}

/// Sizes, scales and learning rate of a network of three layers in isolation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Toy {
    /// Inputs `n_0`.
    pub inputs: usize,
    /// Hidden units `n_1`.
    pub hidden: usize,
    /// Outputs `n_2`.
    pub outputs: usize,
    /// Samples per iteration `P`.
    pub batch: usize,
    /// Learning rate.
    pub eta: f64,
    /// Standard deviation of `W_0` and `W_1` at the start.
    pub w_std: f64,
    /// Standard deviation of `B`.
    pub b_std: f64,
    /// When errors meet activities: only moments, given the signals or averaged over them, know of
    /// another than [`Timing::INSTANT`].
    pub timing: Timing,
}

/// Sizes or scales for which there is nothing to predict.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct BadToy(pub String);

impl Toy {
    /// Sizes `[inputs, hidden, outputs]` with unit weights.
    ///
    /// # Errors
    /// If there are not exactly three layers, or a size is zero.
    pub fn new(layers: &[usize], batch: usize, eta: f64) -> Result<Self, BadToy> {
        let &[inputs, hidden, outputs] = layers else {
            let message = format!(
                "this prediction is for three layers (inputs, hidden, outputs), not {}",
                layers.len()
            );
            return Err(BadToy(message));
        };
        if [inputs, hidden, outputs, batch].contains(&0) {
            return Err(BadToy(
                "a layer or a batch of size 0 has no prediction: give sizes of at least 1".into(),
            ));
        }
        Ok(Self {
            inputs,
            hidden,
            outputs,
            batch,
            eta,
            w_std: 1.0,
            b_std: 1.0,
            timing: Timing::INSTANT,
        })
    }

    fn real(&self) -> [f64; 4] {
        [self.inputs, self.hidden, self.outputs, self.batch].map(|n| n as f64)
    }

    /// Angle in degrees whose cosine is `E<W_1, B^T> / sqrt(E||W_1||^2 E||B||^2)`.
    fn angle_of_moments(&self, inner_product: f64, squared_norm: f64) -> f64 {
        let [_, hidden, outputs, _] = self.real();
        let backward = hidden * outputs * self.b_std.powi(2);
        (inner_product / (squared_norm * backward).sqrt()).clamp(-1.0, 1.0).acos().to_degrees()
    }

    /// `E||W_1||^2` from its three parts: the start, `W_0(0)^T G` and `B^T sum M`, given
    /// `E||G||^2`, `E||sum M||^2`.
    fn squared_norm(&self, gradient: f64, transformation: f64) -> f64 {
        let [_, hidden, outputs, _] = self.real();
        let start = hidden * outputs * self.w_std.powi(2);
        start
            + (self.eta * self.w_std).powi(2) * hidden * gradient
            + self.eta.powi(4) * self.b_std.powi(2) * hidden * transformation
    }
}

/// Number of ordered pairs of earlier and later updates among `k`.
fn pairs(k: usize) -> f64 {
    k as f64 * (k as f64 - 1.0) / 2.0
}
