//! How the values of figure keys are read and checked.

use super::kinds::{Across, FigureKind};
use super::values::{Colours, Conditions, Names, Panels, Spread, XAxis};
use crate::condition::{Condition, Kind, SampleCondition};
use crate::quantity::Quantity;
use crate::spec::node::{Node, Problems, file_name, text, texts};
use crate::spec::parameters::{Listed, Scope, known, unknown_parameter};
use crate::spec::settings::Settings;
use crate::text::{Choice, Value, canonical, list, suggestion};
use std::borrow::Cow;
use std::collections::BTreeSet;
use toml::Spanned;
use toml::de::DeValue;

/// What a figure is of: what is known of an analysis without its figures.
pub struct Subject<'a> {
    /// What runs.
    pub kind: Kind,
    /// What is measured.
    pub quantities: Vec<Quantity>,
    /// Lags at which it is measured.
    pub lags: &'a [usize],
    /// Iterations that are reported.
    pub report_at: &'a [usize],
    /// Distinct conditions.
    pub conditions: &'a [Condition],
    /// Names of the parameters that vary.
    pub axes: &'a [&'static str],
}

/// A figure that is being read: what its keys are checked against. A method that reads a key says
/// what is wrong and gives nothing where the value is of no use.
pub(super) struct FigureReading<'a> {
    subject: &'a Subject<'a>,
    /// Of the figure, as far as it has been read.
    pub kind: FigureKind,
    /// Likewise.
    pub quantities: Vec<Quantity>,
    problems: &'a mut Problems,
}

/// Names in quotes.
fn quoted(names: &[&'static str]) -> Vec<String> {
    names.iter().map(|name| format!("\"{name}\"")).collect()
}

/// `"a", "b" or "c"`.
fn quoted_list(names: &[&'static str]) -> String {
    list(&quoted(names).iter().map(String::as_str).collect::<Vec<_>>())
}

/// Names of the kinds that take a key.
fn takers(key: &str) -> String {
    quoted_list(&FigureKind::names(|facts| facts.keys.contains(&key)))
}

/// The kinds, for the help of the option.
pub(super) fn help_of_kinds() -> String {
    let [others, of_draws] =
        [false, true].map(|draws| list(&FigureKind::names(|facts| facts.is_of_draws == draws)));
    format!("{others}; of draws: {of_draws} [default: {}]", FigureKind::Curves.name())
}

/// What a figure of a plane draws.
const PLANE: [Quantity; 3] = [Quantity::PlaneLoss, Quantity::PlaneFirst, Quantity::PlaneSecond];

/// A number, whole or not.
fn number(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(n) => n.as_str().parse().ok(),
        DeValue::Float(n) => n.as_str().parse().ok(),
        _ => None,
    }
}

impl<'a> FigureReading<'a> {
    /// Of a figure that has said nothing yet.
    pub fn new(subject: &'a Subject<'a>, problems: &'a mut Problems) -> Self {
        Self { subject, kind: FigureKind::Curves, quantities: subject.quantities.clone(), problems }
    }

    /// Adds a problem with a node.
    fn refuse<T>(&mut self, node: Node<'_>, message: impl Into<String>) -> Option<T> {
        self.problems.add(node.span(), message.into());
        None
    }

    /// A parameter of conditions.
    fn known(&self, name: &str) -> Option<&'static Listed> {
        known(name, self.subject.kind, Scope::Condition)
    }

    /// What is said of a name that is no parameter of conditions.
    fn unknown(&self, name: &str) -> String {
        unknown_parameter(name, self.subject.kind, Scope::Condition)
    }

    pub fn name(&mut self, node: Node<'_>) -> Option<String> {
        file_name(node, self.problems)
    }

    pub fn text(&mut self, node: Node<'_>) -> Option<String> {
        Some(text(Some(node), self.problems))
    }

    pub fn kind(&mut self, node: Node<'_>) -> Option<FigureKind> {
        let name = canonical::<FigureKind>("kind", node.get_ref().as_str().unwrap_or_default());
        let kind = match name {
            Ok(name) => FigureKind::named(name).unwrap_or(self.kind),
            Err(message) => {
                self.problems.add(node.span(), message);
                self.kind
            }
        };
        if kind.facts().is_of_draws != (self.subject.kind == Kind::Sample) {
            let (figure, analysis) = (kind.name(), self.subject.kind.name());
            self.problems.add(
                node.span(),
                format!(
                    "a figure of kind \"{figure}\" cannot show an analysis of kind \"{analysis}\""
                ),
            );
        }
        Some(kind)
    }

    /// Quantities, each of them measured.
    pub fn quantities(&mut self, node: Node<'_>) -> Option<Vec<Quantity>> {
        let mut quantities = Vec::new();
        for (at, name) in texts(node, "quantities", self.problems) {
            match Quantity::parse(name, self.subject.kind) {
                Ok(quantity) if self.subject.quantities.contains(&quantity) => {
                    quantities.push(quantity)
                }
                Ok(_) => {
                    let message = format!(
                        "`{name}` is not measured here: add it to the quantities of the analysis"
                    );
                    self.problems.add(at, message);
                }
                Err(message) => self.problems.add(at, message),
            }
        }
        Some(quantities)
    }

    /// Time or a parameter that varies, as the kind has it.
    pub fn axis(&mut self, node: Node<'_>) -> Option<XAxis> {
        match self.kind.facts().across {
            Across::Fixed(axis) => {
                return self.refuse(
                    node,
                    format!("this figure has the {axis} on its horizontal axis: leave x out"),
                );
            }
            Across::Parameter => return self.varying(node).map(XAxis::Parameter),
            Across::Time | Across::Whatever => {}
        }
        match node.get_ref().as_str() {
            Some("iteration") => Some(XAxis::Iteration),
            Some("epoch") if self.subject.kind == Kind::Train => Some(XAxis::Epoch),
            Some("epoch") => {
                self.refuse(node, "only networks on data have epochs: expected x = \"iteration\"")
            }
            other => {
                let text = other.unwrap_or_default();
                let near = suggestion(text, ["iteration", "epoch"]);
                self.refuse(node, format!("unknown x `{text}`: expected iteration or epoch{near}"))
            }
        }
    }

    /// The horizontal axis of a figure that says `x`, or nothing, of it.
    pub fn axis_of_kind(&self, x: XAxis) -> XAxis {
        match (self.kind.facts().across, x) {
            (Across::Time, XAxis::OfKind) => XAxis::Iteration,
            (Across::Fixed(_) | Across::Whatever, XAxis::Iteration) => XAxis::OfKind,
            (_, x) => x,
        }
    }

    /// A parameter that varies.
    pub fn varying(&mut self, node: Node<'_>) -> Option<&'static str> {
        let axes = self.subject.axes;
        let text = node.get_ref().as_str().unwrap_or_default();
        axes.iter().find(|axis| **axis == text).copied().or_else(|| {
            let near = suggestion(text, axes.iter().copied());
            let message =
                format!("`{text}` does not vary in this analysis: expected {}{near}", list(axes));
            self.refuse(node, message)
        })
    }

    /// Parameters of conditions, for the key `what`.
    pub fn parameters(&mut self, node: Node<'_>, what: &str) -> Option<Vec<&'static str>> {
        let mut names = Vec::new();
        for (at, name) in texts(node, what, self.problems) {
            match self.known(name) {
                Some(known) => names.push(known.name()),
                None => self.problems.add(at, self.unknown(name)),
            }
        }
        Some(names)
    }

    /// One of the names of a choice, for the key `what`.
    pub fn choice<C: Choice>(&mut self, node: Node<'_>, what: &str) -> Option<C> {
        match canonical::<C>(what, node.get_ref().as_str().unwrap_or_default()) {
            Ok(name) => C::named(name),
            Err(message) => self.refuse(node, message),
        }
    }

    /// Shades and whiskers of a figure over repeats.
    pub fn spread(&mut self, node: Node<'_>) -> Option<Spread> {
        if self.kind.takes("spread") {
            return self.choice(node, "spread");
        }
        self.refuse(
            node,
            format!("spread is of a figure of kind {}: leave it out", takers("spread")),
        )
    }

    pub fn repeats(&mut self, node: Node<'_>) -> Option<bool> {
        if self.kind.takes("repeats") {
            return self.truth(node, "repeats");
        }
        self.refuse(
            node,
            format!("repeats are drawn in a figure of kind {}: leave it out", takers("repeats")),
        )
    }

    pub fn colours(&mut self, node: Node<'_>) -> Option<Colours> {
        if self.kind.takes("colours") {
            return self.choice(node, "colours");
        }
        self.refuse(
            node,
            format!("colours are those of a figure of kind {}: leave them out", takers("colours")),
        )
    }

    /// Texts between quotes, or numbers, for the key `what`.
    pub fn texts(&mut self, node: Node<'_>, what: &str) -> Option<Vec<String>> {
        let one = |value: &DeValue<'_>| match value {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(n) => Some(n.as_str().to_string()),
            _ => None,
        };
        let items = node.get_ref().as_array();
        let texts: Option<Vec<String>> =
            items.and_then(|items| items.iter().map(|item| one(item.get_ref())).collect());
        texts.filter(|texts| !texts.is_empty()).or_else(|| {
            self.refuse(
                node,
                format!("{what} must be a list of texts, such as {what} = [\"held\", \"white\"]"),
            )
        })
    }

    /// Other words: `names = { held = "held signals" }`.
    pub fn names(&mut self, node: Node<'_>) -> Option<Names> {
        let table = node.get_ref().as_table();
        let pair = |(old, new): (&Spanned<Cow<'_, str>>, Node<'_>)| {
            Some((old.get_ref().to_string(), new.get_ref().as_str()?.to_string()))
        };
        let all: Option<Vec<(String, String)>> =
            table.and_then(|table| table.iter().map(pair).collect());
        all.map(Names).or_else(|| {
            self.refuse(
                node,
                "names must be a table of texts, such as names = { held = \"held signals\" }",
            )
        })
    }

    pub fn truth(&mut self, node: Node<'_>, what: &str) -> Option<bool> {
        node.get_ref()
            .as_bool()
            .or_else(|| self.refuse(node, format!("{what} must be true or false")))
    }

    /// Size of letters in points.
    pub fn font_size(&mut self, node: Node<'_>) -> Option<f64> {
        let points = number(node.get_ref()).filter(|points| (4.0..=20.0).contains(points));
        points.or_else(|| {
            self.refuse(
                node,
                "font-size must be a number of points from 4 to 20, such as font-size = 10",
            )
        })
    }

    pub fn panels(&mut self, node: Node<'_>) -> Option<Panels> {
        match node.get_ref().as_str() {
            Some("quantity") => Some(Panels::Quantity),
            Some("layer") => Some(Panels::Layer),
            Some(other) => {
                let near = suggestion(other, ["quantity", "layer"]);
                let message = format!(
                    "unknown panels `{other}`: expected quantity, layer or a list of \
                     parameters{near}"
                );
                self.refuse(node, message)
            }
            None => self.parameters(node, "panels").map(Panels::By),
        }
    }

    /// Iterations that are averaged over.
    pub fn smooth(&mut self, node: Node<'_>) -> Option<usize> {
        let iterations = SampleCondition::DRAWS.parse_toml(node.get_ref());
        iterations.ok().or_else(|| {
            self.refuse(node, "smooth must be a number of iterations, such as smooth = 60")
        })
    }

    /// Lags, each of them measured.
    pub fn lags(&mut self, node: Node<'_>) -> Option<Vec<usize>> {
        let lags = match Settings::LAGS.parse_toml(node.get_ref()) {
            Ok(lags) => lags,
            Err(message) => return self.refuse(node, message),
        };
        match lags.iter().find(|lag| !self.subject.lags.contains(lag)) {
            None => Some(lags),
            Some(lag) => self.refuse(
                node,
                format!("lag {lag} is not measured here: add it to the lags of the analysis"),
            ),
        }
    }

    /// Iterations, each of them reported.
    pub fn at(&mut self, node: Node<'_>) -> Option<Vec<usize>> {
        let Ok(at) = Settings::REPORT_AT.parse_toml(node.get_ref()) else {
            return self.refuse(node, "at must be a list of iterations, such as at = [66]");
        };
        if !self.kind.takes("at") {
            return self.refuse(
                node,
                format!("at selects iterations of a figure of kind {}: leave it out", takers("at")),
            );
        }
        match at.iter().find(|k| !self.subject.report_at.contains(k)) {
            None => Some(at),
            Some(k) => self.refuse(
                node,
                format!("iteration {k} is not reported here: add it to report-at of the analysis"),
            ),
        }
    }

    /// Layers, each of them one that quantities of the figure are measured at.
    pub fn layers(&mut self, node: Node<'_>) -> Option<Vec<usize>> {
        let whole = |value: &DeValue<'_>| match value {
            DeValue::Integer(n) => n.as_str().parse::<usize>().ok(),
            _ => None,
        };
        let items = node.get_ref().as_array();
        let layers: Option<Vec<usize>> =
            items.and_then(|items| items.iter().map(|item| whole(item.get_ref())).collect());
        let Some(layers) = layers.filter(|layers| !layers.is_empty()) else {
            return self.refuse(node, "layers must be a list of layers, such as layers = [1, 4]");
        };
        if !self.kind.takes("layers") {
            let kind = self.kind.name();
            let message = format!(
                "a figure of kind \"{kind}\" has no layers to choose from: leave layers out"
            );
            return self.refuse(node, message);
        }
        let of_condition = |condition| {
            self.quantities.iter().flat_map(move |quantity| quantity.layers(condition)).flatten()
        };
        let measured: BTreeSet<usize> =
            self.subject.conditions.iter().flat_map(of_condition).collect();
        let Some(layer) = layers.iter().find(|layer| !measured.contains(layer)) else {
            return Some(layers);
        };
        let numbers: Vec<String> = measured.iter().map(ToString::to_string).collect();
        let known = if numbers.is_empty() {
            "leave layers out".into()
        } else {
            format!("expected {}", numbers.join(", "))
        };
        self.refuse(node, format!("layer {layer} has none of these quantities: {known}"))
    }

    pub fn together(&mut self, node: Node<'_>) -> Option<bool> {
        node.get_ref().as_bool().filter(|_| self.kind.takes("together")).or_else(|| {
            let message = format!(
                "together must be true or false, for a figure of kind {}",
                takers("together")
            );
            self.refuse(node, message)
        })
    }

    /// Ends of an axis, ascending, for the key `what`.
    pub fn range(&mut self, node: Node<'_>, what: &str, example: &str) -> Option<[f64; 2]> {
        let items = node.get_ref().as_array();
        let ends: Option<Vec<f64>> =
            items.and_then(|items| items.iter().map(|item| number(item.get_ref())).collect());
        match ends.as_deref() {
            Some(&[low, high]) if low.is_finite() && high.is_finite() && low < high => {
                Some([low, high])
            }
            _ => self
                .refuse(node, format!("{what} must be two ascending numbers, such as {example}")),
        }
    }

    /// Values that conditions must have: `where = { rule = "bp-trw", wn = ["off", 1.0] }`.
    pub fn conditions(&mut self, node: Node<'_>) -> Option<Conditions> {
        let Some(table) = node.get_ref().as_table() else {
            return self
                .refuse(node, "where must be a table, such as where = { rule = \"bp-trw\" }");
        };
        let before = self.problems.found.len();
        let mut only = Conditions::default();
        for (key, value) in table {
            let Some(known) = self.known(key.get_ref()) else {
                self.problems.add(key.span(), self.unknown(key.get_ref()));
                continue;
            };
            // Here values may be written as on the command line, too.
            let parse = |value: &DeValue<'_>| match value.as_str() {
                Some(text) => known.parameter.read(text),
                None => known.parameter.read_toml(value),
            };
            // A list is one value of a parameter that has lists, or several values of another.
            let each = match (parse(value.get_ref()), value.get_ref().as_array()) {
                (Ok(value), _) => Ok(vec![value]),
                (Err(_), Some(items)) => items.iter().map(|item| parse(item.get_ref())).collect(),
                (Err(message), None) => Err(message),
            };
            match each {
                Ok(values) => {
                    only.0.push((known.name(), values.iter().map(Value::to_text).collect()))
                }
                Err(message) => self.problems.add(value.span(), message),
            }
        }
        let shown = self.subject.conditions.iter().any(|condition| only.include(condition));
        if !shown && self.problems.found.len() == before && !self.subject.conditions.is_empty() {
            return self.refuse(node, "no condition of this analysis has these values");
        }
        Some(only)
    }

    /// What the figure lacks, given which keys it has.
    pub fn lacking(&self, has: impl Fn(&str) -> bool) -> Vec<String> {
        let facts = self.kind.facts();
        let mut found = Vec::new();
        if !has("name") {
            found.push("this figure has no name: add name = \"...\"".into());
        }
        if self.subject.kind == Kind::Sample && !has("kind") {
            let kinds = quoted_list(&FigureKind::names(|facts| facts.is_of_draws));
            found.push(format!("an analysis of kind \"sample\" has no curves: add kind = {kinds}"));
        }
        if let Some(which) = facts.quantities.filter(|_| self.quantities.len() != 2) {
            found.push(format!("a figure of kind \"{}\" needs {which}", facts.name));
        }
        if self.kind == FigureKind::Plane
            && !self.subject.quantities.iter().any(|q| PLANE.contains(q))
        {
            let names: Vec<&str> = PLANE.iter().map(|quantity| quantity.name()).collect();
            found.push(format!(
                "a figure of kind \"plane\" draws {}: add them to the quantities",
                names.join(", ")
            ));
        }
        if facts.across == Across::Parameter && !has("x") {
            found.push("this figure needs x = \"PARAMETER\", one that varies".into());
        }
        if self.kind.takes("y") != has("y") {
            found.push(format!(
                "a figure has y = \"PARAMETER\" if and only if it is of kind {}",
                takers("y")
            ));
        }
        found
    }
}
