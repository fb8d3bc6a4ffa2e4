//! What experiments let quantities see at a recorded iteration.

use crate::matrix::Matrix;
use crate::measure::angle::Direction;
use crate::measure::quantile::Sorted;
use crate::measure::similarity::{Means, ShuffledMean, Transformation};
use crate::measure::spectrum::Ranks;
use crate::network::{Evaluation, Probe, Trainer, UpdateNull};
use crate::real::Real;
use crate::rule::decomposition::{DecompositionError, Inner, Reading, Readings, TermReading};
use crate::rule::{Feedback, Injection, Layers, Terms};

/// Where a value is taken.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Layer; `None` for the network as a whole.
    pub layer: Option<usize>,
    /// Lag, of what is measured at several.
    pub lag: Option<usize>,
    /// Direction of the transposed `B_l` of the layer, if it has one.
    pub towards: Option<&'a Direction>,
}

/// The state of an experiment at a recorded iteration. What an experiment does not have stays at
/// `None`.
#[expect(unused_variables, reason = "most experiments lack most of it")]
pub trait Instruments<T: Real> {
    /// Forward weights.
    fn layers(&self) -> &Layers<T>;

    /// What carries the error back.
    fn feedback(&self) -> &Feedback<T>;

    /// Norm of `W_l` at the start.
    fn weight_norm_at_start(&self, l: usize) -> Option<f64> {
        None
    }

    /// Norm of the activities above `W_l` at the start.
    fn activity_norm_at_start(&self, l: usize) -> Option<f64> {
        None
    }

    /// The latest update of `W_l` by the rule, or the one to come, in any size.
    fn rule_update(&mut self, l: usize) -> Option<Matrix<T>> {
        None
    }

    /// Angle in degrees between the updates of `W_l` by the rule and by BP.
    fn update_alignment(&mut self, l: usize) -> Option<f64> {
        None
    }

    /// Angle in degrees between the error signals that the rule and BP carry back to the units that
    /// `W_l` leads to.
    fn delta_alignment(&mut self, l: usize) -> Option<f64> {
        let (probe, trainer) = self.probe()?;
        probe.delta_alignment(trainer, l)
    }

    /// Norm of the rule's update of `W_l`, without learning rate, over that of `W_l`.
    fn relative_update(&mut self, l: usize) -> Option<f64> {
        let (probe, trainer) = self.probe()?;
        probe.relative_update(trainer, l)
    }

    /// Angle in degrees between the rule's update of `W_l` and `W_l`.
    fn update_weight_angle(&mut self, l: usize) -> Option<f64> {
        let (probe, trainer) = self.probe()?;
        probe.update_weight_angle(trainer, l)
    }

    /// Norm of BP's update of `W_l`, averaged over samples.
    fn bp_gradient_norm(&mut self, l: usize) -> Option<f64> {
        let (probe, trainer) = self.probe()?;
        Some(probe.bp_gradient_norm(trainer, l))
    }

    /// Weight alignment of `W_l` in degrees that the signals of the repeat predict.
    fn given_signals(&self, l: usize) -> Option<f64> {
        None
    }

    /// Weight alignment in degrees in the network whose signals are replayed at layer `l`.
    fn source_alignment(&self, l: usize) -> Option<f64> {
        None
    }

    /// Terms of lag 1 of the latest update of `W_l`.
    fn lag_one(&self, l: usize) -> Option<&Terms<T>> {
        None
    }

    /// The probe of a network in training, and that network.
    fn probe(&mut self) -> Option<(&mut Probe<T>, &Trainer<'_, T>)> {
        None
    }

    /// On the test images, under the code in force.
    fn test(&mut self) -> Option<Evaluation> {
        None
    }

    /// On the training images.
    fn train(&mut self) -> Option<Evaluation> {
        None
    }

    /// Test accuracy in percent under the code in force before a label change, at that change.
    fn accuracy_before_change(&mut self) -> Option<f64> {
        None
    }

    /// Epochs it took to recover from the latest label change.
    fn recovery_time(&self) -> Option<f64> {
        None
    }

    /// Pre-activations above `W_l` on the probe batch.
    fn pre_activations(&mut self, l: usize) -> Option<&Sorted> {
        None
    }

    /// Norms of the error signals of all training images above `W_l`.
    fn delta_norms(&mut self, l: usize) -> Option<&Sorted> {
        None
    }

    /// Update alignment of `W_l` under other draws of every `B`.
    fn update_null(&mut self, l: usize) -> Option<UpdateNull> {
        None
    }

    /// How many directions something fills at `W_l`.
    fn ranks(&mut self, what: Ranked, l: usize) -> Option<Ranks> {
        None
    }

    /// How many directions normal entries in its place would fill.
    fn chance(&mut self, what: Ranked, l: usize) -> Option<Ranks> {
        None
    }

    /// Activities of the units that `W_l` leads to, samples by units, and those of a BP twin.
    fn beside_twin(&mut self, l: usize) -> Option<[Matrix<f64>; 2]> {
        None
    }

    /// The budget of alignment of `W_l`.
    fn budget(&self, l: usize) -> Option<BudgetSoFar> {
        None
    }

    /// The signals at `W_l` now and `lag` iterations before.
    fn compared(&mut self, l: usize, lag: usize) -> Option<&Compared> {
        None
    }

    /// Likewise, of well and poorly learnt samples.
    fn learnt(&mut self, l: usize, lag: usize) -> Option<&Learnt> {
        None
    }

    /// The update of `W_l` to come, decomposed.
    ///
    /// # Errors
    /// If something does not fit: a defect.
    fn decomposed_update(
        &mut self,
        l: usize,
    ) -> Result<Option<&DecomposedUpdate>, DecompositionError> {
        Ok(None)
    }

    /// The alignment term of a lag by class.
    ///
    /// # Errors
    /// If something does not fit: a defect.
    fn by_class(&mut self, l: usize, lag: usize) -> Result<Option<ByClass>, DecompositionError> {
        Ok(None)
    }

    /// What theory predicts of the present state of the repeat.
    fn predicted(&mut self) -> Option<&Predicted> {
        None
    }

    /// Angle in degrees of weights built up beside `W_l` to the `B` they are built with.
    fn built_alignment(&self, l: usize, built: Built) -> Option<f64> {
        None
    }
}

/// What has ranks at a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ranked {
    /// What `W_l` is fed.
    Activity,
    /// Error signals under the rule of the units that `W_l` leads to.
    Error,
    /// Error signals that BP would carry back to them.
    BpError,
    /// The rule's update of `W_l`.
    Update,
    /// `W_l`.
    Weight,
}

/// What theory predicts of the state of a repeat. Angles in degrees.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predicted {
    /// Weight alignment of `W_1 .. W_{D-1}`.
    pub weights: Vec<f64>,
    /// Update alignment of `W_0 .. W_{D-2}`.
    pub updates: Vec<f64>,
    /// Delta alignment above `W_0 .. W_{D-2}`.
    pub deltas: Vec<f64>,
    /// Mean loss over the training images.
    pub loss: Option<f64>,
    /// Test accuracy in percent.
    pub test_accuracy: Option<f64>,
}

/// What is made of a pair of iterations at a layer.
pub struct Compared {
    /// Mean similarities of pairs of samples.
    pub means: Means,
    /// What the products are when the error similarities are shuffled; `None` where nothing can be
    /// shuffled.
    pub shuffled: Option<ShuffledMean>,
    /// Mean similarities under random labels.
    pub random: Means,
    /// `M`.
    pub transformation: Transformation,
    /// Cosine of the activities.
    pub activity: Option<f64>,
    /// Cosine of the error signals.
    pub error: Option<f64>,
}

/// What is made of well and poorly learnt samples of a pair of iterations at a layer: means over
/// pairs of two well learnt samples, and over the others.
pub struct Learnt {
    /// Of the error similarities within classes.
    pub errors: [Option<f64>; 2],
    /// Of the products of similarities.
    pub products: [Option<f64>; 2],
    /// Share of the second in the sum of all products.
    pub poor_share: Option<f64>,
}

/// Sums of the parts of the budget of a layer.
pub struct BudgetSoFar {
    /// Gain in `<W_l, B_l^T>`.
    pub alignment: f64,
    /// Gain in half the squared norm of the weights and biases below.
    pub growth: f64,
    /// Half the squared norms of the steps below.
    pub quadratic: f64,
    /// What the curvature of the activation takes.
    pub curvature: f64,
    /// What normalisation, decay and momentum of `W_l` itself take.
    pub injected_above: f64,
    /// What optimiser and normalisation inject, where they are separated.
    pub injected: Injection,
}

/// An update to come, decomposed.
pub struct DecomposedUpdate {
    /// Norms, angles and inner products of its parts.
    pub readings: Readings,
    /// Inner products of the terms of every lag, where they are asked for.
    pub inner: Option<Inner>,
    /// The linear form, and how far it lies from the sum of the alignment terms, over that.
    pub linear: Option<(Reading, Option<f64>)>,
}

impl DecomposedUpdate {
    /// Terms of a lag.
    pub fn term(&self, lag: Option<usize>) -> Option<&TermReading> {
        let lag = lag?;
        self.readings.terms.iter().find(|term| term.lag == lag)
    }

    /// Norm of a part over that of the update.
    pub fn ratio(&self, part: &Reading) -> Option<f64> {
        fraction(part.norm, self.readings.update.norm)
    }

    /// Share of a part in the inner product of the update with `B_l^T`.
    pub fn share(&self, part: &Reading) -> Option<f64> {
        fraction(part.inner, self.readings.update.inner)
    }
}

/// The alignment term of a lag over pairs of samples of one class and of different ones.
pub struct ByClass {
    /// Of one class.
    pub within: Reading,
    /// Of different ones.
    pub between: Reading,
    /// Inner product of the update with `B_l^T`.
    pub update: f64,
}

/// Weights that are built up beside those of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Built {
    /// Of last term and linear form.
    Linear,
    /// Of last term and alignment terms with an independent `B`.
    Control,
}

/// `part / whole`; none of nothing.
pub fn fraction(part: f64, whole: f64) -> Option<f64> {
    (whole != 0.0).then(|| part / whole)
}

/// What something has grown to, over a start above 0.
pub(super) fn ratio(now: f64, start: Option<f64>) -> Option<f64> {
    start.filter(|start| *start > 0.0).map(|start| now / start)
}
