//! Spikes that come at random, each of which decays: never negative.
//!
//! ```text
//! x_t = d x_{t-1} + s_t,   s_t ~ Poisson(rate),   d = exp(-1 / tau)
//! mean rate / (1 - d),   autocovariance rate d^h / (1 - d^2)
//! ```

use super::{Arguments, Facts, FormError, Measure, Model, NewSampler, Noise, Real, by_lag, list};
use crate::random::Stream;
use rand_distr::{Distribution, Poisson as Law};

pub(super) const FACTS: Facts = Facts {
    name: "poisson",
    form: "poisson:RATE,TAU",
    expected: "poisson:RATE,TAU, spikes per iteration from 1e-6 on and a time constant from 0.1 to \
        1e5 iterations, with at most 1e4 spikes within one: more are hardly told from normal values",
    measures: &[Measure::Rate, Measure::Time],
    // Mixed spikes could be negative.
    modifiers: &["mean", "std"],
    gaussian: false,
    examples: &["poisson:0.2,5"],
    meaning: "0.2 spikes per iteration, each decaying over 5: not negative, mean `rate / (1 - d)`, \
        autocovariance `rate d^h / (1 - d^2)`, `d = exp(-1/5)`",
    ..Facts::COMMON
};

/// Within a time constant. The first value is the sum of forty times as many, and is drawn at once
/// for every unit and sample; the skewness of values is a hundredth there.
const MOST_SPIKES: f64 = 1e4;

/// `poisson:0.2,5`.
#[derive(Clone, Debug, PartialEq)]
pub struct Poisson {
    /// Spikes per iteration.
    rate: f64,
    /// In iterations.
    time_constant: f64,
}

impl Poisson {
    /// What is left of a spike after an iteration.
    fn decay(&self) -> f64 {
        (-1.0 / self.time_constant).exp()
    }

    /// A value that has run for ever: every spike of the past, until nothing is left of one. Their
    /// number is Poisson, and each is as likely to have come at one iteration as at any other.
    fn settled(&self, stream: &mut Stream) -> f64 {
        let past = (40.0 * self.time_constant).ceil();
        let spikes = draw(self.rate * past, stream) as usize;
        let age = |_| -(stream.below(past as u64) as f64) / self.time_constant;
        (0..spikes).map(age).map(f64::exp).sum()
    }
}

/// A Poisson number.
fn draw(mean: f64, stream: &mut Stream) -> f64 {
    // Bounds on rate and time constant keep the mean where the law is defined.
    Law::new(mean).map_or(0.0, |law| law.sample(stream))
}

impl Model for Poisson {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        match arguments.numbers[..] {
            [rate, time_constant]
                if rate >= 1e-6
                    && (0.1..=1e5).contains(&time_constant)
                    && rate * time_constant <= MOST_SPIKES =>
            {
                Ok(Self { rate, time_constant })
            }
            _ => Err(arguments.malformed()),
        }
    }

    fn arguments(&self) -> String {
        list(&[self.rate, self.time_constant])
    }

    fn mean(&self) -> f64 {
        self.rate / (1.0 - self.decay())
    }

    fn std(&self) -> f64 {
        (self.rate / (1.0 - self.decay().powi(2))).sqrt()
    }

    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        let variance = self.rate / (1.0 - self.decay().powi(2));
        by_lag(lags, |h| variance * (-(h as f64) / self.time_constant).exp())
    }

    fn coefficient(&self) -> Option<f64> {
        Some(self.time_constant)
    }

    fn time(&self) -> Option<(&'static str, f64)> {
        Some(("time constant", self.time_constant))
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], _noise: &mut Noise<T>) -> NewSampler<T> {
        let (spikes, decay, mean) = (self.clone(), self.decay(), self.mean());
        Ok(Box::new(move |frame, t, noise, _| {
            for x in frame.as_mut_slice() {
                let value = if t == 0 {
                    spikes.settled(&mut noise.stream)
                } else {
                    decay * (x.to_f64() + mean) + draw(spikes.rate, &mut noise.stream)
                };
                *x = T::from_f64(value - mean);
            }
        }))
    }
}
