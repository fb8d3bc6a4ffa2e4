//! Matrices of equal shape, one after the other, read when they are asked for.

use super::precision::Grid;
use super::progress::Progress;
use crate::array::{ArrayError, Frames, Spool, Stored, Taken};
use crate::matrix::Matrix;
use std::path::Path;

/// What the largest value of a member may be. The decomposition multiplies four of them and squares
/// the product; that of a single member may be as small as errors that vanish.
const SCALES: std::ops::RangeInclusive<f64> = 1e-50..=1e30;

/// Matrices of equal shape, one after the other: the states of a weight matrix, or a signal by
/// iteration. They stay where and as they are stored, and every one is read and widened to double
/// precision when it is asked for.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Of every matrix as it is stored.
    rows: usize,
    columns: usize,
    /// Whether every matrix is the transpose of what is stored.
    turned: bool,
    grid: Grid,
    frames: Frames,
    progress: Progress,
}

impl Stack {
    /// Reads a member of an archive or a directory once, from its start to its end. Of `shape` the
    /// last two dimensions are those of a matrix (the last one that of a row), and one before these
    /// counts matrices; `length` of them are taken.
    ///
    /// # Errors
    /// As [`Frames::open`].
    pub(super) fn open(
        path: &Path,
        member: &str,
        layout: &Layout,
        spool: &mut Spool,
        progress: &Progress,
    ) -> Result<Self, ArrayError> {
        let Layout { rows, columns, taken, stored } = *layout;
        let (mut grid, mut largest) = (Grid::of(stored), 0.0_f64);
        let frames = Frames::open(path, Some(member), taken, spool, &mut |values| {
            grid.add(values);
            largest = values.iter().fold(largest, |largest, value| largest.max(value.abs()));
            progress.advance(values.len() * stored.width());
        })?;
        if largest != 0.0 && !SCALES.contains(&largest) {
            return Err(ArrayError::Scale { path: path.into(), largest });
        }
        Ok(Self { rows, columns, turned: false, grid, frames, progress: progress.clone() })
    }

    /// Matrices in memory.
    #[cfg(test)]
    pub(super) fn of(matrices: &[Matrix<f64>]) -> Self {
        let (rows, columns) = matrices.first().map_or((0, 0), |m| (m.rows(), m.cols()));
        let values: Vec<f64> = matrices.iter().flat_map(|m| m.as_slice().to_vec()).collect();
        let mut grid = Grid::of(Stored::F64);
        grid.add(&values);
        let frames = Frames::of_values(&values, rows * columns);
        Self { rows, columns, turned: false, grid, frames, progress: Progress::hidden() }
    }

    /// Number of matrices.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Rows and columns of each.
    pub fn shape(&self) -> [usize; 2] {
        if self.turned { [self.columns, self.rows] } else { [self.rows, self.columns] }
    }

    /// The transposes of all matrices.
    #[must_use]
    pub fn turned(self) -> Self {
        Self { turned: !self.turned, ..self }
    }

    /// How many bits the values take.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Bytes of all matrices as they are stored.
    pub(super) fn bytes(&self) -> u64 {
        self.len() as u64 * self.matrix_bytes() as u64
    }

    fn matrix_bytes(&self) -> usize {
        self.rows * self.columns * self.stored().width()
    }

    /// How the values are stored.
    pub fn stored(&self) -> Stored {
        self.frames.stored()
    }

    /// Matrix `k`.
    ///
    /// # Errors
    /// If it can no longer be read, or there is no such matrix.
    pub fn matrix(&self, k: usize) -> Result<Matrix<f64>, ArrayError> {
        let values = self.frames.read(k)?;
        self.progress.advance(self.matrix_bytes());
        let (rows, columns) = (self.rows, self.columns);
        // Column after column, it is stored as its transpose.
        let column_major = self.frames.column_major();
        let stored = if column_major { [columns, rows] } else { [rows, columns] };
        let matrix = Matrix::from_vec(stored[0], stored[1], values);
        Ok(if column_major != self.turned { matrix.transpose() } else { matrix })
    }

    /// Matrix `k + 1` less matrix `k`.
    ///
    /// # Errors
    /// As [`Self::matrix`].
    pub(super) fn step(&self, k: usize) -> Result<Matrix<f64>, ArrayError> {
        let (before, mut step) = (self.matrix(k)?, self.matrix(k + 1)?);
        step.as_mut_slice()
            .iter_mut()
            .zip(before.as_slice())
            .for_each(|(after, before)| *after -= before);
        Ok(step)
    }
}

/// How a member is cut into matrices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub rows: usize,
    pub columns: usize,
    pub taken: Taken,
    pub stored: Stored,
}
