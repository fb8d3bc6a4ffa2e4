//! The moving average of noise of variance 1.
//!
//! ```text
//! x_t = c_0 n_t + c_1 n_{t-1} + ...
//! ```

use super::linear::History;
use super::{Arguments, Facts, FormError, Model, NewSampler, Noise, Real, by_lag, list};

pub(super) const FACTS: Facts = Facts {
    name: "ma",
    form: "ma:C0,C1,...",
    expected: "ma: and at least one number",
    examples: &["ma:1,0.5"],
    meaning: "moving average `n_t + 0.5 n_{t-1}` of noise of variance 1",
    ..Facts::COMMON
};

/// `ma:1,0.5`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ma {
    weights: Vec<f64>,
}

impl Model for Ma {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        match &arguments.numbers[..] {
            [] => Err(arguments.malformed()),
            weights => Ok(Self { weights: weights.to_vec() }),
        }
    }

    fn arguments(&self) -> String {
        list(&self.weights)
    }

    fn std(&self) -> f64 {
        self.weights.iter().map(|w| w * w).sum::<f64>().sqrt()
    }

    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        let later = |h: usize| self.weights.iter().skip(h);
        by_lag(lags, |h| self.weights.iter().zip(later(h)).map(|(a, b)| a * b).sum())
    }

    fn coefficient(&self) -> Option<f64> {
        self.weights.last().copied()
    }

    fn frames(&self) -> usize {
        2 + self.weights.len()
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], noise: &mut Noise<T>) -> NewSampler<T> {
        let weights = self.weights.clone();
        let mut past = History::new(weights.len() - 1);
        (1..weights.len()).for_each(|_| past.push(noise.frame()));
        Ok(Box::new(move |frame, _, noise, _| {
            let latest = noise.frame();
            frame.as_mut_slice().copy_from_slice(latest.as_slice());
            frame.scale(T::from_f64(weights[0]));
            past.add_weighted(frame, &weights[1..]);
            past.push(latest);
        }))
    }
}
