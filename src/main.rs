//! The `alignscope` program.

use alignscope::analysis::SpecError;
use alignscope::cli::{Exit, UsageError, command, execute};
use std::process::ExitCode;

fn main() -> ExitCode {
    let matches = command().get_matches();
    let exit = execute(&matches).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        if error.is::<UsageError>() || error.is::<SpecError>() { Exit::Usage } else { Exit::Failed }
    });
    ExitCode::from(exit.code())
}
