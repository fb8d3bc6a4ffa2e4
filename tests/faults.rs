//! Output directories that cannot be written to, fill up, are links, or are wanted by two; a run that is interrupted.
#![cfg(unix)]

mod common;

use assert_cmd::cargo::cargo_bin;
use common::{assert_same, tree};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const SPEC: &str = r#"
name = "faults"
[[analysis]]
name = "rule"
kind = "isolate"
repeats = 4
record-every = 10
[analysis.base]
layers = [5, 12, 5]
batch = 8
iterations = 40
[analysis.sweep]
schedule = ["held", "white"]
"#;

fn here(spec: &str) -> TempDir {
    let here = TempDir::new().unwrap();
    std::fs::write(here.path().join("faults.toml"), spec).unwrap();
    here
}

fn command(here: &Path, out: &str) -> Command {
    let mut command = Command::new(cargo_bin("alignscope"));
    command.args(["run", "faults.toml", "--out", out]).current_dir(here);
    command
}

fn run(here: &Path, out: &str) -> Output {
    command(here, out).output().unwrap()
}

fn done(here: &Path, out: &str) {
    let output = run(here, out);
    assert!(output.status.success(), "{}", error(&output));
}

fn error(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!error.contains("panicked"), "{error}");
    error
}

#[test]
fn files_that_may_not_grow_are_an_error_that_loses_nothing() {
    let here = here(SPEC);
    done(here.path(), "whole");
    let largest = tree(&here.path().join("whole")).values().map(Vec::len).max().unwrap();
    // Limits in blocks of 512 bytes or of 1 kB, as the shell has them: from none at all to too few for the largest file.
    for blocks in [0, 1, (largest - 1) / 1024] {
        let program = cargo_bin("alignscope");
        let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" run faults.toml --out full");
        let output = Command::new("sh").args(["-c", &limited]).arg(program).current_dir(here.path()).output().unwrap();
        let error = error(&output);
        assert_eq!(output.status.code(), Some(1), "{blocks}: {error}");
        assert!(error.contains("cannot write") && error.contains("free some space"), "{blocks}: {error}");
        let left = tree(&here.path().join("full"));
        assert!(left.keys().all(|path| !path.to_string_lossy().contains(".writing-")), "{left:?}");
    }
    done(here.path(), "full");
    assert_same(&here.path().join("whole"), &here.path().join("full"));
}

#[test]
fn a_directory_that_may_not_be_written_to_is_refused_with_the_remedy() {
    let here = here(SPEC);
    let closed = here.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(closed.join("probe"), "").is_ok() {
        eprintln!("passed over: permissions do not bind this user");
        return;
    }
    for out in ["closed", "closed/below"] {
        let output = run(here.path(), out);
        let error = error(&output);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(out) && error.contains("choose another directory"), "{error}");
    }
}

#[test]
fn a_directory_in_place_of_a_result_is_an_error_that_names_it() {
    let here = here(SPEC);
    done(here.path(), "whole");
    done(here.path(), "run");
    let job = tree(&here.path().join("run")).into_keys().find(|path| path.starts_with("jobs")).unwrap();
    let path = here.path().join("run").join(&job);
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let output = run(here.path(), "run");
    let error = error(&output);
    assert!(output.status.code() == Some(1) && error.contains(job.to_str().unwrap()), "{error}");
    std::fs::remove_dir(&path).unwrap();
    done(here.path(), "run");
    assert_same(&here.path().join("whole"), &here.path().join("run"));
}

#[test]
fn a_link_to_a_directory_is_that_directory() {
    let here = here(SPEC);
    done(here.path(), "whole");
    std::fs::create_dir(here.path().join("elsewhere")).unwrap();
    symlink("elsewhere", here.path().join("link")).unwrap();
    done(here.path(), "link");
    assert!(here.path().join("link").is_symlink());
    assert_same(&here.path().join("whole"), &here.path().join("elsewhere"));
    done(here.path(), "elsewhere");
    assert_same(&here.path().join("whole"), &here.path().join("elsewhere"));
    symlink("nowhere", here.path().join("dangling")).unwrap();
    let output = run(here.path(), "dangling");
    let error = error(&output);
    assert!(output.status.code() == Some(1) && error.contains("dangling"), "{error}");
}

/// A spec whose run takes long enough to be met halfway.
fn long() -> String {
    SPEC.replace("iterations = 40", "iterations = 40000").replace("record-every = 10", "record-every = 5000")
}

/// Begins a run, on one thread, and waits until some of its jobs are done.
fn begun(here: &Path, out: &str) -> std::process::Child {
    let mut command = command(here, out);
    let child = command.args(["--threads", "1"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let since = Instant::now();
    while jobs(here, out) == 0 {
        assert!(since.elapsed() < Duration::from_secs(60), "no job was done in a minute");
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

fn jobs(here: &Path, out: &str) -> usize {
    let is_job = |name: &str| name.ends_with(".json") && !name.starts_with('.');
    let entries = std::fs::read_dir(here.join(out).join("jobs")).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_str().is_some_and(is_job)).count()
}

#[test]
fn a_second_run_in_a_directory_is_refused_and_disturbs_nothing() {
    let here = here(&long());
    let first = begun(here.path(), "run");
    let second = run(here.path(), "run");
    let refusal = error(&second);
    let first = first.wait_with_output().unwrap();
    assert!(first.status.success(), "{}", error(&first));
    assert_eq!(second.status.code(), Some(1), "the first ended before the second began: {refusal}");
    assert!(refusal.contains("another run is writing to") && refusal.contains("wait for it to end"), "{refusal}");
    done(here.path(), "whole");
    assert_same(&here.path().join("whole"), &here.path().join("run"));
}

#[test]
fn what_ctrl_c_interrupts_goes_on_to_the_same_bytes() {
    let here = here(&long());
    done(here.path(), "whole");
    let child = begun(here.path(), "run");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let told = error(&output);
    assert_eq!(output.status.code(), Some(130), "{told}");
    let kept = jobs(here.path(), "run");
    assert!((1..8).contains(&kept) && told.contains(&format!("{kept} of 8 jobs")), "{told}");
    let [whole, half] = ["whole/jobs", "run/jobs"].map(|name| tree(&here.path().join(name)));
    let finished = half.iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "json"));
    assert!(finished.clone().count() == kept && finished.into_iter().all(|(path, bytes)| whole[path] == *bytes));
    done(here.path(), "run");
    assert_same(&here.path().join("whole"), &here.path().join("run"));
}
