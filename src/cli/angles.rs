//! `alignscope angles`: the weight alignment of matrices in files.

use super::matrices::{
    FILES, MatrixPair, ORIENTATION, file, is_decomposable, name, transpose_option,
};
use super::table::aligned;
use super::{Exit, UsageError, args};
use crate::matrix::Matrix;
use crate::measure::angle::angle;
use crate::measure::null::WeightNull;
use crate::measure::orientation::Orientation;
use crate::measure::spectrum::Svd;
use clap::{ArgMatches, Command};
use serde_json::{Value as Json, json};

pub(super) fn command() -> Command {
    Command::new("angles")
        .about("Angles of weights from files, beside independent ones")
        .long_about(
            "Angle of forward weights to backward ones, both from files, beside what \
            independent matrices give",
        )
        .after_help(format!("{FILES} A history gives a line per iteration.\n\n{ORIENTATION}"))
        .args([
            file("W", "Forward weights").required(true),
            file("B", "Backward weights").required(true),
            transpose_option(),
            args::json_flag(),
        ])
}

/// Backward weights, and what is measured of them alone.
struct Backward {
    /// `B^T`, in the layout of `W`.
    transpose: Matrix<f64>,
    norm: f64,
    /// Direction of the pseudo-inverse, in the layout of `W`; `None` if it is too costly, or if
    /// there is none.
    inverse: Option<Matrix<f64>>,
    /// Angle in degrees of the pseudo-inverse to `B^T`.
    inverse_to_transpose: Option<f64>,
}

impl Backward {
    fn new(transpose: Matrix<f64>) -> anyhow::Result<Self> {
        let (norm, shape) = (transpose.norm(), transpose.shape());
        let worthwhile = norm > 0.0 && is_decomposable(shape);
        let decomposed = worthwhile.then(|| Svd::new(&transpose.transpose())).transpose()?;
        let inverse = decomposed.map(|svd| svd.pseudo_inverse_direction());
        let inverse_to_transpose =
            inverse.as_ref().map(|inverse| angle(inverse, &transpose)).transpose()?.flatten();
        Ok(Self { norm, transpose, inverse, inverse_to_transpose })
    }
}

/// What is measured at one iteration, in one reading.
struct Row {
    reading: Orientation,
    iteration: Option<usize>,
    angle: Option<f64>,
    inverse_angle: Option<f64>,
    inverse_to_transpose: Option<f64>,
    norms: [f64; 2],
}

/// Matrices that are held at once while one pair is measured, beside what was read.
fn copies(shape: (usize, usize)) -> Result<usize, UsageError> {
    Ok(if is_decomposable(shape) { 14 } else { 4 })
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str).unwrap_or_default();
    let asked = matches.get_one::<Orientation>("transpose").copied();
    let pair = MatrixPair::read([text("W"), text("B")], asked, copies)?;
    if !is_decomposable(pair.forward.shape) {
        tell!("warning: B is too large for its pseudo-inverse, which is left out");
    }
    let mut rows = Vec::new();
    for &reading in &pair.readings {
        rows.extend(measure(&pair, reading)?);
    }
    let null = WeightNull::new(pair.forward.shape.0 * pair.forward.shape.1);
    if matches.get_flag("json") {
        say!("{}", report(&pair, &rows, null));
    } else {
        print(&pair, &rows, null);
    }
    Ok(Exit::Done)
}

fn measure(pair: &MatrixPair, reading: Orientation) -> anyhow::Result<Vec<Row>> {
    let mut backward: Option<Backward> = None;
    let mut rows = Vec::new();
    for iteration in 0..pair.iterations().unwrap_or(1) {
        let [forward, transpose] = pair.at(reading, iteration);
        // A single B is that of all iterations.
        let known = backward.take().filter(|_| pair.backward.count() == 1);
        let current = known.map_or_else(|| Backward::new(transpose), Ok)?;
        let inverse =
            current.inverse.as_ref().map(|inverse| angle(&forward, inverse)).transpose()?;
        let norms = [forward.norm(), current.norm];
        if norms.iter().any(|norm| norm.is_infinite()) {
            let why = "the norm of W or of B is beyond the largest number: divide the matrix by a \
                       power of ten, which changes no angle";
            return Err(UsageError(why.into()).into());
        }
        rows.push(Row {
            reading,
            iteration: pair.iterations().map(|_| iteration),
            angle: angle(&forward, &current.transpose)?,
            inverse_angle: inverse.flatten(),
            inverse_to_transpose: current.inverse_to_transpose,
            norms,
        });
        backward = Some(current);
    }
    Ok(rows)
}

fn report(pair: &MatrixPair, rows: &[Row], null: Option<WeightNull>) -> Json {
    let entries = rows.iter().flat_map(|row| {
        // Where only one reading stands, results do not depend on how the matrices were stored.
        let reading = (pair.readings.len() > 1).then(|| name(row.reading));
        let entry = |quantity: &str, value: Option<f64>| {
            json!({
                "quantity": quantity, "layer": null, "iteration": row.iteration, "reading": reading,
                "value": value,
            })
        };
        let mut alignment = entry("weight_alignment", row.angle);
        alignment["cosine"] = json!(row.angle.map(|a| a.to_radians().cos()));
        alignment["z"] = json!(row.angle.zip(null).map(|(a, null)| null.z(a, 1)));
        alignment["p"] = json!(row.angle.zip(null).map(|(a, null)| null.p_value(a)));
        let [forward, backward] = row.norms.map(Some);
        vec![
            alignment,
            entry("pseudo_inverse_alignment", row.inverse_angle),
            entry("pseudo_inverse_to_transpose", row.inverse_to_transpose),
            entry("weight_norm", forward),
            entry("backward_norm", backward),
        ]
    });
    let independent = null.map(|law| {
        json!({
            "entries": law.entries(), "mean": WeightNull::MEAN, "cosine_sd": law.cosine_sd(),
            "angle_sd": law.angle_sd(), "interval95": law.interval(0.95),
        })
    });
    let absent =
        rows.iter().filter(|row| row.reading == pair.likeliest() && row.angle.is_none()).count();
    json!({
        "summary": entries.collect::<Vec<_>>(),
        "forward": pair.forward.name, "backward": pair.backward.name, "shape": pair.shape(),
        "transposed": pair.likeliest().backward, "reading": name(pair.likeliest()),
        "settled_by": pair.settled(),
        "absent": absent, "null": independent,
    })
}

fn print(pair: &MatrixPair, rows: &[Row], null: Option<WeightNull>) {
    say!("W {}, B {}", pair.forward.title(), pair.backward.title());
    say!("{}", pair.sentence());
    let several = pair.readings.len() > 1;
    let head = [
        "reading",
        "iteration",
        "angle",
        "cosine",
        "z null",
        "p",
        "to pinv(B)",
        "norm of W",
        "norm of B",
    ];
    let skip = usize::from(!several);
    let mut table = vec![head[skip..].iter().map(|name| (*name).into()).collect()];
    for row in rows {
        let number = |value: Option<f64>, digits: usize| {
            value.map_or("absent".into(), |v| format!("{v:.digits$}"))
        };
        let scored = row.angle.zip(null);
        let cells = [
            format!("--transpose {}", name(row.reading)),
            row.iteration.map(|k| k.to_string()).unwrap_or_default(),
            number(row.angle, 2),
            number(row.angle.map(|a| a.to_radians().cos()), 4),
            scored.map_or("-".into(), |(a, null)| format!("{:.1}", null.z(a, 1))),
            scored.map_or("-".into(), |(a, null)| p_text(null.p_value(a))),
            number(row.inverse_angle, 2),
            format!("{:.4e}", row.norms[0]),
            format!("{:.4e}", row.norms[1]),
        ];
        table.push(cells[skip..].to_vec());
    }
    say!("{}", aligned(table, "  ").trim_end_matches('\n'));
    let interval = null.map(|null| null.interval(0.95)).map_or(
        "any angle is as likely".into(),
        |[low, high]| {
            format!("95 % of independent matrices of this size lie within [{low:.2}, {high:.2}]")
        },
    );
    say!("angles in degrees; {interval}; z is positive if aligned, p two-sided");
    if let [Row { inverse_to_transpose: Some(angle), .. }] = rows {
        say!("pinv(B) is at {angle:.2} degrees to B'");
    }
}

/// A p-value: below the smallest number it is no number.
pub(super) fn p_text(p: f64) -> String {
    match p {
        0.0 => "<1e-307".into(),
        p if p < 1e-3 => format!("{p:.1e}"),
        p => format!("{p:.3}"),
    }
}
