//! What `analyze` does with recordings that do not say enough, or not what they seem to: it names
//! what is the case, and prints no angle, and no recipe, that may be wrong.
//!
//! `tests/data/doubtful.py` made the recordings with PyTorch. Their `B` are on record at every
//! state; where one alone is wanted, it is cut out here.

use crate::common;
use crate::readings::{
    Members, analyze, angles, assert_said, carriers, data, found, notes, recording, renamed,
};
use alignscope::array::{Array, write_npz};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

type Courses = BTreeMap<u64, Vec<Option<f64>>>;

fn doubtful(name: &str) -> Members {
    recording(&format!("doubtful/{name}.npz"))
}

/// One state of every `B` alone.
fn with_one(mut run: Members, state: usize) -> Members {
    for (_, b) in run.iter_mut().filter(|(name, _)| name.starts_with('B')) {
        let size: usize = b.shape[1..].iter().product();
        b.data = b.data[state * size..(state + 1) * size].to_vec();
        b.shape.remove(0);
    }
    run
}

/// Angles of these states that NumPy computed.
fn expected(name: &str, states: impl Fn(usize) -> bool) -> Courses {
    let all: Json = serde_json::from_str(include_str!("data/doubtful/angles.json")).unwrap();
    let of = |(layer, degrees): (&String, &Json)| {
        let degrees = degrees.as_array().unwrap().iter().enumerate();
        let kept = degrees.map(|(k, d)| d.as_f64().filter(|_| states(k))).collect();
        (layer.parse().unwrap(), kept)
    };
    all[name].as_object().unwrap().iter().map(of).collect()
}

#[track_caller]
fn assert_courses(found: &Json, expected: &Courses) {
    let got = angles(found);
    let near = |pair: (&Option<f64>, &Option<f64>)| match pair {
        (Some(a), Some(b)) => (a - b).abs() < 1e-6,
        (a, b) => a == b,
    };
    let same = got.keys().eq(expected.keys())
        && got
            .iter()
            .all(|(l, of)| of.len() == expected[l].len() && of.iter().zip(&expected[l]).all(near));
    assert!(same, "{got:?}\nfor {expected:?}\n{}", notes(found));
}

#[test]
fn a_single_update_is_analysed() {
    let run = doubtful("one-update");
    assert_courses(&found(&run), &expected("one-update", |_| true));
    // Nothing tells that one B is that of both states, through a normalisation and dropout.
    assert!(angles(&found(&with_one(run, 0))).is_empty());
}

#[test]
fn backward_weights_that_take_turns_are_those_of_their_own_states_alone() {
    let run = doubtful("turns");
    let first = |k: usize| k < 12 && k % 6 < 3;
    let found_first = found(&with_one(run.clone(), 0));
    assert_courses(&found_first, &expected("turns", first));
    assert_said(&found_first, "but in states 0 to 2, 6 to 8");
    let second = |k: usize| k < 12 && k % 6 >= 3;
    assert_courses(&found(&with_one(run, 3)), &expected("turns", second));
    assert_courses(&found(&with_one(doubtful("turns-gelu"), 0)), &expected("turns-gelu", first));
    // Where the activation is not known, no state is told.
    let found = found(&with_one(doubtful("turns-mish"), 0));
    for (layer, degrees) in angles(&found) {
        let right = &expected("turns-mish", |k| k == 0)[&layer];
        let wrong = degrees.iter().zip(right).any(|(a, b)| a.is_some() && b.is_none());
        assert!(!wrong, "{degrees:?}\n{}", notes(&found));
    }
}

#[test]
fn one_b_behind_a_normalisation_is_that_of_the_states_whose_errors_it_made() {
    for name in ["fixed-batch-norm", "fixed-batch-norm-relu", "fixed-layer-norm"] {
        let found = found(&with_one(doubtful(name), 0));
        assert_courses(&found, &expected(name, |_| true));
        assert_eq!(carriers(&found), ["backward"; 2], "{name}");
        assert_said(&found, "through f' and a normalisation, whose gains were fitted");
        assert!(found["feedback"][0]["normalised"]["closes"].as_bool().unwrap(), "{name}");
    }
    for name in ["changing-batch-norm", "changing-layer-norm"] {
        let run = doubtful(name);
        assert_courses(&found(&run), &expected(name, |_| true));
        assert_courses(&found(&with_one(run.clone(), 0)), &expected(name, |k| k == 0));
        assert_courses(&found(&with_one(run, 12)), &expected(name, |k| k == 12));
    }
    // With an activation that is not known as well, nothing tells, and no course is printed.
    let run = doubtful("fixed-layer-norm-gelu");
    assert_courses(&found(&run), &expected("fixed-layer-norm-gelu", |_| true));
    let found = found(&with_one(run, 0));
    assert!(angles(&found).is_empty(), "{}", notes(&found));
    assert_said(&found, "something other than an activation lies between, such as a normalisation");
    assert_said(&found, "record B1 at every state, as W1 is, even if it does not change");
}

#[test]
fn chance_does_not_settle_which_way_a_matrix_is_stored() {
    for (name, layer) in [
        ("36-bp-layer-norm-square-b", 1),
        ("37-bp-one-update-square-b", 1),
        ("38-layer-norm-dropout-square-b", 1),
    ] {
        let found = analyze(&data("cases").join(format!("{name}.npz")));
        let of_layer = |of: &&Json| of["layer"] == layer;
        let entries = found["angles"].as_array().unwrap().iter().filter(of_layer);
        // Both readings, or none.
        assert!(entries.clone().all(|of| of["reading"].is_string()), "{name}: {}", notes(&found));
        assert_ne!(entries.count(), 1, "{name}: {}", notes(&found));
    }
}

fn assert_near(value: &Json, expected: f64) {
    let value = value.as_f64().unwrap_or(f64::NAN);
    assert!((value - expected).abs() <= 1e-4 * expected.abs(), "{value} for {expected}");
}

#[test]
fn of_recipes_that_make_the_same_steps_that_of_pytorch_is_named() {
    for (name, dampening) in [("falling-rate", 0.0), ("falling-rate-dampened", 0.1)] {
        let steps = found(&doubtful(name))["steps"].take();
        assert_eq!(steps["momentum"]["form"], "buffer", "{name}: {}", steps["recipe"]);
        assert_near(&steps["momentum"]["value"], 0.9);
        assert!((steps["momentum"]["dampening"].as_f64().unwrap() - dampening).abs() < 1e-4);
        assert_near(&steps["rates"]["iterations"][3], 0.0729);
        let alike = steps["alike"].to_string();
        assert!(alike.contains("momentum 0.81 (every gradient keeps the rate"), "{alike}");
    }
    // Two updates leave a Nesterov momentum open that is none.
    let steps = found(&doubtful("two-updates"))["steps"].take();
    assert_eq!(steps["momentum"]["kind"], "heavy_ball", "{}", steps["recipe"]);
    assert_near(&steps["momentum"]["value"], 0.9);
    assert!(steps["alike"].to_string().contains("nesterov momentum"), "{}", steps["alike"]);
}

#[test]
fn groups_of_parameters_have_recipes_of_their_own() {
    let by_layer = |name: &str| {
        let found = found(&doubtful(name));
        let steps = &found["steps"];
        assert_eq!(steps["fits"][0]["kind"], "by_layer", "{name}: {}", notes(&found));
        assert_eq!(steps["fits"][0]["closing"]["closes"], true, "{name}");
        steps["by_layer"].as_array().unwrap().clone()
    };
    for name in ["decay-by-layer", "decay-by-layer-adamw"] {
        let layers = by_layer(name);
        for (of, decay) in layers.iter().zip([Some(0.1), Some(0.1), None]) {
            match decay {
                None => assert!(of["decay"].is_null(), "{name}: {of}"),
                Some(decay) => assert!(
                    (of["decay"]["value"].as_f64().unwrap() - decay).abs() < 2e-3,
                    "{name}: {of}"
                ),
            }
        }
    }
    let layers = by_layer("momentum-by-layer");
    assert_near(&layers[0]["momentum"]["value"], 0.9);
    assert_near(&layers[1]["momentum"]["value"], 0.5);
    assert!(layers[2]["momentum"].is_null(), "{}", layers[2]);
    assert_near(&layers[2]["rates"]["eta"], 0.1);
    // Momentum that changes on the way is not looked into, and not said to be excluded.
    let found = found(&doubtful("cycled-momentum"));
    assert!(found["steps"]["recipe"].is_null());
    assert_eq!(found["steps"]["combination"], "sgd with momentum, whatever the rates");
    assert_said(&found, "excluded, each with the same momentum, decay and betas in all layers and");
    assert_said(&found, "momentum or decay may change on the way, as OneCycleLR cycles momentum");
    assert_said(&found, "not looked into: momentum, decay or betas that change from update to");
}

/// What is said where a recording of these members is refused.
fn refused(members: &Members) -> String {
    let here = TempDir::new().unwrap();
    let all: Vec<(&str, &Array)> =
        members.iter().map(|(name, array)| (name.as_str(), array)).collect();
    write_npz(&here.path().join("run.npz"), &all).unwrap();
    common::refused(here.path(), &["analyze", "run.npz"], 2)
}

fn good() -> Members {
    recording("cases/01-good.npz")
}

#[test]
fn states_of_some_updates_are_not_taken_for_those_of_all() {
    let mut run = good();
    let mut next = run["W0"].clone();
    let frame = next.data.len() / next.shape[0];
    next.data.drain(..frame);
    next.shape[0] -= 1;
    run.insert("W0_next".into(), next);
    let error = refused(&run);
    assert!(error.contains("`updates` is missing") && error.contains("W0_next"), "{error}");
    // What it says to do helps.
    let states = run["W0"].shape[0];
    let updates = (0..states).map(|k| 5.0 * k as f64).collect();
    run.insert("updates".into(), Array { shape: vec![states], data: updates });
    assert_said(&found(&run), "not all updates of the run were recorded");
    assert!(run.remove("updates").is_some() && run.remove("W0_next").is_some());
    assert_eq!(found(&run)["steps"], found(&good())["steps"]);
}

/// The same values with axes in another order, as `numpy.transpose` has them.
fn transposed(of: &Array, order: &[usize]) -> Array {
    let shape: Vec<usize> = order.iter().map(|&axis| of.shape[axis]).collect();
    let stride = |axis: usize| of.shape[axis + 1..].iter().product::<usize>();
    let value = |at: usize| {
        let mut rest = at;
        let mut place = 0;
        for (&axis, &n) in order.iter().zip(&shape).rev() {
            place += rest % n * stride(axis);
            rest /= n;
        }
        of.data[place]
    };
    Array { data: (0..of.data.len()).map(value).collect(), shape }
}

#[test]
fn axes_in_another_order_are_named_with_what_puts_them_right() {
    let good = good();
    // As Julia has them: units x samples x iterations, and states last.
    let turned = |of: &Array| {
        let order: Vec<usize> = (0..of.shape.len()).rev().collect();
        transposed(of, &order)
    };
    let single = |name: &str| name.starts_with('B');
    let julia: Members = good
        .iter()
        .map(|(name, of)| {
            let of = if single(name) { of.clone() } else { turned(of) };
            (name.clone(), of)
        })
        .collect();
    let error = refused(&julia);
    assert!(error.contains("axes are in another order"), "{error}");
    assert!(error.contains("numpy.transpose(x, (2, 1, 0)) of activities"), "{error}");
    assert!(error.contains("numpy.transpose(x, (2, 1, 0)) of states of weights"), "{error}");
    assert!(error.contains("numpy.transpose(x) of labels"), "{error}");
    assert_eq!(error.trim_end().lines().count(), 2, "{error}");
    let back: Members = julia
        .iter()
        .map(|(name, of)| (name.clone(), if single(name) { of.clone() } else { turned(of) }))
        .collect();
    assert_eq!(found(&back)["angles"], found(&good)["angles"]);
}

/// `errors B`, row by row.
fn through(errors: &Array, b: &Array) -> Vec<f64> {
    let [above, units] = [b.shape[0], b.shape[1]];
    let rows = errors.data.chunks_exact(above);
    let made = |row: &[f64], i: usize| {
        row.iter().enumerate().map(|(j, e)| e * b.data[j * units + i]).sum::<f64>()
    };
    rows.flat_map(|row| (0..units).map(move |i| made(row, i))).collect()
}

#[test]
fn errors_that_were_recorded_before_their_derivatives_are_named() {
    let good = good();
    let mut run = good.clone();
    for l in [1, 2] {
        let made = through(&good[&format!("delta{}", l + 1)], &good[&format!("B{l}")]);
        run.get_mut(&format!("delta{l}")).unwrap().data = made;
    }
    let of_run = found(&run);
    assert_eq!(angles(&of_run), angles(&found(&good)));
    assert_said(&of_run, "delta1 is delta2 times f', carried back by B1");
    assert_said(&of_run, "both were recorded before the derivative");
    assert!(!notes(&of_run).contains("record B1 at every state"), "{}", notes(&of_run));
}

#[test]
fn an_activation_that_was_given_and_does_not_fit_is_said_not_to() {
    let path = data("cases/01-good.npz");
    let all = ["analyze", path.to_str().unwrap(), "--json", "--activation", "sigmoid"];
    let given = common::json(Path::new("."), &all);
    assert_eq!(given["angles"], analyze(&path)["angles"]);
    assert_said(&given, "the activation that was given does not fit");
    assert!(!notes(&given).contains("at every state"), "{}", notes(&given));
}

#[test]
fn a_layer_that_is_recorded_alone_keeps_its_number() {
    let mut run = good();
    run.retain(|name, _| ["W1", "activity1", "delta2", "b2"].contains(&name.as_str()));
    let found = found(&run);
    assert!(!notes(&found).contains("counted"), "{}", notes(&found));
    assert_eq!(found["steps"]["layers"], serde_json::json!([1]));
}

#[test]
fn optional_members_that_are_no_numbers_or_have_axes_to_spare_are_no_hindrance() {
    let good = with_one(doubtful("falling-rate"), 0);
    let right = found(&good);
    let changed = |name: &str, change: &dyn Fn(&mut Array)| {
        let mut run = good.clone();
        change(run.get_mut(name).unwrap());
        found(&run)
    };
    // Of two layers the other still has its angle.
    let found_without = changed("B1", &|b| b.data[3] = f64::NAN);
    assert_said(&found_without, "left out: `B1`");
    assert_eq!(found_without["angles"][0], right["angles"][1]);
    let found_without = changed("b1", &|b| b.data[3] = f64::INFINITY);
    assert_said(&found_without, "left out: `b1`");
    assert_eq!(found_without["angles"].as_array().unwrap().len(), 2);
    // B[None], b[:, None], b[:, :, None] and a bias of one state as a column.
    let of_more = changed("B1", &|b| b.shape.insert(0, 1));
    assert_eq!(of_more["angles"], right["angles"]);
    for at in [1, 2] {
        let of_more = changed("b1", &|b| b.shape.insert(at, 1));
        assert_eq!(of_more["activations"], right["activations"], "{at}");
    }
    let first = |b: &mut Array| {
        let units = b.shape[1];
        (b.shape, b.data) = (vec![units], b.data[..units].to_vec());
    };
    let row = changed("b1", &first);
    let column = changed("b1", &|b| {
        first(b);
        b.shape.push(1);
    });
    assert_eq!(column["activations"], row["activations"]);
    assert!(!notes(&column).contains("left out"), "{}", notes(&column));
}

#[test]
fn names_of_the_other_kind_stay_as_they_are() {
    // The names of a whole network from 1 are still read from 1.
    let run = renamed(good(), |name| match name.find(|c: char| c.is_ascii_digit()) {
        Some(at) => format!("{}{}", &name[..at], name[at..].parse::<usize>().unwrap() + 1),
        None => name.into(),
    });
    assert_said(&found(&run), "layers are counted from 0, and from 1 in this file");
}
