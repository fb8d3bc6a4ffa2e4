//! What becomes of a gradient: plain steps, momentum, Nesterov's, Adam, AdamW and Muon, each as
//! PyTorch has it.
//!
//! `G` is the gradient towards the target, summed or averaged over the batch, `t` counts updates
//! from 1. Weights and biases alike, but where told otherwise.
//!
//! ```text
//! sgd        W += eta (G - lambda W);   with momentum m: V = m V + G - lambda W,  W += eta V
//! nesterov   V = m V + g,  W += eta (g + m V),   g = G - lambda W            (Sutskever et al. 2013)
//! adam       M = b1 M + (1 - b1) g,  S = b2 S + (1 - b2) g^2                  (Kingma & Ba 2015)
//!            W += eta / (1 - b1^t) M / (sqrt(S / (1 - b2^t)) + epsilon)
//! adamw      W *= 1 - eta lambda, then Adam with g = G                        (Loshchilov & Hutter 2019)
//! muon       V = m V + (1 - m) G,  U = (1 - m) G + m V                        (Jordan et al. 2024)
//!            W *= 1 - eta lambda,  W += eta c NS(U);   biases by AdamW
//! ```
//!
//! `NS` is [Newton-Schulz orthogonalisation](mod@newton_schulz), `c` what [`MuonScale`] says. Of all
//! but plain steps, what a step is beside `eta G` is the optimiser's part of it: the decomposition
//! and the budget of alignment have it as they have that of weight normalisation.

mod descent;
mod names;
mod newton_schulz;

pub(super) use descent::{Descent, Rows, Slot};
pub use names::{MuonScale, Optimizer};
pub use newton_schulz::{NEWTON_SCHULZ, newton_schulz};
