//! Quantities of alignment terms that tell pairs of samples of one class and of different ones
//! apart.

use super::family::family;
use super::instruments::fraction;
use super::kinds::TRAIN;
use super::layers;

family! {
    sees |state,
        place| place.layer.zip(place.lag).map_or(Ok(None), |(l, lag)| state.by_class(l, lag));
    TermWithinAngle: "term_within_angle", "alignment term, same class", "∠(Tᵒ same class, Bᵀ)",
        "degrees", TRAIN, layers::fixed,
        |pairs, at| pairs.within.angle,
        "Angle to the transposed B_l of the alignment term of lag o over the pairs of a sample \
         then and a sample now of one class.";
    TermBetweenAngle: "term_between_angle", "alignment term, different classes",
        "∠(Tᵒ different classes, Bᵀ)", "degrees", TRAIN, layers::fixed,
        |pairs, at| pairs.between.angle,
        "Angle to the transposed B_l of the alignment term of lag o over the pairs of samples of \
         different classes.";
    TermWithinShare: "term_within_share", "share of pairs of one class",
        "⟨Tᵒ same class, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "", TRAIN, layers::fixed,
        |pairs, at| fraction(pairs.within.inner, pairs.update),
        "Share that pairs of samples of one class, through the alignment term of lag o, have in \
         the inner product of the update to come with the transposed B_l.";
    TermBetweenShare: "term_between_share", "share of pairs of different classes",
        "⟨Tᵒ different classes, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "", TRAIN, layers::fixed,
        |pairs, at| fraction(pairs.between.inner, pairs.update),
        "Share that pairs of samples of different classes have, likewise.";
}
