//! Recordings that `python/alignscope` made of runs in PyTorch and JAX, as `tests/data/recorder.py`
//! says.

use crate::common;
use alignscope::array::{Array, members, read, write_npz};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn recording(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/recorder").join(name)
}

fn analyze(run: &Path, args: &[&str]) -> Json {
    let here = TempDir::new().unwrap();
    common::json(here.path(), &[&["analyze", run.to_str().unwrap(), "--json"], args].concat())
}

fn notes(found: &Json) -> String {
    found["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| note.as_str().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

fn assert_closes(found: &Json, name: &str) {
    for (list, layers) in [("activations", 2), ("feedback", 2)] {
        assert_eq!(found[list].as_array().unwrap().len(), layers, "{name}: {list}");
    }
    for of in found["activations"].as_array().unwrap() {
        assert_eq!(
            (&of["activation"], &of["closing"]["closes"]),
            (&json!("tanh"), &json!(true)),
            "{name}: {of}"
        );
    }
    for of in found["feedback"].as_array().unwrap() {
        assert_eq!(of["carried_by"], "backward", "{name}: {of}");
    }
}

fn assert_angles(found: &Json, name: &str) {
    let expected: Json = serde_json::from_str(include_str!("data/recorder/angles.json")).unwrap();
    assert_eq!(found["angles"].as_array().unwrap().len(), 2, "{name}");
    for of in found["angles"].as_array().unwrap() {
        let expected = expected[name][of["layer"].to_string()].as_array().unwrap();
        let degrees = of["degrees"].as_array().unwrap();
        assert_eq!(degrees.len(), expected.len(), "{name}");
        for (found, expected) in degrees.iter().zip(expected) {
            let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            assert!((found - expected).abs() < 1e-5, "{name}: {found} {expected}");
        }
    }
}

#[test]
fn a_directory_that_pytorch_wrote_and_an_archive_of_jax_close() {
    for (file, name, states) in [("run", "run", 13), ("jax.npz", "jax", 7)] {
        let found = analyze(&recording(file), &[]);
        assert_closes(&found, name);
        assert_angles(&found, name);
        assert_eq!(found["archive"]["states"], states);
        assert_eq!(found["archive"]["updates"], Json::Null);
        assert!(notes(&found).contains("one rate 0.05"), "{name}: {}", notes(&found));
    }
}

#[test]
fn of_thinned_recordings_no_step_over_several_updates_is_taken_for_one() {
    let found = analyze(&recording("every-5.npz"), &["--lags", "1,5,10"]);
    assert_closes(&found, "every-5");
    assert_angles(&found, "every-5");
    assert_eq!(found["archive"]["updates"], json!([0, 5, 10, 12]));
    assert_eq!(found["steps"], Json::Null);
    let steps = &found["single_steps"];
    assert_eq!(steps["closing"]["closes"], true, "{steps}");
    assert!((steps["eta"][0].as_f64().unwrap() - 0.05).abs() < 1e-7, "{steps}");
    assert!(steps["closing"]["relative_difference"].as_f64().unwrap() < 1e-5, "{steps}");
    assert!(
        found["terms"].as_array().unwrap().is_empty()
            && found["predictions"].as_array().unwrap().is_empty()
    );
    // Lags count updates: 1 is not there, of 5 there are two pairs, of 10 one.
    let batches = |lag: u64| -> Vec<u64> {
        let pairs = found["similarities"].as_array().unwrap().iter();
        pairs.filter(|of| of["lag"] == lag).map(|of| of["batches"].as_u64().unwrap()).collect()
    };
    assert_eq!((batches(1), batches(5), batches(10)), (vec![], vec![2, 2], vec![1, 1]));
    let notes = notes(&found);
    for words in
        ["one of every 5", "no similarities at lag 1", "--lags 5 is there", "record every update"]
    {
        assert!(notes.contains(words), "lacks `{words}`:\n{notes}");
    }
}

#[test]
fn similarities_of_thinned_recordings_are_those_of_whole_ones() {
    let here = TempDir::new().unwrap();
    // The same run: updates 0, 5 and 10 of the whole recording are those of the thinned one.
    let whole = recording("run");
    let parts: Vec<(String, Array)> = members(&whole)
        .unwrap()
        .into_iter()
        .filter(|name| name.starts_with("activity") || name.starts_with("delta"))
        .map(|name| {
            let mut array = read(&whole, Some(&name)).unwrap();
            let size: usize = array.shape[1..].iter().product();
            array.data = [0, 5, 10]
                .iter()
                .flat_map(|k| array.data[k * size..(k + 1) * size].to_vec())
                .collect();
            array.shape[0] = 3;
            (name, array)
        })
        .collect();
    let parts: Vec<(&str, &Array)> =
        parts.iter().map(|(name, array)| (name.as_str(), array)).collect();
    write_npz(&here.path().join("picked.npz"), &parts).unwrap();
    let picked = analyze(&here.path().join("picked.npz"), &["--lags", "1"]);
    let thinned = analyze(&recording("every-5.npz"), &["--lags", "5"]);
    let of = |found: &Json| -> Vec<Json> {
        found["similarities"]
            .as_array()
            .unwrap()
            .iter()
            .map(|of| of["product"]["all"].clone())
            .collect()
    };
    assert_eq!(of(&picked).len(), 2);
    assert_eq!(of(&picked), of(&thinned));
}

/// The thinned recording with one member changed, or left out.
fn changed(directory: &Path, change: impl Fn(&str, Array) -> Option<Array>) -> PathBuf {
    let from = recording("every-5.npz");
    let of = |name: String| Some((name.clone(), change(&name, read(&from, Some(&name)).unwrap())?));
    let parts: Vec<(String, Array)> = members(&from).unwrap().into_iter().filter_map(of).collect();
    let parts: Vec<(&str, &Array)> =
        parts.iter().map(|(name, array)| (name.as_str(), array)).collect();
    let path = directory.join("changed.npz");
    write_npz(&path, &parts).unwrap();
    path
}

#[test]
fn numbers_of_updates_that_cannot_be_are_refused() {
    let here = TempDir::new().unwrap();
    for (updates, words) in [
        (vec![0.0, 5.0, 10.0], "one number for each of 4 states"),
        (vec![0.0, 5.0, 5.0, 12.0], "5 after 5: expected ever larger"),
        (vec![0.0, 5.5, 10.0, 12.0], "holds 5.5: expected whole numbers"),
        (vec![-1.0, 5.0, 10.0, 12.0], "holds -1: expected whole numbers"),
    ] {
        let run = changed(here.path(), |name, array| {
            let updates = Array { shape: vec![updates.len()], data: updates.clone() };
            Some(if name == "updates" { updates } else { array })
        });
        let error = common::refused(here.path(), &["analyze", run.to_str().unwrap()], 2);
        assert!(error.contains(words), "lacks `{words}`: {error}");
    }
    let run = changed(here.path(), |name, mut array| {
        if name == "W1_next" {
            array.shape.swap(1, 2);
        }
        Some(array)
    });
    let error = common::refused(here.path(), &["analyze", run.to_str().unwrap()], 2);
    assert!(error.contains("`W1_next` is 4 x 5, and W1 is 5 x 4"), "{error}");
}

#[test]
fn updates_that_are_more_than_the_rule_or_cannot_be_checked_are_said() {
    let here = TempDir::new().unwrap();
    let run = changed(here.path(), |name, array| Some(array).filter(|_| !name.ends_with("_next")));
    let found = analyze(&run, &[]);
    assert_eq!(found["single_steps"], Json::Null);
    assert!(notes(&found).contains("steps cannot be checked"), "{}", notes(&found));
    assert_angles(&found, "every-5");
    // Weights that decay in every update.
    let run = changed(here.path(), |name, mut array| {
        if name.ends_with("_next") {
            array.data.iter_mut().for_each(|v| *v *= 0.999);
        }
        Some(array)
    });
    let found = analyze(&run, &[]);
    assert_eq!(found["single_steps"]["closing"]["closes"], false);
    assert!(notes(&found).contains("the updates are not the rule's alone"), "{}", notes(&found));
    // A rate of its own for every update.
    let weights = |l: char| read(&recording("every-5.npz"), Some(&format!("W{l}"))).unwrap();
    let run = changed(here.path(), |name, mut array| {
        if let Some(l) = name.strip_suffix("_next").and_then(|name| name.chars().nth(1)) {
            let (before, size) = (weights(l), array.shape[1] * array.shape[2]);
            for (at, value) in array.data.iter_mut().enumerate() {
                *value = before.data[at] + (1.0 + (at / size) as f64) * (*value - before.data[at]);
            }
        }
        Some(array)
    });
    let found = analyze(&run, &[]);
    for (eta, expected) in found["single_steps"]["eta"].as_array().unwrap().iter().zip([0.05, 0.15])
    {
        assert!((eta.as_f64().unwrap() - expected).abs() < 1e-6, "{eta} {expected}");
    }
    assert_eq!(found["single_steps"]["closing"]["closes"], true);
}
