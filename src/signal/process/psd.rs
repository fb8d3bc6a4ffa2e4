//! Variance 1, and the spectral density that was measured.

use super::measured::{Density, Measured};
use super::{Facts, FileName};

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
pub type Psd = Measured<Density>;
