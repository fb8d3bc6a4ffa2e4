//! The command line: arguments in, requests out.

// Both panic where the stream takes nothing; `say!` and `tell!` do not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

#[macro_use]
mod print;

mod analyze;
mod angles;
mod args;
mod commands;
mod data;
mod doctor;
mod dry;
mod exit;
#[cfg(feature = "fetch")]
mod fetch;
mod figure;
mod gallery;
mod interrupt;
mod matrices;
mod merge;
mod new;
mod output;
mod plot;
mod progress;
mod report;
mod request;
mod sbatch;
mod shell;
mod signals;
mod spectra;
mod table;
mod theory;
mod verify;
mod welcome;

use crate::condition::Kind;
use crate::file::quote;
use crate::run::Ended;
use clap::ArgMatches;
use request::{Request, admitted, library, run_plan};

pub use commands::command;
pub use exit::{Exit, UsageError};
pub use print::{tell_line, tell_usage};

/// Carries out what the command line asks for.
///
/// # Errors
/// Whatever stopped it; a [`UsageError`] or a spec's error ends with exit code 2, anything else with 1.
pub fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    if let Some((_, of_subcommand)) = matches.subcommand() {
        args::warn_of_threads(of_subcommand);
    }
    match matches.subcommand() {
        Some(("isolate", m)) => measure(&Request::single(Kind::Isolate, m)?, m),
        Some(("train", m)) => measure(&Request::single(Kind::Train, m)?, m),
        Some(("replay", m)) => measure(&Request::single(Kind::Replay, m)?, m),
        Some(("plane", m)) => measure(&Request::single(Kind::Plane, m)?, m),
        Some(("sample", m)) => measure(&Request::single(Kind::Sample, m)?, m),
        Some(("run", m)) if m.get_flag("dry-run") => dry::execute(&Request::of_files(m)?, m),
        Some(("run", m)) => measure(&Request::of_files(m)?, m),
        Some(("analyze", m)) => analyze::execute(m),
        Some(("merge", m)) => merge::execute(m),
        Some(("new", m)) => new::execute(m),
        Some(("sbatch", m)) => sbatch::execute(m),
        Some(("angles", m)) => angles::execute(m),
        Some(("spectra", m)) => spectra::execute(m),
        Some(("data", m)) => data::execute(m),
        Some(("signals", m)) => signals::execute(m),
        Some(("figure", m)) => figure::execute(m),
        Some(("report", m)) => report::execute(m),
        Some(("theory", m)) => theory::execute(m),
        Some(("verify", m)) => verify::execute(m),
        Some(("doctor", m)) => doctor::execute(m),
        Some(("completions", m)) => shell::print_completions(m, command()),
        Some(("man", m)) => shell::write_pages(m, command()),
        Some(_) => Ok(Exit::Usage),
        None => {
            welcome::print();
            Ok(Exit::Done)
        }
    }
}

/// Runs a request, draws its figures and prints the summary; of a shard, which has but a part of every figure, prints how
/// far it is.
fn measure(request: &Request, matches: &ArgMatches) -> anyhow::Result<Exit> {
    let mut report = run_plan(request, matches)?;
    for diverged in &report.diverged {
        tell!("error: {diverged}");
    }
    let (plan, json) = (&request.plan, matches.get_flag("json"));
    match request.shard {
        Some(shard) => output::print_shard(plan, &report, shard, json)?,
        None => {
            let figures = output::write_figures(plan, &mut report)?;
            output::print_summary(plan, &report, &figures, json)?;
            if matches.get_flag("plot") {
                plot::print(plan, &report.results);
            }
        }
    }
    let is_whole = output::tell_damaged(&report.damaged);
    Ok(match report.ended {
        Ended::Completed if is_whole => Exit::Done,
        Ended::Completed => Exit::Failed,
        Ended::Diverged | Ended::Failed => Exit::Failed,
        Ended::Interrupted => {
            let [done, all] = output::share(plan, &report, request.shard);
            tell!("interrupted: {done} of {all} jobs are done and kept; the same command goes on from there");
            Exit::Interrupted
        }
    })
}
