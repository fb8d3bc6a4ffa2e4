//! A number that never changes.

use super::{Arguments, Facts, FormError, Model, NewSampler, Noise, Real, by_lag};

pub(super) const FACTS: Facts = Facts {
    name: "constant",
    form: "constant:C",
    expected: "constant:C, one number",
    // The number is the mean, and there is nothing around it.
    modifiers: &[],
    examples: &["constant:1"],
    meaning: "that number always",
    ..Facts::COMMON
};

/// `constant:1`.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    value: f64,
}

impl Model for Constant {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        let &[value] = &arguments.numbers[..] else { return Err(arguments.malformed()) };
        Ok(Self { value })
    }

    fn arguments(&self) -> String {
        self.value.to_string()
    }

    fn mean(&self) -> f64 {
        self.value
    }

    fn std(&self) -> f64 {
        0.0
    }

    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        by_lag(lags, |_| 0.0)
    }

    fn coefficient(&self) -> Option<f64> {
        Some(1.0)
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], _noise: &mut Noise<T>) -> NewSampler<T> {
        // The frame stays at the zeros of the start.
        Ok(Box::new(|_, _, _, _| {}))
    }
}
