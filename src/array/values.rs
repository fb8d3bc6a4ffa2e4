//! Arrays in memory.

/// Values of any number of dimensions, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Length of every dimension.
    pub shape: Vec<usize>,
    /// Values, the last index fastest.
    pub data: Vec<f64>,
}

impl Array {
    /// Index of the value at a place in the data.
    pub(crate) fn index(&self, mut at: usize) -> Vec<usize> {
        let mut index = vec![0; self.shape.len()];
        for (i, &length) in index.iter_mut().zip(&self.shape).rev() {
            (*i, at) = (at % length.max(1), at / length.max(1));
        }
        index
    }
}
