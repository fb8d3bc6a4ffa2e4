//! How it is run: jobs, each once; the store, the parallel run that resumes, shards, summaries.
//!
//! ```text
//! Analysis -> Plan (jobs, each once) -> run -> series.csv, manifest.json, summaries
//! ```
//!
//! What a job computes is given to [`run()`] as a function; nothing here knows the rule or the
//! networks.

mod attempt;
mod audit;
#[cfg(feature = "parquet")]
mod columnar;
mod comparison;
mod directory;
mod error;
mod estimate;
mod execute;
#[cfg(test)]
mod fault;
mod files;
mod flag;
mod follow;
mod head;
mod job;
mod manifest;
pub mod memory;
mod merge;
mod outline;
mod plan;
mod progress;
mod report;
mod results;
mod series;
mod shard;
mod store;
mod stored;
mod summary;
mod tables;
mod work;

pub use attempt::{Attempt, Export};
#[cfg(feature = "cli")]
pub(crate) use audit::damaged_files;
pub use audit::{FIGURES, damaged_figures};
#[cfg(feature = "parquet")]
pub use columnar::{ParquetError, parquet_table};
pub use comparison::{Difference, differences};
pub use directory::{Finished, finished, is_stored};
pub use error::RunError;
pub use estimate::{Pending, Seconds, estimate, together};
pub use execute::{RunOptions, Runner, run};
pub use files::TableFile;
pub use flag::{Flag, Silenced, flags, silenced};
pub use follow::{Followed, Follower, Standing};
pub use head::{Described, read_directory, spec_paths};
pub use job::{Job, JobError, JobResult, Outcome, RESULTS_VERSION, Record};
pub use merge::{MergeSource, Merged, merge};
pub use outline::{Outline, outlines};
pub use plan::{Plan, PlanError, Planned};
pub use progress::{RunObserver, Unobserved, Work};
pub use report::{DivergedJob, Ended, RunReport};
pub use results::{Results, Values};
pub use series::{columns, series};
pub use shard::Shard;
pub use stored::{Stored, StoredDirectory, StoredError, read_runs};
pub use summary::{Discrepancy, Entry, Expected, Prediction, summarise};
pub use tables::{comparisons_table, summary_table, write_table};
