//! Conditions compared repeat by repeat: repeats of one number share seed, data order and weights
//! at the start, so that their difference has less noise than the means.

use super::results::Results;
use super::summary::reported;
use crate::condition::{Condition, label};
use crate::measure::summary::Summary;
use crate::quantity::Quantity;
use crate::spec::{Analysis, Comparison};
use serde::Serialize;

/// The difference of a quantity between two conditions: the second minus the first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Name of the analysis.
    pub analysis: String,
    /// The parameter in which they differ.
    pub parameter: String,
    /// What is subtracted.
    pub first: String,
    /// What it is subtracted from.
    pub second: String,
    /// What both have in common of what varies in the analysis.
    pub among: String,
    /// What was measured.
    pub quantity: Quantity,
    /// Layer; `None` for the network as a whole.
    pub layer: Option<usize>,
    /// Lag, of what is measured at several.
    pub lag: Option<usize>,
    /// The state after this many updates.
    pub iteration: usize,
    /// Repeats with a value of both.
    pub pairs: usize,
    /// Mean over these.
    pub difference: Option<f64>,
    /// Standard deviation over these; `None` below two.
    pub sd: Option<f64>,
    /// 95 % interval of the mean by Student's t; `None` below two.
    pub ci95: Option<[f64; 2]>,
}

/// Pairs of conditions that differ in the parameter of a comparison, and in no other that varies.
pub fn pairs<'a>(analysis: &'a Analysis, comparison: &Comparison) -> Vec<[&'a Condition; 2]> {
    let value =
        |condition: &Condition, name: &str| condition.values().get(name).map(ToString::to_string);
    let has = |condition: &&Condition, wanted: &str| {
        value(condition, &comparison.parameter).as_deref() == Some(wanted)
    };
    let others = |condition: &Condition| {
        let others = analysis.axes.iter().filter(|name| **name != comparison.parameter);
        others.map(|name| value(condition, name)).collect::<Vec<_>>()
    };
    let firsts = analysis.conditions.iter().filter(|condition| has(condition, &comparison.first));
    let partner = |first: &'a Condition| {
        let same = |second: &&Condition| {
            has(second, &comparison.second) && others(second) == others(first)
        };
        Some([first, analysis.conditions.iter().find(same)?])
    };
    firsts.filter_map(partner).collect()
}

/// Differences of every comparison of the plan, of everything that is summarised of both
/// conditions.
pub fn differences(results: Results<'_>) -> Vec<Difference> {
    let mut found = Vec::new();
    for analysis in results.plan().analyses() {
        for comparison in &analysis.settings.compare {
            for pair in pairs(analysis, comparison) {
                found.extend(of_pair(results, analysis, comparison, pair));
            }
        }
    }
    found
}

fn of_pair(
    results: Results<'_>,
    analysis: &Analysis,
    comparison: &Comparison,
    [first, second]: [&Condition; 2],
) -> Vec<Difference> {
    let [before, after] = [first, second].map(|condition| reported(results, analysis, condition));
    let names: Vec<&str> = vec![&comparison.parameter];
    let others: Vec<&str> =
        analysis.axes.iter().copied().filter(|name| *name != comparison.parameter).collect();
    let difference = |(&(quantity, layer, lag, iteration), values): (&_, &Vec<Option<f64>>)| {
        let others_of = before.get(&(quantity, layer, lag, iteration))?;
        let paired =
            values.iter().zip(others_of).map(|(second, first)| Some((*second)? - (*first)?));
        let Summary { n, mean, sd, ci95, .. } = Summary::of(paired);
        Some(Difference {
            analysis: analysis.name.clone(),
            parameter: comparison.parameter.clone(),
            first: label(first, &names),
            second: label(second, &names),
            among: label(first, &others),
            quantity,
            layer,
            lag,
            iteration,
            pairs: n,
            difference: mean,
            sd,
            ci95,
        })
    };
    after.iter().filter_map(difference).collect()
}
