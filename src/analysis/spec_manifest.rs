//! Specs read back from manifests, of run directories that hold no spec of their own.

use serde_json::Value as Json;
use toml::{Table, Value as Toml};

/// The spec that `json` of a manifest stands for, as TOML; `None` where something is missing.
///
/// Manifests do not say whether predictions were asked for: they are taken to be where the isolated rule was measured
/// beside the prediction given its signals, which comes with them. No result depends on it.
pub(super) fn spec_text(json: &Json) -> Option<String> {
    let mut spec = picked(json, &["name", "title"])?;
    let analyses = json["analyses"].as_array()?.iter().map(analysis).collect::<Option<Vec<_>>>()?;
    spec.insert("analysis".into(), Toml::Array(analyses));
    toml::to_string(&spec).ok()
}

fn analysis(json: &Json) -> Option<Toml> {
    let keys = ["name", "title", "kind", "repeats", "seed", "record-every", "report-at", "quantities"];
    let mut table = picked(json, &keys)?;
    for key in ["lags", "window"] {
        table.extend(toml(&json[key]).map(|value| (key.to_string(), value)));
    }
    let conditional = json["quantities"].as_array()?.iter().any(|name| name == "conditional_alignment");
    if conditional && json["kind"] == "isolate" {
        table.insert("predict".into(), "on".into());
    }
    let axes: Vec<&str> = json["axes"].as_array()?.iter().filter_map(Json::as_str).collect();
    let conditions = json["conditions"].as_array()?.iter().map(|c| condition(c, &axes)).collect::<Option<Vec<_>>>()?;
    let (varied, fixed): (Vec<Table>, Vec<Table>) = conditions.into_iter().unzip();
    table.insert("base".into(), Toml::Table(fixed.into_iter().next()?));
    if !axes.is_empty() {
        table.insert("conditions".into(), Toml::Array(varied.into_iter().map(Toml::Table).collect()));
    }
    let figures = json["figures"].as_array()?.iter().map(figure).collect::<Option<Vec<_>>>()?;
    table.insert("figure".into(), Toml::Array(figures));
    Some(Toml::Table(table))
}

/// What varies of a condition, in the order of the axes, and the rest of it. A schedule and the signals it stands for are
/// one.
fn condition(json: &Json, axes: &[&str]) -> Option<(Table, Table)> {
    let derived: &[&str] = if axes.contains(&"schedule") { &["activity", "error", "cross"] } else { &["schedule"] };
    let rest = json.as_object()?.keys().map(String::as_str);
    let rest: Vec<&str> = rest.filter(|name| !axes.contains(name) && !derived.contains(name)).collect();
    Some((picked(json, axes)?, picked(json, &rest)?))
}

fn figure(json: &Json) -> Option<Toml> {
    let mut table = picked(json, &["name", "title", "kind", "quantities", "by", "scale", "panels", "smooth"])?;
    let no_x = ["profile", "lags", "plane", "density", "spectrum", "cells", "groups"];
    if json["x"] == "epoch" || !no_x.contains(&json["kind"].as_str()?) {
        table.insert("x".into(), toml(&json["x"])?);
    }
    let is_empty =
        |value: &Json| value.as_array().is_some_and(Vec::is_empty) || value == &Json::Object(Default::default());
    for key in ["y", "range", "lags", "where"] {
        table.extend(toml(&json[key]).filter(|_| !is_empty(&json[key])).map(|value| (key.to_string(), value)));
    }
    Some(Toml::Table(table))
}

fn picked(json: &Json, keys: &[&str]) -> Option<Table> {
    keys.iter().map(|key| Some((key.to_string(), toml(&json[*key])?))).collect()
}

/// A value as TOML has it; a whole number too large for it as text.
fn toml(json: &Json) -> Option<Toml> {
    match json {
        Json::Null => None,
        Json::Number(number) if number.is_u64() && number.as_i64().is_none() => Some(number.to_string().into()),
        _ => Toml::try_from(json).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameter::Kind;
    use super::super::spec::{Analysis, Spec};
    use super::super::spec_file::parse_spec;
    use super::*;
    use std::path::Path;

    #[test]
    fn specs_survive_the_manifest() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("analyses");
        let own = |kind, options: &[(&str, &str)]| {
            Spec::single(Analysis::from_options(kind, options.iter().copied()).unwrap().with_own_figure())
        };
        let mut specs = vec![
            own(Kind::Isolate, &[("seed", "18446744073709551615"), ("activity", "ar1:0.9,mean=0.5"), ("wn", "1,2")]),
            own(Kind::Train, &[("label-change", "every:7"), ("activation", "tanh,relu"), ("w-std", "he")]),
        ];
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            specs.push(parse_spec(&path, &std::fs::read_to_string(&path).unwrap()).unwrap());
        }
        for mut spec in specs {
            // Of what a figure shows, the manifest keeps the parameters in order of their names.
            spec.analyses.iter_mut().flat_map(|a| &mut a.figures).for_each(|figure| figure.only.sort());
            let text = spec_text(&spec.to_json()).unwrap();
            let back = parse_spec(Path::new("manifest.json"), &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
            let [back, spec] = [back, spec].map(|spec| spec.to_toml());
            let differs = back.lines().zip(spec.lines()).find(|(a, b)| a != b);
            assert_eq!(differs, None);
            assert_eq!(back.len(), spec.len());
        }
    }
}
