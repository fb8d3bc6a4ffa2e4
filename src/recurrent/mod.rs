//! Recurrent networks of rate units, and how an error reaches their weights through time.
//!
//! The units are those of Murray (2019), with rows as samples and `alpha = dt / tau`:
//!
//! ```text
//! u_t = h_{t-1} W_rec + x_t W_in          P x N
//! h_t = (1 - alpha) h_{t-1} + alpha f(u_t)
//! y_t = h_t W_out,   e_t = target - y_t, or an error that comes from nowhere
//! ```
//!
//! Credit goes back through time from the last iteration of a sequence to its first,
//!
//! ```text
//! lambda_t = e_t F + (1 - alpha) lambda_{t+1} + d_{t+1} R,   d_t = alpha f'(u_t) o lambda_t
//! dW_rec = sum h_{t-1}^T d_t,   dW_in = sum x_t^T d_t,   dW_out = sum h_t^T e_t
//! ```
//!
//! | [`Credit`] | `F` | `R` | |
//! |---|---|---|---|
//! | `bptt` | `W_out^T` | `W_rec^T` | the gradient of `1/2 sum e^2`, towards the target |
//! | `bptt-random` | `B` | `W_rec^T` | feedback alignment, with nothing cut off |
//! | `rflo-symmetric` | `W_out^T` | 0 | what of BPTT is local in space: no path through `W_rec` |
//! | `rflo` | `B` | 0 | random-feedback local online learning (Murray 2019, eqs 5 to 7) |
//! | `bp-trw` | `B` | `B_rec` | every transpose of BPTT replaced by a fixed random matrix |
//!
//! Where `R` is 0 the sum over time can be taken the other way round, forwards: with traces
//! `p_t = (1 - alpha) p_{t-1} + alpha f'(u_t) h_{t-1}` of every synapse, `dW_rec = sum p_t (e_t
//! F)`. That is how [`Isolated`] updates its weights at every iteration, on signals that come from
//! nowhere. Updates are summed over samples and iterations; errors of a
//! task ([`Trainer`]) are those of a loss that is the mean over the iterations at which output and
//! target are compared.

mod credit;
mod isolated;
mod lags;
mod network;
mod rank;
mod sequence;
mod setup;
mod task;
mod trainer;

pub use credit::{Credit, Path};
pub use isolated::Isolated;
pub use lags::ReadoutLags;
pub use network::{Feedback, Network};
pub use rank::{ChangeOfRank, rank_of_change};
pub use sequence::{Trajectory, Updates, by_passages, carry_back};
pub use setup::{Setup, SetupError, Times};
pub use task::{Sequences, Task};
pub use trainer::{Score, Trainer};

#[cfg(test)]
mod tests;
