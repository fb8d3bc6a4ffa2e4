//! Quantities of weights themselves, and of what changes them.

use super::family::family;
use super::instruments::{Instruments, Place, ratio};
use super::kinds::{ALIGNING, ISOLATE_REPLAY, OBSERVED, REPLAY, UPDATING, WEIGHING};
use super::layers;
use crate::matrix::Matrix;
use crate::real::Real;
use crate::vmath::{dot, sum_squares};

/// The weights of the layer in question.
fn weights<'a, T: Real>(state: &'a dyn Instruments<T>, at: &Place<'_>) -> Option<&'a Matrix<T>> {
    state.layers().weights.get(at.layer?)
}

family! {
    sees |state, _place| Ok(Some(state));
    WeightAlignment: "weight_alignment", "weight alignment", "∠(W, Bᵀ)", "degrees", ALIGNING,
        layers::compared,
        |state, at| at.towards?.angle_to(weights(state, at)?.as_slice()),
        "Angle between the forward weights W_l and the transposed backward weights B_l of the same \
         layer, as flattened matrices; layer 0 and networks trained by BP have no B and no value. \
         Of recurrent networks layer 1 is the read-out.";
    WeightNorm: "weight_norm", "weight norm", "‖W‖", "", WEIGHING, layers::every,
        |state, at| Some(weights(state, at)?.norm()),
        "Frobenius norm of the forward weights W_l.";
    WeightInnerProduct: "weight_inner_product", "weight inner product", "⟨W, Bᵀ⟩", "", ALIGNING,
        layers::compared,
        |state, at| {
            let backward = state.feedback().backward(at.layer?)?.transpose();
            Some(dot(weights(state, at)?.as_slice(), backward.as_slice()))
        },
        "Sum of the products of the entries of W_l and of the transposed B_l: the cosine of the \
         weight alignment times both norms.";
    WeightSquaredNorm: "weight_squared_norm", "squared weight norm", "‖W‖²", "", WEIGHING,
        layers::every,
        |state, at| Some(sum_squares(weights(state, at)?.as_slice())),
        "Sum of the squared entries of W_l.";
    ConditionalAlignment: "conditional_alignment", "weight alignment given the signals",
        "∠(W, Bᵀ) given X, E", "degrees", ISOLATE_REPLAY, layers::predicted,
        |state, at| state.given_signals(at.layer?),
        "Weight alignment that exact theory predicts from the realised signals of the repeat \
         alone, averaged over W and B (linear rule, one hidden layer); exists only for that rule.";
    StepAlignment: "step_alignment", "angle of an update", "∠(ΔW, Bᵀ)", "degrees", UPDATING,
        layers::compared,
        |state, at| {
            let step = state.rule_update(at.layer?)?;
            at.towards?.angle_to(step.as_slice())
        },
        "Angle between an update of W_l by the rule and the transposed B_l: in isolation the \
         latest update, in training and of recordings the update to come, without momentum and \
         decay.";
    WeightGrowth: "weight_growth", "weight growth", "‖W‖ / ‖W(0)‖", "", OBSERVED, layers::every,
        |state, at| ratio(weights(state, at)?.norm(), state.weight_norm_at_start(at.layer?)),
        "Frobenius norm of W_l over what it was at the start.";
    SourceAlignment: "source_alignment", "weight alignment in the network",
        "∠(W, Bᵀ) in the network", "degrees", REPLAY, layers::of_source,
        |state, at| state.source_alignment(at.layer?),
        "Weight alignment, after the same update, of the network whose signals are replayed.";
}
