//! What measuring subcommands leave behind: figures, tables, JSON.

use crate::analysis::{Analysis, Condition, Entry, FileError, Kind, Plan, Quantity, RunReport};
use crate::analysis::{json_text, summarise, write_atomically};
use crate::experiment::Predictor;
use crate::figure::{Results, compose, render};
use crate::measure::null::WeightNull;
use serde_json::json;
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
    let results = Results { plan, results: &report.results };
    let mut written = Vec::new();
    for (analysis, spec) in plan.analyses().flat_map(|a| a.figures.iter().map(move |f| (a, f))) {
        std::fs::create_dir_all(&directory).map_err(|e| FileError::new("make the directory", &directory, e))?;
        let figure = compose(results, analysis, spec);
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
        let head = ["condition", unit, "quantity", "mean [95 %]", "n", "predicted", "off (se)", "z null"];
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
        "mean over n repeats, Student's 95 % interval; angles in degrees; off: measured minus predicted\n\
         (in standard errors); z null: standard score of the mean against independent W and B, positive if aligned."
    );
    out
}

fn row(analysis: &Analysis, entry: &Entry, condition: String) -> [String; 8] {
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
        entry.discrepancy.map_or("-".into(), |d| match d.standard_errors {
            Some(errors) => format!("{:+.2} ({errors:+.1})", d.difference),
            None => format!("{:+.2}", d.difference),
        }),
        z.map_or("-".into(), |z| format!("{z:.1}")),
    ]
}
