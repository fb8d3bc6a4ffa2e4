//! `alignscope merge`: shards, or any runs of the same spec, put together.

use super::quote::operand;
use super::{Exit, UsageError, args, output};
use crate::run::{Ended, MergeSource, Merged, Plan, RunReport, Shard, merge, read_directory};
use clap::{Arg, ArgMatches, Command, value_parser};
use std::path::{Path, PathBuf};

/// Missing jobs that are listed one by one.
const LISTED: usize = 20;

pub(super) fn command() -> Command {
    let directory =
        |name: &'static str| Arg::new(name).required(true).value_parser(value_parser!(PathBuf));
    Command::new("merge")
        .about("Put shards of a run together")
        .long_about(
            "Combine shards, or any runs of the same spec: OUT becomes, byte for byte, the \
            directory of one run. Missing jobs are listed with the commands that run them; \
            results that contradict each other are refused",
        )
        .arg(directory("out").value_name("OUT").help(
            "Run directory to be written; what it already \
            holds is kept",
        ))
        .arg(
            directory("directories")
                .value_name("DIR")
                .num_args(1..)
                .help("Run directories to be merged"),
        )
        .arg(args::json_flag())
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let sources: Vec<PathBuf> =
        matches.get_many("directories").into_iter().flatten().cloned().collect();
    let out = args::out(matches).unwrap_or_default();
    let plan = largest_plan(&sources)?;
    let Merged { mut report, sources } = merge(&plan, &sources, &out)?;
    for warning in &report.warnings {
        tell!("warning: {warning}");
    }
    for diverged in &report.diverged {
        tell!("error: {diverged}");
    }
    if report.ended == Ended::Interrupted {
        output::tell_damaged(&report.damaged);
        tell!("{}", missing(&plan, &report, &sources));
        return Ok(Exit::Failed);
    }
    let figures = output::write_figures(&plan, &mut report)?;
    output::print_summary(&plan, &report, &figures, matches.get_flag("json"))?;
    let is_whole = output::tell_damaged(&report.damaged);
    Ok(if report.ended == Ended::Completed && is_whole { Exit::Done } else { Exit::Failed })
}

/// The plan of most jobs among those of directories that can be read: some may have fewer repeats
/// than others, in whatever order they are named.
fn largest_plan(sources: &[PathBuf]) -> anyhow::Result<Plan> {
    let plan = |source| -> anyhow::Result<Plan> { Ok(Plan::new(read_directory(source)?.specs)?) };
    let (found, refused): (Vec<_>, Vec<_>) =
        sources.iter().map(|source| plan(source)).partition(Result::is_ok);
    let larger = |a: Plan, b: Plan| if b.jobs.len() > a.jobs.len() { b } else { a };
    let largest = found.into_iter().flatten().reduce(larger).map(Ok);
    // Where none can be read, the first says why.
    largest
        .or_else(|| refused.into_iter().next())
        .unwrap_or_else(|| Err(UsageError("there is nothing to be merged".into()).into()))
}

/// Which jobs are missing, and what runs them.
fn missing(plan: &Plan, report: &RunReport, sources: &[MergeSource]) -> String {
    let missing: Vec<usize> =
        (0..plan.jobs.len()).filter(|&job| report.results[job].is_none()).collect();
    let mut lines =
        vec![format!("error: {} of {} jobs are missing:", missing.len(), plan.jobs.len())];
    for &job in missing.iter().take(LISTED) {
        let planned = plan.planned().find(|planned| planned.job == job);
        lines.extend(planned.map(|p| {
            format!(
                "  {} ({}), repeat {}",
                p.analysis.name,
                p.analysis.label(p.condition),
                p.repeat
            )
        }));
    }
    if missing.len() > LISTED {
        lines.push(format!("  and {} more", missing.len() - LISTED));
    }
    lines.push("they are run by".into());
    lines.extend(
        commands(&missing, sources)
            .into_iter()
            .map(|(command, jobs)| format!("  {command}    ({jobs} jobs)")),
    );
    let out = operand(&report.directory);
    lines.push(format!(
        "and merged by the same command again; or, here and now, they are run by\n  alignscope run \
         {out}"
    ));
    lines.join("\n")
}

/// Commands that run missing jobs where they belong, and how many each.
fn commands(missing: &[usize], sources: &[MergeSource]) -> Vec<(String, usize)> {
    let mut left = missing.to_vec();
    let mut found = Vec::new();
    let mut take = |command: String, has: &dyn Fn(usize) -> bool| {
        let before = left.len();
        left.retain(|&job| !has(job));
        if left.len() < before {
            found.push((command, before - left.len()));
        }
    };
    for source in sources {
        let has = |job| source.shard.is_none_or(|shard| shard.has(job));
        take(format!("alignscope run {}", operand(&source.path)), &has);
    }
    // What is left belongs to shards of which there is no directory.
    if let Some((source, shard)) = sources.iter().find_map(|source| Some((source, source.shard?))) {
        for absent in shard.all() {
            take(command_of(source, absent), &|job| absent.has(job));
        }
    }
    found
}

/// Runs a shard beside one that is there.
fn command_of(sibling: &MergeSource, shard: Shard) -> String {
    let parent = sibling.path.parent().unwrap_or(Path::new(""));
    let (sibling, out) = (operand(&sibling.path), operand(&parent.join(shard.directory())));
    format!("alignscope run {sibling} --shard {shard} --out {out}")
}
