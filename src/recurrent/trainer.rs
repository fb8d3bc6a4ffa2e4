//! Recurrent networks that learn a task.

use super::task::SequenceSource;
use super::{
    Credit, Feedback, Network, Sequences, Setup, SetupError, Task, Trajectory, Updates, carry_back,
};
use crate::matrix::Matrix;
use crate::random::{Role, Stream};
use crate::real::Real;
use crate::signal::{Recording, Sequence, Surrogate};

/// Sequences that a network is tested on, of tasks that can draw any number.
const TESTED: usize = 200;

/// How well a network does on sequences that it does not learn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Sum of the squared errors over that of the squared targets: 1 for outputs of 0.
    pub error: f64,
    /// Signs or classes that are right in the mean output over the response, in percent; `None`
    /// where nothing is classified.
    pub accuracy: Option<f64>,
}

/// A recurrent network that learns a task, one update per batch of sequences.
#[derive(Clone, Debug)]
pub struct Trainer<T> {
    setup: Setup,
    surrogate: Option<Surrogate>,
    network: Network<T>,
    feedback: Feedback<T>,
    source: SequenceSource<T>,
    /// Drawn so far from the stream of sequences.
    position: u128,
    coming: Sequences<T>,
    test: Sequences<T>,
    trajectory: Trajectory<T>,
    /// `sum eta G` so far: see [`Updates::source`].
    learnt_source: Matrix<T>,
    iteration: usize,
    seed: u64,
    repeat: u64,
}

impl<T: Real> Trainer<T> {
    /// At the start of a repeat; of a `surrogate`, what is done to the errors of every batch.
    ///
    /// # Errors
    /// If the setup is of no task, or its sizes and times fit none.
    pub fn new(
        setup: &Setup,
        surrogate: Option<Surrogate>,
        seed: u64,
        repeat: u64,
    ) -> Result<Self, SetupError> {
        let sizes = setup.sizes()?;
        let [inputs, units, outputs] = sizes;
        let times = setup.times()?;
        if setup.task == Task::Isolation {
            return Err(SetupError::NoTask);
        }
        let source =
            SequenceSource::new(setup.task, [inputs, outputs], [times.length, times.response])
                .map_err(|error| SetupError::Digits(error.to_string()))?;
        let test = source.test(&mut Stream::new(seed, repeat, Role::Probe), TESTED);
        let mut stream = Stream::new(seed, repeat, Role::DataOrder);
        let coming = source.draw(&mut stream, setup.batch);
        Ok(Self {
            network: Network::draw(setup, sizes, times.leak, seed, repeat),
            feedback: Feedback::draw(setup, sizes, seed, repeat),
            trajectory: Trajectory::new(times.length, setup.batch, units),
            learnt_source: Matrix::zeros(units, outputs),
            setup: setup.clone(),
            surrogate,
            position: stream.position(),
            source,
            coming,
            test,
            iteration: 0,
            seed,
            repeat,
        })
    }

    /// Weights.
    pub fn network(&self) -> &Network<T> {
        &self.network
    }

    /// What carries errors back.
    pub fn feedback(&self) -> &Feedback<T> {
        &self.feedback
    }

    /// `sum eta G` over the updates so far, `N x n_out`.
    pub fn source(&self) -> &Matrix<T> {
        &self.learnt_source
    }

    /// One update.
    pub fn step(&mut self) {
        let errors = self.errors();
        let updates = self.carry(self.setup.credit, &errors);
        updates.apply(&mut self.network, self.setup.eta);
        self.learnt_source += T::from_f64(self.setup.eta) * updates.source.view();
        self.iteration += 1;
        let mut stream = Stream::new(self.seed, self.repeat, Role::DataOrder);
        stream.seek(self.position);
        self.coming = self.source.draw(&mut stream, self.setup.batch);
        self.position = stream.position();
    }

    /// The update to come by the credit of the setup, and by BPTT on the same errors.
    pub fn compared(&mut self) -> [Updates<T>; 2] {
        let errors = self.errors();
        [self.setup.credit, Credit::Bptt].map(|credit| self.carry(credit, &errors))
    }

    fn carry(&self, credit: Credit, errors: &[Matrix<T>]) -> Updates<T> {
        let Self { network, feedback, coming, trajectory, .. } = self;
        carry_back(network, feedback, credit, &coming.inputs, trajectory, errors)
    }

    /// Errors `e_t` of the sequences to come, or surrogates of them where these are asked for:
    /// target minus output over the number of iterations at which these are compared, so that rates
    /// do not depend on how many these are. Leaves the trajectory behind.
    fn errors(&mut self) -> Vec<Matrix<T>> {
        self.trajectory.run(&self.network, &self.coming.inputs);
        let (coming, trajectory) = (&self.coming, &self.trajectory);
        let share = T::from_f64(1.0 / coming.compared.len() as f64);
        let error = |t| {
            let mut error = error_at(&self.network, trajectory, coming, t);
            error.scale(share);
            error
        };
        let errors = (0..trajectory.iterations()).map(error).collect();
        self.surrogate(errors)
    }

    fn surrogate(&self, errors: Vec<Matrix<T>>) -> Vec<Matrix<T>> {
        let Some(surrogate) = self.surrogate else { return errors };
        let sequence = |frames: &[Matrix<T>]| {
            let shape = [frames.len(), frames[0].rows(), frames[0].cols()];
            let values = frames.iter().flat_map(|frame| frame.as_slice()).copied().collect();
            Sequence::new(shape, values)
        };
        let drawn = sequence(&self.coming.inputs)
            .and_then(|inputs| Recording::new(inputs, sequence(&errors)?))
            // Every update has a draw of its own.
            .and_then(|both| {
                surrogate.draw(&both, self.seed, self.repeat << 32 | self.iteration as u64)
            });
        match drawn {
            Ok(drawn) => (0..drawn.iterations()).map(|t| drawn.error().matrix(t)).collect(),
            // Of values that are not finite: the network has diverged, which is handled.
            Err(_) => errors,
        }
    }

    /// How well it does on its test sequences.
    pub fn score(&self) -> Score {
        let (test, task) = (&self.test, self.setup.task);
        let samples = test.inputs[0].rows();
        let [_, units, outputs] = self.network.sizes();
        let mut trajectory = Trajectory::new(test.inputs.len(), samples, units);
        trajectory.run(&self.network, &test.inputs);
        let mut mean = Matrix::<T>::zeros(samples, outputs);
        let [mut errors, mut targets] = [0.0; 2];
        for t in test.compared.clone() {
            errors += error_at(&self.network, &trajectory, test, t).squared_norm();
            targets += test.targets[t].squared_norm();
            mean += trajectory.state(t) * &self.network.readout;
        }
        let wanted = &test.targets[test.compared.end - 1];
        let accuracy = task.has_accuracy().then(|| match task {
            Task::Digits => {
                share((0..samples).map(|p| largest(mean.row(p)) == largest(wanted.row(p))))
            }
            _ => {
                let pairs = mean.as_slice().iter().zip(wanted.as_slice());
                share(pairs.map(|(&y, &target)| (y < T::zero()) == (target < T::zero())))
            }
        });
        Score { error: errors / targets, accuracy }
    }
}

/// Target minus output where these are compared, 0 elsewhere.
fn error_at<T: Real>(
    network: &Network<T>,
    trajectory: &Trajectory<T>,
    sequences: &Sequences<T>,
    t: usize,
) -> Matrix<T> {
    let target = &sequences.targets[t];
    if !sequences.compared.contains(&t) {
        return Matrix::zeros(target.rows(), target.cols());
    }
    let mut error = target.clone();
    error += -T::one() * trajectory.state(t).view() * network.readout.view();
    error
}

/// Share that holds, in percent.
fn share(right: impl Iterator<Item = bool>) -> f64 {
    let (right, all) =
        right.fold((0.0, 0.0), |(right, all), is| (right + f64::from(u8::from(is)), all + 1.0));
    100.0 * right / all
}

/// Index of the largest value, the first of equals.
fn largest<T: Real>(values: &[T]) -> usize {
    let mut best = 0;
    for (i, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = i;
        }
    }
    best
}
