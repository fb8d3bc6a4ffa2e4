//! `alignscope report`: what was done, on how many repeats, and what held, in one file.

use super::{Exit, figure};
use crate::file::write_atomically;
use crate::report::Report;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::path::{Path, PathBuf};

pub(super) fn command() -> Command {
    Command::new("report")
        .about("Write runs into one HTML file")
        .long_about(
            "Write what runs gave into one HTML file: verdicts, figures, methods, data dictionary, how to reproduce. Nothing is \
             run; of a run that is not finished it says what is missing",
        )
        .arg(
            Arg::new("runs")
                .value_name("RUN")
                .required(true)
                .num_args(1..)
                .value_parser(value_parser!(PathBuf))
                .help("Run directories, judged together"),
        )
        .arg(figure::spec_option())
        .arg(
            Arg::new("out")
                .long("out")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("The file [default: report.html; with --markdown, standard output]"),
        )
        .arg(
            Arg::new("markdown")
                .long("markdown")
                .action(ArgAction::SetTrue)
                .help("An index in Markdown instead: claim, verdict, numbers, figures (linked if beside FILE), command"),
        )
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let runs: Vec<PathBuf> = matches.get_many("runs").into_iter().flatten().cloned().collect();
    let stored = figure::read(&runs, matches)?;
    let report = Report::new(&stored);
    let out = matches.get_one::<PathBuf>("out").map(PathBuf::as_path);
    if !matches.get_flag("markdown") {
        return write(out.unwrap_or(Path::new("report.html")), &report.html()?);
    }
    let beside = out.and_then(Path::parent).unwrap_or(Path::new("")).to_path_buf();
    let index = report.markdown(&|name| out.is_some() && beside.join(name).is_file());
    match out {
        Some(path) => write(path, &index),
        None => {
            super::print(format_args!("{index}"));
            Ok(Exit::Done)
        }
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<Exit> {
    write_atomically(path, text.as_bytes())?;
    say!("{}", path.display());
    Ok(Exit::Done)
}
