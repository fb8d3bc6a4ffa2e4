//! Runs recorded elsewhere: weights, backward weights, activities and error signals from one `.npz` archive.
//!
//! | member | shape | what it is |
//! |---|---|---|
//! | `W0`, `W1`, ... | `n_l x n_{l+1}`, or states x that | weights, once or after every update, the start first |
//! | `B1`, `B2`, ... | `n_{l+1} x n_l`, or states x that | backward weights; of direct feedback (also `F1`, ...) `n_D x n_l` |
//! | `b1`, `b2`, ... | `n_l`, or states x that | biases |
//! | `activity0`, ... | iterations x samples x `n_l` | what `W_l` is fed |
//! | `delta1`, ... | iterations x samples x `n_l` | error signals, towards the target |
//! | `labels` | samples, or iterations x that | classes, whole numbers or one-hot |
//!
//! Of a run whose updates were not all recorded, `thinned` says what else there is.
//!
//! Everything but one of `W`, `activity` or `delta` may be missing; what is there decides what can be said. Matrices may be
//! stored as their transposes, and layers counted from 1 (`layout`): shapes tell, or else what the signals say
//! (`evidence`). What is optional and malformed is left out.
//!
//! [`Findings`] are what a recording says, in this order: which activation makes an activity of the one below
//! ([`LayerActivation`]), which matrix carried the error back ([`LayerFeedback`]), what the steps of the weights are made
//! of ([`Steps`]). What closes to rounding is known; the updates are then decomposed ([`LayerTerms`]), batches compared
//! ([`LayerPairs`]) and the linear rule predicted ([`LinearPrediction`]).

mod activation;
mod backward;
mod closing;
mod evidence;
mod extent;
mod feedback;
mod findings;
mod labels;
mod layout;
mod missing;
mod pairs;
mod plan;
mod precision;
mod predict;
mod progress;
mod read;
mod slopes;
mod stack;
mod steps;
mod terms;
mod thinned;

pub use activation::LayerActivation;
pub use backward::{Backward, StatesOf, Told};
pub use closing::{Closing, LayerClosing};
pub use feedback::{Carrier, CarrierClosing, LayerFeedback, Way};
pub use findings::{Findings, LayerAngles, QuestionError, Questions, Unsaid};
pub use layout::Numbering;
pub use missing::Missing;
pub use pairs::{ByClass, LayerPairs};
pub use precision::{Grid, NumberFormat};
pub use predict::LinearPrediction;
use progress::Progress;
pub use progress::ReadingObserver;
pub use read::RecordedRunError;
pub use stack::Stack;
pub use steps::{
    Beginning, DecayKind, ExcludedRecipe, MomentumForm, MomentumKind, Numbers, Optimiser, RatesBy, StepDecay, StepFit,
    StepMomentum, StepRates, Steps,
};
pub use terms::{IterationTerms, LayerTerms, PartReading, TermPart, TermsPlan};
pub use thinned::{SingleSteps, Thinned};

use std::path::Path;
use std::sync::Arc;

/// A recorded run. Index `l` of the lists is that of the layer, counted from 0; what was not recorded is `None`.
#[derive(Clone, Debug, Default)]
pub struct RecordedRun {
    /// `W_l`, states of `n_l x n_{l+1}`.
    pub weights: Vec<Option<Stack>>,
    /// `B_l`, `n_{l+1} x n_l`, or `n_D x n_l` of direct feedback; index 0 is always `None`.
    pub backward: Vec<Option<Backward>>,
    /// `b_l`, states of `1 x n_l`; index 0 is always `None`.
    pub biases: Vec<Option<Stack>>,
    /// `L_l`, iterations of samples x `n_l`.
    pub activities: Vec<Option<Stack>>,
    /// `delta_l`, iterations of samples x `n_l`; index 0 is always `None`.
    pub deltas: Vec<Option<Stack>>,
    /// Class of every sample, numbered from 0, by iteration; one list where it is the same for all.
    pub labels: Option<Vec<Vec<usize>>>,
    /// Which updates were recorded, where others were made between them.
    pub thinned: Option<Thinned>,
    /// How names, shapes and signals let the members be read.
    pub reading: Reading,
    /// What tells how far the analysis has come.
    progress: Progress,
}

/// How the members of a recording were read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// What was added to the numbers in names.
    pub numbering: Numbering,
    /// Members that were renumbered, one of every kind: `W1 as W0`.
    pub renumbered: Vec<String>,
    /// Whether nothing tells the numbering from others.
    pub numbering_open: bool,
    /// Layers whose weights were recorded as `n_{l+1} x n_l`, and what tells.
    pub weights_turned: Vec<(usize, Told)>,
    /// Layers of square weights of which nothing tells which way they were recorded.
    pub weights_open: Vec<usize>,
    /// Layers whose backward weights were recorded as their transposes, which their shapes gave away.
    pub transposed: Vec<usize>,
    /// Members that are malformed or fit no others, and so not used, with the reason.
    pub left_out: Vec<String>,
    /// Members that are not known, and so not used.
    pub ignored: Vec<String>,
    /// What was made of the members that is not what they say, in sentences.
    pub remarks: Vec<String>,
}

impl RecordedRun {
    /// One of so many layers of which nothing is known.
    fn of_layers(layers: usize) -> Self {
        let depth = layers.saturating_sub(1);
        Self {
            weights: vec![None; depth],
            backward: vec![None; depth],
            biases: vec![None; layers],
            activities: vec![None; layers],
            deltas: vec![None; layers],
            ..Self::default()
        }
    }

    /// Opens an archive or a directory: reads every member once, and keeps none that is large.
    ///
    /// # Errors
    /// If it cannot be read, and with every member that is malformed or does not fit the others.
    pub fn open(path: &Path) -> Result<Self, RecordedRunError> {
        read::open(path, &Progress::hidden())
    }

    /// The same; `observer` is told how far reading and then analysing it has come.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_observed(path: &Path, observer: Arc<dyn ReadingObserver>) -> Result<Self, RecordedRunError> {
        read::open(path, &Progress::told_to(observer))
    }

    /// Begins a stage of the analysis that reads these members, each once.
    fn begin(&self, stage: &str, members: &[&[Option<Stack>]]) {
        let bytes = members.iter().flat_map(|members| members.iter().flatten()).map(Stack::bytes).sum();
        self.progress.begin(stage, bytes);
    }

    /// Number of weight matrices.
    pub fn depth(&self) -> usize {
        self.weights.len()
    }

    /// `W_l`, where it was recorded.
    pub fn weights(&self, l: usize) -> Option<&Stack> {
        self.weights.get(l)?.as_ref()
    }

    /// `B_l`, where it was recorded.
    pub fn backward(&self, l: usize) -> Option<&Backward> {
        self.backward.get(l)?.as_ref()
    }

    /// `b_l`, where it was recorded.
    pub fn biases(&self, l: usize) -> Option<&Stack> {
        self.biases.get(l)?.as_ref()
    }

    /// `L_l`, where it was recorded.
    pub fn activity(&self, l: usize) -> Option<&Stack> {
        self.activities.get(l)?.as_ref()
    }

    /// `delta_l`, where it was recorded.
    pub fn delta(&self, l: usize) -> Option<&Stack> {
        self.deltas.get(l)?.as_ref()
    }

    /// Classes of the samples of iteration `k`.
    pub fn labels(&self, k: usize) -> Option<&[usize]> {
        let labels = self.labels.as_ref()?;
        labels.get(if labels.len() == 1 { 0 } else { k }).map(Vec::as_slice)
    }

    /// Iterations whose signals were recorded.
    pub fn iterations(&self) -> usize {
        self.activities.iter().chain(&self.deltas).flatten().map(Stack::len).next().unwrap_or(0)
    }
}
