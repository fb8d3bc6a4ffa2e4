//! How the members of a recording were read, and what carried the errors, in sentences.

use crate::measure::closing::Closing;
use crate::recorded::{
    Backward, Carrier, CarrierClosing, Findings, LayerFeedback, Reading, RecordedRun, StatesOf,
    Told, Way,
};

/// What was renumbered, turned or left out before anything was made of it.
pub(super) fn members(run: &RecordedRun) -> Vec<String> {
    let Reading {
        numbering,
        renumbered,
        numbering_open,
        weights_turned,
        weights_open,
        transposed,
        left_out,
        ignored,
        ..
    } = &run.reading;
    let mut out = run.reading.remarks.clone();
    if !numbering.is_own() {
        let read = renumbered.join(", ");
        let elsewhere = [
            numbering.weights,
            numbering.activity,
            numbering.delta,
            numbering.bias,
            numbering.backward,
        ];
        let from = if elsewhere.contains(&-1) {
            ", and from 1 in this file"
        } else {
            ", and otherwise in this file"
        };
        out.push(format!(
            "layers are counted from 0{from}: {read} and so on, as in all that follows"
        ));
    }
    if *numbering_open {
        let how =
            if numbering.is_own() { "names are used as they are" } else { "this is the likeliest" };
        out.push(format!(
            "nothing shows whether layers are counted from 0 or from 1 in this file: {how}"
        ));
    }
    for told in [Told::Shape, Told::Activities, Told::Steps, Told::Errors, Told::OtherLayers] {
        let layers =
            weights_turned.iter().filter(|(_, by)| *by == told).map(|(l, _)| format!("W{l}"));
        out.extend(turned(&layers.collect::<Vec<_>>(), told));
    }
    if !weights_open.is_empty() {
        out.push(format!(
            "nothing shows which way {} {} stored: activities or steps would show it; used as \
            recorded, and both readings of the angles are shown, the likelier last",
            list("W", weights_open),
            if weights_open.len() == 1 { "is" } else { "are" },
        ));
    }
    out.extend(
        transposed
            .iter()
            .map(|l| format!("B{l} was recorded transposed, as its shape shows: it was turned")),
    );
    out.extend(left_out.iter().map(|why| format!("left out: {why}")));
    if !ignored.is_empty() {
        out.push(format!("not used, as their names are not known: {}", ignored.join(", ")));
    }
    out
}

fn list(letter: &str, layers: &[usize]) -> String {
    layers.iter().map(|l| format!("{letter}{l}")).collect::<Vec<_>>().join(", ")
}

fn turned(names: &[String], told: Told) -> Option<String> {
    let [was, it, its] = match names {
        [] => return None,
        [_] => ["was", "it", "its"],
        _ => ["were", "they", "their"],
    };
    let tells = match told {
        Told::Shape if names.len() == 1 => "as its shape shows".into(),
        Told::Shape => format!("as {its} shapes show"),
        Told::Activities => {
            "as the activities show, since only the transposes turn one into the next".into()
        }
        Told::Steps => {
            format!("as {its} steps show, which are the transposes of those of the rule")
        }
        Told::Errors => {
            "as the error signals show, since only the transposes carry them back".into()
        }
        Told::OtherLayers => {
            "as all other weights in this file are, though nothing else shows it".into()
        }
        Told::Nothing => return None,
    };
    Some(format!(
        "{} {was} recorded transposed (units above x units below, as PyTorch's Linear.weight is), \
         {tells}: {it} {was} turned",
        names.join(", ")
    ))
}

/// What carried the error signals, and of which states backward weights are.
pub(super) fn errors(run: &RecordedRun, findings: &Findings) -> Vec<String> {
    let mut out: Vec<String> =
        findings.feedback.iter().map(|layer| feedback(layer, run.backward(layer.layer))).collect();
    for (l, backward) in (1..run.depth()).filter_map(|l| Some((l, run.backward(l)?))) {
        let feedback = findings.feedback.iter().find(|layer| layer.layer == l);
        out.extend(orientation(l, backward, feedback));
        let unchecked = findings.activations.iter().find(|layer| layer.layer == l);
        let unchecked = unchecked.is_some_and(|layer| layer.given && layer.closing.is_none());
        out.extend(states(l, backward, run, unchecked));
        if backward.may_be_direct() {
            let above = l + 1;
            out.push(format!(
                "B{l} is assumed to lead from layer {above}: as there are as many outputs, it \
                cannot be distinguished from direct feedback, whose name is F{l}"
            ));
        }
    }
    out
}

fn orientation(l: usize, backward: &Backward, feedback: Option<&LayerFeedback>) -> Option<String> {
    let carried = feedback.is_some_and(|layer| layer.carried_by.is_some());
    match (backward.told(), backward.is_turned()) {
        (Told::Errors, true) if !carried => Some(format!(
            "B{l} was recorded transposed, as the signs of the error signals show: it was turned"
        )),
        (Told::Steps, true) => Some(format!(
            "B{l} was recorded transposed, as its steps show, which follow those of W{l} and not \
            their transposes: it was turned"
        )),
        (Told::Nothing, turned) => {
            let [units, above] = [backward.states().shape()[1], backward.states().shape()[0]];
            let likelier = if turned {
                "the likelier, as in the other layers, is the transpose"
            } else {
                "the likelier is as recorded"
            };
            Some(format!(
                "nothing shows which way B{l} is stored, {above} x {units} or its transpose: both \
                readings of the angles are shown, the likelier last ({likelier})"
            ))
        }
        _ => None,
    }
}

/// `unchecked` is an activation that was given and cannot be held against activities.
fn states(l: usize, backward: &Backward, run: &RecordedRun, unchecked: bool) -> Option<String> {
    let given = if unchecked {
        format!("or the activation of layer {l} is not the one given; if it is, ")
    } else {
        String::new()
    };
    let remedy = format!("{given}record B{l} at every state, as W{l} is");
    let last = run.weights(l).map_or(0, |weights| weights.len() - 1);
    let not = format!("B{l} is not that of all states: the error signals do not follow from it");
    match backward.of() {
        StatesOf::Presumed if run.weights(l).is_some_and(|weights| weights.len() > 1) => Some(
            format!("B{l} is assumed to be fixed: nothing shows whether it is that of all states"),
        ),
        StatesOf::Unused => Some(format!(
            "B{l} carried no error: it is a matrix that W{l} is compared with, and no more"
        )),
        StatesOf::Only(of) if **of == [last] => Some(format!(
            "{not}, and come nearest to it at the end: it is assumed to be that of the last \
            state, and no angle is shown for others; {remedy}"
        )),
        StatesOf::Only(of) => Some(format!(
            "{not} but in states {}, and no angle is shown for others; {remedy}",
            ranges(of)
        )),
        StatesOf::Undecided => Some(format!(
            "no angle is shown for layer {l}: activity{l} is not one function of its \
            pre-activations{}, so that something other than an activation lies between, such as a \
            normalisation; then the error signals do not show whether B{l} is that of all states; \
            {remedy}, even if it does not change",
            if run.biases(l).is_some() {
                String::new()
            } else {
                format!(" (without b{l}, which is not on record)")
            }
        )),
        StatesOf::None => Some(format!(
            "no angle is shown for layer {l}: the error signals do not follow from B{l} in any \
             iteration, so that it is not known to be that of any state; {remedy}"
        )),
        _ => None,
    }
}

/// `0 to 2, 6 to 8`.
fn ranges(states: &[usize]) -> String {
    let runs = states.chunk_by(|a, b| a + 1 == *b);
    let run = |states: &[usize]| Some(format!("{} to {}", states.first()?, states.last()?));
    runs.filter_map(run).collect::<Vec<_>>().join(", ")
}

fn feedback(layer: &LayerFeedback, backward: Option<&Backward>) -> String {
    let (l, above) = (layer.layer, layer.layer + 1);
    let Some(carrier) = layer.carried_by else { return carried_by_nothing(layer) };
    if let Some(how) = &layer.before_derivative {
        return format!(
            "delta{l} is delta{above} times f', carried back by {}: {}; both were recorded before \
             the derivative, as gradients of activities and not of pre-activations: multiply \
             delta_l by f' of the pre-activations of layer l, as updates take them",
            name(carrier.way, l),
            closing(how)
        );
    }
    let through = match (carrier.derivative, layer.normalised) {
        (true, None) => "through f'",
        (true, Some(_)) => "through f' and a normalisation, whose gains were fitted",
        (false, _) => "without f'",
    };
    let from = |direct: bool| {
        if direct { "the error of the output".into() } else { format!("delta{above}") }
    };
    let how =
        layer.normalised.as_ref().or(closing_of(layer, carrier)).map(closing).unwrap_or_default();
    let by = match carrier.way {
        Way::Backward { direct, turned } => {
            let name = format!("B{l}{}", if turned { "'" } else { "" });
            let straight = if direct { " straight" } else { "" };
            let carried = format!("{} carried{straight} back by {name}", from(direct));
            let told = if turned && backward.is_some_and(|matrix| matrix.told() == Told::Errors) {
                format!(": B{l} was recorded transposed, and was turned")
            } else {
                String::new()
            };
            if layer.by_signs {
                return format!(
                    "delta{l} has the signs of {carried}: only the signs of the error signals are \
                    compared, as f' is not known{told}"
                );
            }
            return match turned {
                true => format!("delta{l} is {carried} {through}, {how}{told}"),
                false => format!("delta{l} is {carried} {through}: {how}"),
            };
        }
        Way::Forward => {
            let unused = if backward.is_some() { format!(", not by B{l}") } else { String::new() };
            format!("delta{above} carried back by W{l}'{unused}: this is backpropagation")
        }
    };
    let derivative = match (carrier.derivative, layer.normalised) {
        (true, None) => "",
        (true, Some(_)) => ", through a normalisation whose gains were fitted",
        (false, _) => ", without f'",
    };
    if layer.by_signs {
        return format!(
            "delta{l} has the signs of {by}; only the signs are compared, as f' is not \
            known"
        );
    }
    format!("delta{l} is {by}{derivative}; {how}")
}

fn carried_by_nothing(layer: &LayerFeedback) -> String {
    let with = layer.closings.iter().any(|c| c.carrier.derivative);
    let off: Vec<String> = layer
        .closings
        .iter()
        .filter(|c| c.carrier.derivative == with)
        .map(|c| {
            format!(
                "{} is off by {:.1e}",
                name(c.carrier.way, layer.layer),
                c.closing.relative_difference
            )
        })
        .collect();
    let unknown = if with { "" } else { " (f' is not known, and is left out)" };
    format!(
        "delta{} is not what any recorded matrix makes of the one above{unknown}: {}",
        layer.layer,
        off.join(", ")
    )
}

fn closing_of(layer: &LayerFeedback, carrier: Carrier) -> Option<&Closing> {
    let is = |closing: &&CarrierClosing| closing.carrier == carrier;
    layer.closings.iter().find(is).map(|found| &found.closing)
}

fn name(way: Way, l: usize) -> String {
    match way {
        Way::Forward => format!("W{l}'"),
        Way::Backward { direct, turned } => {
            format!(
                "B{l}{}{}",
                if turned { "'" } else { "" },
                if direct { " from the output" } else { "" }
            )
        }
    }
}

/// `off by 1e-7 (rounding: 6e-8), closes`.
pub(super) fn closing(closing: &Closing) -> String {
    let verdict = if closing.closes { "closes" } else { "does not close" };
    format!(
        "off by {:.1e}, rounding {:.0e}: {verdict}",
        closing.relative_difference, closing.rounding
    )
}
