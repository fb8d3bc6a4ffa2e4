//! Kind isolate: the rule on exogenous signals.

use super::conflict::{Conflict, Values};
use super::train::TrainCondition;
use crate::network::{Biases, Setup};
use crate::real::Precision;
use crate::rule::{Activation, Isolation, WeightNorm};
use crate::signal::{Pair, Schedule, Sizes};
use crate::text::{Choice, Interval, List, Settings, settings};

/// Most iterations of a run.
pub(super) const MOST_ITERATIONS: usize = 1_000_000_000;

settings! {
    /// One point of a sweep over the rule in isolation.
    pub struct IsolateCondition {
        /// At least three layers.
        layers: Vec<usize> = vec![20, 100, 20] => LAYERS(
            "layers", "SIZES", "Units of every layer, inputs first",
            List::Sizes { least: 3, example: "20,100,20 (inputs, hidden, outputs)" },
            label = |_, text| text.replace(',', "-")
        );
        /// What [`Self::signals`] are known as.
        schedule: Schedule = Schedule::Free => SCHEDULE(
            "schedule", "NAME",
            "Shorthand for activity, error and cross: held (both drawn once), shared (X := E, redrawn each iteration), white \
             (both redrawn, independent), or free (as those say)", ()
        );
        /// Activity and error.
        signals: Pair = Pair::default() => part();
        output_mask: bool = false => OUTPUT_MASK(
            "output-mask", "on|off", "Whether the injected error is multiplied by f'(Z) of the output layer", ()
        );
        activation: Activation = Isolation::ACTIVATION => ACTIVATION(like Setup::ACTIVATION, ());
        batch: usize = Isolation::BATCH => BATCH(like Setup::BATCH);
        eta: f64 = Isolation::ETA => ETA(like Setup::ETA);
        iterations: usize = Isolation::ITERATIONS => ITERATIONS("iterations", "N", "Updates", 1..=MOST_ITERATIONS);
        bias: Biases = Biases::Off => BIAS(like Setup::BIAS);
        w_std: f64 = Isolation::STD => W_STD(like Setup::W_STD, Interval::Scale);
        b_std: f64 = Isolation::STD => B_STD(like Setup::B_STD, Interval::Scale);
        bias_std: f64 = 1.0 => BIAS_STD(like Setup::BIAS_STD, Interval::Scale);
        normalize_b: bool = false => NORMALIZE_B(like Setup::NORMALIZE_B);
        b_scale: f64 = 1.0 => B_SCALE(like Setup::B_SCALE);
        weight_norm: Option<WeightNorm> = None => WN(like Setup::WN);
        precision: Precision = Precision::F64 => PRECISION(like TrainCondition::PRECISION);
    }
}

impl IsolateCondition {
    /// Whether theory is about it: one hidden layer, no output mask, `B` as drawn, no biases; under weight normalisation or
    /// not.
    pub fn is_plain(&self) -> bool {
        self.layers.len() == 3 && !self.output_mask && !self.normalize_b && self.bias == Biases::Off
    }

    /// The same without weight normalisation.
    pub fn is_toy(&self) -> bool {
        self.is_plain() && self.weight_norm.is_none()
    }

    /// Whether theory says more of it than that white errors give no alignment.
    pub fn is_predicted(&self) -> bool {
        let by_schedule = [Schedule::Held, Schedule::Shared].contains(&self.schedule);
        self.is_linear_toy() || (self.is_toy() && self.activation == Activation::Relu && by_schedule)
    }

    /// Whether the theory of linear networks of any depth holds, given signals and `B`.
    pub fn is_deep_linear(&self) -> bool {
        self.activation == Activation::Linear && !self.output_mask && self.bias == Biases::Off
    }

    /// Whether the exact theory of the linear rule holds.
    pub fn is_linear_toy(&self) -> bool {
        self.is_toy() && self.activation == Activation::Linear
    }

    /// Puts the signals that a schedule stands for in the place of those by default: they must agree with those given.
    /// Signals that a schedule stands for are known by it however they were given.
    pub(super) fn settle(&mut self, given: &Values) -> Result<(), Conflict> {
        if let Some(pair) = self.schedule.pair() {
            let shorthand = [Pair::ACTIVITY.name(), Pair::ERROR.name(), Pair::CROSS.name()];
            for (name, value) in pair.values().into_iter().filter(|(name, _)| shorthand.contains(name)) {
                if let Some(other) = given.get(name).filter(|other| **other != value) {
                    let schedule = self.schedule.name();
                    let message = format!(
                        "{name} `{other}` is not what schedule `{schedule}` stands for (`{value}`): leave one of the two out"
                    );
                    return Err(Conflict { parameters: vec![name, Self::SCHEDULE.name()], message });
                }
            }
            self.signals = Pair { hold: self.signals.hold, dt: self.signals.dt, ..pair };
        }
        self.signals = self.signals.resolve().map_err(|error| Conflict::of([], error.to_string()))?;
        self.schedule = Schedule::of(&self.signals);
        Ok(())
    }

    pub(super) fn conflicts(&self) -> Vec<Conflict> {
        let Err(error) = self.signals.check(signal_sizes(&self.layers, self.batch, self.iterations)) else {
            return Vec::new();
        };
        let [layers, schedule, batch] = [Self::LAYERS.name(), Self::SCHEDULE.name(), Self::BATCH.name()];
        let [activity, error_signal, cross] = [Pair::ACTIVITY.name(), Pair::ERROR.name(), Pair::CROSS.name()];
        vec![match self.schedule {
            Schedule::Free => Conflict::of([cross, activity, error_signal, batch, layers], error.to_string()),
            named => Conflict::of([schedule, cross, layers], format!("schedule `{}`: {error}", named.name())),
        }]
    }
}

/// Sizes of the signals of a network of `layers`.
pub(super) fn signal_sizes(layers: &[usize], batch: usize, iterations: usize) -> Sizes {
    let (inputs, outputs) = (layers[0], layers[layers.len() - 1]);
    Sizes { batch, inputs, outputs, iterations }
}
