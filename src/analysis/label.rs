//! Short names of conditions, for curves and tables.

use super::condition::Condition;
use crate::rule::Rule;

/// What tells a condition apart from others: the values of `names`, with the names where a value does not speak for
/// itself.
pub fn label(condition: &Condition, names: &[&str]) -> String {
    let speaks = |value: &str| value.chars().next().is_some_and(char::is_alphabetic);
    let values = condition.values();
    let shown = names.iter().filter_map(|&name| Some((name, values.get(name)?.to_text())));
    let parts = shown.map(|(name, value)| match name {
        "wn" if value == "off" => "no WN".into(),
        "wn" => format!("WN({value})"),
        "rule" => Rule::parse(&value).map_or(value, Rule::label),
        "normalize-b" => {
            if value == "on" {
                "B of norm 1".into()
            } else {
                String::new()
            }
        }
        "b-scale" if value == "1" => String::new(),
        "b-scale" => format!("B × {value}"),
        "surrogate" if value == "none" => "as recorded".into(),
        "layer" => format!("layer {value}"),
        "pair" if value == "bp" => "and BP".into(),
        "pair" => "and WN".into(),
        "replay-weights" => {
            if value == "own" {
                "own weights".into()
            } else {
                String::new()
            }
        }
        "replay-activation" => {
            if value == "own" {
                String::new()
            } else {
                format!("{value} replay")
            }
        }
        "wrong-labels" => format!("{} % wrong labels", short_number(&value, 100.0)),
        "label-smoothing" if value == "0" => "no smoothing".into(),
        "label-smoothing" => format!("smoothing {value}"),
        "hidden" => match value.split(',').count() {
            1 => "1 hidden layer".into(),
            layers => format!("{layers} hidden layers"),
        },
        "activity" => format!("X {value}"),
        "error" => format!("E {value}"),
        "layers" => value.replace(',', "-"),
        _ if speaks(&value) && !matches!(value.as_str(), "on" | "off") => value,
        _ => format!("{name} {value}"),
    });
    parts.filter(|part: &String| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// A number times `factor`, without the rounding of binary fractions.
fn short_number(text: &str, factor: f64) -> String {
    text.parse::<f64>().map_or_else(|_| text.into(), |value| format!("{}", (value * factor * 1e9).round() / 1e9))
}

#[cfg(test)]
mod tests {
    use super::super::parameter::Kind;
    use super::super::spec::Analysis;
    use super::*;

    #[test]
    fn values_speak_for_themselves_where_they_can() {
        let options = [("rule", "fa"), ("wn", "1"), ("normalize-b", "on"), ("wrong-labels", "0.8"), ("hidden", "9,9")];
        let analysis = Analysis::from_options(Kind::Train, options).unwrap();
        let names = ["rule", "wn", "normalize-b", "b-scale", "wrong-labels", "hidden", "eta", "bias", "data"];
        assert_eq!(
            label(&analysis.conditions[0], &names),
            "BP-TRW, WN(1), B of norm 1, 80 % wrong labels, 2 hidden layers, eta 0.01, bias on, digits"
        );
    }
}
