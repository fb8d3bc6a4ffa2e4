//! What each recorded update did to the weights, where not all were recorded.

use super::run::RecordedRun;
use super::stack::Stack;
use crate::array::ArrayError;
use crate::matrix::Matrix;
use crate::measure::closing::{Closing, LayerClosing, MOST_ROUNDING};
use crate::vmath::{dot, sum_squares};
use serde::Serialize;

/// Steps of recorded updates whose neighbours were not recorded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SingleSteps {
    /// Whether the learning rate was given.
    pub given: bool,
    /// The learning rate; the range where every update has one of its own.
    pub eta: [f64; 2],
    /// Steps of all layers against `eta L_l^T delta_{l+1}`.
    pub closing: Closing,
    /// The same by layer: layer `l` of `W_l`.
    pub layers: Vec<LayerClosing>,
}

/// Sums over updates of one layer: of squares of differences, of steps, and of what rounding is
/// expected to add.
#[derive(Clone, Copy, Default)]
struct StepSums {
    difference: f64,
    step: f64,
    rounding: f64,
}

impl StepSums {
    fn plus(self, other: Self) -> Self {
        Self {
            difference: self.difference + other.difference,
            step: self.step + other.step,
            rounding: self.rounding + other.rounding,
        }
    }

    fn closing(self) -> Closing {
        let over = |square: f64| if self.step > 0.0 { (square / self.step).sqrt() } else { 0.0 };
        let (relative_difference, rounding) = (over(self.difference), over(self.rounding));
        // As for the steps of whole recordings: this rounding is made of the sizes at hand.
        let closes = relative_difference <= MOST_ROUNDING / 8.0 * rounding;
        Closing { relative_difference, rounding, closes }
    }
}

impl SingleSteps {
    /// What recorded updates made of the weights; `None` where the run is whole, or no layer has
    /// what this takes.
    pub(super) fn of(run: &RecordedRun, given: Option<f64>) -> Result<Option<Self>, ArrayError> {
        let Some(thinned) = &run.thinned else { return Ok(None) };
        let layers: Vec<(usize, &Stack)> = thinned
            .next
            .iter()
            .enumerate()
            .filter_map(|(l, next)| Some((l, next.as_ref()?)))
            .collect();
        let updates = layers.iter().map(|(_, next)| next.len()).min().unwrap_or(0);
        // Inner products of steps with the rule's, and of these with themselves, by update.
        let mut products = vec![[0.0; 2]; updates];
        for (l, next) in &layers {
            for (k, sums) in products.iter_mut().enumerate() {
                let Some((step, rule)) = step(run, *l, next, k)? else { return Ok(None) };
                sums[0] += dot(&step, rule.as_slice());
                sums[1] += sum_squares(rule.as_slice());
            }
        }
        let [along, squares] = products.iter().fold([0.0; 2], |a, b| [a[0] + b[0], a[1] + b[1]]);
        if squares == 0.0 {
            return Ok(None);
        }
        let one = vec![given.unwrap_or(along / squares); updates];
        let found = Self::measured(run, &layers, given.is_some(), &one)?;
        if given.is_some() || found.as_ref().is_some_and(|steps| steps.closing.closes) {
            return Ok(found);
        }
        let each: Vec<f64> = products
            .iter()
            .map(|[along, squares]| if *squares > 0.0 { along / squares } else { 0.0 })
            .collect();
        let by_update = Self::measured(run, &layers, false, &each)?;
        Ok(by_update.filter(|steps| steps.closing.closes).or(found))
    }

    /// The steps against the rule's with these rates by update.
    fn measured(
        run: &RecordedRun,
        layers: &[(usize, &Stack)],
        given: bool,
        rates: &[f64],
    ) -> Result<Option<Self>, ArrayError> {
        let mut by_layer = Vec::new();
        for &(layer, next) in layers {
            let mut sums = StepSums::default();
            for (k, &eta) in rates.iter().enumerate() {
                let Some((step, rule)) = step(run, layer, next, k)? else { return Ok(None) };
                let made = step.iter().zip(rule.as_slice());
                sums.difference +=
                    made.map(|(step, rule)| (step - eta * rule).powi(2)).sum::<f64>();
                sums.step += sum_squares(&step);
                sums.rounding += rounding(run, layer, next, k, eta)?.powi(2);
            }
            by_layer.push((layer, sums));
        }
        let all =
            by_layer.iter().fold(StepSums::default(), |all, (_, sums)| all.plus(*sums)).closing();
        let layers: Vec<LayerClosing> = by_layer
            .iter()
            .map(|&(layer, sums)| LayerClosing { layer, closing: sums.closing() })
            .collect();
        let closes = all.closes && layers.iter().all(|layer| layer.closing.closes);
        let eta = rates
            .iter()
            .fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], &eta| [a.min(eta), b.max(eta)]);
        Ok(Some(Self { given, eta, closing: Closing { closes, ..all }, layers }))
    }
}

/// What an update added to `W_l`, and the sum over samples that the rule makes it of.
type StepAndRule = (Vec<f64>, Matrix<f64>);

/// What update `k` added to `W_l`, and the sum over samples of the rule; `None` where a member is
/// missing.
fn step(
    run: &RecordedRun,
    l: usize,
    next: &Stack,
    k: usize,
) -> Result<Option<StepAndRule>, ArrayError> {
    let (Some(before), Some(rule)) = (run.weights_before(l, k)?, run.rule_part(l, k)?) else {
        return Ok(None);
    };
    let after = next.matrix(k)?;
    let step = after.as_slice().iter().zip(before.as_slice()).map(|(after, before)| after - before);
    Ok(Some((step.collect(), rule)))
}

/// Norm of what rounding is expected to add to a step: the sum over samples rounds by its terms,
/// the state by its own size.
fn rounding(
    run: &RecordedRun,
    l: usize,
    next: &Stack,
    k: usize,
    eta: f64,
) -> Result<f64, ArrayError> {
    let (Some(activity), Some(delta)) = (run.activity(l), run.delta(l + 1)) else { return Ok(0.0) };
    let [mut activity, mut delta] = [activity.matrix(k)?, delta.matrix(k)?];
    for matrix in [&mut activity, &mut delta] {
        matrix.as_mut_slice().iter_mut().for_each(|v| *v = v.abs());
    }
    let [terms, state] = [(activity.t() * &delta).to_matrix().norm(), next.matrix(k)?.norm()];
    let [of_states, of_terms] = run.units_of_step(l);
    Ok(of_states * state + of_terms * eta.abs() * terms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::Thinned;

    fn one(value: f64) -> Matrix<f64> {
        Matrix::from_vec(1, 1, vec![value])
    }

    /// A thinned run of one unit and one sample: by layer and update, the error signal above and
    /// the weight before and after. Activities are 1, so that errors are what the rule makes.
    fn run(layers: &[&[[f64; 3]]]) -> RecordedRun {
        let mut run = RecordedRun::of_layers(layers.len() + 1);
        let stack =
            |values: &mut dyn Iterator<Item = f64>| Stack::of(&values.map(one).collect::<Vec<_>>());
        let updates = (0..layers[0].len() as u64).map(|k| 10 * k).collect();
        let mut thinned = Thinned { updates, next: Vec::new() };
        for (l, updates) in layers.iter().enumerate() {
            run.activities[l] = Some(stack(&mut updates.iter().map(|_| 1.0)));
            run.deltas[l + 1] = Some(stack(&mut updates.iter().map(|[delta, ..]| *delta)));
            run.weights[l] = Some(stack(&mut updates.iter().map(|[_, before, _]| *before)));
            thinned.next.push(Some(stack(&mut updates.iter().map(|[.., after]| *after))));
        }
        run.thinned = Some(thinned);
        run
    }

    fn steps(layers: &[&[[f64; 3]]], given: Option<f64>) -> SingleSteps {
        SingleSteps::of(&run(layers), given).unwrap().unwrap()
    }

    #[test]
    fn steps_of_all_layers_are_held_against_a_given_rate_together() {
        // Of steps 5 and 3 the rule makes 1 and 3: 4 of 5 is missing, nothing, and 4 of the root of
        // 25 + 9.
        let found = steps(&[&[[1.0, 2.0, 7.0]], &[[3.0, 1.0, 4.0]]], Some(1.0));
        let by_layer = [0, 1].map(|l| found.layers[l].closing);
        assert_eq!(by_layer.map(|closing| closing.relative_difference), [0.8, 0.0]);
        assert_eq!(by_layer.map(|closing| closing.closes), [false, true]);
        assert_eq!(found.closing.relative_difference, (16f64 / 34.0).sqrt());
        assert_eq!((found.given, found.eta, found.closing.closes), (true, [1.0; 2], false));
    }

    #[test]
    fn rounding_is_that_of_the_state_and_of_the_sum_over_samples() {
        let members: [&[[f64; 3]]; 1] = [&[[3.0, 2.0, 8.0]]];
        let [of_states, of_terms] = run(&members).units_of_step(0);
        // A step of 6 to a state of 8, by half of 3.
        let found = steps(&members, Some(0.5)).closing.rounding;
        let expected = (8.0 * of_states + 0.5 * 3.0 * of_terms) / 6.0;
        assert!((found / expected - 1.0).abs() < 1e-12, "{found} {expected}");
    }

    #[test]
    fn the_rate_is_that_of_all_updates_or_where_they_differ_of_each() {
        let found =
            steps(&[&[[1.0, 0.0, 0.25], [2.0, 1.0, 1.5]], &[[4.0, 1.0, 2.0], [0.0; 3]]], None);
        assert_eq!((found.given, found.eta, found.closing.closes), (false, [0.25; 2], true));
        // Three rates, and an update without errors, which moves nothing.
        let members = [[1.0, 0.0, 0.25], [0.0, 1.0, 1.0], [2.0, 1.0, 2.0], [4.0, 1.0, 1.5]];
        let found = steps(&[&members], None);
        assert!(found.closing.closes && found.eta[1] == 0.5, "{found:?}");
        // Without any errors there is no rate.
        assert_eq!(SingleSteps::of(&run(&[&[[0.0, 1.0, 2.0]]]), None).unwrap(), None);
    }
}
