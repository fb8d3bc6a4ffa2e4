//! One repeat of a network on data.

use super::balance::Balance;
use super::decomposed::{Coming, Decomposed};
use super::export::{Recorder, export_weights};
use super::mechanism::Mechanism;
use super::{Experiment, drive};
use crate::condition::TrainCondition;
use crate::data::{DataError, LabelCode, Library};
use crate::matrix::Matrix;
use crate::measure::angle::Direction;
use crate::measure::quantile::Sorted;
use crate::network::{Evaluation, Part, Probe, State, Subset, Trainer, UpdateNull};
use crate::quantity::Quantity;
use crate::random::{Role, Stream};
use crate::real::Real;
use crate::rule::decomposition::DecompositionError;
use crate::rule::{Feedback, Layers, Pass};
use crate::run::{Attempt, Job, JobError, JobResult};
use crate::vmath::sum_squares;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

/// Share of the accuracy before a label change that counts as recovered.
const RECOVERED: f64 = 0.9;
/// Bins of the histogram that the mode of error norms is read from, and the share of the norms it spans.
const MODE: (usize, f64) = (60, 0.98);

struct Run<'a, T: Real> {
    trainer: Trainer<'a, T>,
    probe: Probe<T>,
    seed: u64,
    repeat: u64,
    /// By layer, at the start: norms of weights and of activities; empty where nothing needs them.
    weight_norms: Vec<f64>,
    activity_norms: Vec<f64>,
    /// Followed where it is asked for.
    recovery: Option<Recovery>,
    recorder: Option<Recorder>,
    /// Signals and weights of earlier iterations, where something that needs them is measured.
    mechanism: Option<Mechanism<T>>,
    decomposed: Option<Decomposed<T>>,
    balance: Option<Balance<T>>,
    seen: Seen,
}

/// What has been computed of the present state.
#[derive(Default)]
struct Seen {
    test: Option<Evaluation>,
    train: Option<Evaluation>,
    delta_norms: Option<Vec<Option<Sorted>>>,
    update_nulls: Option<Vec<Option<UpdateNull>>>,
    pre_activations: BTreeMap<usize, Option<Sorted>>,
}

/// How far the network has come back from the latest label change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recovery {
    /// Iteration of the latest change and test accuracy before it.
    change: Option<(usize, f64)>,
    /// Iteration at which the accuracy was back.
    back: Option<usize>,
}

/// What a run leaves in a checkpoint.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    trainer: State,
    recovery: Option<Recovery>,
}

impl<T: Real> Experiment<T> for Run<'_, T> {
    type State = Saved;

    fn layers(&self) -> &Layers<T> {
        self.trainer.layers()
    }

    fn feedback(&self) -> &Feedback<T> {
        self.trainer.feedback()
    }

    fn own(
        &mut self,
        quantity: Quantity,
        layer: Option<usize>,
        lag: Option<usize>,
    ) -> Result<Option<f64>, DecompositionError> {
        Ok(match (layer, lag) {
            (None, _) => self.of_network(quantity),
            (Some(l), _) if quantity.is_decomposition() => {
                self.of_coming(|decomposed, coming| decomposed.value(coming, quantity, l, lag))?.flatten()
            }
            (Some(l), None) if quantity.is_budget() => self.balance.as_ref().and_then(|b| b.value(quantity, l)),
            (Some(l), None) => self.of_layer(quantity, l),
            (Some(l), Some(lag)) => self
                .mechanism
                .as_mut()
                .and_then(|mechanism| mechanism.similarity(&self.trainer, &mut self.probe, quantity, l, lag)),
        })
    }

    fn step(&mut self, threads: usize) -> Result<(), DecompositionError> {
        self.trainer.use_threads(threads);
        if let Some(mechanism) = &mut self.mechanism {
            mechanism.before_update(&self.trainer, &mut self.probe);
        }
        self.note_label_change();
        let eta = T::from_f64(self.trainer.rate());
        self.of_coming(|decomposed, coming| decomposed.before_update(coming))?;
        if let Some(recorder) = &mut self.recorder {
            recorder.expect(labels_to_come(&self.trainer));
        }
        self.trainer.step();
        self.book(eta)?;
        self.probe.forget();
        self.seen = Seen::default();
        self.note_recovery();
        if let Some(recorder) = &mut self.recorder {
            recorder.take(self.trainer.latest(), self.trainer.layers(), self.trainer.feedback());
        }
        Ok(())
    }

    fn save(&self) -> Option<Saved> {
        // Recorded signals and the past of the network are not part of a checkpoint.
        self.is_restartable().then(|| Saved { trainer: self.trainer.state(), recovery: self.recovery })
    }

    fn restore(&mut self, saved: Saved) -> bool {
        let fits = self.is_restartable()
            && saved.recovery.is_some() == self.recovery.is_some()
            && self.trainer.restore(&saved.trainer);
        if fits {
            self.recovery = saved.recovery;
            self.probe.forget();
            self.seen = Seen::default();
        }
        fits
    }
}

/// Labels of the samples of the update to come, as they are learnt.
fn labels_to_come<T: Real>(trainer: &Trainer<'_, T>) -> Vec<u8> {
    let all = trainer.shown(Subset::Train, trainer.code()).labels;
    trainer.next_batch().iter().map(|&sample| all[sample]).collect()
}

impl<T: Real> Run<'_, T> {
    /// Whether a checkpoint holds all that a run depends on.
    fn is_restartable(&self) -> bool {
        let past = self.mechanism.is_some() || self.decomposed.is_some() || self.balance.is_some();
        self.recorder.is_none() && !past
    }

    /// What `look` says of the update to come, where updates are decomposed.
    fn of_coming<U>(
        &mut self,
        look: impl FnOnce(&mut Decomposed<T>, &Coming<'_, T>) -> Result<U, DecompositionError>,
    ) -> Result<Option<U>, DecompositionError> {
        let Some(decomposed) = &mut self.decomposed else { return Ok(None) };
        self.trainer.look_ahead();
        let passes = passes(self.trainer.ahead());
        let labels = labels_to_come(&self.trainer);
        let coming = Coming {
            iteration: self.trainer.iteration(),
            layers: self.trainer.layers(),
            passes: &passes,
            labels: &labels,
            eta: T::from_f64(self.trainer.rate()),
        };
        look(decomposed, &coming).map(Some)
    }

    /// After an update: takes note of it, and of what came of it.
    fn book(&mut self, eta: T) -> Result<(), DecompositionError> {
        let (parts, after) = (self.trainer.latest(), self.trainer.layers());
        if let Some(decomposed) = &mut self.decomposed {
            decomposed.after_update(&passes(parts), eta, after)?;
        }
        if let Some(balance) = &mut self.balance {
            balance.after_update(&parts.iter().map(|part| &part.pass).collect::<Vec<_>>(), eta, after);
        }
        Ok(())
    }

    /// Angle to `B_l^T` of the rule's update of `W_l` to come.
    fn step_alignment(&mut self, l: usize) -> Option<f64> {
        self.trainer.look_ahead();
        let direction = Direction::towards_transpose_of(self.trainer.feedback().backward(l)?);
        let weights = &self.trainer.layers().weights[l];
        let mut step = Matrix::zeros(weights.rows(), weights.cols());
        for Part { input, pass, .. } in self.trainer.ahead() {
            step += pass.source(input, l).t() * &pass.delta[l];
        }
        direction.angle_to(step.as_slice())
    }

    fn of_network(&mut self, quantity: Quantity) -> Option<f64> {
        match quantity {
            Quantity::TestAccuracy => Some(self.test().accuracy),
            Quantity::TrainAccuracy => Some(self.train().accuracy),
            Quantity::Loss => Some(self.train().loss),
            Quantity::AccuracyBeforeChange => {
                let code = self.trainer.code_before_change().cloned()?;
                Some(self.trainer.evaluate(Subset::Test, &code).accuracy)
            }
            Quantity::RecoveryTime => {
                let Recovery { change, back } = self.recovery?;
                let per_epoch = self.trainer.batches_per_epoch();
                Some(((back? - change?.0) / per_epoch) as f64)
            }
            _ => None,
        }
    }

    fn of_layer(&mut self, quantity: Quantity, l: usize) -> Option<f64> {
        if quantity == Quantity::StepAlignment {
            return self.step_alignment(l);
        }
        let (probe, trainer) = (&mut self.probe, &self.trainer);
        match quantity {
            Quantity::UpdateAlignment => probe.update_alignment(trainer, l),
            Quantity::DeltaAlignment => probe.delta_alignment(trainer, l),
            Quantity::RelativeUpdate => probe.relative_update(trainer, l),
            Quantity::UpdateWeightAngle => probe.update_weight_angle(trainer, l),
            Quantity::PreActivationLow => Some(self.pre_activations(l)?.quantile(0.01)),
            Quantity::PreActivationMedian => Some(self.pre_activations(l)?.quantile(0.5)),
            Quantity::PreActivationHigh => Some(self.pre_activations(l)?.quantile(0.99)),
            Quantity::PreActivationOff => Some(100.0 * self.pre_activations(l)?.share_below(-1.0)),
            Quantity::DeadUnits => Some(probe.dead_units(trainer, l) as f64),
            Quantity::BpGradientNorm => Some(probe.bp_gradient_norm(trainer, l)),
            Quantity::GradientStability => probe.gradient_stability(trainer, l),
            Quantity::WeightGrowth => ratio(trainer.layers().weights[l].norm(), self.weight_norms.get(l)),
            Quantity::ActivationGrowth => ratio(probe.activity_norm(trainer, l), self.activity_norms.get(l)),
            Quantity::DeltaNormLow => Some(self.delta_norms(l)?.quantile(0.001)),
            Quantity::DeltaNormMedian => Some(self.delta_norms(l)?.quantile(0.5)),
            Quantity::DeltaNormMode => Some(self.delta_norms(l)?.mode(MODE.0, MODE.1)),
            Quantity::UpdateNullLow => Some(self.update_null(l)?.low),
            Quantity::UpdateNullHigh => Some(self.update_null(l)?.high),
            Quantity::UpdateAlignmentZ => self.update_null(l)?.z,
            _ => None,
        }
    }

    /// Of the test images under the code in force.
    fn test(&mut self) -> Evaluation {
        let code = self.trainer.code().clone();
        *self.seen.test.get_or_insert_with(|| self.trainer.evaluate(Subset::Test, &code))
    }

    fn train(&mut self) -> Evaluation {
        let code = self.trainer.code().clone();
        *self.seen.train.get_or_insert_with(|| self.trainer.evaluate(Subset::Train, &code))
    }

    fn pre_activations(&mut self, l: usize) -> Option<&Sorted> {
        let (probe, trainer) = (&mut self.probe, &self.trainer);
        self.seen.pre_activations.entry(l).or_insert_with(|| probe.pre_activations(trainer, l)).as_ref()
    }

    /// Norms of the error signals of all training images at the units that `W_l` leads to.
    fn delta_norms(&mut self, l: usize) -> Option<&Sorted> {
        let all = self.seen.delta_norms.get_or_insert_with(|| {
            let mut norms: Vec<Vec<f64>> = vec![Vec::new(); self.trainer.layers().depth()];
            self.trainer.over_training_images(|part| {
                for (norms, delta) in norms.iter_mut().zip(&part.pass.delta) {
                    norms.extend((0..delta.rows()).map(|i| sum_squares(delta.row(i)).sqrt()));
                }
            });
            norms.into_iter().map(Sorted::new).collect()
        });
        all.get(l)?.as_ref()
    }

    fn update_null(&mut self, l: usize) -> Option<UpdateNull> {
        let all = self.seen.update_nulls.get_or_insert_with(|| {
            let mut stream = Stream::new(self.seed, self.repeat, Role::Null);
            self.probe.update_null(&self.trainer, &mut stream)
        });
        all.get(l).copied().flatten()
    }

    /// Before an update: whether the code has just changed.
    fn note_label_change(&mut self) {
        if self.recovery.is_none() {
            return;
        }
        if let Some(before) = self.trainer.code_before_change().cloned() {
            let accuracy = self.trainer.evaluate(Subset::Test, &before).accuracy;
            self.recovery = Some(Recovery { change: Some((self.trainer.iteration(), accuracy)), back: None });
        }
    }

    /// After an update: whether the accuracy is back, at the end of an epoch.
    fn note_recovery(&mut self) {
        let iteration = self.trainer.iteration();
        let Some(Recovery { change: Some((_, before)), back: None }) = self.recovery else { return };
        if !iteration.is_multiple_of(self.trainer.batches_per_epoch()) {
            return;
        }
        // A code that changes just now does not count yet.
        let code: LabelCode = self.trainer.code_before_change().unwrap_or_else(|| self.trainer.code()).clone();
        let accuracy = self.trainer.evaluate(Subset::Test, &code).accuracy;
        if let Some(recovery) = self.recovery.as_mut().filter(|_| accuracy >= RECOVERED * before) {
            recovery.back = Some(iteration);
        }
    }
}

fn passes<T: Real>(parts: &[Part<T>]) -> Vec<(&Matrix<T>, &Pass<T>)> {
    parts.iter().map(|part| (&part.input, &part.pass)).collect()
}

fn ratio(now: f64, start: Option<&f64>) -> Option<f64> {
    start.filter(|start| **start > 0.0).map(|start| now / start)
}

pub(super) fn run<T: Real>(
    job: &Job,
    condition: &TrainCondition,
    attempt: &Attempt<'_>,
    library: &Library,
) -> Result<JobResult, JobError> {
    let failed = |error: DataError| JobError::Failed(error.to_string());
    let data = library.load::<T>(&condition.data, condition.size).map_err(failed)?;
    let trainer = Trainer::new(&data, condition.setup.clone(), job.seed, job.repeat);
    let mut probe = Probe::new(&trainer, condition.probe, job.seed, job.repeat);
    let depth = trainer.layers().depth();
    let at_start = |quantity, norm: &mut dyn FnMut(usize) -> f64| -> Vec<f64> {
        (0..depth).filter(|_| job.measures(quantity)).map(norm).collect()
    };
    let weight_norms = at_start(Quantity::WeightGrowth, &mut |l| trainer.layers().weights[l].norm());
    let activity_norms = at_start(Quantity::ActivationGrowth, &mut |l| probe.activity_norm(&trainer, l));
    let recovers = job.measures(Quantity::RecoveryTime) && !job.condition.label_changes().is_empty();
    let recorder = match attempt.export().signals() {
        None => None,
        Some(limit) => {
            let iterations = limit.min(job.condition.last_iteration());
            Some(
                Recorder::new(trainer.sizes(), condition.setup.batch, iterations, trainer.layers(), trainer.feedback())
                    .map_err(JobError::Failed)?,
            )
        }
    };
    let period = NonZeroUsize::new(trainer.batches_per_epoch());
    let decomposed = Decomposed::new(job, trainer.layers(), trainer.feedback(), period).map_err(JobError::Failed)?;
    let start = attempt.export().is_on().then(|| trainer.layers().clone());
    let mut run = Run {
        probe,
        seed: job.seed,
        repeat: job.repeat,
        weight_norms,
        activity_norms,
        recovery: recovers.then(Recovery::default),
        recorder,
        mechanism: Mechanism::new(job),
        decomposed,
        balance: Balance::new(job, trainer.layers(), trainer.feedback()),
        seen: Seen::default(),
        trainer,
    };
    let result = drive(job, &mut run, attempt)?;
    if let (Some(path), Some(start)) = (attempt.export_path(), start) {
        let written = export_weights(path, &start, &run.trainer, run.recorder.take());
        written.map_err(|error| JobError::Failed(error.to_string()))?;
    }
    Ok(result)
}
