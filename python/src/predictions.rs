//! Predictions for deep linear networks: in isolation, and on data.

use crate::background::interruptible;
use crate::refused;
use crate::runs::{analysis, library};
use crate::signals::{Texts, pair};
use alignscope::condition::Condition;
use alignscope::experiment::learning::{self, LearningPrediction, LearningRun};
use alignscope::measure::summary::Summary;
use alignscope::rule::WeightNorm;
use alignscope::signal::Sizes;
use alignscope::text::Refused;
use alignscope::theory::depth::{DeepNetwork, DepthAngles, DepthRun, StepRule, Width, norms};
use pyo3::prelude::*;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// Quantity, layer, iteration, mean over draws, and its standard error.
type Row = (&'static str, Option<usize>, usize, Option<f64>, Option<f64>);
/// The rows, assumptions and source.
type Found = (Vec<Row>, &'static str, &'static str);

fn width(name: &str) -> PyResult<Width> {
    let known = Width::ALL.into_iter().find(|width| width.name() == name);
    known.ok_or_else(|| refused(format!("width={name:?}: expected finite, drawn or infinite")))
}

/// A row over draws.
fn row(
    quantity: &'static str,
    layer: Option<usize>,
    iteration: usize,
    values: impl Iterator<Item = f64>,
) -> Result<Row, String> {
    let summary = Summary::of(values.map(Some));
    match summary.mean {
        Some(mean) if mean.is_finite() => {
            Ok((quantity, layer, iteration, Some(mean), summary.standard_error()))
        }
        _ => Err(format!(
            "the predicted {quantity} leaves the range of numbers after {iteration} updates: give \
             a smaller eta, fewer updates or smaller layers"
        )),
    }
}

/// Gives what every draw gives, side by side; an empty list once it is to stop.
fn draw<T: Send>(
    draws: u64,
    stop: &AtomicBool,
    each: impl Fn(u64) -> Result<Option<T>, String> + Sync,
) -> Result<Vec<T>, String> {
    let one = |draw: u64| if stop.load(Ordering::Relaxed) { Ok(None) } else { each(draw) };
    let found: Vec<Option<T>> = (0..draws).into_par_iter().map(one).collect::<Result<_, _>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// A deep linear network in isolation; `scales` are eta and the standard deviations of W and B,
/// `counts` the batch, and draws.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keywords in Python")]
pub(crate) fn depth(
    py: Python<'_>,
    layers: Vec<usize>,
    signals: Texts,
    counts: [usize; 2],
    scales: [f64; 3],
    norm: Option<&str>,
    form: &str,
    iterations: Vec<usize>,
    seed: u64,
) -> PyResult<Found> {
    let ([batch, draws], [eta, w_std, b_std]) = (counts, scales);
    if layers.len() < 3 || layers.contains(&0) {
        return Err(refused(
            "layers: give inputs, at least one hidden layer, and outputs, of at least one unit \
             each",
        ));
    }
    let depth = layers.len() - 1;
    let pair = pair(&signals)?;
    let last = iterations.last().copied().unwrap_or(0);
    let sizes = Sizes { batch, inputs: layers[0], outputs: layers[depth], iterations: last };
    pair.check(sizes).map_err(refused)?;
    let norm = norm
        .map(|text| text.parse::<WeightNorm>().map_err(|wrong: Refused| refused(wrong.of("wn"))))
        .transpose()?;
    let norms = match norm {
        None => None,
        Some(norm @ WeightNorm::Neuron(_)) => Some(norms(&norm, &layers, &[])),
        Some(_) => {
            return Err(refused(
                "wn: expected the norm of every neuron's input weights, one or one per layer",
            ));
        }
    };
    let run = DepthRun {
        b_std: vec![b_std; depth - 1],
        network: DeepNetwork { w_std: vec![w_std; depth], norms, bias_std: None, sizes: layers },
        width: width(form)?,
        pair,
        batch,
        rule: StepRule::plain(eta),
    };
    let found = interruptible(py, |stop| {
        draw(draws as u64, stop, |draw| {
            run.angles(&iterations, seed, draw).map(Some).map_err(|error| error.to_string())
        })
    })?;
    let rows = rows_of_depth(&found.map_err(refused)?, &iterations).map_err(refused)?;
    Ok((rows, DepthRun::ASSUMPTIONS, DepthRun::SOURCE))
}

/// One value for each layer, from the first that has one.
type OfLayers = fn(&DepthAngles) -> &[f64];

fn rows_of_depth(found: &[Vec<DepthAngles>], iterations: &[usize]) -> Result<Vec<Row>, String> {
    let quantities: [(&'static str, usize, OfLayers); 4] = [
        ("weight_alignment", 1, |of| &of.weights),
        ("delta_alignment", 0, |of| &of.deltas),
        ("update_alignment", 0, |of| &of.updates),
        ("weight_squared_norm", 0, |of| &of.squared_norms),
    ];
    let mut rows = Vec::new();
    for (at, &iteration) in iterations.iter().enumerate() {
        for (quantity, first, values) in quantities {
            for place in 0..found.first().map_or(0, |draw| values(&draw[at]).len()) {
                let drawn = found.iter().map(|draw| values(&draw[at])[place]);
                rows.push(row(quantity, Some(first + place), iteration, drawn)?);
            }
        }
    }
    Ok(rows)
}

/// A deep linear network that learns on data; `settings` are those of `train`.
#[pyfunction]
pub(crate) fn learn(
    py: Python<'_>,
    settings: Vec<(String, String)>,
    form: &str,
    draws: u64,
    data: Option<PathBuf>,
) -> PyResult<Found> {
    let analysis = analysis("train", &settings)?;
    let (form, library) = (width(form)?, library(data));
    let Some(condition @ Condition::Train(of)) = analysis.conditions.first() else {
        return Err(refused("there is nothing to predict"));
    };
    library.require(&of.data).map_err(refused)?;
    let data = learning::load(of, &library).map_err(refused)?;
    let per_epoch = condition.iterations_per_epoch();
    let settings = &analysis.settings;
    let iterations = settings.record_every.iterations(
        condition.last_iteration(),
        per_epoch,
        &settings.report_at,
    );
    let found = interruptible(py, |stop| {
        draw(draws, stop, |draw| {
            let mut run = LearningRun::new(&data, of, form, [settings.seed, draw])
                .map_err(|error| error.to_string())?;
            let (mut found, mut done) = (Vec::new(), 0);
            for &iteration in &iterations {
                while done < iteration {
                    if stop.load(Ordering::Relaxed) {
                        return Ok(None);
                    }
                    done += 1;
                    run.advance_to(done).map_err(|error| error.to_string())?;
                }
                found.push(run.prediction().map_err(|error| error.to_string())?);
            }
            Ok(Some(found))
        })
    })?;
    let rows = rows_of_learning(&found.map_err(refused)?, &iterations).map_err(refused)?;
    Ok((rows, learning::ASSUMPTIONS, learning::SOURCE))
}

fn rows_of_learning(
    found: &[Vec<LearningPrediction>],
    iterations: &[usize],
) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (at, &iteration) in iterations.iter().enumerate() {
        let mut push = |quantity,
                        layer,
                        value: &dyn Fn(&LearningPrediction) -> f64|
         -> Result<(), String> {
            rows.push(row(quantity, layer, iteration, found.iter().map(|draw| value(&draw[at])))?);
            Ok(())
        };
        push("loss", None, &|of| of.loss)?;
        push("train_accuracy", None, &|of| of.train_accuracy)?;
        push("test_accuracy", None, &|of| of.test_accuracy)?;
        for l in 1..=found.first().map_or(0, |draw| draw[at].weights.len()) {
            push("weight_alignment", Some(l), &|of| of.weights[l - 1])?;
            push("delta_alignment", Some(l - 1), &|of| of.deltas[l - 1])?;
            push("update_alignment", Some(l - 1), &|of| of.updates[l - 1])?;
        }
    }
    Ok(rows)
}
