//! `alignscope theory`: closed forms as tables or JSON.

use super::{Exit, UsageError, args};
use crate::analysis::{Kind, Recording};
use crate::measure::null::WeightNull;
use crate::measure::summary::Summary;
use crate::rule::{Activation, Isolated};
use crate::signal::{Schedule, Signals};
use crate::theory::{Prediction, Toy, held, one_step};
use anyhow::bail;
use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::{Value as Json, json};

pub(super) fn command() -> Command {
    let sizes = |default: &'static str| {
        Arg::new("layers")
            .long("layers")
            .value_name("SIZES")
            .default_value(default)
            .help("Units of every layer, inputs first")
    };
    let batch = || {
        Arg::new("batch")
            .long("batch")
            .value_name("N")
            .default_value("100")
            .value_parser(value_parser!(u32).range(1..))
            .help("Samples per iteration")
    };
    Command::new("theory")
        .about("Closed forms: what the rule must do, without running it")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([
            Command::new("null")
                .about("Distribution of weight angles between independent matrices")
                .arg(sizes("20,100,20"))
                .arg(args::json_flag()),
            Command::new("one-step")
                .about("Angle of the alignment term after one step with repeated signals (Fig 1 of the paper)")
                .args([sizes("100,100,10"), batch(), args::json_flag()]),
            Command::new("held")
                .about("Held signals, linear rule: exact trajectory of drawn networks, averaged prediction, and limit")
                .args([
                    sizes("20,100,20"),
                    batch(),
                    number("eta", "4e-4", "Learning rate"),
                    number("w-std", "1", "Standard deviation of the forward weights at the start"),
                    number("b-std", "1", "Standard deviation of the backward weights"),
                    count("iterations", "1500", "Updates"),
                    count("repeats", "10", "Networks to draw: those that `isolate --schedule held` runs"),
                    Arg::new("seed").long("seed").value_name("N").default_value("1").value_parser(value_parser!(u64)),
                    Arg::new("record-every")
                        .long("record-every")
                        .value_name("SCHEDULE")
                        .default_value("log:16")
                        .help("Iterations to print: N, or log:N"),
                    args::json_flag(),
                ]),
        ])
}

fn number(name: &'static str, default: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name("X").default_value(default).value_parser(positive).help(help)
}

fn count(name: &'static str, default: &'static str, help: &'static str) -> Arg {
    let range = value_parser!(u32).range(1..=10_000_000);
    Arg::new(name).long(name).value_name("N").default_value(default).value_parser(range).help(help)
}

fn positive(text: &str) -> Result<f64, String> {
    let value: Option<f64> = text.parse().ok().filter(|v: &f64| v.is_finite() && *v > 0.0);
    value.ok_or_else(|| "expected a finite number above 0".into())
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let Some((name, m)) = matches.subcommand() else { return Ok(Exit::Usage) };
    let rows = match name {
        "null" => null(m)?,
        "one-step" => one_step(m)?,
        "held" => held(m)?,
        other => bail!("there is no theory {other}"),
    };
    if m.get_flag("json") {
        println!("{}", json!({ "summary": rows }));
    } else {
        print_table(&rows);
    }
    Ok(Exit::Done)
}

fn layers(matches: &ArgMatches) -> Result<Vec<usize>, UsageError> {
    let text = matches.get_one::<String>("layers").map(String::as_str).unwrap_or_default();
    let sizes: Option<Vec<usize>> = text.split(',').map(|s| s.trim().parse().ok().filter(|&n| n > 0)).collect();
    sizes.filter(|sizes| sizes.len() >= 3).ok_or_else(|| {
        UsageError(format!("--layers: `{text}` must be at least three sizes, none zero, such as 20,100,20"))
    })
}

fn toy(matches: &ArgMatches) -> anyhow::Result<Toy> {
    let batch = matches.get_one::<u32>("batch").map_or(1, |&n| n as usize);
    let eta = matches.try_get_one::<f64>("eta").ok().flatten().copied().unwrap_or(1.0);
    Ok(Toy::new(&layers(matches)?, batch, eta).map_err(|error| UsageError(format!("--layers: {error}")))?)
}

fn null(matches: &ArgMatches) -> anyhow::Result<Vec<Json>> {
    let sizes = layers(matches)?;
    let nulls = sizes.windows(2).enumerate().skip(1);
    let rows = nulls.filter_map(|(layer, pair)| {
        let distribution = WeightNull::new(pair[0] * pair[1])?;
        Some(json!({
            "quantity": "weight_alignment", "layer": layer, "condition": { "layers": sizes }, "iteration": 0,
            "n": 0, "mean": null, "sd": null, "ci95": null, "absent": 0,
            "prediction": WeightNull::MEAN,
            "null": {
                "entries": distribution.entries(), "cosine_sd": distribution.cosine_sd(), "angle_sd": distribution.angle_sd(),
                "interval95": distribution.interval(0.95), "interval99": distribution.interval(0.99),
                "lower_0.1_percent": distribution.quantile(0.001),
            },
            "source": "(1 + cos) / 2 ~ Beta((N-1)/2, (N-1)/2) for W independent of an isotropic B of N entries",
        }))
    });
    Ok(rows.collect())
}

/// One summary entry of a prediction without a measurement.
fn entry(quantity: &str, condition: &Json, iteration: usize, prediction: Prediction) -> Json {
    json!({
        "quantity": quantity, "layer": 1, "condition": condition, "iteration": iteration, "n": 0,
        "mean": null, "sd": null, "ci95": null, "absent": 0,
        "prediction": prediction.value, "assumptions": prediction.assumptions, "source": prediction.source,
    })
}

fn one_step(matches: &ArgMatches) -> anyhow::Result<Vec<Json>> {
    let toy = toy(matches)?;
    let condition = json!({ "layers": layers(matches)?, "batch": toy.batch });
    Ok(vec![
        entry("alignment_term_angle", &condition, 1, one_step::angle(&toy)),
        entry("alignment_term_angle_asymptotic", &condition, 1, one_step::asymptotic_angle(&toy)),
    ])
}

fn held(matches: &ArgMatches) -> anyhow::Result<Vec<Json>> {
    let get = |name: &str| matches.get_one::<f64>(name).copied().unwrap_or(1.0);
    let whole = |name: &str| matches.get_one::<u32>(name).map_or(1, |&n| n as usize);
    let (eta, iterations, repeats) = (get("eta"), whole("iterations"), whole("repeats"));
    let toy = Toy { w_std: get("w-std"), b_std: get("b-std"), ..toy(matches)? };
    let seed = matches.get_one::<u64>("seed").copied().unwrap_or(1);
    let schedule = matches.get_one::<String>("record-every").map(String::as_str).unwrap_or("log:16");
    let recording =
        Recording::parse(schedule, Kind::Isolate).map_err(|e| UsageError(format!("--record-every: {e}")))?;
    let sizes = [toy.inputs, toy.hidden, toy.outputs];
    let trajectories: Vec<held::Trajectory> = (0..repeats as u64)
        .map(|repeat| {
            let std = [toy.w_std, toy.b_std];
            let net = Isolated::<f64>::draw(&sizes, toy.batch, Activation::Linear, std, seed, repeat);
            let signals = Signals::<f64>::new(Schedule::Held, toy.batch, toy.inputs, toy.outputs, seed, repeat);
            let [w0, w1] = [&net.layers.weights[0], &net.layers.weights[1]];
            let b = net.feedback.backward(1);
            b.map(|b| held::Trajectory::new(w0, w1, b, [signals.activity(), signals.error()], eta))
        })
        .collect::<Option<_>>()
        .unwrap_or_default();
    let condition = json!({
        "layers": sizes, "batch": toy.batch, "eta": eta, "w-std": toy.w_std, "b-std": toy.b_std,
        "schedule": "held", "activation": "linear", "seed": seed,
    });
    let fill = |mut row: Json, exact: Summary| {
        (row["n"], row["absent"]) = (exact.n.into(), exact.absent.into());
        (row["mean"], row["sd"], row["ci95"]) = (json!(exact.mean), json!(exact.sd), json!(exact.ci95));
        row
    };
    let mut rows: Vec<Json> = recording
        .iterations(iterations, 1, &[])
        .into_iter()
        .map(|k| {
            let exact = Summary::of(trajectories.iter().map(|t| t.angle(k)));
            fill(entry("weight_alignment", &condition, k, held::angle_after(&toy, k)), exact)
        })
        .collect();
    let limit = Summary::of(trajectories.iter().map(held::Trajectory::limit));
    rows.push(fill(entry("weight_alignment_limit", &condition, iterations, one_step::angle(&toy)), limit));
    Ok(rows)
}

/// The rows as a table on standard output.
fn print_table(rows: &[Json]) {
    if rows.iter().any(|row| row.get("null").is_some()) {
        println!("weight angle of independent matrices (90 degrees on average)");
        println!("{:>5} {:>9} {:>8}   {:<18} {:<18}", "layer", "entries", "sd", "95 % interval", "99 % interval");
        for row in rows {
            let null = &row["null"];
            let interval = |name: &str| match (null[name][0].as_f64(), null[name][1].as_f64()) {
                (Some(low), Some(high)) => format!("{low:.2} to {high:.2}"),
                _ => String::new(),
            };
            let sd = null["angle_sd"].as_f64().unwrap_or(f64::NAN);
            let (layer, entries) = (&row["layer"], &null["entries"]);
            let intervals = [interval("interval95"), interval("interval99")];
            println!("{layer:>5} {entries:>9} {sd:>8.3}   {:<18} {:<18}", intervals[0], intervals[1]);
        }
        return;
    }
    println!("{:<32} {:>9} {:>11} {:>22}", "quantity (degrees)", "iteration", "prediction", "exact: mean, n");
    for row in rows {
        let prediction = row["prediction"].as_f64().unwrap_or(f64::NAN);
        let exact = row["mean"].as_f64().map_or(String::new(), |mean| format!("{mean:.3}, {}", row["n"]));
        let quantity = row["quantity"].as_str().unwrap_or_default();
        println!("{quantity:<32} {:>9} {prediction:>11.3} {exact:>22}", row["iteration"].to_string());
    }
    for text in ["assumptions", "source"] {
        if let Some(text) = rows.first().and_then(|row| row[text].as_str()) {
            println!("  {text}");
        }
    }
}
