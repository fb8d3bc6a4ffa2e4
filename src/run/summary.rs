//! Summaries over repeats, as printed by `--json` and in tables.

use super::results::{Results, Values};
use crate::condition::Condition;
use crate::measure::summary::Summary;
use crate::quantity::Quantity;
use crate::spec::Analysis;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// One quantity of one condition, over its repeats.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Name of the analysis.
    pub analysis: String,
    /// What was measured.
    pub quantity: Quantity,
    /// Layer; `None` for the network as a whole.
    pub layer: Option<usize>,
    /// Lag, of what is measured at several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lag: Option<usize>,
    /// Short name of the condition, as in figures and messages.
    #[serde(skip)]
    pub label: String,
    /// Every parameter of the condition.
    pub condition: BTreeMap<String, Json>,
    /// The state after this many updates.
    pub iteration: usize,
    /// Repeats that have a value.
    pub n: usize,
    /// Mean of those; `None` where there are none.
    pub mean: Option<f64>,
    /// Standard deviation; `None` below two.
    pub sd: Option<f64>,
    /// 95 % interval of the mean by Student's t; `None` below two.
    pub ci95: Option<[f64; 2]>,
    /// Repeats that have none: it could not be measured, or the run diverged before.
    pub absent: usize,
    /// What theory says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prediction: Option<f64>,
    /// How far that may be off, where it is an approximation; infinite where nobody knows, and then
    /// absent in JSON.
    #[serde(skip_serializing_if = "is_unknown")]
    pub prediction_bound: Option<f64>,
    /// Mean minus prediction, and the same in standard errors of the mean; paired by repeat where
    /// every repeat is predicted, and of the conditional alignment the measured weight alignment
    /// minus it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discrepancy: Option<Discrepancy>,
}

/// How far a measured mean is from its prediction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Discrepancy {
    /// Measured minus predicted, in the unit of the quantity.
    pub difference: f64,
    /// The same in standard errors; `None` where there is none.
    pub standard_errors: Option<f64>,
}

impl Discrepancy {
    /// Of measured values from what is predicted.
    fn of(summary: &Summary, predicted: f64) -> Option<Self> {
        let difference = summary.mean? - predicted;
        let error = summary.standard_error().filter(|error| *error > 0.0);
        Some(Self { difference, standard_errors: error.map(|error| difference / error) })
    }

    /// Of what was measured from what was predicted, repeat by repeat.
    fn paired(measured: Vec<Option<f64>>, given: Vec<Option<f64>>) -> Option<Self> {
        let pairs = measured.into_iter().zip(given);
        let differences = pairs.map(|(measured, given)| Some(measured? - given?));
        Self::of(&Summary::of(differences), 0.0)
    }
}

/// What theory says of a quantity at a layer and iteration of a condition of an analysis, where it
/// says anything.
pub type Prediction<'a> =
    dyn Fn(&Analysis, &Condition, Quantity, Option<usize>, usize) -> Option<Expected> + 'a;

/// A predicted mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// The mean.
    pub value: f64,
    /// `None` where it is exact; how far it may be off where it is an approximation, infinite where
    /// nobody knows.
    pub bound: Option<f64>,
}

fn is_unknown(bound: &Option<f64>) -> bool {
    bound.is_none_or(|bound| !bound.is_finite())
}

/// Entries of every analysis, condition, quantity, layer and reported iteration (the last among
/// them), in this order. Of kind sample, the value of a repeat is the mean over its draws. Jobs
/// without result (never run) are left out; repeats that diverged earlier count as absent.
pub fn summarise(results: Results<'_>, prediction: &Prediction<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for analysis in results.plan().analyses() {
        for condition in &analysis.conditions {
            summarise_condition(results, analysis, condition, prediction, &mut entries);
        }
    }
    entries
}

fn summarise_condition(
    results: Results<'_>,
    analysis: &Analysis,
    condition: &Condition,
    prediction: &Prediction<'_>,
    entries: &mut Vec<Entry>,
) {
    let iterations = reported_iterations(analysis, condition);
    let sampled = matches!(condition, Condition::Sample(_));
    let measured = MeasuredCondition::new(results, analysis, condition);
    let job = analysis.job(condition, 0);
    for quantity in analysis.quantities() {
        let recorded = job.recorded_iterations(quantity);
        for layer in quantity.layers(condition) {
            for lag in job.lags_of(quantity, usize::MAX) {
                let reached = |k: &&usize| lag.is_none_or(|lag| lag <= **k);
                let wanted =
                    iterations.iter().filter(|k| sampled || recorded.contains(k)).filter(reached);
                entries.extend(wanted.map(|&iteration| {
                    measured.entry(quantity, ValuePlace { layer, lag, iteration }, prediction)
                }));
            }
        }
    }
}

/// Where a quantity is measured.
#[derive(Clone, Copy)]
struct ValuePlace {
    layer: Option<usize>,
    lag: Option<usize>,
    iteration: usize,
}

/// What was measured of a condition.
struct MeasuredCondition<'a> {
    analysis: &'a Analysis,
    condition: &'a Condition,
    parameters: BTreeMap<String, Json>,
    label: String,
    found: Reported,
    /// Repeats that have a result.
    stored: Vec<usize>,
}

impl<'a> MeasuredCondition<'a> {
    fn new(results: Results<'_>, analysis: &'a Analysis, condition: &'a Condition) -> Self {
        let repeats = results.repeats(analysis, condition);
        Self {
            analysis,
            condition,
            parameters: analysis.parameters_of(condition),
            label: analysis.label(condition),
            found: reported(results, analysis, condition),
            stored: (0..repeats.len()).filter(|&repeat| repeats[repeat].is_some()).collect(),
        }
    }

    /// Values of the stored repeats.
    fn values(
        &self,
        quantity: Quantity,
        ValuePlace { layer, lag, iteration }: ValuePlace,
    ) -> Vec<Option<f64>> {
        let values = self.found.get(&(quantity, layer, lag, iteration));
        self.stored.iter().map(|&repeat| values.and_then(|values| values[repeat])).collect()
    }

    fn entry(&self, quantity: Quantity, place: ValuePlace, prediction: &Prediction<'_>) -> Entry {
        let summary = Summary::of(self.values(quantity, place));
        let (expected, discrepancy) = self.expected(quantity, place, &summary, prediction);
        Entry {
            analysis: self.analysis.name.clone(),
            quantity,
            layer: place.layer,
            lag: place.lag,
            label: self.label.clone(),
            condition: self.parameters.clone(),
            iteration: place.iteration,
            n: summary.n,
            mean: summary.mean,
            sd: summary.sd,
            ci95: summary.ci95,
            absent: summary.absent,
            prediction: expected.map(|expected| expected.value),
            prediction_bound: expected.and_then(|expected| expected.bound),
            discrepancy,
        }
    }

    /// What theory says, and how far what was measured is from it: by repeat, where theory follows
    /// every one of them; averaged over them otherwise.
    fn expected(
        &self,
        quantity: Quantity,
        place: ValuePlace,
        summary: &Summary,
        prediction: &Prediction<'_>,
    ) -> (Option<Expected>, Option<Discrepancy>) {
        let by_repeat = quantity
            .predicted_by()
            .map(|predicted| self.values(predicted, place))
            .filter(|all| all.iter().any(Option::is_some));
        if let Some(given) = by_repeat {
            let mean = Summary::of(given.iter().copied()).mean;
            let off = Discrepancy::paired(self.values(quantity, place), given);
            return (mean.map(|value| Expected { value, bound: None }), off);
        }
        if quantity == Quantity::ConditionalAlignment {
            let measured = self.values(Quantity::WeightAlignment, place);
            return (None, Discrepancy::paired(measured, self.values(quantity, place)));
        }
        let ValuePlace { layer, iteration, .. } = place;
        let expected = prediction(self.analysis, self.condition, quantity, layer, iteration);
        (expected, expected.and_then(|expected| Discrepancy::of(summary, expected.value)))
    }
}

/// Values, one per repeat, by quantity, layer, lag and iteration.
pub(super) type Reported =
    BTreeMap<(Quantity, Option<usize>, Option<usize>, usize), Vec<Option<f64>>>;

/// Values of everything that is reported of a condition; of a repeat that has no result, there are
/// none.
pub(super) fn reported(
    results: Results<'_>,
    analysis: &Analysis,
    condition: &Condition,
) -> Reported {
    let iterations = reported_iterations(analysis, condition);
    let sampled = matches!(condition, Condition::Sample(_));
    let found =
        results.select(analysis, condition, |r| sampled || iterations.contains(&r.iteration));
    let repeats = results.repeats(analysis, condition).len();
    let mut all = BTreeMap::new();
    for ((quantity, layer, lag), values) in found {
        let values =
            if sampled { averaged(&values, repeats, condition.last_iteration()) } else { values };
        all.extend(
            values
                .into_iter()
                .map(|(iteration, values)| ((quantity, layer, lag, iteration), values)),
        );
    }
    all
}

/// Iterations that are reported, in order: those asked for, those of label changes, and the last.
fn reported_iterations(analysis: &Analysis, condition: &Condition) -> Vec<usize> {
    let mut iterations = analysis.settings.report_at.clone();
    iterations.extend(condition.label_changes());
    iterations.push(condition.last_iteration());
    iterations.sort_unstable();
    iterations.dedup();
    iterations
}

/// Means over the draws of every repeat, under the number of draws.
fn averaged(values: &Values, repeats: usize, draws: usize) -> Values {
    let mean = |repeat: usize| Summary::of(values.values().map(|values| values[repeat])).mean;
    Values::from([(draws, (0..repeats).map(mean).collect())])
}
