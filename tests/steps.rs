//! What steps of weights are made of: recordings from the optimisers of PyTorch, and the precision
//! they are judged in.

use crate::common;
use alignscope::array::{Array, members, read, write_npz};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// The recordings of `tests/data/optimisers.py`, one precision of them.
struct Cells {
    names: Vec<String>,
    members: Vec<(String, Array)>,
    here: TempDir,
}

impl Cells {
    fn of(precision: &str) -> Self {
        let path = data(&format!("optimisers/{precision}.npz"));
        let names = std::fs::read_to_string(data("optimisers/cells.txt")).unwrap();
        let all = members(&path).unwrap().into_iter().map(|name| {
            let array = read(&path, Some(&name)).unwrap();
            (name, array)
        });
        Self {
            names: names.lines().map(Into::into).collect(),
            members: all.collect(),
            here: TempDir::new().unwrap(),
        }
    }

    /// The recording of one cell, with members changed.
    fn recording(&self, name: &str, change: impl Fn(&str, &mut Array)) -> String {
        let at =
            self.names.iter().position(|n| n == name).unwrap_or_else(|| panic!("no cell {name}"));
        let of = |(member, array): &(String, Array)| {
            let shape = array.shape[1..].to_vec();
            let size: usize = shape.iter().product();
            let mut array = Array { shape, data: array.data[at * size..(at + 1) * size].to_vec() };
            change(member, &mut array);
            (member.clone(), array)
        };
        let all: Vec<(String, Array)> = self.members.iter().map(of).collect();
        let all: Vec<(&str, &Array)> =
            all.iter().map(|(name, array)| (name.as_str(), array)).collect();
        write_npz(&self.here.path().join("cell.npz"), &all).unwrap();
        "cell.npz".into()
    }

    fn steps(&self, name: &str) -> Json {
        self.changed(name, |_, _| {})
    }

    fn changed(&self, name: &str, change: impl Fn(&str, &mut Array)) -> Json {
        let recording = self.recording(name, change);
        analyze(self.here.path(), &recording)["steps"].take()
    }
}

fn analyze(directory: &Path, run: &str) -> Json {
    common::json(directory, &["analyze", run, "--json"])
}

fn number(json: &Json) -> f64 {
    json.as_f64().unwrap_or_else(|| panic!("{json} is no number"))
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().unwrap_or_else(|| panic!("{json} is no list")).iter().map(number).collect()
}

/// Whether a number is the expected one, to a relative error.
fn assert_near(found: &Json, expected: f64, error: f64, of: &str) {
    let found = number(found);
    assert!(
        (found - expected).abs() <= error * expected.abs(),
        "{of}: {found}, expected {expected}"
    );
}

/// Relative errors of fitted numbers: some rounding units, as steps are some hundredths of the
/// weights.
fn error(precision: &str) -> f64 {
    if precision == "float32" { 2e-4 } else { 1e-11 }
}

const LAYER_FACTORS: [f64; 3] = [1.0, 0.4, 2.5];

/// The rates that `optimisers.py` trained a cell of the grid with.
fn assert_rates(steps: &Json, rates: &str, rate: f64, error: f64, of: &str) {
    let found = &steps["rates"];
    match rates {
        "constant" => {
            assert_eq!(found["by"], "one", "{of}: {steps}");
            assert_near(&found["eta"], rate, error, of);
        }
        "layers" => {
            assert_eq!(found["by"], "layer", "{of}: {steps}");
            for (found, factor) in found["layers"].as_array().unwrap().iter().zip(LAYER_FACTORS) {
                assert_near(found, rate * factor, error, of);
            }
        }
        _ => {
            assert_eq!(found["by"], "iteration", "{of}: {steps}");
            let found = found["iterations"].as_array().unwrap();
            assert_eq!(found.len(), 9);
            for (k, found) in found.iter().enumerate() {
                // StepLR(step_size=4, gamma=0.25); what is left of later steps rounds by more of
                // them.
                let factor = 0.25f64.powi(k as i32 / 4);
                assert_near(found, rate * factor, error / factor, of);
            }
        }
    }
}

fn assert_cell(cells: &Cells, precision: &str, name: &str) {
    let [kind, rates, decay] = name.split('-').collect::<Vec<_>>()[..] else {
        panic!("{name} is of the grid")
    };
    let (steps, error) = (cells.steps(name), error(precision));
    let of = format!("{name}, {precision}");
    let recipe = steps["recipe"].as_str().unwrap_or_else(|| panic!("{of}: {steps}"));
    let adaptive = kind.starts_with("adam");
    assert_eq!(steps["optimiser"], if adaptive { "adam" } else { "sgd" }, "{of}: {steps}");
    let rate = match kind {
        "sgd" => 0.1,
        _ if adaptive => 0.02,
        _ => 0.05,
    };
    assert_rates(&steps, rates, rate, error, &of);
    match kind {
        "momentum" | "nesterov" => {
            let momentum = &steps["momentum"];
            let expected = if kind == "momentum" { "heavy_ball" } else { "nesterov" };
            assert_eq!(
                (&momentum["kind"], &momentum["begins"]),
                (&expected.into(), &"at_rest".into()),
                "{of}"
            );
            assert_near(&momentum["value"], 0.9, error, &of);
            assert_eq!(recipe.contains("nesterov"), kind == "nesterov", "{of}: {recipe}");
        }
        _ => assert!(steps["momentum"].is_null(), "{of}: {steps}"),
    }
    if adaptive {
        let expected = if kind == "adam" { [0.8, 0.95] } else { [0.9, 0.99] };
        for (found, expected) in steps["betas"].as_array().unwrap().iter().zip(expected) {
            assert_near(found, expected, error, &of);
        }
        match precision {
            "float64" => assert_near(&steps["epsilon"], 1e-8, 1e-5, &of),
            // 1e-8 beside gradients of some tenths is less than rounding.
            _ => assert!(steps["epsilon"].is_null(), "{of}: {steps}"),
        }
    }
    match (decay, kind) {
        ("plain", _) => assert!(steps["decay"].is_null(), "{of}: {steps}"),
        _ => {
            let expected = if kind == "adamw" { 0.5 } else { 0.05 };
            assert_near(&steps["decay"]["value"], expected, 10.0 * error, &of);
            let expected = match kind {
                "sgd" => Json::Null,
                "adamw" => "decoupled".into(),
                _ => "coupled".into(),
            };
            assert_eq!(steps["decay"]["kind"], expected, "{of}");
            assert_eq!(recipe.starts_with("adamw"), kind == "adamw", "{of}: {recipe}");
        }
    }
    let chosen = &steps["fits"][steps["chosen"].as_u64().unwrap() as usize];
    assert_eq!(chosen["closing"]["closes"], true, "{of}: {chosen}");
    assert_eq!(chosen["recipe"], recipe);
}

fn grid(cells: &Cells) -> impl Iterator<Item = &String> {
    cells.names.iter().filter(|name| name.ends_with("-plain") || name.ends_with("-decay")).take(30)
}

#[test]
fn the_optimisers_of_pytorch_are_named_with_their_numbers_in_double_precision() {
    let cells = Cells::of("float64");
    assert_eq!(grid(&cells).count(), 30);
    grid(&cells).for_each(|name| assert_cell(&cells, "float64", name));
}

#[test]
fn the_optimisers_of_pytorch_are_named_with_their_numbers_in_single_precision() {
    let cells = Cells::of("float32");
    grid(&cells).for_each(|name| assert_cell(&cells, "float32", name));
}

/// The steps of a cell that a recipe was found for.
fn named(cells: &Cells, name: &str, precision: &str) -> Json {
    let steps = cells.steps(name);
    assert!(steps["recipe"].is_string(), "{name}, {precision}: {steps}");
    steps
}

#[test]
fn momentum_decay_and_schedules_compose_beyond_the_grid() {
    for precision in ["float32", "float64"] {
        let (cells, error) = (Cells::of(precision), error(precision));
        let found = |name: &str| named(&cells, name, precision);
        let steps = found("dampening");
        assert_near(&steps["momentum"]["dampening"], 0.4, error, "dampening");
        assert_near(&steps["rates"]["eta"], 0.05, error, "rate beside dampening");
        let steps = found("dampening-stepped-decay");
        assert_near(&steps["momentum"]["dampening"], 0.4, error, "dampening under a schedule");
        assert_near(&steps["decay"]["value"], 0.05, 10.0 * error, "decay beside dampening");
        let steps = found("sgdw");
        assert_eq!(
            (&steps["decay"]["kind"], &steps["momentum"]["kind"]),
            (&"decoupled".into(), &"heavy_ball".into())
        );
        assert_near(&steps["decay"]["value"], 0.4, 10.0 * error, "decoupled decay");
        let steps = found("cosine-momentum-decay");
        for (k, rate) in numbers(&steps["rates"]["iterations"]).into_iter().enumerate() {
            let expected = 0.025 * (1.0 + (std::f64::consts::PI * k as f64 / 16.0).cos());
            assert!((rate - expected).abs() < 10.0 * error * expected, "{rate} {expected}");
        }
        // A schedule that begins at a rate of 0.
        let steps = found("warmup-nesterov");
        let rates = numbers(&steps["rates"]["iterations"]);
        assert!(rates[0] == 0.0 && (rates[1] - 0.01).abs() < 1e-2 * error.max(1e-6), "{rates:?}");
        for (name, kind) in
            [("velocity-stepped", "heavy_ball"), ("velocity-nesterov-stepped", "nesterov")]
        {
            let momentum = &found(name)["momentum"];
            assert_eq!(
                (&momentum["kind"], &momentum["form"]),
                (&kind.into(), &"velocity".into()),
                "{name}"
            );
        }
        assert_eq!(found("momentum-stepped-plain")["momentum"]["form"], "buffer");
    }
}

#[test]
fn layers_and_optimisers_compose_beyond_the_grid() {
    for precision in ["float32", "float64"] {
        let (cells, error) = (Cells::of(precision), error(precision));
        let found = |name: &str| named(&cells, name, precision);
        let steps = found("layers-cosine-momentum-decay");
        assert_eq!(steps["rates"]["by"], "layer_and_iteration");
        let rates: Vec<Vec<f64>> =
            steps["rates"]["steps"].as_array().unwrap().iter().map(numbers).collect();
        assert!((rates[2][5] / rates[1][5] - 2.5 / 0.4).abs() < 100.0 * error);
        assert_eq!(found("layers-stepped")["rates"]["by"], "layer_and_iteration");
        let steps = found("adam-layers-cosine");
        assert_eq!(
            (&steps["optimiser"], &steps["rates"]["by"]),
            (&"adam".into(), &"layer_and_iteration".into())
        );
        for (name, optimiser) in [
            ("amsgrad", "amsgrad"),
            ("rmsprop", "rmsprop"),
            ("adagrad", "adagrad"),
            ("sign", "sign"),
        ] {
            assert_eq!(found(name)["optimiser"], optimiser, "{name}, {precision}");
        }
        let steps = found("frozen");
        assert_eq!(
            (&steps["frozen"], &steps["layers"]),
            (&serde_json::json!([0]), &serde_json::json!([1, 2]))
        );
        assert_near(&steps["rates"]["eta"], 0.05, error, "rate of the layers that move");
    }
}

#[test]
fn recordings_may_begin_in_the_middle_of_a_training() {
    for precision in ["float32", "float64"] {
        let (cells, error) = (Cells::of(precision), error(precision));
        let steps = cells.steps("momentum-later");
        assert_eq!(steps["momentum"]["begins"], "running", "{steps}");
        assert_near(&steps["momentum"]["value"], 0.9, error, "momentum");
        assert_near(&steps["rates"]["eta"], 0.05, error, "rate");
        assert!(
            steps["momentum"]["dampening"].is_null()
                && steps["undetermined"][0].as_str().unwrap().contains("dampening")
        );
        let steps = cells.steps("nesterov-stepped-decay-later");
        assert_eq!(
            (&steps["momentum"]["kind"], &steps["momentum"]["begins"]),
            (&"nesterov".into(), &"running".into())
        );
        assert_near(&steps["decay"]["value"], 0.05, 10.0 * error, "decay");
        // The rate of the first step, whose running sum is not on record, is told by the second.
        assert_near(&steps["rates"]["iterations"][0], 0.05, 10.0 * error, "first rate");
        // Running means that began before the recording are not told, and not excluded either.
        let run = cells.recording("adam-later", |_, _| {});
        let found = analyze(cells.here.path(), &run);
        assert!(found["steps"]["recipe"].is_null(), "{}", found["steps"]);
        assert!(
            notes(&found).contains("adaptive rates of a training that began before the recording")
        );
    }
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
fn what_is_no_recipe_is_said_to_be_none_with_what_was_tried() {
    for precision in ["float32", "float64"] {
        let cells = Cells::of(precision);
        for name in ["clipped", "noise", "nadam"] {
            let run = cells.recording(name, |_, _| {});
            let found = analyze(cells.here.path(), &run);
            let (steps, notes) = (&found["steps"], notes(&found));
            assert!(steps["recipe"].is_null() && steps["optimiser"].is_null(), "{name}: {steps}");
            let excluded = steps["excluded"].as_array().unwrap();
            let off =
                |of: &Json| number(&of["relative_difference"]) > 1e3 * number(&of["rounding"]);
            assert!(excluded.iter().all(off), "{name}: {excluded:?}");
            let has = |words: &str| {
                excluded.iter().any(|of| of["recipe"].as_str().unwrap().contains(words))
            };
            for tried in [
                "nesterov momentum and weight decay",
                "adam, a rate for every layer",
                "adamw",
                "rmsprop",
            ] {
                assert!(has(tried), "{name}: {tried} in {excluded:?}");
            }
            // What was not tried is not among what was excluded.
            let [before, after] = notes.split("not looked into: ").collect::<Vec<_>>()[..] else {
                panic!("{notes}")
            };
            for other in ["clipping", "weight normalisation", "other optimisers"] {
                assert!(!before.contains(other) && after.contains(other), "{other} in {notes}");
            }
        }
        // A norm that is clipped, or made 1, is a rate of every step; that is what is said.
        for (name, by) in [("clipped-norm", "iteration"), ("normalised", "each")] {
            let run = cells.recording(name, |_, _| {});
            let found = analyze(cells.here.path(), &run);
            assert_eq!(found["steps"]["rates"]["by"], by, "{name}");
            assert!(
                notes(&found).contains("what clipping or normalising"),
                "{name}: {}",
                notes(&found)
            );
        }
    }
}

#[test]
fn of_one_step_momentum_and_schedule_are_not_determined() {
    let cells = Cells::of("float64");
    let one = |member: &str, array: &mut Array| {
        let kept = if member.starts_with('W') { 2 } else { 1 };
        let size: usize = array.shape[1..].iter().product();
        array.data.truncate(kept * size);
        array.shape[0] = kept;
    };
    let steps = cells.changed("momentum-constant-plain", one);
    assert_eq!(steps["rates"]["by"], "one", "{steps}");
    assert_near(&steps["rates"]["eta"], 0.05, 1e-11, "rate");
    assert_eq!(steps["undetermined"], serde_json::json!(["momentum", "rates by iteration"]));
}

#[test]
fn precision_is_that_of_what_was_computed() {
    let here = TempDir::new().unwrap();
    let case =
        |name: &str| analyze(here.path(), data(&format!("cases/{name}.npz")).to_str().unwrap());
    let closes = |found: &Json| {
        let steps = &found["steps"]["fits"][found["steps"]["chosen"].as_u64().unwrap() as usize];
        let of = |list: &Json, pick: fn(&Json) -> &Json| {
            list.as_array().unwrap().iter().all(|of| pick(of)["closes"] == true)
        };
        steps["closing"]["closes"] == true && of(&found["activations"], |of| &of["closing"])
    };
    // Inputs are multiples of 1/16, exact in any format.
    let found = case("10-double-on-quantised-inputs");
    assert_eq!(found["archive"]["precision"], "f64");
    let steps = &found["steps"];
    assert_near(&steps["rates"]["eta"], 0.05, 1e-12, "rate");
    assert_near(&steps["decay"]["value"], 1e-7, 1e-6, "decay");
    assert!(closes(&found), "{found}");
    let found = case("11-half");
    assert_eq!(found["archive"]["precision"], "f16");
    assert!(closes(&found), "{found}");
    let rounding = |found: &Json| number(&found["activations"][0]["closing"]["rounding"]);
    assert!(rounding(&found) > 2f64.powi(-11) && rounding(&found) < 4.0 * 2f64.powi(-11));
    let found = case("15-nesterov");
    assert_eq!(
        (&found["steps"]["momentum"]["kind"], &found["archive"]["precision"]),
        (&"nesterov".into(), &"f32".into())
    );
    assert_near(&found["steps"]["rates"]["eta"], 0.01, 1e-4, "rate");
    let steps = &case("17-decay-schedule")["steps"];
    assert_eq!(steps["rates"]["by"], "iteration");
    assert_near(&steps["decay"]["value"], 0.01, 1e-3, "decay");
    for (k, rate) in numbers(&steps["rates"]["iterations"]).into_iter().enumerate() {
        assert!((rate / (0.05 * 0.5f64.powi(k as i32 / 4)) - 1.0).abs() < 1e-4, "{k} {rate}");
    }
}

/// The nearest number of so many significant bits.
fn rounded(value: f64, bits: i32) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let step = 2f64.powi(value.abs().log2().floor() as i32 + 1 - bits);
    (value / step).round_ties_even() * step
}

#[test]
fn coarser_members_set_the_rounding_of_their_own_relations() {
    let cells = Cells::of("float64");
    // Signals of half precision beside weights of double: steps of these are still checked, to the
    // rounding of signals.
    let run = cells.recording("sgd-constant-plain", |member, array| {
        if !member.starts_with('W') {
            array.data.iter_mut().for_each(|v| *v = rounded(*v, 11));
        }
    });
    let found = analyze(cells.here.path(), &run);
    let precisions = serde_json::json!({ "weights": "f64", "activities": "f16", "deltas": "f16" });
    assert_eq!(found["archive"]["precisions"], precisions);
    let fit = &found["steps"]["fits"][0];
    assert_eq!((&fit["kind"], &fit["closing"]["closes"]), (&"plain".into(), &true.into()), "{fit}");
    assert!((1e-5..1e-2).contains(&number(&fit["closing"]["rounding"])), "{fit}");
    // As bfloat16, all of it.
    let run = cells.recording("sgd-constant-plain", |_, array| {
        array.data.iter_mut().for_each(|v| *v = rounded(*v, 8))
    });
    let found = analyze(cells.here.path(), &run);
    assert_eq!(found["archive"]["precision"], "bf16");
    // A first state that was drawn in single precision does not make a run of single precision.
    let run = cells.recording("sgd-constant-plain", |member, array| {
        let first: usize =
            if member.starts_with('W') { array.shape[1..].iter().product() } else { 0 };
        array.data[..first].iter_mut().for_each(|v| *v = rounded(*v, 24));
    });
    assert_eq!(analyze(cells.here.path(), &run)["archive"]["precision"], "f64");
}
