//! Runs in parts: directories that describe themselves, shards, merging.

use crate::common;
use crate::common::{alignscope, assert_same, specs, tree};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// 16 jobs: the rule in isolation, and a network with exports.
fn spec() -> String {
    let head = "name = \"parts\"\ntitle = \"In parts\"\n";
    let rule = specs::rule(4, &["held", "shared", "white"]) + specs::RULE_FIGURE;
    let figure = "[[analysis.figure]]\nname = \"net\"\nx = \"epoch\"\n";
    [head, &rule, &specs::network(4), figure].concat()
}

fn done(directory: &Path, line: &str) -> String {
    common::done(directory, &line.split(' ').collect::<Vec<_>>())
}

fn refused(directory: &Path, line: &str, code: i32) -> String {
    common::refused(directory, &line.split(' ').collect::<Vec<_>>(), code)
}

/// Standard error of a request that succeeds.
fn done_with_warnings(directory: &Path, line: &str) -> String {
    let assert = alignscope(directory).args(line.split(' ')).assert().success();
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

/// Has the checksums of a run directory vouch for these contents.
fn vouch(run: &Path, name: &str, contents: impl AsRef<[u8]>) {
    let path = run.join("checksums");
    let list = std::fs::read_to_string(&path).unwrap();
    let lines = list.lines().map(|line| match line.strip_suffix(name) {
        Some(_) => format!("{}  {name}\n", blake3::hash(contents.as_ref())),
        None => format!("{line}\n"),
    });
    std::fs::write(path, lines.collect::<String>()).unwrap();
}

/// Job files of a directory, sorted.
fn jobs(run: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(run.join("jobs")).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}

/// A directory with the spec, run as a whole.
fn whole() -> TempDir {
    let here = TempDir::new().unwrap();
    std::fs::write(here.path().join("parts.toml"), spec()).unwrap();
    done(here.path(), "run parts.toml --export weights --out whole");
    here
}

fn shards(here: &Path, of: usize) {
    for i in 1..=of {
        done(
            here,
            &format!("run parts.toml --export weights --shard {i}/{of} --out s/{i}-of-{of}"),
        );
    }
}

#[test]
fn a_run_directory_alone_is_resumed_and_drawn_again() {
    let here = whole();
    std::fs::write(
        here.path().join("second.toml"),
        spec().replace("name = \"rule\"", "name = \"other\"").replace("\"net\"", "\"net2\""),
    )
    .unwrap();
    done(here.path(), "run parts.toml second.toml --out both");
    let before = tree(&here.path().join("both"));
    assert!(
        before.contains_key(Path::new("spec.toml"))
            && before.contains_key(Path::new("spec-2.toml"))
    );
    std::fs::remove_file(here.path().join("parts.toml")).unwrap();
    let moved = here.path().join("moved");
    std::fs::rename(here.path().join("both"), &moved).unwrap();
    std::fs::remove_dir_all(moved.join("figures")).unwrap();
    std::fs::remove_file(moved.join("series.csv")).unwrap();
    jobs(&moved).iter().step_by(2).for_each(|job| std::fs::remove_file(job).unwrap());
    done(here.path(), "run moved");
    assert!(before == tree(&moved));
    assert!(!here.path().join("runs").exists(), "it goes on in its own directory");

    for (line, expected) in [
        ("run moved parts.toml", "moved is a directory: give a run directory alone"),
        ("run s", "s holds no run"),
    ] {
        std::fs::create_dir_all(here.path().join("s")).unwrap();
        let code = if line.contains("parts") { 2 } else { 1 };
        let error = refused(here.path(), line, code);
        assert!(error.contains(expected), "{error}");
    }
    std::fs::remove_file(moved.join("spec.toml")).unwrap();
    assert!(refused(here.path(), "run moved", 1).contains("moved holds no spec.toml"));
}

#[test]
fn sixteen_shards_merged_are_the_whole() {
    let here = whole();
    shards(here.path(), 16);
    let counts: Vec<usize> =
        (1..=16).map(|i| jobs(&here.path().join(format!("s/{i}-of-16"))).len()).collect();
    assert_eq!(counts, [1; 16]);
    let all: Vec<String> = (1..=16).rev().map(|i| format!("s/{i}-of-16")).collect();
    let printed = done(here.path(), &format!("merge merged {}", all.join(" ")));
    assert!(printed.contains("The rule") && printed.contains("results in merged"), "{printed}");
    assert_same(&here.path().join("whole"), &here.path().join("merged"));
    // Again, over what is there; and the whole, which has the same results, added.
    done(here.path(), &format!("merge merged whole {}", all.join(" ")));
    assert_same(&here.path().join("whole"), &here.path().join("merged"));
    // More shards than jobs: some have nothing to do.
    done(here.path(), "run parts.toml --shard 17/20");
    let error = refused(here.path(), "verify runs", 1);
    assert!(error.contains("holds no run"), "{error}");
}

#[test]
fn missing_jobs_are_listed_with_the_commands_that_run_them() {
    let here = whole();
    shards(here.path(), 5);
    std::fs::remove_dir_all(here.path().join("s/2-of-5")).unwrap();
    std::fs::remove_file(&jobs(&here.path().join("s/4-of-5"))[0]).unwrap();
    let merge = "merge merged s/1-of-5 s/3-of-5 s/4-of-5 s/5-of-5";
    let error = refused(here.path(), merge, 1);
    // Places 1, 6 and 11 of the plan are in shard 2.
    assert!(error.contains("error: 4 of 16 jobs are missing:"), "{error}");
    for lost in ["rule (held), repeat 1", "rule (shared), repeat 2", "rule (white), repeat 3"] {
        assert!(error.contains(lost), "{error}");
    }
    let commands: Vec<&str> =
        error.lines().map(str::trim).filter(|line| line.starts_with("alignscope run")).collect();
    assert_eq!(commands.len(), 3, "{error}");
    assert!(commands[0].starts_with("alignscope run s/4-of-5 "), "{error}");
    assert!(
        commands[1].starts_with("alignscope run s/1-of-5 --shard 2/5 --out s/2-of-5 "),
        "{error}"
    );
    for command in &commands[..2] {
        let command = command.split("  ").next().unwrap();
        done(
            here.path(),
            &format!("{} --export weights", command.strip_prefix("alignscope ").unwrap()),
        );
    }
    done(here.path(), &format!("{merge} s/2-of-5"));
    assert_same(&here.path().join("whole"), &here.path().join("merged"));
}

#[test]
fn what_is_missing_can_be_run_in_the_merged_directory() {
    let here = whole();
    shards(here.path(), 2);
    refused(here.path(), "merge merged s/2-of-2", 1);
    done(here.path(), "run merged --export weights");
    assert_same(&here.path().join("whole"), &here.path().join("merged"));
}

#[test]
fn damaged_and_contradicting_results_are_refused() {
    let here = whole();
    shards(here.path(), 2);
    let first = here.path().join("s/1-of-2");
    let job = jobs(&first)[0].clone();
    let bytes = std::fs::read(&job).unwrap();
    std::fs::write(&job, &bytes[..bytes.len() / 2]).unwrap();
    let error = refused(here.path(), "merge merged s/1-of-2 s/2-of-2", 1);
    assert!(error.contains("is damaged") && error.contains("it is left out"), "{error}");
    assert!(
        error.contains("1 of 16 jobs are missing") && error.contains("alignscope run s/1-of-2 "),
        "{error}"
    );

    // Another value under the same address, which is found damaged, and one that was written like
    // that.
    let text = String::from_utf8(bytes.clone()).unwrap();
    let (start, records) = text.split_once("\"records\":").unwrap();
    let digit = records.find('.').unwrap() + 1;
    let other = match records.as_bytes()[digit] {
        b'7' => "3",
        _ => "7",
    };
    let other = format!("{start}\"records\":{}{other}{}", &records[..digit], &records[digit + 1..]);
    assert_eq!(other.len(), text.len());
    std::fs::write(&job, &other).unwrap();
    let name = job.file_name().unwrap().to_str().unwrap();
    let error = done_with_warnings(here.path(), "merge whole-instead s/1-of-2 s/2-of-2 whole");
    assert!(
        error
            .contains(&format!("s/1-of-2/jobs/{name} does not match its checksum; it is left out")),
        "{error}"
    );
    assert_same(&here.path().join("whole"), &here.path().join("whole-instead"));
    vouch(&first, &format!("jobs/{name}"), &other);
    let error = refused(here.path(), "merge new s/1-of-2 s/2-of-2 whole", 1);
    for file in [format!("s/1-of-2/jobs/{name}"), format!("whole/jobs/{name}")] {
        assert!(error.contains(&file) && error.contains("different results of job"), "{error}");
    }
    std::fs::write(&job, &bytes).unwrap();
    vouch(&first, &format!("jobs/{name}"), &text);
}

#[test]
fn damaged_and_contradicting_exports_are_refused() {
    let here = whole();
    shards(here.path(), 2);
    let second = here.path().join("s/2-of-2");
    let weights =
        std::fs::read_dir(second.join("weights")).unwrap().next().unwrap().unwrap().path();
    let name = weights.file_name().unwrap().to_str().unwrap().to_string();
    let mut other = std::fs::read(&weights).unwrap();
    let middle = other.len() / 2;
    other[middle] ^= 1;
    std::fs::write(&weights, &other).unwrap();
    let error = done_with_warnings(here.path(), "merge weights-instead s/1-of-2 s/2-of-2 whole");
    assert!(
        error.contains(&format!(
            "s/2-of-2/weights/{name} does not match its checksum; it is left out"
        )),
        "{error}"
    );
    assert_same(&here.path().join("whole"), &here.path().join("weights-instead"));
    let error = refused(here.path(), "merge weights-lost s/1-of-2 s/2-of-2", 1);
    let remedy = "`alignscope run s/2-of-2 --export weights` makes it again";
    assert!(error.contains(remedy) && !error.contains("missing"), "{error}");
    vouch(&second, &format!("weights/{name}"), &other);
    let error = refused(here.path(), "merge new s/1-of-2 s/2-of-2 whole", 1);
    assert!(
        error.contains(&format!("s/2-of-2/weights/{name} and whole/weights/{name}")),
        "{error}"
    );
}

#[test]
fn foreign_results_are_refused() {
    let here = whole();
    shards(here.path(), 2);
    done(here.path(), "isolate --layers 5,6,5 --iterations 5 --out other");
    let error = refused(here.path(), "merge new s/1-of-2 other", 1);
    assert!(error.contains("other holds the results of another spec (`isolate`)"), "{error}");
    assert!(
        refused(here.path(), "merge new s/1-of-2 s", 1).contains("s holds no run of this program")
    );
    assert!(
        refused(here.path(), "merge whole s/1-of-2 whole", 1)
            .contains("whole cannot be merged into itself")
    );
    assert!(
        refused(here.path(), "merge other s/1-of-2", 1)
            .contains("other holds the results of another spec")
    );
    assert!(
        refused(here.path(), "verify s/1-of-2", 2)
            .contains("is shard 1/2 of a run: merge the shards first")
    );
    let error = refused(here.path(), "run parts.toml --shard 3/2", 2);
    assert!(error.contains("there is no shard 3 of 2: they count from 1 to 2"), "{error}");
}

#[test]
#[ignore = "half a minute: 50 runs, each killed at a moment of its own and gone on with"]
fn fifty_runs_killed_at_any_moment_end_in_the_same_bytes() {
    let here = TempDir::new().unwrap();
    let spec =
        spec().replace("iterations = 40", "iterations = 40000").replace("epochs = 1", "epochs = 5");
    std::fs::write(here.path().join("parts.toml"), spec).unwrap();
    let begun = Instant::now();
    done(here.path(), "run parts.toml --export weights --out whole");
    let whole = begun.elapsed();
    let program = assert_cmd::cargo::cargo_bin("alignscope");
    let mut killed = 0;
    for moment in 0..50 {
        let mut child = std::process::Command::new(&program)
            .args(["run", "parts.toml", "--export", "weights", "--out", "killed"])
            .current_dir(here.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Spread over the run as the multiples of the golden ratio are.
        std::thread::sleep(whole.mul_f64((f64::from(moment) * 0.618_033_988_75).fract()));
        let _ = child.kill();
        killed += usize::from(child.wait().unwrap().code().is_none());
        done(here.path(), "run parts.toml --export weights --out killed");
        assert_same(&here.path().join("whole"), &here.path().join("killed"));
        std::fs::remove_dir_all(here.path().join("killed")).unwrap();
    }
    assert!(killed >= 40, "only {killed} of 50 were killed before they ended");
}

#[test]
fn a_killed_shard_resumes_from_its_directory() {
    let here = TempDir::new().unwrap();
    let spec = spec()
        .replace("iterations = 40", "iterations = 400000")
        .replace("record-every = 10", "record-every = 20000");
    std::fs::write(here.path().join("parts.toml"), spec).unwrap();
    done(here.path(), "run parts.toml --out whole");
    let program = assert_cmd::cargo::cargo_bin("alignscope");
    for wait in [30, 60, 100] {
        let mut child = std::process::Command::new(&program)
            .args(["run", "parts.toml", "--shard", "1/2", "--out", "s/1", "--threads", "1"])
            .current_dir(here.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Killed once it has begun, and before it can be done.
        while !here.path().join("s/1/spec.toml").is_file() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(wait));
        let _ = child.kill();
        assert!(child.wait().unwrap().code().is_none(), "it ended before it could be killed");
    }
    assert!(jobs(&here.path().join("s/1")).len() < 8);
    let printed = done(here.path(), "run s/1");
    assert!(printed.contains("shard 1/2: 8 of its 8 jobs are done, 16 in all shards"), "{printed}");
    done(here.path(), "run parts.toml --shard 2/2 --out s/2");
    done(here.path(), "merge merged s/1 s/2");
    assert_same(&here.path().join("whole"), &here.path().join("merged"));
}

#[test]
fn a_dry_run_tells_what_is_left_and_writes_nothing() {
    let here = whole();
    for job in jobs(&here.path().join("whole")).iter().take(5) {
        std::fs::remove_file(job).unwrap();
    }
    let before = tree(here.path());
    let text = done(here.path(), "run parts.toml --dry-run --out whole");
    for part in [
        "rule (isolate), conditions: 3, repeats: 4",
        "net (train)",
        "held",
        "16 jobs, 11 of them done in whole, 5 to run",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(text.contains("about") && text.contains("Estimated from up to 4 conditions"), "{text}");
    let found: Json =
        serde_json::from_str(&done(here.path(), "run parts.toml --dry-run --shard 2/5 --json"))
            .unwrap();
    assert_eq!(
        (found["jobs"].as_u64(), found["to-run"].as_u64(), &found["shard"]),
        (Some(16), Some(3), &"2/5".into())
    );
    assert_eq!(found["analyses"][0]["conditions"][0]["jobs"], 1, "{found}");
    let seconds = |key: &str| found["seconds"][key].as_f64().unwrap();
    assert!(
        0.0 < seconds("low")
            && seconds("low") <= seconds("likely")
            && seconds("likely") <= seconds("high")
    );
    assert!(before == tree(here.path()) && !here.path().join("runs").exists());
    let error = refused(here.path(), "run parts.toml --dry-run --out .", 1);
    assert!(error.contains("is not empty and holds no run"), "{error}");
}

#[test]
fn a_dry_run_begins_long_jobs_and_gives_them_up() {
    let here = TempDir::new().unwrap();
    let spec = spec()
        .replace("iterations = 40", "iterations = 900000000")
        .replace("record-every = 10", "record-every = 100000");
    std::fs::write(
        here.path().join("parts.toml"),
        spec.replace("epochs = 1\n", "epochs = 100000\n"),
    )
    .unwrap();
    let mut command = alignscope(here.path());
    command.args(["run", "parts.toml", "--dry-run", "--json"]).timeout(Duration::from_secs(100));
    let output = command.assert().success().get_output().stdout.clone();
    let found: Json = serde_json::from_slice(&output).unwrap();
    // Nine hundred million updates of more than ten nanoseconds each.
    let each = found["analyses"][0]["conditions"][0]["seconds-each"]["likely"].as_f64().unwrap();
    assert!(each > 9.0, "{found}");
    assert!(found["seconds"]["likely"].as_f64().unwrap() > each);
}

#[test]
fn a_new_spec_runs_as_it_is_and_overwrites_nothing() {
    let here = TempDir::new().unwrap();
    let printed = done(here.path(), "new idea-1");
    assert!(printed.contains("idea-1.toml written; next: alignscope run idea-1.toml"), "{printed}");
    let text = std::fs::read_to_string(here.path().join("idea-1.toml")).unwrap();
    let found: Json =
        serde_json::from_str(&done(here.path(), "run idea-1.toml --json --out run")).unwrap();
    let of = |analysis: &str| {
        found["summary"].as_array().unwrap().iter().filter(|e| e["analysis"] == analysis).count()
    };
    assert!(of("rule") == 12 && of("network") == 8, "{} {}", of("rule"), of("network"));
    let held = found["summary"]
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["condition"]["schedule"] == "held")
        .unwrap();
    assert!(held["mean"].as_f64().unwrap() < 85.0, "{held}");
    for figure in ["rule.svg", "network.png"] {
        assert!(here.path().join("run/figures").join(figure).is_file(), "{figure}");
    }

    std::fs::write(here.path().join("idea-1.toml"), "mine").unwrap();
    let error = refused(here.path(), "new idea-1", 1);
    assert!(error.contains("idea-1.toml is there already, and nothing is overwritten"), "{error}");
    assert_eq!(std::fs::read_to_string(here.path().join("idea-1.toml")).unwrap(), "mine");
    assert!(
        refused(here.path(), "new idea-2.toml", 2)
            .contains("give the name alone, alignscope new idea-2")
    );
    assert!(refused(here.path(), "new ../x", 2).contains("cannot be a name: expected letters"));

    // What the comments offer works, too: extending, ranges, lists varied together.
    std::fs::write(here.path().join("other.toml"), &text).unwrap();
    let live = text
        .replace("# extends = ", "extends = ")
        .replace("# eta = \"log", "eta = \"log")
        .replace("# [analysis.zip]", "[analysis.zip]")
        .replace("# w-std", "w-std")
        .replace("# b-std", "b-std");
    std::fs::write(here.path().join("live.toml"), live).unwrap();
    let found: Json =
        serde_json::from_str(&done(here.path(), "run live.toml --dry-run --json")).unwrap();
    assert_eq!(
        found["analyses"][0]["conditions"].as_array().unwrap().len(),
        3 * 5 * 3 * 2,
        "{found}"
    );
}
