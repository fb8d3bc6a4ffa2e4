//! `alignscope theory depth`: every layer of a deep linear network in isolation.

use super::options::{
    bounded, count, fill, holds, layers, number, pair_of, reported, scales, seed, whole,
    within_memory,
};
use super::{DrawsBar, UsageError, args, time};
use crate::measure::summary::Summary;
use crate::rule::{Activation, WeightNorm};
use crate::theory::depth::{
    DeepNetwork, DepthAngles, DepthRun, MOST_SAMPLES, Products, ReluTheory, StepRule, Width, norms,
};
use crate::theory::{Prediction, bound};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde_json::{Value as Json, json};

pub(super) fn command(sizes: Arg, batch: Arg, iterations: Arg, report_at: Arg) -> Command {
    Command::new("depth")
        .about(
            "Linear rule at any depth, any signals: weight, error-signal and update angles of \
             every layer, without running a network; with ReLU those of weights, by a mean field",
        )
        .args([sizes, batch])
        .args(scales())
        .args(args::signals())
        .args([
            Arg::new("wn").long("wn").value_name("NORMS").default_value("off").value_parser(norm).help(
                "Norm of every neuron's input weights, one or one per layer (the last holds for \
                 all that follow); off for none",
            ),
            number("b-scale", "1", "Factor on B after drawing"),
            Arg::new("activation").long("activation").value_name("NAME").default_value("linear").value_parser(activation).help(
                "Activation of every layer: linear, or relu, whose theory is a mean field of wide \
                 layers without wn, beside networks that are run to say how far it is off",
            ),
            iterations,
            report_at,
            width(Width::Finite),
            Arg::new("signals").long("signals").value_name("FORM").default_value("whole").value_parser(["whole", "products"]).help(
                "What is drawn of signals: all of them, those of the repeats that `isolate` runs \
                 (whole), or only their products X'E, which is all that linear networks see \
                 (products: Gaussian, for independent Gaussian signals that do not last too long)",
            ),
            draws("10"),
            seed(),
            args::json_flag(),
        ])
}

/// `--width`.
pub(super) fn width(default: Width) -> Arg {
    let parser = |text: &str| {
        let known = Width::ALL.into_iter().find(|width| width.name() == text);
        known.ok_or_else(|| "expected finite, drawn or infinite".to_string())
    };
    Arg::new("width").long("width").value_name("FORM").default_value(default.name()).value_parser(parser).help(
        "What is kept of the effects of finite layers: all (finite: B is drawn, and how the start \
             of the weights stretches what passes), those of B alone (drawn), or none, the limit \
             of wide layers (infinite)",
    )
}

/// `--draws`.
pub(super) fn draws(default: &'static str) -> Arg {
    count(
        "draws",
        default,
        "Draws of signals and B that predictions are averaged over: those of the repeats that are \
         run",
    )
}

fn norm(text: &str) -> Result<Option<WeightNorm>, String> {
    if text == "off" {
        return Ok(None);
    }
    match text.parse() {
        Ok(norm @ WeightNorm::Neuron(_)) => Ok(Some(norm)),
        _ => Err("expected off, or the norm of every neuron's input weights: 1, or one per layer \
                such as 1,1,0.5"
            .into()),
    }
}

fn activation(text: &str) -> Result<Activation, String> {
    match text {
        "linear" => Ok(Activation::Linear),
        "relu" => Ok(Activation::Relu),
        _ => Err("expected linear or relu: other activations have no theory of depth; run \
                `isolate`"
            .into()),
    }
}

pub(super) fn rows(matches: &ArgMatches) -> anyhow::Result<Vec<Json>> {
    let (run, condition) = request(matches)?;
    let iterations = reported(matches)?;
    if matches.get_one::<Activation>("activation") == Some(&Activation::Relu) {
        return relu_rows(matches, &run, condition, &iterations);
    }
    let seed = matches.get_one::<u64>("seed").copied().unwrap_or(1);
    let draws = whole(matches, "draws") as u64;
    let products = products(matches, &run)?;
    let follow = |iterations: &[usize], draw| match &products {
        Some(products) => run.angles_of_products(products, iterations, seed, draw),
        None => run.angles(iterations, seed, draw),
    };
    let one_by_one = draws.div_ceil(rayon::current_num_threads() as u64) as f64;
    time::announce_updates(whole(matches, "iterations") as f64 * one_by_one, |tried| {
        follow(&[tried], 0).map(|_| ())
    })?;
    let bar = DrawsBar::new(draws);
    let each = (0..draws).into_par_iter().map(|draw| bar.count(follow(&iterations, draw)));
    let found: Vec<Vec<DepthAngles>> = each.collect::<Result<_, _>>()?;
    let [assumptions, source] = run.basis();
    let mut rows = Vec::new();
    for (at, &iteration) in iterations.iter().enumerate() {
        let mut add = |quantity: &str, first: usize, values: fn(&DepthAngles) -> &[f64]| {
            for place in 0..found.first().map_or(0, |draw| values(&draw[at]).len()) {
                let summary = Summary::of(found.iter().map(|draw| Some(values(&draw[at])[place])));
                let value = summary.mean.unwrap_or(f64::NAN);
                let prediction = Prediction { value, assumptions, source };
                let layer = first + place;
                rows.push(of_layer(quantity, layer, &condition, iteration, summary, prediction));
            }
        };
        add("weight_alignment", 1, |found| &found.weights);
        add("delta_alignment", 0, |found| &found.deltas);
        add("update_alignment", 0, |found| &found.updates);
        add("weight_squared_norm", 0, |found| &found.squared_norms);
    }
    finite(&rows)?;
    Ok(rows)
}

/// The law of the signals' products, if only these are to be drawn.
fn products(matches: &ArgMatches, run: &DepthRun) -> Result<Option<Products>, UsageError> {
    if matches.get_one::<String>("signals").is_none_or(|form| form == "whole") {
        return Ok(None);
    }
    let sizes = &run.network.sizes;
    let ends = [sizes[0], sizes[run.network.depth()]];
    let found = Products::new(&run.pair, ends, run.batch, whole(matches, "iterations"));
    found.map(Some).map_err(|error| UsageError(format!("--signals: {error}")))
}

/// The same for ReLU: of weights, with how far the theory is off as networks that are run say.
fn relu_rows(
    matches: &ArgMatches,
    run: &DepthRun,
    mut condition: Json,
    iterations: &[usize],
) -> anyhow::Result<Vec<Json>> {
    check_relu(matches, run)?;
    (condition["activation"], condition["width"]) = ("relu".into(), "infinite".into());
    let (draws, last) = (whole(matches, "draws") as u64, whole(matches, "iterations"));
    let seed = matches.get_one::<u64>("seed").copied().unwrap_or(1);
    let bar = DrawsBar::new(draws);
    let follow = |draw| bar.count(run.relu_angles(iterations, seed, draw));
    let found: Vec<Vec<DepthAngles>> =
        (0..draws).into_par_iter().map(follow).collect::<Result<_, _>>()?;
    let drawn = bound::Network::of(run, Activation::Relu).simulated(iterations)?;
    if drawn.is_none() {
        tell!(
            "networks of these sizes take too long to run {last} updates of: how far the theory \
             is off is not known here; it is within 3 degrees where no layer has grown to more \
             than twice its squared norm"
        );
    }
    let mut rows = Vec::new();
    for (at, &iteration) in iterations.iter().enumerate() {
        let values = |place: usize, of: fn(&DepthAngles) -> &[f64]| {
            Summary::of(found.iter().map(|draw| Some(of(&draw[at])[place])))
        };
        for l in 1..run.network.depth() {
            let summary = values(l - 1, |of| &of.weights);
            let prediction = relu_prediction(&summary);
            let drawn = drawn.as_ref().and_then(|of| of[at][l - 1]);
            holds(&prediction, drawn)?;
            let row = of_layer("weight_alignment", l, &condition, iteration, summary, prediction);
            rows.push(bounded(row, prediction.value, drawn));
        }
        for l in 0..run.network.depth() {
            let summary = values(l, |of| &of.squared_norms);
            let prediction = relu_prediction(&summary);
            let name = "weight_squared_norm";
            rows.push(of_layer(name, l, &condition, iteration, summary, prediction));
        }
    }
    finite(&rows)?;
    Ok(rows)
}

fn relu_prediction(summary: &Summary) -> Prediction {
    let (assumptions, source) = (ReluTheory::ASSUMPTIONS, ReluTheory::SOURCE);
    Prediction { value: summary.mean.unwrap_or(f64::NAN), assumptions, source }
}

/// Refuses what the mean field of ReLU networks is not of.
fn check_relu(matches: &ArgMatches, run: &DepthRun) -> Result<(), UsageError> {
    if run.network.norms.is_some() {
        let message = "--wn: the theory of ReLU networks is without weight normalisation: leave it \
            out, or run `isolate`";
        return Err(UsageError(message.into()));
    }
    let is_given = matches.value_source("width") == Some(ValueSource::CommandLine);
    if is_given && run.width != Width::Infinite {
        let message = "--width: the theory of ReLU networks is of wide layers: give infinite, or \
            leave it out";
        return Err(UsageError(message.into()));
    }
    if matches.get_one::<String>("signals").is_some_and(|form| form != "whole") {
        let message = "--signals: a ReLU network sees more of signals than their products: give \
            whole, or leave it out";
        return Err(UsageError(message.into()));
    }
    let samples = run.batch.saturating_mul(whole(matches, "iterations"));
    if samples > MOST_SAMPLES {
        return Err(UsageError(format!(
            "--batch, --iterations: the theory of ReLU networks compares all samples of all \
             updates with each other: {samples} of them are more than {MOST_SAMPLES}; give fewer, \
             or run `isolate`"
        )));
    }
    Ok(())
}

/// Refuses predictions that have left the range of numbers.
pub(super) fn finite(rows: &[Json]) -> Result<(), UsageError> {
    match rows.iter().find(|row| row["prediction"].as_f64().is_none_or(|value| !value.is_finite()))
    {
        None => Ok(()),
        Some(row) => Err(UsageError(format!(
            "the predicted {}{} leaves the range of numbers after {} updates at {}: give a smaller \
             --eta, fewer updates or smaller --layers",
            row["quantity"].as_str().unwrap_or_default(),
            row["layer"].as_u64().map(|layer| format!(" of layer {layer}")).unwrap_or_default(),
            row["iteration"],
            sizes(&row["condition"])
        ))),
    }
}

/// The sizes of a condition, for people.
fn sizes(condition: &Json) -> String {
    let known = ["layers", "hidden", "batch", "eta", "w-std", "b-std", "kappa", "dimension"];
    let given = known.iter().filter(|name| !condition[**name].is_null());
    given.map(|name| format!("{name} {}", condition[*name])).collect::<Vec<_>>().join(", ")
}

/// A row of a layer, with the standard error of what it is a mean of.
fn of_layer(
    quantity: &str,
    layer: usize,
    condition: &Json,
    iteration: usize,
    summary: Summary,
    prediction: Prediction,
) -> Json {
    let mut row = super::options::entry(quantity, condition, iteration, prediction);
    row["layer"] = layer.into();
    row["prediction_se"] = json!(summary.standard_error());
    fill(row, summary)
}

/// What is to be predicted, with what names it in a summary.
fn request(matches: &ArgMatches) -> anyhow::Result<(DepthRun, Json)> {
    let sizes = layers(matches)?;
    if sizes.len() < 3 || sizes.contains(&0) {
        let message = "--layers: give inputs, at least one hidden layer, and outputs, of at least \
            one unit each";
        return Err(UsageError(message.into()).into());
    }
    let get = |name: &str| matches.get_one::<f64>(name).copied().unwrap_or(1.0);
    let [eta, w_std, b_std, b_scale] = ["eta", "w-std", "b-std", "b-scale"].map(get);
    let (depth, batch) = (sizes.len() - 1, whole(matches, "batch"));
    let outputs = sizes[depth];
    let (pair, mut condition) = pair_of(matches, [batch, sizes[0], outputs])?;
    let norm = matches.get_one::<Option<WeightNorm>>("wn").cloned().flatten();
    let width = matches.get_one::<Width>("width").copied().unwrap_or(Width::Finite);
    let norms = norm.as_ref().map(|norm| norms(norm, &sizes, &vec![w_std; depth]));
    let named = json!({
        "layers": sizes, "batch": batch, "eta": eta, "w-std": w_std, "b-std": b_std,
        "b-scale": b_scale,
        "wn": norm.map_or("off".into(), |norm| norm.to_string()),
        "width": width.name(), "activation": "linear",
    });
    if let (Some(condition), Some(named)) = (condition.as_object_mut(), named.as_object()) {
        condition.extend(named.clone());
    }
    // Of every draw: backward weights, forms over inputs and outputs, and signals; a few of each.
    let ends = (sizes[0] + outputs) as u128;
    let drawn = if width == Width::Infinite { 0 } else { 1 };
    let weights = sizes.windows(2).map(|pair| (pair[0] * pair[1]) as u128).sum::<u128>() * drawn;
    let draws = (whole(matches, "draws")).min(rayon::current_num_threads()) as u128;
    let bytes = 32 * draws * (ends * ends + weights + batch as u128 * ends);
    within_memory("--layers, --batch", "networks of these", bytes)?;
    let run = DepthRun {
        b_std: vec![b_std * b_scale; depth - 1],
        network: DeepNetwork { w_std: vec![w_std; depth], norms, bias_std: None, sizes },
        width,
        pair,
        batch,
        rule: StepRule::plain(eta),
    };
    Ok((run, condition))
}
