//! Names of what is in a run directory.

pub(super) const MANIFEST: &str = "manifest.json";

pub(super) const SERIES: &str = "series.csv";

pub(super) const LOG: &str = "log.json";

pub(super) const JOBS: &str = "jobs";

/// Tables that a run writes beside its results: nothing is read from them, and a change in them is told of all the same.
pub(super) const TABLES: [&str; 2] = ["summary.csv", "comparisons.csv"];

/// The table of a judgement.
pub(super) const VERDICTS: &str = "verdicts.csv";
