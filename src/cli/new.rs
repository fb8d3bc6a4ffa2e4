//! `alignscope new NAME`: a commented spec to start from.

use super::{Exit, UsageError};
use crate::file::FileError;
use crate::spec::{NAME_RULE, is_name};
use clap::{Arg, ArgMatches, Command};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

const TEMPLATE: &str = include_str!("new.toml");

pub(super) fn command() -> Command {
    Command::new("new")
        .about("Write a commented spec to start from")
        .long_about(
            "Write NAME.toml, a commented spec that runs as it is in seconds, on embedded data; \
             overwrites nothing",
        )
        .arg(
            Arg::new("name")
                .value_name("NAME")
                .required(true)
                .help(format!("Name of the spec: {NAME_RULE}")),
        )
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let name = matches.get_one::<String>("name").map(String::as_str).unwrap_or_default();
    if !is_name(name) {
        let message = match name.strip_suffix(".toml").filter(|name| is_name(name)) {
            Some(name) => {
                format!("`{name}.toml` is a file: give the name alone, alignscope new {name}")
            }
            None => format!("`{name}` cannot be a name: expected {NAME_RULE}"),
        };
        return Err(UsageError(message).into());
    }
    let path = PathBuf::from(format!("{name}.toml"));
    // The file is made if there is none, and never replaced, even if another process makes it just
    // now.
    let mut file = match File::create_new(&path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            anyhow::bail!(
                "{} is there already, and nothing is overwritten: choose another name",
                path.display()
            )
        }
        made => made.map_err(|source| FileError::new("write", &path, source))?,
    };
    let written = file.write_all(TEMPLATE.replace("NAME", name).as_bytes());
    written.map_err(|source| FileError::new("write", &path, source))?;
    say!("{0} written; next: alignscope run {0}", path.display());
    Ok(Exit::Done)
}
