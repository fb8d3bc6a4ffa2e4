//! Everything that defines a training run but its data.

use super::Loss;
use crate::data::{ChangeKind, CodeKind, LabelChange};
use crate::rule::{Activation, Rule, WeightNorm};

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

/// How gradients of the samples of a batch are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Summed: the paper's.
    Sum,
    /// Averaged.
    Mean,
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

/// On which samples update alignment and the like are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeBatch {
    /// Training images drawn once per repeat, as many as a batch has.
    Fixed,
    /// The batch of the update to come: the paper's.
    Next,
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
    const NAMES: [(&'static str, Self); 4] =
        [("fan-in", Self::FanIn), ("he", Self::He), ("glorot", Self::Glorot), ("fan-sum", Self::FanSum)];

    /// What [`Self::parse`] takes.
    pub const EXPECTED: &'static str = "a finite number above 0, fan-in (1/sqrt n_in), he (sqrt(2/n_in)), glorot \
                                        (sqrt(2/(n_in+n_out))) or fan-sum (1/sqrt(n_in+n_out))";

    /// Reads the text form.
    pub fn parse(text: &str) -> Option<Self> {
        let named = Self::NAMES.into_iter().find(|(name, _)| *name == text).map(|(_, std)| std);
        let number = || text.parse().ok().filter(|std: &f64| std.is_finite() && *std > 0.0).map(Self::Value);
        named.or_else(number)
    }

    /// Name, where it is not a number.
    pub fn name(self) -> Option<&'static str> {
        Self::NAMES.into_iter().find(|(_, std)| *std == self).map(|(name, _)| name)
    }

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

/// Everything that defines a training run but its data.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// Units of the hidden layers.
    pub hidden: Vec<usize>,
    /// What carries the error back.
    pub rule: Rule,
    /// Activation of every layer, or one for all; the output layer's gives way to the loss's own.
    pub activations: Vec<Activation>,
    /// Loss, which settles the output layer's activation.
    pub loss: Loss,
    /// Label code.
    pub code: CodeKind,
    /// Label smoothing, from 0 to 1: see [`Loss::target_levels`].
    pub smoothing: f64,
    /// Share of the training labels that are replaced by classes drawn uniformly.
    pub wrong_labels: f64,
    /// Epochs at which the code changes.
    pub label_change: LabelChange,
    /// What takes its place.
    pub change_kind: ChangeKind,
    /// Samples per batch; the last batch of an epoch holds what is left.
    pub batch: usize,
    /// Whether an epoch ends before a last batch that would be smaller.
    pub drop_last: bool,
    /// Learning rate.
    pub eta: f64,
    /// Passes over the training images: what the label changes are counted in.
    pub epochs: usize,
    /// Sum or mean over the batch.
    pub reduction: Reduction,
    /// Momentum `m`: `V = m V + G - decay W`, `W += eta V`, as in PyTorch; 0 for none.
    pub momentum: f64,
    /// Weight decay, of weights and biases, as in PyTorch; 0 for none.
    pub weight_decay: f64,
    /// Biases.
    pub biases: Biases,
    /// Standard deviation of `W`.
    pub w_std: Std,
    /// Standard deviation of `B`.
    pub b_std: Std,
    /// Standard deviation of the biases.
    pub bias_std: Std,
    /// Whether columns of `B` have norm 1 at the start.
    pub normalize_b: bool,
    /// Factor on `B` after drawing and normalising.
    pub b_scale: f64,
    /// Weight normalisation, at the start and after every update.
    pub weight_norm: Option<WeightNorm>,
    /// Order of the training images.
    pub order: Order,
}

impl Default for Setup {
    /// BP-TRW on the paper's kind of network: tanh-relu throughout, five of fifty outputs per class, everything drawn with
    /// standard deviation 0.1, gradients summed over the batch.
    fn default() -> Self {
        Self {
            hidden: vec![50, 50],
            rule: Rule::BP_TRW,
            activations: vec![Activation::TanhRelu],
            loss: Loss::HalfSquared,
            code: CodeKind::NHot { ones: 5, units: 50 },
            smoothing: 0.0,
            wrong_labels: 0.0,
            label_change: LabelChange::Off,
            change_kind: ChangeKind::Fresh,
            batch: 24,
            drop_last: false,
            eta: 0.01,
            epochs: 40,
            reduction: Reduction::Sum,
            momentum: 0.0,
            weight_decay: 0.0,
            biases: Biases::On,
            w_std: Std::Value(0.1),
            b_std: Std::Value(0.1),
            bias_std: Std::Value(0.1),
            normalize_b: false,
            b_scale: 1.0,
            weight_norm: None,
            order: Order::Once,
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

    /// Activation of every layer of a network of `depth` weight matrices.
    pub fn activations(&self, depth: usize) -> Vec<Activation> {
        let given = |l: usize| self.activations.get(l).or(self.activations.last()).copied();
        let mut all: Vec<Activation> = (0..depth).map(|l| given(l).unwrap_or(Activation::Linear)).collect();
        all[depth - 1] = self.loss.output_activation(all[depth - 1]);
        all
    }
}
