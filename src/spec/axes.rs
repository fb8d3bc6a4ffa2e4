//! What varies in an analysis: lists and ranges, in every combination or varied together.

use super::node::{Node, Pair, Problems};
use super::parameters::{Scope, known, unknown_parameter};
use super::range::{RANGE, has_range, is_number, range_in};
use super::raw::RawAnalysis;
use crate::condition::Kind;
use crate::text::{AnyParameter, Value, suggestion};
use std::collections::BTreeMap;
use std::ops::Range;

/// One direction of the grid of conditions.
pub(super) struct Axis {
    /// Parameters that vary along it, and where they were typed.
    pub names: Vec<(&'static str, Range<usize>)>,
    /// Their values at each point.
    pub points: Vec<Placed>,
}

/// A list of values: name, place, values with their places.
type List = (&'static str, Range<usize>, Vec<(Value, Range<usize>)>);

/// The axes of an analysis, the slowest first: what is varied together, and then what is swept.
pub(super) fn check_axes(raw: &RawAnalysis<'_>, kind: Kind, problems: &mut Problems) -> Vec<Axis> {
    let zipped = check_lists(&raw.zip, kind, problems);
    let swept = check_lists(&raw.sweep, kind, problems);
    for (name, at, _) in
        swept.iter().filter(|(name, ..)| zipped.iter().any(|(other, ..)| other == name))
    {
        problems.add(
            at.clone(),
            format!("`{name}` is both swept and in [analysis.zip]: keep one of the two"),
        );
    }
    let mut axes = Vec::new();
    if let Some((first, others)) = zipped.split_first() {
        let length = first.2.len();
        for (name, at, values) in others.iter().filter(|(.., values)| values.len() != length) {
            let (values, first) = (values.len(), first.0);
            let message = format!(
                "what is varied together has as many values each: `{name}` has {values}, `{first}` \
                 {length}"
            );
            problems.add(at.clone(), message);
        }
        axes.push(axis(&zipped));
    }
    axes.extend(swept.iter().map(|list| axis(std::slice::from_ref(list))));
    axes
}

/// An axis along which lists are varied together.
fn axis(lists: &[List]) -> Axis {
    let length = lists.iter().map(|(.., values)| values.len()).min().unwrap_or(0);
    let point =
        |at: usize| lists.iter().map(|(name, _, values)| (*name, values[at].clone())).collect();
    Axis {
        names: lists.iter().map(|(name, at, _)| (*name, at.clone())).collect(),
        points: (0..length).map(point).collect(),
    }
}

/// Points of a grid, the first axis slowest.
pub(super) fn grid(axes: &[Axis]) -> Vec<Placed> {
    axes.iter().fold(vec![Placed::new()], |points, axis| {
        let along = |point: &Placed| -> Vec<Placed> {
            let with = |other: &Placed| point.clone().into_iter().chain(other.clone()).collect();
            axis.points.iter().map(with).collect()
        };
        points.iter().flat_map(along).collect()
    })
}

fn check_lists(pairs: &[Pair<'_>], kind: Kind, problems: &mut Problems) -> Vec<List> {
    let mut lists = Vec::new();
    for (key, node) in pairs {
        match known(key.get_ref(), kind, Scope::Condition) {
            Some(known) => lists.push((
                known.name(),
                key.span(),
                check_list(&*known.parameter, node, problems),
            )),
            None => {
                problems.add(key.span(), unknown_parameter(key.get_ref(), kind, Scope::Condition))
            }
        }
    }
    lists
}

/// The values of a list, in which ranges may stand, or of a range.
fn check_list(
    parameter: &dyn AnyParameter,
    node: Node<'_>,
    problems: &mut Problems,
) -> Vec<(Value, Range<usize>)> {
    let mut values = Vec::new();
    let mut take = |item: Node<'_>, problems: &mut Problems| {
        let text = item.get_ref().as_str();
        let found = text.and_then(|text| range_in(parameter, text));
        let found =
            found.unwrap_or_else(|| parameter.read_toml(item.get_ref()).map(|value| vec![value]));
        match found {
            Ok(found) => values.extend(found.into_iter().map(|value| (value, item.span()))),
            Err(message) => problems.add(item.span(), message),
        }
    };
    match (node.get_ref().as_array(), node.get_ref().as_str()) {
        (Some(items), _) if !items.is_empty() => items.iter().for_each(|item| take(item, problems)),
        (_, Some(text)) if has_range(text) => take(node, problems),
        (_, text) => problems.add(node.span(), no_list(parameter, text)),
    }
    values
}

fn no_list(parameter: &dyn AnyParameter, text: Option<&str>) -> String {
    let name = parameter.facts().name;
    let list = format!("{name} is swept over a list of values, such as {name} = [..., ...]");
    if !is_number(parameter) {
        return list;
    }
    let near = text
        .and_then(|text| text.split_once(':'))
        .map(|(start, _)| suggestion(start, ["lin", "log"]));
    format!("{list}, or over a range, {RANGE}{}", near.unwrap_or_default())
}

/// Values with the place each was typed at.
pub(super) type Placed = BTreeMap<&'static str, (Value, Range<usize>)>;
