//! Autoregressions of order 1 with any distribution: normal values, each turned into the value of
//! the other distribution that as many lie below (a Gaussian copula).

use super::derived::Derived;
use super::linear::recursion;
use super::{Arguments, FormError, Model, NewSampler, Noise, Real, by_lag, power};
use crate::matrix::Matrix;
use statrs::distribution::{Continuous, ContinuousCDF, Normal};

/// Normal values beyond this many standard deviations are taken for this many: one in 10^15.
const BOUND: f64 = 8.0;

/// Entries of the table per standard deviation.
const STEPS: usize = 32;

/// A distribution of one number, such as its degrees of freedom.
pub trait Law: Copy + std::fmt::Debug + PartialEq {
    /// The one of this number; `None` if it has none.
    fn new(number: f64) -> Option<Self>;

    /// The number.
    fn number(self) -> f64;

    /// The mean at variance 1.
    fn mean(self) -> f64;

    /// At any scale and origin, the value that a fraction `below` of the others lie below and
    /// `above` of them above. The smaller of the two has all its digits.
    fn quantile(self, below: f64, above: f64) -> f64;
}

/// The process: a distribution, scaled to variance 1, and the autocorrelation at lag 1, `ac=`.
#[derive(Clone, Debug, PartialEq)]
pub struct Copula<L> {
    law: L,
    correlation: f64,
    margin: Derived<Margin>,
}

impl<L: Law> Copula<L> {
    fn margin(&self) -> &Margin {
        self.margin
            .get(|| Margin::new(|below, above| self.law.quantile(below, above), self.correlation))
    }
}

impl<L: Law> Model for Copula<L> {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        let correlation = arguments.get("ac").unwrap_or(0.0);
        let law = match arguments.numbers[..] {
            [number] if correlation.abs() < 1.0 => L::new(number),
            _ => None,
        };
        let law = law.ok_or_else(|| arguments.malformed())?;
        let process = Self { law, correlation, margin: Derived::default() };
        // To find the least takes a while, and none is above 0.
        if correlation < 0.0 {
            let least = process.margin().least_correlation();
            if correlation < least {
                return Err(arguments.expected(format!("ac= of at least {least:.4}")));
            }
        }
        Ok(process)
    }

    fn arguments(&self) -> String {
        let number = self.law.number();
        if self.correlation == 0.0 {
            number.to_string()
        } else {
            format!("{number},ac={}", self.correlation)
        }
    }

    fn mean(&self) -> f64 {
        self.law.mean()
    }

    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        self.margin().autocovariance(lags)
    }

    fn coefficient(&self) -> Option<f64> {
        Some(self.correlation)
    }

    fn frames(&self) -> usize {
        3
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], noise: &mut Noise<T>) -> NewSampler<T> {
        self.margin().clone().sampler(noise)
    }
}

/// How normal values become those of a distribution of mean 0 and variance 1, and how the first are
/// correlated from one iteration to the next.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Margin {
    /// Values at equally spaced normal ones.
    table: Vec<f64>,
    /// Squares of the Hermite coefficients from order 1 on, which sum to 1.
    powers: Vec<f64>,
    /// Correlation of successive normal values.
    latent: f64,
}

impl Margin {
    /// A margin whose value that a fraction `F` of the others lie below is `quantile(F, 1 - F)`,
    /// and whose correlation at lag 1 is `correlation`, or the [least](Self::least_correlation) it
    /// can have.
    pub fn new(quantile: impl Fn(f64, f64) -> f64, correlation: f64) -> Self {
        let normal = Normal::standard();
        let size = 2 * BOUND as usize * STEPS + 1;
        let at = |i: usize| -BOUND + i as f64 / STEPS as f64;
        let value = |i: usize| quantile(normal.cdf(at(i)), normal.cdf(-at(i)));
        let mut table: Vec<f64> = (0..size).map(value).collect();
        let weight = |i: usize| normal.pdf(at(i)) / STEPS as f64;
        let mean: f64 = table.iter().enumerate().map(|(i, f)| weight(i) * f).sum();
        table.iter_mut().for_each(|f| *f -= mean);
        let variance: f64 = table.iter().enumerate().map(|(i, f)| weight(i) * f * f).sum();
        table.iter_mut().for_each(|f| *f /= variance.sqrt());
        let powers = hermite_powers(&table, at, weight);
        let mut margin = Self { table, powers, latent: 0.0 };
        margin.latent = margin.inverse(correlation);
        margin
    }

    /// The least correlation that values of this distribution can have over a Gaussian copula.
    pub fn least_correlation(&self) -> f64 {
        self.correlation(-1.0)
    }

    /// Correlation of two values whose normal ones have correlation `latent`.
    fn correlation(&self, latent: f64) -> f64 {
        let mut product = 1.0;
        let mut term = |power: &f64| {
            product *= latent;
            power * product
        };
        self.powers.iter().map(&mut term).sum()
    }

    /// Correlation of normal values whose own is `correlation`, by bisection: it grows with that of
    /// the normal ones.
    fn inverse(&self, correlation: f64) -> f64 {
        let (mut low, mut high) = (-1.0, 1.0);
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if self.correlation(middle) < correlation { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }

    /// The value of a normal one: by the cubic through four entries of the table.
    fn value(&self, normal: f64) -> f64 {
        let place = (normal.clamp(-BOUND, BOUND) + BOUND) * STEPS as f64;
        let first = (place as usize).saturating_sub(1).min(self.table.len() - 4);
        let u = place - first as f64;
        let [a, b, c, d] = [0, 1, 2, 3].map(|k| self.table[first + k]);
        let (u1, u2, u3) = (u - 1.0, u - 2.0, u - 3.0);
        0.5 * u * (b * u2 * u3 - c * u1 * u3) + (d * u * u1 * u2 - a * u1 * u2 * u3) / 6.0
    }

    /// Exact autocovariance, for [`Model::autocovariance`].
    pub fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        by_lag(lags, |h| if h == 0 { 1.0 } else { self.correlation(power(self.latent, h)) })
    }

    /// For [`Model::sampler`].
    pub fn sampler<T: Real>(self, noise: &Noise<T>) -> NewSampler<T> {
        let r = self.latent;
        let mut normal: Matrix<T> = noise.zeros();
        let mut next = recursion([r, (1.0 - r * r).sqrt()], noise);
        Ok(Box::new(move |frame, t, noise, labels| {
            next(&mut normal, t, noise, labels);
            for (x, z) in frame.as_mut_slice().iter_mut().zip(normal.as_slice()) {
                *x = T::from_f64(self.value(z.to_f64()));
            }
        }))
    }
}

/// Squares of the coefficients of a function in normalised Hermite polynomials, from order 1 on:
/// the correlation of `f(x)` and `f(y)` is their sum, each times a power of that of `x` and `y`
/// (Mehler 1866). The last one takes what is left of the variance.
fn hermite_powers(
    table: &[f64],
    at: impl Fn(usize) -> f64,
    weight: impl Fn(usize) -> f64,
) -> Vec<f64> {
    const ORDERS: usize = 60;
    let mut lower = vec![0.0; table.len()];
    let mut current = vec![1.0; table.len()];
    let mut powers = Vec::with_capacity(ORDERS);
    for k in 0..ORDERS {
        // h_{k+1} = (z h_k - sqrt(k) h_{k-1}) / sqrt(k + 1).
        let (below, above) = ((k as f64).sqrt(), (k as f64 + 1.0).sqrt());
        let next: Vec<f64> = current
            .iter()
            .zip(&lower)
            .enumerate()
            .map(|(i, (h, l))| (at(i) * h - below * l) / above)
            .collect();
        let coefficient: f64 =
            table.iter().zip(&next).enumerate().map(|(i, (f, h))| weight(i) * f * h).sum();
        powers.push(coefficient * coefficient);
        (lower, current) = (current, next);
    }
    let known: f64 = powers.iter().sum();
    if let Some(last) = powers.last_mut() {
        *last += (1.0 - known).max(0.0);
    }
    powers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Role, Stream};
    use statrs::distribution::Exp;

    /// The exponential distribution, whose quantiles have a closed form.
    fn exponential(correlation: f64) -> Margin {
        Margin::new(|_, above: f64| -above.ln(), correlation)
    }

    #[test]
    fn values_are_quantiles() {
        let (margin, normal) = (exponential(0.5), Normal::standard());
        let law = Exp::new(1.0).unwrap();
        for i in -70..=70 {
            let z = 0.1 * f64::from(i) + 0.013;
            // Around mean 1, with standard deviation 1.
            let probability = if z < 0.0 {
                law.cdf(margin.value(z) + 1.0)
            } else {
                law.sf(margin.value(z) + 1.0)
            };
            let exact = normal.cdf(-z.abs());
            let off = (probability - exact).abs();
            assert!(off < 1e-4 * exact + 1e-11, "{z}: {probability} {exact}");
        }
    }

    #[test]
    fn correlations_are_those_asked_for() {
        for correlation in [-0.5, 0.0, 0.3, 0.9, 0.99] {
            let found = exponential(correlation).autocovariance(2).unwrap();
            assert!((found[1] - correlation).abs() < 1e-9, "{found:?}");
        }
        // The least that exponential values can have is 1 - pi^2 / 6 (Frechet's bound).
        let least = exponential(0.0).least_correlation();
        assert!((least - (1.0 - std::f64::consts::PI.powi(2) / 6.0)).abs() < 1e-4, "{least}");
        let mut stream = Stream::new(1, 0, Role::Activity);
        let mut normals = vec![0.0; 200_000];
        stream.fill_normal(&mut normals);
        let margin = exponential(0.8);
        let root = (1.0 - margin.latent * margin.latent).sqrt();
        let products: Vec<f64> = normals
            .chunks_exact(2)
            .map(|z| margin.value(z[0]) * margin.value(margin.latent * z[0] + root * z[1]))
            .collect();
        let n = products.len() as f64;
        let mean = products.iter().sum::<f64>() / n;
        let error = (products.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / n / n).sqrt();
        assert!((mean - 0.8).abs() < 4.0 * error, "{mean} +- {error}");
    }
}
