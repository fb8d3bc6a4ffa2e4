//! The gamma distribution, scaled to variance 1, which is never negative, with the autocorrelation
//! that is asked for at lag 1: an autoregression of order 1 over a Gaussian copula.

use super::Facts;
use super::margin::{Copula, Law};
use statrs::distribution::{ContinuousCDF, Gamma as Distribution};

pub(super) const FACTS: Facts = Facts {
    name: "gamma",
    form: "gamma:SHAPE",
    expected: "gamma:SHAPE or gamma:SHAPE,ac=R, a shape from 0.1 to 1000, R below 1",
    keys: &["ac"],
    // A mixture of such values would not be of that distribution.
    modifiers: &["mean", "std"],
    gaussian: false,
    examples: &["gamma:2", "gamma:2,ac=0.7"],
    meaning: "gamma distribution of shape 2, variance 1: not negative, mean `sqrt(2)`; `ac` is the \
        autocorrelation at lag 1",
    ..Facts::COMMON
};

/// `gamma:2,ac=0.7`.
pub type Gamma = Copula<Shape>;

/// Its shape, which is its variance at rate 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape(Distribution);

impl Law for Shape {
    fn new(number: f64) -> Option<Self> {
        let law = Distribution::new(number, number.sqrt()).ok();
        law.filter(|_| (0.1..=1000.0).contains(&number)).map(Self)
    }

    fn number(self) -> f64 {
        self.0.shape()
    }

    fn mean(self) -> f64 {
        self.number().sqrt()
    }

    /// By bisection between powers of two.
    fn quantile(self, below: f64, above: f64) -> f64 {
        let law = self.0;
        let is_less = |x: f64| if below < above { law.cdf(x) < below } else { law.sf(x) > above };
        let (mut low, mut high) = (0.0, 1.0);
        while is_less(high) {
            (low, high) = (high, 2.0 * high);
        }
        while high - low > 1e-15 * high && high > f64::MIN_POSITIVE {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            if is_less(middle) { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }
}
