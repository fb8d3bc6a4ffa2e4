//! What the Python package takes from the library: arrays in, numbers and arrays out. No science.

mod angles;
mod arrays;
mod isolation;
mod signals;
mod theory;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::fmt::Display;

/// An error of the library as Python's `ValueError`, with its message.
fn refused(error: impl Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// The compiled part of the package.
#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(angles::weight_alignment, module)?)?;
    module.add_function(wrap_pyfunction!(angles::null, module)?)?;
    module.add_function(wrap_pyfunction!(angles::singular_values, module)?)?;
    module.add_function(wrap_pyfunction!(angles::eigenvalues, module)?)?;
    module.add_function(wrap_pyfunction!(signals::forms, module)?)?;
    module.add_function(wrap_pyfunction!(signals::autocovariance, module)?)?;
    module.add_function(wrap_pyfunction!(signals::draw, module)?)?;
    module.add_function(wrap_pyfunction!(isolation::isolate, module)?)?;
    module.add_function(wrap_pyfunction!(theory::moments, module)?)?;
    module.add_function(wrap_pyfunction!(theory::moments_given, module)?)?;
    Ok(())
}
