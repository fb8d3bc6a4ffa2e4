//! Spectra as JSON, as a table, and as CSV.

use super::super::angles::p_text;
use super::super::matrices::name;
use super::super::table::aligned;
use super::{Both, Measured, SingularValues};
use crate::measure::spectrum::{
    condition_number, effective_rank, numerical_rank, participation_ratio, stable_rank,
};
use crate::text::short;
use crate::theory::spectra::{Bulk, Outlier, Split};
use serde_json::{Value as Json, json};
use std::fmt::Write as _;

/// Most outliers that are named in a table.
const MOST_NAMED: usize = 12;

/// One number, with what independent entries make of it.
#[derive(Default)]
pub(in crate::cli) struct Row {
    matrix: &'static str,
    /// How W and B are compared, where two readings stand.
    reading: Option<&'static str>,
    pub quantity: &'static str,
    space: Option<&'static str>,
    leading: Option<usize>,
    pub value: Option<f64>,
    pub prediction: Option<f64>,
    z: Option<f64>,
    p: Option<f64>,
}

pub(super) fn json(measured: &Measured) -> Json {
    let row = |row: Row| {
        json!({
            "quantity": row.quantity, "matrix": row.matrix, "reading": row.reading,
            "space": row.space, "leading": row.leading,
            "value": row.value, "prediction": row.prediction, "z": row.z, "p": row.p,
        })
    };
    let mut out = json!({
        "summary": rows(measured).into_iter().map(row).collect::<Vec<_>>(),
        "false_alarm": measured.false_alarm, "shape": measured.forward.shape,
        "singular_values": { "W": measured.forward.values },
        "outliers": outliers(&measured.forward),
    });
    if let Some(both) = &measured.both {
        out["transposed"] = both.reading.backward.into();
        out["reading"] = name(both.reading).into();
        out["singular_values"]["B"] = json!(both.backward.values);
        out["singular_values"]["W B"] = json!(both.product);
        if let (Some(all), Some(others)) =
            (out["outliers"].as_array_mut(), outliers(&both.backward).as_array())
        {
            all.extend_from_slice(others);
        }
        out["eigenvalues"] = json!({ "W B": eigenvalues(both) });
        out["principal_angles"] = principal_angles(both);
    }
    if let Some(other) = &measured.other {
        out["other_reading"] = json!({
            "reading": name(other.reading), "singular_values": { "W B": other.product },
            "eigenvalues": { "W B": eigenvalues(other) },
            "principal_angles": principal_angles(other),
        });
    }
    out
}

fn eigenvalues(both: &Both) -> Json {
    both.eigenvalues.iter().map(|v| [v.re, v.im]).collect()
}

fn principal_angles(both: &Both) -> Json {
    let angles = both
        .shared
        .iter()
        .map(|shared| json!({ "space": shared.space, "leading": shared.leading, "angles": shared.angles }));
    angles.collect()
}

fn outliers(matrix: &SingularValues) -> Json {
    let entry = |o: &Outlier| {
        let Outlier { index, value, p, strength } = *o;
        json!({ "matrix": matrix.name, "index": index, "value": value, "p": p, "strength": strength })
    };
    matrix.split.iter().flat_map(|split| &split.outliers).map(entry).collect()
}

fn rows(measured: &Measured) -> Vec<Row> {
    let mut rows = of_one(&measured.forward, measured.false_alarm);
    if let Some(both) = &measured.both {
        rows.extend(of_one(&both.backward, measured.false_alarm));
        for both in measured.other.iter().chain([both]) {
            let reading = measured.other.as_ref().map(|_| name(both.reading));
            rows.extend(of_both(both).into_iter().map(|row| Row { reading, ..row }));
        }
    }
    rows
}

/// What is said of one matrix.
pub(in crate::cli) fn of_one(matrix: &SingularValues, false_alarm: f64) -> Vec<Row> {
    let row = |quantity, value| Row { matrix: matrix.name, quantity, value, ..Row::default() };
    let expected = Bulk::new(matrix.shape, 1.0);
    let with = |row: Row, prediction: fn(&Bulk) -> f64| Row {
        prediction: expected.as_ref().map(prediction),
        ..row
    };
    let (values, split) = (&matrix.values[..], matrix.split.as_ref());
    let ends = split.map(|split| split.bulk.ends());
    vec![
        row("norm", Some(matrix.norm)),
        row("largest_singular_value", values.first().copied()),
        row("smallest_singular_value", values.last().copied()),
        with(row("participation_ratio", participation_ratio(values)), Bulk::participation_ratio),
        with(row("stable_rank", stable_rank(values)), Bulk::stable_rank),
        row("effective_rank", effective_rank(values)),
        row("numerical_rank", Some(numerical_rank(values, matrix.shape) as f64)),
        row("condition_number", condition_number(values, matrix.shape)),
        row("entry_sd", split.map(|split| split.bulk.entry_sd())),
        row("bulk_low", ends.map(|[low, _]| low)),
        row("bulk_high", ends.map(|[_, high]| high)),
        row("outlier_threshold", split.map(|split| split.bulk.threshold(false_alarm))),
        row("outliers", split.map(|split| split.outliers.len() as f64)),
        row("unconfirmed", split.map(|split| split.unconfirmed as f64)),
        row("bulk_departure", split.map(|split| split.departure)),
        row("usual_departure", split.map(Split::usual_departure)),
    ]
}

fn of_both(both: &Both) -> Vec<Row> {
    let row = |quantity, value| Row { matrix: "W B", quantity, value, ..Row::default() };
    let trace: f64 = both.eigenvalues.iter().map(|v| v.re).sum();
    let scored = both.alignment.zip(both.null);
    let mut rows = vec![
        Row {
            z: scored.map(|(angle, null)| null.z(angle, 1)),
            p: scored.map(|(angle, null)| null.p_value(angle)),
            prediction: Some(90.0),
            ..row("weight_alignment", both.alignment)
        },
        row("pseudo_inverse_alignment", both.inverse_alignment),
        Row { prediction: Some(0.0), ..row("trace", Some(trace)) },
        Row {
            prediction: both.radius,
            ..row("spectral_radius", both.eigenvalues.first().map(|v| v.norm()))
        },
        row("largest_singular_value", both.product.first().copied()),
        row("participation_ratio", participation_ratio(&both.product)),
    ];
    for shared in &both.shared {
        let row_of_space = |quantity, value| Row {
            matrix: "W, B'",
            space: Some(shared.space),
            leading: shared.leading,
            ..row(quantity, value)
        };
        rows.push(row_of_space("smallest_principal_angle", shared.angles.first().copied()));
        rows.push(row_of_space("largest_principal_angle", shared.angles.last().copied()));
        rows.push(Row {
            prediction: shared.null.map(|null| null.mean()),
            z: shared.null.zip(shared.overlap).and_then(|(null, overlap)| null.z(overlap)),
            ..row_of_space("overlap", shared.overlap)
        });
    }
    rows
}

pub(super) fn print(measured: &Measured) {
    let (rows_of, columns) = measured.forward.shape;
    say!("W is {rows_of} x {columns}");
    if measured.both.is_some() {
        say!("{}", measured.sentence);
    }
    let head = ["matrix", "quantity", "value", "independent", "z", "p"];
    let mut table = vec![head.map(String::from).to_vec()];
    for row in rows(measured) {
        let leading = row.leading.map(|k| format!(", leading {k}")).unwrap_or_default();
        let space = row.space.map(|space| format!(" ({space}{leading})")).unwrap_or_default();
        let reading = row.reading.map(|name| format!(" [--transpose {name}]")).unwrap_or_default();
        let number = |value: Option<f64>| {
            value.map(|v| if v.abs() < 1e6 { short(v) } else { format!("{v:.3e}") })
        };
        table.push(vec![
            row.matrix.into(),
            format!("{}{space}{reading}", row.quantity.replace('_', " ")),
            number(row.value).unwrap_or("absent".into()),
            number(row.prediction).unwrap_or_default(),
            row.z.map(|z| format!("{z:.1}")).unwrap_or_default(),
            row.p.map(p_text).unwrap_or_default(),
        ]);
    }
    say!("{}", aligned(table, "  ").trim_end_matches('\n'));
    for matrix in [Some(&measured.forward), measured.both.as_ref().map(|both| &both.backward)]
        .into_iter()
        .flatten()
    {
        say!("{}", in_words(matrix, measured.false_alarm));
    }
    say!(
        "angles in degrees; independent: what independent entries, or independent W and B, would \
         give"
    );
}

/// The outliers, and whether there is a bulk for them to lie out of.
fn in_words(matrix: &SingularValues, false_alarm: f64) -> String {
    let name = matrix.name;
    let Some(split) = &matrix.split else {
        return format!(
            "{name}: most singular values are 0: there is no bulk, and outliers have no meaning"
        );
    };
    let share = 100.0 * false_alarm;
    let mut text = match split.outliers.len() {
        0 => format!(
            "{name}: no singular value lies beyond those of independent entries (false alarms \
             {share} %)"
        ),
        n => format!(
            "{name}: {n} beyond the singular values of independent entries (false alarms {share} \
             %):"
        ),
    };
    for outlier in split.outliers.iter().take(MOST_NAMED) {
        let _ = write!(
            text,
            " s{} = {} (p {})",
            outlier.index + 1,
            short(outlier.value),
            p_text(outlier.p)
        );
    }
    if split.outliers.len() > MOST_NAMED {
        text.push_str(" ...");
    }
    if split.unconfirmed > 0 {
        let _ = write!(
            text,
            "\n{name}: {} more beyond the law of independent, identically distributed entries, \
            but no outliers: the same entries with random signs reach as far (single large \
            entries, or rows or columns of unequal norm)",
            split.unconfirmed
        );
    }
    if split.departure > split.usual_departure() {
        let _ = write!(
            text,
            "\n{name}: the other values depart from the law of independent entries by {} (seldom \
            above {}): these entries are not independent and identically distributed, and the \
            rate of false alarms does not hold",
            short(split.departure),
            short(split.usual_departure())
        );
    }
    text
}

/// Tables of all values, by file name.
pub(super) fn tables(measured: &Measured) -> Vec<(&'static str, String)> {
    let mut singular = String::from("matrix,index,value,outlier,p,strength\n");
    let number = |value: Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
    let mut write = |name: &str, values: &[f64], spectrum: Option<&SingularValues>| {
        for (index, value) in values.iter().enumerate() {
            let outlier =
                spectrum.and_then(|spectrum| spectrum.split.as_ref()?.outliers.get(index));
            let (p, strength) =
                (number(outlier.map(|o| o.p)), number(outlier.and_then(|o| o.strength)));
            let _ = writeln!(
                singular,
                "{name},{index},{value},{},{p},{strength}",
                u8::from(outlier.is_some())
            );
        }
    };
    write("W", &measured.forward.values, Some(&measured.forward));
    let Some(both) = &measured.both else { return vec![("singular_values.csv", singular)] };
    write("B", &both.backward.values, Some(&both.backward));
    write("W B", &both.product, None);
    let mut eigenvalues = String::from("index,real,imaginary,modulus\n");
    for (index, value) in both.eigenvalues.iter().enumerate() {
        let _ = writeln!(eigenvalues, "{index},{},{},{}", value.re, value.im, value.norm());
    }
    let mut angles = String::from("space,leading,index,degrees\n");
    for shared in &both.shared {
        let leading = shared.leading.map(|k| k.to_string()).unwrap_or_default();
        for (index, angle) in shared.angles.iter().enumerate() {
            let _ = writeln!(angles, "{},{leading},{index},{angle}", shared.space);
        }
    }
    vec![
        ("singular_values.csv", singular),
        ("eigenvalues.csv", eigenvalues),
        ("principal_angles.csv", angles),
    ]
}
