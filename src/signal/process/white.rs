//! White noise: redrawn every iteration, N(0, 1).

use super::{Arguments, Facts, FormError, Model, NewSampler, Noise, Real, by_lag};

pub(super) const FACTS: Facts = Facts {
    name: "white",
    form: "white",
    expected: "white, or white:mean=M,std=S",
    examples: &["white"],
    meaning: "redrawn every iteration, N(0, 1)",
    ..Facts::COMMON
};

/// `white`.
#[derive(Clone, Debug, PartialEq)]
pub struct White;

impl Model for White {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        if arguments.numbers.is_empty() { Ok(Self) } else { Err(arguments.malformed()) }
    }

    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        by_lag(lags, |h| f64::from(h == 0))
    }

    fn coefficient(&self) -> Option<f64> {
        Some(0.0)
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], _noise: &mut Noise<T>) -> NewSampler<T> {
        Ok(Box::new(|frame, _, noise, _| noise.fill(frame)))
    }
}
