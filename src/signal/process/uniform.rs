//! Uniform noise: redrawn every iteration, of width 1 around its mean.

use super::{Arguments, Facts, FormError, Model, NewSampler, Noise, Real, by_lag};

pub(super) const FACTS: Facts = Facts {
    name: "uniform",
    form: "uniform",
    expected: "uniform, or uniform:mean=M,std=S",
    // A mixture of uniform values would not be uniform.
    modifiers: &["mean", "std"],
    gaussian: false,
    examples: &["uniform"],
    meaning: "redrawn every iteration, uniform on 0 to 1",
    ..Facts::COMMON
};

/// `uniform`.
#[derive(Clone, Debug, PartialEq)]
pub struct Uniform;

impl Model for Uniform {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        if arguments.numbers.is_empty() { Ok(Self) } else { Err(arguments.malformed()) }
    }

    fn mean(&self) -> f64 {
        0.5
    }

    fn std(&self) -> f64 {
        12f64.sqrt().recip()
    }

    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        by_lag(lags, |h| if h == 0 { 1.0 / 12.0 } else { 0.0 })
    }

    fn coefficient(&self) -> Option<f64> {
        Some(0.0)
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], _noise: &mut Noise<T>) -> NewSampler<T> {
        Ok(Box::new(|frame, _, noise, _| {
            noise.stream.fill_uniform(frame.as_mut_slice());
            let half = T::from_f64(0.5);
            frame.as_mut_slice().iter_mut().for_each(|x| *x -= half);
        }))
    }
}
