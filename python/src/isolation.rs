//! The rule in isolation.

use crate::arrays::array;
use crate::refused;
use crate::signals::{Texts, TimeTexts, pair, timing};
use alignscope::rule::{Activation, Isolation, WeightNorm};
use alignscope::text::{Refused, Setting};
use numpy::PyArray2;
use pyo3::prelude::*;
use std::time::{Duration, Instant};

/// How often Python is asked whether the user wants to stop.
const ASKED: Duration = Duration::from_millis(100);

/// Iterations, angles of all layers with backward weights (iterations x layers; NaN where there is
/// no angle), forward weights and backward weights at the end.
type Found<'py> =
    (Vec<usize>, Vec<Vec<f64>>, Vec<Bound<'py, PyArray2<f64>>>, Vec<Bound<'py, PyArray2<f64>>>);

/// Runs the rule, and measures the weight alignment at the start, every `record_every` updates and
/// at the end.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keywords in Python")]
pub(crate) fn isolate<'py>(
    py: Python<'py>,
    layers: Vec<usize>,
    signals: Texts,
    times: TimeTexts,
    activation: &str,
    counts: [usize; 3],
    scales: [f64; 3],
    weight_norm: Option<&str>,
    seeds: [u64; 2],
) -> PyResult<Found<'py>> {
    let ([batch, iterations, record_every], [eta, w_std, b_std], [seed, repeat]) =
        (counts, scales, seeds);
    let pair = pair(&signals)?;
    let named = |what: &'static str| move |wrong: Refused| refused(wrong.of(what));
    let activation = Activation::read(activation, &()).map_err(named("activation"))?;
    let mut isolation = Isolation::of(&layers)
        .timing(timing(&times, &pair)?)
        .signals(pair)
        .batch(batch)
        .iterations(iterations)
        .eta(eta)
        .activation(activation)
        .std(w_std, b_std)
        .seed(seed, repeat);
    if let Some(norm) = weight_norm {
        isolation = isolation.weight_norm(norm.parse::<WeightNorm>().map_err(named("wn"))?);
    }
    let mut run = isolation.begin().map_err(refused)?;
    let measured = layers.len() - 2;
    let angles = |run: &alignscope::rule::IsolatedRun| -> Vec<f64> {
        (1..=measured).map(|l| run.weight_alignment(l).unwrap_or(f64::NAN)).collect()
    };
    let (mut at, mut found) = (vec![0], vec![angles(&run)]);
    while run.iteration() < iterations {
        py.check_signals()?;
        py.detach(|| {
            let began = Instant::now();
            while began.elapsed() < ASKED && run.step() {
                let done = run.iteration();
                if done % record_every.max(1) == 0 || done == iterations {
                    at.push(done);
                    found.push(angles(&run));
                }
            }
        });
    }
    let forward = (0..=measured).filter_map(|l| run.weights(l)).map(|w| array(py, w.clone()));
    let backward = (1..=measured).filter_map(|l| run.backward(l)).map(|b| array(py, b.clone()));
    Ok((at, found, forward.collect::<PyResult<_>>()?, backward.collect::<PyResult<_>>()?))
}
