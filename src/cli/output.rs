//! What measuring subcommands leave behind: figures, tables, JSON.

use crate::analysis::{Analysis, Condition, Entry, Figure as FigureSpec, FileError, Kind, Plan, Quantity, RunReport};
use crate::analysis::{XAxis, json_text, summarise, write_atomically};
use crate::experiment::{Predictor, linear_limit};
use crate::figure::{Axis, Band, Figure, Panel, Point, Reference, Series, Width, render};
use crate::measure::null::WeightNull;
use crate::measure::summary::Summary;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Summary entries of a run, with predictions.
pub(super) fn summary(plan: &Plan, report: &RunReport) -> Vec<Entry> {
    let predictor = Predictor::default();
    let predict = |analysis: &Analysis, condition: &Condition, quantity, layer, iteration| {
        predictor.predict(condition, quantity, layer, iteration, analysis.predict)
    };
    summarise(plan, &report.results, &predict)
}

/// Draws every figure of the specs into `figures/` of the run directory: SVG, PNG and the CSV behind them.
pub(super) fn write_figures(plan: &Plan, report: &RunReport) -> anyhow::Result<Vec<PathBuf>> {
    let directory = report.directory.join("figures");
    let mut written = Vec::new();
    for (analysis, spec) in plan.analyses().flat_map(|a| a.figures.iter().map(move |f| (a, f))) {
        std::fs::create_dir_all(&directory).map_err(|e| FileError::new("make the directory", &directory, e))?;
        let figure = compose(plan, report, analysis, spec);
        match render(&figure) {
            Ok(rendered) => {
                for (extension, bytes) in
                    [("svg", rendered.svg.as_bytes()), ("png", &rendered.png), ("csv", figure.csv().as_bytes())]
                {
                    let path = directory.join(format!("{}.{extension}", spec.name));
                    write_atomically(&path, bytes)?;
                    written.push(path);
                }
            }
            // What was measured is worth keeping where a picture of it is not to be had.
            Err(error) => eprintln!("warning: figure `{}` is not drawn: {error}", spec.name),
        }
    }
    Ok(written)
}

/// The curves of one figure: a panel per quantity, or, for a quantity of its own, per value of the second parameter.
fn compose(plan: &Plan, report: &RunReport, analysis: &Analysis, spec: &FigureSpec) -> Figure {
    let split = match (&spec.quantities[..], &spec.by[..]) {
        ([_], [_, second, ..]) => Some(*second),
        _ => None,
    };
    let panel_values: Vec<Option<String>> = match split {
        None => vec![None],
        Some(name) => distinct(analysis.conditions.iter().map(|c| value_text(c, name))).into_iter().map(Some).collect(),
    };
    let mut panels = Vec::new();
    for &quantity in &spec.quantities {
        for value in &panel_values {
            let wanted = |c: &&Condition| match (split, value) {
                (Some(name), Some(value)) => value_text(c, name) == *value,
                _ => true,
            };
            let conditions: Vec<&Condition> = analysis.conditions.iter().filter(wanted).collect();
            let title = match (split, value) {
                (Some(name), Some(value)) => format!("{name}: {value}"),
                _ => quantity.info().label.to_string(),
            };
            panels.push(panel(plan, report, analysis, spec, quantity, &conditions, title));
        }
    }
    let width = if panels.len() == 1 { Width::OneColumn } else { Width::TwoColumns };
    let note = format!("Lines: mean over {} repeats; shades: one standard deviation to each side.", analysis.repeats);
    Figure { title: spec.title.clone(), panels, note, width }
}

fn value_text(condition: &Condition, name: &str) -> String {
    condition.values().get(name).map(|value| value.to_text()).unwrap_or_default()
}

fn distinct(values: impl Iterator<Item = String>) -> Vec<String> {
    values.fold(Vec::new(), |mut seen, value| {
        if !seen.contains(&value) {
            seen.push(value);
        }
        seen
    })
}

fn panel(
    plan: &Plan,
    report: &RunReport,
    analysis: &Analysis,
    spec: &FigureSpec,
    quantity: Quantity,
    conditions: &[&Condition],
    title: String,
) -> Panel {
    let colour_names =
        distinct(analysis.conditions.iter().map(|c| spec.by.first().map_or(String::new(), |n| value_text(c, n))));
    let mut panel = Panel {
        title,
        x: Axis { label: if spec.x == XAxis::Epoch { "epoch" } else { "iteration" }.into(), range: None },
        y: Axis { label: axis_label(quantity), range: None },
        series: Vec::new(),
        references: Vec::new(),
        bands: Vec::new(),
    };
    for condition in conditions {
        let name = spec.by.first().map_or(String::new(), |n| value_text(condition, n));
        let hue = colour_names.iter().position(|known| *known == name).unwrap_or_default();
        let layers = quantity.layers(condition);
        for &layer in &layers {
            // Layers are told apart by colour where there are several, conditions otherwise.
            let several = per_layer(analysis, spec);
            let (label, colour) = match layer {
                Some(l) if several => (format!("{name}, layer {l}"), colour_names.len() + l),
                _ => (name.clone(), hue),
            };
            let points = points(plan, report, analysis, condition, spec.x, quantity, layer);
            // An update compared with itself is a flat zero that says nothing.
            let trivial = quantity == Quantity::UpdateAlignment && points.iter().all(|p| p.y.is_none_or(|y| y == 0.0));
            if !trivial {
                panel.series.push(Series { label, colour, dashed: several && hue == 0, points });
            }
        }
        if let (Quantity::WeightAlignment, Condition::Isolate(isolated)) = (quantity, condition)
            && let Some(limit) = linear_limit(isolated)
        {
            let label = format!("{name}: linear limit");
            panel.references.push(Reference { label, y: limit.value, colour: Some(hue) });
        }
    }
    if quantity == Quantity::WeightAlignment {
        panel.bands.extend(null_band(conditions));
    }
    panel
}

/// Whether the figure shows several layers, which then have colours of their own.
fn per_layer(analysis: &Analysis, spec: &FigureSpec) -> bool {
    let layers = |condition| spec.quantities.iter().map(move |q| q.layers(condition).len()).max();
    analysis.conditions.iter().filter_map(layers).max().unwrap_or(0) > 1
}

/// 95 % of the angles of one independent pair, if all weights with a `B` have the same number of entries, and of the
/// smallest, which has the widest, otherwise.
fn null_band(conditions: &[&Condition]) -> Option<Band> {
    let entries = conditions.iter().flat_map(|condition| {
        let sizes = condition.sizes();
        sizes.windows(2).skip(1).map(|n| n[0] * n[1]).collect::<Vec<_>>()
    });
    let [low, high] = WeightNull::new(entries.min()?)?.interval(0.95);
    Some(Band { label: "independent W and B, 95 %".into(), low, high })
}

fn axis_label(quantity: Quantity) -> String {
    let info = quantity.info();
    if info.unit.is_empty() { info.label.into() } else { format!("{} ({})", info.label, info.unit) }
}

/// Mean over repeats with one standard deviation to each side.
fn points(
    plan: &Plan,
    report: &RunReport,
    analysis: &Analysis,
    condition: &Condition,
    x: XAxis,
    quantity: Quantity,
    layer: Option<usize>,
) -> Vec<Point> {
    let mut values: BTreeMap<usize, Vec<Option<f64>>> = BTreeMap::new();
    for result in plan.jobs_of(analysis, condition).filter_map(|job| report.results.get(job)?.as_ref()) {
        for record in result.records.iter().filter(|r| r.quantity == quantity && r.layer == layer) {
            values.entry(record.iteration).or_default().push(record.value);
        }
    }
    let per_unit = if x == XAxis::Epoch { condition.iterations_per_epoch() } else { 1 };
    let point = |(iteration, values): (usize, Vec<Option<f64>>)| {
        let summary = Summary::of(values);
        let band = summary.mean.zip(summary.sd).map(|(mean, sd)| [mean - sd, mean + sd]);
        Point { x: iteration as f64 / per_unit as f64, y: summary.mean, band }
    };
    values.into_iter().map(point).collect()
}

/// Prints the summary: JSON on standard output, or a table.
pub(super) fn print_summary(plan: &Plan, report: &RunReport, figures: &[PathBuf], as_json: bool) -> anyhow::Result<()> {
    let entries = summary(plan, report);
    let place = format!("results in {}", report.directory.display());
    if as_json {
        println!("{}", serde_json::to_string(&json!({ "summary": entries }))?);
        eprintln!("{place}");
    } else {
        print!("{}", table(plan, &entries));
        println!("{place}");
        for figure in figures.iter().filter(|path| path.extension().is_some_and(|e| e == "png")) {
            println!("figure {}", figure.display());
        }
    }
    Ok(())
}

/// The summary for people, within 80 columns where names are short.
fn table(plan: &Plan, entries: &[Entry]) -> String {
    let mut out = String::new();
    for analysis in plan.analyses() {
        let names = if analysis.axes.is_empty() { analysis.columns() } else { analysis.axes.clone() };
        let title = if analysis.title.is_empty() { &analysis.name } else { &analysis.title };
        let unit = match analysis.kind {
            Kind::Isolate => "update",
            Kind::Train => "epoch",
            Kind::Sample => "draws",
        };
        let _ = writeln!(out, "{title}");
        let head = ["condition", unit, "quantity", "mean [95 %]", "n", "predicted", "z null"];
        let mut rows = vec![head.map(String::from)];
        for entry in entries.iter().filter(|entry| entry.analysis == analysis.name) {
            let values: Vec<String> =
                names.iter().filter_map(|name| entry.condition.get(*name)).map(json_text).collect();
            rows.push(row(analysis, entry, values.join(", ")));
        }
        let widths: Vec<usize> =
            (0..head.len()).map(|c| rows.iter().map(|r| r[c].chars().count()).max().unwrap_or(0)).collect();
        for cells in rows {
            let line: Vec<String> = cells.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}")).collect();
            let _ = writeln!(out, "  {}", line.join("  ").trim_end());
        }
    }
    let _ = writeln!(
        out,
        "mean over n repeats, Student's 95 % interval; angles in degrees; z null: standard\n\
         score of the mean against independent W and B, positive if aligned."
    );
    out
}

fn row(analysis: &Analysis, entry: &Entry, condition: String) -> [String; 7] {
    let ready = analysis.conditions.iter().find(|c| c.parameters() == entry.condition);
    let null = ready.zip(entry.layer).filter(|_| entry.quantity == Quantity::WeightAlignment);
    let z = null.and_then(|(c, l)| {
        let sizes = c.sizes();
        Some(WeightNull::new(sizes[l] * sizes[l + 1])?.z(entry.mean?, entry.n))
    });
    let mean = match (entry.mean, entry.ci95) {
        (Some(mean), Some([low, high])) => format!("{mean:.2} [{low:.2}, {high:.2}]"),
        (Some(mean), None) => format!("{mean:.2}"),
        (None, _) => "absent".into(),
    };
    let n = if entry.absent == 0 { entry.n.to_string() } else { format!("{} ({} absent)", entry.n, entry.absent) };
    let layer = entry.layer.map(|l| format!(" {l}")).unwrap_or_default();
    let per_unit = ready.map_or(1, Condition::iterations_per_epoch);
    let when = if entry.iteration.is_multiple_of(per_unit) {
        (entry.iteration / per_unit).to_string()
    } else {
        format!("{:.2}", entry.iteration as f64 / per_unit as f64)
    };
    [
        condition,
        when,
        format!("{}{layer}", entry.quantity.info().label),
        mean,
        n,
        entry.prediction.map_or("-".into(), |p| format!("{p:.2}")),
        z.map_or("-".into(), |z| format!("{z:.1}")),
    ]
}
