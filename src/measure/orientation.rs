//! What has to be transposed before `W` and a matrix that is given beside it are compared entry by
//! entry: as far as shapes tell.

use super::angle::ShapeMismatch;
use crate::matrix::Matrix;
use crate::real::Real;

/// Which of the two matrices are transposed before their entries are compared. For the angle only
/// the relative orientation counts, so that of square matrices there are two readings: that one of
/// them is, or that neither is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orientation {
    /// `W` is.
    pub forward: bool,
    /// The backward weights are.
    pub backward: bool,
}

impl Orientation {
    /// `W_l` is `n_l x n_{l+1}` and `B_l` is `n_{l+1} x n_l`, the convention of this crate: `B_l`
    /// is transposed.
    pub const OPPOSITE: Self = Self { forward: false, backward: true };
    /// Both are stored the same way round, as in most other programs: neither is transposed.
    pub const ALIKE: Self = Self { forward: false, backward: false };

    /// The readings that the shapes of `W` and of what is given allow: one, or both where they are
    /// square, that of the convention last.
    ///
    /// # Errors
    /// If what is given has neither the shape of `W` nor that of its transpose.
    pub fn possible(
        forward: (usize, usize),
        given: (usize, usize),
    ) -> Result<Vec<Self>, ShapeMismatch> {
        let all = [Self::ALIKE, Self::OPPOSITE];
        let possible: Vec<Self> =
            all.into_iter().filter(|reading| reading.fits(forward, given)).collect();
        if possible.is_empty() { Err(ShapeMismatch(forward, given)) } else { Ok(possible) }
    }

    /// Whether matrices of these shapes can be compared this way.
    pub fn fits(self, forward: (usize, usize), given: (usize, usize)) -> bool {
        let turned =
            |turn: bool, (rows, columns)| if turn { (columns, rows) } else { (rows, columns) };
        turned(self.forward, forward) == turned(self.backward, given)
    }

    /// Both as they are compared: `W`, and `B^T` in its layout.
    pub fn apply<T: Real>(self, forward: Matrix<T>, given: Matrix<T>) -> [Matrix<T>; 2] {
        let turned = |turn: bool, matrix: Matrix<T>| if turn { matrix.transpose() } else { matrix };
        [turned(self.forward, forward), turned(self.backward, given)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_tell_unless_they_are_square() {
        assert_eq!(Orientation::possible((2, 3), (2, 3)), Ok(vec![Orientation::ALIKE]));
        assert_eq!(Orientation::possible((2, 3), (3, 2)), Ok(vec![Orientation::OPPOSITE]));
        assert_eq!(
            Orientation::possible((4, 4), (4, 4)),
            Ok(vec![Orientation::ALIKE, Orientation::OPPOSITE])
        );
        assert_eq!(Orientation::possible((2, 3), (3, 3)), Err(ShapeMismatch((2, 3), (3, 3))));
        let both = Orientation { forward: true, backward: true };
        assert!(both.fits((2, 3), (2, 3)) && !both.fits((2, 3), (3, 2)));
        let w = Matrix::from_vec(2, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let b = w.transpose();
        assert_eq!(Orientation::OPPOSITE.apply(w.clone(), b.clone()), [w.clone(), w.clone()]);
        assert_eq!(
            Orientation { forward: true, backward: false }.apply(w.clone(), b.clone()),
            [b.clone(), b]
        );
        assert_eq!(Orientation::ALIKE.apply(w.clone(), w.clone()), [w.clone(), w]);
    }
}
