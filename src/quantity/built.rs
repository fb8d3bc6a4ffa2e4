//! Quantities of weights that are built up beside those of the network, of what their updates are
//! made of.

use super::family::family;
use super::instruments::Built;
use super::kinds::ISOLATE_TRAIN;
use super::layers;

family! {
    sees |state, _place| Ok(Some(state));
    LinearAlignment: "linear_alignment", "alignment of weights built from linear terms",
        "∠(W linear, Bᵀ)", "degrees", ISOLATE_TRAIN, layers::fixed,
        |state, at| state.built_alignment(at.layer?, Built::Linear),
        "Angle to the transposed B_l of weights that start at W_l and are changed, update by \
         update, by the last term and the linear form of the alignment terms, on the signals of \
         the network.";
    ControlAlignment: "control_alignment", "alignment of weights built with another B",
        "∠(W control, B′ᵀ)", "degrees", ISOLATE_TRAIN, layers::fixed,
        |state, at| state.built_alignment(at.layer?, Built::Control),
        "Angle to the transpose of an independent B'_l of weights that start at W_l and are \
         changed, update by update, by the last term and by alignment terms with B'_l in place of \
         B_l, on the signals of the network.";
}
