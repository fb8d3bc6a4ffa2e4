//! `summary.csv` and `comparisons.csv`: what was summarised and compared, a row each, for R, pandas
//! and spreadsheets.

use super::comparison::Difference;
use super::files::TableFile;
use super::plan::Plan;
use super::series::condition_columns;
use super::summary::Entry;
use crate::condition::{Kind, parameters};
use crate::file::{Checksums, FileError, Ledger, cell, write_atomically};
use crate::text::json_text;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Writes a table into the directory of a run that has ended, and its checksum into the list there.
///
/// # Errors
/// If either cannot be written.
pub fn write_table(run: &Path, table: TableFile, bytes: &[u8]) -> Result<(), FileError> {
    let name = table.name();
    let ledger = Ledger::new(run, Checksums::read(run)?);
    ledger.note(&[(name.to_string(), blake3::hash(bytes))])?;
    write_atomically(&run.join(name), bytes)?;
    ledger.settle()
}

/// Columns after those of the condition.
const MEASURED: [&str; 16] = [
    "iteration",
    "layer",
    "lag",
    "quantity",
    "unit",
    "n",
    "absent",
    "mean",
    "sd",
    "low",
    "high",
    "prediction",
    "prediction_bound",
    "difference",
    "standard_errors",
    "condition",
];

/// Text of a number, or nothing.
fn number(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map(|value| format!("{value:?}")).unwrap_or_default()
}

fn whole(value: Option<usize>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// The number that stands for a value of a parameter: itself, the coefficient of a form, the number
/// of hidden layers.
fn coordinate(kind: Kind, name: &str, text: &str) -> Option<f64> {
    let known = parameters(kind).iter().find(|parameter| parameter.facts().name == name)?;
    known.read(text).ok()?.coordinate()
}

/// A varied or headline parameter, and whether a column of numbers stands beside that of its
/// values.
struct Column {
    name: &'static str,
    with_number: bool,
}

/// The columns of the parameters of conditions.
struct ParameterColumns<'a> {
    plan: &'a Plan,
    /// Parameters by the analysis that they stand for: of another they stay empty, as in series.csv.
    shown: BTreeMap<&'a str, Vec<&'a str>>,
    columns: Vec<Column>,
}

impl<'a> ParameterColumns<'a> {
    fn new(plan: &'a Plan, entries: &[Entry]) -> Self {
        let shown = plan.analyses().map(|analysis| (analysis.name.as_str(), analysis.columns()));
        let mut all = Self { plan, shown: shown.collect(), columns: Vec::new() };
        let names = condition_columns(plan).into_iter().map(|facts| facts.name);
        all.columns =
            names.map(|name| Column { name, with_number: all.has_number(name, entries) }).collect();
        all
    }

    /// Whether some values are words, and numbers stand for some.
    fn has_number(&self, name: &str, entries: &[Entry]) -> bool {
        let is_word = |text: &str| !text.is_empty() && text.parse::<f64>().is_err();
        let texts: BTreeSet<(&str, String)> = entries
            .iter()
            .map(|entry| (entry.analysis.as_str(), self.text_of(entry, name)))
            .collect();
        let stands =
            |(analysis, text): &(&str, String)| coordinate(self.kind_of(analysis)?, name, text);
        texts.iter().any(|(_, text)| is_word(text))
            && texts.iter().any(|text| stands(text).is_some())
    }

    fn kind_of(&self, analysis: &str) -> Option<Kind> {
        self.plan.analyses().find(|known| known.name == analysis).map(|known| known.kind)
    }

    fn text_of(&self, entry: &Entry, name: &str) -> String {
        let is_shown =
            self.shown.get(entry.analysis.as_str()).is_some_and(|names| names.contains(&name));
        entry.condition.get(name).filter(|_| is_shown).map(json_text).unwrap_or_default()
    }

    /// The fields of an entry.
    fn write(&self, entry: &Entry, writer: &mut csv::Writer<Vec<u8>>) -> Result<(), csv::Error> {
        let kind = self.kind_of(&entry.analysis);
        for Column { name, with_number } in &self.columns {
            let text = self.text_of(entry, name);
            writer.write_field(&*cell(&text))?;
            if *with_number {
                writer.write_field(number(kind.and_then(|kind| coordinate(kind, name, &text))))?;
            }
        }
        Ok(())
    }
}

/// The fields of an entry after those of its condition.
fn measured(entry: &Entry) -> [String; MEASURED.len()] {
    let [low, high] = entry.ci95.map_or([None; 2], |ends| ends.map(Some));
    let off = entry.discrepancy;
    [
        entry.iteration.to_string(),
        whole(entry.layer),
        whole(entry.lag),
        entry.quantity.name().into(),
        entry.quantity.info().unit.into(),
        entry.n.to_string(),
        entry.absent.to_string(),
        number(entry.mean),
        number(entry.sd),
        number(low),
        number(high),
        number(entry.prediction),
        number(entry.prediction_bound),
        number(off.map(|off| off.difference)),
        number(off.and_then(|off| off.standard_errors)),
        cell(&entry.label).into_owned(),
    ]
}

/// `summary.csv`: an entry a row. A parameter whose values are numbers has them; of one whose
/// values are words that numbers stand for, these are in a column `NAME_number` beside it.
///
/// # Errors
/// If a row cannot be written, which memory alone can cause.
pub fn summary_table(plan: &Plan, entries: &[Entry]) -> Result<Vec<u8>, std::io::Error> {
    let parameters = ParameterColumns::new(plan, entries);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_field("analysis")?;
    for Column { name, with_number } in &parameters.columns {
        writer.write_field(name)?;
        if *with_number {
            writer.write_field(format!("{name}_number"))?;
        }
    }
    writer.write_record(MEASURED)?;
    for entry in entries {
        writer.write_field(&*cell(&entry.analysis))?;
        parameters.write(entry, &mut writer)?;
        writer.write_record(measured(entry))?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

/// `comparisons.csv`: a difference a row.
///
/// # Errors
/// As [`summary_table`].
pub fn comparisons_table(differences: &[Difference]) -> Result<Vec<u8>, std::io::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "analysis",
        "parameter",
        "first",
        "second",
        "among",
        "iteration",
        "layer",
        "lag",
        "quantity",
        "unit",
        "pairs",
        "difference",
        "sd",
        "low",
        "high",
    ])?;
    for difference in differences {
        let [low, high] = difference.ci95.map_or([None; 2], |ends| ends.map(Some));
        writer.write_record([
            cell(&difference.analysis).into_owned(),
            difference.parameter.clone(),
            cell(&difference.first).into_owned(),
            cell(&difference.second).into_owned(),
            cell(&difference.among).into_owned(),
            difference.iteration.to_string(),
            whole(difference.layer),
            whole(difference.lag),
            difference.quantity.name().into(),
            difference.quantity.info().unit.into(),
            difference.pairs.to_string(),
            number(difference.difference),
            number(difference.sd),
            number(low),
            number(high),
        ])?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}
