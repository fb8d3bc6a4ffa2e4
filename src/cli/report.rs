//! `alignscope report`: what was done, on how many repeats, and what held, in one file.

use super::print::print_bytes;
use super::quote::quoted;
use super::stored::{read, spec_option};
use super::{Exit, UsageError};
use crate::file::{Kept, remove_abandoned, write_named};
use crate::report::Report;
use crate::run::damaged_figures;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::path::{Path, PathBuf};

pub(super) fn command() -> Command {
    Command::new("report")
        .about("Write runs into one HTML file")
        .long_about(
            "Write the results of runs into one HTML file: verdicts, figures, methods, data \
            dictionary, how to reproduce. A script within the file lets figures zoom and their \
            points show value, interval and number of repeats; it loads nothing, and without it \
            there are pictures. Nothing is run; if a run is not finished, the report says what is \
            missing",
        )
        .arg(
            Arg::new("runs")
                .value_name("RUN")
                .required(true)
                .num_args(1..)
                .value_parser(value_parser!(PathBuf))
                .help("Run directories, judged together"),
        )
        .arg(spec_option())
        .arg(
            Arg::new("out")
                .long("out")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("The file, - for standard output [default: report.html; with --markdown, -]"),
        )
        .arg(Arg::new("markdown").long("markdown").action(ArgAction::SetTrue).help(
            "An index in Markdown instead: claim, verdict, numbers, figures (linked if \
                    beside FILE), command",
        ))
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let runs: Vec<PathBuf> = matches.get_many("runs").into_iter().flatten().cloned().collect();
    let out = matches.get_one::<PathBuf>("out").map(PathBuf::as_path);
    let out = match (out, matches.get_flag("markdown")) {
        (None, false) => Some(Path::new("report.html")),
        (out, _) => out.filter(|path| !is_standard_output(path)),
    };
    out.map_or(Ok(()), refuse_directory)?;
    let mut stored = read(&runs, matches)?;
    for run in &runs {
        let damaged = damaged_figures(run)?;
        damaged.iter().for_each(|damage| tell!("warning: {damage}"));
        stored.warnings.extend(damaged);
    }
    let report = Report::new(&stored);
    let text = if matches.get_flag("markdown") {
        let beside = out.and_then(Path::parent).unwrap_or(Path::new("")).to_path_buf();
        report.markdown(&|name| out.is_some() && beside.join(name).is_file())
    } else {
        report.html()?
    };
    match out {
        Some(path) => write(path, &text)?,
        None => print_bytes(text.as_bytes()),
    }
    Ok(if stored.warnings.is_empty() { Exit::Done } else { Exit::Failed })
}

/// Whether a path stands for standard output.
fn is_standard_output(path: &Path) -> bool {
    ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]
        .iter()
        .any(|name| path.as_os_str() == *name)
}

fn refuse_directory(path: &Path) -> Result<(), UsageError> {
    if !path.is_dir() && !path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Ok(());
    }
    let (directory, file) = (quoted(path), quoted(path.join("report.html")));
    Err(UsageError(format!(
        "--out: {directory} is a directory, and a report is one file: add its name, such as {file}"
    )))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    // What others that were killed here have left; a path without a directory is in this one.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    remove_abandoned(parent.unwrap_or(Path::new(".")), Kept::Others);
    write_named(path, text.as_bytes())?;
    say!("{}", path.display());
    Ok(())
}
