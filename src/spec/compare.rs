//! Which conditions are compared, as typed: `rule=bp,bp-trw`.

use crate::condition::{Kind, parameters};
use crate::text::{Refused, Setting, suggestion, toml_string};
use serde_json::Value as Json;
use toml::de::DeValue;

/// Two values of a parameter, whose conditions are compared repeat by repeat: the second minus the
/// first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The parameter.
    pub parameter: String,
    /// The value of the condition that is subtracted, as in tables.
    pub first: String,
    /// The value of the condition that it is subtracted from.
    pub second: String,
}

impl Comparison {
    /// Reads `rule=bp,bp-trw`, or `hidden=50 vs 50,50` where values have commas.
    fn read(text: &str, kind: Kind) -> Result<Self, Refused> {
        let refused = || Refused::form::<Vec<Self>>(text, &kind);
        let (name, values) = text.split_once('=').ok_or_else(refused)?;
        let halves = values
            .split_once(" vs ")
            .or_else(|| values.split_once(',').filter(|(_, b)| !b.contains(',')));
        let (first, second) = halves.ok_or_else(refused)?;
        let name = name.trim();
        let known = parameters(kind).iter().find(|parameter| parameter.facts().name == name);
        let Some(known) = known else {
            let near =
                suggestion(name, parameters(kind).iter().map(|parameter| parameter.facts().name));
            return Err(Refused::Message(format!("compare: unknown parameter `{name}`{near}")));
        };
        let canonical = |text: &str| known.read(text.trim()).map(|value| value.to_text());
        let value =
            |text: &str| canonical(text).map_err(|why| Refused::Message(format!("compare: {why}")));
        let (first, second) = (value(first)?, value(second)?);
        if first == second {
            return Err(Refused::Message(format!(
                "compare: `{text}` names one condition twice: give two values of {name}"
            )));
        }
        Ok(Self { parameter: name.into(), first, second })
    }

    /// The text that is read back.
    fn text(&self) -> String {
        format!("{}={} vs {}", self.parameter, self.first, self.second)
    }
}

impl Setting for Vec<Comparison> {
    type Bounds = Kind;

    fn expected(_: &Kind) -> String {
        "a parameter and two of its values, rule=bp,bp-trw, or hidden=50 vs 50,50 where values \
         have commas; several with ; between them"
            .into()
    }

    fn read(text: &str, kind: &Kind) -> Result<Self, Refused> {
        let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| Comparison::read(part, *kind)).collect()
    }

    fn toml_text(value: &DeValue<'_>, _: &Kind) -> Option<String> {
        let listed = value.as_array().map(|items| {
            items
                .iter()
                .map(|item| toml_string(item.get_ref()))
                .collect::<Option<Vec<_>>>()
                .map(|texts| texts.join(";"))
        });
        listed.unwrap_or_else(|| toml_string(value))
    }

    fn json(&self, _: &Kind) -> Json {
        self.iter().map(Comparison::text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String, String)>, String> {
        let found =
            Vec::<Comparison>::read(text, &Kind::Train).map_err(|refused| refused.of("compare"))?;
        Ok(found
            .into_iter()
            .map(|comparison| (comparison.parameter, comparison.first, comparison.second))
            .collect())
    }

    #[test]
    fn comparisons_are_read_with_values_as_tables_have_them() {
        let comparison = |name: &str, first: &str, second: &str| {
            (name.to_string(), first.to_string(), second.to_string())
        };
        assert_eq!(read("rule=bp,fa").unwrap(), [comparison("rule", "bp", "bp-trw")]);
        let both = read("hidden=50 vs 50,50; eta = 0.10 , 1e-3").unwrap();
        assert_eq!(both, [comparison("hidden", "50", "50,50"), comparison("eta", "0.1", "0.001")]);
        assert!(read("").unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        for (text, said) in [
            ("rule", "compare cannot be `rule`: expected a parameter and two of its values"),
            ("rule=bp", "compare cannot be `rule=bp`"),
            ("rul=bp,fa", "unknown parameter `rul`; did you mean `rule`?"),
            ("rule=bp,bqp", "compare: unknown rule `bqp`"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.contains(said), "{message}\nshould contain\n{said}");
        }
    }
}
