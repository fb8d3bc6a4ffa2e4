//! Specs in their ready form: what an analysis runs, measures and draws.

use super::claim::{Claim, Families};
use super::figure::{Figure, FigureKind, Subject, XAxis};
use super::parameters::{Listed, Scope, parameters, unknown_parameter};
use super::range::range_in;
use super::settings::{MOST_CONDITIONS, Settings};
use crate::condition::{
    Condition, Conflict, IsolateCondition, Kind, PlaneCondition, RecordedCondition, Remembered,
    ReplayCondition, SampleCondition, TrainCondition, Values, label,
};
use crate::network::Setup;
use crate::quantity::{Observer, Quantity, recorded_iterations};
use crate::recurrent;
use crate::signal::{Pair, Schedule};
use crate::text::{Choice, Settings as _, Value};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use thiserror::Error;

/// Key of what is remembered of the recordings of an analysis, in manifests.
pub(crate) const RECORDINGS: &str = "recordings";

/// A document of analyses.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Name of the run directory, unless another is asked for.
    pub name: String,
    /// Heading.
    pub title: String,
    /// At least one.
    pub analyses: Vec<Analysis>,
    /// What is claimed of them.
    pub claims: Vec<Claim>,
    /// How many claims share the level of error of a document; of a document that is not here,
    /// those that are.
    pub families: Families,
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
    /// How often and with which seed it runs, what is measured and when.
    pub settings: Settings,
    /// Distinct conditions, in the order of the spec.
    pub conditions: Vec<Condition>,
    /// Names of the parameters that vary, in the order of the spec.
    pub axes: Vec<&'static str>,
    /// Pictures.
    pub figures: Vec<Figure>,
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

impl Spec {
    /// Spec of a single analysis.
    pub fn single(analysis: Analysis) -> Self {
        let (name, title) = (analysis.name.clone(), analysis.title.clone());
        Self {
            name,
            title,
            analyses: vec![analysis],
            claims: Vec::new(),
            families: Families::new(),
        }
    }

    /// JSON form, for the manifest.
    pub fn to_json(&self) -> Json {
        let analyses: Vec<Json> = self.analyses.iter().map(Analysis::to_json).collect();
        let mut json = json!({ "name": self.name, "title": self.title, "analyses": analyses });
        if !self.claims.is_empty() || !self.families.is_empty() {
            json["claims"] = json!(self.claims_to_toml());
        }
        json
    }
}

impl Analysis {
    /// Analysis from command-line options, defaults filling in for those not given: of one
    /// condition, or of one for every combination of the values of the ranges among them.
    ///
    /// # Errors
    /// Every option that is unknown, malformed or in conflict with another.
    pub fn from_options<'a>(
        kind: Kind,
        options: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Vec<OptionError>> {
        let (mut errors, mut of_condition, mut of_analysis) =
            (Vec::new(), Values::new(), Values::new());
        let mut ranges: Vec<(&'static str, Vec<Value>)> = Vec::new();
        for (name, text) in options {
            let Some(known) = parameters(kind).iter().find(|known| known.name() == name) else {
                let message = unknown_parameter(name, kind, Scope::Condition);
                errors.push(OptionError { option: None, message });
                continue;
            };
            let is_of_condition = known.scope == Scope::Condition;
            if let Some(found) = range_in(&*known.parameter, text).filter(|_| is_of_condition) {
                match found {
                    Ok(values) => ranges.push((known.name(), values)),
                    Err(message) => {
                        errors.push(OptionError { option: Some(known.name()), message })
                    }
                }
                continue;
            }
            match known.parameter.read(text) {
                Ok(value) if known.scope == Scope::Condition => {
                    of_condition.insert(known.name(), value)
                }
                Ok(value) => of_analysis.insert(known.name(), value),
                Err(message) => {
                    errors.push(OptionError { option: Some(known.name()), message });
                    continue;
                }
            };
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let axes: Vec<&'static str> = ranges.iter().map(|(name, _)| *name).collect();
        let blame = |conflict: Conflict| OptionError {
            option: conflict.parameters.iter().copied().find(|name| {
                axes.contains(name)
                    || of_condition.contains_key(name)
                    || of_analysis.contains_key(name)
            }),
            message: conflict.message,
        };
        let points = grid(of_condition.clone(), &ranges).map_err(|error| vec![error])?;
        let conditions =
            points.iter().map(|values| Condition::new(kind, values)).collect::<Result<Vec<_>, _>>();
        let conditions =
            conditions.map_err(|conflicts| conflicts.into_iter().map(blame).collect::<Vec<_>>())?;
        let settings =
            Settings::new(kind, &of_analysis).map_err(|conflict| vec![blame(conflict)])?;
        let settings = settings.measuring(kind, &of_analysis, &conditions).predicting(&conditions);
        let conflicts = settings.conflicts(&conditions);
        if !conflicts.is_empty() {
            return Err(conflicts.into_iter().map(blame).collect());
        }
        Ok(Self::of_settings(kind.name().into(), String::new(), kind, settings, conditions, axes))
    }

    /// The analysis with a figure of everything it measures: curves, or what was drawn; at the end
    /// over what varies, a map of two parameters. A plane is measured for its picture alone, which
    /// so belongs to an analysis that says nothing else of what is measured.
    pub fn with_own_figure(mut self) -> Self {
        if let [x, others @ ..] = &self.axes[..]
            && !matches!(self.kind, Kind::Plane | Kind::Sample)
        {
            let (kind, y) = match others {
                [y] => (FigureKind::Map, Some(*y)),
                _ => (FigureKind::Sweep, None),
            };
            let (name, title) =
                (self.kind.name().into(), format!("At the end, over {}", self.axes.join(" and ")));
            let by = if y.is_some() { Vec::new() } else { others.to_vec() };
            let x = XAxis::Parameter(x);
            let figure = Figure { name, title, kind, x, y, by, ..Figure::new(&self.subject()) };
            self.figures.push(figure);
            return self;
        }
        let title =
            self.conditions.first().map(|condition| self.label(condition)).unwrap_or_default();
        if self.kind == Kind::Plane
            && self.settings.observers == Settings::of(Kind::Plane).observers
        {
            let shown = [Quantity::PlaneLoss, Quantity::PlaneFirst, Quantity::PlaneSecond];
            self.settings
                .observers
                .extend(shown.map(|quantity| Observer { quantity, record_every: None }));
            self.settings.observers.sort_unstable_by_key(|observer| observer.quantity);
        }
        let composed = self.subject().quantities.contains(&Quantity::ComposedAngle);
        let (kind, x) = match self.kind {
            Kind::Isolate => (FigureKind::Curves, XAxis::Iteration),
            Kind::Train => (FigureKind::Curves, XAxis::Epoch),
            Kind::Replay | Kind::Recurrent | Kind::Recorded => {
                (FigureKind::Curves, XAxis::Iteration)
            }
            Kind::Plane => (FigureKind::Plane, XAxis::OfKind),
            Kind::Sample if composed => (FigureKind::Cells, XAxis::OfKind),
            Kind::Sample => (FigureKind::Density, XAxis::OfKind),
        };
        let name = self.kind.name().into();
        let mut figure =
            Figure { name, title, kind, x, by: self.axes.clone(), ..Figure::new(&self.subject()) };
        if kind == FigureKind::Cells {
            figure
                .quantities
                .retain(|q| [Quantity::ComposedAngle, Quantity::MaskedComposedAngle].contains(q));
        }
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
        Self { name, title, kind, settings, conditions, axes, figures: Vec::new() }
    }

    /// What its figures are of.
    pub fn subject(&self) -> Subject<'_> {
        let Self { kind, settings, conditions, axes, .. } = self;
        let Settings { lags, report_at, .. } = settings;
        Subject {
            kind: *kind,
            quantities: self.quantities().collect(),
            lags,
            report_at,
            conditions,
            axes,
        }
    }

    /// What is measured, in the order of the registry.
    pub fn quantities(&self) -> impl Iterator<Item = Quantity> {
        self.settings.observers.iter().map(|observer| observer.quantity)
    }

    /// Iterations at which `quantity` is recorded of a condition, ascending.
    pub fn recorded_iterations(&self, condition: &Condition, quantity: Quantity) -> Vec<usize> {
        let Settings { observers, record_every, report_at, .. } = &self.settings;
        recorded_iterations(quantity, observers, condition, (*record_every, report_at))
    }

    /// Parameters that name a condition in files: those that vary and the headline ones of the
    /// kind.
    pub fn columns(&self) -> Vec<&'static str> {
        let free =
            |c: &Condition| matches!(c, Condition::Isolate(c) if c.schedule == Schedule::Free);
        let headline: &[&'static str] = match self.kind {
            Kind::Isolate if self.conditions.iter().any(free) => &[
                Pair::ACTIVITY.name(),
                Pair::ERROR.name(),
                Pair::CROSS.name(),
                IsolateCondition::ACTIVATION.name(),
            ],
            Kind::Isolate => {
                &[IsolateCondition::SCHEDULE.name(), IsolateCondition::ACTIVATION.name()]
            }
            Kind::Train => {
                &[TrainCondition::DATA.name(), Setup::RULE.name(), Setup::ACTIVATION.name()]
            }
            Kind::Sample => &[SampleCondition::DRAW.name()],
            Kind::Replay => &[
                TrainCondition::DATA.name(),
                ReplayCondition::LAYER.name(),
                ReplayCondition::SURROGATE.name(),
            ],
            Kind::Recurrent => &[
                recurrent::Setup::TASK.name(),
                recurrent::Setup::CREDIT.name(),
                recurrent::Setup::ACTIVATION.name(),
            ],
            Kind::Recorded => &[RecordedCondition::RECORDING.name()],
            Kind::Plane => {
                &[TrainCondition::DATA.name(), Setup::RULE.name(), PlaneCondition::PAIR.name()]
            }
        };
        let wanted = |name| headline.contains(&name) || self.axes.contains(&name);
        parameters(self.kind).iter().map(Listed::name).filter(|&name| wanted(name)).collect()
    }

    /// Short name of a condition for curves and tables: the values of what varies, or of the
    /// headline parameters.
    pub fn label(&self, condition: &Condition) -> String {
        let names = if self.axes.is_empty() { self.columns() } else { self.axes.clone() };
        label(condition, &names)
    }

    /// Parameters of a condition as records show them: with those that vary, though they have their
    /// defaults.
    pub fn parameters_of(&self, condition: &Condition) -> BTreeMap<String, Json> {
        let mut all = condition.parameters();
        let values = condition.values();
        let varied = self
            .axes
            .iter()
            .filter_map(|name| Some((name.to_string(), values.get(name)?.to_json())));
        all.extend(varied);
        all
    }

    /// What decides the results: everything but titles and figures.
    pub(crate) fn results_json(&self) -> Json {
        let mut json = json!({
            "name": self.name,
            "kind": self.kind.name(),
            "conditions": self.conditions.iter().map(Condition::parameters).collect::<Vec<_>>(),
            "axes": self.axes,
        });
        let left_out = [
            (Settings::LAGS.name(), !self.quantities().any(Quantity::has_lags)),
            (Settings::WINDOW.name(), !self.quantities().any(Quantity::is_of_window)),
            (Settings::PREDICT.name(), true),
            (Settings::SEED.name(), self.kind == Kind::Recorded),
            (Settings::COMPARE.name(), true),
        ];
        for (name, value) in self.settings.values() {
            if !left_out.contains(&(name, true)) {
                json[name] = value.to_json();
            }
        }
        json
    }

    /// What is remembered of recordings, by how they were typed; `None` where there are none.
    fn recordings(&self) -> Option<Json> {
        let of = |condition: &Condition| match condition {
            Condition::Recorded(recorded) => Some(recorded.to_remember()),
            _ => None,
        };
        let known: BTreeMap<String, Remembered> = self.conditions.iter().filter_map(of).collect();
        (self.kind == Kind::Recorded).then(|| json!(known))
    }

    fn to_json(&self) -> Json {
        let mut json = self.results_json();
        if let Some(known) = self.recordings() {
            json[RECORDINGS] = known;
        }
        json["title"] = self.title.as_str().into();
        json["predict"] = self.settings.predict.into();
        json["compare"] = Settings::COMPARE.value(&self.settings.compare).to_json();
        json["figures"] = self.figures.iter().map(Figure::to_json).collect();
        json
    }
}

/// Values of every combination of ranges, the first slowest.
fn grid(base: Values, ranges: &[(&'static str, Vec<Value>)]) -> Result<Vec<Values>, OptionError> {
    let count = ranges.iter().fold(1usize, |count, (_, values)| count.saturating_mul(values.len()));
    if count > MOST_CONDITIONS {
        let message =
            format!("{count} combinations are more than {MOST_CONDITIONS}: ask for fewer values");
        return Err(OptionError { option: ranges.first().map(|(name, _)| *name), message });
    }
    Ok(ranges.iter().fold(vec![base], |points, (name, values)| {
        let along = |point: Values| {
            let with = move |value: &Value| {
                let mut point = point.clone();
                point.insert(name, value.clone());
                point
            };
            values.iter().map(with).collect::<Vec<_>>()
        };
        points.into_iter().flat_map(along).collect()
    }))
}

impl Figure {
    /// Lags at which a quantity is shown; `None` alone for what has no lag.
    pub fn lags_of(&self, analysis: &Analysis, quantity: Quantity) -> Vec<Option<usize>> {
        if !quantity.has_lags() {
            return vec![None];
        }
        let shown = |lag: &&usize| self.lags.is_empty() || self.lags.contains(lag);
        analysis.settings.lags.iter().filter(shown).copied().map(Some).collect()
    }

    /// Layers at which a quantity of a condition is shown; `None` stands for the network as a
    /// whole.
    pub fn layers_of(&self, condition: &Condition, quantity: Quantity) -> Vec<Option<usize>> {
        let mut layers = quantity.layers(condition);
        layers.retain(|layer| {
            self.layers.is_empty() || layer.is_none_or(|layer| self.layers.contains(&layer))
        });
        layers
    }

    /// The analysis with the conditions that this figure shows.
    pub fn shown(&self, analysis: &Analysis) -> Analysis {
        let conditions =
            analysis.conditions.iter().filter(|c| self.only.include(c)).cloned().collect();
        Analysis { conditions, ..analysis.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_make_an_analysis_of_one_condition() {
        let options =
            [("layers", "5,4,5"), ("schedule", "shared"), ("report-at", "100"), ("repeats", "3")];
        let analysis = Analysis::from_options(Kind::Isolate, options).unwrap();
        assert_eq!(
            (
                analysis.conditions.len(),
                analysis.settings.repeats,
                &analysis.settings.report_at[..]
            ),
            (1, 3, &[100][..])
        );
        assert_eq!(analysis.columns(), ["schedule", "activation"]);
        assert_eq!(analysis.label(&analysis.conditions[0]), "shared, relu");
    }

    #[test]
    fn ranges_among_options_are_swept() {
        let options =
            [("activity", "ou:log:5ms..20ms:3"), ("error", "ou:lin:9ms..19ms:2"), ("dt", "1ms")];
        let analysis = Analysis::from_options(Kind::Isolate, options).unwrap().with_own_figure();
        assert_eq!(
            (analysis.conditions.len(), &analysis.axes[..]),
            (6, &["activity", "error"][..])
        );
        assert_eq!(
            analysis.label(&analysis.conditions[1]),
            "activity OU, time constant 5ms, error OU, time constant 19ms"
        );
        assert_eq!(
            (analysis.figures[0].kind, analysis.figures[0].y),
            (FigureKind::Map, Some("error"))
        );
        let refuse = |options: &[(&str, &str)]| {
            Analysis::from_options(Kind::Isolate, options.iter().copied()).unwrap_err()[0]
                .to_string()
        };
        let many = [("eta", "log:1e-4..1e-2:200"), ("b-scale", "log:1e-4..1e-2:200")];
        assert!(refuse(&many).starts_with("--eta: 40000 combinations"));
        assert_eq!(
            refuse(&[("activity", "ou:20ms")]),
            "--activity: form `ou:20ms` has units of time: say how long an iteration takes with \
             dt, such as 1ms"
        );
        let message = refuse(&[("hold", "5ms"), ("dt", "2ms")]);
        assert!(
            message
                .contains("hold 5ms is no whole number of iterations of 2ms: make it a multiple"),
            "{message}"
        );
    }

    #[test]
    fn every_bad_option_is_reported_under_its_name() {
        let errors = Analysis::from_options(
            Kind::Isolate,
            [("eta", "inf"), ("schedule", "hled"), ("layers", "2")],
        )
        .unwrap_err();
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), 3);
        assert!(texts[0].starts_with("--eta: eta cannot be `inf`"), "{texts:?}");
        assert!(texts[1].contains("did you mean `held`?"));
        let errors =
            Analysis::from_options(Kind::Isolate, [("layers", "5,4,6"), ("schedule", "shared")])
                .unwrap_err();
        assert!(
            errors[0].to_string().starts_with("--schedule: schedule `shared`: cross `same`"),
            "{errors:?}"
        );
        let errors = Analysis::from_options(Kind::Isolate, [("report-at", "2000")]).unwrap_err();
        assert_eq!(
            errors[0].to_string(),
            "--report-at: report-at 2000 is never reached: the last iteration is 1500"
        );
        let errors =
            Analysis::from_options(Kind::Train, [("epochs", "1000000"), ("record-every", "1")])
                .unwrap_err();
        assert!(errors[0].to_string().contains("record less often"), "{errors:?}");
    }
}
