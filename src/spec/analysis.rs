//! Specs in their ready form: what an analysis runs, measures and draws.

use super::figure::{Figure, FigureKind, Subject, XAxis};
use crate::condition::{Condition, Conflict, Kind, RecordEvery, Scope, Value, Values, label, parameters};
use crate::quantity::{Observer, Quantity};
use crate::signal::Schedule;
use crate::text::{Choice, list};
use serde_json::{Value as Json, json};
use thiserror::Error;

/// A document of analyses.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Name of the run directory, unless another is asked for.
    pub name: String,
    /// Heading.
    pub title: String,
    /// At least one.
    pub analyses: Vec<Analysis>,
}

/// Conditions of one kind, run and measured alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// Name in files.
    pub name: String,
    /// Heading.
    pub title: String,
    /// What runs.
    pub kind: Kind,
    /// Repeats of every condition.
    pub repeats: usize,
    /// Seed of every random number.
    pub seed: u64,
    /// When quantities are recorded.
    pub record_every: RecordEvery,
    /// Iterations to summarise beside the last, ascending; always recorded.
    pub report_at: Vec<usize>,
    /// Lags of what is measured at several, ascending.
    pub lags: Vec<usize>,
    /// Most lags of a decomposition; `None` for all.
    pub window: Option<usize>,
    /// What is measured, in the order of the registry.
    pub observers: Vec<Observer>,
    /// Whether exact predictions stand beside what is measured; changes no result.
    pub predict: bool,
    /// Distinct conditions, in the order of the spec.
    pub conditions: Vec<Condition>,
    /// Names of the parameters that vary, in the order of the spec.
    pub axes: Vec<&'static str>,
    /// Pictures.
    pub figures: Vec<Figure>,
}

/// Settings of an analysis that do not belong to a condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    pub repeats: usize,
    pub seed: u64,
    pub record_every: RecordEvery,
    pub report_at: Vec<usize>,
    pub lags: Vec<usize>,
    pub window: Option<usize>,
    pub observers: Vec<Observer>,
    pub predict: bool,
}

/// An option that cannot be used as given.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{message}", option.map(|name| format!("--{name}: ")).unwrap_or_default())]
pub struct OptionError {
    /// Name of the option.
    pub option: Option<&'static str>,
    /// What is wrong and what to do.
    pub message: String,
}

/// Most conditions of an analysis, jobs of an analysis and recorded iterations of a job.
pub(super) const MOST_CONDITIONS: usize = 10_000;
const MOST_JOBS: usize = 1_000_000;
const MOST_RECORDED: usize = 10_000_000;

impl Settings {
    /// Settings of the given values, defaults filling in.
    pub fn new(kind: Kind, given: &Values) -> Result<Self, Conflict> {
        let value = |name: &'static str| -> Result<Value, Conflict> {
            let refuse = |message| Conflict { parameters: vec![name], message };
            match (given.get(name), crate::condition::parameter(name)) {
                (Some(value), _) => Ok(value.clone()),
                (None, Some(parameter)) => {
                    parameter.parse_text(parameter.default_text(kind).unwrap_or_default(), kind).map_err(refuse)
                }
                (None, None) => Err(refuse(format!("there is no parameter {name}"))),
            }
        };
        let wrong =
            |name| Conflict { parameters: vec![name], message: format!("{name} has a value of the wrong form") };
        let count = |name| match value(name)? {
            Value::Count(count) => Ok(count),
            _ => Err(wrong(name)),
        };
        // Of a parameter that not every kind has.
        let own = |name| {
            let known = crate::condition::parameter(name).filter(|p| p.default_text(kind).is_some());
            known.map(|_| value(name)).transpose()
        };
        let predict = value("predict")? == Value::Name("on");
        let mut observers = match value("quantities")? {
            Value::Observers(observers) => observers,
            _ => return Err(wrong("quantities")),
        };
        let conditional = Quantity::ConditionalAlignment;
        if predict && kind == Kind::Isolate && observers.iter().all(|o| o.quantity != conditional) {
            observers.push(Observer { quantity: conditional, record_every: None });
            observers.sort_unstable_by_key(|observer| observer.quantity);
        }
        Ok(Self {
            repeats: usize::try_from(count("repeats")?).map_err(|_| wrong("repeats"))?,
            seed: count("seed")?,
            record_every: match value("record-every")? {
                Value::RecordEvery(record_every) => record_every,
                _ => return Err(wrong("record-every")),
            },
            report_at: match value("report-at")? {
                Value::Sizes(iterations) => iterations,
                _ => return Err(wrong("report-at")),
            },
            lags: match own("lags")? {
                None => Vec::new(),
                Some(Value::Sizes(lags)) => lags,
                Some(_) => return Err(wrong("lags")),
            },
            window: match own("window")? {
                None | Some(Value::Name(_)) => None,
                Some(Value::Count(window)) => Some(usize::try_from(window).map_err(|_| wrong("window"))?),
                Some(_) => return Err(wrong("window")),
            },
            observers,
            predict,
        })
    }

    /// Checks that need the conditions.
    pub fn conflicts(&self, conditions: &[Condition]) -> Vec<Conflict> {
        let mut found = Vec::new();
        let mut refuse = |parameters: Vec<&'static str>, message| found.push(Conflict { parameters, message });
        if let Some(shortest) = conditions.iter().map(Condition::last_iteration).min()
            && let Some(beyond) = self.report_at.iter().find(|&&k| k > shortest)
        {
            let message = format!("report-at {beyond} is never reached: the last iteration is {shortest}");
            refuse(vec!["report-at"], message);
        }
        let schedules = self.observers.iter().filter_map(|observer| observer.record_every).chain([self.record_every]);
        let count = |record_every: RecordEvery, c: &Condition| {
            record_every.count(c.last_iteration(), c.iterations_per_epoch(), self.report_at.len())
        };
        let mut all =
            schedules.flat_map(|record_every| conditions.iter().map(move |condition| (record_every, condition)));
        if let Some((record_every, _)) =
            all.find(|(record_every, condition)| count(*record_every, condition) > MOST_RECORDED)
        {
            let message = format!(
                "record-every {record_every} records more than {MOST_RECORDED} iterations per job: record less often, or log:N"
            );
            refuse(vec!["record-every", "iterations", "epochs"], message);
        }
        let drawn = |quantity: Quantity, condition: &Condition| match condition {
            Condition::Sample(c) => quantity.is_drawn_by(c.draw),
            _ => true,
        };
        for quantity in self.observers.iter().map(|observer| observer.quantity) {
            if let Some(Condition::Sample(c)) = conditions.iter().find(|&condition| !drawn(quantity, condition)) {
                let (name, draw) = (quantity.name(), c.draw.name());
                let of_draw = Quantity::of_kind(Kind::Sample).filter(|quantity| quantity.is_drawn_by(c.draw));
                let names: Vec<&str> = of_draw.map(Quantity::name).collect();
                let message = format!("draw `{draw}` does not yield {name}: expected {}", list(&names));
                refuse(vec!["quantities", "draw"], message);
            }
        }
        let predicted = |condition: &Condition| match condition {
            Condition::Isolate(c) => c.is_predicted(),
            _ => true,
        };
        if self.observers.iter().any(|o| o.quantity == Quantity::ConditionalAlignment)
            && !conditions.iter().any(predicted)
        {
            let message = "predictions exist for activation `linear`, and `relu` with schedule `held` or `shared`, with three \
                           layers, without output mask, wn and bias: set these, or leave predict and conditional_alignment \
                           out";
            refuse(vec!["predict", "quantities", "activation"], message.into());
        }
        if let Some(window) = self.window {
            let measures = |of: fn(Quantity) -> bool| self.observers.iter().map(|o| o.quantity).find(|&q| of(q));
            if let (Some(lag), Some(_)) = (self.lags.iter().find(|&&lag| lag > window), measures(Quantity::is_term)) {
                refuse(vec!["window", "lags"], format!("lag {lag} lies beyond the window of {window} lags"));
            }
            if let Some(quantity) = measures(Quantity::reaches_to_start) {
                let name = quantity.name();
                refuse(
                    vec!["window", "quantities"],
                    format!("{name} takes every lag to the start: leave window at all"),
                );
            }
        }
        let jobs = conditions.len().saturating_mul(self.repeats);
        if jobs > MOST_JOBS {
            let message = format!(
                "{} conditions of {} repeats are more than {MOST_JOBS} jobs: use fewer repeats, or several specs",
                conditions.len(),
                self.repeats
            );
            refuse(vec!["repeats"], message);
        }
        found
    }
}

impl Spec {
    /// Spec of a single analysis.
    pub fn single(analysis: Analysis) -> Self {
        Self { name: analysis.name.clone(), title: analysis.title.clone(), analyses: vec![analysis] }
    }

    /// JSON form, for the manifest.
    pub fn to_json(&self) -> Json {
        let analyses: Vec<Json> = self.analyses.iter().map(Analysis::to_json).collect();
        json!({ "name": self.name, "title": self.title, "analyses": analyses })
    }
}

impl Analysis {
    /// Analysis of one condition from command-line options, defaults filling in for those not given.
    ///
    /// # Errors
    /// Every option that is unknown, malformed or in conflict with another.
    pub fn from_options<'a>(
        kind: Kind,
        options: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Vec<OptionError>> {
        let (mut errors, mut of_condition, mut of_analysis) = (Vec::new(), Values::new(), Values::new());
        for (name, text) in options {
            let Some(parameter) = parameters(kind).find(|parameter| parameter.name == name) else {
                let message = crate::condition::unknown_parameter(name, kind, Scope::Condition);
                errors.push(OptionError { option: None, message });
                continue;
            };
            match parameter.parse_text(text, kind) {
                Ok(value) if parameter.scope == Scope::Condition => of_condition.insert(parameter.name, value),
                Ok(value) => of_analysis.insert(parameter.name, value),
                Err(message) => {
                    errors.push(OptionError { option: Some(parameter.name), message });
                    continue;
                }
            };
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let blame = |conflict: Conflict| OptionError {
            option: conflict
                .parameters
                .iter()
                .copied()
                .find(|name| of_condition.contains_key(name) || of_analysis.contains_key(name)),
            message: conflict.message,
        };
        let condition = Condition::new(kind, &of_condition)
            .map_err(|conflicts| conflicts.into_iter().map(blame).collect::<Vec<_>>())?;
        let settings = Settings::new(kind, &of_analysis).map_err(|conflict| vec![blame(conflict)])?;
        let conflicts = settings.conflicts(std::slice::from_ref(&condition));
        if !conflicts.is_empty() {
            return Err(conflicts.into_iter().map(blame).collect());
        }
        Ok(Self::of_settings(kind.name().into(), String::new(), kind, settings, vec![condition], Vec::new()))
    }

    /// The analysis with a figure of everything it measures: curves, or densities over draws.
    pub fn with_own_figure(mut self) -> Self {
        let title = self.conditions.first().map(|condition| self.label(condition)).unwrap_or_default();
        let (kind, x) = match self.kind {
            Kind::Isolate => (FigureKind::Curves, XAxis::Iteration),
            Kind::Train => (FigureKind::Curves, XAxis::Epoch),
            Kind::Replay => (FigureKind::Curves, XAxis::Iteration),
            Kind::Plane => (FigureKind::Plane, XAxis::OfKind),
            Kind::Sample => (FigureKind::Density, XAxis::OfKind),
        };
        let name = self.kind.name().into();
        let figure = Figure { name, title, kind, x, by: Vec::new(), ..Figure::new(&self.subject()) };
        self.figures.push(figure);
        self
    }

    pub(super) fn of_settings(
        name: String,
        title: String,
        kind: Kind,
        settings: Settings,
        conditions: Vec<Condition>,
        axes: Vec<&'static str>,
    ) -> Self {
        let Settings { repeats, seed, record_every, report_at, lags, window, observers, predict } = settings;
        Self {
            name,
            title,
            kind,
            repeats,
            seed,
            record_every,
            report_at,
            lags,
            window,
            observers,
            predict,
            conditions,
            axes,
            figures: Vec::new(),
        }
    }

    /// What its figures are of.
    pub fn subject(&self) -> Subject<'_> {
        let Self { kind, lags, report_at, conditions, axes, .. } = self;
        Subject { kind: *kind, quantities: self.quantities().collect(), lags, report_at, conditions, axes }
    }

    /// What is measured, in the order of the registry.
    pub fn quantities(&self) -> impl Iterator<Item = Quantity> {
        self.observers.iter().map(|observer| observer.quantity)
    }

    /// Parameters that name a condition in files: those that vary and the headline ones of the kind.
    pub fn columns(&self) -> Vec<&'static str> {
        let free = |c: &Condition| matches!(c, Condition::Isolate(c) if Schedule::of(&c.signals) == Schedule::Free);
        let headline: &[&'static str] = match self.kind {
            Kind::Isolate if self.conditions.iter().any(free) => &["activity", "error", "cross", "activation"],
            Kind::Isolate => &["schedule", "activation"],
            Kind::Train => &["data", "rule", "activation"],
            Kind::Sample => &["draw"],
            Kind::Replay => &["data", "layer", "surrogate"],
            Kind::Plane => &["data", "rule", "pair"],
        };
        let wanted = |name| headline.contains(&name) || self.axes.contains(&name);
        parameters(self.kind).map(|parameter| parameter.name).filter(|&name| wanted(name)).collect()
    }

    /// Short name of a condition for curves and tables: the values of what varies, or of the headline parameters.
    pub fn label(&self, condition: &Condition) -> String {
        let names = if self.axes.is_empty() { self.columns() } else { self.axes.clone() };
        label(condition, &names)
    }

    /// What decides the results: everything but titles and figures.
    pub(crate) fn results_json(&self) -> Json {
        let mut json = json!({
            "name": self.name,
            "kind": self.kind.name(),
            "repeats": self.repeats,
            "seed": self.seed,
            "record-every": self.record_every.to_string(),
            "report-at": self.report_at,
            "quantities": self.observers.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "conditions": self.conditions.iter().map(Condition::parameters).collect::<Vec<_>>(),
            "axes": self.axes,
        });
        if self.quantities().any(Quantity::has_lags) {
            json["lags"] = self.lags.as_slice().into();
        }
        if self.quantities().any(Quantity::is_of_window) {
            json["window"] = window_json(self.window);
        }
        json
    }

    fn to_json(&self) -> Json {
        let mut json = self.results_json();
        json["title"] = self.title.as_str().into();
        json["predict"] = self.predict.into();
        json["figures"] = self.figures.iter().map(Figure::to_json).collect();
        json
    }
}

/// The window of decompositions in files.
pub(crate) fn window_json(window: Option<usize>) -> Json {
    window.map_or_else(|| "all".into(), Json::from)
}

impl Figure {
    /// Lags at which a quantity is shown; `None` alone for what has no lag.
    pub fn lags_of(&self, analysis: &Analysis, quantity: Quantity) -> Vec<Option<usize>> {
        if !quantity.has_lags() {
            return vec![None];
        }
        let shown = |lag: &&usize| self.lags.is_empty() || self.lags.contains(lag);
        analysis.lags.iter().filter(shown).copied().map(Some).collect()
    }

    /// Layers at which a quantity of a condition is shown; `None` stands for the network as a whole.
    pub fn layers_of(&self, condition: &Condition, quantity: Quantity) -> Vec<Option<usize>> {
        let mut layers = quantity.layers(condition);
        layers.retain(|layer| self.layers.is_empty() || layer.is_none_or(|layer| self.layers.contains(&layer)));
        layers
    }

    /// The analysis with the conditions that this figure shows.
    pub fn shown(&self, analysis: &Analysis) -> Analysis {
        let conditions = analysis.conditions.iter().filter(|c| self.only.include(c)).cloned().collect();
        Analysis { conditions, ..analysis.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_make_an_analysis_of_one_condition() {
        let options = [("layers", "5,4,5"), ("schedule", "shared"), ("report-at", "100"), ("repeats", "3")];
        let analysis = Analysis::from_options(Kind::Isolate, options).unwrap();
        assert_eq!((analysis.conditions.len(), analysis.repeats, &analysis.report_at[..]), (1, 3, &[100][..]));
        assert_eq!(analysis.columns(), ["schedule", "activation"]);
        assert_eq!(analysis.label(&analysis.conditions[0]), "shared, relu");
    }

    #[test]
    fn every_bad_option_is_reported_under_its_name() {
        let errors =
            Analysis::from_options(Kind::Isolate, [("eta", "inf"), ("schedule", "hled"), ("layers", "2")]).unwrap_err();
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), 3);
        assert!(texts[0].starts_with("--eta: eta cannot be `inf`"), "{texts:?}");
        assert!(texts[1].contains("did you mean `held`?"));
        let errors = Analysis::from_options(Kind::Isolate, [("layers", "5,4,6"), ("schedule", "shared")]).unwrap_err();
        assert!(errors[0].to_string().starts_with("--schedule: schedule `shared`: cross `same`"), "{errors:?}");
        let errors = Analysis::from_options(Kind::Isolate, [("report-at", "2000")]).unwrap_err();
        assert_eq!(errors[0].to_string(), "--report-at: report-at 2000 is never reached: the last iteration is 1500");
        let errors = Analysis::from_options(Kind::Train, [("epochs", "1000000"), ("record-every", "1")]).unwrap_err();
        assert!(errors[0].to_string().contains("record less often"), "{errors:?}");
    }
}
