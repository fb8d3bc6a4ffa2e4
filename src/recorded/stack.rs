//! Matrices of equal shape, one after the other, read when they are asked for.

use crate::array::{Array, ArrayError};
use crate::matrix::Matrix;
use std::sync::Arc;

/// Matrices of equal shape, one after the other: the states of a weight matrix, or a signal by iteration. They stay where
/// and as they are stored, and every one is read and widened to double precision when it is asked for.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Of every matrix as it is stored.
    rows: usize,
    columns: usize,
    length: usize,
    /// Whether every matrix is the transpose of what is stored.
    turned: bool,
    exactness: Exactness,
    values: Arc<Vec<f64>>,
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

    /// With one more value.
    fn and(self, value: f64) -> Self {
        if value.fract() == 0.0 {
            return self;
        }
        let single = value as f32;
        let is_single = f64::from(single) == value;
        Self {
            half: self.half && is_single && is_half(single),
            bfloat: self.bfloat && is_single && single.to_bits() & 0xffff == 0,
            single: self.single && is_single,
            fractions: true,
        }
    }
}

/// Whether half precision has this number: 11 bits, and a last one of no less than 2^-24.
fn is_half(value: f32) -> bool {
    let steps = value * 16_777_216.0;
    value.to_bits() & 0x1fff == 0 && value.abs() <= 65504.0 && steps.fract() == 0.0
}

impl Stack {
    /// Matrices of an array of two dimensions (one) or three (several).
    pub(super) fn new(array: Array) -> Option<Self> {
        let (rows, columns) = match array.shape[..] {
            [rows, columns] | [_, rows, columns] => (rows, columns),
            _ => return None,
        };
        let length = array.data.len() / (rows * columns).max(1);
        let exactness = array.data.iter().fold(Exactness::NONE, |known, value| known.and(*value));
        Some(Self { rows, columns, length, turned: false, exactness, values: Arc::new(array.data) })
    }

    /// Number of matrices.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
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

    /// Matrix `k`.
    ///
    /// # Errors
    /// If it can no longer be read, or there is no such matrix.
    pub fn matrix(&self, k: usize) -> Result<Matrix<f64>, ArrayError> {
        let size = self.rows * self.columns;
        let values = self.values[k * size..(k + 1) * size].to_vec();
        let matrix = Matrix::from_vec(self.rows, self.columns, values);
        Ok(if self.turned { matrix.transpose() } else { matrix })
    }
}
