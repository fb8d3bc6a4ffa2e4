//! Signals with known statistics.

use crate::refused;
use alignscope::condition::Times;
use alignscope::rule::Timing;
use alignscope::signal::{Cross, Form, Pair, Process, Signals, Sizes};
use alignscope::text::{Refused, Setting, Span, Spans};
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

/// Activity, error, their correlation, how long a stimulus lasts, and how long an iteration takes,
/// as typed.
pub(crate) type Texts = (String, String, String, String, Option<String>);

/// Delay, time constants of trace and leak, as typed.
pub(crate) type TimeTexts = (String, Option<String>, Option<String>);

/// Activity and error from the text of their forms.
pub(crate) fn pair((activity, error, cross, hold, dt): &Texts) -> PyResult<Pair> {
    let activity = Form::parse(activity).map_err(refused)?;
    let error = Form::parse(error).map_err(refused)?;
    let cross: Cross = cross.parse().map_err(|wrong: Refused| refused(wrong.of("cross")))?;
    let hold = span("hold", hold, Spans::Whole(1))?;
    let dt = dt.as_deref().map(|dt| span("dt", dt, Spans::InTime)).transpose()?;
    let pair = Pair { activity, error, cross, hold, dt };
    pair.duration().map_err(refused)?;
    pair.resolve().map_err(refused)
}

/// When errors meet activities, for signals whose iterations take as long as those of `pair`.
pub(crate) fn timing((delay, trace, leak): &TimeTexts, pair: &Pair) -> PyResult<Timing> {
    let constant = |name, text: &Option<String>| {
        text.as_deref().map(|text| span(name, text, Spans::Positive)).transpose()
    };
    let times = Times {
        delay: span("delay", delay, Spans::Whole(0))?,
        trace: constant("trace", trace)?,
        leak: constant("leak", leak)?,
    };
    times.timing(pair.dt).map_err(|(_, why)| refused(why))
}

fn span(name: &'static str, text: &str, bounds: Spans) -> PyResult<Span> {
    Span::read(text, &bounds).map_err(|wrong| refused(wrong.of(name)))
}

/// Activity (iterations x batch x inputs) and error (iterations x batch x outputs): those that
/// `isolate` has for the same seed and repeat.
#[pyfunction]
pub(crate) fn draw<'py>(
    py: Python<'py>,
    texts: Texts,
    sizes: [usize; 4],
    seed: u64,
    repeat: u64,
) -> PyResult<[Bound<'py, PyArray3<f64>>; 2]> {
    let [iterations, batch, inputs, outputs] = sizes;
    let pair = pair(&texts)?;
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
