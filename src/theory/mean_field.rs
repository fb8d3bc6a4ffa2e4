//! Mean-field theory of the whole ReLU trajectory under held signals: open theory, with its
//! measured error in `docs/open-theory.md`.
//!
//! Given the signals, hidden units are independent of each other. For one unit with backward
//! weights `b`, sample `p` has an error `e_p = d_p . b` and a pre-activation that moves, per
//! update, by
//!
//! ```text
//! dz_p = eta sum_q (x_p . x_q) 1[z_q > 0] e_q
//! ```
//!
//! For many inputs and samples the term of `p` itself is `eta n0 e_p` while the unit is active, and
//! the rest is a Gaussian field `c_p` of variance `eta^2 n0 (P - 1) E[1[z > 0] e^2]`: one sample in
//! the mean field of the others. It starts at `z = w0 . x`, Gaussian too, so that a trajectory is a
//! function of three independent normals, and means over them are sums over a fixed grid. A sample
//! with `c > 0` and `eta n0 e + c < 0` cannot leave `z = 0`: it slides along its threshold, and the
//! weights can no longer move along its input. A share `f` of sliding samples takes `P f` of the
//! `n0` directions away, which leaves the field and a sample's own term with `r = 1 - P f / n0` of
//! their strength (variance and mean).
//!
//! The rule is not iterated, and neither units nor signals are drawn.

use super::{Prediction, Toy};
use statrs::distribution::{ContinuousCDF, Normal};

/// Points of the grid along each of the three normals: with 60 angles differ by less than 0.1
/// degrees.
const POINTS: usize = 40;

/// Updates made so far per update taken at once, of which there is one at least: nothing changes
/// faster than the time that has passed.
const STRIDE: usize = 64;

/// Moments of the weights over time.
#[derive(Clone, Debug)]
pub struct Trajectory {
    toy: Toy,
    /// Updates, and `E <W_1, B^T>` and `E ||W_1||^2` after as many; ascending, from 0 on.
    moments: Vec<(usize, [f64; 2])>,
}

/// Where a sample stands in front of the threshold of a unit.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Regime {
    Active,
    Silent,
    /// Held at the threshold by the mean field from below and by its own error from above.
    Sliding,
}

/// One sample in the mean field of the others.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// Pre-activation.
    z: f64,
    /// Error at the unit.
    error: f64,
    /// The field in units of its standard deviation.
    field: f64,
    state: Regime,
    /// Sum of the unit's outputs.
    output: f64,
}

impl Sample {
    /// Moves by some updates: in each of them by `gain` per error while active, and by the field of
    /// standard deviation `spread`.
    fn advance(&mut self, gain: f64, spread: f64, updates: f64) {
        let before = self.z.max(0.0);
        self.shift(gain * updates, spread * updates);
        let after = self.z.max(0.0);
        // The sum over the updates of what lies on the line between the two, without its end.
        self.output += updates * (before + after) / 2.0 - (after - before) / 2.0;
    }

    fn shift(&mut self, gain: f64, spread: f64) {
        let field = spread * self.field;
        let active = gain * self.error + field;
        let slides = active < 0.0 && field > 0.0;
        match self.state {
            Regime::Sliding if slides => return,
            Regime::Sliding => {
                self.state = if active > 0.0 { Regime::Active } else { Regime::Silent }
            }
            Regime::Active | Regime::Silent => {}
        }
        self.z += if self.state == Regime::Active { active } else { field };
        let above = self.z > 0.0;
        if above != (self.state == Regime::Active) {
            self.state = match (slides, above) {
                (true, _) => Regime::Sliding,
                (false, true) => Regime::Active,
                (false, false) => Regime::Silent,
            };
        }
        if self.state == Regime::Sliding {
            self.z = 0.0;
        }
    }
}

/// Centres of as many equally likely pieces of a standard normal, scaled to variance 1.
fn normal_grid(points: usize) -> Vec<f64> {
    let normal = Normal::standard();
    let grid: Vec<f64> =
        (0..points).map(|i| normal.inverse_cdf((i as f64 + 0.5) / points as f64)).collect();
    let scale = (grid.iter().map(|x| x * x).sum::<f64>() / points as f64).sqrt();
    grid.into_iter().map(|x| x / scale).collect()
}

impl Trajectory {
    /// Over `iterations` updates.
    pub fn new(toy: &Toy, iterations: usize) -> Self {
        Self::on_grid(toy, iterations, POINTS, STRIDE)
    }

    fn on_grid(toy: &Toy, iterations: usize, points: usize, stride: usize) -> Self {
        let [n0, _, n2, p] = toy.real();
        let grid = normal_grid(points);
        let (start, error) = (n0.sqrt() * toy.w_std, n2.sqrt() * toy.b_std);
        let each = |f: &dyn Fn(f64, f64, f64) -> Sample| -> Vec<Sample> {
            let pairs = grid.iter().flat_map(|&u| grid.iter().map(move |&e| (u, e)));
            pairs.flat_map(|(u, e)| grid.iter().map(move |&c| f(u, e, c))).collect()
        };
        let mut samples = each(&|u, e, c| {
            let state = if u > 0.0 { Regime::Active } else { Regime::Silent };
            Sample { z: start * u, error: error * e, field: c, state, output: 0.0 }
        });
        let (mut moments, mut k) = (vec![(0, summed(toy, &samples))], 0);
        while k < iterations {
            let updates = (k / stride).clamp(1, iterations - k);
            let mean = |f: &dyn Fn(&Sample) -> f64| {
                samples.iter().map(f).sum::<f64>() / samples.len() as f64
            };
            let response =
                (1.0 - p / n0 * mean(&|s| f64::from(s.state == Regime::Sliding))).max(0.0);
            let push = mean(&|s| if s.state == Regime::Active { s.error * s.error } else { 0.0 });
            let gain = toy.eta * n0 * response;
            let spread = toy.eta * ((p - 1.0) * n0 * response * push).sqrt();
            samples.iter_mut().for_each(|sample| sample.advance(gain, spread, updates as f64));
            k += updates;
            moments.push((k, summed(toy, &samples)));
        }
        Self { toy: *toy, moments }
    }

    /// Predicted angle of `W_1` to `B^T` after `k` updates; `None` beyond the last.
    pub fn angle(&self, k: usize) -> Option<Prediction> {
        let after = self.moments.partition_point(|(known, _)| *known < k);
        let angle = |at: usize| {
            let &(known, [inner, norm]) = self.moments.get(at)?;
            Some((known, self.toy.angle_of_moments(inner, norm)))
        };
        let (end, next) = angle(after)?;
        let (start, last) = angle(after.saturating_sub(1))?;
        let passed = if end > start { (k - start) as f64 / (end - start) as f64 } else { 1.0 };
        Some(Prediction {
            value: last + passed * (next - last),
            assumptions: "ReLU, no output mask, no normalisation; X, E Gaussian, variance 1, drawn \
                          once; many inputs, outputs and samples; ratio of moments; within 1.5 \
                          degrees (open theory)",
            source: "one sample in the mean field of the others",
        })
    }
}

/// `E <W_1, B^T>` and `E ||W_1||^2` when the outputs of the hidden units sum to those of `samples`.
///
/// A unit's `v = v_0 + eta sum_p R_p d_p` with `R_p` the sum of its outputs. Along `b`, `d_p` is
/// `e_p`; across `b` it has `n2 - 1` independent components that the unit never feels.
fn summed(toy: &Toy, samples: &[Sample]) -> [f64; 2] {
    let [_, n1, n2, p] = toy.real();
    let mean =
        |f: &dyn Fn(&Sample) -> f64| samples.iter().map(f).sum::<f64>() / samples.len() as f64;
    let along = toy.eta * mean(&|s| s.output * s.error);
    let along_squared = toy.eta.powi(2) * mean(&|s| (s.output * s.error).powi(2));
    let across = toy.eta.powi(2) * mean(&|s| s.output * s.output);
    let b = n2 * toy.b_std.powi(2);
    let pulled = (p * along_squared + p * (p - 1.0) * along * along) / b;
    [n1 * p * along, n1 * (n2 * toy.w_std.powi(2) + p * (n2 - 1.0) * across + pulled)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::angle::weight_alignment;
    use crate::rule::{Activation, Isolated};
    use crate::signal::{Schedule, Signals, Sizes};
    use crate::theory::relu;

    fn toy(layers: [usize; 3], batch: usize, eta: f64) -> Toy {
        Toy::new(&layers, batch, eta).unwrap()
    }

    #[test]
    fn grid_and_strides_are_fine_enough() {
        for toy in [toy([20, 100, 20], 100, 4e-4), toy([50, 100, 20], 20, 1e-3)] {
            let used = Trajectory::new(&toy, 400);
            let fine = Trajectory::on_grid(&toy, 400, 60, usize::MAX);
            for k in [30, 101, 307, 400] {
                let [a, b] = [&used, &fine].map(|t| t.angle(k).unwrap().value);
                assert!((a - b).abs() < 0.1, "{k}: {a} {b}");
            }
            assert!(used.angle(401).is_none());
        }
    }

    #[test]
    fn long_runs_take_few_steps() {
        let long = Trajectory::new(&toy([20, 100, 20], 20, 1e-3), 1_000_000);
        assert!(long.moments.len() < 1000 && long.angle(1_000_000).is_some());
    }

    #[test]
    fn begins_as_the_leading_order_says() {
        // Steps so small that no sample reaches its threshold.
        let toy = toy([40, 50, 30], 20, 1e-7);
        let trajectory = Trajectory::new(&toy, 20);
        let held = crate::signal::Schedule::Held.pair().unwrap();
        let expected = relu::inner_product(&toy, &held, 20).unwrap().value;
        let (_, [found, _]) = trajectory.moments[20];
        assert!((found / expected - 1.0).abs() < 0.02, "{found} {expected}");
        assert!((trajectory.angle(0).unwrap().value - 90.0).abs() < 1e-9);
    }

    #[test]
    fn the_rule_follows_where_samples_slide_along_their_thresholds() {
        // Five samples per input: sliding ones take most directions away.
        let (layers, batch, eta) = ([20, 100, 20], 100, 4e-4);
        let trajectory = Trajectory::new(&toy(layers, batch, eta), 400);
        let (seed, repeats, at) = (7, 8, [50, 100, 200, 400]);
        let mut sums = [0.0; 4];
        for repeat in 0..repeats {
            let sizes = Sizes { batch, inputs: layers[0], outputs: layers[2], iterations: 400 };
            let signals =
                Signals::new(&Schedule::Held.pair().unwrap(), sizes, seed, repeat).unwrap();
            let mut net =
                Isolated::<f64>::draw(&layers, batch, Activation::Relu, [1.0, 1.0], seed, repeat);
            for k in 1..=400 {
                net.step(signals.activity(), signals.error(), eta);
                if let Some(i) = at.iter().position(|&a| a == k) {
                    sums[i] +=
                        weight_alignment(&net.layers.weights[1], net.feedback.backward(1).unwrap())
                            .unwrap()
                            .unwrap();
                }
            }
        }
        for (k, sum) in at.into_iter().zip(sums) {
            let (found, expected) = (sum / repeats as f64, trajectory.angle(k).unwrap().value);
            assert!((found - expected).abs() < 1.5, "{k}: {found} {expected}");
        }
    }

    #[test]
    fn a_sample_between_field_and_error_stays_at_the_threshold() {
        let mut sample =
            Sample { z: 0.5, error: -2.0, field: 1.0, state: Regime::Active, output: 0.0 };
        for _ in 0..5 {
            sample.advance(1.0, 1.0, 1.0);
        }
        assert_eq!((sample.state, sample.z), (Regime::Sliding, 0.0));
        sample.advance(0.1, 1.0, 1.0);
        assert_eq!(sample.state, Regime::Active, "once the field wins it leaves");
        let mut lost =
            Sample { z: 0.5, error: -2.0, field: -1.0, state: Regime::Active, output: 0.0 };
        for _ in 0..5 {
            lost.advance(1.0, 1.0, 1.0);
        }
        assert!(lost.state == Regime::Silent && lost.z < -3.0, "{lost:?}");
    }
}
