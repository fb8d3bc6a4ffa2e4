//! The angle at which the linear rule settles under weight normalisation when activity and error are the same signal: open
//! theory, with its measured error in `docs/open-theory.md`.
//!
//! With `S = X^T X`, `dW_0 = eta S B` and `dW_1 = eta W_0^T S`. Under WN a column of `W_0`, of norm `g_0`, settles near the direction of
//! its backward weights `b`, and a column of `W_1`, of norm `g_1`, near the matching row of `W_0`. Fluctuations `u` of the first, as
//! parts of its norm, and `v` of the second are driven by the same noise `f`, an entry of `(S - P) b / ||b||` of variance `P`:
//!
//! ```text
//! u <- (1 - r_0) u + eta ||b|| / g_0 f              r_0 = eta P ||b|| / g_0
//! v <- (1 - r_1) v + eta g_0 / g_1 (P u + f)        r_1 = eta P g_0 / g_1 sqrt(n_1 / n)
//! ```
//!
//! A signal of memory `a` gives noise of memory `a^2`. As the norms of the columns of `B` differ, the directions that `W_0`
//! has are not quite those of `B^T` either: they are at a cosine of `E||b|| / sqrt(E||b||^2)`.

use super::{Prediction, Toy};
use statrs::function::gamma::ln_gamma;

/// Iterations of the covariances at most; they stop changing long before.
const MOST: usize = 1_000_000;

/// Predicted angle of `W_1` to `B^T` long after the start, for norms `[g_0, g_1]` and signals of autocorrelation `memory` from one
/// iteration to the next (0: white). `None` where steps are so long that a column turns in one.
pub fn angle(toy: &Toy, [g0, g1]: [f64; 2], memory: f64) -> Option<Prediction> {
    let [n, n1, _, p] = toy.real();
    let b = n.sqrt() * toy.b_std;
    let (r0, r1) = (toy.eta * p * b / g0, toy.eta * p * g0 / g1 * (n1 / n).sqrt());
    if r0 >= 1.0 || r1 >= 1.0 {
        return None;
    }
    let ratio = toy.eta * g0 / g1;
    // u, v and f: what one update makes of them.
    let update = [[1.0 - r0, 0.0, toy.eta * b / g0], [ratio * p, 1.0 - r1, ratio], [0.0, 0.0, memory * memory]];
    let fluctuation = stationary(&update, p * (1.0 - memory.powi(4)))?[1][1];
    let turned = n1 * fluctuation * (n - 1.0) / n;
    let norms = (2.0f64 / n).sqrt() * (ln_gamma((n + 1.0) / 2.0) - ln_gamma(n / 2.0)).exp();
    Some(Prediction {
        value: (turned + norms.powi(-2) - 1.0).sqrt().atan().to_degrees(),
        assumptions: "linear, WN of every neuron; X = E Gaussian, variance 1; short steps and small fluctuations (open theory)",
        source: "linear response of two normalised layers to the same noise",
    })
}

/// Covariances that `update`, and noise of this variance in the last variable, leave as they are.
fn stationary(update: &[[f64; 3]; 3], noise: f64) -> Option<[[f64; 3]; 3]> {
    let mut covariance = [[0.0; 3]; 3];
    for _ in 0..MOST {
        let mut next = [[0.0; 3]; 3];
        for (i, row) in next.iter_mut().enumerate() {
            for (j, value) in row.iter_mut().enumerate() {
                let pairs = (0..3).flat_map(|k| (0..3).map(move |l| (k, l)));
                *value = pairs.map(|(k, l)| update[i][k] * covariance[k][l] * update[j][l]).sum();
            }
        }
        next[2][2] += noise;
        let changed = (0..3).map(|i| (next[i][i] - covariance[i][i]).abs() / next[i][i].max(f64::MIN_POSITIVE));
        let settled = changed.fold(0.0, f64::max) < 1e-12;
        covariance = next;
        if settled {
            return Some(covariance);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covariances_are_those_of_an_autoregression() {
        // v alone, driven by white noise f: variance c^2 / (1 - (1 - r)^2).
        let (r, c) = (0.1, 0.3);
        let found = stationary(&[[0.5, 0.0, 0.0], [0.0, 1.0 - r, c], [0.0, 0.0, 0.0]], 2.0).unwrap();
        let expected = 2.0 * c * c / (1.0 - (1.0 - r) * (1.0 - r));
        assert!((found[1][1] / expected - 1.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn memory_and_long_steps_turn_columns_away() {
        let toy = |eta| Toy::new(&[20, 100, 20], 10, eta).unwrap();
        let angle = |eta, memory| angle(&toy(eta), [1.0, 1.0], memory).map(|found| found.value);
        let [short, long] = [3e-4, 3e-3].map(|eta| angle(eta, 0.0).unwrap());
        assert!(short < long && short > 9.0, "{short} {long}");
        assert!(angle(3e-4, 0.9).unwrap() > short + 1.0);
        assert_eq!(angle(1.0, 0.0), None);
    }
}
