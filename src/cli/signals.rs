//! `alignscope signals`: generates signals, writes them, and draws their statistics beside the
//! exact ones.

use super::table::decimal;
use super::{Exit, UsageError, args, output};
use crate::array::{Array, write_csv, write_npz};
use crate::figure::{Axis, Figure, Hue, Mark, Panel, Point, Series, Width};
use crate::file::memory::limit;
use crate::file::write_atomically;
use crate::matrix::Matrix;
use crate::signal::estimate::{Estimate, Signal, expected_spectrum, segment};
use crate::signal::{Cross, Form, Pair, Signals, Sizes};
use crate::theory::Toy;
use crate::theory::moments::statistics;
use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::{Value as Json, json};
use std::path::PathBuf;

pub(super) fn command() -> Command {
    let count = |name: &'static str, default: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("N")
            .default_value(default)
            .value_parser(value_parser!(u32).range(1..=10_000_000))
            .help(help)
    };
    Command::new("signals")
        .about("Generate signals; their statistics beside the exact ones")
        .long_about("Generate signals, write them, and draw their statistics beside the exact ones")
        .args(args::signals())
        .args([
            count("batch", "20", "Samples per iteration"),
            count("inputs", "20", "Units of the activity"),
            count("outputs", "20", "Units of the error"),
            count("iterations", "1000", "Iterations"),
            count("lags", "20", "Largest lag of the correlations"),
            Arg::new("seed")
                .long("seed")
                .value_name("N")
                .default_value("1")
                .value_parser(value_parser!(u64)),
            Arg::new("repeat")
                .long("repeat")
                .value_name("N")
                .default_value("0")
                .value_parser(value_parser!(u64))
                .help("Repeat of `isolate` whose signals these are"),
            Arg::new("format")
                .long("format")
                .value_name("NAME")
                .default_value("npz")
                .value_parser(["npz", "csv", "none"])
                .help("How the signals are written"),
            Arg::new("out")
                .long("out")
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .help("Directory of the output [default: runs/signals-<address>]"),
            Arg::new("full")
                .long("full")
                .action(clap::ArgAction::SetTrue)
                .help("Print the covariances at all lags, not the summary alone"),
            args::json_flag(),
        ])
}

/// One estimated number beside its target.
#[derive(Clone, Copy)]
struct Row {
    quantity: &'static str,
    /// Lag in iterations, or frequency in cycles per iteration.
    at: f64,
    estimate: Estimate,
    target: Option<f64>,
}

impl Row {
    /// The same over a scale, estimated and exact; no value where the scale is 0.
    fn over(&self, quantity: &'static str, (scale, exact): (f64, Option<f64>)) -> Self {
        let Estimate { value, band } = self.estimate;
        let estimate =
            Estimate { value: value / scale, band: band.map(|ends| ends.map(|end| end / scale)) };
        let target = self
            .target
            .zip(exact.filter(|exact| *exact > 0.0))
            .map(|(target, exact)| target / exact);
        Self { quantity, at: self.at, estimate, target }
    }
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let whole = |name: &str| matches.get_one::<u32>(name).map_or(1, |&n| n as usize);
    let sizes = Sizes {
        batch: whole("batch"),
        inputs: whole("inputs"),
        outputs: whole("outputs"),
        iterations: whole("iterations"),
    };
    let pair = args::pair(matches)?;
    let (seed, repeat) = (number(matches, "seed"), number(matches, "repeat"));
    let lags = whole("lags");
    if lags >= sizes.iterations {
        let most = sizes.iterations - 1;
        return Err(UsageError(format!(
            "--lags: {lags} lies beyond the run: at most {most} is possible"
        ))
        .into());
    }
    let values =
        sizes.iterations as u128 * sizes.batch as u128 * (sizes.inputs + sizes.outputs) as u128;
    // The signals, copies to estimate from, and the file made of them; of text a value is longer.
    let copies =
        if matches.get_one::<String>("format").is_some_and(|name| name == "csv") { 10 } else { 5 };
    let (limit, what) = (limit(), format!("working on {values} values"));
    limit.check(&what, 8 * copies * values + limit.of_threads(1)).map_err(|error| {
        UsageError(format!("{error}; or make iterations, batch or units smaller"))
    })?;
    let signals = Signals::<f64>::new(&pair, sizes, seed, repeat);
    let [activity, error] =
        generate(signals.map_err(|error| UsageError(error.to_string()))?, sizes);

    let mut parameters = json!({
        "activity": pair.activity.to_string(), "error": pair.error.to_string(),
        "cross": pair.cross.to_string(),
        "batch": sizes.batch, "inputs": sizes.inputs, "outputs": sizes.outputs,
        "iterations": sizes.iterations,
        "lags": lags, "seed": seed, "repeat": repeat, "version": env!("CARGO_PKG_VERSION"),
    });
    args::tell_times(&pair, &mut parameters);
    let directory = output::directory(matches, "signals", &parameters)?;
    match matches.get_one::<String>("format").map(String::as_str) {
        Some("npz") => write_npz(
            &directory.join("signals.npz"),
            &[("activity", &activity), ("error", &error)],
        )?,
        Some("csv") => {
            write_csv(&directory.join("activity.csv"), &activity)?;
            write_csv(&directory.join("error.csv"), &error)?;
        }
        _ => {}
    }
    let rows = estimates(&pair, sizes, lags, [&activity, &error])?;
    write_atomically(&directory.join("statistics.csv"), table(&rows).as_bytes())?;
    let figure = figure(&pair, &rows, [&activity, &error]);
    output::write_figure(&directory, "signals", &figure, &output::ON_PAGES)?;
    if matches.get_flag("json") {
        print_json(&rows, &parameters);
        tell!("results in {}", directory.display());
    } else {
        print(&rows, &pair, sizes, matches.get_flag("full"));
        say!("results in {}", directory.display());
    }
    Ok(Exit::Done)
}

fn number(matches: &ArgMatches, name: &str) -> u64 {
    matches.get_one::<u64>(name).copied().unwrap_or_default()
}

/// All iterations of both signals, iterations x samples x units.
fn generate(mut signals: Signals<f64>, sizes: Sizes) -> [Array; 2] {
    let Sizes { batch, inputs, outputs, iterations } = sizes;
    let array = |units| Array {
        shape: vec![iterations, batch, units],
        data: Vec::with_capacity(iterations * batch * units),
    };
    let mut arrays = [inputs, outputs].map(array);
    for _ in 0..iterations {
        arrays[0].data.extend_from_slice(signals.activity().as_slice());
        arrays[1].data.extend_from_slice(signals.error().as_slice());
        signals.advance();
    }
    arrays
}

/// Mean, covariances and spectra of both signals, with the exact ones where they are known.
fn estimates(
    pair: &Pair,
    sizes: Sizes,
    lags: usize,
    arrays: [&Array; 2],
) -> anyhow::Result<Vec<Row>> {
    let targets = Targets::new(pair, sizes);
    let [activity, error] = arrays.map(|array| Signal::new(&array.data, sizes.iterations));
    let [activity, error] = [activity?, error?];
    let forms = [&pair.activity, &pair.error];
    let correlations = forms.map(|form| [form.batch, form.units]);
    let signals = [
        activity.correlated([sizes.batch, sizes.inputs], correlations[0])?,
        error.correlated([sizes.batch, sizes.outputs], correlations[1])?,
    ];
    let both = [0, 1].map(|index| Estimated {
        index,
        form: forms[index],
        signal: signals[index],
        mean: signals[index].mean(),
        targets: &targets,
    });
    let mut rows = Vec::new();
    let mut variances = [(0.0, None); 2];
    for (one, variance) in both.iter().zip(&mut variances) {
        rows.push(one.mean());
        let covariances = one.covariances(lags)?;
        *variance = (covariances[0].estimate.value, covariances[0].target);
        rows.extend(covariances);
        rows.push(one.integral_time());
        rows.extend(one.spectrum(sizes.iterations)?);
    }
    if sizes.inputs == sizes.outputs {
        rows.extend(cross_covariances(&both, variances, lags)?);
    }
    Ok(rows)
}

/// Quantities of the activity, and of the error: mean, covariance and correlation between
/// iterations, integral time, spectrum.
const QUANTITIES: [[&str; 5]; 2] = [
    [
        "activity_mean",
        "activity_autocovariance",
        "activity_autocorrelation",
        "activity_integral_time",
        "activity_spectrum",
    ],
    [
        "error_mean",
        "error_autocovariance",
        "error_autocorrelation",
        "error_integral_time",
        "error_spectrum",
    ],
];

/// A signal whose statistics are estimated.
struct Estimated<'a> {
    /// 0 for the activity, 1 for the error.
    index: usize,
    form: &'a Form,
    signal: Signal<'a>,
    mean: Estimate,
    targets: &'a Targets,
}

impl Estimated<'_> {
    fn quantities(&self) -> [&'static str; 5] {
        QUANTITIES[self.index]
    }

    fn mean(&self) -> Row {
        let [quantity, ..] = self.quantities();
        let target = (!self.form.is_recorded()).then_some(self.form.mean);
        Row { quantity, at: 0.0, estimate: self.mean, target }
    }

    /// What deviations are from: the exact mean where it is known.
    fn centre(&self) -> f64 {
        if self.form.is_recorded() { self.mean.value } else { self.form.mean }
    }

    /// Covariance and correlation between iterations, by lag: the first is the variance.
    fn covariances(&self, lags: usize) -> anyhow::Result<Vec<Row>> {
        let [_, autocovariance, autocorrelation, ..] = self.quantities();
        let found = self.signal.autocovariance(self.centre(), lags)?;
        let variance = self.targets.auto(self.index, 0);
        let normalised = self.signal.autocorrelation(self.centre(), lags)?;
        let mut rows = Vec::new();
        for (lag, (&estimate, &ratio)) in found.iter().zip(&normalised).enumerate() {
            let at = lag as f64;
            let target = self.targets.auto(self.index, lag);
            rows.push(Row { quantity: autocovariance, at, estimate, target });
            let target = target.zip(variance.filter(|v| *v > 0.0)).map(|(c, v)| c / v);
            rows.push(Row { quantity: autocorrelation, at, estimate: ratio, target });
        }
        Ok(rows)
    }

    fn integral_time(&self) -> Row {
        let [.., quantity, _] = self.quantities();
        let estimate = self.signal.integral_time(self.centre());
        Row { quantity, at: 0.0, estimate, target: self.targets.integral_time(self.index) }
    }

    /// Of runs that are long enough to have one.
    fn spectrum(&self, iterations: usize) -> anyhow::Result<Vec<Row>> {
        let [.., quantity] = self.quantities();
        let segment = segment(iterations);
        if segment > iterations {
            return Ok(Vec::new());
        }
        let expected = self.targets.spectrum(self.index, segment);
        let found = self.signal.spectrum(self.centre(), segment)?;
        let rows = found.into_iter().enumerate().map(|(k, (at, estimate))| {
            let target = expected.as_ref().map(|e| e[k].1);
            Row { quantity, at, estimate, target }
        });
        Ok(rows.collect())
    }
}

/// Covariance and correlation between the signals, given their variances, estimated and exact.
fn cross_covariances(
    both: &[Estimated<'_>; 2],
    [(x, exact_x), (e, exact_e)]: [(f64, Option<f64>); 2],
    lags: usize,
) -> anyhow::Result<Vec<Row>> {
    let [activity, error] = both;
    let means = [activity.centre(), error.centre()];
    let exact = exact_x.zip(exact_e).map(|(x, e): (f64, f64)| (x * e).sqrt());
    let mut rows = Vec::new();
    let most = lags as i64;
    for lag in -most..=most {
        let estimate = activity.signal.covariance_with(&error.signal, means, lag)?;
        let target = activity.targets.cross(lag);
        let row = Row { quantity: "cross_covariance", at: lag as f64, estimate, target };
        let normalised = row.over("cross_correlation", ((x * e).sqrt(), exact));
        rows.extend([row, normalised]);
    }
    Ok(rows)
}

/// Exact covariances between iterations of activity and error, where they are known.
struct Targets {
    autocovariances: [Option<Matrix<f64>>; 2],
    cross: Option<Matrix<f64>>,
    /// Whether the covariance depends on the lag alone.
    stationary: [bool; 2],
}

impl Targets {
    fn new(pair: &Pair, sizes: Sizes) -> Self {
        let Sizes { batch, inputs, outputs, iterations } = sizes;
        let toy = Toy::new(&[inputs, 1, outputs], batch, 1.0);
        let joint = toy.ok().and_then(|toy| statistics(&toy, pair, iterations).ok());
        let forms = [&pair.activity, &pair.error];
        let stays = pair.duration().is_ok_and(|duration| duration > 1);
        let stationary = forms.map(|form| form.is_stationary() && !stays);
        match joint {
            Some(joint) => {
                let independent = || Matrix::zeros(iterations, iterations);
                let autocovariances =
                    [Some(joint.activity.covariance), Some(joint.error.covariance)];
                Self {
                    autocovariances,
                    cross: Some(joint.cross.unwrap_or_else(independent)),
                    stationary,
                }
            }
            // Not Gaussian, or long: every form knows its own covariance, as far as it can be held.
            None => {
                let held = |form: &Form| {
                    if iterations <= 5000 { form.covariance(iterations) } else { None }
                };
                let autocovariances = if pair.cross == Cross::None && !stays {
                    forms.map(held)
                } else {
                    [None, None]
                };
                Self { autocovariances, cross: None, stationary }
            }
        }
    }

    /// Mean over time of the covariance at a lag.
    fn average(matrix: &Matrix<f64>, lag: i64) -> f64 {
        let size = lag.unsigned_abs() as usize;
        let pairs = matrix.rows() - size;
        let at =
            |t: usize| if lag >= 0 { matrix.row(t)[t + size] } else { matrix.row(t + size)[t] };
        (0..pairs).map(at).sum::<f64>() / pairs as f64
    }

    fn auto(&self, index: usize, lag: usize) -> Option<f64> {
        self.autocovariances[index].as_ref().map(|matrix| Self::average(matrix, lag as i64))
    }

    /// The sum of all covariances over that of the variances.
    fn integral_time(&self, index: usize) -> Option<f64> {
        let matrix = self.autocovariances[index].as_ref()?;
        let variances: f64 = (0..matrix.rows()).map(|t| matrix.row(t)[t]).sum();
        (variances > 0.0).then(|| matrix.as_slice().iter().sum::<f64>() / variances)
    }

    fn cross(&self, lag: i64) -> Option<f64> {
        self.cross.as_ref().map(|matrix| Self::average(matrix, lag))
    }

    fn spectrum(&self, index: usize, segment: usize) -> Option<Vec<(f64, f64)>> {
        let matrix = self.autocovariances[index].as_ref().filter(|_| self.stationary[index])?;
        Some(expected_spectrum(&matrix.row(0)[..segment], segment))
    }
}

fn table(rows: &[Row]) -> String {
    // What has no value, such as a correlation of values that do not vary, is an empty cell.
    let number = |value: Option<f64>| {
        value.filter(|v| !v.is_nan()).map(|v| format!("{v:?}")).unwrap_or_default()
    };
    let line = |row: &Row| {
        let [low, high] = row.estimate.band.map_or([None; 2], |band| band.map(Some));
        let (at, value) = (row.at, row.estimate.value);
        format!(
            "{},{at},{},{},{},{}\n",
            row.quantity,
            number(Some(value)),
            number(low),
            number(high),
            number(row.target)
        )
    };
    let body: String = rows.iter().map(line).collect();
    format!("quantity,lag_or_frequency,estimate,low,high,target\n{body}")
}

/// The first series of either signal, as far as a line shows single iterations.
fn traces(signals: [&Array; 2]) -> Panel {
    const SHOWN: usize = 200;
    let mut panel = Panel::new("Traces", Axis::new("iteration"), Axis::new("value"));
    for (index, (array, label)) in signals.into_iter().zip(["activity", "error"]).enumerate() {
        let size: usize = array.shape[1..].iter().product();
        let values = array.data.iter().step_by(size.max(1)).take(SHOWN).enumerate();
        let points = values.map(|(t, &y)| Point::at(t as f64, Some(y))).collect();
        panel.series.push(Series {
            label: format!("{label}: first unit and sample"),
            colour: Hue::Palette(index),
            mark: Mark::Line,
            points,
        });
    }
    panel
}

/// Traces; autocovariances, cross-covariance and spectra, target against estimate.
fn figure(pair: &Pair, rows: &[Row], signals: [&Array; 2]) -> Figure {
    let panel = |title: &str, x: &str, y: Axis, quantities: &[(&str, &str, usize)]| {
        let mut panel = Panel::new(title, Axis::new(x), y);
        for &(quantity, label, index) in quantities {
            let colour = Hue::Palette(index);
            let measured = || rows.iter().filter(|row| row.quantity == quantity);
            let points = measured().map(|row| Point {
                band: row.estimate.band,
                ..Point::at(row.at, Some(row.estimate.value))
            });
            let target = measured().map(|row| Point::at(row.at, row.target));
            let (points, target): (Vec<Point>, Vec<Point>) = (points.collect(), target.collect());
            if points.is_empty() {
                continue;
            }
            panel.series.push(Series {
                label: format!("{label}: exact"),
                colour,
                mark: Mark::Line,
                points: target,
            });
            panel.series.push(Series {
                label: format!("{label}: estimated"),
                colour,
                mark: Mark::Points,
                points,
            });
        }
        panel
    };
    let both = [("activity_autocovariance", "activity", 0), ("error_autocovariance", "error", 1)];
    let cross = [("cross_covariance", "both", 2)];
    let spectra = [("activity_spectrum", "activity", 0), ("error_spectrum", "error", 1)];
    let density = Axis { log: true, ..Axis::new("density") };
    let panels = [
        panel("Autocovariance", "lag (iterations)", Axis::new("autocovariance"), &both),
        panel("Cross-covariance", "lag of the error (iterations)", Axis::new("covariance"), &cross),
        panel("Spectrum", "frequency (cycles per iteration)", density, &spectra),
    ];
    let shown = panels.into_iter().filter(|panel| !panel.series.is_empty());
    let panels = std::iter::once(traces(signals)).chain(shown).collect();
    let title = format!("Activity {}, error {}, cross {}", pair.activity, pair.error, pair.cross);
    let note = "Discs: mean over samples and units; whiskers: 95 %.".into();
    Figure { title, panels, note, width: Width::TwoColumns, ..Figure::default() }
}

fn print_json(rows: &[Row], parameters: &Json) {
    let entries: Vec<Json> = rows
        .iter()
        .map(|row| {
            json!({
                "quantity": row.quantity, "layer": null, "condition": parameters, "at": row.at,
                "mean": row.estimate.value, "ci95": row.estimate.band, "prediction": row.target,
            })
        })
        .collect();
    say!("{}", json!({ "summary": entries }));
}

/// Prints what matters of each signal, or all covariances.
fn print(rows: &[Row], pair: &Pair, sizes: Sizes, full: bool) {
    say!("{:<34} {:>10} {:>22} {:>10}", "", "estimate", "95 %", "exact");
    if full {
        let shown =
            |row: &&Row| row.quantity.ends_with("mean") || row.quantity.ends_with("covariance");
        rows.iter()
            .filter(shown)
            .for_each(|row| print_row(&format!("{} {}", row.quantity, row.at), row));
    } else {
        for (name, form) in [("activity", &pair.activity), ("error", &pair.error)] {
            summarise(rows, name, form);
        }
        if let Some(row) =
            rows.iter().find(|row| row.quantity == "cross_correlation" && row.at == 0.0)
        {
            print_row("correlation of the two, lag 0", row);
        }
    }
    let known = || rows.iter().filter_map(|row| Some((row.estimate.band?, row.target?)));
    let covered = known().filter(|([low, high], target)| (*low..=*high).contains(target)).count();
    say!("{covered} of {} bands of all lags and frequencies hold the exact value", known().count());
    say!("{} series of {} iterations", sizes.batch * sizes.inputs, sizes.iterations);
}

/// Mean, standard deviation, integral time, and the autocorrelation at lag 1.
fn summarise(rows: &[Row], name: &str, form: &Form) {
    let at = |quantity: &str, lag: f64| {
        rows.iter().find(|row| row.quantity == format!("{name}_{quantity}") && row.at == lag)
    };
    let root = |row: &Row| Row {
        estimate: Estimate {
            value: row.estimate.value.sqrt(),
            band: row.estimate.band.map(|ends| ends.map(|end| end.max(0.0).sqrt())),
        },
        target: row.target.map(f64::sqrt),
        ..*row
    };
    let shown = [
        ("mean", at("mean", 0.0).copied()),
        ("standard deviation", at("autocovariance", 0.0).map(root)),
        ("integral time (iterations)", at("integral_time", 0.0).copied()),
        ("autocorrelation at lag 1", at("autocorrelation", 1.0).copied()),
    ];
    say!("{name} {form}");
    for (what, row) in shown {
        if let Some(row) = row {
            print_row(&format!("  {what}"), &row);
        }
    }
}

fn print_row(what: &str, row: &Row) {
    let known = row.estimate.band.filter(|ends| ends.iter().all(|end| !end.is_nan()));
    let band =
        known.map_or(String::new(), |[low, high]| format!("{} to {}", decimal(low), decimal(high)));
    let target = row.target.map_or("-".into(), decimal);
    say!("{what:<34} {:>10} {band:>22} {target:>10}", decimal(row.estimate.value));
}
