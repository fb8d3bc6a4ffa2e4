//! Variance 1, and the spectral density that was measured.

use super::measured::{Measured, Moments};
use super::{Arguments, Facts, FileName, FormError, Model, NewSampler, Noise, Real, RecordedError};

pub(super) const FACTS: Facts = Facts {
    name: "psd",
    form: "psd:FILE",
    expected: "psd:FILE, with frequencies in cycles per iteration and densities in two columns",
    file: FileName::Always,
    examples: &["psd:spectrum.csv"],
    meaning: "variance 1, spectral density as measured: frequencies up to 1/2 cycle per iteration \
        and densities in two columns, or densities alone, equally spaced from 0 to 1/2",
    ..Facts::COMMON
};

/// `psd:spectrum.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Psd(Measured);

impl Model for Psd {
    fn read(arguments: &Arguments<'_>) -> Result<Self, FormError> {
        Measured::read(arguments, Moments::Density).map(Self)
    }

    fn arguments(&self) -> String {
        self.0.arguments()
    }

    fn autocovariance(&self, lags: usize) -> Option<Vec<f64>> {
        Some(self.0.regression().ok()?.autocovariance(lags))
    }

    fn frames(&self) -> usize {
        2 + self.0.regression().map_or(0, |regression| regression.lags())
    }

    fn check_shape(&self, _shape: [usize; 3]) -> Result<(), RecordedError> {
        self.0.regression().map(drop)
    }

    fn resolve(&mut self) -> Result<(), RecordedError> {
        self.0.resolve()
    }

    fn sampler<T: Real>(&self, _shape: [usize; 3], _noise: &mut Noise<T>) -> NewSampler<T> {
        Ok(self.0.regression()?.sampler(1.0))
    }
}
