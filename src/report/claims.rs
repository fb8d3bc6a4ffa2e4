//! Claims with their verdicts.

use super::{Report, counted};
use crate::claim::{JudgedClaim, Verdict};
use crate::text::capital;
use maud::{Markup, html};

impl Report<'_> {
    /// Every claim in a line, then each with its statistics.
    pub(super) fn claims(&self) -> Markup {
        html! {
            p { (self.verdicts()) }
            @if !self.judged.is_empty() {
                p.soft {
                    "A claim holds if every statistic is inside its criterion, and fails if one is \
                     outside. Evidence is counted by e-processes, which may be looked at after \
                     every repeat; the probability of any wrong verdict among the claims of a \
                     document (the part of a name before the slash) is at most 5 %, whichever of \
                     them are judged here. Claims whose criterion was set after results were seen \
                     are counted by themselves, and are marked as exploratory. Intervals are at 95 \
                     %, and of one statistic each. Where a criterion comes from stands under \
                     Source."
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
                "Of {}, {} hold, {} fail, {} are at the bound, {} undecided.",
                counted(all, "claim"),
                count(Verdict::Holds),
                count(Verdict::Fails),
                count(Verdict::AtTheBound),
                count(Verdict::Undecided)
            ),
        }
    }

    fn not_judged(&self) -> Markup {
        html! {
            @if self.judged.is_empty() && self.waiting.is_empty() {
                p { "These specs state no claim: the figures and values below stand for \
                    themselves." }
            }
            @if !self.waiting.is_empty() {
                p { "Not judged, as not every job of the analysis is there:" }
                ul { @for claim in &self.waiting { li { strong { (claim.name) } ": " (claim.statement) " (" (claim.analysis()) ")" } } }
            }
        }
    }

    fn claim(&self, claim: &JudgedClaim) -> Markup {
        html! {
            article id=(anchor(&claim.name)) {
                h3 { (claim.name) ": " (verdict(claim.verdict)) }
                p { (claim.statement) ". (" (claim.origin()) ".)" }
                @if !claim.outlook().is_empty() { p { (capital(&claim.outlook())) "." } }
                @if !claim.why.is_empty() { p.soft { "Bounds: " (claim.why) "." } }
                @if !claim.changed.is_empty() { p.soft { "Changed: " (claim.changed) "." } }
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
        Verdict::AtTheBound => ("verdict undecided", "≈ at the bound"),
        Verdict::Undecided => ("verdict undecided", "? undecided"),
        Verdict::Refused => ("verdict undecided", "– not judged"),
    };
    html! { span class=(class) { (text) } }
}
