//! Matrices, and recorded histories of them, named on the command line.

use super::UsageError;
use crate::array::{Array, place, read};
use crate::file::memory::limit;
use crate::matrix::Matrix;
use crate::measure::orientation::Orientation;
use clap::Arg;

/// A matrix, or one per iteration.
pub(super) struct Recorded {
    /// As typed.
    pub name: String,
    /// Rows and columns.
    pub shape: (usize, usize),
    /// Number of matrices, if this is a history.
    pub iterations: Option<usize>,
    data: Vec<f64>,
}

impl Recorded {
    /// Reads `FILE` or `FILE#MEMBER`.
    pub fn read(text: &str) -> Result<Self, UsageError> {
        let (path, member) = place(text);
        let Array { shape, data } = read(&path, member).map_err(|error| UsageError(error.to_string()))?;
        let (iterations, rows, columns) = match shape[..] {
            [rows, columns] => (None, rows, columns),
            [iterations, rows, columns] => (Some(iterations), rows, columns),
            _ => {
                return Err(UsageError(format!(
                    "{text} holds an array of {shape:?}: expected a matrix (rows x columns) or a history (iterations x \
                     rows x columns)"
                )));
            }
        };
        if data.is_empty() {
            return Err(UsageError(format!("{text} holds an array of {shape:?}: there is nothing to measure")));
        }
        Ok(Self { name: text.into(), shape: (rows, columns), iterations, data })
    }

    /// Number of matrices.
    pub fn count(&self) -> usize {
        self.iterations.unwrap_or(1)
    }

    /// The matrix of an iteration; a single one is that of all.
    pub fn at(&self, iteration: usize) -> Matrix<f64> {
        let ((rows, columns), iteration) = (self.shape, iteration.min(self.count() - 1));
        let size = rows * columns;
        Matrix::from_vec(rows, columns, self.data[iteration * size..(iteration + 1) * size].to_vec())
    }

    /// Hash of the values: what tells one file of this name from another.
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        self.data.iter().for_each(|value| {
            hasher.update(&value.to_le_bytes());
        });
        hasher.finalize().to_hex()[..16].into()
    }

    /// `W.npy (100 x 20)`.
    pub fn title(&self) -> String {
        let history = self.iterations.map(|n| format!("{n} x ")).unwrap_or_default();
        format!("{} ({history}{} x {})", self.name, self.shape.0, self.shape.1)
    }
}

/// Forward and backward weights.
pub(super) struct Pair {
    pub forward: Recorded,
    pub backward: Recorded,
    pub orientation: Orientation,
}

impl Pair {
    /// Reads both, of shapes and numbers of iterations that go together.
    pub fn read(forward: &str, backward: &str) -> Result<Self, UsageError> {
        let (forward, backward) = (Recorded::read(forward)?, Recorded::read(backward)?);
        let orientation = Orientation::of(forward.shape, backward.shape).map_err(|_| {
            let (rows, columns) = forward.shape;
            UsageError(format!(
                "W is {} and B is {}: B must be {columns} x {rows}, the shape of W', or {rows} x {columns} if it is \
                 stored transposed",
                forward.title(),
                backward.title()
            ))
        })?;
        let (first, second) = (forward.count(), backward.count());
        if first != second && first > 1 && second > 1 {
            return Err(UsageError(format!(
                "W is {} and B is {}: both must have as many iterations, or one of them a single one",
                forward.title(),
                backward.title()
            )));
        }
        Ok(Self { forward, backward, orientation })
    }

    /// Number of pairs, if one of the two is a history.
    pub fn iterations(&self) -> Option<usize> {
        let both = [self.forward.iterations, self.backward.iterations];
        both.into_iter().flatten().max()
    }

    /// `B^T` at an iteration, in the layout of `W`.
    pub fn transpose_of_backward(&self, iteration: usize) -> Matrix<f64> {
        self.orientation.transpose_of(self.backward.at(iteration))
    }

    /// Whether what was given as `B` was transposed to be compared with `W`.
    pub fn transposed(&self) -> bool {
        self.orientation == Orientation::Backward
    }

    /// What was made of the shapes, in words.
    pub fn sentence(&self) -> &'static str {
        match self.orientation {
            Orientation::Backward if self.forward.shape.0 == self.forward.shape.1 => {
                "W and B are square, so that shapes do not tell: B is taken to be stored as B, and was transposed to \
                 be compared with W"
            }
            Orientation::Backward => "B has the shape of W': it was transposed to be compared with W",
            Orientation::Transposed => "B has the shape of W: it is taken to be stored as B', and was not transposed",
        }
    }
}

/// Most operations of a decomposition, the shorter side squared times the longer: a few minutes' worth.
const MOST_WORK: u128 = 1_000_000_000_000;

/// Whether a matrix is small enough to be decomposed.
pub(super) fn is_decomposable((rows, columns): (usize, usize)) -> bool {
    let (short, long) = (rows.min(columns) as u128, rows.max(columns) as u128);
    short * short * long <= MOST_WORK
}

/// Refuses the decomposition of a matrix, and of one to be compared with it, that does not fit into
/// memory.
pub(super) fn decomposition_fits((rows, columns): (usize, usize)) -> Result<(), UsageError> {
    let (short, all) = (rows.min(columns) as u128, rows as u128 * columns as u128);
    // Both, their transposes and singular vectors, and the room for these.
    let limit = limit();
    let need = 8 * (12 * all + 12 * short * short) + limit.of_threads(1);
    limit
        .check(&format!("the decomposition of {rows} x {columns}"), need)
        .map_err(|error| UsageError(format!("{error}; or take a part of it")))
}

/// The argument of a matrix.
pub(super) fn file(id: &'static str, help: &'static str) -> Arg {
    Arg::new(id).value_name(id).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thin_matrices_are_cheap_and_square_ones_are_not() {
        assert!(is_decomposable((1_000_000, 1000)) && is_decomposable((10_000, 10_000)));
        assert!(!is_decomposable((10_001, 10_001)) && !is_decomposable((1_000_000, 1001)));
        assert!(is_decomposable((usize::MAX, 0)) && !is_decomposable((1 << 40, 1 << 40)));
    }
}
