//! What carries the error back, and what becomes of the backward weights: one policy per file, one
//! line each in the registry.
//!
//! Layers `l = 1 .. D-1` have backward weights: `B_l` carries the error at layer `l + 1` to layer
//! `l`. Layer 0 has none, as no error is carried to the input, and the last layer's update does not
//! pass through any: it is BP's under every policy.

mod bp;
mod bp_trw;
mod correlated;
mod direct;
mod direct_kolen_pollack;
mod direct_target;
mod interpolated;
mod kolen_pollack;
mod low_rank;
mod mirror;
mod orthogonal;
mod policy;
mod registry;
mod shallow;
mod sign;
mod sign_batch;
mod sign_fixed;
mod sign_uniform;
mod sparse;
mod weights;

pub use policy::{Argument, Backward, Facts, Made, Policy, Route};
pub use registry::{PolicyName, Rule};
pub(crate) use weights::normalise_backward;
pub use weights::{Feedback, Step};

use policy::rms;
