//! The spec that claims stand in, and its analyses.

use super::tree::{Entry, Tree};
use crate::condition::Kind;
use crate::spec::analysis::Analysis;
use crate::spec::node::Pair;
use std::collections::BTreeMap;

/// The spec that claims stand in.
pub(in crate::spec) struct Home<'a> {
    /// Its name, the document of claims that name none.
    pub(super) name: &'a str,
    /// Its analyses.
    pub(super) known: Vec<KnownAnalysis<'a>>,
    /// Terms of the spec.
    pub(super) lets: Vec<Entry>,
}

/// An analysis, with the texts of its conditions' values.
pub(crate) struct KnownAnalysis<'a> {
    pub analysis: &'a Analysis,
    pub texts: Vec<BTreeMap<&'static str, String>>,
}

impl<'a> KnownAnalysis<'a> {
    pub fn of(analysis: &'a Analysis) -> Self {
        let texts = analysis.conditions.iter().map(|condition| {
            condition.values().iter().map(|(name, value)| (*name, value.to_text())).collect()
        });
        Self { analysis, texts: texts.collect() }
    }

    /// Indices of the conditions that have these values.
    pub fn matching<'b>(
        &'b self,
        wanted: &'b [(&'static str, String)],
    ) -> impl Iterator<Item = usize> + 'b {
        let matches = |texts: &BTreeMap<&'static str, String>| {
            wanted.iter().all(|(name, text)| texts.get(name) == Some(text))
        };
        self.texts
            .iter()
            .enumerate()
            .filter(move |(_, texts)| matches(texts))
            .map(|(index, _)| index)
    }

    /// The first of them.
    pub fn first(&self, wanted: &[(&'static str, String)]) -> Option<usize> {
        self.matching(wanted).next()
    }
}

impl<'a> Home<'a> {
    /// What an analysis runs.
    pub(super) fn kind_of(&self, analysis: &str) -> Option<Kind> {
        self.known
            .iter()
            .find(|known| known.analysis.name == analysis)
            .map(|known| known.analysis.kind)
    }

    /// Of a spec's name, analyses and `[let]`.
    pub fn new(name: &'a str, analyses: &'a [Analysis], lets: &[Pair<'_>]) -> Self {
        let entry = |(key, node): &Pair<'_>| Entry {
            key: key.get_ref().to_string(),
            at: key.span(),
            value: Tree::of(node),
        };
        Self {
            name,
            known: analyses.iter().map(KnownAnalysis::of).collect(),
            lets: lets.iter().map(entry).collect(),
        }
    }
}
