//! A recording, and everything that was made of it.

use crate::cli::spectra::report::Row;
use crate::recorded::{Findings, Missing, Questions, RecordedRun};
use std::path::PathBuf;

/// Spectrum of one state of one layer.
pub(super) struct Spectrum {
    pub layer: usize,
    pub state: usize,
    pub rows: Vec<Row>,
}

/// A recording with everything that was made of it.
pub(super) struct Analysis {
    pub path: PathBuf,
    pub run: RecordedRun,
    pub questions: Questions,
    pub missing: Vec<Missing>,
    pub findings: Findings,
    pub spectra: Vec<Spectrum>,
    /// Layers whose spectra are too costly.
    pub too_large: Vec<usize>,
}

impl Analysis {
    /// Units of every layer.
    pub fn sizes(&self) -> Vec<Option<usize>> {
        (0..=self.run.depth()).map(|l| self.run.units(l)).collect()
    }

    /// Number of recorded states.
    pub fn states(&self) -> usize {
        (0..self.run.depth())
            .filter_map(|l| self.run.weights(l))
            .map(|w| w.len())
            .max()
            .unwrap_or(0)
    }
}
