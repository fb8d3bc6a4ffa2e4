//! Values that are drawn once, or redrawn every so many iterations, N(0, 1).

use super::{
    Arguments, Facts, FormError, Matrix, Measure, Model, NewSampler, Noise, Real, symmetric,
};

pub(super) const FACTS: Facts = Facts {
    name: "held",
    form: "held, held:N",
    expected: "held, or held:N with a whole number of iterations from 1",
    measures: &[Measure::Time],
    examples: &["held", "held:2"],
    meaning: "N(0, 1), drawn once; redrawn every 2 iterations",
    ..Facts::COMMON
};

/// `held`, `held:2`.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// Iterations between draws; `None` if there is but one draw.
    period: Option<usize>,
}

impl Held {
    /// Drawn once.
    pub(in crate::signal) const FOREVER: Self = Self { period: None };
}

impl Model for Held {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        match arguments.numbers[..] {
            [] => Ok(Self::FOREVER),
            [n] if n >= 1.0 && n.fract() == 0.0 && n <= 1e9 => {
                Ok(Self { period: Some(n as usize) })
            }
            _ => Err(arguments.malformed()),
        }
    }

    fn arguments(&self) -> String {
        self.period.map_or_else(String::new, |period| period.to_string())
    }

    // The covariance depends on when values are redrawn, and those drawn once have no spectrum:
    // there is none by lag.
    fn covariance(&self, iterations: usize, scale: f64) -> Option<Matrix<f64>> {
        let draw = |t: usize| self.period.map_or(0, |period| t / period);
        Some(symmetric(iterations, |s, t| if draw(s) == draw(t) { scale } else { 0.0 }))
    }

    fn coefficient(&self) -> Option<f64> {
        Some(self.period.map_or(1.0, |period| period as f64))
    }

    fn time(&self) -> Option<(&'static str, f64)> {
        self.period.map(|period| ("duration", period as f64))
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], _noise: &mut Noise<T>) -> NewSampler<T> {
        let period = self.period;
        Ok(Box::new(move |frame, t, noise, _| {
            if t == 0 || period.is_some_and(|period| t.is_multiple_of(period)) {
                noise.fill(frame);
            }
        }))
    }
}
