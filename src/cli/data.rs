//! `alignscope data`: which data sets are there, whether they are what they should be, and how to
//! get them.

use super::{Exit, args};
use crate::data::{DataError, DataFacts, Library, Note, Source};
use crate::text::Setting;
use clap::{Arg, ArgMatches, Command};
use serde_json::json;

pub(super) fn command() -> Command {
    let shared =
        |command: Command| command.arg(args::data_directory_option()).arg(args::json_flag());
    let command = Command::new("data")
        .about("List data sets, check their files, and fetch them")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(shared(Command::new("list").about("List the data sets, and where they are")))
        .subcommand(
            shared(Command::new("verify").about(
                "Compare the files of data sets with the official ones, or say how your own are \
                read",
            ))
            .arg(
                Arg::new("names")
                    .value_name("NAME|PATH")
                    .num_args(0..)
                    .help("Data sets [default: all that are there]"),
            ),
        );
    #[cfg(feature = "fetch")]
    let command = command.subcommand(shared(super::fetch::command()));
    command
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    match matches.subcommand() {
        Some(("list", m)) => list(&args::library(m), m.get_flag("json")),
        Some(("verify", m)) => {
            let library = args::library(m);
            let named: Vec<&String> = m.get_many("names").into_iter().flatten().collect();
            let sources = match &named[..] {
                [] => {
                    Source::named().map(|(_, s)| s).filter(|s| library.require(s).is_ok()).collect()
                }
                names => names.iter().map(|name| source(name)).collect::<Result<Vec<_>, _>>()?,
            };
            verify(&library, &sources, m.get_flag("json"))
        }
        #[cfg(feature = "fetch")]
        Some(("fetch", m)) => super::fetch::execute(m),
        _ => Ok(Exit::Usage),
    }
}

fn source(name: &str) -> anyhow::Result<Source> {
    let unknown = || {
        super::UsageError(format!("unknown data set `{name}`: expected {}", Source::expected(&())))
    };
    Ok(name.parse().map_err(|_| unknown())?)
}

fn list(library: &Library, as_json: bool) -> anyhow::Result<Exit> {
    let directory = library.directory().map_or("(none)".into(), |path| path.display().to_string());
    let mut rows = Vec::new();
    for (name, source) in Source::named() {
        let facts = source.facts()?;
        let place = match library.locate(&source) {
            _ if source.official_files().is_empty() => Some("embedded".into()),
            Ok(path) => Some(path.display().to_string()),
            Err(_) => None,
        };
        rows.push((name, facts, place));
    }
    if as_json {
        let entry = |(name, facts, place): &(&str, DataFacts, Option<String>)| {
            json!({
                "name": name, "training_images": facts.training_images,
                "test_images": facts.test_images,
                "inputs": facts.inputs, "classes": facts.classes, "found": place,
            })
        };
        say!(
            "{}",
            json!({ "directory": directory, "data": rows.iter().map(entry).collect::<Vec<_>>() })
        );
        return Ok(Exit::Done);
    }
    say!("data directory: {directory}");
    for (name, facts, place) in rows {
        say!("  {name:<14} {:<48} {}", taken(&facts), place.as_deref().unwrap_or("not there"));
    }
    say!("{OWN}");
    Ok(Exit::Done)
}

/// What data sets there can be beside those known by name.
const OWN: &str = "\
Official files (those of IDX plain or .gz) go into a directory of the set's name in the data directory
(--data-dir, or ALIGNSCOPE_DATA). Any other data set is named by its path:
  FILE.npz          images and labels as x and y (and x_test, y_test), as x_train, y_train, x_test and y_test,
                    or as train_images, train_labels, test_images and test_labels
  DIRECTORY         .npy files of these names; four IDX files, plain or .gz, named as those of MNIST, EMNIST or
                    QMNIST; train-imgs.npz and so on, as of Kuzushiji-MNIST; batches of CIFAR-10 or CIFAR-100
  DIRECTORY/START   of several sets of IDX files the one whose names start so, as with emnist-letters
  DIRECTORY#coarse  CIFAR-100 with its 20 coarse labels in place of the 100 fine ones
Images are n x d, n x h x w, or have one channel or three before or behind h x w. Labels are whole numbers from 0
to 255, n or n x 1, or a column per class, or -1 and 1. Bytes of 0 to 255 are divided by 255, numbers of any other
type are taken as they are. Without test images a fifth is held out. `alignscope data verify PATH` says how a data
set is taken.";

/// What is known of the data set at a path, in words.
fn taken(facts: &DataFacts) -> String {
    let shape = facts.image.into_iter().flatten().skip_while(|&n| n == 1).map(|n| n.to_string());
    let shape = shape.collect::<Vec<_>>().join(" x ");
    let samples = match facts.image {
        Some(_) => format!("images of {shape}"),
        None => format!("samples of {} values", facts.inputs),
    };
    format!(
        "{} + {} {samples}, {} classes",
        facts.training_images, facts.test_images, facts.classes
    )
}

fn verify(library: &Library, sources: &[Source], as_json: bool) -> anyhow::Result<Exit> {
    let checked = |source: &Source| {
        let facts = library.verify(source).and_then(|()| source.facts());
        (source.to_string(), matches!(source, Source::Path(_)), facts)
    };
    let found: Vec<(String, bool, Result<DataFacts, DataError>)> =
        sources.iter().map(checked).collect();
    let bad = found.iter().any(|(_, _, facts)| facts.is_err());
    for (name, _, facts) in &found {
        match facts {
            Ok(facts) => facts.notes.iter().for_each(|note| tell!("{}", note.about(name))),
            Err(error) => tell!("error: {error}"),
        }
    }
    if as_json {
        let entry = |(name, _, facts): &(String, bool, Result<DataFacts, DataError>)| match facts {
            Ok(facts) => json!({
                "name": name, "ok": true, "error": null, "training_images": facts.training_images,
                "test_images": facts.test_images, "inputs": facts.inputs, "classes": facts.classes,
                "notes": facts.notes.iter().map(Note::text).collect::<Vec<_>>(),
            }),
            Err(error) => json!({ "name": name, "ok": false, "error": error.to_string() }),
        };
        say!("{}", json!({ "data": found.iter().map(entry).collect::<Vec<_>>() }));
    } else {
        for (name, is_path, facts) in &found {
            match facts {
                Ok(facts) if *is_path => say!("{name}: ok, {}", taken(facts)),
                Ok(_) => say!("{name}: ok"),
                Err(_) => {}
            }
        }
    }
    Ok(if bad { Exit::Failed } else { Exit::Done })
}
