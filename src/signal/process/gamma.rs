//! The gamma distribution, scaled to variance 1, which is never negative, with the autocorrelation
//! that is asked for at lag 1: an autoregression of order 1 over a Gaussian copula.

use super::margin::Margin;
use super::student::arguments as text;
use super::{Arguments, Facts, FormError, Model, NewSampler, Noise, Real};
use statrs::distribution::{ContinuousCDF, Gamma as Law};

pub(super) const FACTS: Facts = Facts {
    name: "gamma",
    form: "gamma:SHAPE",
    expected: "gamma:SHAPE or gamma:SHAPE,ac=R, a shape from 0.1 to 1000, R below 1",
    keys: &["ac"],
    // A mixture of such values would not be of that distribution.
    modifiers: &["mean", "std"],
    gaussian: false,
    examples: &["gamma:2", "gamma:2,ac=0.7"],
    meaning: "gamma distribution of shape 2, variance 1: not negative, mean `sqrt(2)`; `ac` is the autocorrelation at lag 1",
    ..Facts::COMMON
};

/// `gamma:2,ac=0.7`.
#[derive(Clone, Debug, PartialEq)]
pub struct Gamma {
    shape: f64,
    correlation: f64,
}

impl Gamma {
    fn margin(&self) -> Margin {
        // Bounds on the shape keep the law defined.
        let law = Law::new(self.shape, self.shape.sqrt()).ok();
        let value = |below, above| law.as_ref().map_or(0.0, |law| quantile(law, below, above));
        Margin::new(value, self.correlation)
    }
}

impl Model for Gamma {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        let correlation = arguments.get("ac").unwrap_or(0.0);
        let [shape] = arguments.numbers[..] else { return Err(arguments.malformed()) };
        if !(0.1..=1000.0).contains(&shape) || correlation.abs() >= 1.0 {
            return Err(arguments.malformed());
        }
        let signal = Self { shape, correlation };
        // To find the least takes a while, and none is above 0.
        if correlation < 0.0 {
            let least = signal.margin().least_correlation();
            if correlation < least {
                return Err(arguments.expected(format!("ac= of at least {least:.4}")));
            }
        }
        Ok(signal)
    }

    fn arguments(&self) -> String {
        text(self.shape, self.correlation)
    }

    fn mean(&self) -> f64 {
        self.shape.sqrt()
    }

    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        self.margin().autocovariance(lags)
    }

    fn coefficient(&self) -> Option<f64> {
        Some(self.correlation)
    }

    fn frames(&self) -> usize {
        3
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], noise: &mut Noise<T>) -> NewSampler<T> {
        self.margin().sampler(noise)
    }
}

/// The value that a fraction `below` of the others lie below and `above` of them above, by bisection
/// between powers of two, on the smaller of the two, which has all its digits.
fn quantile(law: &Law, below: f64, above: f64) -> f64 {
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
