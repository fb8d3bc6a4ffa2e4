//! Output directories that cannot be written to, fill up, are links, or are wanted by two; a run
//! that is interrupted.
#![cfg(target_os = "linux")]

use crate::common::{assert_same, line, specs, tree};
use alignscope::array::{Array, write_npy};
use alignscope::file::memory::reserved_for_products;
use assert_cmd::cargo::cargo_bin;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn spec() -> String {
    format!("name = \"faults\"\n{}", specs::rule(4, &["held", "white"]))
}

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
    let here = here(&spec());
    done(here.path(), "whole");
    let largest = tree(&here.path().join("whole")).values().map(Vec::len).max().unwrap();
    // Limits in blocks of 512 bytes or of 1 kB, as the shell has them: from none at all to too few
    // for the largest file.
    for blocks in [0, 1, (largest - 1) / 1024] {
        let program = cargo_bin("alignscope");
        let limited =
            format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" run faults.toml --out full");
        let output = Command::new("sh")
            .args(["-c", &limited])
            .arg(program)
            .current_dir(here.path())
            .output()
            .unwrap();
        let error = error(&output);
        assert_eq!(output.status.code(), Some(1), "{blocks}: {error}");
        assert!(
            error.contains("cannot write") && error.contains("free some space"),
            "{blocks}: {error}"
        );
        let left = tree(&here.path().join("full"));
        assert!(left.keys().all(|path| !path.to_string_lossy().contains(".writing-")), "{left:?}");
    }
    done(here.path(), "full");
    assert_same(&here.path().join("whole"), &here.path().join("full"));
}

#[test]
fn a_directory_that_may_not_be_written_to_is_refused_with_the_remedy() {
    let here = here(&spec());
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
    let here = here(&spec());
    done(here.path(), "whole");
    done(here.path(), "run");
    let job =
        tree(&here.path().join("run")).into_keys().find(|path| path.starts_with("jobs")).unwrap();
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
    let here = here(&spec());
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
    spec()
        .replace("iterations = 40", "iterations = 40000")
        .replace("record-every = 10", "record-every = 5000")
}

/// Begins a run, on one thread, and waits until some of its jobs are done.
fn begun(here: &Path, out: &str) -> std::process::Child {
    let mut command = command(here, out);
    let child = command
        .args(["--threads", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
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
    assert!(
        refusal.contains("another run is writing to") && refusal.contains("wait for it to end"),
        "{refusal}"
    );
    done(here.path(), "whole");
    assert_same(&here.path().join("whole"), &here.path().join("run"));
}

#[test]
fn what_ctrl_c_interrupts_goes_on_to_the_same_bytes() {
    let here = here(&long());
    done(here.path(), "whole");
    let child = begun(here.path(), "run");
    assert!(
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success()
    );
    let output = child.wait_with_output().unwrap();
    let told = error(&output);
    assert_eq!(output.status.code(), Some(130), "{told}");
    let kept = jobs(here.path(), "run");
    assert!((1..8).contains(&kept) && told.contains(&format!("{kept} of 8 jobs")), "{told}");
    let [whole, half] = ["whole/jobs", "run/jobs"].map(|name| tree(&here.path().join(name)));
    let finished =
        half.iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "json"));
    assert!(
        finished.clone().count() == kept
            && finished.into_iter().all(|(path, bytes)| whole[path] == *bytes)
    );
    done(here.path(), "run");
    assert_same(&here.path().join("whole"), &here.path().join("run"));
}

/// A limit in kB that leaves as much beside what products of matrices reserve on this machine as
/// `kilobytes` do where they reserve 64 MiB: an eighth of what is not taken is left alone.
fn beside_products(kilobytes: u64) -> u64 {
    kilobytes + reserved_for_products() / 1024 * 8 / 7 - (64 << 10) * 8 / 7
}

/// Standard error and exit code of a command under `ulimit -v`, in kB.
#[cfg(target_os = "linux")]
fn limited(here: &Path, kilobytes: u64, args: &[&str]) -> (Option<i32>, String) {
    let limited = format!("ulimit -v {kilobytes}; exec \"$0\" \"$@\"");
    let mut bash = Command::new("bash");
    let output =
        bash.args(["-c", &limited]).arg(cargo_bin("alignscope")).args(args).current_dir(here);
    let output = output.output().unwrap();
    (output.status.code(), error(&output))
}

/// The size that follows `before` in a message, in kB.
#[cfg(target_os = "linux")]
fn size_after(message: &str, before: &str) -> f64 {
    let mut words =
        message.split_once(before).unwrap_or_else(|| panic!("{message}")).1.split([' ', ',']);
    let value: f64 = words.next().unwrap().parse().unwrap();
    value
        * match words.next().unwrap() {
            "KiB" => 1.0,
            "MiB" => 1024.0,
            "GiB" => 1024.0 * 1024.0,
            unit => panic!("{unit}: {message}"),
        }
}

#[cfg(target_os = "linux")]
#[test]
fn what_does_not_fit_into_memory_is_refused_and_what_is_let_through_fits() {
    let here = TempDir::new().unwrap();
    let cases = [
        "isolate --iterations 2 --batch 60000",
        "isolate --iterations 2 --batch 50000 --activity ma:1,1,1,1 --error ar1:0.5",
        "isolate --iterations 2 --layers 1500,2000,1500",
        "isolate --iterations 5000 --record-every 5000 --layers 50,200,50 --batch 2 --quantities \
         terms_angle",
        "isolate --iterations 300000 --record-every 1 --layers 2,2,2 --batch 1",
        "train --hidden 1500,1500 --epochs 1 --batch 500",
        "train --export signals:80 --epochs 5 --hidden 200,200",
        "replay --replay-updates 600 --batch 1000 --epochs 600",
        "sample --layers 20,500,1200 --draws 1 --quantities eigenvalue",
    ];
    let small = beside_products(320_000);
    for (number, case) in cases.iter().enumerate() {
        let out = format!("run{number}");
        let mut case = line(case);
        if case[0] == "isolate" {
            case.extend(["--report-at", ""]);
        }
        case.extend(["--threads", "1", "--repeats", "1", "--out", &out]);
        let (code, refusal) = limited(here.path(), small, &case);
        assert!(code == Some(2) && refusal.contains("; or "), "{case:?}: {code:?} {refusal}");
        assert!(!here.path().join(&out).exists(), "nothing is begun: {case:?}");
        // An eighth of what is not taken at the start is left alone.
        let (need, allowed) = (size_after(&refusal, "needs "), size_after(&refusal, "more than "));
        let taken = small as f64 - allowed * 8.0 / 7.0;
        let limit = |share: f64| (share * need * 8.0 / 7.0 + taken) as u64;
        let (code, refusal) = limited(here.path(), limit(0.95), &case);
        assert!(
            code == Some(2) && refusal.contains(" of memory, more than "),
            "{case:?}: {code:?} {refusal}"
        );
        let (code, told) = limited(here.path(), limit(1.02), &case);
        assert_eq!(code, Some(0), "{case:?}: {told}");
    }
}

/// A spectrum takes eight matrices, and the rest of an analysis one.
#[cfg(target_os = "linux")]
#[test]
fn spectra_of_a_recording_that_do_not_fit_into_memory_are_left_out_and_the_rest_is_there() {
    let here = TempDir::new().unwrap();
    std::fs::create_dir(here.path().join("recorded")).unwrap();
    let n = 2500;
    let large = Array { shape: vec![1, n, n], data: (0..n * n).map(|i| (i % 7) as f64).collect() };
    let small = Array { shape: vec![1, n, 2], data: (0..2 * n).map(|i| (i % 5) as f64).collect() };
    write_npy(&here.path().join("recorded/W0.npy"), &large).unwrap();
    write_npy(&here.path().join("recorded/W1.npy"), &small).unwrap();
    let args = ["analyze", "recorded", "--out", "found"];
    let (code, told) = limited(here.path(), beside_products(320_000), &args);
    assert_eq!(code, Some(0), "{told}");
    let found = std::fs::read(here.path().join("found/analysis.json")).unwrap();
    let found: serde_json::Value = serde_json::from_slice(&found).unwrap();
    assert_eq!(found["spectra_too_large"], serde_json::json!([0]), "{told}");
    assert_eq!(found["spectra"][0]["layer"], 1, "{found}");
}

/// Predictions in closed form are given at any size; what would be drawn beside them is not.
#[cfg(target_os = "linux")]
#[test]
fn networks_too_large_to_be_drawn_leave_the_bound_unknown() {
    let here = TempDir::new().unwrap();
    for request in [
        "theory one-step --layers 100000,100000,100000 --batch 1000000 --json",
        "theory one-step --layers 100,100,100000 --batch 100 --json",
        "theory one-step --batch 4294967295 --json",
        "theory moments --layers 20,20000,20000 --iterations 3 --json",
        "theory moments --batch 100000000 --iterations 3 --json",
    ] {
        let (code, told) = limited(here.path(), beside_products(2_000_000), &line(request));
        assert_eq!(code, Some(0), "{request}: {told}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_request_ends_in_an_abort_for_want_of_memory() {
    let here = TempDir::new().unwrap();
    for (kilobytes, request) in [
        (4_194_304, "isolate --batch 1000000"),
        (4_194_304, "theory moments --iterations 5000"),
        (4_194_304, "theory moments --iterations 4999 --report-at 10 --cross 0.5@lag=1"),
        (500_000, "theory relu --iterations 4000"),
        (500_000, "theory held --layers 100,1000,100 --repeats 1000"),
        (500_000, "theory held --iterations 10000000 --record-every 1"),
        (500_000, "theory conditional --layers 9000,10,10"),
        (500_000, "theory spectrum --points 10000000"),
        (500_000, "theory depth --batch 4000000000 --iterations 3 --draws 1"),
        (
            500_000,
            "theory depth --layers 20,100,100,20000 --width infinite --iterations 3 --draws 1",
        ),
        (500_000, "isolate --layers 5000,5000,5000"),
        (500_000, "isolate --iterations 1000000000 --record-every 200"),
        (500_000, "isolate --iterations 1000000 --quantities terms_angle --record-every 1000000"),
        (
            500_000,
            "isolate --predict --activation linear --schedule free --activity ar1:0.5 --error \
             ar1:0.5 --iterations 4000",
        ),
        (500_000, "train --hidden 5000,5000"),
        (500_000, "train --export signals"),
        (500_000, "train --quantities term_within_angle --lags 1-5000 --batch 1000 --epochs 9999"),
        (500_000, "replay --replay-updates 3000 --epochs 10000 --batch 1000"),
        (500_000, "plane --epochs 500 --snapshot-every 20 --hidden 300,300"),
        (500_000, "sample --layers 20,5000,5000"),
        (500_000, "sample --draws 1000000 --repeats 100"),
        (500_000, "signals --iterations 10000000 --batch 1 --inputs 2 --outputs 2"),
    ] {
        let args = &line(request);
        let (code, refusal) = limited(here.path(), beside_products(kilobytes), args);
        assert!(
            code == Some(2) && refusal.contains(" of memory, more than "),
            "{args:?}: {code:?} {refusal}"
        );
        let remedy = ["smaller", "fewer", "less often", "larger", "out"]
            .iter()
            .any(|word| refusal.contains(word));
        assert!(remedy && refusal.contains("ulimit -v"), "{refusal}");
    }
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 0);
    // Threads are as many as there is memory for, and not more than there is use for.
    let mut many = line("isolate --threads 1000 --iterations 10 --repeats 40");
    many.extend(["--report-at", ""]);
    let (code, told) = limited(here.path(), beside_products(400_000), &many);
    assert!(code == Some(0) && told.contains("warning: --threads 1000:"), "{code:?} {told}");
    assert!(told.contains("threads are used, as jobs on more would need more memory"), "{told}");
}

/// Products of matrices reserve by the caches of the machine, however small the matrices are.
#[cfg(target_os = "linux")]
#[test]
fn address_space_that_products_do_not_fit_into_is_refused() {
    let here = TempDir::new().unwrap();
    let less = 40_000 + reserved_for_products() / 1024;
    for request in [
        "isolate --iterations 2",
        "analyze recorded",
        "theory learning",
        "theory mean-field",
        "theory stationary",
        "theory one-step",
    ] {
        let (code, refusal) = limited(here.path(), less, &line(request));
        assert!(
            code == Some(2) && refusal.contains("what `ulimit -v` leaves; raise it"),
            "{request}: {code:?} {refusal}"
        );
    }
}

#[test]
fn links_in_a_run_directory_are_not_followed() {
    let here = here(&(spec() + specs::RULE_FIGURE));
    done(here.path(), "whole");
    let victim = here.path().join("victim");
    std::fs::write(&victim, "precious").unwrap();
    let run_directory = here.path().join("run");
    std::fs::create_dir(&run_directory).unwrap();
    // A link in place of the lock: refused, as it may be that of another run.
    symlink(&victim, run_directory.join(".lock")).unwrap();
    let output = run(here.path(), "run");
    let told = error(&output);
    assert!(
        output.status.code() == Some(1) && told.contains(".lock") && told.contains("it is a link"),
        "{told}"
    );
    assert_eq!(std::fs::read(&victim).unwrap(), b"precious");
    std::fs::remove_file(run_directory.join(".lock")).unwrap();
    done(here.path(), "run");
    // In place of results, and of what was once written beside them: replaced.
    for name in ["manifest.json", "series.csv", "figures/rule.svg", "figures/rule.csv", "log.json"]
    {
        let path = run_directory.join(name);
        std::fs::remove_file(&path).unwrap();
        symlink(&victim, &path).unwrap();
    }
    std::fs::remove_file(run_directory.join("manifest.json")).unwrap();
    std::fs::copy(here.path().join("whole/manifest.json"), run_directory.join("manifest.json"))
        .unwrap();
    for name in [
        "figures/.writing-rule.svg",
        ".writing-manifest.json",
        "jobs/.writing-x",
        ".writing-report.html",
    ] {
        symlink(&victim, run_directory.join(name)).unwrap();
    }
    symlink(&victim, here.path().join(".writing-report.html")).unwrap();
    done(here.path(), "run");
    assert_same(&here.path().join("whole"), &run_directory);
    let alignscope = |args: &[&str]| {
        let output = Command::new(cargo_bin("alignscope"))
            .args(args)
            .current_dir(here.path())
            .output()
            .unwrap();
        (output.status.code(), error(&output))
    };
    assert_eq!(alignscope(&["figure", "run"]).0, Some(0));
    symlink(&victim, here.path().join("linked.html")).unwrap();
    for out in ["report.html", "linked.html"] {
        assert_eq!(alignscope(&["report", "run", "--out", out]), (Some(0), String::new()));
        let path = here.path().join(out);
        assert!(!path.is_symlink() && std::fs::read(path).unwrap().starts_with(b"<!DOCTYPE html>"));
    }
    assert_eq!(std::fs::read(&victim).unwrap(), b"precious");
}

#[test]
fn reports_go_where_they_are_asked_to_and_nothing_is_replaced_by_them() {
    let here = here(&spec());
    done(here.path(), "run");
    let report = |out: &str| {
        let mut command = Command::new(cargo_bin("alignscope"));
        command.args(["report", "run", "--out", out]).current_dir(here.path()).output().unwrap()
    };
    assert!(report("report.html").status.success());
    let expected = std::fs::read(here.path().join("report.html")).unwrap();
    for out in ["-", "/dev/stdout"] {
        let output = report(out);
        assert!(output.status.success() && output.stdout == expected, "{out}: {}", error(&output));
    }
    let pipe = here.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = Command::new("cat").arg(&pipe).stdout(Stdio::piped()).spawn().unwrap();
    assert!(report("pipe").status.success());
    assert!(reader.wait_with_output().unwrap().stdout == expected);
    assert!(report("/dev/null").status.success());
    let is_device = std::os::unix::fs::FileTypeExt::is_char_device;
    assert!(is_device(&std::fs::symlink_metadata("/dev/null").unwrap().file_type()));
    for out in ["run", "run/", "absent/", "."] {
        let output = report(out);
        let told = error(&output);
        assert!(output.status.code() == Some(2) && told.contains("--out"), "{out}: {told}");
        assert!(told.contains("is a directory") && told.contains("report.html"), "{out}: {told}");
    }
}

#[test]
fn figures_and_reports_drawn_at_once_do_not_meet() {
    let here = here(&(spec() + specs::RULE_FIGURE));
    done(here.path(), "run");
    let before = tree(&here.path().join("run"));
    for args in [&["figure", "run"][..], &["report", "run"]] {
        let start = |_| {
            Command::new(cargo_bin("alignscope"))
                .args(args)
                .current_dir(here.path())
                .stderr(Stdio::piped())
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        };
        for child in (0..8).map(start).collect::<Vec<_>>() {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{args:?}: {}", error(&output));
        }
    }
    assert!(tree(&here.path().join("run")) == before);
    let left = std::fs::read_dir(here.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().starts_with(".writing-")));
}

#[test]
fn what_killed_processes_leave_is_removed_by_the_next() {
    let here = here(&(spec() + specs::RULE_FIGURE));
    done(here.path(), "run");
    let before = tree(&here.path().join("run"));
    for name in [
        "run/figures/.writing-7-1",
        "run/figures/.writing-rule.svg",
        ".writing-7-2",
        ".writing-my-notes",
    ] {
        std::fs::write(here.path().join(name), "half").unwrap();
    }
    for args in [&["figure", "run"][..], &["report", "run"]] {
        let mut command = Command::new(cargo_bin("alignscope"));
        assert!(command.args(args).current_dir(here.path()).output().unwrap().status.success());
    }
    assert!(tree(&here.path().join("run")) == before);
    assert!(!here.path().join(".writing-7-2").exists());
    assert!(here.path().join(".writing-my-notes").exists(), "a user's own file");
}

#[cfg(target_os = "linux")]
#[test]
fn outputs_that_take_nothing_are_no_panic() {
    let here = here(&spec());
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    for (args, code) in [
        (&["run", "faults.toml", "--out", "run", "--threads", "1000"][..], 0),
        (&["run", "absent.toml"], 2),
        (&["isolate", "--no-such-option"], 2),
        (
            &[
                "train",
                "--activation",
                "linear",
                "--eta",
                "10",
                "--epochs",
                "3",
                "--repeats",
                "1",
                "--record-every",
                "1",
            ],
            1,
        ),
        (&["figure", "run"], 2),
        (&["merge", "merged", "absent"], 1),
        (&["angles", "absent", "absent"], 2),
    ] {
        let mut command = Command::new(cargo_bin("alignscope"));
        let output = command.args(args).current_dir(here.path()).stderr(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}");
        let mut command = Command::new(cargo_bin("alignscope"));
        let both = command
            .args(args)
            .current_dir(here.path())
            .stderr(full())
            .stdout(full())
            .status()
            .unwrap();
        assert!([Some(1), Some(2)].contains(&both.code()), "{args:?}: {both:?}");
    }
}

#[test]
fn what_is_read_neither_steers_the_terminal_nor_fills_it() {
    let here = TempDir::new().unwrap();
    let steering = "a\u{1b}[2Jb\u{9b}c\u{202e}d\u{7}";
    let long = "x".repeat(5_000_000);
    let specs = [
        format!(
            "name = \"s\"\n[[analysis]]\nname = \"{}\"\nkind = \"isolate\"\n",
            steering.replace('\u{1b}', "\\u001B").replace('\u{7}', "\\u0007")
        ),
        format!("name = \"{long}\"\n"),
        format!("name = \"s\"\n{long} = 1\n"),
        format!("name = \"s\"\n[[analysis]]\nname = \"a\"\nkind = \"{long}\"\n"),
    ];
    for spec in specs {
        std::fs::write(here.path().join("spec.toml"), spec).unwrap();
        let output = Command::new(cargo_bin("alignscope"))
            .args(["run", "spec.toml"])
            .current_dir(here.path())
            .output();
        let output = output.unwrap();
        let told = error(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.len() < 20_000, "{}", told.len());
        assert!(!told.chars().any(|c| c.is_control() && c != '\n' || c == '\u{202e}'), "{told:?}");
    }
    for args in [
        ["run", steering],
        ["isolate", steering],
        ["angles", steering],
        ["isolate", "--eta=\u{1b}[2J"],
    ] {
        let output = Command::new(cargo_bin("alignscope"))
            .args(args)
            .current_dir(here.path())
            .output()
            .unwrap();
        let told = error(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(!told.chars().any(|c| c.is_control() && c != '\n' || c == '\u{202e}'), "{told:?}");
    }
}

#[test]
fn no_cell_of_a_table_is_a_formula() {
    let here = TempDir::new().unwrap();
    let spec = spec()
        .replace("name = \"rule\"", "name = \"-rule\"")
        .replace("[\"held\", \"white\"]", "[\"held\"]");
    let figure = "[[analysis.figure]]\nname = \"f\"\ntitle = \"=1+1\"\nx = \"iteration\"\nby = \
        [\"schedule\"]\n";
    std::fs::write(here.path().join("faults.toml"), spec + figure).unwrap();
    done(here.path(), "run");
    for table in ["series.csv", "figures/f.csv"] {
        let text = std::fs::read_to_string(here.path().join("run").join(table)).unwrap();
        let cells = text.split(['\n', ',']).map(|cell| cell.trim_matches('"'));
        for cell in cells.filter(|cell| cell.parse::<f64>().is_err()) {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{table}: {cell}");
        }
    }
    let series = std::fs::read_to_string(here.path().join("run/series.csv")).unwrap();
    assert!(series.contains("\n'-rule,"), "{series}");
}
