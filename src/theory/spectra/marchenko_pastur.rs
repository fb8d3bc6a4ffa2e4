//! The Marchenko-Pastur law.

use std::f64::consts::{FRAC_PI_2, PI};

/// Marchenko-Pastur law: the eigenvalues of `Z^T Z / m` for `Z` of `m x n` independent entries of
/// variance 1, `ratio = n / m`. Above a ratio of 1 a share `1 - 1 / ratio` of them is 0 and not
/// part of the density.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarchenkoPastur {
    ratio: f64,
}

impl MarchenkoPastur {
    /// Law for a positive ratio of columns to rows.
    pub fn new(ratio: f64) -> Option<Self> {
        (ratio > 0.0 && ratio.is_finite()).then_some(Self { ratio })
    }

    /// Ends of the continuous part.
    pub fn support(&self) -> [f64; 2] {
        let root = self.ratio.sqrt();
        [(1.0 - root).powi(2), (1.0 + root).powi(2)]
    }

    /// Density of the continuous part at `x`.
    pub fn density(&self, x: f64) -> f64 {
        let [low, high] = self.support();
        if x <= low.max(0.0) || x >= high {
            return 0.0;
        }
        ((high - x) * (x - low)).sqrt() / (2.0 * PI * self.ratio * x)
    }

    /// Share of eigenvalues that are 0.
    pub fn mass_at_zero(&self) -> f64 {
        (1.0 - 1.0 / self.ratio).max(0.0)
    }

    /// Share of eigenvalues up to `x`, those that are 0 among them: the integral of the density in
    /// closed form.
    pub fn cumulative(&self, x: f64) -> f64 {
        let [low, high] = self.support();
        if x < 0.0 {
            return 0.0;
        }
        if x <= low {
            return self.mass_at_zero();
        }
        if x >= high {
            return 1.0;
        }
        // (b - x)(x - a) with a + b = 2 (1 + c) and ab = (1 - c)^2.
        let (root, sum, gap) =
            (((high - x) * (x - low)).sqrt(), 1.0 + self.ratio, (1.0 - self.ratio).abs());
        let of_sum = (x - sum).atan2(root);
        let of_gap = (sum * x - gap * gap).atan2(gap * root);
        let integral = root + sum * (of_sum + FRAC_PI_2) - gap * (of_gap + FRAC_PI_2);
        self.mass_at_zero() + integral / (2.0 * PI * self.ratio)
    }

    /// The eigenvalue that a share `p` of all does not exceed.
    pub fn quantile(&self, p: f64) -> f64 {
        let [mut below, mut above] = self.support();
        if p <= self.mass_at_zero() {
            return if self.ratio > 1.0 { 0.0 } else { below };
        }
        // Halved to the last digit.
        for _ in 0..100 {
            let middle = 0.5 * (below + above);
            if self.cumulative(middle) < p { below = middle } else { above = middle }
        }
        above
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_density_has_its_mass_and_moments_and_the_distribution_is_its_integral() {
        for ratio in [0.02, 0.1, 0.7, 1.0, 3.0] {
            let law = MarchenkoPastur::new(ratio).unwrap();
            let [low, high] = law.support();
            // x = low + (high - low) u^3 has its nodes near the lower end, where the density may
            // diverge.
            let n = 200_000;
            let (mut mass, mut first, mut second) = (law.mass_at_zero(), 0.0, 0.0);
            for i in 0..n {
                let u = (f64::from(i) + 0.5) / f64::from(n);
                let x = low + (high - low) * u.powi(3);
                let part = law.density(x) * 3.0 * (high - low) * u * u / f64::from(n);
                (mass, first, second) = (mass + part, first + x * part, second + x * x * part);
                if i % 20_000 == 10_000 {
                    assert!((law.cumulative(x) - mass).abs() < 2e-5, "{ratio} {x}");
                }
            }
            assert!(
                (mass - 1.0).abs() < 1e-5 && (first - 1.0).abs() < 1e-5,
                "{ratio}: {mass} {first}"
            );
            assert!((second - 1.0 - ratio).abs() < 1e-5, "{ratio}: {second}");
        }
    }

    #[test]
    fn quantiles_invert_the_distribution() {
        for ratio in [1e-6, 0.1, 1.0, 3.0] {
            let law = MarchenkoPastur::new(ratio).unwrap();
            for p in [0.7, 0.9, 0.999] {
                let x = law.quantile(p);
                assert!((law.cumulative(x) - p).abs() < 1e-9, "{ratio} {p}");
            }
            let [low, high] = law.support();
            assert!(law.quantile(0.0) <= low && law.quantile(1.0) <= high);
            assert_eq!((law.cumulative(-1.0), law.cumulative(high)), (0.0, 1.0));
            assert!((law.cumulative(0.999_999 * low) - law.mass_at_zero()).abs() < 1e-12);
        }
        assert_eq!(MarchenkoPastur::new(3.0).unwrap().quantile(0.5), 0.0);
        // Square matrices: singular values follow the quarter circle, whose median solves x
        // sqrt(4 - x^2) / 4 + asin(x / 2) = pi / 4.
        let median = MarchenkoPastur::new(1.0).unwrap().quantile(0.5).sqrt();
        assert!(
            (0.25 * median * (4.0 - median * median).sqrt() + (0.5 * median).asin() - 0.25 * PI)
                .abs()
                < 1e-12
        );
        assert_eq!(MarchenkoPastur::new(0.0).or(MarchenkoPastur::new(f64::NAN)), None);
    }
}
