//! What the findings mean, in sentences.

use super::readings::closing;
use super::{Analysis, readings};
use crate::recipe::{Beginning, Optimiser, RatesBy, StepRates, Steps};
use crate::recorded::{Findings, LayerActivation, Thinned, Unsaid};
use crate::text::Choice;
use crate::text::short;

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
    let split =
        findings.terms.iter().filter(|terms| terms.split).map(|terms| terms.layer.to_string());
    let split: Vec<String> = split.collect();
    if !split.is_empty() {
        out.push(format!(
            "terms of layer {}: the steps below are split into the rule's own part (T) and the \
             rest (N)",
            split.join(", ")
        ));
    }
    out.extend(findings.remarks.iter().cloned());
    let not = |layer: &Unsaid| {
        format!("the updates of W{} are not decomposed: {}", layer.layer, layer.why)
    };
    out.extend(findings.not_decomposed.iter().map(not));
    let not = |layer: &Unsaid| format!("no prediction for layer {}: {}", layer.layer, layer.why);
    out.extend(findings.not_predicted.iter().map(not));
    out.extend(
        analysis
            .too_large
            .iter()
            .map(|l| format!("W{l} is too large for its spectrum, which is left out")),
    );
    out
}

fn activation(layer: &LayerActivation) -> Option<String> {
    let (l, below) = (layer.layer, layer.layer - 1);
    let made = format!("activity{l} against f(activity{below} W{below} + b{l})");
    let Some(how) = &layer.closing else {
        return layer.activation.map(|f| {
            format!("layer {l} is {}, as given: it takes activity{l} and others to check", f.name())
        });
    };
    let Some(activation) = layer.activation else {
        return Some(format!(
            "layer {l}: no known activation makes its activity; {made} with {}: {}",
            layer.nearest.unwrap_or("the nearest"),
            closing(how)
        ));
    };
    let source = if layer.given { "as given" } else { "inferred" };
    let mut text =
        format!("layer {l} is {}, {source}; {made}: {}", activation.name(), closing(how));
    if let Some(nearest) = layer.nearest.filter(|nearest| *nearest != activation.name()) {
        text.push_str(&format!("; {nearest} is nearer"));
    }
    if layer.is_refuted() {
        text.push_str(
            ": the activation that was given does not fit, so the path of the errors is judged \
            without it; give another, or leave --activation out",
        );
    }
    if !layer.alike.is_empty() {
        text.push_str(&format!(
            "; {} would make the same of these pre-activations",
            layer.alike.join(", ")
        ));
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
        "not all updates of the run were recorded: states are those before update {}{more} \
         (counted from 0{every}), and lags count updates; what took place between them is not \
         known",
        first.join(", ")
    )];
    out.push(match &findings.single_steps {
        None => {
            "steps cannot be checked: no layer has the weights right after each update (W0_next, \
                 ...), activity and the error signal above on record"
                .into()
        }
        Some(steps) => {
            let [low, high] = steps.eta;
            let rate =
                if low == high { short(low) } else { format!("{} to {}", short(low), short(high)) };
            let how = if steps.given { "as given" } else { "fitted by least squares" };
            let verdict = closing(&steps.closing);
            format!(
                "the recorded updates, one by one, against eta L' delta with eta {rate}, {how}: \
                {verdict}"
            )
        }
    });
    if findings.single_steps.as_ref().is_some_and(|steps| !steps.closing.closes) {
        out.push(
            "the updates are not the rule's alone: to find out what else is in them (momentum, \
            weight decay, an adaptive optimiser) takes a recording of every update"
                .into(),
        );
    }
    out
}

/// Lags that no two recorded updates are apart.
fn unreached(thinned: &Thinned, analysis: &Analysis) -> Option<String> {
    let compared = |lag: &&usize| analysis.findings.pairs.iter().any(|pair| pair.lag == **lag);
    let signals = analysis.run.samples().is_some();
    let lags = analysis.questions.terms.lags.iter().filter(|lag| signals && !compared(lag));
    let lags: Vec<String> = lags.map(ToString::to_string).collect();
    let remedy = thinned.spacing().map_or(String::new(), |n| format!(": --lags {n} is there"));
    let told = format!(
        "no similarities at lag {}: no two recorded updates are so far apart{remedy}",
        lags.join(", ")
    );
    (!lags.is_empty()).then_some(told)
}

/// What the steps are made of, and what follows.
fn steps(found: Option<&Steps>) -> Vec<String> {
    let Some(steps) = found else {
        return vec![
            "steps cannot be checked: no layer has states, activity and the error signal \
            above on record, or nothing moves"
                .into(),
        ];
    };
    let chosen = steps.chosen();
    let made = if chosen.is_given() {
        format!("steps against L' delta with eta {}, as given", short(chosen.eta[0]))
    } else {
        format!("steps of W{} against L' delta by {}", list(&steps.layers), chosen.recipe)
    };
    let Some(how) = &chosen.closing else {
        return vec![format!("{made}: no steps are on record to check it with")];
    };
    let mut out = vec![format!("{made}: {}", closing(how))];
    if !chosen.closes() {
        let off: Vec<String> = chosen
            .layers
            .iter()
            .map(|layer| format!("W{} by {:.1e}", layer.layer, layer.closing.relative_difference))
            .collect();
        out.push(format!("off are {}", off.join(", ")));
    }
    match (chosen.closes(), steps.closed()) {
        (true, _) => out.extend(details(steps)),
        (false, Some(fit)) => {
            out.push(format!(
                "the steps are {}: {}",
                fit.recipe,
                fit.closing.as_ref().map(closing).unwrap_or_default()
            ));
            out.extend(details(steps));
        }
        (false, None) => out.extend(no_recipe(steps)),
    }
    if !steps.frozen.is_empty() {
        out.push(format!("W{} does not move: it is frozen", list(&steps.frozen)));
    }
    out
}

/// What is to be known of the recipe that makes the steps.
fn details(steps: &Steps) -> Vec<String> {
    let mut out = Vec::new();
    if steps.within_rounding {
        out.push(
            "no step is larger than rounding: any recipe would fit, and none can be distinguished \
            from another"
                .into(),
        );
    }
    if let Some(rates) = &steps.rates {
        let all = |list: &[f64]| list.iter().map(|eta| short(*eta)).collect::<Vec<_>>().join(", ");
        out.extend(
            rates
                .layers
                .as_ref()
                .map(|eta| format!("rates of W{}: {}", list(&steps.layers), all(eta))),
        );
        out.extend(
            rates.iterations.as_ref().map(|list| format!("rates by iteration: {}", schedule(list))),
        );
        for (layer, list) in steps.layers.iter().zip(rates.steps.iter().flatten()) {
            out.push(format!("rates of W{layer} by iteration: {}", schedule(list)));
        }
    }
    if steps.rates.as_ref().is_some_and(|rates| rates.by == RatesBy::Each || is_irregular(rates)) {
        out.push(
            "rates that follow no schedule are what clipping or normalising the norm of \
            gradients makes"
                .into(),
        );
    }
    if steps.momentum.is_some_and(|momentum| momentum.begins == Beginning::Running) {
        out.push(
            "the recording begins in the middle of a training: the first step is left out of \
            the check"
                .into(),
        );
    }
    if matches!(steps.optimiser, Some(Optimiser::Adam | Optimiser::Amsgrad))
        && steps.decay.is_none()
        && steps.by_layer.is_empty()
    {
        out.push("without weight decay adam and adamw are the same".into());
    }
    if steps.optimiser.is_some_and(|optimiser| optimiser != Optimiser::Sgd) {
        out.push(
            "rates adapt entry by entry: terms use the one rate that leaves least, and what it \
             does not explain is their N part"
                .into(),
        );
    }
    if !steps.alike.is_empty() {
        out.push(format!(
            "as good as this: {}; this recording does not distinguish them",
            steps.alike.join("; ")
        ));
    }
    if !steps.undetermined.is_empty() {
        out.push(format!("the recording does not determine {}", steps.undetermined.join(", ")));
    }
    out
}

/// Whether rates by iteration go up and down more than a schedule does.
fn is_irregular(rates: &StepRates) -> bool {
    let turns = |list: &[f64]| {
        let differences: Vec<f64> = list
            .windows(2)
            .map(|w| w[1] - w[0])
            .filter(|d| d.abs() > 1e-4 * list[0].abs())
            .collect();
        differences.windows(2).filter(|w| w[0] * w[1] < 0.0).count()
    };
    rates.iterations.as_ref().is_some_and(|list| 4 * turns(list) > list.len())
}

/// Rates by iteration; runs of equal ones in one.
fn schedule(rates: &[f64]) -> String {
    let mut runs: Vec<(f64, usize, usize)> = Vec::new();
    for (k, &rate) in rates.iter().enumerate() {
        match runs.last_mut() {
            // Rates that are fitted are equal to rounding.
            Some((known, _, last)) if (rate - *known).abs() <= 1e-4 * known.abs() => *last = k,
            _ => runs.push((rate, k, k)),
        }
    }
    let stretch = |&(rate, first, last): &(f64, usize, usize)| {
        let rate = if rate.is_nan() { "not known".into() } else { short(rate) };
        if first == last {
            format!("{rate} in {first}")
        } else {
            format!("{rate} in {first} to {last}")
        }
    };
    let (first, last) = (runs.iter().take(4).map(stretch), runs.last().map(stretch));
    let mut parts: Vec<String> = first.collect();
    if runs.len() > 4 {
        parts.push("...".into());
        parts.extend(last);
    }
    parts.join(", ")
}

/// What was tried in vain, and what it may be.
fn no_recipe(steps: &Steps) -> Vec<String> {
    let mut out = Vec::new();
    let nearest = steps
        .excluded
        .iter()
        .min_by(|a, b| a.relative_difference.total_cmp(&b.relative_difference));
    if let Some(nearest) = nearest {
        out.push(format!(
            "{} recipes were fitted, and none makes the steps; the nearest, {}, leaves {:.1e} \
             where rounding leaves {:.0e}",
            steps.excluded.len(),
            nearest.recipe,
            nearest.relative_difference,
            nearest.rounding
        ));
        out.push(format!(
            "excluded, each with the same momentum, decay and betas in all layers and updates, are \
             {}",
            kinds(steps)
        ));
    }
    if let Some(combination) = &steps.combination {
        out.push(format!(
            "with separate coefficients in every layer and update, {combination} does make them: \
            momentum or decay may change on the way, as OneCycleLR cycles momentum"
        ));
    }
    out.push(
        "not looked into: momentum, decay or betas that change from update to update or differ \
         within a layer, clipping, a projection (weight normalisation), adaptive rates of a \
         training that began before the recording, other optimisers, states and signals that do \
         not belong together; terms use the rate above, and what it does not explain is their N \
         part"
            .into(),
    );
    out
}

/// Recipes that were excluded, without their rates.
fn kinds(steps: &Steps) -> String {
    steps.excluded.iter().map(|fit| fit.recipe.as_str()).collect::<Vec<_>>().join("; ")
}

fn list(layers: &[usize]) -> String {
    layers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", W")
}
