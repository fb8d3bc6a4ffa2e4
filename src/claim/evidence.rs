//! What claims look up in results: the values of their terms, and of expressions over them.

use super::values::{Axis, Repeats, Values};
use crate::condition::Condition;
use crate::experiment::{Predictor, limit};
use crate::quantity::Quantity;
use crate::run::{self, JobResult, Plan, Results};
use crate::spec::{Analysis, ClaimPart, Expression, Function, Place, Predicted, Term, Time};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Name of an analysis, index of a condition, quantity, layer and lag.
type Key = (String, usize, Quantity, [Option<usize>; 2]);

/// Results of a plan, by analysis, condition and quantity.
pub struct Evidence<'a> {
    results: Results<'a>,
    predictor: Predictor,
    /// Repeats of each analysis that every condition has, from the first on.
    whole: HashMap<String, usize>,
    /// What was looked up: many parts are over the same.
    known: RefCell<HashMap<Key, Rc<run::Values>>>,
}

impl<'a> Evidence<'a> {
    /// Evidence of `results`, which belong to the jobs of `plan`.
    pub fn new(plan: &'a Plan, results: &'a [Option<JobResult>]) -> Self {
        let results = Results::new(plan, results);
        // Repeats that some conditions have and others not are of no use: which ones there are may depend on what came out.
        let whole = plan.analyses().map(|analysis| (analysis.name.clone(), results.whole_repeats(analysis))).collect();
        Self { results, predictor: Predictor, whole, known: RefCell::default() }
    }

    /// What was planned.
    pub(super) fn plan(&self) -> &'a Plan {
        self.results.plan()
    }

    fn analysis(&self, name: &str) -> Option<&'a Analysis> {
        self.results.plan().analyses().find(|analysis| analysis.name == name)
    }

    /// Repeats that every condition of an analysis has, from the first on; none where it is not there.
    pub fn repeats(&self, analysis: &str) -> usize {
        self.whole.get(analysis).copied().unwrap_or(0)
    }

    /// Whether the analysis was planned.
    pub fn has(&self, analysis: &str) -> bool {
        self.analysis(analysis).is_some()
    }

    /// Values of a part, by repeat: one row, or a row for each of several times or places.
    pub(super) fn rows(&self, part: &ClaimPart) -> Vec<(Option<usize>, Repeats)> {
        self.value(&part.value, &part.terms).rows()
    }

    fn value(&self, expression: &Expression, terms: &[Term]) -> Values {
        match expression {
            Expression::Number(number) => Values::Number(*number),
            Expression::Term(index) => terms.get(*index).map_or(Values::Repeats(Vec::new()), |term| self.term(term)),
            Expression::Call(function, arguments) => {
                let arguments: Vec<Values> = arguments.iter().map(|argument| self.value(argument, terms)).collect();
                Values::call(*function, &arguments)
            }
        }
    }

    fn term(&self, term: &Term) -> Values {
        let Some(analysis) = self.analysis(&term.analysis) else { return Values::Repeats(Vec::new()) };
        let places = || term.places.iter().map(|place| self.place(analysis, term, place));
        match &term.places[..] {
            [only] => self.place(analysis, term, only),
            _ => {
                let rows = places().enumerate().map(|(at, values)| (at, values.rows().pop().unwrap_or_default().1));
                Values::Curve(Rc::new(rows.collect()), Axis::Place)
            }
        }
    }

    /// The first condition that has the values of a place.
    fn condition(analysis: &'a Analysis, place: &Place) -> Option<(usize, &'a Condition)> {
        let matches = |condition: &Condition| {
            let values = condition.values();
            place.condition.iter().all(|(name, text)| values.get(name).is_some_and(|value| value.to_text() == *text))
        };
        analysis.conditions.iter().enumerate().find(|(_, condition)| matches(condition))
    }

    fn place(&self, analysis: &'a Analysis, term: &Term, place: &Place) -> Values {
        let Some((index, condition)) = Self::condition(analysis, place) else { return Values::Repeats(Vec::new()) };
        if let Some(predicted) = term.predicted {
            let found = self.predicted(condition, term, place, predicted);
            return found.map_or_else(|| Values::Repeats(vec![None; self.repeats(&analysis.name)]), Values::Number);
        }
        let key = (analysis.name.clone(), index, term.quantity, [place.layer, place.lag]);
        let look_up = || {
            let mut values = self.results.values(analysis, condition, term.quantity, [place.layer, place.lag]);
            values.values_mut().for_each(|row| row.truncate(self.repeats(&analysis.name)));
            Rc::new(values)
        };
        let values = self.known.borrow_mut().entry(key).or_insert_with(look_up).clone();
        match place.time {
            Time::At(iteration) => {
                let none = || vec![None; self.repeats(&analysis.name)];
                Values::Repeats(values.get(&iteration).cloned().unwrap_or_else(none))
            }
            Time::Between(from, to) => {
                let within: BTreeMap<usize, Repeats> = values.range(from..=to).map(|(k, v)| (*k, v.clone())).collect();
                Values::Curve(Rc::new(within), Axis::Time)
            }
            Time::Mean(from, to) => {
                let within: BTreeMap<usize, Repeats> = values.range(from..=to).map(|(k, v)| (*k, v.clone())).collect();
                Values::call(Function::Mean, &[Values::Curve(Rc::new(within), Axis::Time)])
            }
            Time::Draws => Values::Curve(values, Axis::Time),
        }
    }

    fn predicted(&self, condition: &Condition, term: &Term, place: &Place, what: Predicted) -> Option<f64> {
        match (what, place.time, condition) {
            (Predicted::Mean, Time::At(iteration), _) => {
                self.predictor.predict(condition, term.quantity, place.layer, iteration, false)
            }
            (Predicted::Limit, _, Condition::Isolate(isolated)) => limit(isolated).map(|(_, found)| found.value),
            _ => None,
        }
    }
}
