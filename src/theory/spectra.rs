//! Laws of large random matrices, and angles and cosines that follow from symmetry.

mod bulk;
mod marchenko_pastur;
mod signs;
mod tracy_widom;

pub use bulk::{Bulk, Outlier, Split, split};
pub use marchenko_pastur::MarchenkoPastur;
pub use signs::split_matrix;
pub use tracy_widom::TracyWidom;

use super::Prediction;
use std::f64::consts::PI;

/// The law of the eigenvalues of `D^T X X^T D / (P n0)` for Gaussian `X` (`P x n0`) and `D` (`P x
/// n2`): a product of two Wishart matrices (Fig 1 of the paper). Its moment function `m` solves the
/// cubic `(1 + m)(1 + m n2/P)(1 + m n2/n0) = z m`, from the S-transform of the product (free
/// probability; Mueller 2002).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProductWishart {
    /// `n2 / P` and `n2 / n0`.
    ratios: [f64; 2],
}

impl ProductWishart {
    /// Law for `n0` inputs, `n2` outputs and `P` samples; `None` if one of them is 0.
    pub fn new(inputs: usize, outputs: usize, batch: usize) -> Option<Self> {
        let ratio = |n: usize| outputs as f64 / n as f64;
        (inputs > 0 && outputs > 0 && batch > 0)
            .then(|| Self { ratios: [ratio(batch), ratio(inputs)] })
    }

    /// Mean eigenvalue, 1, and mean squared eigenvalue, `1 + n2/P + n2/n0`, in the limit of large
    /// sizes.
    pub fn moments(&self) -> [f64; 2] {
        [1.0, 1.0 + self.ratios[0] + self.ratios[1]]
    }

    /// Share of eigenvalues that are 0.
    pub fn mass_at_zero(&self) -> f64 {
        self.ratios.iter().map(|c| 1.0 - 1.0 / c).fold(0.0, f64::max)
    }

    /// Density of the continuous part at `x`, which has `1 -` [`Self::mass_at_zero`] in all.
    pub fn density(&self, x: f64) -> f64 {
        if x <= 0.0 {
            return 0.0;
        }
        // m^3 ab + m^2 (a + b + ab) + m (1 + a + b - x) + 1 = 0; the density is that of G = (1 + m)
        // / x.
        let [a, b] = self.ratios;
        let leading = a * b;
        let imaginary = imaginary_root([leading, a + b + leading, 1.0 + a + b - x, 1.0]);
        imaginary / (PI * x)
    }

    /// Upper end of the continuous part, to a relative 1e-9.
    pub fn upper_end(&self) -> f64 {
        let [a, b] = self.ratios;
        let (mut inside, mut outside) = (1.0, ((1.0 + a.sqrt()) * (1.0 + b.sqrt())).powi(2) * 1.01);
        while outside - inside > 1e-9 * outside {
            let middle = 0.5 * (inside + outside);
            if self.density(middle) > 0.0 { inside = middle } else { outside = middle }
        }
        outside
    }
}

/// Positive imaginary part of the complex roots of a cubic with real coefficients, highest first; 0
/// if all are real.
fn imaginary_root([a, b, c, d]: [f64; 4]) -> f64 {
    let (b, c, d) = (b / a, c / a, d / a);
    let q = (3.0 * c - b * b) / 9.0;
    let r = (9.0 * b * c - 27.0 * d - 2.0 * b * b * b) / 54.0;
    let discriminant = q * q * q + r * r;
    if discriminant <= 0.0 {
        return 0.0;
    }
    let root = discriminant.sqrt();
    0.5 * 3.0f64.sqrt() * ((r + root).cbrt() - (r - root).cbrt()).abs()
}

/// Radius of the disc that the eigenvalues of `W B` fill where `W` (`n1 x n2`) and `B` (`n2 x n1`)
/// are independent, from their Frobenius norms: `s_w s_b sqrt(n1 n2)`, with entries of standard
/// deviation `s_w` and `s_b`. Of 100 units the farthest eigenvalue lies 6 +- 6 % (standard
/// deviation) beyond it, of 500 units 4 +- 2 %. `None` for a size of 0.
pub fn product_radius(
    shape: (usize, usize),
    forward_norm: f64,
    backward_norm: f64,
) -> Option<Prediction> {
    let entries = shape.0 as f64 * shape.1 as f64;
    (entries > 0.0).then(|| Prediction {
        value: forward_norm * backward_norm / entries.sqrt(),
        assumptions: "W and B independent, each of independent entries of mean 0; large matrices",
        source: "eigenvalues of products of rectangular random matrices (Burda, Jarosz, Livan, \
            Nowak & Swiech 2010)",
    })
}

/// Distribution of the magnitudes of independent symmetric weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Magnitudes {
    /// Half-normal: Gaussian weights.
    Gaussian,
    /// Uniform from 0: uniform weights.
    Uniform,
}

/// Angle in degrees of `W` to a `B^T` that has its signs: with one magnitude for all entries of
/// `B`, or with magnitudes drawn like those of `W`, independent of them. Large matrices.
pub fn sign_symmetry(magnitudes: Magnitudes, independent: bool) -> Prediction {
    // E|w| / sqrt(E w^2).
    let cosine = match magnitudes {
        Magnitudes::Gaussian => (2.0 / PI).sqrt(),
        Magnitudes::Uniform => 0.75f64.sqrt(),
    };
    let cosine = if independent { cosine * cosine } else { cosine };
    Prediction {
        value: cosine.acos().to_degrees(),
        assumptions: "W independent entries, symmetric about 0; B with the signs of W'; large \
            matrices",
        source: "cos = E|w| E|b| / sqrt(E w^2 E b^2)",
    }
}

/// Angle in degrees between `delta B` and `delta' W^T` for deltas at angle `first` and weights at
/// angle `second`: `cos = cos first cos second` (Fig 5 of the paper; mean error 0.00, standard
/// deviation 1.5 degrees at 30 x 15 x 40).
pub fn composition(first: f64, second: f64) -> Prediction {
    Prediction {
        value: (first.to_radians().cos() * second.to_radians().cos()).acos().to_degrees(),
        assumptions: "directions of deltas and weights otherwise random and independent; large \
            matrices",
        source: "cosines of independent rotations multiply",
    }
}

/// Mean cosine to its mean direction of a von Mises-Fisher distributed unit vector in `n`
/// dimensions with concentration `kappa`: `I_{n/2}(kappa) / I_{n/2-1}(kappa)`, by its continued
/// fraction (Amos 1974). Conjectured (not proven) to be the stationary cosine of a column of
/// weights under WN, with `kappa = 2 mu |b| gamma / s^2` for a drift `mu b` and noise of variance
/// `s^2` per weight and step. Takes time in proportion to `kappa`.
pub fn von_mises_fisher_cosine(n: usize, kappa: f64) -> f64 {
    if kappa == 0.0 {
        return 0.0;
    }
    // I_v / I_{v-1} = 1 / (2v/k + 1 / (2(v+1)/k + ...)), from far enough inside.
    let order = 0.5 * n as f64;
    let depth = (2.0 * kappa.abs() + 200.0).ceil() as usize;
    (0..depth).rev().fold(0.0, |rest, i| 1.0 / (2.0 * (order + i as f64) / kappa + rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matrix::Matrix;
    use crate::measure::spectrum::{product_eigenvalues, symmetric_eigenvalues};
    use crate::random::{Role, Stream};

    /// Integral of `f` over `[0, end]`, fine near 0 where densities may diverge.
    fn integral(end: f64, f: impl Fn(f64) -> f64) -> f64 {
        // x = end u^3 has its nodes near 0.
        let n = 200_000;
        let at = |i: usize| (i as f64 + 0.5) / n as f64;
        (0..n).map(|i| f(end * at(i).powi(3)) * 3.0 * end * at(i).powi(2) / n as f64).sum()
    }

    #[test]
    fn densities_have_their_mass_and_moments() {
        for (n0, n2, p) in
            [(100, 10, 100), (100, 100, 100), (900, 100, 100), (10, 100, 100), (50, 100, 70)]
        {
            let law = ProductWishart::new(n0, n2, p).unwrap();
            let end = law.upper_end();
            let [first, second] = law.moments();
            assert!(
                (integral(end, |x| law.density(x)) + law.mass_at_zero() - 1.0).abs() < 2e-3,
                "{n0} {n2} {p}"
            );
            assert!((integral(end, |x| x * law.density(x)) - first).abs() < 1e-4, "{n0} {n2} {p}");
            assert!(
                (integral(end, |x| x * x * law.density(x)) - second).abs() < 1e-3,
                "{n0} {n2} {p}"
            );
        }
    }

    #[test]
    fn the_product_law_follows_drawn_matrices() {
        let (n0, n2, p, draws) = (150, 100, 120, 20);
        let law = ProductWishart::new(n0, n2, p).unwrap();
        let mut values = Vec::new();
        for draw in 0..draws {
            let mut stream = Stream::new(2, draw, Role::Probe);
            let (mut x, mut d) = (Matrix::<f64>::zeros(p, n0), Matrix::<f64>::zeros(p, n2));
            stream.fill_normal(x.as_mut_slice());
            stream.fill_normal(d.as_mut_slice());
            let a = (x.t() * &d).to_matrix();
            let m = 1.0 / (p * n0) as f64 * a.t() * &a;
            values.extend(symmetric_eigenvalues(&m.to_matrix()).unwrap());
        }
        for x in [0.1, 0.5, 1.0, 2.0, 4.0] {
            let below = values.iter().filter(|&&v| v < x).count() as f64 / values.len() as f64;
            let predicted = integral(x, |x| law.density(x));
            // Eigenvalues repel: their distribution function fluctuates by about 1 / n2, not its
            // root.
            assert!((below - predicted).abs() < 0.01, "{x}: {below} {predicted}");
        }
        let largest = values.iter().fold(0.0f64, |m, v| m.max(*v));
        assert!((largest / law.upper_end() - 1.0).abs() < 0.1, "{largest} {}", law.upper_end());
    }

    #[test]
    fn eigenvalues_of_independent_products_stay_within_their_radius() {
        for (n1, n2) in [(60, 240), (240, 60), (120, 120)] {
            let draws = 40;
            let ratios: f64 = (0..draws)
                .map(|draw| {
                    let mut stream = Stream::new(3, draw, Role::Probe);
                    let (mut w, mut b) =
                        (Matrix::<f64>::zeros(n1, n2), Matrix::<f64>::zeros(n2, n1));
                    stream.fill_normal(w.as_mut_slice());
                    stream.fill_normal(b.as_mut_slice());
                    w.scale(3.0);
                    let radius = product_radius((n1, n2), w.norm(), b.norm()).unwrap().value;
                    assert!((radius / (3.0 * ((n1 * n2) as f64).sqrt()) - 1.0).abs() < 0.05);
                    product_eigenvalues(&w, &b).unwrap()[0].norm() / radius
                })
                .sum();
            // 1.06, with a standard deviation of 0.06 for one draw.
            let mean = ratios / draws as f64;
            assert!((mean - 1.06).abs() < 0.03, "{n1} {n2}: {mean}");
        }
        assert!(product_radius((0, 3), 1.0, 1.0).is_none());
    }

    #[test]
    fn angles_of_sign_symmetry_and_composition() {
        let angle = |magnitudes, independent| sign_symmetry(magnitudes, independent).value;
        assert!((angle(Magnitudes::Gaussian, false) - 37.1).abs() < 0.05);
        assert!((angle(Magnitudes::Gaussian, true) - 50.5).abs() < 0.05);
        assert!((angle(Magnitudes::Uniform, false) - 30.0).abs() < 1e-9);
        assert!((angle(Magnitudes::Uniform, true) - 41.4).abs() < 0.05);
        assert!((composition(60.0, 60.0).value - 0.25f64.acos().to_degrees()).abs() < 1e-12);
        assert!((composition(90.0, 20.0).value - 90.0).abs() < 1e-12);
    }

    #[test]
    fn von_mises_fisher_in_three_dimensions_and_limits() {
        for kappa in [0.1, 1.0, 7.0, 300.0f64] {
            let exact = 1.0 / kappa.tanh() - 1.0 / kappa;
            assert!((von_mises_fisher_cosine(3, kappa) - exact).abs() < 1e-12, "{kappa}");
        }
        assert_eq!(von_mises_fisher_cosine(10, 0.0), 0.0);
        // Small kappa: kappa / n.
        assert!((von_mises_fisher_cosine(1000, 1e-3) - 1e-6).abs() < 1e-12);
    }
}
