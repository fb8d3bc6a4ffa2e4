//! Angles of weights with their null, and spectra.

use crate::arrays::matrix;
use crate::refused;
use alignscope::measure::angle;
use alignscope::measure::null::WeightNull;
use alignscope::measure::spectrum;
use numpy::PyReadonlyArray2;
use numpy::{Complex64, IntoPyArray, PyArray1};
use pyo3::prelude::*;

/// Angle in degrees of `W` (n_l x n_{l+1}) to `B^T` (`B` is n_{l+1} x n_l); `None` if one is zero.
#[pyfunction]
pub(crate) fn weight_alignment(
    py: Python<'_>,
    forward: PyReadonlyArray2<'_, f64>,
    backward: PyReadonlyArray2<'_, f64>,
) -> PyResult<Option<f64>> {
    let (forward, backward) = (matrix(&forward), matrix(&backward));
    py.detach(|| angle::weight_alignment(&forward, &backward)).map_err(refused)
}

/// Of matrices of so many entries that have nothing to do with each other: mean and standard
/// deviation of the angle, its interval that holds 95 %, and the two-sided p-value and standard
/// score of `degrees`.
#[pyfunction]
pub(crate) fn null(entries: usize, degrees: f64) -> PyResult<(f64, f64, [f64; 2], f64, f64)> {
    let null = WeightNull::new(entries)
        .ok_or_else(|| refused("matrices without entries have no angle"))?;
    let (p, z) = (null.p_value(degrees), null.z(degrees, 1));
    Ok((WeightNull::MEAN, null.angle_sd(), null.interval(0.95), p, z))
}

/// Singular values in descending order.
#[pyfunction]
pub(crate) fn singular_values(
    py: Python<'_>,
    array: PyReadonlyArray2<'_, f64>,
) -> PyResult<Vec<f64>> {
    let matrix = matrix(&array);
    py.detach(|| spectrum::singular_values(&matrix)).map_err(refused)
}

/// Eigenvalues of a square matrix, the largest modulus first.
#[pyfunction]
pub(crate) fn eigenvalues<'py>(
    py: Python<'py>,
    array: PyReadonlyArray2<'py, f64>,
) -> PyResult<Bound<'py, PyArray1<Complex64>>> {
    let matrix = matrix(&array);
    Ok(py.detach(|| spectrum::eigenvalues(&matrix)).map_err(refused)?.into_pyarray(py))
}
