//! The options, built from the registry of parameters.

use crate::condition::{Kind, Value, parameter, parameters};
use crate::data::Library;
use crate::run::{Export, Shard};
use crate::signal::{Cross, Form, Pair};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::path::PathBuf;

/// Spec files, or a run directory.
pub(super) fn specs() -> Arg {
    Arg::new("specs").value_name("SPEC").num_args(1..).value_parser(value_parser!(PathBuf)).help(
        "Spec files; or a run directory, which holds its spec: what is missing there is run, figures are drawn again",
    )
}

/// `--shard`.
pub(super) fn shard_option() -> Arg {
    Arg::new("shard").long("shard").value_name("I/N").value_parser(Shard::parse).help(
        "Run every N-th job from the I-th on, as in 3/16, into a directory of its own [default: that of the run, \
         .shards/I-of-N]; `alignscope merge` puts shards together",
    )
}

/// `--dry-run`.
pub(super) fn dry_run() -> Arg {
    Arg::new("dry-run").long("dry-run").action(ArgAction::SetTrue).help(
        "List conditions and jobs, which are done already, and an estimate of the time from a short calibration; no job is \
         run to its end, and nothing is written",
    )
}

/// The share of the jobs asked for, of a command that has shards.
pub(super) fn shard(matches: &ArgMatches) -> Option<Shard> {
    matches.try_get_one::<Shard>("shard").ok().flatten().copied()
}

/// The run directory asked for.
pub(super) fn out(matches: &ArgMatches) -> Option<PathBuf> {
    matches.get_one::<PathBuf>("out").cloned()
}

/// The options of `kind` but those named.
pub(super) fn parameter_options(kind: Kind, but: &'static [&'static str]) -> impl Iterator<Item = Arg> {
    let wanted = parameters(kind).filter(|parameter| !but.contains(&parameter.name));
    wanted.map(move |parameter| {
        // Choices keep their own parser, for its messages name the nearest valid choice.
        let arg = Arg::new(parameter.name)
            .long(parameter.name)
            .value_name(parameter.placeholder)
            .help(parameter.help_line(kind))
            .allow_negative_numbers(true);
        // A switch may stand alone.
        let arg = if parameter.is_switch() { arg.num_args(0..=1).default_missing_value("on") } else { arg };
        match parameter.default_text(kind) {
            Some("") | None => arg,
            Some(default) => arg.default_value(default),
        }
    })
}

/// Options of every subcommand that writes a run directory.
pub(super) fn output_options(command: Command) -> Command {
    command
        .arg(
            Arg::new("out")
                .long("out")
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .help("Run directory; the same request in the same directory resumes [default: runs/<name>-<address>]"),
        )
        .arg(Arg::new("threads").long("threads").value_name("N").value_parser(value_parser!(u16).range(1..)).help(
            "Threads [default: all cores; at most 8 for each, fewer where memory is short]: each runs a job, the last \
                 jobs share them; no result depends on it",
        ))
        .arg(data_directory_option())
        .arg(export_option())
        .arg(json_flag())
        .arg(
            Arg::new("plot")
                .long("plot")
                .action(ArgAction::SetTrue)
                .conflicts_with("json")
                .help("Draw the curves of the figures in the terminal too, for a quick look"),
        )
}

/// `--export`.
pub(super) fn export_option() -> Arg {
    Arg::new("export")
        .long("export")
        .value_name("WHAT")
        .value_parser(|text: &str| Export::parse(text).ok_or_else(|| format!("expected {}", Export::EXPECTED)))
        .help(
            "What networks write beside their results, as .npz: weights (at start and end, and B), or signals (these, \
             and activities and deltas of every update, or of the first N: signals:N) [default: off]",
        )
}

/// `--data-dir`.
pub(super) fn data_directory_option() -> Arg {
    Arg::new("data-dir").long("data-dir").value_name("DIR").value_parser(value_parser!(PathBuf)).help(
        "Directory of the data sets [default: that of ALIGNSCOPE_DATA, or alignscope in the platform's data directory]",
    )
}

/// The data directory asked for.
pub(super) fn data_directory(matches: &ArgMatches) -> Option<PathBuf> {
    matches.get_one::<PathBuf>("data-dir").cloned()
}

/// The data sets: in the directory asked for, in that of `ALIGNSCOPE_DATA`, or in `alignscope` under the platform's data
/// directory.
pub(super) fn library(matches: &ArgMatches) -> Library {
    let platform = || dirs::data_dir().map(|directory| directory.join("alignscope"));
    let library = Library::new(data_directory(matches));
    if library.directory().is_some() { library } else { Library::new(platform()) }
}

/// What is to be exported.
pub(super) fn export(matches: &ArgMatches) -> Export {
    matches.get_one::<Export>("export").copied().unwrap_or_default()
}

/// `--json`.
pub(super) fn json_flag() -> Arg {
    Arg::new("json")
        .long("json")
        .action(ArgAction::SetTrue)
        .help("Print one JSON object on standard output, everything else on standard error")
}

/// Whole numbers, typed as the parameter `name` takes them everywhere.
pub(super) fn whole_numbers(name: &str, kind: Kind, text: &str) -> Result<Vec<usize>, String> {
    match parameter(name).map(|parameter| parameter.parse_text(text, kind)) {
        Some(Ok(Value::Sizes(numbers))) => Ok(numbers),
        Some(Err(message)) => Err(message),
        _ => Err(format!("{name}: `{text}` is no list of whole numbers")),
    }
}

/// Threads that each core is given at most: more only take memory and time to start.
const MOST_PER_CORE: usize = 8;

/// `--threads`, as far as there are cores for them, or the number of cores.
pub(super) fn threads(matches: &ArgMatches) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    matches.get_one::<u16>("threads").map_or(cores, |&n| usize::from(n).min(cores * MOST_PER_CORE))
}

/// Says so if there are more threads asked for than are used.
pub(super) fn warn_of_threads(matches: &ArgMatches) {
    let asked = matches.try_get_one::<u16>("threads").ok().flatten();
    if let Some(&asked) = asked.filter(|&&asked| usize::from(asked) > threads(matches)) {
        let used = threads(matches);
        tell!("warning: --threads {asked}: {used} are used, {MOST_PER_CORE} for each core there is");
    }
}

/// Parameters of `kind` that were typed, with their text; the registry knows the defaults of the others.
pub(super) fn given(kind: Kind, matches: &ArgMatches) -> Vec<(&'static str, String)> {
    let typed =
        |name| matches.try_contains_id(name).is_ok() && matches.value_source(name) == Some(ValueSource::CommandLine);
    let typed = parameters(kind).filter(|parameter| typed(parameter.name));
    typed.filter_map(|p| Some((p.name, matches.get_one::<String>(p.name)?.clone()))).collect()
}

/// `--activity`, `--error` and `--cross`.
pub(super) fn signals() -> [Arg; 3] {
    let form = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("FORM")
            .default_value("held")
            .value_parser(|text: &str| Form::parse(text).map_err(|error| error.to_string()))
            .help(help)
    };
    let cross = |text: &str| Cross::parse(text).ok_or_else(|| format!("expected {}", Cross::EXPECTED));
    [
        form("activity", "Activity X: how its values follow each other in time"),
        form("error", "Error signal E: how its values follow each other in time"),
        Arg::new("cross")
            .long("cross")
            .value_name("CROSS")
            .default_value("none")
            .allow_negative_numbers(true)
            .value_parser(cross)
            .help("Cross-correlation of error and activity, unit by unit"),
    ]
}

/// The signals asked for.
pub(super) fn pair(matches: &ArgMatches) -> Pair {
    let form = |name: &str| matches.get_one::<Form>(name).cloned().unwrap_or(Form::HELD);
    Pair {
        activity: form("activity"),
        error: form("error"),
        cross: matches.get_one::<Cross>("cross").copied().unwrap_or(Cross::None),
    }
}
