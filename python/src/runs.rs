//! Runs: of settings, of specs, and of what claims need.

use crate::background::interruptible;
use crate::results::Results;
use crate::{failed, refused};
use alignscope::claim::{Evidence, FULL, QUICK, judge, look, verdicts_csv};
use alignscope::condition::Kind;
use alignscope::data::Library;
use alignscope::experiment::run_job;
use alignscope::file::memory;
use alignscope::run::memory::{admit, fewer_threads};
use alignscope::run::{
    Ended, Export, Plan, RunOptions, RunReport, TableFile, Unobserved, is_stored, read_directory,
    read_runs as read, run, write_table,
};
use alignscope::spec::{
    Analysis, Listed, OptionError, Spec, parameters as registry, parse_spec, read_spec,
};
use alignscope::text::Choice;
use pyo3::prelude::*;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Directory of the run, threads (0: one for each processor), directory of data sets, and what is
/// exported.
type Place = (Option<PathBuf>, usize, Option<PathBuf>, String);

/// The kind of this name.
pub(crate) fn kind(name: &str) -> PyResult<Kind> {
    Kind::named(name).ok_or_else(|| refused(format!("there is no kind of analysis `{name}`")))
}

/// Parameters of a kind of analysis: name, placeholder, help with what is expected, default.
#[pyfunction]
pub(crate) fn parameters(of: &str) -> PyResult<Vec<(&'static str, &'static str, String, String)>> {
    let described = |known: &Listed| {
        (
            known.name(),
            known.parameter.facts().placeholder,
            known.help_line(),
            known.default.clone(),
        )
    };
    Ok(registry(kind(of)?).iter().map(described).collect())
}

/// The analysis of one condition.
pub(crate) fn analysis(of: &str, settings: &[(String, String)]) -> PyResult<Analysis> {
    let settings = settings.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let told = |error: &OptionError| match error.option {
        // Most messages begin with the name.
        Some(name) if !error.message.starts_with(name) => format!("{name}: {}", error.message),
        _ => error.message.clone(),
    };
    let all =
        |errors: Vec<OptionError>| refused(errors.iter().map(told).collect::<Vec<_>>().join("\n"));
    Analysis::from_options(kind(of)?, settings).map_err(all)
}

/// Data sets in this directory, or where the command line looks for them.
pub(crate) fn library(directory: Option<PathBuf>) -> Library {
    let library = Library::new(directory);
    if library.directory().is_some() {
        return library;
    }
    Library::new(dirs::data_dir().map(|platform| platform.join("alignscope")))
}

/// Runs the one condition that settings ask for; `place` names a directory.
#[pyfunction]
pub(crate) fn run_settings(
    py: Python<'_>,
    of: &str,
    settings: Vec<(String, String)>,
    place: Place,
) -> PyResult<Results> {
    let analysis = analysis(of, &settings)?.with_own_figure();
    Request::new(vec![Spec::single(analysis)], place)?.run(py)
}

/// Runs specs, or what is missing of a run directory.
#[pyfunction]
pub(crate) fn run_specs(py: Python<'_>, specs: Vec<PathBuf>, place: Place) -> PyResult<Results> {
    Request::of_files(&specs, place)?.run(py)
}

/// Runs the repeats that the claims of specs need: of those of the project, `quick` or `full`, or
/// of files.
#[pyfunction]
pub(crate) fn verify(
    py: Python<'_>,
    own: Option<&str>,
    specs: Vec<PathBuf>,
    place: Place,
) -> PyResult<Results> {
    let request = match own {
        None => Request::of_files(&specs, place)?,
        Some(which) => {
            let own = if which == "full" { FULL } else { QUICK };
            let parsed = own.iter().map(|(path, text)| parse_spec(Path::new(path), text));
            Request::new(parsed.collect::<Result<_, _>>().map_err(refused)?, place)?
        }
    };
    request.verify(py)
}

/// Reads run directories; nothing is run.
#[pyfunction]
pub(crate) fn read_runs(py: Python<'_>, directories: Vec<PathBuf>) -> PyResult<Results> {
    let stored = py.detach(|| read(&directories, &[])).map_err(refused)?;
    Ok(Results::read(stored))
}

/// What is to be run, and how.
struct Request {
    plan: Plan,
    out: PathBuf,
    threads: usize,
    export: Export,
    library: Library,
}

/// Why nothing, or not all, was run.
enum Stopped {
    /// What was asked for cannot be run.
    Refused(String),
    /// A run that went wrong.
    Failed(String),
}

impl From<Stopped> for PyErr {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Refused(why) => refused(why),
            Stopped::Failed(why) => failed(why),
        }
    }
}

impl Request {
    fn new(specs: Vec<Spec>, (out, threads, data, export): Place) -> PyResult<Self> {
        let plan = Plan::new(specs).map_err(refused)?;
        let unknown = || refused(format!("export={export:?}: expected {}", Export::EXPECTED));
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            out: out.unwrap_or_else(|| plan.default_directory()),
            threads: if threads == 0 { cores() } else { threads },
            export: Export::parse(&export).ok_or_else(unknown)?,
            library: library(data),
            plan,
        })
    }

    /// Of spec files, or of a run directory, which says itself what it is of.
    fn of_files(files: &[PathBuf], place: Place) -> PyResult<Self> {
        let Some(directory) = files.iter().find(|file| file.is_dir()) else {
            let specs = files.iter().map(|file| read_spec(file)).collect::<Result<_, _>>();
            return Self::new(specs.map_err(refused)?, place);
        };
        if files.len() > 1 {
            let message = format!(
                "{} is a directory: give a run directory alone, or spec files",
                directory.display()
            );
            return Err(refused(message));
        }
        let described = read_directory(directory).map_err(refused)?;
        if let Some(shard) = described.shard {
            let message = "merge the shards first, with `alignscope merge`";
            return Err(refused(format!(
                "{} is shard {shard} of a run: {message}",
                directory.display()
            )));
        }
        let out = place.0.or_else(|| Some(directory.clone()));
        Self::new(described.specs, (out, place.1, place.2, place.3))
    }

    fn run(self, py: Python<'_>) -> PyResult<Results> {
        let (report, warnings) = interruptible(py, |stop| self.jobs(None, stop))??;
        Ok(Results::ran(self.plan, report, warnings))
    }

    fn verify(self, py: Python<'_>) -> PyResult<Results> {
        let mut warnings = Vec::new();
        let report = interruptible(py, |stop| {
            let looked = look(&self.plan, usize::MAX, &|_| true, |only| {
                let (report, told) = self.jobs(only, stop)?;
                warnings.extend(
                    told.into_iter().filter(|said| !warnings.contains(said)).collect::<Vec<_>>(),
                );
                Ok::<_, Stopped>(report)
            })?;
            if looked.report.ended != Ended::Interrupted {
                self.write_verdicts(&looked.report)?;
            }
            Ok::<_, Stopped>(looked.report)
        })??;
        Ok(Results::ran(self.plan, report, warnings))
    }

    /// Writes the verdicts beside the results, as the command line does.
    fn write_verdicts(&self, report: &RunReport) -> Result<(), Stopped> {
        let claims = judge(&Evidence::new(&self.plan, &report.results));
        if claims.is_empty() {
            return Ok(());
        }
        let csv = verdicts_csv(&claims).map_err(|error| Stopped::Failed(error.to_string()))?;
        let written = write_table(&self.out, TableFile::Verdicts, &csv);
        written.map_err(|error| Stopped::Failed(error.to_string()))
    }

    /// Runs those jobs that are asked for, or all, as the command line does; with what is to be
    /// said beside.
    fn jobs(
        &self,
        only: Option<&HashSet<usize>>,
        stop: &AtomicBool,
    ) -> Result<(RunReport, Vec<String>), Stopped> {
        let plan = &self.plan;
        let wanted = |job: &usize| only.is_none_or(|only| only.contains(job));
        let missing = |job: &usize| !is_stored(&self.out, &plan.addresses[*job]);
        let missing = (0..plan.jobs.len()).filter(missing);
        let (pending, left_out): (Vec<usize>, Vec<usize>) = missing.partition(wanted);
        let (left_out, limit) = (left_out.into_iter().collect(), memory::left());
        let threads = admit(plan, &pending, &left_out, self.export, self.threads, limit);
        let threads = threads.map_err(|error| Stopped::Refused(error.to_string()))?;
        let mut warnings = Vec::new();
        if threads < self.threads.min(pending.len()) {
            warnings.push(fewer_threads(threads, self.threads, limit));
        }
        for source in plan.data_sets(pending.iter().copied()) {
            self.library.require(source).map_err(|error| Stopped::Refused(error.to_string()))?;
            let facts = source.facts().map_err(|error| Stopped::Refused(error.to_string()))?;
            warnings.extend(facts.notes.iter().map(|note| note.about(source)));
        }
        let options = RunOptions {
            out: self.out.clone(),
            threads,
            export: self.export,
            shard: None,
            only,
            interrupt: stop,
            observer: &Unobserved,
        };
        let report = run(plan, &options, &|job, attempt| run_job(job, attempt, &self.library));
        let report = report.map_err(|error| Stopped::Failed(error.to_string()))?;
        warnings.extend(report.warnings.iter().cloned());
        warnings.extend(report.damaged.iter().cloned());
        Ok((report, warnings))
    }
}
