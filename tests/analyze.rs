//! `analyze` on runs recorded elsewhere, as a user meets it.

use alignscope::array::{Array, read, write_npz};
use assert_cmd::Command;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A network of 12-10-8-6 units recorded from PyTorch in single precision: fixed random B, tanh, biases, softmax
/// cross-entropy summed over batches of 16, learning rate 0.05, 25 updates, labels. `docs/record.py` recorded it.
fn pytorch() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pytorch.npz")
}

fn alignscope(directory: &Path, args: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("alignscope").unwrap();
    command.current_dir(directory).args(args).assert()
}

fn analyze(directory: &Path, run: &str, args: &[&str]) -> Json {
    let assert = alignscope(directory, &[&["analyze", run, "--json"], args].concat()).success();
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

fn report(directory: &Path, run: &str, args: &[&str]) -> String {
    let assert = alignscope(directory, &[&["analyze", run], args].concat()).success();
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn refused(directory: &Path, run: &str, args: &[&str]) -> String {
    let assert = alignscope(directory, &[&["analyze", run], args].concat()).code(2);
    let error = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(!error.contains("panicked"), "{error}");
    error
}

const MEMBERS: [&str; 14] = [
    "W0",
    "W1",
    "W2",
    "B1",
    "B2",
    "b1",
    "b2",
    "b3",
    "activity0",
    "activity1",
    "activity2",
    "delta1",
    "delta2",
    "delta3",
];

/// The recording from PyTorch with members changed, or left out.
fn changed(directory: &Path, name: &str, change: impl Fn(&str, Array) -> Option<Array>) -> String {
    let of = |member: &&str| Some((member.to_string(), change(member, read(&pytorch(), Some(member)).unwrap())?));
    let members: Vec<(String, Array)> = MEMBERS.iter().filter_map(of).collect();
    let members: Vec<(&str, &Array)> = members.iter().map(|(name, array)| (name.as_str(), array)).collect();
    write_npz(&directory.join(name), &members).unwrap();
    name.into()
}

fn number(json: &Json) -> f64 {
    json.as_f64().unwrap_or_else(|| panic!("{json} is no number"))
}

#[test]
fn angles_are_those_that_numpy_computed_in_double_precision() {
    let here = TempDir::new().unwrap();
    let found = analyze(here.path(), pytorch().to_str().unwrap(), &[]);
    let expected: Json = serde_json::from_str(include_str!("data/pytorch-angles.json")).unwrap();
    for of in found["angles"].as_array().unwrap() {
        let (degrees, expected) = (of["degrees"].as_array().unwrap(), &expected[of["layer"].to_string()]);
        assert_eq!((degrees.len(), expected.as_array().unwrap().len()), (26, 26));
        for (found, expected) in degrees.iter().zip(expected.as_array().unwrap()) {
            assert!((number(found) - number(expected)).abs() < 1e-5, "{found} {expected}");
        }
    }
}

#[test]
fn a_recording_from_pytorch_closes_to_the_rounding_of_single_precision() {
    let here = TempDir::new().unwrap();
    let found = analyze(here.path(), pytorch().to_str().unwrap(), &["--lags", "1,2,24"]);
    assert_eq!(found["activations"].as_array().unwrap().len(), 2);
    for of in found["activations"].as_array().unwrap() {
        assert_eq!((&of["activation"], &of["closing"]["closes"]), (&"tanh".into(), &true.into()), "{of}");
        assert!(number(&of["closing"]["relative_difference"]) < 1e-6);
    }
    for of in found["feedback"].as_array().unwrap() {
        assert_eq!(of["carried_by"], "backward", "{of}");
    }
    let fit = &found["steps"]["fits"][found["steps"]["chosen"].as_u64().unwrap() as usize];
    assert_eq!((&fit["kind"], &fit["closing"]["closes"]), (&"plain".into(), &true.into()), "{fit}");
    assert!((number(&fit["eta"][0]) - 0.05).abs() < 1e-8 && number(&fit["closing"]["relative_difference"]) < 1e-6);
    for of in found["terms"].as_array().unwrap() {
        assert_eq!(of["iterations"].as_array().unwrap().len(), 25);
        assert!(number(&of["remainder_difference"]) < 1e-12 && number(&of["step_difference"]) < 1e-6, "{of}");
        let last = of["iterations"].as_array().unwrap().last().unwrap();
        let share = |name: &str| {
            let parts = last["parts"].as_array().unwrap();
            number(
                &parts.iter().find(|part| part["part"] == name).unwrap_or_else(|| panic!("{name}: {last}"))["share_of_alignment"],
            )
        };
        let whole = share("alignment_sum") + share("last") + share("remainder");
        assert!((whole - 1.0).abs() < 1e-10, "{whole}");
    }
}

#[test]
fn what_is_missing_or_does_not_close_is_said() {
    let here = TempDir::new().unwrap();
    let weights = changed(here.path(), "weights.npz", |name, array| {
        (name.starts_with('W') || name.starts_with('B')).then_some(array)
    });
    let found = analyze(here.path(), &weights, &[]);
    assert!(!found["angles"].as_array().unwrap().is_empty() && found["terms"].as_array().unwrap().is_empty());
    assert!(!found["archive"]["missing"].as_array().unwrap().is_empty());
    // Another learning rate than that of the run does not close, and is said to be wrong.
    let text = report(here.path(), pytorch().to_str().unwrap(), &["--eta", "0.06"]);
    assert!(text.contains("does not close"), "{text}");
    // Nor do activities of another activation.
    let text = report(here.path(), pytorch().to_str().unwrap(), &["--activation", "relu"]);
    assert!(text.contains("does not close"), "{text}");
    // B recorded as its transpose is turned, and that is said.
    let turned = changed(here.path(), "turned.npz", |name, mut array| {
        if name == "B1" {
            let [rows, columns] = array.shape[..] else { panic!("B has two dimensions") };
            let from = array.data.clone();
            array.data = (0..rows * columns).map(|i| from[i % rows * columns + i / rows]).collect();
            array.shape = vec![columns, rows];
        }
        Some(array)
    });
    let found = analyze(here.path(), &turned, &[]);
    let straight = analyze(here.path(), pytorch().to_str().unwrap(), &[]);
    assert_eq!(found["archive"]["transposed"], serde_json::json!([1]));
    assert_eq!(found["angles"], straight["angles"]);
}

#[test]
fn steps_with_more_than_the_rule_are_recognised() {
    let here = TempDir::new().unwrap();
    // Weights that decay between the updates: W(k+1) - W(k) = eta L' delta - 0.01 W(k).
    let decayed = changed(here.path(), "decayed.npz", |name, mut array| {
        if name.starts_with('W') {
            let (source, size) = (array.data.clone(), array.shape[1] * array.shape[2]);
            for at in size..array.data.len() {
                array.data[at] = array.data[at - size] * 0.99 + source[at] - source[at - size];
            }
        }
        Some(array)
    });
    let found = analyze(here.path(), &decayed, &[]);
    let fit = &found["steps"]["fits"][found["steps"]["chosen"].as_u64().unwrap() as usize];
    assert_eq!((&fit["kind"], &fit["closing"]["closes"]), (&"decay".into(), &true.into()), "{fit}");
    // PyTorch's: W += eta (G - decay W).
    assert!((number(&fit["weight_decay"]) - 0.2).abs() < 1e-5 && (number(&fit["eta"][0]) - 0.05).abs() < 1e-6, "{fit}");
    assert!(found["terms"].as_array().unwrap().iter().all(|of| of["split"] == true), "projections are split off");
}

#[test]
fn recordings_of_this_program_are_read_back() {
    let here = TempDir::new().unwrap();
    let args =
        ["train", "--epochs", "1", "--hidden", "12,10", "--repeats", "1", "--out", "run", "--export", "signals:20"];
    alignscope(here.path(), &args).success();
    let exported = std::fs::read_dir(here.path().join("run/signals")).unwrap().flatten().next().unwrap().path();
    let found = analyze(here.path(), exported.to_str().unwrap(), &[]);
    let fit = &found["steps"]["fits"][found["steps"]["chosen"].as_u64().unwrap() as usize];
    assert!((number(&fit["eta"][0]) - 0.01).abs() < 1e-6 && fit["closing"]["closes"] == true, "{fit}");
    assert_eq!(found["activations"][0]["activation"], "tanh-relu");
    assert_eq!(found["terms"].as_array().unwrap().len(), 2);
}

#[test]
fn results_are_written_where_they_are_asked_for() {
    let here = TempDir::new().unwrap();
    report(here.path(), pytorch().to_str().unwrap(), &["--out", "analysis"]);
    let text = |name: &str| std::fs::read_to_string(here.path().join("analysis").join(name)).unwrap();
    let found: Json = serde_json::from_str(&text("analysis.json")).unwrap();
    let angles = text("angles.csv");
    assert_eq!(angles.lines().count(), 1 + 2 * 26);
    let last = angles.lines().rfind(|line| line.starts_with("1,")).unwrap().rsplit(',').next().unwrap();
    assert_eq!(last.parse::<f64>().unwrap(), number(&found["angles"][0]["degrees"][25]));
    assert!(text("terms.csv").lines().count() > 50);
}

#[test]
fn bad_input_is_refused_with_everything_that_is_wrong() {
    let here = TempDir::new().unwrap();
    let run = pytorch();
    let run = run.to_str().unwrap();
    let bad = changed(here.path(), "bad.npz", |name, mut array| {
        match name {
            "W1" => array.shape = vec![array.shape[0], array.shape[2], array.shape[1] / 2, 2],
            "delta2" => array.shape[2] += 1,
            _ => {}
        }
        if name == "delta2" {
            array.data.resize(array.shape.iter().product(), 0.0);
        }
        Some(array)
    });
    let error = refused(here.path(), &bad, &[]);
    assert!(error.contains("`W1`") && error.contains("`delta2`"), "both at once: {error}");
    let nan = changed(here.path(), "nan.npz", |name, mut array| {
        if name == "activity1" {
            array.data[200] = f64::NAN;
        }
        Some(array)
    });
    let error = refused(here.path(), &nan, &[]);
    assert!(error.contains("activity1") && error.contains("NaN"), "{error}");
    std::fs::write(here.path().join("text.npz"), "no archive").unwrap();
    let bytes = std::fs::read(run).unwrap();
    std::fs::write(here.path().join("cut.npz"), &bytes[..bytes.len() / 2]).unwrap();
    for name in ["text.npz", "cut.npz", "none.npz"] {
        assert!(refused(here.path(), name, &[]).contains(name));
    }
    assert!(refused(here.path(), run, &["--eta", "0"]).contains("expected a finite number above 0"));
    assert!(refused(here.path(), run, &["--activation", "tanj"]).contains("tanh"));
    assert!(refused(here.path(), run, &["--lags", "99"]).contains("99"));
}
