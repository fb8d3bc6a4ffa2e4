//! Rank of the change of the recurrent weights, and what bounds it.
//!
//! Of linear units every update of `W_rec` by RFLO is `G B` with `G` of `N x n_out`
//! ([`Updates::source`](super::Updates::source)): its rows lie in the row space of `B`, so that
//! whatever the signals, the learning rate and the number of updates, the change since the start
//! has a rank of at most `n_out`. Of other units an update is `sum alpha h_{t-1}^T (f'(u_t) o
//! (E_t B))`: the slopes are in the way, and its rank is bounded by `N` alone. But the change lies
//! no further from a matrix of rank `n_out` than from `G B diag(d)`, whatever `d` is, and by Eckart
//! and Young the singular values beyond the `n_out`-th measure the former distance:
//!
//! ```text
//! sum_{k > n_out} s_k^2  <=  min_d || dW_rec - G B diag(d) ||^2
//! ```
//!
//! with `d` of every unit by least squares: its mean slope, in effect. It is 0 for linear units,
//! and small where slopes hardly vary.

use crate::matrix::Matrix;
use crate::measure::spectrum::{SpectrumError, participation_ratio, singular_values};
use crate::real::Precision;

/// Singular values below this share of the largest are rounding errors.
fn rounding(precision: Precision) -> f64 {
    match precision {
        Precision::F64 => 1e-10,
        Precision::F32 => 1e-5,
    }
}

/// Rank of a change of `W_rec`, and how far it is from the rank that the law allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangeOfRank {
    /// Singular values above `1e-10` of the largest, or `1e-5` in single precision.
    pub rank: usize,
    /// `(sum s^2)^2 / sum s^4` of the singular values: how many directions matter.
    pub participation: f64,
    /// Root of the share of the squared singular values beyond the `n_out`-th: the distance of the
    /// change from the nearest matrix of rank `n_out`, over its norm.
    pub beyond: f64,
    /// Upper bound of `beyond` by the law above, for the `B` that RFLO has.
    pub bound: f64,
}

/// Rank of `change` (`N x N`), beside what `source` (`N x n_out`, the sum of the `eta G`) and
/// `backward` (`B`, `n_out x N`) allow, where it was learnt in this precision; `None` where nothing
/// changed.
///
/// # Errors
/// If a value is not finite, or the decomposition does not converge.
pub fn rank_of_change(
    change: &Matrix<f64>,
    source: &Matrix<f64>,
    backward: &Matrix<f64>,
    precision: Precision,
) -> Result<Option<ChangeOfRank>, SpectrumError> {
    let values = singular_values(change)?;
    let Some(&largest) = values.first().filter(|&&largest| largest > 0.0) else { return Ok(None) };
    let Some(participation) = participation_ratio(&values) else { return Ok(None) };
    let squares: Vec<f64> = values.iter().map(|s| (s / largest).powi(2)).collect();
    let all: f64 = squares.iter().sum();
    let beyond: f64 = squares.iter().skip(backward.rows()).sum();
    Ok(Some(ChangeOfRank {
        rank: values.iter().filter(|&&s| s > rounding(precision) * largest).count(),
        participation,
        beyond: (beyond / all).sqrt(),
        bound: distance(change, &(source * backward).to_matrix()) / change.norm(),
    }))
}

/// `min_d || change - low diag(d) ||`.
fn distance(change: &Matrix<f64>, low: &Matrix<f64>) -> f64 {
    let columns = change.cols();
    let (mut both, mut own) = (vec![0.0; columns], vec![0.0; columns]);
    for i in 0..change.rows() {
        for (j, (&c, &l)) in change.row(i).iter().zip(low.row(i)).enumerate() {
            both[j] += c * l;
            own[j] += l * l;
        }
    }
    let factors: Vec<f64> =
        both.iter().zip(&own).map(|(b, o)| if *o > 0.0 { b / o } else { 0.0 }).collect();
    let mut rest = change.clone();
    for i in 0..change.rows() {
        let pairs = low.row(i).iter().zip(&factors);
        rest.row_mut(i).iter_mut().zip(pairs).for_each(|(rest, (l, d))| *rest -= d * l);
    }
    rest.norm()
}
