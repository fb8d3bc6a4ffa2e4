//! Specs written out as TOML with every value in it: what a run directory keeps, so that it can be
//! read by itself.

use super::analysis::{Analysis, Spec};
use super::claim::FamilySize;
use super::settings::Settings;
use crate::condition::{Condition, IsolateCondition, Kind, TrainCondition, Values};
use crate::signal::Pair;
use crate::text::{Choice, Settings as _, json_text};
use serde_json::Value as Json;
use std::fmt::Write as _;
use toml::Value as Toml;

impl Spec {
    /// The spec as TOML: read back, it is the same.
    pub fn to_toml(&self) -> String {
        let mut out = String::from("# Every value of this run, defaults written out.\n");
        line(&mut out, "name", text(&self.name));
        line(&mut out, "title", text(&self.title));
        for analysis in &self.analyses {
            out.push_str("\n[[analysis]]\n");
            analysis.write(&mut out);
        }
        out + &self.claims_to_toml()
    }
}

impl Spec {
    /// Families and claims, each with all that it refers to.
    pub(super) fn claims_to_toml(&self) -> String {
        let mut table = toml::Table::new();
        if !self.families.is_empty() {
            let whole = |size: usize| Toml::Integer(i64::try_from(size).unwrap_or(i64::MAX));
            let sizes = |size: &FamilySize| {
                let sizes =
                    [("before", whole(size.before)), ("exploratory", whole(size.exploratory))];
                Toml::Table(
                    sizes.map(|(name, size)| (name.to_string(), size)).into_iter().collect(),
                )
            };
            let families = self
                .families
                .iter()
                .map(|(document, size)| (document.clone(), sizes(size)))
                .collect();
            table.insert("families".into(), Toml::Table(families));
        }
        if !self.claims.is_empty() {
            let claims = self.claims.iter().map(|claim| Toml::Table(claim.to_toml())).collect();
            table.insert("claim".into(), Toml::Array(claims));
        }
        let text = toml::to_string(&table).unwrap_or_default();
        if text.is_empty() { text } else { format!("\n{text}") }
    }
}

impl Analysis {
    fn write(&self, out: &mut String) {
        line(out, "name", text(&self.name));
        line(out, "title", text(&self.title));
        line(out, "kind", text(self.kind.name()));
        for (name, value) in self.settings.values() {
            let nothing = [
                (Settings::LAGS.name(), self.settings.lags.is_empty()),
                (Settings::WINDOW.name(), self.settings.window.is_none()),
                (Settings::COMPARE.name(), self.settings.compare.is_empty()),
                (Settings::SEED.name(), self.kind == Kind::Recorded),
                (Settings::PREDICT.name(), self.kind == Kind::Recorded),
            ];
            if !nothing.contains(&(name, true)) {
                line(out, name, toml(&value.to_json()));
            }
        }
        let parameters = |condition: &Condition| written(condition, &self.axes);
        if let Some(first) = self.conditions.first() {
            out.push_str("\n[analysis.base]\n");
            for (name, value) in
                parameters(first).iter().filter(|(name, _)| !self.axes.contains(name))
            {
                line(out, name, toml(&value.to_json()));
            }
        }
        for condition in self.conditions.iter().filter(|_| !self.axes.is_empty()) {
            out.push_str("\n[[analysis.conditions]]\n");
            let values = parameters(condition);
            for name in &self.axes {
                line(out, name, values.get(name).map_or(text(""), |value| toml(&value.to_json())));
            }
        }
        for figure in &self.figures {
            out.push_str("\n[[analysis.figure]]\n");
            figure.to_toml().for_each(|(key, value)| line(out, key, value));
        }
    }
}

/// Values of a condition as they are typed: a data set by its path, and either a schedule or the
/// signals it stands for.
fn written(condition: &Condition, axes: &[&str]) -> Values {
    let (mut values, told) = (condition.values(), condition.told());
    values.retain(|name, _| told.contains_key(name) || axes.contains(name));
    let (schedule, signals) = (
        IsolateCondition::SCHEDULE.name(),
        [Pair::ACTIVITY.name(), Pair::ERROR.name(), Pair::CROSS.name()],
    );
    let derived: &[&str] = if axes.contains(&schedule) { &signals } else { &[schedule] };
    values.retain(|name, _| !derived.contains(name) || axes.contains(name));
    if let Some(train) = condition.train() {
        values.insert(TrainCondition::DATA.name(), TrainCondition::DATA.value(&train.data));
    }
    values
}

fn line(out: &mut String, key: &str, value: Toml) {
    let _ = writeln!(out, "{key} = {value}");
}

/// A JSON value of a parameter in TOML; a whole number as text where TOML has none that large.
pub(super) fn toml(value: &Json) -> Toml {
    match value {
        Json::Array(items) => Toml::Array(items.iter().map(toml).collect()),
        Json::Number(number) if number.is_f64() => Toml::Float(number.as_f64().unwrap_or_default()),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| text(&number.to_string()), Toml::Integer)
        }
        other => text(&json_text(other)),
    }
}

fn text(text: &str) -> Toml {
    Toml::String(text.into())
}

#[cfg(test)]
mod tests {
    use super::super::file::parse_spec;
    use super::*;
    use crate::run::Plan;
    use std::path::Path;

    fn assert_same_jobs(back: Spec, spec: Spec) {
        let [back, plan] = [back, spec].map(|spec| Plan::new(vec![spec]).unwrap());
        assert_eq!(back.addresses, plan.addresses);
        assert_eq!(back.address(), plan.address());
    }

    #[test]
    fn specs_are_read_back_the_same() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("analyses");
        let mut checked = 0;
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let spec = parse_spec(&path, &std::fs::read_to_string(&path).unwrap()).unwrap();
            let written = spec.to_toml();
            let back = parse_spec(&path, &written)
                .unwrap_or_else(|e| panic!("{}: {e}\n{written}", path.display()));
            assert_eq!(back, spec, "{}", path.display());
            assert_same_jobs(back, spec);
            checked += 1;
        }
        assert!(checked > 5);
    }

    #[test]
    fn requests_of_the_command_line_are_specs_too() {
        for (kind, options) in [
            (
                Kind::Isolate,
                &[
                    ("activity", "ar1:0.9,mean=0.5"),
                    ("seed", "18446744073709551615"),
                    ("cross", "0.5@lag=2"),
                ][..],
            ),
            (
                Kind::Train,
                &[
                    ("wn", "1,2"),
                    ("activation", "tanh,relu"),
                    ("label-change", "every:7"),
                    ("w-std", "he"),
                ],
            ),
            (Kind::Sample, &[("draw", "composition"), ("quantities", "composed_angle")]),
            (
                Kind::Replay,
                &[("surrogate", "signs:each"), ("replay-updates", "12"), ("bias", "off")],
            ),
            (Kind::Plane, &[("pair", "wn"), ("reach", "1e-7"), ("mesh", "7")]),
            (
                Kind::Isolate,
                &[("activity", "ou:log:5ms..20ms:3"), ("error", "ou:lin:9..19:3"), ("dt", "1ms")],
            ),
            (Kind::Isolate, &[("hold", "lin:1ms..3ms:3"), ("dt", "0.001s")]),
            (Kind::Sample, &[("activity", "ou:lin:1..3:3")]),
            (
                Kind::Recurrent,
                &[("activity", "ou:log:5ms..20ms:3"), ("tau", "10ms"), ("dt", "1ms")],
            ),
            (
                Kind::Recurrent,
                &[("task", "recall"), ("credit", "bp-trw"), ("length", "30"), ("outputs", "own")],
            ),
            (
                Kind::Isolate,
                &[
                    ("quantities", "terms"),
                    ("lags", "1-8,30"),
                    ("window", "64"),
                    ("predict", "off"),
                ],
            ),
        ] {
            let analysis =
                Analysis::from_options(kind, options.iter().copied()).unwrap().with_own_figure();
            let spec = Spec::single(analysis);
            let back = parse_spec(Path::new("own.toml"), &spec.to_toml())
                .unwrap_or_else(|e| panic!("{e}\n{}", spec.to_toml()));
            assert_eq!(back, spec);
            assert_same_jobs(back, spec);
        }
    }
}
