//! What the crate's own reader finds in files that were written here.

use super::super::execute::tests::{fake, options, plan_of};
use super::super::execute::{Runner, run};
use super::super::results::Results;
use super::super::series::series;
use super::*;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use std::fs::File;
use std::io::Write as _;
use tempfile::TempDir;

/// Columns with their types, and rows.
type Read = (Vec<(String, Physical)>, Vec<Vec<Field>>);

fn read(bytes: &[u8]) -> (Read, String) {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let reader: SerializedFileReader<File> = SerializedFileReader::new(file).unwrap();
    let metadata = reader.metadata().file_metadata();
    let fields = metadata.schema_descr().columns().iter();
    let columns = fields.map(|field| (field.name().to_string(), field.physical_type())).collect();
    let about = metadata.key_value_metadata().unwrap();
    let about = about.iter().find(|entry| entry.key == KEY).unwrap().value.clone().unwrap();
    let rows = reader.get_row_iter(None).unwrap().map(|row| {
        let row = row.unwrap();
        row.get_column_iter().map(|(_, field)| field.clone()).collect()
    });
    ((columns, rows.collect()), about)
}

fn table(csv: &str) -> Read {
    read(&parquet_table(&plan_of(&[]), csv.as_bytes()).unwrap()).0
}

#[test]
fn the_series_of_a_run_comes_back_to_the_last_bit() {
    let here = TempDir::new().unwrap();
    let plan = plan_of(&[("activity", "ar1:0.5")]);
    let report = run(&plan, &options(here.path(), 1), &fake as &Runner<'_>).unwrap();
    let csv = series(Results::new(&plan, &report.results)).unwrap();
    let written = parquet_table(&plan, &csv).unwrap();
    assert_eq!(written, parquet_table(&plan, &csv).unwrap());
    let ((columns, rows), about) = read(&written);
    let mut reader = csv::Reader::from_reader(csv.as_slice());
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, reader.headers().unwrap().iter().collect::<Vec<_>>());
    let records: Vec<StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), rows.len());
    let mut gaps = 0;
    for (record, row) in records.iter().zip(&rows) {
        for (cell, field) in record.iter().zip(row) {
            match field {
                Field::Null => assert_eq!(cell, ""),
                Field::Str(text) => assert_eq!(cell, text),
                Field::Long(whole) => assert_eq!(cell, whole.to_string()),
                Field::Double(value) => {
                    assert_eq!(cell.parse::<f64>().unwrap().to_bits(), value.to_bits());
                }
                other => panic!("{cell}: {other:?}"),
            }
            gaps += usize::from(*field == Field::Null);
        }
    }
    assert!(gaps > 0 && gaps < rows.len() * columns.len());
    let type_of = |name: &str| columns.iter().find(|(known, _)| known == name).unwrap().1;
    assert_eq!(type_of("activity"), Physical::BYTE_ARRAY);
    assert_eq!([type_of("layer"), type_of("lag")], [Physical::INT64; 2]);
    assert_eq!(type_of("value"), Physical::DOUBLE);
    let about: serde_json::Value = serde_json::from_str(&about).unwrap();
    assert_eq!(about["address"], plan.address());
    assert!(about["columns"]["layer"].as_str().unwrap().starts_with("Layer of W_l"));
}

#[test]
fn a_parameter_has_the_narrowest_type_that_changes_none_of_its_values() {
    let column = |values: &[&str]| {
        let (columns, rows) = table(&format!("eta,value\n{}\n", values.join(",1\n") + ",1"));
        (columns[0].1, rows.into_iter().map(|row| row[0].clone()).collect::<Vec<_>>())
    };
    let (kind, fields) = column(&["1", "-20", ""]);
    assert_eq!(kind, Physical::INT64);
    assert_eq!(fields, [Field::Long(1), Field::Long(-20), Field::Null]);
    let (kind, fields) = column(&["1", "0.1", "1e-5"]);
    assert_eq!(kind, Physical::DOUBLE);
    assert_eq!(fields, [1.0, 0.1, 1e-5].map(Field::Double));
    for words in [["1", "off"], ["0.5", "inf"], ["0.5", "18446744073709551615"], ["-", "1"]] {
        let (kind, fields) = column(&words);
        assert_eq!(kind, Physical::BYTE_ARRAY, "{words:?}");
        assert_eq!(fields, words.map(|word| Field::Str(word.into())));
    }
}

#[test]
fn rows_of_many_groups_are_all_there() {
    let rows = 2 * ROWS_PER_GROUP + 3;
    let mut csv = String::from("analysis,iteration,value\n");
    for row in 0..rows {
        let value = if row % 7 == 0 { String::new() } else { format!("{:?}", row as f64 / 3.0) };
        csv += &format!("{},{row},{value}\n", ["a", "ü;b"][row % 2]);
    }
    let (_, found) = table(&csv);
    assert_eq!(found.len(), rows);
    for (row, fields) in found.into_iter().enumerate() {
        let value = if row % 7 == 0 { Field::Null } else { Field::Double(row as f64 / 3.0) };
        let word = ["a", "ü;b"][row % 2];
        assert_eq!(fields, [Field::Str(word.into()), Field::Long(row as i64), value]);
    }
}

#[test]
fn a_table_without_rows_is_one_and_a_wrong_cell_is_none() {
    let (columns, rows) = table("analysis,eta,value\n");
    assert_eq!((columns.len(), rows.len()), (3, 0));
    let wrong = parquet_table(&plan_of(&[]), b"analysis,layer\na,1\na,one\n").unwrap_err();
    let expected = "row 2 of column `layer` holds `one`, where a whole number was expected";
    assert_eq!(wrong.to_string(), expected);
}

#[test]
fn a_parameter_that_is_called_as_a_column_is_told_from_it() {
    let called = crate::condition::columns_in_order().iter().map(|facts| facts.name);
    let called: Vec<&str> = called.filter(|name| fixed(name).is_some()).collect();
    // That of replays, a whole number.
    assert_eq!(called, ["layer"]);
    let (columns, rows) = table("analysis,layer,iteration,layer,value\nown,2,10,1,0.5\n");
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["analysis", "parameter_layer", "iteration", "layer", "value"]);
    assert_eq!(rows[0][1..4], [2, 10, 1].map(Field::Long));
}
