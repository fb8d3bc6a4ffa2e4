//! What the Python package takes from the library: arrays in, numbers and arrays out. No science.

mod angles;
mod arrays;
mod background;
mod claims;
mod isolation;
mod predictions;
mod recording;
mod results;
mod runs;
mod signals;
mod theory;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use std::fmt::Display;

/// An error of the library as Python's `ValueError`, with its message.
fn refused(error: impl Display) -> PyErr {
    PyValueError::new_err(with_keywords(&error.to_string()))
}

/// What went wrong on the way as Python's `RuntimeError`.
fn failed(error: impl Display) -> PyErr {
    PyRuntimeError::new_err(with_keywords(&error.to_string()))
}

/// A message with options of the command line as they are called here: `data_dir` for `--data-dir`.
/// What stands between backticks is a command, or was typed, and stays.
fn with_keywords(message: &str) -> String {
    let of_text = |(place, text): (usize, &str)| {
        if place % 2 == 0 { without_dashes(text) } else { text.into() }
    };
    message.split('`').enumerate().map(of_text).collect::<Vec<_>>().join("`")
}

fn without_dashes(text: &str) -> String {
    let mut parts = text.split("--");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(part.len());
        if end == 0 || out.ends_with(|c: char| c.is_alphanumeric()) {
            out += "--";
            out += part;
        } else {
            out += &part[..end].replace('-', "_");
            out += &part[end..];
        }
    }
    out
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
    module.add_function(wrap_pyfunction!(predictions::depth, module)?)?;
    module.add_function(wrap_pyfunction!(predictions::learn, module)?)?;
    module.add_function(wrap_pyfunction!(recording::analyze, module)?)?;
    module.add_function(wrap_pyfunction!(claims::judge, module)?)?;
    module.add_class::<results::Results>()?;
    module.add_function(wrap_pyfunction!(runs::parameters, module)?)?;
    module.add_function(wrap_pyfunction!(runs::run_settings, module)?)?;
    module.add_function(wrap_pyfunction!(runs::run_specs, module)?)?;
    module.add_function(wrap_pyfunction!(runs::verify, module)?)?;
    module.add_function(wrap_pyfunction!(runs::read_runs, module)?)?;
    Ok(())
}
