//! The precision of a run, and the rounding unit of a relation between its members.
//!
//! The precision of a run is that of the values that were *computed*: states of weights, activities
//! of hidden layers, error signals. Inputs, and backward weights, are exact as they are: that they
//! fit into fewer bits, as pixels over 256 do, says nothing of the arithmetic.

use super::precision::NumberFormat;
use super::run::RecordedRun;
use super::stack::Stack;

impl RecordedRun {
    /// Members that were computed, and the rest: inputs, a single state of weights, backward
    /// weights.
    fn computed(&self) -> impl Iterator<Item = &Stack> {
        let states = self.weights.iter().flatten().filter(|weights| weights.len() > 1);
        states.chain(self.activities.iter().skip(1).chain(&self.deltas).flatten())
    }

    /// Precision of the run: the coarsest among the values that were computed; if none of these
    /// shows, among the weights; double where nothing shows it.
    pub fn precision(&self) -> NumberFormat {
        let coarsest = |stacks: &mut dyn Iterator<Item = &Stack>| {
            stacks.filter_map(|stack| stack.grid().format()).min()
        };
        coarsest(&mut self.computed())
            .or_else(|| coarsest(&mut self.weights.iter().flatten()))
            .unwrap_or(NumberFormat::Double)
    }

    /// Precision of weights, of activities of hidden layers, and of error signals; `None` where
    /// these do not tell.
    pub fn precisions(&self) -> [Option<NumberFormat>; 3] {
        let coarsest = |stacks: &[Option<Stack>]| {
            stacks.iter().flatten().filter_map(|s| s.grid().format()).min()
        };
        [
            coarsest(&self.weights),
            coarsest(self.activities.get(1..).unwrap_or_default()),
            coarsest(&self.deltas),
        ]
    }

    /// Largest relative error of one rounding in a relation between these members: that of the
    /// coarsest. Inputs take part in it as they are and are not asked.
    pub(super) fn unit_of<'a>(&self, members: impl IntoIterator<Item = Option<&'a Stack>>) -> f64 {
        let told =
            members.into_iter().flatten().filter_map(|stack| stack.grid().unit()).reduce(f64::max);
        told.unwrap_or_else(|| self.precision().unit())
    }

    /// `L_l` where it was computed, which the input was not.
    fn hidden(&self, l: usize) -> Option<&Stack> {
        self.activity(l).filter(|_| l > 0)
    }

    /// What rounding is expected to make of `L_l`, which sums over the units below.
    pub(super) fn rounding_of_activity(&self, l: usize) -> f64 {
        let below = l.saturating_sub(1);
        let unit = self.unit_of([self.hidden(l), self.hidden(below), self.weights(below)]);
        unit * ((self.units(below).unwrap_or(0) + 1) as f64).sqrt()
    }

    /// What rounding is expected to make of `delta_l`, which sums over the units above, and of its
    /// derivative.
    pub(super) fn rounding_of_delta(&self, l: usize) -> f64 {
        let below = l.saturating_sub(1);
        let derivative = [self.hidden(l), self.hidden(below), self.weights(below)];
        let top = self.depth();
        let signals = [self.delta(l), self.delta(l + 1), self.delta(top)];
        let unit = self.unit_of(signals.into_iter().chain(derivative));
        // Direct feedback sums over the units of the output.
        let terms = [l + 1, top].map(|l| self.units(l).unwrap_or(0));
        unit * ((terms[0].max(terms[1]) + 1) as f64).sqrt()
    }

    /// Rounding units of a step of `W_l`: of its states, and of the gradient that signals make.
    pub(super) fn units_of_step(&self, l: usize) -> [f64; 2] {
        [self.unit_of([self.weights(l)]), self.unit_of([self.hidden(l), self.delta(l + 1)])]
    }
}
