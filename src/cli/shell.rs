//! Completions for shells, and manual pages.

use super::Exit;
use anyhow::Context;
use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;
use std::path::PathBuf;

pub(super) fn completions() -> Command {
    Command::new("completions")
        .about("Print completions for a shell")
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .required(true)
                .value_parser(value_parser!(Shell))
                .help("The shell"),
        )
        .after_help(
            "Examples:\n  alignscope completions bash > \
             ~/.local/share/bash-completion/completions/alignscope\n  alignscope completions zsh > \
             ~/.zfunc/_alignscope\n  alignscope completions fish > \
             ~/.config/fish/completions/alignscope.fish",
        )
}

pub(super) fn man() -> Command {
    Command::new("man")
        .about("Write manual pages, one per command, into a directory")
        .arg(
            Arg::new("directory")
                .value_name("DIR")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("Where"),
        )
        .after_help("Example:\n  alignscope man ~/.local/share/man/man1 && man alignscope-isolate")
}

pub(super) fn print_completions(
    matches: &ArgMatches,
    mut program: Command,
) -> anyhow::Result<Exit> {
    if let Some(&shell) = matches.get_one::<Shell>("shell") {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut program, "alignscope", &mut text);
        super::print::print(format_args!("{}", String::from_utf8_lossy(&text)));
    }
    Ok(Exit::Done)
}

pub(super) fn write_pages(matches: &ArgMatches, program: Command) -> anyhow::Result<Exit> {
    let Some(directory) = matches.get_one::<PathBuf>("directory") else { return Ok(Exit::Usage) };
    let place = || format!("cannot write manual pages into {}", directory.display());
    std::fs::create_dir_all(directory).with_context(place)?;
    clap_mangen::generate_to(program.disable_help_subcommand(true), directory)
        .with_context(place)?;
    say!("manual pages in {}", directory.display());
    Ok(Exit::Done)
}
