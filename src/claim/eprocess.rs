//! Evidence that grows with every repeat and may be judged after each: e-processes.
//!
//! An e-process is a bet against a hypothesis that starts with 1 and, if the hypothesis is true, is
//! worth at most 1 on average whenever one stops. So it reaches `1 / alpha` at any time with
//! probability at most `alpha` (Ville 1939; Ramdas, Grünwald, Vovk & Shafer 2023, "Game-theoretic
//! statistics and safe anytime-valid inference", Statistical Science 38). Repeats may be added
//! until it is decided, and no correction for looking is due. All values here are logarithms.
//!
//! Which bet is placed depends on what is known of the values before any is seen:
//!
//! * **Gaussian**: the likelihood ratio of t statistics with a Gaussian mixture over the effect
//!   (mean minus bound over standard deviation) of variance [`PRIOR_VARIANCE`], which does not
//!   depend on the scale (Gönen, Johnson, Lu & Westfall 2005, "The Bayesian two-sample t test";
//!   that it is an e-process: Pérez-Ortiz, Lardy, de Heide & Grünwald 2024, "E-statistics, group
//!   invariance and anytime-valid testing", Annals of Statistics 52; Wang & Ramdas 2025,
//!   "Anytime-valid t-tests and confidence sequences for Gaussian means with unknown variance").
//!   Against "at most `b`" it counts while the mean is above `b` only: there it is no larger than
//!   the one at the true mean, whichever that is below `b`.
//! * **Bounded**: capital of gamblers who bet on each value, each the same share of what it has,
//!   together (Waudby-Smith & Ramdas 2024, "Estimating means of bounded random variables by
//!   betting", JRSS B 86; Orabona & Jun 2024, "Tight concentrations and confidence sequences from
//!   the regret of universal portfolio", IEEE Trans. Inf. Theory 70). Nothing is assumed of how
//!   values spread, other than how far one can be on the wrong side of the bound. The order of
//!   values does not matter.
//! * **Share**: the likelihood ratio of a binomial share, uniformly mixed over the shares beyond
//!   the bound (Robbins 1970).

use statrs::function::beta::{beta_reg, ln_beta};

/// Variance of the mixture over the effect, in squared standard deviations: found best in advance
/// for effects of a quarter to one standard deviation.
const PRIOR_VARIANCE: f64 = 0.25;

/// What gamblers start with, and the share of their capital that each puts at risk; what they have
/// together is what counts. Most is with the boldest, as effects are large for the most part.
pub(super) const BETS: [[f64; 2]; 12] = [
    [0.05, 0.01],
    [0.05, 0.02],
    [0.05, 0.04],
    [0.05, 0.07],
    [0.06, 0.12],
    [0.06, 0.2],
    [0.07, 0.3],
    [0.07, 0.42],
    [0.08, 0.55],
    [0.08, 0.7],
    [0.1, 0.83],
    [0.28, 0.95],
];

/// Which side of a bound a mean is shown to be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Above it.
    Above,
    /// Below it.
    Below,
}

/// Logarithm of the evidence that the mean is on that side of `bound`, after each value, if values
/// are Gaussian.
pub(super) fn gaussian(values: &[Option<f64>], bound: f64, side: Side) -> Vec<f64> {
    let (mut n, mut sum_mean, mut squares) = (0.0, 0.0, 0.0);
    let each = |value: &Option<f64>| {
        if let Some(value) = value {
            n += 1.0;
            let from = value - sum_mean;
            sum_mean += from / n;
            squares += from * (value - sum_mean);
        }
        of_t(n, sum_mean - bound, squares, side)
    };
    values.iter().map(each).collect()
}

/// The same from the number of values, their mean minus the bound and their squared deviations.
pub(super) fn of_t(n: f64, gap: f64, squares: f64, side: Side) -> f64 {
    if n < 2.0 {
        return 0.0;
    }
    let is_there = if side == Side::Above { gap > 0.0 } else { gap < 0.0 };
    if !is_there {
        return f64::NEG_INFINITY;
    }
    // t^2 / (n - 1), whatever the scale; infinite without spread, which is worth no more than the
    // limit.
    let ratio = n * gap * gap / squares;
    let widened = 1.0 + n * PRIOR_VARIANCE;
    let raised = if ratio.is_finite() {
        ((1.0 + ratio) / (1.0 + ratio / widened)).ln()
    } else {
        widened.ln()
    };
    0.5 * n * raised - 0.5 * widened.ln()
}

/// The same if values lie in a range, however they spread in it. What counts is how far a value can
/// be on the wrong side of the bound: a gambler who bets that the mean is on the right side loses
/// at most a share of the capital by it.
pub(super) fn bounded(
    values: &[Option<f64>],
    [low, high]: [f64; 2],
    bound: f64,
    side: Side,
) -> Vec<f64> {
    let room = if side == Side::Above { bound - low } else { high - bound };
    if room <= 0.0 {
        // No mean can be on the wrong side; if it can be at the bound, one value on the right side
        // shows that it is not.
        let beyond = |value: f64| if side == Side::Above { value > bound } else { value < bound };
        let mut log = if room < 0.0 { f64::INFINITY } else { 0.0 };
        return values
            .iter()
            .map(|value| {
                if value.is_some_and(beyond) {
                    log = f64::INFINITY
                };
                log
            })
            .collect();
    }
    let mut capitals = BETS.map(|[start, _]| start.ln());
    let each = |value: &Option<f64>| {
        if let Some(value) = value {
            let gain = if side == Side::Above { value - bound } else { bound - value } / room;
            for (capital, [_, bet]) in capitals.iter_mut().zip(BETS) {
                // A value beyond the range, which cannot be, ruins every gambler; one as far on the
                // other side counts no more than that, so that the bet is fair for whatever is
                // symmetric, even if the range was too small.
                *capital +=
                    if gain < -1.0 { f64::NEG_INFINITY } else { (bet * gain.min(1.0)).ln_1p() };
            }
        }
        mean_of_logs(capitals.iter().copied()) + (BETS.len() as f64).ln()
    };
    values.iter().map(each).collect()
}

/// The same of a share of ones among ones and zeros.
pub(super) fn share(values: &[Option<f64>], bound: f64, side: Side) -> Vec<f64> {
    let (mut ones, mut zeros) = (0.0, 0.0);
    let each = |value: &Option<f64>| {
        if let Some(value) = value {
            let is_one = (*value != 0.0) == (side == Side::Above);
            *(if is_one { &mut ones } else { &mut zeros }) += 1.0;
        }
        of_share(ones, zeros, if side == Side::Above { bound } else { 1.0 - bound })
    };
    values.iter().map(each).collect()
}

/// Evidence that a share is above `bound`, from how many ones and zeros there are.
pub(super) fn of_share(ones: f64, zeros: f64, bound: f64) -> f64 {
    if bound >= 1.0 {
        return 0.0;
    }
    if bound <= 0.0 {
        return if bound < 0.0 || ones > 0.0 { f64::INFINITY } else { 0.0 };
    }
    let (a, b) = (ones + 1.0, zeros + 1.0);
    let beyond = 1.0 - beta_reg(a, b, bound);
    if beyond <= 0.0 {
        return f64::NEG_INFINITY;
    }
    ln_beta(a, b) + beyond.ln()
        - (1.0 - bound).ln()
        - ones * bound.ln()
        - zeros * (1.0 - bound).ln()
}

/// Evidence that a share is at least `share`, of repeats of which every one is 1; none after one
/// that is not.
pub(super) fn every(values: &[Option<f64>], share: f64) -> Vec<f64> {
    let mut log = 0.0f64;
    let each = |value: &Option<f64>| {
        match value {
            Some(value) if *value == 0.0 => log = f64::NEG_INFINITY,
            Some(_) => log -= share.ln(),
            None => {}
        }
        log
    };
    values.iter().map(each).collect()
}

/// Logarithm of the mean of what these are logarithms of.
pub(super) fn mean_of_logs(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let (count, most) = logs
        .clone()
        .fold((0.0, f64::NEG_INFINITY), |(n, most): (f64, f64), log| (n + 1.0, most.max(log)));
    if !most.is_finite() {
        return most;
    }
    most + (logs.map(|log| (log - most).exp()).sum::<f64>() / count).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().map(|value| Some(*value)).collect()
    }

    #[test]
    fn two_values_are_the_least_that_have_a_spread() {
        let found = gaussian(&some(&[1.0, 1.1, 0.9]), 0.0, Side::Above);
        assert!(found[0] == 0.0 && found[1] > 0.0 && found[2] > found[1], "{found:?}");
        // At the bound there is nothing for either side.
        for side in [Side::Above, Side::Below] {
            assert_eq!(gaussian(&some(&[-1.0, 1.0]), 0.0, side)[1], f64::NEG_INFINITY);
        }
    }

    #[test]
    fn where_no_value_can_be_on_the_wrong_side_one_on_the_right_side_is_enough() {
        for (side, right, wrong) in [(Side::Above, 0.1, 0.0), (Side::Below, -0.1, 0.0)] {
            let ends = if side == Side::Above { [0.0, 1.0] } else { [-1.0, 0.0] };
            let found = bounded(&some(&[wrong, right, wrong]), ends, 0.0, side);
            assert_eq!(found, [0.0, f64::INFINITY, f64::INFINITY]);
        }
    }

    #[test]
    fn only_values_beyond_the_range_ruin_every_gambler() {
        let found = bounded(&some(&[-1.0, -1.1]), [-1.0, 1.0], 0.0, Side::Above);
        assert!(found[0].is_finite() && found[0] < 0.0, "{found:?}");
        assert_eq!(found[1], f64::NEG_INFINITY);
    }
}
