//! A process whose numbers have units of time, before it is known how long an iteration takes.

use super::{Arguments, Facts, FormError, Model, NewSampler, Noise, Real};
use crate::signal::error::RecordedError;

/// `ou:20ms` without the length of an iteration: it is neither drawn nor has it a covariance.
#[derive(Clone, Debug)]
pub struct Unclocked {
    /// What is known of the process that it stands for.
    pub(super) facts: &'static Facts,
    text: String,
    arguments: String,
    says_mean: bool,
}

impl PartialEq for Unclocked {
    fn eq(&self, other: &Self) -> bool {
        self.facts.name == other.facts.name && self.arguments == other.arguments
    }
}

impl Unclocked {
    /// Why it is of no use yet.
    pub(in crate::signal) fn error(&self) -> FormError {
        FormError::Unclocked { text: self.text.clone() }
    }
}

impl Model for Unclocked {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        let typed = arguments.typed().unwrap_or_default();
        let says_mean = arguments.get("mean").is_some();
        Ok(Self {
            facts: arguments.facts,
            text: arguments.text.into(),
            arguments: typed,
            says_mean,
        })
    }

    fn arguments(&self) -> String {
        self.arguments.clone()
    }

    /// That of the process is not known yet; whatever mean is said is another.
    fn mean(&self) -> f64 {
        if self.says_mean { f64::NAN } else { 0.0 }
    }

    fn check_shape(&self, _shape: [usize; 3]) -> Result<(), RecordedError> {
        Err(self.error().into())
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], _noise: &mut Noise<T>) -> NewSampler<T> {
        Err(self.error().into())
    }
}
