//! Learning predicted: a deep linear network on data, by theory alone.

use crate::condition::TrainCondition;
use crate::data::{DataError, DataSet, Library};
use crate::matrix::Matrix;
use crate::measure::spectrum::NoConvergence;
use crate::network::{Batches, Biases, Setup, Shown, Subset, backward_weights};
use crate::random::{Role, Stream};
use crate::rule::WeightNorm;
use crate::theory::depth::{
    BackwardTheory, Classes, DeepNetwork, LearningTheory, ReducedNetwork, StepRule, Width, norms,
};
use thiserror::Error;

/// Why the learning of a network is not predicted.
#[derive(Debug, Error)]
pub enum NoLearningTheory {
    /// Something that the theory does not hold for.
    #[error("{0}")]
    Unfit(String),
    /// The data cannot be had.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A decomposition that does not converge: values that have diverged.
    #[error(transparent)]
    NoConvergence(#[from] NoConvergence),
    /// The predicted network runs away.
    #[error(
        "the predicted outputs are not finite after {0} updates: the learning rate is too large"
    )]
    Diverged(usize),
}

/// What is predicted after some updates.
#[derive(Clone, Debug, PartialEq)]
pub struct LearningPrediction {
    /// Number of updates.
    pub iteration: usize,
    /// Angle in degrees of `W_l` to `B_l^T`, `l` from 1 to `D-1`.
    pub weights: Vec<f64>,
    /// Angles of the error signals of layers 1 to `D-1` to those of back-propagation, over all
    /// training images.
    pub deltas: Vec<f64>,
    /// Angles of the updates of `W_0 .. W_{D-2}` to those of back-propagation, over all training
    /// images.
    pub updates: Vec<f64>,
    /// Mean loss per training image.
    pub loss: f64,
    /// Training images that are read out rightly, in percent.
    pub train_accuracy: f64,
    /// Test images that are read out rightly, in percent.
    pub test_accuracy: f64,
}

/// Assumptions of the prediction, and its source.
pub fn basis(setup: &Setup, width: Width) -> [&'static str; 2] {
    if width.is_exact(is_by_neuron(setup)) {
        [
            "linear activation throughout, squared error, fixed random B; any width; averaged over \
             draws of W(0)",
            "reduced dynamics in the n_0 + l n_D directions that reach layer l, with the error \
             E = Y - X Pi_D, from drawn starts",
        ]
    } else {
        [
            "linear activation throughout, squared error, fixed random B; layers much wider than \
             the output; averaged over W(0) but for the last layer's, which is drawn",
            "reduced dynamics with the error E = Y - X Pi_D, closed by one draw of the last layer",
        ]
    }
}

/// Whether the norm of every neuron's weights is kept by itself.
fn is_by_neuron(setup: &Setup) -> bool {
    matches!(setup.weight_norm, Some(WeightNorm::Neuron(_) | WeightNorm::NeuronInitial))
}

/// The learning of one network, predicted.
pub struct LearningRun<'a> {
    batches: Batches<'a, f64>,
    /// From one start, or from several that predictions are averaged over.
    theories: Vec<LearningTheory>,
    /// Images and targets of the update at hand: memory that is kept from one to the next.
    shown: [Matrix<f64>; 2],
}

impl<'a> LearningRun<'a> {
    /// The start of a network under `condition` with the batches, codes and backward weights of
    /// `(seed, repeat)`.
    ///
    /// # Errors
    /// If the theory does not hold for it.
    pub fn new(
        data: &'a DataSet<f64>,
        condition: &TrainCondition,
        width: Width,
        [seed, repeat]: [u64; 2],
    ) -> Result<Self, NoLearningTheory> {
        let setup = &condition.setup;
        if let Some(reason) = condition.unpredicted() {
            return Err(NoLearningTheory::Unfit(reason.into()));
        }
        let sizes = setup.sizes(data.inputs(), data.classes);
        let network = network(setup, &sizes)?;
        let rule = StepRule { eta: setup.eta, momentum: setup.momentum, decay: setup.weight_decay };
        let key = [seed, repeat];
        let wide = |backward| LearningTheory::wide(network.clone(), backward, rule, key);
        let outputs = sizes[sizes.len() - 1];
        let start = |theories| {
            let batches = Batches::new(data, setup.clone(), seed, repeat);
            let shown = [sizes[0], outputs].map(|units| Matrix::zeros(batches.size(), units));
            Self { batches, theories, shown }
        };
        if width == Width::Infinite {
            return Ok(start(vec![wide(BackwardTheory::wide(&sizes, &b_std(setup, &sizes)))?]));
        }
        let backward: Vec<Matrix<f64>> =
            backward_weights(setup, &sizes, &mut Stream::new(seed, repeat, Role::Backward));
        if width.is_exact(is_by_neuron(setup)) {
            let mut stream = Stream::new(seed, repeat, Role::Theory);
            let pair = ReducedNetwork::drawn(&network, &backward, rule, &mut stream)?;
            return Ok(start(pair.map(LearningTheory::finite).to_vec()));
        }
        let one = BackwardTheory::drawn(&backward, outputs, &Classes::one(&sizes));
        let mut run = start(vec![wide(one)?]);
        if is_by_neuron(setup) {
            // Neurons whose norms would come to differ are separated by a first run to the end.
            let last = setup.epochs.saturating_mul(run.batches.per_epoch());
            run.advance_to(last)?;
            if let Some(end) = run.theories[0].wide_weights() {
                let classes = Classes::by_norm(&backward, end);
                run = start(vec![wide(BackwardTheory::drawn(&backward, outputs, &classes))?]);
            }
        }
        Ok(run)
    }

    /// Predicts on to update `iteration`.
    ///
    /// # Errors
    /// If values diverge.
    pub fn advance_to(&mut self, iteration: usize) -> Result<(), NoLearningTheory> {
        while self.batches.iteration() < iteration {
            let [inputs, targets] = &mut self.shown;
            let (train, samples) =
                (self.batches.shown(Subset::Train, self.batches.code()), self.batches.next());
            inputs.set_rows(samples.len());
            targets.set_rows(samples.len());
            for (row, &sample) in samples.iter().enumerate() {
                inputs.row_mut(row).copy_from_slice(train.images.row(sample));
                write_target(&train, sample, targets.row_mut(row));
            }
            for theory in &mut self.theories {
                let errors = theory.advance(inputs, targets, self.batches.share());
                if !crate::vmath::all_finite(errors.as_slice()) {
                    return Err(NoLearningTheory::Diverged(self.batches.iteration()));
                }
            }
            self.batches.advance();
        }
        Ok(())
    }

    /// What is predicted of the present state.
    ///
    /// # Errors
    /// If values have diverged.
    pub fn prediction(&self) -> Result<LearningPrediction, NoLearningTheory> {
        let train = self.batches.shown(Subset::Train, self.batches.code());
        let mut targets = Matrix::zeros(train.labels.len(), train.code.units());
        (0..train.labels.len())
            .for_each(|sample| write_target(&train, sample, targets.row_mut(sample)));
        let found: Vec<LearningPrediction> = self
            .theories
            .iter()
            .map(|theory| self.of_start(theory, train.images, &targets))
            .collect::<Result<_, _>>()?;
        let mean = |value: &dyn Fn(&LearningPrediction) -> f64| {
            found.iter().map(value).sum::<f64>() / found.len().max(1) as f64
        };
        let depth = self.theories[0].network().depth();
        let layers = |values: fn(&LearningPrediction) -> &[f64]| -> Vec<f64> {
            (0..depth - 1).map(|l| mean(&|found| values(found)[l])).collect()
        };
        Ok(LearningPrediction {
            iteration: self.batches.iteration(),
            weights: layers(|found| &found.weights),
            deltas: layers(|found| &found.deltas),
            updates: layers(|found| &found.updates),
            loss: mean(&|found| found.loss),
            train_accuracy: mean(&|found| found.train_accuracy),
            test_accuracy: mean(&|found| found.test_accuracy),
        })
    }

    /// What is predicted from one start, for all training images and their targets.
    fn of_start(
        &self,
        theory: &LearningTheory,
        inputs: &Matrix<f64>,
        targets: &Matrix<f64>,
    ) -> Result<LearningPrediction, NoLearningTheory> {
        let errors = theory.errors(inputs, targets);
        if !crate::vmath::all_finite(errors.as_slice()) {
            return Err(NoLearningTheory::Diverged(self.batches.iteration()));
        }
        let accuracy = |subset| accuracy(theory, &self.batches.shown(subset, self.batches.code()));
        Ok(LearningPrediction {
            iteration: self.batches.iteration(),
            weights: (1..theory.network().depth()).map(|l| theory.weight_alignment(l)).collect(),
            deltas: theory.delta_alignment(&(errors.t() * &errors).to_matrix())?,
            updates: theory.update_alignment(&theory.step(inputs, &errors))?,
            loss: 0.5 * errors.squared_norm() / inputs.rows().max(1) as f64,
            train_accuracy: accuracy(Subset::Train),
            test_accuracy: accuracy(Subset::Test),
        })
    }
}

fn accuracy(theory: &LearningTheory, shown: &Shown<'_, f64>) -> f64 {
    let outputs = theory.outputs(shown.images);
    let right = |&(i, &label): &(usize, &u8)| shown.code.decode(outputs.row(i)) == label;
    100.0 * shown.labels.iter().enumerate().filter(right).count() as f64
        / shown.labels.len().max(1) as f64
}

/// Loads the data of a condition in double precision.
///
/// # Errors
/// If they cannot be had.
pub fn load(
    condition: &TrainCondition,
    library: &Library,
) -> Result<std::sync::Arc<DataSet<f64>>, DataError> {
    condition.load::<f64>(library)
}

fn write_target(shown: &Shown<'_, f64>, sample: usize, target: &mut [f64]) {
    shown.code.write_target(shown.labels[sample], shown.levels, target);
}

fn network(setup: &Setup, sizes: &[usize]) -> Result<DeepNetwork, NoLearningTheory> {
    let pairs = || sizes.windows(2);
    let w_std: Vec<f64> = pairs().map(|n| setup.w_std.of(n[0], n[1])).collect();
    let norms = setup.weight_norm.as_ref().map(|kind| norms(kind, sizes, &w_std));
    let biases = setup.biases == Biases::On;
    let bias_std = biases.then(|| pairs().map(|n| setup.bias_std.of(n[0], n[1])).collect());
    Ok(DeepNetwork { sizes: sizes.to_vec(), w_std, norms, bias_std })
}

/// Standard deviation of `B_l`, `l` from 1.
fn b_std(setup: &Setup, sizes: &[usize]) -> Vec<f64> {
    let scaled_std = |n: &[usize]| {
        let std =
            if setup.normalize_b { 1.0 / (n[1] as f64).sqrt() } else { setup.b_std.of(n[0], n[1]) };
        std * setup.b_scale
    };
    sizes[1..].windows(2).map(scaled_std).collect()
}
