//! What measuring subcommands leave behind: figures, tables, JSON.

use super::gallery::{Gallery, files, pictures};
use super::table::{comparisons, table, width as table_width};
use super::tabular::{again, summary};
use crate::figure::{Figure, Format, compose};
use crate::file::quote::operand;
use crate::file::{make_directory, write_atomically};
use crate::run::{
    Difference, Entry, Plan, Results, RunReport, Shard, TableFile, comparisons_table, differences,
    flags, silenced, summary_table, write_table,
};
use clap::ArgMatches;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

/// Formats of figures, unless others are asked for.
pub(super) const ON_PAGES: [Format; 2] = [Format::Svg, Format::Png];

/// Draws every figure of the specs into `figures/` of the run directory: SVG, PNG and the CSV
/// behind them. Figures of others that are damaged make the report say so.
pub(super) fn write_figures(plan: &Plan, report: &mut RunReport) -> anyhow::Result<Vec<PathBuf>> {
    let specs: Vec<_> =
        plan.analyses().flat_map(|a| a.figures.iter().map(move |f| (a, f))).collect();
    if specs.is_empty() {
        return Ok(Vec::new());
    }
    let results = Results::new(plan, &report.results);
    let mut gallery = Gallery::open(&report.directory)?;
    let mut written = Vec::new();
    for (analysis, spec) in specs {
        let figure = compose(results, analysis, spec);
        written.extend(gallery.draw(&spec.name, &figure, &ON_PAGES)?);
    }
    report.damaged.extend(gallery.close()?);
    Ok(written)
}

/// Tells of damaged files that are left; gives whether there are none.
pub(super) fn tell_damaged(damaged: &[String]) -> bool {
    for damage in damaged {
        tell!("error: {damage}");
    }
    damaged.is_empty()
}

/// Draws a figure into a directory, with the CSV behind it.
pub(super) fn draw(
    directory: &Path,
    name: &str,
    figure: &Figure,
    formats: &[Format],
) -> anyhow::Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for (name, bytes) in files(name, figure, formats)? {
        let path = directory.join(name);
        write_atomically(&path, &bytes)?;
        written.push(path);
    }
    Ok(written)
}

/// Writes the pictures of a figure.
pub(super) fn write_figure(
    directory: &Path,
    name: &str,
    figure: &Figure,
    formats: &[Format],
) -> anyhow::Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for (name, bytes) in pictures(name, figure, formats)? {
        let path = directory.join(name);
        write_atomically(&path, &bytes)?;
        written.push(path);
    }
    Ok(written)
}

/// The output directory of a command that is no run: new, empty, or of the same request.
pub(super) fn directory(
    matches: &ArgMatches,
    command: &str,
    parameters: &Json,
) -> anyhow::Result<PathBuf> {
    let text = format!("{parameters:#}\n");
    let address = blake3::hash(text.as_bytes()).to_hex();
    let default = || PathBuf::from("runs").join(format!("{command}-{}", &address[..8]));
    let directory = matches.get_one::<PathBuf>("out").cloned().unwrap_or_else(default);
    let manifest = directory.join(format!("{command}.json"));
    let occupied = std::fs::read_dir(&directory).is_ok_and(|mut entries| entries.next().is_some());
    if occupied && std::fs::read_to_string(&manifest).ok().as_deref() != Some(text.as_str()) {
        anyhow::bail!(
            "{} is not empty and holds something else than these {command}: choose another \
             directory with --out",
            directory.display()
        );
    }
    make_directory(&directory)?;
    write_atomically(&manifest, text.as_bytes())?;
    Ok(directory)
}

/// Writes `summary.csv`, and `comparisons.csv` where conditions are compared, beside the results.
fn write_tables(
    plan: &Plan,
    report: &RunReport,
    entries: &[Entry],
    compared: &[Difference],
) -> anyhow::Result<()> {
    write_table(&report.directory, TableFile::Summary, &summary_table(plan, entries)?)?;
    if plan.analyses().any(|analysis| !analysis.settings.compare.is_empty()) {
        write_table(&report.directory, TableFile::Comparisons, &comparisons_table(compared)?)?;
    }
    again(plan, report)
}

/// Writes the tables of a run anew where it has any, so that they are of the results that there are
/// now.
pub(super) fn renew_tables(plan: &Plan, report: &RunReport) -> anyhow::Result<()> {
    if !report.directory.join(TableFile::Summary.name()).exists() {
        return Ok(());
    }
    let results = Results::new(plan, &report.results);
    write_tables(plan, report, &summary(results), &differences(results))
}

/// Fewest repeats whose intervals need no remark.
const FEW: usize = 5;

/// Says what a reader of the summary has to know.
fn warn(plan: &Plan, report: &RunReport) {
    const SHOWN: usize = 8;
    let results = Results::new(plan, &report.results);
    let mut warnings: Vec<String> = flags(results).iter().map(ToString::to_string).collect();
    warnings.extend(silenced(results).iter().map(ToString::to_string));
    let few = plan.analyses().filter(|analysis| analysis.settings.repeats < FEW);
    let few: Vec<String> = few
        .map(|analysis| format!("`{}` ({})", analysis.name, analysis.settings.repeats))
        .collect();
    if !few.is_empty() {
        warnings.push(format!(
            "fewer than {FEW} repeats of {}: intervals of so few are wide, and hold only where \
             values are normal; more are added by `alignscope run {} --repeats {}`",
            few.join(", "),
            operand(&report.directory),
            2 * FEW
        ));
    }
    warnings.iter().take(SHOWN).for_each(|warning| tell!("warning: {warning}"));
    if warnings.len() > SHOWN {
        tell!(
            "warning: and {} more; those of validity are listed in manifest.json under flags",
            warnings.len() - SHOWN
        );
    }
}

/// Writes the tables of a run and prints them: JSON on standard output, or text.
pub(super) fn print_summary(
    plan: &Plan,
    report: &RunReport,
    figures: &[PathBuf],
    as_json: bool,
) -> anyhow::Result<()> {
    let results = Results::new(plan, &report.results);
    let (entries, compared) = (summary(results), differences(results));
    write_tables(plan, report, &entries, &compared)?;
    warn(plan, report);
    let place = format!("results in {}", report.directory.display());
    if as_json {
        let mut json = json!({ "summary": entries });
        if !compared.is_empty() {
            json["comparisons"] = json!(compared);
        }
        say!("{}", serde_json::to_string(&json)?);
        tell!("{place}");
    } else {
        super::print::print(format_args!("{}", table(plan, &entries, table_width())));
        super::print::print(format_args!("{}", comparisons(&compared, table_width())));
        say!("{place}");
        for figure in figures.iter().filter(|path| path.extension().is_some_and(|e| e == "png")) {
            say!("figure {}", figure.display());
        }
    }
    Ok(())
}

/// Jobs finished, and all, of a shard or of the whole.
pub(super) fn share(plan: &Plan, report: &RunReport, shard: Option<Shard>) -> [usize; 2] {
    let jobs = (0..plan.jobs.len()).filter(|&job| shard.is_none_or(|shard| shard.has(job)));
    jobs.fold([0, 0], |[done, all], job| {
        [done + usize::from(report.results[job].is_some()), all + 1]
    })
}

/// Prints how far a shard is: JSON on standard output, or a line.
pub(super) fn print_shard(
    plan: &Plan,
    report: &RunReport,
    shard: Shard,
    as_json: bool,
) -> anyhow::Result<()> {
    let ([done, all], directory) = (share(plan, report, Some(shard)), report.directory.display());
    if as_json {
        let found = json!({ "shard": shard.to_string(), "jobs": all, "finished": done, "ended": report.ended.as_str() });
        say!("{}", serde_json::to_string(&found)?);
    } else {
        say!("shard {shard}: {done} of its {all} jobs are done, {} in all shards", plan.jobs.len());
    }
    tell!("results in {directory}; `alignscope merge OUT DIR...` combines shards");
    Ok(())
}
