//! `analyze` on runs recorded elsewhere, as a user meets it.

use crate::common;
use alignscope::array::{Array, members, read, write_npz};
use alignscope::matrix::Matrix;
use alignscope::recorded::{RecordedRun, Stack};
use alignscope::rule::Activation;
use alignscope::rule::decomposition::{Earlier, Now, Samples, Towards, literal_term};
use serde_json::Value as Json;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A network of 12-10-8-6 units recorded from PyTorch in single precision: fixed random B, tanh,
/// biases, softmax cross-entropy summed over batches of 16, learning rate 0.05, 25 updates, labels.
/// Recorded by hooks on its layers.
fn pytorch() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pytorch.npz")
}

fn analyze(directory: &Path, run: &str, args: &[&str]) -> Json {
    common::json(directory, &[&["analyze", run, "--json"], args].concat())
}

fn report(directory: &Path, run: &str, args: &[&str]) -> String {
    common::done(directory, &[&["analyze", run], args].concat())
}

fn refused(directory: &Path, run: &str, args: &[&str]) -> String {
    common::refused(directory, &[&["analyze", run], args].concat(), 2)
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
    let of = |member: &&str| {
        Some((member.to_string(), change(member, read(&pytorch(), Some(member)).unwrap())?))
    };
    let members: Vec<(String, Array)> = MEMBERS.iter().filter_map(of).collect();
    let members: Vec<(&str, &Array)> =
        members.iter().map(|(name, array)| (name.as_str(), array)).collect();
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
        let (degrees, expected) =
            (of["degrees"].as_array().unwrap(), &expected[of["layer"].to_string()]);
        assert_eq!((degrees.len(), expected.as_array().unwrap().len()), (26, 26));
        for (found, expected) in degrees.iter().zip(expected.as_array().unwrap()) {
            assert!((number(found) - number(expected)).abs() < 1e-5, "{found} {expected}");
        }
    }
}

#[test]
fn a_recording_from_pytorch_closes_to_the_rounding_of_single_precision() {
    let here = TempDir::new().unwrap();
    let found = analyze(here.path(), pytorch().to_str().unwrap(), &["--lags", "1-2,24"]);
    assert_eq!(found["activations"].as_array().unwrap().len(), 2);
    for of in found["activations"].as_array().unwrap() {
        assert_eq!(
            (&of["activation"], &of["closing"]["closes"]),
            (&"tanh".into(), &true.into()),
            "{of}"
        );
        assert!(number(&of["closing"]["relative_difference"]) < 1e-6);
    }
    for of in found["feedback"].as_array().unwrap() {
        assert_eq!(of["carried_by"], "backward", "{of}");
    }
    let fit = &found["steps"]["fits"][found["steps"]["chosen"].as_u64().unwrap() as usize];
    assert_eq!((&fit["kind"], &fit["closing"]["closes"]), (&"plain".into(), &true.into()), "{fit}");
    assert!(
        (number(&fit["eta"][0]) - 0.05).abs() < 1e-8
            && number(&fit["closing"]["relative_difference"]) < 1e-6
    );
    for of in found["terms"].as_array().unwrap() {
        assert_eq!(of["iterations"].as_array().unwrap().len(), 25);
        assert!(
            number(&of["remainder_difference"]) < 1e-12 && number(&of["step_difference"]) < 1e-6,
            "{of}"
        );
        let last = of["iterations"].as_array().unwrap().last().unwrap();
        let share = |name: &str| {
            let parts = last["parts"].as_array().unwrap();
            number(
                &parts
                    .iter()
                    .find(|part| part["part"] == name)
                    .unwrap_or_else(|| panic!("{name}: {last}"))["share_of_alignment"],
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
    assert!(
        !found["angles"].as_array().unwrap().is_empty()
            && found["terms"].as_array().unwrap().is_empty()
    );
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
    assert!(
        (number(&fit["weight_decay"]) - 0.2).abs() < 1e-5
            && (number(&fit["eta"][0]) - 0.05).abs() < 1e-6,
        "{fit}"
    );
    assert!(
        found["terms"].as_array().unwrap().iter().all(|of| of["split"] == true),
        "projections are split off"
    );
}

#[test]
fn recordings_of_this_program_are_read_back() {
    let here = TempDir::new().unwrap();
    let args = [
        "train",
        "--epochs",
        "1",
        "--hidden",
        "12,10",
        "--repeats",
        "1",
        "--out",
        "run",
        "--export",
        "signals:20",
    ];
    common::done(here.path(), &args);
    let exported = std::fs::read_dir(here.path().join("run/signals"))
        .unwrap()
        .flatten()
        .next()
        .unwrap()
        .path();
    let found = analyze(here.path(), exported.to_str().unwrap(), &[]);
    let fit = &found["steps"]["fits"][found["steps"]["chosen"].as_u64().unwrap() as usize];
    assert!(
        (number(&fit["eta"][0]) - 0.01).abs() < 1e-6 && fit["closing"]["closes"] == true,
        "{fit}"
    );
    assert_eq!(found["activations"][0]["activation"], "tanh-relu");
    assert_eq!(found["terms"].as_array().unwrap().len(), 2);
}

#[test]
fn results_are_written_where_they_are_asked_for() {
    let here = TempDir::new().unwrap();
    report(here.path(), pytorch().to_str().unwrap(), &["--out", "analysis"]);
    let text =
        |name: &str| std::fs::read_to_string(here.path().join("analysis").join(name)).unwrap();
    let found: Json = serde_json::from_str(&text("analysis.json")).unwrap();
    let angles = text("angles.csv");
    assert_eq!(angles.lines().count(), 1 + 2 * 26);
    let last =
        angles.lines().rfind(|line| line.starts_with("1,")).unwrap().rsplit(',').next().unwrap();
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
    assert!(
        refused(here.path(), run, &["--eta", "0"]).contains("expected a finite number above 0")
    );
    assert!(refused(here.path(), run, &["--activation", "tanj"]).contains("tanh"));
    assert!(refused(here.path(), run, &["--lags", "99"]).contains("99"));
}

#[test]
fn a_rate_of_every_step_leaves_the_last_update_out_where_no_state_follows() {
    let here = TempDir::new().unwrap();
    let recorded = |name: String| read(&pytorch(), Some(&name)).unwrap();
    // Steps at rates that rise, 25 states and none after the last update; biases have none either.
    let run = changed(here.path(), "warmup.npz", |name, mut array| {
        let kept = array.data.len() / array.shape[0] * 25;
        if let Some(l) = name.strip_prefix('W') {
            let l: usize = l.parse().unwrap();
            let (source, delta) =
                (recorded(format!("activity{l}")), recorded(format!("delta{}", l + 1)));
            let [samples, inputs, outputs] = [source.shape[1], source.shape[2], delta.shape[2]];
            let size = inputs * outputs;
            for k in 0..24 {
                let (x, d) =
                    (&source.data[k * samples * inputs..], &delta.data[k * samples * outputs..]);
                for at in 0..size {
                    let (i, j) = (at / outputs, at % outputs);
                    let step: f64 =
                        (0..samples).map(|p| x[p * inputs + i] * d[p * outputs + j]).sum();
                    array.data[(k + 1) * size + at] =
                        array.data[k * size + at] + 0.01 * (k + 1) as f64 * step;
                }
            }
        }
        if name.starts_with(['W', 'b']) {
            (array.shape[0], array.data) = (25, array.data[..kept].to_vec());
        }
        Some(array)
    });
    let found = analyze(here.path(), &run, &["--activation", "tanh", "--lags", "1"]);
    assert_eq!(
        found["steps"]["fits"][found["steps"]["chosen"].as_u64().unwrap() as usize]["kind"],
        "rate_by_iteration"
    );
    for l in [1, 2] {
        let of = of_layer(&found["terms"], l);
        assert_eq!(of["iterations"].as_array().unwrap().last().unwrap()["iteration"], 23);
        assert!(number(&of["remainder_difference"]) < 1e-12);
    }
}

/// The recorded run of a network of our own, 64-15-15-50 units and 20 updates.
fn trained(directory: &Path, options: &str) -> PathBuf {
    let fixed = "train --hidden 15,15 --epochs 1 --repeats 1 --export signals:20 --out run";
    common::done(directory, &fixed.split(' ').chain(options.split(' ')).collect::<Vec<_>>());
    std::fs::read_dir(directory.join("run/signals")).unwrap().flatten().next().unwrap().path()
}

/// A recording with its backward weights `B1` replaced.
fn with_backward(directory: &Path, run: &Path, change: impl Fn(Option<Array>) -> Array) -> String {
    let names = members(run).unwrap();
    let other = names.iter().filter(|name| *name != "B1");
    let mut all: Vec<(&str, Array)> =
        other.map(|name| (name.as_str(), read(run, Some(name)).unwrap())).collect();
    all.push(("B1", change(read(run, Some("B1")).ok())));
    let all: Vec<(&str, &Array)> = all.iter().map(|(name, array)| (*name, array)).collect();
    write_npz(&directory.join("backward.npz"), &all).unwrap();
    "backward.npz".into()
}

fn of_layer(found: &Json, layer: usize) -> &Json {
    let mut entries = found.as_array().unwrap().iter();
    entries.find(|of| of["layer"] == layer).unwrap_or_else(|| panic!("layer {layer} in {found}"))
}

fn layers(found: &Json) -> Vec<u64> {
    found.as_array().unwrap().iter().map(|of| of["layer"].as_u64().unwrap()).collect()
}

fn chosen(found: &Json) -> &Json {
    &found["steps"]["fits"][found["steps"]["chosen"].as_u64().unwrap() as usize]
}

/// A part of the updates of a layer, all iterations together.
fn part<'a>(found: &'a Json, layer: usize, name: &str, lag: Option<u64>) -> &'a Json {
    let mut parts = of_layer(&found["terms"], layer)["overall"].as_array().unwrap().iter();
    parts
        .find(|of| of["part"] == name && of["lag"].as_u64() == lag)
        .unwrap_or_else(|| panic!("{name} of {layer}"))
}

fn notes(found: &Json) -> String {
    found["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| format!("{}\n", note.as_str().unwrap()))
        .collect()
}

#[test]
fn terms_are_the_literal_form_of_the_recorded_signals() {
    let here = TempDir::new().unwrap();
    let run = RecordedRun::open(&pytorch()).unwrap();
    let found =
        analyze(here.path(), pytorch().to_str().unwrap(), &["--lags", "3", "--eta", "0.05"]);
    for (l, k) in [(1, 20), (2, 7)] {
        let matrix = |stack: Option<&Stack>, k: usize| stack.unwrap().matrix(k).unwrap();
        let signals = |k: usize| (matrix(run.activity(l - 1), k), matrix(run.delta(l + 1), k));
        let ((source, delta), (then_source, then_delta)) = (signals(k), signals(k - 3));
        // Z_l of the earlier iteration, from its tanh.
        let mut z = matrix(run.activity(l), k - 3);
        z.as_mut_slice().iter_mut().for_each(|v| *v = v.atanh());
        let then = [Earlier {
            samples: Samples { source: &then_source, delta: &then_delta, mask: None },
            z: &z,
        }];
        let samples = [Samples { source: &source, delta: &delta, mask: None }];
        let bias = matrix(run.biases(l), k);
        let bias = bias.as_slice();
        let now = Now { samples: &samples, bias, activation: Activation::Tanh, eta: 0.05 };
        let backward = &run.backward(l).unwrap().states().matrix(0).unwrap();
        let term = literal_term(&matrix(run.weights(l - 1), k - 3), &then, &now, backward).unwrap();
        let expected = Towards::transpose_of(backward).read(&term).unwrap();
        let parts = of_layer(&found["terms"], l)["iterations"][k]["parts"].as_array().unwrap();
        let got = parts.iter().find(|of| of["part"] == "alignment" && of["lag"] == 3).unwrap();
        // The step of lag 3 is a difference of two rounded states, the literal form is made of
        // signals.
        assert!((number(&got["norm"]) / expected.norm - 1.0).abs() < 1e-5, "{got} {expected:?}");
        assert!(
            (number(&got["degrees"]) - expected.angle.unwrap()).abs() < 1e-3,
            "{got} {expected:?}"
        );
    }
}

#[test]
fn similarities_are_those_of_the_recorded_samples() {
    let here = TempDir::new().unwrap();
    let found =
        analyze(here.path(), pytorch().to_str().unwrap(), &["--lags", "2", "--every", "50"]);
    let (run, pairs) =
        (RecordedRun::open(&pytorch()).unwrap(), of_layer(&found["similarities"], 2));
    assert_eq!((&pairs["batches"], &pairs["lag"]), (&Json::from(1), &Json::from(2)));
    let similarity = |of: &Stack, p: usize, q: usize| -> f64 {
        let (earlier, later) = (of.matrix(22).unwrap(), of.matrix(24).unwrap());
        earlier.row(p).iter().zip(later.row(q)).map(|(a, b)| a * b).sum()
    };
    // Count, activity, error and product of pairs of one class and of different ones.
    let mut sums = [[0.0; 4]; 2];
    for (p, q) in (0..16).flat_map(|p| (0..16).map(move |q| (p, q))) {
        let (s, d) =
            (similarity(run.activity(1).unwrap(), p, q), similarity(run.delta(3).unwrap(), p, q));
        let same = run.labels(22).unwrap()[p] == run.labels(24).unwrap()[q];
        sums[usize::from(!same)]
            .iter_mut()
            .zip([1.0, s, d, s * d])
            .for_each(|(sum, value)| *sum += value);
    }
    let close = |found: &Json, expected: f64| {
        assert!(
            (number(found) - expected).abs() < 1e-9 * expected.abs().max(1e-3),
            "{found} {expected}"
        );
    };
    for (class, [count, s, d, product]) in ["within", "between"].into_iter().zip(sums) {
        close(&pairs["activity"][class], s / count);
        close(&pairs["error"][class], d / count);
        close(&pairs["product"][class], product / count);
    }
    let sum = |place: usize| sums[0][place] + sums[1][place];
    close(&pairs["trace"], sum(3));
    close(&pairs["mean_eigenvalue"], sum(3) / 6.0);
    close(&pairs["shuffled"]["all"], sum(1) / 256.0 * sum(2) / 256.0);
}

#[test]
fn momentum_and_decay_are_found_and_split_off() {
    let here = TempDir::new().unwrap();
    let run = trained(here.path(), "--rule fa --momentum 0.9 --weight-decay 0.02 --eta 0.004");
    let found = analyze(here.path(), run.to_str().unwrap(), &[]);
    let fit = chosen(&found);
    assert_eq!(
        (&fit["kind"], &fit["closing"]["closes"]),
        (&"momentum_and_decay".into(), &true.into()),
        "{fit}"
    );
    for (value, expected) in
        [(&fit["momentum"], 0.9), (&fit["weight_decay"], 0.02), (&fit["eta"][0], 0.004)]
    {
        assert!((number(value) / expected - 1.0).abs() < 1e-3, "{fit}");
    }
    let norm = |name: &str| number(&part(&found, 1, name, Some(1))["norm"]);
    assert!(
        norm("projection") > norm("alignment"),
        "momentum carries more than the latest gradient"
    );
    assert!(found["predictions"].as_array().unwrap().is_empty());
    assert!(
        notes(&found).contains("no prediction for layer 1: the steps are not the rule's alone")
    );
}

#[test]
fn a_projection_is_no_recipe_of_steps_and_is_split_off() {
    let here = TempDir::new().unwrap();
    let run = trained(here.path(), "--rule fa --wn 1");
    let found = analyze(here.path(), run.to_str().unwrap(), &[]);
    assert_eq!(
        (&chosen(&found)["kind"], &chosen(&found)["closing"]["closes"]),
        (&"plain".into(), &false.into())
    );
    assert!(notes(&found).contains("a projection (weight normalisation)"));
    assert!(number(&part(&found, 2, "projection_sum", None)["norm"]) > 0.0);
    assert!(number(&of_layer(&found["terms"], 2)["remainder_difference"]) < 1e-14);
}

#[test]
fn backpropagation_is_told_from_feedback_alignment() {
    let here = TempDir::new().unwrap();
    let run = trained(here.path(), "--rule bp");
    let found = analyze(here.path(), run.to_str().unwrap(), &[]);
    assert!(layers(&found["angles"]).is_empty() && layers(&found["predictions"]).is_empty());
    assert_eq!(of_layer(&found["feedback"], 1)["carried_by"], "forward_transposed");
    assert!(part(&found, 1, "alignment_sum", None)["degrees"].is_null());
    // A B on record that is not used.
    let unused = with_backward(here.path(), &run, |_| Array {
        shape: vec![15, 15],
        data: (0..225).map(|i| f64::from(i * 7 % 11) - 5.0).collect(),
    });
    let text = notes(&analyze(here.path(), &unused, &[]));
    assert!(text.contains("carried back by W1', not by B1: this is backpropagation"), "{text}");
    assert!(
        text.contains("no prediction for layer 1: delta1 was not carried back by B1"),
        "{text}"
    );
}

#[test]
fn a_square_b_recorded_transposed_is_turned_by_what_the_errors_say() {
    let here = TempDir::new().unwrap();
    let run = trained(here.path(), "--rule fa");
    let straight = analyze(here.path(), run.to_str().unwrap(), &[]);
    let turned = with_backward(here.path(), &run, |array| {
        let Array { shape, data } = array.unwrap();
        Array { data: Matrix::from_vec(15, 15, data).transpose().as_slice().to_vec(), shape }
    });
    let found = analyze(here.path(), &turned, &[]);
    assert_eq!(
        (layers(&straight["terms"]), &straight["turned"]),
        (vec![1, 2], &serde_json::json!([]))
    );
    assert_eq!(found["turned"], serde_json::json!([1]));
    for key in ["angles", "terms", "predictions"] {
        assert_eq!(straight[key], found[key], "{key}");
    }
}

#[test]
fn of_a_linear_network_the_unrolled_rule_is_exact() {
    let here = TempDir::new().unwrap();
    let run = trained(here.path(), "--rule fa --activation linear --precision f64 --eta 0.004");
    let found = analyze(here.path(), run.to_str().unwrap(), &[]);
    for layer in [1, 2] {
        let of = of_layer(&found["predictions"], layer);
        let degrees = |key: &str| number(&of[key]);
        assert!(
            (degrees("first_degrees") - degrees("measured_degrees")).abs() > 0.5,
            "nothing to predict: {of}"
        );
        assert!(
            (degrees("from_these_weights_degrees") - degrees("measured_degrees")).abs() < 1e-9,
            "{of}"
        );
    }
    // That of tanh is off: the prediction is for the linear rule.
    let found = analyze(here.path(), pytorch().to_str().unwrap(), &[]);
    let of = of_layer(&found["predictions"], 1);
    assert!(
        (number(&of["from_these_weights_degrees"]) - number(&of["measured_degrees"])).abs() > 1.0
    );
}

#[test]
fn deltas_with_the_sign_of_gradients_are_found_out() {
    let here = TempDir::new().unwrap();
    let gradients = changed(here.path(), "gradients.npz", |name, mut array| {
        if name.starts_with("delta") {
            array.data.iter_mut().for_each(|v| *v = -*v);
        }
        Some(array)
    });
    let found = analyze(here.path(), &gradients, &[]);
    assert!(layers(&found["terms"]).is_empty() && layers(&found["predictions"]).is_empty());
    assert!(
        notes(&found).contains("record their negatives, which point towards the target"),
        "{}",
        notes(&found)
    );
}

#[test]
fn an_activation_that_is_not_known_stops_the_decomposition() {
    let here = TempDir::new().unwrap();
    let dropped = changed(here.path(), "dropped.npz", |name, mut array| {
        if name == "activity1" {
            array.data.iter_mut().step_by(2).for_each(|v| *v = 0.0);
        }
        Some(array)
    });
    let found = analyze(here.path(), &dropped, &[]);
    let of = of_layer(&found["activations"], 1);
    assert!(
        of["activation"].is_null() && of["nearest"].is_string() && of["closing"]["closes"] == false,
        "{of}"
    );
    let why = of_layer(&found["not_decomposed"], 1)["why"].as_str().unwrap();
    assert!(
        why.contains("no activation that is known makes activity1") && why.contains("dropout"),
        "{why}"
    );
}

#[test]
fn every_missing_member_has_its_price_and_no_other() {
    let here = TempDir::new().unwrap();
    let without = |gone: &str, options: &[&str]| {
        let run =
            changed(here.path(), "without.npz", |name, array| (name != gone).then_some(array));
        let found = analyze(here.path(), &run, options);
        let missing = found["archive"]["missing"].as_array().unwrap().iter();
        // The labels are never among these.
        let names: Vec<String> = missing
            .map(|m| m["member"].as_str().unwrap().into())
            .filter(|m| m != "labels")
            .collect();
        assert_eq!(names, if gone.is_empty() { vec![] } else { vec![gone.to_string()] });
        found
    };
    let reach = |found: &Json| {
        ["angles", "terms", "similarities", "predictions"].map(|key| layers(&found[key]))
    };
    assert_eq!(reach(&without("", &[])), [[1, 2]; 4]);
    assert_eq!(reach(&without("B1", &[])), [vec![2], vec![1, 2], vec![1, 2], vec![2]]);
    assert_eq!(reach(&without("W0", &[])), [vec![1, 2], vec![2], vec![1, 2], vec![2]]);
    assert_eq!(reach(&without("delta3", &[])), [vec![1, 2], vec![1], vec![1], vec![1]]);
    assert_eq!(reach(&without("activity0", &[])), [vec![1, 2], vec![2], vec![2], vec![2]]);
    let found = without("activity1", &[]);
    assert_eq!(reach(&found), [vec![1, 2], vec![], vec![1], vec![1]]);
    assert!(
        of_layer(&found["not_decomposed"], 1)["why"]
            .as_str()
            .unwrap()
            .contains("give --activation")
    );
    assert_eq!(layers(&without("activity1", &["--activation", "tanh"])["terms"]), [1]);
    let found = without("b1", &[]);
    assert!(
        of_layer(&found["activations"], 1)["activation"].is_null(),
        "without its biases nothing makes activity1"
    );
}

/// A member with a header of our choice and so many bytes of zeros.
fn npy(descr: &str, shape: &str, bytes: usize) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    let header = format!("{header:<117}\n");
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), &vec![0; bytes]].concat()
}

fn archive(directory: &Path, members: &[(&str, Vec<u8>)]) -> String {
    let mut writer = zip::ZipWriter::new(std::fs::File::create(directory.join("raw.npz")).unwrap());
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in members {
        writer.start_file(format!("{name}.npy"), stored).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap();
    "raw.npz".into()
}

#[test]
fn types_and_shapes_that_are_not_read_are_named_at_once() {
    let here = TempDir::new().unwrap();
    let members = [
        ("W0", npy("<f16", "(3, 4)", 192)),
        ("W1", npy("<c16", "(4, 2)", 128)),
        ("B1", npy("|O", "(2, 4)", 64)),
        ("activity0", npy("|S1", "(3, 2, 3)", 18)),
        ("activity1", npy("<i4", "(3, 2, 4)", 96)),
        ("b1", npy("<f8", "(5,)", 40)),
        ("delta1", npy("<f4", "(3, 4)", 48)),
    ];
    let error = refused(here.path(), &archive(here.path(), &members), &[]);
    let lines: Vec<&str> = error.lines().collect();
    for (name, words) in [
        ("W0", "type <f16"),
        ("W1", "type <c16"),
        ("B1", "type |O"),
        ("activity0", "type |S1"),
        ("activity1", "has 4 units in layer 1, `b1` has 5"),
        ("delta1", "is [3, 4]: expected 3 dimensions"),
    ] {
        let said =
            lines.iter().any(|line| line.contains(&format!("`{name}`")) && line.contains(words));
        assert!(said, "`{name}` {words}:\n{error}");
    }
    let integers =
        archive(here.path(), &[("W0", npy("<i2", "(3, 4)", 24)), ("W1", npy("|u1", "(4, 2)", 8))]);
    assert_eq!(
        analyze(here.path(), &integers, &[])["archive"]["sizes"],
        serde_json::json!([3, 4, 2])
    );
}

#[test]
fn values_that_are_not_finite_are_located_at_once() {
    let here = TempDir::new().unwrap();
    let bad = changed(here.path(), "bad.npz", |name, mut array| {
        match name {
            "W1" => array.data[(5 * 10 + 3) * 8 + 2] = f64::NAN,
            "delta2" => array.data[0] = f64::NEG_INFINITY,
            _ => {}
        }
        Some(array)
    });
    let error = refused(here.path(), &bad, &[]);
    for (name, words) in
        [("`W1`", "NaN at index [5, 3, 2]"), ("`delta2`", "-inf at index [0, 0, 0]")]
    {
        assert!(
            error.lines().any(|line| line.contains(name) && line.contains(words)),
            "{name}:\n{error}"
        );
    }
}

#[test]
fn values_whose_products_are_no_numbers_are_refused_and_all_others_give_numbers() {
    let here = TempDir::new().unwrap();
    let largest = |array: &Array| array.data.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    for (name, scale) in [("large.npz", 1e200), ("small.npz", 1e-200)] {
        let scaled = changed(here.path(), name, |name, mut array| {
            if matches!(name, "W1" | "delta2") {
                array.data.iter_mut().for_each(|value| *value *= scale);
            }
            Some(array)
        });
        let error = refused(here.path(), &scaled, &[]);
        for name in ["`W1`", "`delta2`"] {
            let said = |line: &str| line.contains(name) && line.contains("between 1e-50 and 1e30");
            assert!(error.lines().any(said), "{name}:\n{error}");
        }
    }
    // The ends of what is allowed, for all members together and for errors alone.
    for (name, only, to) in
        [("all.npz", "", 9e29), ("errors.npz", "delta", 9e29), ("vanishing.npz", "delta", 2e-50)]
    {
        let scaled = changed(here.path(), name, |name, mut array| {
            let factor = to / largest(&array);
            if name.starts_with(only) && factor.is_finite() {
                array.data.iter_mut().for_each(|value| *value *= factor);
            }
            Some(array)
        });
        let told = report(here.path(), &scaled, &[]);
        let is_none = |word: &str| matches!(word.trim_matches(['-', ':', ',', ';']), "NaN" | "inf");
        assert!(!told.split_whitespace().any(is_none), "{name}:\n{told}");
    }
}

#[test]
fn more_than_there_is_room_for_is_refused_by_what_is_claimed() {
    let here = TempDir::new().unwrap();
    let claim = |shape: &str| archive(here.path(), &[("W0", npy("<f8", shape, 64))]);
    let error = refused(here.path(), &claim("(900, 900)"), &[]);
    assert!(error.contains("`W0`") && error.contains("8 of 810000 values are there"), "{error}");
    let error = refused(here.path(), &claim("(9999999, 99999)"), &[]);
    assert!(
        error.contains("`W0`") && error.contains("8 of 999989900001 values are there"),
        "{error}"
    );
    // An archive that lies about the size of its member: in its directory alone, or before the
    // member as well.
    let path = here.path().join(claim("(20000, 10000)"));
    let mut bytes = std::fs::read(&path).unwrap();
    let entry = bytes.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    bytes[entry + 24..entry + 28].copy_from_slice(&0x7000_0000u32.to_le_bytes());
    std::fs::write(&path, &bytes).unwrap();
    let error = refused(here.path(), "raw.npz", &[]);
    assert!(error.contains("size mismatch"), "{error}");
    bytes[22..26].copy_from_slice(&0x7000_0000u32.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let error = refused(here.path(), "raw.npz", &[]);
    assert!(
        error.contains("claims 1879048192 bytes, and 192 stored ones cannot hold these"),
        "{error}"
    );
}

#[test]
fn requests_that_do_not_fit_the_recording_are_refused() {
    let here = TempDir::new().unwrap();
    let run = pytorch();
    for (options, words) in [
        ("--eta -0.1", "a finite number above 0"),
        ("--eta nan", "a finite number above 0"),
        ("--activation tahn", "did you mean `tanh`?"),
        ("--activation tanh,tanh,tanh", "3 activations for 2 hidden layers"),
        ("--lags 0", "lags cannot be `0`: expected whole numbers from 1 and ranges of them"),
        ("--lags 1-30", "there is no lag 25: 25 iterations were recorded, so lags are 1 to 24"),
        ("--lags 1,25", "there is no lag 25"),
        ("--lags 5 --window 4", "lag 5 lies beyond the window of 4"),
    ] {
        let error =
            refused(here.path(), run.to_str().unwrap(), &options.split(' ').collect::<Vec<_>>());
        assert!(error.contains(words), "{options} lacks `{words}`:\n{error}");
    }
    let window = analyze(here.path(), run.to_str().unwrap(), &["--window", "6", "--every", "10"]);
    let iterations = of_layer(&window["terms"], 1)["iterations"].as_array().unwrap();
    let at: Vec<_> = iterations
        .iter()
        .map(|i| [&i["iteration"], &i["reach"]].map(|n| n.as_u64().unwrap()))
        .collect();
    assert_eq!(at, [[0, 0], [10, 6], [20, 6], [24, 6]]);
}
