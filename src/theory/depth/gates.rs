//! What rectified Gaussian values of a mean come to: the arc-cosine kernels with a threshold.
//!
//! Let `u`, `v` be standard normals of correlation `cos t`. With the threshold `a`, both are above
//! it with probability `kappa = P(u > -a, v > -a)`, and `R = E[(u + a)+ (v + a)+]` is the mean
//! product of what is left of them. For `a = 0` they are the arc-cosine kernels of degrees 0 and 1
//! (Cho & Saul 2009). As functions of the angle they obey
//!
//! ```text
//! d kappa / dt = -exp(-a^2 / (1 + cos t)) / (2 pi)        dR / dt = -kappa sin t
//! ```
//!
//! from `t = pi`, where `v = -u`.

use statrs::distribution::{Continuous, ContinuousCDF, Normal};
use std::f64::consts::PI;
use std::sync::LazyLock;

/// Largest threshold that is told apart: beyond, units are active, or silent, for all inputs.
const FARTHEST: f64 = 4.0;
/// Steps of the table from one end of the thresholds to the other, and of the angles.
const STEPS: [usize; 2] = [80, 128];

/// `kappa` and `R` by threshold and angle.
static TABLE: LazyLock<Vec<[f64; 2]>> = LazyLock::new(|| {
    (0..=STEPS[0])
        .flat_map(|i| of_threshold(FARTHEST * (2.0 * i as f64 / STEPS[0] as f64 - 1.0)))
        .collect()
});

/// `[kappa, R]` at all angles from 0 to pi.
fn of_threshold(a: f64) -> Vec<[f64; 2]> {
    let normal = Normal::standard();
    let slope = |t: f64| {
        let denominator = 1.0 + t.cos();
        // At the angle pi both cannot be at the threshold, unless it is 0.
        let exponent = if a == 0.0 { 0.0 } else { a * a / denominator.max(1e-300) };
        (-exponent).exp() / (2.0 * PI)
    };
    let both = (2.0 * normal.cdf(a) - 1.0).max(0.0);
    let product = if a > 0.0 { (a * a - 1.0) * both + 2.0 * a * normal.pdf(a) } else { 0.0 };
    let width = PI / STEPS[1] as f64;
    let mut all = vec![[both, product]];
    // Simpson's rule, the same on half a step for the value in the middle.
    let over = |from: f64, width: f64| {
        width / 6.0 * (slope(from) + 4.0 * slope(from - 0.5 * width) + slope(from - width))
    };
    for step in 0..STEPS[1] {
        let from = PI - step as f64 * width;
        let [kappa, r] = all[step];
        let (middle, end) = (kappa + over(from, 0.5 * width), kappa + over(from, width));
        let at = |t: f64, kappa: f64| kappa * t.sin();
        let added = at(from, kappa) + 4.0 * at(from - 0.5 * width, middle) + at(from - width, end);
        all.push([end, r + width / 6.0 * added]);
    }
    all.reverse();
    all
}

/// `[kappa, R]` for a threshold and a correlation.
pub(super) fn kernels(a: f64, correlation: f64) -> [f64; 2] {
    let along = (a.clamp(-FARTHEST, FARTHEST) / FARTHEST + 1.0) * 0.5 * STEPS[0] as f64;
    let across = correlation.clamp(-1.0, 1.0).acos() / PI * STEPS[1] as f64;
    let [i, j] = [(along as usize).min(STEPS[0] - 1), (across as usize).min(STEPS[1] - 1)];
    let [x, y] = [along - i as f64, across - j as f64];
    let at = |i: usize, j: usize| TABLE[i * (STEPS[1] + 1) + j];
    let corners = [at(i, j), at(i, j + 1), at(i + 1, j), at(i + 1, j + 1)];
    let weights = [(1.0 - x) * (1.0 - y), (1.0 - x) * y, x * (1.0 - y), x * y];
    [0, 1].map(|which| corners.iter().zip(weights).map(|(c, weight)| weight * c[which]).sum())
}

/// Share of a standard normal above `-a`.
pub(super) fn active(a: f64) -> f64 {
    Normal::standard().cdf(a)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Role, Stream};
    use crate::theory::relu::{both_active, rectified_product};

    #[test]
    fn without_a_threshold_they_are_the_arc_cosine_kernels() {
        for c in [-1.0, -0.7, 0.0, 0.3, 0.95, 1.0] {
            let [kappa, r] = kernels(0.0, c);
            assert!((kappa - both_active(c)).abs() < 1e-9, "{c}: {kappa}");
            assert!((r - rectified_product(c)).abs() < 1e-4, "{c}: {r}");
        }
    }

    #[test]
    fn with_one_they_are_those_of_drawn_values() {
        let mut stream = Stream::new(4, 0, Role::Probe);
        let mut z = vec![0.0f64; 400_000];
        stream.fill_normal(&mut z);
        for (a, c) in [(0.5, 0.3), (-0.8, 0.9), (1.3, -0.4), (0.2, -0.95)] {
            let mut found = [0.0; 2];
            for pair in z.chunks_exact(2) {
                let u: f64 = pair[0] + a;
                let v = c * pair[0] + (1.0f64 - c * c).sqrt() * pair[1] + a;
                if u > 0.0 && v > 0.0 {
                    found[0] += 1.0 / 200_000.0;
                    found[1] += u * v / 200_000.0;
                }
            }
            for (expected, found) in kernels(a, c).into_iter().zip(found) {
                assert!((expected - found).abs() < 0.01, "{a} {c}: {expected} {found}");
            }
        }
    }
}
