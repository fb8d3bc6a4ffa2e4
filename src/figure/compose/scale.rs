//! Numbers that stand for the values of a parameter, on axes and in colours.

use super::{distinct, text};
use crate::condition::{Condition, parameters};
use crate::figure::{Axis, Hue};
use crate::network::Setup;
use crate::signal::Form;
use crate::text::Span;
use std::collections::BTreeSet;

/// Axes whose values span this factor are logarithmic.
const WIDE: f64 = 20.0;
/// Fewest numbers in order that take the colours of a ramp.
const FEWEST: usize = 3;

/// A parameter as a scale of numbers.
#[derive(Clone, Copy)]
pub(super) struct Scale<'a> {
    conditions: &'a [Condition],
    name: &'a str,
    /// Hidden layers are as many everywhere, so that their size is what differs.
    of_widths: bool,
}

impl<'a> Scale<'a> {
    /// Of the parameter `name` of `conditions`.
    pub(super) fn new(conditions: &'a [Condition], name: &'a str) -> Self {
        let depths =
            conditions.iter().filter_map(|condition| Some(condition.train()?.setup.hidden.len()));
        let of_widths = name == Setup::HIDDEN.name() && depths.collect::<BTreeSet<_>>().len() == 1;
        Self { conditions, name, of_widths }
    }

    /// The number that stands for the value of a condition: itself, or the coefficient of a form;
    /// of hidden layers, how many, or the units of the first where they are as many everywhere.
    pub(super) fn coordinate(self, condition: &Condition) -> Option<f64> {
        if self.of_widths {
            return condition.train()?.setup.hidden.first().map(|&units| units as f64);
        }
        condition.values().get(self.name)?.coordinate()
    }

    /// Its axis: logarithmic where values are positive and far apart, with ticks at the values, as
    /// there are few powers of ten among them.
    pub(super) fn axis(self) -> Axis {
        let mut values: Vec<f64> =
            self.conditions.iter().filter_map(|c| self.coordinate(c)).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let log = matches!(values[..], [low, .., high] if low > 0.0 && high >= WIDE * low);
        let names =
            values.iter().filter(|_| log).map(|value| (*value, value.to_string())).collect();
        Axis { log, names, ..Axis::new(self.label()) }
    }

    /// How its axis is called. Times say in what they are; of signals, what their time is.
    pub(super) fn label(self) -> String {
        if self.of_widths {
            return "units per hidden layer".into();
        }
        let all = self.conditions.first().map_or(&[][..], |condition| parameters(condition.kind()));
        let known = all.iter().find(|parameter| parameter.facts().name == self.name);
        let name = known.map_or(self.name, |parameter| parameter.facts().axis);
        let (mut spans, mut times) = (BTreeSet::new(), BTreeSet::new());
        for value in
            self.conditions.iter().filter_map(|condition| condition.values().remove(self.name))
        {
            let span = value.get::<Span>().copied().or_else(|| *value.get::<Option<Span>>()?);
            spans.extend(span.map(|span| span.on_axis().1));
            times.insert(value.get::<Form>().and_then(Form::time));
        }
        let (spans, times) = (Vec::from_iter(spans), Vec::from_iter(times));
        match (&spans[..], &times[..]) {
            ([unit], _) => format!("{name} ({unit})"),
            (_, [Some((time, unit))]) => {
                format!("{} ({unit})", name.replacen("autocorrelation", time, 1))
            }
            _ => name.into(),
        }
    }

    /// How many values the parameter has, if these are several numbers that ascend or descend.
    fn steps(self) -> Option<usize> {
        let texts = distinct(self.conditions.iter().map(|condition| text(condition, self.name)));
        let first = |value: &String| {
            self.conditions.iter().find(|condition| text(condition, self.name) == *value)
        };
        let values: Vec<f64> =
            texts.iter().map(|value| self.coordinate(first(value)?)).collect::<Option<_>>()?;
        let ascends = values.windows(2).all(|pair| pair[0] < pair[1]);
        let descends = values.windows(2).all(|pair| pair[0] > pair[1]);
        (values.len() >= FEWEST && (ascends || descends)).then_some(values.len())
    }
}

/// Colours by place among the values of what tells curves apart: those of a ramp where this is one
/// parameter with numbers in order.
pub(super) fn hues(conditions: &[Condition], names: &[&str]) -> impl Fn(usize) -> Hue + use<> {
    let steps = match names {
        [name] => Scale::new(conditions, name).steps(),
        _ => None,
    };
    move |place| steps.map_or(Hue::Palette(place), |count| Hue::Ramp { place, count })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::Kind;
    use crate::spec::Analysis;

    fn conditions(kind: Kind, name: &str, values: &[&str]) -> Vec<Condition> {
        let condition = |value: &&str| {
            Analysis::from_options(kind, [(name, *value)]).unwrap().conditions.remove(0)
        };
        values.iter().map(condition).collect()
    }

    #[test]
    fn three_numbers_in_order_take_a_ramp_and_nothing_else_does() {
        let hue = |kind, name, values: &[&str]| hues(&conditions(kind, name, values), &[name])(1);
        let ramp = Hue::Ramp { place: 1, count: 3 };
        for (kind, name, values) in [
            (Kind::Isolate, "error", ["white", "ar1:0.5", "held"]),
            (Kind::Train, "eta", ["0.1", "0.01", "0.001"]),
            (Kind::Train, "hidden", ["5", "5,5", "5,5,5"]),
            (Kind::Train, "hidden", ["5,5", "10,10", "20,20"]),
        ] {
            assert_eq!(hue(kind, name, &values), ramp, "{name}");
        }
        assert_eq!(hue(Kind::Train, "eta", &["0.1", "0.01"]), Hue::Palette(1));
        assert_eq!(hue(Kind::Train, "eta", &["0.1", "0.001", "0.01"]), Hue::Palette(1));
        assert_eq!(hue(Kind::Train, "wn", &["off", "1", "2"]), Hue::Palette(1));
        assert_eq!(hue(Kind::Train, "rule", &["bp", "bp-trw", "shallow"]), Hue::Palette(1));
        let etas = conditions(Kind::Train, "eta", &["0.1", "0.2", "0.3"]);
        assert_eq!(hues(&etas, &["eta", "rule"])(1), Hue::Palette(1));
    }

    #[test]
    fn axes_of_times_say_what_they_are_and_in_what() {
        let axis = |options: &[(&str, &str)], name| {
            let analysis = Analysis::from_options(Kind::Isolate, options.iter().copied()).unwrap();
            let axis = Scale::new(&analysis.conditions, name).axis();
            (axis.label, axis.log, axis.names.first().map(|(_, text)| text.clone()))
        };
        let of_form = axis(&[("activity", "ou:log:5ms..320ms:3"), ("dt", "0.5ms")], "activity");
        assert_eq!(of_form, ("time constant of the activity (ms)".into(), true, Some("5".into())));
        let of_iterations = axis(&[("error", "osc:lin:5..9:3,20")], "error");
        assert_eq!(of_iterations, ("period of the error (iterations)".into(), false, None));
        let of_span = axis(&[("hold", "log:1..64:3"), ("dt", "2ms")], "hold");
        assert_eq!(of_span, ("stimulus duration (ms)".into(), true, Some("2".into())));
        let mixed = conditions(Kind::Isolate, "error", &["white", "ou:5", "held:3"]);
        assert_eq!(Scale::new(&mixed, "error").label(), "autocorrelation of the error");
    }

    #[test]
    fn axes_are_logarithmic_where_values_are_far_apart_and_named_after_what_differs() {
        let axis =
            |name, values: &[&str]| Scale::new(&conditions(Kind::Train, name, values), name).axis();
        let batch = axis("batch", &["50", "200", "1000"]);
        assert_eq!((batch.label.as_str(), batch.log), ("batch size", true));
        assert_eq!(
            batch.names,
            [(50.0, "50".to_string()), (200.0, "200".to_string()), (1000.0, "1000".to_string())]
        );
        assert!(
            !axis("batch", &["50", "999"]).log && !axis("wrong-labels", &["0", "0.01", "1"]).log
        );
        let widths =
            Scale::new(&conditions(Kind::Train, "hidden", &["10,20", "300,20"]), "hidden").axis();
        assert_eq!(
            (widths.label.as_str(), widths.log, widths.names.len()),
            ("units per hidden layer", true, 2)
        );
        assert_eq!(axis("hidden", &["10", "10,10"]).label, "hidden layers");
    }
}
