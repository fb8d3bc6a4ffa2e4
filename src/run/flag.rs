//! Validity flags: where an angle means less than it seems to.

use super::job::{JobResult, Outcome, Record};
use super::results::Results;
use crate::condition::Kind;
use crate::quantity::Quantity;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter};

/// Something that a reader of a condition's angles has to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    /// Name of the analysis.
    pub analysis: String,
    /// Short name of the condition.
    pub condition: String,
    /// What it is about.
    pub quantity: Quantity,
    /// Layers concerned, ascending.
    pub layers: Vec<usize>,
    /// The worst value.
    pub worst: f64,
    /// Repeats concerned, of all.
    pub repeats: [usize; 2],
}

/// Growth of activities that is too much (a network that runs away).
const MOST_GROWTH: f64 = 50.0;
/// Norm of BP's gradient per sample that is too small to compare with.
const LEAST_GRADIENT: f64 = 1e-7;
/// Angle in degrees between gradients of half batches at which they share no direction worth the
/// name.
const MOST_ANGLE: f64 = 85.0;

/// Whether a value of a quantity is a reason for caution.
fn is_bad(quantity: Quantity, value: f64) -> bool {
    match quantity {
        Quantity::ActivationGrowth => value > MOST_GROWTH,
        Quantity::BpGradientNorm => value < LEAST_GRADIENT,
        Quantity::GradientStability => value > MOST_ANGLE,
        _ => false,
    }
}

/// Layers of a network to which nothing of the error comes any more at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silenced {
    /// Name of the analysis.
    pub analysis: String,
    /// Short name of the condition.
    pub condition: String,
    /// Layers concerned, ascending.
    pub layers: Vec<usize>,
    /// Repeats concerned, of all.
    pub repeats: [usize; 2],
}

impl Display for Silenced {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { analysis, condition, layers, repeats: [concerned, all] } = self;
        let plural = if layers.len() == 1 { "" } else { "s" };
        let layers: Vec<String> = layers.iter().map(ToString::to_string).collect();
        write!(
            f,
            "{analysis} ({condition}): at the end no update comes to layer{plural} {} in \
             {concerned} of {all} repeats: all units of a layer are dead (or all errors are zero), \
             and the network has stopped learning; a smaller eta may help, and the quantity \
             dead_units counts them",
            layers.join(", ")
        )
    }
}

/// Every condition of networks in which updates of a layer have no direction at the end, as they
/// are zero.
pub fn silenced(results: Results<'_>) -> Vec<Silenced> {
    let mut found = Vec::new();
    for analysis in results.plan().analyses().filter(|analysis| analysis.kind == Kind::Train) {
        for condition in &analysis.conditions {
            let repeats: Vec<&JobResult> =
                results.repeats(analysis, condition).into_iter().flatten().collect();
            let last = condition.last_iteration();
            let of_repeat = |result: &&JobResult| -> BTreeSet<usize> {
                let is_zero = |r: &&Record| {
                    r.quantity == Quantity::UpdateAlignment
                        && r.iteration == last
                        && r.value.is_none()
                };
                let completed = result.outcome == Outcome::Completed;
                result
                    .records
                    .iter()
                    .filter(|_| completed)
                    .filter(is_zero)
                    .filter_map(|r| r.layer)
                    .collect()
            };
            let each: Vec<BTreeSet<usize>> = repeats.iter().map(of_repeat).collect();
            let concerned = each.iter().filter(|layers| !layers.is_empty()).count();
            if concerned > 0 {
                let layers: BTreeSet<usize> = each.into_iter().flatten().collect();
                found.push(Silenced {
                    analysis: analysis.name.clone(),
                    condition: analysis.label(condition),
                    layers: layers.into_iter().collect(),
                    repeats: [concerned, repeats.len()],
                });
            }
        }
    }
    found
}

/// Every flag of the results, at any recorded iteration, in the order of the plan. Only quantities
/// that were measured can raise one.
pub fn flags(results: Results<'_>) -> Vec<Flag> {
    let mut flags = Vec::new();
    for analysis in results.plan().analyses() {
        let watched =
            [Quantity::ActivationGrowth, Quantity::BpGradientNorm, Quantity::GradientStability];
        let watched: Vec<Quantity> =
            watched.into_iter().filter(|q| analysis.quantities().any(|m| m == *q)).collect();
        for condition in analysis.conditions.iter().filter(|_| !watched.is_empty()) {
            let of_condition: Vec<&JobResult> =
                results.repeats(analysis, condition).into_iter().flatten().collect();
            for &quantity in &watched {
                let mut flag = Flag {
                    analysis: analysis.name.clone(),
                    condition: analysis.label(condition),
                    quantity,
                    layers: Vec::new(),
                    worst: f64::NAN,
                    repeats: [0, of_condition.len()],
                };
                flag.add(&of_condition);
                if !flag.layers.is_empty() {
                    flag.layers.sort_unstable();
                    flag.layers.dedup();
                    flags.push(flag);
                }
            }
        }
    }
    flags
}

impl Flag {
    /// Takes note of what the repeats of a condition have of it.
    fn add(&mut self, results: &[&JobResult]) {
        let values = |result: &&JobResult| -> Vec<(Option<usize>, usize, f64)> {
            let of_quantity =
                result.records.iter().filter(|record| record.quantity == self.quantity);
            of_quantity.filter_map(|r| Some((r.layer, r.iteration, r.value?))).collect()
        };
        let mut repeats: Vec<Vec<_>> = results.iter().map(values).collect();
        // The gradients of single half batches differ much: only their mean over repeats tells.
        if self.quantity == Quantity::GradientStability {
            let mut sums: BTreeMap<(Option<usize>, usize), (f64, f64)> = BTreeMap::new();
            for &(layer, iteration, value) in repeats.iter().flatten() {
                let sum = sums.entry((layer, iteration)).or_default();
                *sum = (sum.0 + value, sum.1 + 1.0);
            }
            let means: Vec<_> =
                sums.into_iter().map(|((l, k), (sum, n))| (l, k, sum / n)).collect();
            repeats = vec![means; results.len()];
        }
        for values in repeats {
            let bad: Vec<(usize, f64)> = values
                .into_iter()
                .filter(|(_, _, v)| is_bad(self.quantity, *v))
                .filter_map(|(l, _, v)| Some((l?, v)))
                .collect();
            self.repeats[0] += usize::from(!bad.is_empty());
            for (layer, value) in bad {
                self.layers.push(layer);
                let worse = if self.quantity == Quantity::BpGradientNorm {
                    value < self.worst
                } else {
                    value > self.worst
                };
                if self.worst.is_nan() || worse {
                    self.worst = value;
                }
            }
        }
    }
}

impl Display for Flag {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { analysis, condition, quantity, layers, worst, repeats: [some, all] } = self;
        let layers: Vec<String> = layers.iter().map(ToString::to_string).collect();
        let said = match quantity {
            Quantity::ActivationGrowth => format!("activities grew {worst:.3e} times"),
            Quantity::BpGradientNorm => format!("BP's gradient was down to {worst:.1e} per sample"),
            _ => format!(
                "BP's gradients of two half batches were {worst:.1} degrees apart on average over \
                 repeats"
            ),
        };
        let meaning = match quantity {
            Quantity::ActivationGrowth => "its angles are those of a network that runs away",
            Quantity::BpGradientNorm => "update alignment compares with next to nothing",
            _ => "there is no direction that an update could align with",
        };
        write!(
            f,
            "{analysis} ({condition}): {said} in layer {} ({some} of {all} repeats); {meaning}",
            layers.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::job::{Outcome, Record};
    use super::*;
    use crate::condition::Kind;
    use crate::run::Plan;
    use crate::spec::Analysis;

    #[test]
    fn only_what_is_out_of_bounds_is_flagged() {
        let options = [("quantities", "validity,test_accuracy"), ("repeats", "2")];
        let plan = Plan::single(Analysis::from_options(Kind::Train, options).unwrap()).unwrap();
        let record = |quantity, layer, value| Record {
            iteration: 7,
            layer: Some(layer),
            lag: None,
            quantity,
            value: Some(value),
        };
        let results: Vec<Option<JobResult>> = [(49.0, 1e-3), (70.0, 1e-9)]
            .into_iter()
            .zip(&plan.jobs)
            .map(|((growth, gradient), job)| {
                let records = vec![
                    record(Quantity::ActivationGrowth, 1, growth),
                    record(Quantity::ActivationGrowth, 0, growth + 20.0),
                    record(Quantity::BpGradientNorm, 0, gradient),
                    record(Quantity::GradientStability, 0, 80.0),
                ];
                Some(job.finish(Outcome::Completed, records))
            })
            .collect();
        let found: Vec<String> =
            flags(Results::new(&plan, &results)).iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("9.000e1 times in layer 0, 1 (2 of 2 repeats)"), "{found:?}");
        assert!(found[1].contains("1.0e-9 per sample in layer 0 (1 of 2 repeats)"), "{found:?}");
    }
}
