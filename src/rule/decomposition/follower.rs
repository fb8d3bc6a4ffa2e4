//! Decomposes the updates of a network while it runs.

use super::check_shape;
use super::literal::carried_back;
use super::{
    Decomposer, Decomposition, DecompositionError, Earlier, History, Now, Parts, Samples, Step,
    Wanted,
};
use crate::matrix::Matrix;
use crate::real::Real;
use crate::rule::{Activation, Layers, Pass};

/// What a [`Follower`] keeps.
///
/// | Name | Default | Purpose | Range |
/// |---|---|---|---|
/// | `window` | none | longest lag that is held | any; memory grows with it, see [`Follower::bytes`] |
/// | `projection` | off | splits `N^o` off `T^o`: needed under weight normalisation, weight decay, momentum | |
/// | `control` | none | other backward weights `B'_1 .. B'_{D-1}`, for the terms that they would have made | shapes of `B_l` |
#[derive(Clone, Debug)]
pub struct Plan<T> {
    /// Longest lag that is held.
    pub window: usize,
    /// Whether steps are split into the rule's part and the rest.
    pub projection: bool,
    /// Backward weights of the control, `B'_1 .. B'_{D-1}`.
    pub control: Option<Vec<Matrix<T>>>,
}

/// Histories, biases and buffers of every layer of a network whose update is decomposed: `W_1 ..
/// W_{D-1}`.
///
/// It starts at the present state and takes in every update in turn. Started amid a run, its last
/// terms are those at the state it started from.
#[derive(Clone, Debug)]
pub struct Follower<T> {
    layers: Vec<Followed<T>>,
}

/// Input and passes of a batch, in one part or several, deltas carried back.
pub type Passes<'a, T> = [(&'a Matrix<T>, &'a Pass<T>)];

#[derive(Clone, Debug)]
struct Followed<T> {
    history: History<T>,
    decomposer: Decomposer<T>,
    activation: Activation,
    /// `b_l(k)`.
    bias: Vec<T>,
    /// Room for the rule's own step of `W_{l-1}`.
    step: Matrix<T>,
    control: Option<Control<T>>,
}

#[derive(Clone, Debug)]
struct Control<T> {
    backward: Matrix<T>,
    step: Matrix<T>,
}

impl<T: Real> Follower<T> {
    /// Starts at the present state of a network.
    ///
    /// # Errors
    /// If the control's backward weights have other shapes than the network's, or memory is short.
    pub fn new(layers: &Layers<T>, plan: &Plan<T>) -> Result<Self, DecompositionError> {
        let sizes = layers.sizes();
        let parts = Parts { projection: plan.projection, control: plan.control.is_some() };
        let of_layer = |(index, n): (usize, &[usize])| -> Result<Followed<T>, DecompositionError> {
            let [inputs, units, outputs] = [n[0], n[1], n[2]];
            let control =
                plan.control.as_ref().map(|all| -> Result<Control<T>, DecompositionError> {
                    let last = sizes.len().saturating_sub(2);
                    let backward = all
                        .get(index)
                        .ok_or(DecompositionError::Layer { layer: index + 1, last })?;
                    check_shape("B'_l", (backward.rows(), backward.cols()), (outputs, units))?;
                    Ok(Control { backward: backward.clone(), step: Matrix::zeros(inputs, units) })
                });
            let mut history = History::new(inputs, units, plan.window, parts)?;
            history.push(&layers.weights[index], Step::UNKNOWN)?;
            Ok(Followed {
                history,
                decomposer: Decomposer::new([inputs, units, outputs]),
                activation: layers.activations[index],
                bias: layers.biases[index].clone(),
                step: Matrix::zeros(inputs, units),
                control: control.transpose()?,
            })
        };
        Ok(Self { layers: sizes.windows(3).enumerate().map(of_layer).collect::<Result<_, _>>()? })
    }

    /// Bytes that the histories of a network of `sizes` (input first) take.
    pub fn bytes(sizes: &[usize], plan: &Plan<T>) -> u64 {
        let parts = Parts { projection: plan.projection, control: plan.control.is_some() };
        let of_layer = |n: &[usize]| History::<T>::bytes(n[0], n[1], plan.window, parts);
        sizes.windows(3).map(of_layer).fold(0, u64::saturating_add)
    }

    /// Decomposes the update of `W_l` that `passes` are about to make, or have just made if the
    /// follower was not [told](Self::advance) yet. `eta` is what the sum over the batch is
    /// multiplied by.
    ///
    /// # Errors
    /// If there is no such layer, or shapes do not fit.
    pub fn decompose(
        &mut self,
        l: usize,
        passes: &Passes<'_, T>,
        eta: T,
        wanted: &Wanted<'_, T>,
    ) -> Result<Decomposition<T>, DecompositionError> {
        let last = self.layers.len();
        let layer = l.checked_sub(1).and_then(|index| self.layers.get_mut(index));
        let layer = layer.ok_or(DecompositionError::Layer { layer: l, last })?;
        let samples: Vec<_> =
            passes.iter().filter_map(|(input, pass)| Samples::of(input, pass, l)).collect();
        let now = Now { samples: &samples, bias: &layer.bias, activation: layer.activation, eta };
        layer.decomposer.run(&layer.history, &now, wanted)
    }

    /// Takes note of an update: `passes` made it, `after` is what came of it, weight normalisation
    /// and all included.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn advance(
        &mut self,
        passes: &Passes<'_, T>,
        eta: T,
        after: &Layers<T>,
    ) -> Result<(), DecompositionError> {
        let last = after.depth().saturating_sub(1);
        if last < self.layers.len() {
            return Err(DecompositionError::Layer { layer: self.layers.len(), last });
        }
        for (index, layer) in self.layers.iter_mut().enumerate() {
            layer.advance(index + 1, passes, eta, after)?;
        }
        Ok(())
    }

    /// The weights below `W_l` over iterations, `l` from 1.
    pub fn history(&self, l: usize) -> Option<&History<T>> {
        l.checked_sub(1).and_then(|index| self.layers.get(index)).map(|layer| &layer.history)
    }
}

impl<T: Real> Followed<T> {
    fn advance(
        &mut self,
        l: usize,
        passes: &Passes<'_, T>,
        eta: T,
        after: &Layers<T>,
    ) -> Result<(), DecompositionError> {
        let parts = self.history.parts();
        let [inputs, units] = self.history.shape();
        for (input, pass) in passes {
            let (source, delta) = (pass.source(input, l - 1), &pass.delta[l - 1]);
            check_shape("L_{l-1}", (source.rows(), source.cols()), (delta.rows(), inputs))?;
            check_shape("delta_l", (delta.rows(), delta.cols()), (source.rows(), units))?;
        }
        if parts.projection {
            self.step.as_mut_slice().fill(T::zero());
            for (input, pass) in passes {
                self.step += eta * pass.source(input, l - 1).t() * &pass.delta[l - 1];
            }
        }
        if let Some(Control { backward, step }) = &mut self.control {
            step.as_mut_slice().fill(T::zero());
            for part in passes.iter().filter_map(|(input, pass)| Earlier::of(input, pass, l)) {
                *step +=
                    eta * part.samples.source.t() * &carried_back(&part, self.activation, backward);
            }
        }
        let step = Step {
            rule: parts.projection.then_some(&self.step),
            control: self.control.as_ref().map(|c| &c.step),
        };
        self.history.push(&after.weights[l - 1], step)?;
        self.bias.clone_from(&after.biases[l - 1]);
        Ok(())
    }
}
