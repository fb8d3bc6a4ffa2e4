//! Why a signal cannot be drawn.

use crate::array::ArrayError;
use std::path::PathBuf;
use thiserror::Error;

/// Why a form cannot be used.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum FormError {
    /// No such form.
    #[error("unknown form `{text}`: expected {expected}")]
    Unknown {
        /// As typed.
        text: String,
        /// The forms there are, in words.
        expected: &'static str,
    },
    /// A form with the wrong numbers.
    #[error("form `{text}`: expected {expected}")]
    Malformed {
        /// As typed.
        text: String,
        /// What it should look like.
        expected: String,
    },
    /// Times, and no word of how many iterations they are.
    #[error(
        "form `{text}` has units of time: say how long an iteration takes with dt, such as 1ms"
    )]
    Unclocked {
        /// As typed.
        text: String,
    },
    /// An autoregression that runs away.
    #[error(
        "form `{text}` is not stationary: reflection coefficient {reflection} at lag {lag} must \
         lie strictly between -1 and 1; use smaller coefficients, or `held` for a signal that \
         never changes"
    )]
    NotStationary {
        /// As typed.
        text: String,
        /// The lag at which it fails.
        lag: usize,
        /// The reflection coefficient (partial autocorrelation) there.
        reflection: f64,
    },
    /// Correlations that no signal has.
    #[error("form `{text}` has a covariance that is not positive definite: {why}")]
    NotPositiveDefinite {
        /// As typed.
        text: String,
        /// What gives it away.
        why: String,
    },
}

/// Why a recorded signal cannot be used.
#[derive(Debug, Error)]
pub enum RecordedError {
    /// The file cannot be read as an array.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// An array of another shape.
    #[error(
        "{} holds an array of {found:?}, and a run needs {wanted:?} (iterations, samples, units; \
         more iterations are left unused)", path.display()
    )]
    Shape {
        /// The file.
        path: PathBuf,
        /// Its shape.
        found: Vec<usize>,
        /// The shape of the run.
        wanted: [usize; 3],
    },
    /// Values that are not what the form says.
    #[error("{} holds {why}", path.display())]
    Contents {
        /// The file.
        path: PathBuf,
        /// What it holds, and what would be right.
        why: String,
    },
    /// A form that cannot be used, whatever the file.
    #[error(transparent)]
    Form(#[from] FormError),
    /// Contents that changed.
    #[error("{} has the hash {found}, not {wanted}: it is not the file these results belong to",
        path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// Its hash.
        found: String,
        /// The one named.
        wanted: String,
    },
}
