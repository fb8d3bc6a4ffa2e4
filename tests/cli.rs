//! The command line as a user meets it: help, results, errors, determinism, interruption.

use crate::common::{alignscope, bytes, done, json, line, refused};
use ::alignscope::array::{Array, write_npy};
use serde_json::Value as Json;
use std::time::Duration;
use tempfile::TempDir;

/// A small version of the first experiment.
const SMALL: [&str; 13] = [
    "isolate",
    "--layers",
    "6,20,6",
    "--batch",
    "10",
    "--eta",
    "2e-3",
    "--iterations",
    "60",
    "--repeats",
    "4",
    "--report-at",
    "20",
];

#[test]
fn help_names_every_option_with_its_default() {
    let here = TempDir::new().unwrap();
    for (subcommand, words) in [
        (
            "isolate",
            vec![
                "--layers",
                "20,100,20",
                "--schedule",
                "held, shared, white or free",
                "4e-4",
                "--threads",
                "--json",
            ],
        ),
        (
            "train",
            vec![
                "--rule", "bp-trw", "--hidden", "50,50", "--code", "5-of-50", "softmax", "--order",
            ],
        ),
        ("run", vec!["SPEC", "--out", "--shard", "--dry-run", "run directory"]),
        ("merge", vec!["OUT", "DIR", "byte for byte"]),
        ("new", vec!["NAME", "overwrites nothing"]),
        ("sbatch", vec!["--shards", "--time", "--partition", "--cpus", "--export", "bash job.sh"]),
        ("theory", vec!["null", "one-step", "held"]),
        ("verify", vec!["--quick"]),
        #[cfg(feature = "fetch")]
        (
            "data fetch",
            vec![
                "mnist, fashion-mnist, cifar10",
                "--from",
                "URL|FILE",
                "--data-dir",
                "resumes an interrupted download",
            ],
        ),
    ] {
        let output = alignscope(here.path())
            .args(subcommand.split(' '))
            .arg("--help")
            .assert()
            .success()
            .get_output()
            .stdout
            .clone();
        let text = String::from_utf8(output).unwrap();
        // However lines are broken.
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in words {
            assert!(flat.contains(word), "{subcommand} --help lacks {word}:\n{text}");
        }
    }
    let nothing = alignscope(here.path()).assert().success().get_output().stdout.clone();
    let nothing = String::from_utf8(nothing).unwrap();
    assert!(
        nothing.contains("Start here") && nothing.contains("alignscope isolate --plot"),
        "{nothing}"
    );
    assert!(nothing.lines().all(|line| line.chars().count() <= 80), "{nothing}");
}

#[test]
fn isolate_reports_angles_with_intervals_and_predictions() {
    let here = TempDir::new().unwrap();
    let mut args = SMALL.to_vec();
    args.extend(["--schedule", "held", "--activation", "linear", "--json"]);
    let summary = json(here.path(), &args);
    let entries = summary["summary"].as_array().unwrap();
    assert_eq!(entries.len(), 2);
    for (entry, iteration) in entries.iter().zip([20, 60]) {
        assert_eq!(
            (entry["quantity"].as_str(), entry["layer"].as_u64()),
            (Some("weight_alignment"), Some(1))
        );
        assert_eq!(
            (entry["iteration"].as_u64(), entry["n"].as_u64(), entry["absent"].as_u64()),
            (Some(iteration), Some(4), Some(0))
        );
        assert_eq!(entry["condition"]["schedule"], "held");
        let number = |key: &str| entry[key].as_f64().unwrap();
        let (low, high) = (entry["ci95"][0].as_f64().unwrap(), entry["ci95"][1].as_f64().unwrap());
        assert!(low < number("mean") && number("mean") < high && number("sd") > 0.0);
        let off = number("mean") - number("prediction");
        assert!(off.abs() < 10.0, "{entry}");
        let error = number("sd") / 2.0;
        assert_eq!(entry["discrepancy"]["difference"].as_f64(), Some(off));
        assert!(
            (entry["discrepancy"]["standard_errors"].as_f64().unwrap() - off / error).abs() < 1e-9,
            "{entry}"
        );
    }
    // What theory computes from the same draws is what the rule did.
    let theory = json(
        here.path(),
        &[
            "theory",
            "held",
            "--layers",
            "6,20,6",
            "--batch",
            "10",
            "--eta",
            "2e-3",
            "--iterations",
            "60",
            "--repeats",
            "4",
            "--record-every",
            "20",
            "--json",
        ],
    );
    let exact =
        theory["summary"].as_array().unwrap().iter().find(|e| e["iteration"] == 20).unwrap();
    assert!((exact["mean"].as_f64().unwrap() - entries[0]["mean"].as_f64().unwrap()).abs() < 1e-9);
    assert_eq!(exact["prediction"], entries[0]["prediction"]);
}

#[test]
fn train_learns_the_digits_and_accepts_fa() {
    let here = TempDir::new().unwrap();
    let args =
        ["train", "--rule", "fa", "--epochs", "6", "--repeats", "2", "--json", "--out", "run"];
    let summary = json(here.path(), &args);
    let of = |quantity: &str| {
        let entries = summary["summary"].as_array().unwrap().iter();
        entries.filter(|e| e["quantity"] == quantity).cloned().collect::<Vec<_>>()
    };
    assert_eq!(of("test_accuracy")[0]["condition"]["rule"], "bp-trw");
    assert!(of("test_accuracy")[0]["mean"].as_f64().unwrap() > 75.0);
    let layers = |quantity: &str| {
        of(quantity).iter().map(|e| e["layer"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((layers("weight_alignment"), layers("update_alignment")), (vec![1, 2], vec![0, 1]));
    let manifest: Json =
        serde_json::from_slice(&bytes(&here.path().join("run"), "manifest.json")).unwrap();
    assert_eq!(manifest["ended"], "completed");
}

#[test]
fn softmax_learns_too_and_bp_has_no_weight_alignment() {
    let here = TempDir::new().unwrap();
    let args = [
        "train",
        "--rule",
        "bp",
        "--loss",
        "softmax",
        "--code",
        "one-hot",
        "--activation",
        "relu",
        "--eta",
        "0.003",
        "--epochs",
        "5",
        "--repeats",
        "1",
        "--json",
    ];
    let summary = json(here.path(), &args);
    let entries = summary["summary"].as_array().unwrap();
    assert!(entries.iter().all(|e| e["quantity"] != "weight_alignment"));
    let accuracy = entries.iter().find(|e| e["quantity"] == "test_accuracy").unwrap();
    assert!(accuracy["mean"].as_f64().unwrap() > 75.0 && accuracy["ci95"].is_null());
}

#[test]
fn threads_do_not_change_a_byte() {
    let here = TempDir::new().unwrap();
    for kind in ["isolate", "train"] {
        for threads in ["1", "2"] {
            let mut args = if kind == "isolate" {
                SMALL.to_vec()
            } else {
                vec!["train", "--epochs", "2", "--repeats", "3"]
            };
            let out = format!("{kind}{threads}");
            args.extend(["--threads", threads, "--out", &out]);
            alignscope(here.path()).args(&args).assert().success();
        }
        let series =
            |threads: u8| bytes(&here.path().join(format!("{kind}{threads}")), "series.csv");
        assert!(series(1) == series(2) && series(1).len() > 100);
    }
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    let here = TempDir::new().unwrap();
    let spec = here.path().join("spec.toml");
    std::fs::write(
        &spec,
        "name = \"k\"\n[[analysis]]\nname = \"a\"\nkind = \"isolate\"\nrepeats = 40\nrecord-every \
        = 50\n[analysis.base]\niterations = 600\n[analysis.sweep]\nschedule = \
        [\"white\", \"held\"]\n",
    )
    .unwrap();
    alignscope(here.path()).args(["run", "spec.toml", "--out", "whole"]).assert().success();
    let program = assert_cmd::cargo::cargo_bin("alignscope");
    let mut stages = Vec::new();
    for milliseconds in [120, 60, 200, 90] {
        let mut child = std::process::Command::new(&program)
            .args(["run", "spec.toml", "--out", "killed"])
            .current_dir(here.path())
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        let _ = child.kill();
        child.wait().unwrap();
        // What was being written has a name that starts with a dot, and is cleared away by the next
        // run.
        let is_job = |name: &str| name.ends_with(".json") && !name.starts_with('.');
        let jobs = std::fs::read_dir(here.path().join("killed/jobs"));
        stages.push(jobs.map_or(0, |jobs| {
            jobs.flatten().filter(|job| job.file_name().to_str().is_some_and(is_job)).count()
        }));
    }
    assert!(
        stages.windows(2).all(|pair| pair[0] <= pair[1]),
        "finished jobs were lost: {stages:?}"
    );
    alignscope(here.path()).args(["run", "spec.toml", "--out", "killed"]).assert().success();
    let of = |name: &str| bytes(&here.path().join(name), "series.csv");
    assert!(of("whole") == of("killed"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_done_and_says_so() {
    let here = TempDir::new().unwrap();
    let program = assert_cmd::cargo::cargo_bin("alignscope");
    let child = std::process::Command::new(program)
        .args([
            "isolate",
            "--iterations",
            "20000",
            "--repeats",
            "500",
            "--record-every",
            "20000",
            "--threads",
            "1",
            "--out",
            "run",
        ])
        .current_dir(here.path())
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(700));
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{error}");
    assert!(error.contains("interrupted:") && error.contains("of 500 jobs"), "{error}");
    let manifest: Json =
        serde_json::from_slice(&bytes(&here.path().join("run"), "manifest.json")).unwrap();
    assert_eq!(manifest["ended"], "interrupted");
}

#[test]
fn predictions_of_many_updates_say_how_long_they_take() {
    use std::io::BufRead;
    let program = assert_cmd::cargo::cargo_bin("alignscope");
    for (theory, drawn) in [("conditional", "--repeats"), ("depth", "--draws")] {
        let mut child = std::process::Command::new(&program)
            .args(["theory", theory, "--layers", "4,6,3", "--iterations", "10000000", drawn, "200"])
            .stderr(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut said = String::new();
        std::io::BufReader::new(child.stderr.take().unwrap()).read_line(&mut said).unwrap();
        let _ = child.kill();
        child.wait().unwrap();
        assert!(said.starts_with("the updates take about "), "{theory}: {said}");
    }
}

/// Every request is refused with these words, and leaves nothing behind.
fn assert_refused(cases: &[(&[&str], &[&str])]) {
    let here = TempDir::new().unwrap();
    for (args, words) in cases {
        let error = refused(here.path(), args, 2);
        for word in *words {
            assert!(error.contains(word), "{args:?} lacks `{word}`:\n{error}");
        }
    }
    assert_eq!(
        std::fs::read_dir(here.path()).unwrap().count(),
        0,
        "a refused request leaves nothing behind"
    );
}

#[test]
fn bad_networks_and_requests_are_refused_with_the_remedy() {
    assert_refused(&[
        (&["isolate", "--layers", "20,20"], &["--layers", "at least 3"]),
        (&["isolate", "--layers", "20,0,20"], &["--layers", "at least one unit"]),
        (&["isolate", "--eta", "nan"], &["--eta", "finite"]),
        (&["isolate", "--eta", "inf"], &["--eta", "finite"]),
        (&["isolate", "--eta", "-1"], &["--eta", "above 0"]),
        (&["isolate", "--repeats", "0"], &["--repeats", "from 1"]),
        (&["train", "--rule", "bptrw"], &["bptrw", "did you mean `bp-trw`"]),
        (&["train", "--loss", "softmax"], &["softmax", "one-hot"]),
        (&["train", "--code", "6-of-50"], &["60 outputs"]),
        (&["train", "--hidden", "50,0"], &["--hidden", "at least one unit"]),
        (&["train", "--batch", "5000"], &["1437"]),
        (&["isolate", "--shedule", "held"], &["--schedule"]),
        (&["isolate", "--export", "signals"], &["--export", "alignscope signals"]),
        (&["isolate", "--wn", "0"], &["--wn", "off, the norm of every neuron"]),
        (&["sample", "--layers", "5,5,5,5"], &["--layers", "three"]),
        (
            &["sample", "--draw", "composition", "--quantities", "alignment_term"],
            &["--quantities", "does not yield alignment_term: expected delta_angle"],
        ),
        (&["isolate", "--activation", "tanh", "--predict"], &["--predict", "activation `linear`"]),
    ]);
}

#[test]
fn bad_signals_are_refused_with_the_remedy() {
    assert_refused(&[
        (
            &["isolate", "--layers", "20,100,10", "--schedule", "shared"],
            &["as many inputs as outputs", "choose none"],
        ),
        (&["isolate", "--schedule", "hled"], &["hled", "did you mean `held`"]),
        (&["isolate", "--activity", "ar1:1.2"], &["--activity", "not stationary", "held"]),
        (
            &["isolate", "--error", "acf:0.9,0"],
            &["--error", "not positive definite", "spectrum is negative"],
        ),
        (
            &["isolate", "--error", "white:batch=-0.5"],
            &["not positive definite", "at least -0.0101"],
        ),
        (
            &["isolate", "--cross", "0.5@lag=1500"],
            &["a lag of 1500 lies beyond a run of 1500 iterations"],
        ),
        (&["isolate", "--cross", "1.5"], &["--cross", "between -1 and 1"]),
        (
            &["isolate", "--schedule", "white", "--error", "held"],
            &["--error", "schedule `white`", "leave one"],
        ),
        (&["isolate", "--activity", "file:none.npz#x"], &["cannot read none.npz"]),
        (&["signals", "--activity", "acf:none.csv"], &["cannot read none.csv"]),
        (&["signals", "--lags", "1000"], &["--lags", "at most 999"]),
    ]);
}

#[test]
fn bad_theories_are_refused_with_the_remedy() {
    assert_refused(&[
        (&["theory", "one-step", "--layers", "5,5"], &["at least 3, none zero"]),
        (&["theory", "moments", "--activity", "uniform"], &["not Gaussian", "theory conditional"]),
        (&["theory", "stationary", "--eta", "1"], &["in less than one update"]),
        (&["theory", "stationary", "--layers", "20,100,10"], &["as many inputs as outputs"]),
        (&["theory", "moments", "--iterations", "9000"], &["at most 5000"]),
        (&["theory", "conditional", "--report-at", "400"], &["--report-at", "never reached"]),
    ]);
}

/// Signals of 30 iterations.
const SIGNALS: &str = "signals --activity ar1:0.9 --error ar1:0.8 --batch 10 --inputs 8 \
    --outputs 6 --iterations 30 --lags 5";

/// A directory with these signals in `csv`.
fn recorded() -> TempDir {
    let here = TempDir::new().unwrap();
    done(here.path(), &line(&format!("{SIGNALS} --out csv --format csv")));
    here
}

#[test]
fn signals_are_written_beside_what_is_exact() {
    let here = TempDir::new().unwrap();
    let found = json(here.path(), &line(&format!("{SIGNALS} --out npz --json")));
    let lag = found["summary"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["quantity"] == "activity_autocovariance" && row["at"] == 2.0);
    assert!((lag.unwrap()["prediction"].as_f64().unwrap() - 0.81).abs() < 1e-12);
    for name in ["signals.npz", "statistics.csv", "signals.png", "signals.svg", "signals.json"] {
        assert!(here.path().join("npz").join(name).is_file(), "{name}");
    }
    let other = refused(here.path(), &line(&format!("{SIGNALS} --seed 2 --out npz")), 1);
    assert!(other.contains("holds something else"), "{other}");
}

#[test]
fn what_has_no_value_is_never_printed_as_a_number() {
    let here = TempDir::new().unwrap();
    let file = |name: &str, values: [f64; 2]| {
        let array = Array { shape: vec![40, 1, 2], data: values.repeat(40) };
        write_npy(&here.path().join(format!("{name}.npy")), &array).unwrap();
        format!(
            "signals --activity file:{name}.npy --batch 1 --inputs 2 --iterations 40 --out {name}"
        )
    };
    let shown = done(here.path(), &line(&file("constant", [2.5; 2])));
    let row = shown.lines().find(|line| line.contains("autocorrelation at lag 1")).unwrap();
    assert_eq!(row.split_whitespace().nth(4), Some("-"), "{shown}");
    let table = std::fs::read_to_string(here.path().join("constant/statistics.csv")).unwrap();
    assert!(table.contains("activity_autocorrelation,1,,,,\n"), "{table}");
    for text in [shown, table] {
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }
    let error = refused(here.path(), &line(&file("large", [1e200, -1e200])), 1);
    assert!(error.contains("the largest value of the signal is 1e200"), "{error}");
}

#[test]
fn recorded_signals_drive_the_rule() {
    let here = recorded();
    done(here.path(), &line(&format!("{SIGNALS} --out npz")));
    // The same signals from both files, and drawn anew: the same result to the last bit.
    let run = |signals: &str, out: &str| {
        let toy = "isolate --layers 8,40,6 --batch 10 --eta 0.02 --iterations 30 --activation \
            linear --repeats 1 --predict --json";
        json(here.path(), &line(&format!("{toy} {signals} --out {out}")))["summary"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["mean"].clone())
            .collect::<Vec<_>>()
    };
    let drawn = run("--activity ar1:0.9 --error ar1:0.8", "a");
    let npz =
        run("--activity file:npz/signals.npz#activity --error file:npz/signals.npz#error", "b");
    let csv = run("--activity file:csv/activity.csv --error file:csv/error.csv", "c");
    assert!(drawn.len() == 2 && drawn == npz && drawn == csv, "{drawn:?} {npz:?} {csv:?}");
    let conditional = "theory conditional --layers 8,40,6 --batch 10 --eta 0.02 --iterations 30 \
        --activity file:csv/activity.csv --error file:csv/error.csv --repeats 1 --json";
    let theory = json(here.path(), &line(conditional));
    assert_eq!(theory["summary"][2]["prediction"], drawn[1], "theory and run see the same signals");
}

#[test]
fn recorded_signals_that_do_not_fit_are_refused() {
    let here = recorded();
    let short = "isolate --layers 8,40,6 --batch 10 --iterations 31 --activity \
        file:csv/activity.csv";
    assert!(
        refused(here.path(), &line(short), 2)
            .contains("holds an array of [30, 10, 8], and a run needs [31, 10, 8]")
    );
    std::fs::write(here.path().join("nan.csv"), "iteration,sample,unit_0\n0,0,NaN\n").unwrap();
    let nan = refused(here.path(), &["isolate", "--activity", "file:nan.csv"], 2);
    assert!(nan.contains("nan.csv:2: unit_0 is `NaN`"), "{nan}");
}

#[test]
fn theory_answers_in_one_shape() {
    let here = TempDir::new().unwrap();
    let toy = ["--layers", "8,40,6", "--batch", "10", "--eta", "0.02", "--iterations", "30"];
    let forms = ["--activity", "ar1:0.9", "--error", "ar1:0.8", "--json"];
    let found = json(here.path(), &[&["theory", "moments"], &toy[..], &forms[..]].concat());
    let rows = found["summary"].as_array().unwrap();
    for (row, (quantity, value)) in rows.iter().zip([
        ("weight_inner_product", 521.93),
        ("weight_squared_norm", 5483.6),
        ("weight_alignment", 62.94),
    ]) {
        assert_eq!(row["quantity"], quantity);
        assert!((row["prediction"].as_f64().unwrap() / value - 1.0).abs() < 1e-4, "{row}");
        assert!(row["assumptions"].is_string() && row["source"].is_string());
    }
    for theory in [
        &["relu"][..],
        &["mean-field", "--iterations", "20"],
        &["stationary", "--eta", "1e-3", "--batch", "10"],
        &["spectrum"],
        &["sign-symmetry"],
        &["von-mises-fisher"],
    ] {
        let rows = json(here.path(), &[&["theory"], theory, &["--json"]].concat());
        assert!(
            rows["summary"].as_array().unwrap().iter().all(|row| row["prediction"].is_number()),
            "{theory:?}"
        );
    }
    let composed =
        json(here.path(), &["theory", "composition", "--delta", "60", "--weights", "60", "--json"]);
    assert!((composed["summary"][0]["prediction"].as_f64().unwrap() - 75.522).abs() < 1e-3);
}

#[test]
fn bad_specs_are_refused_with_line_and_nearest_name() {
    let here = TempDir::new().unwrap();
    let spec = here.path().join("spec.toml");
    std::fs::write(
        &spec,
        "name = \"s\"\n[[analysis]]\nname = \"a\"\nkind = \"isolate\"\nrepeets = 3\n",
    )
    .unwrap();
    let error = refused(here.path(), &["run", "spec.toml"], 2);
    assert!(error.contains("spec.toml:5:") && error.contains("did you mean `repeats`"), "{error}");
    let error = refused(here.path(), &["run", "absent.toml"], 2);
    assert!(error.contains("absent.toml"), "{error}");
}

#[test]
fn bad_directories_are_found_before_the_run() {
    let here = TempDir::new().unwrap();
    std::fs::write(here.path().join("file"), "x").unwrap();
    let error = refused(here.path(), &["isolate", "--out", "file/below"], 1);
    assert!(error.contains("file/below"), "{error}");
    std::fs::create_dir(here.path().join("other")).unwrap();
    std::fs::write(here.path().join("other/thesis.tex"), "x").unwrap();
    let error = refused(here.path(), &["isolate", "--out", "other"], 1);
    assert!(error.contains("not empty") && error.contains("--out"), "{error}");
    let mut args = SMALL.to_vec();
    args.extend(["--out", "mine"]);
    alignscope(here.path()).args(&args).assert().success();
    let error = refused(here.path(), &["isolate", "--out", "mine"], 1);
    assert!(error.contains("another spec"), "{error}");
}

#[test]
fn a_divergent_run_says_where_keeps_what_it_has_and_fails() {
    let here = TempDir::new().unwrap();
    let args = [
        "train",
        "--activation",
        "linear",
        "--eta",
        "10",
        "--epochs",
        "3",
        "--repeats",
        "2",
        "--record-every",
        "1",
        "--out",
        "run",
    ];
    let error = refused(here.path(), &args, 1);
    assert!(
        error.contains("diverged at iteration")
            && error.contains("in layer")
            && error.contains("smaller eta"),
        "{error}"
    );
    let series = String::from_utf8(bytes(&here.path().join("run"), "series.csv")).unwrap();
    assert!(series.lines().count() > 4, "{series}");
    let manifest: Json =
        serde_json::from_slice(&bytes(&here.path().join("run"), "manifest.json")).unwrap();
    assert_eq!(manifest["ended"], "diverged");
}

#[test]
fn figures_need_no_fonts_and_are_the_same_every_time() {
    let here = TempDir::new().unwrap();
    let spec = here.path().join("spec.toml");
    std::fs::write(
        &spec,
        "name = \"f\"\n[[analysis]]\nname = \"a\"\nkind = \"isolate\"\nrepeats = \
        2\n[analysis.base]\nlayers = [5, 10, 5]\niterations = 20\n[analysis.sweep]\nschedule = \
        [\"white\", \"held\"]\n[[analysis.figure]]\nname = \"fig\"\nquantities = \
        [\"weight_alignment\"]\nx = \"iteration\"\nby = [\"schedule\"]\n",
    )
    .unwrap();
    for out in ["one", "two"] {
        let mut command = alignscope(here.path());
        // No font directory is to be found under these.
        command
            .env("HOME", here.path())
            .env("XDG_DATA_HOME", here.path())
            .env("FONTCONFIG_PATH", here.path());
        command.args(["run", "spec.toml", "--out", out]).assert().success();
    }
    for extension in ["svg", "png", "csv"] {
        let of = |out: &str| bytes(here.path(), &format!("{out}/figures/fig.{extension}"));
        assert!(of("one") == of("two") && of("one").len() > 200);
    }
    let svg = String::from_utf8(bytes(here.path(), "one/figures/fig.svg")).unwrap();
    // Letters come with the figure, so that they look the same where the font is not.
    assert!(svg.contains("<text") && svg.contains("@font-face"));
}

#[test]
fn the_shell_gets_completions_pages_and_plots() {
    let here = TempDir::new().unwrap();
    let printed = |args: &[&str]| {
        let output =
            alignscope(here.path()).args(args).assert().success().get_output().stdout.clone();
        String::from_utf8(output).unwrap()
    };
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(&["completions", shell]);
        assert!(script.contains("isolate") && script.contains("schedule"), "{shell}: {script}");
    }
    refused(here.path(), &["completions", "cmd"], 2);
    printed(&["man", "pages"]);
    let page = std::fs::read_to_string(here.path().join("pages/alignscope-isolate.1")).unwrap();
    assert!(
        page.contains("schedule") && here.path().join("pages/alignscope-data-list.1").is_file(),
        "{page}"
    );
    let mut args = SMALL.to_vec();
    args.push("--plot");
    let text = printed(&args);
    assert!(text.contains("weight alignment (degrees) against iteration"), "{text}");
    assert!(text.contains('⠁') && text.contains("  ends at "), "{text}");
    args.push("--json");
    assert!(refused(here.path(), &args, 2).contains("--plot"));
}

#[test]
fn the_doctor_says_what_is_there() {
    let here = TempDir::new().unwrap();
    std::fs::create_dir_all(here.path().join("runs/one/jobs")).unwrap();
    std::fs::write(here.path().join("runs/one/jobs/a.json"), [0; 300]).unwrap();
    let found = json(here.path(), &["doctor", "--json", "--data-dir", "nowhere"]);
    assert_eq!(
        (found["results"]["runs"].as_u64(), found["results"]["bytes"].as_u64()),
        (Some(1), Some(300))
    );
    assert_eq!(found["data"]["missing"], serde_json::json!(["mnist", "fashion-mnist", "cifar10"]));
    assert!(found["threads"].as_u64() >= Some(1) && found["simd"].is_string());
}

#[test]
fn predictions_name_the_width_that_they_assume() {
    let here = TempDir::new().unwrap();
    for (options, words) in [
        (&[][..], "any width"),
        (&["--width", "drawn"][..], "layers much wider than the output"),
        (&["--wn", "1"][..], "layers much wider than the output"),
    ] {
        let small = ["theory", "depth", "--layers", "4,6,3", "--iterations", "3", "--draws", "2"];
        let found = json(here.path(), &[&small, options, &["--json"]].concat());
        let assumptions = found["summary"][0]["assumptions"].as_str().unwrap();
        assert!(assumptions.contains(words), "{options:?}: {assumptions}");
    }
}
