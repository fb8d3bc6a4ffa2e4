//! Shared signals: `X := E`, redrawn every iteration; cross-correlated, white in time.

use super::{Prediction, Toy, pairs};

/// Predicted angle of the linear rule after `k` updates; needs as many inputs as outputs, `n`.
pub fn angle_after(toy: &Toy, k: usize) -> Prediction {
    Prediction {
        value: angle(toy, 1.0, k),
        assumptions: "linear activation; X = E Gaussian, variance 1, redrawn every iteration; \
            ratio of moments",
        source: "unrolled rule with Wishart moments",
    }
}

/// The same for ReLU. A hidden unit sees new inputs in every update, whatever its weights: of those
/// in the half space where it is active, which is half of them, the moments are as of all, so that
/// the two rules differ by a half.
pub fn relu_angle_after(toy: &Toy, k: usize) -> Prediction {
    Prediction {
        value: angle(toy, 0.5, k),
        assumptions: "ReLU, no output mask; X = E Gaussian, variance 1, redrawn every iteration; \
            ratio of moments",
        source: "unrolled rule with moments of a Gaussian over half spaces",
    }
}

fn angle(toy: &Toy, active: f64, k: usize) -> f64 {
    let [inner, norm] = moments(toy, active, k);
    let hidden = toy.hidden as f64;
    toy.angle_of_moments(hidden * inner, hidden * norm)
}

/// `E v.b` and `E ||v||^2` of one hidden unit that is active for this share of the inputs, 1 or
/// 1/2, on which the two halves of its inputs have the same second and fourth moments.
///
/// With `w` its input and `v` its output weights, `dw = eta sum_p x 1[w.x > 0] (x.b)` and `dv = eta
/// sum_p x 1[w.x > 0] (x.w)`: means `a b` and `a w` with `a = eta P active`, and fluctuations that
/// are martingales, of variance `noise ||b||^2` and `noise ||w||^2` and covariance `noise (w.b)`,
/// `noise = eta^2 P active (n + 2 - active)`.
fn moments(toy: &Toy, active: f64, k: usize) -> [f64; 2] {
    let [n, _, _, p] = toy.real();
    let (a, noise) = (toy.eta * p * active, toy.eta.powi(2) * p * active * (n + 2.0 - active));
    let [w, b] = [toy.w_std, toy.b_std].map(|std| n * std.powi(2));
    let (both, k) = (pairs(k), k as f64);
    // Sums of s^2, and of s (k - 1 - s), over s < k.
    let (squares, triples) =
        ((k - 1.0) * k * (2.0 * k - 1.0) / 6.0, k * (k - 1.0) * (k - 2.0) / 6.0);
    let sum_of_w = k * k * w + (a * both).powi(2) * b + noise * b * squares;
    let sum_of_squares = k * w + a * a * b * squares + noise * b * both;
    let norm = w + a * a * sum_of_w + noise * sum_of_squares + 2.0 * a * a * noise * b * triples;
    [a * a * both * b, norm]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::summary::Summary;
    use crate::random::{Role, Stream};
    use crate::rule::{Activation, Isolated};
    use crate::signal::{Schedule, Signals, Sizes};

    /// One unit on drawn inputs, linear or ReLU.
    fn unit(toy: &Toy, relu: bool, k: usize, stream: &mut Stream) -> [f64; 2] {
        let n = toy.inputs;
        let mut drawn = |std: f64| {
            let mut values = vec![0.0f64; n];
            stream.fill_normal(&mut values);
            values.iter_mut().for_each(|v| *v *= std);
            values
        };
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (mut w, mut v, b) = (drawn(toy.w_std), drawn(toy.w_std), drawn(toy.b_std));
        for _ in 0..k {
            let inputs: Vec<(Vec<f64>, [f64; 2])> = (0..toy.batch)
                .map(|_| {
                    let x = drawn(1.0);
                    let z = dot(&w, &x);
                    let error = dot(&b, &x);
                    (x, if z > 0.0 || !relu { [z, error] } else { [0.0; 2] })
                })
                .collect();
            for (x, [z, error]) in &inputs {
                v.iter_mut().zip(x).for_each(|(v, x)| *v += toy.eta * z * x);
                w.iter_mut().zip(x).for_each(|(w, x)| *w += toy.eta * error * x);
            }
        }
        [dot(&v, &b), dot(&v, &v)]
    }

    #[test]
    fn moments_match_sampled_units() {
        let (k, draws) = (6, 20_000);
        let toy = Toy { w_std: 0.8, b_std: 1.3, ..Toy::new(&[4, 1, 4], 3, 0.05).unwrap() };
        for (relu, active) in [(false, 1.0), (true, 0.5)] {
            let mut stream = Stream::new(8, 0, Role::Probe);
            let found: Vec<[f64; 2]> =
                (0..draws).map(|_| unit(&toy, relu, k, &mut stream)).collect();
            for (i, expected) in moments(&toy, active, k).into_iter().enumerate() {
                let found = Summary::of(found.iter().map(|f| Some(f[i])));
                let (mean, error) = (found.mean.unwrap(), found.standard_error().unwrap());
                assert!(
                    (mean - expected).abs() < 4.0 * error,
                    "relu {relu}, {i}: {mean} {expected} +- {error}"
                );
            }
        }
    }

    #[test]
    fn predicts_the_simulated_mean_angle() {
        for (activation, predict) in [
            (Activation::Linear, angle_after as fn(&Toy, usize) -> Prediction),
            (Activation::Relu, relu_angle_after),
        ] {
            follows(activation, predict);
        }
    }

    fn follows(activation: Activation, predict: fn(&Toy, usize) -> Prediction) {
        let toy = Toy::new(&[12, 60, 12], 30, 1e-3).unwrap();
        let mut sums = [0.0; 4];
        let marks = [20, 100, 300, 600];
        for repeat in 0..20 {
            let mut net =
                Isolated::<f64>::draw(&[12, 60, 12], 30, activation, [1.0, 1.0], 6, repeat);
            let sizes = Sizes { batch: 30, inputs: 12, outputs: 12, iterations: 600 };
            let mut signals =
                Signals::<f64>::new(&Schedule::Shared.pair().unwrap(), sizes, 6, repeat).unwrap();
            let b = net.feedback.backward(1).unwrap().clone();
            for k in 1..=600 {
                net.step(signals.activity(), signals.error(), toy.eta);
                signals.advance();
                if let Some(i) = marks.iter().position(|&m| m == k) {
                    sums[i] += crate::measure::angle::weight_alignment(&net.layers.weights[1], &b)
                        .unwrap()
                        .unwrap();
                }
            }
        }
        for (sum, k) in sums.iter().zip(marks) {
            let (mean, predicted) = (sum / 20.0, predict(&toy, k).value);
            assert!((mean - predicted).abs() < 0.7, "{activation:?}, {k}: {mean} {predicted}");
        }
    }
}
