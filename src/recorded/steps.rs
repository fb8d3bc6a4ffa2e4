//! One pass over a recording, layer by layer: relations of steps, and some entries of them whole.

use super::run::RecordedRun;
use super::stack::Stack;
use crate::array::ArrayError;
use crate::matrix::Matrix;
use crate::recipe::{Candidate, Entries, Follower, Relation, RelationSums, StepRelations, Steps};

/// Fits the steps of a run. `None` where no layer has steps, activity and error signal on record,
/// or nothing moves, and no learning rate was given.
///
/// # Errors
/// If a matrix can no longer be read.
pub(super) fn steps(run: &RecordedRun, given: Option<f64>) -> Result<Option<Steps>, ArrayError> {
    Steps::of(pass(run)?, given, |layers, recipe| follow(run, layers, recipe))
}

fn absolute(mut matrix: Matrix<f64>) -> Matrix<f64> {
    matrix.as_mut_slice().iter_mut().for_each(|v| *v = v.abs());
    matrix
}

/// Norm of `A^T B`, from `A A^T` and `B B^T`: of few samples and many units these are the smaller
/// ones.
fn norm_of_correlation(a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    let (samples, units) = (a.rows(), (a.cols() * b.cols()) / (a.cols() + b.cols()).max(1));
    if samples > units {
        return (a.t() * b).to_matrix().norm();
    }
    let (a, b) = ((a * a.t()).to_matrix(), (b * b.t()).to_matrix());
    a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| a * b).sum::<f64>().max(0.0).sqrt()
}

/// Members that a step of `W_l` takes.
struct StepMembers<'a> {
    weights: &'a Stack,
    activity: &'a Stack,
    delta: &'a Stack,
    units: [f64; 2],
}

impl<'a> StepMembers<'a> {
    fn of(run: &'a RecordedRun, l: usize) -> Option<Self> {
        Some(Self {
            weights: run.weights(l).filter(|weights| weights.len() > 1)?,
            activity: run.activity(l)?,
            delta: run.delta(l + 1)?,
            units: run.units_of_step(l),
        })
    }

    /// Iterations that start and end in a recorded state.
    fn steps(&self, run: &RecordedRun) -> Vec<usize> {
        let there = |state: usize| state < self.weights.len();
        (0..self.activity.len())
            .filter(|&k| there(run.state_before(k)) && run.state_after(k).is_some_and(there))
            .collect()
    }

    fn entries(&self) -> usize {
        self.weights.shape().iter().product()
    }

    fn signals(&self, k: usize) -> Result<[Matrix<f64>; 2], ArrayError> {
        Ok([self.activity.matrix(k)?, self.delta.matrix(k)?])
    }
}

/// Most values of entries that are held whole, all layers and iterations together.
const MOST_VALUES: usize = 6_000;
/// Fewest entries of a layer that are held, however many iterations there are.
const FEWEST_ENTRIES: usize = 8;
/// Most iterations of them.
const MOST_ITERATIONS: usize = 4096;

/// Goes through the steps of the layers whose `W_l` has steps, `L_l` and `delta_{l+1}` on record.
fn pass(run: &RecordedRun) -> Result<StepRelations, ArrayError> {
    let all = (0..run.depth()).filter_map(|l| Some((l, StepMembers::of(run, l)?)));
    let (layers, all): (Vec<usize>, Vec<StepMembers>) =
        all.filter(|(_, members)| !members.steps(run).is_empty()).unzip();
    let iterations = all.first().map(|members| members.steps(run)).unwrap_or_default();
    let held = iterations.len().min(MOST_ITERATIONS);
    let most = (MOST_VALUES / (held * all.len()).max(1)).max(FEWEST_ENTRIES);
    let (mut relations, mut entries) = (Vec::new(), Vec::new());
    for members in &all {
        let first = iterations.first().map_or(0, |k| run.state_before(*k));
        let mut collector = Collector::new(members, first, most, held)?;
        for &k in &iterations {
            collector.push(members, run, k)?;
        }
        relations.push(collector.relations);
        entries.push(collector.entries);
    }
    Ok(StepRelations { layers, relations, entries, held, iterations, thinned: run.is_thinned() })
}

/// One layer on its way through the run.
struct Collector {
    relations: Vec<Relation>,
    entries: Entries,
    /// Which entries are held whole.
    places: Vec<usize>,
    held: usize,
    /// The state that is at hand, and its place.
    state: Matrix<f64>,
    place: usize,
    /// Step, gradient and norm of terms of the iteration before.
    step: Vec<f64>,
    gradient: Vec<f64>,
    terms: f64,
}

impl Collector {
    fn new(
        members: &StepMembers,
        first: usize,
        most: usize,
        held: usize,
    ) -> Result<Self, ArrayError> {
        let size = members.entries();
        let count = size.min(most);
        // Spread evenly, so that rows and columns are all met.
        let places: Vec<usize> = (0..count).map(|i| i * size / count).collect();
        let state = members.weights.matrix(first)?;
        let mut entries = Entries { count, units: members.units, ..Entries::default() };
        entries.weights.extend(places.iter().map(|&at| state.as_slice()[at]));
        Ok(Self {
            relations: Vec::new(),
            entries,
            places,
            held,
            state,
            place: first,
            step: vec![0.0; size],
            gradient: vec![0.0; size],
            terms: 0.0,
        })
    }

    fn push(
        &mut self,
        members: &StepMembers,
        run: &RecordedRun,
        k: usize,
    ) -> Result<(), ArrayError> {
        if self.place != run.state_before(k) {
            self.state = members.weights.matrix(run.state_before(k))?;
        }
        self.place = run.state_after(k).unwrap_or(usize::MAX);
        let [activity, delta] = members.signals(k)?;
        let next = members.weights.matrix(self.place)?;
        let gradient = (activity.t() * &delta).to_matrix().as_slice().to_vec();
        let step: Vec<f64> =
            next.as_slice().iter().zip(self.state.as_slice()).map(|(b, a)| b - a).collect();
        if self.relations.len() < self.held {
            self.hold(&activity, &delta, &gradient, &next);
        }
        let terms = norm_of_correlation(&absolute(activity), &absolute(delta));
        let relation =
            Relation::of([self.state.as_slice(), &self.step, &self.gradient, &gradient, &step]);
        self.relations.push(Relation {
            states: [self.state.norm(), next.norm()],
            terms: [self.terms, terms],
            units: members.units,
            follows: run.follows(k),
            ..relation
        });
        (self.state, self.step, self.gradient, self.terms) = (next, step, gradient, terms);
        Ok(())
    }

    fn hold(
        &mut self,
        activity: &Matrix<f64>,
        delta: &Matrix<f64>,
        gradient: &[f64],
        next: &Matrix<f64>,
    ) {
        let columns = delta.cols();
        for &at in &self.places {
            let (i, j) = (at / columns, at % columns);
            let terms = (0..activity.rows()).map(|p| (activity.row(p)[i] * delta.row(p)[j]).abs());
            self.entries.terms.push(terms.sum());
            self.entries.gradients.push(gradient[at]);
            self.entries.weights.push(next.as_slice()[at]);
        }
    }
}

/// Follows a recipe of adaptive rates through all entries of the layers, where only some were held.
/// Sums by layer.
///
/// # Errors
/// If a matrix can no longer be read.
fn follow(
    run: &RecordedRun,
    layers: &[usize],
    recipe: &Candidate,
) -> Result<Vec<RelationSums>, ArrayError> {
    let mut out = Vec::new();
    for (members, rates) in layers.iter().filter_map(|&l| StepMembers::of(run, l)).zip(&recipe.eta)
    {
        let mut follower =
            Follower::new(&recipe.shape, &recipe.adaptive, members.units, members.entries());
        let mut state = members.weights.matrix(0)?;
        for (k, &rate) in rates.iter().enumerate() {
            let ([activity, delta], next) = (members.signals(k)?, members.weights.matrix(k + 1)?);
            let gradient = (activity.t() * &delta).to_matrix();
            let terms = (absolute(activity).t() * &absolute(delta)).to_matrix();
            follower.push(
                rate,
                gradient.as_slice(),
                terms.as_slice(),
                [state.as_slice(), next.as_slice()],
            );
            state = next;
        }
        out.push(follower.sums);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Role, Stream};
    use crate::recipe::Optimiser;
    use crate::rule::normal_matrix;
    use std::cell::RefCell;

    #[test]
    fn the_norm_of_a_correlation_is_that_of_its_entries() {
        let mut stream = Stream::new(2, 0, Role::Probe);
        // Of few samples, and of many.
        for [samples, below, above] in [[2, 9, 7], [30, 3, 2]] {
            let [a, b] =
                [below, above].map(|units| normal_matrix(&mut stream, samples, units, 1.0));
            let entry =
                |i: usize, j: usize| (0..samples).map(|p| a.row(p)[i] * b.row(p)[j]).sum::<f64>();
            let square: f64 = (0..below)
                .flat_map(|i| (0..above).map(move |j| (i, j)))
                .map(|(i, j)| entry(i, j).powi(2))
                .sum();
            let found = norm_of_correlation(&a, &b);
            assert!((found / square.sqrt() - 1.0).abs() < 1e-12, "{samples}: {found}");
        }
    }

    #[test]
    fn a_recipe_that_some_entries_follow_is_that_of_all_only_if_the_others_do() {
        let mut stream = Stream::new(6, 0, Role::Probe);
        let (units, iterations) = (20, 20);
        // 300 of the 400 entries are held whole, of every four all but the last.
        assert_eq!(MOST_VALUES / iterations, 300);
        let signals: Vec<[Matrix<f64>; 2]> = (0..iterations)
            .map(|_| {
                [
                    normal_matrix(&mut stream, 4, units, 1.0),
                    normal_matrix(&mut stream, 4, units, 1.0),
                ]
            })
            .collect();
        let run = |stray: f64| {
            let mut run = RecordedRun::of_layers(2);
            let mut weights = vec![Matrix::zeros(units, units)];
            for [activity, delta] in &signals {
                let mut next = weights[weights.len() - 1].clone();
                let rule = (activity.t() * delta).to_matrix();
                let entries = next.as_mut_slice().iter_mut().zip(rule.as_slice());
                entries.for_each(|(w, g)| *w += 0.25 * g.signum());
                weights.push(next);
            }
            weights[iterations].as_mut_slice()[3] += stray;
            run.weights[0] = Some(Stack::of(&weights));
            let [activity, delta] =
                [0, 1].map(|i| signals.iter().map(|pair| pair[i].clone()).collect::<Vec<_>>());
            run.activities[0] = Some(Stack::of(&activity));
            run.deltas[1] = Some(Stack::of(&delta));
            run
        };
        let (whole, recipe) = (run(0.0), RefCell::new(None));
        let found = Steps::of(pass(&whole).unwrap(), None, |layers, best| {
            recipe.replace(Some(best.clone()));
            follow(&whole, layers, best)
        });
        assert_eq!(found.unwrap().unwrap().optimiser, Some(Optimiser::Sign));
        let recipe = recipe.take().unwrap();
        let sums = |run: &RecordedRun| follow(run, &[0], &recipe).unwrap();
        assert!(sums(&whole)[0].closing().closes);
        assert_eq!(sums(&whole).iter().map(|sums| sums.entries).collect::<Vec<_>>(), [8000]);
        assert!(!sums(&run(0.125))[0].closing().closes);
    }
}
