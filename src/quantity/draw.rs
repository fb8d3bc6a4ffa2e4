//! Quantities of draws of random matrices. Their values are recorded by the experiment, draw by
//! draw.

use super::family::family;
use super::kinds::SAMPLE;
use super::layers;

family! {
    recorded by the experiment;
    MaskedTerm: "masked_alignment_term", "alignment term with ReLU masks", "∠(T masked, Bᵀ)",
        "degrees", SAMPLE, layers::network,
        "Angle to the transposed B of the alignment term of two iterations in which random masks \
         stand for the derivatives of ReLU: one of the hidden units, the same for both iterations, \
         and one of the outputs each.";
    SymmetricTerm: "symmetric_term", "term of the symmetric part", "∠(BᵀM_sym, Bᵀ)", "degrees",
        SAMPLE, layers::network,
        "Angle to the transposed B of B' times the symmetric part of M.";
    SkewTerm: "skew_term", "term of the skew part", "∠(BᵀM_skew, Bᵀ)", "degrees", SAMPLE,
        layers::network,
        "Angle to the transposed B of B' times the skew-symmetric part of M: a right angle for \
         every draw.";
    SkewRatio: "skew_ratio", "skew over symmetric part", "‖BᵀM_skew‖ / ‖BᵀM_sym‖", "", SAMPLE,
        layers::network,
        "Norm of B' times the skew-symmetric part of M over that of the symmetric part.";
    Eigenvalue: "eigenvalue", "eigenvalue of the symmetric part", "λ(M_sym) / (P n₀)", "", SAMPLE,
        layers::network,
        "Eigenvalue of the symmetric part of M over P n0, of the first draw of a repeat, in \
         ascending order; the iteration column holds its rank from 0.";
    DeltaAngle: "delta_angle", "angle of the deltas", "∠(δ, δ_BP)", "degrees", SAMPLE,
        layers::network,
        "Drawn angle between two batches of error signals.";
    WeightAngle: "weight_angle", "angle of the weights", "∠(B, Wᵀ)", "degrees", SAMPLE,
        layers::network,
        "Drawn angle between two weight matrices.";
    ComposedAngle: "composed_angle", "composed angle", "∠(δB, δ_BP Wᵀ)", "degrees", SAMPLE,
        layers::network,
        "Angle between the products of the two pairs: of the error signals one layer down.";
    MaskedComposedAngle: "masked_composed_angle", "composed angle with ReLU masks", "∠ masked",
        "degrees", SAMPLE, layers::network,
        "The composed angle with random masks on the error signals and on the products, the same \
         for both.";
}
