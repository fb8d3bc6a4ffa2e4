//! Which layers of a condition have a quantity: what every family chooses from. Kind sample asks
//! none of these, as a draw has no layers.

use crate::condition::{Condition, RecurrentCondition};
use crate::recorded::LayerOnRecord;
use crate::recurrent::{Credit, Path};
use crate::rule::Rule;
use std::ops::Range;

/// Layers by number; `None` stands for the network as a whole.
type Layers = Vec<Option<usize>>;

fn numbered(layers: Range<usize>) -> Layers {
    layers.map(Some).collect()
}

/// The rule of a network in training; in isolation it is BP-TRW.
fn rule(condition: &Condition) -> Option<Rule> {
    match condition {
        Condition::Train(train) => Some(train.setup.rule),
        _ => None,
    }
}

/// Layers of recordings that have on record what `has` asks for; `None` of other conditions.
fn on_record(condition: &Condition, has: impl Fn(&LayerOnRecord) -> bool) -> Option<Layers> {
    let Condition::Recorded(recorded) = condition else { return None };
    let layers = recorded.layers().iter().enumerate();
    Some(layers.filter(|(_, layer)| has(layer)).map(|(l, _)| Some(l)).collect())
}

/// All but the last, whose update is that of BP.
fn below_last(condition: &Condition) -> Layers {
    numbered(0..condition.depth().saturating_sub(1))
}

/// The network as a whole.
pub(super) fn network(_: &Condition) -> Layers {
    vec![None]
}

/// The network as a whole, where labels change.
pub(super) fn at_label_changes(condition: &Condition) -> Layers {
    if condition.label_changes().is_empty() { Vec::new() } else { network(condition) }
}

/// Every layer.
pub(super) fn every(condition: &Condition) -> Layers {
    on_record(condition, |layer| layer.weights).unwrap_or_else(|| numbered(0..condition.depth()))
}

/// Every layer whose activities are at hand.
pub(super) fn fed(condition: &Condition) -> Layers {
    on_record(condition, |layer| layer.activity).unwrap_or_else(|| every(condition))
}

/// Every layer that BP would carry errors back to.
pub(super) fn backpropagated(condition: &Condition) -> Layers {
    let all = on_record(condition, |layer| layer.backpropagated && layer.activity);
    all.unwrap_or_else(|| every(condition))
}

/// Those whose activities below and error signals above meet in one matrix of samples.
pub(super) fn met(condition: &Condition) -> Layers {
    let Condition::Recorded(recorded) = condition else { return above_input(condition) };
    let meet = |l: &usize| {
        let [below, own] = [&recorded.layers()[l - 1], &recorded.layers()[*l]];
        // A layer by itself, such as a convolution, has samples of its own.
        below.activity && own.delta && below.shape[1] == own.shape[0]
    };
    (1..recorded.layers().len()).filter(meet).map(Some).collect()
}

/// Those above the input layer.
pub(super) fn above_input(condition: &Condition) -> Layers {
    numbered(1..condition.depth())
}

/// Those with a `B_l` that `W_l` can be compared with.
pub(super) fn compared(condition: &Condition) -> Layers {
    let otherwise = || {
        rule(condition).map_or_else(
            || above_input(condition),
            |rule| numbered(rule.compared(condition.depth())),
        )
    };
    on_record(condition, |layer| layer.backward).unwrap_or_else(otherwise)
}

/// The layer of a replay, if the network that was recorded has a `B` there that `W` can be compared
/// with.
pub(super) fn of_source(condition: &Condition) -> Layers {
    match condition {
        Condition::Replay(replay) => numbered(replay.train.setup.rule.compared(condition.depth())),
        _ => compared(condition),
    }
}

/// Those that learn.
pub(super) fn learning(condition: &Condition) -> Layers {
    if let Some(layers) = on_record(condition, |layer| layer.activity && layer.delta) {
        return layers;
    }
    let last = condition.depth() - 1;
    if rule(condition) == Some(Rule::SHALLOW) { numbered(last..last + 1) } else { every(condition) }
}

/// Those that learn by another update than that of BP.
pub(super) fn updated(condition: &Condition) -> Layers {
    if matches!(condition, Condition::Recorded(_)) {
        let mut layers = backpropagated(condition);
        let below = learning(condition);
        layers.retain(|l| below.contains(l) && *l != condition.depth().checked_sub(1));
        return layers;
    }
    if rule(condition) == Some(Rule::SHALLOW) { Vec::new() } else { below_last(condition) }
}

/// Those that an error is carried back to by matrices that can be compared with those of BP.
pub(super) fn carried_back(condition: &Condition) -> Layers {
    if matches!(condition, Condition::Recorded(_)) {
        return updated(condition);
    }
    let compared = rule(condition).is_some_and(|rule| !rule.compared(condition.depth()).is_empty());
    if compared { below_last(condition) } else { Vec::new() }
}

/// Those whose update changes when `B` is drawn anew as that of BP-TRW is.
pub(super) fn redrawn(condition: &Condition) -> Layers {
    if rule(condition) == Some(Rule::BP_TRW) { below_last(condition) } else { Vec::new() }
}

/// The layer that exact theory is about, where it is.
pub(super) fn predicted(condition: &Condition) -> Layers {
    match condition {
        Condition::Isolate(isolate) if isolate.is_linear_toy() => numbered(1..2),
        Condition::Replay(replay) if replay.is_predicted() => numbered(1..2),
        _ => Vec::new(),
    }
}

/// Whether theory follows the repeats of a condition at any depth.
fn is_followed(condition: &Condition) -> bool {
    match condition {
        Condition::Isolate(isolate) => isolate.is_deep_linear(),
        Condition::Train(train) => train.unpredicted().is_none(),
        Condition::Recurrent(recurrent) => recurrent.is_predicted(),
        _ => false,
    }
}

/// Those with a `B_l`, where theory follows the repeats.
pub(super) fn followed(condition: &Condition) -> Layers {
    let relu = matches!(condition, Condition::Isolate(isolate) if isolate.is_deep_relu());
    if relu || is_followed(condition) { above_input(condition) } else { Vec::new() }
}

/// All but the last, likewise.
pub(super) fn followed_below(condition: &Condition) -> Layers {
    if is_followed(condition) { below_last(condition) } else { Vec::new() }
}

/// The network as a whole, likewise.
pub(super) fn followed_network(condition: &Condition) -> Layers {
    if is_followed(condition) { network(condition) } else { Vec::new() }
}

/// Every layer of a network that is not trained by BP itself.
pub(super) fn beside_twin(condition: &Condition) -> Layers {
    if rule(condition) == Some(Rule::BP) { Vec::new() } else { every(condition) }
}

/// Those with a `B_l` that stays as it is, which budgets are about.
pub(super) fn balanced(condition: &Condition) -> Layers {
    let is_fixed = rule(condition).is_none_or(Rule::has_fixed_backward);
    if is_fixed { above_input(condition) } else { Vec::new() }
}

/// Likewise, where units work each by itself: those whose updates are decomposed.
pub(super) fn fixed(condition: &Condition) -> Layers {
    if let Some(layers) = on_record(condition, |layer| layer.terms) {
        return layers;
    }
    if condition.normalises_activities() { Vec::new() } else { balanced(condition) }
}

/// Likewise, where something is added to plain updates.
pub(super) fn projected(condition: &Condition) -> Layers {
    if let Some(layers) = on_record(condition, |layer| layer.projected) {
        return layers;
    }
    if condition.has_projections() { fixed(condition) } else { Vec::new() }
}

/// Likewise, where batches come again.
pub(super) fn revisited(condition: &Condition) -> Layers {
    if condition.is_of_one_epoch() { Vec::new() } else { fixed(condition) }
}

/// The recurrent network of a condition, as a whole, where `is` holds of it.
fn of_recurrent(condition: &Condition, is: impl Fn(&RecurrentCondition) -> bool) -> Layers {
    match condition {
        Condition::Recurrent(recurrent) if is(recurrent) => network(condition),
        _ => Vec::new(),
    }
}

/// A recurrent network whose errors go back in time through random weights.
pub(super) fn of_random_recurrence(condition: &Condition) -> Layers {
    of_recurrent(condition, |c| c.setup.credit.through_recurrence() == Path::Random)
}

/// A recurrent network whose errors take the fixed `B` and no path through `W_rec`.
pub(super) fn of_rflo(condition: &Condition) -> Layers {
    of_recurrent(condition, |c| c.setup.credit == Credit::Rflo)
}

/// A recurrent network that learns a task.
pub(super) fn of_task(condition: &Condition) -> Layers {
    of_recurrent(condition, |c| !c.is_isolated())
}

/// A recurrent network whose task has right and wrong answers.
pub(super) fn of_classified(condition: &Condition) -> Layers {
    of_recurrent(condition, |c| c.setup.task.has_accuracy())
}

/// The read-out of a recurrent network in isolation.
pub(super) fn of_isolated_readout(condition: &Condition) -> Layers {
    match condition {
        Condition::Recurrent(recurrent) if recurrent.is_isolated() => above_input(condition),
        _ => Vec::new(),
    }
}

/// The two components of a plane.
pub(super) fn components(_: &Condition) -> Layers {
    numbered(0..2)
}
