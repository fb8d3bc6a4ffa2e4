//! Short names of conditions, for curves and tables.

use super::point::Condition;
use crate::rule::Rule;
use crate::signal::Surrogate;

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
        "drop-last" => format!("{} short last batch", if value == "on" { "no" } else { "with" }),
        "normalize-b" => {
            if value == "on" {
                "B of norm 1".into()
            } else {
                String::new()
            }
        }
        "b-mean" if value == "0" => String::new(),
        "b-mean" => format!("B of mean {value}"),
        "b-scale" if value == "1" => String::new(),
        "b-scale" => format!("B × {value}"),
        "data" => condition.train().and_then(|train| train.data.title()).map_or(value, str::to_string),
        "order" => match value.as_str() {
            "fixed" => "stored order".into(),
            "once" => "shuffled once".into(),
            _ => "shuffled every epoch".into(),
        },
        "surrogate" => Surrogate::parse(&value).map_or("as recorded", Surrogate::title).into(),
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
        "wrong-labels" if value == "0" => "true labels".into(),
        "wrong-labels" => format!("{} % of labels redrawn", short_number(&value, 100.0)),
        "label-change" => label_change(&value),
        "label-smoothing" if value == "0" => "no smoothing".into(),
        "label-smoothing" => format!("smoothing {value}"),
        "hidden" => hidden(&value),
        "activity" => format!("X {value}"),
        "error" => format!("E {value}"),
        "layers" => value.replace(',', "-"),
        _ if speaks(&value) && !matches!(value.as_str(), "on" | "off") => value,
        _ => format!("{name} {value}"),
    });
    parts.filter(|part: &String| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// When labels change: never, every so many epochs, or at some.
fn label_change(text: &str) -> String {
    match (text, text.strip_prefix("every:")) {
        ("off", _) => "no label change".into(),
        (_, Some(epochs)) => format!("labels change every {epochs} epochs"),
        (_, None) if text.contains(',') => format!("labels change at epochs {}", text.replace(',', ", ")),
        (_, None) => format!("labels change at epoch {text}"),
    }
}

/// Hidden layers by number and size, or by their sizes where these differ.
fn hidden(text: &str) -> String {
    let sizes: Vec<&str> = text.split(',').map(str::trim).collect();
    match sizes[..] {
        [size] => format!("1 hidden layer of {size}"),
        [first, ..] if sizes.iter().all(|size| *size == first) => format!("{} hidden layers of {first}", sizes.len()),
        _ => format!("hidden layers of {}", sizes.join("-")),
    }
}

/// A number times `factor`, without the rounding of binary fractions.
fn short_number(text: &str, factor: f64) -> String {
    text.parse::<f64>().map_or_else(|_| text.into(), |value| format!("{}", (value * factor * 1e9).round() / 1e9))
}

#[cfg(test)]
mod tests {
    use super::super::kind::Kind;
    use super::*;
    use crate::spec::Analysis;

    #[test]
    fn values_speak_for_themselves_where_they_can() {
        let options = [("rule", "fa"), ("wn", "1"), ("normalize-b", "on"), ("wrong-labels", "0.8"), ("hidden", "9,9")];
        let analysis = Analysis::from_options(Kind::Train, options).unwrap();
        let names = ["rule", "wn", "normalize-b", "b-scale", "wrong-labels", "hidden", "eta", "bias", "data"];
        assert_eq!(
            label(&analysis.conditions[0], &names),
            "BP-TRW, WN(1), B of norm 1, 80 % of labels redrawn, 2 hidden layers of 9, eta 0.01, bias on, digits"
        );
    }

    #[test]
    fn names_are_words() {
        let words = |kind, name, value| {
            let analysis = Analysis::from_options(kind, [(name, value)]).unwrap();
            label(&analysis.conditions[0], &[name])
        };
        for (name, value, expected) in [
            ("data", "digits", "digits"),
            ("order", "fixed", "stored order"),
            ("order", "once", "shuffled once"),
            ("order", "each-epoch", "shuffled every epoch"),
            ("label-change", "off", "no label change"),
            ("label-change", "10", "labels change at epoch 10"),
            ("label-change", "5,10", "labels change at epochs 5, 10"),
            ("label-change", "every:5", "labels change every 5 epochs"),
            ("wrong-labels", "0", "true labels"),
            ("wrong-labels", "0.29", "29 % of labels redrawn"),
            ("hidden", "9", "1 hidden layer of 9"),
            ("hidden", "9,8", "hidden layers of 9-8"),
        ] {
            assert_eq!(words(Kind::Train, name, value), expected);
        }
        assert_eq!(words(Kind::Replay, "surrogate", "none"), "as recorded");
        assert_eq!(words(Kind::Replay, "surrogate", "samples:fixed"), "error rows shuffled once");
        let titles = Surrogate::ALL.map(Surrogate::title);
        assert!((1..titles.len()).all(|i| !titles[..i].contains(&titles[i])));
    }
}
