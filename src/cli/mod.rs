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
mod measure;
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

use crate::file::quote;
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
    let Some((name, of_subcommand)) = matches.subcommand() else {
        welcome::print();
        return Ok(Exit::Done);
    };
    args::warn_of_threads(of_subcommand);
    commands::execute(name, of_subcommand)
}
