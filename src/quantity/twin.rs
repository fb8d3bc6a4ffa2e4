//! Quantities of representations: how alike they are to those of a BP twin.

use super::family::family;
use super::kinds::TRAIN;
use super::layers;
use crate::measure::representation::{cka, rsa};

family! {
    sees |state, place| Ok(place.layer.and_then(|l| state.beside_twin(l)));
    CkaToBp: "cka_to_bp", "centred kernel alignment with a BP twin", "CKA with BP", "", TRAIN,
        layers::beside_twin,
        |both, at| cka(&both[0], &both[1]),
        "Linear centred kernel alignment, by the unbiased estimator, of the activities of the \
         units that W_l leads to with those of a BP twin, on up to 500 test images: 1 where they \
         are alike but for rotation and size, about 0 where they are independent. The twin is the \
         same network trained by BP: from the same weights, on the same batches, for as long.";
    RsaToBp: "rsa_to_bp", "representational similarity to a BP twin", "RSA with BP", "", TRAIN,
        layers::beside_twin,
        |both, at| rsa(&both[0], &both[1]),
        "Spearman's rank correlation of the distances between the activities of all pairs of up to \
         500 test images, at the units that W_l leads to, with those in the BP twin.";
}
