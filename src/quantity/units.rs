//! Quantities of the units of a layer: pre-activations, activities and error signals.

use super::family::family;
use super::instruments::ratio;
use super::kinds::TRAIN;
use super::layers;

/// Bins of the histogram that the mode of error norms is read from, and the share of the norms it
/// spans.
const MODE: (usize, f64) = (60, 0.98);

family! {
    sees |state, _place| Ok(Some(state));
    PreActivationLow: "pre_activation_p01", "pre-activation, 1st percentile", "z, 1st percentile",
        "", TRAIN, layers::every,
        |state, at| Some(state.pre_activations(at.layer?)?.quantile(0.01)),
        "First percentile of the pre-activations of all units that W_l leads to, on the probe \
         batch.";
    PreActivationMedian: "pre_activation_p50", "pre-activation, median", "z, median", "", TRAIN,
        layers::every,
        |state, at| Some(state.pre_activations(at.layer?)?.quantile(0.5)),
        "Median of the pre-activations of all units that W_l leads to, on the probe batch.";
    PreActivationHigh: "pre_activation_p99", "pre-activation, 99th percentile",
        "z, 99th percentile", "", TRAIN, layers::every,
        |state, at| Some(state.pre_activations(at.layer?)?.quantile(0.99)),
        "99th percentile of the pre-activations of all units that W_l leads to, on the probe \
         batch.";
    PreActivationOff: "pre_activation_off", "pre-activations below -1", "z < −1", "percent", TRAIN,
        layers::every,
        |state, at| Some(100.0 * state.pre_activations(at.layer?)?.share_below(-1.0)),
        "Share of the pre-activations below -1, of all units that W_l leads to, on the probe \
         batch.";
    DeadUnits: "dead_units", "dead units", "dead units", "units", TRAIN, layers::every,
        |state, at| {
            let (probe, trainer) = state.probe()?;
            Some(probe.dead_units(trainer, at.layer?) as f64)
        },
        "Units that W_l leads to whose activation has derivative 0 on every sample of the probe \
         batch, so that no error changes their input weights.";
    DeltaNormLow: "delta_norm_p001", "error norm, 0.1 percentile", "‖δ‖, 0.1 percentile", "", TRAIN,
        layers::learning,
        |state, at| Some(state.delta_norms(at.layer?)?.quantile(0.001)),
        "0.1 percentile, over all training images, of the Euclidean norm of an image's error \
         signal at the units that W_l leads to.";
    DeltaNormMedian: "delta_norm_p50", "error norm, median", "‖δ‖, median", "", TRAIN,
        layers::learning,
        |state, at| Some(state.delta_norms(at.layer?)?.quantile(0.5)),
        "Median, over all training images, of the Euclidean norm of an image's error signal at the \
         units that W_l leads to.";
    DeltaNormMode: "delta_norm_mode", "error norm, mode", "‖δ‖, mode", "", TRAIN, layers::learning,
        |state, at| Some(state.delta_norms(at.layer?)?.mode(MODE.0, MODE.1)),
        "Middle of the fullest of 60 equal bins between 0 and the 98th percentile of the norm of \
         an image's error signal at the units that W_l leads to, over all training images.";
    ActivationGrowth: "activation_growth", "activation growth", "‖L‖ / ‖L(0)‖", "", TRAIN,
        layers::every,
        |state, at| {
            let (probe, trainer) = state.probe()?;
            let now = probe.activity_norm(trainer, at.layer?);
            ratio(now, state.activity_norm_at_start(at.layer?))
        },
        "Frobenius norm of the activities of the units that W_l leads to, on the probe batch, over \
         what it was at the start. Above 50, angles are those of a network that runs away.";
}
