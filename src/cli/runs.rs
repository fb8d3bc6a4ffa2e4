//! `alignscope runs`: what has been run, as its directories say.

use super::Exit;
use super::args::json_flag;
use super::table::aligned;
use crate::run::{Outline, outlines};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::json;
use std::path::PathBuf;

pub(super) fn command() -> Command {
    Command::new("runs")
        .about("List what has been run")
        .long_about(
            "List the run directories below a directory: of which spec, how far they are, why \
            they ended, and how large they are. Nothing is changed; `alignscope run DIR` \
            continues one, `alignscope report DIR` describes it",
        )
        .arg(
            Arg::new("directory")
                .value_name("DIR")
                .default_value("runs")
                .value_parser(value_parser!(PathBuf))
                .help("Where to look, up to two levels down"),
        )
        .arg(json_flag())
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let Some(directory) = matches.get_one::<PathBuf>("directory") else { return Ok(Exit::Usage) };
    // Where nothing was run yet there is no directory of runs either.
    let is_usual = matches.value_source("directory") == Some(ValueSource::DefaultValue);
    let found = if is_usual && !directory.exists() { Vec::new() } else { outlines(directory)? };
    if matches.get_flag("json") {
        say!("{}", serde_json::to_string(&json!({ "runs": found }))?);
        return Ok(Exit::Done);
    }
    if found.is_empty() {
        say!("no run below {}", directory.display());
        return Ok(Exit::Done);
    }
    let mut rows = vec![
        ["directory", "spec", "ended", "jobs", "repeats", "last written", "size"]
            .map(String::from)
            .to_vec(),
    ];
    rows.extend(found.iter().map(row));
    super::print::print(format_args!("{}", aligned(rows, "")));
    Ok(Exit::Done)
}

fn row(run: &Outline) -> Vec<String> {
    let jobs = match run.jobs {
        Some([finished, planned]) => format!("{finished} of {planned}"),
        None => String::new(),
    };
    let repeats: Vec<String> = run.repeats.iter().map(ToString::to_string).collect();
    vec![
        run.directory.display().to_string(),
        run.specs.join(", "),
        run.shard
            .as_ref()
            .map_or(run.ended.clone(), |shard| format!("{}, shard {shard}", run.ended)),
        jobs,
        repeats.join(", "),
        run.written.clone().unwrap_or_default(),
        size(run.bytes),
    ]
}

/// Bytes in words.
fn size(bytes: u64) -> String {
    match bytes as f64 {
        b if b < 1e6 => format!("{:.0} kB", (b / 1e3).ceil()),
        b if b < 1e9 => format!("{:.1} MB", b / 1e6),
        b => format!("{:.1} GB", b / 1e9),
    }
}
