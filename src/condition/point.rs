//! Conditions in their ready form, and the checks that span several parameters.

use super::choice::{Draw, PlanePair, ReplayActivation, ReplayWeights};
use super::kind::Kind;
use super::parameter::Value;
use crate::data::{CodeKind, DataFacts, LabelChange, Source};
use crate::measure::trajectory::MOST_ROWS;
use crate::network::{Biases, Loss, ProbeBatch, Setup, Std};
use crate::real::Precision;
use crate::rule::{Activation, Backward, Rule, WeightNorm};
use crate::signal::{Pair, Schedule, Sizes, Surrogate};
use crate::text::Choice;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Canonical values by parameter name.
pub type Values = BTreeMap<&'static str, Value>;

/// One point of a sweep over the rule in isolation.
#[derive(Clone, Debug, PartialEq)]
pub struct IsolateCondition {
    /// Units per layer, inputs first; at least three, none zero.
    pub layers: Vec<usize>,
    /// Samples per iteration.
    pub batch: usize,
    /// Learning rate.
    pub eta: f64,
    /// Updates.
    pub iterations: usize,
    /// Activity and error.
    pub signals: Pair,
    /// Whether the error is multiplied by the derivative at the output.
    pub output_mask: bool,
    /// Weight normalisation.
    pub weight_norm: Option<WeightNorm>,
    /// Activation of every layer.
    pub activation: Activation,
    /// Biases.
    pub bias: Biases,
    /// Standard deviation of the biases at the start.
    pub bias_std: f64,
    /// Working precision.
    pub precision: Precision,
    /// Standard deviation of `W` at the start.
    pub w_std: f64,
    /// Standard deviation of `B`.
    pub b_std: f64,
    /// Whether columns of `B` have norm 1 at the start.
    pub normalize_b: bool,
    /// Factor on `B` after drawing and normalising.
    pub b_scale: f64,
}

/// One point of a sweep over networks trained on data.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainCondition {
    /// Data set.
    pub data: Source,
    /// Its sizes, as stored.
    pub facts: DataFacts,
    /// Side that its images are resized to.
    pub size: Option<usize>,
    /// What is run on it.
    pub setup: Setup,
    /// Samples on which update alignment and the like are measured.
    pub probe: ProbeBatch,
    /// Working precision.
    pub precision: Precision,
}

/// One point of a sweep over replays.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayCondition {
    /// The network whose signals are replayed.
    pub train: TrainCondition,
    /// Layer whose alignment is replayed, from 1.
    pub layer: usize,
    /// What is done to the signals; `None` for nothing.
    pub surrogate: Option<Surrogate>,
    /// Weights that the replay starts from.
    pub weights: ReplayWeights,
    /// Activation of the replaying hidden layer.
    pub activation: ReplayActivation,
    /// Updates of the network before recording begins.
    pub from: usize,
    /// Updates recorded and replayed.
    pub updates: usize,
}

impl ReplayCondition {
    /// Activation of the replaying hidden layer.
    pub fn hidden_activation(&self) -> Activation {
        let own = self.train.setup.activations(self.train.setup.hidden.len() + 1);
        match self.activation {
            ReplayActivation::Own => own.get(self.layer - 1).copied().unwrap_or(Activation::Linear),
            ReplayActivation::Linear => Activation::Linear,
            ReplayActivation::Relu => Activation::Relu,
        }
    }

    /// Whether exact theory predicts the replay from its signals: linear, fresh Gaussian weights without biases,
    /// normalisation, momentum and decay.
    pub fn is_predicted(&self) -> bool {
        let setup = &self.train.setup;
        let plain = setup.weight_norm.is_none() && !setup.normalize_b && setup.biases == Biases::Off;
        let plain = plain && setup.momentum == 0.0 && setup.weight_decay == 0.0;
        plain && self.hidden_activation() == Activation::Linear && self.weights == ReplayWeights::Fresh
    }
}

/// One point of a sweep over planes.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaneCondition {
    /// The first network.
    pub train: TrainCondition,
    /// What the second one is.
    pub pair: PlanePair,
    /// Updates between snapshots.
    pub every: usize,
    /// Points along a side of the plane.
    pub mesh: usize,
    /// How far the plane reaches from its middle.
    pub reach: f64,
}

impl PlaneCondition {
    /// What the second network is.
    pub fn second(&self) -> Setup {
        let first = self.train.setup.clone();
        match self.pair {
            PlanePair::Bp => Setup { rule: Rule::BP, weight_norm: None, ..first },
            PlanePair::Wn => Setup { weight_norm: Some(WeightNorm::Neuron(vec![1.0])), normalize_b: true, ..first },
        }
    }
}

/// One point of a sweep over random matrices.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleCondition {
    /// What is drawn.
    pub draw: Draw,
    /// Inputs, hidden units, outputs.
    pub layers: Vec<usize>,
    /// Samples per iteration.
    pub batch: usize,
    /// Draws per repeat.
    pub draws: usize,
    /// Activity and error of two iterations, independent of each other.
    pub signals: Pair,
    /// Standard deviation of `B`.
    pub b_std: f64,
    /// Mean of `B`.
    pub b_mean: f64,
    /// Working precision.
    pub precision: Precision,
}

/// One point of a sweep.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Of the rule in isolation.
    Isolate(IsolateCondition),
    /// Of a network on data.
    Train(TrainCondition),
    /// Of random matrices.
    Sample(SampleCondition),
    /// Of replays.
    Replay(Box<ReplayCondition>),
    /// Of planes.
    Plane(Box<PlaneCondition>),
}

/// A combination of parameters that cannot run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The parameters concerned, the one to blame first.
    pub parameters: Vec<&'static str>,
    /// What is wrong and what to do.
    pub message: String,
}

/// Most memory one job may need.
const MOST_BYTES: u128 = 4 << 30;

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
        let by_schedule = [Schedule::Held, Schedule::Shared].contains(&Schedule::of(&self.signals));
        self.is_linear_toy() || (self.is_toy() && self.activation == Activation::Relu && by_schedule)
    }

    /// Whether the exact theory of the linear rule holds.
    pub fn is_linear_toy(&self) -> bool {
        self.is_toy() && self.activation == Activation::Linear
    }
}

impl TrainCondition {
    /// Inputs of the network.
    pub fn inputs(&self) -> usize {
        match (self.size, self.facts.image) {
            (Some(side), Some([channels, ..])) => channels * side * side,
            _ => self.facts.inputs,
        }
    }

    /// Units of every layer, inputs first.
    pub fn sizes(&self) -> Vec<usize> {
        self.setup.sizes(self.inputs(), self.facts.classes)
    }

    /// Bytes of all images as the network sees them.
    pub(crate) fn data_bytes(&self) -> u128 {
        let width = if self.precision == Precision::F32 { 4 } else { 8 };
        let images = self.facts.training_images as u128 + self.facts.test_images as u128;
        width * images * self.inputs() as u128
    }

    /// Updates per epoch.
    pub fn batches_per_epoch(&self) -> usize {
        self.setup.batches_per_epoch(self.facts.training_images)
    }

    /// Name of the data set; with part of a hash of what it holds where it is not one of those known by name.
    fn data_name(&self) -> String {
        match (&self.data, &self.facts.fingerprint) {
            (Source::Path(path), Some(fingerprint)) => {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                format!("{name}#{}", fingerprint.get(..16).unwrap_or(fingerprint))
            }
            (named, _) => named.to_string(),
        }
    }
}

impl Condition {
    /// Kind of analysis it belongs to.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Isolate(_) => Kind::Isolate,
            Self::Train(_) => Kind::Train,
            Self::Sample(_) => Kind::Sample,
            Self::Replay(_) => Kind::Replay,
            Self::Plane(_) => Kind::Plane,
        }
    }

    /// The network on data that it trains, if it does.
    pub fn train(&self) -> Option<&TrainCondition> {
        match self {
            Self::Train(train) => Some(train),
            Self::Replay(replay) => Some(&replay.train),
            Self::Plane(plane) => Some(&plane.train),
            Self::Isolate(_) | Self::Sample(_) => None,
        }
    }

    /// Canonical value of every parameter.
    pub fn values(&self) -> Values {
        let sizes = |sizes: &[usize]| Value::Sizes(sizes.to_vec());
        match self {
            Self::Isolate(c) => Values::from([
                ("layers", sizes(&c.layers)),
                ("batch", Value::Count(c.batch as u64)),
                ("eta", Value::Number(c.eta)),
                ("iterations", Value::Count(c.iterations as u64)),
                ("schedule", Value::Name(Schedule::of(&c.signals).name())),
                ("activity", Value::Text(c.signals.activity.to_string())),
                ("error", Value::Text(c.signals.error.to_string())),
                ("cross", Value::Text(c.signals.cross.to_string())),
                ("output-mask", Value::Name(c.output_mask.name())),
                ("wn", norm_value(c.weight_norm.as_ref())),
                ("activation", Value::Name(c.activation.name())),
                ("bias", Value::Name(c.bias.name())),
                ("bias-std", Value::Number(c.bias_std)),
                ("precision", Value::Name(c.precision.name())),
                ("w-std", Value::Number(c.w_std)),
                ("b-std", Value::Number(c.b_std)),
                ("normalize-b", Value::Name(c.normalize_b.name())),
                ("b-scale", Value::Number(c.b_scale)),
            ]),
            Self::Train(c) => train_values(c),
            Self::Replay(c) => replay_values(c),
            Self::Plane(c) => plane_values(c),
            Self::Sample(c) => Values::from([
                ("draw", Value::Name(c.draw.name())),
                ("layers", sizes(&c.layers)),
                ("batch", Value::Count(c.batch as u64)),
                ("draws", Value::Count(c.draws as u64)),
                ("activity", Value::Text(c.signals.activity.to_string())),
                ("error", Value::Text(c.signals.error.to_string())),
                ("b-std", Value::Number(c.b_std)),
                ("b-mean", Value::Number(c.b_mean)),
                ("precision", Value::Name(c.precision.name())),
            ]),
        }
    }

    /// Canonical map form, for summaries, manifests and addresses.
    pub fn parameters(&self) -> BTreeMap<String, Json> {
        self.values().into_iter().map(|(name, value)| (name.to_string(), value.to_json())).collect()
    }

    /// Units per layer, inputs first.
    pub fn sizes(&self) -> Vec<usize> {
        match self {
            Self::Isolate(c) => c.layers.clone(),
            Self::Sample(c) => c.layers.clone(),
            Self::Train(c) => c.sizes(),
            Self::Plane(c) => c.train.sizes(),
            Self::Replay(c) => c.train.sizes().into_iter().skip(c.layer - 1).take(3).collect(),
        }
    }

    /// Number of weight matrices.
    pub fn depth(&self) -> usize {
        self.sizes().len().saturating_sub(1)
    }

    /// Iterations of one epoch; 1 where there are no epochs.
    pub fn iterations_per_epoch(&self) -> usize {
        match self {
            Self::Isolate(_) | Self::Sample(_) | Self::Replay(_) => 1,
            Self::Train(c) => c.batches_per_epoch(),
            Self::Plane(c) => c.train.batches_per_epoch(),
        }
    }

    /// The last iteration; of kind sample, the number of draws.
    pub fn last_iteration(&self) -> usize {
        match self {
            Self::Isolate(c) => c.iterations,
            Self::Sample(c) => c.draws,
            Self::Replay(c) => c.updates,
            Self::Train(c) => c.setup.epochs.saturating_mul(self.iterations_per_epoch()),
            Self::Plane(c) => c.train.setup.epochs.saturating_mul(self.iterations_per_epoch()),
        }
    }

    /// Whether steps hold more than the rule's own update: under weight normalisation, weight decay and momentum.
    pub fn has_projections(&self) -> bool {
        match self {
            Self::Isolate(c) => c.weight_norm.is_some(),
            Self::Train(c) => c.setup.weight_norm.is_some() || c.setup.weight_decay != 0.0 || c.setup.momentum != 0.0,
            Self::Replay(_) | Self::Plane(_) | Self::Sample(_) => false,
        }
    }

    /// Whether no batch of a training run comes twice.
    pub fn is_of_one_epoch(&self) -> bool {
        matches!(self, Self::Train(c) if c.setup.epochs < 2)
    }

    /// Iterations at which the label code changes, ascending.
    pub fn label_changes(&self) -> Vec<usize> {
        let Self::Train(c) = self else { return Vec::new() };
        let epochs = c.setup.label_change.epochs(c.setup.epochs).into_iter();
        epochs.map(|epoch| epoch.saturating_mul(self.iterations_per_epoch())).collect()
    }

    /// Multiplications and additions of one update, for estimates of time.
    pub fn operations(&self) -> f64 {
        let sizes = self.sizes();
        let weights: f64 = sizes.windows(2).map(|n| n[0] as f64 * n[1] as f64).sum();
        let carried: f64 = sizes[1..].windows(2).map(|n| n[0] as f64 * n[1] as f64).sum();
        let batch = match self {
            Self::Isolate(c) => c.batch,
            Self::Train(c) => c.setup.batch,
            Self::Replay(c) => c.train.setup.batch,
            Self::Plane(c) => c.train.setup.batch,
            Self::Sample(c) => c.batch,
        };
        2.0 * batch as f64 * (2.0 * weights + carried)
    }

    pub(super) fn conflicts(&self) -> Vec<Conflict> {
        let mut found = Vec::new();
        let mut refuse = |parameters: &[&'static str], message: String| {
            found.push(Conflict { parameters: parameters.to_vec(), message });
        };
        match self {
            Self::Isolate(c) => {
                let sizes = signal_sizes(&c.layers, c.batch, c.iterations);
                if let Err(error) = c.signals.check(sizes) {
                    let schedule = Schedule::of(&c.signals);
                    let message = match schedule {
                        Schedule::Free => error.to_string(),
                        named => format!("schedule `{}`: {error}", named.name()),
                    };
                    let concerned: &[&'static str] = match schedule {
                        Schedule::Free => &["cross", "activity", "error", "batch", "layers"],
                        _ => &["schedule", "cross", "layers"],
                    };
                    refuse(concerned, message);
                }
            }
            Self::Sample(c) => {
                if c.layers.len() != 3 {
                    let sizes = Value::Sizes(c.layers.clone()).to_text();
                    refuse(&["layers"], format!("layers {sizes}: kind sample has three (inputs, hidden, outputs)"));
                } else if let Err(error) = c.signals.check(signal_sizes(&c.layers, c.batch, 2)) {
                    refuse(&["activity", "error"], error.to_string());
                }
            }
            Self::Train(c) => train_conflicts(c, &mut refuse),
            Self::Replay(c) => replay_conflicts(c, &mut refuse),
            Self::Plane(c) => plane_conflicts(c, &mut refuse),
        }
        if let Some(train) = self.train() {
            let bytes = train.data_bytes();
            if bytes > MOST_BYTES {
                let (images, gigabytes, most) = (train.facts.training_images, bytes >> 30, MOST_BYTES >> 30);
                let message = format!(
                    "{images} training images of {} pixels would need about {gigabytes} GB of memory, more than the {most} GB \
                     allowed: make size smaller",
                    train.inputs()
                );
                refuse(&["data", "size"], message);
            }
        }
        let need = self.need();
        let bytes = need.bytes();
        if bytes > MOST_BYTES {
            let sizes = if self.kind().trains() { "hidden" } else { "layers" };
            refuse(
                &[sizes, "batch"],
                format!(
                    "a job of layers {} and this batch would need about {} GB of memory, more than the {} GB allowed: {}",
                    Value::Sizes(self.sizes()).to_text(),
                    bytes >> 30,
                    MOST_BYTES >> 30,
                    need.remedy()
                ),
            );
        }
        found
    }
}

/// Sizes of the signals of a network of `layers`.
fn signal_sizes(layers: &[usize], batch: usize, iterations: usize) -> Sizes {
    let (inputs, outputs) = (layers[0], layers[layers.len() - 1]);
    Sizes { batch, inputs, outputs, iterations }
}

/// Value of a weight normalisation: a number where one gamma holds for every neuron.
fn norm_value(norm: Option<&WeightNorm>) -> Value {
    match norm {
        None => Value::Name("off"),
        Some(WeightNorm::Neuron(norms)) if norms.len() == 1 => Value::Number(norms[0]),
        Some(other) => Value::Text(other.to_string()),
    }
}

fn std_value(std: Std) -> Value {
    match (std, std.name()) {
        (_, Some(name)) => Value::Name(name),
        (Std::Value(std), None) => Value::Number(std),
        (_, None) => Value::Name(""),
    }
}

fn activations_value(activations: &[Activation]) -> Value {
    match activations {
        [one] => Value::Name(one.name()),
        several => Value::Text(several.iter().map(|a| a.name()).collect::<Vec<_>>().join(",")),
    }
}

fn train_values(c: &TrainCondition) -> Values {
    let s = &c.setup;
    let change = |off: &'static str| match &s.label_change {
        LabelChange::Off => Value::Name(off),
        change => Value::Text(change.to_string()),
    };
    Values::from([
        ("data", Value::Text(c.data_name())),
        ("size", c.size.map_or(Value::Name("off"), |side| Value::Count(side as u64))),
        ("hidden", Value::Sizes(s.hidden.clone())),
        ("rule", Value::Text(s.rule.to_string())),
        ("activation", activations_value(&s.activations)),
        ("code", Value::Code(s.code)),
        ("label-smoothing", Value::Number(s.smoothing)),
        ("wrong-labels", Value::Number(s.wrong_labels)),
        ("label-change", change("off")),
        ("label-change-kind", Value::Name(s.change_kind.name())),
        ("loss", Value::Name(s.loss.name())),
        ("batch", Value::Count(s.batch as u64)),
        ("drop-last", Value::Name(s.drop_last.name())),
        ("eta", Value::Number(s.eta)),
        ("momentum", Value::Number(s.momentum)),
        ("weight-decay", Value::Number(s.weight_decay)),
        ("epochs", Value::Count(s.epochs as u64)),
        ("reduction", Value::Name(s.reduction.name())),
        ("bias", Value::Name(s.biases.name())),
        ("wn", norm_value(s.weight_norm.as_ref())),
        ("w-std", std_value(s.w_std)),
        ("b-std", std_value(s.b_std)),
        ("bias-std", std_value(s.bias_std)),
        ("normalize-b", Value::Name(s.normalize_b.name())),
        ("b-scale", Value::Number(s.b_scale)),
        ("order", Value::Name(s.order.name())),
        ("probe", Value::Name(c.probe.name())),
        ("precision", Value::Name(c.precision.name())),
    ])
}

fn replay_values(c: &ReplayCondition) -> Values {
    let mut values = train_values(&c.train);
    values.extend([
        ("layer", Value::Count(c.layer as u64)),
        ("surrogate", Value::Name(c.surrogate.name())),
        ("replay-weights", Value::Name(c.weights.name())),
        ("replay-activation", Value::Name(c.activation.name())),
        ("replay-from", Value::Count(c.from as u64)),
        ("replay-updates", Value::Count(c.updates as u64)),
    ]);
    values
}

fn plane_values(c: &PlaneCondition) -> Values {
    let mut values = train_values(&c.train);
    values.extend([
        ("pair", Value::Name(c.pair.name())),
        ("snapshot-every", Value::Count(c.every as u64)),
        ("mesh", Value::Count(c.mesh as u64)),
        ("reach", Value::Number(c.reach)),
    ]);
    values
}

fn replay_conflicts(c: &ReplayCondition, refuse: &mut dyn FnMut(&[&'static str], String)) {
    train_conflicts(&c.train, refuse);
    let hidden = c.train.setup.hidden.len();
    if c.layer > hidden {
        let message = format!("layer {} does not lie above a hidden layer: the network has {hidden} of them", c.layer);
        refuse(&["layer", "hidden"], message);
    }
    let setup = &c.train.setup;
    let last = setup.epochs.saturating_mul(c.train.batches_per_epoch());
    if c.from.saturating_add(c.updates) > last {
        let message = format!(
            "replay-from {} and replay-updates {} reach beyond the {last} updates of the run: raise epochs, or replay less",
            c.from, c.updates
        );
        refuse(&["replay-updates", "replay-from", "epochs"], message);
    }
    if c.weights == ReplayWeights::Own && !setup.rule.has_fixed_backward() {
        let rule = setup.rule;
        refuse(
            &["replay-weights", "rule"],
            format!("replay-weights `own` needs a network with a fixed B, not rule `{rule}`"),
        );
    }
    if setup.momentum != 0.0 || setup.weight_decay != 0.0 {
        refuse(&["momentum", "weight-decay"], "the rule in isolation has neither momentum nor weight decay".into());
    }
}

fn plane_conflicts(c: &PlaneCondition, refuse: &mut dyn FnMut(&[&'static str], String)) {
    train_conflicts(&c.train, refuse);
    let updates = c.train.setup.epochs.saturating_mul(c.train.batches_per_epoch());
    let snapshots = updates.div_ceil(c.every).saturating_mul(2);
    if snapshots > MOST_ROWS {
        let message = format!("{snapshots} snapshots of both networks are more than {MOST_ROWS}: take them less often");
        refuse(&["snapshot-every", "epochs"], message);
    }
}

fn train_conflicts(c: &TrainCondition, refuse: &mut dyn FnMut(&[&'static str], String)) {
    let (setup, facts) = (&c.setup, &c.facts);
    let depth = setup.hidden.len() + 1;
    if setup.loss == Loss::SoftmaxCrossEntropy && setup.code != CodeKind::OneHot {
        let code = Value::Code(setup.code).to_text();
        let remedy = "set code to one-hot, or loss to half-squared or sigmoid";
        refuse(&["loss", "code"], format!("loss `softmax` needs code `one-hot`, not `{code}`: {remedy}"));
    }
    if let CodeKind::NHot { ones, units } = setup.code
        && ones.saturating_mul(facts.classes) > units
    {
        let (needed, classes) = (ones.saturating_mul(facts.classes), facts.classes);
        let remedy = format!("set code (--code) to one-hot, or to {ones}-of-{needed} or fewer ones per class");
        let absent = facts.absent_classes.iter().map(|text| format!(" ({text})")).collect::<String>();
        let message =
            format!("code `{ones}-of-{units}` needs {needed} outputs for {classes} classes{absent}: {remedy}");
        refuse(&["code", "data"], message);
    }
    if setup.batch > facts.training_images {
        let (batch, images, data) = (setup.batch, facts.training_images, c.data_name());
        let message = format!("batch {batch} is more than the {images} training images of `{data}`: make it smaller");
        refuse(&["batch", "data"], message);
    }
    if let LabelChange::At(epochs) = &setup.label_change
        && let Some(late) = epochs.iter().find(|&&epoch| epoch >= setup.epochs)
    {
        let (late, epochs) = (late, setup.epochs);
        let remedy = "epochs is the total, those after the change included: raise it, or change earlier";
        refuse(
            &["label-change", "epochs"],
            format!("the label change at epoch {late} is not before the end at {epochs}: {remedy}"),
        );
    }
    let listed = setup.weight_norm.as_ref().map_or(0, WeightNorm::listed);
    for (name, listed) in [("wn", listed), ("activation", setup.activations.len())] {
        if listed > depth {
            let message = format!("{name} lists {listed} layers, the network has {depth}: leave some out");
            refuse(&[name, "hidden"], message);
        }
    }
    if setup.rule.facts().backward == Backward::Learning && setup.momentum != 0.0 {
        let message = format!("the backward weights of rule `{}` have no momentum: leave it out", setup.rule);
        refuse(&["momentum", "rule"], message);
    }
    if c.size.is_some() && facts.image.is_none() {
        let values = facts.inputs;
        let side = values.isqrt();
        let example = if side * side == values { format!("{side}, {side}") } else { "height, width".into() };
        let message = format!(
            "samples of `{}` are not images but {values} values in a row: leave size out, or save them as images with \
             x.reshape(-1, {example})",
            c.data_name()
        );
        refuse(&["size", "data"], message);
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameter::{Scope, parameter, parameters};
    use super::*;

    fn values(kind: Kind, given: &[(&str, &str)]) -> Values {
        let parse = |&(name, text): &(&str, &str)| {
            let parameter = parameter(name).unwrap();
            (parameter.name, parameter.parse_text(text, kind).unwrap())
        };
        given.iter().map(parse).collect()
    }

    #[test]
    fn defaults_make_conditions_that_survive_the_round_trip() {
        for kind in Kind::ALL {
            let condition = Condition::new(kind, &Values::new()).unwrap();
            assert_eq!(Condition::new(kind, &condition.values()).unwrap(), condition);
            let names: Vec<_> = condition.values().into_keys().collect();
            assert_eq!(names.len(), parameters(kind).filter(|p| p.scope == Scope::Condition).count());
        }
    }

    #[test]
    fn conflicts_name_the_parameters_and_the_remedy() {
        type Case = (Kind, &'static [(&'static str, &'static str)], &'static str);
        let cases: [Case; 6] = [
            (
                Kind::Isolate,
                &[("schedule", "shared"), ("layers", "20,100,10")],
                "schedule `shared`: cross `same` pairs unit with unit and needs as many inputs as outputs, not 20 and 10",
            ),
            (Kind::Train, &[("loss", "softmax")], "loss `softmax` needs code `one-hot`, not `5-of-50`"),
            (Kind::Train, &[("code", "6-of-50")], "code `6-of-50` needs 60 outputs for 10 classes"),
            (Kind::Train, &[("batch", "5000")], "batch 5000 is more than the 1437 training images"),
            (Kind::Isolate, &[("layers", "100000,100000,20")], "GB of memory"),
            (Kind::Isolate, &[("batch", "1000000"), ("layers", "9,9000,9")], "make layers or batch smaller"),
        ];
        for (kind, given, expected) in cases {
            let conflicts = Condition::new(kind, &values(kind, given)).unwrap_err();
            assert!(conflicts[0].message.contains(expected), "{conflicts:?}");
            assert!(!conflicts[0].parameters.is_empty());
        }
        Condition::new(Kind::Train, &values(Kind::Train, &[("loss", "softmax"), ("code", "one-hot")])).unwrap();
    }

    #[test]
    fn epochs_are_counted_in_iterations() {
        let condition =
            Condition::new(Kind::Train, &values(Kind::Train, &[("batch", "100"), ("epochs", "3")])).unwrap();
        assert_eq!((condition.iterations_per_epoch(), condition.last_iteration()), (15, 45));
        assert_eq!(condition.sizes(), [64, 50, 50, 50]);
    }
}
