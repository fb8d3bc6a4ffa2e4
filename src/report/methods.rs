//! How it was done: every parameter of every condition.

use super::{Report, counted, heading, scrolling};
use crate::condition::{Kind, parameters};
use crate::spec::Analysis;
use crate::text::{Choice, Facts};
use maud::{Markup, html};

impl Kind {
    /// What an analysis of this kind runs, in a few words.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Isolate => {
                "the update rule in isolation, on signals: no loss, no target, no data"
            }
            Self::Train => "a network learning from data",
            Self::Sample => "random matrices, and no network",
            Self::Replay => {
                "the signals of a network on data, replayed through the rule in isolation"
            }
            Self::Recurrent => {
                "a recurrent network of rate units, on signals or on a task over sequences"
            }
            Self::Recorded => {
                "networks that another program trained, measured as they were recorded"
            }
            Self::Plane => "two networks from one start, and the loss over the plane they move in",
        }
    }
}

impl Report<'_> {
    pub(super) fn methods(&self) -> Markup {
        html! {
            p {
                "W_l maps layer l to layer l + 1, l from 0; B_l, fixed and random, has the shape \
                 of the transposed W_l. Angles are in degrees, computed in double precision, and \
                 never folded: beyond 90 degrees is anti-alignment. Iteration k is the state after \
                 k updates. Random numbers depend on seed, repeat and role alone, so the same \
                 repeat of two conditions starts from the same draws where these are of the same \
                 size; differences are paired by repeat."
            }
            @for analysis in self.stored.plan.analyses() { (self.method(analysis)) }
        }
    }

    fn method(&self, analysis: &Analysis) -> Markup {
        let quantities: Vec<String> =
            analysis.settings.observers.iter().map(ToString::to_string).collect();
        let texts = |numbers: &[usize]| {
            numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        };
        let reported = match &analysis.settings.report_at[..] {
            [] => String::new(),
            iterations => format!(", and at {}", texts(iterations)),
        };
        let updates = updates(analysis);
        html! {
            article id={ "methods-" (analysis.name) } {
                h3 { (heading(analysis)) }
                dl.facts {
                    dt { "What runs" } dd { (analysis.kind.in_words()) " (kind " code { (analysis.kind.name()) } ")" }
                    dt { "Conditions" } dd { (analysis.conditions.len()) }
                    dt { "Repeats" } dd { (analysis.settings.repeats) " of every condition, which \
                        differ in their random numbers" }
                    dt { "Seed" } dd { (analysis.settings.seed) }
                    dt { (if analysis.kind == Kind::Sample { "Draws" } else { "Updates" }) } dd { (updates) }
                    dt { "Measured" }
                    dd { (quantities.join(", ")) @if quantities.iter().any(|name| name.contains('@')) { " (what \
                        stands after @ is when, if not as all others)" } }
                    dt { "Recorded" } dd { code { "record-every = " (analysis.settings.record_every) } ", at the start and at the end" }
                    dt { "Reported" } dd { "at the end" (reported) }
                    @if analysis.settings.observers.iter().any(|observer| observer.quantity.has_lags()) {
                        dt { "Lags" } dd { (texts(&analysis.settings.lags)) }
                    }
                    @if analysis.settings.observers.iter().any(|observer| observer.quantity.is_of_window()) {
                        dt { "Window" }
                        dd { (analysis.settings.window.map_or("all lags".into(), |window| format!("{window} lags"))) }
                    }
                    dt { "Predictions" } dd { (if analysis.settings.predict { "exact, beside what is measured" } else { "closed forms only" }) }
                }
                (self.parameters(analysis))
            }
        }
    }

    /// What all conditions share, and what they differ in.
    fn parameters(&self, analysis: &Analysis) -> Markup {
        let values: Vec<_> =
            analysis.conditions.iter().map(|condition| condition.values()).collect();
        let text = |index: usize, name: &str| {
            values[index].get(name).map(|value| value.to_text()).unwrap_or_default()
        };
        let all = parameters(analysis.kind).iter().map(|parameter| parameter.facts());
        let (varied, shared): (Vec<&Facts>, Vec<&Facts>) = all
            .partition(|p| (1..values.len()).any(|index| text(index, p.name) != text(0, p.name)));
        let conditions = html! {
            table {
                caption { "What distinguishes the conditions." }
                thead { tr { th { "Condition" } @for parameter in &varied { th { code { (parameter.name) } } } th.number { "Jobs finished" } } }
                tbody {
                    @for (index, condition) in analysis.conditions.iter().enumerate() {
                        tr {
                            th scope="row" { (analysis.label(condition)) }
                            @for parameter in &varied { td { (text(index, parameter.name)) } }
                            td.number { (self.finished(analysis, index)) " of " (analysis.settings.repeats) }
                        }
                    }
                }
            }
        };
        html! {
            @if !varied.is_empty() { (scrolling("What distinguishes the conditions", conditions)) }
            table.cards {
                caption { (counted(shared.len(), "parameter")) " of every condition; the others \
                    are in the table above, if any." }
                thead { tr { th { "Parameter" } th { "Value" } th { "Meaning" } } }
                tbody {
                    @for parameter in &shared {
                        tr {
                            th scope="row" { code { (parameter.name) } }
                            td data-label="Value" { (text(0, parameter.name)) }
                            td.soft { (parameter.help) }
                        }
                    }
                }
            }
        }
    }

    /// Jobs of a condition that are there.
    fn finished(&self, analysis: &Analysis, index: usize) -> usize {
        self.stored.index().repeats(analysis, &analysis.conditions[index]).iter().flatten().count()
    }
}

/// Updates of a job, with the epochs they make; from least to most where conditions differ.
fn updates(analysis: &Analysis) -> String {
    let all = analysis.conditions.iter().map(|condition| {
        let last = condition.last_iteration();
        let per_epoch = condition.iterations_per_epoch();
        (
            last,
            if analysis.kind.trains() {
                format!(" ({} a pass over the data)", per_epoch)
            } else {
                String::new()
            },
        )
    });
    let mut all: Vec<(usize, String)> = all.collect();
    all.sort();
    all.dedup();
    match &all[..] {
        [] => String::new(),
        [(last, epochs)] => format!("{last}{epochs}"),
        [first, .., last] => format!("{} to {}, by condition", first.0, last.0),
    }
}
