//! The autoregression of order 1 and variance 1.
//!
//! ```text
//! x_t = r x_{t-1} + sqrt(1 - r^2) n_t,   x_0 ~ N(0, 1);   autocovariance r^h
//! ```

use super::linear::recursion;
use super::{Arguments, Facts, FormError, Model, NewSampler, Noise, Real, by_lag, power};

pub(super) const FACTS: Facts = Facts {
    name: "ar1",
    form: "ar1:R",
    expected: "ar1:R, one coefficient between -1 and 1",
    examples: &["ar1:0.9"],
    meaning: "first-order autoregression of variance 1, autocovariance `0.9^h`",
    ..Facts::COMMON
};

/// `ar1:0.9`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ar1 {
    r: f64,
}

impl Model for Ar1 {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        match arguments.numbers[..] {
            [r] if r.abs() >= 1.0 => Err(arguments.unstable(1, r)),
            [r] => Ok(Self { r }),
            _ => Err(arguments.malformed()),
        }
    }

    fn arguments(&self) -> String {
        self.r.to_string()
    }

    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        by_lag(lags, |h| power(self.r, h))
    }

    fn coefficient(&self) -> Option<f64> {
        Some(self.r)
    }

    fn frames(&self) -> usize {
        2
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], noise: &mut Noise<T>) -> NewSampler<T> {
        Ok(recursion([self.r, (1.0 - self.r * self.r).sqrt()], noise))
    }
}
