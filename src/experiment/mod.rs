//! What a job does: the rule in isolation on signals, a network on data, a recorded one, or random
//! matrices, measured as it goes.

mod balance;
mod decomposed;
mod drive;
mod export;
mod isolate;
pub mod learning;
mod mechanism;
mod plane;
mod prediction;
mod ranked;
mod recorded;
mod recurrent;
mod replay;
mod sample;
mod train;
mod twin;

pub use prediction::{depth_run, expect, limit, linear_toy, predict, relu_network};

use crate::condition::Condition;
use crate::data::Library;
use crate::real::Precision;
use crate::run::{Attempt, Job, JobError, JobResult};
use drive::{Experiment, directions, drive};

/// Runs one job, with data sets from `library`.
///
/// # Errors
/// [`JobError::Interrupted`] once `attempt` is to stop; [`JobError::Failed`] if the data cannot be
/// had or a file not be written.
pub fn run_job(job: &Job, attempt: &Attempt<'_>, library: &Library) -> Result<JobResult, JobError> {
    match &job.condition {
        Condition::Isolate(condition) => match condition.precision {
            Precision::F32 => isolate::run::<f32>(job, condition, attempt),
            Precision::F64 => isolate::run::<f64>(job, condition, attempt),
        },
        Condition::Train(condition) => match condition.precision {
            Precision::F32 => train::run::<f32>(job, condition, attempt, library),
            Precision::F64 => train::run::<f64>(job, condition, attempt, library),
        },
        Condition::Replay(condition) => match condition.train.precision {
            Precision::F32 => replay::run::<f32>(job, condition, attempt, library),
            Precision::F64 => replay::run::<f64>(job, condition, attempt, library),
        },
        Condition::Plane(condition) => match condition.train.precision {
            Precision::F32 => plane::run::<f32>(job, condition, attempt, library),
            Precision::F64 => plane::run::<f64>(job, condition, attempt, library),
        },
        Condition::Recurrent(condition) => match condition.precision {
            Precision::F32 => recurrent::run::<f32>(job, condition, attempt),
            Precision::F64 => recurrent::run::<f64>(job, condition, attempt),
        },
        Condition::Recorded(condition) => recorded::run(job, condition, attempt),
        Condition::Sample(condition) => match condition.precision {
            Precision::F32 => sample::run::<f32>(job, condition, attempt),
            Precision::F64 => sample::run::<f64>(job, condition, attempt),
        },
    }
}
