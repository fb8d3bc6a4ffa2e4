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
mod exit;
#[cfg(feature = "fetch")]
mod fetch;
mod figure;
mod gallery;
mod interrupt;
mod matrices;
mod measure;
mod merge;
mod new;
mod output;
mod plot;
mod progress;
mod report;
mod request;
mod runs;
mod sbatch;
mod serve;
mod shell;
mod signals;
mod spectra;
mod stored;
mod table;
mod tables;
mod tabular;
mod theory;
mod time;
mod verify;
mod watch;
mod welcome;

use crate::condition::Kind;
use crate::file::quote;
use clap::{ArgMatches, Command};
use request::{Request, admitted, library, run_jobs};

pub use exit::{Exit, UsageError};
pub use print::{tell_line, tell_usage};

/// A subcommand.
struct Subcommand {
    /// Its name, so that no command line is built again to find it.
    name: &'static str,
    /// Its arguments and help.
    command: fn() -> Command,
    /// What carries it out.
    execute: fn(&ArgMatches) -> anyhow::Result<Exit>,
}

const fn subcommand(
    name: &'static str,
    command: fn() -> Command,
    execute: fn(&ArgMatches) -> anyhow::Result<Exit>,
) -> Subcommand {
    Subcommand { name, command, execute }
}

/// Every subcommand, in the order of the help: a new one is a line here, its `mod`, and a file of
/// its own.
static SUBCOMMANDS: &[Subcommand] = &[
    subcommand(
        "isolate",
        || measure::of_kind(Kind::Isolate),
        |m| measure::execute_kind(Kind::Isolate, m),
    ),
    subcommand(
        "train",
        || measure::of_kind(Kind::Train),
        |m| measure::execute_kind(Kind::Train, m),
    ),
    subcommand(
        "replay",
        || measure::of_kind(Kind::Replay),
        |m| measure::execute_kind(Kind::Replay, m),
    ),
    subcommand(
        "plane",
        || measure::of_kind(Kind::Plane),
        |m| measure::execute_kind(Kind::Plane, m),
    ),
    subcommand(
        "recurrent",
        || measure::of_kind(Kind::Recurrent),
        |m| measure::execute_kind(Kind::Recurrent, m),
    ),
    subcommand(
        "recorded",
        || measure::of_kind(Kind::Recorded),
        |m| measure::execute_kind(Kind::Recorded, m),
    ),
    subcommand(
        "sample",
        || measure::of_kind(Kind::Sample),
        |m| measure::execute_kind(Kind::Sample, m),
    ),
    subcommand("run", measure::command, measure::execute),
    subcommand("runs", runs::command, runs::execute),
    subcommand("analyze", analyze::command, analyze::execute),
    subcommand("figure", figure::command, figure::execute),
    subcommand("tables", tables::command, tables::execute),
    subcommand("report", report::command, report::execute),
    subcommand("watch", watch::command, watch::execute),
    subcommand("merge", merge::command, merge::execute),
    subcommand("new", new::command, new::execute),
    subcommand("sbatch", sbatch::command, sbatch::execute),
    subcommand("angles", angles::command, angles::execute),
    subcommand("spectra", spectra::command, spectra::execute),
    subcommand("data", data::command, data::execute),
    subcommand("signals", signals::command, signals::execute),
    subcommand("theory", theory::command, theory::execute),
    subcommand("verify", verify::command, verify::execute),
    subcommand("doctor", doctor::command, doctor::execute),
    subcommand("completions", shell::completions, |m| shell::print_completions(m, command())),
    subcommand("man", shell::man, |m| shell::write_pages(m, command())),
];

/// The whole command line.
pub fn command() -> Command {
    Command::new("alignscope")
        .version(env!("CARGO_PKG_VERSION"))
        .about(
            "Why do forward weights align with fixed random backward weights, and what does it \
            buy?",
        )
        .after_help(
            "Examples:\n  alignscope run analyses/quickstart.toml      the mechanism and learning, \
             in figures\n  alignscope new idea                          a commented spec to start \
             from\n  alignscope isolate --schedule white          the rule on signals without \
             memory\n  alignscope train --rule fa --json            a network on the digits, as \
             JSON\n  alignscope recurrent --task recall            a network with a \
             memory, by RFLO\n  alignscope theory held --json                what exact theory says about \
             it\n  alignscope angles run.npz#W1 run.npz#B1      the alignment of weights from \
             elsewhere\n  alignscope figure RUN --format pdf           its figures once more, from \
             results\n  alignscope report RUN --out report.html      all of it in one \
             file\n  alignscope watch RUN                         a run while it goes on, in a \
             browser\n  alignscope analyze run.npz                   what a run recorded in PyTorch \
             says\n  alignscope verify --quick                    the claims and their \
             verdicts\n\nExit codes: 0 done, 1 failed or diverged, 2 bad usage, 3 a claim that \
             should hold does not, 130 interrupted",
        )
        .max_term_width(100)
        .subcommands(SUBCOMMANDS.iter().map(|subcommand| (subcommand.command)()))
}

/// Carries out what the command line asks for.
///
/// # Errors
/// Whatever stopped it; a [`UsageError`] or a spec's error ends with exit code 2, anything else
/// with 1.
pub fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let Some((name, of_subcommand)) = matches.subcommand() else {
        welcome::print();
        return Ok(Exit::Done);
    };
    args::warn_of_threads(of_subcommand);
    carry_out(name, of_subcommand)
}

/// Carries out the subcommand called `name`.
fn carry_out(name: &str, matches: &ArgMatches) -> anyhow::Result<Exit> {
    let found = SUBCOMMANDS.iter().find(|subcommand| subcommand.name == name);
    found.map_or(Ok(Exit::Usage), |subcommand| (subcommand.execute)(matches))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subcommands_are_listed_under_their_names() {
        for subcommand in SUBCOMMANDS {
            assert_eq!((subcommand.command)().get_name(), subcommand.name);
        }
    }
}
