//! `alignscope theory`: closed forms as tables or JSON.

mod depth;
mod learning;
mod options;
mod teacher;

use super::progress::DrawsBar;
use super::table::decimal;
use super::time;
use super::{Exit, UsageError, args};
use crate::condition::{Kind, RecordEvery};
use crate::file::memory;
use crate::measure::null::WeightNull;
use crate::measure::summary::Summary;
use crate::rule::{Activation, Isolated, Timing};
use crate::signal::{Cross, Form, Pair, Schedule, Signals, Sizes};
use crate::theory::moments::{Moments, Realised, fits, moments};
use crate::theory::spectra::{
    Magnitudes, ProductWishart, composition, sign_symmetry, von_mises_fisher_cosine,
};
use crate::theory::{Prediction, Toy, bound, held, one_step, relu};
use crate::theory::{mean_field, stationary};
use anyhow::bail;
use clap::{Arg, ArgMatches, Command, value_parser};
use depth::finite;
use options::{
    bounded, count, entry, fill, holds, layers, number, pair_of, reported, scales, seed,
    tell_timing, timing, timing_options, whole, within_memory,
};
use serde_json::{Value as Json, json};
use std::time::Instant;

pub(super) fn command() -> Command {
    Command::new("theory")
        .about("Closed forms: what the rule must do, without running it")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([
            null_command(),
            one_step_command(),
            held_command(),
            moments_command(),
            conditional_command(),
            depth::command(sizes("20,100,100,20"), batch(), iterations("300"), report_at()),
            learning::command(),
            teacher::command(),
            relu_command(),
            mean_field_command(),
            stationary_command(),
            spectrum_command(),
            sign_symmetry_command(),
            composition_command(),
            von_mises_fisher_command(),
        ])
}

fn null_command() -> Command {
    Command::new("null")
        .about("Distribution of weight angles between independent matrices")
        .arg(sizes("20,100,20"))
        .arg(args::json_flag())
}

fn one_step_command() -> Command {
    Command::new("one-step")
        .about(
            "Angle of the alignment term after one step with repeated signals (Fig 1 of \
            the paper)",
        )
        .args([sizes("100,100,10"), batch(), args::json_flag()])
}

fn held_command() -> Command {
    Command::new("held")
        .about(
            "Held signals, linear rule: exact trajectory of drawn networks, averaged \
            prediction, and limit",
        )
        .args([sizes("20,100,20"), batch()])
        .args(scales())
        .args([iterations("1500"), repeats(), seed(), record_every(), args::json_flag()])
}

fn moments_command() -> Command {
    Command::new("moments")
        .about(
            "Linear rule, any Gaussian signals: exact mean of <W1,B'> (with its spread \
             over repeats) and of ||W1||^2 over weights and signals, and the angle they \
             make",
        )
        .args([sizes("20,100,20"), batch()])
        .args(scales())
        .args(args::signals())
        .args(timing_options())
        .args([iterations("300"), report_at(), args::json_flag()])
}

fn conditional_command() -> Command {
    Command::new("conditional")
        .about(
            "Linear rule, any signals, recorded ones too: the same over weights alone, \
             given the signals that `isolate` draws or a file holds",
        )
        .args([sizes("20,100,20"), batch()])
        .args(scales())
        .args(args::signals())
        .args(timing_options())
        .args([iterations("300"), report_at(), repeats(), seed(), args::json_flag()])
}

fn relu_command() -> Command {
    Command::new("relu")
        .about(
            "ReLU, Gaussian signals of mean 0: <W1,B'> to leading order in the learning \
            rate",
        )
        .args([sizes("20,100,20"), batch()])
        .args(scales())
        .args(args::signals())
        .args([iterations("300"), report_at(), args::json_flag()])
}

fn mean_field_command() -> Command {
    Command::new("mean-field")
        .about(
            "ReLU, held signals: the whole trajectory from one sample in the mean field \
            of the others (open theory)",
        )
        .args([sizes("20,100,20"), batch()])
        .args(scales())
        .args([iterations("1500"), report_at(), args::json_flag()])
}

fn stationary_command() -> Command {
    Command::new("stationary")
        .about(
            "Linear rule, error = activity, WN: the angle at which it settles (open \
            theory)",
        )
        .args([sizes("20,100,20"), batch()])
        .args(scales())
        .args([
            number("wn", "1", "Norm of every neuron's input weights"),
            share(
                "memory",
                "Autocorrelation of the signals from one iteration to the \
                next",
            ),
            args::json_flag(),
        ])
}

fn spectrum_command() -> Command {
    Command::new("spectrum")
        .about(
            "Eigenvalues of D'X X'D / (P n0) for Gaussian X, D: density of the \
            product-Wishart law (Fig 1)",
        )
        .args([
            sizes("100,100,10"),
            batch(),
            count("points", "20", "Points of the density"),
            args::json_flag(),
        ])
}

fn sign_symmetry_command() -> Command {
    Command::new("sign-symmetry")
        .about("Angles of W to a B' that has its signs, at initialisation")
        .arg(args::json_flag())
}

fn composition_command() -> Command {
    Command::new("composition")
        .about(
            "Angle of the error signals one layer down, from those of the deltas and of \
            the weights (Fig 5)",
        )
        .args([
            angle("delta", "Angle of the deltas in degrees"),
            angle("weights", "Angle of the weights in degrees"),
            args::json_flag(),
        ])
}

fn von_mises_fisher_command() -> Command {
    Command::new("von-mises-fisher")
        .about(
            "Mean angle of a von Mises-Fisher vector: the conjectured stationary angle \
            under WN",
        )
        .args([
            count("dimension", "100", "Dimensions: inputs of a neuron"),
            number("kappa", "10", "Concentration"),
            args::json_flag(),
        ])
}

fn sizes(default: &'static str) -> Arg {
    Arg::new("layers")
        .long("layers")
        .value_name("SIZES")
        .default_value(default)
        .help("Units of every layer, inputs first")
}

fn batch() -> Arg {
    Arg::new("batch")
        .long("batch")
        .value_name("N")
        .default_value("100")
        .value_parser(value_parser!(u32).range(1..))
        .help("Samples per iteration")
}

fn iterations(default: &'static str) -> Arg {
    count("iterations", default, "Updates")
}

fn repeats() -> Arg {
    count("repeats", "10", "Repeats to draw: those that `isolate` runs")
}

fn record_every() -> Arg {
    Arg::new("record-every")
        .long("record-every")
        .value_name("SCHEDULE")
        .default_value("log:16")
        .help("Iterations to print: N, or log:N")
}

fn report_at() -> Arg {
    Arg::new("report-at")
        .long("report-at")
        .value_name("ITERATIONS")
        .value_delimiter(',')
        .value_parser(value_parser!(u32).range(1..=10_000_000))
        .help("Iterations to print besides the last")
}

fn angle(name: &'static str, help: &'static str) -> Arg {
    let degrees = |text: &str| {
        let value: Option<f64> = text.parse().ok().filter(|v| (0.0..=180.0).contains(v));
        value.ok_or_else(|| "expected degrees from 0 to 180".to_string())
    };
    Arg::new(name).long(name).value_name("DEGREES").required(true).value_parser(degrees).help(help)
}

fn share(name: &'static str, help: &'static str) -> Arg {
    let below_one = |text: &str| {
        let value: Option<f64> = text.parse().ok().filter(|v| (0.0..1.0).contains(v));
        value.ok_or_else(|| "expected a number from 0 to below 1".to_string())
    };
    Arg::new(name).long(name).value_name("X").default_value("0").value_parser(below_one).help(help)
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let Some((name, m)) = matches.subcommand() else { return Ok(Exit::Usage) };
    memory::check_products().map_err(|error| UsageError(error.to_string()))?;
    let rows = match name {
        "null" => null(m)?,
        "one-step" => one_step(m)?,
        "held" => held(m)?,
        "moments" => averaged(m)?,
        "conditional" => conditional(m)?,
        "depth" => depth::rows(m)?,
        "learning" => learning::rows(m)?,
        "teacher" => teacher::rows(m)?,
        "relu" => leading_order(m)?,
        "mean-field" => mean_field(m)?,
        "stationary" => stationary_angle(m)?,
        "spectrum" => spectrum(m)?,
        "sign-symmetry" => signs(),
        "composition" => composed(m),
        "von-mises-fisher" => von_mises_fisher(m)?,
        other => bail!("there is no theory {other}"),
    };
    finite(&rows)?;
    if m.get_flag("json") {
        say!("{}", json!({ "summary": rows }));
    } else {
        print_table(&rows);
    }
    Ok(Exit::Done)
}

/// A toy network whose matrices are to be made: they must fit into memory.
fn toy_in_memory(matches: &ArgMatches) -> anyhow::Result<Toy> {
    let toy = toy(matches)?;
    let [n0, n1, n2, p] = [toy.inputs, toy.hidden, toy.outputs, toy.batch].map(|n| n as u128);
    // Weights and signals, and matrices of the size of inputs and outputs squared, a few of each.
    let bytes = 32 * (n1 * (n0 + n2) + (n0 + n2).pow(2) + p * (n0 + n1 + n2));
    within_memory("--layers, --batch", "a network of these", bytes)?;
    Ok(toy)
}

/// Bytes of a row of a summary, at most.
const ROW: u128 = 4096;

fn toy(matches: &ArgMatches) -> anyhow::Result<Toy> {
    let batch = matches.get_one::<u32>("batch").map_or(1, |&n| n as usize);
    let get = |name: &str| matches.try_get_one::<f64>(name).ok().flatten().copied().unwrap_or(1.0);
    let toy = Toy::new(&layers(matches)?, batch, get("eta"))
        .map_err(|error| UsageError(format!("--layers: {error}")))?;
    Ok(Toy { w_std: get("w-std"), b_std: get("b-std"), timing: timing(matches)?, ..toy })
}

fn null(matches: &ArgMatches) -> anyhow::Result<Vec<Json>> {
    let sizes = layers(matches)?;
    let nulls = sizes.windows(2).enumerate().skip(1);
    let rows = nulls.filter_map(|(layer, pair)| {
        let distribution = WeightNull::new(pair[0] * pair[1])?;
        Some(json!({
            "quantity": "weight_alignment", "layer": layer, "condition": { "layers": sizes },
            "iteration": 0,
            "n": 0, "mean": null, "sd": null, "ci95": null, "absent": 0,
            "prediction": WeightNull::MEAN,
            "null": {
                "entries": distribution.entries(), "cosine_sd": distribution.cosine_sd(),
                "angle_sd": distribution.angle_sd(),
                "interval95": distribution.interval(0.95),
                "interval99": distribution.interval(0.99),
                "lower_0.1_percent": distribution.quantile(0.001),
            },
            "source": "(1 + cos) / 2 ~ Beta((N-1)/2, (N-1)/2) for W independent of an isotropic B \
                of N entries",
        }))
    });
    let rows: Vec<Json> = rows.collect();
    if rows.is_empty() {
        let message = "--layers: a matrix of one weight points one way or the other, and has no angle \
            between: give larger layers";
        return Err(UsageError(message.into()).into());
    }
    Ok(rows)
}

fn one_step(matches: &ArgMatches) -> anyhow::Result<Vec<Json>> {
    let toy = toy(matches)?;
    let condition = json!({ "layers": layers(matches)?, "batch": toy.batch });
    Ok(vec![
        limit_entry("alignment_term_angle", &toy, &condition, 1),
        entry("alignment_term_angle_asymptotic", &condition, 1, one_step::asymptotic_angle(&toy)),
    ])
}

/// Most degrees that a closed form may be off for certain to be printed.
const CLOSE: f64 = 1.0;

/// The angle of `B^T A^T A` to `B^T`: its closed form, or what was drawn where that is far off.
fn limit_entry(quantity: &str, toy: &Toy, condition: &Json, iteration: usize) -> Json {
    let formula = one_step::angle(toy);
    let drawn = bound::held_limit(toy);
    match drawn.filter(|drawn| drawn.off(formula.value) > CLOSE) {
        Some(drawn) => {
            let (assumptions, source) =
                (formula.assumptions, "mean over draws: at these sizes the closed form is far off");
            let mut row = entry(
                quantity,
                condition,
                iteration,
                Prediction { value: drawn.mean, assumptions, source },
            );
            row["bound"] = json!(2.0 * drawn.error);
            row
        }
        None => bounded(entry(quantity, condition, iteration, formula), formula.value, drawn),
    }
}

fn held(matches: &ArgMatches) -> anyhow::Result<Vec<Json>> {
    let (toy, iterations) = (toy_in_memory(matches)?, whole(matches, "iterations"));
    let (repeats, seed) =
        (whole(matches, "repeats"), matches.get_one::<u64>("seed").copied().unwrap_or(1));
    let schedule =
        matches.get_one::<String>("record-every").map(String::as_str).unwrap_or("log:16");
    let record_every = RecordEvery::parse(schedule, Kind::Isolate)
        .map_err(|e| UsageError(format!("--record-every: {e}")))?;
    let sizes = [toy.inputs, toy.hidden, toy.outputs];
    let of_repeats = 5 * 8 * (toy.hidden * toy.outputs) as u128 * repeats as u128;
    within_memory("--repeats, --layers", "holding these repeats", of_repeats)?;
    within_memory(
        "--record-every",
        "printing so many iterations",
        ROW * record_every.count(iterations, 1, 0) as u128,
    )?;
    let trajectories: Vec<held::Trajectory> = (0..repeats as u64)
        .map(|repeat| {
            let std = [toy.w_std, toy.b_std];
            let net =
                Isolated::<f64>::draw(&sizes, toy.batch, Activation::Linear, std, seed, repeat);
            let run =
                Sizes { batch: toy.batch, inputs: toy.inputs, outputs: toy.outputs, iterations };
            let signals = Signals::<f64>::new(&Schedule::Held.pair()?, run, seed, repeat).ok()?;
            let [w0, w1] = [&net.layers.weights[0], &net.layers.weights[1]];
            let b = net.feedback.backward(1);
            b.map(|b| {
                held::Trajectory::new(w0, w1, b, [signals.activity(), signals.error()], toy.eta)
            })
        })
        .collect::<Option<_>>()
        .unwrap_or_default();
    let condition = json!({
        "layers": sizes, "batch": toy.batch, "eta": toy.eta, "w-std": toy.w_std, "b-std": toy.b_std,
        "schedule": "held", "activation": "linear", "seed": seed,
    });
    let recorded = record_every.iterations(iterations, 1, &[]);
    let bounds = bound::held(&toy, &recorded);
    let mut rows: Vec<Json> = recorded
        .into_iter()
        .zip(bounds)
        .map(|(k, drawn)| {
            let exact = Summary::of(trajectories.iter().map(|t| t.angle(k)));
            let predicted = held::angle_after(&toy, k);
            let row = fill(entry("weight_alignment", &condition, k, predicted), exact);
            // The start is known exactly.
            if k == 0 { row } else { bounded(row, predicted.value, drawn) }
        })
        .collect();
    let limit = Summary::of(trajectories.iter().map(held::Trajectory::limit));
    rows.push(fill(limit_entry("weight_alignment_limit", &toy, &condition, iterations), limit));
    Ok(rows)
}

/// The signals asked for, with what names them in a summary.
fn pair(matches: &ArgMatches, toy: &Toy) -> anyhow::Result<(Pair, Json)> {
    let Toy { inputs, hidden, outputs, batch, eta, w_std, b_std, timing } = *toy;
    let (pair, mut condition) = pair_of(matches, [batch, inputs, outputs])?;
    let named = json!({
        "layers": [inputs, hidden, outputs], "batch": batch, "eta": eta, "w-std": w_std,
        "b-std": b_std,
        "activation": "linear",
    });
    if let (Some(condition), Some(named)) = (condition.as_object_mut(), named.as_object()) {
        condition.extend(named.clone());
    }
    if timing != Timing::INSTANT {
        tell_timing(matches, &mut condition);
    }
    Ok((pair, condition))
}

/// Entries of one set of moments.
fn moment_rows(
    condition: &Json,
    iteration: usize,
    moments: &Moments,
    [assumptions, source]: [&'static str; 2],
) -> Vec<Json> {
    let row = |quantity: &str, value: f64| {
        entry(quantity, condition, iteration, Prediction { value, assumptions, source })
    };
    let mut inner = row("weight_inner_product", moments.inner_product);
    inner["prediction_sd"] = json!(moments.inner_product_sd);
    let norm = row("weight_squared_norm", moments.squared_norm);
    vec![inner, norm, row("weight_alignment", moments.angle)]
}

fn averaged(matches: &ArgMatches) -> anyhow::Result<Vec<Json>> {
    let toy = toy(matches)?;
    let (pair, condition) = pair(matches, &toy)?;
    // Before shorter ones are computed, which may take long.
    fits(&pair, whole(matches, "iterations")).map_err(|error| UsageError(error.to_string()))?;
    let iterations = reported(matches)?;
    let bounds =
        bound::linear(&toy, &pair, &iterations).map_err(|error| UsageError(error.to_string()))?;
    announce(&toy, &pair, &iterations)?;
    let mut rows = Vec::new();
    for (iteration, drawn) in iterations.into_iter().zip(bounds) {
        let found =
            moments(&toy, &pair, iteration).map_err(|error| UsageError(error.to_string()))?;
        let mut of_iteration = moment_rows(&condition, iteration, &found, Moments::AVERAGED);
        if let Some(angle) = of_iteration.pop() {
            of_iteration.push(bounded(angle, found.angle, drawn));
        }
        rows.extend(of_iteration);
    }
    Ok(rows)
}

/// Says how long averaged moments take, where that is long: their products take a time that grows
/// as the cube of the iterations, and that of fewer tells it.
fn announce(toy: &Toy, pair: &Pair, iterations: &[usize]) -> Result<(), UsageError> {
    const TRIED: usize = 500;
    if iterations.iter().all(|&iteration| iteration <= 2 * TRIED) {
        return Ok(());
    }
    let begun = Instant::now();
    moments(toy, pair, TRIED).map_err(|error| UsageError(error.to_string()))?;
    let cubes = iterations.iter().map(|&iteration| (iteration as f64 / TRIED as f64).powi(3));
    time::announce("the moments", begun.elapsed().as_secs_f64() * cubes.sum::<f64>());
    Ok(())
}

fn conditional(matches: &ArgMatches) -> anyhow::Result<Vec<Json>> {
    let toy = toy_in_memory(matches)?;
    let (pair, condition) = pair(matches, &toy)?;
    let (reported, seed) =
        (reported(matches)?, matches.get_one::<u64>("seed").copied().unwrap_or(1));
    let Toy { inputs, outputs, batch, .. } = toy;
    let sizes = Sizes { batch, inputs, outputs, iterations: whole(matches, "iterations") };
    let moments =
        size_of::<Moments>() as u128 * reported.len() as u128 * whole(matches, "repeats") as u128;
    within_memory("--repeats", "holding so many repeats", 2 * moments)?;
    let follow = |reported: &[usize], repeat: u64| -> anyhow::Result<Vec<Moments>> {
        let mut signals = Signals::<f64>::new(&pair, sizes, seed, repeat)?;
        let (mut realised, mut done) = (Realised::of(&toy), 0);
        let each = reported.iter().map(|&iteration| {
            for _ in done..iteration {
                realised.add(signals.activity(), signals.error());
                signals.advance();
            }
            done = iteration;
            realised.moments(&toy)
        });
        Ok(each.collect())
    };
    let repeats = whole(matches, "repeats") as u64;
    time::announce_updates(sizes.iterations as f64 * repeats as f64, |tried| {
        follow(&[tried], 0).map(|_| ())
    })?;
    // By reported iteration, one set of moments per repeat.
    let mut found: Vec<Vec<Moments>> = vec![Vec::new(); reported.len()];
    for repeat in 0..repeats {
        for (found, moments) in found.iter_mut().zip(follow(&reported, repeat)?) {
            found.push(moments);
        }
    }
    let rows = reported.iter().zip(found).flat_map(|(&iteration, found)| {
        let each = |value: fn(&Moments) -> f64| Summary::of(found.iter().map(|m| Some(value(m))));
        let summaries = [each(|m| m.inner_product), each(|m| m.squared_norm), each(|m| m.angle)];
        let [inner, norm, angle] = summaries.map(|s| s.mean.unwrap_or(f64::NAN));
        let spread = each(|m| m.inner_product_sd).mean.unwrap_or(f64::NAN);
        let mean =
            Moments { inner_product: inner, inner_product_sd: spread, squared_norm: norm, angle };
        let rows = moment_rows(&condition, iteration, &mean, Moments::GIVEN);
        rows.into_iter().zip(summaries).map(|(row, summary)| fill(row, summary)).collect::<Vec<_>>()
    });
    Ok(rows.collect())
}

fn leading_order(matches: &ArgMatches) -> anyhow::Result<Vec<Json>> {
    let toy = toy(matches)?;
    let (pair, mut condition) = pair(matches, &toy)?;
    condition["activation"] = "relu".into();
    // Before shorter ones are computed, which may take long.
    fits(&pair, whole(matches, "iterations")).map_err(|error| UsageError(error.to_string()))?;
    let mut rows = Vec::new();
    for iteration in reported(matches)? {
        let found = relu::inner_product(&toy, &pair, iteration)
            .map_err(|error| UsageError(error.to_string()))?;
        let drawn = bound::simulated(&toy, Activation::Relu, &pair, None, iteration)
            .and_then(|drawn| drawn.change);
        let mut row = bounded(
            entry("weight_inner_product", &condition, iteration, found),
            found.value,
            drawn,
        );
        row["drawn"] = json!(
            drawn.map(|drawn| json!({ "n": drawn.n, "mean": drawn.mean, "error": drawn.error }))
        );
        rows.push(row);
    }
    Ok(rows)
}

fn mean_field(matches: &ArgMatches) -> anyhow::Result<Vec<Json>> {
    let toy = toy(matches)?;
    let trajectory = mean_field::Trajectory::new(&toy, whole(matches, "iterations"));
    let condition = json!({
        "layers": layers(matches)?, "batch": toy.batch, "eta": toy.eta, "w-std": toy.w_std,
        "b-std": toy.b_std,
        "schedule": "held", "activation": "relu",
    });
    let held = Schedule::Held.pair().unwrap_or_default();
    let mut rows = Vec::new();
    for k in reported(matches)? {
        let Some(found) = trajectory.angle(k) else { continue };
        let drawn =
            bound::simulated(&toy, Activation::Relu, &held, None, k).and_then(|drawn| drawn.angle);
        holds(&found, drawn)?;
        rows.push(bounded(entry("weight_alignment", &condition, k, found), found.value, drawn));
    }
    Ok(rows)
}

fn stationary_angle(matches: &ArgMatches) -> anyhow::Result<Vec<Json>> {
    let toy = toy(matches)?;
    if toy.inputs != toy.outputs {
        return Err(UsageError(
            "--layers: error and activity are the same: as many inputs as outputs".into(),
        )
        .into());
    }
    let [norm, memory] =
        ["wn", "memory"].map(|name| matches.get_one::<f64>(name).copied().unwrap_or_default());
    let found = stationary::angle(&toy, [norm, norm], memory).ok_or_else(|| {
        UsageError(
            "--eta: a column turns in less than one update: there is no prediction for \
            steps this long"
                .into(),
        )
    })?;
    let drawn = stationary::settled_after(&toy, [norm, norm], memory)
        .and_then(|k| {
            bound::simulated(&toy, Activation::Linear, &same(memory)?, Some(vec![norm]), k)
        })
        .and_then(|drawn| drawn.angle);
    holds(&found, drawn)?;
    let condition = json!({
        "layers": layers(matches)?, "batch": toy.batch, "eta": toy.eta, "b-std": toy.b_std,
        "wn": norm,
        "activity": format!("ar1:{memory}"), "cross": "same", "activation": "linear",
    });
    Ok(vec![bounded(entry("weight_alignment", &condition, 0, found), found.value, drawn)])
}

/// Activity and error that are one signal of this memory.
fn same(memory: f64) -> Option<Pair> {
    let form = Form::parse(&format!("ar1:{memory}")).ok()?;
    Pair { cross: Cross::Same, ..Pair::independent(form.clone(), form) }.resolve().ok()
}

fn spectrum(matches: &ArgMatches) -> anyhow::Result<Vec<Json>> {
    let toy = toy(matches)?;
    let law = ProductWishart::new(toy.inputs, toy.outputs, toy.batch)
        .ok_or_else(|| UsageError("--layers and --batch must be above 0".into()))?;
    let condition = json!({ "layers": layers(matches)?, "batch": toy.batch });
    let row = |quantity: &str, value: f64| {
        let (assumptions, source) = (
            "X, D Gaussian, variance 1; large sizes",
            "cubic of the product of two Wishart matrices",
        );
        entry(quantity, &condition, 1, Prediction { value, assumptions, source })
    };
    let [mean, square] = law.moments();
    let end = law.upper_end();
    let mut rows = vec![
        row("eigenvalue_mean", mean),
        row("eigenvalue_mean_square", square),
        row("eigenvalue_upper_end", end),
        row("eigenvalue_mass_at_zero", law.mass_at_zero()),
    ];
    let points = whole(matches, "points");
    within_memory("--points", "printing so many points", ROW * points as u128)?;
    rows.extend((1..=points).map(|i| {
        let x = end * i as f64 / points as f64;
        let mut density = row("eigenvalue_density", law.density(x));
        density["at"] = json!(x);
        density
    }));
    Ok(rows)
}

fn signs() -> Vec<Json> {
    let cases = [
        ("gaussian", "constant", Magnitudes::Gaussian, false),
        ("gaussian", "independent", Magnitudes::Gaussian, true),
        ("uniform", "constant", Magnitudes::Uniform, false),
        ("uniform", "independent", Magnitudes::Uniform, true),
    ];
    let row = |(weights, magnitudes, law, independent)| {
        let condition = json!({ "weights": weights, "magnitudes": magnitudes });
        entry("weight_alignment", &condition, 0, sign_symmetry(law, independent))
    };
    cases.map(row).to_vec()
}

fn composed(matches: &ArgMatches) -> Vec<Json> {
    let [delta, weights] =
        ["delta", "weights"].map(|name| matches.get_one::<f64>(name).copied().unwrap_or(90.0));
    vec![entry(
        "composed_angle",
        &json!({ "delta": delta, "weights": weights }),
        1,
        composition(delta, weights),
    )]
}

/// Largest concentration: beyond it the continued fraction takes long.
const MOST_KAPPA: f64 = 1e7;

fn von_mises_fisher(matches: &ArgMatches) -> Result<Vec<Json>, UsageError> {
    let dimension = whole(matches, "dimension");
    let kappa = matches.get_one::<f64>("kappa").copied().unwrap_or(1.0);
    if kappa > MOST_KAPPA {
        return Err(UsageError(format!(
            "--kappa: {kappa} is more than the {MOST_KAPPA} that this is computed for"
        )));
    }
    let prediction = Prediction {
        value: von_mises_fisher_cosine(dimension, kappa).acos().to_degrees(),
        assumptions: "conjecture: a column of weights under WN is von Mises-Fisher about its drift",
        source: "cos = I_{n/2}(kappa) / I_{n/2-1}(kappa)",
    };
    Ok(vec![entry(
        "weight_alignment",
        &json!({ "dimension": dimension, "kappa": kappa }),
        0,
        prediction,
    )])
}

/// The rows as a table on standard output.
fn print_table(rows: &[Json]) {
    if rows.iter().any(|row| row.get("null").is_some()) {
        print_nulls(rows);
    } else {
        print_predictions(rows);
    }
}

fn print_nulls(rows: &[Json]) {
    say!("weight angle of independent matrices (90 degrees on average)");
    say!(
        "{:>5} {:>9} {:>8}   {:<18} {:<18}",
        "layer",
        "entries",
        "sd",
        "95 % interval",
        "99 % interval"
    );
    for row in rows {
        let null = &row["null"];
        let interval = |name: &str| match (null[name][0].as_f64(), null[name][1].as_f64()) {
            (Some(low), Some(high)) => format!("{low:.2} to {high:.2}"),
            _ => String::new(),
        };
        let sd = null["angle_sd"].as_f64().unwrap_or(f64::NAN);
        let (layer, entries) = (&row["layer"], &null["entries"]);
        let intervals = [interval("interval95"), interval("interval99")];
        say!("{layer:>5} {entries:>9} {sd:>8.3}   {:<18} {:<18}", intervals[0], intervals[1]);
    }
}

fn print_predictions(rows: &[Json]) {
    let several = rows.iter().any(|row| row["layer"] != rows[0]["layer"]);
    let with_bounds = rows.iter().any(|row| row.get("bound").is_some());
    let bound = if with_bounds { format!(" {:>10}", "bound") } else { String::new() };
    say!(
        "{:<40} {:>9} {:>14}{bound} {:>16}",
        "quantity (angles in degrees)",
        "iteration",
        "prediction",
        "mean of n drawn"
    );
    for row in rows {
        let prediction = row["prediction"].as_f64().unwrap_or(f64::NAN);
        let drawn = row["mean"]
            .as_f64()
            .map_or(String::new(), |mean| format!("{}, {}", decimal(mean), row["n"]));
        let quantity = quantity_of(row, several);
        let bound = match row["bound"].as_f64() {
            Some(bound) => format!(" {:>10}", format!("±{}", decimal(bound))),
            None if with_bounds && row.get("bound").is_some() => format!(" {:>10}", "unknown"),
            None if with_bounds => format!(" {:>10}", ""),
            None => String::new(),
        };
        say!(
            "{quantity:<40} {:>9} {:>14}{bound} {drawn:>16}",
            row["iteration"].to_string(),
            decimal(prediction)
        );
    }
    if with_bounds {
        say!(
            "  bound: how far the prediction may be off, drawn at these sizes; unknown where that \
             would take long"
        );
    }
    for text in ["assumptions", "source"] {
        if let Some(text) = rows.first().and_then(|row| row[text].as_str()) {
            say!("  {text}");
        }
    }
}

/// The quantity of a row, with the layer where there are several, and the case it is of.
fn quantity_of(row: &Json, several: bool) -> String {
    let mut quantity = row["quantity"].as_str().unwrap_or_default().to_string();
    if let Some(layer) = row["layer"].as_u64().filter(|_| several) {
        quantity = format!("{quantity} {layer}");
    }
    let cases = ["at", "weights", "magnitudes"].iter();
    let cases = cases.filter_map(|name| row.get(*name).or_else(|| row["condition"].get(*name)));
    for case in cases {
        let text = case
            .as_f64()
            .map_or_else(|| case.as_str().unwrap_or_default().into(), |x| format!("{x:.3}"));
        quantity = format!("{quantity} {text}");
    }
    quantity
}
