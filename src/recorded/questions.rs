//! What is asked of a recording, and why it cannot be answered.

use super::run::RecordedRun;
use crate::array::ArrayError;
use crate::measure::similarity::SimilarityError;
use crate::rule::Activation;
use crate::rule::decomposition::DecompositionError;
use thiserror::Error;

/// What is to be found out, with what is known beforehand.
#[derive(Clone, Debug)]
pub struct Questions {
    /// Learning rate, if known.
    pub eta: Option<f64>,
    /// Activations of layers 1 to the last hidden one, if known: one for all, or one each.
    pub activations: Vec<Activation>,
    /// Lags, window and spacing of decompositions and comparisons.
    pub terms: TermsPlan,
}

/// Why a question cannot be answered.
#[derive(Debug, Error)]
pub enum QuestionError {
    /// A member that can no longer be read.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// Activations that are not one for all hidden layers, nor one each.
    #[error("{found} activations for {hidden} hidden layers: give one for all, or one each")]
    Activations {
        /// Given.
        found: usize,
        /// Hidden layers.
        hidden: usize,
    },
    /// A lag that the recording does not reach.
    #[error("there is no lag {lag}: {iterations} iterations were recorded, so lags are 1 to {}",
        iterations.saturating_sub(1))]
    Lag {
        /// The lag.
        lag: usize,
        /// Iterations on record.
        iterations: usize,
    },
    /// A lag beyond the window.
    #[error("lag {lag} lies beyond the window of {window}")]
    Window {
        /// The lag.
        lag: usize,
        /// The window.
        window: usize,
    },
    /// States that do not fit into memory.
    #[error(
        "the states of a window of {window} below W{layer} take {need} of memory, more than \
         {limit}: {remedy}"
    )]
    Memory {
        /// The layer `l` of `W_l`.
        layer: usize,
        /// The window.
        window: usize,
        /// What it takes.
        need: String,
        /// What there is.
        limit: String,
        /// What can be done.
        remedy: String,
    },
    /// An update that cannot be decomposed.
    #[error(transparent)]
    Decomposition(#[from] DecompositionError),
    /// Samples that cannot be compared.
    #[error(transparent)]
    Similarity(#[from] SimilarityError),
}

/// What is to be decomposed, and how far back.
#[derive(Clone, Debug)]
pub struct TermsPlan {
    /// Lags whose terms are wanted each by itself, from 1.
    pub lags: Vec<usize>,
    /// Longest lag that is held; if not given, all there are, or as many as memory and time allow.
    pub window: Option<usize>,
    /// Iterations from one decomposition to the next, and from one comparison of batches; the last
    /// is decomposed in any case. If not given, so that there are some 50, or as many as time
    /// allows.
    pub every: Option<usize>,
}

impl Questions {
    pub(super) fn check(&self, run: &RecordedRun) -> Result<(), QuestionError> {
        let (found, hidden) = (self.activations.len(), run.depth().saturating_sub(1));
        if found > 1 && found != hidden {
            return Err(QuestionError::Activations { found, hidden });
        }
        let iterations = run.iterations();
        let beyond = |lag: usize| iterations > 0 && run.thinned.is_none() && lag >= iterations;
        if let Some(&lag) = self.terms.lags.iter().find(|&&lag| lag == 0 || beyond(lag)) {
            return Err(QuestionError::Lag { lag, iterations });
        }
        let beyond = |window: usize| {
            self.terms.lags.iter().copied().find(|&lag| lag > window).map(|lag| (lag, window))
        };
        match self.terms.window.and_then(beyond) {
            Some((lag, window)) => Err(QuestionError::Window { lag, window }),
            None => Ok(()),
        }
    }

    pub(super) fn activation(&self, l: usize) -> Option<Activation> {
        if self.activations.len() == 1 {
            self.activations.first()
        } else {
            self.activations.get(l - 1)
        }
        .copied()
    }
}
