//! How many repeats would decide: an estimate, from what was seen so far.

use super::eprocess::{BETS, Side, of_share, of_t};
use super::verdict::Bounds;
use crate::measure::summary::{mean, variance};
use crate::spec::{Criterion, ValueKind};

/// Repeats beyond which no one would go.
const MOST: usize = 1_000_000;

/// Repeats after which the evidence is estimated to reach `level` for a mean that is inside, and
/// `against` for one outside. `None` where it would take more than a million, or there is nothing
/// to go by.
pub(super) fn needed(
    present: &[f64],
    values: ValueKind,
    bounds: Bounds,
    [level, against]: [f64; 2],
) -> Option<usize> {
    if let ValueKind::Every(share) = values {
        return whole(level / -share.ln());
    }
    let (here, n) = (mean(present), present.len() as f64);
    if present.len() < 2 || !here.is_finite() {
        return None;
    }
    let Criterion { low, high } = bounds.inside;
    let outside = bounds.outside;
    let (level, gaps) = if here < outside.low || here > outside.high {
        let (bound, side) = if here < outside.low {
            (outside.low, Side::Below)
        } else {
            (outside.high, Side::Above)
        };
        (against, vec![(bound, side)])
    } else {
        (level, vec![(low, Side::Above), (high, Side::Below)])
    };
    let spread = variance(present);
    let each =
        gaps.into_iter().filter(|(bound, _)| bound.is_finite()).map(|(bound, side)| match values {
            ValueKind::Gaussian => {
                first(&|n| of_t(n, here - bound, (n - 1.0) * spread, side) >= level)
            }
            ValueKind::Share => {
                let (share, bound) =
                    if side == Side::Above { (here, bound) } else { (1.0 - here, 1.0 - bound) };
                first(&|n| of_share(share * n, (1.0 - share) * n, bound) >= level)
            }
            ValueKind::Bounded { range: [least, most], reach } => {
                let room =
                    if side == Side::Above { bound - least } else { most - bound }.min(reach);
                // The best gambler started with a part of the whole.
                const START: f64 = 1.3;
                whole((level + START) / growth(present, bound, room, side))
                    .map(|all| all.max(n as usize + 1))
            }
            ValueKind::Every(_) | ValueKind::Exact => None,
        });
    each.collect::<Option<Vec<usize>>>()?.into_iter().max()
}

/// Growth of the logarithm of the best gambler's capital per repeat, by the values seen.
fn growth(present: &[f64], bound: f64, room: f64, side: Side) -> f64 {
    let gain = |value: &f64| if side == Side::Above { value - bound } else { bound - value } / room;
    let growth_by = |bet: f64| {
        mean(
            &present
                .iter()
                .map(|value| (bet * gain(value).clamp(-1.0, 1.0)).ln_1p())
                .collect::<Vec<_>>(),
        )
    };
    BETS.into_iter().map(|[_, bet]| growth_by(bet)).fold(0.0, f64::max)
}

fn whole(repeats: f64) -> Option<usize> {
    (repeats.is_finite() && repeats < MOST as f64).then(|| repeats.ceil() as usize)
}

/// The first number of repeats for which something is so, and for all after it.
fn first(is_so: &dyn Fn(f64) -> bool) -> Option<usize> {
    let mut above = 2;
    while !is_so(above as f64) {
        above *= 2;
        if above > MOST {
            return None;
        }
    }
    let mut below = above / 2;
    while above - below > 1 {
        let middle = usize::midpoint(below, above);
        if is_so(middle as f64) { above = middle } else { below = middle }
    }
    Some(above)
}
