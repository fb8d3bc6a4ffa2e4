//! Shared signals: `X := E`, redrawn every iteration; cross-correlated, white in time.

use super::{Prediction, Toy, pairs};

/// Predicted angle after `k` updates; needs as many inputs as outputs, `n`.
///
/// With `S_t = X_t^T X_t` independent Wishart matrices of `P` degrees of freedom, `G = sum S_t` and
/// `sum M = sum_{s<t} S_s S_t`. `E S = P I`, `E S^2 = P (P+n+1) I`; the second moment of `sum M` counts how many indices
/// of two pairs coincide.
pub fn angle_after(toy: &Toy, k: usize) -> Prediction {
    let [n, n1, _, p] = toy.real();
    let inner = toy.eta.powi(2) * toy.b_std.powi(2) * n1 * p * p * n * pairs(k);
    let degrees = p * k as f64;
    let gradient = n * degrees * (degrees + n + 1.0);
    Prediction {
        value: toy.angle_of_moments(inner, toy.squared_norm(gradient, transformation(n, p, k))),
        assumptions: "linear activation; X = E Gaussian, variance 1, redrawn every iteration; ratio of moments",
        source: "unrolled rule with Wishart moments",
    }
}

/// `E || sum_{s<t} S_s S_t ||^2` over `k` iterations.
fn transformation(n: f64, p: f64, k: usize) -> f64 {
    let second = p * (p + n + 1.0);
    let (both, k) = (pairs(k), k as f64);
    let one = k * (k - 1.0) * (k - 2.0);
    let none = both * both - both - one;
    n * (p.powi(4) * none + second * p * p * one + second * second * both)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Matrix;
    use crate::random::{Role, Stream};
    use crate::rule::{Activation, Isolated, Product, product};
    use crate::signal::{Schedule, Signals, Sizes};

    #[test]
    fn second_moment_matches_sampled_wishart_products() {
        let (n, p, k, draws) = (4, 6, 7, 20_000);
        let mut stream = Stream::new(8, 0, Role::Probe);
        let mut x = Matrix::<f64>::zeros(p, n);
        let squares: Vec<f64> = (0..draws)
            .map(|_| {
                // sum_{s<t} S_s S_t = sum_t (sum_{s<t} S_s) S_t.
                let (mut before, mut s) = (Matrix::<f64>::zeros(n, n), Matrix::zeros(n, n));
                let mut sum = Matrix::zeros(n, n);
                for _ in 0..k {
                    stream.fill_normal(x.as_mut_slice());
                    product(&mut s, Product::Replace, x.as_faer().transpose(), x.as_faer(), 1.0);
                    product(&mut sum, Product::Add, before.as_faer(), s.as_faer(), 1.0);
                    for (b, s) in before.as_mut_slice().iter_mut().zip(s.as_slice()) {
                        *b += s;
                    }
                }
                sum.as_slice().iter().map(|v| v * v).sum()
            })
            .collect();
        let mean = squares.iter().sum::<f64>() / f64::from(draws);
        let variance = squares.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / f64::from(draws - 1);
        let error = (variance / f64::from(draws)).sqrt();
        let exact = transformation(n as f64, p as f64, k);
        assert!((mean - exact).abs() < 4.0 * error, "{mean} {exact} +- {error}");
    }

    #[test]
    fn predicts_the_simulated_mean_angle() {
        let toy = Toy::new(&[12, 60, 12], 30, 1e-3).unwrap();
        let mut sums = [0.0; 4];
        let marks = [20, 100, 300, 600];
        for repeat in 0..20 {
            let mut net = Isolated::<f64>::draw(&[12, 60, 12], 30, Activation::Linear, [1.0, 1.0], 6, repeat);
            let sizes = Sizes { batch: 30, inputs: 12, outputs: 12, iterations: 600 };
            let mut signals = Signals::<f64>::new(&Schedule::Shared.pair().unwrap(), sizes, 6, repeat).unwrap();
            let b = net.feedback.backward(1).unwrap().clone();
            for k in 1..=600 {
                net.step(signals.activity(), signals.error(), toy.eta);
                signals.advance();
                if let Some(i) = marks.iter().position(|&m| m == k) {
                    sums[i] += crate::measure::angle::weight_alignment(&net.layers.weights[1], &b).unwrap().unwrap();
                }
            }
        }
        for (sum, k) in sums.iter().zip(marks) {
            let (mean, predicted) = (sum / 20.0, angle_after(&toy, k).value);
            assert!((mean - predicted).abs() < 0.7, "{k}: {mean} {predicted}");
        }
    }
}
