//! Kind replay: signals of a network on data through the rule in isolation.

use super::conflict::Conflict;
use super::isolate::MOST_ITERATIONS;
use super::train::TrainCondition;
use crate::network::{Biases, Optimizer, Setup};
use crate::rule::{Activation, ActivityNorm};
use crate::signal::Surrogate;
use crate::text::{Choice, settings};

/// Weights that a replay starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayWeights {
    /// Drawn anew, `B` as well.
    Fresh,
    /// Those of the network.
    Own,
}

impl Choice for ReplayWeights {
    const CHOICES: &'static [(&'static str, Self)] = &[("fresh", Self::Fresh), ("own", Self::Own)];
}

/// Activation of a replaying hidden layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayActivation {
    /// That of the network.
    Own,
    /// `f(z) = z`, of which exact theory predicts the alignment.
    Linear,
    /// `f(z) = max(z, 0)`.
    Relu,
}

impl Choice for ReplayActivation {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("own", Self::Own), ("linear", Self::Linear), ("relu", Self::Relu)];
}

settings! {
    /// One point of a sweep over replays.
    pub struct ReplayCondition {
        /// The network whose signals are replayed.
        train: TrainCondition = TrainCondition::default() => part();
        layer: usize = 1 => LAYER(
            "layer", "L",
            "Layer l whose alignment is replayed: the activities of layer l - 1 and the error \
             signals of layer l + 1 drive a network of these three layers",
            1..=1000, label = |layer, _| format!("layer {layer}")
        );
        surrogate: Option<Surrogate> = None => SURROGATE(
            "surrogate", "NAME", "What is done to the recorded signals before they are \
                replayed", (),
            label = |surrogate, _| surrogate.map_or("as recorded", Surrogate::title).into()
        );
        weights: ReplayWeights = ReplayWeights::Fresh => REPLAY_WEIGHTS(
            "replay-weights", "NAME",
            "Weights that the replay starts from: fresh (newly drawn, B as well) or own (those of \
            the network, which without a surrogate reproduces its own trajectory)", (),
            label = |weights, _| match weights {
                ReplayWeights::Own => "own weights".into(),
                ReplayWeights::Fresh => String::new(),
            }
        );
        activation: ReplayActivation = ReplayActivation::Own => REPLAY_ACTIVATION(
            "replay-activation", "NAME",
            "Activation of the replaying hidden layer: own (that of the network), or another", (),
            label = |activation, text| match activation {
                ReplayActivation::Own => String::new(),
                _ => format!("{text} replay"),
            }
        );
        from: usize = 0 => REPLAY_FROM(
            "replay-from", "N", "Updates of the network before recording begins",
            0..=MOST_ITERATIONS
        );
        updates: usize = 300 => REPLAY_UPDATES(
            "replay-updates", "N", "Updates recorded and replayed", 1..=MOST_ITERATIONS
        );
    }
}

impl ReplayCondition {
    /// Activation of the replaying hidden layer.
    pub fn hidden_activation(&self) -> Activation {
        let activations = self.train.setup.activations(self.train.setup.hidden.len() + 1);
        match self.activation {
            ReplayActivation::Own => {
                activations.get(self.layer - 1).copied().unwrap_or(Activation::Linear)
            }
            ReplayActivation::Linear => Activation::Linear,
            ReplayActivation::Relu => Activation::Relu,
        }
    }

    /// Whether exact theory predicts the replay from its signals: linear, fresh Gaussian weights
    /// without biases, normalisation, momentum and decay.
    pub fn is_predicted(&self) -> bool {
        let setup = &self.train.setup;
        let plain =
            setup.weight_norm.is_none() && !setup.normalize_b && setup.biases == Biases::Off;
        let plain = plain && setup.momentum == 0.0 && setup.weight_decay == 0.0;
        let plain = plain && setup.optimizer == Optimizer::Sgd;
        plain
            && self.hidden_activation() == Activation::Linear
            && self.weights == ReplayWeights::Fresh
    }

    pub(super) fn conflicts(&self) -> Vec<Conflict> {
        let (mut found, setup) = (self.train.conflicts(), &self.train.setup);
        let (layer, hidden) = (self.layer, setup.hidden.len());
        if layer > hidden {
            let message = format!(
                "layer {layer} does not lie above a hidden layer: the network has {hidden} of them"
            );
            found.push(Conflict::of([Self::LAYER.name(), Setup::HIDDEN.name()], message));
        }
        let (from, updates, last) = (self.from, self.updates, self.train.updates());
        if from.saturating_add(updates) > last {
            let message = format!(
                "replay-from {from} and replay-updates {updates} reach beyond the {last} updates \
                 of the run: raise epochs, or replay less"
            );
            let concerned =
                [Self::REPLAY_UPDATES.name(), Self::REPLAY_FROM.name(), Setup::EPOCHS.name()];
            found.push(Conflict::of(concerned, message));
        }
        if self.weights == ReplayWeights::Own && !setup.rule.has_fixed_backward() {
            let message = format!(
                "replay-weights `own` needs a network with a fixed B, not rule `{}`",
                setup.rule
            );
            found.push(Conflict::of([Self::REPLAY_WEIGHTS.name(), Setup::RULE.name()], message));
        }
        if setup.momentum != 0.0 || setup.weight_decay != 0.0 {
            let message = "the rule in isolation has neither momentum nor weight decay";
            found.push(Conflict::of(
                [Setup::MOMENTUM.name(), Setup::WEIGHT_DECAY.name()],
                message.into(),
            ));
        }
        if setup.optimizer != Optimizer::Sgd {
            let message = format!(
                "the rule in isolation, by which signals are replayed, descends the gradient, and \
                 has no `{}`: leave optimizer out",
                setup.optimizer.name()
            );
            found.push(Conflict::of([Setup::OPTIMIZER.name()], message));
        }
        if setup.activity_norm != ActivityNorm::Off {
            let message = "the rule in isolation, by which signals are replayed, normalises no \
                           activities: leave activity-norm out";
            found.push(Conflict::of([Setup::ACTIVITY_NORM.name()], message.into()));
        }
        if setup.dropout != 0.0 {
            let message = "the rule in isolation, by which signals are replayed, drops no \
                           activities: leave dropout out";
            found.push(Conflict::of([Setup::DROPOUT.name()], message.into()));
        }
        found
    }
}
