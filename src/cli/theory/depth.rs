//! `alignscope theory depth`: every layer of a deep linear network in isolation.

use super::options::{count, fill, layers, number, pair_of, reported, scales, seed, whole};
use super::{DrawsBar, UsageError, args};
use crate::measure::summary::Summary;
use crate::rule::WeightNorm;
use crate::theory::Prediction;
use crate::theory::depth::{DeepNetwork, DepthAngles, DepthRun, StepRule, Width, norms};
use clap::{Arg, ArgMatches, Command};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde_json::{Value as Json, json};

pub(super) fn command(sizes: Arg, batch: Arg, iterations: Arg, report_at: Arg) -> Command {
    Command::new("depth")
        .about(
            "Linear rule at any depth, any signals: weight, error-signal and update angles of \
             every layer, without running a network",
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
            iterations,
            report_at,
            width(Width::Finite),
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

pub(super) fn rows(matches: &ArgMatches) -> anyhow::Result<Vec<Json>> {
    let (run, condition) = request(matches)?;
    let iterations = reported(matches)?;
    let seed = matches.get_one::<u64>("seed").copied().unwrap_or(1);
    let draws = whole(matches, "draws") as u64;
    let bar = DrawsBar::new(draws);
    let found: Vec<Vec<DepthAngles>> = (0..draws)
        .into_par_iter()
        .map(|draw| bar.count(run.angles(&iterations, seed, draw)))
        .collect::<Result<_, _>>()?;
    let mut rows = Vec::new();
    for (at, &iteration) in iterations.iter().enumerate() {
        let mut add = |quantity: &str, first: usize, values: fn(&DepthAngles) -> &[f64]| {
            for place in 0..found.first().map_or(0, |draw| values(&draw[at]).len()) {
                let summary = Summary::of(found.iter().map(|draw| Some(values(&draw[at])[place])));
                let row = entry(quantity, first + place, &condition, iteration, summary);
                rows.push(row);
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

/// Refuses predictions that have left the range of numbers.
pub(super) fn finite(rows: &[Json]) -> Result<(), UsageError> {
    match rows.iter().find(|row| row["prediction"].as_f64().is_none_or(|value| !value.is_finite()))
    {
        None => Ok(()),
        Some(row) => Err(UsageError(format!(
            "the predicted {} of layer {} leaves the range of numbers after {} updates at {}: give \
             a smaller --eta, fewer updates or smaller --layers",
            row["quantity"].as_str().unwrap_or_default(),
            row["layer"],
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

fn entry(
    quantity: &str,
    layer: usize,
    condition: &Json,
    iteration: usize,
    summary: Summary,
) -> Json {
    let prediction = Prediction {
        value: summary.mean.unwrap_or(f64::NAN),
        assumptions: DepthRun::ASSUMPTIONS,
        source: DepthRun::SOURCE,
    };
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
