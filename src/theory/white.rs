//! Independent white signals: no alignment.

use super::Prediction;

/// Expected angle at any time: 90 degrees. At every iteration the error is independent of all that
/// came before and its sign is symmetric, so that `E<dW_1, B^T> = 0`; this needs no linear
/// activation.
pub fn angle() -> Prediction {
    Prediction {
        value: 90.0,
        assumptions: "X and E redrawn independently every iteration, E symmetric about 0; any \
            activation",
        source: "E tr M = 0 at every lag",
    }
}
