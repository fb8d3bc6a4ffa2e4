//! Names of what is in a run directory.

pub(super) const MANIFEST: &str = "manifest.json";

pub(super) const SERIES: &str = "series.csv";

pub(super) const LOG: &str = "log.json";

pub(super) const JOBS: &str = "jobs";
