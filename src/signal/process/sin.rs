//! A sine of variance 1 whose phase is drawn for each unit of each sample.
//!
//! ```text
//! x_t = sqrt(2) cos(2 pi t / period + phase);   autocovariance cos(2 pi h / period)
//! ```

use super::{Arguments, Facts, FormError, Measure, Model, NewSampler, Noise, Real, by_lag};
use std::f64::consts::TAU;

pub(super) const FACTS: Facts = Facts {
    name: "sin",
    form: "sin:PERIOD",
    expected: "sin:PERIOD, at least 2 iterations",
    measures: &[Measure::Time],
    // A mixture of sines would not have their amplitude.
    modifiers: &["mean", "std"],
    gaussian: false,
    examples: &["sin:12"],
    meaning: "sine of variance 1 with a period of 12 iterations, phases drawn once",
    ..Facts::COMMON
};

/// `sin:12`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sin {
    /// In iterations.
    period: f64,
}

impl Sin {
    /// Cosine and sine of the angle that `t` iterations turn.
    fn turn(&self, t: usize) -> (f64, f64) {
        // Whole periods are taken off first: they would cost digits.
        let (sin, cos) = (TAU * (t as f64 % self.period) / self.period).sin_cos();
        (cos, sin)
    }
}

impl Model for Sin {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        match arguments.numbers[..] {
            [period] if period >= 2.0 => Ok(Self { period }),
            _ => Err(arguments.malformed()),
        }
    }

    fn arguments(&self) -> String {
        self.period.to_string()
    }

    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        by_lag(lags, |h| self.turn(h).0)
    }

    fn coefficient(&self) -> Option<f64> {
        Some(self.period)
    }

    fn time(&self) -> Option<(&'static str, f64)> {
        Some(("period", self.period))
    }

    fn frames(&self) -> usize {
        3
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], noise: &mut Noise<T>) -> NewSampler<T> {
        let (sine, mut cosines, mut sines) = (self.clone(), noise.zeros(), noise.zeros());
        Ok(Box::new(move |frame, t, noise, _| {
            if t == 0 {
                noise.stream.fill_uniform(cosines.as_mut_slice());
                for (c, s) in cosines.as_mut_slice().iter_mut().zip(sines.as_mut_slice()) {
                    let (sin, cos) = (TAU * c.to_f64()).sin_cos();
                    (*c, *s) = (T::from_f64(cos), T::from_f64(sin));
                }
            }
            let (cos, sin) = sine.turn(t);
            let root = std::f64::consts::SQRT_2;
            let (cos, sin) = (T::from_f64(root * cos), T::from_f64(root * sin));
            let phases = cosines.as_slice().iter().zip(sines.as_slice());
            for (x, (&c, &s)) in frame.as_mut_slice().iter_mut().zip(phases) {
                *x = cos * c - sin * s;
            }
        }))
    }
}
