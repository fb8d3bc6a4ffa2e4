//! Weights of a recurrent network, and the fixed matrices that carry errors back.

use super::Setup;
use crate::matrix::Matrix;
use crate::random::{Role, Stream};
use crate::real::Real;
use crate::rule::{Activation, normal_matrix};
use crate::vmath::all_finite;

/// A network of `N` leaky rate units.
#[derive(Clone, Debug, PartialEq)]
pub struct Network<T> {
    /// `W_in`, `n_in x N`.
    pub input: Matrix<T>,
    /// `W_rec`, `N x N`: row `j` holds the weights from unit `j`.
    pub recurrent: Matrix<T>,
    /// `W_out`, `N x n_out`.
    pub readout: Matrix<T>,
    /// `f`.
    pub activation: Activation,
    /// `alpha = dt / tau`, above 0 and at most 1.
    pub leak: f64,
}

/// What takes the place of transposed weights on the way back.
#[derive(Clone, Debug, PartialEq)]
pub struct Feedback<T> {
    /// `B`, `n_out x N`: the shape of `W_out^T`.
    pub readout: Matrix<T>,
    /// `B_rec`, `N x N`: the shape of `W_rec^T`.
    pub recurrent: Matrix<T>,
}

impl<T: Real> Network<T> {
    /// Draws `W_in ~ N(0, input_gain^2 / n_in)`, `W_rec ~ N(0, gain^2 / N)` and `W_out ~ N(0,
    /// readout_gain^2 / N)` of `[n_in, N, n_out]` from the stream of `(seed, repeat)`.
    pub fn draw(setup: &Setup, sizes: [usize; 3], leak: f64, seed: u64, repeat: u64) -> Self {
        let [inputs, units, outputs] = sizes;
        let mut stream = Stream::new(seed, repeat, Role::Weights);
        let mut drawn = |rows: usize, cols: usize, gain: f64| {
            normal_matrix(&mut stream, rows, cols, gain / (rows as f64).sqrt())
        };
        Self {
            input: drawn(inputs, units, setup.input_gain),
            recurrent: drawn(units, units, setup.gain),
            readout: drawn(units, outputs, setup.readout_gain),
            activation: setup.activation,
            leak,
        }
    }

    /// Inputs, units and outputs.
    pub fn sizes(&self) -> [usize; 3] {
        [self.input.rows(), self.recurrent.rows(), self.readout.cols()]
    }

    /// `u = before W_rec + x W_in`, `activity = f(u)` and `state = (1 - alpha) before + alpha
    /// activity`, all but `input` (`P x n_in`) being `P x N`.
    pub fn advance(
        &self,
        input: &Matrix<T>,
        before: &Matrix<T>,
        [drive, activity, state]: [&mut Matrix<T>; 3],
    ) {
        drive.assign(before * &self.recurrent);
        *drive += input * &self.input;
        self.activation.apply(drive.as_slice(), activity.as_mut_slice());
        let (leak, kept) = (T::from_f64(self.leak), T::from_f64(1.0 - self.leak));
        let values = before.as_slice().iter().zip(activity.as_slice());
        state
            .as_mut_slice()
            .iter_mut()
            .zip(values)
            .for_each(|(state, (&before, &activity))| *state = kept * before + leak * activity);
    }

    /// The first matrix with a value that is not finite: 0 for `W_in`, 1 for `W_rec`, 2 for
    /// `W_out`.
    pub fn first_non_finite(&self) -> Option<usize> {
        [&self.input, &self.recurrent, &self.readout]
            .into_iter()
            .position(|weights| !all_finite(weights.as_slice()))
    }
}

impl<T: Real> Feedback<T> {
    /// Draws `B ~ N(0, feedback_gain^2 / N)` and `B_rec ~ N(0, (feedback_gain gain)^2 / N)`: as the
    /// weights that they stand for where these have gain 1.
    pub fn draw(setup: &Setup, sizes: [usize; 3], seed: u64, repeat: u64) -> Self {
        let [_, units, outputs] = sizes;
        let mut stream = Stream::new(seed, repeat, Role::Backward);
        let std = setup.feedback_gain / (units as f64).sqrt();
        Self {
            readout: normal_matrix(&mut stream, outputs, units, std),
            recurrent: normal_matrix(&mut stream, units, units, std * setup.gain),
        }
    }

    /// The transposed weights of a network: credit through these is that of BPTT.
    pub fn transposed(network: &Network<T>) -> Self {
        Self { readout: network.readout.transpose(), recurrent: network.recurrent.transpose() }
    }
}
