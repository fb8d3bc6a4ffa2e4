//! What is read of run directories, whole, unfinished, damaged and foreign.

use super::super::execute::tests::rewrite;
use super::super::execute::{RunOptions, run};
use super::super::job::{Outcome, Record};
use super::*;
use crate::condition::Kind;
use crate::quantity::Quantity;
use crate::run::progress::Unobserved;
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;

fn plan(name: &str, repeats: &str) -> Plan {
    let options = [("layers", "3,4,3"), ("batch", "2"), ("iterations", "4"), ("repeats", repeats)];
    let mut analysis = Analysis::from_options(Kind::Isolate, options).unwrap();
    analysis.name = name.into();
    Plan::single(analysis).unwrap()
}

/// Runs a plan without any rule: every job has one value.
fn store(plan: &Plan, out: &Path) {
    let interrupt = AtomicBool::new(false);
    let options = RunOptions {
        out: out.to_path_buf(),
        threads: 1,
        export: Default::default(),
        shard: None,
        only: None,
        interrupt: &interrupt,
        observer: &Unobserved,
    };
    let record = Record {
        iteration: 4,
        layer: Some(1),
        lag: None,
        quantity: Quantity::WeightAlignment,
        value: Some(1.0),
    };
    run(plan, &options, &|job, _| Ok(job.finish(Outcome::Completed, vec![record]))).unwrap();
}

fn message(directories: &[&Path]) -> String {
    let directories: Vec<PathBuf> = directories.iter().map(|path| path.to_path_buf()).collect();
    read_runs(&directories, &[]).unwrap_err().to_string()
}

#[test]
fn runs_are_read_together() {
    let here = TempDir::new().unwrap();
    let [a, b] = ["a", "b"].map(|name| here.path().join(name));
    store(&plan("a", "3"), &a);
    store(&plan("b", "2"), &b);
    let stored = read_runs(&[a.clone(), b.clone()], &[]).unwrap();
    assert_eq!(
        stored.plan.analyses().map(|analysis| stored.index().count(analysis)).collect::<Vec<_>>(),
        [[3, 3], [2, 2]]
    );
    assert!(stored.results.iter().all(Option::is_some) && stored.warnings.is_empty());
    assert_eq!(stored.directories[0].ended, "completed");
    assert!(message(&[&a, &a]).contains("two of these runs have an analysis named `a`"));
}

#[test]
fn what_is_missing_or_damaged_is_known() {
    let here = TempDir::new().unwrap();
    let [a, b] = ["a", "b"].map(|name| here.path().join(name));
    let [plan_a, plan_b] = [plan("a", "3"), plan("b", "2")];
    store(&plan_a, &a);
    store(&plan_b, &b);
    // The jobs of b are the first two of a: it takes both to be gone for one to be missing.
    let job = |directory: &Path, index: usize| {
        directory.join("jobs").join(format!("{}.json", plan_a.addresses[index]))
    };
    std::fs::remove_file(job(&a, 2)).unwrap();
    std::fs::write(job(&a, 0), "{").unwrap();
    let listed = || std::fs::read_dir(a.join("jobs")).unwrap().count();
    std::fs::write(a.join("jobs/.writing-x"), "").unwrap();
    let before = listed();
    let stored = read_runs(&[a.clone(), b], &[]).unwrap();
    assert_eq!(listed(), before, "reading removes nothing");
    assert_eq!(
        stored.plan.analyses().map(|analysis| stored.index().count(analysis)).collect::<Vec<_>>(),
        [[2, 3], [2, 2]]
    );
    assert!(
        stored.warnings.len() == 1 && stored.warnings[0].contains("is damaged"),
        "{:?}",
        stored.warnings
    );
    let complete = stored.complete().unwrap();
    assert_eq!(
        complete.plan.analyses().map(|analysis| analysis.name.as_str()).collect::<Vec<_>>(),
        ["b"]
    );
    assert!(complete.results.iter().all(Option::is_some));
    let alone = read_runs(&[a], &[]).unwrap();
    assert_eq!(alone.results.iter().flatten().count(), 1);
    assert!(alone.complete().is_none());
}

#[test]
fn what_is_no_run_is_refused_with_the_reason() {
    let here = TempDir::new().unwrap();
    let run = here.path().join("run");
    store(&plan("a", "1"), &run);
    assert!(message(&[here.path()]).contains("there is no manifest.json"));
    assert!(message(&[&run.join("series.csv")]).contains("is a file, and a run is a directory"));
    assert!(message(&[]).contains("give at least one run directory"));
    let manifest = run.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    for (broken, said) in [
        (
            text[..text.len() / 2].to_string(),
            "is not a manifest of this program; spec.toml stands in for it",
        ),
        ("{}".into(), "is not a manifest of this program; spec.toml stands in for it"),
        (text.replace("completed", "diverged"), "does not match its checksum; spec.toml"),
    ] {
        assert_ne!(broken, text);
        std::fs::write(&manifest, broken).unwrap();
        let stored = read_runs(std::slice::from_ref(&run), &[]).unwrap();
        assert!(stored.results.iter().all(Option::is_some));
        assert!(
            stored.warnings.len() == 1 && stored.warnings[0].contains(said),
            "{:?}",
            stored.warnings
        );
    }
    rewrite(
        &run,
        "manifest.json",
        text.replace("\"results-version\": 1", "\"results-version\": 99").as_bytes(),
    );
    let error = message(&[&run]);
    assert!(error.contains("holds results of version 99"), "{error}");
    rewrite(&run, "manifest.json", text.as_bytes());
    std::fs::remove_file(run.join("spec.toml")).unwrap();
    assert!(message(&[&run]).contains("give the spec itself"));
}

#[test]
fn every_spec_of_a_run_is_read_and_one_given_comes_before_them() {
    let here = TempDir::new().unwrap();
    let [run, both] = ["run", "both"].map(|name| here.path().join(name));
    let [stored, other] = [plan("a", "3"), plan("a", "2")];
    store(&Plan::new([plan("c", "1").specs, plan("d", "1").specs].concat()).unwrap(), &both);
    let read = read_runs(&[both], &[]).unwrap();
    assert_eq!(
        read.plan.specs.iter().map(|spec| spec.name.as_str()).collect::<Vec<_>>(),
        ["c", "d"]
    );
    store(&stored, &run);
    assert_eq!(read_runs(std::slice::from_ref(&run), &[]).unwrap().plan.specs, stored.specs);
    let given = here.path().join("given.toml");
    std::fs::write(&given, other.specs[0].to_toml()).unwrap();
    let fewer = read_runs(std::slice::from_ref(&run), std::slice::from_ref(&given)).unwrap();
    assert_eq!(fewer.results.iter().flatten().count(), 2);
    std::fs::write(&given, other.specs[0].to_toml().replace("batch = 2", "batch = 3")).unwrap();
    let error = read_runs(&[run], &[given]).unwrap_err().to_string();
    assert!(error.contains("no job of the specs given is stored in"), "{error}");
}
