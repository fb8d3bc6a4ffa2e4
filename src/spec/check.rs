//! The check that makes specs ready to run.

use super::analysis::{Analysis, Spec};
use super::axes::{Axis, Placed, check_axes, grid};
use super::claim::{Families, Home, check_claims, check_families};
use super::node::{NAME_RULE, Node, Pair, Problems, file_name, is_name, text};
use super::parameters::{Listed, Scope, known, parameters, unknown_parameter};
use super::raw::{ANALYSIS_KEYS, RawAnalysis, RawSpec};
use super::settings::{MOST_CONDITIONS, Settings};
use crate::condition::{Condition, Conflict, IsolateCondition, Kind, Values};
use crate::signal::{Pair as Signals, Schedule};
use crate::text::{Choice, Settings as _, list, suggestion};
use std::ops::Range;
use toml::Spanned;

pub(super) fn check_spec(raw: &RawSpec<'_>, problems: &mut Problems) -> Option<Spec> {
    let stem =
        problems.path().file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_string();
    let name = match raw.name {
        Some(node) => file_name(node, problems),
        None if is_name(&stem) => Some(stem),
        None => {
            problems.add(
                0..0,
                format!(
                    "this spec needs a name = \"...\", as its file name does not serve: {NAME_RULE}"
                ),
            );
            None
        }
    };
    let title = text(raw.title, problems);
    let mut analyses: Vec<Analysis> = Vec::new();
    for raw_analysis in &raw.analyses {
        if let Some(analysis) = check_analysis(raw_analysis, problems) {
            if analyses.iter().any(|other| other.name == analysis.name) {
                let at = raw_analysis.name.map_or(raw_analysis.header.clone(), Spanned::span);
                problems.add(
                    at,
                    format!("there are two analyses named `{}`: rename one", analysis.name),
                );
            }
            analyses.push(analysis);
        }
    }
    let name = name?;
    let (mut claims, mut families) = (Vec::new(), Families::new());
    if problems.found.is_empty() && (!raw.claims.is_empty() || raw.families.is_some()) {
        claims = check_claims(&Home::new(&name, &analyses, &raw.lets), &raw.claims, problems);
        families = check_families(raw.families, &claims, problems);
    }
    Some(Spec { name, title, analyses, claims, families })
}

fn check_analysis(raw: &RawAnalysis<'_>, problems: &mut Problems) -> Option<Analysis> {
    let before = problems.found.len();
    let name = match raw.name {
        Some(node) => file_name(node, problems),
        None => {
            problems
                .add(raw.header.clone(), "this analysis has no name: add name = \"...\"".into());
            None
        }
    };
    let title = text(raw.title, problems);
    // Nothing else can be judged without the kind.
    let kind = check_kind(raw, problems)?;
    let placed = check_settings(&raw.settings, kind, problems);
    let given = values(&placed);
    let settings = Settings::new(kind, &given);
    let (conditions, axes, origins) = check_conditions(raw, kind, problems);
    let settings = match settings {
        Ok(mut settings) => {
            // What an extended spec reports holds as far as this one's conditions reach.
            let shortest = conditions.iter().map(Condition::last_iteration).min();
            let inherited = |at: &Range<usize>| problems.is_of_extended(at);
            if placed.get(Settings::REPORT_AT.name()).is_some_and(|(_, at)| inherited(at)) {
                settings
                    .report_at
                    .retain(|iteration| shortest.is_none_or(|shortest| *iteration <= shortest));
            }
            settings.measuring(kind, &given, &conditions).predicting(&conditions)
        }
        Err(conflict) => {
            blame(&conflict, &[&placed], &raw.header, problems);
            return None;
        }
    };
    for conflict in settings.conflicts(&conditions) {
        blame(&conflict, &[&placed, &origins], &raw.header, problems);
    }
    let mut analysis = Analysis::of_settings(name?, title, kind, settings, conditions, axes);
    check_figures(raw, &mut analysis, problems);
    (problems.found.len() == before).then_some(analysis)
}

fn check_kind(raw: &RawAnalysis<'_>, problems: &mut Problems) -> Option<Kind> {
    let kinds = Kind::ALL.map(|kind| format!("\"{}\"", kind.name()));
    let kinds = list(&kinds.each_ref().map(String::as_str));
    let Some(node) = raw.kind else {
        problems.add(raw.header.clone(), format!("this analysis has no kind: add kind = {kinds}"));
        return None;
    };
    let Some(written) = node.get_ref().as_str() else {
        problems.add(
            node.span(),
            format!("kind cannot be a TOML {}: expected {kinds}", node.get_ref().type_str()),
        );
        return None;
    };
    let kind = Kind::named(written);
    if kind.is_none() {
        let near = suggestion(written, Kind::CHOICES.iter().map(|&(name, _)| name));
        problems.add(node.span(), format!("unknown kind `{written}`: expected {kinds}{near}"));
    }
    kind
}

/// Gives the analysis its figures, in order.
fn check_figures(raw: &RawAnalysis<'_>, analysis: &mut Analysis, problems: &mut Problems) {
    for raw_figure in &raw.figures {
        if let Some(figure) = raw_figure.check(&analysis.subject(), problems) {
            if analysis.figures.iter().any(|other| other.name == figure.name) {
                let at = raw_figure
                    .keys
                    .get("name")
                    .map_or(raw_figure.header.clone(), |node| node.span());
                problems
                    .add(at, format!("there are two figures named `{}`: rename one", figure.name));
            }
            analysis.figures.push(figure);
        }
    }
}

/// Keys directly under `[[analysis]]` that are parameters of the analysis.
fn check_settings(settings: &[Pair<'_>], kind: Kind, problems: &mut Problems) -> Placed {
    let mut placed = Placed::new();
    for (key, node) in settings {
        let name = key.get_ref().as_ref();
        match known(name, kind, Scope::Analysis) {
            Some(parameter) => place(parameter, node, &mut placed, problems),
            None if Kind::ALL
                .into_iter()
                .any(|kind| parameters(kind).iter().any(|known| known.name() == name)) =>
            {
                problems.add(key.span(), unknown_parameter(name, kind, Scope::Analysis));
            }
            None => {
                let of_analysis =
                    parameters(kind).iter().filter(|known| known.scope == Scope::Analysis);
                let names = of_analysis.map(Listed::name);
                let valid: Vec<&str> = ANALYSIS_KEYS.iter().copied().chain(names).collect();
                let near = suggestion(name, valid.iter().copied());
                problems.add(
                    key.span(),
                    format!("unknown key `{name}` of an analysis: expected {}{near}", list(&valid)),
                );
            }
        }
    }
    placed
}

/// Distinct conditions, names of what varies, and where conditions' values were typed.
fn check_conditions(
    raw: &RawAnalysis<'_>,
    kind: Kind,
    problems: &mut Problems,
) -> (Vec<Condition>, Vec<&'static str>, Placed) {
    let before = problems.found.len();
    let base = check_overrides(&raw.base, kind, problems);
    let lists: Vec<(Range<usize>, Placed)> = raw
        .conditions
        .iter()
        .map(|(at, pairs)| (at.clone(), check_overrides(pairs, kind, problems)))
        .collect();
    let grid_axes = check_axes(raw, kind, problems);
    let varied = check_varied(raw, kind, &grid_axes, problems);
    let points = grid_axes
        .iter()
        .fold(lists.len().max(1), |points, axis| points.saturating_mul(axis.points.len()));
    if points > MOST_CONDITIONS {
        let at = grid_axes
            .first()
            .and_then(|axis| axis.names.first())
            .map_or(raw.header.clone(), |(_, at)| at.clone());
        problems.add(
            at,
            format!("{points} conditions are more than the {MOST_CONDITIONS} an analysis may have"),
        );
    }
    if problems.found.len() > before {
        return (Vec::new(), varied, base);
    }

    let starts = if lists.is_empty() { vec![(raw.header.clone(), Placed::new())] } else { lists };
    let mut conditions: Vec<Condition> = Vec::new();
    for (at, overrides) in starts {
        for point in grid(&grid_axes) {
            let mut placed = base.clone();
            placed.extend(overrides.clone());
            let at = point.values().last().map_or(at.clone(), |(_, at)| at.clone());
            placed.extend(point);
            match Condition::new(kind, &values(&placed)) {
                Err(conflicts) => {
                    for conflict in conflicts {
                        blame(&conflict, &[&overrides, &placed], &raw.header, problems);
                    }
                }
                Ok(condition) if is_nameless(&condition, &varied) => {
                    problems.add(
                        at,
                        "`schedule` cannot vary here, as it has no name for these signals: vary \
                         `activity`, `error` and `cross` in its place"
                            .into(),
                    );
                }
                Ok(condition) if conditions.contains(&condition) => {
                    problems.add(at, "this condition is there twice: leave one out".into());
                }
                Ok(condition) => conditions.push(condition),
            }
        }
    }
    (conditions, varied, base)
}

/// Whether a condition is told from others by a schedule that says nothing of its signals: all such
/// are called free, and signals that do not vary themselves could not be read back from that.
fn is_nameless(condition: &Condition, varied: &[&str]) -> bool {
    let Condition::Isolate(isolate) = condition else { return false };
    let named = [Signals::ACTIVITY.name(), Signals::ERROR.name(), Signals::CROSS.name()];
    let is_lost = |((name, value), (_, default))| {
        named.contains(&name) && !varied.contains(&name) && value != default
    };
    isolate.schedule == Schedule::Free
        && varied.contains(&IsolateCondition::SCHEDULE.name())
        && isolate.signals.values().into_iter().zip(Signals::default().values()).any(is_lost)
}

/// Names of what varies: what is set in conditions, then what is swept.
fn check_varied(
    raw: &RawAnalysis<'_>,
    kind: Kind,
    swept: &[Axis],
    problems: &mut Problems,
) -> Vec<&'static str> {
    let mut varied: Vec<&'static str> = Vec::new();
    for (_, pairs) in &raw.conditions {
        let names =
            pairs.iter().filter_map(|(key, _)| known(key.get_ref(), kind, Scope::Condition));
        for parameter in names {
            if !varied.contains(&parameter.name()) {
                varied.push(parameter.name());
            }
        }
    }
    for (name, at) in swept.iter().flat_map(|axis| &axis.names) {
        if varied.contains(name) {
            problems.add(
                at.clone(),
                format!("`{name}` is both swept and set in a condition: keep one of the two"),
            );
        } else {
            varied.push(name);
        }
    }
    varied
}

fn check_overrides(pairs: &[Pair<'_>], kind: Kind, problems: &mut Problems) -> Placed {
    let mut placed = Placed::new();
    for (key, node) in pairs {
        match known(key.get_ref(), kind, Scope::Condition) {
            Some(parameter) => place(parameter, node, &mut placed, problems),
            None => {
                problems.add(key.span(), unknown_parameter(key.get_ref(), kind, Scope::Condition))
            }
        }
    }
    placed
}

fn place(known: &Listed, node: Node<'_>, placed: &mut Placed, problems: &mut Problems) {
    match known.parameter.read_toml(node.get_ref()) {
        Ok(value) => {
            placed.insert(known.name(), (value, node.span()));
        }
        Err(message) => problems.add(node.span(), message),
    }
}

fn values(placed: &Placed) -> Values {
    placed.iter().map(|(name, (value, _))| (*name, value.clone())).collect()
}

/// Reports a conflict at the first of its parameters that was typed, or at the analysis.
fn blame(conflict: &Conflict, placed: &[&Placed], header: &Range<usize>, problems: &mut Problems) {
    let mut typed = placed
        .iter()
        .flat_map(|placed| conflict.parameters.iter().filter_map(|name| placed.get(name)));
    let at = typed.next().map_or(header.clone(), |(_, at)| at.clone());
    problems.add(at, conflict.message.clone());
}
