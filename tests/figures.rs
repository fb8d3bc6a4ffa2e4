//! Figures as a user meets them: maps, defaults, labels, predictions, and what is written beside
//! them.

use crate::common::{alignscope, bytes, done, json, refused};
use std::path::Path;
use tempfile::TempDir;

/// A small sweep over both signals, with a map of it.
const MAP: &str = r#"
[[analysis]]
name = "map"
kind = "isolate"
repeats = 3
[analysis.base]
layers = [5, 8, 5]
batch = 4
iterations = 30
activation = "linear"
[analysis.sweep]
activity = ["white", "ar1:0.5", "held"]
error = ["white", "ar1:0.9", "held"]
[[analysis.figure]]
name = "map"
kind = "map"
x = "activity"
y = "error"
"#;

/// The rows of a CSV of a figure, cut at commas, quotes taken away.
fn rows(directory: &Path, name: &str) -> Vec<Vec<String>> {
    let text = String::from_utf8(bytes(directory, name)).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(
        reader.headers().unwrap(),
        vec!["panel", "kind", "label", "x", "y", "value", "low", "high", "n"]
    );
    reader.records().map(|row| row.unwrap().iter().map(String::from).collect()).collect()
}

fn map(here: &Path) {
    std::fs::write(here.join("map.toml"), MAP).unwrap();
    done(here, &["run", "map.toml", "--out", "run"]);
}

#[test]
fn maps_are_written_with_the_values_of_their_parameters_means_intervals_and_repeats() {
    let here = TempDir::new().unwrap();
    map(here.path());
    let rows = rows(here.path(), "run/figures/map.csv");
    let summary = json(here.path(), &["run", "run", "--json"]);
    let entries = summary["summary"].as_array().unwrap();
    for (activity, x) in [("white", "0"), ("ar1:0.5", "0.5"), ("held", "1")] {
        for (error, y) in [("white", "0"), ("ar1:0.9", "0.9"), ("held", "1")] {
            let is_cell = |row: &&Vec<String>| row[0] == "measured" && row[3] == x && row[4] == y;
            let row =
                rows.iter().find(is_cell).unwrap_or_else(|| panic!("{activity} {error}: {rows:?}"));
            let is_entry = |entry: &&serde_json::Value| {
                entry["condition"]["activity"] == activity && entry["condition"]["error"] == error
            };
            let entry = entries.iter().find(is_entry).unwrap();
            let ends = entry["ci95"].as_array().unwrap();
            for (text, value) in row[5..8].iter().zip([&entry["mean"], &ends[0], &ends[1]]) {
                let (text, value) = (text.parse::<f64>().unwrap(), value.as_f64().unwrap());
                assert!((text - value).abs() < 1e-5 * value.abs(), "{row:?} {entry}");
            }
            assert_eq!((row[1].as_str(), row[8].as_str()), ("cell", "3"));
        }
    }
}

#[test]
fn range_is_that_of_the_colours_of_a_map_and_draws_every_cell() {
    let here = TempDir::new().unwrap();
    map(here.path());
    let cells = |options: &[&str]| {
        let draw =
            ["figure", "run", "--kind", "map", "--x", "activity", "--y", "error", "--out", "drawn"];
        done(here.path(), &[&draw[..], options].concat());
        let svg = String::from_utf8(bytes(here.path(), "drawn/map-map.svg")).unwrap();
        svg.matches("crispEdges").count()
    };
    let drawn = cells(&[]);
    assert!(drawn > 9 && cells(&["--range", "60,90"]) == drawn, "{drawn}");
    let said = refused(
        here.path(),
        &["figure", "run", "--kind", "map", "--x", "activity", "--y", "error", "--colours", "red"],
        2,
    );
    assert!(
        said.contains(
            "--colours: unknown colours `red`: expected sequential, reversed, grey or diverging"
        ),
        "{said}"
    );
    let said = refused(here.path(), &["figure", "run", "--colours", "grey"], 2);
    assert!(said.contains("colours are those of a figure of kind \"map\""), "{said}");
}

#[test]
fn a_condition_is_called_the_same_in_table_figure_and_report() {
    let here = TempDir::new().unwrap();
    map(here.path());
    let table = done(here.path(), &["run", "run"]);
    let name = "activity AR(1) 0.5, error held";
    assert!(table.contains(name), "{table}");
    done(
        here.path(),
        &["figure", "run", "--out", "drawn", "--name", "curves", "--panels", "layer"],
    );
    let drawn = rows(here.path(), "drawn/curves.csv");
    assert!(drawn.iter().any(|row| row[2] == name));
    done(here.path(), &["report", "run", "--out", "report.html"]);
    let report = String::from_utf8(bytes(here.path(), "report.html")).unwrap();
    assert!(report.contains(&format!("<td>{name}</td>")));
    for text in ["ar1:", "E held", "X held"] {
        assert!(!table.contains(text) && !drawn.iter().any(|row| row[2].contains(text)), "{text}");
    }
}

#[test]
fn tables_fit_the_columns_they_are_promised() {
    let here = TempDir::new().unwrap();
    map(here.path());
    let table = |columns: &str| {
        let shown =
            alignscope(here.path()).args(["run", "run"]).env("COLUMNS", columns).assert().success();
        let text = String::from_utf8(shown.get_output().stdout.clone()).unwrap();
        let of_table = text.lines().skip(1).take_while(|line| line.starts_with(' '));
        of_table.map(|line| line.chars().count()).max().unwrap()
    };
    assert!(table("200") > 80);
    assert!(table("72") <= 72, "{}", table("72"));
}

#[test]
fn relu_is_shown_beside_its_own_prediction() {
    let here = TempDir::new().unwrap();
    let options = [
        "--schedule",
        "held",
        "--layers",
        "10,30,10",
        "--batch",
        "10",
        "--eta",
        "1e-3",
        "--iterations",
        "200",
    ];
    let args = [
        &["isolate", "--repeats", "2", "--record-every", "10", "--json", "--out", "run"][..],
        &options,
    ]
    .concat();
    let table = json(here.path(), &args);
    let predicted = table["summary"][0]["prediction"].as_f64().unwrap();
    let rows = rows(here.path(), "run/figures/isolate.csv");
    let last = rows.iter().rfind(|row| row[2].ends_with("predicted")).unwrap();
    assert_eq!(last[3], "200");
    assert!((last[4].parse::<f64>().unwrap() - predicted).abs() < 1e-4, "{last:?} {predicted}");
    assert!(!rows.iter().any(|row| row[2].contains("linear limit")), "of another rule");
}

#[test]
fn a_plane_is_drawn_by_default() {
    let here = TempDir::new().unwrap();
    let small = ["--hidden", "4", "--epochs", "1", "--repeats", "1", "--mesh", "3"];
    done(here.path(), &[&["plane", "--out", "run"][..], &small].concat());
    let rows = rows(here.path(), "run/figures/plane.csv");
    assert_eq!(rows.iter().filter(|row| row[1] == "cell" && !row[5].is_empty()).count(), 9);
    let said = refused(
        here.path(),
        &[&["plane", "--quantities", "explained", "--out", "other"][..], &small].concat(),
        0,
    );
    assert!(said.contains("is not drawn"), "{said}");
}

#[test]
fn compositions_have_angles_of_their_own_by_default() {
    let here = TempDir::new().unwrap();
    for draw in ["composition", "acute-composition"] {
        let small = [
            "--draw",
            draw,
            "--draws",
            "40",
            "--repeats",
            "2",
            "--layers",
            "9,9,9",
            "--batch",
            "5",
        ];
        let shown = done(here.path(), &[&["sample", "--out", draw][..], &small].concat());
        assert!(shown.contains("composed angle with ReLU masks"), "{shown}");
        let rows = rows(here.path(), &format!("{draw}/figures/sample.csv"));
        assert!(rows.iter().any(|row| row[1] == "cell" && !row[5].is_empty()));
    }
    let spec = "[[analysis]]\nname = \"a\"\nkind = \"sample\"\nrepeats = 1\n[analysis.base]\ndraw \
        = \"composition\"\n";
    std::fs::write(here.path().join("a.toml"), format!("{spec}draws = 5\n")).unwrap();
    done(here.path(), &["run", "a.toml", "--out", "of-spec"]);
}
