//! THE registry of parameters: one entry per option and TOML key, for help, specs and the data dictionary.

use super::choice::{Draw, PlanePair, ReplayActivation, ReplayWeights};
use super::kind::Kind;
use super::record_every::RecordEvery;
use crate::data::{ChangeKind, CodeKind, LabelChange, Source};
use crate::network::{Biases, Loss, Order, ProbeBatch, Reduction, Std};
use crate::quantity::{Observer, Quantity, parse_observers};
use crate::real::Precision;
use crate::rule::{Activation, Rule, WeightNorm};
use crate::signal::{Cross, FORM_EXPECTED, Form as SignalForm, Schedule, Surrogate};
use crate::text::{Choice, canonical, expected, json_text, list, suggestion};
use serde_json::Value as Json;
use toml::de::DeValue;

/// What a parameter belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// To a condition: can be swept.
    Condition,
    /// To an analysis as a whole.
    Analysis,
}

/// A value in its one canonical form.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Sizes of layers, or iterations.
    Sizes(Vec<usize>),
    /// A whole number.
    Count(u64),
    /// A finite number.
    Number(f64),
    /// One of a few names.
    Name(&'static str),
    /// A canonical text of a form of its own: of a signal, a data set, a label change, ...
    Text(String),
    /// A label code.
    Code(CodeKind),
    /// A recording schedule.
    RecordEvery(RecordEvery),
    /// Quantities, in the order of their registry, with schedules of their own.
    Observers(Vec<Observer>),
}

impl Value {
    /// JSON form, as in manifests and summaries.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Sizes(sizes) => sizes.as_slice().into(),
            Self::Count(count) => (*count).into(),
            Self::Number(number) => (*number).into(),
            Self::Name(name) => (*name).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Code(code) => code_name(*code).into(),
            Self::RecordEvery(record_every) => record_every.to_string().into(),
            Self::Observers(observers) => observers.iter().map(ToString::to_string).collect(),
        }
    }

    /// Text form, as on the command line and in tables.
    pub fn to_text(&self) -> String {
        json_text(&self.to_json())
    }
}

/// What a value must look like.
#[derive(Clone, Copy)]
enum Form {
    /// At least this many sizes of layers, none zero.
    Sizes { least: usize, example: &'static str },
    /// A whole number in this range.
    Count { least: u64, most: u64 },
    /// This name, or a whole number in this range.
    CountOr { name: &'static str, least: u64, most: u64 },
    /// A finite number above zero.
    Positive,
    /// A finite number.
    Real,
    /// A number from 0 to 1; 1 itself only where told so.
    Share { one: bool },
    /// A finite number from 0.
    NonNegative,
    /// A standard deviation; scalings with the size of the layer where there are layers of many sizes.
    Std,
    /// A weight normalisation, or `off`.
    WeightNorm,
    /// One activation, or one per layer.
    Activations,
    /// A data set.
    Data,
    /// When labels change.
    LabelChange,
    /// The form of a signal.
    Signal,
    /// A cross-correlation.
    Cross,
    /// One of a few names.
    Choice { expected: fn() -> String, canonical: fn(&str, &str) -> Result<&'static str, String> },
    /// A feedback policy, with its argument.
    Rule,
    /// `one-hot` or `N-of-M`.
    Code,
    /// A recording schedule.
    RecordEvery,
    /// Iterations, possibly none.
    Iterations,
    /// Lags, with ranges.
    Lags,
    /// Names of quantities, with schedules of their own.
    Observers,
}

impl Form {
    /// Whether a number of TOML is of this form.
    fn is_number(self) -> bool {
        matches!(
            self,
            Self::Positive
                | Self::Real
                | Self::Share { .. }
                | Self::NonNegative
                | Self::Std
                | Self::WeightNorm
                | Self::Cross
        )
    }
}

const fn one_of<C: Choice>() -> Form {
    Form::Choice { expected: expected::<C>, canonical: canonical::<C> }
}

/// One parameter.
pub struct Parameter {
    /// Option name and TOML key.
    pub name: &'static str,
    /// Placeholder in help.
    pub placeholder: &'static str,
    /// Help line.
    pub help: &'static str,
    /// What it belongs to.
    pub scope: Scope,
    /// Default of kinds isolate, train and sample; `None` where the kind does not have the parameter.
    defaults: [Option<&'static str>; 3],
    /// Defaults of kinds replay and plane, where they are not that of kind train.
    others: [Option<&'static str>; 2],
    form: Form,
}

/// Largest number of units of a layer.
const MOST_UNITS: usize = 100_000;
const MOST_BATCH: u64 = 1_000_000;
const MOST_ITERATIONS: u64 = 1_000_000_000;
const MOST_DRAWS: u64 = 1_000_000;
const MOST_EPOCHS: u64 = 1_000_000;
const MOST_REPEATS: u64 = 100_000;
const MOST_LAGS: usize = 100_000;

/// Shorthand of a registry entry: the defaults of every kind, then the form.
const fn condition(
    name: &'static str,
    placeholder: &'static str,
    help: &'static str,
    defaults: [Option<&'static str>; 3],
    form: Form,
) -> Parameter {
    Parameter { name, placeholder, help, scope: Scope::Condition, defaults, others: [None; 2], form }
}

const fn common(
    name: &'static str,
    placeholder: &'static str,
    help: &'static str,
    defaults: [&'static str; 3],
    form: Form,
) -> Parameter {
    let [isolate, train, sample] = defaults;
    let defaults = [Some(isolate), Some(train), Some(sample)];
    Parameter { name, placeholder, help, scope: Scope::Analysis, defaults, others: [None; 2], form }
}

/// A parameter of kind replay alone.
const fn of_replay(
    name: &'static str,
    placeholder: &'static str,
    help: &'static str,
    default: &'static str,
    form: Form,
) -> Parameter {
    let others = [Some(default), None];
    Parameter { name, placeholder, help, scope: Scope::Condition, defaults: [None; 3], others, form }
}

/// A parameter of kind plane alone.
const fn of_plane(
    name: &'static str,
    placeholder: &'static str,
    help: &'static str,
    default: &'static str,
    form: Form,
) -> Parameter {
    let others = [None, Some(default)];
    Parameter { name, placeholder, help, scope: Scope::Condition, defaults: [None; 3], others, form }
}

/// A parameter whose defaults differ for kinds replay and plane.
const fn but(parameter: Parameter, others: [&'static str; 2]) -> Parameter {
    let [replay, plane] = others;
    Parameter { others: [Some(replay), Some(plane)], ..parameter }
}

/// Every parameter, in the order of help and columns; defaults for `[isolate, train, sample]`.
pub static PARAMETERS: &[Parameter] = &[
    condition(
        "layers",
        "SIZES",
        "Units of every layer, inputs first",
        [Some("20,100,20"), None, Some("100,100,10")],
        Form::Sizes { least: 3, example: "20,100,20 (inputs, hidden, outputs)" },
    ),
    condition(
        "schedule",
        "NAME",
        "Shorthand for activity, error and cross: held (both drawn once), shared (X := E, redrawn each iteration), white \
         (both redrawn, independent), or free (as those say)",
        [Some("free"), None, None],
        one_of::<Schedule>(),
    ),
    condition(
        "activity",
        "FORM",
        "Activity X: how its values follow each other in time",
        [Some("held"), None, Some("held")],
        Form::Signal,
    ),
    condition(
        "error",
        "FORM",
        "Error signal E: how its values follow each other in time",
        [Some("held"), None, Some("held")],
        Form::Signal,
    ),
    condition(
        "cross",
        "CROSS",
        "Cross-correlation of error and activity, unit by unit",
        [Some("none"), None, None],
        Form::Cross,
    ),
    condition(
        "output-mask",
        "on|off",
        "Whether the injected error is multiplied by f'(Z) of the output layer",
        [Some("off"), None, None],
        one_of::<bool>(),
    ),
    condition(
        "draw",
        "NAME",
        "What is drawn: one-step (the alignment term of two iterations, Figs 1 and 2 of the paper), composition (angles \
         through a layer, uniform on 0 to 180 degrees, Fig 5), acute-composition (on 0 to 90)",
        [None, None, Some("one-step")],
        one_of::<Draw>(),
    ),
    condition("draws", "N", "Draws per repeat", [None, None, Some("1000")], Form::Count { least: 1, most: MOST_DRAWS }),
    condition("data", "NAME|PATH", "Data set", [None, Some("digits"), None], Form::Data),
    condition(
        "size",
        "N",
        "Images are resized to N x N pixels, colour channels each by itself: bilinear, half-pixel centres, no \
         anti-aliasing (OpenCV's default)",
        [None, Some("off"), None],
        Form::CountOr { name: "off", least: 1, most: 1000 },
    ),
    condition(
        "hidden",
        "SIZES",
        "Units of the hidden layers",
        [None, Some("50,50"), None],
        Form::Sizes { least: 1, example: "50,50" },
    ),
    condition(
        "rule",
        "NAME",
        "Learning rule, what carries the error back (bp-trw is also called fa; docs/rules.md says what X is)",
        [None, Some("bp-trw"), None],
        Form::Rule,
    ),
    condition(
        "activation",
        "NAME",
        "Activation of every layer, or one per layer; the output layer's gives way to that of the loss",
        [Some("relu"), Some("tanh-relu"), None],
        Form::Activations,
    ),
    condition(
        "code",
        "CODE",
        "Label code: one-hot, or N of M outputs per class",
        [None, Some("5-of-50"), None],
        Form::Code,
    ),
    condition(
        "label-smoothing",
        "S",
        "Targets of units of other classes are S in place of 0 (with softmax S/n, and 1 - S + S/n in place of 1)",
        [None, Some("0"), None],
        Form::Share { one: false },
    ),
    condition(
        "wrong-labels",
        "SHARE",
        "Share of the training labels replaced, once, by classes drawn uniformly",
        [None, Some("0"), None],
        Form::Share { one: true },
    ),
    condition(
        "label-change",
        "EPOCHS",
        "Epochs at which the label code changes",
        [None, Some("off"), None],
        Form::LabelChange,
    ),
    condition(
        "label-change-kind",
        "NAME",
        "What the code changes to: fresh (newly drawn) or permute (the same groups of units for other classes)",
        [None, Some("fresh"), None],
        one_of::<ChangeKind>(),
    ),
    condition(
        "loss",
        "NAME",
        "Loss: half-squared (with the derivative at the output: the paper's), squared-linear (linear output), softmax or \
         sigmoid (cross-entropy), random (errors of no task: nothing is learnt)",
        [None, Some("half-squared"), None],
        one_of::<Loss>(),
    ),
    condition(
        "batch",
        "N",
        "Samples per batch",
        [Some("100"), Some("24"), Some("100")],
        Form::Count { least: 1, most: MOST_BATCH },
    ),
    condition(
        "drop-last",
        "on|off",
        "Whether an epoch ends before a last batch that would be smaller",
        [None, Some("off"), None],
        one_of::<bool>(),
    ),
    condition("eta", "RATE", "Learning rate", [Some("4e-4"), Some("0.01"), None], Form::Positive),
    condition(
        "momentum",
        "M",
        "Momentum: V = M V + G, W += eta V",
        [None, Some("0"), None],
        Form::Share { one: false },
    ),
    condition(
        "weight-decay",
        "RATE",
        "Weight decay of weights and biases, as part of the gradient",
        [None, Some("0"), None],
        Form::NonNegative,
    ),
    condition(
        "iterations",
        "N",
        "Updates",
        [Some("1500"), None, None],
        Form::Count { least: 1, most: MOST_ITERATIONS },
    ),
    condition(
        "epochs",
        "N",
        "Passes over the training images",
        [None, Some("40"), None],
        Form::Count { least: 1, most: MOST_EPOCHS },
    ),
    condition(
        "reduction",
        "NAME",
        "Gradients of a batch: sum (the paper's) or mean",
        [None, Some("sum"), None],
        one_of::<Reduction>(),
    ),
    condition(
        "bias",
        "on|off|untrained",
        "Biases: drawn and updated, none, or drawn and left alone",
        [Some("off"), Some("on"), None],
        one_of::<Biases>(),
    ),
    condition(
        "w-std",
        "STD",
        "Standard deviation of the forward weights at the start",
        [Some("1"), Some("0.1"), None],
        Form::Std,
    ),
    condition(
        "b-std",
        "STD",
        "Standard deviation of the backward weights",
        [Some("1"), Some("0.1"), Some("1")],
        Form::Std,
    ),
    condition("b-mean", "MEAN", "Mean of the backward weights", [None, None, Some("0")], Form::Real),
    condition(
        "bias-std",
        "STD",
        "Standard deviation of the biases at the start",
        [Some("1"), Some("0.1"), None],
        Form::Std,
    ),
    condition(
        "normalize-b",
        "on|off",
        "Whether every column of the backward weights is given norm 1 at the start",
        [Some("off"), Some("off"), None],
        one_of::<bool>(),
    ),
    condition(
        "b-scale",
        "FACTOR",
        "Factor on the backward weights after drawing and normalising",
        [Some("1"), Some("1"), None],
        Form::Positive,
    ),
    condition(
        "wn",
        "GAMMA",
        "Weight normalisation, at the start and after every update",
        [Some("off"), Some("off"), None],
        Form::WeightNorm,
    ),
    condition(
        "order",
        "NAME",
        "Order of the training images: fixed (as stored), once (shuffled once per repeat), each-epoch",
        [None, Some("once"), None],
        one_of::<Order>(),
    ),
    condition(
        "probe",
        "NAME",
        "Samples on which update alignment and the like are measured: fixed (as many training images as a batch has, \
         drawn once per repeat), or next (the batch of the update to come: the paper's)",
        [None, Some("fixed"), None],
        one_of::<ProbeBatch>(),
    ),
    condition("precision", "NAME", "Working precision", [Some("f64"), Some("f32"), Some("f64")], one_of::<Precision>()),
    common(
        "repeats",
        "N",
        "Repeats of every condition",
        ["10", "10", "10"],
        Form::Count { least: 1, most: MOST_REPEATS },
    ),
    common("seed", "N", "Seed of every random number", ["1", "1", "1"], Form::Count { least: 0, most: u64::MAX }),
    of_replay(
        "layer",
        "L",
        "Layer l whose alignment is replayed: the activities of layer l - 1 and the error signals of layer l + 1 drive a \
         network of these three layers",
        "1",
        Form::Count { least: 1, most: 1000 },
    ),
    of_replay(
        "surrogate",
        "NAME",
        "What is done to the recorded signals before they are replayed",
        "none",
        one_of::<Option<Surrogate>>(),
    ),
    of_replay(
        "replay-weights",
        "NAME",
        "Weights that the replay starts from: fresh (drawn anew, B as well) or own (those of the network, which without a \
         surrogate gives its own trajectory back)",
        "fresh",
        one_of::<ReplayWeights>(),
    ),
    of_replay(
        "replay-activation",
        "NAME",
        "Activation of the replaying hidden layer: own (that of the network), or another",
        "own",
        one_of::<ReplayActivation>(),
    ),
    of_replay(
        "replay-from",
        "N",
        "Updates of the network before recording begins",
        "0",
        Form::Count { least: 0, most: MOST_ITERATIONS },
    ),
    of_replay(
        "replay-updates",
        "N",
        "Updates recorded and replayed",
        "300",
        Form::Count { least: 1, most: MOST_ITERATIONS },
    ),
    of_plane(
        "pair",
        "NAME",
        "Networks that learn from the same start on the same batches: bp (the network as given, and BP without weight \
         normalisation), wn (the network as given, and the same with WN(1) and columns of B of norm 1)",
        "bp",
        one_of::<PlanePair>(),
    ),
    of_plane(
        "snapshot-every",
        "N",
        "Updates between snapshots of all weights and biases",
        "3",
        Form::Count { least: 1, most: MOST_ITERATIONS },
    ),
    of_plane("mesh", "N", "Points along a side of the plane", "40", Form::Count { least: 2, most: 1000 }),
    of_plane("reach", "X", "The plane reaches so far from its middle along both components", "20", Form::Positive),
    but(
        common(
            "record-every",
            "SCHEDULE",
            "When to record, beside start and end",
            ["1", "epoch", "1"],
            Form::RecordEvery,
        ),
        ["10", "epoch"],
    ),
    common("report-at", "ITERATIONS", "Iterations to summarise beside the last", ["", "", ""], Form::Iterations),
    but(
        common(
            "quantities",
            "NAMES",
            "What to measure, NAME@SCHEDULE at times of its own",
            [
                "weight_alignment",
                "weight_alignment,update_alignment,test_accuracy,accuracy_before_change,recovery_time",
                "alignment_term",
            ],
            Form::Observers,
        ),
        [
            "weight_alignment,source_alignment",
            "explained,explained_second,plane_training_loss,plane_training_loss_second,plane_accuracy,plane_accuracy_second",
        ],
    ),
    Parameter {
        name: "lags",
        placeholder: "LAGS",
        help: "Lags of what is measured at several",
        scope: Scope::Analysis,
        defaults: [Some("1"), Some("1"), None],
        others: [None; 2],
        form: Form::Lags,
    },
    Parameter {
        name: "window",
        placeholder: "LAGS",
        help: "How many lags a decomposition reaches back: all to the start, or fewer to save memory",
        scope: Scope::Analysis,
        defaults: [Some("all"), Some("all"), None],
        others: [None; 2],
        form: Form::CountOr { name: "all", least: 1, most: u64::MAX },
    },
    common(
        "predict",
        "on|off",
        "Exact predictions beside what is measured, where the rule is linear with one hidden layer: averaged over \
         signals, and given those of each repeat",
        ["off", "off", "off"],
        one_of::<bool>(),
    ),
];

/// The parameter called `name`.
pub fn parameter(name: &str) -> Option<&'static Parameter> {
    PARAMETERS.iter().find(|parameter| parameter.name == name)
}

/// Parameters of one kind of analysis, conditions' first.
pub fn parameters(kind: Kind) -> impl Iterator<Item = &'static Parameter> {
    PARAMETERS.iter().filter(move |parameter| parameter.default_text(kind).is_some())
}

impl Parameter {
    /// Default for this kind as command-line text; `None` where the kind does not have the parameter.
    pub fn default_text(&self, kind: Kind) -> Option<&'static str> {
        match kind {
            Kind::Isolate => self.defaults[0],
            Kind::Train => self.defaults[1],
            Kind::Sample => self.defaults[2],
            Kind::Replay => self.others[0].or(self.defaults[1]),
            Kind::Plane => self.others[1].or(self.defaults[1]),
        }
    }

    /// What is expected, in words.
    pub fn expected(&self, kind: Kind) -> String {
        match self.form {
            Form::Sizes { least, example } => format!("at least {least}, none zero, such as {example}"),
            Form::Count { least, most: u64::MAX } => format!("a whole number from {least}"),
            Form::Count { least, most } => format!("a whole number from {least} to {most}"),
            Form::Positive => "a finite number above 0".into(),
            Form::Real => "a finite number".into(),
            Form::CountOr { name, least, most: u64::MAX } => format!("{name}, or a whole number from {least}"),
            Form::CountOr { name, least, most } => format!("{name}, or a whole number from {least} to {most}"),
            Form::Share { one: true } => "a number from 0 to 1".into(),
            Form::Share { one: false } => "a number from 0, below 1".into(),
            Form::NonNegative => "a finite number from 0".into(),
            Form::Std if kind.trains() => Std::EXPECTED.into(),
            Form::Std => "a finite number above 0".into(),
            Form::WeightNorm => WeightNorm::EXPECTED.into(),
            Form::Activations if kind.trains() => {
                format!("{}, or several separated by commas, the lowest layer first", expected::<Activation>())
            }
            Form::Activations => expected::<Activation>(),
            Form::Data => Source::EXPECTED.into(),
            Form::Rule => list(&Rule::names().iter().map(String::as_str).collect::<Vec<_>>()),
            Form::LabelChange => LabelChange::EXPECTED.into(),
            Form::Signal => FORM_EXPECTED.clone(),
            Form::Cross => Cross::EXPECTED.into(),
            Form::Choice { expected, .. } => expected(),
            Form::Code => "one-hot, or N-of-M such as 5-of-50".into(),
            Form::RecordEvery => RecordEvery::expected(kind).into(),
            Form::Iterations => "iterations separated by commas, such as 100,500".into(),
            Form::Lags => {
                format!("whole numbers from 1 and ranges of them, such as 1-64,120, at most {MOST_LAGS} lags")
            }
            Form::Observers => {
                format!("one or more of {}", Quantity::of_kind(kind).map(Quantity::name).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// Whether its values are numbers, or may be.
    pub fn is_number(&self) -> bool {
        self.form.is_number() || self.is_whole()
    }

    /// Whether its numbers are whole.
    pub fn is_whole(&self) -> bool {
        matches!(self.form, Form::Count { .. } | Form::CountOr { .. })
    }

    /// Whether it is on or off.
    pub fn is_switch(&self) -> bool {
        self.placeholder.starts_with("on|off")
    }

    /// Help line with what is expected; the default is left to the option parser.
    pub fn help_line(&self, kind: Kind) -> String {
        format!("{}: {}", self.help, self.expected(kind))
    }

    /// Canonical value of command-line text.
    ///
    /// # Errors
    /// What was wrong, what was expected and the nearest valid name.
    pub fn parse_text(&self, text: &str, kind: Kind) -> Result<Value, String> {
        let text = text.trim();
        let refused = || format!("{} cannot be `{text}`: expected {}", self.name, self.expected(kind));
        let number = |allowed: &dyn Fn(f64) -> bool| {
            let number = text.parse().ok().filter(|number: &f64| number.is_finite() && allowed(*number));
            // Minus zero is zero.
            number.map(|number| Value::Number(number + 0.0)).ok_or_else(refused)
        };
        match self.form {
            Form::Sizes { least, .. } => {
                let sizes = whole_numbers(text).ok_or_else(refused)?;
                match self.wrong_sizes(&sizes, least, kind) {
                    Some(wrong) => Err(format!("{} `{text}`{wrong}", self.name)),
                    None => Ok(Value::Sizes(sizes)),
                }
            }
            Form::WeightNorm if text == "off" => Ok(Value::Name("off")),
            Form::CountOr { name, .. } if text == name => Ok(Value::Name(name)),
            Form::Count { least, most } | Form::CountOr { least, most, .. } => {
                let count = text.parse().ok().filter(|count| (least..=most).contains(count));
                count.map(Value::Count).ok_or_else(refused)
            }
            Form::Positive => number(&|n| n > 0.0),
            Form::Real => number(&|_| true),
            Form::Share { one } => number(&|n| (0.0..1.0).contains(&n) || one && n == 1.0),
            Form::NonNegative => number(&|n| n >= 0.0),
            Form::Std => match Std::parse(text).ok_or_else(refused)? {
                Std::Value(std) => Ok(Value::Number(std)),
                scaled if kind.trains() => Ok(Value::Name(scaled.name().unwrap_or_default())),
                _ => Err(refused()),
            },
            Form::WeightNorm => match WeightNorm::parse(text).ok_or_else(refused)? {
                WeightNorm::Neuron(norms) if norms.len() == 1 => Ok(Value::Number(norms[0])),
                other => Ok(Value::Text(other.to_string())),
            },
            Form::Activations => {
                let names = text.split(',').map(|name| canonical::<Activation>(self.name, name.trim()));
                match names.collect::<Result<Vec<_>, _>>()?[..] {
                    [name] => Ok(Value::Name(name)),
                    ref names if kind.trains() => Ok(Value::Text(names.join(","))),
                    _ => Err(refused()),
                }
            }
            Form::Data => {
                let near = || suggestion(text, Source::NAMED.iter().map(|(name, _)| *name));
                let unknown = || {
                    let expected = self.expected(kind);
                    format!("unknown data set `{text}`, and there is no such file: expected {expected}{}", near())
                };
                Source::parse(text).map(|source| Value::Text(source.to_string())).ok_or_else(unknown)
            }
            Form::LabelChange => {
                LabelChange::parse(text).map(|change| Value::Text(change.to_string())).ok_or_else(refused)
            }
            Form::Signal => {
                let form = SignalForm::parse(text).map_err(|error| format!("{}: {error}", self.name))?;
                Ok(Value::Text(form.to_string()))
            }
            Form::Cross => Cross::parse(text).map(|cross| Value::Text(cross.to_string())).ok_or_else(refused),
            Form::Rule if !Rule::is_known(text) => {
                let near = suggestion(text, Rule::known_names());
                Err(format!("unknown rule `{text}`: expected {}{near}", self.expected(kind)))
            }
            Form::Rule => Rule::parse(text).map(|rule| Value::Text(rule.to_string())),
            Form::Choice { canonical, .. } => canonical(self.name, text).map(Value::Name),
            Form::Code => parse_code(text).map(Value::Code).ok_or_else(refused),
            Form::RecordEvery => RecordEvery::parse(text, kind).map(Value::RecordEvery),
            Form::Iterations if text.is_empty() => Ok(Value::Sizes(Vec::new())),
            Form::Iterations => {
                let mut iterations = whole_numbers(text).ok_or_else(refused)?;
                iterations.sort_unstable();
                iterations.dedup();
                Ok(Value::Sizes(iterations))
            }
            Form::Lags => {
                let lags = ranges(text).filter(|lags| lags.len() <= MOST_LAGS && !lags.contains(&0));
                lags.map(Value::Sizes).ok_or_else(refused)
            }
            Form::Observers => parse_observers(text, kind).map(Value::Observers),
        }
    }

    /// What is wrong with sizes of layers, at least `least` of them.
    fn wrong_sizes(&self, sizes: &[usize], least: usize, kind: Kind) -> Option<String> {
        if sizes.len() < least {
            let plural = if sizes.len() == 1 { "size" } else { "sizes" };
            return Some(format!(" has {} {plural}: expected {}", sizes.len(), self.expected(kind)));
        }
        if let Some(place) = sizes.iter().position(|&size| size == 0) {
            return Some(format!(" has a zero in place {}: a layer needs at least one unit", place + 1));
        }
        let size = sizes.iter().find(|&&size| size > MOST_UNITS)?;
        Some(format!(": {size} units are more than the {MOST_UNITS} a layer may have"))
    }

    /// Canonical value of a TOML value.
    ///
    /// # Errors
    /// As [`Self::parse_text`], and for a value of the wrong type.
    pub fn parse_toml(&self, value: &DeValue<'_>, kind: Kind) -> Result<Value, String> {
        let text = match (self.form, value) {
            (
                Form::Sizes { .. }
                | Form::Iterations
                | Form::Lags
                | Form::Observers
                | Form::Activations
                | Form::WeightNorm
                | Form::LabelChange,
                DeValue::Array(items),
            ) => {
                let texts = items.iter().map(|item| match (self.form, item.get_ref()) {
                    (Form::Observers | Form::Activations, DeValue::String(name)) => Some(name.to_string()),
                    (Form::Sizes { .. } | Form::Iterations | Form::Lags | Form::LabelChange, DeValue::Integer(_))
                    | (Form::WeightNorm, DeValue::Integer(_) | DeValue::Float(_)) => scalar_text(item.get_ref()),
                    (Form::Lags, DeValue::String(range)) => Some(range.to_string()),
                    _ => None,
                });
                texts.collect::<Option<Vec<_>>>().map(|texts| texts.join(","))
            }
            (
                Form::Count { .. } | Form::CountOr { .. } | Form::RecordEvery | Form::Lags | Form::LabelChange,
                DeValue::Integer(_),
            ) => scalar_text(value),
            (form, DeValue::Integer(_) | DeValue::Float(_)) if form.is_number() => scalar_text(value),
            (Form::Choice { .. }, DeValue::Boolean(on)) if self.is_switch() => {
                Some(if *on { "on" } else { "off" }.into())
            }
            // TOML's whole numbers end at half of a seed's.
            (Form::Count { most: u64::MAX, .. }, DeValue::String(text)) => Some(text.to_string()),
            (Form::Count { .. } | Form::Positive | Form::Real | Form::Share { .. } | Form::NonNegative, _) => None,
            (_, DeValue::String(text)) => Some(text.to_string()),
            _ => None,
        };
        let wrong_type =
            || format!("{} cannot be a TOML {}: expected {}", self.name, value.type_str(), self.expected(kind));
        let text = text.ok_or_else(wrong_type)?;
        if matches!(self.form, Form::Observers) && text.is_empty() {
            return Err(format!("{} cannot be empty: expected {}", self.name, self.expected(kind)));
        }
        self.parse_text(&text, kind)
    }
}

/// What to say of a name that is no parameter of this kind and scope.
pub fn unknown_parameter(name: &str, kind: Kind, scope: Scope) -> String {
    let here = parameters(kind).filter(|known| known.scope == scope).map(|known| known.name);
    match parameter(name) {
        Some(known) if known.default_text(kind).is_none() => {
            let others = Kind::ALL.into_iter().filter(|&other| known.default_text(other).is_some());
            let others: Vec<String> = others.map(|other| format!("\"{}\"", other.name())).collect();
            let others: Vec<&str> = others.iter().map(String::as_str).collect();
            format!("`{name}` is a parameter of kind {}, not of \"{}\"", list(&others), kind.name())
        }
        Some(known) if known.scope == Scope::Analysis => {
            format!("`{name}` holds for a whole analysis: write it under [[analysis]]")
        }
        Some(_) => {
            format!("`{name}` is a parameter of a condition: write it under [analysis.base] or [analysis.sweep]")
        }
        None => {
            let what = if scope == Scope::Condition { "parameter" } else { "key" };
            format!("unknown {what} `{name}` of kind \"{}\"{}", kind.name(), suggestion(name, here))
        }
    }
}

/// Name of a label code.
pub fn code_name(code: CodeKind) -> String {
    match code {
        CodeKind::OneHot => "one-hot".into(),
        CodeKind::NHot { ones, units } => format!("{ones}-of-{units}"),
    }
}

fn parse_code(text: &str) -> Option<CodeKind> {
    if text == "one-hot" {
        return Some(CodeKind::OneHot);
    }
    let (ones, units) = text.split_once("-of-")?;
    let (ones, units): (usize, usize) = (ones.parse().ok()?, units.parse().ok()?);
    (1 <= ones && ones <= units && units <= MOST_UNITS).then_some(CodeKind::NHot { ones, units })
}

/// Whole numbers and ranges of them, `1-64,120`; ascending, each once.
fn ranges(text: &str) -> Option<Vec<usize>> {
    let mut all = Vec::new();
    for part in text.split(',').map(str::trim) {
        match part.split_once('-') {
            None => all.push(part.parse().ok()?),
            Some((first, last)) => {
                let (first, last): (usize, usize) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
                if first > last || last - first > MOST_LAGS {
                    return None;
                }
                all.extend(first..=last);
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    Some(all)
}

fn whole_numbers(text: &str) -> Option<Vec<usize>> {
    text.split(',').map(|part| part.trim().parse().ok()).collect()
}

/// A TOML number as decimal text.
fn scalar_text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::Integer(integer) => {
            i128::from_str_radix(integer.as_str(), integer.radix()).ok().map(|n| n.to_string())
        }
        DeValue::Float(float) => Some(float.as_str().to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(name: &str, text: &str, kind: Kind) -> Result<Value, String> {
        parameter(name).unwrap().parse_text(text, kind)
    }

    #[test]
    fn every_default_is_valid_and_canonical_text_is_read_back() {
        for kind in Kind::ALL {
            for parameter in parameters(kind) {
                let value = parameter.parse_text(parameter.default_text(kind).unwrap(), kind).unwrap();
                assert_eq!(parameter.parse_text(&value.to_text(), kind).unwrap(), value, "{}", parameter.name);
                assert!(!parameter.help_line(kind).is_empty());
            }
        }
    }

    #[test]
    fn refusals_say_what_was_expected() {
        let cases = [
            ("layers", "20,100", Kind::Isolate, "layers `20,100` has 2 sizes: expected at least 3, none zero"),
            ("layers", "20", Kind::Isolate, "layers `20` has 1 size: expected"),
            (
                "layers",
                "20,0,20",
                Kind::Isolate,
                "layers `20,0,20` has a zero in place 2: a layer needs at least one unit",
            ),
            ("layers", "20,x,20", Kind::Isolate, "layers cannot be `20,x,20`: expected at least 3"),
            ("layers", "20,9999999,20", Kind::Isolate, "9999999 units are more than the 100000"),
            ("eta", "inf", Kind::Isolate, "eta cannot be `inf`: expected a finite number above 0"),
            ("eta", "nan", Kind::Train, "eta cannot be `nan`"),
            ("eta", "1e999", Kind::Train, "eta cannot be `1e999`"),
            ("eta", "0", Kind::Train, "eta cannot be `0`"),
            ("eta", "-1", Kind::Train, "eta cannot be `-1`"),
            ("batch", "0", Kind::Train, "batch cannot be `0`: expected a whole number from 1 to 1000000"),
            ("batch", "1.5", Kind::Train, "batch cannot be `1.5`"),
            (
                "schedule",
                "hled",
                Kind::Isolate,
                "unknown schedule `hled`: expected held, shared, white or free; did you mean `held`?",
            ),
            (
                "rule",
                "bp-twr",
                Kind::Train,
                "unknown rule `bp-twr`: expected bp, bp-trw, shallow, dfa, sign-uniform, sign-batch, sign-fixed, kolen-pollack, \
                 mirror:X, interpolated:X, correlated:X, sparse:X or orthogonal; did you mean `bp-trw`?",
            ),
            ("rule", "hebb", Kind::Train, "unknown rule `hebb`: expected bp, bp-trw, shallow, dfa"),
            ("code", "51-of-50", Kind::Train, "code cannot be `51-of-50`: expected one-hot, or N-of-M"),
            ("bias", "yes", Kind::Train, "unknown bias `yes`: expected on, off or untrained"),
            ("repeats", "0", Kind::Train, "repeats cannot be `0`"),
            ("report-at", "10,last", Kind::Isolate, "report-at cannot be `10,last`: expected iterations"),
        ];
        for (name, text, kind, expected) in cases {
            let error = parse(name, text, kind).unwrap_err();
            assert!(error.contains(expected), "{error}\nshould contain\n{expected}");
        }
    }

    #[test]
    fn aliases_and_spellings_have_one_canonical_form() {
        assert_eq!(parse("rule", "fa", Kind::Train), Ok(Value::Text("bp-trw".into())));
        assert_eq!(parse("eta", "0.0004", Kind::Isolate), parse("eta", "4e-4", Kind::Isolate));
        assert_eq!(parse("layers", " 20, 100 ,20", Kind::Isolate), Ok(Value::Sizes(vec![20, 100, 20])));
        assert_eq!(parse("report-at", "500,100,500", Kind::Isolate), Ok(Value::Sizes(vec![100, 500])));
    }

    #[test]
    fn toml_values_must_have_the_right_type() {
        let toml = |text: &'static str| DeValue::parse(text).unwrap().into_inner();
        let check = |name: &str, text: &'static str| parameter(name).unwrap().parse_toml(&toml(text), Kind::Isolate);
        assert_eq!(check("layers", "[20, 1_00, 20]"), Ok(Value::Sizes(vec![20, 100, 20])));
        assert_eq!(check("layers", "\"20,100,20\""), Ok(Value::Sizes(vec![20, 100, 20])));
        assert_eq!(check("eta", "1"), Ok(Value::Number(1.0)));
        assert_eq!(check("batch", "0x10"), Ok(Value::Count(16)));
        assert_eq!(check("record-every", "\"log:9\""), Ok(Value::RecordEvery(RecordEvery::Log(9))));
        for (name, text) in
            [("eta", "\"4e-4\""), ("batch", "1.0"), ("schedule", "1"), ("layers", "[20, \"a\"]"), ("eta", "[1]")]
        {
            let error = check(name, text).unwrap_err();
            assert!(error.contains("cannot be a TOML"), "{error}");
        }
        assert!(check("eta", "inf").unwrap_err().contains("eta cannot be `inf`"));
        assert!(check("quantities", "[]").unwrap_err().contains("cannot be empty"));
    }
}
