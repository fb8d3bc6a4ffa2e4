//! What is to be run, and where; and the running of it.

use super::args;
use super::exit::UsageError;
use super::interrupt::interrupt_on_ctrl_c;
use super::progress::RunBar;
use crate::condition::{Condition, Kind};
use crate::data::Library;
use crate::experiment::run_job;
use crate::file::memory;
use crate::run::memory::{admit, fewer_threads};
use crate::run::{
    Export, Plan, RunOptions, RunReport, Shard, is_stored, read_directory, run, spec_paths,
};
use crate::spec::{Analysis, ChangeError, Spec, changed, read_changed};
use clap::ArgMatches;
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

/// What is to be run, and where.
pub(super) struct Request {
    pub(super) plan: Plan,
    pub(super) out: PathBuf,
    pub(super) shard: Option<Shard>,
}

impl Request {
    /// Of specs, in the directory asked for or in one of their name.
    pub(super) fn new(
        specs: Vec<Spec>,
        matches: &ArgMatches,
        shard: Option<Shard>,
    ) -> anyhow::Result<Self> {
        let plan = Plan::new(specs).map_err(|error| UsageError(error.to_string()))?;
        let out = args::out(matches).unwrap_or_else(|| match shard {
            Some(shard) => shard_directory(&plan.default_directory(), shard),
            None => plan.default_directory(),
        });
        Ok(Self { plan, out, shard })
    }

    /// The analysis of one condition that `isolate`, `train` and their like ask for.
    pub(super) fn single(kind: Kind, matches: &ArgMatches) -> anyhow::Result<Self> {
        let options = args::given(kind, matches);
        let analysis =
            Analysis::from_options(kind, options.iter().map(|(name, text)| (*name, text.as_str())));
        let analysis = analysis.map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            UsageError(lines.join("\n"))
        })?;
        Self::new(vec![Spec::single(analysis.with_own_figure())], matches, None)
    }

    /// Of spec files, or of a run directory, which says itself what it is of and is resumed.
    pub(super) fn of_files(matches: &ArgMatches) -> anyhow::Result<Self> {
        let files: Vec<&PathBuf> = matches.get_many("specs").into_iter().flatten().collect();
        let (shard, changes) = (args::shard(matches), args::changed(matches)?);
        let Some(directory) = files.iter().find(|file| file.is_dir()) else {
            let read = |file: &PathBuf| read_changed(file, &changes).map_err(change_error);
            let specs = files.into_iter().map(read).collect::<anyhow::Result<_>>()?;
            return Self::new(specs, matches, shard);
        };
        if files.len() > 1 {
            let message = format!(
                "{} is a directory: give a run directory alone, or spec files",
                directory.display()
            );
            return Err(UsageError(message).into());
        }
        let described = read_directory(directory)?;
        let specs = described.specs.into_iter().zip(spec_paths(directory));
        let change =
            |(spec, path): (Spec, PathBuf)| changed(spec, &path, &changes).map_err(change_error);
        let specs = specs.map(change).collect::<anyhow::Result<_>>()?;
        let mut request = Self::new(specs, matches, shard)?;
        if args::out(matches).is_none() {
            request.out = match shard {
                // A share of a run lies beside it, and leaves it as it is.
                Some(shard) if described.shard != Some(shard) => shard_directory(directory, shard),
                _ => directory.to_path_buf(),
            };
            request.shard = shard.or(described.shard);
        }
        Ok(request)
    }
}

/// A spec that cannot be changed as options say is a bad request.
fn change_error(error: ChangeError) -> anyhow::Error {
    match error {
        ChangeError::Spec(error) => error.into(),
        other => UsageError(other.to_string()).into(),
    }
}

impl Request {
    /// Jobs that are to be run here and have no result yet.
    pub(super) fn pending(&self) -> impl Iterator<Item = usize> {
        let is_here = |&job: &usize| self.shard.is_none_or(|shard| shard.has(job));
        let jobs = (0..self.plan.jobs.len()).filter(is_here);
        jobs.filter(|&job| !is_stored(&self.out, &self.plan.addresses[job]))
    }
}

/// Where a shard of a run goes unless another directory is asked for: beside that of the whole.
pub(super) fn shard_directory(out: &Path, shard: Shard) -> PathBuf {
    let mut name = out.as_os_str().to_os_string();
    name.push(".shards");
    PathBuf::from(name).join(shard.directory())
}

/// Runs a plan as the options say, its data sets looked for before anything runs.
pub(super) fn run_plan(request: &Request, matches: &ArgMatches) -> anyhow::Result<RunReport> {
    run_jobs(request, matches, None)
}

/// Runs those of its jobs that are asked for, or all.
pub(super) fn run_jobs(
    request: &Request,
    matches: &ArgMatches,
    only: Option<&HashSet<usize>>,
) -> anyhow::Result<RunReport> {
    let networks = request.plan.analyses().any(|analysis| analysis.kind == Kind::Train);
    if args::export(matches) != Export::Off && !networks {
        let why = "--export is of networks that learn on data (train), and there is none: \
            `alignscope signals` writes signals in isolation";
        return Err(UsageError(why.into()).into());
    }
    let wanted = |job: &usize| only.is_none_or(|only| only.contains(job));
    let pending: Vec<usize> = request.pending().filter(wanted).collect();
    let threads = admitted(request, &pending, matches)?;
    let library = library(request, matches)?;
    for remark in remarks(&request.plan) {
        tell!("note: {remark}");
    }
    let observer = RunBar::new();
    let options = RunOptions {
        out: request.out.clone(),
        threads,
        export: args::export(matches),
        shard: request.shard,
        only,
        interrupt: interrupt_on_ctrl_c()?,
        observer: &observer,
    };
    let report = run(&request.plan, &options, &|job, attempt| run_job(job, attempt, &library))?;
    for warning in &report.warnings {
        tell!("warning: {warning}");
    }
    Ok(report)
}

/// What is to be said of the recordings that are measured.
fn remarks(plan: &Plan) -> BTreeSet<String> {
    let conditions = plan.analyses().flat_map(|analysis| &analysis.conditions);
    let networks = conditions.flat_map(|condition| match condition {
        Condition::Recorded(recorded) => recorded.networks(),
        _ => &[],
    });
    let told = networks.flat_map(|network| {
        let path = network.path().display();
        network.remarks().iter().map(move |remark| format!("{path}: {remark}"))
    });
    told.collect()
}

/// Threads that there is memory for, before any of it is taken; says so if these are fewer than
/// asked for.
pub(super) fn admitted(
    request: &Request,
    pending: &[usize],
    matches: &ArgMatches,
) -> Result<usize, UsageError> {
    let (threads, limit) = (args::threads(matches), memory::left());
    let asked: HashSet<usize> = pending.iter().copied().collect();
    let left_out = request.pending().filter(|job| !asked.contains(job)).collect();
    let found = admit(&request.plan, pending, &left_out, args::export(matches), threads, limit);
    let fit = found.map_err(|error| UsageError(error.to_string()))?;
    if fit < threads.min(pending.len()) {
        tell!("warning: {}", fewer_threads(fit, threads, limit));
    }
    Ok(fit)
}

/// The data sets, all that the jobs without a result need being there.
pub(super) fn library(request: &Request, matches: &ArgMatches) -> anyhow::Result<Library> {
    let library = args::library(matches);
    for source in request.plan.data_sets(request.pending()) {
        library.require(source)?;
        for note in source.facts()?.notes {
            tell!("{}", note.about(source));
        }
    }
    Ok(library)
}
