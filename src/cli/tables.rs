//! `alignscope tables`: the tables of a run in another format, from its results; nothing is run.

use super::Exit;
use super::stored::{elsewhere, read, spec_option};
use super::tabular::{check_built, parquet};
use crate::file::write_atomically;
use crate::run::{TableFile, read_runs, write_table};
use anyhow::Context;
use clap::{Arg, ArgMatches, Command, value_parser};
use std::path::{Path, PathBuf};

pub(super) fn command() -> Command {
    Command::new("tables")
        .about("Write the tables of a run as Parquet")
        .long_about(
            "Write series.csv, summary.csv and comparisons.csv of a run as Parquet, from its \
             results: the same rows and columns, each column with its type. Nothing is run. Needs \
             a program that was built with `--features parquet`",
        )
        .arg(
            Arg::new("run")
                .value_name("RUN")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("Run directory"),
        )
        .arg(spec_option())
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("NAME")
                .default_value("parquet")
                .value_parser(["parquet"])
                .help("Format of the files: parquet"),
        )
        .arg(
            Arg::new("out")
                .long("out")
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .help(
                    "Where the files go [default: the run directory, whose runs then renew them]",
                ),
        )
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    // Before a run of any size is read.
    check_built()?;
    let run = matches.get_one::<PathBuf>("run").context("no run directory is given")?;
    let stored = read(std::slice::from_ref(run), matches)?;
    let place = TableTarget::of(run, matches.get_one::<PathBuf>("out"))?;
    for (table, bytes) in parquet(stored.index())? {
        say!("{}", place.write(table, &bytes)?.display());
    }
    let left = match place {
        // What was damaged may be what was written again.
        TableTarget::Run(run) if !stored.warnings.is_empty() => {
            read_runs(&[run.to_path_buf()], &[])?.warnings
        }
        _ => stored.warnings,
    };
    Ok(if left.is_empty() { Exit::Done } else { Exit::Failed })
}

/// Where tables are written.
enum TableTarget<'a> {
    /// Beside the results, whose checksums then vouch for them.
    Run(&'a Path),
    /// In a directory of the user's.
    Other(&'a Path),
}

impl<'a> TableTarget<'a> {
    fn of(run: &'a Path, asked: Option<&'a PathBuf>) -> anyhow::Result<Self> {
        Ok(elsewhere(run, asked)?.map_or(Self::Run(run), Self::Other))
    }

    fn write(&self, table: TableFile, bytes: &[u8]) -> anyhow::Result<PathBuf> {
        match self {
            Self::Run(run) => write_table(run, table, bytes)?,
            Self::Other(directory) => write_atomically(&directory.join(table.name()), bytes)?,
        }
        let (Self::Run(directory) | Self::Other(directory)) = self;
        Ok(directory.join(table.name()))
    }
}
