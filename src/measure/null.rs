//! Null distributions of weight angles and of overlaps of subspaces: what independent matrices
//! give.
//!
//! They hold where `B` is isotropic. They are wrong for angles of updates, deltas and alignment
//! terms, whose matrices have few effective dimensions.

use statrs::distribution::{Beta, ContinuousCDF};

/// Distribution of the angle between a matrix and an independent isotropic one of `entries` values:
/// `(1 + cos) / 2 ~ Beta((N-1)/2, (N-1)/2)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightNull {
    entries: usize,
}

impl WeightNull {
    /// Null for matrices of `entries` values; `None` for fewer than two, whose angle is 0 or 180.
    pub fn new(entries: usize) -> Option<Self> {
        (entries >= 2).then_some(Self { entries })
    }

    /// Number of values `N`.
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// Mean angle: 90 degrees, by symmetry.
    pub const MEAN: f64 = 90.0;

    /// Standard deviation of the cosine: exactly `1 / sqrt N`.
    pub fn cosine_sd(&self) -> f64 {
        1.0 / (self.entries as f64).sqrt()
    }

    /// Standard deviation of the angle in degrees: the density is proportional to `sin^(N-2)`,
    /// whose variance is `trigamma(N/2) / 2`.
    pub fn angle_sd(&self) -> f64 {
        (0.5 * trigamma(0.5 * self.entries as f64)).sqrt().to_degrees()
    }

    /// The angle in degrees that is not exceeded with probability `p`.
    pub fn quantile(&self, p: f64) -> f64 {
        // A large cosine is a small angle.
        let x = self.beta().map_or(0.5, |beta| beta.inverse_cdf(1.0 - p));
        (2.0 * x - 1.0).clamp(-1.0, 1.0).acos().to_degrees()
    }

    /// Central interval of the angle in degrees that holds with probability `level`.
    pub fn interval(&self, level: f64) -> [f64; 2] {
        let low = self.quantile(0.5 - 0.5 * level);
        [low, 180.0 - low]
    }

    /// Two-sided p-value of one angle in degrees; 0 where it is below the smallest number.
    pub fn p_value(&self, angle: f64) -> f64 {
        let tail = 0.5 * (1.0 - angle.to_radians().cos().abs());
        (2.0 * self.beta().map_or(0.5, |beta| beta.cdf(tail))).min(1.0)
    }

    /// Standard score of the mean of `n` independent angles: positive where they are aligned.
    pub fn z(&self, mean_angle: f64, n: usize) -> f64 {
        (Self::MEAN - mean_angle) / (self.angle_sd() / (n as f64).sqrt())
    }

    fn beta(&self) -> Option<Beta> {
        let shape = 0.5 * (self.entries - 1) as f64;
        Beta::new(shape, shape).ok()
    }
}

/// Distribution of the overlap of a subspace with an independent one of uniform direction: the mean
/// squared cosine of their principal angles ([`super::spectrum::Subspace::overlap`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubspaceNull {
    space: usize,
    /// Dimensions of the larger and the smaller one.
    dimensions: [usize; 2],
}

impl SubspaceNull {
    /// Null for subspaces of `first` and `second` dimensions in a space of `space`; `None` if one
    /// has none, or more than the space.
    pub fn new(space: usize, first: usize, second: usize) -> Option<Self> {
        let dimensions = [first.max(second), first.min(second)];
        (dimensions[1] > 0 && dimensions[0] <= space).then_some(Self { space, dimensions })
    }

    /// Mean overlap: the share of the space that the larger subspace takes.
    pub fn mean(&self) -> f64 {
        self.dimensions[0] as f64 / self.space as f64
    }

    /// Standard deviation of the overlap: the trace of the product of two random projections has
    /// the variance `2 k l (n - k)(n - l) / (n^2 (n - 1)(n + 2))`. 0 where one of them is the whole
    /// space.
    pub fn sd(&self) -> f64 {
        let [n, k, l] = [self.space, self.dimensions[0], self.dimensions[1]].map(|n| n as f64);
        if self.dimensions[0] == self.space {
            return 0.0;
        }
        (2.0 * k * l * (n - k) * (n - l) / ((n - 1.0) * (n + 2.0))).sqrt() / (n * l)
    }

    /// Standard score of an overlap; `None` where it cannot be other than it is.
    pub fn z(&self, overlap: f64) -> Option<f64> {
        let sd = self.sd();
        (sd > 0.0).then(|| (overlap - self.mean()) / sd)
    }
}

/// Second derivative of `ln Gamma`: recurrence up to 20, then the asymptotic series (Abramowitz &
/// Stegun 6.4.12).
fn trigamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 20.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    sum + 1.0 / x + 0.5 * y + y / x * (1.0 / 6.0 - y * (1.0 / 30.0 - y * (1.0 / 42.0 - y / 30.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Matrix;
    use crate::measure::angle::angle;
    use crate::measure::spectrum::Subspace;
    use crate::random::{Role, Stream};
    use std::f64::consts::PI;

    #[test]
    fn closed_cases() {
        for (x, exact) in [(1.0, PI * PI / 6.0), (0.5, PI * PI / 2.0), (1.5, PI * PI / 2.0 - 4.0)] {
            assert!((trigamma(x) - exact).abs() < 1e-13, "{x}");
        }
        assert_eq!(WeightNull::new(1), None);
        // N = 2: uniform on the circle; N = 3: the cosine is uniform.
        let circle = WeightNull::new(2).unwrap();
        assert!(
            (circle.quantile(0.25) - 45.0).abs() < 1e-6
                && (circle.p_value(45.0) - 0.5).abs() < 1e-9
        );
        let sphere = WeightNull::new(3).unwrap();
        assert!((sphere.quantile(0.25) - 60.0).abs() < 1e-6);
    }

    #[test]
    fn cosines_spread_by_the_root_of_the_number_of_values() {
        let null = WeightNull::new(16).unwrap();
        assert_eq!((null.entries(), null.cosine_sd()), (16, 0.25));
    }

    #[test]
    fn overlaps_of_random_subspaces_have_the_stated_moments() {
        for (space, first, second) in [(12, 3, 5), (12, 1, 1), (12, 7, 9), (6, 6, 2)] {
            let null = SubspaceNull::new(space, first, second).unwrap();
            let draws = 4000;
            let overlaps: Vec<f64> = (0..draws)
                .map(|draw| {
                    let mut stream = Stream::new(19, draw, Role::Probe);
                    let [a, b] = [first, second].map(|columns| {
                        let mut matrix = Matrix::zeros(space, columns);
                        stream.fill_normal(matrix.as_mut_slice());
                        Subspace::of_columns(&matrix).unwrap()
                    });
                    a.overlap(&b).unwrap().unwrap()
                })
                .collect();
            let n = draws as f64;
            let mean = overlaps.iter().sum::<f64>() / n;
            let variance = overlaps.iter().map(|o| (o - mean).powi(2)).sum::<f64>() / n;
            assert!(
                (mean - null.mean()).abs() <= 4.0 * null.sd() / n.sqrt() + 1e-12,
                "{space} {first} {second}: {mean}"
            );
            // Overlaps have a kurtosis of at most that of one squared cosine, about 15.
            assert!(
                (variance - null.sd().powi(2)).abs()
                    <= 4.0 * null.sd().powi(2) * (14.0 / n).sqrt() + 1e-12
            );
            assert_eq!(null.z(0.5).is_some(), first < space);
        }
        for bad in [(5, 0, 2), (5, 6, 2), (0, 0, 0)] {
            assert_eq!(SubspaceNull::new(bad.0, bad.1, bad.2), None);
        }
    }

    #[test]
    fn overlaps_of_lines_have_the_variance_of_a_squared_cosine() {
        // In the plane the angle is uniform, and cos^2 has the variance 1/8; in space the cosine is,
        // and cos^2 has 1/5 - 1/9.
        for (space, variance) in [(2, 1.0 / 8.0), (3, 4.0 / 45.0)] {
            let null = SubspaceNull::new(space, 1, 1).unwrap();
            assert!((null.sd().powi(2) - variance).abs() < 1e-15, "{space}: {}", null.sd());
            let z = (1.0 - 1.0 / space as f64) / f64::sqrt(variance);
            assert!((null.z(1.0).unwrap() - z).abs() < 1e-12, "{space}");
        }
    }

    #[test]
    fn a_50_by_50_pair_is_90_degrees_within_2_25() {
        let null = WeightNull::new(2500).unwrap();
        assert_eq!((null.entries(), null.cosine_sd()), (2500, 0.02));
        let [low, high] = null.interval(0.95);
        assert!((90.0 - low - 2.25).abs() < 0.01 && (high - 92.25).abs() < 0.01, "{low} {high}");
        assert!((null.angle_sd() - 1.146).abs() < 1e-3);
        assert!((null.p_value(low) - 0.05).abs() < 1e-6);
        assert!((null.z(90.0 - null.angle_sd(), 4) - 2.0).abs() < 1e-12);
        assert!(null.p_value(4.0) < 1e-300 && null.z(4.0, 1) > 70.0);
    }

    #[test]
    fn moments_and_quantiles_match_independent_gaussian_matrices() {
        let (entries, draws) = (60, 40_000);
        let null = WeightNull::new(entries).unwrap();
        let mut stream = Stream::new(17, 0, Role::Probe);
        let (mut a, mut b) = (Matrix::<f64>::zeros(6, 10), Matrix::zeros(6, 10));
        let angles: Vec<f64> = (0..draws)
            .map(|_| {
                stream.fill_normal(a.as_mut_slice());
                stream.fill_normal(b.as_mut_slice());
                angle(&a, &b).unwrap().unwrap()
            })
            .collect();
        let n = f64::from(draws);
        let square = |f: &dyn Fn(f64) -> f64| angles.iter().map(|&x| f(x).powi(2)).sum::<f64>() / n;
        // A variance estimated from n nearly normal values has relative standard error sqrt(2 / n);
        // 4 of them.
        let tolerance = 4.0 * (2.0 / n).sqrt();
        let cosine = square(&|x| x.to_radians().cos());
        assert!((cosine * entries as f64 - 1.0).abs() < tolerance, "{cosine}");
        let spread = square(&|x| x - 90.0);
        assert!((spread / null.angle_sd().powi(2) - 1.0).abs() < tolerance, "{spread}");
        for p in [0.001, 0.025, 0.25, 0.5, 0.9, 0.999] {
            let below = angles.iter().filter(|&&x| x <= null.quantile(p)).count() as f64 / n;
            assert!((below - p).abs() < 4.0 * (p * (1.0 - p) / n).sqrt(), "{p}: {below}");
        }
    }
}
