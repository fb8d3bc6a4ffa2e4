//! `alignscope doctor`: what the program finds on this machine.

use super::{Exit, args};
use crate::data::{Library, Source};
use crate::file::size_below;
use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

pub(super) fn command() -> Command {
    Command::new("doctor")
        .about("What this machine offers: threads, SIMD, data sets, results")
        .arg(args::data_directory_option())
        .arg(
            Arg::new("runs")
                .long("runs")
                .value_name("DIR")
                .default_value("runs")
                .value_parser(value_parser!(PathBuf))
                .help("Directory of run directories"),
        )
        .arg(args::json_flag())
}

/// A line of the findings: what, the value, and what to do about it.
struct Finding {
    name: &'static str,
    value: Json,
    text: String,
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let library = args::library(matches);
    let runs = matches.get_one::<PathBuf>("runs").cloned().unwrap_or_default();
    let findings = [version(), threads(), simd(), data(&library), store(&runs)];
    if matches.get_flag("json") {
        let entries: serde_json::Map<String, Json> =
            findings.into_iter().map(|finding| (finding.name.into(), finding.value)).collect();
        say!("{}", Json::Object(entries));
    } else {
        for Finding { name, text, .. } in findings {
            say!("{name:<11}{text}");
        }
    }
    Ok(Exit::Done)
}

fn version() -> Finding {
    let version = env!("CARGO_PKG_VERSION");
    let fetch = if cfg!(feature = "fetch") { "with" } else { "without" };
    let text = format!("{version}, {fetch} `data fetch`; figures use an embedded font");
    Finding { name: "version", value: json!(version), text }
}

fn threads() -> Finding {
    let found = std::thread::available_parallelism().map_or(1, usize::from);
    let text = format!("{found} at once, unless --threads says otherwise; no result depends on it");
    Finding { name: "threads", value: json!(found), text }
}

fn simd() -> Finding {
    let found = crate::vmath::simd_level();
    let text = format!(
        "{found}; elementary functions have the same bits at every level;\n           matrix \
         products only on processors with the same features"
    );
    Finding { name: "simd", value: json!(found), text }
}

fn data(library: &Library) -> Finding {
    let place = library.directory().map_or("(none)".into(), |path| path.display().to_string());
    let named = Source::named();
    let (found, missing): (Vec<_>, Vec<_>) =
        named.partition(|(_, source)| library.require(source).is_ok());
    let names = |sources: Vec<(&'static str, Source)>| {
        sources.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    let (found, missing) = (names(found), names(missing));
    let mut text =
        format!("{}; digits are embedded, others are looked for in {place}", found.join(", "));
    if !missing.is_empty() {
        text += &format!(
            "\n           not found: {}; `alignscope data fetch NAME`, or --data-dir DIR",
            missing.join(", ")
        );
    }
    Finding {
        name: "data",
        value: json!({ "directory": place, "found": found, "missing": missing }),
        text,
    }
}

fn store(runs: &Path) -> Finding {
    let entries = std::fs::read_dir(runs).into_iter().flatten().flatten();
    let found: Vec<u64> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| size_below(&entry.path()))
        .collect();
    let (count, bytes) = (found.len(), found.iter().sum::<u64>());
    let text = match count {
        0 => format!("no runs in {}", runs.display()),
        _ => format!("{count} runs, {:.1} MB, in {}", bytes as f64 / 1e6, runs.display()),
    };
    Finding {
        name: "results",
        value: json!({ "directory": runs, "runs": count, "bytes": bytes }),
        text,
    }
}
