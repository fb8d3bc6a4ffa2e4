//! One repeat of the rule in isolation.

use super::balance::Balance;
use super::decomposed::{Decomposed, NextUpdate};
use super::{Experiment, depth_run, drive, linear_toy, relu_network};
use crate::condition::IsolateCondition;
use crate::matrix::Matrix;
use crate::network::Biases;
use crate::quantity::{BudgetSoFar, Built, DecomposedUpdate, Instruments, Predicted, Quantity};
use crate::real::Real;
use crate::rule::decomposition::DecompositionError;
use crate::rule::{Feedback, Isolated, LagOne, Layers, Terms, UpdateAlignment};
use crate::run::{Attempt, Job, JobError, JobResult};
use crate::signal::{Signals, Sizes};
use crate::theory::Toy;
use crate::theory::depth::{DepthAngles, DepthFollower, NoDepthTheory, ReluTheory};
use crate::theory::moments::Realised;

struct Run<T: Real> {
    net: Isolated<T>,
    signals: Signals<T>,
    updates: UpdateAlignment<T>,
    /// What these are in the present state; empty until asked for.
    update_angles: Vec<Option<f64>>,
    eta: T,
    /// Kept where something that needs it is measured.
    terms: Option<LagOne<T>>,
    realised: Option<(Realised, Toy)>,
    followed: Option<Followed>,
    /// Latest updates of `W_1 .. W_{D-1}`, over eta; empty where nothing needs them.
    steps: Vec<Matrix<T>>,
    decomposed: Option<Decomposed<T>>,
    balance: Option<Balance<T>>,
    iteration: usize,
}

impl<T: Real> Experiment<T> for Run<T> {
    /// Runs in isolation start anew.
    type State = ();

    fn save(&self) -> Option<()> {
        None
    }

    fn restore(&mut self, (): ()) -> bool {
        false
    }

    fn step(&mut self, _threads: usize) -> Result<(), DecompositionError> {
        self.update_angles.clear();
        let (activity, error) = (self.signals.activity(), self.signals.error());
        self.net.carry(activity, error);
        let pass = &self.net.pass;
        if let Some(terms) = &mut self.terms {
            terms.observe(&self.net.layers, activity, pass, self.eta);
        }
        for (index, step) in self.steps.iter_mut().enumerate() {
            match self.net.source(activity, index + 1) {
                Some(source) => step.assign(source.t() * &pass.delta[index + 1]),
                None => step.as_mut_slice().fill(T::zero()),
            }
        }
        if let Some(decomposed) = &mut self.decomposed {
            let (iteration, layers, passes) =
                (self.iteration, &self.net.layers, [(activity, pass)]);
            let coming =
                NextUpdate { iteration, layers, passes: &passes, labels: &[], eta: self.eta };
            decomposed.before_update(&coming)?;
        }
        self.net.apply(activity, self.eta);
        let (pass, after) = (&self.net.pass, &self.net.layers);
        if let Some(decomposed) = &mut self.decomposed {
            decomposed.after_update(&[(activity, pass)], self.eta, after)?;
        }
        if let Some(balance) = &mut self.balance {
            balance.after_update(&[(activity, pass)], self.eta, None, after);
        }
        if let Some((realised, _)) = &mut self.realised {
            realised.add(activity, error);
        }
        if let Some(followed) = &mut self.followed {
            followed.advance(&activity.to_f64(), &error.to_f64());
        }
        self.signals.advance();
        self.iteration += 1;
        Ok(())
    }
}

impl<T: Real> Instruments<T> for Run<T> {
    fn layers(&self) -> &Layers<T> {
        &self.net.layers
    }

    fn feedback(&self) -> &Feedback<T> {
        &self.net.feedback
    }

    fn rule_update(&mut self, l: usize) -> Option<Matrix<T>> {
        self.steps.get(l.checked_sub(1)?).cloned()
    }

    /// On the signals of the iteration to come, as the rule will see them.
    fn update_alignment(&mut self, l: usize) -> Option<f64> {
        if self.update_angles.is_empty() {
            let (activity, error) = (self.signals.activity(), self.signals.error());
            self.update_angles = self.net.update_alignment(&mut self.updates, activity, error);
        }
        self.update_angles.get(l).copied().flatten()
    }

    fn given_signals(&self, l: usize) -> Option<f64> {
        self.realised.as_ref().filter(|_| l == 1).map(|(realised, toy)| realised.moments(toy).angle)
    }

    fn predicted(&mut self) -> Option<&Predicted> {
        let (activity, error) = (self.signals.activity().to_f64(), self.signals.error().to_f64());
        self.followed.as_mut()?.predicted(self.iteration, &activity, &error)
    }

    fn lag_one(&self, l: usize) -> Option<&Terms<T>> {
        self.terms.as_ref()?.terms(l)
    }

    fn budget(&self, l: usize) -> Option<BudgetSoFar> {
        self.balance.as_ref()?.of_layer(l)
    }

    fn decomposed_update(
        &mut self,
        l: usize,
    ) -> Result<Option<&DecomposedUpdate>, DecompositionError> {
        self.of_next_update(|decomposed, coming| decomposed.update(coming, l))
    }

    fn built_alignment(&self, l: usize, built: Built) -> Option<f64> {
        self.decomposed.as_ref()?.built_alignment(l, built)
    }
}

impl<T: Real> Run<T> {
    /// What `look` says of the update to come, where updates are decomposed.
    fn of_next_update<'a, U, F>(&'a mut self, look: F) -> Result<Option<U>, DecompositionError>
    where
        F: FnOnce(&'a mut Decomposed<T>, &NextUpdate<'_, T>) -> Result<U, DecompositionError>,
    {
        let Some(decomposed) = &mut self.decomposed else { return Ok(None) };
        let activity = self.signals.activity();
        self.net.carry(activity, self.signals.error());
        let passes = [(activity, &self.net.pass)];
        let (iteration, layers, eta) = (self.iteration, &self.net.layers, self.eta);
        look(decomposed, &NextUpdate { iteration, layers, passes: &passes, labels: &[], eta })
            .map(Some)
    }
}

/// A prediction that goes along with the rule.
struct Followed {
    theory: DepthFollower,
    /// Of the present state, once it has been asked for.
    now: Option<Predicted>,
}

impl Followed {
    fn new<T: Real>(
        condition: &IsolateCondition,
        job: &Job,
        net: &Isolated<T>,
    ) -> Result<Self, NoDepthTheory> {
        let IsolateCondition { layers: sizes, iterations, .. } = condition;
        if condition.is_deep_relu() {
            let theory = DepthFollower::Relu(Box::new(ReluTheory::new(relu_network(condition))));
            return Ok(Self { theory, now: None });
        }
        let backward: Vec<Matrix<f64>> = (1..sizes.len() - 1)
            .filter_map(|l| net.feedback.backward(l))
            .map(Matrix::to_f64)
            .collect();
        Ok(Self {
            theory: depth_run(condition).follow(&backward, *iterations, job.seed, job.repeat)?,
            now: None,
        })
    }

    fn advance(&mut self, activity: &Matrix<f64>, error: &Matrix<f64>) {
        self.now = None;
        self.theory.advance(activity, error);
    }

    /// Nothing where values have diverged.
    fn predicted(
        &mut self,
        iteration: usize,
        activity: &Matrix<f64>,
        error: &Matrix<f64>,
    ) -> Option<&Predicted> {
        if self.now.is_none() {
            let DepthAngles { weights, updates, deltas, .. } =
                self.theory.angles(iteration, activity, error).ok()?;
            let finite =
                [&weights, &updates, &deltas].into_iter().flatten().all(|angle| angle.is_finite());
            self.now =
                finite.then(|| Predicted { weights, updates, deltas, ..Predicted::default() });
        }
        self.now.as_ref()
    }
}

/// Whether a quantity is one of the terms of the latest update.
fn is_of_terms(quantity: Quantity) -> bool {
    (Quantity::AlignmentTerm..=Quantity::SuperalignmentSumNorm).contains(&quantity)
}

pub(super) fn run<T: Real>(
    job: &Job,
    condition: &IsolateCondition,
    attempt: &Attempt<'_>,
) -> Result<JobResult, JobError> {
    let IsolateCondition { layers: sizes, batch, signals, iterations, .. } = condition;
    let run_sizes = Sizes {
        batch: *batch,
        inputs: sizes[0],
        outputs: sizes[sizes.len() - 1],
        iterations: *iterations,
    };
    let signals = Signals::new(signals, run_sizes, job.seed, job.repeat);
    let net = network::<T>(condition, job);
    let toy = linear_toy(condition).filter(|_| job.measures(Quantity::ConditionalAlignment));
    let steps = sizes.windows(2).skip(1).filter(|_| job.measures(Quantity::StepAlignment));
    let follows = condition.is_followed() && job.quantities().any(Quantity::is_followed);
    let followed = follows.then(|| Followed::new(condition, job, &net)).transpose();
    let mut run = Run {
        followed: followed.map_err(|error| JobError::Failed(error.to_string()))?,
        signals: signals.map_err(|error| JobError::Failed(error.to_string()))?,
        updates: UpdateAlignment::new(sizes),
        update_angles: Vec::new(),
        eta: T::from_f64(condition.eta),
        terms: job.quantities().any(is_of_terms).then(|| LagOne::new(sizes, *batch)),
        realised: toy.map(|toy| (Realised::of(&toy), toy)),
        steps: steps.map(|n| Matrix::zeros(n[0], n[1])).collect(),
        decomposed: Decomposed::new(job, &net.layers, &net.feedback, None)
            .map_err(JobError::Failed)?,
        balance: Balance::new(job, &net.layers, &net.feedback),
        iteration: 0,
        net,
    };
    drive(job, &mut run, attempt)
}

/// The network of a condition, at the start.
fn network<T: Real>(condition: &IsolateCondition, job: &Job) -> Isolated<T> {
    let IsolateCondition { layers, batch, activation, w_std, b_std, b_scale, .. } = condition;
    let factor = if condition.normalize_b { 1.0 } else { *b_scale };
    let mut net =
        Isolated::draw(layers, *batch, *activation, [*w_std, b_std * factor], job.seed, job.repeat);
    if condition.normalize_b {
        net = net.with_normalised_backward(*b_scale);
    }
    if condition.bias != Biases::Off {
        net = net.with_biases(condition.bias_std, job.seed, job.repeat);
    }
    if condition.bias == Biases::Untrained {
        net = net.with_fixed_biases();
    }
    if condition.output_mask {
        net = net.with_output_mask();
    }
    net = net.in_time(condition.timing(), *batch);
    match &condition.weight_norm {
        Some(kind) => net.with_weight_norm(kind),
        None => net,
    }
}
