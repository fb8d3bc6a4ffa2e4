//! `alignscope figure`: draws from the results of a run, and runs nothing.

use super::gallery::Gallery;
use super::stored::{elsewhere, read, spec_option};
use super::{Exit, UsageError, output};
use crate::figure::{Figure as Drawing, Format, Theme, Width, compose};
use crate::run::{FIGURES, Stored};
use crate::spec::{Analysis, FIGURE_KEYS, Figure as Spec, OptionError};
use crate::text::{Choice, choices, list, suggestion};
use anyhow::Context;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::path::{Path, PathBuf};

pub(super) fn command() -> Command {
    let drawn = FIGURE_KEYS.iter().map(|key| {
        let arg =
            Arg::new(key.option).long(key.option).value_name(key.placeholder).help((key.help)());
        arg.action(ArgAction::Append).allow_hyphen_values(true)
    });
    Command::new("figure")
        .about("Draw from the results of a run")
        .long_about(
            "Draw from the results of a run, which is not run again: the figures of its spec, as \
            they are or changed by options, or one of your own. Options that say what is drawn \
            (--quantity, --kind, --x, --y, --by, --panels, --smooth, --lags, --at, --layers, \
            --together, --where, --show, --colours) describe a new figure, unless --figure names \
            one of the spec; those that only say how it looks change every figure of the spec",
        )
        .arg(
            Arg::new("run")
                .value_name("RUN")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("Run directory"),
        )
        .args(drawn)
        .arg(Arg::new("figure").long("figure").value_name("NAMES").help(
            "Figures of the spec, changed by the options given [default: all, unless \
                     options say what to draw]",
        ))
        .arg(
            Arg::new("analysis")
                .long("analysis")
                .value_name("NAME")
                .help("Analysis to draw, where there are several"),
        )
        .arg(spec_option())
        .arg(choice::<Width>(
            "width",
            "WIDTH",
            "Columns of a page: one (85 mm) or two (178 mm) [default: as panels need]",
        ))
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("NAMES")
                .default_value("svg,png")
                .value_parser(|text: &str| choices::<Format>("format", text))
                .help("Formats of the picture: svg, png, pdf; the CSV behind it is always written"),
        )
        .arg(
            choice::<Theme>("theme", "THEME", "light, or dark, whose files are called NAME-dark")
                .default_value("light"),
        )
        .arg(
            Arg::new("out")
                .long("out")
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .help("Where the files go [default: figures/ of the run directory]"),
        )
}

/// An option with the names of a choice.
fn choice<C: Choice + Send + Sync>(
    name: &'static str,
    placeholder: &'static str,
    help: &'static str,
) -> Arg {
    let one = move |text: &str| match choices::<C>(name, text)?[..] {
        [one] => Ok(one),
        _ => Err(format!("{name} cannot be several")),
    };
    Arg::new(name).long(name).value_name(placeholder).value_parser(one).help(help)
}

pub(super) fn execute(matches: &ArgMatches) -> anyhow::Result<Exit> {
    let run = matches.get_one::<PathBuf>("run").context("no run directory is given")?;
    let stored = read(std::slice::from_ref(run), matches)?;
    let mut place = FigureTarget::of(run, matches.get_one::<PathBuf>("out"))?;
    let theme = matches.get_one::<Theme>("theme").copied().unwrap_or_default();
    let formats = matches.get_one::<Vec<Format>>("format").cloned().unwrap_or_default();
    let mut exit = if stored.warnings.is_empty() { Exit::Done } else { Exit::Failed };
    for (analysis, spec) in wanted(&stored, matches)? {
        let mut figure = compose(stored.index(), analysis, &spec);
        figure.theme = theme;
        figure.width = matches.get_one::<Width>("width").copied().unwrap_or(figure.width);
        let name =
            if theme == Theme::Dark { format!("{}-dark", spec.name) } else { spec.name.clone() };
        let written = place.draw(&name, &figure, &formats)?;
        written.iter().for_each(|path| say!("{}", path.display()));
        if written.is_empty() {
            exit = Exit::Failed;
        }
    }
    if let FigureTarget::Run(gallery) = place
        && !output::tell_damaged(&gallery.close()?)
    {
        exit = Exit::Failed;
    }
    Ok(exit)
}

/// Where figures are drawn.
enum FigureTarget {
    /// Among those of the run.
    Run(Gallery),
    /// In a directory of the user's.
    Other(PathBuf),
}

impl FigureTarget {
    fn of(run: &Path, asked: Option<&PathBuf>) -> anyhow::Result<Self> {
        Ok(match elsewhere(&run.join(FIGURES), asked)? {
            Some(directory) => Self::Other(directory.to_path_buf()),
            None => Self::Run(Gallery::open(run)?),
        })
    }

    fn draw(
        &mut self,
        name: &str,
        figure: &Drawing,
        formats: &[Format],
    ) -> anyhow::Result<Vec<PathBuf>> {
        match self {
            Self::Run(gallery) => gallery.draw(name, figure, formats),
            Self::Other(directory) => output::draw(directory, name, figure, formats),
        }
    }
}

/// What is to be drawn: one figure that options describe, or figures of the spec.
fn wanted<'a>(
    stored: &'a Stored,
    matches: &ArgMatches,
) -> anyhow::Result<Vec<(&'a Analysis, Spec)>> {
    let typed: Vec<(&str, String)> = FIGURE_KEYS
        .iter()
        .flat_map(|key| {
            let texts = matches.get_many::<String>(key.option).into_iter().flatten();
            texts.map(|text| (key.option, text.clone()))
        })
        .collect();
    let is_of_look =
        |option: &str| FIGURE_KEYS.iter().any(|key| key.option == option && key.is_of_look());
    let has_figures = stored.plan.analyses().any(|analysis| !analysis.figures.is_empty());
    let of_look_alone = typed.iter().all(|(option, _)| is_of_look(option));
    if matches.contains_id("figure") || of_look_alone && (has_figures || typed.is_empty()) {
        let drawn = of_spec(stored, matches)?.into_iter();
        let changed = drawn.map(|(analysis, figure)| {
            Ok((analysis, figure.changed(analysis, &typed).map_err(usage)?))
        });
        return changed.collect();
    }
    let analysis = analysis(stored, matches.get_one::<String>("analysis"))?;
    Ok(vec![(analysis, Spec::from_options(analysis, &typed).map_err(usage)?)])
}

fn usage(errors: Vec<OptionError>) -> UsageError {
    UsageError(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// The analysis of this name, or the only one there is.
fn analysis<'a>(stored: &'a Stored, name: Option<&String>) -> Result<&'a Analysis, UsageError> {
    let names: Vec<&str> = stored.plan.analyses().map(|analysis| analysis.name.as_str()).collect();
    match name {
        Some(name) => {
            stored.plan.analyses().find(|analysis| analysis.name == *name).ok_or_else(|| {
                let near = suggestion(name, names.iter().copied());
                UsageError(format!(
                    "--analysis: there is no analysis `{name}`: expected {}{near}",
                    list(&names)
                ))
            })
        }
        None => match stored.plan.analyses().collect::<Vec<_>>()[..] {
            [one] => Ok(one),
            _ => Err(UsageError(format!(
                "this run has several analyses: say which with --analysis: {}",
                list(&names)
            ))),
        },
    }
}

/// Figures of the spec, by name if any are named.
fn of_spec<'a>(
    stored: &'a Stored,
    matches: &ArgMatches,
) -> anyhow::Result<Vec<(&'a Analysis, Spec)>> {
    let only = matches.get_one::<String>("analysis");
    let shown: Vec<&Analysis> = match only {
        Some(_) => vec![analysis(stored, only)?],
        None => stored.plan.analyses().collect(),
    };
    let all: Vec<(&Analysis, Spec)> = shown
        .iter()
        .flat_map(|analysis| analysis.figures.iter().map(|figure| (*analysis, figure.clone())))
        .collect();
    let Some(names) = matches.get_one::<String>("figure") else {
        let none = || {
            UsageError(
                "the spec of this run has no figures: say what to draw, such as --quantity NAME"
                    .into(),
            )
        };
        return if all.is_empty() { Err(none().into()) } else { Ok(all) };
    };
    let known: Vec<&str> = all.iter().map(|(_, figure)| figure.name.as_str()).collect();
    let mut chosen = Vec::new();
    for name in names.split(',').map(str::trim) {
        let found = all.iter().filter(|(_, figure)| figure.name == name);
        let before = chosen.len();
        chosen.extend(found.cloned());
        if chosen.len() == before {
            let near = suggestion(name, known.iter().copied());
            let message = format!(
                "--figure: the spec has no figure `{name}`: expected {}{near}",
                list(&known)
            );
            return Err(UsageError(message).into());
        }
    }
    Ok(chosen)
}
