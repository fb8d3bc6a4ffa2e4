//! Student's distribution, scaled to variance 1, with the autocorrelation that is asked for at lag
//! 1: an autoregression of order 1 over a Gaussian copula.

use super::Facts;
use super::margin::{Copula, Law};
use statrs::distribution::{ContinuousCDF, StudentsT};

pub(super) const FACTS: Facts = Facts {
    name: "student",
    form: "student:DF",
    expected: "student:DF or student:DF,ac=R, above 2 and at most 1e6 degrees of freedom, R between -1 and 1",
    keys: &["ac"],
    // A mixture of such values would not be of that distribution.
    modifiers: &["mean", "std"],
    gaussian: false,
    examples: &["student:12", "student:12,ac=0.7"],
    meaning: "Student's t with 12 degrees of freedom, variance 1; `ac` is the autocorrelation at \
        lag 1",
    ..Facts::COMMON
};

/// Beyond these the distribution is a Gaussian to nine digits, and its quantiles are not found.
const MOST_FREEDOM: f64 = 1e6;

/// `student:12,ac=0.7`.
pub type Student = Copula<Freedom>;

/// Degrees of freedom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Freedom(StudentsT);

impl Law for Freedom {
    fn new(number: f64) -> Option<Self> {
        let law = StudentsT::new(0.0, 1.0, number)
            .ok()
            .filter(|_| number > 2.0 && number <= MOST_FREEDOM);
        law.map(Self)
    }

    fn number(self) -> f64 {
        self.0.freedom()
    }

    fn mean(self) -> f64 {
        0.0
    }

    fn quantile(self, below: f64, above: f64) -> f64 {
        if below < above { self.0.inverse_cdf(below) } else { -self.0.inverse_cdf(above) }
    }
}
