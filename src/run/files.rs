//! Names of what is in a run directory.

pub(super) const MANIFEST: &str = "manifest.json";

pub(super) const SERIES: &str = "series.csv";

pub(super) const LOG: &str = "log.json";

pub(super) const JOBS: &str = "jobs";

/// A table beside the results: nothing is read from it, but a change in it is reported all the
/// same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFile {
    /// What a run summarised.
    Summary,
    /// The conditions that it compared.
    Comparisons,
    /// What a judgement came to.
    Verdicts,
    /// Every recorded value, as Parquet.
    SeriesParquet,
    /// What a run summarised, as Parquet.
    SummaryParquet,
    /// The conditions that it compared, as Parquet.
    ComparisonsParquet,
}

impl TableFile {
    /// Tables that are written on request, and by every run that finds them.
    pub const PARQUET: [Self; 3] =
        [Self::SeriesParquet, Self::SummaryParquet, Self::ComparisonsParquet];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary.csv",
            Self::Comparisons => "comparisons.csv",
            Self::Verdicts => "verdicts.csv",
            Self::SeriesParquet => "series.parquet",
            Self::SummaryParquet => "summary.parquet",
            Self::ComparisonsParquet => "comparisons.parquet",
        }
    }
}
