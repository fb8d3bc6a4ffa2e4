//! Held signals: the exact trajectory of the linear rule, its moments and its limit.

use super::{Prediction, Toy, pairs};
use crate::matrix::Matrix;
use crate::measure::angle::{Direction, angle};

/// The linear rule driven by held signals, from given weights, in closed form:
/// `W_1(k) = W_1(0) + eta k W_0(0)^T A + eta^2 k(k-1)/2 B^T A^T A`, `A = X^T E`.
#[derive(Clone, Debug)]
pub struct Trajectory {
    start: Matrix<f64>,
    linear: Matrix<f64>,
    quadratic: Matrix<f64>,
    direction: Direction,
    eta: f64,
    limit: Option<f64>,
}

impl Trajectory {
    /// From `W_0(0)` (`n0 x n1`), `W_1(0)` (`n1 x n2`), `B` (`n2 x n1`), `X` (`P x n0`) and `E` (`P
    /// x n2`).
    pub fn new(
        w0: &Matrix<f64>,
        w1: &Matrix<f64>,
        b: &Matrix<f64>,
        signals: [&Matrix<f64>; 2],
        eta: f64,
    ) -> Self {
        let [x, e] = signals;
        let a = (x.t() * e).to_matrix();
        let m = (a.t() * &a).to_matrix();
        let transposed = b.transpose();
        let quadratic = (&transposed * &m).to_matrix();
        Self {
            start: w1.clone(),
            linear: (w0.t() * &a).to_matrix(),
            limit: angle(&quadratic, &transposed).ok().flatten(),
            quadratic,
            direction: Direction::towards(&transposed),
            eta,
        }
    }

    /// `W_1(k)`.
    pub fn weights(&self, k: usize) -> Matrix<f64> {
        let (first, second) = (self.eta * k as f64, self.eta.powi(2) * pairs(k));
        let mut out = self.start.clone();
        let terms = self.linear.as_slice().iter().zip(self.quadratic.as_slice());
        for (w, (l, q)) in out.as_mut_slice().iter_mut().zip(terms) {
            *w += first * l + second * q;
        }
        out
    }

    /// Angle of `W_1(k)` to `B^T` in degrees.
    pub fn angle(&self, k: usize) -> Option<f64> {
        self.direction.angle_to(self.weights(k).as_slice())
    }

    /// Angle of `B^T A^T A` to `B^T` in degrees: where the trajectory ends.
    pub fn limit(&self) -> Option<f64> {
        self.limit
    }
}

/// Predicted angle after `k` updates, averaged over weights and Gaussian signals of variance 1.
pub fn angle_after(toy: &Toy, k: usize) -> Prediction {
    let [n0, n1, n2, p] = toy.real();
    let inner = toy.eta.powi(2) * toy.b_std.powi(2) * n1 * n0 * n2 * p * pairs(k);
    let gradient = p * n0 * n2 * (k as f64).powi(2);
    let transformation =
        pairs(k).powi(2) * n2 * n0 * p * ((n2 + 1.0) * (p + n0 + 1.0) + n0 * p + 2.0);
    Prediction {
        value: toy.angle_of_moments(inner, toy.squared_norm(gradient, transformation)),
        assumptions: "linear activation; X, E Gaussian, variance 1, drawn once; ratio of moments",
        source: "exact trajectory W1(k) = W1(0) + eta k W0'A + eta^2 k(k-1)/2 B'A'A, A = X'E",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::summary::Summary;
    use crate::rule::{Activation, Isolated};
    use crate::signal::{Schedule, Signals, Sizes};

    fn held(sizes: Sizes, seed: u64, repeat: u64) -> Signals<f64> {
        Signals::new(&Schedule::Held.pair().unwrap(), sizes, seed, repeat).unwrap()
    }

    #[test]
    fn the_rule_follows_the_exact_trajectory() {
        for repeat in 0..3 {
            let mut net =
                Isolated::<f64>::draw(&[7, 30, 5], 11, Activation::Linear, [1.0, 0.7], 2, repeat);
            let signals =
                held(Sizes { batch: 11, inputs: 7, outputs: 5, iterations: 400 }, 2, repeat);
            let (w, b) = (&net.layers.weights, net.feedback.backward(1).unwrap());
            let exact =
                Trajectory::new(&w[0], &w[1], b, [signals.activity(), signals.error()], 1e-3);
            for k in 0..=400 {
                let (ours, theirs) = (net.layers.weights[1].as_slice(), exact.weights(k));
                let scale = theirs.as_slice().iter().fold(0.0f64, |m, v| m.max(v.abs()));
                let worst = ours
                    .iter()
                    .zip(theirs.as_slice())
                    .map(|(a, b)| (a - b).abs())
                    .fold(0.0, f64::max);
                assert!(worst < 1e-10 * scale, "repeat {repeat}, k {k}: {worst} of {scale}");
                net.step(signals.activity(), signals.error(), 1e-3);
            }
            let late = exact.angle(100_000_000).unwrap();
            assert!((late - exact.limit().unwrap()).abs() < 1e-3);
        }
    }

    #[test]
    fn moments_match_the_mean_angle_of_exact_trajectories() {
        let toy = Toy::new(&[20, 60, 20], 40, 1e-3).unwrap();
        for k in [0, 50, 200, 1000] {
            let angles: Vec<f64> = (0..200)
                .map(|repeat| {
                    let net = Isolated::<f64>::draw(
                        &[20, 60, 20],
                        40,
                        Activation::Linear,
                        [1.0, 1.0],
                        5,
                        repeat,
                    );
                    let signals = held(
                        Sizes { batch: 40, inputs: 20, outputs: 20, iterations: 1000 },
                        5,
                        repeat,
                    );
                    let (w, b) = (&net.layers.weights, net.feedback.backward(1).unwrap());
                    Trajectory::new(&w[0], &w[1], b, [signals.activity(), signals.error()], 1e-3)
                        .angle(k)
                        .unwrap()
                })
                .collect();
            let found = Summary::of(angles.into_iter().map(Some));
            let (mean, error) = (found.mean.unwrap(), found.standard_error().unwrap());
            let predicted = angle_after(&toy, k).value;
            // The ratio of moments is not the mean of ratios: 0.7 degrees for at least 10 outputs
            // and samples, beside three standard errors of the mean.
            let tolerance = 0.7 + 3.0 * error;
            assert!((mean - predicted).abs() < tolerance, "{k}: {mean} {predicted} +- {tolerance}");
        }
        let limit = super::super::one_step::angle(&toy).value;
        assert!((angle_after(&toy, 100_000_000).value - limit).abs() < 1e-4);
    }
}
