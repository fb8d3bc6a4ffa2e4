//! Every kind of analysis and of figure, small, on the embedded digits: replays give back what was
//! recorded, planes hold the trajectories that span them, and every figure is drawn with its table.

use crate::common::{alignscope, bytes};
use std::collections::BTreeMap;
use tempfile::TempDir;

const SPEC: &str = r#"
name = "kinds"
title = "Every kind"

[[analysis]]
name = "own"
title = "Replays from the network's own weights"
kind = "replay"
repeats = 2
record-every = 10
quantities = ["weight_alignment", "source_alignment"]
[analysis.base]
data = "digits"
hidden = [12, 12]
batch = 96
eta = 0.01
epochs = 4
replay-weights = "own"
replay-updates = 40
[analysis.sweep]
layer = [1, 2]
surrogate = ["none", "samples"]

[[analysis]]
name = "fresh"
title = "Replays from fresh weights, through a linear layer"
kind = "replay"
repeats = 3
record-every = 40
quantities = ["weight_alignment", "conditional_alignment"]
[analysis.base]
data = "digits"
hidden = [40, 40]
batch = 96
eta = 0.2
reduction = "mean"
epochs = 10
bias = "off"
layer = 1
replay-activation = "linear"
replay-updates = 120

[[analysis]]
name = "signals"
title = "Signals and how they last"
kind = "isolate"
repeats = 2
record-every = 50
quantities = ["weight_alignment"]
predict = true
[analysis.base]
layers = [8, 12, 8]
activation = "linear"
batch = 10
iterations = 200
eta = 0.001
[analysis.sweep]
activity = ["ar1:0", "ar1:0.9"]
error = ["ar1:0", "ar1:0.9"]
[[analysis.figure]]
name = "map"
title = "Both have to last"
kind = "map"
quantities = ["weight_alignment"]
x = "error"
y = "activity"
[[analysis.figure]]
name = "ends"
title = "Measured and predicted"
kind = "sweep"
quantities = ["weight_alignment"]
x = "error"
by = ["activity"]

[[analysis]]
name = "plane"
title = "Two networks from the same start"
kind = "plane"
repeats = 1
quantities = ["explained", "explained_second", "plane_loss", "plane_position", "plane_position_second"]
[analysis.base]
data = "digits"
hidden = [8, 8]
batch = 96
eta = 0.01
epochs = 4
order = "once"
[analysis.sweep]
pair = ["bp", "wn"]
[[analysis.figure]]
name = "plane"
title = "Ways over the loss"
kind = "plane"
quantities = ["plane_loss"]

[[analysis]]
name = "learning"
title = "By layer and rule"
kind = "train"
repeats = 2
record-every = 10
report-at = [20]
quantities = ["weight_alignment", "update_alignment", "test_accuracy", "term_angle"]
lags = [1, 2, 5]
[analysis.base]
data = "digits"
hidden = [8, 8]
batch = 96
eta = 0.01
epochs = 2
[analysis.sweep]
wn = ["off", 1.0]
[[analysis.figure]]
name = "profile"
title = "Alignment by layer"
kind = "profile"
quantities = ["weight_alignment"]
by = ["wn"]
[[analysis.figure]]
name = "scatter"
title = "Accuracy against alignment"
kind = "scatter"
quantities = ["weight_alignment", "test_accuracy"]
by = ["wn"]
[[analysis.figure]]
name = "lags"
title = "Terms by lag"
kind = "lags"
quantities = ["term_angle"]
by = ["wn"]
at = [20]
[[analysis.figure]]
name = "together"
title = "Weights and updates"
quantities = ["weight_alignment", "update_alignment"]
x = "epoch"
by = ["wn"]
panels = "layer"
together = true
smooth = 20
[[analysis.figure]]
name = "sweep"
title = "Accuracy"
kind = "sweep"
quantities = ["test_accuracy"]
x = "wn"

[[analysis]]
name = "draws"
title = "Repeated signals"
kind = "sample"
repeats = 2
quantities = ["alignment_term", "eigenvalue"]
[analysis.base]
draw = "one-step"
activity = "held"
error = "held"
layers = [10, 8, 6]
batch = 5
draws = 40
[[analysis.figure]]
name = "density"
title = "Angles of draws"
kind = "density"
quantities = ["alignment_term"]
[[analysis.figure]]
name = "spectrum"
title = "Eigenvalues"
kind = "spectrum"
quantities = ["eigenvalue"]

[[analysis]]
name = "composition"
title = "Angles of products"
kind = "sample"
repeats = 2
quantities = ["delta_angle", "weight_angle", "composed_angle", "masked_composed_angle"]
[analysis.base]
draw = "acute-composition"
layers = [1, 12, 8]
batch = 10
draws = 200
[[analysis.figure]]
name = "cells"
title = "One layer down"
kind = "cells"
quantities = ["composed_angle", "masked_composed_angle"]
[[analysis.figure]]
name = "groups"
title = "Acute stay acute"
kind = "groups"
quantities = ["composed_angle", "masked_composed_angle"]
"#;

/// Values of a quantity, by what names them: all columns of the row but the value and the quantity.
fn series(table: &str, analysis: &str, quantity: &str) -> BTreeMap<String, f64> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(String::from).collect();
    let rows = reader.records().map(|row| row.unwrap());
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let [kind, of, value] = ["quantity", "analysis", "value"].map(at);
    let wanted = rows.filter(|row| &row[kind] == quantity && &row[of] == analysis);
    let key = |row: &csv::StringRecord| {
        let others = (0..header.len()).filter(|&i| i != kind && i != value);
        others.map(|i| format!("{}={} ", header[i], &row[i])).collect::<String>()
    };
    wanted.filter_map(|row| Some((key(&row), row[value].parse().ok()?))).collect()
}

#[test]
fn every_kind_runs_measures_and_draws() {
    let here = TempDir::new().unwrap();
    std::fs::write(here.path().join("kinds.toml"), SPEC).unwrap();
    alignscope(here.path()).args(["run", "kinds.toml", "--out", "run"]).assert().success();
    for figure in [
        "plane", "profile", "scatter", "lags", "sweep", "density", "spectrum", "cells", "groups",
        "map", "ends", "together",
    ] {
        let [svg, table] = ["svg", "csv"]
            .map(|format| bytes(&here.path().join("run"), &format!("figures/{figure}.{format}")));
        assert!(svg.windows(6).any(|tag| tag == b"</svg>"), "{figure}");
        assert!(String::from_utf8(table).unwrap().lines().count() > 1, "{figure}: an empty table");
    }
    let table = String::from_utf8(bytes(&here.path().join("run"), "series.csv")).unwrap();
    let found = series(&table, "own", "weight_alignment");
    let recorded = series(&table, "own", "source_alignment");
    assert!(
        found.len() > 20 && found.len() == recorded.len(),
        "{} {}",
        found.len(),
        recorded.len()
    );
    let (mut same, mut other) = (0.0f64, 0.0f64);
    for (key, angle) in &found {
        let worst = if key.contains("surrogate=none") { &mut same } else { &mut other };
        *worst = worst.max((angle - recorded[key]).abs());
    }
    assert!(same < 1e-3, "what was recorded gives the trajectory back: {same} degrees");
    assert!(other > 0.5, "samples shuffled against each other do not: {other} degrees");
    // What theory says of the linear rule given the signals, within its finite size.
    let [angle, theory] =
        ["weight_alignment", "conditional_alignment"].map(|name| series(&table, "fresh", name));
    let end = |found: &BTreeMap<String, f64>| {
        let at_end: Vec<f64> = found
            .iter()
            .filter(|(key, _)| key.contains("iteration=120 "))
            .map(|(_, v)| *v)
            .collect();
        assert_eq!(at_end.len(), 3, "{found:?}");
        at_end.iter().sum::<f64>() / 3.0
    };
    assert!(end(&angle) < 88.0 && (end(&angle) - end(&theory)).abs() < 1.5, "{angle:?} {theory:?}");
    let explained = ["explained", "explained_second"].map(|name| series(&table, "plane", name));
    assert!(explained[0].len() == 2 && explained[1].len() == 2, "{explained:?}");
    for (key, first) in &explained[0] {
        let both = first + explained[1][key];
        assert!(
            *first >= explained[1][key] && both > 50.0 && both < 100.0 + 1e-9,
            "percent: {explained:?}"
        );
    }
}
