//! The causal test: signals recorded in learning, replayed through the rule in isolation. Nobody has done it; criteria are
//! this project's, set before the full run, after a pilot of three repeats on layer 2.

use super::{Claim, Part};
use crate::claim::evidence::{Evidence, Repeats};
use crate::claim::verdict::Criterion;
use crate::quantity::Quantity;

const OURS: &str = "criteria of this project, fixed before the full run";

const LAYERS: [&str; 4] = ["1", "2", "3", "4"];

/// A value after the last replayed update.
fn end(e: &Evidence<'_>, analysis: &str, layer: &str, surrogate: &str, quantity: Quantity) -> Repeats {
    let series = e.series(analysis, &[("layer", layer), ("surrogate", surrogate)], quantity, Some(1));
    series.repeats_over(series.end()..=series.end())
}

fn angle(e: &Evidence<'_>, analysis: &str, layer: &str, surrogate: &str) -> Repeats {
    end(e, analysis, layer, surrogate, Quantity::WeightAlignment)
}

fn claim(name: &str, statement: &str, analysis: &'static str, parts: Vec<Part>) -> Claim {
    super::claim(name, statement, OURS, analysis, parts)
}

pub(super) fn claims() -> Vec<Claim> {
    let own = LAYERS.map(|layer| {
        let what = format!("layer {layer}: largest difference of the two angles at any time, degrees");
        Part::new(what, Criterion::within(-1e-3, 1e-3), move |e| {
            let of = |quantity| e.series("causal-own", &[("layer", layer)], quantity, Some(1));
            of(Quantity::WeightAlignment).minus(&of(Quantity::SourceAlignment)).farthest_from(0.0)
        })
    });
    let appears = LAYERS.map(|layer| {
        Part::new(
            format!("layer {layer}: angle of the replay minus that in the network, degrees"),
            Criterion::within(-2.0, 2.0),
            move |e| {
                let source = end(e, "causal", layer, "none", Quantity::SourceAlignment);
                angle(e, "causal", layer, "none").minus(&source).present()
            },
        )
    });
    let order = LAYERS.map(|layer| {
        let what = format!("layer {layer}: angle in random order minus in the order recorded, degrees");
        Part::new(what, Criterion::within(-2.0, 2.0), move |e| {
            angle(e, "causal", layer, "time:joint").minus(&angle(e, "causal", layer, "none")).present()
        })
    });
    let gone = ["time", "samples", "signs", "signs:each"].into_iter().flat_map(|surrogate| {
        LAYERS.map(|layer| {
            Part::new(format!("layer {layer}, {surrogate}: angle, degrees"), Criterion::within(89.0, 91.0), move |e| {
                angle(e, "causal", layer, surrogate).present()
            })
        })
    });
    let theory = ["none", "time", "samples"].into_iter().flat_map(|surrogate| {
        LAYERS.map(|layer| {
            let what = format!("layer {layer}, {surrogate}: angle of the linear replay minus prediction, degrees");
            Part::new(what, Criterion::within(-1.0, 1.0), move |e| {
                let predicted = end(e, "causal-linear", layer, surrogate, Quantity::ConditionalAlignment);
                angle(e, "causal-linear", layer, surrogate).minus(&predicted).present()
            })
        })
    });
    let spectra = ["1", "2"].map(|layer| {
        let what = format!("layer {layer}: angle of spectrum:joint minus that of the signals as recorded, degrees");
        Part::new(what, Criterion::within(-3.0, 3.0), move |e| {
            angle(e, "causal-spectra", layer, "spectrum:joint")
                .minus(&angle(e, "causal-spectra", layer, "none"))
                .present()
        })
    });
    let unpaired = ["1", "2"].into_iter().flat_map(|layer| {
        ["spectrum", "gaussian"].map(|surrogate| {
            let what = format!("layer {layer}: angle of {surrogate} minus that of the signals as recorded, degrees");
            Part::new(what, Criterion::at_least(3.0), move |e| {
                angle(e, "causal-spectra", layer, surrogate).minus(&angle(e, "causal-spectra", layer, "none")).present()
            })
        })
    });
    vec![
        claim(
            "causal/own",
            "From the network's own weights the replay gives its alignment back: nothing else drives it",
            "causal-own",
            own.into(),
        ),
        claim(
            "causal/appears",
            "On fresh weights, without task or loss, the recorded signals align as much as in the network",
            "causal",
            appears.into(),
        ),
        claim(
            "causal/order",
            "The order of the batches does not matter, as long as errors stay with their inputs",
            "causal",
            order.into(),
        ),
        claim(
            "causal/gone",
            "Alignment goes away when errors are separated from their inputs, or lose their sign",
            "causal",
            gone.collect(),
        ),
        claim(
            "causal/theory",
            "Exact theory gives the angle of the linear replay from the recorded signals alone",
            "causal-linear",
            theory.collect(),
        ),
        claim(
            "causal/spectra",
            "Signals with the same spectra and cross-spectra align alike",
            "causal-spectra",
            spectra.into(),
        ),
        claim(
            "causal/unpaired",
            "Signals with the same spectra but independent series do not",
            "causal-spectra",
            unpaired.collect(),
        ),
    ]
}
