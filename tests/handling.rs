//! Runs as users handle them: specs changed by options, repeats added, lists of runs, tables,
//! comparisons, hints.

use crate::common::{alignscope, bytes, done, json, line, refused};
use alignscope::measure::summary::Summary;
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

/// Two small analyses: one with signals and sizes that vary, one of the digits.
const SPEC: &str = r#"
title = "Two of them"
[[analysis]]
name = "signals"
kind = "isolate"
repeats = 5
report-at = [10]
[analysis.base]
layers = [5, 8, 5]
batch = 4
iterations = 30
[analysis.sweep]
activity = ["white", "ar1:0.5"]
eta = [0.01, 0.02]
[[analysis.figure]]
name = "by-eta"
kind = "sweep"
x = "eta"
[[analysis]]
name = "digits"
kind = "train"
repeats = 2
quantities = ["test_accuracy", "weight_alignment"]
[analysis.base]
hidden = [6]
epochs = 1
[analysis.sweep]
rule = ["bp", "bp-trw"]
"#;

fn spec(here: &Path) {
    std::fs::write(here.join("two.toml"), SPEC).unwrap();
}

/// Rows of a CSV file by the names of their columns.
fn table(here: &Path, name: &str) -> Vec<BTreeMap<String, String>> {
    let bytes = bytes(here, name);
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let names: Vec<String> = reader.headers().unwrap().iter().map(String::from).collect();
    let row =
        |row: csv::StringRecord| names.iter().cloned().zip(row.iter().map(String::from)).collect();
    reader.records().map(|found| row(found.unwrap())).collect()
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

#[test]
fn the_summary_is_a_table_with_numbers_where_parameters_are_numbers() {
    let here = TempDir::new().unwrap();
    spec(here.path());
    let summary = json(here.path(), &["run", "two.toml", "--out", "run", "--json"]);
    let (entries, rows) =
        (summary["summary"].as_array().unwrap(), table(here.path(), "run/summary.csv"));
    assert_eq!(entries.len(), rows.len());
    for (entry, row) in entries.iter().zip(&rows) {
        assert_eq!(entry["analysis"], *row["analysis"]);
        assert_eq!(entry["quantity"], *row["quantity"]);
        assert_eq!(
            (entry["mean"].as_f64(), entry["sd"].as_f64()),
            (number(&row["mean"]), number(&row["sd"])),
            "{row:?}"
        );
        assert_eq!(entry["ci95"][1].as_f64(), number(&row["high"]));
        assert_eq!(entry["prediction"].as_f64(), number(&row["prediction"]));
        assert_eq!(entry["n"].to_string(), row["n"]);
    }
    let of = |analysis: &str| {
        rows.iter().filter(|row| row["analysis"] == analysis).cloned().collect::<Vec<_>>()
    };
    for row in of("signals") {
        assert!(number(&row["eta"]).is_some() && !row.contains_key("eta_number"), "{row:?}");
        assert_eq!(
            number(&row["activity_number"]),
            Some(if row["activity"] == "white" { 0.0 } else { 0.5 })
        );
        assert!(row["condition"].starts_with("activity "), "{row:?}");
        assert_eq!(row["unit"], "degrees");
    }
    assert!(of("digits").iter().all(|row| row["eta"].is_empty() && row["activity"].is_empty()));
}

#[test]
fn conditions_are_compared_repeat_by_repeat() {
    let here = TempDir::new().unwrap();
    spec(here.path());
    let args = "run two.toml --out run --analysis digits --repeats 4 --compare rule=bp,fa";
    let shown = done(here.path(), &line(args));
    assert!(
        shown.contains("Compared, paired by repeat") && shown.contains("BP-TRW minus BP"),
        "{shown}"
    );
    let last = |rule: &str, repeat: usize| {
        let rows = table(here.path(), "run/series.csv").into_iter();
        let of = rows.filter(|row| row["rule"] == rule && row["repeat"] == repeat.to_string());
        of.filter(|row| row["quantity"] == "test_accuracy")
            .filter_map(|row| number(&row["value"]))
            .next_back()
            .unwrap()
    };
    let wanted =
        Summary::of((0..4).map(|repeat| Some(last("bp-trw", repeat) - last("bp", repeat))));
    let rows = table(here.path(), "run/comparisons.csv");
    let row = rows.iter().find(|row| row["quantity"] == "test_accuracy").unwrap();
    assert_eq!((row["pairs"].as_str(), row["parameter"].as_str()), ("4", "rule"));
    for (text, value) in
        [("difference", wanted.mean), ("sd", wanted.sd), ("low", wanted.ci95.map(|ends| ends[0]))]
    {
        assert!(
            (number(&row[text]).unwrap() - value.unwrap()).abs() < 1e-9,
            "{text}: {row:?} {wanted:?}"
        );
    }
    // BP has no B, and so nothing to compare there.
    assert!(!rows.iter().any(|row| row["quantity"] == "weight_alignment"));
    // The request is kept, and the results are those of a run that compares nothing.
    assert!(
        String::from_utf8(bytes(here.path(), "run/spec.toml"))
            .unwrap()
            .contains("rule=bp vs bp-trw")
    );
    done(
        here.path(),
        &["run", "two.toml", "--out", "plain", "--analysis", "digits", "--repeats", "4"],
    );
    assert_eq!(bytes(here.path(), "run/series.csv"), bytes(here.path(), "plain/series.csv"));
    for (compare, said) in [
        ("rule=bp,shallow", "no condition has rule `shallow`"),
        ("eta=0.01,0.02", "`eta` does not vary in `digits`: rule does"),
        ("rule", "--compare: compare cannot be `rule`: expected a parameter and two of its values"),
    ] {
        let error = refused(
            here.path(),
            &["run", "two.toml", "--analysis", "digits", "--compare", compare],
            2,
        );
        assert!(error.contains(said), "{error}\nshould contain\n{said}");
    }
}

#[test]
fn options_change_a_spec() {
    let here = TempDir::new().unwrap();
    spec(here.path());
    let args = [
        "run",
        "two.toml",
        "--out",
        "run",
        "--analysis",
        "signals",
        "--set",
        "eta=1e-3",
        "--set",
        "iterations=20",
    ];
    let summary = json(here.path(), &[&args[..], &["--repeats", "3", "--json"]].concat());
    let entries = summary["summary"].as_array().unwrap();
    // Two signals, at iteration 10 and at the end.
    assert_eq!(entries.len(), 4);
    for entry in entries {
        assert_eq!(
            (entry["condition"]["eta"].as_f64(), entry["n"].as_u64()),
            (Some(1e-3), Some(3)),
            "{entry}"
        );
    }
    // The axis of the sweep is left, with one value.
    assert!(here.path().join("run/figures/by-eta.svg").is_file());
    for (options, said) in [
        (
            &["--set", "etta=1"][..],
            "--set: unknown parameter `etta` of kind \"isolate\"; did you mean `eta`?",
        ),
        (&["--set", "eta"], "--set: expected NAME=VALUE in place of `eta`"),
        (&["--set", "eta=-1"], "--set: eta cannot be `-1`"),
        (
            &["--analysis", "signal"],
            "--analysis: there is no analysis `signal`: expected signals or digits; did you mean \
             `signals`?",
        ),
        (&["--repeats", "0"], "--repeats: repeats cannot be `0`"),
    ] {
        let error = refused(here.path(), &[&["run", "two.toml"][..], options].concat(), 2);
        assert!(error.contains(said), "{error}\nshould contain\n{said}");
    }
}

#[test]
fn repeats_are_added_in_place() {
    let here = TempDir::new().unwrap();
    spec(here.path());
    let only = ["--analysis", "signals"];
    done(
        here.path(),
        &[&["run", "two.toml", "--out", "grown", "--repeats", "2"][..], &only].concat(),
    );
    let first = std::fs::read_dir(here.path().join("grown/jobs")).unwrap().count();
    done(here.path(), &["run", "grown", "--repeats", "5"]);
    done(
        here.path(),
        &[&["run", "two.toml", "--out", "whole", "--repeats", "5"][..], &only].concat(),
    );
    let jobs = |run: &str| std::fs::read_dir(here.path().join(run).join("jobs")).unwrap().count();
    assert_eq!((first, jobs("grown"), jobs("whole")), (8, 20, 20));
    for name in ["series.csv", "summary.csv", "spec.toml"] {
        assert_eq!(
            bytes(here.path(), &format!("grown/{name}")),
            bytes(here.path(), &format!("whole/{name}")),
            "{name}"
        );
    }
    // Runs of fewer and of more repeats are merged in whatever order they are named.
    done(
        here.path(),
        &[&["run", "two.toml", "--out", "few", "--repeats", "2"][..], &only].concat(),
    );
    done(here.path(), &["merge", "both", "few", "whole"]);
    assert_eq!(bytes(here.path(), "both/series.csv"), bytes(here.path(), "whole/series.csv"));
    // Fewer are another request, and so is another parameter.
    let error = refused(here.path(), &["run", "grown", "--repeats", "3"], 1);
    assert!(error.contains("grown holds more repeats of this spec than are asked for"), "{error}");
    let error = refused(here.path(), &["run", "grown", "--set", "eta=0.5"], 1);
    assert!(error.contains("grown holds the results of another spec"), "{error}");
}

#[cfg(unix)]
#[test]
fn runs_with_names_that_are_no_text_are_listed() {
    use std::os::unix::ffi::OsStrExt;
    let here = TempDir::new().unwrap();
    spec(here.path());
    done(
        here.path(),
        &["run", "two.toml", "--out", "run", "--analysis", "signals", "--repeats", "2"],
    );
    let name = std::ffi::OsStr::from_bytes(b"q\xff");
    std::fs::create_dir(here.path().join("runs")).unwrap();
    std::fs::rename(here.path().join("run"), here.path().join("runs").join(name)).unwrap();
    for line in [&["runs"][..], &["runs", "--json"][..]] {
        assert!(done(here.path(), line).contains("q\u{fffd}"));
    }
}

#[test]
fn runs_are_listed_as_their_manifests_say() {
    let here = TempDir::new().unwrap();
    spec(here.path());
    assert!(done(here.path(), &["runs", "."]).contains("no run below"));
    assert!(done(here.path(), &["runs"]).contains("no run below runs"));
    done(
        here.path(),
        &["run", "two.toml", "--out", "runs/one", "--analysis", "signals", "--repeats", "2"],
    );
    done(
        here.path(),
        &[
            "run",
            "two.toml",
            "--shard",
            "1/2",
            "--out",
            "runs/some/1-of-2",
            "--analysis",
            "signals",
        ],
    );
    std::fs::create_dir(here.path().join("runs/else")).unwrap();
    let shown = done(here.path(), &["runs"]);
    for words in ["runs/one", "two", "completed", "8 of 8", "runs/some/1-of-2", "shard 1/2"] {
        assert!(shown.replace('\\', "/").contains(words), "{words}:\n{shown}");
    }
    let listed = json(here.path(), &["runs", "--json"]);
    let runs = listed["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!((runs[0]["jobs"][1].as_u64(), runs[0]["repeats"][0].as_u64()), (Some(8), Some(2)));
    assert!(runs[0]["bytes"].as_u64().unwrap() > 1000);
    // Files that are gone are not counted, whatever the manifest says.
    let job = std::fs::read_dir(here.path().join("runs/one/jobs")).unwrap().flatten().next();
    std::fs::remove_file(job.unwrap().path()).unwrap();
    let shown = done(here.path(), &["runs"]);
    for words in ["7 of 8", "completed, but 1 file of a job is missing"] {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
    // Nor is a manifest believed that was changed since it was written.
    let path = here.path().join("runs/one/manifest.json");
    let changed =
        std::fs::read_to_string(&path).unwrap().replace("\"planned\": 8", "\"planned\": 9");
    std::fs::write(&path, changed).unwrap();
    let listed = json(here.path(), &["runs", "--json"]);
    assert_eq!(listed["runs"][0]["ended"], "unknown: its manifest is damaged");
    assert!(listed["runs"][0]["jobs"].is_null(), "{listed}");
    refused(here.path(), &["runs", "nowhere"], 1);
}

#[test]
fn options_are_understood_as_users_type_them() {
    let here = TempDir::new().unwrap();
    let small = [
        "isolate",
        "--repeats",
        "1",
        "--batch-size",
        "2",
        "--json",
        "--iterations",
        "1e1",
        "--lr",
        "0.02",
    ];
    let summary = json(here.path(), &[&small[..], &["--layers", "4x3", "--out", "run"]].concat());
    let condition = &summary["summary"][0]["condition"];
    assert_eq!(
        (condition["eta"].as_f64(), condition["iterations"].as_u64()),
        (Some(0.02), Some(10))
    );
    assert_eq!(condition["layers"], serde_json::json!([4, 4, 4]));
    for (options, said) in [
        (["--iterations", "1.5e0"], "iterations cannot be `1.5e0`: expected a whole number"),
        (["--layers", "4x0"], "layers cannot be `4x0`"),
        (["--layers", "4x2x3"], "layers cannot be `4x2x3`"),
    ] {
        let error = refused(here.path(), &[&["isolate"][..], &options].concat(), 2);
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn what_a_user_should_know_is_said() {
    let here = TempDir::new().unwrap();
    let told = |args: &[&str]| {
        let ran = alignscope(here.path()).args(args).assert().success();
        String::from_utf8(ran.get_output().stderr.clone()).unwrap()
    };
    let small = ["train", "--hidden", "6,6", "--epochs", "2"];
    let dead = told(&[&small[..], &["--eta", "10", "--repeats", "2", "--out", "dead"]].concat());
    assert!(
        dead.contains("all units of a layer are dead") && dead.contains("of 2 repeats"),
        "{dead}"
    );
    assert!(dead.contains("fewer than 5 repeats of `train` (2)"), "{dead}");
    let norms =
        told(&[&small[..], &["--wn", "1,0.5", "--repeats", "5", "--out", "norms"]].concat());
    assert!(
        norms.contains("wn 1,0.5 of 3 layers: the last value, 0.5, holds from layer 1 on"),
        "{norms}"
    );
    assert!(!norms.contains("dead") && !norms.contains("fewer than"), "{norms}");
}

#[test]
fn the_readme_names_the_oldest_rust_that_works() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let [manifest, readme] =
        ["Cargo.toml", "README.md"].map(|name| std::fs::read_to_string(root.join(name)).unwrap());
    let oldest =
        manifest.split("rust-version = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(
        readme.contains(&format!("With Rust {oldest} or later")),
        "README.md does not name Rust {oldest}"
    );
}

/// A feature that is off unless asked for, as it takes more crates.
#[cfg(not(feature = "parquet"))]
#[test]
fn without_parquet_the_program_says_how_to_have_it() {
    let here = TempDir::new().unwrap();
    let told = refused(here.path(), &["tables", "runs/none"], 2);
    assert!(told.contains("--features parquet") && told.contains("pandas.read_csv"), "{told}");
}

#[cfg(feature = "parquet")]
mod parquet {
    use super::*;
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::record::Field;
    use std::fs::File;

    /// Values of a column, by the names of their rows.
    fn column(path: &Path, name: &str) -> Vec<Field> {
        let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
        let rows = reader.get_row_iter(None).unwrap();
        rows.map(|row| {
            let row = row.unwrap();
            row.get_column_iter().find(|(of, _)| *of == name).unwrap().1.clone()
        })
        .collect()
    }

    #[test]
    fn tables_of_a_run_are_written_beside_it_renewed_by_it_and_vouched_for() {
        let here = TempDir::new().unwrap();
        spec(here.path());
        let run =
            ["run", "two.toml", "--out", "run", "--compare", "eta=0.01,0.02", "--set", "repeats=3"];
        done(here.path(), &run);
        let told = done(here.path(), &["tables", "run"]);
        let names = ["series", "summary", "comparisons"];
        for name in names {
            assert!(told.contains(&format!("{name}.parquet")), "{told}");
            let rows = table(here.path(), &format!("run/{name}.csv"));
            let path = here.path().join(format!("run/{name}.parquet"));
            let quantities = column(&path, "quantity").into_iter();
            let expected = rows.iter().map(|row| Field::Str(row["quantity"].clone()));
            assert_eq!(quantities.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{name}");
        }
        let series = here.path().join("run/series.parquet");
        let before = column(&series, "value").len();
        let all = "--repeats=4";
        done(here.path(), &["run", "run", all]);
        let rows = table(here.path(), "run/series.csv").len();
        assert!(rows > before && column(&series, "value").len() == rows, "{before} to {rows}");
        // Elsewhere, nothing in the run changes.
        done(here.path(), &["tables", "run", "--out", "other"]);
        for name in names {
            let [own, other] = ["run", "other"]
                .map(|place| bytes(here.path(), &format!("{place}/{name}.parquet")));
            assert!(own == other, "{name}");
        }
        std::fs::write(&series, "damaged").unwrap();
        let told = refused(here.path(), &["report", "run"], 1);
        assert!(
            told.contains("series.parquet") && told.contains("alignscope tables run"),
            "{told}"
        );
        done(here.path(), &["tables", "run"]);
        assert_eq!(column(&series, "value").len(), rows);
    }
}
