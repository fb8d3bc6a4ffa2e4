//! Quantities of similarities of the signals of two iterations.

use super::family::family;
use super::kinds::OBSERVED;
use super::layers;

family! {
    sees |state, place| Ok(place.layer.zip(place.lag).and_then(|(l, lag)| state.compared(l, lag)));
    SimilarityActivityWithin: "similarity_activity_within", "activity similarity, same class",
        "S_L, same class", "", OBSERVED, layers::met,
        |pairs, at| pairs.means.activity.within,
        "Mean over pairs of samples of one class, one at iteration k - o and one at k, of the \
         inner product of their activities in layer l - 1 (what feeds the layer whose units W_l \
         starts from).";
    SimilarityActivityBetween: "similarity_activity_between",
        "activity similarity, different classes", "S_L, different classes", "", OBSERVED,
        layers::met,
        |pairs, at| pairs.means.activity.between,
        "As similarity_activity_within, over pairs of different classes.";
    SimilarityErrorWithin: "similarity_error_within", "error similarity, same class",
        "S_δ, same class", "", OBSERVED, layers::met,
        |pairs, at| pairs.means.error.within,
        "Mean over pairs of samples of one class, one at iteration k - o and one at k, of the \
         inner product of their error signals at the units that W_l leads to.";
    SimilarityErrorBetween: "similarity_error_between", "error similarity, different classes",
        "S_δ, different classes", "", OBSERVED, layers::met,
        |pairs, at| pairs.means.error.between,
        "As similarity_error_within, over pairs of different classes.";
    SimilarityProductWithin: "similarity_product_within", "product of similarities, same class",
        "S_L S_δ, same class", "", OBSERVED, layers::met,
        |pairs, at| pairs.means.product.within,
        "Mean over pairs of samples of one class of the product of the two similarities: what tr M \
         is the sum of.";
    SimilarityProductBetween: "similarity_product_between",
        "product of similarities, different classes", "S_L S_δ, different classes", "", OBSERVED,
        layers::met,
        |pairs, at| pairs.means.product.between,
        "As similarity_product_within, over pairs of different classes.";
    SimilarityProduct: "similarity_product", "product of similarities", "S_L S_δ", "", OBSERVED,
        layers::met,
        |pairs, at| pairs.means.product.all,
        "Mean over all pairs of samples of the product of the two similarities: tr M over the \
         number of pairs.";
    SimilarityShuffled: "similarity_shuffled", "product of similarities, shuffled",
        "S_L S_δ, shuffled", "", OBSERVED, layers::met,
        |pairs, at| pairs.shuffled.map(|shuffled| shuffled.mean),
        "Exact expectation of similarity_product when the error similarities are permuted at \
         random over all pairs.";
    SimilarityZ: "similarity_z", "standard score of the products", "z of S_L S_δ", "", OBSERVED,
        layers::met,
        |pairs, at| pairs.shuffled.as_ref()?.z(pairs.means.product.all?),
        "similarity_product minus its expectation under random permutations of the error \
         similarities over pairs, over its exact standard deviation.";
    SimilarityRandomWithin: "similarity_random_within", "activity similarity, same random class",
        "S_L, same random class", "", OBSERVED, layers::met,
        |pairs, at| pairs.random.activity.within,
        "similarity_activity_within with the classes of all samples drawn at random: the control \
         in which classes say nothing.";
    SimilarityRandomBetween: "similarity_random_between", "activity similarity, different random \
        classes", "S_L, different random classes", "", OBSERVED, layers::met,
        |pairs, at| pairs.random.activity.between,
        "similarity_activity_between with the classes of all samples drawn at random.";
    MeanEigenvalue: "mean_eigenvalue", "mean eigenvalue of the symmetric part", "tr M / n", "",
        OBSERVED, layers::met,
        |pairs, at| pairs.transformation.mean_eigenvalue(),
        "Mean eigenvalue of the symmetric part of M = D(k-o)' L(k-o) L(k)' D(k), its trace over \
         its size: positive where the linear alignment term of lag o points at the transposed B_l.";
    SymmetricShare: "symmetric_share", "symmetric share", "‖M_sym‖ / ‖M‖", "", OBSERVED,
        layers::met,
        |pairs, at| pairs.transformation.symmetric_share(),
        "Norm of the symmetric part of M over that of M.";
    ActivityAutocorrelation: "activity_autocorrelation", "autocorrelation of activities",
        "autocorrelation of L", "", OBSERVED, layers::met,
        |pairs, at| pairs.activity,
        "Cosine between the activities of layer l - 1 at iterations k and k - o, sample by sample \
         and unit by unit, about zero.";
    ErrorAutocorrelation: "error_autocorrelation", "autocorrelation of error signals",
        "autocorrelation of δ", "", OBSERVED, layers::met,
        |pairs, at| pairs.error,
        "Cosine between the error signals at the units that W_l leads to at iterations k and k - \
         o, sample by sample and unit by unit, about zero.";
}
