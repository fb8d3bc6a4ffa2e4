//! The options, built from the registry of parameters.

use super::exit::UsageError;
use crate::condition::Kind;
use crate::data::Library;
use crate::run::{Export, Shard};
use crate::signal::{Cross, Form, Pair};
use crate::spec::{Changes, Listed, parameters};
use crate::text::{Facts, Parameter, Setting, Span};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::Value as Json;
use std::path::PathBuf;

/// Spec files, or a run directory.
pub(super) fn specs() -> Arg {
    Arg::new("specs").value_name("SPEC").num_args(1..).value_parser(value_parser!(PathBuf)).help(
        "Spec files; or a run directory, which holds its spec: what is missing there is run, \
         figures are drawn again",
    )
}

/// `--shard`.
pub(super) fn shard_option() -> Arg {
    Arg::new("shard").long("shard").value_name("I/N").value_parser(Shard::parse).help(
        "Run every N-th job from the I-th on, as in 3/16, into a separate directory [default: \
        that of the run, .shards/I-of-N]; `alignscope merge` combines shards",
    )
}

/// `--dry-run`.
pub(super) fn dry_run() -> Arg {
    Arg::new("dry-run").long("dry-run").action(ArgAction::SetTrue).help(
        "List conditions and jobs, which are done already, and an estimate of the time from a \
         short calibration; no job is run to its end, and nothing is written",
    )
}

/// Options of `run` that change specs.
pub(super) fn changes() -> [Arg; 4] {
    let option = |name: &'static str, placeholder: &'static str| {
        Arg::new(name).long(name).value_name(placeholder)
    };
    [
        option("set", "NAME=VALUE").action(ArgAction::Append).help(
            "Set a parameter or key to another value, in all analyses that have it, such as \
            eta=1e-3; can be repeated",
        ),
        option("repeats", "N").help(
            "Another number of repeats; in a run directory, further ones are added to those that \
            are there",
        ),
        option("analysis", "NAME").action(ArgAction::Append).help(
            "Only the analysis of this name; \
            can be repeated",
        ),
        option("compare", "NAME=A,B").help(
            "Compare conditions repeat by repeat, the second minus the first, such as \
             rule=bp,bp-trw; `hidden=50 vs 50,50` where values have commas",
        ),
    ]
}

/// What specs are to be changed to.
pub(super) fn changed(matches: &ArgMatches) -> Result<Changes, UsageError> {
    let texts = |name: &str| {
        matches.try_get_many::<String>(name).ok().flatten().into_iter().flatten().cloned()
    };
    let pair = |text: String| match text.split_once('=') {
        Some((name, value)) => Ok((name.trim().to_string(), value.trim().to_string())),
        None => Err(UsageError(format!(
            "--set: expected NAME=VALUE in place of `{text}`, such as eta=1e-3"
        ))),
    };
    let set = texts("set").map(pair).collect::<Result<_, _>>()?;
    let [repeats, compare] = ["repeats", "compare"].map(|name| texts(name).next());
    Ok(Changes { set, repeats, compare, analyses: texts("analysis").collect() })
}

/// The share of the jobs asked for, of a command that has shards.
pub(super) fn shard(matches: &ArgMatches) -> Option<Shard> {
    matches.try_get_one::<Shard>("shard").ok().flatten().copied()
}

/// The run directory asked for.
pub(super) fn out(matches: &ArgMatches) -> Option<PathBuf> {
    matches.get_one::<PathBuf>("out").cloned()
}

/// What options are called elsewhere, which is understood here too.
const ALSO: [(&str, &[&str]); 3] =
    [("eta", &["lr", "learning-rate"]), ("batch", &["batch-size"]), ("data", &["dataset"])];

/// The options of `kind` but those named.
pub(super) fn parameter_options(
    kind: Kind,
    but: &'static [&'static str],
) -> impl Iterator<Item = Arg> {
    let wanted = parameters(kind).iter().filter(|known| !but.contains(&known.name()));
    wanted.map(|known| {
        // Choices keep their own parser, for its messages name the nearest valid choice.
        let arg = Arg::new(known.name())
            .long(known.name())
            .value_name(known.parameter.facts().placeholder)
            .help(known.help_line())
            .allow_negative_numbers(true);
        let also = ALSO
            .iter()
            .filter(|(name, _)| *name == known.name())
            .flat_map(|(_, also)| also.iter().copied());
        let arg = arg.aliases(also);
        // A switch may stand alone.
        let arg =
            if known.is_switch() { arg.num_args(0..=1).default_missing_value("on") } else { arg };
        if known.default.is_empty() { arg } else { arg.default_value(known.default.as_str()) }
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
                .help("Run directory; the same request in the same directory resumes [default: \
                    runs/<name>-<address>]"),
        )
        .arg(Arg::new("threads").long("threads").value_name("N").value_parser(value_parser!(u16).range(1..)).help(
            "Threads [default: all cores; at most 8 for each, fewer where memory is short]: each \
                 runs a job, the last jobs share them; no result depends on it",
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
        .value_parser(|text: &str| {
            Export::parse(text).ok_or_else(|| format!("expected {}", Export::EXPECTED))
        })
        .help(
            "What networks write beside their results, as .npz: weights (at start and end, and B), \
             or signals (these, and activities and deltas of every update, or of the first N: \
             signals:N) [default: off]",
        )
}

/// `--data-dir`.
pub(super) fn data_directory_option() -> Arg {
    Arg::new("data-dir")
        .long("data-dir")
        .value_name("DIR")
        .value_parser(value_parser!(PathBuf))
        .help(
            "Directory of the data sets [default: that of ALIGNSCOPE_DATA, or alignscope in the \
         platform's data directory]",
        )
}

/// The data directory asked for.
pub(super) fn data_directory(matches: &ArgMatches) -> Option<PathBuf> {
    matches.get_one::<PathBuf>("data-dir").cloned()
}

/// The data sets: in the directory asked for, in that of `ALIGNSCOPE_DATA`, or in `alignscope`
/// under the platform's data directory.
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
        tell!(
            "warning: --threads {asked}: {used} are used, {MOST_PER_CORE} for each core there is"
        );
    }
}

/// Parameters of `kind` that were typed, with their text; the registry knows the defaults of the
/// others.
pub(super) fn given(kind: Kind, matches: &ArgMatches) -> Vec<(&'static str, String)> {
    let typed = |name| {
        matches.try_contains_id(name).is_ok()
            && matches.value_source(name) == Some(ValueSource::CommandLine)
    };
    let typed = parameters(kind).iter().map(Listed::name).filter(|name| typed(name));
    typed.filter_map(|name| Some((name, matches.get_one::<String>(name)?.clone()))).collect()
}

/// `--activity`, `--error`, `--cross`, `--hold` and `--dt`.
pub(super) fn signals() -> [Arg; 5] {
    let arg = |facts: Facts| {
        let known = parameters(Kind::Isolate).iter().find(|known| known.name() == facts.name);
        let default = known.map_or("", |known| known.default.as_str());
        Arg::new(facts.name)
            .long(facts.name)
            .value_name(facts.placeholder)
            .default_value(default)
            .help(facts.help)
    };
    let form = |text: &str| Form::parse(text).map_err(|error| error.to_string());
    let cross = |text: &str| {
        text.parse::<Cross>().map_err(|_| format!("expected {}", Cross::expected(&())))
    };
    [
        arg(Pair::ACTIVITY.facts).value_parser(form),
        arg(Pair::ERROR.facts).value_parser(form),
        arg(Pair::CROSS.facts).value_parser(cross).allow_negative_numbers(true),
        arg(Pair::HOLD.facts).value_parser(|text: &str| Pair::HOLD.parse(text)),
        arg(Pair::DT.facts).value_parser(|text: &str| Pair::DT.parse(text).map(Dt)),
    ]
}

/// Adds to a condition how long stimuli and iterations last, where that is said.
pub(super) fn tell_times(pair: &Pair, condition: &mut Json) {
    if pair.hold != Pair::default().hold {
        condition[Pair::HOLD.name()] = Pair::HOLD.value(&pair.hold).to_json();
    }
    if pair.dt.is_some() {
        condition[Pair::DT.name()] = Pair::DT.value(&pair.dt).to_json();
    }
}

/// A value of `--dt`, which may be none.
#[derive(Clone, Copy)]
struct Dt(Option<Span>);

/// How long an iteration takes, of a command that asks for signals.
pub(super) fn dt(matches: &ArgMatches) -> Option<Span> {
    matches.try_get_one::<Dt>(Pair::DT.name()).ok().flatten().and_then(|dt| dt.0)
}

/// The signals asked for, times in iterations and recorded ones named by their hash.
///
/// # Errors
/// If a time makes no process; if a file cannot be read, or has another hash.
pub(super) fn pair(matches: &ArgMatches) -> Result<Pair, UsageError> {
    let form = |parameter: Parameter<Form>| matches.get_one::<Form>(parameter.name()).cloned();
    let default = Pair::default();
    let pair = Pair {
        activity: form(Pair::ACTIVITY).unwrap_or(default.activity),
        error: form(Pair::ERROR).unwrap_or(default.error),
        cross: matches.get_one::<Cross>(Pair::CROSS.name()).copied().unwrap_or(default.cross),
        hold: matches.get_one::<Span>(Pair::HOLD.name()).copied().unwrap_or(default.hold),
        dt: dt(matches),
    };
    pair.resolve().map_err(|error| UsageError(error.to_string()))
}
