//! Everything that defines a training run but its data.

use super::part::part_sizes;
use super::{Loss, MuonScale, Optimizer};
use crate::data::{ChangeKind, CodeKind, LabelChange};
use crate::rule::{Activation, ActivityNorm, Rule, WeightNorm};
use crate::text::{
    Choice, Interval, List, Nature, Refused, Setting, settings, toml_number, toml_string,
};
use serde_json::Value as Json;
use std::str::FromStr;
use toml::de::DeValue;

/// In which order the training images come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As stored.
    Fixed,
    /// Shuffled once per repeat, then the same batches every epoch.
    Once,
    /// Shuffled before every epoch.
    EachEpoch,
}

impl Choice for Order {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("fixed", Self::Fixed), ("once", Self::Once), ("each-epoch", Self::EachEpoch)];
}

/// How gradients of the samples of a batch are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Summed: the paper's.
    Sum,
    /// Averaged.
    Mean,
}

impl Choice for Reduction {
    const CHOICES: &'static [(&'static str, Self)] = &[("sum", Self::Sum), ("mean", Self::Mean)];
}

/// Whether there are biases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Biases {
    /// Drawn and trained.
    On,
    /// None.
    Off,
    /// Drawn, and left as they are.
    Untrained,
}

impl Choice for Biases {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("on", Self::On), ("off", Self::Off), ("untrained", Self::Untrained)];
}

/// On which samples update alignment and the like are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeBatch {
    /// Training images drawn once per repeat, as many as a batch has.
    Fixed,
    /// The batch of the update to come: the paper's.
    Next,
}

impl Choice for ProbeBatch {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("fixed", Self::Fixed), ("next", Self::Next)];
}

/// Standard deviation of weights at the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Std {
    /// The same for all layers.
    Value(f64),
    /// `1 / sqrt(n_l)`, `n_l` the inputs of the layer.
    FanIn,
    /// `sqrt(2 / n_l)` (He et al. 2015).
    He,
    /// `sqrt(2 / (n_l + n_{l+1}))` (Glorot & Bengio 2010).
    Glorot,
    /// `1 / sqrt(n_l + n_{l+1})` (Akrout et al. 2019, code release).
    FanSum,
}

impl Std {
    const NAMES: [(&'static str, Self); 4] = [
        ("fan-in", Self::FanIn),
        ("he", Self::He),
        ("glorot", Self::Glorot),
        ("fan-sum", Self::FanSum),
    ];

    /// Standard deviation for the weights between layers of `inputs` and `outputs` units.
    pub fn of(self, inputs: usize, outputs: usize) -> f64 {
        let (inputs, outputs) = (inputs as f64, outputs as f64);
        match self {
            Self::Value(std) => std,
            Self::FanIn => 1.0 / inputs.sqrt(),
            Self::He => (2.0 / inputs).sqrt(),
            Self::Glorot => (2.0 / (inputs + outputs)).sqrt(),
            Self::FanSum => 1.0 / (inputs + outputs).sqrt(),
        }
    }
}

impl FromStr for Std {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let named = Self::NAMES.iter().find(|(name, _)| *name == text).map(|&(_, std)| Ok(std));
        let number = || f64::read(text, &Interval::Positive).map(Self::Value);
        named.unwrap_or_else(number).map_err(|_| Refused::form::<Self>(text, &()))
    }
}

impl Setting for Std {
    type Bounds = ();

    fn expected((): &()) -> String {
        "a finite number above 0, fan-in (1/sqrt n_in), he (sqrt(2/n_in)), glorot \
         (sqrt(2/(n_in+n_out))) or fan-sum (1/sqrt(n_in+n_out))"
            .into()
    }

    fn read(text: &str, (): &()) -> Result<Self, Refused> {
        text.parse()
    }

    fn toml_text(value: &DeValue<'_>, (): &()) -> Option<String> {
        toml_number(value).or_else(|| toml_string(value))
    }

    fn json(&self, (): &()) -> Json {
        let name = Self::NAMES.iter().find(|(_, std)| std == self).map(|&(name, _)| name);
        name.map_or_else(|| self.coordinate().into(), Json::from)
    }

    fn nature() -> Nature {
        Nature::Number
    }

    fn coordinate(&self) -> Option<f64> {
        if let Self::Value(std) = self { Some(*std) } else { None }
    }
}

/// Most samples of a batch.
const MOST_BATCH: usize = 1_000_000;
/// Most passes over the training images.
const MOST_EPOCHS: usize = 1_000_000;

settings! {
    /// Everything that defines a training run but its data. The defaults are BP-TRW on the paper's
    /// kind of network: tanh-relu throughout, five of fifty outputs per class, everything drawn
    /// with standard deviation 0.1, gradients summed over the batch.
    pub struct Setup {
        hidden: Vec<usize> = vec![50, 50] => HIDDEN(
            "hidden", "SIZES", "Units of the hidden layers",
            List::Sizes { least: 1, example: "50,50" },
            axis = "hidden layers", label = |sizes, _| hidden_label(sizes)
        );
        rule: Rule = Rule::BP_TRW => RULE(
            "rule", "NAME",
            "Learning rule, what carries the error back (bp-trw is also called fa; docs/rules.md \
             says what X is)", (),
            label = |rule, _| rule.label()
        );
        activations: Vec<Activation> = vec![Activation::TanhRelu] => ACTIVATION(
            "activation", "NAME",
            "Activation of every layer, or one per layer; that of the output layer is replaced by \
            that of the loss", ()
        );
        code: CodeKind = CodeKind::NHot { ones: 5, units: 50 } => CODE(
            "code", "CODE", "Label code: one-hot, or N of M outputs per class", ()
        );
        /// See [`Loss::target_levels`].
        smoothing: f64 = 0.0 => LABEL_SMOOTHING(
            "label-smoothing", "S",
            "Targets of units of other classes are S in place of 0 (with softmax S/n, and 1 - S + \
             S/n in place of 1)",
            Interval::BelowOne,
            label = |share, text|
                if *share == 0.0 { "no smoothing".into() } else { format!("smoothing {text}") }
        );
        wrong_labels: f64 = 0.0 => WRONG_LABELS(
            "wrong-labels", "SHARE", "Share of the training labels replaced, once, by classes \
                drawn uniformly",
            Interval::ToOne,
            axis = "share of labels redrawn", label = |share, _| wrong_labels_label(*share)
        );
        label_change: LabelChange = LabelChange::Off => LABEL_CHANGE(
            "label-change", "EPOCHS", "Epochs at which the label code changes", (),
            label = label_change_label
        );
        change_kind: ChangeKind = ChangeKind::Fresh => LABEL_CHANGE_KIND(
            "label-change-kind", "NAME",
            "What the code changes to: fresh (newly drawn) or permute (the same groups of units \
             for other classes)", ()
        );
        /// It settles the output layer's activation.
        loss: Loss = Loss::HalfSquared => LOSS(
            "loss", "NAME",
            "Loss: half-squared (with the derivative at the output: the paper's), squared-linear \
             (linear output), softmax or sigmoid (cross-entropy), random (errors of no task: \
             nothing is learnt)", ()
        );
        /// The last batch of an epoch holds what is left.
        batch: usize = 24 => BATCH("batch", "N", "Samples per batch", 1..=MOST_BATCH,
            axis = "batch size");
        drop_last: bool = false => DROP_LAST(
            "drop-last", "on|off", "Whether to leave out the last batch of an epoch where it \
                would be smaller", (),
            label = |drop, _|
                format!("{} short last batch", if *drop { "no" } else { "with" }), young = true
        );
        eta: f64 = 0.01 => ETA(
            "eta", "RATE", "Learning rate", Interval::Positive,
            axis = "learning rate", label = |_, text| format!("learning rate {text}")
        );
        /// As in PyTorch, `G` with weight decay in it; 0 for none.
        momentum: f64 = 0.0 => MOMENTUM("momentum", "M", "Momentum: V = M V + G, W += eta V",
            Interval::BelowOne);
        /// As in PyTorch; 0 for none.
        weight_decay: f64 = 0.0 => WEIGHT_DECAY(
            "weight-decay", "RATE", "Weight decay of weights and biases, as part of the gradient",
            Interval::NonNegative
        );
        optimizer: Optimizer = Optimizer::Sgd => OPTIMIZER(
            "optimizer", "NAME",
            "What turns a gradient into a step, as in PyTorch: sgd (with --momentum, if any), \
            nesterov, adam, adamw (decay separate from the gradient), muon (orthogonalised \
            momentum, biases by adamw)", (),
            label = |optimizer, _| optimizer.label().into(), tacit = true
        );
        beta1: f64 = 0.9 => BETA1(
            "beta1", "B", "Adam, AdamW: decay of the running mean of gradients per update",
            Interval::BelowOne, tacit = true
        );
        beta2: f64 = 0.999 => BETA2(
            "beta2", "B",
            "Adam, AdamW: decay of the running mean of squared gradients per update",
            Interval::BelowOne, tacit = true
        );
        epsilon: f64 = 1e-8 => EPSILON(
            "epsilon", "E", "Adam, AdamW: added to the root of the mean of squared gradients",
            Interval::Positive, tacit = true
        );
        muon_scale: MuonScale = MuonScale::Original => MUON_SCALE(
            "muon-scale", "NAME",
            "Factor on Muon's steps of n_in x n_out weights: original (sqrt(max(1, n_out/n_in))) \
             or match-rms (0.2 sqrt(max(n_in, n_out)): for the learning rates of AdamW)", (),
                 tacit = true
        );
        /// What the label changes are counted in.
        epochs: usize = 40 => EPOCHS("epochs", "N", "Passes over the training images",
            1..=MOST_EPOCHS);
        reduction: Reduction = Reduction::Sum => REDUCTION(
            "reduction", "NAME", "Gradients of a batch: sum (the paper's) or mean", ()
        );
        biases: Biases = Biases::On => BIAS(
            "bias", "on|off|untrained", "Biases: drawn and updated, none, or drawn and left \
                alone", ()
        );
        w_std: Std = Std::Value(0.1) => W_STD(
            "w-std", "STD", "Standard deviation of the forward weights at the start", ()
        );
        b_std: Std = Std::Value(0.1) => B_STD("b-std", "STD",
            "Standard deviation of the backward weights", ());
        bias_std: Std = Std::Value(0.1) => BIAS_STD(
            "bias-std", "STD", "Standard deviation of the biases at the start", ()
        );
        normalize_b: bool = false => NORMALIZE_B(
            "normalize-b", "on|off", "Whether every column of the backward weights is given norm 1 \
                at the start", (),
            label = |on, _| if *on { "B of norm 1".into() } else { String::new() }
        );
        b_scale: f64 = 1.0 => B_SCALE(
            "b-scale", "FACTOR", "Factor on the backward weights after drawing and normalising",
            Interval::Positive,
            label = |factor, text|
                if *factor == 1.0 { String::new() } else { format!("B × {text}") }
        );
        weight_norm: Option<WeightNorm> = None => WN(
            "wn", "GAMMA", "Weight normalisation, at the start and after every update", (),
            axis = "γ of weight normalisation",
            label = |norm, text| norm.as_ref().map_or("no WN".into(), |_| format!("WN({text})"))
        );
        activity_norm: ActivityNorm = ActivityNorm::Off => ACTIVITY_NORM(
            "activity-norm", "NAME",
            "Normalisation of the pre-activations of hidden layers, before their biases: batch (of \
             a unit over the batch), layer (of a sample over the units of a layer) or off", (),
            label = |norm, _| match norm {
                ActivityNorm::Off => "activities as they are".into(),
                ActivityNorm::Batch => "batch normalisation".into(),
                ActivityNorm::Layer => "layer normalisation".into(),
            }, tacit = true
        );
        /// Inverted: see [`Dropped`](crate::rule::Dropped).
        dropout: f64 = 0.0 => DROPOUT(
            "dropout", "SHARE",
            "Share of the activities of hidden layers that every update drops at random, what is \
             kept being scaled by 1/(1 - SHARE); nothing is dropped in what is measured",
            Interval::BelowOne,
            axis = "share of activities dropped",
            label = |share, text| match *share {
                0.0 => "nothing dropped".into(),
                _ => format!("dropout {text}"),
            }, tacit = true
        );
        order: Order = Order::Once => ORDER(
            "order", "NAME",
            "Order of the training images: fixed (as stored), once (shuffled once per repeat), \
             each-epoch", (),
            label = |order, _| match order {
                Order::Fixed => "stored order".into(),
                Order::Once => "shuffled once".into(),
                Order::EachEpoch => "shuffled every epoch".into(),
            }
        );
    }
}

/// Hidden layers by number and size, or by their sizes where these differ.
fn hidden_label(sizes: &[usize]) -> String {
    match sizes {
        [size] => format!("1 hidden layer of {size}"),
        [first, ..] if sizes.iter().all(|size| size == first) => {
            format!("{} hidden layers of {first}", sizes.len())
        }
        _ => format!(
            "hidden layers of {}",
            sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("-")
        ),
    }
}

/// The share of labels that are wrong, in percent without the rounding of binary fractions.
fn wrong_labels_label(share: f64) -> String {
    let percent = (share * 100.0 * 1e9).round() / 1e9;
    if share == 0.0 { "true labels".into() } else { format!("{percent} % of labels redrawn") }
}

/// When labels change: never, every so many epochs, or at some.
fn label_change_label(change: &LabelChange, _: &str) -> String {
    match change {
        LabelChange::Off => "no label change".into(),
        LabelChange::Every(epochs) => format!("labels change every {epochs} epochs"),
        LabelChange::At(epochs) => {
            let plural = if epochs.len() == 1 { "" } else { "s" };
            let epochs: Vec<String> = epochs.iter().map(usize::to_string).collect();
            format!("labels change at epoch{plural} {}", epochs.join(", "))
        }
    }
}

impl Setup {
    /// Units of every layer, for a data set of this many inputs and classes.
    pub fn sizes(&self, inputs: usize, classes: usize) -> Vec<usize> {
        let hidden = self.hidden.iter().copied();
        [inputs].into_iter().chain(hidden).chain([self.code.outputs(classes)]).collect()
    }

    /// Batches per epoch of this many images: at least one.
    pub fn batches_per_epoch(&self, images: usize) -> usize {
        let batch = self.batch.clamp(1, images.max(1));
        if self.drop_last { images / batch } else { images.div_ceil(batch) }.max(1)
    }

    /// Sizes of the parts that a batch of `samples` is worked on in: one where samples depend on
    /// each other.
    pub fn parts(&self, samples: usize) -> impl Iterator<Item = usize> + Clone + use<> {
        let whole = self.activity_norm == ActivityNorm::Batch;
        let shared = part_sizes(if whole { 0 } else { samples }).filter(move |_| !whole);
        shared.chain(whole.then_some(samples))
    }

    /// Activation of every layer of a network of `depth` weight matrices.
    pub fn activations(&self, depth: usize) -> Vec<Activation> {
        let given = |l: usize| self.activations.get(l).or(self.activations.last()).copied();
        let mut all: Vec<Activation> =
            (0..depth).map(|l| given(l).unwrap_or(Activation::Linear)).collect();
        all[depth - 1] = self.loss.output_activation(all[depth - 1]);
        all
    }
}
