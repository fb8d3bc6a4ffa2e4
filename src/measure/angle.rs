//! Angles between matrices, in degrees; signed cosines are never folded.

use crate::matrix::Matrix;
use crate::real::Real;
use crate::vmath::{scaled_norm, squared_difference_and_sum};
use thiserror::Error;

/// Two matrices that have no angle because their shapes differ.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("matrices of {} x {} and {} x {} have no angle: shapes must be equal", .0.0, .0.1, .1.0,
    .1.1)]
pub struct ShapeMismatch(pub (usize, usize), pub (usize, usize));

/// Angle in degrees between two matrices of equal shape, as flattened vectors: `2 atan2(|u - v|,
/// |u + v|)` of the normalised vectors, in double precision, which is accurate also near 0 and 180
/// (Kahan 2006). `None` if a matrix is zero or not finite: such an angle does not exist.
///
/// # Errors
/// If the shapes differ.
pub fn angle<T: Real>(a: &Matrix<T>, b: &Matrix<T>) -> Result<Option<f64>, ShapeMismatch> {
    if a.shape() != b.shape() {
        return Err(ShapeMismatch(a.shape(), b.shape()));
    }
    Ok(flat_angle(a.as_slice(), b.as_slice()))
}

/// Angle in degrees of forward weights `W_l` (`n_l x n_{l+1}`) to `B_l^T`, `B_l` being `n_{l+1} x
/// n_l`.
///
/// # Errors
/// If `B_l` does not have the shape of `W_l^T`.
pub fn weight_alignment<T: Real>(
    forward: &Matrix<T>,
    backward: &Matrix<T>,
) -> Result<Option<f64>, ShapeMismatch> {
    angle(forward, &backward.transpose())
}

/// A fixed direction that angles are taken to many times: normalised once.
#[derive(Clone, Debug)]
pub struct Direction {
    unit: Option<Vec<f64>>,
}

impl Direction {
    /// The direction of `B_l^T`, in the layout of `W_l`.
    pub fn towards_transpose_of<T: Real>(backward: &Matrix<T>) -> Self {
        Self::towards(&backward.transpose())
    }

    /// The direction of `matrix`.
    pub fn towards<T: Real>(matrix: &Matrix<T>) -> Self {
        let values: Vec<f64> = matrix.as_slice().iter().map(|v| v.to_f64()).collect();
        Self {
            unit: inverse_norm(&values)
                .map(|(shrink, inverse)| values.iter().map(|v| v * shrink * inverse).collect()),
        }
    }

    /// Angle in degrees of `values` (row-major, of the direction's shape) to it; `None` if either
    /// is zero or not finite. Allocates nothing, but where a sum of squares would leave the range
    /// of normal numbers.
    ///
    /// # Panics
    /// If the number of values differs.
    pub fn angle_to<T: Real>(&self, values: &[T]) -> Option<f64> {
        let unit = self.unit.as_ref()?;
        assert_eq!(values.len(), unit.len(), "values of a direction");
        let (shrink, inverse) = inverse_norm(values)?;
        if shrink == 1.0 {
            return Some(half_angle(squared_difference_and_sum(values, inverse, unit, 1.0)));
        }
        Some(half_angle(squared_difference_and_sum(&scaled(values, shrink), inverse, unit, 1.0)))
    }
}

fn flat_angle<T: Real>(a: &[T], b: &[T]) -> Option<f64> {
    let (a_shrink, a_inverse) = inverse_norm(a)?;
    let (b_shrink, b_inverse) = inverse_norm(b)?;
    if a_shrink == 1.0 && b_shrink == 1.0 {
        return Some(half_angle(squared_difference_and_sum(a, a_inverse, b, b_inverse)));
    }
    let (a, b) = (scaled(a, a_shrink), scaled(b, b_shrink));
    Some(half_angle(squared_difference_and_sum(&a, a_inverse, &b, b_inverse)))
}

/// `values` times `factor`, applied before the inverse norm: the product of the two may not be a
/// normal number.
fn scaled<T: Real>(values: &[T], factor: f64) -> Vec<f64> {
    values.iter().map(|x| x.to_f64() * factor).collect()
}

/// Factors `(s, i)` with `|s x| i = 1`. `s` is 1 unless the sum of squares would leave the range of
/// normal numbers.
fn inverse_norm<T: Real>(values: &[T]) -> Option<(f64, f64)> {
    scaled_norm(values).map(|(scale, norm)| (scale, 1.0 / norm))
}

fn half_angle((difference, sum): (f64, f64)) -> f64 {
    (2.0 * difference.sqrt().atan2(sum.sqrt())).to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[f64]) -> Matrix<f64> {
        Matrix::from_vec(1, values.len(), values.to_vec())
    }

    #[test]
    fn known_angles() {
        let a = row(&[1.0, 0.0]);
        for degrees in [0.0, 1e-7, 1.0, 30.0, 90.0, 120.0, 179.0, 180.0 - 1e-7, 180.0f64] {
            let (y, x) = degrees.to_radians().sin_cos();
            let got = angle(&a, &row(&[3.0 * x, 3.0 * y])).unwrap().unwrap();
            assert!((got - degrees).abs() < 1e-13 * 180.0, "{degrees}: {got}");
            let direction = Direction::towards(&a).angle_to(&[3.0 * x, 3.0 * y]).unwrap();
            assert!((direction - degrees).abs() < 1e-13 * 180.0);
        }
        assert_eq!(angle(&a, &a), Ok(Some(0.0)));
    }

    #[test]
    fn no_direction_no_angle() {
        let a = row(&[1.0, 2.0]);
        for bad in [[0.0, 0.0], [f64::NAN, 1.0], [f64::INFINITY, 1.0]] {
            assert_eq!(angle(&a, &row(&bad)), Ok(None));
            assert_eq!(Direction::towards(&row(&bad)).angle_to(&[1.0, 2.0]), None);
            assert_eq!(Direction::towards(&a).angle_to(&bad), None);
        }
        assert_eq!(angle(&a, &row(&[1.0])), Err(ShapeMismatch((1, 2), (1, 1))));
        assert!(ShapeMismatch((1, 2), (1, 1)).to_string().contains("1 x 2 and 1 x 1"));
    }

    #[test]
    fn norms_of_all_scales() {
        for scale in [1.0, 1e200, 1e-200, 1e307, 1e-310] {
            assert!(
                (row(&[3.0 * scale, -4.0 * scale]).norm() / (5.0 * scale) - 1.0).abs() < 1e-12,
                "{scale}"
            );
        }
        assert_eq!((row(&[]).norm(), row(&[0.0]).norm()), (0.0, 0.0));
        assert!(
            row(&[f64::NAN]).norm().is_nan() && row(&[f64::NEG_INFINITY]).norm() == f64::INFINITY
        );
    }

    #[test]
    fn huge_and_tiny_matrices_keep_their_angle() {
        for scale in [1e200, 1e-200, 1e300, 1e-300, 1e-320] {
            let got = angle(&row(&[scale, 0.0]), &row(&[1.0, 1.0])).unwrap().unwrap();
            assert!((got - 45.0).abs() < 1e-12, "{scale}: {got}");
            let got = angle(&row(&[scale, 0.0]), &row(&[scale, scale])).unwrap().unwrap();
            assert!((got - 45.0).abs() < 1e-12, "{scale}: {got}");
            let got = Direction::towards(&row(&[scale, 0.0])).angle_to(&[scale, scale]).unwrap();
            assert!((got - 45.0).abs() < 1e-12, "{scale}: {got}");
        }
    }

    #[test]
    fn alignment_is_to_the_transpose() {
        let w = Matrix::from_vec(2, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(weight_alignment(&w, &w.transpose()), Ok(Some(0.0)));
        assert_eq!(
            Direction::towards_transpose_of(&w.transpose()).angle_to(w.as_slice()),
            Some(0.0)
        );
        assert!(weight_alignment(&w, &w).is_err());
    }
}
