//! The network of a recording, state by state: which layers have what on record, and what there is
//! to be measured at each.
//!
//! Layers that feed each other are a recording by themselves; of a network with convolutions there
//! are several, each in a directory below that of the network, with layers numbered as they are in
//! it.

use super::activation::LayerActivation;
use super::backward::{StatesOf, Told};
use super::error::RecordedRunError;
use super::findings::{signals, steps, why_not};
use super::questions::{QuestionError, Questions, TermsPlan};
use super::run::RecordedRun;
use super::settle::settle;
use super::terms::{self, Wish};
use crate::array::{self, ArrayError};
use crate::matrix::Matrix;
use crate::recipe::Steps;
use crate::rule::decomposition::Readings;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What is on record of a layer `l` of `W_l`, and so can be measured there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerOnRecord {
    /// Rows and columns of `W_l`, `[n_l, n_{l+1}]`; of what there is of them.
    pub shape: [usize; 2],
    /// States of `W_l`.
    pub weights: bool,
    /// A `B_l` that is known which way it is stored and may be compared with `W_l`.
    pub backward: bool,
    /// What `W_l` is fed.
    pub activity: bool,
    /// Error signals of the units that `W_l` leads to.
    pub delta: bool,
    /// All that BP would make these error signals of: the layers from there to the output, with
    /// activations that are known.
    pub backpropagated: bool,
    /// All that a decomposition of the update takes.
    pub terms: bool,
    /// Likewise, with steps below that hold more than the rule's own update.
    pub projected: bool,
}

impl LayerOnRecord {
    /// Whether it is of the same size, with the same members on record.
    pub fn is_like(&self, other: &Self) -> bool {
        let members = |of: &Self| (of.shape, of.weights, of.activity, of.delta);
        members(self) == members(other)
    }

    /// With what only the other one tells: of another run, another activation may close.
    pub fn or(&mut self, other: &Self) {
        self.backward |= other.backward;
        self.backpropagated |= other.backpropagated;
        self.terms |= other.terms;
        self.projected |= other.projected;
    }
}

/// Why the recording of a network cannot be used.
#[derive(Debug, Error)]
pub enum RecordedNetworkError {
    /// There is nothing of this name.
    #[error("there is no recording {}: expected an .npz archive, or a directory of .npy files", .0.display())]
    Missing(PathBuf),
    /// A recording that is damaged or contradicts itself.
    #[error(transparent)]
    Run(#[from] RecordedRunError),
    /// One whose members do not tell what they would have to.
    #[error("{}: {source}", path.display())]
    Question {
        /// The recording.
        path: PathBuf,
        /// What is wrong.
        source: QuestionError,
    },
    /// Chains of layers that do not belong to one run.
    #[error("{}: {why}", path.display())]
    Chains {
        /// Directory of the network.
        path: PathBuf,
        /// What is wrong, and what to do.
        why: String,
    },
}

/// Layers that feed each other, as recorded.
#[derive(Debug)]
struct Chain {
    run: RecordedRun,
    activations: Vec<LayerActivation>,
    steps: Option<Steps>,
    /// Why layers are not decomposed; none of those that are.
    undecomposed: BTreeMap<usize, String>,
}

/// A recorded network.
#[derive(Debug)]
pub struct RecordedNetwork {
    path: PathBuf,
    digest: String,
    chains: Vec<Chain>,
    updates: Vec<usize>,
    layers: Vec<LayerOnRecord>,
    remarks: Vec<String>,
}

/// What tells a recording from another at the same place: the hash of its contents, of all its
/// chains where there are several.
///
/// # Errors
/// If there is nothing of this name, or it cannot be read.
pub fn digest(path: &Path) -> Result<String, RecordedNetworkError> {
    if !path.exists() {
        return Err(RecordedNetworkError::Missing(path.into()));
    }
    let of = |path: &Path| array::digest(path).map_err(RecordedRunError::from);
    let chains = chains(path)?;
    if let [only] = &chains[..] {
        return Ok(of(only)?);
    }
    let mut hasher = blake3::Hasher::new();
    for chain in &chains {
        hasher.update(chain.file_name().unwrap_or_default().as_encoded_bytes());
        hasher.update(of(chain)?.as_bytes());
    }
    Ok(hasher.finalize().to_hex()[..array::DIGEST].into())
}

/// Recordings of the chains of a network, in the order of their names; the path itself where that
/// is one.
fn chains(path: &Path) -> Result<Vec<PathBuf>, RecordedNetworkError> {
    let members = |path: &Path| array::members(path).map_err(RecordedRunError::from);
    if !path.is_dir() || !members(path)?.is_empty() {
        return Ok(vec![path.into()]);
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let holds = |path: &PathBuf| path.is_dir() && members(path).is_ok_and(|all| !all.is_empty());
    let mut below: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(holds).collect();
    below.sort();
    // What is wrong with an empty directory is said by the reader of recordings.
    Ok(if below.is_empty() { vec![path.into()] } else { below })
}

impl Chain {
    fn open(path: &Path) -> Result<Self, RecordedNetworkError> {
        let mut run = RecordedRun::open(path)?;
        let settled = Self::settled(&mut run);
        let (activations, steps) = settled
            .map_err(|source| RecordedNetworkError::Question { path: path.into(), source })?;
        let why = |of: &LayerActivation| Some((of.layer, why_not(&run, of, steps.as_ref())?));
        let undecomposed = activations.iter().filter_map(why).collect();
        Ok(Self { run, activations, steps, undecomposed })
    }

    /// What closes, and with it which way backward weights are stored.
    fn settled(
        run: &mut RecordedRun,
    ) -> Result<(Vec<LayerActivation>, Option<Steps>), QuestionError> {
        let terms = TermsPlan { lags: Vec::new(), window: None, every: None };
        let questions = Questions { eta: None, activations: Vec::new(), terms };
        let (activations, mut feedback) = signals(run, &questions)?;
        let (steps, _) = steps(run, &questions)?;
        settle(run, &activations, &mut feedback)?;
        Ok((activations, steps))
    }

    /// The last layer, counted from 0 as those of activities are.
    fn top(&self) -> usize {
        self.run.depth()
    }

    /// Whether the recording has anything of `W_l`.
    fn has(&self, l: usize) -> bool {
        let run = &self.run;
        run.weights(l).is_some() || run.activity(l).is_some() || run.delta(l + 1).is_some()
    }

    fn activation(&self, l: usize) -> Option<crate::rule::Activation> {
        self.activations.iter().find(|of| of.layer == l)?.activation
    }

    /// What is on record of `W_l`; `is_last` says whether the chain ends at the output.
    fn layer(&self, l: usize, is_last: bool) -> LayerOnRecord {
        let run = &self.run;
        let shape = run.weights(l).map(super::Stack::shape);
        let inputs = || run.activity(l).map(|of| of.shape()[1]);
        let outputs = || run.delta(l + 1).map(|of| of.shape()[1]);
        let comparable = run.weights(l).and(run.comparable_backward(l)).is_some_and(|of| {
            of.told() != Told::Nothing
                && !matches!(of.of(), StatesOf::None | StatesOf::Undecided)
                && !run.reading.weights_open.contains(&l)
        });
        let known = |m: usize| {
            run.weights(m).is_some() && run.delta(m).is_some() && self.activation(m).is_some()
        };
        let terms = l > 0
            && comparable
            && self.activations.iter().any(|of| of.layer == l)
            && !self.undecomposed.contains_key(&l);
        let rule_alone = self.steps.as_ref().is_none_or(Steps::is_rule_alone);
        LayerOnRecord {
            shape: shape.unwrap_or([inputs().unwrap_or(0), outputs().unwrap_or(0)]),
            weights: shape.is_some(),
            backward: comparable,
            activity: run.activity(l).is_some(),
            delta: run.delta(l + 1).is_some(),
            backpropagated: is_last
                && run.delta(self.top()).is_some()
                && (l + 1..self.top()).all(known),
            terms,
            projected: terms && !rule_alone && run.delta(l).is_some(),
        }
    }
}

impl Chain {
    /// What a reader of the recording should know, in sentences.
    fn remarks(&self) -> Vec<String> {
        let reading = &self.run.reading;
        let mut all: Vec<String> =
            reading.left_out.iter().chain(&reading.remarks).cloned().collect();
        for l in 1..self.top() {
            let Some(backward) = self.run.comparable_backward(l) else { continue };
            let doubtful = backward.told() == Told::Nothing || reading.weights_open.contains(&l);
            let why = if doubtful {
                format!(
                    "nothing tells which way W{l} or B{l} is stored; `alignscope analyze` shows both"
                )
            } else if matches!(backward.of(), StatesOf::None | StatesOf::Undecided) {
                format!("B{l} is not known to be that of any state; record it with every state")
            } else {
                continue;
            };
            all.push(format!("layer {l} has no weight alignment: {why}"));
        }
        all
    }
}

impl RecordedNetwork {
    /// Opens the recording of a network, of one chain of layers or of several, and reads it once.
    ///
    /// # Errors
    /// If there is none, one is damaged or contradicts itself, or chains are not of one run.
    pub fn open(path: &Path) -> Result<Self, RecordedNetworkError> {
        let digest = digest(path)?;
        let places = chains(path)?;
        let chains: Vec<Chain> =
            places.iter().map(|place| Chain::open(place)).collect::<Result<_, _>>()?;
        let wrong = |why: String| RecordedNetworkError::Chains { path: path.into(), why };
        let mut updates: Vec<usize> = Vec::new();
        for (chain, place) in chains.iter().zip(&places) {
            let own = states(&chain.run);
            if !updates.is_empty() && own != updates {
                let name = place.file_name().unwrap_or_default().to_string_lossy();
                return Err(wrong(format!(
                    "its layers were not recorded at the same updates: `{name}` has {}, others {}; \
                     give recordings of one run",
                    in_words(&own),
                    in_words(&updates)
                )));
            }
            updates = own;
        }
        let depth = chains.iter().map(Chain::top).max().unwrap_or(0);
        let mut layers = vec![LayerOnRecord::default(); depth];
        for (l, layer) in layers.iter_mut().enumerate() {
            let mut holders = chains.iter().filter(|chain| chain.has(l));
            let Some(chain) = holders.next() else { continue };
            if holders.next().is_some() {
                let why =
                    format!("two of the recordings below it have layer {l}: give them one by one");
                return Err(wrong(why));
            }
            *layer = chain.layer(l, chain.top() == depth);
        }
        let remarks = chains.iter().flat_map(Chain::remarks).collect();
        Ok(Self { path: path.into(), digest, chains, updates, layers, remarks })
    }

    /// What is known of a recording that is not there any more: nothing can be measured of it.
    pub fn remembered(
        path: &Path,
        digest: String,
        updates: Vec<usize>,
        layers: Vec<LayerOnRecord>,
    ) -> Self {
        let (path, chains, remarks) = (path.into(), Vec::new(), Vec::new());
        Self { path, digest, chains, updates, layers, remarks }
    }

    /// Where it was found.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The hash of its contents, as [`digest`] says it.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Updates made before each state on record, ascending.
    pub fn updates(&self) -> &[usize] {
        &self.updates
    }

    /// What is on record of every layer.
    pub fn layers(&self) -> &[LayerOnRecord] {
        &self.layers
    }

    /// What a reader of the recording should know, in sentences.
    pub fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// What is known of it, with no file left open: of many recordings at once no more is held.
    #[must_use]
    pub fn closed(self) -> Self {
        Self { chains: Vec::new(), ..self }
    }

    fn chain(&self, l: usize) -> Option<&Chain> {
        self.chains.iter().find(|chain| chain.has(l))
    }

    /// Iterations whose signals were recorded, as many of the first states.
    pub fn iterations(&self) -> usize {
        self.chains.iter().map(|chain| chain.run.iterations()).max().unwrap_or(0)
    }

    /// `W_l` of a state, `n_l x n_{l+1}`; `None` where it is not on record.
    ///
    /// # Errors
    /// If it can no longer be read.
    pub fn weights(&self, l: usize, state: usize) -> Result<Option<Matrix<f64>>, ArrayError> {
        let stack = self.chain(l).and_then(|chain| chain.run.weights(l));
        stack.filter(|stack| state < stack.len()).map(|stack| stack.matrix(state)).transpose()
    }

    /// `B_l` of a state, `n_{l+1} x n_l`, where it may be compared with `W_l`.
    ///
    /// # Errors
    /// If it can no longer be read.
    pub fn backward(&self, l: usize, state: usize) -> Result<Option<Matrix<f64>>, ArrayError> {
        match self.chain(l).filter(|_| self.layers.get(l).is_some_and(|of| of.backward)) {
            Some(chain) => chain.run.backward_before(l, state),
            None => Ok(None),
        }
    }

    /// What `W_l` was fed in iteration `k`, samples x `n_l`.
    ///
    /// # Errors
    /// If it can no longer be read.
    pub fn activity(&self, l: usize, k: usize) -> Result<Option<Matrix<f64>>, ArrayError> {
        let stack = self.chain(l).and_then(|chain| chain.run.activity(l));
        stack.filter(|stack| k < stack.len()).map(|stack| stack.matrix(k)).transpose()
    }

    /// Error signals of iteration `k` of the units that `W_l` leads to, samples x `n_{l+1}`.
    ///
    /// # Errors
    /// If it can no longer be read.
    pub fn delta(&self, l: usize, k: usize) -> Result<Option<Matrix<f64>>, ArrayError> {
        let stack = self.chain(l).and_then(|chain| chain.run.delta(l + 1));
        stack.filter(|stack| k < stack.len()).map(|stack| stack.matrix(k)).transpose()
    }

    /// Likewise those that BP would have carried back from the recorded output, through the
    /// recorded weights.
    ///
    /// # Errors
    /// If something can no longer be read.
    pub fn bp_delta(&self, l: usize, k: usize) -> Result<Option<Matrix<f64>>, ArrayError> {
        let Some(chain) = self.chain(l).filter(|_| self.layers[l].backpropagated) else {
            return Ok(None);
        };
        let run = &chain.run;
        let output = run.delta(chain.top()).filter(|stack| k < stack.len());
        let Some(mut delta) = output.map(|stack| stack.matrix(k)).transpose()? else {
            return Ok(None);
        };
        for m in (l + 1..chain.top()).rev() {
            let (Some(weights), Some(z), Some(activation)) =
                (run.weights_before(m, k)?, run.pre_activation(m, k)?, chain.activation(m))
            else {
                return Ok(None);
            };
            delta = (&delta * weights.t()).to_matrix();
            let mut activity = vec![0.0; z.as_slice().len()];
            activation.apply(z.as_slice(), &mut activity);
            activation.multiply_derivative(z.as_slice(), &activity, delta.as_mut_slice());
        }
        Ok(Some(delta))
    }

    /// Classes of the samples of iteration `k`, of the layers that `W_l` feeds.
    pub fn labels(&self, l: usize, k: usize) -> Option<&[usize]> {
        self.chain(l)?.run.labels(k)
    }

    /// The updates of `W_l` of these iterations, decomposed, with the terms of `lags` each by
    /// itself; none where they cannot be.
    ///
    /// # Errors
    /// If the states of the window do not fit into memory, or can no longer be read.
    pub fn decomposed(
        &self,
        l: usize,
        (lags, window): (&[usize], Option<usize>),
        iterations: &[usize],
    ) -> Result<BTreeMap<usize, Readings>, QuestionError> {
        let Some(chain) = self.chain(l).filter(|_| self.layers[l].terms) else {
            return Ok(BTreeMap::new());
        };
        let (Some(steps), Some(activation)) = (chain.steps.as_ref(), chain.activation(l)) else {
            return Ok(BTreeMap::new());
        };
        let Some(cost) = terms::cost(&chain.run, l, steps) else { return Ok(BTreeMap::new()) };
        let window = window.unwrap_or(usize::MAX).min(cost.iterations.saturating_sub(1));
        terms::readings(
            &chain.run,
            steps,
            &Wish { cost, activation, lags, window, every: 1 },
            iterations,
        )
    }
}

/// Updates made before each state of a recording: of weights, or else of signals.
fn states(run: &RecordedRun) -> Vec<usize> {
    let of_weights = (0..run.depth()).filter_map(|l| run.weights(l)).map(super::Stack::len);
    let count = of_weights.max().unwrap_or(0).max(run.iterations());
    let update = |k: usize| usize::try_from(run.update_of_state(k)).unwrap_or(usize::MAX);
    (0..count).map(update).collect()
}

fn in_words(updates: &[usize]) -> String {
    match updates {
        [] => "no states".into(),
        [first, .., last] => format!("{} states from update {first} to {last}", updates.len()),
        [only] => format!("one state, of update {only}"),
    }
}
