//! The linear rule at any depth, given its signals: the weight, error-signal and update angles of
//! every layer from a recursion over small matrices. No weight matrix is drawn or iterated.
//!
//! # Why it closes
//! Layers have `n_0 .. n_D` units. Write `C_D = I`, `C_l = B_{D-1} ... B_l` (`n_D x n_l`: what
//! carries the output error to layer `l`), `A_t = X_t^T E_t` (`n_0 x n_D`), `Pi_l = W_0 ...
//! W_{l-1}` (`n_0 x n_l`, `Pi_0 = I`). The rule is
//!
//! ```text
//! W_l(t+1) = W_l(t) + eta Pi_l(t)^T A_t C_{l+1},    so that    W_l = W_l(0) + Q_l C_{l+1},   Q_l = eta sum_t Pi_l(t)^T A_t
//! ```
//!
//! every layer is its start plus a part of rank `n_D`. In wide layers `W_l(0)` and the rows of
//! `C_{l+1}` are near-isometries onto directions that are orthogonal to each other, so that only
//! inner products matter. With `S_l = C_l C_l^T` (`n_D x n_D`), `V_l = Pi_l Q_l` (`n_0 x n_D`) and
//! `rho_l = s_l sqrt(n_{l+1})`, `s_l` the standard deviation of `W_l(0)`,
//!
//! ```text
//! Pi_{l+1} Pi_{l+1}'^T = rho_l rho_l' Pi_l Pi_l'^T + V_l S_{l+1} V_l'^T          (primes: another time)
//! ```
//!
//! and all that is ever needed of the `n_0` inputs are `G = eta sum A` and the products `V_l^T A`
//! (`n_D x n_D`):
//!
//! ```text
//! J_l     = V_l^T A = alpha_l G_l^T A + sum_{j=1..l} beta_{l,j} N_{l,j}^T S_j J_{j-1}
//! G_l    += eta alpha_l A,      N_{l,j} += eta beta_{l,j} J_{j-1}
//! alpha_l = rho_0 ... rho_{l-1},    beta_{l,j} = rho_j ... rho_{l-1}
//! <W_l, B_l^T> = tr(S_l N_{l,l}),   ||W_l||^2 = n_l n_{l+1} s_l^2 + tr(S_{l+1} K_l),   K_l = G_l^T G_l + sum_j N_{l,j}^T S_j N_{l,j}
//! ```
//!
//! `N_{l,j}` holds what `Q_l` has along the directions that `B` opened at layer `j`. With one
//! hidden layer this is [`super::moments::Realised`].
//!
//! # Weight normalisation
//! A column of `W_l` is scaled to norm gamma at the start and after every update. Columns of one
//! class of neurons (all, or those of one quantile of the norm they will have) are taken to share
//! one factor `f`: the factor `a` of `W_l(0)` and the columns of `G_l`, `N_{l,j}` that belong to
//! the class are multiplied by it. With several classes of neurons in a layer the matrices above
//! hold one block of `n_D` columns per class ([`Classes`]).
//!
//! # Biases
//! A bias is a weight of an input that is always 1 and that every layer sees anew: one row more in
//! `G_l`, longer by 1.
//!
//! # How near it comes
//! Its error falls with the width, as `n_D / n_l` where signals share their directions. Without
//! weight normalisation [`ReducedNetwork`] has none: it takes `n_0 + l n_D` directions per layer in
//! place of `n_D x n_D` matrices, and draws how the start of the weights stretches them. Under
//! weight normalisation the angles of weights are right to one degree. The tests hold it to this.

mod alignment;
mod backward;
mod closed;
mod draw;
mod gates;
mod learning;
mod products;
mod reduced;
mod relu;
mod state;

pub use backward::{BackwardTheory, Classes};
pub use closed::{held_limit, leading_order};
pub use draw::{DepthAngles, DepthFollower, DepthRun, MOST_CLASSES, NoDepthTheory, Width};
pub use learning::LearningTheory;
pub use products::{NoProducts, Products};
pub use reduced::ReducedNetwork;
pub use relu::{MOST_SAMPLES, ReluNetwork, ReluTheory};
pub use state::{DeepNetwork, DepthTheory, StepRule, norms};

use state::{Length, degrees};

#[cfg(test)]
mod tests;
