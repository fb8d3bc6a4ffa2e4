//! Quantities of the update to come, decomposed into what past updates left in it.

use super::family::family;
use super::instruments::fraction;
use super::kinds::{ISOLATE_TRAIN, TRAIN, UPDATING};
use super::layers;

family! {
    sees |state, place| place.layer.map_or(Ok(None), |l| state.decomposed_update(l));
    TermAngle: "term_angle", "alignment term of a lag", "∠(Tᵒ, Bᵀ)", "degrees", UPDATING,
        layers::fixed,
        |found, at| found.term(at.lag)?.alignment.angle,
        "Angle to the transposed B_l of the alignment term of lag o of the update to come of W_l: \
         the part that stems, to first order, from the update of W_(l-1) of o iterations before.";
    TermNorm: "term_norm", "norm of the alignment term of a lag", "‖Tᵒ‖", "", UPDATING,
        layers::fixed,
        |found, at| Some(found.term(at.lag)?.alignment.norm),
        "Frobenius norm of the alignment term of lag o of the update to come.";
    TermShare: "term_share", "share of the alignment term of a lag", "⟨Tᵒ, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "",
        UPDATING, layers::fixed,
        |found, at| found.share(&found.term(at.lag)?.alignment),
        "Share that the alignment term of lag o has in the inner product of the update to come \
         with the transposed B_l.";
    TermCumulative: "term_cumulative", "share of the alignment terms up to a lag",
        "Σ ⟨T, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "", ISOLATE_TRAIN, layers::fixed,
        |found, at| {
            let inner = found.inner.as_ref()?;
            fraction(*inner.cumulative().get(at.lag?.checked_sub(1)?)?, inner.update)
        },
        "Share that the alignment terms of lags 1 to o have in the inner product of the update to \
         come with the transposed B_l.";
    ProjectionTermAngle: "projection_term_angle", "projection term of a lag", "∠(Nᵒ, Bᵀ)",
        "degrees", UPDATING, layers::projected,
        |found, at| found.term(at.lag)?.projection.as_ref()?.angle,
        "Angle to the transposed B_l of the projection term of lag o: the part of the update to \
         come that stems from what weight normalisation, decay or momentum added to the update of \
         W_(l-1) of o iterations before.";
    ProjectionTermShare: "projection_term_share", "share of the projection term of a lag",
        "⟨Nᵒ, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "", UPDATING, layers::projected,
        |found, at| found.share(found.term(at.lag)?.projection.as_ref()?),
        "Share that the projection term of lag o has in the inner product of the update to come \
         with the transposed B_l.";
    TermsAngle: "terms_angle", "sum of alignment terms over lags", "∠(ΣTᵒ, Bᵀ)", "degrees",
        UPDATING, layers::fixed,
        |found, at| found.readings.alignment.as_ref()?.angle,
        "Angle to the transposed B_l of the sum of the alignment terms of all lags of the update \
         to come of W_l.";
    TermsRatio: "terms_ratio", "size of the alignment terms", "‖ΣTᵒ‖ / ‖ΔW‖", "", UPDATING,
        layers::fixed,
        |found, at| found.ratio(found.readings.alignment.as_ref()?),
        "Frobenius norm of the sum of the alignment terms of all lags over that of the update to \
         come.";
    TermsShare: "terms_share", "share of the alignment terms", "Σ⟨Tᵒ, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "",
        UPDATING, layers::fixed,
        |found, at| found.share(found.readings.alignment.as_ref()?),
        "Share that the alignment terms of all lags have in the inner product of the update to \
         come with the transposed B_l.";
    RevisitsAngle: "revisits_angle", "alignment terms of the same batch", "∠(ΣTᵒ same batch, Bᵀ)",
        "degrees", TRAIN, layers::revisited,
        |found, at| found.readings.revisits.as_ref()?.angle,
        "Angle to the transposed B_l of the sum of the alignment terms over lags that are whole \
         epochs: with a fixed order, of the same batch.";
    RevisitsShare: "revisits_share", "share of the same batch", "Σ⟨Tᵒ same batch, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩",
        "", TRAIN, layers::revisited,
        |found, at| found.share(found.readings.revisits.as_ref()?),
        "Share that the alignment terms of lags that are whole epochs have in the inner product of \
         the update to come with the transposed B_l.";
    ProjectionsAngle: "projections_angle", "sum of projection terms over lags", "∠(ΣNᵒ, Bᵀ)",
        "degrees", UPDATING, layers::projected,
        |found, at| found.readings.projection.as_ref()?.angle,
        "Angle to the transposed B_l of the sum of the projection terms of all lags; none without \
         weight normalisation, decay and momentum.";
    ProjectionsRatio: "projections_ratio", "size of the projection terms", "‖ΣNᵒ‖ / ‖ΔW‖", "",
        UPDATING, layers::projected,
        |found, at| found.ratio(found.readings.projection.as_ref()?),
        "Frobenius norm of the sum of the projection terms of all lags over that of the update to \
         come.";
    ProjectionsShare: "projections_share", "share of the projection terms", "Σ⟨Nᵒ, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩",
        "", UPDATING, layers::projected,
        |found, at| found.share(found.readings.projection.as_ref()?),
        "Share that the projection terms of all lags have in the inner product of the update to \
         come with the transposed B_l.";
    LastAngle: "last_angle", "last term", "∠(last, Bᵀ)", "degrees", UPDATING, layers::fixed,
        |found, at| found.readings.last.angle,
        "Angle to the transposed B_l of the last term: the update to come as it would be with the \
         W_(l-1) of the start, or of the oldest iteration in the window.";
    LastRatio: "last_ratio", "size of the last term", "‖last‖ / ‖ΔW‖", "", UPDATING,
        layers::fixed,
        |found, at| found.ratio(&found.readings.last),
        "Frobenius norm of the last term over that of the update to come.";
    LastShare: "last_share", "share of the last term", "⟨last, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "", UPDATING,
        layers::fixed,
        |found, at| found.share(&found.readings.last),
        "Share that the last term has in the inner product of the update to come with the \
         transposed B_l.";
    RemainderAngle: "remainder_angle", "remainder", "∠(R, Bᵀ)", "degrees", UPDATING,
        layers::fixed,
        |found, at| found.readings.remainder.as_ref()?.angle,
        "Angle to the transposed B_l of the remainder: what the update to come holds beside \
         alignment terms, projection terms and last term.";
    RemainderRatio: "remainder_ratio", "size of the remainder", "‖R‖ / ‖ΔW‖", "", UPDATING,
        layers::fixed,
        |found, at| found.ratio(found.readings.remainder.as_ref()?),
        "Frobenius norm of the remainder over that of the update to come.";
    RemainderShare: "remainder_share", "share of the remainder", "⟨R, Bᵀ⟩ / ⟨ΔW, Bᵀ⟩", "",
        UPDATING, layers::fixed,
        |found, at| found.share(found.readings.remainder.as_ref()?),
        "Share that the remainder has in the inner product of the update to come with the \
         transposed B_l.";
    NonAligningAngle: "non_aligning_angle", "last term and remainder", "∠(last + R, Bᵀ)", "degrees",
        UPDATING, layers::fixed,
        |found, at| found.readings.non_aligning.as_ref()?.angle,
        "Angle to the transposed B_l of last term and remainder together.";
    LinearTermsAngle: "linear_terms_angle", "linear form of the alignment terms", "∠(Bᵀ ΣM, Bᵀ)",
        "degrees", ISOLATE_TRAIN, layers::fixed,
        |found, at| found.linear.as_ref()?.0.angle,
        "Angle to the transposed B_l of the sum of the alignment terms of all lags since the start \
         with the derivatives of the activation left out.";
    LinearTermsDeviation: "linear_terms_deviation", "deviation of the linear form",
        "‖η² Bᵀ ΣM − ΣTᵒ‖ / ‖ΣTᵒ‖", "", ISOLATE_TRAIN, layers::fixed,
        |found, at| found.linear.as_ref()?.1,
        "Frobenius norm of the difference between the linear form and the sum of the alignment \
         terms, over that of the sum.";
}
