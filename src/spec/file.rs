//! Specs from files.

use super::analysis::Spec;
use super::check::check_spec;
use super::extends::{follow_extends, read_text};
use super::node::{Problems, SpecError, SpecText};
use super::raw::RawSpec;
use crate::file::FileError;
use std::path::Path;
use toml::de::DeTable;

/// Reads and checks a spec.
///
/// # Errors
/// If the file cannot be read, and every problem in it otherwise.
pub fn read_spec(path: &Path) -> Result<Spec, SpecError> {
    let text = read_text(path).map_err(|source| FileError::new("read", path, source))?;
    parse_spec(path, &text)
}

/// Checks the text of a spec, and of those it extends; `path` names it in messages.
///
/// # Errors
/// Every problem in them.
pub fn parse_spec(path: &Path, text: &str) -> Result<Spec, SpecError> {
    let mut problems = Problems::new(path, text);
    follow_extends(&mut problems);
    let texts: Vec<String> = problems.sources.iter().map(SpecText::placed).collect();
    let documents: Vec<_> = texts.iter().map(|text| DeTable::parse_recoverable(text)).collect();
    for error in documents.iter().flat_map(|(_, errors)| errors) {
        problems.add(
            error.span().unwrap_or(0..0),
            format!("this is not valid TOML: {}", error.message()),
        );
    }
    // What recovery makes of broken TOML would only add misleading problems.
    if problems.found.is_empty() {
        let documents: Vec<&DeTable<'_>> =
            documents.iter().map(|(document, _)| document.get_ref()).collect();
        let spec = assemble(&documents, &mut problems);
        if let (Some(spec), true) = (spec, problems.found.is_empty()) {
            return Ok(spec);
        }
    }
    if problems.found.is_empty() {
        problems.add(0..0, "this spec cannot be used".into());
    }
    let Problems { sources, mut found } = problems;
    let place = |file: &Path| sources.iter().position(|source| source.path == file);
    found.sort_by_key(|problem| (place(&problem.file), problem.line, problem.column));
    Err(SpecError::Refused(found))
}

/// The spec of these documents, each of which extends the next.
fn assemble(documents: &[&DeTable<'_>], problems: &mut Problems) -> Option<Spec> {
    let raws = documents.iter().map(|document| RawSpec::read(document, problems));
    let raws: Vec<RawSpec<'_>> = raws.collect();
    let further =
        raws.iter().skip(1).find_map(|raw| raw.claims.first()).map(|claim| claim.header.clone());
    let raw = raws.into_iter().reduce(RawSpec::over).unwrap_or_default();
    if raw.analyses.is_empty() && problems.found.is_empty() {
        problems.add(0..0, "this spec has no [[analysis]]: it needs at least one".into());
    }
    let mut spec = check_spec(&raw, problems)?;
    if let (Some(at), [_, extended @ ..]) = (further, documents)
        && problems.found.is_empty()
    {
        let mut apart = problems.apart();
        match assemble(extended, &mut apart).filter(|_| apart.found.is_empty()) {
            Some(base) => spec.take_over(base),
            None => problems.add(
                at,
                "the spec of these claims cannot be used by itself, so it is not known for which \
                settings their criteria were set: complete it, or move the claims to the spec \
                that extends it"
                    .into(),
            ),
        }
    }
    Some(spec)
}

#[cfg(test)]
mod tests;
