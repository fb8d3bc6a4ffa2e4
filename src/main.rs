//! The `alignscope` program.

#![forbid(unsafe_code)]

use alignscope::analysis::SpecError;
use alignscope::cli::{Exit, UsageError, command, execute};
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
    let matches = command().get_matches();
    let exit = execute(&matches).unwrap_or_else(|error| {
        eprintln!("error: {}", message(&error));
        if error.is::<UsageError>() || error.is::<SpecError>() { Exit::Usage } else { Exit::Failed }
    });
    ExitCode::from(exit.code())
}
