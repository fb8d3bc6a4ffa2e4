//! Kind recurrent: networks with a memory, in isolation or on sequences.

use super::conflict::{Conflict, Values};
use super::isolate::IsolateCondition;
use super::train::TrainCondition;
use crate::network;
use crate::real::Precision;
use crate::recurrent::{Credit, Setup, SetupError, Task, Times};
use crate::rule::Activation;
use crate::signal::{Pair, Surrogate};
use crate::text::{Choice, Settings as _, Value, settings};
use crate::theory::recurrent::LinearRecurrent;

settings! {
    /// One point of a sweep over recurrent networks.
    pub struct RecurrentCondition {
        /// The network, and what drives it.
        setup: Setup = Setup::default() => part();
        iterations: usize = 1000 => ITERATIONS(like IsolateCondition::ITERATIONS);
        precision: Precision = Precision::F64 => PRECISION(like TrainCondition::PRECISION);
        surrogate: Option<Surrogate> = None => SURROGATE(
            "surrogate", "NAME", "What is done to the recorded signals before they are replayed; \
                of kind recurrent, to the signals in isolation, and to the errors of every batch \
                of sequences of a task", (),
            label = |surrogate, _| surrogate.map_or("as recorded", Surrogate::title).into()
        );
    }
}

impl RecurrentCondition {
    /// Inputs, units and outputs.
    pub fn sizes(&self) -> Vec<usize> {
        // What has none does not get through the checks.
        self.setup.sizes().map_or_else(|_| vec![1, self.setup.units, 1], Vec::from)
    }

    /// Whether activity and error come from nowhere.
    pub fn is_isolated(&self) -> bool {
        self.setup.task == Task::Isolation
    }

    /// Whether a theory follows its repeats.
    pub fn is_predicted(&self) -> bool {
        self.is_isolated()
            && self.setup.activation == Activation::Linear
            && self.setup.credit == Credit::Rflo
    }

    /// What that theory is of.
    pub fn linear(&self) -> Option<LinearRecurrent> {
        let ([inputs, units, outputs], Times { leak, .. }) =
            self.setup.sizes().ok().zip(self.setup.times().ok())?;
        let Setup { batch, eta, gain, input_gain, readout_gain, feedback_gain, .. } = self.setup;
        self.is_predicted().then_some(LinearRecurrent {
            units,
            inputs,
            outputs,
            batch,
            eta,
            leak,
            gain,
            input_gain,
            readout_gain,
            feedback_gain,
        })
    }

    /// Multiplications and additions of one update, for estimates of time.
    pub fn operations(&self) -> f64 {
        let sizes = self.sizes();
        let [inputs, units, outputs] = [sizes[0], sizes[1], sizes[2]].map(|n| n as f64);
        let matrices = units * (inputs + units + outputs);
        // Forwards, backwards and the gradients; in isolation traces of every synapse.
        let steps = if self.is_isolated() {
            1.0
        } else {
            self.setup.times().map_or(1.0, |times| times.length as f64)
        };
        6.0 * self.setup.batch as f64 * steps * matrices
    }

    /// Times in iterations, and recorded signals by their contents.
    pub(super) fn settle(&mut self, given: &Values) -> Result<(), Conflict> {
        let setup = &mut self.setup;
        let defaults = Pair::default().values();
        let of_signals = |(name, default): &&(&'static str, Value)| {
            *name != Pair::DT.name() && given.get(name).is_some_and(|value| value != default)
        };
        if setup.task != Task::Isolation
            && let Some((name, _)) = defaults.iter().find(of_signals)
        {
            let message = format!(
                "{name} is of signals that come from nowhere: task {} has its own; leave it out, \
                 or choose task isolation",
                setup.task.name()
            );
            return Err(Conflict::of([name, Setup::TASK.name()], message));
        }
        setup.signals =
            setup.signals.resolve().map_err(|error| Conflict::of([], error.to_string()))?;
        let step = setup.signals.step();
        for span in [&mut setup.tau, &mut setup.length, &mut setup.response] {
            *span = span.at(step);
        }
        Ok(())
    }

    pub(super) fn conflicts(&self) -> Vec<Conflict> {
        let setup = &self.setup;
        let of_setup = |error: SetupError| {
            let parameters = match &error {
                SetupError::Units { what, .. } => vec![*what, Setup::TASK.name()],
                SetupError::Time { what, .. } => vec![*what, Pair::DT.name()],
                SetupError::Fast(_) => vec![Setup::TAU.name()],
                SetupError::Short { .. } => {
                    vec![Setup::LENGTH.name(), Setup::RESPONSE.name(), Setup::TASK.name()]
                }
                SetupError::Rows(_) => vec![Setup::LENGTH.name(), Setup::TASK.name()],
                SetupError::NoTask | SetupError::Digits(_) => vec![Setup::TASK.name()],
            };
            Conflict { parameters, message: error.to_string() }
        };
        let mut found: Vec<Conflict> = Vec::new();
        found.extend(setup.sizes().err().map(of_setup));
        found.extend(setup.times().err().map(of_setup));
        if !found.is_empty() || !self.is_isolated() {
            return found;
        }
        if !setup.credit.is_local() {
            let message = format!(
                "credit {}: in isolation weights change at every iteration, by what every synapse \
                 has at hand: choose rflo or rflo-symmetric, or a task",
                setup.credit.name()
            );
            found.push(Conflict::of([Setup::CREDIT.name(), Setup::TASK.name()], message));
        }
        let sizes = setup.signal_sizes(self.iterations);
        if let Some(error) = sizes.ok().and_then(|sizes| setup.signals.check(sizes).err()) {
            let concerned = [
                Pair::CROSS.name(),
                Pair::ACTIVITY.name(),
                Pair::ERROR.name(),
                network::Setup::BATCH.name(),
                Setup::INPUTS.name(),
                Setup::OUTPUTS.name(),
            ];
            found.push(Conflict::of(concerned, error.to_string()));
        }
        found
    }
}
