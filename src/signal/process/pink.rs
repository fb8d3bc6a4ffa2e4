//! Noise of variance 1 whose spectral density falls as a power of the frequency, `1 / f^alpha`.
//!
//! It is a sum of independent autoregressions of order 1, one for white noise and one for every
//! time constant from half an iteration to 65,536, each twice the one before: how such noise comes
//! about where many processes of different speed meet (Bernamont 1937; van der Ziel 1950). The
//! variances of the parts are chosen such that the density follows the power law, within a few
//! percent at every frequency from `1 / 32,768` to `1 / 3` cycles per iteration. Slower than that
//! the density levels off, so that the process is stationary for every `alpha` below 2.

use super::derived::Derived;
use super::{Arguments, Facts, FormError, Matrix, Model, NewSampler, Noise, Real, by_lag, power};
use std::f64::consts::TAU;

pub(super) const FACTS: Facts = Facts {
    name: "pink",
    form: "pink:ALPHA",
    expected: "pink:ALPHA, one exponent between 0 and 2",
    examples: &["pink:1"],
    meaning: "variance 1, spectral density `1 / f^1` down to 1 / 32,768 cycles per iteration",
    ..Facts::COMMON
};

/// `pink:1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pink {
    exponent: f64,
    variances: Derived<Vec<f64>>,
}

/// The parts: what each keeps of itself from one iteration to the next.
fn kept() -> Vec<f64> {
    let slow = (-1..=16).map(|k| (-f64::from(-k).exp2()).exp());
    std::iter::once(0.0).chain(slow).collect()
}

/// Spectral density of an autoregression of variance 1.
fn density(kept: f64, frequency: f64) -> f64 {
    (1.0 - kept * kept) / (1.0 - 2.0 * kept * (TAU * frequency).cos() + kept * kept)
}

impl Pink {
    fn variances(&self, kept: &[f64]) -> &[f64] {
        self.variances.get(|| self.find_variances(kept))
    }

    /// Variances of the parts, which sum to 1: those whose density has the least relative
    /// divergence from the power law, over frequencies that are equally spaced in their logarithm
    /// (the multiplicative algorithm of Richardson 1972 and Lucy 1974, which keeps them positive).
    fn find_variances(&self, kept: &[f64]) -> Vec<f64> {
        const FREQUENCIES: usize = 120;
        const ROUNDS: usize = 400;
        let (lowest, highest) = (2f64.powi(-15), 0.5f64);
        let ratio = (highest / lowest).ln() / (FREQUENCIES - 1) as f64;
        let frequencies = (0..FREQUENCIES).map(|i| lowest * (ratio * i as f64).exp());
        // Densities over the one that is wanted.
        let rows: Vec<Vec<f64>> = frequencies
            .map(|f| kept.iter().map(|&r| density(r, f) * f.powf(self.exponent)).collect())
            .collect();
        let mut variances = vec![1.0; kept.len()];
        for _ in 0..ROUNDS {
            let (mut gains, mut sums) = (vec![0.0; kept.len()], vec![0.0; kept.len()]);
            for row in &rows {
                let found: f64 = row.iter().zip(&variances).map(|(d, v)| d * v).sum();
                for ((gain, sum), d) in gains.iter_mut().zip(&mut sums).zip(row) {
                    *gain += d / (found * found);
                    *sum += d / found;
                }
            }
            let factors = gains.iter().zip(&sums).map(|(gain, sum)| gain / sum);
            variances.iter_mut().zip(factors).for_each(|(v, factor)| *v *= factor);
        }
        let total: f64 = variances.iter().sum();
        variances.iter().map(|v| v / total).collect()
    }
}

impl Model for Pink {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        match arguments.numbers[..] {
            [exponent] if exponent > 0.0 && exponent < 2.0 => {
                Ok(Self { exponent, variances: Derived::default() })
            }
            _ => Err(arguments.malformed()),
        }
    }

    fn arguments(&self) -> String {
        self.exponent.to_string()
    }

    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        let kept = kept();
        let variances = self.variances(&kept);
        let parts = || kept.iter().zip(variances);
        by_lag(lags, |h| parts().map(|(&r, v)| v * power(r, h)).sum())
    }

    fn coefficient(&self) -> Option<f64> {
        Some(self.exponent)
    }

    fn frames(&self) -> usize {
        2 + kept().len()
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], noise: &mut Noise<T>) -> NewSampler<T> {
        let kept = kept();
        let variances = self.variances(&kept);
        let mut fresh = noise.zeros();
        let mut parts: Vec<([T; 3], Matrix<T>)> = kept
            .iter()
            .zip(variances)
            .map(|(&r, v)| {
                let [start, scale] = [v.sqrt(), (v * (1.0 - r * r)).sqrt()];
                ([r, start, scale].map(T::from_f64), noise.zeros())
            })
            .collect();
        Ok(Box::new(move |frame, t, noise, _| {
            frame.as_mut_slice().fill(T::zero());
            for ([r, start, scale], part) in &mut parts {
                noise.fill(&mut fresh);
                let factor = if t == 0 { *start } else { *scale };
                let values = part.as_mut_slice().iter_mut().zip(fresh.as_slice());
                for (x, (y, &n)) in frame.as_mut_slice().iter_mut().zip(values) {
                    *y = *r * *y + factor * n;
                    *x += *y;
                }
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The density against the power law, at frequencies a third of an octave apart.
    #[test]
    fn spectra_follow_the_power_law() {
        for (exponent, tolerance) in [(0.2, 0.03), (0.5, 0.06), (1.0, 0.1), (1.5, 0.15)] {
            let kept = kept();
            let pink = Pink { exponent, variances: Derived::default() };
            let variances = pink.variances(&kept);
            assert!((variances.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let relative = |f: f64| {
                let found: f64 = kept.iter().zip(variances).map(|(&r, v)| v * density(r, f)).sum();
                (found * f.powf(exponent)).ln()
            };
            let octaves = (0..40).map(|i| relative(2f64.powf(-14.5 + f64::from(i) / 3.0)));
            let found: Vec<f64> = octaves.collect();
            let mean = found.iter().sum::<f64>() / 40.0;
            let worst = found.iter().map(|v| (v - mean).abs()).fold(0.0, f64::max);
            assert!(worst < tolerance, "alpha {exponent}: {worst}");
        }
    }
}
