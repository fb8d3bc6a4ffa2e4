//! Data sets and label codes.

mod code;
mod digits;
mod idx;

pub use code::{CodeKind, LabelCode};
pub use digits::digits;
pub use idx::{IdxError, parse_images, parse_labels};

use crate::matrix::Matrix;
use crate::real::Real;

/// Images and labels of one part of a data set.
#[derive(Clone, Debug)]
pub struct Split<T> {
    /// One image per row, pixels scaled to `[0, 1]`.
    pub images: Matrix<T>,
    /// One class per image, below [`DataSet::classes`].
    pub labels: Vec<u8>,
}

/// A classification data set.
#[derive(Clone, Debug)]
pub struct DataSet<T> {
    /// Images to learn from.
    pub train: Split<T>,
    /// Held-out images.
    pub test: Split<T>,
    /// Number of classes.
    pub classes: usize,
}

impl<T: Real> DataSet<T> {
    /// Pixels per image.
    pub fn inputs(&self) -> usize {
        self.train.images.cols()
    }
}
