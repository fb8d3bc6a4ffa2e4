//! `alignscope data fetch`: gets a data set from where it is published, or from elsewhere.

use super::{Exit, UsageError, args};
use crate::data::{Origin, Patience, Progress, Source, fetch};
use anyhow::Context;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command, value_parser};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use serde_json::json;
use std::time::Duration;

/// The data sets that are published somewhere.
fn names() -> impl Iterator<Item = &'static str> {
    Source::named().filter(|(_, source)| source.publication().is_some()).map(|(name, _)| name)
}

pub(super) fn command() -> Command {
    Command::new("fetch")
        .about(
            "Download a data set and check its files; resumes an interrupted download, skips \
            files that are there",
        )
        .args([
            Arg::new("name")
                .value_name("NAME")
                .required(true)
                .value_parser(PossibleValuesParser::new(names()))
                .help("Data set"),
            Arg::new("from").long("from").value_name("URL|FILE").help(
                "Other place to take it from: a URL below which the archives have their official \
                 names, that of a .tar.gz of all files, such an archive, or a directory of the \
                 files [default: where it is published]",
            ),
            Arg::new("timeout")
                .long("timeout")
                .value_name("SECONDS")
                .default_value("60")
                .value_parser(value_parser!(u64).range(1..=86_400))
                .help(
                    "Give up on a server that does not answer for this long, or sends less than 1 \
                    KiB a second over this time; what has arrived is kept, and the same command \
                    continues from there",
                ),
        ])
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let name = matches.get_one::<String>("name").map_or("", String::as_str);
    let source = name.parse::<Source>().context("no such data set")?;
    let publication = source.publication().context("no such publication")?;
    let origin = match matches.get_one::<String>("from") {
        Some(text) => {
            Origin::parse(text).map_err(|why| UsageError(format!("--from {text}: {why}")))?
        }
        None => Origin::Base(publication.base.into()),
    };
    let library = args::library(matches);
    let (directory, fetched) = match library.locate(&source) {
        Ok(directory) if library.verify(&source).is_ok() => (directory, Vec::new()),
        _ => {
            let directory = library
                .directory()
                .context("there is no data directory: say with --data-dir which")?;
            let directory = directory.join(name);
            say_when_interrupted()?;
            let mut shown = DownloadBar { bar: ProgressBar::hidden() };
            let seconds = matches.get_one("timeout").copied().unwrap_or(60);
            let patience = Patience::of(Duration::from_secs(seconds));
            let fetched = fetch(&publication, &origin, &directory, patience, &mut |progress| {
                shown.show(progress)
            });
            shown.bar.finish_and_clear();
            (directory, fetched?)
        }
    };
    if matches.get_flag("json") {
        say!("{}", json!({ "name": name, "directory": directory, "fetched": fetched }));
    } else if fetched.is_empty() {
        say!("{name}: all files are there and right, in {}", directory.display());
    } else {
        say!("{name}: ok, in {}", directory.display());
    }
    Ok(Exit::Done)
}

/// On Ctrl-C, ends at once, whatever a server does.
fn say_when_interrupted() -> anyhow::Result<()> {
    let end = || {
        tell!("interrupted: what was downloaded is kept; the same command continues from there");
        std::process::exit(i32::from(Exit::Interrupted.code()));
    };
    ctrlc::set_handler(end).context("cannot listen for Ctrl-C")
}

/// What is shown of a download: a line as it begins and for each file, and a bar between, on a
/// terminal.
struct DownloadBar {
    bar: ProgressBar,
}

impl DownloadBar {
    fn show(&mut self, progress: Progress<'_>) {
        match progress {
            Progress::Begins { url, held, total } => {
                let size = total.map_or(String::new(), |bytes| format!(" ({})", HumanBytes(bytes)));
                let held = if held > 0 {
                    format!(", after {} of before", HumanBytes(held))
                } else {
                    String::new()
                };
                tell!("downloading {url}{size}{held}");
                let style = ProgressStyle::with_template(
                    "{bar:24} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
                );
                self.bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
                self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            }
            Progress::Received(bytes) => self.bar.set_position(bytes),
            Progress::Placed(name) => {
                self.bar.finish_and_clear();
                tell!("{name}: ok");
            }
        }
    }
}
