//! What is stored has to stand any file operation that fails.

#[path = "../../tests/common/tree.rs"]
mod tree;

use super::attempt::{Attempt, Export};
use super::error::RunError;
use super::execute::tests::{fake, options};
use super::execute::{RunOptions, run};
use super::job::{Job, JobError, JobResult};
use super::merge::merge;
use super::plan::Plan;
use super::shard::Shard;
use super::store::{Store, StoredResult};
use crate::condition::Kind;
use crate::file::fault::Faults;
use crate::file::{Checksums, FileError, Operation, TEMPORARY, write_atomically};
use crate::spec::Analysis;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use tree::tree;

const JOB_COUNT: usize = 3;

/// Three jobs of networks, as only these export.
fn plan() -> Plan {
    let options =
        [("epochs", "1"), ("repeats", "3"), ("hidden", "4"), ("quantities", "weight_norm")];
    Plan::single(Analysis::from_options(Kind::Train, options).unwrap()).unwrap()
}

fn exporting(out: &Path) -> RunOptions<'static> {
    RunOptions { export: Export::Weights, ..options(out, 1) }
}

/// A stand-in for the science that writes all that a job can: a checkpoint, an export, a result.
fn writing(job: &Job, attempt: &Attempt<'_>) -> Result<JobResult, JobError> {
    let failed = |error: FileError| JobError::Failed(error.to_string());
    attempt.keep(b"half").map_err(failed)?;
    let result = fake(job, attempt)?;
    if let Some(path) = attempt.export_path() {
        write_atomically(path, job.address().as_bytes()).map_err(failed)?;
    }
    Ok(result)
}

/// Every file that is in its place is whole; returns how many jobs are stored.
fn check_whole(
    out: &Path,
    plan: &Plan,
    reference: &BTreeMap<PathBuf, Vec<u8>>,
    context: &str,
) -> usize {
    for (path, bytes) in if out.is_dir() { tree(out) } else { BTreeMap::new() } {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with(TEMPORARY) || name.ends_with(".checkpoint") {
            continue;
        }
        match name.as_str() {
            // These tell of the state of the run.
            "manifest.json" => {
                drop(serde_json::from_slice::<serde_json::Value>(&bytes).expect(context))
            }
            "series.csv" => assert!(bytes.ends_with(b"\n"), "{context}"),
            "checksums" => assert_eq!(Checksums::read(out).unwrap().broken(), 0, "{context}"),
            _ => assert!(bytes == reference[&path], "{context}: {}", path.display()),
        }
    }
    let (store, checksums) = (Store::at(out), Checksums::read(out).unwrap());
    let found = plan.jobs.iter().map(|job| store.load(job, &checksums));
    found.fold(0, |stored, found| match found {
        StoredResult::Result(..) => stored + 1,
        StoredResult::Nothing => stored,
        StoredResult::Damaged(why) => panic!("{context}: {why}"),
    })
}

/// The error says what failed, where, and that nothing is lost.
fn check_told(error: &RunError, out: &Path, context: &str) {
    let error = error.to_string();
    assert!(error.contains("cannot") && error.contains("made to fail"), "{context}: {error}");
    assert!(error.contains(&*out.to_string_lossy()), "{context}: {error}");
    assert!(error.contains("finished jobs are kept"), "{context}: {error}");
}

/// Run again, it becomes what it would have been.
fn check_resumed(out: &Path, plan: &Plan, reference: &BTreeMap<PathBuf, Vec<u8>>, context: &str) {
    let resumed = run(plan, &exporting(out), &writing).unwrap_or_else(|e| panic!("{context}: {e}"));
    assert_eq!(resumed.found + resumed.ran, JOB_COUNT, "{context}");
    assert!(
        resumed.warnings.is_empty() && resumed.damaged.is_empty(),
        "{context}: {:?}",
        resumed.warnings
    );
    assert!(tree(out) == *reference, "{context}");
    serde_json::from_slice::<serde_json::Value>(&fs::read(out.join("log.json")).unwrap()).unwrap();
}

#[test]
fn an_error_at_any_operation_of_a_run_loses_nothing() {
    let plan = plan();
    let here = tempfile::tempdir().unwrap();
    let whole = here.path().join("whole");
    let faults = Faults::below(&whole, usize::MAX, false);
    run(&plan, &exporting(&whole), &writing).unwrap();
    let operations = faults.seen();
    let reference = tree(&whole);
    for operation in [
        Operation::Make,
        Operation::Create,
        Operation::Write,
        Operation::Append,
        Operation::Sync,
        Operation::Rename,
        Operation::Remove,
    ] {
        assert!(operations.iter().filter(|&&seen| seen == operation).count() >= 3, "{operation:?}");
    }
    let mut ignored = 0;
    for (first, operation) in operations.iter().enumerate() {
        for lasting in [false, true] {
            let context = format!("operation {first}, {operation:?}, lasting: {lasting}");
            let out = here.path().join(format!("{first}-{lasting}"));
            let returned = AtomicUsize::new(0);
            let counting = |job: &Job, attempt: &Attempt<'_>| {
                let result = writing(job, attempt)?;
                returned.fetch_add(1, Ordering::Relaxed);
                Ok(result)
            };
            let faults = Faults::below(&out, first, lasting);
            let ended = run(&plan, &exporting(&out), &counting);
            drop(faults);
            let stored = check_whole(&out, &plan, &reference, &context);
            // All but the one whose own file could not be written.
            assert!(stored + 1 >= returned.into_inner(), "{context}");
            match ended {
                Err(error) => check_told(&error, &out, &context),
                Ok(_) => {
                    assert!(
                        *operation == Operation::Remove && !lasting,
                        "{context}: the error was passed over"
                    );
                    assert_eq!(stored, JOB_COUNT, "{context}");
                    ignored += 1;
                }
            }
            check_resumed(&out, &plan, &reference, &context);
        }
    }
    // A checkpoint that is of no more use does no harm: one per job.
    assert_eq!(ignored, JOB_COUNT);
}

#[test]
fn an_error_at_any_operation_of_a_merge_loses_nothing() {
    let plan = plan();
    let here = tempfile::tempdir().unwrap();
    let whole = here.path().join("whole");
    run(&plan, &exporting(&whole), &writing).unwrap();
    let shards: Vec<PathBuf> =
        (1..=2).map(|shard| here.path().join(format!("shard-{shard}"))).collect();
    for (shard, out) in (1..).zip(&shards) {
        run(&plan, &RunOptions { shard: Shard::new(shard, 2), ..exporting(out) }, &writing)
            .unwrap();
    }
    let reference = tree(&whole);
    let out = here.path().join("merged");
    let faults = Faults::below(&out, usize::MAX, false);
    merge(&plan, &shards, &out).unwrap();
    let operations = faults.seen();
    drop(faults);
    assert!(tree(&out) == reference && operations.len() > 30, "{operations:?}");
    for (first, operation) in operations.iter().enumerate() {
        for lasting in [false, true] {
            let context = format!("operation {first}, {operation:?}, lasting: {lasting}");
            let out = here.path().join(format!("{first}-{lasting}"));
            let faults = Faults::below(&out, first, lasting);
            let error = merge(&plan, &shards, &out).expect_err(&context).to_string();
            drop(faults);
            assert!(
                error.contains("cannot") && error.contains("made to fail"),
                "{context}: {error}"
            );
            check_whole(&out, &plan, &reference, &context);
            merge(&plan, &shards, &out).unwrap_or_else(|error| panic!("{context}: {error}"));
            assert!(tree(&out) == reference, "{context}");
        }
    }
}
