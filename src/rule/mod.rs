//! The update rule, once: layers, activations, forward pass, feedback, update.
//!
//! It is driven by any error signal at the output and knows of no loss, target or data: the rule in
//! isolation and the training of a network both run on it. One iteration is
//!
//! ```text
//! Z_{l+1} = L_l W_l + b_{l+1},   L_{l+1} = f(Z_{l+1})                     Layers::forward
//! delta_l = f'(Z_l) o (delta_{l+1} B_l)     (BP: W_l^T in place of B_l)    Feedback::carry_back
//! W_l += eta L_l^T delta_{l+1},  b_{l+1} += eta sum delta_{l+1}            Layers::update
//! ```
//!
//! with all updates computed from the weights before the step, and summed over the batch. Passes
//! and updates of BP and BP-TRW allocate nothing. In isolation errors may come late and activities
//! leave traces: see [`Timing`].

mod activation;
mod activity_norm;
mod budget;
pub mod decomposition;
mod dropout;
mod feedback;
mod isolated;
mod isolation;
mod lag_one;
mod layers;
mod normalise;
mod timing;
mod update_alignment;

pub use activation::Activation;
pub use activity_norm::{ActivityNorm, Running, Standardised};
pub use budget::{Budget, Injection, Sides};
pub use dropout::Dropped;
pub(crate) use feedback::normalise_backward;
pub use feedback::{
    Argument, Backward, Facts, Feedback, Made, Policy, PolicyName, Route, Rule, Step,
};
pub use isolated::Isolated;
pub(crate) use isolated::normal_matrix;
pub use isolation::{IsolatedRun, Isolation, IsolationError};
pub use lag_one::{LagOne, Terms};
pub use layers::{Layers, Pass};
pub(crate) use layers::{add_gradient, add_scaled_column_sums};
pub use normalise::{Normaliser, WeightNorm, set_column_norms};
pub use timing::{Filter, Timing};
pub use update_alignment::UpdateAlignment;
pub(crate) use update_alignment::raw_updates;
