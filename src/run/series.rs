//! `series.csv`: every recorded value, in long form.

use super::plan::Plan;
use super::results::Results;
use crate::condition::{Condition, columns_in_order};
use crate::file::cell;
use crate::text::Facts;

/// Columns after the condition's.
const LAST_COLUMNS: [(&str, &str); 6] = [
    ("repeat", "Repeat of the condition, from 0"),
    (
        "iteration",
        "The state after this many updates; of kind sample, the draw, or the rank of an eigenvalue",
    ),
    ("layer", "Layer of W_l, from 0; empty for the network as a whole"),
    ("lag", "Lag in iterations, of what is measured at several; empty otherwise"),
    ("quantity", "What was measured"),
    ("value", "The value; empty where there is none"),
];

/// Parameters that have a column.
pub(super) fn condition_columns(plan: &Plan) -> Vec<&'static Facts> {
    let wanted: Vec<&str> = plan.analyses().flat_map(|analysis| analysis.columns()).collect();
    columns_in_order().iter().filter(|facts| wanted.contains(&facts.name)).collect()
}

/// Every column with its description, for the data dictionary.
pub fn columns(plan: &Plan) -> Vec<(&'static str, &'static str)> {
    let described = condition_columns(plan).into_iter().map(|facts| (facts.name, facts.help));
    [("analysis", "Name of the analysis")]
        .into_iter()
        .chain(described)
        .chain(LAST_COLUMNS)
        .collect()
}

/// The file's bytes, from the results there are.
///
/// # Errors
/// If a row cannot be written, which memory alone can cause.
pub fn series(results: Results<'_>) -> Result<Vec<u8>, std::io::Error> {
    let plan = results.plan();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns(plan).iter().map(|(name, _)| name))?;
    let names: Vec<&str> = condition_columns(plan).into_iter().map(|facts| facts.name).collect();
    let texts = |condition: &Condition| -> Vec<String> {
        let values = condition.values();
        names
            .iter()
            .map(|name| values.get(name).map(|value| value.to_text()).unwrap_or_default())
            .collect()
    };
    for planned in plan.planned() {
        let Some(result) = results.of(planned.job) else { continue };
        let shown = planned.analysis.columns();
        let mut start = vec![cell(&planned.analysis.name).into_owned()];
        // A column that stands for another analysis stays empty, even where this one has the
        // parameter.
        let cells = texts(planned.condition).into_iter().zip(&names);
        start.extend(cells.map(|(text, name)| {
            if shown.contains(name) { cell(&text).into_owned() } else { String::new() }
        }));
        start.push(planned.repeat.to_string());
        for record in &result.records {
            for cell in &start {
                writer.write_field(cell)?;
            }
            writer.write_field(record.iteration.to_string())?;
            writer.write_field(record.layer.map(|layer| layer.to_string()).unwrap_or_default())?;
            writer.write_field(record.lag.map(|lag| lag.to_string()).unwrap_or_default())?;
            writer.write_field(record.quantity.name())?;
            writer
                .write_field(record.value.map(|value| format!("{value:?}")).unwrap_or_default())?;
            writer.write_record(None::<&[u8]>)?;
        }
    }
    writer.into_inner().map_err(|error| error.into_error())
}
