//! What a recording lacks, and what cannot be said for it.

use super::run::RecordedRun;
use serde::Serialize;

/// A member that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// Its name, or what is missing of it.
    pub member: String,
    /// What cannot be said without it.
    pub costs: String,
}

impl RecordedRun {
    /// Every member that is not there and would have let more be said.
    pub fn missing(&self) -> Vec<Missing> {
        let mut out = Vec::new();
        for l in 0..self.depth() {
            self.missing_weights(l, &mut out);
        }
        for l in 0..self.depth() {
            self.missing_signals(l, &mut out);
        }
        if self.iterations() > 0 && self.labels.is_none() {
            out.push(missing("labels", "similarities within and between classes".into()));
        }
        out
    }

    fn missing_weights(&self, l: usize, out: &mut Vec<Missing>) {
        let member = format!("W{l}");
        let update =
            (l + 1 < self.depth()).then(|| format!(", decomposition of the update of W{}", l + 1));
        let update = update.unwrap_or_default();
        match self.weights(l) {
            None => {
                let alignment = if l > 0 { "weight alignment and " } else { "" };
                out.push(missing(
                    &member,
                    format!(
                        "{alignment}spectrum of layer {l}, its steps, activation of layer \
                        {}{update}",
                        l + 1
                    ),
                ));
            }
            Some(stack) if stack.len() == 1 && self.iterations() > 1 => out.push(missing(
                &format!("{member} of every iteration"),
                format!("course of layer {l}, its steps, activation of layer {}{update}", l + 1),
            )),
            Some(stack) if stack.len() > 1 && stack.len() == self.iterations() => {
                out.push(missing(
                    &format!("last state of {member}"),
                    format!("last step and final state of layer {l}"),
                ));
            }
            Some(_) => {}
        }
        if l > 0 && self.backward(l).is_none() {
            let costs = format!(
                "weight alignment of layer {l}, where its updates and their terms point, its \
                 prediction"
            );
            out.push(missing(&format!("B{l}"), costs));
        }
    }

    fn missing_signals(&self, l: usize, out: &mut Vec<Missing>) {
        let above = l + 1;
        if self.activity(l).is_none() {
            let mut costs = format!("steps of W{l}");
            if l > 0 {
                costs.push_str(&format!(", activation of layer {l} unless given"));
            }
            if above < self.depth() {
                costs
                    .push_str(&format!(", similarities, decomposition and prediction of W{above}"));
            }
            out.push(missing(&format!("activity{l}"), costs));
        }
        if self.delta(above).is_none() {
            let mut costs = format!("steps of W{l}");
            if l > 0 {
                costs.push_str(&format!(", similarities, decomposition and prediction of W{l}"));
            }
            if above < self.depth() {
                costs.push_str(&format!(", what carried the error back to layer {above}"));
            }
            out.push(missing(&format!("delta{above}"), costs));
        }
        if self.biases(above).is_none() && self.weights(l).is_some() && above < self.depth() {
            out.push(missing(
                &format!("b{above}"),
                format!("nothing, if layer {above} has no biases: none are assumed"),
            ));
        }
    }
}

fn missing(member: &str, costs: String) -> Missing {
    Missing { member: member.into(), costs }
}
