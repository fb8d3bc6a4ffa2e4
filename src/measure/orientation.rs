//! Whether a matrix that is given beside `W` is `B` or `B^T`, as its shape tells.

use super::angle::ShapeMismatch;
use crate::matrix::Matrix;
use crate::real::Real;

/// How backward weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orientation {
    /// As `B_l` (`n_{l+1} x n_l`), the convention of this crate and of square matrices.
    Backward,
    /// As `B_l^T`, with the shape of `W_l` (`n_l x n_{l+1}`).
    Transposed,
}

impl Orientation {
    /// Reads it from the shapes of `W` and of what is given: a matrix of the shape of `W^T` is `B`, also where that is
    /// the shape of `W`.
    ///
    /// # Errors
    /// If it has neither shape.
    pub fn of(forward: (usize, usize), given: (usize, usize)) -> Result<Self, ShapeMismatch> {
        match given {
            (rows, columns) if (columns, rows) == forward => Ok(Self::Backward),
            _ if given == forward => Ok(Self::Transposed),
            _ => Err(ShapeMismatch(forward, given)),
        }
    }

    /// `B^T`, in the layout of `W`.
    pub fn transpose_of<T: Real>(self, given: Matrix<T>) -> Matrix<T> {
        match self {
            Self::Backward => given.transpose(),
            Self::Transposed => given,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_tell_and_square_ones_follow_the_convention() {
        let cases = [((2, 3), Ok(Orientation::Transposed)), ((3, 2), Ok(Orientation::Backward))];
        for (given, expected) in cases {
            assert_eq!(Orientation::of((2, 3), given), expected);
        }
        assert_eq!(Orientation::of((4, 4), (4, 4)), Ok(Orientation::Backward));
        assert_eq!(Orientation::of((2, 3), (3, 3)), Err(ShapeMismatch((2, 3), (3, 3))));
        let b = Matrix::from_vec(3, 2, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(Orientation::Backward.transpose_of(b.clone()), b.transpose());
        assert_eq!(Orientation::Transposed.transpose_of(b.clone()), b);
    }
}
