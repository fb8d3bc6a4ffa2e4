//! Similarities of samples between two iterations, and what they say about alignment.
//!
//! `S_L = L(k-o) L(k)^T` and `S_delta = D(k-o) D(k)^T` hold the inner product of every sample of
//! iteration `k-o` with every sample of iteration `k`, of activities `L` (`P x n`, below the layer)
//! and of error signals `D` (`P x m`, above it). The linear alignment term of lag `o` is `eta^2 B^T
//! M` with `M = D(k-o)^T L(k-o) L(k)^T D(k)`, and `tr M` is the sum of `S_L * S_delta` over all
//! pairs of samples: terms align if similar inputs meet similar errors.
//!
//! Sums over pairs are inner products of sums over samples, so that no `P x P` matrix is formed:
//! the sum of `<x, x'>` over pairs is `<sum x, sum x'>`, that of `<x, x'> <d, d'>` is `<sum x d^T,
//! sum x' d'^T>`, that of `<x, x'>^2` is `<sum x x^T, sum x' x'^T>`; classes are summed one by one.
//! Everything is accumulated in double precision.

mod distribution;
mod samples;
mod shuffled;
mod transformation;

pub use distribution::{
    Axes, Axis, Bins, Distributions, MOST_BINS, PairGroup, PairRelation, Similarity, Tally,
    poorly_learnt,
};
pub use samples::{Batch, Means, OwnPairs, SamplePairs, SimilarityError, Split};
pub use shuffled::{Shuffled, ShuffledMean};
pub use transformation::Transformation;

use samples::{Kernel, Side, SideMatrix, reordered};

#[cfg(test)]
mod tests;
