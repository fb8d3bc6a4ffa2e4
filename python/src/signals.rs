//! Signals with known statistics.

use crate::refused;
use alignscope::signal::{Cross, Form, Pair, Process, Signals, Sizes};
use numpy::ndarray::Array3;
use numpy::{IntoPyArray, PyArray3};
use pyo3::prelude::*;

/// The forms there are: how each is typed, examples, and what it is.
#[pyfunction]
pub(crate) fn forms() -> Vec<(&'static str, Vec<&'static str>, &'static str)> {
    Process::ALL.iter().map(|facts| (facts.form, facts.examples.to_vec(), facts.meaning)).collect()
}

/// Exact autocovariance of a stationary form at lags 0 to `lags`; `None` if it has none.
#[pyfunction]
pub(crate) fn autocovariance(form: &str, lags: usize) -> PyResult<Option<Vec<f64>>> {
    let form = Form::parse(form).map_err(refused)?;
    let stationary = form.is_stationary();
    let covariance = form.covariance(lags + 1).filter(|_| stationary);
    Ok(covariance.map(|matrix| matrix.row(0).to_vec()))
}

/// Activity and error from the text of their forms.
pub(crate) fn pair(activity: &str, error: &str, cross: &str) -> PyResult<Pair> {
    let activity = Form::parse(activity).map_err(refused)?;
    let error = Form::parse(error).map_err(refused)?;
    let cross: Cross =
        cross.parse().map_err(|wrong: alignscope::text::Refused| refused(wrong.of("cross")))?;
    Pair { activity, error, cross, ..Pair::default() }.resolve().map_err(refused)
}

/// Activity (iterations x batch x inputs) and error (iterations x batch x outputs): those that
/// `isolate` has for the same seed and repeat.
#[pyfunction]
pub(crate) fn draw<'py>(
    py: Python<'py>,
    activity: &str,
    error: &str,
    cross: &str,
    sizes: [usize; 4],
    seed: u64,
    repeat: u64,
) -> PyResult<[Bound<'py, PyArray3<f64>>; 2]> {
    let [iterations, batch, inputs, outputs] = sizes;
    let pair = pair(activity, error, cross)?;
    let sizes = Sizes { batch, inputs, outputs, iterations };
    let mut signals = Signals::<f64>::new(&pair, sizes, seed, repeat).map_err(refused)?;
    let (mut x, mut e) = (Vec::new(), Vec::new());
    py.detach(|| {
        for _ in 0..iterations {
            x.extend_from_slice(signals.activity().as_slice());
            e.extend_from_slice(signals.error().as_slice());
            signals.advance();
        }
    });
    let array =
        |values, units| Array3::from_shape_vec((iterations, batch, units), values).map_err(refused);
    Ok([array(x, inputs)?.into_pyarray(py), array(e, outputs)?.into_pyarray(py)])
}
