//! What tests of jobs have in common.

use alignscope::condition::Kind;
use alignscope::data::Library;
use alignscope::experiment::run_job;
use alignscope::run::{Attempt, Job, JobResult};
use alignscope::spec::Analysis;

/// The first job that `options` ask for, and what it gives; on embedded data.
pub fn run(kind: Kind, options: &[(&str, &str)]) -> (Job, JobResult) {
    let analysis = Analysis::from_options(kind, options.iter().copied()).unwrap();
    let job = analysis.job(&analysis.conditions[0], 0);
    let result = run_job(&job, &Attempt::bare(&|| false), &Library::default()).unwrap();
    (job, result)
}
