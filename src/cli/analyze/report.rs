//! The report for people, and tables of everything by state and iteration.

use super::super::table::aligned;
use super::{Analysis, sentences};
use crate::measure::similarity::Split;
use crate::recorded::{
    LayerTerms, LinearPrediction, NumberFormat, PartReading, RecordedRun, TermPart,
};
use crate::text::{decimals, short};
use std::fmt::Write as _;

pub(super) fn print(analysis: &Analysis) {
    archive(analysis);
    say!("\nDoes it close (relative differences; rounding is what is expected of it alone)");
    sentences::all(analysis).iter().for_each(|sentence| say!("  {sentence}"));
    angles(analysis);
    analysis.findings.terms.iter().for_each(terms);
    pairs(analysis);
    spectra(analysis);
    predictions(analysis);
}

fn archive(analysis: &Analysis) {
    let run = &analysis.run;
    let sizes: Vec<String> =
        analysis.sizes().iter().map(|n| n.map_or("?".into(), |n: usize| n.to_string())).collect();
    let mut parts = vec![sizes.join("-")];
    parts.push(format!("{} states", analysis.states()));
    match run.samples() {
        Some(samples) => {
            parts.push(format!("signals of {} updates of {samples} samples", run.iterations()))
        }
        None => parts.push("no signals".into()),
    }
    let biases: Vec<String> =
        (1..=run.depth()).filter(|&l| run.biases(l).is_some()).map(|l| l.to_string()).collect();
    parts.push(if biases.is_empty() {
        "no biases".into()
    } else {
        format!("biases of layers {}", biases.join(", "))
    });
    parts.push(if run.labels.is_some() { "labels".into() } else { "no labels".into() });
    parts.push(precision(run));
    say!("{}: {}", analysis.path.display(), parts.join(", "));
    for missing in &analysis.missing {
        say!("  without {}: {}", missing.member, missing.costs);
    }
}

/// The precision, or those of weights, activities and error signals where they differ.
fn precision(run: &RecordedRun) -> String {
    let precisions = ["weights", "activities", "deltas"].into_iter().zip(run.precisions());
    let told: Vec<(&str, NumberFormat)> =
        precisions.filter_map(|(name, format)| Some((name, format?))).collect();
    if told.windows(2).all(|pair| pair[0].1 == pair[1].1) {
        return run.precision().name().into();
    }
    let all: Vec<String> =
        told.iter().map(|(name, format)| format!("{} {name}", format.name())).collect();
    all.join(", ")
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or("absent".into(), |v| decimals(v, digits))
}

/// A distance in standard errors, of which nothing is to be seen below a tenth.
fn standard_errors(value: Option<f64>) -> String {
    value.map_or("absent".into(), |z| format!("{z:.1}"))
}

fn table(title: &str, head: &[&str], rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    let head = head.iter().map(ToString::to_string).collect();
    say!("\n{title}");
    say!("{}", aligned([vec![head], rows].concat(), "  ").trim_end_matches('\n'));
}

fn angles(analysis: &Analysis) {
    let found = &analysis.findings.angles;
    // Readings stand in the table only where there are two of a layer.
    let readings = found.iter().any(|layer| layer.reading.is_some());
    let row = |angles: &crate::recorded::LayerAngles| {
        let null = angles
            .null_interval95
            .map_or("any".into(), |[low, high]| format!("{low:.2} to {high:.2}"));
        let z = standard_errors;
        let [first, last] = [angles.degrees.first(), angles.degrees.last()]
            .map(|d| number(d.copied().flatten(), 2));
        let reading = readings.then(|| angles.reading.unwrap_or("as said above").to_string());
        let layer = [angles.layer.to_string()].into_iter().chain(reading);
        layer.chain([first, last, null, z(angles.null_z[0]), z(angles.null_z[1])]).collect()
    };
    let head = ["layer", "first", "last", "95 % of independent", "z first", "z last"];
    let mut head = head.to_vec();
    if readings {
        head.insert(1, "reading");
    }
    table(
        "Weight alignment: angle of W_l to B_l' in degrees",
        &head,
        found.iter().map(row).collect(),
    );
}

fn name(part: &PartReading) -> String {
    let lag = part.lag.map(|lag| format!(", lag {lag}")).unwrap_or_default();
    let name = match part.part {
        TermPart::Update => "update",
        TermPart::Alignment => "T",
        TermPart::Projection => "N",
        TermPart::AlignmentSum => "sum of T",
        TermPart::ProjectionSum => "sum of N",
        TermPart::Last => "last term",
        TermPart::Remainder => "remainder",
    };
    format!("{name}{lag}")
}

fn terms(layer: &LayerTerms) {
    let row = |part: &PartReading| {
        vec![
            name(part),
            format!("{:.3e}", part.norm),
            part.degrees.map(|d| decimals(d, 2)).unwrap_or_default(),
            number(part.share_of_update, 4),
            part.share_of_alignment.map(|s| decimals(s, 4)).unwrap_or_default(),
        ]
    };
    let head = ["part", "norm", "degrees to B'", "share of update", "share of its B' part"];
    let reach = layer.iterations.iter().map(|i| i.reach).max().unwrap_or(0);
    let title = format!(
        "Update of W{} by lag: {} iterations, lags up to {reach}",
        layer.layer,
        layer.iterations.len()
    );
    table(&title, &head, layer.overall.iter().map(row).collect());
    let worst = |value: Option<f64>| value.map_or("not known".into(), |v| format!("{v:.1e}"));
    // With more than the rule in it, the step is not the update.
    let step = if layer.split {
        String::new()
    } else {
        format!(", update off the recorded step by {}", worst(layer.step_difference))
    };
    say!("  at worst: parts off the update by {}{step}", worst(layer.remainder_difference));
}

/// A mean over pairs of one kind.
type Pick = fn(&Split<Option<f64>>) -> Option<f64>;

fn pairs(analysis: &Analysis) {
    let mut rows = Vec::new();
    for layer in &analysis.findings.pairs {
        let classes: [(&str, Pick); 3] =
            [("all", |v| v.all), ("same class", |v| v.within), ("different", |v| v.between)];
        for (name, pick) in
            classes.into_iter().take(if analysis.run.labels.is_some() { 3 } else { 1 })
        {
            let means = [&layer.activity, &layer.error, &layer.product, &layer.shuffled];
            let means =
                means.map(|value| pick(value).map_or("absent".into(), |v| format!("{v:.2e}")));
            let mut row = vec![layer.layer.to_string(), layer.lag.to_string(), name.to_string()];
            row.extend(means);
            row.push(standard_errors(pick(&layer.z)));
            row.extend(match name {
                "all" => {
                    [format!("{:.2e}", layer.mean_eigenvalue), number(layer.cosine_to_identity, 3)]
                }
                _ => [String::new(), String::new()],
            });
            rows.push(row);
        }
    }
    let head = [
        "layer", "lag", "pairs", "inputs", "errors", "product", "shuffled", "z", "tr M / n",
        "M to 1",
    ];
    table(
        "Similarities of samples one lag apart: means over pairs; M to 1: cosine of M to the \
        identity",
        &head,
        rows,
    );
}

/// Quantities of spectra that the report has, with their headings.
const SPECTRAL: [(&str, &str); 5] = [
    ("stable_rank", "stable rank"),
    ("participation_ratio", "participation ratio"),
    ("condition_number", "condition number"),
    ("outliers", "outliers"),
    ("bulk_departure", "departure"),
];

fn spectra(analysis: &Analysis) {
    let rows = analysis.spectra.iter().map(|spectrum| {
        let cell = |(quantity, _): &(&str, &str)| {
            let row = spectrum.rows.iter().find(|row| row.quantity == *quantity);
            let expected = row
                .and_then(|row| row.prediction)
                .map(|p| format!(" ({})", short(p)))
                .unwrap_or_default();
            format!("{}{expected}", row.and_then(|row| row.value).map_or("absent".into(), short))
        };
        [spectrum.layer.to_string(), spectrum.state.to_string()]
            .into_iter()
            .chain(SPECTRAL.iter().map(cell))
            .collect()
    });
    let head: Vec<&str> = ["layer", "state"]
        .into_iter()
        .chain(SPECTRAL.iter().map(|(_, heading)| *heading))
        .collect();
    let title = "Spectra of W_l (independent entries); outliers beyond the Marchenko-Pastur law, \
        false alarms 1 %";
    table(title, &head, rows.collect());
}

fn predictions(analysis: &Analysis) {
    let row = |prediction: &LinearPrediction| {
        let degrees = |value: Option<f64>| number(value, 2);
        vec![
            prediction.layer.to_string(),
            prediction.state.to_string(),
            degrees(prediction.first_degrees),
            degrees(prediction.measured_degrees),
            degrees(prediction.from_these_weights_degrees),
            degrees(prediction.averaged_degrees),
        ]
    };
    let head =
        ["layer", "state", "at first", "measured", "linear, these weights", "linear, averaged"];
    let found = &analysis.findings.predictions;
    table(
        "Weight alignment that the linear rule makes of these signals, in degrees",
        &head,
        found.iter().map(row).collect(),
    );
    if !found.is_empty() {
        say!("  {}", LinearPrediction::ASSUMPTIONS);
    }
}

/// Empty where there is none.
fn cell(value: Option<f64>) -> String {
    value.map(|v| v.to_string()).unwrap_or_default()
}

/// `layer,state,degrees`, with `reading` after the layer where there are two of one.
pub(super) fn angles_csv(analysis: &Analysis) -> String {
    let found = &analysis.findings.angles;
    let readings = found.iter().any(|layer| layer.reading.is_some());
    let mut out = format!("layer,{}state,degrees\n", if readings { "reading," } else { "" });
    for layer in found {
        let reading = if readings {
            format!("{},", layer.reading.unwrap_or_default())
        } else {
            String::new()
        };
        for (state, degrees) in layer.degrees.iter().enumerate() {
            let state = analysis.run.update_of_state(state);
            let _ = writeln!(out, "{},{reading}{state},{}", layer.layer, cell(*degrees));
        }
    }
    out
}

/// Every part of every decomposed update; `iteration` is empty for all together.
pub(super) fn terms_csv(analysis: &Analysis) -> String {
    let mut out =
        String::from("layer,iteration,part,lag,norm,degrees,share_of_update,share_of_alignment\n");
    for layer in &analysis.findings.terms {
        let mut write = |iteration: Option<usize>, part: &PartReading| {
            let whole = |value: Option<usize>| value.map(|v| v.to_string()).unwrap_or_default();
            let (iteration, lag) = (whole(iteration), whole(part.lag));
            let numbers =
                [Some(part.norm), part.degrees, part.share_of_update, part.share_of_alignment]
                    .map(cell);
            let name = serde_json::to_value(part.part).unwrap_or_default();
            let name = name.as_str().unwrap_or_default();
            let _ = writeln!(out, "{},{iteration},{name},{lag},{}", layer.layer, numbers.join(","));
        };
        for iteration in &layer.iterations {
            iteration.parts.iter().for_each(|part| write(Some(iteration.iteration), part));
        }
        layer.overall.iter().for_each(|part| write(None, part));
    }
    out
}
