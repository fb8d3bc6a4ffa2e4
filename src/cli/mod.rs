//! The command line: arguments in, requests out.

// Both panic where the stream takes nothing; `say!` and `tell!` do not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

#[macro_use]
mod print;

mod analyze;
mod angles;
mod args;
mod data;
mod doctor;
mod dry;
#[cfg(feature = "fetch")]
mod fetch;
mod figure;
mod gallery;
mod matrices;
mod merge;
mod new;
mod output;
mod plot;
mod report;
mod sbatch;
mod shell;
mod signals;
mod spectra;
mod table;
mod theory;
mod verify;
mod welcome;

use crate::condition::Kind;
use crate::data::{Library, Source};
use crate::experiment::run_job;
use crate::file::{memory, quote};
use crate::run::memory::{admit, fewer_threads};
use crate::run::{Ended, Plan, RunOptions, RunReport, Shard, interrupt_on_ctrl_c, is_stored, read_directory, run};
use crate::spec::{Analysis, Spec, read_spec};
use anyhow::Context;
use clap::ArgMatches;
use std::path::{Path, PathBuf};

pub use args::command;
pub use print::{tell_line, tell_usage};

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

/// A request that cannot be carried out as typed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

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
        Some(("completions", m)) => shell::print_completions(m),
        Some(("man", m)) => shell::write_pages(m),
        Some(_) => Ok(Exit::Usage),
        None => {
            welcome::print();
            Ok(Exit::Done)
        }
    }
}

/// What is to be run, and where.
struct Request {
    plan: Plan,
    out: PathBuf,
    shard: Option<Shard>,
}

impl Request {
    /// Of specs, in the directory asked for or in one of their name.
    fn new(specs: Vec<Spec>, matches: &ArgMatches, shard: Option<Shard>) -> anyhow::Result<Self> {
        let plan = Plan::new(specs).map_err(|error| UsageError(error.to_string()))?;
        let out = args::out(matches).unwrap_or_else(|| match shard {
            Some(shard) => shard_directory(&plan.default_directory(), shard),
            None => plan.default_directory(),
        });
        Ok(Self { plan, out, shard })
    }

    /// The analysis of one condition that `isolate`, `train` and their like ask for.
    fn single(kind: Kind, matches: &ArgMatches) -> anyhow::Result<Self> {
        let options = args::given(kind, matches);
        let analysis = Analysis::from_options(kind, options.iter().map(|(name, text)| (*name, text.as_str())));
        let analysis = analysis.map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            UsageError(lines.join("\n"))
        })?;
        Self::new(vec![Spec::single(analysis.with_own_figure())], matches, None)
    }

    /// Of spec files, or of a run directory, which says itself what it is of and is gone on with.
    fn of_files(matches: &ArgMatches) -> anyhow::Result<Self> {
        let files: Vec<&PathBuf> = matches.get_many("specs").into_iter().flatten().collect();
        let shard = args::shard(matches);
        let Some(directory) = files.iter().find(|file| file.is_dir()) else {
            let specs = files.into_iter().map(|file| read_spec(file)).collect::<Result<_, _>>()?;
            return Self::new(specs, matches, shard);
        };
        if files.len() > 1 {
            let message = format!("{} is a directory: give a run directory alone, or spec files", directory.display());
            return Err(UsageError(message).into());
        }
        let described = read_directory(directory)?;
        let mut request = Self::new(described.specs, matches, shard)?;
        if args::out(matches).is_none() {
            request.out = directory.to_path_buf();
            request.shard = shard.or(described.shard);
        }
        Ok(request)
    }
}

impl Request {
    /// Jobs that are to be run here and have no result yet.
    fn pending(&self) -> impl Iterator<Item = usize> {
        let own = |&job: &usize| self.shard.is_none_or(|shard| shard.has(job));
        let jobs = (0..self.plan.jobs.len()).filter(own);
        jobs.filter(|&job| !is_stored(&self.out, &self.plan.addresses[job]))
    }
}

/// Where a shard of a run goes unless another directory is asked for: beside that of the whole.
fn shard_directory(out: &Path, shard: Shard) -> PathBuf {
    let mut name = out.as_os_str().to_os_string();
    name.push(".shards");
    PathBuf::from(name).join(shard.directory())
}

/// Runs a plan as the options say, its data sets looked for before anything runs.
fn run_plan(request: &Request, matches: &ArgMatches) -> anyhow::Result<RunReport> {
    let pending: Vec<usize> = request.pending().collect();
    let threads = admitted(request, &pending, matches)?;
    let library = library(request, matches)?;
    let options = RunOptions {
        out: request.out.clone(),
        threads,
        export: args::export(matches),
        shard: request.shard,
        interrupt: interrupt_on_ctrl_c().context("cannot listen for Ctrl-C")?,
    };
    let report = run(&request.plan, &options, &|job, attempt| run_job(job, attempt, &library))?;
    for warning in &report.warnings {
        tell!("warning: {warning}");
    }
    Ok(report)
}

/// Threads that there is memory for, before any of it is taken; says so if these are fewer than asked for.
fn admitted(request: &Request, pending: &[usize], matches: &ArgMatches) -> Result<usize, UsageError> {
    let (threads, limit) = (args::threads(matches), memory::left());
    let found = admit(&request.plan, pending, args::export(matches), threads, limit);
    let fit = found.map_err(|error| UsageError(error.to_string()))?;
    if fit < threads.min(pending.len()) {
        tell!("warning: {}", fewer_threads(fit, threads, limit));
    }
    Ok(fit)
}

/// The data sets, all that the jobs without a result need being there.
fn library(request: &Request, matches: &ArgMatches) -> anyhow::Result<Library> {
    let library = Library::new(args::data_directory(matches));
    for source in data_sets(request) {
        library.require(source)?;
        for note in source.facts()?.notes {
            tell!("{}", note.about(source));
        }
    }
    Ok(library)
}

/// The data sets that jobs without a result need, each once.
fn data_sets(request: &Request) -> Vec<&Source> {
    let needed = request.pending().filter_map(|job| Some(&request.plan.jobs[job].condition.train()?.data));
    needed.fold(Vec::new(), |mut sources, source| {
        if !sources.contains(&source) {
            sources.push(source);
        }
        sources
    })
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
