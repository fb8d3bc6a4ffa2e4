//! Specs as typed: what stands in which table.

use super::figure::RawFigure;
use super::node::{Node, Pair, Problems};
use super::settings::MOST_CONDITIONS;
use crate::text::{list, suggestion};
use std::ops::Range;
use toml::de::DeTable;

/// Tables of a kind that a spec, or an analysis, may have. What is said of one is held against all
/// others.
const MOST_TABLES: usize = 1000;

/// A spec as typed. Shapes of tables are known to be right, names and values are not.
#[derive(Default)]
pub(super) struct RawSpec<'a> {
    pub name: Option<Node<'a>>,
    pub title: Option<Node<'a>>,
    pub analyses: Vec<RawAnalysis<'a>>,
    /// Terms that claims may use.
    pub lets: Vec<Pair<'a>>,
    /// Sizes of the families of claims.
    pub families: Option<Node<'a>>,
    /// Claims of this file, and of none that it extends.
    pub claims: Vec<RawClaim<'a>>,
}

/// A claim as typed.
pub(super) struct RawClaim<'a> {
    pub header: Range<usize>,
    pub table: &'a DeTable<'a>,
}

/// An analysis as typed.
pub(super) struct RawAnalysis<'a> {
    pub header: Range<usize>,
    pub name: Option<Node<'a>>,
    pub title: Option<Node<'a>>,
    pub kind: Option<Node<'a>>,
    pub settings: Vec<Pair<'a>>,
    pub base: Vec<Pair<'a>>,
    pub sweep: Vec<Pair<'a>>,
    pub zip: Vec<Pair<'a>>,
    pub conditions: Vec<(Range<usize>, Vec<Pair<'a>>)>,
    pub figures: Vec<RawFigure<'a>>,
}

const SPEC_KEYS: &[&str] = &["name", "title", "extends", "analysis", "let", "families", "claim"];

pub(super) const ANALYSIS_KEYS: &[&str] =
    &["name", "title", "kind", "base", "sweep", "zip", "conditions", "figure"];

impl<'a> RawSpec<'a> {
    pub(super) fn read(document: &'a DeTable<'a>, problems: &mut Problems) -> Self {
        let mut raw = Self::default();
        for (key, node) in document {
            match key.get_ref().as_ref() {
                "name" => raw.name = Some(node),
                "title" => raw.title = Some(node),
                // Followed before.
                "extends" => {}
                "analysis" => {
                    let tables = tables(node, "[[analysis]]", MOST_TABLES, problems);
                    raw.analyses = tables
                        .into_iter()
                        .map(|(at, table)| RawAnalysis::read(at, table, problems))
                        .collect();
                }
                "let" => raw.lets = pairs(node, "[let]", problems),
                "families" => raw.families = Some(node),
                "claim" => {
                    let tables = tables(node, "[[claim]]", MOST_TABLES, problems);
                    raw.claims = tables
                        .into_iter()
                        .map(|(header, table)| RawClaim { header, table })
                        .collect();
                }
                other => problems.add(
                    key.span(),
                    format!(
                        "unknown key `{other}`: expected {}{}",
                        list(SPEC_KEYS),
                        suggestion(other, SPEC_KEYS.to_vec())
                    ),
                ),
            }
        }
        raw
    }
}

impl<'a> RawAnalysis<'a> {
    pub(super) fn read(
        header: Range<usize>,
        analysis: &'a DeTable<'a>,
        problems: &mut Problems,
    ) -> Self {
        let mut raw = Self {
            header,
            name: None,
            title: None,
            kind: None,
            settings: Vec::new(),
            base: Vec::new(),
            sweep: Vec::new(),
            zip: Vec::new(),
            conditions: Vec::new(),
            figures: Vec::new(),
        };
        for (key, node) in analysis {
            match key.get_ref().as_ref() {
                "name" => raw.name = Some(node),
                "title" => raw.title = Some(node),
                "kind" => raw.kind = Some(node),
                "base" => raw.base = pairs(node, "[analysis.base]", problems),
                "sweep" => raw.sweep = pairs(node, "[analysis.sweep]", problems),
                "zip" => raw.zip = pairs(node, "[analysis.zip]", problems),
                "conditions" => {
                    let tables = tables(node, "[[analysis.conditions]]", MOST_CONDITIONS, problems);
                    raw.conditions = tables
                        .into_iter()
                        .map(|(at, table)| (at, table.iter().collect()))
                        .collect();
                }
                "figure" => {
                    let tables = tables(node, "[[analysis.figure]]", MOST_TABLES, problems);
                    raw.figures = tables
                        .into_iter()
                        .map(|(at, table)| RawFigure::read(at, table, problems))
                        .collect();
                }
                _ => raw.settings.push((key, node)),
            }
        }
        raw
    }
}

/// Elements of an array of tables, of which there may be so many.
fn tables<'a>(
    node: Node<'a>,
    what: &str,
    limit: usize,
    problems: &mut Problems,
) -> Vec<(Range<usize>, &'a DeTable<'a>)> {
    let Some(items) = node.get_ref().as_array() else {
        problems.add(
            node.span(),
            format!("expected tables headed {what}, not a TOML {}", node.get_ref().type_str()),
        );
        return Vec::new();
    };
    if items.len() > limit {
        let message = format!(
            "{} tables headed {what} are more than {limit}: use several specs",
            items.len()
        );
        problems.add(node.span(), message);
        return Vec::new();
    }
    let mut found = Vec::new();
    for item in items {
        match item.get_ref().as_table() {
            Some(table) => found.push((item.span(), table)),
            None => {
                let message = format!(
                    "expected tables headed {what}, not a TOML {}",
                    item.get_ref().type_str()
                );
                problems.add(item.span(), message);
            }
        }
    }
    found
}

/// Keys and values of a table.
fn pairs<'a>(node: Node<'a>, what: &str, problems: &mut Problems) -> Vec<Pair<'a>> {
    match node.get_ref().as_table() {
        Some(table) => table.iter().collect(),
        None => {
            problems.add(
                node.span(),
                format!("expected a table headed {what}, not a TOML {}", node.get_ref().type_str()),
            );
            Vec::new()
        }
    }
}
