//! What tests of jobs have in common.

use alignscope::condition::Kind;
use alignscope::data::Library;
use alignscope::experiment::run_job;
use alignscope::quantity::Quantity;
use alignscope::run::{Attempt, Job, JobResult, Record};
use alignscope::spec::Analysis;

/// The first job that `options` ask for, and what it gives; on embedded data.
pub fn run(kind: Kind, options: &[(&str, &str)]) -> (Job, JobResult) {
    let analysis = Analysis::from_options(kind, options.iter().copied()).unwrap();
    let job = analysis.job(&analysis.conditions[0], 0);
    let result = run_job(&job, &Attempt::bare(&|| false), &Library::default()).unwrap();
    (job, result)
}

/// What a result has of a quantity; `None` if it is absent there.
pub fn value(
    result: &JobResult,
    quantity: Quantity,
    iteration: usize,
    layer: usize,
    lag: Option<usize>,
) -> Option<f64> {
    let is = |r: &&Record| {
        r.quantity == quantity && r.iteration == iteration && r.layer == Some(layer) && r.lag == lag
    };
    result
        .records
        .iter()
        .find(is)
        .unwrap_or_else(|| panic!("no {} at {iteration}", quantity.name()))
        .value
}
