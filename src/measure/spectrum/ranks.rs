//! How many directions a matrix fills, by three counts, and what chance has of them.

use super::{effective_rank, participation_ratio, singular_values, stable_rank};
use crate::matrix::Matrix;
use crate::random::Stream;

/// How many directions a matrix fills, by three counts of its singular values `s`. All of them are
/// between 1 and the rank, and none depends on the size of the matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranks {
    /// `(sum s^2)^2 / sum s^4`.
    pub participation_ratio: f64,
    /// `sum s^2 / max s^2`: never above the participation ratio.
    pub stable_rank: f64,
    /// Exponential of the entropy of `s / sum s` (Roy & Vetterli 2007): never below the
    /// participation ratio.
    pub effective_rank: f64,
}

/// Which independent normal entries a matrix is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chance {
    /// A matrix of so many rows and columns of them.
    Matrix(usize, usize),
    /// The product `X^T E` of two: so many samples, columns of `X`, columns of `E`. What an update
    /// is made of, whose rank the samples limit.
    Product([usize; 3]),
}

impl Ranks {
    /// Of a matrix; `None` of one that is zero or not finite.
    pub fn of(matrix: &Matrix<f64>) -> Option<Self> {
        let values = singular_values(matrix).ok()?;
        Some(Self {
            participation_ratio: participation_ratio(&values)?,
            stable_rank: stable_rank(&values)?,
            effective_rank: effective_rank(&values)?,
        })
    }

    /// Means over so many draws of what chance has; `None` of nothing.
    ///
    /// Of a matrix of `m x n` entries, the harmonic mean of the participation ratio tends to
    /// `(m n + 2) / (m + n + 1)`: the moments of a Wishart matrix, whose trace is independent of
    /// its direction.
    pub fn of_chance(chance: Chance, draws: usize, stream: &mut Stream) -> Option<Self> {
        let mut normal = |rows, columns| {
            let mut matrix = Matrix::zeros(rows, columns);
            stream.fill_normal(matrix.as_mut_slice());
            matrix
        };
        let mut draw = || match chance {
            Chance::Matrix(rows, columns) => Self::of(&normal(rows, columns)),
            Chance::Product([samples, below, above]) => {
                let (activity, error) = (normal(samples, below), normal(samples, above));
                Self::of(&(activity.t() * &error).to_matrix())
            }
        };
        let found: Vec<Self> = (0..draws).map_while(|_| draw()).collect();
        let mean = |rank: fn(&Self) -> f64| found.iter().map(rank).sum::<f64>() / draws as f64;
        (found.len() == draws && draws > 0).then(|| Self {
            participation_ratio: mean(|ranks| ranks.participation_ratio),
            stable_rank: mean(|ranks| ranks.stable_rank),
            effective_rank: mean(|ranks| ranks.effective_rank),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Role;

    /// Exact moments of a Wishart matrix, with the standard error of the draws.
    #[test]
    fn chance_has_the_participation_ratio_of_a_wishart_matrix() {
        for (m, n) in [(3, 2), (7, 30), (24, 24)] {
            let mut stream = Stream::new(1, 0, Role::Null);
            let draw = |_| Ranks::of_chance(Chance::Matrix(m, n), 1, &mut stream);
            let inverse: Vec<f64> =
                (0..2000).map(draw).map(|ranks| 1.0 / ranks.unwrap().participation_ratio).collect();
            let mean = inverse.iter().sum::<f64>() / inverse.len() as f64;
            let squares = inverse.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
            let error = (squares / (inverse.len() as f64 * (inverse.len() - 1) as f64)).sqrt();
            let exact = (m + n + 1) as f64 / (m * n + 2) as f64;
            assert!((mean - exact).abs() < 4.0 * error, "{m} {n}: {mean} {exact} {error}");
        }
    }

    #[test]
    fn counts_are_ordered_and_limited_by_the_samples() {
        let mut stream = Stream::new(1, 0, Role::Null);
        for chance in [Chance::Matrix(5, 40), Chance::Product([5, 30, 40])] {
            let found = Ranks::of_chance(chance, 20, &mut stream).unwrap();
            let Ranks { participation_ratio: p, stable_rank: s, effective_rank: e } = found;
            assert!(1.0 < s && s < p && p < e && e < 5.0, "{found:?}");
        }
        assert_eq!(Ranks::of_chance(Chance::Matrix(3, 3), 0, &mut stream), None);
        assert_eq!(Ranks::of_chance(Chance::Matrix(0, 3), 2, &mut stream), None);
        assert_eq!(Ranks::of(&Matrix::zeros(2, 2)), None);
        assert_eq!(Ranks::of(&Matrix::from_vec(1, 2, vec![1.0, f64::NAN])), None);
    }
}
