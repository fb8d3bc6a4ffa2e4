//! What the findings mean, in sentences.

use super::{Analysis, readings};
use crate::analysis::Choice;
use crate::claim::short;
use crate::recorded::{Closing, Findings, LayerActivation, StepFit, StepKind, Steps, Thinned, Unsaid};

/// All of them.
pub(super) fn all(analysis: &Analysis) -> Vec<String> {
    let (run, findings) = (&analysis.run, &analysis.findings);
    let mut out = readings::members(run);
    out.extend(findings.activations.iter().filter_map(activation));
    out.extend(readings::errors(run, findings));
    match &run.thinned {
        Some(thinned) => {
            out.extend(single_steps(thinned, findings));
            out.extend(unreached(thinned, analysis));
        }
        None => out.extend(steps(findings.steps.as_ref())),
    }
    let split = findings.terms.iter().filter(|terms| terms.split).map(|terms| terms.layer.to_string());
    let split: Vec<String> = split.collect();
    if !split.is_empty() {
        out.push(format!(
            "terms of layer {}: the steps below are split into the rule's own part (T) and the rest (N)",
            split.join(", ")
        ));
    }
    out.extend(findings.remarks.iter().cloned());
    let not = |of: &Unsaid| format!("the updates of W{} are not decomposed: {}", of.layer, of.why);
    out.extend(findings.not_decomposed.iter().map(not));
    let not = |of: &Unsaid| format!("no prediction for layer {}: {}", of.layer, of.why);
    out.extend(findings.not_predicted.iter().map(not));
    out.extend(analysis.too_large.iter().map(|l| format!("W{l} is too large for its spectrum, which is left out")));
    out
}

/// `off by 1e-7 (rounding: 6e-8), closes`.
pub(super) fn closing(of: &Closing) -> String {
    let verdict = if of.closes { "closes" } else { "does not close" };
    format!("off by {:.1e}, rounding {:.0e}: {verdict}", of.relative_difference, of.rounding)
}

fn activation(of: &LayerActivation) -> Option<String> {
    let (l, below) = (of.layer, of.layer - 1);
    let made = format!("activity{l} against f(activity{below} W{below} + b{l})");
    let Some(how) = &of.closing else {
        return of
            .activation
            .map(|f| format!("layer {l} is {}, as given: it takes activity{l} and others to check", f.name()));
    };
    let Some(activation) = of.activation else {
        return Some(format!(
            "layer {l}: no known activation makes its activity; {made} with {}: {}",
            of.nearest.unwrap_or("the nearest"),
            closing(how)
        ));
    };
    let source = if of.given { "as given" } else { "inferred" };
    let mut text = format!("layer {l} is {}, {source}; {made}: {}", activation.name(), closing(how));
    if let Some(nearest) = of.nearest.filter(|nearest| *nearest != activation.name()) {
        text.push_str(&format!("; {nearest} is nearer"));
    }
    if !of.alike.is_empty() {
        text.push_str(&format!("; {} would make the same of these pre-activations", of.alike.join(", ")));
    }
    Some(text)
}

/// Which updates were recorded, and what they did.
fn single_steps(thinned: &Thinned, findings: &Findings) -> Vec<String> {
    let updates = thinned.updates();
    let first: Vec<String> = updates.iter().take(4).map(ToString::to_string).collect();
    let more = if updates.len() > first.len() { ", ..." } else { "" };
    let every = thinned.spacing().map_or(String::new(), |n| format!(", one of every {n}"));
    let mut out = vec![format!(
        "not all updates of the run were recorded: states are those before update {}{more} (counted from 0{every}), and lags \
         count updates; what took place between them is not known",
        first.join(", ")
    )];
    out.push(match &findings.single_steps {
        None => {
            "steps cannot be checked: no layer has the weights right after each update (W0_next, ...), activity and \
                 the error signal above on record"
                .into()
        }
        Some(of) => {
            let [low, high] = of.eta;
            let rate = if low == high { short(low) } else { format!("{} to {}", short(low), short(high)) };
            let how = if of.given { "as given" } else { "fitted by least squares" };
            let verdict = closing(&of.closing);
            format!("the recorded updates, each by itself, against eta L' delta with eta {rate}, {how}: {verdict}")
        }
    });
    if findings.single_steps.as_ref().is_some_and(|of| !of.closing.closes) {
        out.push(
            "the updates are not the rule's alone: what else they are made of (momentum, weight decay, an adaptive \
             optimiser) takes a recording of every update to be found out"
                .into(),
        );
    }
    out
}

/// Lags that no two recorded updates are apart.
fn unreached(thinned: &Thinned, analysis: &Analysis) -> Option<String> {
    let compared = |lag: &&usize| analysis.findings.pairs.iter().any(|of| of.lag == **lag);
    let signals = analysis.run.samples().is_some();
    let lags = analysis.questions.terms.lags.iter().filter(|lag| signals && !compared(lag));
    let lags: Vec<String> = lags.map(ToString::to_string).collect();
    let remedy = thinned.spacing().map_or(String::new(), |n| format!(": --lags {n} is there"));
    let told = format!("no similarities at lag {}: no two recorded updates are so far apart{remedy}", lags.join(", "));
    (!lags.is_empty()).then_some(told)
}

/// What the steps are made of, and what follows.
fn steps(found: Option<&Steps>) -> Vec<String> {
    let Some(steps) = found else {
        return vec!["steps cannot be checked: no layer has states, activity and the error signal above on record, or nothing moves".into()];
    };
    let chosen = steps.chosen();
    let made = match chosen.kind {
        StepKind::Given => format!("steps against L' delta with eta {}, as given", short(chosen.eta[0])),
        _ => format!("steps of W{} against {}", list(&steps.layers), recipe(chosen)),
    };
    let Some(how) = &chosen.closing else {
        return vec![format!("{made}: no steps are on record to check it with")];
    };
    let mut out = vec![format!("{made}: {}", closing(how))];
    if !chosen.closes() {
        let off: Vec<String> =
            chosen.layers.iter().map(|of| format!("W{} by {:.1e}", of.layer, of.closing.relative_difference)).collect();
        out.push(format!("off are {}", off.join(", ")));
        out.push(match steps.closed() {
            Some(fit) => format!("the steps are {}: {}", recipe(fit), fit.closing.as_ref().map(closing).unwrap_or_default()),
            None => "the steps are not the rule's alone, nor with momentum, weight decay, rates by layer or by iteration: an \
                     adaptive optimiser (Adam), a projection (weight normalisation), clipping, or states and signals that do \
                     not belong together; terms use the rate above, and what it does not explain is their N part"
                .into(),
        });
    }
    out
}

fn list(layers: &[usize]) -> String {
    layers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", W")
}

/// What steps are made of, in words.
pub(super) fn recipe(fit: &StepFit) -> String {
    let [low, high] = fit.eta;
    let rate = if low == high { short(low) } else { format!("{} to {}", short(low), short(high)) };
    let fitted = "fitted by least squares";
    let with = match fit.kind {
        StepKind::Given => "as given".into(),
        StepKind::Plain => fitted.into(),
        StepKind::RateByLayer => format!("one by layer, {fitted}"),
        StepKind::RateByIteration => format!("one by iteration, {fitted}"),
        _ => {
            let momentum = fit.momentum.map(|m| format!("momentum {}", short(m)));
            let decay = fit.weight_decay.map(|d| format!("weight decay {}", short(d)));
            let both: Vec<String> = momentum.into_iter().chain(decay).collect();
            format!("{}, {fitted}", both.join(", "))
        }
    };
    format!("eta L' delta with eta {rate}, {with}")
}
