//! The angle at which the linear rule settles under weight normalisation when activity and error
//! are the same signal: open theory, with its measured error in `docs/open-theory.md`.
//!
//! With `S = X^T X`, `dW_0 = eta S B` and `dW_1 = eta W_0^T S`. Under WN a column of `W_0`, of norm
//! `g_0`, settles near the direction of its backward weights `b`, and a column of `W_1`, of norm
//! `g_1`, near the matching row of `W_0`. Fluctuations `u` of the first, as parts of its norm, and
//! `v` of the second are driven by the same noise `f`, an entry of `(S - P) b / ||b||` of variance
//! `P`:
//!
//! ```text
//! u <- (1 - r_0) u + eta ||b|| / g_0 f              r_0 = eta P ||b|| / g_0
//! v <- (1 - r_1) v + eta g_0 / g_1 (P u + f)        r_1 = eta P g_0 / g_1 sqrt(n_1 / n)
//! ```
//!
//! A signal of memory `a` gives noise of memory `a^2`. As the norms of the columns of `B` differ,
//! the directions that `W_0` has are not quite those of `B^T` either: they are at a cosine of
//! `E||b|| / sqrt(E||b||^2)`.

use super::{Prediction, Toy};
use statrs::function::gamma::ln_gamma;

type Square = [[f64; 3]; 3];

/// Doublings of the number of iterations: more than any rate above rounding needs.
const DOUBLINGS: usize = 64;

/// Predicted angle of `W_1` to `B^T` long after the start, for norms `[g_0, g_1]` and signals of
/// autocorrelation `memory` from one iteration to the next (0: white). Error and activity are one
/// signal: as many inputs as outputs (`toy.outputs` is not read). Nor is `toy.w_std`, as the start
/// is forgotten. `None` where steps are so long that a column turns in one.
pub fn angle(toy: &Toy, [g0, g1]: [f64; 2], memory: f64) -> Option<Prediction> {
    let [n, n1, _, p] = toy.real();
    let b = n.sqrt() * toy.b_std;
    let (r0, r1) = (toy.eta * p * b / g0, toy.eta * p * g0 / g1 * (n1 / n).sqrt());
    if r0 >= 1.0 || r1 >= 1.0 {
        return None;
    }
    let ratio = toy.eta * g0 / g1;
    // u, v and f: what one update makes of them.
    let update = [
        [1.0 - r0, 0.0, toy.eta * b / g0],
        [ratio * p, 1.0 - r1, ratio],
        [0.0, 0.0, memory * memory],
    ];
    let fluctuation = stationary(&update, p * (1.0 - memory.powi(4)))[1][1];
    let turned = n1 * fluctuation * (n - 1.0) / n;
    let norms = (2.0f64 / n).sqrt() * (ln_gamma((n + 1.0) / 2.0) - ln_gamma(n / 2.0)).exp();
    Some(Prediction {
        value: (turned + norms.powi(-2) - 1.0).sqrt().atan().to_degrees(),
        assumptions: "linear, WN of every neuron; X = E Gaussian, variance 1; short steps and \
            small fluctuations (open theory)",
        source: "linear response of two normalised layers to the same noise",
    })
}

/// Updates after which the start is forgotten: ten times that of the slower layer, and of the
/// memory of the signals. `None` where that is never.
pub fn settled_after(toy: &Toy, [g0, g1]: [f64; 2], memory: f64) -> Option<usize> {
    let [n, n1, _, p] = toy.real();
    let b = n.sqrt() * toy.b_std;
    let (r0, r1) = (toy.eta * p * b / g0, toy.eta * p * g0 / g1 * (n1 / n).sqrt());
    let updates = 10.0 / r0.min(r1).min(1.0 - memory);
    (updates.is_finite() && updates < 1e9).then_some(updates as usize + 1)
}

/// Covariances that `update`, whose eigenvalues lie within the unit circle, and noise of this
/// variance in the last variable leave as they are: `S = sum_k A^k Q A'^k`, by sums of twice as
/// many terms each time (Smith 1968).
fn stationary(update: &Square, noise: f64) -> Square {
    let (mut sum, mut power) = ([[0.0; 3]; 3], *update);
    sum[2][2] = noise;
    for _ in 0..DOUBLINGS {
        let added = times(&times(&power, &sum), &transposed(&power));
        sum = from_fn(|i, j| sum[i][j] + added[i][j]);
        power = times(&power, &power);
    }
    sum
}

fn from_fn(entry: impl Fn(usize, usize) -> f64) -> Square {
    std::array::from_fn(|i| std::array::from_fn(|j| entry(i, j)))
}

fn times(a: &Square, b: &Square) -> Square {
    from_fn(|i, j| (0..3).map(|k| a[i][k] * b[k][j]).sum())
}

fn transposed(a: &Square) -> Square {
    from_fn(|i, j| a[j][i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covariances_are_those_of_an_autoregression() {
        // v alone, driven by white noise f: variance c^2 / (1 - (1 - r)^2).
        let (r, c) = (0.1, 0.3);
        let found = stationary(&[[0.5, 0.0, 0.0], [0.0, 1.0 - r, c], [0.0, 0.0, 0.0]], 2.0);
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
        // The shorter the steps, the closer, however many it takes to settle: only the spread of
        // the columns of B is left.
        let spread = (2.0f64 / 20.0).sqrt() * (ln_gamma(10.5) - ln_gamma(10.0)).exp();
        assert!((angle(1e-12, 0.5).unwrap() - spread.acos().to_degrees()).abs() < 1e-3);
    }
}
