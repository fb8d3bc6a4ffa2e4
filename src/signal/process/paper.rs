//! The recursion of the paper (Fig 4), which is not stationary.
//!
//! ```text
//! x_t = b x_{t-1} + (1 - b) n_t,   x_0 ~ N(0, 1)
//! ```

use super::linear::recursion;
use super::{
    Arguments, Facts, FormError, Matrix, Model, NewSampler, Noise, Real, power, symmetric,
};

pub(super) const FACTS: Facts = Facts {
    name: "paper",
    form: "paper:B",
    expected: "paper:B, one number from 0 to 1",
    examples: &["paper:0.8"],
    meaning: "`x <- b x + (1 - b) n` from N(0, 1): the paper's recursion, whose variance falls to \
        (1 - b) / (1 + b)",
    ..Facts::COMMON
};

/// `paper:0.8`.
#[derive(Clone, Debug, PartialEq)]
pub struct Paper {
    b: f64,
}

impl Paper {
    /// Variance after `steps` iterations, from variance 1.
    fn variance(&self, steps: usize) -> f64 {
        let b = self.b;
        if b == 1.0 {
            return 1.0;
        }
        let limit = (1.0 - b) / (1.0 + b);
        limit + (1.0 - limit) * power(b * b, steps)
    }
}

impl Model for Paper {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        match arguments.numbers[..] {
            [b] if (0.0..=1.0).contains(&b) => Ok(Self { b }),
            _ => Err(arguments.malformed()),
        }
    }

    fn arguments(&self) -> String {
        self.b.to_string()
    }

    fn covariance(&self, iterations: usize, scale: f64) -> Option<Matrix<f64>> {
        let variance: Vec<f64> = (0..iterations).map(|s| scale * self.variance(s)).collect();
        Some(symmetric(iterations, |s, t| variance[s] * power(self.b, t - s)))
    }

    fn coefficient(&self) -> Option<f64> {
        Some(self.b)
    }

    fn frames(&self) -> usize {
        2
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], noise: &mut Noise<T>) -> NewSampler<T> {
        Ok(recursion([self.b, 1.0 - self.b], noise))
    }
}
