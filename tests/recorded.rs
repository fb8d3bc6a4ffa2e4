//! Recordings of other programs as a kind of analysis: `tests/data/recorded.py` made those of a
//! network with a convolution that PyTorch trained.

use crate::common::{alignscope, bytes, done, json, refused};
use alignscope::array::{Array, read, write_npy};
use alignscope::condition::Kind;
use alignscope::quantity::Quantity;
use alignscope::run::{JobResult, Stored, read_runs};
use serde_json::Value as Json;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const RUNS: usize = 7;
const UPDATES: usize = 16;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// A directory with the recordings in `runs/`.
fn workshop() -> TempDir {
    let here = TempDir::new().unwrap();
    for run in 0..RUNS {
        for layer in ["0", "3"] {
            let place = format!("fa-{run}/{layer}");
            let (from, to) = (data("recorded").join(&place), here.path().join("runs").join(&place));
            fs::create_dir_all(&to).unwrap();
            for file in fs::read_dir(from).unwrap() {
                let file = file.unwrap().path();
                fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
            }
        }
    }
    here
}

fn stored(run: &Path) -> Stored {
    read_runs(&[run.to_path_buf()], &[]).unwrap()
}

fn values(
    result: &JobResult,
    of: Quantity,
    layer: usize,
    lag: Option<usize>,
) -> Vec<(usize, Option<f64>)> {
    let of =
        result.records.iter().filter(|r| (r.quantity, r.layer, r.lag) == (of, Some(layer), lag));
    of.map(|record| (record.iteration, record.value)).collect()
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

/// What a run of all recordings gives, read back.
fn measured(here: &Path, more: &[&str]) -> Stored {
    let recording = here.join("runs/fa-*");
    let recording = recording.to_str().unwrap();
    let all = ["recorded", "--recording", recording, "--record-every", "1", "--out", "out"];
    let told = done(here, &[&all[..], more].concat());
    assert!(told.contains("fa-*"), "{told}");
    stored(&here.join("out"))
}

#[test]
fn angles_are_those_that_numpy_finds_in_the_arrays() {
    let here = workshop();
    let quantities = "weight_alignment,update_alignment,delta_alignment";
    let stored = measured(here.path(), &["--quantities", quantities]);
    let expected: Json =
        serde_json::from_slice(&fs::read(data("recorded/angles.json")).unwrap()).unwrap();
    assert_eq!(stored.results.len(), RUNS);
    for (run, result) in stored.results.iter().enumerate() {
        let (result, expected) = (result.as_ref().unwrap(), &expected[format!("fa-{run}")]);
        for (quantity, layer, key) in [
            (Quantity::WeightAlignment, 1, "weights1"),
            (Quantity::WeightAlignment, 2, "weights2"),
            (Quantity::UpdateAlignment, 1, "update1"),
            (Quantity::DeltaAlignment, 1, "delta1"),
        ] {
            let (found, mut expected) =
                (values(result, quantity, layer, None), numbers(&expected[key]));
            // After the last update on record, that update's.
            expected.resize(UPDATES + 1, *expected.last().unwrap());
            assert_eq!(found.len(), expected.len(), "{key}");
            for ((k, found), expected) in found.iter().zip(&expected) {
                let off = (found.unwrap() - expected).abs();
                assert!(off < 1e-9, "fa-{run} {key} at {k}: {found:?} and {expected}");
            }
        }
        // A convolution has no B, and the output layer's update is BP's.
        assert!(values(result, Quantity::WeightAlignment, 0, None).is_empty());
        assert!(values(result, Quantity::UpdateAlignment, 0, None).is_empty());
        assert!(values(result, Quantity::UpdateAlignment, 2, None).is_empty());
    }
}

/// Decompositions are those of `analyze`, of the chain of layers that they are of.
#[test]
fn terms_by_lag_are_those_of_analyze() {
    let here = workshop();
    let quantities = "terms,last_share,remainder_ratio,terms_angle";
    let stored = measured(here.path(), &["--quantities", quantities, "--lags", "1,4"]);
    let found =
        json(here.path(), &["analyze", "runs/fa-0/3", "--json", "--lags", "1,4", "--every", "1"]);
    let of = found["terms"].as_array().unwrap().iter().find(|of| of["layer"] == 2).unwrap();
    let result = stored.results[0].as_ref().unwrap();
    let iterations = of["iterations"].as_array().unwrap();
    assert_eq!(iterations.len(), UPDATES);
    let mut compared = 0;
    for iteration in iterations {
        let k = iteration["iteration"].as_u64().unwrap() as usize;
        let parts = iteration["parts"].as_array().unwrap();
        let part = |name: &str, lag: Option<usize>| {
            let lag = lag.map_or(Json::Null, Json::from);
            parts.iter().find(|part| part["part"] == name && part["lag"] == lag)
        };
        let update = part("update", None).unwrap()["norm"].as_f64().unwrap();
        for (quantity, lag, name, key, over) in [
            (Quantity::TermAngle, Some(1), "alignment", "degrees", 1.0),
            (Quantity::TermNorm, Some(4), "alignment", "norm", 1.0),
            (Quantity::TermShare, Some(4), "alignment", "share_of_alignment", 1.0),
            (Quantity::TermsAngle, None, "alignment_sum", "degrees", 1.0),
            (Quantity::LastShare, None, "last", "share_of_alignment", 1.0),
            (Quantity::RemainderRatio, None, "remainder", "norm", update),
        ] {
            let values = values(result, quantity, 2, lag);
            let found = values.iter().find(|(iteration, _)| *iteration == k).and_then(|of| of.1);
            let expected = part(name, lag).and_then(|part| part[key].as_f64()).map(|x| x / over);
            match (found, expected) {
                (Some(found), Some(expected)) => {
                    assert!(
                        (found - expected).abs() <= 1e-9 * expected.abs().max(1e-3),
                        "{k} {name}"
                    );
                    compared += 1;
                }
                // Nothing points anywhere before something has been learnt.
                (found, expected) => assert!(
                    found.or(expected).is_none_or(|x| x == 0.0),
                    "{k} {name} {found:?} {expected:?}"
                ),
            }
        }
    }
    assert!(compared > 5 * (UPDATES - 4), "{compared}");
}

/// Every quantity that recordings have on a network whose classes were recorded.
#[test]
fn every_quantity_of_recordings_has_a_value() {
    let here = TempDir::new().unwrap();
    let recording = data("recorder/run");
    let names: Vec<&str> = Quantity::of_kind(Kind::Recorded).map(Quantity::name).collect();
    let args = [
        "recorded",
        "--recording",
        recording.to_str().unwrap(),
        "--record-every",
        "1",
        "--out",
        "out",
    ];
    done(here.path(), &[&args[..], &["--quantities", &names.join(",")]].concat());
    let stored = stored(&here.path().join("out"));
    let result = stored.results[0].as_ref().unwrap();
    for quantity in Quantity::of_kind(Kind::Recorded) {
        let has = result.records.iter().any(|r| r.quantity == quantity && r.value.is_some());
        // Steps of plain gradient descent hold nothing beside the rule's own.
        let of_projections = quantity.name().starts_with("projection");
        assert_eq!(has, !of_projections, "{}", quantity.name());
    }
}

#[test]
fn ranks_of_weights_and_similarities_are_those_of_the_arrays() {
    let here = workshop();
    let quantities =
        "weight_participation_ratio,error_autocorrelation,mean_eigenvalue,relative_update";
    let stored = measured(here.path(), &["--quantities", quantities]);
    let result = stored.results[2].as_ref().unwrap();
    let member = |name: &str| read(&here.path().join("runs/fa-2/3"), Some(name)).unwrap();
    let (activity, delta, weights) = (member("activity1"), member("delta3"), member("W2"));
    let frame = |of: &Array, k: usize| {
        let size = of.shape[1] * of.shape[2];
        of.data[k * size..][..size].to_vec()
    };
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let at = |quantity, layer, lag, k| {
        let all = values(result, quantity, layer, lag);
        all.iter().find(|(iteration, _)| *iteration == k).unwrap().1.unwrap()
    };
    // Cosine of the errors above W_2 at iterations 7 and 6; trace of M over the three outputs.
    let (now, before) = (frame(&delta, 7), frame(&delta, 6));
    let cosine = dot(&now, &before) / (dot(&now, &now) * dot(&before, &before)).sqrt();
    assert!((at(Quantity::ErrorAutocorrelation, 2, Some(1), 7) - cosine).abs() < 1e-12);
    let samples = activity.shape[1];
    let rows = |of: &Array, k: usize, p: usize| {
        let units = of.shape[2];
        frame(of, k)[p * units..][..units].to_vec()
    };
    let mut trace = 0.0;
    for p in 0..samples {
        for q in 0..samples {
            trace += dot(&rows(&activity, 6, p), &rows(&activity, 7, q))
                * dot(&rows(&delta, 6, p), &rows(&delta, 7, q));
        }
    }
    assert!((at(Quantity::MeanEigenvalue, 2, Some(1), 7) - trace / 3.0).abs() < 1e-9 * trace.abs());
    // (tr G)^2 / tr G^2 of the Gram matrix G of the rows of W_2.
    let w = frame(&weights, UPDATES);
    let (rows_of, columns) = (weights.shape[1], weights.shape[2]);
    let gram = |i: usize, j: usize| dot(&w[i * columns..][..columns], &w[j * columns..][..columns]);
    let traces: f64 = (0..rows_of).map(|i| gram(i, i)).sum();
    let squares: f64 =
        (0..rows_of * rows_of).map(|ij| gram(ij / rows_of, ij % rows_of).powi(2)).sum();
    let ratio = at(Quantity::WeightParticipationRatio, 2, None, UPDATES);
    assert!((ratio - traces * traces / squares).abs() < 1e-9, "{ratio}");
}

/// A spec, with a figure and a claim in five lines.
const SPEC: &str = r#"
name = "recorded"
[[analysis]]
name = "conv"
kind = "recorded"
quantities = ["weight_alignment"]
report-at = [0]
base.recording = "runs/fa-*"
[[analysis.figure]]
name = "angles"
[[claim]]
name = "aligns"
statement = "Training turns the weights of the last layer towards B"
let.last = { analysis = "conv", quantity = "weight_alignment", layer = 2 }
let.start = { like = "last", at = 0 }
part = [{ value = "start - last", at-least = 0, reach = 30 }]
"#;

#[test]
fn claims_and_figures_are_of_recorded_runs_as_of_any_other() {
    let here = workshop();
    fs::write(here.path().join("recorded.toml"), SPEC).unwrap();
    done(here.path(), &["run", "recorded.toml", "--out", "out"]);
    let csv = String::from_utf8(bytes(here.path(), "out/figures/angles.csv")).unwrap();
    assert!(csv.contains("independent W and B, 95 %"), "{csv}");
    let judged = json(here.path(), &["verify", "recorded.toml", "--out", "out", "--json"]);
    let claim = &judged["claims"][0];
    assert_eq!(
        (claim["verdict"].as_str(), claim["parts"][0]["n"].as_u64()),
        (Some("holds"), Some(RUNS as u64)),
        "{claim}"
    );
    let part = claim["parts"][0]["mean"].as_f64().unwrap();
    let expected: Json =
        serde_json::from_slice(&fs::read(data("recorded/angles.json")).unwrap()).unwrap();
    let turns = (0..RUNS).map(|run| {
        let angles = numbers(&expected[format!("fa-{run}")]["weights2"]);
        angles[0] - angles[UPDATES]
    });
    assert!((part - turns.sum::<f64>() / RUNS as f64).abs() < 1e-9);
    // The opposite fails.
    let opposite = SPEC.replace("at-least = 0", "at-most = 0");
    fs::write(here.path().join("recorded.toml"), opposite).unwrap();
    alignscope(here.path()).args(["verify", "recorded.toml", "--out", "out"]).assert().code(3);
    done(here.path(), &["report", "out", "--out", "report.html"]);
    let report = String::from_utf8(bytes(here.path(), "report.html")).unwrap();
    assert!(report.contains("measured as they were recorded") && report.contains("fa-*"));
}

/// Adds a number to all values of a member.
fn change(here: &Path, member: &str, by: f64) {
    let path = here.join(member);
    let mut array = read(&path, None).unwrap();
    array.data.iter_mut().for_each(|value| *value += by);
    write_npy(&path, &array).unwrap();
}

/// Jobs that the latest run of a directory found done.
fn found(here: &Path, run: &str) -> u64 {
    let log = String::from_utf8(bytes(here, &format!("{run}/log.json"))).unwrap();
    let log: Json = serde_json::from_str(&log).unwrap();
    log["runs"].as_array().unwrap().last().unwrap()["jobs-found"].as_u64().unwrap()
}

#[test]
fn a_changed_recording_is_measured_again_and_that_is_said() {
    let here = workshop();
    fs::write(here.path().join("recorded.toml"), SPEC).unwrap();
    let run = ["run", "recorded.toml", "--out", "out"];
    done(here.path(), &run);
    done(here.path(), &run);
    assert_eq!(found(here.path(), "out"), RUNS as u64);
    change(here.path(), "runs/fa-3/3/W2.npy", 0.25);
    let told = refused(here.path(), &["figure", "out"], 1);
    assert!(
        told.contains("runs/fa-3 is not what it was") && told.contains("`alignscope run out`"),
        "{told}"
    );
    let assert = alignscope(here.path()).args(run).assert().success();
    let told = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
    assert!(told.contains("runs/fa-3 is not what it was: it is measured again"), "{told}");
    assert_eq!(found(here.path(), "out"), RUNS as u64 - 1);
    // Elsewhere, and in another order, a recording is what it was.
    fs::rename(here.path().join("runs/fa-0"), here.path().join("runs/fa-90")).unwrap();
    let before = bytes(here.path(), "out/jobs/../series.csv");
    done(here.path(), &run);
    assert_eq!(found(here.path(), "out"), RUNS as u64);
    assert!(before != bytes(here.path(), "out/series.csv"), "repeats are in another order");
}

#[test]
fn results_are_read_where_the_recordings_are_not() {
    let here = workshop();
    fs::write(here.path().join("recorded.toml"), SPEC).unwrap();
    done(here.path(), &["run", "recorded.toml", "--out", "out"]);
    let series = bytes(here.path(), "out/series.csv");
    fs::rename(here.path().join("runs"), here.path().join("elsewhere")).unwrap();
    for command in [&["figure", "out"][..], &["report", "out"], &["run", "out"]] {
        done(here.path(), command);
    }
    assert_eq!(found(here.path(), "out"), RUNS as u64);
    assert!(series == bytes(here.path(), "out/series.csv"));
    // One that is missing is measured once it is back, and not before.
    let jobs = here.path().join("out/jobs");
    let job = fs::read_dir(&jobs).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(job).unwrap();
    let told = refused(here.path(), &["run", "out"], 1);
    assert!(told.contains("there is no recording runs/fa-"), "{told}");
    fs::rename(here.path().join("elsewhere"), here.path().join("runs")).unwrap();
    done(here.path(), &["run", "out"]);
    assert!(series == bytes(here.path(), "out/series.csv"));
    // The spec itself has no memory.
    fs::rename(here.path().join("runs"), here.path().join("elsewhere")).unwrap();
    refused(here.path(), &["run", "recorded.toml", "--out", "new"], 2);
}

#[test]
fn what_cannot_be_measured_is_refused_before_anything_runs() {
    let here = workshop();
    let refuse = |recording: &str, more: &[&str], words: &[&str]| {
        let args = ["recorded", "--recording", recording, "--out", "out"];
        let told = refused(here.path(), &[&args[..], more].concat(), 2);
        for word in words {
            assert!(told.contains(word), "{word}: {told}");
        }
        assert!(!here.path().join("out").exists(), "{told}");
    };
    refuse("runs/none", &[], &["there is no recording runs/none"]);
    refuse("runs/ba-*", &[], &["nothing is called `runs/ba-*`"]);
    refuse("runs/fa-1,runs/fa-1", &[], &["runs/fa-1 is there twice"]);
    refuse("runs/fa-*", &["--repeats", "9"], &["repeats 9", "there are 7 recordings"]);
    refuse("runs/fa-*", &["--report-at", "99"], &["report-at 99"]);
    refuse("runs/fa-0,", &[], &["separated by commas"]);
    let told = refused(here.path(), &["recorded", "--out", "out"], 2);
    assert!(told.contains("say which recordings"), "{told}");
    // Of another length, of other layers, and damaged.
    let recorder = data("recorder/run");
    let recorder = recorder.to_str().unwrap();
    refuse(
        &format!("runs/fa-0,{recorder}"),
        &[],
        &["is no repeat of runs/fa-0", "states up to update"],
    );
    refuse("runs/fa-0,runs/fa-1/3", &[], &["is no repeat of runs/fa-0", "not the same of layer 0"]);
    let weights = here.path().join("runs/fa-2/3/W2.npy");
    let whole = fs::read(&weights).unwrap();
    fs::write(&weights, &whole[..60]).unwrap();
    refuse("runs/fa-*", &[], &["fa-2", "W2"]);
    fs::write(&weights, b"nothing of the kind").unwrap();
    refuse("runs/fa-*", &[], &["fa-2", "W2"]);
    fs::write(&weights, &whole).unwrap();
    fs::remove_dir_all(here.path().join("runs/fa-2/0")).unwrap();
    refuse("runs/fa-*", &[], &["runs/fa-2 is no repeat of runs/fa-0"]);
    // Two of the layers below are the same.
    fs::create_dir(here.path().join("runs/fa-2/4")).unwrap();
    fs::copy(&weights, here.path().join("runs/fa-2/4/W2.npy")).unwrap();
    refuse("runs/fa-2", &[], &["two of the recordings below it have layer 2"]);
}

/// States that lie several updates apart are measured where they are, and an archive is as good as
/// a directory.
#[test]
fn thinned_recordings_are_measured_at_the_updates_on_record() {
    let here = TempDir::new().unwrap();
    let recording = data("recorder/every-5.npz");
    let args = [
        "recorded",
        "--recording",
        recording.to_str().unwrap(),
        "--record-every",
        "1",
        "--out",
        "out",
    ];
    done(here.path(), &args);
    let updates = read(&recording, Some("updates")).unwrap();
    let stored = stored(&here.path().join("out"));
    let found = values(stored.results[0].as_ref().unwrap(), Quantity::WeightAlignment, 1, None);
    let expected: Vec<usize> = updates.data.iter().map(|update| *update as usize).collect();
    assert_eq!(found.iter().map(|of| of.0).collect::<Vec<_>>(), expected);
    let angles: Json =
        serde_json::from_slice(&fs::read(data("recorder/angles.json")).unwrap()).unwrap();
    let expected = numbers(&angles["every-5"]["1"]);
    for ((_, found), expected) in found.iter().zip(expected) {
        assert!((found.unwrap() - expected).abs() < 1e-5);
    }
}
