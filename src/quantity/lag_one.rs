//! Quantities of terms of lag 1 of the latest update.

use super::family::family;
use super::kinds::{ISOLATE, ISOLATE_SAMPLE};
use super::layers;

family! {
    sees |state, place| Ok(place.layer.and_then(|l| state.lag_one(l)));
    AlignmentTerm: "alignment_term", "alignment term", "∠(T, Bᵀ)", "degrees", ISOLATE_SAMPLE,
        layers::compared,
        |terms, at| at.towards?.angle_to(terms.alignment.as_slice()),
        "Angle to the transposed B_l of the alignment term of lag 1: the part of the latest update \
         of W_l that stems from the update of W_(l-1) before it, to first order. Of kind sample: \
         of B'M, M = E0'X0 X1'E1, for signals of two iterations.";
    AlignmentTermNorm: "alignment_term_norm", "norm of the alignment term", "‖T‖", "", ISOLATE,
        layers::compared,
        |terms, at| Some(terms.alignment.norm()),
        "Frobenius norm of the alignment term of lag 1 of the latest update of W_l.";
    SuperalignmentTerm: "superalignment_term", "superalignment term", "∠(S, Bᵀ)", "degrees",
        ISOLATE, layers::compared,
        |terms, at| at.towards?.angle_to(terms.superalignment.as_slice()),
        "Angle to the transposed B_l of what the latest update of W_l would have been without the \
         update of W_(l-1) before it.";
    SuperalignmentTermNorm: "superalignment_term_norm", "norm of the superalignment term", "‖S‖",
        "", ISOLATE, layers::compared,
        |terms, at| Some(terms.superalignment.norm()),
        "Frobenius norm of the superalignment term of the latest update of W_l.";
    AlignmentSum: "alignment_sum", "sum of alignment terms", "∠(ΣT, Bᵀ)", "degrees", ISOLATE,
        layers::compared,
        |terms, at| at.towards?.angle_to(terms.alignment_sum.as_slice()),
        "Angle to the transposed B_l of the sum of the alignment terms of lag 1 of all updates so \
         far.";
    AlignmentSumNorm: "alignment_sum_norm", "norm of the summed alignment terms", "‖ΣT‖", "",
        ISOLATE, layers::compared,
        |terms, at| Some(terms.alignment_sum.norm()),
        "Frobenius norm of the sum of the alignment terms so far.";
    SuperalignmentSum: "superalignment_sum", "sum of superalignment terms", "∠(ΣS, Bᵀ)", "degrees",
        ISOLATE, layers::compared,
        |terms, at| at.towards?.angle_to(terms.superalignment_sum.as_slice()),
        "Angle to the transposed B_l of the sum of the superalignment terms of all updates so far.";
    SuperalignmentSumNorm: "superalignment_sum_norm", "norm of the summed superalignment terms",
        "‖ΣS‖", "", ISOLATE, layers::compared,
        |terms, at| Some(terms.superalignment_sum.norm()),
        "Frobenius norm of the sum of the superalignment terms so far.";
}
