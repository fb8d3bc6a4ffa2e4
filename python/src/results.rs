//! Results of runs as columns, curves, summaries and verdicts.

use alignscope::claim::{Evidence, judge};
use alignscope::condition::Condition;
use alignscope::experiment::expect;
use alignscope::measure::null::WeightNull;
use alignscope::measure::summary::Summary;
use alignscope::quantity::Quantity;
use alignscope::run::{self, JobResult, Plan, RunReport, Stored, columns, flags, summarise};
use alignscope::spec::Analysis;
use alignscope::text::Choice;
use numpy::{IntoPyArray, PyArray1};
use pyo3::prelude::*;
use serde_json::{Value as Json, json};
use std::path::PathBuf;

use crate::refused;

/// What was planned and what there is of it.
#[pyclass(frozen, module = "alignscope._core")]
pub(crate) struct Results {
    plan: Plan,
    results: Vec<Option<JobResult>>,
    #[pyo3(get)]
    directories: Vec<PathBuf>,
    #[pyo3(get)]
    ended: String,
    #[pyo3(get)]
    warnings: Vec<String>,
}

/// Numbers or names, one for each row.
type Numbers<'py> = Bound<'py, PyArray1<f64>>;
type Codes<'py> = Bound<'py, PyArray1<i64>>;

/// Columns of the series: condition of every row (an index into the conditions of the plan),
/// repeat, iteration, layer and lag (-1 where there is none), quantity (an index into names), value
/// (NaN where there is none).
type Series<'py> = ([Codes<'py>; 6], Numbers<'py>, Vec<&'static str>);

/// A curve: label of the condition, layer, lag, iterations, repeats with a value, mean, ends of its
/// interval.
type Curve<'py> = (
    String,
    Option<usize>,
    Option<usize>,
    Codes<'py>,
    Codes<'py>,
    [Numbers<'py>; 3],
    Option<[f64; 2]>,
);

impl Results {
    /// Of a run.
    pub fn ran(plan: Plan, report: RunReport, mut warnings: Vec<String>) -> Self {
        warnings.extend(report.diverged.iter().map(ToString::to_string));
        let ended = report.ended.as_str().into();
        Self { plan, results: report.results, directories: vec![report.directory], ended, warnings }
    }

    /// Of run directories.
    pub fn read(stored: Stored) -> Self {
        let cautions = stored.directories.iter().filter_map(|directory| directory.caution());
        let warnings = stored.warnings.iter().cloned().chain(cautions).collect();
        let mut ended: Vec<String> = stored.directories.iter().map(|of| of.ended.clone()).collect();
        ended.dedup();
        let directories = stored.directories.into_iter().map(|of| of.path).collect();
        Self {
            plan: stored.plan,
            results: stored.results,
            directories,
            ended: ended.join(", "),
            warnings,
        }
    }

    fn index(&self) -> run::Results<'_> {
        run::Results::new(&self.plan, &self.results)
    }
}

#[pymethods]
impl Results {
    /// Analyses with their conditions, columns of the series and what they hold, flags, and how
    /// many jobs have a result: JSON.
    fn about(&self) -> String {
        let of_condition = |analysis: &Analysis, condition: &Condition| json!({ "label": analysis.label(condition), "parameters": condition.parameters() });
        let of_analysis = |analysis: &Analysis| {
            let conditions: Vec<Json> =
                analysis.conditions.iter().map(|of| of_condition(analysis, of)).collect();
            json!({
                "name": analysis.name, "title": analysis.title, "kind": analysis.kind.name(),
                "columns": analysis.columns(), "repeats": analysis.settings.repeats, "seed": analysis.settings.seed,
                "quantities": analysis.quantities().map(|quantity| quantity.info().name).collect::<Vec<_>>(),
                "conditions": conditions,
            })
        };
        json!({
            "analyses": self.plan.analyses().map(of_analysis).collect::<Vec<_>>(),
            "columns": columns(&self.plan),
            "flags": flags(self.index()).iter().map(ToString::to_string).collect::<Vec<_>>(),
            "jobs": [self.results.iter().flatten().count(), self.plan.jobs.len()],
            "address": self.plan.address(),
        })
        .to_string()
    }

    /// Every recorded value, in the order of `series.csv`.
    fn series<'py>(&self, py: Python<'py>) -> Series<'py> {
        let none = |value: Option<usize>| value.map_or(-1, |value| value as i64);
        let (mut whole, mut values): ([Vec<i64>; 6], Vec<f64>) = Default::default();
        let mut condition = -1;
        for planned in self.plan.planned() {
            condition += i64::from(planned.repeat == 0);
            let Some(result) = self.results.get(planned.job).and_then(Option::as_ref) else {
                continue;
            };
            for record in &result.records {
                let quantity =
                    Quantity::ALL.iter().position(|of| *of == record.quantity).unwrap_or_default();
                let row = [
                    condition,
                    planned.repeat as i64,
                    record.iteration as i64,
                    none(record.layer),
                    none(record.lag),
                ];
                row.into_iter()
                    .chain([quantity as i64])
                    .zip(&mut whole)
                    .for_each(|(value, column)| column.push(value));
                values.push(record.value.unwrap_or(f64::NAN));
            }
        }
        let names = Quantity::ALL.iter().map(|quantity| quantity.info().name).collect();
        (whole.map(|column| column.into_pyarray(py)), values.into_pyarray(py), names)
    }

    /// Summaries with predictions, as `--json` prints them.
    fn summary(&self, py: Python<'_>) -> PyResult<String> {
        let entries = py.detach(|| {
            let predict =
                |analysis: &Analysis, condition: &Condition, quantity, layer, iteration| {
                    expect(condition, quantity, layer, iteration, analysis.settings.predict)
                };
            serde_json::to_string(&summarise(self.index(), &predict))
        });
        entries.map_err(refused)
    }

    /// The verdicts: JSON.
    fn claims(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| serde_json::to_string(&judge(&Evidence::new(&self.plan, &self.results))))
            .map_err(refused)
    }

    /// Curves of a quantity over iterations, one for each condition, layer and lag.
    fn curves<'py>(
        &self,
        py: Python<'py>,
        analysis: &str,
        quantity: &str,
    ) -> PyResult<Vec<Curve<'py>>> {
        let analysis = self.plan.analyses().find(|of| of.name == analysis);
        let analysis = analysis.ok_or_else(|| refused("there is no such analysis"))?;
        let measured = analysis.quantities().find(|of| of.info().name == quantity);
        let measured = measured.ok_or_else(|| refused(format!("{quantity} was not measured")))?;
        let mut curves = Vec::new();
        for condition in &analysis.conditions {
            let lags = analysis.job(condition, 0).lags_of(measured, usize::MAX);
            for layer in measured.layers(condition) {
                for &lag in &lags {
                    let values = self.index().values(analysis, condition, measured, [layer, lag]);
                    let null = layer
                        .filter(|_| measured == Quantity::WeightAlignment)
                        .and_then(|l| null(condition, l));
                    let label = analysis.label(condition);
                    let summaries: Vec<(usize, Summary)> = values
                        .into_iter()
                        .map(|(iteration, values)| (iteration, Summary::of(values)))
                        .collect();
                    let whole = |of: &dyn Fn(&(usize, Summary)) -> usize| -> Vec<i64> {
                        summaries.iter().map(|each| of(each) as i64).collect()
                    };
                    let real = |of: &dyn Fn(&Summary) -> Option<f64>| -> Vec<f64> {
                        summaries.iter().map(|(_, each)| of(each).unwrap_or(f64::NAN)).collect()
                    };
                    let ends = [0, 1].map(|end| real(&|of| of.ci95.map(|ends| ends[end])));
                    let [low, high] = ends.map(|end| end.into_pyarray(py));
                    curves.push((
                        label,
                        layer,
                        lag,
                        whole(&|of| of.0).into_pyarray(py),
                        whole(&|of| of.1.n).into_pyarray(py),
                        [real(&|of| of.mean).into_pyarray(py), low, high],
                        null,
                    ));
                }
            }
        }
        Ok(curves)
    }
}

/// What 95 % of the angles of independent matrices of the size of `W_l` lie within.
fn null(condition: &Condition, layer: usize) -> Option<[f64; 2]> {
    // What replays call a layer is one of another network.
    let is_own =
        matches!(condition, Condition::Isolate(_) | Condition::Train(_) | Condition::Recorded(_));
    Some(WeightNull::new(condition.weights_of(layer).filter(|_| is_own)?)?.interval(0.95))
}
