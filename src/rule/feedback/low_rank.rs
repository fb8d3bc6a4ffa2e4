//! Low-dimensional feedback: errors go back through a few channels, which come to carry the
//! directions in which errors vary most (after Hanut & Kadmon 2025).
//!
//! ```text
//! E_l = (delta_{l+1} P_l) Q_l,   B_l = P_l Q_l,   P_l of n_{l+1} x r, Q_l of r x n_l
//! P_l <- P_l + a (C P_l - P_l P_l^T C P_l) / tr C,   C = delta_{l+1}^T delta_{l+1},   a = 0.01
//! ```
//!
//! (In the order of columns, `B = Q P`.) `Q_l` is fixed, with orthogonal rows of one norm, such
//! that `B_l` has the norm of the matrix drawn. `P_l` starts with random orthonormal columns and
//! learns by Oja's subspace rule, at a rate relative to the size of the errors: its columns tend to
//! span the first `r` principal directions of the errors above (Oja 1989). `r`, the argument, is at
//! most the number of units on either side.
//!
//! `P_l` is read from `B_l`, of which it is `B_l Q_l^T` over the squared norm of a row of `Q_l`:
//! `B_l` is all the state there is.

use super::{Argument, Backward, Facts, Made, Policy, Route};
use crate::matrix::{Matrix, add_scaled};
use crate::measure::spectrum::Svd;
use crate::random::Stream;
use crate::real::Real;
use crate::rule::Layers;
use std::sync::Arc;

/// Rate of Oja's rule, relative to the squared size of the errors of a batch.
const RATE: f64 = 0.01;

pub(super) const FACTS: Facts = Facts {
    name: "low-rank",
    aliases: &[],
    label: "feedback of rank",
    argument: Some(Argument {
        what: "the number of channels of the error",
        ends: [1.0, 1e6],
        is_whole: true,
        example: 10.0,
    }),
    route: Route::Layered,
    backward: Backward::Learning,
};

#[derive(Debug)]
struct LowRank {
    rank: usize,
}

pub(super) fn policy<T: Real>(rank: f64) -> Arc<dyn Policy<T>> {
    Arc::new(LowRank { rank: rank as usize })
}

impl<T: Real> Policy<T> for LowRank {
    fn begin(
        &self,
        backward: &mut [Matrix<T>],
        _layers: &Layers<T>,
        noise: &mut Stream,
    ) -> Vec<Matrix<T>> {
        let begin = |b: &mut Matrix<T>| {
            let rank = self.rank.min(b.rows()).min(b.cols());
            let compress = orthonormal(b.rows(), rank, noise);
            let mut spread = orthonormal(rank, b.cols(), noise);
            spread.scale(T::from_f64(b.norm() / (rank as f64).sqrt()));
            b.assign(&compress * &spread);
            spread
        };
        backward.iter_mut().map(begin).collect()
    }

    fn learn(
        &self,
        backward: &mut [Matrix<T>],
        drawn: &[Matrix<T>],
        made: &Made<'_, T>,
        _noise: &mut Stream,
    ) {
        for (index, (b, spread)) in backward.iter_mut().zip(drawn).enumerate() {
            let errors = made.passes.iter().filter_map(|pass| pass.delta.get(index + 1));
            learn(b, spread, &errors.collect::<Vec<_>>());
        }
    }
}

/// One step of Oja's rule on `B = P Q`, `Q` being `spread`.
fn learn<T: Real>(b: &mut Matrix<T>, spread: &Matrix<T>, errors: &[&Matrix<T>]) {
    let total: f64 = errors.iter().map(|error| error.squared_norm()).sum();
    let row = spread.squared_norm() / spread.rows() as f64;
    if !(total > 0.0 && row > 0.0) {
        return;
    }
    let mut compress = (&*b * spread.t()).to_matrix();
    compress.scale(T::from_f64(1.0 / row));
    let rank = spread.rows();
    let (mut toward, mut within) = (Matrix::zeros(b.rows(), rank), Matrix::zeros(rank, rank));
    for error in errors {
        let channels = (*error * &compress).to_matrix();
        toward += error.t() * &channels;
        within += channels.t() * &channels;
    }
    toward += T::from_f64(-1.0) * compress.view() * &within;
    add_scaled(compress.as_mut_slice(), toward.as_slice(), T::from_f64(RATE / total));
    b.assign(&compress * spread);
}

/// Random orthonormal columns, or rows where these are fewer.
fn orthonormal<T: Real>(rows: usize, columns: usize, noise: &mut Stream) -> Matrix<T> {
    let mut drawn = Matrix::<f64>::zeros(rows, columns);
    noise.fill_normal(drawn.as_mut_slice());
    // A matrix of random numbers always has its decomposition; if not, it stays as drawn.
    let nearest = Svd::new(&drawn).map_or(drawn, |svd| svd.nearest_orthonormal());
    let values = nearest.as_slice().iter().map(|&value| T::from_f64(value)).collect();
    Matrix::from_vec(rows, columns, values)
}
