//! Claims with their verdicts.

use super::{Report, counted};
use crate::claim::{JudgedClaim, Verdict};
use maud::{Markup, html};
use std::collections::BTreeSet;

impl Report<'_> {
    /// Every claim in a line, then each with its statistics.
    pub(super) fn claims(&self) -> Markup {
        html! {
            p { (self.verdicts()) }
            @if !self.judged.is_empty() {
                p.soft {
                    "A statistic holds if its whole interval lies inside the criterion, fails if the whole interval lies \
                     outside, and is undecided otherwise, after Holm's correction to a joint level of 5 % over the statistics \
                     of a document (the part of a name before the slash) that are judged here; claims added after the first \
                     results are counted by themselves. A claim holds if all its statistics do, and fails if one does. Intervals shown are Student's t over repeats, 95 %, uncorrected. \
                     Where a criterion comes from stands under Source."
                }
                table.cards {
                    thead { tr { th { "Verdict" } th { "Claim" } th { "What is claimed" } } }
                    tbody {
                        @for claim in &self.judged {
                            tr {
                                td.short { (verdict(claim.verdict)) }
                                td.short { a href={ "#" (anchor(&claim.name)) } { (claim.name) } }
                                td { (claim.statement) }
                            }
                        }
                    }
                }
            }
            (self.not_judged())
            @for claim in &self.judged { (self.claim(claim)) }
        }
    }

    /// How many hold, fail and are undecided.
    pub(super) fn verdicts(&self) -> String {
        let count = |verdict| self.judged.iter().filter(|claim| claim.verdict == verdict).count();
        match self.judged.len() {
            0 => "No claim could be judged: see below.".into(),
            all => format!(
                "Of {}, {} hold, {} fail, {} undecided.",
                counted(all, "claim"),
                count(Verdict::Holds),
                count(Verdict::Fails),
                count(Verdict::Undecided)
            ),
        }
    }

    fn not_judged(&self) -> Markup {
        let analyses: BTreeSet<&str> = self.elsewhere.iter().map(|claim| claim.analysis).collect();
        let analyses: Vec<&str> = analyses.into_iter().collect();
        html! {
            @if self.judged.is_empty() && self.waiting.is_empty() {
                p { "None of these analyses feeds a claim of this program: the figures and values below stand for themselves." }
            }
            @if !self.waiting.is_empty() {
                p { "Not judged, as not every job of the analysis is there:" }
                ul { @for claim in &self.waiting { li { strong { (claim.name) } ": " (claim.statement) " (" (claim.analysis) ")" } } }
            }
            @if !self.elsewhere.is_empty() {
                p {
                    (counted(self.elsewhere.len(), "claim")) " of the same documents need other analyses ("
                    (analyses.join(", ")) ") and are not judged here; together with them the correction is stricter."
                }
            }
        }
    }

    fn claim(&self, claim: &JudgedClaim) -> Markup {
        html! {
            article id=(anchor(&claim.name)) {
                h3 { (claim.name) ": " (verdict(claim.verdict)) }
                p { (claim.statement) "." }
                p.soft { "Source: " (claim.source) ". Analysis: " a href={ "#results-" (claim.analysis) } { (claim.analysis) } "." }
                table.cards {
                    thead {
                        tr { th { "Statistic" } th.number { "Mean [95 %]" } th.number { "Repeats" } th { "Criterion" } th { "Verdict" } }
                    }
                    tbody {
                        @for part in &claim.parts {
                            tr {
                                th scope="row" { (part.statistic) }
                                td.number data-label="Mean [95 %]" { (part.value()) }
                                td.number data-label="Repeats" { (part.n) }
                                td data-label="Criterion" { (part.criterion) }
                                td.short data-label="Verdict" { (verdict(part.verdict)) }
                            }
                        }
                    }
                }
                p.screen { a href="#claims" { "Back to all claims" } }
            }
        }
    }
}

/// Identifier of a claim in the page.
fn anchor(name: &str) -> String {
    format!("claim-{}", name.replace('/', "-"))
}

/// A verdict that needs no colour to be told.
fn verdict(verdict: Verdict) -> Markup {
    let (class, text) = match verdict {
        Verdict::Holds => ("verdict holds", "✓ holds"),
        Verdict::Fails => ("verdict fails", "✗ fails"),
        Verdict::Undecided => ("verdict undecided", "? undecided"),
    };
    html! { span class=(class) { (text) } }
}
