//! Specs with other values than their files have, as options of `run` say: the file is extended by a spec of these values.

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

/// Reads a spec and changes it. Its claims were set for its own values: of a spec that is changed there are none.
///
/// # Errors
/// If it cannot be read, or not be changed so.
pub fn read_changed(path: &Path, changes: &Changes) -> Result<Spec, ChangeError> {
    changed(read_spec(path)?, path, changes)
}

/// The spec that was read from `path`, changed.
///
/// # Errors
/// If it cannot be changed so.
pub fn changed(spec: Spec, path: &Path, changes: &Changes) -> Result<Spec, ChangeError> {
    if *changes == Changes::default() {
        return Ok(spec);
    }
    let names: Vec<&str> = spec.analyses.iter().map(|analysis| analysis.name.as_str()).collect();
    if let Some(unknown) = changes.analyses.iter().find(|name| !names.contains(&name.as_str())) {
        let near = suggestion(unknown, names.iter().copied());
        let message = format!("there is no analysis `{unknown}`: expected {}{near}", list(&names));
        return Err(ChangeError::Option("analysis", message));
    }
    let is_kept = |analysis: &&Analysis| changes.analyses.is_empty() || changes.analyses.contains(&analysis.name);
    let kept: Vec<&Analysis> = spec.analyses.iter().filter(is_kept).collect();
    let mut overlays: Vec<Overlay> = kept.iter().map(|analysis| Overlay::of(analysis)).collect();
    for (name, text) in &changes.set {
        set(&kept, &mut overlays, name, text)?;
    }
    if let Some(text) = &changes.compare {
        compare(&kept, &mut overlays, text)?;
    }
    let quoted = |text: &str| toml::Value::String(text.into()).to_string();
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let mut text = format!("extends = {}\nname = {}\n", quoted(&file), quoted(&spec.name));
    overlays.iter().for_each(|overlay| text += &overlay.text());
    let place = path.parent().unwrap_or(Path::new("")).join("options of the command line");
    let mut spec = parse_spec(&place, &text)?;
    spec.analyses.retain(|analysis| is_kept(&analysis));
    spec.claims.clear();
    spec.families.clear();
    Ok(spec)
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

/// Sets a parameter in all analyses that have it. What varies goes on to be an axis, with one value.
fn set(kept: &[&Analysis], overlays: &mut [Overlay], name: &str, text: &str) -> Result<(), ChangeError> {
    let mut found = false;
    for (analysis, overlay) in kept.iter().zip(overlays) {
        let Some(known) = parameters(analysis.kind).iter().find(|known| known.name() == name) else { continue };
        let value = known.parameter.read(text).map_err(|message| ChangeError::Option("set", message))?;
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
fn compare(kept: &[&Analysis], overlays: &mut [Overlay], text: &str) -> Result<(), ChangeError> {
    let mut refused = None;
    let mut found = false;
    for (analysis, overlay) in kept.iter().zip(overlays) {
        let read = Settings::compare_of(analysis.kind).parse(text);
        match read {
            Ok(all) if all.iter().all(|of: &Comparison| analysis.axes.contains(&of.parameter.as_str())) => {
                found = true;
                overlay.own.push((Settings::COMPARE.name().into(), toml::Value::String(text.into())));
            }
            Ok(all) => {
                let axes = list(&analysis.axes);
                let name = all.first().map(|of| of.parameter.clone()).unwrap_or_default();
                let varying = if axes.is_empty() { "nothing".into() } else { axes };
                refused = Some(format!("`{name}` does not vary in `{}`: {varying} does", analysis.name));
            }
            Err(message) => refused = Some(message),
        }
    }
    match refused.filter(|_| !found) {
        Some(message) => Err(ChangeError::Option("compare", message)),
        None => Ok(()),
    }
}
