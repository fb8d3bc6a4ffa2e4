//! Which theory predicts which measured quantity: predictions of means over repeats. Exact moments,
//! whose cost grows with the third power of the iterations, are computed only where asked for, and
//! once: the table and all figures of a process have them in common.

use crate::condition::{Condition, IsolateCondition, ReplayWeights};
use crate::measure::null::WeightNull;
use crate::quantity::Quantity;
use crate::rule::{Activation, WeightNorm};
use crate::run::Expected;
use crate::signal::{Cross, Form, Process, Schedule};
use crate::theory::depth::{DeepNetwork, DepthRun, ReluNetwork, StepRule, Width, norms};
use crate::theory::moments::{Moments, moments};
use crate::theory::{
    Prediction, Toy, bound, held, mean_field, one_step, shared, stationary, white,
};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// What has been predicted, by network, signals and iteration.
type Cache<T> = LazyLock<Mutex<HashMap<(String, usize), T>>>;

static MOMENTS: Cache<Option<Moments>> = LazyLock::new(Mutex::default);
static MEAN_FIELDS: Cache<mean_field::Trajectory> = LazyLock::new(Mutex::default);
static DRAWN: Cache<Option<bound::Drawn>> = LazyLock::new(Mutex::default);

/// What is known of the condition in use.
fn open<T>(known: &'static Cache<T>) -> MutexGuard<'static, HashMap<(String, usize), T>> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether forward and backward weights are independent of each other at the start.
fn starts_independent(condition: &Condition) -> bool {
    match condition {
        Condition::Train(c) => c.setup.rule.starts_independent(),
        Condition::Replay(c) => {
            c.weights == ReplayWeights::Fresh
                || c.from == 0 && c.train.setup.rule.starts_independent()
        }
        Condition::Plane(c) => c.train.setup.rule.starts_independent(),
        // Nobody knows how others began.
        Condition::Recorded(_) => false,
        Condition::Isolate(_) | Condition::Sample(_) | Condition::Recurrent(_) => true,
    }
}

/// As [`predict`], with how far it may be off where it is an approximation.
pub fn expect(
    condition: &Condition,
    quantity: Quantity,
    layer: Option<usize>,
    iteration: usize,
    exact: bool,
) -> Option<Expected> {
    let value = predict(condition, quantity, layer, iteration, exact)?;
    let bound = match condition {
        Condition::Isolate(c) if quantity == Quantity::WeightAlignment && iteration > 0 => {
            bound(c, iteration, exact, value)
        }
        _ => None,
    };
    Some(Expected { value, bound })
}

/// How far the predicted angle may be off; `None` where it is exact.
fn bound(condition: &IsolateCondition, iteration: usize, exact: bool, value: f64) -> Option<f64> {
    if value == WeightNull::MEAN {
        return None;
    }
    let toy = toy(condition)?;
    let schedule = Schedule::of(&condition.signals);
    let is_instant = condition.is_instant();
    // Of the others nothing is drawn, and so nothing kept: the same network and signals may be
    // linear elsewhere.
    if condition.activation != Activation::Linear
        || is_instant && schedule != Schedule::Held && !exact
    {
        return Some(f64::INFINITY);
    }
    let key = (format!("{toy:?} {:?}", condition.signals), iteration);
    let mut known = open(&DRAWN);
    let drawn = known.entry(key).or_insert_with(|| {
        if !is_instant {
            return bound::simulated(
                &toy,
                Activation::Linear,
                &condition.signals,
                None,
                iteration,
            )?
            .angle;
        }
        let found = match schedule {
            Schedule::Held => bound::held(&toy, &[iteration]),
            _ => bound::linear(&toy, &condition.signals, &[iteration]).ok()?,
        };
        found.into_iter().next().flatten()
    });
    Some(drawn.map_or(f64::INFINITY, |drawn| drawn.bound(value)))
}

/// The mean of `quantity` of `layer` under `condition` after `iteration` updates, where theory says
/// it: by closed form, or, if `exact`, by the exact moments of the linear rule.
pub fn predict(
    condition: &Condition,
    quantity: Quantity,
    layer: Option<usize>,
    iteration: usize,
    exact: bool,
) -> Option<f64> {
    if quantity == Quantity::AlignmentTerm
        && let Condition::Sample(c) = condition
    {
        let held = c.activity == Form::HELD && c.error == Form::HELD && c.b_mean == 0.0;
        let toy = Toy::new(&c.layers, c.batch, 1.0).ok().filter(|_| held)?;
        return Some(one_step::angle(&toy).value);
    }
    if quantity == Quantity::WeightAlignment && iteration == 0 && starts_independent(condition) {
        return Some(WeightNull::MEAN);
    }
    let (Condition::Isolate(c), Some(1)) = (condition, layer) else { return None };
    // What has left the range of numbers predicts nothing.
    let is_number = |value: &f64| value.is_finite();
    if quantity == Quantity::WeightAlignment
        && let Some(closed) = closed_form(c, iteration)
    {
        return Some(closed.value).filter(is_number);
    }
    let moments = if exact { exact_moments(c, iteration)? } else { return None };
    let value = match quantity {
        Quantity::WeightAlignment => moments.angle,
        Quantity::WeightInnerProduct => moments.inner_product,
        Quantity::WeightSquaredNorm => moments.squared_norm,
        _ => return None,
    };
    Some(value).filter(is_number)
}

fn exact_moments(condition: &IsolateCondition, iteration: usize) -> Option<Moments> {
    let toy = linear_toy(condition)?;
    let key = (format!("{toy:?} {:?}", condition.signals), iteration);
    let mut known = open(&MOMENTS);
    *known.entry(key).or_insert_with(|| moments(&toy, &condition.signals, iteration).ok())
}

fn closed_form(condition: &IsolateCondition, iteration: usize) -> Option<Prediction> {
    if !condition.is_instant() {
        return None;
    }
    let error = &condition.signals.error;
    let white = matches!(error.process, Process::White(_));
    let symmetric = white && error.mean == 0.0 && condition.signals.cross == Cross::None;
    if symmetric && condition.weight_norm.is_none() && condition.layers.len() == 3 {
        return Some(white::angle());
    }
    let toy = condition.is_toy().then(|| toy(condition))??;
    match (Schedule::of(&condition.signals), condition.activation) {
        (Schedule::Held, Activation::Linear) => Some(held::angle_after(&toy, iteration)),
        (Schedule::Held, Activation::Relu) => mean_field(&toy, condition.iterations, iteration),
        (Schedule::Shared, Activation::Linear) => Some(shared::angle_after(&toy, iteration)),
        (Schedule::Shared, Activation::Relu) => Some(shared::relu_angle_after(&toy, iteration)),
        _ => None,
    }
}

fn mean_field(toy: &Toy, iterations: usize, iteration: usize) -> Option<Prediction> {
    let mut known = open(&MEAN_FIELDS);
    let new = || mean_field::Trajectory::new(toy, iterations);
    known.entry((format!("{toy:?}"), iterations)).or_insert_with(new).angle(iteration)
}

/// The network of a condition, if the exact theory of the linear rule holds for it.
pub fn linear_toy(condition: &IsolateCondition) -> Option<Toy> {
    condition.is_linear_toy().then(|| toy(condition))?
}

/// What the theory of depth is of, for a condition that it holds for.
pub fn depth_run(condition: &IsolateCondition) -> DepthRun {
    let IsolateCondition { layers: sizes, batch, signals, eta, .. } = condition;
    let w_std = vec![condition.w_std; sizes.len() - 1];
    let norms = condition.weight_norm.as_ref().map(|kind| norms(kind, sizes, &w_std));
    DepthRun {
        network: DeepNetwork { sizes: sizes.clone(), w_std, norms, bias_std: None },
        b_std: Vec::new(),
        width: Width::Finite,
        pair: signals.clone(),
        batch: *batch,
        rule: StepRule::plain(*eta),
    }
}

/// What the mean field of ReLU networks is of, for a condition that it holds for.
pub fn relu_network(condition: &IsolateCondition) -> ReluNetwork {
    let IsolateCondition { layers, eta, w_std, b_std, b_scale, .. } = condition;
    let (sizes, b_std) = (layers.clone(), b_std * b_scale);
    ReluNetwork { sizes, w_std: *w_std, b_std, eta: *eta }
}

fn toy(condition: &IsolateCondition) -> Option<Toy> {
    let toy = Toy::new(&condition.layers, condition.batch, condition.eta).ok()?;
    let b_std = condition.b_std * condition.b_scale;
    Some(Toy { w_std: condition.w_std, b_std, timing: condition.timing(), ..toy })
}

/// Where the angle of a condition ends, under a name for legends: the limit of the linear rule, or
/// the angle at which it settles under weight normalisation.
pub fn limit(condition: &IsolateCondition) -> Option<(&'static str, Prediction)> {
    let toy = toy(condition)?;
    match &condition.weight_norm {
        _ if condition.output_mask || !condition.is_instant() => None,
        Some(norm) => {
            stationary_angle(condition, &toy, norm).map(|found| ("stationary angle", found))
        }
        None => linear_limit(condition, &toy).map(|found| ("linear limit", found)),
    }
}

fn linear_limit(condition: &IsolateCondition, toy: &Toy) -> Option<Prediction> {
    match Schedule::of(&condition.signals) {
        Schedule::Held => Some(one_step::angle(toy)),
        Schedule::Shared => Some(Prediction {
            value: 0.0,
            assumptions: "linear activation; X = E Gaussian, redrawn every iteration",
            source: "E sum M = P^2 I k(k-1)/2",
        }),
        Schedule::White | Schedule::Free => None,
    }
}

/// Of the linear rule with the norm of every neuron kept, and signals that are the same.
fn stationary_angle(
    condition: &IsolateCondition,
    toy: &Toy,
    norm: &WeightNorm,
) -> Option<Prediction> {
    let WeightNorm::Neuron(norms) = norm else { return None };
    let form = &condition.signals.activity;
    // Both have the autocovariance `memory^h` at lag `h`.
    let geometric = matches!(form.process, Process::White(_) | Process::Ar1(_));
    let memory = form.coefficient().filter(|_| geometric)?;
    let same = condition.signals.cross == Cross::Same
        && *form == Form { process: form.process.clone(), ..Form::HELD };
    let linear = condition.is_plain() && condition.activation == Activation::Linear;
    let norms = [*norms.first()?, *norms.last()?];
    (same && linear).then(|| stationary::angle(toy, norms, memory))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::{Kind, Values, parameters};

    fn held(activation: &str) -> Condition {
        let read = |(name, text): (&'static str, &str)| {
            let known = parameters(Kind::Isolate)
                .iter()
                .find(|parameter| parameter.facts().name == name)
                .unwrap();
            (name, known.read(text).unwrap())
        };
        let options = [
            ("schedule", "held"),
            ("layers", "6,20,5"),
            ("batch", "9"),
            ("activation", activation),
        ];
        Condition::new(Kind::Isolate, &options.map(read).into_iter().collect::<Values>()).unwrap()
    }

    #[test]
    fn a_bound_does_not_depend_on_what_was_asked_for_before() {
        let bound = |activation: &str| {
            expect(&held(activation), Quantity::WeightAlignment, Some(1), 40, false)
                .and_then(|prediction| prediction.bound)
        };
        assert_eq!(bound("relu"), Some(f64::INFINITY));
        let linear = bound("linear").unwrap();
        assert!(linear.is_finite() && linear < 5.0, "{linear}");
        assert_eq!(bound("relu"), Some(f64::INFINITY));
    }
}
