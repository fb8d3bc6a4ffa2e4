//! Tables of a run as Parquet: the cells of `series.csv`, `summary.csv` and `comparisons.csv`, with
//! the types of their columns, so that nobody guesses these.

use super::plan::Plan;
use super::series::columns;
use csv::StringRecord;
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError as Refusal;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type as Schema;
use serde_json::{Map, json};
use std::collections::HashMap;
use std::sync::Arc;
use thiserror::Error;

/// Rows that are written at a time, and so of a group that a reader may pass over: few enough for
/// their cells to be held, enough for a column of words to be numbered once.
const ROWS_PER_GROUP: usize = 1 << 17;

/// Key of what the file says of itself, beside those of other programs.
const KEY: &str = "alignscope";

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// Words: UTF-8.
    Text,
    /// Whole numbers: 64 bits with a sign.
    Whole,
    /// Numbers of double precision.
    Real,
}

/// Why a table is not written.
#[derive(Debug, Error)]
pub enum ParquetError {
    /// A cell is not what its column holds.
    #[error("row {row} of column `{column}` holds `{cell}`, where {expected} was expected")]
    Cell {
        /// Its row, from 1.
        row: usize,
        /// Name of its column.
        column: String,
        /// What it holds.
        cell: String,
        /// What it should.
        expected: &'static str,
    },
    /// The rows cannot be read.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// The library that writes the format refuses.
    #[error("cannot write Parquet: {0}")]
    Parquet(#[from] Refusal),
}

/// Columns of tables beside those of the condition, by what they hold.
const WHOLE: [&str; 7] = ["repeat", "iteration", "layer", "lag", "n", "absent", "pairs"];
const REAL: [&str; 9] = [
    "value",
    "mean",
    "sd",
    "low",
    "high",
    "prediction",
    "prediction_bound",
    "difference",
    "standard_errors",
];
const TEXT: [&str; 8] =
    ["analysis", "quantity", "unit", "condition", "parameter", "first", "second", "among"];

/// What a column always holds; `None` of that of a parameter, which its values decide.
fn fixed(name: &str) -> Option<Holds> {
    match name {
        _ if WHOLE.contains(&name) => Some(Holds::Whole),
        _ if REAL.contains(&name) || name.ends_with("_number") => Some(Holds::Real),
        _ if TEXT.contains(&name) => Some(Holds::Text),
        _ => None,
    }
}

/// Beyond this, neighbouring whole numbers are the same in double precision.
const EXACT: i64 = 1 << 53;

/// What a cell would be, taken alone; `inf` and `nan` are words, and so are whole numbers that a
/// column of doubles would change.
fn own(cell: &str) -> Holds {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let is_exact = cell.parse().is_ok_and(|value: i64| (-EXACT..=EXACT).contains(&value));
        return if is_exact { Holds::Whole } else { Holds::Text };
    }
    let is_number = cell.parse().is_ok_and(|value: f64| value.is_finite());
    if is_number { Holds::Real } else { Holds::Text }
}

/// What holds the cells so far and one more.
fn widened(so_far: Option<Holds>, cell: &str) -> Option<Holds> {
    if cell.is_empty() {
        return so_far;
    }
    Some(match (so_far, own(cell)) {
        (None, own) => own,
        (Some(before), own) if before == own => own,
        (Some(Holds::Whole), Holds::Real) | (Some(Holds::Real), Holds::Whole) => Holds::Real,
        _ => Holds::Text,
    })
}

/// Name and type of every column, of a table with these bytes.
fn typed(csv: &[u8]) -> Result<Vec<(String, Holds)>, ParquetError> {
    let mut reader = csv::Reader::from_reader(csv);
    let names: Vec<String> = reader.headers()?.iter().map(String::from).collect();
    let mut of_values: Vec<Option<Holds>> = vec![None; names.len()];
    let open: Vec<usize> = (0..names.len()).filter(|&c| fixed(&names[c]).is_none()).collect();
    let mut row = StringRecord::new();
    while !open.is_empty() && reader.read_record(&mut row)? {
        for &column in &open {
            of_values[column] = widened(of_values[column], &row[column]);
        }
    }
    let holds = |(name, found): (String, Option<Holds>)| {
        let holds = fixed(&name).or(found).unwrap_or(Holds::Text);
        (name, holds)
    };
    let mut columns: Vec<_> = names.into_iter().zip(of_values).map(holds).collect();
    // Names are unique in Parquet; that of a parameter (the layer that a replay is of) comes first.
    for column in 0..columns.len() {
        let (before, after) = columns.split_at_mut(column + 1);
        if let Some((name, _)) = before.last_mut()
            && after.iter().any(|(later, _)| later == name)
        {
            name.insert_str(0, "parameter_");
        }
    }
    Ok(columns)
}

/// Cells of a column: those that are not empty, and for every row whether it has one.
#[derive(Default)]
struct Cells {
    words: Vec<ByteArray>,
    whole: Vec<i64>,
    real: Vec<f64>,
    has: Vec<i16>,
    /// Words that were met, each stored once: a column repeats few.
    known: HashMap<String, ByteArray>,
}

impl Cells {
    /// Adds a cell; what was expected where it is something else.
    fn push(&mut self, holds: Holds, cell: &str) -> Result<(), &'static str> {
        self.has.push(i16::from(!cell.is_empty()));
        if cell.is_empty() {
            return Ok(());
        }
        match holds {
            Holds::Text => {
                let word = match self.known.get(cell) {
                    Some(known) => known.clone(),
                    None => {
                        let new = ByteArray::from(cell);
                        self.known.insert(cell.into(), new.clone());
                        new
                    }
                };
                self.words.push(word);
            }
            Holds::Whole => self.whole.push(cell.parse().map_err(|_| "a whole number")?),
            Holds::Real => self.real.push(cell.parse().map_err(|_| "a number")?),
        }
        Ok(())
    }

    /// Writes them, and forgets them.
    fn write(&mut self, to: &mut ColumnWriter<'_>) -> Result<(), Refusal> {
        let has = Some(self.has.as_slice());
        match to {
            ColumnWriter::Int64ColumnWriter(to) => to.write_batch(&self.whole, has, None)?,
            ColumnWriter::DoubleColumnWriter(to) => to.write_batch(&self.real, has, None)?,
            ColumnWriter::ByteArrayColumnWriter(to) => to.write_batch(&self.words, has, None)?,
            _ => return Err(Refusal::General("a column of another type".into())),
        };
        self.words.clear();
        self.whole.clear();
        self.real.clear();
        self.has.clear();
        Ok(())
    }
}

/// Types of the columns, each of which may have gaps.
fn schema(columns: &[(String, Holds)]) -> Result<Schema, Refusal> {
    let fields = columns.iter().map(|(name, holds)| {
        let (physical, logical) = match holds {
            Holds::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Holds::Whole => (Physical::INT64, None),
            Holds::Real => (Physical::DOUBLE, None),
        };
        let field = Schema::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical);
        Ok(Arc::new(field.build()?))
    });
    Schema::group_type_builder("table").with_fields(fields.collect::<Result<_, Refusal>>()?).build()
}

/// What the file says of itself: who wrote it, of which results, and what its columns hold.
fn about(plan: &Plan, names: &[(String, Holds)]) -> KeyValue {
    let described: Map<_, _> = columns(plan)
        .into_iter()
        .filter(|(name, _)| names.iter().any(|(known, _)| known == name))
        .map(|(name, about)| (name.to_string(), json!(about)))
        .collect();
    let about = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "address": plan.address(),
        "columns": described,
    });
    KeyValue::new(KEY.to_string(), about.to_string())
}

/// Writes the cells that were gathered as a group of rows.
fn write_rows(
    mut group: SerializedRowGroupWriter<'_, Vec<u8>>,
    cells: &mut [Cells],
) -> Result<(), Refusal> {
    for column in cells {
        let mut writer =
            group.next_column()?.ok_or_else(|| Refusal::General("too few columns".into()))?;
        column.write(writer.untyped())?;
        writer.close()?;
    }
    group.close().map(|_| ())
}

/// The Parquet file of a table, from the bytes of its CSV file: the same rows, columns and words,
/// and no value where a cell is empty. Numbers are the same to the last bit, as CSV has every digit
/// of them. A column of a parameter holds whole numbers where all of its values are, numbers where
/// all are, and words otherwise.
///
/// # Errors
/// If a cell is not what its column holds, or the file would be none.
pub fn parquet_table(plan: &Plan, csv: &[u8]) -> Result<Vec<u8>, ParquetError> {
    let columns = typed(csv)?;
    let properties = WriterProperties::builder()
        .set_key_value_metadata(Some(vec![about(plan, &columns)]))
        .build();
    let schema = Arc::new(schema(&columns)?);
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let mut cells: Vec<Cells> = columns.iter().map(|_| Cells::default()).collect();
    let mut reader = csv::Reader::from_reader(csv);
    let (mut row, mut rows) = (StringRecord::new(), 0);
    while reader.read_record(&mut row)? {
        rows += 1;
        for ((cell, into), (name, holds)) in row.iter().zip(&mut cells).zip(&columns) {
            into.push(*holds, cell).map_err(|expected| ParquetError::Cell {
                row: rows,
                column: name.clone(),
                cell: cell.into(),
                expected,
            })?;
        }
        if rows.is_multiple_of(ROWS_PER_GROUP) {
            write_rows(writer.next_row_group()?, &mut cells)?;
        }
    }
    if !rows.is_multiple_of(ROWS_PER_GROUP) {
        write_rows(writer.next_row_group()?, &mut cells)?;
    }
    Ok(writer.into_inner()?)
}

#[cfg(test)]
mod tests;
