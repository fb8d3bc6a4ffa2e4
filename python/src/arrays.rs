//! NumPy's arrays and the library's matrices.

use alignscope::matrix::Matrix;
use numpy::ndarray::Array2;
use numpy::{IntoPyArray, PyArray2, PyReadonlyArray2, PyReadonlyArray3};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// A matrix of an array in double precision, whatever its strides.
pub(crate) fn matrix(array: &PyReadonlyArray2<'_, f64>) -> Matrix<f64> {
    let view = array.as_array();
    let (rows, columns) = view.dim();
    // In C order, which is the order of the matrix.
    Matrix::from_vec(rows, columns, view.iter().copied().collect())
}

/// One frame of a signal, iterations x samples x units.
pub(crate) fn frame(array: &PyReadonlyArray3<'_, f64>, iteration: usize) -> Matrix<f64> {
    let view = array.as_array();
    let (_, samples, units) = view.dim();
    let frame = view.index_axis(numpy::ndarray::Axis(0), iteration);
    Matrix::from_vec(samples, units, frame.iter().copied().collect())
}

/// An array that takes over the values of a matrix.
pub(crate) fn array<'py>(
    py: Python<'py>,
    matrix: Matrix<f64>,
) -> PyResult<Bound<'py, PyArray2<f64>>> {
    let shape = matrix.shape();
    let array = Array2::from_shape_vec(shape, matrix.as_slice().to_vec());
    Ok(array.map_err(|error| PyValueError::new_err(error.to_string()))?.into_pyarray(py))
}
