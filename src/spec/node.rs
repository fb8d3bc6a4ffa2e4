//! TOML with the place of every key and value, texts and names in it, and the problems found.

use crate::file::FileError;
use std::fmt::{Display, Formatter};
use std::ops::Range;
use std::path::{Path, PathBuf};
use thiserror::Error;
use toml::Spanned;
use toml::de::{DeString, DeValue};

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

/// A text of a spec. Places in several texts are distinguished by where each one starts.
#[derive(Clone)]
pub(super) struct SpecText {
    pub path: PathBuf,
    pub text: String,
    start: usize,
}

impl SpecText {
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

/// Most problems that are listed.
const MOST_PROBLEMS: usize = 100;

/// Collects problems, with their places in the texts.
pub(super) struct Problems {
    /// The spec, the one it extends, and so on.
    pub sources: Vec<SpecText>,
    pub found: Vec<Problem>,
}

impl Problems {
    /// Whether a place is in a spec that is extended.
    pub fn is_of_extended(&self, at: &Range<usize>) -> bool {
        self.sources.get(1).is_some_and(|extended| at.start >= extended.start)
    }

    pub fn new(path: &Path, text: &str) -> Self {
        Self { sources: vec![SpecText::first(path, text)], found: Vec::new() }
    }

    /// The same texts, and no problem.
    pub fn apart(&self) -> Self {
        Self { sources: self.sources.clone(), found: Vec::new() }
    }

    /// The spec itself.
    pub fn path(&self) -> &Path {
        self.sources.first().map_or(Path::new(""), |source| &source.path)
    }

    pub fn add(&mut self, span: Range<usize>, message: String) {
        // No one reads them all, and to find the place of each would take longer the more there
        // are.
        if self.found.len() > MOST_PROBLEMS {
            return;
        }
        let Some(SpecText { path, text, start }) =
            self.sources.iter().rfind(|source| source.start <= span.start)
        else {
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
        let more =
            || format!("there are more problems than the {MOST_PROBLEMS} listed: fix these first");
        self.found.push(if is_last { Problem { message: more(), ..problem } } else { problem });
    }
}

pub(super) type Key<'a> = &'a Spanned<DeString<'a>>;

pub(super) type Node<'a> = &'a Spanned<DeValue<'a>>;

pub(super) type Pair<'a> = (Key<'a>, Node<'a>);

/// The text of a node; nothing where there is none.
pub(super) fn text(node: Option<Node<'_>>, problems: &mut Problems) -> String {
    let Some(node) = node else { return String::new() };
    match node.get_ref().as_str() {
        Some(text) => text.to_string(),
        None => {
            problems.add(
                node.span(),
                format!("expected text in quotes, not a TOML {}", node.get_ref().type_str()),
            );
            String::new()
        }
    }
}

/// The names in the list of key `what`, with their places.
pub(super) fn texts<'a>(
    node: Node<'a>,
    what: &str,
    problems: &mut Problems,
) -> Vec<(Range<usize>, &'a str)> {
    let items = node.get_ref().as_array();
    let found: Option<Vec<_>> = items.map(|items| {
        items.iter().filter_map(|item| Some((item.span(), item.get_ref().as_str()?))).collect()
    });
    match (found, items) {
        (Some(found), Some(items))
            if found.len() == items.len() && !(found.is_empty() && what == "quantities") =>
        {
            found
        }
        _ => {
            problems.add(
                node.span(),
                format!("{what} must be a list of names, such as {what} = [\"...\"]"),
            );
            Vec::new()
        }
    }
}

/// What a name may be.
pub const NAME_RULE: &str =
    "letters, digits, - and _, at most 100, as it becomes part of file names";

/// Whether a spec, an analysis or a figure may be called so.
pub fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !name.is_empty() && name.len() <= 100 && name.chars().all(allowed)
}

/// A name that may become part of file names.
pub(super) fn file_name(node: Node<'_>, problems: &mut Problems) -> Option<String> {
    match node.get_ref().as_str() {
        Some(name) if is_name(name) => Some(name.to_string()),
        _ => {
            problems.add(node.span(), format!("a name must be text of {NAME_RULE}"));
            None
        }
    }
}
