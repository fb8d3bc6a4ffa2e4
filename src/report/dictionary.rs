//! The data dictionary: every quantity measured, and every column of the series.

use super::{Report, scrolling};
use crate::quantity::Quantity;
use crate::run::columns;
use maud::{Markup, html};

impl Report<'_> {
    /// What was measured in any of the runs, in the order of the registry.
    pub(super) fn measured(&self) -> Vec<Quantity> {
        let is_measured = |quantity: &Quantity| {
            self.stored.plan.analyses().any(|a| a.quantities().any(|q| q == *quantity))
        };
        Quantity::ALL.iter().copied().filter(is_measured).collect()
    }

    pub(super) fn dictionary(&self) -> Markup {
        let columns_of = html! {
            table {
                caption { "Columns of " code { "series.csv" } ", which holds every recorded value." }
                thead { tr { th { "Column" } th { "Holds" } } }
                tbody {
                    @for (name, holds) in columns(&self.stored.plan) { tr { th scope="row" { code { (name) } } td { (holds) } } }
                }
            }
        };
        html! {
            table.cards {
                caption { "Quantities measured." }
                thead { tr { th { "Quantity" } th { "Symbol" } th { "Unit" } th { "Definition" } } }
                tbody {
                    @for info in self.measured().into_iter().map(Quantity::info) {
                        tr id={ "quantity-" (info.name) } {
                            th scope="row" { (info.label) " " code { (info.name) } }
                            td.short data-label="Symbol" { (info.symbol) }
                            td data-label="Unit" { (if info.unit.is_empty() { "none" } else { info.unit }) }
                            td { (info.definition) }
                        }
                    }
                }
            }
            (scrolling("Columns of series.csv", columns_of))
        }
    }
}
