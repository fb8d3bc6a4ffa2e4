//! What to be careful about, and how to do it again.

use super::{Report, counted};
use crate::condition::Condition;
use crate::quantity::Quantity;
use crate::run::{Outcome, RESULTS_VERSION};
use crate::spec::{Analysis, Spec};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Quantities that raise validity flags.
const WATCHED: [Quantity; 3] =
    [Quantity::ActivationGrowth, Quantity::BpGradientNorm, Quantity::GradientStability];

impl Report<'_> {
    /// Jobs that diverged, in words.
    pub(super) fn diverged(&self) -> Vec<String> {
        let planned = self.stored.plan.planned();
        let diverged =
            planned.filter_map(|p| match self.stored.results.get(p.job)?.as_ref()?.outcome {
                Outcome::Completed => None,
                Outcome::Diverged { iteration, layer } => Some(format!(
                    "{} ({}), repeat {}: at iteration {iteration} in layer {layer}",
                    p.analysis.name,
                    p.analysis.label(p.condition),
                    p.repeat
                )),
            });
        diverged.collect()
    }

    /// Values that do not exist, by quantity: how many, of how many.
    fn absent(&self) -> BTreeMap<Quantity, [usize; 2]> {
        let mut counts: BTreeMap<Quantity, [usize; 2]> = BTreeMap::new();
        for record in self.stored.results.iter().flatten().flat_map(|result| &result.records) {
            let count = counts.entry(record.quantity).or_default();
            count[0] += usize::from(record.value.is_none());
            count[1] += 1;
        }
        counts.retain(|_, [absent, _]| *absent > 0);
        counts
    }

    pub(super) fn validity(&self) -> Markup {
        let (diverged, absent) = (self.diverged(), self.absent());
        let unwatched = |analysis: &&Analysis| {
            !analysis.quantities().any(|quantity| WATCHED.contains(&quantity))
        };
        let unwatched: Vec<&str> =
            self.stored.plan.analyses().filter(unwatched).map(|a| a.name.as_str()).collect();
        let watched: Vec<&str> = WATCHED.iter().map(|quantity| quantity.name()).collect();
        html! {
            h3 { "Flags" }
            @if self.flags.is_empty() { p { "None was raised." } }
            ul { @for flag in &self.flags { li { (flag) } } }
            @if !unwatched.is_empty() {
                p.soft {
                    "What flags are made of (" (watched.join(", ")) ") was not measured in " (unwatched.join(", "))
                    ", so none could be raised there."
                }
            }
            h3 { "Diverged" }
            @if diverged.is_empty() { p { "No job." } }
            ul { @for job in &diverged { li { (job) } } }
            h3 { "Values that do not exist" }
            @if absent.is_empty() { p { "None: every value asked for was measured." } }
            ul {
                @for (quantity, [some, all]) in &absent {
                    li { (quantity.info().label) ": " (some) " of " (all) " (counted as absent, \
                        never as 0 or 90 degrees)" }
                }
            }
        }
    }

    pub(super) fn reproduce(&self) -> Markup {
        let data = self.data_sets();
        html! {
            p {
                "This report was made by alignscope " (env!("CARGO_PKG_VERSION")) ", which gives results of version "
                (RESULTS_VERSION) ". The same spec gives the same " code { "series.csv" }
                ", byte for byte, on any number of threads with the same binary and processor \
                 features."
            }
            table.cards {
                caption { "Runs taken together here." }
                thead { tr { th { "Run" } th { "Version" } th { "Address of the results" } th { "Ended" } } }
                tbody {
                    @for (number, run) in self.stored.directories.iter().enumerate() {
                        tr {
                            th scope="row" { (number + 1) }
                            td data-label="Version" { (run.version) }
                            td data-label="Address" { code { (run.address) } }
                            td data-label="Ended" { (run.ended) }
                        }
                    }
                }
            }
            dl.facts {
                @for analysis in self.stored.plan.analyses() {
                    dt { "Seed of " (analysis.name) } dd { (analysis.settings.seed) }
                }
            }
            h3 { "Commands" }
            @if !data.is_empty() {
                p {
                    (counted(data.len(), "data set")) " read: " (data.join(", ")) ". Where they \
                        are and whether they are the official files is shown by " code { "alignscope data verify" } "; the digits come with the program."
                }
            }
            p { "Save the specs below under their names, then:" }
            pre { code { (self.commands()) } }
            p {
                "A figure by the name in its caption, in any format or theme, or another one from \
                 the same results: "
                code { "alignscope figure RUN --help" } ". Verdicts alone, on the command line: " code { "alignscope verify SPEC" } "."
            }
            @for spec in &self.stored.plan.specs { (written(spec)) }
        }
    }

    /// Names of the data sets, each once.
    fn data_sets(&self) -> Vec<String> {
        let conditions = self.stored.plan.analyses().flat_map(|analysis| &analysis.conditions);
        let mut names: Vec<String> =
            conditions.filter_map(Condition::train).map(|train| train.data.to_string()).collect();
        names.sort();
        names.dedup();
        names
    }

    fn commands(&self) -> String {
        let names: Vec<&str> =
            self.stored.plan.specs.iter().map(|spec| spec.name.as_str()).collect();
        let runs: Vec<String> = names.iter().map(|name| format!("runs/{name}")).collect();
        let each = names
            .iter()
            .zip(&runs)
            .map(|(name, run)| format!("alignscope run {name}.toml --out {run}\n"));
        let each: String = each.collect();
        format!("{each}alignscope report {} --out report.html\n", runs.join(" "))
    }
}

/// A spec in full.
fn written(spec: &Spec) -> Markup {
    html! {
        details.print {
            summary { code { (spec.name) ".toml" } }
            pre { code { (spec.to_toml()) } }
        }
    }
}
