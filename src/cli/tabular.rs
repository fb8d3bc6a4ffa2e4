//! What a run comes to, as summaries and as tables in other formats than CSV.

use super::exit::UsageError;
use crate::condition::Condition;
use crate::experiment::expect;
use crate::run::{Entry, Plan, Results, RunReport, TableFile, summarise, write_table};
#[cfg(feature = "parquet")]
use crate::run::{comparisons_table, differences, parquet_table, series, summary_table};
use crate::spec::Analysis;

/// Summary entries of results, with predictions.
pub(super) fn summary(results: Results<'_>) -> Vec<Entry> {
    let predict = |analysis: &Analysis, condition: &Condition, quantity, layer, iteration| {
        expect(condition, quantity, layer, iteration, analysis.settings.predict)
    };
    summarise(results, &predict)
}

/// Brings Parquet tables of a run that has ended up to date, where it has any.
pub(super) fn again(plan: &Plan, report: &RunReport) -> anyhow::Result<()> {
    let old: Vec<&str> = TableFile::PARQUET
        .iter()
        .map(|table| table.name())
        .filter(|name| report.directory.join(name).is_file())
        .collect();
    if old.is_empty() {
        return Ok(());
    }
    if check_built().is_err() {
        let (names, place) = (old.join(", "), report.directory.display());
        tell!(
            "warning: {names} in {place}: written before this run, and not again, as this program \
             was built without Parquet: remove them, or write them by a program built with \
             `--features parquet`"
        );
        return Ok(());
    }
    for (table, bytes) in parquet(Results::new(plan, &report.results))? {
        write_table(&report.directory, table, &bytes)?;
    }
    Ok(())
}

/// Whether this program can write Parquet.
#[cfg(feature = "parquet")]
pub(super) fn check_built() -> Result<(), UsageError> {
    Ok(())
}

/// Whether this program can write Parquet, which takes more crates than all else that is optional.
#[cfg(not(feature = "parquet"))]
pub(super) fn check_built() -> Result<(), UsageError> {
    let how = "build it with `cargo install --path . --features parquet`, or let Python write it: \
               `pandas.read_csv(\"RUN/series.csv\").to_parquet(\"series.parquet\")`";
    Err(UsageError(format!("this program was built without Parquet: {how}")))
}

/// The tables as Parquet.
#[cfg(feature = "parquet")]
pub(super) fn parquet(results: Results<'_>) -> anyhow::Result<Vec<(TableFile, Vec<u8>)>> {
    let plan = results.plan();
    let mut tables = vec![
        (TableFile::SeriesParquet, series(results)?),
        (TableFile::SummaryParquet, summary_table(plan, &summary(results))?),
    ];
    if plan.analyses().any(|analysis| !analysis.settings.compare.is_empty()) {
        let compared = comparisons_table(&differences(results))?;
        tables.push((TableFile::ComparisonsParquet, compared));
    }
    let written = tables.into_iter().map(|(table, csv)| Ok((table, parquet_table(plan, &csv)?)));
    written.collect()
}

/// None: [`check_built`] comes first.
#[cfg(not(feature = "parquet"))]
pub(super) fn parquet(_: Results<'_>) -> anyhow::Result<Vec<(TableFile, Vec<u8>)>> {
    Ok(Vec::new())
}
