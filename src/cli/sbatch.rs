//! `alignscope sbatch`: a script that runs shards as a job array of SLURM, and merges them.

use super::print::print_bytes;
use super::quote::{operand, quoted};
use super::{Exit, Request, UsageError, args};
use crate::run::{Export, Shard, finished};
use anyhow::Context;
use clap::{Arg, ArgMatches, Command, value_parser};
use std::ffi::OsString;
use std::path::PathBuf;

/// What the script is for, in comments.
const PURPOSE: &str = "\
#   bash THIS_FILE [OPTIONS OF SBATCH]   submits both; the same again runs whatever is not done
# A shard that is killed, or whose time is up, is put back into the queue: finished jobs are kept, training continues from its
# last checkpoint, and any other job under way starts again. The time limit has to be longer than one such job takes.";

/// Directives that are the same for every request.
const SIGNALS: &str = "\
# Told so a minute before the time is up.
#SBATCH --signal=B:USR1@60
#SBATCH --requeue
#SBATCH --open-mode=append
";

/// All that is the same for every request: it reads the variables set before it.
const BODY: &str = include_str!("sbatch.sh");

pub(super) fn command() -> Command {
    let text = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    Command::new("sbatch")
        .about("Print a script that runs a spec on SLURM")
        .long_about(
            "Print a script that runs a spec in shards on SLURM, as a job array, and merges them: \
            `bash SCRIPT` submits it; killed and requeued shards continue where they stopped",
        )
        .after_help(
            "Example:\n  alignscope sbatch SPEC --shards 16 --out DIR --time 2:00:00 > \
            job.sh; bash job.sh --account=A",
        )
        .arg(args::specs().required(true))
        .arg(
            Arg::new("shards")
                .long("shards")
                .value_name("N")
                .required(true)
                .value_parser(value_parser!(u32).range(1..))
                .help("Shards, each a task of the array"),
        )
        .arg(
            Arg::new("out")
                .long("out")
                .value_name("DIR")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("Run directory of the merged result; shards and their logs go to DIR.shards"),
        )
        .arg(
            text(
                "time",
                "TIME",
                "Time limit of a task, as sbatch takes it: minutes, H:MM:SS or \
                D-HH",
            )
            .value_parser(time),
        )
        .arg(
            text("partition", "NAME", "Partition, or several separated by commas")
                .value_parser(partition),
        )
        .arg(
            Arg::new("cpus")
                .long("cpus")
                .value_name("N")
                .default_value("1")
                .value_parser(value_parser!(u16).range(1..))
                .help("Processors of a task, each running a job"),
        )
        .arg(args::data_directory_option())
        .arg(args::export_option())
}

/// A time limit of SLURM.
fn time(text: &str) -> Result<String, String> {
    let (days, clock) =
        text.split_once('-').map_or((None, text), |(days, clock)| (Some(days), clock));
    let whole =
        |part: &str| !part.is_empty() && part.len() < 8 && part.chars().all(|c| c.is_ascii_digit());
    let parts = clock.split(':').count();
    if parts <= 3 && clock.split(':').all(whole) && days.is_none_or(whole) {
        return Ok(text.into());
    }
    Err("expected minutes, MM:SS, H:MM:SS, D-HH, D-HH:MM or D-HH:MM:SS".into())
}

fn partition(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.,".contains(c);
    let fine = !text.is_empty() && text.chars().all(allowed);
    if fine {
        Ok(text.into())
    } else {
        Err("expected letters, digits, - and _, several separated by commas".into())
    }
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let shards = matches.get_one::<u32>("shards").copied().unwrap_or(1) as usize;
    if let Err(message) = Shard::parse(&format!("1/{shards}")) {
        return Err(UsageError(format!("--shards: {message}")).into());
    }
    let request = Request::of_files(matches)?;
    if let Some(shard) = request.shard {
        return Err(UsageError(format!(
            "this directory is shard {shard} of a run: give the spec of the whole"
        ))
        .into());
    }
    // Refuses now what the merge would refuse in the end.
    finished(&request.plan, &request.out, Export::Off)?;
    let jobs = request.plan.jobs.len();
    if shards > jobs {
        tell!(
            "warning: there are {jobs} jobs, so {} of the {shards} shards have nothing to do",
            shards - jobs
        );
    }
    print_bytes(script(&request, shards, matches)?.as_bytes());
    Ok(Exit::Done)
}

/// The script: its head, which is all that depends on the request, and the body.
fn script(request: &Request, shards: usize, matches: &ArgMatches) -> anyhow::Result<String> {
    let here = std::env::current_dir().context("cannot tell the current directory")?;
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    let specs: Vec<String> = matches
        .get_many("specs")
        .into_iter()
        .flatten()
        .map(|path: &PathBuf| operand(path))
        .collect();
    // Without a slash at its end, as `.shards` is added to it.
    let out = operand(&request.out.components().collect::<PathBuf>());
    // A name of a job is text that SLURM may put into names of files.
    let name = request.plan.specs.first().map(|spec| spec.name.as_str()).unwrap_or_default();
    let name = name.replace(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c), "_");
    let head = [
        "#!/bin/bash".to_string(),
        format!("# {name} in {shards} shards on SLURM, and their merge into {out}."),
        PURPOSE.into(),
        directives(&name, matches),
        SIGNALS.into(),
        format!("program={}", quoted(&program)),
        format!("specs=({})", specs.join(" ")),
        format!("out={out}"),
        format!("options=({})", options(matches)),
        format!("shards={shards}"),
        format!("directory={}", quoted(&here)),
        BODY.into(),
    ];
    Ok(head.join("\n"))
}

fn directives(name: &str, matches: &ArgMatches) -> String {
    let cpus = matches.get_one::<u16>("cpus").copied().unwrap_or(1);
    let mut lines = vec![
        format!("--job-name=alignscope-{name}"),
        "--ntasks=1".into(),
        format!("--cpus-per-task={cpus}"),
    ];
    for option in ["time", "partition"] {
        lines.extend(matches.get_one::<String>(option).map(|value| format!("--{option}={value}")));
    }
    lines.iter().map(|line| format!("#SBATCH {line}")).collect::<Vec<_>>().join("\n")
}

/// Options that every shard is run with.
fn options(matches: &ArgMatches) -> String {
    let mut all = Vec::new();
    if let Some(directory) = args::data_directory(matches) {
        // In one word, lest a directory is taken for an option.
        let mut option = OsString::from("--data-dir=");
        option.push(directory);
        all.push(quoted(option));
    }
    let export = matches.get_raw("export").into_iter().flatten();
    all.extend(export.flat_map(|text| ["--export".into(), quoted(text)]));
    all.join(" ")
}
