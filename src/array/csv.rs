//! Signals as tables: `iteration,sample,unit_0,unit_1,...`, a row per iteration and sample. Matrices as tables without
//! a header.

use super::npy::store;
use super::{Array, ArrayError, check_size};
use std::fs::File;
use std::path::Path;

/// Reads a table of every iteration and sample, in this order, each from 0; or, if its first line holds numbers alone,
/// a matrix.
///
/// # Errors
/// If the file cannot be read, and with its line, whatever is ragged, missing, out of order or no finite number.
pub fn read_csv(path: &Path) -> Result<Array, ArrayError> {
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).from_path(path).map_err(|e| failed(path, e))?;
    let header = reader.headers().map_err(|e| failed(path, e))?.clone();
    let is_number = |cell: &str| cell.trim().parse::<f64>().is_ok();
    if !header.is_empty() && header.iter().all(is_number) {
        matrix(path, reader)
    } else {
        signal(path, reader, &header)
    }
}

/// Reads a matrix, whose first line the reader takes for a header.
fn matrix(path: &Path, mut reader: ::csv::Reader<File>) -> Result<Array, ArrayError> {
    let wrong = |line: u64, why: String| ArrayError::Line { path: path.into(), line, why };
    let first = reader.headers().map_err(|e| failed(path, e))?.clone();
    let (mut data, mut rows) = (Vec::new(), 0);
    for record in std::iter::once(Ok(first.clone())).chain(reader.records()) {
        let record = record.map_err(|e| failed(path, e))?;
        let line = record.position().map_or(1, ::csv::Position::line);
        if record.len() != first.len() {
            return Err(wrong(line, format!("{} cells, expected {}", record.len(), first.len())));
        }
        for (column, text) in record.iter().enumerate() {
            let value = finite(text);
            data.push(
                value.ok_or_else(|| wrong(line, format!("column {column} is `{text}`, expected a finite number")))?,
            );
        }
        check_size(path, data.len() as u128)?;
        rows += 1;
    }
    Ok(Array { shape: vec![rows, first.len()], data })
}

fn finite(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|v: &f64| v.is_finite())
}

fn signal(path: &Path, mut reader: ::csv::Reader<File>, header: &::csv::StringRecord) -> Result<Array, ArrayError> {
    let wrong = |line: u64, why: String| ArrayError::Line { path: path.into(), line, why };
    let units = header.len().saturating_sub(2);
    let expected = |i: usize| match i {
        0 => "iteration".to_string(),
        1 => "sample".into(),
        _ => format!("unit_{}", i - 2),
    };
    if units == 0 || header.iter().enumerate().any(|(i, name)| name.trim() != expected(i)) {
        return Err(wrong(
            1,
            "expected the columns iteration,sample,unit_0,unit_1,..., or numbers alone for a matrix".into(),
        ));
    }
    let (mut data, mut samples, mut rows) = (Vec::new(), None, 0usize);
    for record in reader.records() {
        let record = record.map_err(|e| failed(path, e))?;
        let line = record.position().map_or(0, ::csv::Position::line);
        if record.len() != header.len() {
            return Err(wrong(line, format!("{} cells, expected {}", record.len(), header.len())));
        }
        let whole = |i: usize| record[i].trim().parse::<usize>().ok();
        // The first iteration tells how many samples there are.
        if samples.is_none() && rows > 0 && whole(0) == Some(1) {
            samples = Some(rows);
        }
        let place = samples.map_or((0, rows), |samples| (rows / samples, rows % samples));
        if (whole(0), whole(1)) != (Some(place.0), Some(place.1)) {
            let found = format!("iteration {}, sample {}", &record[0], &record[1]);
            let why = format!("found {found}, expected iteration {}, sample {} here", place.0, place.1);
            return Err(wrong(line, why));
        }
        for (unit, text) in record.iter().skip(2).enumerate() {
            let value = finite(text);
            data.push(value.ok_or_else(|| wrong(line, format!("unit_{unit} is `{text}`, expected a finite number")))?);
        }
        check_size(path, data.len() as u128)?;
        rows += 1;
    }
    let samples = samples.unwrap_or(rows);
    if rows == 0 || !rows.is_multiple_of(samples) {
        let why = format!("{rows} rows of {samples} samples per iteration: the last iteration is cut short");
        return Err(wrong(rows as u64 + 1, if rows == 0 { "no rows".into() } else { why }));
    }
    Ok(Array { shape: vec![rows / samples, samples, units], data })
}

fn failed(path: &Path, error: ::csv::Error) -> ArrayError {
    match error.into_kind() {
        ::csv::ErrorKind::Io(source) => ArrayError::File { action: "read", path: path.into(), source },
        kind => ArrayError::Damaged { path: path.into(), format: ".csv", why: format!("{kind:?}") },
    }
}

/// Writes a signal of iterations x samples x units as such a table, whole or not at all.
///
/// # Errors
/// If the file cannot be written, or the array has not three dimensions.
pub fn write_csv(path: &Path, array: &Array) -> Result<(), ArrayError> {
    let &[_, samples, units] = &array.shape[..] else {
        let why = format!("{:?} are not three dimensions", array.shape);
        return Err(ArrayError::Damaged { path: path.into(), format: ".csv", why });
    };
    let refuse = |error: ::csv::Error| failed(path, error);
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    let header = ["iteration".to_string(), "sample".into()];
    writer.write_record(header.into_iter().chain((0..units).map(|u| format!("unit_{u}")))).map_err(refuse)?;
    for (row, values) in array.data.chunks_exact(units.max(1)).enumerate() {
        let place = [(row / samples).to_string(), (row % samples).to_string()];
        writer.write_record(place.into_iter().chain(values.iter().map(ToString::to_string))).map_err(refuse)?;
    }
    let bytes = writer.into_inner().map_err(|error| ArrayError::File {
        action: "write",
        path: path.into(),
        source: error.into_error(),
    })?;
    store(path, &bytes)
}
