//! Student's distribution, scaled to variance 1, with the autocorrelation that is asked for at lag
//! 1: an autoregression of order 1 over a Gaussian copula.

use super::margin::Margin;
use super::{Arguments, Facts, FormError, Model, NewSampler, Noise, Real};
use statrs::distribution::{ContinuousCDF, StudentsT};

pub(super) const FACTS: Facts = Facts {
    name: "student",
    form: "student:DF",
    expected: "student:DF or student:DF,ac=R, above 2 degrees of freedom, R between -1 and 1",
    keys: &["ac"],
    // A mixture of such values would not be of that distribution.
    modifiers: &["mean", "std"],
    gaussian: false,
    examples: &["student:12", "student:12,ac=0.7"],
    meaning: "Student's t with 12 degrees of freedom, variance 1; `ac` is the autocorrelation at lag 1",
    ..Facts::COMMON
};

/// `student:12,ac=0.7`.
#[derive(Clone, Debug, PartialEq)]
pub struct Student {
    freedom: f64,
    correlation: f64,
}

impl Student {
    fn margin(&self) -> Margin {
        // Bounds on the degrees of freedom keep the law defined.
        let law = StudentsT::new(0.0, 1.0, self.freedom).ok();
        let quantile = |tail: f64| law.map_or(0.0, |law| law.inverse_cdf(tail));
        // Of the smaller tail, whose probability has all its digits.
        let value = |below: f64, above: f64| if below < above { quantile(below) } else { -quantile(above) };
        Margin::new(value, self.correlation)
    }
}

impl Model for Student {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        let correlation = arguments.get("ac").unwrap_or(0.0);
        let [freedom] = arguments.numbers[..] else { return Err(arguments.malformed()) };
        if freedom <= 2.0 || correlation.abs() >= 1.0 {
            return Err(arguments.malformed());
        }
        let signal = Self { freedom, correlation };
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
        arguments(self.freedom, self.correlation)
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

/// A number of the distribution, and the autocorrelation where there is one.
pub(super) fn arguments(number: f64, correlation: f64) -> String {
    if correlation == 0.0 { number.to_string() } else { format!("{number},ac={correlation}") }
}
