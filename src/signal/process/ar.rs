//! The autoregression of any order, of noise of variance 1, stationary from its first value on.
//!
//! ```text
//! x_t = r_1 x_{t-1} + r_2 x_{t-2} + ... + n_t
//! ```

use super::linear::History;
use super::{Arguments, Facts, FormError, Model, NewSampler, Noise, Real, Sampler, list};

pub(super) const FACTS: Facts = Facts {
    name: "ar",
    form: "ar:R1,R2,...",
    expected: "ar: and at least one number",
    examples: &["ar:0.5,0.3"],
    meaning: "autoregression of noise of variance 1, stationary from the start",
    ..Facts::COMMON
};

/// `ar:0.5,0.3`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ar {
    regression: AutoRegression,
}

impl Ar {
    fn coefficients(&self) -> &[f64] {
        self.regression.step(usize::MAX).0
    }
}

impl Model for Ar {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        if arguments.numbers.is_empty() {
            return Err(arguments.malformed());
        }
        let regression = AutoRegression::new(&arguments.numbers);
        let regression = regression.map_err(|(lag, k)| arguments.unstable(lag, k))?;
        Ok(Self { regression })
    }

    fn arguments(&self) -> String {
        list(self.coefficients())
    }

    fn std(&self) -> f64 {
        self.regression.variance().sqrt()
    }

    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        Some(self.regression.autocovariance(lags))
    }

    fn coefficient(&self) -> Option<f64> {
        self.coefficients().last().copied()
    }

    fn frames(&self) -> usize {
        2 + self.coefficients().len()
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], _noise: &mut Noise<T>) -> NewSampler<T> {
        Ok(self.regression.clone().sampler(1.0))
    }
}

/// An autoregression, with what its start and its autocovariance need.
#[derive(Clone, Debug, PartialEq)]
pub struct AutoRegression {
    /// Best predictors of orders `0 .. p`: `order[m][j-1]` weighs the value `j` iterations back.
    orders: Vec<Vec<f64>>,
    /// Variance of what they leave open: the last is that of the noise.
    variances: Vec<f64>,
}

impl AutoRegression {
    /// That of unit noise: steps the Durbin-Levinson recursion down from the coefficients of order
    /// p (Brockwell & Davis 1991, section 5.2).
    ///
    /// # Errors
    /// If the process is not stationary: the lag and value of a reflection coefficient of size 1 or
    /// more.
    pub fn new(coefficients: &[f64]) -> Result<Self, (usize, f64)> {
        let (mut orders, mut variances) = (vec![coefficients.to_vec()], vec![1.0]);
        for m in (1..=coefficients.len()).rev() {
            let current = &orders[orders.len() - 1];
            let k = current[m - 1];
            if k.is_nan() || k.abs() >= 1.0 {
                return Err((m, k));
            }
            let shorter =
                (0..m - 1).map(|j| (current[j] + k * current[m - 2 - j]) / (1.0 - k * k)).collect();
            variances.push(variances[variances.len() - 1] / (1.0 - k * k));
            orders.push(shorter);
        }
        orders.reverse();
        variances.reverse();
        Ok(Self { orders, variances })
    }

    /// Variance 1 and nothing that could be predicted.
    pub fn white() -> Self {
        Self { orders: vec![Vec::new()], variances: vec![1.0] }
    }

    /// The one of variance 1 with these autocorrelations at lags `0 .. p`, the first of which is 1:
    /// steps the same recursion up. It ends before lag p where what the past leaves open falls
    /// below the share `foreseen` of the variance.
    ///
    /// # Errors
    /// The first lag at which no process has such autocorrelations.
    pub fn of_autocorrelations(autocorrelations: &[f64], foreseen: f64) -> Result<Self, usize> {
        let mut found = Self::white();
        for m in 1..autocorrelations.len() {
            let (current, open) = (&found.orders[m - 1], found.variances[m - 1]);
            if open < foreseen {
                break;
            }
            let weighted = current.iter().enumerate().map(|(j, w)| w * autocorrelations[m - 1 - j]);
            let k = (autocorrelations[m] - weighted.sum::<f64>()) / open;
            if k.is_nan() || k.abs() >= 1.0 {
                return Err(m);
            }
            let mut next: Vec<f64> =
                (0..m - 1).map(|j| current[j] - k * current[m - 2 - j]).collect();
            next.push(k);
            found.orders.push(next);
            found.variances.push(open * (1.0 - k * k));
        }
        Ok(found)
    }

    /// Number of past values that the next one depends on.
    pub fn lags(&self) -> usize {
        self.orders.len() - 1
    }

    /// Weights of the values 1, 2, ... iterations back and the standard deviation of the noise at
    /// iteration `t`.
    fn step(&self, t: usize) -> (&[f64], f64) {
        let order = t.min(self.orders.len() - 1);
        (&self.orders[order], self.variances[order].sqrt())
    }

    /// The variance of the process.
    pub fn variance(&self) -> f64 {
        self.variances[0]
    }

    /// Draws the process times a factor: the best prediction from the past, and noise.
    pub(super) fn sampler<T: Real>(self, factor: f64) -> Sampler<T> {
        let mut past = History::new(self.orders.len() - 1);
        Box::new(move |frame, t, noise, _| {
            let (weights, sd) = self.step(t);
            noise.fill(frame);
            frame.scale(T::from_f64(factor * sd));
            past.add_weighted(frame, weights);
            past.push(frame.clone());
        })
    }

    /// Autocovariance at lags `0 .. lags - 1`.
    pub fn autocovariance(&self, lags: usize) -> Vec<f64> {
        let mut out: Vec<f64> = Vec::with_capacity(lags);
        let p = self.orders.len() - 1;
        for h in 0..lags {
            let value = match h {
                0 => self.variances[0],
                _ if h <= p => {
                    let shorter = &self.orders[h - 1];
                    let predicted: f64 =
                        shorter.iter().enumerate().map(|(j, w)| w * out[h - 1 - j]).sum();
                    predicted + self.orders[h][h - 1] * self.variances[h - 1]
                }
                _ => self.orders[p].iter().enumerate().map(|(j, w)| w * out[h - 1 - j]).sum(),
            };
            out.push(value);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn autoregression_recovers_its_own_coefficients() {
        let ar = AutoRegression::new(&[0.4, -0.3, 0.2]).unwrap();
        let c = ar.autocovariance(10);
        for h in 1..10usize {
            let at = |lag: isize| c[lag.unsigned_abs()];
            let h = h as isize;
            let predicted = 0.4 * at(h - 1) - 0.3 * at(h - 2) + 0.2 * at(h - 3);
            assert!((at(h) - predicted).abs() < 1e-12);
        }
        let noise = c[0] - 0.4 * c[1] + 0.3 * c[2] - 0.2 * c[3];
        assert!((noise - 1.0).abs() < 1e-12);
        assert_eq!(AutoRegression::new(&[0.0, 1.0]), Err((2, 1.0)));
    }
}
