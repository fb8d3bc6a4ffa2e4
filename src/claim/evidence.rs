//! What claims look up in results: the values of their terms, and of expressions over them.

use super::values::{Axis, Evaluated, Repeats};
use crate::condition::Condition;
use crate::experiment::{limit, predict};
use crate::quantity::Quantity;
use crate::run::{self, JobResult, Plan, Results};
use crate::spec::{
    Claim, ClaimPart, Expression, Function, KnownAnalysis, Place, Predicted, Term, Time,
};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Name of an analysis, index of a condition, quantity, layer and lag.
type Key = (String, usize, Quantity, [Option<usize>; 2]);

/// Results of a plan, by analysis, condition and quantity.
pub struct Evidence<'a> {
    results: Results<'a>,
    analyses: Vec<KnownAnalysis<'a>>,
    /// What was looked up: many parts are over the same.
    known: RefCell<HashMap<Key, Rc<run::Values>>>,
}

impl<'a> Evidence<'a> {
    /// Evidence of `results`, which belong to the jobs of `plan`.
    pub fn new(plan: &'a Plan, results: &'a [Option<JobResult>]) -> Self {
        let analyses = plan.analyses().map(KnownAnalysis::of).collect();
        Self { results: Results::new(plan, results), analyses, known: RefCell::default() }
    }

    /// What was planned.
    pub(super) fn plan(&self) -> &'a Plan {
        self.results.plan()
    }

    fn analysis(&self, name: &str) -> Option<&KnownAnalysis<'a>> {
        self.analyses.iter().find(|known| known.analysis.name == name)
    }

    /// Whether the analysis was planned.
    pub fn has(&self, analysis: &str) -> bool {
        self.analysis(analysis).is_some()
    }

    /// What there is on a claim: repeats that some of its conditions have and others not are of no
    /// use, as which ones there are may depend on what came out.
    pub(super) fn of(&self, claim: &Claim) -> OfClaim<'_, 'a> {
        let mut repeats: HashMap<String, usize> = HashMap::new();
        for (name, condition) in claim.conditions(&self.analyses) {
            let Some(&KnownAnalysis { analysis, .. }) = self.analysis(&name) else { continue };
            let whole = analysis
                .conditions
                .get(condition)
                .map_or(0, |condition| self.results.whole_repeats(analysis, condition));
            repeats.entry(name).and_modify(|least| *least = whole.min(*least)).or_insert(whole);
        }
        OfClaim { all: self, repeats }
    }
}

/// What there is on one claim.
pub(super) struct OfClaim<'e, 'a> {
    all: &'e Evidence<'a>,
    /// By analysis, the repeats that all conditions of the claim have, from the first on.
    repeats: HashMap<String, usize>,
}

impl OfClaim<'_, '_> {
    /// Values of a part, by repeat: one row, or a row for each of several times or places.
    pub fn rows(&self, part: &ClaimPart) -> Vec<(Option<usize>, Repeats)> {
        self.value(&part.value, &part.terms).rows()
    }

    fn repeats(&self, analysis: &str) -> usize {
        self.repeats.get(analysis).copied().unwrap_or(0)
    }

    fn value(&self, expression: &Expression, terms: &[Term]) -> Evaluated {
        match expression {
            Expression::Number(number) => Evaluated::Number(*number),
            Expression::Term(index) => {
                terms.get(*index).map_or(Evaluated::Repeats(Vec::new()), |term| self.term(term))
            }
            Expression::Call(function, arguments) => {
                let arguments: Vec<Evaluated> =
                    arguments.iter().map(|argument| self.value(argument, terms)).collect();
                Evaluated::call(*function, &arguments)
            }
        }
    }

    fn term(&self, term: &Term) -> Evaluated {
        let Some(known) = self.all.analysis(&term.analysis) else {
            return Evaluated::Repeats(Vec::new());
        };
        let places = || term.places.iter().map(|place| self.place(known, term, place));
        match &term.places[..] {
            [only] => self.place(known, term, only),
            _ => {
                let rows = places()
                    .enumerate()
                    .map(|(at, values)| (at, values.rows().pop().unwrap_or_default().1));
                Evaluated::Curve(Rc::new(rows.collect()), Axis::Place)
            }
        }
    }

    fn place(&self, known: &KnownAnalysis<'_>, term: &Term, place: &Place) -> Evaluated {
        let Some(index) = known.first(&place.condition) else {
            return Evaluated::Repeats(Vec::new());
        };
        let analysis = known.analysis;
        let condition = &analysis.conditions[index];
        if let Some(predicted) = term.predicted {
            let found = self.predicted(condition, term, place, predicted);
            return found.map_or_else(
                || Evaluated::Repeats(vec![None; self.repeats(&analysis.name)]),
                Evaluated::Number,
            );
        }
        let key = (analysis.name.clone(), index, term.quantity, [place.layer, place.lag]);
        let look_up = || {
            Rc::new(self.all.results.values(
                analysis,
                condition,
                term.quantity,
                [place.layer, place.lag],
            ))
        };
        let values = self.all.known.borrow_mut().entry(key).or_insert_with(look_up).clone();
        let whole = |row: &Repeats| {
            row.iter().take(self.repeats(&analysis.name)).copied().collect::<Repeats>()
        };
        match place.time {
            Time::At(iteration) => {
                let none = || vec![None; self.repeats(&analysis.name)];
                Evaluated::Repeats(values.get(&iteration).map_or_else(none, whole))
            }
            Time::Between(from, to) => {
                let within: BTreeMap<usize, Repeats> =
                    values.range(from..=to).map(|(k, v)| (*k, whole(v))).collect();
                Evaluated::Curve(Rc::new(within), Axis::Time)
            }
            Time::Mean(from, to) => {
                let within: BTreeMap<usize, Repeats> =
                    values.range(from..=to).map(|(k, v)| (*k, whole(v))).collect();
                Evaluated::call(Function::Mean, &[Evaluated::Curve(Rc::new(within), Axis::Time)])
            }
            Time::Draws => Evaluated::Curve(
                Rc::new(values.iter().map(|(k, v)| (*k, whole(v))).collect()),
                Axis::Time,
            ),
        }
    }

    fn predicted(
        &self,
        condition: &Condition,
        term: &Term,
        place: &Place,
        what: Predicted,
    ) -> Option<f64> {
        match (what, place.time, condition) {
            (Predicted::Mean, Time::At(iteration), _) => {
                predict(condition, term.quantity, place.layer, iteration, false)
            }
            (Predicted::Limit, _, Condition::Isolate(isolated)) => {
                limit(isolated).map(|(_, found)| found.value)
            }
            _ => None,
        }
    }
}
