//! A noisy oscillation of variance 1: an autoregression of order 2 with a resonance.
//!
//! ```text
//! x_t = 2 d cos(2 pi / period) x_{t-1} - d^2 x_{t-2} + s n_t,   d = exp(-1 / tau)
//! ```
//!
//! Its autocovariance is a cosine of that period, of which `d^h` is left after `h` iterations, and
//! whose phase is a little shifted.

use super::ar::AutoRegression;
use super::{Arguments, Facts, FormError, Measure, Model, NewSampler, Noise, Real, list};
use std::f64::consts::TAU;

pub(super) const FACTS: Facts = Facts {
    name: "osc",
    form: "osc:PERIOD,TAU",
    expected: "osc:PERIOD,TAU, a period of at least 2 iterations and a time constant above 0",
    measures: &[Measure::Time, Measure::Time],
    examples: &["osc:12,30"],
    meaning: "oscillation of variance 1, period 12, that forgets its phase over 30 iterations",
    ..Facts::COMMON
};

/// `osc:12,30`.
#[derive(Clone, Debug, PartialEq)]
pub struct Osc {
    /// In iterations.
    period: f64,
    /// In iterations.
    time_constant: f64,
    regression: AutoRegression,
}

impl Model for Osc {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        let [period, time_constant] = arguments.numbers[..] else {
            return Err(arguments.malformed());
        };
        if period < 2.0 || time_constant <= 0.0 {
            return Err(arguments.malformed());
        }
        let decay = (-1.0 / time_constant).exp();
        let coefficients = [2.0 * decay * (TAU / period).cos(), -decay * decay];
        let regression = AutoRegression::new(&coefficients);
        let regression = regression.map_err(|(lag, k)| arguments.unstable(lag, k))?;
        Ok(Self { period, time_constant, regression })
    }

    fn arguments(&self) -> String {
        list(&[self.period, self.time_constant])
    }

    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        let variance = self.regression.variance();
        Some(self.regression.autocovariance(lags).into_iter().map(|c| c / variance).collect())
    }

    fn coefficient(&self) -> Option<f64> {
        Some(self.period)
    }

    fn time(&self) -> Option<(&'static str, f64)> {
        Some(("period", self.period))
    }

    fn frames(&self) -> usize {
        4
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], _noise: &mut Noise<T>) -> NewSampler<T> {
        Ok(self.regression.clone().sampler(1.0 / self.regression.variance().sqrt()))
    }
}
