//! Exact moments of the linear rule.

use crate::arrays::frame;
use crate::refused;
use crate::signals::{Texts, TimeTexts, pair, timing};
use alignscope::theory::Toy;
use alignscope::theory::moments::{Moments, Realised};
use numpy::PyReadonlyArray3;
use pyo3::prelude::*;

/// Mean and standard deviation of `<W_1, B^T>`, mean of `||W_1||^2`, and the angle made of the
/// means.
type Found = (f64, f64, f64, f64);

fn found(moments: &Moments) -> Found {
    (moments.inner_product, moments.inner_product_sd, moments.squared_norm, moments.angle)
}

fn toy(layers: &[usize], batch: usize, [eta, w_std, b_std]: [f64; 3]) -> PyResult<Toy> {
    Ok(Toy { w_std, b_std, ..Toy::new(layers, batch, eta).map_err(refused)? })
}

/// Moments averaged over jointly Gaussian signals.
#[pyfunction]
pub(crate) fn moments(
    py: Python<'_>,
    layers: Vec<usize>,
    signals: Texts,
    times: TimeTexts,
    counts: [usize; 2],
    scales: [f64; 3],
) -> PyResult<Found> {
    let [batch, iterations] = counts;
    let pair = pair(&signals)?;
    let timing = timing(&times, &pair)?;
    let toy = Toy { timing, ..toy(&layers, batch, scales)? };
    let moments = py.detach(|| alignscope::theory::moments::moments(&toy, &pair, iterations));
    Ok(found(&moments.map_err(refused)?))
}

/// Moments given the signals: activity and error, iterations x samples x units.
#[pyfunction]
pub(crate) fn moments_given(
    activity: PyReadonlyArray3<'_, f64>,
    error: PyReadonlyArray3<'_, f64>,
    hidden: usize,
    scales: [f64; 3],
) -> PyResult<Found> {
    let ((iterations, batch, inputs), (others, samples, outputs)) =
        (activity.as_array().dim(), error.as_array().dim());
    if (iterations, batch) != (others, samples) {
        let sizes = format!("{iterations} x {batch} and {others} x {samples}");
        return Err(refused(format!(
            "activity and error have {sizes} iterations and samples: give as many of both"
        )));
    }
    let toy = toy(&[inputs, hidden, outputs], batch, scales)?;
    let mut realised = Realised::new(inputs, outputs);
    for iteration in 0..iterations {
        realised.add(&frame(&activity, iteration), &frame(&error, iteration));
    }
    Ok(found(&realised.moments(&toy)))
}
