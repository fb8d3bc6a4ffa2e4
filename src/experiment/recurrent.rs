//! One repeat of a recurrent network, in isolation or on a task.

use crate::condition::RecurrentCondition;
use crate::matrix::Matrix;
use crate::measure::angle::{angle, weight_alignment};
use crate::quantity::Quantity;
use crate::real::Real;
use crate::recurrent::{
    ChangeOfRank, Feedback, Isolated, Network, ReadoutLags, Score, SetupError, Trainer, Updates,
    rank_of_change,
};
use crate::run::{Attempt, Job, JobError, JobResult, Outcome, Record};
use crate::signal::{Recording, Sequence, SequenceError, Signals};
use crate::theory::recurrent::ReadoutFollower;

/// A network under way.
enum Run<T: Real> {
    Isolated(Box<InIsolation<T>>),
    Task(Box<Trainer<T>>),
}

/// A network in isolation, its signals, and what goes along with it.
struct InIsolation<T: Real> {
    net: Isolated<T>,
    signals: Driving<T>,
    eta: f64,
    lags: Option<ReadoutLags<T>>,
    followed: Option<ReadoutFollower>,
}

/// Signals as they come, or of a surrogate, which needs all of them.
enum Driving<T: Real> {
    Streamed(Box<Signals<T>>),
    Recorded { activity: Sequence<T>, error: Sequence<T>, iteration: usize },
}

impl<T: Real> Driving<T> {
    /// Activity and error of the iteration to come.
    fn now(&self) -> [Matrix<T>; 2] {
        match self {
            Self::Streamed(signals) => [signals.activity().clone(), signals.error().clone()],
            Self::Recorded { activity, error, iteration } => {
                [activity.matrix(*iteration), error.matrix(*iteration)]
            }
        }
    }

    fn advance(&mut self) {
        match self {
            Self::Streamed(signals) => signals.advance(),
            Self::Recorded { iteration, .. } => *iteration += 1,
        }
    }
}

impl<T: Real> InIsolation<T> {
    fn begin(job: &Job, condition: &RecurrentCondition) -> Result<Self, JobError> {
        let (setup, seed, repeat) = (&condition.setup, job.seed, job.repeat);
        let of_setup = |error: SetupError| JobError::Failed(error.to_string());
        let of_signals = |error: SequenceError| JobError::Failed(error.to_string());
        let times = setup.times().map_err(of_setup)?;
        let run = setup.signal_sizes(condition.iterations).map_err(of_setup)?;
        let signals = match condition.surrogate {
            None => {
                let signals = Signals::new(&setup.signals, run, seed, repeat);
                let signals = signals.map_err(|error| JobError::Failed(error.to_string()))?;
                Driving::Streamed(Box::new(signals))
            }
            Some(surrogate) => {
                let drawn = Recording::generate(&setup.signals, run, seed, repeat)
                    .and_then(|recording| surrogate.draw(&recording, seed, repeat))
                    .map_err(of_signals)?;
                let (activity, error) = (drawn.activity().clone(), drawn.error().clone());
                Driving::Recorded { activity, error, iteration: 0 }
            }
        };
        let sizes = setup.sizes().map_err(of_setup)?;
        let network = Network::draw(setup, sizes, times.leak, seed, repeat);
        let follows = job.measures(Quantity::PredictedWeightAlignment);
        let decomposes = job.quantities().any(Quantity::is_of_readout_lags);
        let most = job.lags.last().copied().unwrap_or(0);
        let compares = [Quantity::RecurrentUpdateAlignment, Quantity::InputUpdateAlignment];
        let window = if job.quantities().any(|q| compares.contains(&q)) { times.length } else { 0 };
        Ok(Self {
            lags: decomposes.then(|| ReadoutLags::new(&network, setup.batch, most)),
            followed: condition.linear().filter(|_| follows).map(|linear| linear.follow()),
            net: Isolated::new(
                network,
                Feedback::draw(setup, sizes, seed, repeat),
                setup.credit,
                setup.batch,
                window,
            ),
            signals,
            eta: setup.eta,
        })
    }

    fn step(&mut self) {
        let [activity, error] = self.signals.now();
        self.net.carry(&activity, &error);
        if let Some(lags) = &mut self.lags {
            lags.observe(&self.net, &activity, &error, self.eta);
        }
        if let Some(followed) = &mut self.followed {
            followed.advance(&activity.to_f64(), &error.to_f64());
        }
        self.net.apply(self.eta);
        self.signals.advance();
    }
}

impl<T: Real> Run<T> {
    fn step(&mut self) {
        match self {
            Self::Isolated(run) => run.step(),
            Self::Task(trainer) => trainer.step(),
        }
    }

    fn network(&self) -> &Network<T> {
        match self {
            Self::Isolated(run) => &run.net.network,
            Self::Task(trainer) => trainer.network(),
        }
    }

    fn feedback(&self) -> &Feedback<T> {
        match self {
            Self::Isolated(run) => &run.net.feedback,
            Self::Task(trainer) => trainer.feedback(),
        }
    }

    fn source(&self) -> &Matrix<T> {
        match self {
            Self::Isolated(run) => run.net.source(),
            Self::Task(trainer) => trainer.source(),
        }
    }

    /// Updates by the rule and by BPTT.
    fn compared(&mut self) -> [Updates<T>; 2] {
        match self {
            Self::Isolated(run) => run.net.compared(),
            Self::Task(trainer) => trainer.compared(),
        }
    }

    fn score(&self) -> Option<Score> {
        match self {
            Self::Isolated(_) => None,
            Self::Task(trainer) => Some(trainer.score()),
        }
    }

    fn in_isolation(&self) -> Option<&InIsolation<T>> {
        match self {
            Self::Isolated(run) => Some(run),
            Self::Task(_) => None,
        }
    }
}

pub(super) fn run<T: Real>(
    job: &Job,
    condition: &RecurrentCondition,
    attempt: &Attempt<'_>,
) -> Result<JobResult, JobError> {
    let mut run = if condition.is_isolated() {
        Run::Isolated(Box::new(InIsolation::<T>::begin(job, condition)?))
    } else {
        let trainer = Trainer::new(&condition.setup, condition.surrogate, job.seed, job.repeat);
        Run::Task(Box::new(trainer.map_err(|error| JobError::Failed(error.to_string()))?))
    };
    let start = run.network().recurrent.to_f64();
    let (mut iteration, mut records) = (0, Vec::new());
    for (due, quantities) in job.agenda() {
        while iteration < due {
            if attempt.is_to_stop() {
                return Err(JobError::Interrupted);
            }
            run.step();
            iteration += 1;
            attempt.advance(1);
            if let Some(layer) = run.network().first_non_finite() {
                return Ok(job.finish(Outcome::Diverged { iteration, layer }, records));
            }
        }
        let mut state = NetworkSnapshot {
            run: &mut run,
            start: &start,
            updates: None,
            change: None,
            score: None,
        };
        for quantity in quantities {
            for layer in quantity.layers(&job.condition) {
                for lag in job.lags_of(quantity, iteration) {
                    let value = state.value(quantity, lag)?;
                    records.push(Record { iteration, layer, lag, quantity, value });
                }
            }
        }
    }
    Ok(job.finish(Outcome::Completed, records))
}

/// A network at a recorded iteration, with what several quantities have in common.
struct NetworkSnapshot<'a, T: Real> {
    run: &'a mut Run<T>,
    /// `W_rec(0)`.
    start: &'a Matrix<f64>,
    /// Angles of the updates of `W_in` and `W_rec` to those of BPTT.
    updates: Option<[Option<f64>; 2]>,
    change: Option<Option<ChangeOfRank>>,
    score: Option<Option<Score>>,
}

impl<T: Real> NetworkSnapshot<'_, T> {
    /// The value of a quantity; `None` where there is none.
    fn value(&mut self, quantity: Quantity, lag: Option<usize>) -> Result<Option<f64>, JobError> {
        let (network, feedback) = (self.run.network(), self.run.feedback());
        Ok(match quantity {
            Quantity::WeightAlignment => {
                weight_alignment(&network.readout, &feedback.readout).ok().flatten()
            }
            Quantity::WeightInnerProduct => {
                Some(network.readout.inner(&feedback.readout.transpose()))
            }
            Quantity::RecurrentAlignment => {
                weight_alignment(&network.recurrent, &feedback.recurrent).ok().flatten()
            }
            Quantity::InputUpdateAlignment => self.updates()[0],
            Quantity::RecurrentUpdateAlignment => self.updates()[1],
            Quantity::PredictedWeightAlignment => {
                self.run.in_isolation().and_then(|run| Some(run.followed.as_ref()?.angle()?.value))
            }
            Quantity::SequenceError => self.score().map(|score| score.error),
            Quantity::SequenceAccuracy => self.score().and_then(|score| score.accuracy),
            _ if quantity.is_of_change() => self.change()?.map(|change| match quantity {
                Quantity::ChangeRank => change.rank as f64,
                Quantity::ChangeParticipation => change.participation,
                Quantity::ChangeBeyond => change.beyond,
                _ => change.bound,
            }),
            _ => self.share(quantity, lag),
        })
    }

    fn updates(&mut self) -> [Option<f64>; 2] {
        *self.updates.get_or_insert_with(|| {
            let [own, bptt] = self.run.compared();
            [(&own.input, &bptt.input), (&own.recurrent, &bptt.recurrent)]
                .map(|(own, bptt)| angle(own, bptt).ok().flatten())
        })
    }

    fn score(&mut self) -> Option<Score> {
        *self.score.get_or_insert_with(|| self.run.score())
    }

    fn change(&mut self) -> Result<Option<ChangeOfRank>, JobError> {
        if let Some(change) = self.change {
            return Ok(change);
        }
        let mut change = self.run.network().recurrent.to_f64();
        change -= self.start;
        let (source, backward) = (self.run.source().to_f64(), self.run.feedback().readout.to_f64());
        let found = rank_of_change(&change, &source, &backward, T::PRECISION)
            .map_err(|error| JobError::Failed(error.to_string()))?;
        self.change = Some(found);
        Ok(found)
    }

    /// A share in what the read-out has gained along `B^T`.
    fn share(&self, quantity: Quantity, lag: Option<usize>) -> Option<f64> {
        let lags = self.run.in_isolation()?.lags.as_ref()?;
        let part = match quantity {
            Quantity::ReadoutTermShare => lags.at(lag?)?,
            Quantity::ReadoutTermsShare => lags.followed(),
            Quantity::ReadoutStartShare => lags.of_start(),
            _ => return None,
        };
        (lags.total() != 0.0).then(|| part / lags.total())
    }
}
