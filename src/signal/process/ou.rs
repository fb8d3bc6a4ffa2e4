//! The Ornstein-Uhlenbeck process of variance 1, seen once per iteration: the autoregression of
//! order 1 by its time constant.
//!
//! ```text
//! autocovariance exp(-h / tau)
//! ```

use super::linear::recursion;
use super::{Arguments, Facts, FormError, Measure, Model, NewSampler, Noise, Real, by_lag};

pub(super) const FACTS: Facts = Facts {
    name: "ou",
    form: "ou:TAU",
    expected: "ou:TAU, a time constant above 0",
    measures: &[Measure::Time],
    examples: &["ou:20"],
    meaning: "Ornstein-Uhlenbeck of variance 1, autocovariance `exp(-h / 20)`",
    ..Facts::COMMON
};

/// `ou:20`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ou {
    /// In iterations.
    time_constant: f64,
}

impl Model for Ou {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        match arguments.numbers[..] {
            [time_constant] if time_constant > 0.0 => Ok(Self { time_constant }),
            _ => Err(arguments.malformed()),
        }
    }

    fn arguments(&self) -> String {
        self.time_constant.to_string()
    }

    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        by_lag(lags, |h| (-(h as f64) / self.time_constant).exp())
    }

    fn coefficient(&self) -> Option<f64> {
        Some(self.time_constant)
    }

    fn time(&self) -> Option<(&'static str, f64)> {
        Some(("time constant", self.time_constant))
    }

    fn frames(&self) -> usize {
        2
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], noise: &mut Noise<T>) -> NewSampler<T> {
        let rate = 1.0 / self.time_constant;
        // 1 - exp(-2 rate), without the rounding of a difference between numbers near 1.
        Ok(recursion([(-rate).exp(), (-(-2.0 * rate).exp_m1()).sqrt()], noise))
    }
}
