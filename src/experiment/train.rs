//! One repeat of a network on data.

use super::{Experiment, drive};
use crate::analysis::{DataName, Job, JobError, JobResult, Quantity, Rule, TrainCondition};
use crate::data::{DataSet, digits};
use crate::network::{Setup, Trainer};
use crate::real::Real;
use crate::rule::{Feedback, Layers};

struct Run<'a, T: Real> {
    trainer: Trainer<'a, T>,
    data: &'a DataSet<T>,
}

impl<T: Real> Experiment<T> for Run<'_, T> {
    fn layers(&self) -> &Layers<T> {
        self.trainer.layers()
    }

    fn feedback(&self) -> &Feedback<T> {
        self.trainer.feedback()
    }

    fn update_alignment(&mut self) -> Vec<Option<f64>> {
        self.trainer.update_alignment()
    }

    fn own(&mut self, quantity: Quantity, _: Option<usize>) -> Option<f64> {
        match quantity {
            Quantity::TestAccuracy => Some(self.trainer.evaluate(&self.data.test).accuracy),
            Quantity::TrainAccuracy => Some(self.trainer.evaluate(&self.data.train).accuracy),
            Quantity::Loss => Some(self.trainer.evaluate(&self.data.train).loss),
            _ => None,
        }
    }

    fn step(&mut self) {
        self.trainer.step();
    }
}

pub(super) fn run<T: Real>(
    job: &Job,
    condition: &TrainCondition,
    stop: &dyn Fn() -> bool,
) -> Result<JobResult, JobError> {
    let data = match condition.data {
        DataName::Digits => digits::<T>().map_err(|error| JobError::Failed(format!("the embedded digits: {error}")))?,
    };
    let trainer = Trainer::new(&data, setup(condition), job.seed, job.repeat);
    drive(job, Run { trainer, data: &data }, stop)
}

fn setup(condition: &TrainCondition) -> Setup {
    Setup {
        hidden: condition.hidden.clone(),
        random_backward: condition.rule == Rule::BpTrw,
        activation: condition.activation,
        loss: condition.loss,
        code: condition.code,
        batch: condition.batch,
        eta: condition.eta,
        reduction: condition.reduction,
        biases: condition.bias,
        w_std: condition.w_std,
        b_std: condition.b_std * condition.b_scale,
        bias_std: condition.bias_std,
        order: condition.order,
    }
}
