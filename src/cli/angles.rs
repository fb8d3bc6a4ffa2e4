//! `alignscope angles`: the weight alignment of matrices in files.

use super::matrices::{Pair, file, is_decomposable};
use super::table::aligned;
use super::{Exit, args};
use crate::matrix::Matrix;
use crate::measure::angle::{angle, norm};
use crate::measure::null::WeightNull;
use crate::measure::spectrum::Svd;
use clap::{ArgMatches, Command};
use serde_json::{Value as Json, json};

pub(super) fn command() -> Command {
    Command::new("angles")
        .about("Angles of weights from files, beside independent ones")
        .long_about("Angle of forward weights to backward ones, both from files, beside what independent matrices give")
        .after_help(
            "Files are .npy, .npz (FILE#MEMBER) or .csv without a header. A matrix has two dimensions; three are a \
             history (iterations x rows x columns), which gives a line per iteration.\n\n\
             B has the shape of W' (W_l: n_l x n_l+1, B_l: n_l+1 x n_l), also where both are square; a B that has the \
             shape of W, not being square, is taken to be stored transposed. The output says which it was.",
        )
        .args([
            file("W", "Forward weights").required(true),
            file("B", "Backward weights").required(true),
            args::json_flag(),
        ])
}

/// Backward weights, and what is measured of them alone.
struct Backward {
    /// `B^T`, in the layout of `W`.
    transpose: Matrix<f64>,
    norm: f64,
    /// Direction of the pseudo-inverse, in the layout of `W`; `None` if it is too costly.
    inverse: Option<Matrix<f64>>,
    /// Angle in degrees of the pseudo-inverse to `B^T`.
    inverse_to_transpose: Option<f64>,
}

impl Backward {
    fn new(pair: &Pair, iteration: usize) -> anyhow::Result<Self> {
        let transpose = pair.transpose_of_backward(iteration);
        let decomposed = is_decomposable(pair.forward.shape).then(|| Svd::new(&transpose.transpose())).transpose()?;
        let inverse = decomposed.map(|svd| svd.pseudo_inverse_direction());
        let inverse_to_transpose = inverse.as_ref().map(|inverse| angle(inverse, &transpose)).transpose()?.flatten();
        Ok(Self { norm: norm(&transpose), transpose, inverse, inverse_to_transpose })
    }
}

/// What is measured at one iteration.
struct Row {
    iteration: Option<usize>,
    angle: Option<f64>,
    inverse_angle: Option<f64>,
    inverse_to_transpose: Option<f64>,
    norms: [f64; 2],
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str).unwrap_or_default();
    let pair = Pair::read(text("W"), text("B"))?;
    if !is_decomposable(pair.forward.shape) {
        tell!("warning: B is too large for its pseudo-inverse, which is left out");
    }
    let rows = measure(&pair)?;
    let null = WeightNull::new(pair.forward.shape.0 * pair.forward.shape.1);
    if matches.get_flag("json") {
        say!("{}", report(&pair, &rows, null));
    } else {
        print(&pair, &rows, null);
    }
    Ok(Exit::Done)
}

fn measure(pair: &Pair) -> anyhow::Result<Vec<Row>> {
    let mut backward = Backward::new(pair, 0)?;
    let mut rows = Vec::new();
    for iteration in 0..pair.iterations().unwrap_or(1) {
        if iteration > 0 && pair.backward.count() > 1 {
            backward = Backward::new(pair, iteration)?;
        }
        let forward = pair.forward.at(iteration);
        let inverse = backward.inverse.as_ref().map(|inverse| angle(&forward, inverse)).transpose()?;
        rows.push(Row {
            iteration: pair.iterations().map(|_| iteration),
            angle: angle(&forward, &backward.transpose)?,
            inverse_angle: inverse.flatten(),
            inverse_to_transpose: backward.inverse_to_transpose,
            norms: [norm(&forward), backward.norm],
        });
    }
    Ok(rows)
}

fn report(pair: &Pair, rows: &[Row], null: Option<WeightNull>) -> Json {
    let entries = rows.iter().flat_map(|row| {
        let entry = |quantity: &str, value: Option<f64>| {
            json!({ "quantity": quantity, "layer": null, "iteration": row.iteration, "value": value })
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
    json!({
        "summary": entries.collect::<Vec<_>>(),
        "forward": pair.forward.name, "backward": pair.backward.name, "shape": pair.forward.shape,
        "transposed": pair.transposed(), "absent": rows.iter().filter(|row| row.angle.is_none()).count(),
        "null": independent,
    })
}

fn print(pair: &Pair, rows: &[Row], null: Option<WeightNull>) {
    say!("W {}, B {}", pair.forward.title(), pair.backward.title());
    say!("{}", pair.sentence());
    let head = ["iteration", "angle", "cosine", "z null", "p", "to pinv(B)", "norm of W", "norm of B"];
    let mut table = vec![head.map(String::from).to_vec()];
    for row in rows {
        let number = |value: Option<f64>, digits: usize| value.map_or("absent".into(), |v| format!("{v:.digits$}"));
        let scored = row.angle.zip(null);
        table.push(vec![
            row.iteration.map(|k| k.to_string()).unwrap_or_default(),
            number(row.angle, 2),
            number(row.angle.map(|a| a.to_radians().cos()), 4),
            scored.map_or("-".into(), |(a, null)| format!("{:.1}", null.z(a, 1))),
            scored.map_or("-".into(), |(a, null)| p_text(null.p_value(a))),
            number(row.inverse_angle, 2),
            format!("{:.4e}", row.norms[0]),
            format!("{:.4e}", row.norms[1]),
        ]);
    }
    say!("{}", aligned(table, "  ").trim_end_matches('\n'));
    let interval = null.map(|null| null.interval(0.95)).map_or("any angle is as likely".into(), |[low, high]| {
        format!("95 % of independent matrices of this size lie within [{low:.2}, {high:.2}]")
    });
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
