//! One repeat of the rule in isolation.

use super::{Experiment, directions, drive};
use crate::analysis::{IsolateCondition, Job, JobError, JobResult, Quantity};
use crate::real::Real;
use crate::rule::{Isolated, Layers, UpdateAlignment};
use crate::signal::Signals;

struct Run<T: Real> {
    net: Isolated<T>,
    signals: Signals<T>,
    updates: UpdateAlignment<T>,
    eta: T,
}

impl<T: Real> Experiment<T> for Run<T> {
    fn layers(&self) -> &Layers<T> {
        &self.net.layers
    }

    /// On the signals of the iteration to come, as the rule will see them.
    fn update_alignment(&mut self) -> Vec<Option<f64>> {
        let Isolated { layers, feedback, pass } = &mut self.net;
        layers.forward_hidden(self.signals.activity(), pass);
        pass.output_delta_mut().as_mut_slice().copy_from_slice(self.signals.error().as_slice());
        self.updates.angles(layers, feedback, self.signals.activity(), pass)
    }

    fn overall(&mut self, _: Quantity) -> Option<f64> {
        None
    }

    fn step(&mut self) {
        self.net.step(self.signals.activity(), self.signals.error(), self.eta);
        self.signals.advance();
    }
}

pub(super) fn run<T: Real>(
    job: &Job,
    condition: &IsolateCondition,
    stop: &dyn Fn() -> bool,
) -> Result<JobResult, JobError> {
    let IsolateCondition { layers: sizes, batch, schedule, activation, .. } = condition;
    let std = [condition.w_std, condition.b_std * condition.b_scale];
    let net = Isolated::<T>::draw(sizes, *batch, *activation, std, job.seed, job.repeat);
    let directions = directions(&net.feedback, net.layers.depth());
    let run = Run {
        signals: Signals::new(*schedule, *batch, sizes[0], sizes[sizes.len() - 1], job.seed, job.repeat),
        updates: UpdateAlignment::new(sizes),
        eta: T::from_f64(condition.eta),
        net,
    };
    drive(job, run, &directions, stop)
}
