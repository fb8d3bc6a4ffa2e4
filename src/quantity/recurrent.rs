//! Quantities of recurrent networks. Their values are recorded by the experiment.

use super::family::family;
use super::kinds::RECURRENT;
use super::layers;

family! {
    recorded by the experiment;
    RecurrentAlignment: "recurrent_alignment", "alignment of the recurrent weights",
        "∠(W_rec, B_recᵀ)", "degrees", RECURRENT, layers::of_random_recurrence,
        "Angle between the recurrent weights and the transposed B_rec, of credit bp-trw, which has \
         one.";
    RecurrentUpdateAlignment: "recurrent_update_alignment",
        "update alignment of the recurrent weights", "∠(ΔW_rec, ΔW_rec by BPTT)", "degrees",
        RECURRENT, layers::network,
        "Angle between the update of W_rec and that of BPTT on the same inputs and errors: of the \
         batch of sequences to come; in isolation of the latest iterations, as many as length \
         says.";
    InputUpdateAlignment: "input_update_alignment", "update alignment of the input weights",
        "∠(ΔW_in, ΔW_in by BPTT)", "degrees", RECURRENT, layers::network,
        "The same of W_in.";
    ChangeRank: "change_rank", "rank of the change of the recurrent weights", "rank ΔW_rec", "",
        RECURRENT, layers::network,
        "Singular values of the change of W_rec since the start that are above 1e-10 of the \
         largest (1e-5 in single precision). RFLO on linear units changes it by a matrix of at \
         most the rank of B.";
    ChangeParticipation: "change_participation",
        "directions of the change of the recurrent weights", "participation ratio of ΔW_rec", "",
        RECURRENT, layers::network,
        "(sum s^2)^2 / sum s^4 over the singular values s of the change of W_rec since the start: \
         how many directions matter.";
    ChangeBeyond: "change_beyond", "change of the recurrent weights beyond the rank of B",
        "‖ΔW_rec − nearest of rank n_out‖ / ‖ΔW_rec‖", "", RECURRENT, layers::network,
        "Distance of the change of W_rec since the start from the nearest matrix of the rank of \
         the outputs, over its norm.";
    ChangeBound: "change_bound", "bound of the change beyond the rank of B",
        "min ‖ΔW_rec − G B diag d‖ / ‖ΔW_rec‖", "", RECURRENT, layers::of_rflo,
        "What change_beyond cannot exceed under RFLO: the distance of the change of W_rec from G B \
         diag(d) with the best d, G being the sum of the products of traced states and errors. 0 \
         for linear units.";
    SequenceError: "sequence_error", "error on test sequences", "Σe² / Σtarget²", "", RECURRENT,
        layers::of_task,
        "Sum of the squared errors over that of the squared targets, on sequences that are not \
         learnt from: 1 for outputs of 0.";
    SequenceAccuracy: "sequence_accuracy", "accuracy on test sequences", "accuracy", "percent",
        RECURRENT, layers::of_classified,
        "Signs or classes that are right in the output, averaged over the response, on sequences \
         that are not learnt from; 50 % of signs and 10 % of digits are right by chance.";
    ReadoutTermShare: "readout_term_share", "share of a lag in the read-out's alignment",
        "⟨ΔW_out, Bᵀ⟩ of a lag / ⟨ΔW_out, Bᵀ⟩", "", RECURRENT, layers::of_isolated_readout,
        "Share that updates of W_in and W_rec of so many iterations before have in the inner \
         product that the read-out has gained with the transposed B since the start, to first \
         order. A lag of o iterations is a time of o dt.";
    ReadoutTermsShare: "readout_terms_share", "share of all lags in the read-out's alignment",
        "Σ over lags", "", RECURRENT, layers::of_isolated_readout,
        "Sum of those shares over lags 1 to the largest of --lags.";
    ReadoutStartShare: "readout_start_share", "share of the start in the read-out's alignment",
        "⟨ΔW_out, Bᵀ⟩ of the start / ⟨ΔW_out, Bᵀ⟩", "", RECURRENT, layers::of_isolated_readout,
        "Share that the states which the weights of the start would have had give: what has \
         nothing to do with B. With the shares of all lags it adds up to 1 for linear units.";
}
