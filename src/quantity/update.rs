//! Quantities of updates, and of the errors they are made of.

use super::family::family;
use super::kinds::{ALL, OBSERVED, TRAIN};
use super::layers;

family! {
    sees |state, _place| Ok(Some(state));
    UpdateAlignment: "update_alignment", "update alignment", "∠(ΔW, ΔW_BP)", "degrees", ALL,
        layers::updated,
        |state, at| state.update_alignment(at.layer?),
        "Angle between the update of W_l by the rule and the update BP would make in the same \
         state on the same samples; the last layer's are equal by construction and not reported. \
         Of kind sample: between the updates X'EB and X'EMB of the first layer, the second with \
         the aligned part MB in place of W'.";
    DeltaAlignment: "delta_alignment", "delta alignment", "∠(δ, δ_BP)", "degrees", OBSERVED,
        layers::carried_back,
        |state, at| state.delta_alignment(at.layer?),
        "Angle between the error signals of the units that W_l leads to, carried back by the rule \
         and by BP from the same output, on the probe batch; the output layer's are equal by \
         construction and not reported.";
    RelativeUpdate: "relative_update", "relative update", "‖ΔW‖ / (η ‖W‖)", "", OBSERVED,
        layers::learning,
        |state, at| state.relative_update(at.layer?),
        "Frobenius norm of the rule's update of W_l on the probe batch, before the learning rate, \
         momentum and decay, over that of W_l.";
    UpdateWeightAngle: "update_weight_angle", "angle of update and weights", "∠(ΔW, W)", "degrees",
        OBSERVED, layers::learning,
        |state, at| state.update_weight_angle(at.layer?),
        "Angle between the rule's update of W_l on the probe batch and W_l itself: below 90 \
         degrees it lengthens the weights.";
    UpdateNullLow: "update_null_p025", "null of update alignment, 2.5th percentile",
        "null, 2.5th percentile", "degrees", TRAIN, layers::redrawn,
        |state, at| Some(state.update_null(at.layer?)?.low),
        "2.5th percentile of the angle between BP's update of W_l and that of BP-TRW with 200 \
         other draws of every B, on the probe batch and this state.";
    UpdateNullHigh: "update_null_p975", "null of update alignment, 97.5th percentile",
        "null, 97.5th percentile", "degrees", TRAIN, layers::redrawn,
        |state, at| Some(state.update_null(at.layer?)?.high),
        "97.5th percentile of the angle between BP's update of W_l and that of BP-TRW with 200 \
         other draws of every B, on the probe batch and this state.";
    UpdateAlignmentZ: "update_alignment_z", "standard score of update alignment",
        "z of ∠(ΔW, ΔW_BP)", "", TRAIN, layers::redrawn,
        |state, at| state.update_null(at.layer?)?.z,
        "Cosine of the update alignment minus its mean under 200 other draws of every B, over \
         their standard deviation: positive where the updates align more than chance has it.";
    BpGradientNorm: "bp_gradient_norm", "norm of BP's gradient", "‖ΔW_BP‖ / P", "", OBSERVED,
        layers::backpropagated,
        |state, at| state.bp_gradient_norm(at.layer?),
        "Frobenius norm of BP's update of W_l on the probe batch, averaged over its samples; of \
         recordings on that of the update, whose error signals a mean loss has averaged. Below \
         1e-7, update alignment compares with rounding errors.";
    GradientStability: "gradient_stability", "angle of BP's gradients on two half batches",
        "∠ of half batches", "degrees", TRAIN, layers::every,
        |state, at| {
            let (probe, trainer) = state.probe()?;
            probe.gradient_stability(trainer, at.layer?)
        },
        "Angle between BP's updates of W_l on the two halves of the probe batch. Near 90 degrees, \
         the gradient has no direction of its own that an update could align with.";
}
