//! `alignscope analyze`: what a recorded run says.

mod analysis;
mod figure;
mod readings;
mod report;
mod sentences;

use super::matrices::is_decomposable;
use super::progress::ReadingBar;
use super::spectra::report::{Row, of_one};
use super::spectra::{COPIES_OF_ONE, SingularValues};
use super::{Exit, UsageError, args, output};
use crate::array;
use crate::file::{memory, write_atomically};
use crate::measure::spectrum::singular_values;
use crate::recorded::{Backward, Findings, NumberFormat, Questions, RecordedRun, TermsPlan};
use crate::rule::Activation;
use crate::spec::Settings;
use crate::text::{Choice, canonical};
use analysis::{Analysis, Spectrum};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::{Value as Json, json};
use std::path::PathBuf;
use std::sync::Arc;

pub(super) fn command() -> Command {
    Command::new("analyze")
        .about("What a run recorded elsewhere says")
        .long_about(
            "What a run recorded elsewhere says: whether it is the rule, alignment, its \
            terms by lag, spectra, theory",
        )
        .after_help(
            "RUN, an .npz archive or a directory of .npy files that may be growing still, holds \
            W0, W1, ... (states x n_l x n_l+1), B1, ... (n_l+1 x n_l, or states x that; n_D x n_l \
            of direct feedback), b1, ... (states x n_l), activity0, ... and delta1, ... \
            (iterations x samples x n_l; delta points towards the target), labels (iterations x \
            samples, or one-hot); matrices may be stored as their transposes, and layers counted \
            from 1; what depends on a missing member is left out. docs/recording.md says how to \
            record from PyTorch.",
        )
        .args(arguments())
}

fn arguments() -> [Arg; 8] {
    let count = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("N")
            .value_parser(value_parser!(u32).range(1..))
            .help(help)
    };
    let eta = |text: &str| {
        let value: Option<f64> = text.parse().ok().filter(|v: &f64| v.is_finite() && *v > 0.0);
        value.ok_or("expected a finite number above 0")
    };
    [
        Arg::new("run").value_name("RUN").required(true).value_parser(value_parser!(PathBuf)).help(
            "Recorded \
                run: an .npz archive, or a directory of .npy files",
        ),
        Arg::new("eta")
            .long("eta")
            .value_name("X")
            .allow_negative_numbers(true)
            .value_parser(eta)
            .help(
                "Learning rate that sums over the batch are multiplied by [default: fitted \
                    to the steps]",
            ),
        Arg::new("activation")
            .long("activation")
            .value_name("NAMES")
            .value_delimiter(',')
            .value_parser(|text: &str| canonical::<Activation>("activation", text.trim()))
            .help(
                "Activation of the hidden layers, one or one each [default: what reproduces \
                    their activities]",
            ),
        Arg::new("lags")
            .long("lags")
            .value_name("LIST")
            .default_value("1")
            .value_parser(|text: &str| Settings::LAGS.parse(text))
            .help("Lags whose terms and similarities are reported one by one, such as 1-8,60"),
        count(
            "window",
            "Longest lag that terms are made for [default: back to the first \
                state, or as far as 384 MiB and some ten seconds allow]",
        ),
        count(
            "every",
            "Iterations from one decomposition to the next [default: so that there \
                are some 50, or 10 where these take long]",
        ),
        Arg::new("out").long("out").value_name("DIR").value_parser(value_parser!(PathBuf)).help(
            "Directory for analysis.json, angles.csv, terms.csv and a figure; without it \
                    nothing is written",
        ),
        args::json_flag(),
    ]
}

/// Probability of an outlier in a matrix of independent entries.
const FALSE_ALARM: f64 = 0.01;

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let path = matches.get_one::<PathBuf>("run").cloned().unwrap_or_default();
    let progress = Arc::new(ReadingBar::new());
    let analysis = analyse(matches, path, progress.clone());
    progress.clear();
    let analysis = analysis?;
    let directory =
        matches.get_one::<PathBuf>("out").map(|_| write(&analysis, matches)).transpose()?;
    if matches.get_flag("json") {
        say!("{}", analysis.json());
    } else {
        report::print(&analysis);
    }
    if let Some(directory) = directory {
        tell!("results in {}", directory.display());
    }
    Ok(Exit::Done)
}

fn analyse(
    matches: &ArgMatches,
    path: PathBuf,
    progress: Arc<ReadingBar>,
) -> anyhow::Result<Analysis> {
    memory::check_products().map_err(|error| UsageError(error.to_string()))?;
    let mut run = RecordedRun::open_observed(&path, progress)
        .map_err(|error| UsageError(error.to_string()))?;
    let questions = questions(matches, run.iterations());
    let findings = Findings::of(&mut run, &questions)
        .map_err(|error| UsageError(format!("{}: {error}", path.display())))?;
    let (spectra, too_large) = spectra(&run)?;
    Ok(Analysis { path, missing: run.missing(), run, questions, findings, spectra, too_large })
}

fn questions(matches: &ArgMatches, iterations: usize) -> Questions {
    let whole = |name: &str| matches.get_one::<u32>(name).map(|&n| n as usize);
    let lags = matches.get_one::<Vec<usize>>("lags").cloned().unwrap_or_default();
    // Of a single iteration there is no lag, unless one is asked for.
    let asked = matches.value_source("lags") == Some(ValueSource::CommandLine);
    let lags = if asked || iterations > 1 { lags } else { Vec::new() };
    let activations = matches.get_many::<&str>("activation").into_iter().flatten();
    Questions {
        eta: matches.get_one::<f64>("eta").copied(),
        activations: activations.filter_map(|name| Activation::named(name)).collect(),
        terms: TermsPlan { lags, window: whole("window"), every: whole("every") },
    }
}

/// Spectra of the first and the last state of every layer, and the layers that are too large for
/// it.
fn spectra(run: &RecordedRun) -> anyhow::Result<(Vec<Spectrum>, Vec<usize>)> {
    let (mut found, mut too_large) = (Vec::new(), Vec::new());
    for (layer, weights) in (0..run.depth()).filter_map(|l| Some((l, run.weights(l)?))) {
        let shape = weights.shape();
        let values = (COPIES_OF_ONE as u128) * shape[0] as u128 * shape[1] as u128;
        let has_room = memory::check_left("its spectrum", 8 * values).is_ok();
        if !is_decomposable(shape.into()) || !has_room {
            too_large.push(layer);
            continue;
        }
        let mut states = vec![0, weights.len() - 1];
        states.dedup();
        for state in states {
            let matrix = weights.matrix(state)?;
            let values =
                SingularValues::new("W", &matrix, singular_values(&matrix)?, None, FALSE_ALARM);
            found.push(Spectrum { layer, state, rows: of_one(&values, FALSE_ALARM) });
        }
    }
    Ok((found, too_large))
}

impl Analysis {
    fn json(&self) -> Json {
        let mut out = json!(self.findings);
        out["archive"] = self.archive();
        let Questions { eta, activations, terms } = &self.questions;
        out["questions"] = json!({
            "eta": eta, "activations": activations.iter().map(|a| a.name()).collect::<Vec<_>>(),
            "lags": terms.lags,
            "window": terms.window, "every": self.findings.every,
        });
        let of_state = |s: &Spectrum| -> Vec<Json> {
            let entry = |row: &Row| {
                json!({
                    "layer": s.layer, "state": s.state, "quantity": row.quantity,
                    "value": row.value,
                    "prediction": row.prediction,
                })
            };
            s.rows.iter().map(entry).collect()
        };
        out["spectra"] = self.spectra.iter().flat_map(of_state).collect();
        out["spectra_false_alarm"] = FALSE_ALARM.into();
        out["spectra_too_large"] = json!(self.too_large);
        let (assumptions, source) = (
            crate::recorded::LinearPrediction::ASSUMPTIONS,
            crate::recorded::LinearPrediction::SOURCE,
        );
        out["prediction_assumptions"] = assumptions.into();
        out["prediction_source"] = source.into();
        out["notes"] = json!(sentences::all(self));
        out
    }

    fn archive(&self) -> Json {
        let (run, reading) = (&self.run, &self.run.reading);
        let [weights, activities, deltas] =
            run.precisions().map(|format| format.map(NumberFormat::name));
        let layers_of = |there: &dyn Fn(usize) -> bool| {
            (0..=run.depth()).filter(|&l| there(l)).collect::<Vec<_>>()
        };
        json!({
            "path": self.path.display().to_string(), "sizes": self.sizes(), "states": self.states(),
            "iterations": run.iterations(),
            "updates": run.thinned.as_ref().map(|thinned| thinned.updates()),
            "samples": run.samples(), "labels": run.labels.is_some(),
            "precision": run.precision().name(),
            "precisions": { "weights": weights, "activities": activities, "deltas": deltas },
            "weights": layers_of(&|l| run.weights(l).is_some()),
            "backward": layers_of(&|l| run.backward(l).is_some()),
            "biases": layers_of(&|l| run.biases(l).is_some()),
            "activities": layers_of(&|l| run.activity(l).is_some()),
            "deltas": layers_of(&|l| run.delta(l).is_some()), "transposed": reading.transposed,
            "weights_transposed": reading.weights_turned.iter().map(|(l, _)| l).collect::<Vec<_>>(),
            "direct": layers_of(&|l| run.backward(l).is_some_and(Backward::is_direct)),
            "numbering": reading.numbering, "left_out": reading.left_out,
            "ignored": reading.ignored,
            "missing": self.missing,
        })
    }
}

/// Writes everything, tables and the figure.
fn write(analysis: &Analysis, matches: &ArgMatches) -> anyhow::Result<PathBuf> {
    let report = analysis.json();
    let parameters = json!({
        "run": analysis.path.display().to_string(), "digest": array::digest(&analysis.path)?,
        "questions": report["questions"], "version": env!("CARGO_PKG_VERSION"),
    });
    let directory = output::directory(matches, "analyze", &parameters)?;
    let files = [
        ("analysis.json", format!("{report:#}\n")),
        ("angles.csv", report::angles_csv(analysis)),
        ("terms.csv", report::terms_csv(analysis)),
    ];
    for (name, text) in files {
        write_atomically(&directory.join(name), text.as_bytes())?;
    }
    if let Some(figure) = figure::figure(analysis) {
        output::draw(&directory, "analysis", &figure, &output::ON_PAGES)?;
    }
    Ok(directory)
}
