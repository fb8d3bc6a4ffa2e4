//! `alignscope data`: which data sets are there, whether they are what they should be, and how to get them.

use super::{Exit, args};
use crate::data::{DataError, Library, Source};
use clap::{Arg, ArgMatches, Command};
use serde_json::json;

pub(super) fn command() -> Command {
    let shared = |command: Command| command.arg(args::data_directory_option()).arg(args::json_flag());
    let command = Command::new("data")
        .about("List data sets, check their files, and fetch them")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(shared(Command::new("list").about("List the data sets, and where they are")))
        .subcommand(shared(Command::new("verify").about("Compare the files of data sets with the official ones")).arg(
            Arg::new("names").value_name("NAME|PATH").num_args(0..).help("Data sets [default: all that are there]"),
        ));
    #[cfg(feature = "fetch")]
    let command = command.subcommand(shared(super::fetch::command()));
    command
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    match matches.subcommand() {
        Some(("list", m)) => list(&Library::new(args::data_directory(m)), m.get_flag("json")),
        Some(("verify", m)) => {
            let library = Library::new(args::data_directory(m));
            let named: Vec<&String> = m.get_many("names").into_iter().flatten().collect();
            let sources = match &named[..] {
                [] => Source::NAMED.into_iter().map(|(_, s)| s).filter(|s| library.require(s).is_ok()).collect(),
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
    let unknown = || super::UsageError(format!("unknown data set `{name}`: expected {}", Source::EXPECTED));
    Ok(Source::parse(name).ok_or_else(unknown)?)
}

fn list(library: &Library, as_json: bool) -> anyhow::Result<Exit> {
    let directory = library.directory().map_or("(none)".into(), |path| path.display().to_string());
    let mut rows = Vec::new();
    for (name, source) in Source::NAMED {
        let facts = source.facts()?;
        let place = match (&source, library.locate(&source)) {
            (Source::Digits, _) => Some("embedded".into()),
            (_, Ok(path)) => Some(path.display().to_string()),
            (_, Err(_)) => None,
        };
        rows.push((name, facts, place));
    }
    if as_json {
        let entry = |(name, facts, place): &(&str, crate::data::DataFacts, Option<String>)| {
            json!({
                "name": name, "training_images": facts.training_images, "test_images": facts.test_images,
                "inputs": facts.inputs, "classes": facts.classes, "found": place,
            })
        };
        say!("{}", json!({ "directory": directory, "data": rows.iter().map(entry).collect::<Vec<_>>() }));
        return Ok(Exit::Done);
    }
    say!("data directory: {directory}");
    for (name, facts, place) in rows {
        let shape = facts.image.into_iter().flatten().skip_while(|&n| n == 1).map(|n| n.to_string());
        let shape = shape.collect::<Vec<_>>().join(" x ");
        let size = format!("{} + {} images of {shape}", facts.training_images, facts.test_images);
        say!("  {name:<14} {size:<36} {}", place.as_deref().unwrap_or("not there"));
    }
    say!(
        "Official files (those of IDX plain or .gz) go into a directory of the set's name in the data directory\n\
         (--data-dir, or ALIGNSCOPE_DATA). Any other directory of four such IDX files or of CIFAR-10 batches, and any\n\
         .npz with x and y (and x_test, y_test), can be named by its path."
    );
    Ok(Exit::Done)
}

fn verify(library: &Library, sources: &[Source], as_json: bool) -> anyhow::Result<Exit> {
    let found: Vec<(String, Option<DataError>)> =
        sources.iter().map(|source| (source.to_string(), library.verify(source).err())).collect();
    let mut bad = false;
    for (_, error) in &found {
        if let Some(error) = error {
            tell!("error: {error}");
            bad = true;
        }
    }
    if as_json {
        let entry = |(name, error): &(String, Option<DataError>)| json!({ "name": name, "ok": error.is_none(), "error": error.as_ref().map(ToString::to_string) });
        say!("{}", json!({ "data": found.iter().map(entry).collect::<Vec<_>>() }));
    } else {
        for (name, _) in found.iter().filter(|(_, error)| error.is_none()) {
            say!("{name}: ok");
        }
    }
    Ok(if bad { Exit::Failed } else { Exit::Done })
}
