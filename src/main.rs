//! The `alignscope` program.

#![deny(clippy::print_stdout, clippy::print_stderr)]

use alignscope::cli::{Exit, UsageError, command, execute, tell_line, tell_usage};
use alignscope::spec::SpecError;
use std::process::ExitCode;

/// An error and its causes, each said once: many errors quote what caused them.
fn message(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told {
        told if told.is_empty() => cause,
        told if told.contains(&cause) => told,
        told => format!("{told}: {cause}"),
    })
}

fn main() -> ExitCode {
    let matches = match command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return ExitCode::from(tell_usage(&error)),
    };
    let exit = execute(&matches).unwrap_or_else(|error| {
        tell_line(format_args!("error: {}", message(&error)));
        if error.is::<UsageError>() || error.is::<SpecError>() { Exit::Usage } else { Exit::Failed }
    });
    ExitCode::from(exit.code())
}
