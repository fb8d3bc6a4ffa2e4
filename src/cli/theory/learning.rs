//! `alignscope theory learning`: a deep linear network that learns, predicted.

use super::depth::{draws, finite, width};
use super::options::{entry, fill, whole};
use super::{DrawsBar, UsageError, args};
use crate::condition::{Condition, Kind, TrainCondition};
use crate::experiment::learning::{LearningPrediction, LearningRun, NoLearningTheory, basis, load};
use crate::measure::summary::Summary;
use crate::network::Setup;
use crate::spec::{Analysis, Settings};
use crate::theory::Prediction;
use crate::theory::depth::Width;
use clap::{ArgMatches, Command};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde_json::{Value as Json, json};

/// Options of `train` that a prediction does not have.
const NOT_ASKED: [&str; 6] = [
    Settings::REPEATS.name(),
    Settings::QUANTITIES.name(),
    Settings::LAGS.name(),
    Settings::WINDOW.name(),
    Settings::PREDICT.name(),
    TrainCondition::PRECISION.name(),
];

pub(super) fn command() -> Command {
    Command::new("learning")
        .about(
            "Linear networks that learn on data, at any depth: loss, accuracy and the alignment of \
             every layer at every update, without running one",
        )
        .long_about(
            "Predict how a linear network with fixed random backward weights learns: loss, \
             accuracy, and the alignment of every layer, from the batches of the data alone. \
             Options are those of `train`; --activation linear and --loss squared-linear are the \
             defaults here",
        )
        .args(args::parameter_options(Kind::Train, &NOT_ASKED))
        .args([draws("20"), width(Width::Finite), args::data_directory_option(), args::json_flag()])
}

pub(super) fn rows(matches: &ArgMatches) -> anyhow::Result<Vec<Json>> {
    let analysis = analysis(matches)?;
    let Some(condition @ Condition::Train(train)) = analysis.conditions.first() else {
        return Err(UsageError("there is nothing to predict".into()).into());
    };
    let library = args::library(matches);
    library.require(&train.data)?;
    let data = load(train, &library)?;
    let per_epoch = condition.iterations_per_epoch();
    let iterations = analysis.settings.record_every.iterations(
        condition.last_iteration(),
        per_epoch,
        &analysis.settings.report_at,
    );
    let width = matches.get_one::<Width>("width").copied().unwrap_or(Width::Finite);
    let predict = |draw: u64| -> Result<Vec<LearningPrediction>, NoLearningTheory> {
        let mut run = LearningRun::new(&data, train, width, [analysis.settings.seed, draw])?;
        let at = |&iteration: &usize| {
            run.advance_to(iteration)?;
            run.prediction()
        };
        iterations.iter().map(at).collect()
    };
    let draws = whole(matches, "draws") as u64;
    let bar = DrawsBar::new(draws);
    let found: Vec<Vec<LearningPrediction>> = (0..draws)
        .into_par_iter()
        .map(|draw| bar.count(predict(draw)))
        .collect::<Result<_, _>>()
        .map_err(|error| UsageError(error.to_string()))?;
    let named = condition_json(condition, width);
    let rows = summarise(&found, &named, &iterations, per_epoch, basis(&train.setup, width));
    finite(&rows)?;
    Ok(rows)
}

fn analysis(matches: &ArgMatches) -> anyhow::Result<Analysis> {
    let mut options = args::given(Kind::Train, matches);
    for (name, text) in
        [(Setup::ACTIVATION.name(), "linear"), (Setup::LOSS.name(), "squared-linear")]
    {
        if !options.iter().any(|(given, _)| *given == name) {
            options.push((name, text.into()));
        }
    }
    options.push((TrainCondition::PRECISION.name(), "f64".into()));
    let analysis = Analysis::from_options(
        Kind::Train,
        options.iter().map(|(name, text)| (*name, text.as_str())),
    );
    Ok(analysis.map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        UsageError(lines.join("\n"))
    })?)
}

fn condition_json(condition: &Condition, width: Width) -> Json {
    let mut out = json!(condition.parameters());
    out["width"] = width.name().into();
    out
}

fn summarise(
    found: &[Vec<LearningPrediction>],
    condition: &Json,
    iterations: &[usize],
    per_epoch: usize,
    [assumptions, source]: [&'static str; 2],
) -> Vec<Json> {
    let mut rows = Vec::new();
    for (at, &iteration) in iterations.iter().enumerate() {
        let mut push =
            |quantity: &str, layer: Option<usize>, value: &dyn Fn(&LearningPrediction) -> f64| {
                let summary = Summary::of(found.iter().map(|draw| Some(value(&draw[at]))));
                let value = summary.mean.unwrap_or(f64::NAN);
                let prediction = Prediction { value, assumptions, source };
                let mut row = entry(quantity, condition, iteration, prediction);
                row["layer"] = json!(layer);
                row["epoch"] = json!(iteration as f64 / per_epoch as f64);
                row["prediction_se"] = json!(summary.standard_error());
                rows.push(fill(row, summary));
            };
        push("loss", None, &|said| said.loss);
        push("train_accuracy", None, &|said| said.train_accuracy);
        push("test_accuracy", None, &|said| said.test_accuracy);
        let hidden = found.first().map_or(0, |draw| draw[at].weights.len());
        for l in 1..=hidden {
            push("weight_alignment", Some(l), &|said| said.weights[l - 1]);
            push("delta_alignment", Some(l - 1), &|said| said.deltas[l - 1]);
            push("update_alignment", Some(l - 1), &|said| said.updates[l - 1]);
        }
    }
    rows
}
