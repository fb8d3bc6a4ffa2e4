//! The whole command line: every subcommand.

use super::exit::Exit;
use super::{
    analyze, angles, data, doctor, figure, measure, merge, new, report, sbatch, shell, signals, spectra, theory, verify,
};
use crate::condition::Kind;
use clap::{ArgMatches, Command};

/// A subcommand.
struct Subcommand {
    /// Its name, arguments and help.
    command: fn() -> Command,
    /// What carries it out.
    execute: fn(&ArgMatches) -> anyhow::Result<Exit>,
}

const fn subcommand(command: fn() -> Command, execute: fn(&ArgMatches) -> anyhow::Result<Exit>) -> Subcommand {
    Subcommand { command, execute }
}

/// Every subcommand, in the order of the help: a new one is a line here and a file of its own.
static SUBCOMMANDS: &[Subcommand] = &[
    subcommand(|| measure::of_kind(Kind::Isolate), |m| measure::execute_kind(Kind::Isolate, m)),
    subcommand(|| measure::of_kind(Kind::Train), |m| measure::execute_kind(Kind::Train, m)),
    subcommand(|| measure::of_kind(Kind::Replay), |m| measure::execute_kind(Kind::Replay, m)),
    subcommand(|| measure::of_kind(Kind::Plane), |m| measure::execute_kind(Kind::Plane, m)),
    subcommand(|| measure::of_kind(Kind::Sample), |m| measure::execute_kind(Kind::Sample, m)),
    subcommand(measure::command, measure::execute),
    subcommand(analyze::command, analyze::execute),
    subcommand(figure::command, figure::execute),
    subcommand(report::command, report::execute),
    subcommand(merge::command, merge::execute),
    subcommand(new::command, new::execute),
    subcommand(sbatch::command, sbatch::execute),
    subcommand(angles::command, angles::execute),
    subcommand(spectra::command, spectra::execute),
    subcommand(data::command, data::execute),
    subcommand(signals::command, signals::execute),
    subcommand(theory::command, theory::execute),
    subcommand(verify::command, verify::execute),
    subcommand(doctor::command, doctor::execute),
    subcommand(shell::completions, |m| shell::print_completions(m, command())),
    subcommand(shell::man, |m| shell::write_pages(m, command())),
];

/// The whole command line.
pub fn command() -> Command {
    Command::new("alignscope")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Why do forward weights align with fixed random backward weights, and what does it buy?")
        .after_help(
            "Examples:\n  alignscope run analyses/quickstart.toml      the mechanism and learning, in figures\n  \
             alignscope new idea                          a commented spec to start from\n  \
             alignscope isolate --schedule white          the rule on signals without memory\n  \
             alignscope train --rule fa --json            a network on the digits, as JSON\n  \
             alignscope theory held --json                what exact theory says about it\n  \
             alignscope angles run.npz#W1 run.npz#B1      the alignment of weights from elsewhere\n  \
             alignscope figure RUN --format pdf           its figures once more, from results\n  \
             alignscope report RUN --out report.html      all of it in one file\n  \
             alignscope analyze run.npz                   what a run recorded in PyTorch says\n  \
             alignscope verify --quick                    the claims and their verdicts\n\n\
             Exit codes: 0 done, 1 failed or diverged, 2 bad usage, 3 a claim that should hold does not, \
             130 interrupted",
        )
        .max_term_width(100)
        .subcommands(SUBCOMMANDS.iter().map(|subcommand| (subcommand.command)()))
}

/// Carries out the subcommand called `name`.
pub(super) fn execute(name: &str, matches: &ArgMatches) -> anyhow::Result<Exit> {
    let called = |subcommand: &&Subcommand| (subcommand.command)().get_name() == name;
    SUBCOMMANDS.iter().find(called).map_or(Ok(Exit::Usage), |subcommand| (subcommand.execute)(matches))
}
