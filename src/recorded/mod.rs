//! Runs recorded elsewhere: weights, backward weights, activities and error signals from one `.npz`
//! archive.
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
//! Of a run whose updates were not all recorded, `read_thinned` says what else there is.
//!
//! Everything but one of `W`, `activity` or `delta` may be missing; what is there decides what can
//! be said. Matrices may be stored as their transposes, and layers counted from 1 (`layout`):
//! shapes tell, or else what the signals say (`evidence`). What is optional and malformed is left
//! out.
//!
//! [`Findings`] are what a recording says, in this order: which activation makes an activity of the
//! one below ([`LayerActivation`]), which matrix carried the error back ([`LayerFeedback`]), what
//! the steps of the weights are made of ([`Steps`](crate::recipe::Steps)). What closes to rounding
//! is known; the updates are then decomposed ([`LayerTerms`]), batches compared ([`LayerPairs`])
//! and the linear rule predicted ([`LinearPrediction`]).

mod activation;
mod axes;
mod backward;
mod error;
mod evidence;
mod extent;
mod feedback;
mod findings;
mod labels;
mod layout;
mod missing;
mod network;
mod normalised;
mod pairs;
mod plan;
mod precision;
mod predict;
mod progress;
mod questions;
mod read;
mod read_thinned;
mod rounding;
mod run;
mod settle;
mod single_steps;
mod slopes;
mod stack;
mod steps;
mod terms;
mod thinned;

pub use activation::LayerActivation;
pub use backward::{Backward, StatesOf, Told, Way};
pub use error::RecordedRunError;
pub use feedback::{Carrier, CarrierClosing, LayerFeedback};
pub use findings::{Findings, LayerAngles, Unsaid};
pub use layout::Numbering;
pub use missing::Missing;
pub use network::{
    LayerOnRecord, RecordedNetwork, RecordedNetworkError, digest as recording_digest,
};
pub use pairs::LayerPairs;
pub use precision::{Grid, NumberFormat};
pub use predict::LinearPrediction;
pub use progress::ReadingObserver;
pub use questions::{QuestionError, Questions, TermsPlan};
pub use run::{Reading, RecordedRun};
pub use single_steps::SingleSteps;
pub use stack::Stack;
pub use terms::{IterationTerms, LayerTerms, PartReading, TermPart};
pub use thinned::Thinned;
