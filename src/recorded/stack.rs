//! Matrices of equal shape, one after the other, read when they are asked for.

use super::Progress;
use crate::array::{ArrayError, Frames, Spool, Stored, Taken};
use crate::matrix::Matrix;
use std::path::Path;

/// Matrices of equal shape, one after the other: the states of a weight matrix, or a signal by iteration. They stay where
/// and as they are stored, and every one is read and widened to double precision when it is asked for.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Of every matrix as it is stored.
    rows: usize,
    columns: usize,
    /// Whether every matrix is the transpose of what is stored.
    turned: bool,
    exactness: Exactness,
    frames: Frames,
    progress: Progress,
}

/// In which types all values of a member would be the same numbers: what they were once rounded to, whatever they are
/// stored as now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exactness {
    /// Half precision, `f2`: 11 bits.
    pub half: bool,
    /// bfloat16: 8 bits.
    pub bfloat: bool,
    /// Single precision, `f4`: 24 bits.
    pub single: bool,
    /// Whether any value is no whole number: whole ones, such as pixels, are exact in most types and tell nothing.
    pub fractions: bool,
}

impl Exactness {
    /// That of no value.
    pub const NONE: Self = Self { half: true, bfloat: true, single: true, fractions: false };

    /// Takes more values into account, which are stored as `stored`.
    fn add(&mut self, values: &[f64], stored: Stored) {
        // Of what is stored in single precision, that it is single need not be found out.
        let always_single = matches!(stored, Stored::F16 | Stored::Bf16 | Stored::F32);
        for &value in values {
            if self.fractions && !self.half && !self.bfloat && (!self.single || always_single) {
                return;
            }
            if value.fract() != 0.0 {
                let single = value as f32;
                let is_single = f64::from(single) == value;
                self.half &= is_single && is_half(single);
                self.bfloat &= is_single && single.to_bits() & 0xffff == 0;
                self.single &= is_single;
                self.fractions = true;
            }
        }
    }
}

/// Whether half precision has this number: 11 bits, and a last one of no less than 2^-24.
fn is_half(value: f32) -> bool {
    let steps = value * 16_777_216.0;
    value.to_bits() & 0x1fff == 0 && value.abs() <= 65504.0 && steps.fract() == 0.0
}

impl Stack {
    /// Reads a member of an archive or a directory once, from its start to its end. Of `shape` the last two dimensions are
    /// those of a matrix (the last one that of a row), and one before these counts matrices; `length` of them are taken.
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
        let mut exactness = Exactness::NONE;
        let frames = Frames::open(path, Some(member), taken, spool, &mut |values| {
            exactness.add(values, stored);
            progress.advance(values.len() * stored.width());
        })?;
        Ok(Self { rows, columns, turned: false, exactness, frames, progress: progress.clone() })
    }

    /// Matrices in memory.
    #[cfg(test)]
    pub(super) fn of(matrices: &[Matrix<f64>]) -> Self {
        let (rows, columns) = matrices.first().map_or((0, 0), |m| (m.rows(), m.cols()));
        let values: Vec<f64> = matrices.iter().flat_map(|m| m.as_slice().to_vec()).collect();
        let mut exactness = Exactness::NONE;
        exactness.add(&values, Stored::F64);
        let frames = Frames::of_values(&values, rows * columns);
        Self { rows, columns, turned: false, exactness, frames, progress: Progress::hidden() }
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

    /// In which types all values are exact.
    pub fn exactness(&self) -> Exactness {
        self.exactness
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
}

/// How a member is cut into matrices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub rows: usize,
    pub columns: usize,
    pub taken: Taken,
    pub stored: Stored,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_tell_what_they_were_once_rounded_to() {
        let of = |values: &[f64], stored| {
            let mut exactness = Exactness::NONE;
            values.chunks(1).for_each(|values| exactness.add(values, stored));
            [exactness.half, exactness.bfloat, exactness.single, exactness.fractions]
        };
        assert_eq!(of(&[], Stored::F64), [true, true, true, false]);
        assert_eq!(
            of(&[3.0, -255.0, 0.0, 1e300], Stored::F64),
            [true, true, true, false],
            "whole numbers tell nothing"
        );
        assert_eq!(of(&[0.5, -1.25], Stored::F64), [true, true, true, true]);
        // 1 + 2^-10 is half and no bfloat16, 2^-30 bfloat16 and no half.
        assert_eq!(of(&[1.0 + 2f64.powi(-10)], Stored::F64), [true, false, true, true]);
        assert_eq!(of(&[2f64.powi(-30)], Stored::F64), [false, true, true, true]);
        assert_eq!(of(&[2f64.powi(-24) * 3.0, 65504.5], Stored::F64), [false, false, true, true]);
        assert_eq!(of(&[f64::from(0.1f32)], Stored::F32), [false, false, true, true]);
        assert_eq!(of(&[f64::from(0.1f32), 0.1], Stored::F64), [false, false, false, true]);
    }
}
