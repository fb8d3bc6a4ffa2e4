//! Every option and TOML key of an analysis: the parameters of its conditions, and its own.

use super::settings::Settings;
use crate::condition::{self, Condition, Kind};
use crate::text::{AnyParameter, Choice, Nature, Settings as _, Value, list, suggestion};
use std::sync::{Arc, LazyLock};

/// What a parameter belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// To a condition: can be swept.
    Condition,
    /// To an analysis as a whole.
    Analysis,
}

/// A parameter of a kind of analysis.
pub struct Listed {
    /// What it is called, and which values it takes.
    pub parameter: Arc<dyn AnyParameter>,
    /// What it belongs to.
    pub scope: Scope,
    /// Its default as command-line text.
    pub default: String,
}

impl Listed {
    /// Name of the option and of the TOML key.
    pub fn name(&self) -> &'static str {
        self.parameter.facts().name
    }

    /// Help line with what is expected; the default is left to the option parser.
    pub fn help_line(&self) -> String {
        format!("{}: {}", self.parameter.facts().help, self.parameter.expected())
    }

    /// Whether it is on or off.
    pub fn is_switch(&self) -> bool {
        self.parameter.nature() == Nature::Switch
    }
}

/// Parameters of one kind of analysis, in the order of help: those of the network or signals, how
/// often it is run, what is done with the network, and what is measured.
pub fn parameters(kind: Kind) -> &'static [Listed] {
    static ALL: LazyLock<Vec<Vec<Listed>>> = LazyLock::new(|| Kind::ALL.map(listed).into());
    let place = Kind::ALL.iter().position(|&other| other == kind);
    place.and_then(|place| ALL.get(place)).map_or(&[], Vec::as_slice)
}

fn listed(kind: Kind) -> Vec<Listed> {
    let of_scope =
        |parameters: Vec<Arc<dyn AnyParameter>>, values: Vec<(&'static str, Value)>, scope| {
            let listed = |parameter: Arc<dyn AnyParameter>| {
                let value = values.iter().find(|(name, _)| *name == parameter.facts().name);
                let default = value.map(|(_, value)| short(value)).unwrap_or_default();
                Listed { parameter, scope, default }
            };
            parameters.into_iter().map(listed).collect::<Vec<_>>()
        };
    let of_condition = condition::parameters(kind).to_vec();
    let shared =
        if kind.trains() { condition::parameters(Kind::Train).len() } else { of_condition.len() };
    let mut all = of_scope(
        of_condition,
        Condition::of(kind).values().into_iter().collect(),
        Scope::Condition,
    );
    let mut settings =
        of_scope(Settings::parameters_of(kind), Settings::of(kind).values(), Scope::Analysis);
    let measured = settings.split_off(2);
    all.splice(shared..shared, settings);
    all.extend(measured);
    all
}

/// Text of a value, a number in the shorter of its notations: `4e-4`, but `0.01`.
fn short(value: &Value) -> String {
    let text = value.to_text();
    let exponential = value.get::<f64>().map(|number| format!("{number:e}"));
    exponential.filter(|other| other.len() < text.len()).unwrap_or(text)
}

/// What to say of a name that is no parameter of this kind and scope.
pub fn unknown_parameter(name: &str, kind: Kind, scope: Scope) -> String {
    let find = |kind| parameters(kind).iter().find(|known| known.name() == name);
    match find(kind) {
        Some(known) if known.scope == Scope::Analysis => {
            format!("`{name}` holds for a whole analysis: write it under [[analysis]]")
        }
        Some(_) => {
            format!(
                "`{name}` is a parameter of a condition: write it under [analysis.base] or \
                 [analysis.sweep]"
            )
        }
        None => {
            let others = Kind::ALL.into_iter().filter(|&other| find(other).is_some());
            let others: Vec<String> = others.map(|other| format!("\"{}\"", other.name())).collect();
            if !others.is_empty() {
                let others = list(&others.iter().map(String::as_str).collect::<Vec<_>>());
                return format!(
                    "`{name}` is a parameter of kind {others}, not of \"{}\"",
                    kind.name()
                );
            }
            let here =
                parameters(kind).iter().filter(|known| known.scope == scope).map(Listed::name);
            let what = if scope == Scope::Condition { "parameter" } else { "key" };
            format!("unknown {what} `{name}` of kind \"{}\"{}", kind.name(), suggestion(name, here))
        }
    }
}

/// The parameter of this name, kind and scope.
pub(super) fn known(name: &str, kind: Kind, scope: Scope) -> Option<&'static Listed> {
    parameters(kind).iter().find(|known| known.name() == name && known.scope == scope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::RecordEvery;
    use serde_json::json;
    use std::collections::BTreeMap;
    use toml::de::DeValue;

    fn find(name: &str, kind: Kind) -> &'static dyn AnyParameter {
        &*parameters(kind).iter().find(|known| known.name() == name).unwrap().parameter
    }

    fn parse(name: &str, text: &str, kind: Kind) -> Result<Value, String> {
        find(name, kind).read(text)
    }

    #[test]
    fn every_default_is_valid_and_canonical_text_is_read_back() {
        for kind in Kind::ALL {
            let (of_condition, of_analysis) =
                (Condition::of(kind).values(), Settings::of(kind).values());
            let defaults: BTreeMap<_, _> = of_condition.into_iter().chain(of_analysis).collect();
            for known in parameters(kind) {
                let value = known.parameter.read(&known.default).unwrap();
                assert_eq!(value, defaults[known.name()], "{}", known.name());
                assert_eq!(
                    known.parameter.read(&value.to_text()).unwrap(),
                    value,
                    "{}",
                    known.name()
                );
                assert!(!known.help_line().is_empty());
            }
        }
    }

    /// Parameter, what is given, kind, and what is said of it.
    type Case<'a> = (&'a str, &'a str, Kind, &'a str);

    fn assert_refused(cases: &[Case<'_>]) {
        for (name, text, kind, expected) in cases {
            let error = parse(name, text, *kind).unwrap_err();
            assert!(error.contains(expected), "{error}\nshould contain\n{expected}");
        }
    }

    #[test]
    fn refusals_of_numbers_say_what_was_expected() {
        assert_refused(&[
            (
                "layers",
                "20,100",
                Kind::Isolate,
                "layers `20,100` has 2 sizes: expected at least 3, none zero",
            ),
            ("layers", "20", Kind::Isolate, "layers `20` has 1 size: expected"),
            (
                "layers",
                "20,0,20",
                Kind::Isolate,
                "layers `20,0,20` has a zero in place 2: a layer needs at least one unit",
            ),
            ("layers", "20,x,20", Kind::Isolate, "layers cannot be `20,x,20`: expected at least 3"),
            ("layers", "20,9999999,20", Kind::Isolate, "9999999 units are more than the 100000"),
            ("eta", "inf", Kind::Isolate, "eta cannot be `inf`: expected a finite number above 0"),
            ("eta", "nan", Kind::Train, "eta cannot be `nan`"),
            ("eta", "1e999", Kind::Train, "eta cannot be `1e999`"),
            ("eta", "0", Kind::Train, "eta cannot be `0`"),
            ("eta", "-1", Kind::Train, "eta cannot be `-1`"),
            (
                "batch",
                "0",
                Kind::Train,
                "batch cannot be `0`: expected a whole number from 1 to 1000000",
            ),
            ("batch", "1.5", Kind::Train, "batch cannot be `1.5`"),
            ("repeats", "0", Kind::Train, "repeats cannot be `0`"),
            (
                "report-at",
                "10,last",
                Kind::Isolate,
                "report-at cannot be `10,last`: expected iterations",
            ),
        ]);
    }

    #[test]
    fn refusals_of_words_say_what_was_expected() {
        assert_refused(&[
            (
                "schedule",
                "hled",
                Kind::Isolate,
                "unknown schedule `hled`: expected held, shared, white or free; did you mean \
                 `held`?",
            ),
            (
                "rule",
                "bp-twr",
                Kind::Train,
                "unknown rule `bp-twr`: expected bp, bp-trw, shallow, dfa, sign-uniform, \
                 sign-batch, sign-fixed, kolen-pollack, mirror:X, interpolated:X, correlated:X, \
                 sparse:X, orthogonal, low-rank:X, drtp or direct-kolen-pollack; did you mean \
                 `bp-trw`?",
            ),
            ("rule", "hebb", Kind::Train, "unknown rule `hebb`: expected bp, bp-trw, shallow, dfa"),
            (
                "code",
                "51-of-50",
                Kind::Train,
                "code cannot be `51-of-50`: expected one-hot, or N-of-M",
            ),
            ("bias", "yes", Kind::Train, "unknown bias `yes`: expected on, off or untrained"),
        ]);
    }

    #[test]
    fn aliases_and_spellings_have_one_canonical_form() {
        let json = |name, text, kind| parse(name, text, kind).unwrap().to_json();
        assert_eq!(json("rule", "fa", Kind::Train), "bp-trw");
        assert_eq!(parse("eta", "0.0004", Kind::Isolate), parse("eta", "4e-4", Kind::Isolate));
        assert_eq!(json("layers", " 20, 100 ,20", Kind::Isolate), json!([20, 100, 20]));
        assert_eq!(json("report-at", "500,100,500", Kind::Isolate), json!([100, 500]));
        assert_eq!(json("wn", "1,1", Kind::Train), 1.0);
    }

    #[test]
    fn toml_values_must_have_the_right_type() {
        let toml = |text: &'static str| DeValue::parse(text).unwrap().into_inner();
        let check =
            |name: &str, text: &'static str| find(name, Kind::Isolate).read_toml(&toml(text));
        let json = |name, text| check(name, text).unwrap().to_json();
        assert_eq!(json("layers", "[20, 1_00, 20]"), json!([20, 100, 20]));
        assert_eq!(json("layers", "\"20,100,20\""), json!([20, 100, 20]));
        assert_eq!(json("eta", "1"), 1.0);
        assert_eq!(json("batch", "0x10"), 16);
        assert_eq!(json("output-mask", "true"), "on");
        let record_every = check("record-every", "\"log:9\"").unwrap();
        assert_eq!(record_every.get(), Some(&RecordEvery::Log(9)));
        for (name, text) in [
            ("eta", "\"4e-4\""),
            ("batch", "1.0"),
            ("schedule", "1"),
            ("layers", "[20, \"a\"]"),
            ("eta", "[1]"),
        ] {
            let error = check(name, text).unwrap_err();
            assert!(error.contains("cannot be a TOML"), "{error}");
        }
        assert!(check("eta", "inf").unwrap_err().contains("eta cannot be `inf`"));
        assert!(check("quantities", "[]").unwrap_err().contains("cannot be empty"));
    }
}
