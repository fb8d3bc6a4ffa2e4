//! Which closed form predicts which measured quantity.

use crate::analysis::{Condition, IsolateCondition, Quantity};
use crate::measure::null::WeightNull;
use crate::rule::Activation;
use crate::signal::Schedule;
use crate::theory::{Prediction, Toy, held, one_step, shared, white};

/// The mean of `quantity` under `condition` after `iteration` updates, where a closed form says it.
pub fn prediction(
    condition: &Condition,
    quantity: Quantity,
    layer: Option<usize>,
    iteration: usize,
) -> Option<Prediction> {
    if quantity != Quantity::WeightAlignment {
        return None;
    }
    if iteration == 0 {
        return Some(Prediction {
            value: WeightNull::MEAN,
            assumptions: "W and B drawn independently",
            source: "null distribution of a weight angle",
        });
    }
    match (condition, layer) {
        (Condition::Isolate(condition), Some(1)) => isolated(condition, iteration),
        _ => None,
    }
}

fn isolated(condition: &IsolateCondition, iteration: usize) -> Option<Prediction> {
    let toy = toy(condition)?;
    match (condition.schedule, condition.activation) {
        (Schedule::White, _) => Some(white::angle()),
        (Schedule::Held, Activation::Linear) => Some(held::angle_after(&toy, iteration)),
        (Schedule::Shared, Activation::Linear) => Some(shared::angle_after(&toy, iteration)),
        _ => None,
    }
}

/// The three-layer network of a condition; `None` where it has more layers.
fn toy(condition: &IsolateCondition) -> Option<Toy> {
    let toy = Toy::new(&condition.layers, condition.batch, condition.eta).ok()?;
    Some(Toy { w_std: condition.w_std, b_std: condition.b_std * condition.b_scale, ..toy })
}

/// The angle that the linear rule tends to under the signals of `condition`, where it has a limit.
pub fn linear_limit(condition: &IsolateCondition) -> Option<Prediction> {
    let toy = toy(condition)?;
    match condition.schedule {
        Schedule::Held => Some(one_step::angle(&toy)),
        Schedule::Shared => Some(Prediction {
            value: 0.0,
            assumptions: "linear activation; X = E Gaussian, redrawn every iteration",
            source: "E sum M = P^2 I k(k-1)/2",
        }),
        Schedule::White => None,
    }
}
