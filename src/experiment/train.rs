//! One repeat of a network on data.

use super::balance::{self, Balance};
use super::decomposed::{Decomposed, NextUpdate};
use super::export::{Recorder, export_weights};
use super::learning::{LearningRun, load};
use super::mechanism::Mechanism;
use super::ranked::RanksFound;
use super::twin::Twin;
use super::{Experiment, drive};
use crate::condition::TrainCondition;
use crate::data::{DataError, LabelCode, Library};
use crate::matrix::Matrix;
use crate::measure::quantile::Sorted;
use crate::measure::spectrum::Ranks;
use crate::network::{BatchPart, Evaluation, Probe, Subset, Trainer, TrainerState, UpdateNull};
use crate::quantity::{
    BudgetSoFar, Built, ByClass, Compared, DecomposedUpdate, Instruments, Learnt, Predicted,
    Quantity, Ranked,
};
use crate::random::{Role, Stream};
use crate::real::Real;
use crate::rule::decomposition::DecompositionError;
use crate::rule::{Feedback, Layers, Pass};
use crate::run::{Attempt, Job, JobError, JobResult};
use crate::theory::depth::Width;
use crate::vmath::sum_squares;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

/// Share of the accuracy before a label change that counts as recovered.
const RECOVERED: f64 = 0.9;

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
    /// A prediction that goes along with the network.
    followed: Option<LearningRun<'a>>,
    ranks: RanksFound,
    twin: Option<Twin<'a, T>>,
    seen: Computed,
}

/// What has been computed of the present state.
#[derive(Default)]
struct Computed {
    test: Option<Evaluation>,
    train: Option<Evaluation>,
    delta_norms: Option<Vec<Option<Sorted>>>,
    update_nulls: Option<Vec<Option<UpdateNull>>>,
    pre_activations: BTreeMap<usize, Option<Sorted>>,
    predicted: Option<Predicted>,
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
    trainer: TrainerState,
    recovery: Option<Recovery>,
    /// That of a twin, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    twin: Option<TrainerState>,
}

impl<T: Real> Experiment<T> for Run<'_, T> {
    type State = Saved;

    fn step(&mut self, threads: usize) -> Result<(), DecompositionError> {
        self.trainer.use_threads(threads);
        if let Some(mechanism) = &mut self.mechanism {
            mechanism.before_update(&self.trainer, &mut self.probe);
        }
        self.note_label_change();
        let eta = T::from_f64(self.trainer.rate());
        self.of_next_update(|decomposed, coming| decomposed.before_update(coming))?;
        if let Some(recorder) = &mut self.recorder {
            recorder.expect(labels_to_come(&self.trainer));
        }
        self.trainer.step();
        if let Some(twin) = &mut self.twin {
            twin.step(threads);
        }
        self.book(eta)?;
        self.forget();
        self.note_recovery();
        if let Some(recorder) = &mut self.recorder {
            recorder.take(self.trainer.latest(), self.trainer.layers(), self.trainer.feedback());
        }
        Ok(())
    }

    fn save(&self) -> Option<Saved> {
        // Recorded signals and the past of the network are not part of a checkpoint.
        self.is_restartable().then(|| Saved {
            trainer: self.trainer.state(),
            recovery: self.recovery,
            twin: self.twin.as_ref().map(Twin::state),
        })
    }

    fn restore(&mut self, saved: Saved) -> bool {
        let fits = self.is_restartable()
            && saved.recovery.is_some() == self.recovery.is_some()
            && saved.twin.is_some() == self.twin.is_some()
            && self.trainer.restore(&saved.trainer)
            && self.twin.as_mut().zip(saved.twin).is_none_or(|(twin, state)| twin.restore(&state));
        if fits {
            self.recovery = saved.recovery;
            self.forget();
        }
        fits
    }
}

impl<T: Real> Instruments<T> for Run<'_, T> {
    fn layers(&self) -> &Layers<T> {
        self.trainer.layers()
    }

    fn feedback(&self) -> &Feedback<T> {
        self.trainer.feedback()
    }

    fn weight_norm_at_start(&self, l: usize) -> Option<f64> {
        self.weight_norms.get(l).copied()
    }

    fn activity_norm_at_start(&self, l: usize) -> Option<f64> {
        self.activity_norms.get(l).copied()
    }

    /// The update to come.
    fn rule_update(&mut self, l: usize) -> Option<Matrix<T>> {
        self.trainer.look_ahead();
        let weights = self.trainer.layers().weights.get(l)?;
        let mut step = Matrix::zeros(weights.rows(), weights.cols());
        for BatchPart { input, pass, .. } in self.trainer.ahead() {
            step += pass.source(input, l).t() * &pass.delta[l];
        }
        Some(step)
    }

    fn update_alignment(&mut self, l: usize) -> Option<f64> {
        self.probe.update_alignment(&self.trainer, l)
    }

    fn probe(&mut self) -> Option<(&mut Probe<T>, &Trainer<'_, T>)> {
        Some((&mut self.probe, &self.trainer))
    }

    fn test(&mut self) -> Option<Evaluation> {
        let code = self.trainer.code().clone();
        Some(*self.seen.test.get_or_insert_with(|| self.trainer.evaluate(Subset::Test, &code)))
    }

    fn train(&mut self) -> Option<Evaluation> {
        let code = self.trainer.code().clone();
        Some(*self.seen.train.get_or_insert_with(|| self.trainer.evaluate(Subset::Train, &code)))
    }

    fn accuracy_before_change(&mut self) -> Option<f64> {
        let code = self.trainer.code_before_change().cloned()?;
        Some(self.trainer.evaluate(Subset::Test, &code).accuracy)
    }

    fn recovery_time(&self) -> Option<f64> {
        let Recovery { change, back } = self.recovery?;
        Some(((back? - change?.0) / self.trainer.batches_per_epoch()) as f64)
    }

    fn pre_activations(&mut self, l: usize) -> Option<&Sorted> {
        let (probe, trainer) = (&mut self.probe, &self.trainer);
        self.seen
            .pre_activations
            .entry(l)
            .or_insert_with(|| probe.pre_activations(trainer, l))
            .as_ref()
    }

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

    fn ranks(&mut self, what: Ranked, l: usize) -> Option<Ranks> {
        self.ranks.of((what, l), &mut self.probe, &self.trainer)
    }

    fn chance(&mut self, what: Ranked, l: usize) -> Option<Ranks> {
        let key = [self.seed, self.repeat];
        self.ranks.of_chance((what, l), &mut self.probe, &self.trainer, key)
    }

    fn beside_twin(&mut self, l: usize) -> Option<[Matrix<f64>; 2]> {
        self.twin.as_mut()?.beside(&self.trainer, l)
    }

    fn budget(&self, l: usize) -> Option<BudgetSoFar> {
        self.balance.as_ref()?.of_layer(l)
    }

    fn predicted(&mut self) -> Option<&Predicted> {
        if self.seen.predicted.is_none() {
            let followed = self.followed.as_mut()?;
            // Nothing where values have diverged.
            followed.advance_to(self.trainer.iteration()).ok()?;
            let found = followed.prediction().ok()?;
            self.seen.predicted = Some(Predicted {
                weights: found.weights,
                updates: found.updates,
                deltas: found.deltas,
                loss: Some(found.loss),
                test_accuracy: Some(found.test_accuracy),
            });
        }
        self.seen.predicted.as_ref()
    }

    fn compared(&mut self, l: usize, lag: usize) -> Option<&Compared> {
        self.mechanism.as_mut()?.compared(&self.trainer, &mut self.probe, l, lag)
    }

    fn learnt(&mut self, l: usize, lag: usize) -> Option<&Learnt> {
        self.mechanism.as_mut()?.learnt(&self.trainer, &mut self.probe, l, lag)
    }

    fn decomposed_update(
        &mut self,
        l: usize,
    ) -> Result<Option<&DecomposedUpdate>, DecompositionError> {
        self.of_next_update(|decomposed, coming| decomposed.update(coming, l))
    }

    fn by_class(&mut self, l: usize, lag: usize) -> Result<Option<ByClass>, DecompositionError> {
        Ok(self.of_next_update(|decomposed, coming| decomposed.by_class(coming, l, lag))?.flatten())
    }

    fn built_alignment(&self, l: usize, built: Built) -> Option<f64> {
        self.decomposed.as_ref()?.built_alignment(l, built)
    }
}

/// Labels of the samples of the update to come, as they are learnt.
fn labels_to_come<T: Real>(trainer: &Trainer<'_, T>) -> Vec<u8> {
    let all = trainer.shown(Subset::Train, trainer.code()).labels;
    trainer.next_batch().iter().map(|&sample| all[sample]).collect()
}

impl<T: Real> Run<'_, T> {
    /// What was computed was of a state that is no more.
    fn forget(&mut self) {
        self.probe.forget();
        self.ranks.forget();
        self.seen = Computed::default();
    }

    /// Whether a checkpoint holds all that a run depends on.
    fn is_restartable(&self) -> bool {
        let past = self.mechanism.is_some() || self.decomposed.is_some() || self.balance.is_some();
        self.recorder.is_none() && !past
    }

    /// What `look` says of the update to come, where updates are decomposed.
    fn of_next_update<'a, U, F>(&'a mut self, look: F) -> Result<Option<U>, DecompositionError>
    where
        F: FnOnce(&'a mut Decomposed<T>, &NextUpdate<'_, T>) -> Result<U, DecompositionError>,
    {
        let Some(decomposed) = &mut self.decomposed else { return Ok(None) };
        self.trainer.look_ahead();
        let passes = passes(self.trainer.ahead());
        let labels = labels_to_come(&self.trainer);
        let coming = NextUpdate {
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
            balance.after_update(&passes(parts), eta, self.trainer.unnormalised(), after);
        }
        Ok(())
    }

    /// Before an update: whether the code has just changed.
    fn note_label_change(&mut self) {
        if self.recovery.is_none() {
            return;
        }
        if let Some(before) = self.trainer.code_before_change().cloned() {
            let accuracy = self.trainer.evaluate(Subset::Test, &before).accuracy;
            self.recovery =
                Some(Recovery { change: Some((self.trainer.iteration(), accuracy)), back: None });
        }
    }

    /// After an update: whether the accuracy is back, at the end of an epoch.
    fn note_recovery(&mut self) {
        let iteration = self.trainer.iteration();
        let Some(Recovery { change: Some((_, before)), back: None }) = self.recovery else {
            return;
        };
        if !iteration.is_multiple_of(self.trainer.batches_per_epoch()) {
            return;
        }
        // A code that changes just now does not count yet.
        let code: LabelCode =
            self.trainer.code_before_change().unwrap_or_else(|| self.trainer.code()).clone();
        let accuracy = self.trainer.evaluate(Subset::Test, &code).accuracy;
        if let Some(recovery) = self.recovery.as_mut().filter(|_| accuracy >= RECOVERED * before) {
            recovery.back = Some(iteration);
        }
    }
}

fn passes<T: Real>(parts: &[BatchPart<T>]) -> Vec<(&Matrix<T>, &Pass<T>)> {
    parts.iter().map(|part| (&part.input, &part.pass)).collect()
}

/// What keeps the signals, where their export is asked for.
fn recorder<T: Real>(
    job: &Job,
    condition: &TrainCondition,
    attempt: &Attempt<'_>,
    trainer: &Trainer<'_, T>,
) -> Result<Option<Recorder>, JobError> {
    let Some(limit) = attempt.export().signals() else { return Ok(None) };
    let iterations = limit.min(job.condition.last_iteration());
    let (layers, feedback) = (trainer.layers(), trainer.feedback());
    Recorder::new(trainer.sizes(), condition.setup.batch, iterations, layers, feedback)
        .map(Some)
        .map_err(JobError::Failed)
}

pub(super) fn run<T: Real>(
    job: &Job,
    condition: &TrainCondition,
    attempt: &Attempt<'_>,
    library: &Library,
) -> Result<JobResult, JobError> {
    let failed = |error: DataError| JobError::Failed(error.to_string());
    let data = condition.load::<T>(library).map_err(failed)?;
    let follows = condition.unpredicted().is_none() && job.quantities().any(Quantity::is_followed);
    let exact = follows.then(|| load(condition, library)).transpose().map_err(failed)?;
    let followed = exact
        .as_ref()
        .map(|data| LearningRun::new(data, condition, Width::Finite, [job.seed, job.repeat]))
        .transpose()
        .map_err(|error| JobError::Failed(error.to_string()))?;
    let mut trainer = Trainer::new(&data, condition.setup.clone(), job.seed, job.repeat);
    if balance::tells_apart(job) {
        trainer.keep_unnormalised();
    }
    let mut probe = Probe::new(&trainer, condition.probe, job.seed, job.repeat);
    let depth = trainer.layers().depth();
    let at_start = |quantity, norm: &mut dyn FnMut(usize) -> f64| -> Vec<f64> {
        (0..depth).filter(|_| job.measures(quantity)).map(norm).collect()
    };
    let weight_norms =
        at_start(Quantity::WeightGrowth, &mut |l| trainer.layers().weights[l].norm());
    let activity_norms =
        at_start(Quantity::ActivationGrowth, &mut |l| probe.activity_norm(&trainer, l));
    let recovers =
        job.measures(Quantity::RecoveryTime) && !job.condition.label_changes().is_empty();
    let recorder = recorder(job, condition, attempt, &trainer)?;
    let period = NonZeroUsize::new(trainer.batches_per_epoch());
    let decomposed = match job.condition.normalises_activities() {
        true => None,
        false => Decomposed::new(job, trainer.layers(), trainer.feedback(), period)
            .map_err(JobError::Failed)?,
    };
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
        followed,
        ranks: RanksFound::default(),
        twin: Twin::new(job, condition, &data),
        seen: Computed::default(),
        trainer,
    };
    let result = drive(job, &mut run, attempt)?;
    if let (Some(path), Some(start)) = (attempt.export_path(), start) {
        let written = export_weights(path, &start, &run.trainer, run.recorder.take());
        written.map_err(|error| JobError::Failed(error.to_string()))?;
    }
    Ok(result)
}
