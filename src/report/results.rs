//! What was done in short, the figures, and the values behind them.

use super::{Report, counted, heading, scrolling};
use crate::condition::Kind;
use crate::figure::{FigureError, Tints};
use crate::run::Entry;
use crate::spec::Analysis;
use crate::text::{short, with_interval};
use maud::{Markup, html};

impl Report<'_> {
    /// Which analyses, how many conditions and repeats, and how much of it is there.
    pub(super) fn done(&self) -> Markup {
        let plan = &self.stored.plan;
        let conditions: usize = plan.analyses().map(|analysis| analysis.conditions.len()).sum();
        let (found, planned) = (self.stored.results.iter().flatten().count(), plan.jobs.len());
        html! {
            p {
                (counted(plan.analyses().count(), "analysis")) " of " (counted(conditions, "condition")) ": "
                (counted(planned, "job")) ", a job being one repeat of one condition"
                @if found == planned { "; all of them finished. " } @else { "; " (found) " of them finished. " }
                (self.verdicts())
            }
            table.cards {
                thead {
                    tr { th { "Analysis" } th { "What runs" } th { "What varies" } th.number { "Conditions" } th.number { "Repeats" } th.number { "Jobs finished" } }
                }
                tbody { @for analysis in plan.analyses() { (self.row(analysis)) } }
            }
        }
    }

    fn row(&self, analysis: &Analysis) -> Markup {
        let [found, planned] = self.stored.index().count(analysis);
        let axes =
            if analysis.axes.is_empty() { "nothing".into() } else { analysis.axes.join(", ") };
        html! {
            tr {
                th scope="row" { a href={ "#results-" (analysis.name) } { (heading(analysis)) } }
                td data-label="What runs" { (analysis.kind.in_words()) }
                td data-label="What varies" { (axes) }
                td.number data-label="Conditions" { (analysis.conditions.len()) }
                td.number data-label="Repeats" { (analysis.settings.repeats) }
                td.number data-label="Jobs finished" { (found) " of " (planned) }
            }
        }
    }

    /// Figures and final values by analysis.
    ///
    /// # Errors
    /// If a figure cannot be drawn.
    pub(super) fn results(&self, tints: &mut Tints) -> Result<Markup, FigureError> {
        let mut number = 0;
        let mut parts = Vec::new();
        for analysis in self.stored.plan.analyses() {
            let mut figures = Vec::new();
            for spec in &analysis.figures {
                number += 1;
                figures.push(self.figure(analysis, spec, number, tints)?);
            }
            parts.push(html! {
                article id={ "results-" (analysis.name) } {
                    h3 { (heading(analysis)) }
                    p {
                        (counted(analysis.conditions.len(), "condition")) ", " (counted(analysis.settings.repeats, "repeat"))
                        " each. How it was done: " a href={ "#methods-" (analysis.name) } { "methods" } "."
                    }
                    @for figure in &figures { (figure) }
                    (self.values(analysis))
                }
            });
        }
        Ok(html! { @for part in &parts { (part) } })
    }

    fn values(&self, analysis: &Analysis) -> Markup {
        let entries: Vec<&Entry> =
            self.entries.iter().filter(|entry| entry.analysis == analysis.name).collect();
        let of_lags = entries.iter().any(|entry| entry.lag.is_some());
        let predicted = entries.iter().any(|entry| entry.prediction.is_some());
        let state = if analysis.kind == Kind::Sample { "Draws" } else { "Update" };
        let table = html! {
            table {
                caption { "Means over repeats, Student's 95 % interval, and standard deviation \
                    over repeats." }
                thead {
                    tr {
                        th { "Condition" } th { "Quantity" } th.number { "Layer" }
                        @if of_lags { th.number { "Lag" } }
                        th.number { (state) } th.number { "Mean [95 %]" } th.number { "SD" } th.number { "Repeats" }
                        @if predicted { th.number { "Predicted" } }
                        th.number { "Absent" }
                    }
                }
                tbody {
                    @for entry in &entries {
                        tr {
                            td { (entry.label) }
                            td.short { a href={ "#quantity-" (entry.quantity.name()) } { (entry.quantity.info().label) } }
                            td.number { (entry.layer.map(|l| l.to_string()).unwrap_or_default()) }
                            @if of_lags { td.number { (entry.lag.map(|l| l.to_string()).unwrap_or_default()) } }
                            td.number { (entry.iteration) }
                            td.number { (mean(entry)) }
                            td.number { (entry.sd.map(short).unwrap_or_default()) }
                            td.number { (entry.n) }
                            @if predicted { td.number { (entry.prediction.map(short).unwrap_or_default()) } }
                            td.number { (entry.absent) }
                        }
                    }
                }
            }
        };
        html! {
            @if !entries.is_empty() {
                details {
                    summary { "All " (entries.len()) " values of " (heading(analysis)) }
                    (scrolling(&format!("Values of {}", heading(analysis)), table))
                }
            }
        }
    }
}

/// Mean with its interval.
fn mean(entry: &Entry) -> String {
    match (entry.mean, entry.ci95) {
        (Some(mean), Some(ends)) => with_interval(mean, ends),
        (Some(mean), None) => short(mean),
        (None, _) => "absent".into(),
    }
}
