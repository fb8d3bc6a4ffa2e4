//! Options that several predictions take, and the rows they give.

use super::super::{UsageError, args};
use crate::condition::{IsolateCondition, Times};
use crate::file::memory::limit;
use crate::measure::summary::Summary;
use crate::rule::Timing;
use crate::signal::{Pair, Sizes};
use crate::text::{Facts, Settings as _};
use crate::theory::{Prediction, bound};
use clap::{Arg, ArgMatches, value_parser};
use serde_json::{Value as Json, json};

pub(super) fn scales() -> [Arg; 3] {
    [
        number("eta", "4e-4", "Learning rate"),
        number("w-std", "1", "Standard deviation of the forward weights at the start"),
        number("b-std", "1", "Standard deviation of the backward weights"),
    ]
}

pub(super) fn seed() -> Arg {
    Arg::new("seed")
        .long("seed")
        .value_name("N")
        .default_value("1")
        .value_parser(value_parser!(u64))
}

pub(super) fn number(name: &'static str, default: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("X")
        .default_value(default)
        .value_parser(positive)
        .help(help)
}

pub(super) fn count(name: &'static str, default: &'static str, help: &'static str) -> Arg {
    let range = value_parser!(u32).range(1..=10_000_000);
    Arg::new(name).long(name).value_name("N").default_value(default).value_parser(range).help(help)
}

/// `--delay`, `--trace` and `--leak`.
pub(super) fn timing_options() -> [Arg; 3] {
    let arg = |facts: Facts| {
        Arg::new(facts.name).long(facts.name).value_name(facts.placeholder).help(facts.help)
    };
    [arg(Times::DELAY.facts).default_value("0"), arg(Times::TRACE.facts), arg(Times::LEAK.facts)]
}

/// When errors meet activities, of a command that has these options.
pub(super) fn timing(matches: &ArgMatches) -> Result<Timing, UsageError> {
    let typed = times(matches)?;
    let wrong = |(name, message): (&str, String)| UsageError(format!("--{name}: {message}"));
    typed.timing(args::dt(matches)).map_err(wrong)
}

fn times(matches: &ArgMatches) -> Result<Times, UsageError> {
    let text = |name: &str| matches.try_get_one::<String>(name).ok().flatten();
    let mut times = Times::default();
    let wrong = |message| UsageError(format!("--{message}"));
    if let Some(delay) = text(Times::DELAY.name()) {
        times.delay = Times::DELAY.parse(delay).map_err(wrong)?;
    }
    for (known, value) in [(Times::TRACE, &mut times.trace), (Times::LEAK, &mut times.leak)] {
        if let Some(typed) = text(known.name()) {
            *value = known.parse(typed).map_err(wrong)?;
        }
    }
    Ok(times)
}

/// Adds these to a condition.
pub(super) fn tell_timing(matches: &ArgMatches, condition: &mut Json) {
    for (name, value) in times(matches).unwrap_or_default().values() {
        condition[name] = value.to_json();
    }
}

fn positive(text: &str) -> Result<f64, String> {
    let value: Option<f64> = text.parse().ok().filter(|v: &f64| v.is_finite() && *v > 0.0);
    value.ok_or_else(|| "expected a finite number above 0".into())
}

pub(super) fn layers(matches: &ArgMatches) -> Result<Vec<usize>, UsageError> {
    let text = matches.get_one::<String>("layers").map(String::as_str).unwrap_or_default();
    IsolateCondition::LAYERS.parse(text).map_err(|message| UsageError(format!("--{message}")))
}

/// One summary entry of a prediction without a measurement.
pub(super) fn entry(
    quantity: &str,
    condition: &Json,
    iteration: usize,
    prediction: Prediction,
) -> Json {
    json!({
        "quantity": quantity, "layer": 1, "condition": condition, "iteration": iteration, "n": 0,
        "mean": null, "sd": null, "ci95": null, "absent": 0,
        "prediction": prediction.value, "assumptions": prediction.assumptions,
        "source": prediction.source,
    })
}

/// A row with the summary of what repeats gave.
pub(super) fn fill(mut row: Json, summary: Summary) -> Json {
    (row["n"], row["absent"]) = (summary.n.into(), summary.absent.into());
    (row["mean"], row["sd"], row["ci95"]) =
        (json!(summary.mean), json!(summary.sd), json!(summary.ci95));
    row
}

pub(super) fn whole(matches: &ArgMatches, name: &str) -> usize {
    matches.get_one::<u32>(name).map_or(1, |&n| n as usize)
}

/// The last iteration and those asked for besides, ascending.
pub(super) fn reported(matches: &ArgMatches) -> Result<Vec<usize>, UsageError> {
    let last = whole(matches, "iterations");
    let mut all: Vec<usize> =
        matches.get_many::<u32>("report-at").into_iter().flatten().map(|&k| k as usize).collect();
    if let Some(beyond) = all.iter().find(|&&k| k > last) {
        return Err(UsageError(format!(
            "--report-at: {beyond} is never reached: the last iteration is {last}"
        )));
    }
    all.push(last);
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// The same for a batch, inputs and outputs of any network.
pub(super) fn pair_of(
    matches: &ArgMatches,
    [batch, inputs, outputs]: [usize; 3],
) -> anyhow::Result<(Pair, Json)> {
    let pair = args::pair(matches)?;
    let iterations = whole(matches, "iterations");
    pair.check(Sizes { batch, inputs, outputs, iterations })
        .map_err(|error| UsageError(error.to_string()))?;
    let mut condition = json!({
        "activity": pair.activity.to_string(), "error": pair.error.to_string(),
        "cross": pair.cross.to_string(),
    });
    args::tell_times(&pair, &mut condition);
    Ok((pair, condition))
}

/// A row with how far its prediction may be off, where that was drawn.
pub(super) fn bounded(mut row: Json, value: f64, drawn: Option<bound::Drawn>) -> Json {
    row["bound"] = json!(drawn.map(|drawn| drawn.bound(value)));
    row
}

/// Refuses a theory that drawn networks contradict.
pub(super) fn holds(
    prediction: &Prediction,
    drawn: Option<bound::Drawn>,
) -> Result<(), UsageError> {
    match drawn.and_then(|drawn| drawn.contradiction(prediction.value)) {
        None => Ok(()),
        Some(contradiction) => {
            Err(UsageError(format!("--layers, --batch, --eta: {contradiction}")))
        }
    }
}

/// Refuses what does not fit into memory, before any of it is taken.
pub(super) fn within_memory(options: &str, what: &str, bytes: u128) -> Result<(), UsageError> {
    let limit = limit();
    limit
        .check(what, bytes + limit.of_threads(1))
        .map_err(|error| UsageError(format!("{options}: {error}; or make them smaller")))
}
