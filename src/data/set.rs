//! Data sets in memory.

use crate::matrix::Matrix;
use crate::random::{Role, Stream};
use crate::real::Real;

/// Images and labels of one part of a data set.
#[derive(Clone, Debug)]
pub struct Split<T> {
    /// One image per row, pixels scaled to `[0, 1]`; of colour images the red plane, the green and
    /// the blue.
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
    /// Pixels per image, of all channels.
    pub fn inputs(&self) -> usize {
        self.train.images.cols()
    }

    /// With the last training images in the place of the test images; the same if there are none to
    /// hold out.
    pub(super) fn holding_out(self, held_out: usize) -> Self {
        if held_out == 0 {
            return self;
        }
        let images = self.train.labels.len();
        let (kept, out): (Vec<usize>, Vec<usize>) =
            (0..images).partition(|&i| i + held_out < images);
        Self {
            test: self.train.select(&out),
            train: self.train.select(&kept),
            classes: self.classes,
        }
    }
}

impl<T: Real> Split<T> {
    /// The samples of these indices.
    pub(super) fn select(&self, indices: &[usize]) -> Self {
        let data = indices.iter().flat_map(|&i| self.images.row(i)).copied().collect();
        Self {
            images: Matrix::from_vec(indices.len(), self.images.cols(), data),
            labels: indices.iter().map(|&i| self.labels[i]).collect(),
        }
    }
}

/// Indices of training and test samples of a set that comes in one piece: four fifths and one,
/// whatever the seed of a run.
pub(super) fn fixed_split(count: usize) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<usize> = (0..count).collect();
    Stream::new(0, 0, Role::DataOrder).shuffle(&mut order);
    let test = order.split_off((count * 4 / 5).clamp(1.min(count), count));
    (order, test)
}
