//! Kind train: a network on data.

use super::conflict::Conflict;
use crate::data::{CodeKind, DataError, DataFacts, DataSet, LabelChange, Library, Source};
use crate::network::{Biases, Loss, Optimizer, ProbeBatch, Setup};
use crate::real::{Precision, Real};
use crate::rule::{Activation, ActivityNorm, Route, Rule, WeightNorm};
use crate::text::{Choice, OrName, settings};
use std::sync::Arc;

/// Most memory one job may need, in bytes.
pub(super) const MOST_BYTES: u128 = 4 << 30;

settings! {
    /// One point of a sweep over networks trained on data.
    pub struct TrainCondition {
        data: Source = Source::DIGITS => DATA(
            "data", "NAME|PATH", "Data set", (),
            label = |source, text| source.title().unwrap_or(text).into()
        );
        /// Its sizes, as stored.
        facts: DataFacts = DataFacts::default();
        size: Option<usize> = None => SIZE(
            "size", "N",
            "Images are resized to N x N pixels, each colour channel separately: bilinear, \
            half-pixel centres, no anti-aliasing (OpenCV's default)",
            OrName { name: "off", range: 1..=1000 }
        );
        held_out: usize = 0 => HELD_OUT(
            "held-out", "N",
            "Do not train on the last N training images, and test on them instead of the test \
            images: to choose learning rates and the like", 0..=usize::MAX, young = true
        );
        /// What is run on it.
        setup: Setup = Setup::default() => part();
        probe: ProbeBatch = ProbeBatch::Fixed => PROBE(
            "probe", "NAME",
            "Samples on which update alignment and the like are measured: fixed (as many training \
             images as a batch has, drawn once per repeat), or next (the batch of the update to \
             come: the paper's)", ()
        );
        precision: Precision = Precision::F32 => PRECISION("precision", "NAME", "Working precision",
            ());
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

    /// Images to learn from.
    pub fn training_images(&self) -> usize {
        self.facts.training_images.saturating_sub(self.held_out)
    }

    /// The data set, as the network sees it.
    ///
    /// # Errors
    /// If it cannot be had.
    pub fn load<T: Real>(&self, library: &Library) -> Result<Arc<DataSet<T>>, DataError> {
        library.hold_out(&self.data, self.size, self.held_out)
    }

    /// Bytes of all images as the network sees them.
    pub(crate) fn data_bytes(&self) -> u128 {
        let width = if self.precision == Precision::F32 { 4 } else { 8 };
        let images = self.facts.training_images as u128 + self.facts.test_images as u128;
        width * images * self.inputs() as u128
    }

    /// Why the theory of learning says nothing of such a network; `None` where it does.
    pub fn unpredicted(&self) -> Option<&'static str> {
        let setup = &self.setup;
        let depth = setup.hidden.len() + 1;
        if setup.hidden.is_empty() {
            return Some("--hidden: without a hidden layer nothing aligns: give at least one");
        }
        if setup.activations(depth).iter().any(|activation| *activation != Activation::Linear) {
            return Some(
                "--activation, --loss: the theory of learning is for linear networks: give \
                 --activation linear and --loss squared-linear",
            );
        }
        if !matches!(setup.loss, Loss::SquaredLinear | Loss::HalfSquared) {
            return Some(
                "--loss: the error of this loss is no linear function of the outputs: give --loss \
                 squared-linear",
            );
        }
        if setup.rule != Rule::BP_TRW {
            return Some(
                "--rule: the theory of learning is for fixed random backward weights: give --rule \
                 fa",
            );
        }
        if setup.optimizer != Optimizer::Sgd {
            return Some(
                "--optimizer: the theory of learning is for gradient descent, with momentum or \
                 without: give --optimizer sgd",
            );
        }
        if setup.activity_norm != ActivityNorm::Off {
            return Some(
                "--activity-norm: the theory of learning is for activities as they are: give \
                 --activity-norm off",
            );
        }
        if setup.dropout != 0.0 {
            return Some(
                "--dropout: the theory of learning is for activities that all are passed on: give \
                 --dropout 0",
            );
        }
        if setup.biases == Biases::Untrained {
            return Some(
                "--bias: biases that do not learn are not part of the theory: give off or on",
            );
        }
        if setup.biases == Biases::On && setup.weight_decay != 0.0 {
            return Some(
                "--weight-decay: the theory has no decay of biases: give --bias off as well",
            );
        }
        None
    }

    /// Updates per epoch.
    pub fn batches_per_epoch(&self) -> usize {
        self.setup.batches_per_epoch(self.training_images())
    }

    /// Updates of a run.
    pub fn updates(&self) -> usize {
        self.setup.epochs.saturating_mul(self.batches_per_epoch())
    }

    /// Name of the data set; with part of a hash of what it holds where it is not one of those
    /// known by name.
    pub(super) fn data_name(&self) -> String {
        match (&self.data, &self.facts.fingerprint) {
            (Source::Path(path), Some(fingerprint)) => {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                format!("{name}#{}", fingerprint.get(..16).unwrap_or(fingerprint))
            }
            (named, _) => named.to_string(),
        }
    }

    /// Looks the data set up.
    pub(super) fn settle(&mut self) -> Result<(), Conflict> {
        self.facts =
            self.data.facts().map_err(|error| Conflict::of([], format!("data: {error}")))?;
        Ok(())
    }

    pub(super) fn conflicts(&self) -> Vec<Conflict> {
        let checks = [
            self.softmax_without_one_hot(),
            self.wrong_code(),
            self.too_large_batch(),
            self.late_change(),
            self.listed_beyond(
                Setup::WN.name(),
                self.setup.weight_norm.as_ref().map_or(0, WeightNorm::listed),
            ),
            self.listed_beyond(Setup::ACTIVATION.name(), self.setup.activations.len()),
            self.nesterov_without_momentum(),
            self.adam_with_momentum(),
            self.targets_of_no_task(),
            self.batch_of_one(),
            self.no_images(),
            self.all_held_out(),
        ];
        checks.into_iter().flatten().collect()
    }

    /// Images that take more memory than there may be.
    pub(super) fn too_many_images(&self) -> Option<Conflict> {
        let bytes = self.data_bytes();
        let (images, gigabytes, most) = (self.facts.training_images, bytes >> 30, MOST_BYTES >> 30);
        let message = format!(
            "{images} training images of {} pixels would need about {gigabytes} GB of memory, more \
             than the {most} GB allowed: make size smaller",
            self.inputs()
        );
        (bytes > MOST_BYTES).then(|| Conflict::of([Self::DATA.name(), Self::SIZE.name()], message))
    }

    fn softmax_without_one_hot(&self) -> Option<Conflict> {
        let Setup { loss, code, .. } = self.setup;
        let remedy = "set code to one-hot, or loss to half-squared or sigmoid";
        let message = format!("loss `softmax` needs code `one-hot`, not `{code}`: {remedy}");
        let wrong = loss == Loss::SoftmaxCrossEntropy && code != CodeKind::OneHot;
        wrong.then(|| Conflict::of([Setup::LOSS.name(), Setup::CODE.name()], message))
    }

    fn wrong_code(&self) -> Option<Conflict> {
        let (CodeKind::NHot { ones, units }, classes) = (self.setup.code, self.facts.classes)
        else {
            return None;
        };
        let needed = ones.saturating_mul(classes);
        let remedy = format!(
            "set code (--code) to one-hot, or to {ones}-of-{needed} or fewer ones per class"
        );
        let absent =
            self.facts.absent_classes.iter().map(|text| format!(" ({text})")).collect::<String>();
        let message = format!(
            "code `{ones}-of-{units}` needs {needed} outputs for {classes} classes{absent}: \
             {remedy}"
        );
        (needed > units).then(|| Conflict::of([Setup::CODE.name(), Self::DATA.name()], message))
    }

    fn too_large_batch(&self) -> Option<Conflict> {
        let (batch, images, data) = (self.setup.batch, self.training_images(), self.data_name());
        let message = format!(
            "batch {batch} is more than the {images} training images of `{data}`: make it smaller"
        );
        (batch > images && images > 0)
            .then(|| Conflict::of([Setup::BATCH.name(), Self::DATA.name()], message))
    }

    /// Nothing left to learn from.
    fn all_held_out(&self) -> Option<Conflict> {
        let (held_out, images, data) =
            (self.held_out, self.facts.training_images, self.data_name());
        let message = format!(
            "held-out {held_out} leaves nothing of the {images} training images of `{data}`: hold \
             out fewer"
        );
        (held_out > 0 && self.training_images() == 0)
            .then(|| Conflict::of([Self::HELD_OUT.name(), Self::DATA.name()], message))
    }

    fn late_change(&self) -> Option<Conflict> {
        let (LabelChange::At(changes), epochs) = (&self.setup.label_change, self.setup.epochs)
        else {
            return None;
        };
        let late = changes.iter().find(|&&epoch| epoch >= epochs)?;
        let remedy =
            "epochs is the total, those after the change included: raise it, or change earlier";
        let message =
            format!("the label change at epoch {late} is not before the end at {epochs}: {remedy}");
        Some(Conflict::of([Setup::LABEL_CHANGE.name(), Setup::EPOCHS.name()], message))
    }

    /// A parameter that lists more layers than there are.
    fn listed_beyond(&self, name: &'static str, listed: usize) -> Option<Conflict> {
        let depth = self.setup.hidden.len() + 1;
        let message =
            format!("{name} lists {listed} layers, the network has {depth}: leave some out");
        (listed > depth).then(|| Conflict::of([name, Setup::HIDDEN.name()], message))
    }

    fn nesterov_without_momentum(&self) -> Option<Conflict> {
        let Setup { optimizer, momentum, .. } = self.setup;
        let message = "optimizer `nesterov` looks ahead by the momentum, which is 0: set momentum, \
                       to 0.9 say";
        let wrong = optimizer == Optimizer::Nesterov && momentum == 0.0;
        let parameters = [Setup::OPTIMIZER.name(), Setup::MOMENTUM.name()];
        wrong.then(|| Conflict::of(parameters, message.into()))
    }

    fn adam_with_momentum(&self) -> Option<Conflict> {
        let Setup { optimizer, momentum, .. } = self.setup;
        let message = format!(
            "optimizer `{}` has beta1 in place of momentum: leave momentum out, and set beta1",
            optimizer.name()
        );
        let wrong = matches!(optimizer, Optimizer::Adam | Optimizer::AdamW) && momentum != 0.0;
        wrong.then(|| Conflict::of([Setup::OPTIMIZER.name(), Setup::MOMENTUM.name()], message))
    }

    fn targets_of_no_task(&self) -> Option<Conflict> {
        let Setup { rule, loss, .. } = self.setup;
        let message = format!(
            "rule `{rule}` carries targets back, and loss `random` has none: set loss to \
             half-squared, or rule to dfa"
        );
        let wrong = rule.facts().route == Route::Target && loss == Loss::Random;
        wrong.then(|| Conflict::of([Setup::RULE.name(), Setup::LOSS.name()], message))
    }

    /// Batch normalisation where a batch has a single sample, which has no variance.
    fn batch_of_one(&self) -> Option<Conflict> {
        let Setup { activity_norm, batch, drop_last, .. } = self.setup;
        let short = self.training_images() % batch.max(1) == 1 && !drop_last;
        let message = format!(
            "activity-norm `batch` needs more than one sample, which {} of {batch} {}",
            if batch == 1 { "batches" } else { "the last batch of an epoch" },
            if batch == 1 { "do not have: raise batch" } else { "does not have: set drop-last" }
        );
        let wrong = activity_norm == ActivityNorm::Batch && (batch == 1 || short);
        wrong.then(|| Conflict::of([Setup::ACTIVITY_NORM.name(), Setup::BATCH.name()], message))
    }

    /// A size for what are no images.
    fn no_images(&self) -> Option<Conflict> {
        if self.size.is_none() || self.facts.image.is_some() {
            return None;
        }
        let values = self.facts.inputs;
        let side = values.isqrt();
        let example =
            if side * side == values { format!("{side}, {side}") } else { "height, width".into() };
        let message = format!(
            "samples of `{}` are not images but {values} values in a row: leave size out, or save \
             them as images with x.reshape(-1, {example})",
            self.data_name()
        );
        Some(Conflict::of([Self::SIZE.name(), Self::DATA.name()], message))
    }
}
