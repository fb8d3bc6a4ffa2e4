//! What theory predicts of the very repeat, from its signals or batches and its `B` alone.

use super::family::family;
use super::kinds::{FOLLOWED, ISOLATE_TRAIN, TRAIN};
use super::layers;

family! {
    sees |state, _place| Ok(state.predicted());
    PredictedWeightAlignment: "predicted_weight_alignment", "predicted weight alignment",
        "∠(W, Bᵀ) predicted", "degrees", FOLLOWED, layers::followed,
        |prediction, at| prediction.weights.get(at.layer?.checked_sub(1)?).copied(),
        "Weight alignment that theory predicts for a linear network of any depth, averaged over \
         the start of the weights: in isolation from the signals and the B of the repeat, in \
         training from its batches and its B. No weights are run. Of a linear recurrent network \
         in isolation, of many units, from the signals alone.";
    PredictedUpdateAlignment: "predicted_update_alignment", "predicted update alignment",
        "∠(ΔW, ΔW_BP) predicted", "degrees", ISOLATE_TRAIN, layers::followed_below,
        |prediction, at| prediction.updates.get(at.layer?).copied(),
        "Update alignment that the same theory predicts: of the update to come in isolation, over \
         all training images in training.";
    PredictedDeltaAlignment: "predicted_delta_alignment", "predicted delta alignment",
        "∠(δ, δ_BP) predicted", "degrees", ISOLATE_TRAIN, layers::followed_below,
        |prediction, at| prediction.deltas.get(at.layer?).copied(),
        "Delta alignment that the same theory predicts, for the same errors as the predicted \
         update alignment; as in delta_alignment, layer l stands for the units that W_l leads to.";
    PredictedLoss: "predicted_loss", "predicted loss", "loss predicted", "", TRAIN,
        layers::followed_network,
        |prediction, _at| prediction.loss,
        "Mean loss over the training images that the same theory predicts.";
    PredictedTestAccuracy: "predicted_test_accuracy", "predicted test accuracy",
        "test accuracy predicted", "percent", TRAIN, layers::followed_network,
        |prediction, _at| prediction.test_accuracy,
        "Share of the test images that the predicted outputs classify rightly.";
}
