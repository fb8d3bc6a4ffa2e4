//! Quantities of similarities that separate well and poorly learnt samples.

use super::family::family;
use super::kinds::TRAIN;
use super::layers;

family! {
    sees |state, place| Ok(place.layer.zip(place.lag).and_then(|(l, lag)| state.learnt(l, lag)));
    SimilarityErrorWell: "similarity_error_well", "error similarity, well learnt, same class",
        "S_δ, well learnt", "", TRAIN, layers::above_input,
        |pairs, at| pairs.errors[0],
        "similarity_error_within over pairs of two well learnt samples: those whose output error \
         signal is among the smallest 60 % of their iteration.";
    SimilarityErrorPoor: "similarity_error_poor", "error similarity, poorly learnt, same class",
        "S_δ, poorly learnt", "", TRAIN, layers::above_input,
        |pairs, at| pairs.errors[1],
        "similarity_error_within over pairs with at least one poorly learnt sample.";
    SimilarityProductWell: "similarity_product_well", "product of similarities, well learnt",
        "S_L S_δ, well learnt", "", TRAIN, layers::above_input,
        |pairs, at| pairs.products[0],
        "similarity_product over pairs of two well learnt samples.";
    SimilarityProductPoor: "similarity_product_poor", "product of similarities, poorly learnt",
        "S_L S_δ, poorly learnt", "", TRAIN, layers::above_input,
        |pairs, at| pairs.products[1],
        "similarity_product over pairs with at least one poorly learnt sample.";
    SimilarityPoorShare: "similarity_poor_share", "share of poorly learnt samples in tr M",
        "share of poorly learnt", "", TRAIN, layers::above_input,
        |pairs, at| pairs.poor_share,
        "Share that pairs with at least one poorly learnt sample have in tr M; 64 % of all pairs \
         are such.";
}
