//! The whole command line: every subcommand.

use super::args::{dry_run, output_options, parameter_options, shard_option, specs};
use crate::condition::Kind;
use crate::text::Choice;
use clap::Command;

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
        .subcommands([
            measuring(Kind::Isolate).about("The rule in isolation: exogenous signals, no loss, no data")
        .long_about(
                "Run the update rule in isolation on exogenous signals: no loss, no target, no data. Defaults are the \
                 paper's first experiment",
            ),
            measuring(Kind::Train).about("A network on real data, with any of the rules")
        .long_about("Train a network on real data with any of the rules and measure alignment"),
            measuring(Kind::Replay).about("Signals of a network through the rule alone: the causal test")
        .long_about(
                "Replay the signals of a network on data, or surrogates of them, through the rule in isolation: the causal \
                 test of the mechanism",
            ),
            measuring(Kind::Plane).about("The loss over the plane in which two networks move")
        .long_about(
                "Train two networks from the same start and look at the loss over the plane in which they move",
            ),
            measuring(Kind::Sample).about("Angles and spectra of drawn matrices: no network is run")
        .long_about("Draw random matrices and measure angles and spectra: no network is run"),
            output_options(
                Command::new("run")
                    .about("Run specs, draw their figures, summarise; resumes")
        .long_about("Run the analyses of TOML specs, draw their figures and summarise; resumes what was begun"),
            )
            .args([specs().required(true), shard_option(), dry_run()]),
            super::analyze::command(),
            super::figure::command(),
            super::report::command(),
            super::merge::command(),
            super::new::command(),
            super::sbatch::command(),
            super::angles::command(),
            super::spectra::command(),
            super::data::command(),
            super::signals::command(),
            super::theory::command(),
            super::verify::command(),
            super::doctor::command(),
            super::shell::completions(),
            super::shell::man(),
        ])
}

/// A subcommand that runs one condition of `kind`.
fn measuring(kind: Kind) -> Command {
    output_options(Command::new(kind.name()).args(parameter_options(kind, &[])))
}
