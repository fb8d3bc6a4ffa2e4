//! One recording, measured state by state.

use super::mechanism::cosine;
use crate::condition::RecordedCondition;
use crate::matrix::Matrix;
use crate::measure::angle::{Direction, angle};
use crate::measure::similarity::{Batch, OwnPairs, SamplePairs};
use crate::measure::spectrum::{Chance, Ranks};
use crate::quantity::{Compared, DecomposedUpdate, Instruments, Place, Ranked};
use crate::random::{Role, Stream};
use crate::recorded::RecordedNetwork;
use crate::rule::decomposition::DecompositionError;
use crate::rule::{Activation, ActivityNorm, Feedback, Layers};
use crate::run::{Attempt, Job, JobError, JobResult, Outcome, Record};
use std::collections::{BTreeMap, BTreeSet};

/// Draws that the ranks of chance are averaged over, as those of networks in training.
const DRAWS: usize = 20;

pub(super) fn run(
    job: &Job,
    condition: &RecordedCondition,
    attempt: &Attempt<'_>,
) -> Result<JobResult, JobError> {
    let failed = |why: &dyn std::fmt::Display| JobError::Failed(why.to_string());
    let known = condition.network(job.repeat).ok_or_else(|| failed(&"there is no recording"))?;
    let network = &RecordedNetwork::open(known.path()).map_err(|error| failed(&error))?;
    if network.digest() != known.digest() {
        let path = network.path().display();
        return Err(failed(&format!(
            "{path} has changed since this run began: begin it again once nobody writes to it"
        )));
    }
    let mut state = RecordedState::begin(job, network).map_err(|error| failed(&error))?;
    let (mut records, mut done) = (Vec::new(), 0);
    for (iteration, quantities) in job.agenda() {
        if attempt.is_to_stop() {
            return Err(JobError::Interrupted);
        }
        state.show(iteration).map_err(|error| failed(&error))?;
        for quantity in quantities {
            for layer in quantity.layers(&job.condition) {
                for lag in job.lags_of(quantity, iteration) {
                    let towards = layer.and_then(|l| state.towards.get(&l).cloned());
                    let place = Place { layer, lag, towards: towards.as_ref() };
                    let value =
                        quantity.value(&mut state, &place).map_err(|error| failed(&error))?;
                    if let Some(wrong) = state.wrong.take() {
                        return Err(JobError::Failed(wrong));
                    }
                    records.push(Record { iteration, layer, lag, quantity, value });
                }
            }
        }
        attempt.advance(iteration - done);
        done = iteration;
    }
    Ok(job.finish(Outcome::Completed, records))
}

/// A recorded network at one of its states.
struct RecordedState<'a> {
    job: &'a Job,
    network: &'a RecordedNetwork,
    /// The place of the state.
    state: usize,
    /// The update whose signals are looked at: the one to come, or the last on record.
    update: usize,
    layers: Layers<f64>,
    feedback: Feedback<f64>,
    towards: BTreeMap<usize, Direction>,
    norms_at_start: Vec<f64>,
    ranks: BTreeMap<(Ranked, usize), Option<Ranks>>,
    chance: BTreeMap<Chance, Option<Ranks>>,
    /// Batches so far apart.
    compared: BTreeMap<(usize, usize), Option<Compared>>,
    /// Decomposed updates, by layer and iteration.
    found: BTreeMap<(usize, usize), DecomposedUpdate>,
    /// What could not be read.
    wrong: Option<String>,
}

/// A matrix of a layer that is not on record.
fn nothing() -> Matrix<f64> {
    Matrix::zeros(0, 0)
}

impl<'a> RecordedState<'a> {
    /// The first state, with all updates decomposed that are asked for.
    fn begin(job: &'a Job, network: &'a RecordedNetwork) -> Result<Self, String> {
        let mut state = Self {
            job,
            network,
            state: 0,
            update: 0,
            layers: Layers {
                weights: Vec::new(),
                biases: Vec::new(),
                biases_learn: false,
                activations: vec![Activation::Linear; network.layers().len()],
                activity_norm: ActivityNorm::Off,
                running: Vec::new(),
            },
            feedback: Feedback::fixed(Vec::new()),
            towards: BTreeMap::new(),
            norms_at_start: Vec::new(),
            ranks: BTreeMap::new(),
            chance: BTreeMap::new(),
            compared: BTreeMap::new(),
            found: BTreeMap::new(),
            wrong: None,
        };
        state.show(0)?;
        state.norms_at_start = state.layers.weights.iter().map(Matrix::norm).collect();
        state.decompose()?;
        Ok(state)
    }

    /// The update that is looked at in a state: the one to come, or after the last one that.
    fn update_of(&self, state: usize) -> usize {
        state.min(self.network.iterations().saturating_sub(1))
    }

    /// Shows the state after so many updates.
    fn show(&mut self, iteration: usize) -> Result<(), String> {
        let found = self.network.updates().binary_search(&iteration);
        self.state = found.map_err(|_| format!("iteration {iteration} is not on record"))?;
        self.update = self.update_of(self.state);
        self.ranks.clear();
        self.compared.clear();
        self.towards.clear();
        let (mut weights, mut backward) = (Vec::new(), Vec::new());
        for l in 0..self.network.layers().len() {
            let told = |error: crate::array::ArrayError| error.to_string();
            weights
                .push(self.network.weights(l, self.state).map_err(told)?.unwrap_or_else(nothing));
            if l == 0 {
                continue;
            }
            let b = self.network.backward(l, self.state).map_err(told)?;
            self.towards.extend(b.as_ref().map(|b| (l, Direction::towards_transpose_of(b))));
            backward.push(b.unwrap_or_else(nothing));
        }
        self.layers.weights = weights;
        self.feedback = Feedback::fixed(backward);
        Ok(())
    }

    /// Decomposes the updates at all iterations that ask for it, a layer at a time: states of the
    /// past are read once.
    fn decompose(&mut self) -> Result<(), String> {
        let (mut layers, mut updates) = (BTreeSet::new(), BTreeSet::new());
        for quantity in self.job.quantities().filter(|of| of.is_decomposition()) {
            layers.extend(quantity.layers(&self.job.condition).into_iter().flatten());
            for iteration in self.job.recorded_iterations(quantity) {
                let state = self.network.updates().binary_search(&iteration).unwrap_or_default();
                updates.insert(self.update_of(state));
            }
        }
        let updates: Vec<usize> = updates.into_iter().collect();
        for l in layers {
            let wanted = (&self.job.lags[..], self.job.window);
            let found = self.network.decomposed(l, wanted, &updates);
            for (k, readings) in found.map_err(|error| error.to_string())? {
                self.found.insert((l, k), DecomposedUpdate { readings, inner: None, linear: None });
            }
        }
        Ok(())
    }

    /// What was read; what could not be ends the job.
    fn read<M>(&mut self, read: Result<Option<M>, crate::array::ArrayError>) -> Option<M> {
        read.unwrap_or_else(|error| {
            self.wrong = Some(error.to_string());
            None
        })
    }

    fn activity(&mut self, l: usize) -> Option<Matrix<f64>> {
        self.read(self.network.activity(l, self.update))
    }

    fn delta(&mut self, l: usize) -> Option<Matrix<f64>> {
        self.read(self.network.delta(l, self.update))
    }

    fn bp_delta(&mut self, l: usize) -> Option<Matrix<f64>> {
        self.read(self.network.bp_delta(l, self.update))
    }

    /// BP's update of `W_l` on the samples of the update looked at.
    fn bp_update(&mut self, l: usize) -> Option<Matrix<f64>> {
        let (activity, delta) = (self.activity(l)?, self.bp_delta(l)?);
        Some((activity.t() * &delta).to_matrix())
    }

    fn ranked(&mut self, of: Ranked, l: usize) -> Option<Matrix<f64>> {
        match of {
            Ranked::Activity => self.activity(l),
            Ranked::Error => self.delta(l),
            Ranked::BpError => self.bp_delta(l),
            Ranked::Update => self.rule_update(l),
            Ranked::Weight => self.layers.weights.get(l).cloned(),
        }
    }

    /// The samples whose activity `L_{l-1}` and error signal `delta_{l+1}` meet in the terms of
    /// `W_l`, without those of zeros that fill up a short batch, and their classes.
    fn side(&mut self, l: usize, k: usize) -> Option<UpdateSamples> {
        let activity = self.read(self.network.activity(l - 1, k))?;
        let error = self.read(self.network.delta(l, k))?;
        if activity.rows() != error.rows() {
            return None;
        }
        let zero = |row: &[f64]| row.iter().all(|value| *value == 0.0);
        let kept: Vec<usize> = (0..activity.rows())
            .filter(|&p| !(zero(activity.row(p)) && zero(error.row(p))))
            .collect();
        let select = |matrix: &Matrix<f64>| {
            let values = kept.iter().flat_map(|&p| matrix.row(p)).copied().collect();
            Matrix::from_vec(kept.len(), matrix.cols(), values)
        };
        let labels = self.network.labels(l, k).map(|labels| {
            kept.iter().map(|&p| labels.get(p).copied().unwrap_or_default()).collect()
        });
        (!kept.is_empty()).then(|| UpdateSamples {
            activity: select(&activity),
            error: select(&error),
            labels,
        })
    }

    fn compare(&mut self, l: usize, lag: usize) -> Option<Compared> {
        let update = *self.network.updates().get(self.update)?;
        let earlier = self.network.updates().binary_search(&update.checked_sub(lag)?).ok()?;
        let (before, now) = (self.side(l, earlier)?, self.side(l, self.update)?);
        let pairs = SamplePairs::new(&before.batch()?, &now.batch()?, OwnPairs::Keep).ok()?;
        let classes = now.classes().max(before.classes());
        let mut stream = Stream::new(0, 0, Role::Null);
        let [first, second] = [&before, &now]
            .map(|side| side.batch().map(|batch| batch.with_random_labels(classes, &mut stream)));
        let random = SamplePairs::new(&first?, &second?, OwnPairs::Keep).ok()?.means();
        let mut means = pairs.means();
        if before.labels.is_none() {
            for split in [&mut means.activity, &mut means.error, &mut means.product] {
                (split.within, split.between) = (None, None);
            }
        }
        Some(Compared {
            means,
            shuffled: pairs.shuffled().all,
            random,
            transformation: pairs.transformation(),
            activity: cosine(&before.activity, &now.activity),
            error: cosine(&before.error, &now.error),
        })
    }
}

impl Instruments<f64> for RecordedState<'_> {
    fn layers(&self) -> &Layers<f64> {
        &self.layers
    }

    fn feedback(&self) -> &Feedback<f64> {
        &self.feedback
    }

    fn weight_norm_at_start(&self, l: usize) -> Option<f64> {
        self.norms_at_start.get(l).copied()
    }

    fn rule_update(&mut self, l: usize) -> Option<Matrix<f64>> {
        let (activity, delta) = (self.activity(l)?, self.delta(l)?);
        Some((activity.t() * &delta).to_matrix())
    }

    fn update_alignment(&mut self, l: usize) -> Option<f64> {
        angle(&self.rule_update(l)?, &self.bp_update(l)?).ok()?
    }

    fn delta_alignment(&mut self, l: usize) -> Option<f64> {
        angle(&self.delta(l)?, &self.bp_delta(l)?).ok()?
    }

    fn relative_update(&mut self, l: usize) -> Option<f64> {
        let norm = self.layers.weights.get(l)?.norm();
        let update = self.rule_update(l)?.norm();
        (norm > 0.0).then(|| update / norm)
    }

    fn update_weight_angle(&mut self, l: usize) -> Option<f64> {
        angle(&self.rule_update(l)?, self.layers.weights.get(l)?).ok()?
    }

    fn bp_gradient_norm(&mut self, l: usize) -> Option<f64> {
        // Error signals of a mean over the batch were divided by its samples before.
        Some(self.bp_update(l)?.norm())
    }

    fn ranks(&mut self, of: Ranked, l: usize) -> Option<Ranks> {
        if let Some(known) = self.ranks.get(&(of, l)) {
            return *known;
        }
        let found = self.ranked(of, l).as_ref().and_then(Ranks::of);
        self.ranks.insert((of, l), found);
        found
    }

    fn chance(&mut self, of: Ranked, l: usize) -> Option<Ranks> {
        let chance = if of == Ranked::Update {
            let (samples, below) = self.activity(l)?.shape();
            Chance::Product([samples, below, self.network.layers().get(l)?.shape[1]])
        } else {
            let (rows, columns) = self.ranked(of, l)?.shape();
            Chance::Matrix(rows, columns)
        };
        // What is in no recording is the same for all of one shape.
        *self
            .chance
            .entry(chance)
            .or_insert_with(|| Ranks::of_chance(chance, DRAWS, &mut Stream::new(0, 0, Role::Null)))
    }

    fn compared(&mut self, l: usize, lag: usize) -> Option<&Compared> {
        if !self.compared.contains_key(&(l, lag)) {
            let found = self.compare(l, lag);
            self.compared.insert((l, lag), found);
        }
        self.compared.get(&(l, lag))?.as_ref()
    }

    fn decomposed_update(
        &mut self,
        l: usize,
    ) -> Result<Option<&DecomposedUpdate>, DecompositionError> {
        Ok(self.found.get(&(l, self.update)))
    }
}

/// Samples of an update, as `W_l` sees them.
struct UpdateSamples {
    activity: Matrix<f64>,
    error: Matrix<f64>,
    labels: Option<Vec<usize>>,
}

impl UpdateSamples {
    fn batch(&self) -> Option<Batch<'_, f64>> {
        let labels = self.labels.clone().unwrap_or_else(|| vec![0; self.activity.rows()]);
        Batch::new(&self.activity, &self.error, labels).ok()
    }

    fn classes(&self) -> usize {
        self.labels.iter().flatten().copied().max().map_or(1, |most| most + 1)
    }
}
