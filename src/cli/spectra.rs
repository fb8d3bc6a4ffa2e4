//! `alignscope spectra`: singular values of matrices in files beside those of independent entries,
//! and with `B` the eigenvalues of `W B` and the subspaces both share.

mod figure;
mod measured;
pub(super) mod report;

use super::matrices::{
    FILES, MatrixPair, ORIENTATION, Recorded, file, is_decomposable, name, transpose_option,
};
use super::{Exit, UsageError, args, output};
use crate::file::write_atomically;
use crate::matrix::Matrix;
use crate::measure::angle::weight_alignment;
use crate::measure::null::{SubspaceNull, WeightNull};
use crate::measure::orientation::Orientation;
use crate::measure::spectrum::{
    SpectrumError, Subspace, Svd, product_eigenvalues, product_singular_values,
    pseudo_inverse_alignment, singular_values,
};
use crate::theory::spectra::product_radius;
use clap::{Arg, ArgMatches, Command, value_parser};
pub(super) use measured::SingularValues;
use measured::{Both, Measured, Shared};
use serde_json::json;
use std::path::PathBuf;

pub(super) fn command() -> Command {
    Command::new("spectra")
        .about("Singular values of weights from files")
        .long_about(
            "Singular values of weights from files beside those of independent entries; with B, \
             what both share",
        )
        .after_help(format!(
            "{FILES} --iteration selects one of a history.\n\n{ORIENTATION}\n\nOutliers are \
            singular values beyond what the largest of independent Gaussian entries exceeds with \
            the probability --false-alarm (Marchenko-Pastur law, Tracy-Widom edge). The entries' \
            standard deviation is that of the bulk, unless given.",
        ))
        .args(arguments())
}

fn arguments() -> [Arg; 9] {
    let within = |low: f64, high: f64| {
        move |text: &str| {
            let value: Option<f64> =
                text.parse().ok().filter(|v: &f64| *v > low && *v < high && v.is_finite());
            let above = format!("expected a number above {low}");
            value.ok_or(if high.is_finite() { format!("{above} and below {high}") } else { above })
        }
    };
    [
        file("W", "Forward weights").required(true),
        file("B", "Backward weights"),
        Arg::new("entry-sd")
            .long("entry-sd")
            .value_name("X")
            .value_parser(within(0.0, f64::INFINITY))
            .help(
                "Standard deviation of the entries of W, were they independent [default: \
                    fitted]",
            ),
        Arg::new("false-alarm")
            .long("false-alarm")
            .value_name("P")
            .default_value("0.01")
            .value_parser(within(0.0, 1.0))
            .help("Probability of an outlier in a matrix of independent entries"),
        Arg::new("leading")
            .long("leading")
            .value_name("K")
            .value_parser(value_parser!(u32).range(1..))
            .help(
                "Leading singular vectors that are compared [default: as many as W has \
                    outliers, or 1]",
            ),
        Arg::new("iteration")
            .long("iteration")
            .value_name("K")
            .value_parser(value_parser!(u32))
            .help("Iteration of a history, from 0"),
        transpose_option(),
        Arg::new("out").long("out").value_name("DIR").value_parser(value_parser!(PathBuf)).help(
            "Directory for the values (.csv) and a figure (.svg, .png); without it \
                    nothing is written",
        ),
        args::json_flag(),
    ]
}

/// What is to be measured, with the hashes of the files' values.
struct Input {
    forward: Matrix<f64>,
    /// `B^T`, in the layout of `W`, in every reading that stands, the likeliest last.
    transposes: Vec<(Orientation, Matrix<f64>)>,
    sentence: String,
    digests: Vec<String>,
}

/// Matrices that are held at once for the singular values of one, beside what was read.
pub(super) const COPIES_OF_ONE: usize = 8;

/// Matrices that are held at once, beside what was read: for W alone, and for both.
fn copies_of_one(shape: (usize, usize)) -> Result<usize, UsageError> {
    check_decomposable(shape).map(|()| COPIES_OF_ONE)
}

fn copies_of_both(shape: (usize, usize)) -> Result<usize, UsageError> {
    check_decomposable(shape).map(|()| 24)
}

fn check_decomposable(shape: (usize, usize)) -> Result<(), UsageError> {
    if is_decomposable(shape) {
        return Ok(());
    }
    Err(UsageError(format!(
        "{} x {} is too large: the shorter side squared times the longer may be at most 10^12; \
         take a part of it",
        shape.0, shape.1
    )))
}

impl Input {
    fn read(matches: &ArgMatches) -> Result<Self, UsageError> {
        let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
        let asked = matches.get_one::<Orientation>("transpose").copied();
        let forward = text("W").unwrap_or_default();
        let Some(backward) = text("B") else {
            if asked.is_some() {
                return Err(UsageError(
                    "--transpose: there is no B to compare W with: leave it out".into(),
                ));
            }
            let forward = Recorded::read(forward, copies_of_one)?;
            let at = chosen(forward.iterations, matches)?;
            let digests = vec![forward.digest()];
            return Ok(Self {
                forward: forward.at(at),
                transposes: Vec::new(),
                sentence: String::new(),
                digests,
            });
        };
        let pair = MatrixPair::read([forward, backward], asked, copies_of_both)?;
        let at = chosen(pair.iterations(), matches)?;
        if pair.readings.len() > 1 && matches.contains_id("out") {
            return Err(UsageError(
                "--out: W and B are square, so their shapes do not show how they are stored: \
                choose the reading to write, with --transpose b or --transpose none"
                    .into(),
            ));
        }
        let [forward, _] = pair.at(pair.likeliest(), at);
        let transposes = pair.readings.iter().map(|&reading| {
            let [_, transpose] = pair.at(reading, at);
            (reading, transpose)
        });
        let transposes = transposes.collect();
        let digests = vec![pair.forward.digest(), pair.backward.digest()];
        Ok(Self { forward, transposes, sentence: pair.sentence(), digests })
    }
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let input = Input::read(matches)?;
    let measured = measure(&input, matches)?;
    let directory = matches
        .get_one::<PathBuf>("out")
        .map(|_| write(&measured, &input.digests, matches))
        .transpose()?;
    if matches.get_flag("json") {
        say!("{}", report::json(&measured));
    } else {
        report::print(&measured);
    }
    if let Some(directory) = directory {
        tell!("results in {}", directory.display());
    }
    Ok(Exit::Done)
}

/// The iteration to be measured.
fn chosen(iterations: Option<usize>, matches: &ArgMatches) -> Result<usize, UsageError> {
    let asked = matches.get_one::<u32>("iteration").map(|&k| k as usize);
    match (asked, iterations) {
        (None, None | Some(1)) => Ok(0),
        (None, Some(n)) => Err(UsageError(format!(
            "a history of {n} iterations: choose one with --iteration 0 to {}",
            n - 1
        ))),
        (Some(k), Some(n)) if k < n => Ok(k),
        (Some(k), Some(n)) => Err(UsageError(format!(
            "--iteration: there is no iteration {k}: expected 0 to {}",
            n - 1
        ))),
        (Some(_), None) => {
            Err(UsageError("--iteration: a matrix has no iterations: leave it out".into()))
        }
    }
}

/// Largest norm of a matrix that is measured.
const MOST_NORM: f64 = 1e300;

fn measure(input: &Input, matches: &ArgMatches) -> Result<Measured, SpectrumError> {
    let forward = &input.forward;
    // Laws and thresholds lie above the values they are made for.
    if std::iter::once(forward)
        .chain(input.transposes.iter().map(|(_, b)| b))
        .any(|matrix| matrix.norm() > MOST_NORM)
    {
        return Err(SpectrumError::Overflow);
    }
    let false_alarm = matches.get_one::<f64>("false-alarm").copied().unwrap_or(0.01);
    let entry_sd = matches.get_one::<f64>("entry-sd").copied();
    let sentence = input.sentence.clone();
    if input.transposes.is_empty() {
        let forward =
            SingularValues::new("W", forward, singular_values(forward)?, entry_sd, false_alarm);
        return Ok(Measured { forward, both: None, other: None, sentence, false_alarm });
    }
    let w = Svd::new(forward)?;
    let of_forward = SingularValues::new("W", forward, w.values().to_vec(), entry_sd, false_alarm);
    let outliers = of_forward.split.as_ref().map_or(0, |split| split.outliers.len());
    let leading = matches.get_one::<u32>("leading").map_or(outliers.max(1), |&k| k as usize);
    let of_both = |(reading, transpose): &(Orientation, Matrix<f64>)| {
        let b = Svd::new(transpose)?;
        let backward = transpose.transpose();
        let of_backward =
            SingularValues::new("B", &backward, b.values().to_vec(), None, false_alarm);
        Ok::<_, SpectrumError>(Both {
            reading: *reading,
            alignment: weight_alignment(forward, &backward).ok().flatten(),
            null: WeightNull::new(forward.rows() * forward.cols()),
            inverse_alignment: pseudo_inverse_alignment(forward, &backward)?,
            product: product_singular_values(forward, &backward)?,
            eigenvalues: product_eigenvalues(forward, &backward)?,
            radius: product_radius(of_forward.shape, of_forward.norm, of_backward.norm)
                .map(|p| p.value),
            shared: shared(&w, &b, leading)?,
            backward: of_backward,
        })
    };
    let mut readings = input.transposes.iter().map(of_both).collect::<Result<Vec<_>, _>>()?;
    let both = readings.pop();
    Ok(Measured { both, other: readings.pop(), forward: of_forward, sentence, false_alarm })
}

/// Angles between all that both span, and between the leading directions of both.
fn shared(w: &Svd, b: &Svd, leading: usize) -> Result<Vec<Shared>, SpectrumError> {
    let compare = |space, leading, one: Subspace, other: Subspace| {
        Ok::<_, SpectrumError>(Shared {
            space,
            leading,
            angles: one.principal_angles(&other)?,
            overlap: one.overlap(&other)?,
            null: SubspaceNull::new(one.space(), one.dimensions(), other.dimensions()),
        })
    };
    let some = Some(leading.min(w.values().len()));
    Ok(vec![
        compare("columns", None, w.column_space(), b.column_space())?,
        compare("rows", None, w.row_space(), b.row_space())?,
        compare("columns", some, w.left_subspace(leading), b.left_subspace(leading))?,
        compare("rows", some, w.right_subspace(leading), b.right_subspace(leading))?,
    ])
}

/// Writes the values and the figure.
fn write(measured: &Measured, digests: &[String], matches: &ArgMatches) -> anyhow::Result<PathBuf> {
    let typed = |name: &str| matches.get_one::<String>(name);
    let mut parameters = json!({
        "forward": typed("W"), "backward": typed("B"), "digests": digests,
        "version": env!("CARGO_PKG_VERSION"),
        "entry-sd": matches.get_one::<f64>("entry-sd"), "false-alarm": measured.false_alarm,
        "leading": matches.get_one::<u32>("leading"),
        "iteration": matches.get_one::<u32>("iteration"),
    });
    // Only where it was asked for, so that requests from before are still the same.
    if let Some(reading) = matches.get_one::<Orientation>("transpose") {
        parameters["transpose"] = name(*reading).into();
    }
    let directory = output::directory(matches, "spectra", &parameters)?;
    for (name, table) in report::tables(measured) {
        write_atomically(&directory.join(name), table.as_bytes())?;
    }
    output::draw(&directory, "spectra", &figure::figure(measured), &output::ON_PAGES)?;
    Ok(directory)
}
