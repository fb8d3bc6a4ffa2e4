//! Predictions for deep linear networks: in isolation, and on data.

use crate::background::interruptible;
use crate::refused;
use crate::runs::{analysis, library};
use crate::signals::{Texts, pair};
use alignscope::condition::Condition;
use alignscope::experiment::learning::{self, LearningPrediction, LearningRun};
use alignscope::measure::summary::Summary;
use alignscope::rule::{Activation, WeightNorm};
use alignscope::signal::Sizes;
use alignscope::text::Refused;
use alignscope::theory::bound::{Drawn, Network};
use alignscope::theory::depth::{
    DeepNetwork, DepthAngles, DepthRun, MOST_SAMPLES, Products, ReluTheory, StepRule, Width, norms,
};
use pyo3::prelude::*;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// Quantity, layer, iteration, mean over draws, its standard error, and how far it may be off where
/// it is an approximation.
type Row = (&'static str, Option<usize>, usize, Option<f64>, Option<f64>, Option<f64>);
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
            Ok((quantity, layer, iteration, Some(mean), summary.standard_error(), None))
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

/// What a prediction of depth is made by: the activation, how signals are drawn, and what is kept
/// of the effects of finite layers, if that is said.
type Means<'a> = (&'a str, &'a str, Option<&'a str>);

/// A deep network in isolation; `scales` are eta and the standard deviations of W and B, `counts`
/// the batch, and draws.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keywords in Python")]
pub(crate) fn depth(
    py: Python<'_>,
    layers: Vec<usize>,
    signals: Texts,
    counts: [usize; 2],
    scales: [f64; 3],
    norm: Option<&str>,
    means: Means<'_>,
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
    let (activation, drawn, form) = means;
    let norms = norm.map(|text| kept_norms(text, &layers)).transpose()?;
    let run = DepthRun {
        b_std: vec![b_std; depth - 1],
        network: DeepNetwork { w_std: vec![w_std; depth], norms, bias_std: None, sizes: layers },
        width: form.map_or(Ok(Width::Finite), width)?,
        pair,
        batch,
        rule: StepRule::plain(eta),
    };
    match (activation, drawn) {
        ("linear", "whole" | "products") => {
            linear_depth(py, &run, drawn == "products", &iterations, [draws as u64, seed])
        }
        ("relu", "whole") if form.is_none_or(|form| form == Width::Infinite.name()) => {
            relu_depth(py, &run, &iterations, [draws as u64, seed])
        }
        ("relu", "whole") => {
            Err(refused("width: the theory of ReLU networks is of wide layers: give infinite"))
        }
        ("relu", "products") => {
            Err(refused("signals: a ReLU network sees more of signals than their products: whole"))
        }
        ("linear" | "relu", _) => {
            Err(refused(format!("signals={drawn:?}: expected whole or products")))
        }
        _ => Err(refused(format!(
            "activation={activation:?}: expected linear or relu: others have no theory of depth"
        ))),
    }
}

/// The norms of every neuron's input weights by layer.
fn kept_norms(text: &str, layers: &[usize]) -> PyResult<Vec<f64>> {
    match text.parse().map_err(|wrong: Refused| refused(wrong.of("wn")))? {
        norm @ WeightNorm::Neuron(_) => Ok(norms(&norm, layers, &[])),
        _ => Err(refused(
            "wn: expected the norm of every neuron's input weights, one or one per layer",
        )),
    }
}

fn linear_depth(
    py: Python<'_>,
    run: &DepthRun,
    by_products: bool,
    iterations: &[usize],
    [draws, seed]: [u64; 2],
) -> PyResult<Found> {
    let sizes = &run.network.sizes;
    let ends = [sizes[0], sizes[run.network.depth()]];
    let last = iterations.last().copied().unwrap_or(0);
    let products = by_products
        .then(|| Products::new(&run.pair, ends, run.batch, last))
        .transpose()
        .map_err(|error| refused(format!("signals: {error}")))?;
    let found = interruptible(py, |stop| {
        draw(draws, stop, |draw| {
            let found = match &products {
                Some(products) => run.angles_of_products(products, iterations, seed, draw),
                None => run.angles(iterations, seed, draw),
            };
            found.map(Some).map_err(|error| error.to_string())
        })
    })?;
    let rows = rows_of_depth(&found.map_err(refused)?, iterations).map_err(refused)?;
    let [assumptions, source] = run.basis();
    Ok((rows, assumptions, source))
}

/// With how far the theory is off as networks that are run say.
fn relu_depth(
    py: Python<'_>,
    run: &DepthRun,
    iterations: &[usize],
    [draws, seed]: [u64; 2],
) -> PyResult<Found> {
    if run.network.norms.is_some() {
        return Err(refused("wn: the theory of ReLU networks is without weight normalisation"));
    }
    let samples = run.batch.saturating_mul(iterations.last().copied().unwrap_or(0));
    if samples > MOST_SAMPLES {
        return Err(refused(format!(
            "batch, iterations: the theory of ReLU networks compares all samples of all updates \
             with each other: {samples} of them are more than {MOST_SAMPLES}"
        )));
    }
    let nets = Network::of(run, Activation::Relu);
    let found = interruptible(py, |stop| {
        let found = draw(draws, stop, |draw| {
            let found = run.relu_angles(iterations, seed, draw);
            found.map(Some).map_err(|error| error.to_string())
        })?;
        let drawn = nets.simulated(iterations).map_err(|error| error.to_string())?;
        bounded(rows_of_depth(&found, iterations)?, iterations, drawn.as_deref())
    })?;
    Ok((found.map_err(refused)?, ReluTheory::ASSUMPTIONS, ReluTheory::SOURCE))
}

/// Rows with how far weight alignments may be off, by iteration and layer; unknown where none were
/// drawn.
fn bounded(
    mut rows: Vec<Row>,
    iterations: &[usize],
    drawn: Option<&[Vec<Option<Drawn>>]>,
) -> Result<Vec<Row>, String> {
    for (quantity, layer, iteration, value, _, bound) in &mut rows {
        let (Some(layer), Some(value)) = (*layer, *value) else { continue };
        if *quantity != "weight_alignment" {
            continue;
        }
        let at = iterations.iter().position(|known| known == iteration);
        let drawn = drawn.zip(at).and_then(|(drawn, at)| drawn[at][layer - 1]);
        if let Some(contradiction) = drawn.and_then(|drawn| drawn.contradiction(value)) {
            return Err(format!("layers, batch, eta: {contradiction}"));
        }
        *bound = Some(drawn.map_or(f64::INFINITY, |drawn| drawn.bound(value)));
    }
    Ok(rows)
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
    let [assumptions, source] = learning::basis(&of.setup, form);
    Ok((rows, assumptions, source))
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
