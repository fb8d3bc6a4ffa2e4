//! The command line: arguments in, requests out.

/// Prints a line on standard output.
macro_rules! say {
    ($($text:tt)*) => { $crate::cli::print(format_args!("{}\n", format_args!($($text)*))) };
}

mod analyze;
mod angles;
mod args;
mod data;
mod matrices;
mod output;
mod signals;
mod spectra;
mod table;
mod theory;
mod verify;

use crate::analysis::{Analysis, Ended, Kind, Plan, RunOptions, RunReport, Spec};
use crate::analysis::{interrupt_on_ctrl_c, read_spec, run};
use crate::data::{Library, Source};
use crate::experiment::run_job;
use anyhow::Context;
use clap::ArgMatches;
use std::path::PathBuf;

pub use args::command;

/// How the program ends: the exit codes of the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: everything asked for was done.
    Done,
    /// 1: something failed or diverged.
    Failed,
    /// 2: the request cannot be understood.
    Usage,
    /// 3: a claim that should hold does not.
    ClaimFailed,
    /// 130: interrupted; finished jobs are kept.
    Interrupted,
}

impl Exit {
    /// The number the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::ClaimFailed => 3,
            Self::Interrupted => 130,
        }
    }
}

/// Writes to standard output. A reader that has seen enough ends the program, which has nothing left to do but print; so
/// does an output that takes no more, with an error.
fn print(text: std::fmt::Arguments<'_>) {
    use std::io::Write;
    let written = std::io::stdout().lock().write_fmt(text);
    match written {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            eprintln!("error: cannot write to standard output: {error}");
            std::process::exit(i32::from(Exit::Failed.code()));
        }
    }
}

/// A request that cannot be carried out as typed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// Carries out what the command line asks for.
///
/// # Errors
/// Whatever stopped it; a [`UsageError`] or a spec's error ends with exit code 2, anything else with 1.
pub fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    match matches.subcommand() {
        Some(("isolate", m)) => measure(vec![single(Kind::Isolate, m)?], m),
        Some(("train", m)) => measure(vec![single(Kind::Train, m)?], m),
        Some(("replay", m)) => measure(vec![single(Kind::Replay, m)?], m),
        Some(("plane", m)) => measure(vec![single(Kind::Plane, m)?], m),
        Some(("sample", m)) => measure(vec![single(Kind::Sample, m)?], m),
        Some(("run", m)) => {
            let files = m.get_many::<PathBuf>("specs").into_iter().flatten();
            measure(files.map(|file| read_spec(file)).collect::<Result<_, _>>()?, m)
        }
        Some(("analyze", m)) => analyze::execute(m),
        Some(("angles", m)) => angles::execute(m),
        Some(("spectra", m)) => spectra::execute(m),
        Some(("data", m)) => data::execute(m),
        Some(("signals", m)) => signals::execute(m),
        Some(("theory", m)) => theory::execute(m),
        Some(("verify", m)) => verify::execute(m),
        _ => Ok(Exit::Usage),
    }
}

/// The analysis of one condition that `isolate` or `train` asks for.
fn single(kind: Kind, matches: &ArgMatches) -> anyhow::Result<Spec> {
    let options = args::given(kind, matches);
    let analysis = Analysis::from_options(kind, options.iter().map(|(name, text)| (*name, text.as_str())));
    analysis.map(|analysis| Spec::single(analysis.with_own_figure())).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        UsageError(lines.join("\n")).into()
    })
}

/// Runs a plan as the options say, its data sets looked for before anything runs.
fn run_plan(plan: &Plan, matches: &ArgMatches) -> anyhow::Result<RunReport> {
    let library = Library::new(args::data_directory(matches));
    for source in data_sets(plan) {
        library.require(source)?;
    }
    let options = RunOptions {
        out: matches.get_one::<PathBuf>("out").cloned().unwrap_or_else(|| plan.default_directory()),
        threads: args::threads(matches),
        export: args::export(matches),
        interrupt: interrupt_on_ctrl_c().context("cannot listen for Ctrl-C")?,
    };
    let report = run(plan, &options, &|job, attempt| run_job(job, attempt, &library))?;
    for warning in &report.warnings {
        eprintln!("warning: {warning}");
    }
    Ok(report)
}

/// The data sets a plan needs, each once.
fn data_sets(plan: &Plan) -> Vec<&Source> {
    let conditions = plan.analyses().flat_map(|analysis| &analysis.conditions);
    conditions.fold(Vec::new(), |mut sources, condition| {
        if let Some(train) = condition.train()
            && !sources.contains(&&train.data)
        {
            sources.push(&train.data);
        }
        sources
    })
}

/// Runs specs, draws their figures and prints the summary.
fn measure(specs: Vec<Spec>, matches: &ArgMatches) -> anyhow::Result<Exit> {
    let plan = Plan::new(specs).map_err(|error| UsageError(error.to_string()))?;
    let report = run_plan(&plan, matches)?;
    for diverged in &report.diverged {
        eprintln!("error: {diverged}");
    }
    let figures = output::write_figures(&plan, &report)?;
    output::print_summary(&plan, &report, &figures, matches.get_flag("json"))?;
    Ok(match report.ended {
        Ended::Completed => Exit::Done,
        Ended::Diverged | Ended::Failed => Exit::Failed,
        Ended::Interrupted => {
            let (done, all) = (report.results.iter().flatten().count(), plan.jobs.len());
            eprintln!("interrupted: {done} of {all} jobs are done and kept; the same command goes on from there");
            Exit::Interrupted
        }
    })
}
