//! Runs with a stand-in for the science.

use super::super::files::MANIFEST;
use super::super::head::read_directory;
use super::super::job::{Outcome, Record};
use super::super::progress::Unobserved;
use super::super::results::Results;
use super::super::summary::{Expected, summarise};
use super::*;
use crate::file::{Checksums, Ledger, TEMPORARY};
use crate::quantity::Quantity;
use crate::spec::{Analysis, Spec};
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicUsize;

static NEVER: AtomicBool = AtomicBool::new(false);

fn analysis(name: &str, options: &[(&str, &str)]) -> Analysis {
    let all = [
        ("iterations", "20"),
        ("repeats", "6"),
        ("report-at", "10"),
        ("quantities", "weight_alignment,weight_norm"),
    ];
    let mut analysis =
        Analysis::from_options(Kind::Isolate, all.iter().chain(options).copied()).unwrap();
    analysis.name = name.into();
    analysis
}

fn plan() -> Plan {
    plan_of(&[])
}

/// Six jobs with these options.
pub(in super::super) fn plan_of(options: &[(&str, &str)]) -> Plan {
    Plan::single(analysis("fake", options)).unwrap()
}

/// Numbers that depend on the job alone; repeat 4 diverges, and the angle is absent at the start.
pub(in super::super) fn fake(job: &Job, attempt: &Attempt<'_>) -> Result<JobResult, JobError> {
    let mut records = Vec::new();
    for iteration in job.recorded_iterations(Quantity::WeightAlignment) {
        if attempt.is_to_stop() {
            return Err(JobError::Interrupted);
        }
        if job.repeat == 4 && iteration > 12 {
            return Ok(job.finish(Outcome::Diverged { iteration, layer: 1 }, records));
        }
        for quantity in job.quantities() {
            for layer in quantity.layers(&job.condition) {
                let value = ((job.repeat * 31 + job.seed) as f64
                    + iteration as f64 / 7.0
                    + layer.unwrap_or(9) as f64)
                    .sin();
                let value = (iteration > 0 || quantity == Quantity::WeightNorm).then_some(value);
                records.push(Record { iteration, layer, lag: None, quantity, value });
            }
        }
    }
    Ok(job.finish(Outcome::Completed, records))
}

pub(in super::super) fn options(out: &Path, threads: usize) -> RunOptions<'static> {
    RunOptions {
        out: out.to_path_buf(),
        threads,
        export: Export::Off,
        shard: None,
        only: None,
        interrupt: &NEVER,
        observer: &Unobserved,
    }
}

fn bytes(out: &Path, name: &str) -> Vec<u8> {
    fs::read(out.join(name)).unwrap()
}

/// Writes a file of a run directory as a run does: with its checksum.
pub(in super::super) fn rewrite(out: &Path, name: &str, bytes: &[u8]) {
    let ledger = Ledger::new(out, Checksums::read(out).unwrap());
    ledger.note(&[(name.into(), blake3::hash(bytes))]).unwrap();
    fs::write(out.join(name), bytes).unwrap();
    ledger.settle().unwrap();
}

fn reference() -> (tempfile::TempDir, Vec<u8>, Vec<u8>) {
    let directory = tempfile::tempdir().unwrap();
    let report = run(&plan(), &options(directory.path(), 1), &fake).unwrap();
    assert_eq!((report.ended, report.found, report.ran), (Ended::Diverged, 0, 6));
    let (series, manifest) =
        (bytes(directory.path(), "series.csv"), bytes(directory.path(), "manifest.json"));
    (directory, series, manifest)
}

fn job_files(out: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(out.join("jobs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn series_has_the_documented_columns() {
    let (_directory, series, manifest) = reference();
    let text = String::from_utf8(series).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next().unwrap(),
        "analysis,schedule,activation,repeat,iteration,layer,lag,quantity,value"
    );
    assert_eq!(lines.next().unwrap(), "fake,held,relu,0,0,1,,weight_alignment,");
    assert!(lines.next().unwrap().starts_with("fake,held,relu,0,0,0,,weight_norm,0."));
    let manifest: Json = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["absent"], json!({ "weight_alignment": 6 }));
    assert_eq!(manifest["ended"], "diverged");
    assert_eq!(manifest["diverged"][0]["iteration"], 13);
    assert_eq!(manifest["seed"]["fake"], 1);
    assert_eq!(manifest["specs"][0]["analyses"][0]["conditions"][0]["eta"], 4e-4);
    assert_eq!(manifest["columns"][1]["name"], "schedule");
}

#[test]
fn threads_do_not_change_a_byte() {
    let (_directory, series, manifest) = reference();
    for threads in [2, 5, 0] {
        let directory = tempfile::tempdir().unwrap();
        run(&plan(), &options(directory.path(), threads), &fake).unwrap();
        assert_eq!(bytes(directory.path(), "series.csv"), series);
        assert_eq!(bytes(directory.path(), "manifest.json"), manifest);
    }
}

#[test]
fn finished_jobs_are_not_run_again_and_lost_ones_are() {
    let (directory, series, manifest) = reference();
    let count = AtomicUsize::new(0);
    let counting = |job: &Job, attempt: &Attempt<'_>| {
        count.fetch_add(1, Ordering::Relaxed);
        fake(job, attempt)
    };
    let report = run(&plan(), &options(directory.path(), 2), &counting).unwrap();
    assert_eq!((report.found, report.ran, count.load(Ordering::Relaxed)), (6, 0, 0));
    for file in job_files(directory.path()).iter().step_by(2) {
        fs::remove_file(file).unwrap();
    }
    fs::write(directory.path().join("jobs").join(format!("{TEMPORARY}x.json")), "half").unwrap();
    let report = run(&plan(), &options(directory.path(), 2), &counting).unwrap();
    assert_eq!((report.found, report.ran, count.load(Ordering::Relaxed)), (3, 3, 3));
    assert_eq!(bytes(directory.path(), "series.csv"), series);
    assert_eq!(bytes(directory.path(), "manifest.json"), manifest);
    assert_eq!(job_files(directory.path()).len(), 6);
    let log: Json = serde_json::from_slice(&bytes(directory.path(), "log.json")).unwrap();
    assert_eq!(log["runs"].as_array().unwrap().len(), 3);
}

#[test]
fn damaged_job_files_are_reported_and_run_again() {
    let (directory, series, _) = reference();
    let files = job_files(directory.path());
    let whole = fs::read(&files[0]).unwrap();
    fs::write(&files[0], &whole[..whole.len() / 2]).unwrap();
    fs::write(&files[1], &whole).unwrap();
    fs::write(&files[2], []).unwrap();
    fs::write(
        &files[3],
        String::from_utf8(fs::read(&files[3]).unwrap())
            .unwrap()
            .replace("\"seed\":1", "\"seed\":2"),
    )
    .unwrap();
    let report = run(&plan(), &options(directory.path(), 1), &fake).unwrap();
    assert_eq!((report.found, report.ran, report.warnings.len()), (2, 4, 4));
    assert!(
        report
            .warnings
            .iter()
            .any(|w| w.contains("is damaged") && w.ends_with("the job runs again"))
    );
    assert!(report.warnings.iter().any(|w| w.contains("does not hold the job of its name")));
    assert_eq!(bytes(directory.path(), "series.csv"), series);
}

#[test]
fn an_interrupted_run_keeps_what_is_finished_and_resumes_to_the_same_bytes() {
    let (_reference, series, manifest) = reference();
    for threads in [1, 2] {
        let directory = tempfile::tempdir().unwrap();
        let interrupt = AtomicBool::new(false);
        let count = AtomicUsize::new(0);
        let interrupted = |job: &Job, attempt: &Attempt<'_>| {
            if count.fetch_add(1, Ordering::Relaxed) == 2 {
                interrupt.store(true, Ordering::Relaxed);
            }
            fake(job, attempt)
        };
        let stopping = RunOptions { interrupt: &interrupt, ..options(directory.path(), threads) };
        let report = run(&plan(), &stopping, &interrupted).unwrap();
        assert_eq!(report.ended, Ended::Interrupted);
        assert!(report.ran < 6 && report.results.iter().flatten().count() == report.ran);
        let half: Json = serde_json::from_slice(&bytes(directory.path(), "manifest.json")).unwrap();
        assert_eq!(half["ended"], "interrupted");
        let resumed = run(&plan(), &options(directory.path(), threads), &fake).unwrap();
        assert_eq!((resumed.found, resumed.ran), (report.ran, 6 - report.ran));
        assert_eq!(bytes(directory.path(), "series.csv"), series);
        assert_eq!(bytes(directory.path(), "manifest.json"), manifest);
    }
}

#[test]
fn foreign_directories_and_other_specs_are_refused_untouched() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("thesis.tex"), "x").unwrap();
    let error = run(&plan(), &options(directory.path(), 1), &fake).unwrap_err().to_string();
    assert!(
        error.contains(
            "is not empty and holds no run of this program: choose another directory with --out"
        ),
        "{error}"
    );
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);

    let (directory, ..) = reference();
    let other = Plan::single(analysis("fake", &[("seed", "2")])).unwrap();
    let error = run(&other, &options(directory.path(), 1), &fake).unwrap_err().to_string();
    assert!(
        error.contains("holds the results of another spec (`fake`): choose another directory"),
        "{error}"
    );
    assert_eq!(job_files(directory.path()).len(), 6);

    let path = directory.path().join(MANIFEST);
    let text = fs::read_to_string(&path).unwrap();
    // As another version would have written it, which has its own checksum.
    rewrite(
        directory.path(),
        MANIFEST,
        text.replace("\"results-version\": 1", "\"results-version\": 99").as_bytes(),
    );
    let error = run(&plan(), &options(directory.path(), 1), &fake).unwrap_err().to_string();
    assert!(error.contains("holds results of version 99"), "{error}");
    fs::write(&path, "{").unwrap();
    fs::remove_file(directory.path().join("spec.toml")).unwrap();
    fs::remove_dir_all(directory.path().join("jobs")).unwrap();
    assert!(matches!(
        run(&plan(), &options(directory.path(), 1), &fake),
        Err(RunError::Manifest(_))
    ));
}

#[test]
fn titles_may_change_between_resumes() {
    let (directory, series, _) = reference();
    let mut titled = analysis("fake", &[]);
    titled.title = "Better".into();
    let report = run(&Plan::single(titled).unwrap(), &options(directory.path(), 1), &fake).unwrap();
    assert_eq!(report.ran, 0);
    assert_eq!(bytes(directory.path(), "series.csv"), series);
}

#[test]
fn an_unwritable_directory_is_found_before_any_job_runs() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "x").unwrap();
    let never = |_: &Job, _: &Attempt<'_>| -> Result<JobResult, JobError> { panic!("a job ran") };
    for out in [file.join("run"), file.clone()] {
        let error = run(&plan(), &options(&out, 1), &never).unwrap_err().to_string();
        assert!(
            error.starts_with("cannot make the directory")
                && error.contains("choose another directory"),
            "{error}"
        );
    }
}

#[test]
fn two_runs_in_one_directory_do_not_mix() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().to_path_buf();
    let nested = |job: &Job, attempt: &Attempt<'_>| {
        let error = run(&plan(), &options(&out, 1), &fake).unwrap_err();
        assert!(matches!(error, RunError::Locked(_)), "{error}");
        fake(job, attempt)
    };
    run(&plan(), &options(&out, 1), &nested).unwrap();
    run(&plan(), &options(&out, 1), &fake).unwrap();
}

#[test]
fn a_failing_job_keeps_the_finished_ones() {
    let directory = tempfile::tempdir().unwrap();
    let failing = |job: &Job, attempt: &Attempt<'_>| match job.repeat {
        5 => Err(JobError::Failed("no data; get some".into())),
        _ => fake(job, attempt),
    };
    let error = run(&plan(), &options(directory.path(), 1), &failing).unwrap_err().to_string();
    assert!(error.ends_with("could not run: no data; get some"), "{error}");
    let manifest: Json = serde_json::from_slice(&bytes(directory.path(), "manifest.json")).unwrap();
    assert_eq!((&manifest["ended"], &manifest["jobs"]["finished"]), (&json!("failed"), &json!(5)));
}

#[test]
fn specs_sharing_jobs_run_them_once_and_both_report_them() {
    let directory = tempfile::tempdir().unwrap();
    let specs =
        vec![Spec::single(analysis("a", &[])), Spec::single(analysis("b", &[("repeats", "8")]))];
    let shared = Plan::new(specs).unwrap();
    let report = run(&shared, &options(directory.path(), 2), &fake).unwrap();
    assert_eq!(report.ran, 8);
    let text = String::from_utf8(bytes(directory.path(), "series.csv")).unwrap();
    let rows = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(rows("a,held,relu,0,"), rows("b,held,relu,0,"));
    // The directory says what it is of, in as many documents as last given.
    let written = |specs| Plan::new(specs).unwrap().address();
    let described = read_directory(directory.path()).unwrap();
    assert_eq!(
        (described.specs.len(), written(described.specs), described.shard),
        (2, shared.address(), None)
    );
    let analyses = shared.analyses().cloned().collect();
    let one = vec![Spec { name: "one".into(), analyses, ..Spec::single(analysis("a", &[])) }];
    run(&Plan::new(one).unwrap(), &options(directory.path(), 2), &fake).unwrap();
    assert_eq!(read_directory(directory.path()).unwrap().specs.len(), 1);
    assert_eq!(report.diverged.len(), 2);
    assert!(
        report.diverged[0]
            .to_string()
            .starts_with("a (held, relu), repeat 4: diverged at iteration 13 in layer 1;")
    );
}

#[test]
fn summaries_cover_reported_iterations_and_count_what_is_absent() {
    let directory = tempfile::tempdir().unwrap();
    let plan = plan();
    let report = run(&plan, &options(directory.path(), 2), &fake).unwrap();
    let entries =
        summarise(Results::new(&plan, &report.results), &|_, _, quantity, layer, iteration| {
            (quantity == Quantity::WeightAlignment && layer == Some(1) && iteration == 20)
                .then_some(Expected { value: 48.4, bound: None })
        });
    let keys: Vec<_> =
        entries.iter().map(|e| (e.quantity.name(), e.layer, e.iteration, e.n, e.absent)).collect();
    let expected = [
        ("weight_alignment", Some(1), 10, 6, 0),
        ("weight_alignment", Some(1), 20, 5, 1),
        ("weight_norm", Some(0), 10, 6, 0),
        ("weight_norm", Some(0), 20, 5, 1),
        ("weight_norm", Some(1), 10, 6, 0),
        ("weight_norm", Some(1), 20, 5, 1),
    ];
    assert_eq!(keys, expected);
    assert_eq!(
        entries.iter().map(|e| e.prediction).collect::<Vec<_>>()[..3],
        [None, Some(48.4), None]
    );
    let json = serde_json::to_value(&entries[1]).unwrap();
    assert_eq!(json["condition"]["layers"], json!([20, 100, 20]));
    assert!(json["ci95"].is_array() && json["prediction"].is_number());
    assert!(serde_json::to_value(&entries[0]).unwrap().get("prediction").is_none());
}
