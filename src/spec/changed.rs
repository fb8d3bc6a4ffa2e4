//! Specs with other values than their files have, as options of `run` say: the file is extended by
//! a spec of these values.

use super::analysis::{Analysis, Spec};
use super::compare::Comparison;
use super::file::{parse_spec, read_spec};
use super::node::SpecError;
use super::parameters::{Scope, parameters, unknown_parameter};
use super::settings::Settings;
use super::write::toml as written_as;
use crate::condition::Kind;
use crate::text::{list, suggestion};
use std::path::Path;
use thiserror::Error;

/// What is changed of a spec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Names of parameters, with the texts of their values.
    pub set: Vec<(String, String)>,
    /// Repeats of every condition, as typed.
    pub repeats: Option<String>,
    /// Conditions to compare, as typed.
    pub compare: Option<String>,
    /// Names of the analyses that are kept; all if none are given.
    pub analyses: Vec<String>,
}

/// Why a spec cannot be changed so.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// The spec itself, or what it becomes.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// An option, and what is wrong with it.
    #[error("--{0}: {1}")]
    Option(&'static str, String),
}

/// Reads a spec and changes it.
///
/// # Errors
/// If it cannot be read, or not be changed so.
pub fn read_changed(path: &Path, changes: &Changes) -> Result<Spec, ChangeError> {
    changed(read_spec(path)?, path, changes)
}

/// The spec that was read from `path`, changed. Claims were set for all analyses and their values:
/// where these are others, or fewer, there are none.
///
/// # Errors
/// If it cannot be changed so.
pub fn changed(mut spec: Spec, path: &Path, changes: &Changes) -> Result<Spec, ChangeError> {
    let names: Vec<&str> = spec.analyses.iter().map(|analysis| analysis.name.as_str()).collect();
    if let Some(unknown) = changes.analyses.iter().find(|name| !names.contains(&name.as_str())) {
        let near = suggestion(unknown, names.iter().copied());
        let message = format!("there is no analysis `{unknown}`: expected {}{near}", list(&names));
        return Err(ChangeError::Option("analysis", message));
    }
    let is_kept = |analysis: &Analysis| {
        changes.analyses.is_empty() || changes.analyses.contains(&analysis.name)
    };
    let is_whole = spec.analyses.iter().all(is_kept);
    spec.analyses.retain(is_kept);
    if !changes.set.is_empty() {
        spec = with_values(&spec, path, &changes.set)?;
        spec.analyses.retain(is_kept);
    }
    if !is_whole || !changes.set.is_empty() {
        spec.claims.clear();
        spec.families.clear();
    }
    if let Some(text) = &changes.repeats {
        let repeats = Settings::REPEATS
            .parse(text)
            .map_err(|message| ChangeError::Option("repeats", message))?;
        spec.analyses.iter_mut().for_each(|analysis| analysis.settings.repeats = repeats);
        check(&spec, "repeats")?;
    }
    if let Some(text) = &changes.compare {
        compare(&mut spec, text)?;
        check(&spec, "compare")?;
    }
    Ok(spec)
}

/// Refuses settings that conditions do not allow.
fn check(spec: &Spec, option: &'static str) -> Result<(), ChangeError> {
    let conflicts =
        spec.analyses.iter().flat_map(|analysis| analysis.settings.conflicts(&analysis.conditions));
    conflicts
        .into_iter()
        .next()
        .map_or(Ok(()), |conflict| Err(ChangeError::Option(option, conflict.message)))
}

/// The spec with other values of parameters, by a spec that extends its file.
fn with_values(spec: &Spec, path: &Path, all: &[(String, String)]) -> Result<Spec, ChangeError> {
    let kept: Vec<&Analysis> = spec.analyses.iter().collect();
    let mut overlays: Vec<Overlay> = kept.iter().map(|analysis| Overlay::of(analysis)).collect();
    for (name, text) in all {
        set(&kept, &mut overlays, name, text)?;
    }
    let quoted = |text: &str| toml::Value::String(text.into()).to_string();
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let mut text = format!("extends = {}\nname = {}\n", quoted(&file), quoted(&spec.name));
    overlays.iter().for_each(|overlay| text += &overlay.text());
    let place = path.parent().unwrap_or(Path::new("")).join("options of the command line");
    Ok(parse_spec(&place, &text)?)
}

/// What is changed of one analysis.
struct Overlay {
    name: String,
    own: Vec<(String, toml::Value)>,
    base: Vec<(String, toml::Value)>,
    sweep: Vec<(String, toml::Value)>,
}

impl Overlay {
    fn of(analysis: &Analysis) -> Self {
        Self { name: analysis.name.clone(), own: Vec::new(), base: Vec::new(), sweep: Vec::new() }
    }

    fn text(&self) -> String {
        let lines = |pairs: &[(String, toml::Value)]| -> String {
            pairs.iter().map(|(key, value)| format!("{key} = {value}\n")).collect()
        };
        let name = toml::Value::String(self.name.clone());
        let mut text = format!("[[analysis]]\nname = {name}\n{}", lines(&self.own));
        for (table, pairs) in [("base", &self.base), ("sweep", &self.sweep)] {
            if !pairs.is_empty() {
                text += &format!("[analysis.{table}]\n{}", lines(pairs));
            }
        }
        text
    }
}

/// Sets a parameter in all analyses that have it. What varies stays an axis, with one
/// value.
fn set(
    kept: &[&Analysis],
    overlays: &mut [Overlay],
    name: &str,
    text: &str,
) -> Result<(), ChangeError> {
    let mut found = false;
    for (analysis, overlay) in kept.iter().zip(overlays) {
        let Some(known) = parameters(analysis.kind).iter().find(|known| known.name() == name)
        else {
            continue;
        };
        let value =
            known.parameter.read(text).map_err(|message| ChangeError::Option("set", message))?;
        found = true;
        let written = written_as(&value.to_json());
        match known.scope {
            Scope::Analysis => overlay.own.push((name.into(), written)),
            Scope::Condition if analysis.axes.contains(&known.name()) => {
                overlay.sweep.push((name.into(), toml::Value::Array(vec![written])));
            }
            Scope::Condition => overlay.base.push((name.into(), written)),
        }
    }
    if found {
        return Ok(());
    }
    let kind = kept.first().map_or(Kind::Isolate, |analysis| analysis.kind);
    Err(ChangeError::Option("set", unknown_parameter(name, kind, Scope::Condition)))
}

/// Compares conditions in all analyses in which they vary so.
fn compare(spec: &mut Spec, text: &str) -> Result<(), ChangeError> {
    let (mut refused, mut found) = (None, false);
    for analysis in &mut spec.analyses {
        let axes = &analysis.axes;
        let varies = |comparison: &Comparison| axes.contains(&comparison.parameter.as_str());
        match Settings::compare_of(analysis.kind).parse(text) {
            Ok(all) if all.iter().all(varies) => {
                found = true;
                analysis.settings.compare = all;
            }
            Ok(all) => {
                let name = all
                    .iter()
                    .find(|comparison| !varies(comparison))
                    .map(|comparison| comparison.parameter.clone())
                    .unwrap_or_default();
                let varying = if axes.is_empty() { "nothing".into() } else { list(axes) };
                refused =
                    Some(format!("`{name}` does not vary in `{}`: {varying} does", analysis.name));
            }
            Err(message) => refused = Some(message),
        }
    }
    match refused.filter(|_| !found) {
        Some(message) => Err(ChangeError::Option("compare", message)),
        None => Ok(()),
    }
}
