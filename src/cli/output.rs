//! What measuring subcommands leave behind: figures, tables, JSON.

use super::table::table;
use crate::analysis::{Analysis, Condition, Entry, FileError, Plan, RunReport, flags, summarise, write_atomically};
use crate::experiment::Predictor;
use crate::figure::{Results, compose, render};
use serde_json::json;
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
    const SHOWN: usize = 8;
    let flags = flags(plan, &report.results);
    for flag in flags.iter().take(SHOWN) {
        eprintln!("warning: {flag}");
    }
    if flags.len() > SHOWN {
        eprintln!("warning: and {} more, listed in manifest.json under flags", flags.len() - SHOWN);
    }
    let place = format!("results in {}", report.directory.display());
    if as_json {
        say!("{}", serde_json::to_string(&json!({ "summary": entries }))?);
        eprintln!("{place}");
    } else {
        super::print(format_args!("{}", table(plan, &entries)));
        say!("{place}");
        for figure in figures.iter().filter(|path| path.extension().is_some_and(|e| e == "png")) {
            say!("figure {}", figure.display());
        }
    }
    Ok(())
}
