//! Losses and the output error signal each one gives.

use crate::matrix::Matrix;
use crate::real::Real;
use crate::rule::{Activation, Pass};
use crate::text::Choice;

/// What the output layer minimises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// `1/2 ||Y - L_D||^2`, the output layer having the network's activation: `delta_D = (Y - L_D)
    /// o f'(Z_D)`.
    HalfSquared,
    /// Softmax cross-entropy on a linear output layer: `delta_D = Y - softmax(Z_D)`.
    SoftmaxCrossEntropy,
    /// `1/2 ||Y - Z_D||^2` with a linear output layer: `delta_D = Y - Z_D`.
    SquaredLinear,
    /// Cross-entropy of every output unit, with sigmoids at the output: `delta_D = Y -
    /// sigmoid(Z_D)`.
    SigmoidCrossEntropy,
    /// None: the error is standard normal, drawn anew for every sample and iteration, and
    /// `delta_D = E o f'(Z_D)`. The network learns nothing.
    Random,
}

impl Choice for Loss {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("half-squared", Self::HalfSquared),
        ("squared-linear", Self::SquaredLinear),
        ("softmax", Self::SoftmaxCrossEntropy),
        ("sigmoid", Self::SigmoidCrossEntropy),
        ("random", Self::Random),
    ];
}

impl Loss {
    /// Activation of the output layer of a network whose hidden layers have `hidden`.
    pub fn output_activation(self, hidden: Activation) -> Activation {
        match self {
            Self::HalfSquared | Self::Random => hidden,
            Self::SoftmaxCrossEntropy | Self::SquaredLinear => Activation::Linear,
            Self::SigmoidCrossEntropy => Activation::Sigmoid,
        }
    }

    /// What stands in targets for units of other classes and of the own class, `units` in all,
    /// under label smoothing `s`: `s` and 1 (the paper's `(1 - s) Y + s`), and with softmax, whose
    /// targets have to sum to 1, `s / units` and `1 - s + s / units`.
    pub fn target_levels(self, smoothing: f64, units: usize) -> [f64; 2] {
        match self {
            Self::SoftmaxCrossEntropy => {
                let share = smoothing / units as f64;
                [share, 1.0 - smoothing + share]
            }
            _ => [smoothing, 1.0],
        }
    }

    /// Writes the output error signal (minus the gradient of the summed loss by `Z_D`) of a forward
    /// pass. `target` is `P x n_D`; with [`Loss::Random`] it holds the drawn error.
    pub fn write_output_delta<T: Real>(
        self,
        output: Activation,
        target: &Matrix<T>,
        pass: &mut Pass<T>,
    ) {
        let last = pass.z.len() - 1;
        let (z, activity) = (pass.z[last].as_slice(), pass.activity[last].as_slice());
        let delta = &mut pass.delta[last];
        match self {
            Self::HalfSquared => {
                let delta = delta.as_mut_slice();
                for ((d, &y), &a) in delta.iter_mut().zip(target.as_slice()).zip(activity) {
                    *d = y - a;
                }
                output.multiply_derivative(z, activity, delta);
            }
            Self::SquaredLinear | Self::SigmoidCrossEntropy => {
                for ((d, &y), &a) in
                    delta.as_mut_slice().iter_mut().zip(target.as_slice()).zip(activity)
                {
                    *d = y - a;
                }
            }
            Self::Random => {
                delta.as_mut_slice().copy_from_slice(target.as_slice());
                output.multiply_derivative(z, activity, delta.as_mut_slice());
            }
            Self::SoftmaxCrossEntropy => {
                let units = target.cols();
                let rows = delta.as_mut_slice().chunks_exact_mut(units).zip(z.chunks_exact(units));
                for ((delta, z), target) in rows.zip(target.as_slice().chunks_exact(units)) {
                    delta.copy_from_slice(z);
                    softmax(delta);
                    for (d, &y) in delta.iter_mut().zip(target) {
                        *d = y - *d;
                    }
                }
            }
        }
    }

    /// Loss summed over the samples of a forward pass; NaN where there is no loss.
    pub fn value<T: Real>(self, target: &Matrix<T>, pass: &Pass<T>) -> f64 {
        match self {
            Self::Random => f64::NAN,
            Self::SigmoidCrossEntropy => {
                let pairs = target.as_slice().iter().zip(pass.z[pass.z.len() - 1].as_slice());
                // log(1 + e^z) - y z, without overflow.
                pairs
                    .map(|(&y, &z)| {
                        let (y, z) = (y.to_f64(), z.to_f64());
                        z.max(0.0) - y * z + (-z.abs()).exp().ln_1p()
                    })
                    .sum()
            }
            Self::HalfSquared | Self::SquaredLinear => {
                let pairs = target.as_slice().iter().zip(pass.output().as_slice());
                pairs.map(|(&y, &a)| 0.5 * (y.to_f64() - a.to_f64()).powi(2)).sum()
            }
            Self::SoftmaxCrossEntropy => {
                let units = target.cols();
                let rows = pass
                    .output()
                    .as_slice()
                    .chunks_exact(units)
                    .zip(target.as_slice().chunks_exact(units));
                rows.map(|(z, y)| {
                    let top = z.iter().map(|v| v.to_f64()).fold(f64::NEG_INFINITY, f64::max);
                    let log_sum =
                        top + z.iter().map(|v| (v.to_f64() - top).exp()).sum::<f64>().ln();
                    z.iter().zip(y).map(|(z, y)| y.to_f64() * (log_sum - z.to_f64())).sum::<f64>()
                })
                .sum()
            }
        }
    }
}

/// Softmax of one row, shifted by its largest value.
fn softmax<T: Real>(row: &mut [T]) {
    let top = row.iter().fold(row[0], |top, &v| if v > top { v } else { top });
    for v in row.iter_mut() {
        *v -= top;
    }
    crate::vmath::exp_in_place(row);
    let sum = row.iter().fold(T::zero(), |sum, &v| sum + v);
    for v in row.iter_mut() {
        *v /= sum;
    }
}
