//! Names of what is in a run directory.

pub(super) const MANIFEST: &str = "manifest.json";

pub(super) const SERIES: &str = "series.csv";

pub(super) const LOG: &str = "log.json";

pub(super) const JOBS: &str = "jobs";

/// A table beside the results: nothing is read from it, and a change in it is told of all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFile {
    /// What a run summarised.
    Summary,
    /// The conditions that it compared.
    Comparisons,
    /// What a judgement came to.
    Verdicts,
}

impl TableFile {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary.csv",
            Self::Comparisons => "comparisons.csv",
            Self::Verdicts => "verdicts.csv",
        }
    }
}
