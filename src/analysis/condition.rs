//! Conditions in their ready form, and the checks that span several parameters.

use super::choice::{Choice, DataName, Draw, Rule};
use super::parameter::{Kind, Scope, Value, parameter, parameters};
use crate::data::CodeKind;
use crate::network::{Loss, Order, Reduction};
use crate::real::Precision;
use crate::rule::Activation;
use crate::signal::{Cross, Form, Pair, Schedule, Sizes};
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
    /// Norm of every neuron's input weights, if normalised.
    pub weight_norm: Option<f64>,
    /// Activation of every layer.
    pub activation: Activation,
    /// Whether there are biases.
    pub bias: bool,
    /// Standard deviation of the biases at the start.
    pub bias_std: f64,
    /// Working precision.
    pub precision: Precision,
    /// Standard deviation of `W` at the start.
    pub w_std: f64,
    /// Standard deviation of `B`.
    pub b_std: f64,
    /// Factor on `B` after drawing.
    pub b_scale: f64,
}

/// One point of a sweep over networks trained on data.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainCondition {
    /// Data set.
    pub data: DataName,
    /// Units of the hidden layers; at least one, none zero.
    pub hidden: Vec<usize>,
    /// Learning rule.
    pub rule: Rule,
    /// Activation of the hidden layers, and of the output unless the loss has its own.
    pub activation: Activation,
    /// Label code.
    pub code: CodeKind,
    /// Loss.
    pub loss: Loss,
    /// Samples per batch; at most the training images.
    pub batch: usize,
    /// Learning rate.
    pub eta: f64,
    /// Passes over the training images.
    pub epochs: usize,
    /// Sum or mean over the batch.
    pub reduction: Reduction,
    /// Whether there are biases.
    pub bias: bool,
    /// Standard deviation of `W` at the start.
    pub w_std: f64,
    /// Standard deviation of `B`.
    pub b_std: f64,
    /// Standard deviation of the biases at the start.
    pub bias_std: f64,
    /// Factor on `B` after drawing.
    pub b_scale: f64,
    /// Order of the training images.
    pub order: Order,
    /// Working precision.
    pub precision: Precision,
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
    /// Whether the exact theory of the linear rule holds: one hidden layer, linear, no output mask, no weight
    /// normalisation, no biases.
    pub fn is_linear_toy(&self) -> bool {
        let plain = !self.output_mask && self.weight_norm.is_none() && !self.bias;
        plain && self.activation == Activation::Linear && self.layers.len() == 3
    }
}

impl Condition {
    /// Condition of the given values, defaults filling in for those not given.
    ///
    /// # Errors
    /// All conflicts between parameters.
    pub fn new(kind: Kind, given: &Values) -> Result<Self, Vec<Conflict>> {
        let broken = |message| vec![Conflict { parameters: Vec::new(), message }];
        let reader = Reader::new(kind, given).map_err(broken)?;
        let reader = reader.with_schedule(given).map_err(|conflict| vec![conflict])?;
        let condition = reader.condition().map_err(broken)?;
        let conflicts = condition.conflicts();
        if conflicts.is_empty() { Ok(condition) } else { Err(conflicts) }
    }

    /// Kind of analysis it belongs to.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Isolate(_) => Kind::Isolate,
            Self::Train(_) => Kind::Train,
            Self::Sample(_) => Kind::Sample,
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
                ("wn", c.weight_norm.map_or(Value::Name("off"), Value::Number)),
                ("activation", Value::Name(c.activation.name())),
                ("bias", Value::Name(c.bias.name())),
                ("bias-std", Value::Number(c.bias_std)),
                ("precision", Value::Name(c.precision.name())),
                ("w-std", Value::Number(c.w_std)),
                ("b-std", Value::Number(c.b_std)),
                ("b-scale", Value::Number(c.b_scale)),
            ]),
            Self::Train(c) => Values::from([
                ("data", Value::Name(c.data.name())),
                ("hidden", sizes(&c.hidden)),
                ("rule", Value::Name(c.rule.name())),
                ("activation", Value::Name(c.activation.name())),
                ("code", Value::Code(c.code)),
                ("loss", Value::Name(c.loss.name())),
                ("batch", Value::Count(c.batch as u64)),
                ("eta", Value::Number(c.eta)),
                ("epochs", Value::Count(c.epochs as u64)),
                ("reduction", Value::Name(c.reduction.name())),
                ("bias", Value::Name(c.bias.name())),
                ("w-std", Value::Number(c.w_std)),
                ("b-std", Value::Number(c.b_std)),
                ("bias-std", Value::Number(c.bias_std)),
                ("b-scale", Value::Number(c.b_scale)),
                ("order", Value::Name(c.order.name())),
                ("precision", Value::Name(c.precision.name())),
            ]),
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
            Self::Train(c) => {
                let facts = c.data.facts();
                let hidden = c.hidden.iter().copied();
                [facts.inputs].into_iter().chain(hidden).chain([c.code.outputs(facts.classes)]).collect()
            }
        }
    }

    /// Number of weight matrices.
    pub fn depth(&self) -> usize {
        self.sizes().len().saturating_sub(1)
    }

    /// Iterations of one epoch; 1 where there are no epochs.
    pub fn iterations_per_epoch(&self) -> usize {
        match self {
            Self::Isolate(_) | Self::Sample(_) => 1,
            Self::Train(c) => c.data.facts().training_images.div_ceil(c.batch.max(1)).max(1),
        }
    }

    /// The last iteration; of kind sample, the number of draws.
    pub fn last_iteration(&self) -> usize {
        match self {
            Self::Isolate(c) => c.iterations,
            Self::Sample(c) => c.draws,
            Self::Train(c) => c.epochs.saturating_mul(self.iterations_per_epoch()),
        }
    }

    fn conflicts(&self) -> Vec<Conflict> {
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
            Self::Train(c) => {
                let facts = c.data.facts();
                if c.loss == Loss::SoftmaxCrossEntropy && c.code != CodeKind::OneHot {
                    refuse(
                        &["loss", "code"],
                        format!(
                            "loss `softmax` needs code `one-hot`, not `{}`: set code to one-hot, or loss to half-squared",
                            Value::Code(c.code).to_text()
                        ),
                    );
                }
                if let CodeKind::NHot { ones, units } = c.code
                    && ones.saturating_mul(facts.classes) > units
                {
                    refuse(
                        &["code", "data"],
                        format!(
                            "code `{ones}-of-{units}` needs {} outputs for {} classes: use at least that many, or fewer \
                             ones per class",
                            ones.saturating_mul(facts.classes),
                            facts.classes
                        ),
                    );
                }
                if c.batch > facts.training_images {
                    refuse(
                        &["batch", "data"],
                        format!(
                            "batch {} is more than the {} training images of `{}`: make it smaller",
                            c.batch,
                            facts.training_images,
                            c.data.name()
                        ),
                    );
                }
            }
        }
        let bytes = self.bytes();
        if bytes > MOST_BYTES {
            let sizes = if self.kind() == Kind::Train { "hidden" } else { "layers" };
            refuse(
                &[sizes, "batch"],
                format!(
                    "a job of layers {} and this batch would need about {} GB of memory, more than the {} GB allowed: \
                     make layers or batch smaller",
                    Value::Sizes(self.sizes()).to_text(),
                    bytes >> 30,
                    MOST_BYTES >> 30
                ),
            );
        }
        found
    }

    /// Rough memory of one job: weights, backward weights, updates and transposes, and three matrices per layer of
    /// the batch, in the widest precision.
    fn bytes(&self) -> u128 {
        let sizes: Vec<u128> = self.sizes().iter().map(|&size| size as u128).collect();
        let batch = match self {
            Self::Isolate(c) => c.batch,
            Self::Train(c) => c.batch,
            Self::Sample(c) => c.batch,
        };
        let weights: u128 = sizes.windows(2).map(|pair| pair[0] * pair[1]).sum();
        let units: u128 = sizes.iter().sum();
        8 * (5 * weights + 3 * units * batch as u128)
    }
}

/// Sizes of the signals of a network of `layers`.
fn signal_sizes(layers: &[usize], batch: usize, iterations: usize) -> Sizes {
    let (inputs, outputs) = (layers[0], layers[layers.len() - 1]);
    Sizes { batch, inputs, outputs, iterations }
}

/// Takes typed values out of a complete set of canonical ones.
struct Reader {
    kind: Kind,
    values: Values,
}

impl Reader {
    fn new(kind: Kind, given: &Values) -> Result<Self, String> {
        let mut values = Values::new();
        for parameter in parameters(kind).filter(|parameter| parameter.scope == Scope::Condition) {
            let value = match (given.get(parameter.name), parameter.default_text(kind)) {
                (Some(value), _) => value.clone(),
                (None, default) => parameter.parse_text(default.unwrap_or_default(), kind)?,
            };
            values.insert(parameter.name, value);
        }
        match given.keys().find(|name| !values.contains_key(*name)) {
            Some(name) => Err(super::parameter::unknown_parameter(name, kind, Scope::Condition)),
            None => Ok(Self { kind, values }),
        }
    }

    /// The signals a schedule stands for take the place of those by default, and must agree with those given.
    fn with_schedule(mut self, given: &Values) -> Result<Self, Conflict> {
        let schedule = match self.values.get("schedule") {
            Some(Value::Name(name)) => Schedule::named(name),
            _ => None,
        };
        let Some(pair) = schedule.and_then(Schedule::pair) else { return Ok(self) };
        let texts = [("activity", pair.activity.to_string()), ("error", pair.error.to_string())];
        for (name, text) in texts.into_iter().chain([("cross", pair.cross.to_string())]) {
            let value = Value::Text(text);
            if let Some(other) = given.get(name).filter(|other| **other != value) {
                let (other, value) = (other.to_text(), value.to_text());
                let name_of = schedule.map_or("", Schedule::name);
                let message = format!(
                    "{name} `{other}` is not what schedule `{name_of}` stands for (`{value}`): leave one of the two out"
                );
                return Err(Conflict { parameters: vec![name, "schedule"], message });
            }
            self.values.insert(name, value);
        }
        Ok(self)
    }

    fn signals(&self) -> Result<Pair, String> {
        let form = |name: &str| match self.values.get(name) {
            Some(Value::Text(text)) => Form::parse(text).map_err(|error| error.to_string()),
            _ => self.wrong(name),
        };
        let cross = match self.values.get("cross") {
            Some(Value::Text(text)) => Cross::parse(text).map_or_else(|| self.wrong("cross"), Ok)?,
            _ => Cross::None,
        };
        let pair = Pair { activity: form("activity")?, error: form("error")?, cross };
        pair.resolve().map_err(|error| error.to_string())
    }

    fn condition(&self) -> Result<Condition, String> {
        Ok(match self.kind {
            Kind::Isolate => Condition::Isolate(IsolateCondition {
                layers: self.sizes("layers")?,
                batch: self.count("batch")?,
                eta: self.number("eta")?,
                iterations: self.count("iterations")?,
                signals: self.signals()?,
                output_mask: self.choice("output-mask")?,
                weight_norm: match self.values.get("wn") {
                    Some(Value::Number(gamma)) => Some(*gamma),
                    _ => None,
                },
                activation: self.choice("activation")?,
                bias: self.choice("bias")?,
                bias_std: self.number("bias-std")?,
                precision: self.choice("precision")?,
                w_std: self.number("w-std")?,
                b_std: self.number("b-std")?,
                b_scale: self.number("b-scale")?,
            }),
            Kind::Train => Condition::Train(TrainCondition {
                data: self.choice("data")?,
                hidden: self.sizes("hidden")?,
                rule: self.choice("rule")?,
                activation: self.choice("activation")?,
                code: self.code("code")?,
                loss: self.choice("loss")?,
                batch: self.count("batch")?,
                eta: self.number("eta")?,
                epochs: self.count("epochs")?,
                reduction: self.choice("reduction")?,
                bias: self.choice("bias")?,
                w_std: self.number("w-std")?,
                b_std: self.number("b-std")?,
                bias_std: self.number("bias-std")?,
                b_scale: self.number("b-scale")?,
                order: self.choice("order")?,
                precision: self.choice("precision")?,
            }),
            Kind::Sample => Condition::Sample(SampleCondition {
                draw: self.choice("draw")?,
                layers: self.sizes("layers")?,
                batch: self.count("batch")?,
                draws: self.count("draws")?,
                signals: self.signals()?,
                b_std: self.number("b-std")?,
                b_mean: self.number("b-mean")?,
                precision: self.choice("precision")?,
            }),
        })
    }

    fn sizes(&self, name: &str) -> Result<Vec<usize>, String> {
        match self.values.get(name) {
            Some(Value::Sizes(sizes)) => Ok(sizes.clone()),
            _ => self.wrong(name),
        }
    }

    fn count(&self, name: &str) -> Result<usize, String> {
        match self.values.get(name) {
            Some(Value::Count(count)) => usize::try_from(*count).or_else(|_| self.wrong(name)),
            _ => self.wrong(name),
        }
    }

    fn number(&self, name: &str) -> Result<f64, String> {
        match self.values.get(name) {
            Some(Value::Number(number)) => Ok(*number),
            _ => self.wrong(name),
        }
    }

    fn code(&self, name: &str) -> Result<CodeKind, String> {
        match self.values.get(name) {
            Some(Value::Code(code)) => Ok(*code),
            _ => self.wrong(name),
        }
    }

    fn choice<C: Choice>(&self, name: &str) -> Result<C, String> {
        match self.values.get(name) {
            Some(Value::Name(text)) => C::named(text).map_or_else(|| self.wrong(name), Ok),
            _ => self.wrong(name),
        }
    }

    fn wrong<V>(&self, name: &str) -> Result<V, String> {
        let expected = parameter(name).map(|parameter| parameter.expected(self.kind)).unwrap_or_default();
        Err(format!("{name} has a value of the wrong form: expected {expected}"))
    }
}

#[cfg(test)]
mod tests {
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
