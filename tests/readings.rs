//! How members of recordings are read by `analyze`: which way matrices are stored, whose backward
//! weights they are, how layers are counted, and what is left out.
//!
//! `tests/data/readings.py` made the recordings with PyTorch; those of `tests/data/cases` are
//! inputs that were read wrongly once, with the angles that were computed where they were made.

use crate::common;
use alignscope::array::{Array, members, read, write_npz};
use alignscope::matrix::Matrix;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub type Members = BTreeMap<String, Array>;

pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

pub fn recording(name: &str) -> Members {
    let path = data(name);
    let names = members(&path).unwrap();
    names.into_iter().map(|name| (name.clone(), read(&path, Some(&name)).unwrap())).collect()
}

pub fn analyze(path: &Path) -> Json {
    common::json(Path::new("."), &["analyze", path.to_str().unwrap(), "--json"])
}

/// What is found in a recording of these members.
pub fn found(members: &Members) -> Json {
    let here = TempDir::new().unwrap();
    let path = here.path().join("run.npz");
    write_npz(
        &path,
        &members.iter().map(|(name, array)| (name.as_str(), array)).collect::<Vec<_>>(),
    )
    .unwrap();
    analyze(&path)
}

pub fn notes(found: &Json) -> String {
    found["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| format!("{}\n", note.as_str().unwrap()))
        .collect()
}

/// Every matrix of the members whose names start with `letter` transposed.
fn transposed(mut of: Members, letter: char) -> Members {
    for (_, array) in of.iter_mut().filter(|(name, _)| name.starts_with(letter)) {
        let [.., rows, columns] = array.shape[..] else { panic!("a matrix has two dimensions") };
        let turned = array.data.chunks_exact(rows * columns);
        array.data = turned
            .flat_map(|m| {
                Matrix::from_vec(rows, columns, m.to_vec()).transpose().as_slice().to_vec()
            })
            .collect();
        let last = array.shape.len() - 1;
        array.shape.swap(last - 1, last);
    }
    of
}

pub fn renamed(of: Members, name: impl Fn(&str) -> String) -> Members {
    of.into_iter().map(|(old, array)| (name(&old), array)).collect()
}

/// The number in a name shifted.
fn shifted(name: &str, by: i64) -> String {
    let at = name.find(|c: char| c.is_ascii_digit()).unwrap();
    format!("{}{}", &name[..at], name[at..].parse::<i64>().unwrap() + by)
}

/// Angles of the layers that have some, one reading each.
pub fn angles(found: &Json) -> BTreeMap<u64, Vec<Option<f64>>> {
    let entries = found["angles"].as_array().unwrap();
    let of = |entry: &Json| {
        assert!(entry.get("reading").is_none(), "two readings: {entry}");
        let degrees = entry["degrees"].as_array().unwrap().iter().map(Json::as_f64).collect();
        (entry["layer"].as_u64().unwrap(), degrees)
    };
    entries.iter().map(of).collect()
}

/// Angles that NumPy computed in double precision from the matrices of every state.
fn expected(name: &str) -> BTreeMap<u64, Vec<Option<f64>>> {
    let all: Json = serde_json::from_str(include_str!("data/readings-angles.json")).unwrap();
    let of = |(layer, degrees): (&String, &Json)| {
        (layer.parse().unwrap(), degrees.as_array().unwrap().iter().map(Json::as_f64).collect())
    };
    all[name].as_object().unwrap().iter().map(of).collect()
}

#[track_caller]
fn assert_angles(found: &Json, expected: &BTreeMap<u64, Vec<Option<f64>>>) {
    let got = angles(found);
    assert_eq!(
        got.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>(),
        "{}",
        notes(found)
    );
    for (layer, expected) in expected {
        assert_eq!(got[layer].len(), expected.len(), "states of layer {layer}");
        for (state, pair) in got[layer].iter().zip(expected).enumerate() {
            match pair {
                (Some(got), Some(expected)) => {
                    assert!(
                        (got - expected).abs() < 1e-9,
                        "layer {layer}, state {state}: {got} {expected}"
                    );
                }
                (got, expected) => {
                    assert_eq!(got, expected, "layer {layer}, state {state}:\n{}", notes(found))
                }
            }
        }
    }
}

/// First and last angle of a layer, to the two digits that are known of them.
#[track_caller]
fn assert_course(found: &Json, layer: u64, [first, last]: [f64; 2]) {
    let degrees = &angles(found)[&layer];
    let close =
        |got: Option<f64>, expected: f64| got.is_some_and(|got| (got - expected).abs() < 0.0051);
    let ends = [degrees[0], degrees[degrees.len() - 1]];
    assert!(
        close(ends[0], first) && close(ends[1], last),
        "layer {layer}: {ends:?}\n{}",
        notes(found)
    );
}

pub fn carriers(found: &Json) -> Vec<&str> {
    let of = |entry: &'_ Json| {
        entry["carried_by"].as_str().unwrap_or("nothing").to_string().leak() as &str
    };
    found["feedback"].as_array().unwrap().iter().map(of).collect()
}

#[track_caller]
pub fn assert_said(found: &Json, words: &str) {
    assert!(notes(found).contains(words), "lacks `{words}`:\n{}", notes(found));
}

#[test]
fn inputs_that_were_read_wrongly_are_read() {
    let case = |name: &str| analyze(&data("cases").join(name));
    let good = case("01-good.npz");
    assert_course(&good, 1, [106.13, 97.35]);
    assert_course(&good, 2, [106.92, 106.10]);
    assert_eq!(carriers(&good), ["backward", "backward"]);

    let found = case("03-square-b-stored-like-w.npz");
    assert_course(&found, 1, [106.13, 80.10]);
    assert_course(&found, 2, [106.92, 100.68]);
    assert_eq!((&found["turned"], &found["archive"]["transposed"]), (&json!([1]), &json!([2])));
    assert_said(&found, "layer 1 is softplus, inferred");
    assert_said(&found, "closes: B1 was recorded transposed, and was turned");

    let found = case("05-w-not-transposed.npz");
    assert_course(&found, 1, [85.02, 84.03]);
    assert_course(&found, 2, [86.12, 69.24]);
    assert_eq!(found["archive"]["weights_transposed"], json!([0, 1, 2]));
    assert_said(&found, "W0, W1, W2 were recorded transposed");

    let found = case("08-kp-b-last.npz");
    for (layer, last) in [(1, 38.95), (2, 36.36)] {
        let degrees = &angles(&found)[&layer];
        assert!(degrees[..20].iter().all(Option::is_none), "{degrees:?}");
        assert!((degrees[20].unwrap() - last).abs() < 0.0051, "{degrees:?}");
        assert_said(&found, &format!("record B{layer} at every state"));
    }
    assert!(found["predictions"].as_array().unwrap().is_empty());

    let found = case("09-dfa.npz");
    assert_eq!((carriers(&found), angles(&found).len()), (vec!["direct", "direct"], 1));
    assert_course(&found, 2, [92.54, 66.29]);

    for name in ["20-labels-363.npz", "21-labels-regression.npz", "23-layers-from-1.npz"] {
        let found = case(name);
        assert_eq!(
            (&found["angles"], &found["steps"]),
            (&good["angles"], &good["steps"]),
            "{name}"
        );
    }
    assert_eq!(case("20-labels-363.npz")["archive"]["labels"], true);
    let found = case("21-labels-regression.npz");
    assert_eq!(found["archive"]["labels"], false);
    assert_said(&found, "`labels` are no classes of the samples: they hold 1.5");
    assert_said(
        &case("23-layers-from-1.npz"),
        "layers are counted from 0, and from 1 in this file: W1 as W0",
    );
}

#[test]
fn half_precision_has_the_angles_of_its_values() {
    let found = analyze(&data("cases/11-half.npz"));
    // Those of single precision differ in the second digit.
    assert_course(&found, 1, [106.14, 97.35]);
    assert_course(&found, 2, [106.92, 106.10]);
}

#[test]
fn square_matrices_are_read_the_way_that_the_signals_say() {
    for (name, told) in [("square-fa", "activities"), ("square-fa-gelu-adam", "activities")] {
        let run = recording(&format!("{name}.npz"));
        let expected = expected(name);
        // As PyTorch has them, W turned, B turned, and both.
        for (weights, backward) in [(false, false), (true, false), (false, true), (true, true)] {
            let mut run = run.clone();
            if weights {
                run = transposed(run, 'W');
            }
            if backward {
                run = transposed(run, 'B');
            }
            let found = found(&run);
            assert_angles(&found, &expected);
            let turned = if weights { json!([]) } else { json!([0, 1, 2]) };
            assert_eq!(found["archive"]["weights_transposed"], turned, "{name}");
            assert_eq!(found["turned"], if backward { json!([1, 2]) } else { json!([]) }, "{name}");
            assert!(
                weights || notes(&found).contains(&format!("{told} show")),
                "{}",
                notes(&found)
            );
        }
    }
}

#[test]
fn steps_and_errors_tell_where_activities_do_not() {
    for name in ["square-fa", "square-fa-gelu-adam"] {
        // Only what is fed to the first layer is on record: its steps tell, and the other layers
        // are taken to be alike.
        let mut run = recording(&format!("{name}.npz"));
        run.retain(|name, _| !name.starts_with("activity") || name == "activity0");
        let found = found(&run);
        assert_angles(&found, &expected(name));
        assert_said(&found, "as its steps show");
        assert_said(&found, "W1, W2 were recorded transposed");
        assert_said(&found, "as all other weights in this file are");
    }
}

#[test]
fn where_nothing_tells_both_readings_are_shown() {
    let mut run = recording("square-fa.npz");
    run.retain(|name, _| name.starts_with(['W', 'B']));
    let straight = found(&transposed(run.clone(), 'W'));
    let expected = expected("square-fa");
    for layer in [1, 2] {
        let entries =
            straight["angles"].as_array().unwrap().iter().filter(|of| of["layer"] == layer);
        let entries: Vec<&Json> = entries.collect();
        let readings: Vec<&str> =
            entries.iter().map(|of| of["reading"].as_str().unwrap()).collect();
        assert_eq!(readings, ["B transposed", "as recorded"]);
        let degrees: Vec<Option<f64>> =
            entries[1]["degrees"].as_array().unwrap().iter().map(Json::as_f64).collect();
        assert!(
            degrees
                .iter()
                .zip(&expected[&layer])
                .all(|(a, b)| (a.unwrap() - b.unwrap()).abs() < 1e-9)
        );
        // As PyTorch has them, the right one is the other.
        let torch = found(&run);
        let first =
            torch["angles"].as_array().unwrap().iter().find(|of| of["layer"] == layer).unwrap();
        assert!(
            (first["degrees"][3].as_f64().unwrap() - expected[&layer][3].unwrap()).abs() < 1e-9
        );
        assert_said(&torch, "nothing shows which way");
    }
    let here = TempDir::new().unwrap();
    let path = here.path().join("run.npz");
    write_npz(&path, &run.iter().map(|(name, array)| (name.as_str(), array)).collect::<Vec<_>>())
        .unwrap();
    let text = common::done(here.path(), &["analyze", "run.npz", "--out", "found"]);
    assert!(text.contains("B transposed") && text.contains("as recorded"), "{text}");
    let csv = std::fs::read_to_string(here.path().join("found/angles.csv")).unwrap();
    assert!(csv.starts_with("layer,reading,state,degrees\n1,B transposed,0,"), "{csv}");
}

#[test]
fn direct_feedback_without_derivatives_is_named() {
    let run = recording("square-dfa-without-derivative.npz");
    let only = |layer: u64| {
        expected("square-dfa-without-derivative").into_iter().filter(|of| of.0 == layer).collect()
    };
    for backward in [false, true] {
        let run = if backward { transposed(run.clone(), 'B') } else { run.clone() };
        let found = found(&run);
        let transposed = if backward { "_transposed" } else { "" };
        let carrier = format!("direct{transposed}_without_derivative");
        assert_eq!(carriers(&found), [&carrier, &carrier], "{}", notes(&found));
        // Only B of the last hidden layer leads from the layer above.
        assert_angles(&found, &only(2));
        assert_said(&found, "the error of the output carried straight back by B1");
        assert_said(&found, "without f'");
    }
    // Under a name that says so, what does not tell by itself is known.
    let named = renamed(run, |name| name.replace('B', "F"));
    assert_eq!(found(&named)["archive"]["direct"], json!([1, 2]));
}

#[test]
fn errors_of_feedback_alignment_without_derivatives_are_named() {
    let mut run = recording("cases/01-good.npz");
    let linear = |run: &Members, l: usize| {
        let (above, b) = (&run[&format!("delta{}", l + 1)], &run[&format!("B{l}")]);
        let rows = above.shape[0] * above.shape[1];
        let above = Matrix::from_vec(rows, above.shape[2], above.data.clone());
        let mut made = Matrix::<f64>::zeros(rows, b.shape[1]);
        for p in 0..rows {
            for (i, out) in made.row_mut(p).iter_mut().enumerate() {
                *out = (0..b.shape[0])
                    .map(|j| above.row(p)[j] * b.data[j * b.shape[1] + i])
                    .sum::<f64>();
            }
        }
        made.as_slice().to_vec()
    };
    for l in [2, 1] {
        let made = linear(&run, l);
        run.get_mut(&format!("delta{l}")).unwrap().data = made;
    }
    let found = found(&run);
    assert_eq!(carriers(&found), ["backward_without_derivative"; 2]);
    assert_said(&found, "delta1 is delta2 carried back by B1 without f'");
}

#[test]
fn backward_weights_that_change_are_those_of_their_states() {
    let run = recording("square-kp.npz");
    let every = expected("square-kp");
    let with_all = found(&run);
    assert_angles(&with_all, &every);
    assert_eq!(carriers(&with_all), ["backward"; 2]);
    assert_angles(&found(&transposed(run.clone(), 'B')), &every);
    // Of every iteration, and none at the end.
    let cut = |mut run: Members, states: std::ops::Range<usize>, single: bool| {
        for (_, b) in run.iter_mut().filter(|(name, _)| name.starts_with('B')) {
            b.data = b.data[36 * states.start..36 * states.end].to_vec();
            b.shape = if single { vec![6, 6] } else { vec![states.len(), 6, 6] };
        }
        run
    };
    let only = |states: std::ops::Range<usize>| {
        let keep = |(k, d): (usize, &Option<f64>)| d.filter(|_| states.contains(&k));
        every.iter().map(|(l, of)| (*l, of.iter().enumerate().map(keep).collect())).collect()
    };
    assert_angles(&found(&cut(run.clone(), 0..10, false)), &only(0..10));
    // One alone: of the last, the first, and one on the way.
    assert_angles(&found(&cut(run.clone(), 10..11, true)), &only(10..11));
    assert_angles(&found(&cut(run.clone(), 0..1, true)), &only(0..1));
    let between = found(&cut(run.clone(), 4..5, true));
    assert_angles(&between, &only(4..5));
    assert_said(&between, "but in states 4 to 4");
    // Without the error signals nothing tells, and it is said what is taken for granted.
    let mut blind = cut(run, 10..11, true);
    blind.retain(|name, _| !name.starts_with("delta"));
    let text = notes(&found(&blind));
    assert!(
        text.contains("B1 is assumed to be fixed: nothing shows whether it is that of all states"),
        "{text}"
    );
}

#[test]
fn signs_tell_that_backward_weights_change_where_the_activation_is_not_known() {
    let run = recording("square-kp-mish-last.npz");
    for backward in [false, true] {
        let run = if backward { transposed(run.clone(), 'B') } else { run.clone() };
        let found = found(&run);
        // No angle but of the last state, and that only where the errors come nearest to B at the
        // end.
        let expected = expected("square-kp-mish-last");
        for (layer, degrees) in angles(&found) {
            assert!(degrees[..10].iter().all(Option::is_none), "{degrees:?}\n{}", notes(&found));
            assert!((degrees[10].unwrap() - expected[&layer][10].unwrap()).abs() < 1e-9);
        }
        // Of layer 1 no state is told, nor which way its B is stored.
        assert!(angles(&found).keys().eq([&2]));
        assert_said(&found, "record B1 at every state");
        assert_said(&found, "record B2 at every state");
        assert_eq!(found["turned"], if backward { json!([2]) } else { json!([]) });
    }
}

#[test]
fn layers_are_counted_from_0_however_the_names_count_them() {
    let run = recording("square-fa.npz");
    let straight = found(&run);
    // Weights, what they are fed, and B that carry the error through them, from 1.
    let from_one = renamed(run.clone(), |name| match name {
        _ if name.starts_with("activity") || name.starts_with(['W', 'B']) => shifted(name, 1),
        _ => name.into(),
    });
    // B named by the layer that they lead to; activities by the layer they are of.
    let arrival = renamed(run.clone(), |name| match name {
        _ if name.starts_with("activity") || name.starts_with('W') => shifted(name, 1),
        _ => name.into(),
    });
    let papers =
        renamed(
            run.clone(),
            |name| if name.starts_with('W') { shifted(name, 1) } else { name.into() },
        );
    // Everything from 1, the inputs' layer first.
    let all =
        renamed(run.clone(), |name| if name == "labels" { name.into() } else { shifted(name, 1) });
    // As modules are listed: error signals and biases with their weights, from 0.
    let modules = renamed(run.clone(), |name| match name {
        _ if name.starts_with("delta") || name.starts_with('b') => shifted(name, -1),
        _ => name.into(),
    });
    for (what, run) in [
        ("1", from_one),
        ("arrival", arrival),
        ("papers", papers),
        ("all", all),
        ("modules", modules),
    ] {
        let found = found(&run);
        for key in
            ["angles", "activations", "feedback", "steps", "terms", "predictions", "similarities"]
        {
            assert_eq!(found[key], straight[key], "{what}: {key}\n{}", notes(&found));
        }
        assert_said(&found, "layers are counted from 0");
        assert!(!notes(&found).contains("nothing shows"), "{what}: {}", notes(&found));
    }
    assert!(!notes(&straight).contains("counted"), "{}", notes(&straight));
    // A recording that has nothing of its first layer stays as it is named.
    let mut upper = run;
    upper.retain(|name, _| !["W0", "activity0", "b1"].contains(&name.as_str()));
    assert_angles(&found(&upper), &expected("square-fa"));
}

#[test]
fn optional_members_never_sink_a_recording() {
    let run = recording("cases/01-good.npz");
    let good = found(&run);
    let with = |name: &str, shape: &[usize], value: &dyn Fn(usize) -> f64| {
        let data = (0..shape.iter().product()).map(value).collect();
        let mut run = run.clone();
        run.insert(name.into(), Array { shape: shape.to_vec(), data });
        found(&run)
    };
    for (name, shape, words) in [
        ("b1", &[5][..], "left out: `W0` has 6 units in layer 1, `b1` has 5"),
        ("b1", &[12, 7, 6], "left out: `b1` is [12, 7, 6]: expected 1 or 2 dimensions"),
        ("b2", &[7, 6], "left out: `b2` has 7 states, `W0` has 13"),
        ("b9", &[6], "left out: `b9` belongs to layer 9, which does not exist"),
        ("labels", &[5], "left out: `labels` is [5], `activity0` has 12 iterations of 8 samples"),
        (
            "labels",
            &[12, 8, 2, 2],
            "left out: `labels` is [12, 8, 2, 2]: expected 1 to 3 dimensions",
        ),
    ] {
        let found = with(name, shape, &|i| i as f64);
        assert_said(&found, words);
        assert_eq!(
            (&found["angles"], &found["steps"]),
            (&good["angles"], &good["steps"]),
            "{name}"
        );
    }
    // Without its B, a layer has no angle; the other has.
    let found = with("B1", &[4, 9], &|i| i as f64);
    assert_said(&found, "left out: `B1` is 4 x 9: expected 6 x 6");
    assert_eq!(found["angles"].as_array().unwrap().len(), 1);
    assert_eq!(found["angles"][0], good["angles"][1]);
}

#[test]
fn classes_are_the_same_in_every_form() {
    let run = recording("cases/01-good.npz");
    let straight = found(&run);
    let labels = run["labels"].clone();
    let of = |shape: Vec<usize>, data: Vec<f64>| {
        let mut run = run.clone();
        run.insert("labels".into(), Array { shape, data });
        found(&run)["similarities"].clone()
    };
    let [iterations, samples] = labels.shape[..] else { panic!("labels have two dimensions") };
    let one_hot = |on: f64, off: f64| -> Vec<f64> {
        labels
            .data
            .iter()
            .flat_map(|l| (0..5).map(move |c| if c as f64 == *l { on } else { off }))
            .collect()
    };
    for [on, off] in [[1.0, 0.0], [1.0, -1.0], [0.9, 0.025]] {
        assert_eq!(of(vec![iterations, samples, 5], one_hot(on, off)), straight["similarities"]);
    }
    let far = labels.data.iter().map(|l| 1000.0 * l - 7.0).collect();
    assert_eq!(of(vec![iterations, samples, 1], far), straight["similarities"]);
}

/// Angles of `series.csv` by layer and iteration.
fn series(directory: &Path) -> BTreeMap<(u64, usize), f64> {
    let mut reader = csv::Reader::from_path(directory.join("series.csv")).unwrap();
    let headers = reader.headers().unwrap().clone();
    let place = |name: &str| {
        headers.iter().position(|of| of == name).unwrap_or_else(|| panic!("{name} in {headers:?}"))
    };
    let [quantity, layer, iteration, value] =
        ["quantity", "layer", "iteration", "value"].map(place);
    let rows =
        reader.records().map(Result::unwrap).filter(|row| &row[quantity] == "weight_alignment");
    rows.map(|row| {
        (
            (row[layer].parse().unwrap(), row[iteration].parse().unwrap()),
            row[value].parse().unwrap(),
        )
    })
    .collect()
}

/// The recording of the job in a run directory has the angles of the series there, and shows what
/// carried the errors.
fn assert_read(directory: &Path, rule: &str) {
    let of = directory.display();
    let exported =
        std::fs::read_dir(directory.join("signals")).unwrap().flatten().next().unwrap().path();
    let found = analyze(&exported);
    let expected = series(directory);
    let mut count = 0;
    for (layer, degrees) in angles(&found) {
        for (state, degrees) in degrees.into_iter().enumerate() {
            let Some(degrees) = degrees else { continue };
            let expected =
                expected.get(&(layer, state)).unwrap_or_else(|| panic!("{rule}: {layer}, {state}"));
            assert!(
                (degrees - expected).abs() < 1e-9,
                "{rule}, layer {layer}, state {state}: {degrees} {expected}"
            );
            count += 1;
        }
    }
    assert_eq!(count, expected.len(), "{rule}, {of}: angles on both sides\n{}", notes(&found));
    assert_eq!(found["archive"]["labels"], true, "{rule}");
    let carried = match rule {
        "bp" => "forward_transposed",
        "dfa" | "direct-kolen-pollack" => "direct",
        _ => "backward",
    };
    let expected = if rule == "shallow" { vec![] } else { vec![carried; 2] };
    assert_eq!(carriers(&found), expected, "{rule}, {of}: {}", notes(&found));
}

#[test]
fn recordings_of_all_rules_have_the_angles_of_their_series() {
    let here = TempDir::new().unwrap();
    let rules = [
        "bp",
        "bp-trw",
        "shallow",
        "dfa",
        "sign-uniform",
        "sign-batch",
        "sign-fixed",
        "kolen-pollack",
        "mirror:0.05",
        "interpolated:0.4",
        "correlated:0.3",
        "sparse:0.5",
        "orthogonal",
        "low-rank:4",
        "direct-kolen-pollack",
    ];
    for (number, rule) in rules.into_iter().enumerate() {
        // Widths that differ, and, with as many outputs, widths that do not; the last batch of an
        // epoch is a short one.
        for (shape, options) in
            [("odd", "--hidden 12,11"), ("even", "--hidden 10,10 --code one-hot")]
        {
            let request = format!(
                "train --rule {rule} --out {shape}-{number} --epochs 1 --batch 150 --repeats 1 \
                 --record-every 1 --weight-decay 0.1 --export signals:99 {options}"
            );
            common::done(here.path(), &common::line(&request));
            assert_read(&here.path().join(format!("{shape}-{number}")), rule);
        }
    }
}
