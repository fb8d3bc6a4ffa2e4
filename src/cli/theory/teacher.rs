//! `alignscope theory teacher`: a student that learns from a teacher online.

use super::options::{count, entry, fill, number, seed, whole};
use super::{DrawsBar, UsageError, args};
use crate::measure::summary::Summary;
use crate::random::{Role, Stream};
use crate::theory::Prediction;
use crate::theory::teacher::{Network, Overlaps, Schooling, TeacherRule, TeacherTheory, Transfer};
use clap::{Arg, ArgMatches, Command, value_parser};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde_json::{Value as Json, json};

pub(super) fn command() -> Command {
    let choice =
        |name: &'static str, default: &'static str, all: [&'static str; 2], help: &'static str| {
            Arg::new(name)
                .long(name)
                .value_name("NAME")
                .default_value(default)
                .value_parser(all)
                .help(help)
        };
    Command::new("teacher")
        .about(
            "Two-layer students that learn online from a teacher, under BP or BP-TRW: error and \
             alignment in the limit of many inputs",
        )
        .args([
            count("inputs", "500", "Inputs N"),
            count("student", "2", "Hidden units of the student")
                .value_parser(value_parser!(u32).range(1..=32)),
            count("teacher", "2", "Hidden units of the teacher")
                .value_parser(value_parser!(u32).range(1..=32)),
            choice(
                "activation",
                "erf",
                ["erf", "relu"],
                "Activation of both: erf(x / sqrt 2), or ReLU",
            ),
            Arg::new("rule")
                .long("rule")
                .value_name("NAME")
                .default_value("bp-trw")
                .value_parser(["bp", "bp-trw", "fa", "dfa"])
                .help(
                    "What carries the error; with one hidden layer BP-TRW (fa) and DFA are the \
                    same",
                ),
            number("eta", "0.2", "Learning rate"),
            number(
                "w-std",
                "0.1",
                "Standard deviation of the student's weights at the start; \
                those of teacher and B have 1",
            ),
            number("time", "100", "Updates over inputs, up to which to learn"),
            count("points", "10", "Times to print, evenly spaced"),
            count("draws", "10", "Draws of the start that predictions are averaged over"),
            choice(
                "simulate",
                "off",
                ["on", "off"],
                "Whether to run the networks of the same \
                draws as well",
            ),
            seed(),
            args::json_flag(),
        ])
}

/// What is said of a state.
#[derive(Clone, Copy)]
struct Observables {
    error: f64,
    alignment: Option<f64>,
}

impl Observables {
    fn of(overlaps: &Overlaps, transfer: Transfer) -> Self {
        Self {
            error: overlaps.generalisation_error(transfer),
            alignment: overlaps.weight_alignment(),
        }
    }
}

/// Steps of the integration that are taken at most: some minutes of work.
const MOST_STEPS: f64 = 1e7;

/// Refuses what would take hours.
fn check_steps(how: &Schooling, time: f64) -> Result<(), UsageError> {
    let steps = TeacherTheory::steps(how, time);
    if steps > MOST_STEPS {
        return Err(UsageError(format!(
            "--time, --eta: this takes {steps:.1e} steps of the integration, more than \
             {MOST_STEPS:.0e}: give a shorter time or a smaller learning rate"
        )));
    }
    Ok(())
}

pub(super) fn rows(matches: &ArgMatches) -> Result<Vec<Json>, UsageError> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str).unwrap_or_default();
    let get = |name: &str| matches.get_one::<f64>(name).copied().unwrap_or(1.0);
    let transfer = if text("activation") == "relu" { Transfer::Relu } else { Transfer::Erf };
    let rule = if text("rule") == "bp" { TeacherRule::Bp } else { TeacherRule::Fixed };
    let how = Schooling { transfer, rule, eta: get("eta"), second_layer: true };
    let sizes = ["inputs", "student", "teacher"].map(|name| whole(matches, name));
    let seed = matches.get_one::<u64>("seed").copied().unwrap_or(1);
    let (points, end) = (whole(matches, "points"), get("time"));
    check_steps(&how, end)?;
    let times: Vec<f64> = (1..=points).map(|i| end * i as f64 / points as f64).collect();
    let simulated = text("simulate") == "on";
    let draw = |repeat: u64| -> Vec<[Option<Observables>; 2]> {
        let mut network = Network::draw(sizes, get("w-std"), seed, repeat);
        let mut theory = TeacherTheory::new(how, network.overlaps());
        let mut stream = Stream::new(seed, repeat, Role::Signal);
        let (mut x, mut done) = (vec![0.0; sizes[0]], 0);
        let at = |&time: &f64| {
            theory.advance_to(time);
            while simulated && done < updates(time, sizes[0]) {
                stream.fill_normal(&mut x);
                network.step(&how, &x);
                done += 1;
            }
            let run = simulated.then(|| Observables::of(&network.overlaps(), transfer));
            [Some(Observables::of(theory.overlaps(), transfer)), run]
        };
        times.iter().map(at).collect()
    };
    let draws = whole(matches, "draws") as u64;
    let bar = DrawsBar::new(draws);
    let found: Vec<Vec<[Option<Observables>; 2]>> =
        (0..draws).into_par_iter().map(|at| bar.count(draw(at))).collect();
    let condition = json!({
        "inputs": sizes[0], "student": sizes[1], "teacher": sizes[2],
        "activation": text("activation"),
        "rule": if rule == TeacherRule::Bp { "bp" } else { "bp-trw" }, "eta": how.eta,
        "w-std": get("w-std"),
    });
    let mut rows = Vec::new();
    for (place, time) in times.iter().enumerate() {
        let mut add =
            |quantity: &str, layer: Option<usize>, value: fn(Observables) -> Option<f64>| {
                let summary = |which: usize| {
                    Summary::of(found.iter().map(|draw| draw[place][which].and_then(value)))
                };
                let [said, run] = [summary(0), summary(1)];
                let prediction = Prediction {
                    value: said.mean.unwrap_or(f64::NAN),
                    assumptions: TeacherTheory::ASSUMPTIONS,
                    source: TeacherTheory::SOURCE,
                };
                let mut row = entry(quantity, &condition, updates(*time, sizes[0]), prediction);
                (row["layer"], row["time"]) = (json!(layer), json!(time));
                row["prediction_se"] = json!(said.standard_error());
                rows.push(if simulated { fill(row, run) } else { row });
            };
        add("generalisation_error", None, |point| Some(point.error));
        add("weight_alignment", Some(1), |point| point.alignment);
    }
    Ok(rows)
}

fn updates(time: f64, inputs: usize) -> usize {
    (time * inputs as f64).round() as usize
}
