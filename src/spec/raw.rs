//! Specs as typed: TOML with the place of every key and value, and the problems found in it.

use super::analysis::MOST_CONDITIONS;
use crate::file::FileError;
use crate::text::{list, suggestion};
use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use std::ops::Range;
use std::path::{Path, PathBuf};
use thiserror::Error;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// Why a spec cannot be used.
#[derive(Debug, Error)]
pub enum SpecError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file says something that cannot be run; every problem found.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Refused(Vec<Problem>),
}

/// One thing wrong with a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The spec.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The offending line.
    pub text: String,
    /// What is wrong, what was expected, the nearest valid name.
    pub message: String,
}

impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { file, line, column, text, message } = self;
        write!(f, "{}:{line}:{column}: {message}\n    {}", file.display(), text.trim())
    }
}

/// A text of a spec. Places in several texts are told apart by where each one starts.
pub(super) struct Source {
    pub path: PathBuf,
    pub text: String,
    start: usize,
}

impl Source {
    fn first(path: &Path, text: &str) -> Self {
        Self { path: path.to_path_buf(), text: text.into(), start: 0 }
    }

    /// One that comes after this.
    pub fn next(&self, path: PathBuf, text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}').to_string();
        Self { path, text, start: self.start + self.text.len() + 1 }
    }

    /// The text with blanks before it, so that what is parsed has its places.
    pub fn placed(&self) -> String {
        " ".repeat(self.start) + &self.text
    }
}

/// Problems that are told, at most.
const MOST_PROBLEMS: usize = 100;

/// Tables of a kind that a spec, or an analysis, may have. What is said of one is held against all others.
const MOST_TABLES: usize = 1000;

/// Collects problems, with their places in the texts.
pub(super) struct Problems {
    /// The spec, the one it extends, and so on.
    pub sources: Vec<Source>,
    pub found: Vec<Problem>,
}

impl Problems {
    pub fn new(path: &Path, text: &str) -> Self {
        Self { sources: vec![Source::first(path, text)], found: Vec::new() }
    }

    /// The spec itself.
    pub fn path(&self) -> &Path {
        self.sources.first().map_or(Path::new(""), |source| &source.path)
    }

    pub fn add(&mut self, span: Range<usize>, message: String) {
        // No one reads them all, and to find the place of each would take longer the more there are.
        if self.found.len() > MOST_PROBLEMS {
            return;
        }
        let Some(Source { path, text, start }) = self.sources.iter().rfind(|source| source.start <= span.start) else {
            return;
        };
        let at = (span.start - start).min(text.len());
        let at = (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let before = &text[..at];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let problem = Problem {
            file: path.clone(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            text: text[line_start..].lines().next().unwrap_or_default().to_string(),
            message,
        };
        if self.found.contains(&problem) {
            return;
        }
        let is_last = self.found.len() == MOST_PROBLEMS;
        let more = || format!("there are more problems than the {MOST_PROBLEMS} that are told: mend these first");
        self.found.push(if is_last { Problem { message: more(), ..problem } } else { problem });
    }
}

pub(super) type Key<'a> = &'a Spanned<DeString<'a>>;

pub(super) type Node<'a> = &'a Spanned<DeValue<'a>>;

pub(super) type Pair<'a> = (Key<'a>, Node<'a>);

/// A spec as typed. Shapes of tables are known to be right, names and values are not.
#[derive(Default)]
pub(super) struct RawSpec<'a> {
    pub name: Option<Node<'a>>,
    pub title: Option<Node<'a>>,
    pub analyses: Vec<RawAnalysis<'a>>,
}

/// An analysis as typed.
pub(super) struct RawAnalysis<'a> {
    pub header: Range<usize>,
    pub name: Option<Node<'a>>,
    pub title: Option<Node<'a>>,
    pub kind: Option<Node<'a>>,
    pub settings: Vec<Pair<'a>>,
    pub base: Vec<Pair<'a>>,
    pub sweep: Vec<Pair<'a>>,
    pub zip: Vec<Pair<'a>>,
    pub conditions: Vec<(Range<usize>, Vec<Pair<'a>>)>,
    pub figures: Vec<RawFigure<'a>>,
}

/// A figure as typed.
pub(super) struct RawFigure<'a> {
    pub header: Range<usize>,
    pub keys: BTreeMap<&'a str, Node<'a>>,
}

const SPEC_KEYS: &[&str] = &["name", "title", "extends", "analysis"];

pub(super) const ANALYSIS_KEYS: &[&str] = &["name", "title", "kind", "base", "sweep", "zip", "conditions", "figure"];

const FIGURE_KEYS: &[&str] = &[
    "name",
    "title",
    "kind",
    "quantities",
    "x",
    "y",
    "by",
    "scale",
    "panels",
    "where",
    "smooth",
    "range",
    "lags",
    "at",
    "layers",
    "together",
];

impl<'a> RawSpec<'a> {
    pub(super) fn read(document: &'a DeTable<'a>, problems: &mut Problems) -> Self {
        let mut raw = Self::default();
        for (key, node) in document {
            match key.get_ref().as_ref() {
                "name" => raw.name = Some(node),
                "title" => raw.title = Some(node),
                // Followed before.
                "extends" => {}
                "analysis" => {
                    let tables = tables(node, "[[analysis]]", MOST_TABLES, problems);
                    raw.analyses =
                        tables.into_iter().map(|(at, table)| RawAnalysis::read(at, table, problems)).collect();
                }
                other => problems.add(
                    key.span(),
                    format!(
                        "unknown key `{other}`: expected {}{}",
                        list(SPEC_KEYS),
                        suggestion(other, SPEC_KEYS.to_vec())
                    ),
                ),
            }
        }
        raw
    }
}

impl<'a> RawAnalysis<'a> {
    pub(super) fn read(header: Range<usize>, analysis: &'a DeTable<'a>, problems: &mut Problems) -> Self {
        let mut raw = Self {
            header,
            name: None,
            title: None,
            kind: None,
            settings: Vec::new(),
            base: Vec::new(),
            sweep: Vec::new(),
            zip: Vec::new(),
            conditions: Vec::new(),
            figures: Vec::new(),
        };
        for (key, node) in analysis {
            match key.get_ref().as_ref() {
                "name" => raw.name = Some(node),
                "title" => raw.title = Some(node),
                "kind" => raw.kind = Some(node),
                "base" => raw.base = pairs(node, "[analysis.base]", problems),
                "sweep" => raw.sweep = pairs(node, "[analysis.sweep]", problems),
                "zip" => raw.zip = pairs(node, "[analysis.zip]", problems),
                "conditions" => {
                    let tables = tables(node, "[[analysis.conditions]]", MOST_CONDITIONS, problems);
                    raw.conditions = tables.into_iter().map(|(at, table)| (at, table.iter().collect())).collect();
                }
                "figure" => {
                    let tables = tables(node, "[[analysis.figure]]", MOST_TABLES, problems);
                    raw.figures = tables.into_iter().map(|(at, table)| RawFigure::read(at, table, problems)).collect();
                }
                _ => raw.settings.push((key, node)),
            }
        }
        raw
    }
}

impl<'a> RawFigure<'a> {
    pub(super) fn read(header: Range<usize>, figure: &'a DeTable<'a>, problems: &mut Problems) -> Self {
        let mut keys = BTreeMap::new();
        for (key, node) in figure {
            let name = key.get_ref().as_ref();
            if FIGURE_KEYS.contains(&name) {
                keys.insert(name, node);
            } else {
                let near = suggestion(name, FIGURE_KEYS.to_vec());
                problems
                    .add(key.span(), format!("unknown key `{name}` of a figure: expected {}{near}", list(FIGURE_KEYS)));
            }
        }
        Self { header, keys }
    }
}

/// Elements of an array of tables, of which there may be so many.
fn tables<'a>(
    node: Node<'a>,
    what: &str,
    limit: usize,
    problems: &mut Problems,
) -> Vec<(Range<usize>, &'a DeTable<'a>)> {
    let Some(items) = node.get_ref().as_array() else {
        problems.add(node.span(), format!("expected tables headed {what}, not a TOML {}", node.get_ref().type_str()));
        return Vec::new();
    };
    if items.len() > limit {
        let message = format!("{} tables headed {what} are more than {limit}: use several specs", items.len());
        problems.add(node.span(), message);
        return Vec::new();
    }
    let mut found = Vec::new();
    for item in items {
        match item.get_ref().as_table() {
            Some(table) => found.push((item.span(), table)),
            None => {
                let message = format!("expected tables headed {what}, not a TOML {}", item.get_ref().type_str());
                problems.add(item.span(), message);
            }
        }
    }
    found
}

/// Keys and values of a table.
fn pairs<'a>(node: Node<'a>, what: &str, problems: &mut Problems) -> Vec<Pair<'a>> {
    match node.get_ref().as_table() {
        Some(table) => table.iter().collect(),
        None => {
            problems
                .add(node.span(), format!("expected a table headed {what}, not a TOML {}", node.get_ref().type_str()));
            Vec::new()
        }
    }
}
