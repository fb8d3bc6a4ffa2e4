//! The check that makes specs ready to run.

use super::analysis::{Analysis, Figure, FigureKind, MOST_CONDITIONS, Panels, Spec, XAxis};
use super::axes::{Placed, check_axes, grid};
use super::parameters::{Listed, Scope, known, parameters, unknown_parameter};
use super::raw::{ANALYSIS_KEYS, Node, Pair, Problems, RawAnalysis, RawFigure, RawSpec};
use super::settings::Settings;
use crate::condition::{Condition, Conflict, Kind, SampleCondition, Values};
use crate::quantity::Quantity;
use crate::text::{Choice, canonical, list, suggestion};
use std::collections::BTreeSet;
use std::ops::Range;
use toml::Spanned;
use toml::de::DeValue;

pub(super) fn check_spec(raw: &RawSpec<'_>, problems: &mut Problems) -> Option<Spec> {
    let stem = problems.path().file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_string();
    let name = match raw.name {
        Some(node) => file_name(node, problems),
        None if is_name(&stem) => Some(stem),
        None => {
            problems
                .add(0..0, format!("this spec needs a name = \"...\", as its file name does not serve: {NAME_RULE}"));
            None
        }
    };
    let title = text(raw.title, problems);
    let mut analyses: Vec<Analysis> = Vec::new();
    for raw_analysis in &raw.analyses {
        if let Some(analysis) = check_analysis(raw_analysis, problems) {
            if analyses.iter().any(|other| other.name == analysis.name) {
                let at = raw_analysis.name.map_or(raw_analysis.header.clone(), Spanned::span);
                problems.add(at, format!("there are two analyses named `{}`: rename one", analysis.name));
            }
            analyses.push(analysis);
        }
    }
    Some(Spec { name: name?, title, analyses })
}

fn check_analysis(raw: &RawAnalysis<'_>, problems: &mut Problems) -> Option<Analysis> {
    let before = problems.found.len();
    let name = match raw.name {
        Some(node) => file_name(node, problems),
        None => {
            problems.add(raw.header.clone(), "this analysis has no name: add name = \"...\"".into());
            None
        }
    };
    let title = text(raw.title, problems);
    let kinds = Kind::ALL.map(|kind| format!("\"{}\"", kind.name()));
    let kinds = list(&kinds.each_ref().map(String::as_str));
    // Nothing else can be judged without the kind.
    let Some(node) = raw.kind else {
        problems.add(raw.header.clone(), format!("this analysis has no kind: add kind = {kinds}"));
        return None;
    };
    let Some(written) = node.get_ref().as_str() else {
        problems.add(node.span(), format!("kind cannot be a TOML {}: expected {kinds}", node.get_ref().type_str()));
        return None;
    };
    let Some(kind) = Kind::named(written) else {
        let near = suggestion(written, Kind::CHOICES.iter().map(|&(name, _)| name));
        problems.add(node.span(), format!("unknown kind `{written}`: expected {kinds}{near}"));
        return None;
    };

    let placed = check_settings(&raw.settings, kind, problems);
    let settings = Settings::new(kind, &values(&placed));
    let (conditions, axes, origins) = check_conditions(raw, kind, problems);
    let settings = match settings {
        Ok(settings) => settings,
        Err(conflict) => {
            blame(&conflict, &[&placed], &raw.header, problems);
            return None;
        }
    };
    for conflict in settings.conflicts(&conditions) {
        blame(&conflict, &[&placed, &origins], &raw.header, problems);
    }
    let mut analysis = Analysis::of_settings(name?, title, kind, settings, conditions, axes);
    for raw_figure in &raw.figures {
        if let Some(figure) = check_figure(raw_figure, &analysis, problems) {
            if analysis.figures.iter().any(|other| other.name == figure.name) {
                let at = raw_figure.keys.get("name").map_or(raw_figure.header.clone(), |node| node.span());
                problems.add(at, format!("there are two figures named `{}`: rename one", figure.name));
            }
            analysis.figures.push(figure);
        }
    }
    (problems.found.len() == before).then_some(analysis)
}

/// Keys directly under `[[analysis]]` that are parameters of the analysis.
fn check_settings(settings: &[Pair<'_>], kind: Kind, problems: &mut Problems) -> Placed {
    let mut placed = Placed::new();
    for (key, node) in settings {
        let name = key.get_ref().as_ref();
        match known(name, kind, Scope::Analysis) {
            Some(parameter) => place(parameter, node, &mut placed, problems),
            None if Kind::ALL.into_iter().any(|kind| parameters(kind).iter().any(|known| known.name() == name)) => {
                problems.add(key.span(), unknown_parameter(name, kind, Scope::Analysis));
            }
            None => {
                let of_analysis = parameters(kind).iter().filter(|known| known.scope == Scope::Analysis);
                let names = of_analysis.map(Listed::name);
                let valid: Vec<&str> = ANALYSIS_KEYS.iter().copied().chain(names).collect();
                let near = suggestion(name, valid.iter().copied());
                problems
                    .add(key.span(), format!("unknown key `{name}` of an analysis: expected {}{near}", list(&valid)));
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
    let lists: Vec<(Range<usize>, Placed)> =
        raw.conditions.iter().map(|(at, pairs)| (at.clone(), check_overrides(pairs, kind, problems))).collect();
    let grid_axes = check_axes(raw, kind, problems);

    let mut axes: Vec<&'static str> = Vec::new();
    for (_, pairs) in &raw.conditions {
        let names = pairs.iter().filter_map(|(key, _)| known(key.get_ref(), kind, Scope::Condition));
        for parameter in names {
            if !axes.contains(&parameter.name()) {
                axes.push(parameter.name());
            }
        }
    }
    for (name, at) in grid_axes.iter().flat_map(|axis| &axis.names) {
        if axes.contains(name) {
            problems.add(at.clone(), format!("`{name}` is both swept and set in a condition: keep one of the two"));
        } else {
            axes.push(name);
        }
    }
    let points = grid_axes.iter().fold(lists.len().max(1), |points, axis| points.saturating_mul(axis.points.len()));
    if points > MOST_CONDITIONS {
        let at = grid_axes.first().and_then(|axis| axis.names.first()).map_or(raw.header.clone(), |(_, at)| at.clone());
        problems.add(at, format!("{points} conditions are more than the {MOST_CONDITIONS} an analysis may have"));
    }
    if problems.found.len() > before {
        return (Vec::new(), axes, base);
    }

    let starts = if lists.is_empty() { vec![(raw.header.clone(), Placed::new())] } else { lists };
    let mut conditions: Vec<(Condition, Range<usize>)> = Vec::new();
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
                Ok(condition) if conditions.iter().any(|(other, _)| *other == condition) => {
                    problems.add(at, "this condition is there twice: leave one out".into());
                }
                Ok(condition) => conditions.push((condition, at)),
            }
        }
    }
    (conditions.into_iter().map(|(condition, _)| condition).collect(), axes, base)
}

fn check_overrides(pairs: &[Pair<'_>], kind: Kind, problems: &mut Problems) -> Placed {
    let mut placed = Placed::new();
    for (key, node) in pairs {
        match known(key.get_ref(), kind, Scope::Condition) {
            Some(parameter) => place(parameter, node, &mut placed, problems),
            None => problems.add(key.span(), unknown_parameter(key.get_ref(), kind, Scope::Condition)),
        }
    }
    placed
}

pub(super) fn check_figure(raw: &RawFigure<'_>, analysis: &Analysis, problems: &mut Problems) -> Option<Figure> {
    let before = problems.found.len();
    let value = |key: &str| raw.keys.get(key).copied();
    let name = match value("name") {
        Some(node) => file_name(node, problems),
        None => {
            problems.add(raw.header.clone(), "this figure has no name: add name = \"...\"".into());
            None
        }
    };
    let kind = check_kind(raw, analysis, problems);
    let quantities = check_quantities(raw, kind, analysis, problems);
    let layers = value("layers").map(|node| check_layers(node, (kind, &quantities), analysis, problems));
    let figure = Figure {
        title: text(value("title"), problems),
        x: check_axis(raw, kind, analysis, problems),
        y: check_vertical(raw, kind, analysis, problems),
        by: check_by(raw, analysis, problems),
        log: value("scale").is_some_and(|node| check_scale(node, problems)),
        panels: check_panels(raw, analysis, problems),
        only: value("where").map(|node| check_where(node, analysis, problems)).unwrap_or_default(),
        smooth: value("smooth").map_or(1, |node| check_smooth(node, problems)),
        range: value("range").and_then(|node| check_range(node, problems)),
        lags: value("lags").map(|node| check_lags(node, analysis, problems)).unwrap_or_default(),
        at: value("at").map(|node| check_at(node, kind, analysis, problems)).unwrap_or_default(),
        layers: layers.unwrap_or_default(),
        together: value("together").is_some_and(|node| check_together(node, kind, problems)),
        name: name?,
        kind,
        quantities,
    };
    (problems.found.len() == before).then_some(figure)
}

/// What kind of figure it is; curves if it says nothing.
fn check_kind(raw: &RawFigure<'_>, analysis: &Analysis, problems: &mut Problems) -> FigureKind {
    let mut kind = FigureKind::Curves;
    if let Some(node) = raw.keys.get("kind") {
        match canonical::<FigureKind>("kind", node.get_ref().as_str().unwrap_or_default()) {
            Ok(name) => kind = FigureKind::named(name).unwrap_or(kind),
            Err(message) => problems.add(node.span(), message),
        }
        if kind.is_of_draws() != (analysis.kind == Kind::Sample) {
            let (figure, of) = (kind.name(), analysis.kind.name());
            problems
                .add(node.span(), format!("a figure of kind \"{figure}\" cannot show an analysis of kind \"{of}\""));
        }
    } else if analysis.kind == Kind::Sample {
        let expected = "add kind = \"density\", \"spectrum\", \"cells\" or \"groups\"";
        problems.add(raw.header.clone(), format!("an analysis of kind \"sample\" has no curves: {expected}"));
    }
    kind
}

/// Quantities to be shown, each of them measured; all if it says nothing.
fn check_quantities(
    raw: &RawFigure<'_>,
    kind: FigureKind,
    analysis: &Analysis,
    problems: &mut Problems,
) -> Vec<Quantity> {
    let mut quantities: Vec<Quantity> = analysis.quantities().collect();
    if let Some(node) = raw.keys.get("quantities") {
        quantities = Vec::new();
        for (at, name) in texts(node, "quantities", problems) {
            match Quantity::parse(name, analysis.kind) {
                Ok(quantity) if analysis.quantities().any(|measured| measured == quantity) => quantities.push(quantity),
                Ok(_) => {
                    problems
                        .add(at, format!("`{name}` is not measured here: add it to the quantities of the analysis"));
                }
                Err(message) => problems.add(at, message),
            }
        }
    }
    if kind == FigureKind::Scatter && quantities.len() != 2 {
        let message = "a figure of kind \"scatter\" needs two quantities, of the horizontal and of the vertical axis";
        problems.add(raw.header.clone(), message.into());
    }
    quantities
}

/// The vertical axis of a map.
fn check_vertical(
    raw: &RawFigure<'_>,
    kind: FigureKind,
    analysis: &Analysis,
    problems: &mut Problems,
) -> Option<&'static str> {
    let y = raw.keys.get("y").and_then(|node| axis_parameter(node, analysis, problems));
    if (kind == FigureKind::Map) != raw.keys.contains_key("y") {
        let message = "a figure has y = \"PARAMETER\" if and only if it is of kind \"map\"";
        problems.add(raw.header.clone(), message.into());
    }
    y
}

/// Parameters that curves differ in; all that vary if it says nothing.
fn check_by(raw: &RawFigure<'_>, analysis: &Analysis, problems: &mut Problems) -> Vec<&'static str> {
    let Some(node) = raw.keys.get("by") else { return analysis.axes.clone() };
    let mut by = Vec::new();
    for (at, name) in texts(node, "by", problems) {
        match known(name, analysis.kind, Scope::Condition) {
            Some(parameter) => by.push(parameter.name()),
            None => problems.add(at, unknown_parameter(name, analysis.kind, Scope::Condition)),
        }
    }
    by
}

/// Whether the scale is logarithmic.
fn check_scale(node: Node<'_>, problems: &mut Problems) -> bool {
    match node.get_ref().as_str() {
        Some("linear") => false,
        Some("log") => true,
        _ => {
            problems.add(node.span(), "unknown scale: expected \"linear\" or \"log\"".into());
            false
        }
    }
}

/// Iterations that are averaged over.
fn check_smooth(node: Node<'_>, problems: &mut Problems) -> usize {
    SampleCondition::DRAWS.parse_toml(node.get_ref()).unwrap_or_else(|_| {
        problems.add(node.span(), "smooth must be a number of iterations, such as smooth = 60".into());
        1
    })
}

/// Whether all quantities share one panel.
fn check_together(node: Node<'_>, kind: FigureKind, problems: &mut Problems) -> bool {
    match node.get_ref().as_bool() {
        Some(together) if kind == FigureKind::Curves => together,
        _ => {
            problems.add(node.span(), "together must be true or false, for a figure of kind \"curves\"".into());
            false
        }
    }
}

/// Reported iterations to be shown.
fn check_at(node: Node<'_>, kind: FigureKind, analysis: &Analysis, problems: &mut Problems) -> Vec<usize> {
    let Ok(at) = Settings::REPORT_AT.parse_toml(node.get_ref()) else {
        problems.add(node.span(), "at must be a list of iterations, such as at = [66]".into());
        return Vec::new();
    };
    if kind != FigureKind::Lags {
        problems.add(node.span(), "at selects iterations of a figure of kind \"lags\": leave it out".into());
    } else if let Some(k) = at.iter().find(|k| !analysis.settings.report_at.contains(k)) {
        problems.add(node.span(), format!("iteration {k} is not reported here: add it to report-at of the analysis"));
    }
    at
}

/// Lags to be shown, each of them measured.
fn check_lags(node: Node<'_>, analysis: &Analysis, problems: &mut Problems) -> Vec<usize> {
    match Settings::LAGS.parse_toml(node.get_ref()) {
        Ok(lags) => {
            if let Some(lag) = lags.iter().find(|lag| !analysis.settings.lags.contains(lag)) {
                problems
                    .add(node.span(), format!("lag {lag} is not measured here: add it to the lags of the analysis"));
            }
            lags
        }
        Err(message) => {
            problems.add(node.span(), message);
            Vec::new()
        }
    }
}

/// Layers to be shown, each of them one that quantities of the figure are measured at.
fn check_layers(
    node: Node<'_>,
    (kind, quantities): (FigureKind, &[Quantity]),
    analysis: &Analysis,
    problems: &mut Problems,
) -> Vec<usize> {
    let whole = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::Integer(n) => n.as_str().parse::<usize>().ok(),
        _ => None,
    };
    let layers: Option<Vec<usize>> = node.get_ref().as_array().and_then(|items| items.iter().map(whole).collect());
    let Some(layers) = layers.filter(|layers| !layers.is_empty()) else {
        problems.add(node.span(), "layers must be a list of layers, such as layers = [1, 4]".into());
        return Vec::new();
    };
    let of_condition = |condition| quantities.iter().flat_map(move |quantity| quantity.layers(condition)).flatten();
    let measured: BTreeSet<usize> = analysis.conditions.iter().flat_map(of_condition).collect();
    if !matches!(kind, FigureKind::Curves | FigureKind::Sweep | FigureKind::Profile | FigureKind::Lags) {
        let message = format!("a figure of kind \"{}\" has no layers to choose from: leave layers out", kind.name());
        problems.add(node.span(), message);
    } else if let Some(layer) = layers.iter().find(|layer| !measured.contains(layer)) {
        let numbers: Vec<String> = measured.iter().map(ToString::to_string).collect();
        let known =
            if numbers.is_empty() { "leave layers out".into() } else { format!("expected {}", numbers.join(", ")) };
        problems.add(node.span(), format!("layer {layer} has none of these quantities: {known}"));
    }
    layers
}

/// Ends of an axis, ascending.
fn check_range(node: Node<'_>, problems: &mut Problems) -> Option<[f64; 2]> {
    let number = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::Integer(n) => n.as_str().parse::<f64>().ok(),
        DeValue::Float(n) => n.as_str().parse::<f64>().ok(),
        _ => None,
    };
    let ends: Option<Vec<f64>> = node.get_ref().as_array().and_then(|items| items.iter().map(number).collect());
    match ends.as_deref() {
        Some(&[low, high]) if low.is_finite() && high.is_finite() && low < high => Some([low, high]),
        _ => {
            problems.add(node.span(), "range must be two ascending numbers, such as range = [80, 100]".into());
            None
        }
    }
}

/// What the panels of a figure differ in.
fn check_panels(raw: &RawFigure<'_>, analysis: &Analysis, problems: &mut Problems) -> Panels {
    let Some(node) = raw.keys.get("panels") else { return Panels::Quantity };
    match node.get_ref().as_str() {
        Some("quantity") => return Panels::Quantity,
        Some("layer") => return Panels::Layer,
        Some(other) => {
            let near = suggestion(other, ["quantity", "layer"]);
            let message = format!("unknown panels `{other}`: expected quantity, layer or a list of parameters{near}");
            problems.add(node.span(), message);
            return Panels::Quantity;
        }
        None => {}
    }
    let mut names = Vec::new();
    for (at, name) in texts(node, "panels", problems) {
        match known(name, analysis.kind, Scope::Condition) {
            Some(parameter) => names.push(parameter.name()),
            None => problems.add(at, unknown_parameter(name, analysis.kind, Scope::Condition)),
        }
    }
    Panels::By(names)
}

/// Values that the conditions of a figure must have: `where = { rule = "bp-trw", wn = ["off", 1.0] }`.
fn check_where(node: Node<'_>, analysis: &Analysis, problems: &mut Problems) -> Vec<(&'static str, Vec<String>)> {
    let Some(table) = node.get_ref().as_table() else {
        problems.add(node.span(), "where must be a table, such as where = { rule = \"bp-trw\" }".into());
        return Vec::new();
    };
    let before = problems.found.len();
    let mut only = Vec::new();
    for (key, value) in table {
        let Some(known) = known(key.get_ref(), analysis.kind, Scope::Condition) else {
            problems.add(key.span(), unknown_parameter(key.get_ref(), analysis.kind, Scope::Condition));
            continue;
        };
        // Here values may be written as on the command line, too.
        let parse = |value: &DeValue<'_>| match value.as_str() {
            Some(text) => known.parameter.read(text),
            None => known.parameter.read_toml(value),
        };
        // A list is one value of a parameter that has lists, or several values of another.
        let whole = parse(value.get_ref());
        let each = match (whole, value.get_ref().as_array()) {
            (Ok(value), _) => Ok(vec![value]),
            (Err(_), Some(items)) => items.iter().map(|item| parse(item.get_ref())).collect(),
            (Err(message), None) => Err(message),
        };
        match each {
            Ok(values) => only.push((known.name(), values.iter().map(ToString::to_string).collect())),
            Err(message) => problems.add(value.span(), message),
        }
    }
    let shown = analysis.conditions.iter().any(|condition| super::analysis::is_shown(condition, &only));
    if !shown && problems.found.len() == before && !analysis.conditions.is_empty() {
        problems.add(node.span(), "no condition of this analysis has these values".into());
    }
    only
}

/// What a figure has on its horizontal axis: time for curves, a parameter that varies for sweeps and maps.
fn check_axis(raw: &RawFigure<'_>, kind: FigureKind, analysis: &Analysis, problems: &mut Problems) -> XAxis {
    let of_parameter = matches!(kind, FigureKind::Sweep | FigureKind::Map);
    if let Some(axis) = kind.own_axis() {
        if let Some(node) = raw.keys.get("x") {
            problems.add(node.span(), format!("this figure has the {axis} on its horizontal axis: leave x out"));
        }
        return XAxis::Iteration;
    }
    let Some(node) = raw.keys.get("x") else {
        if of_parameter {
            problems.add(raw.header.clone(), "this figure needs x = \"PARAMETER\", one that varies".into());
        }
        return XAxis::Iteration;
    };
    if of_parameter {
        return axis_parameter(node, analysis, problems).map_or(XAxis::Iteration, XAxis::Parameter);
    }
    match node.get_ref().as_str() {
        Some("iteration") => XAxis::Iteration,
        Some("epoch") if analysis.kind == Kind::Train => XAxis::Epoch,
        Some("epoch") => {
            let message = "only networks on data have epochs: expected x = \"iteration\"";
            problems.add(node.span(), message.into());
            XAxis::Iteration
        }
        other => {
            let near = suggestion(other.unwrap_or_default(), ["iteration", "epoch"]);
            let text = other.unwrap_or_default();
            problems.add(node.span(), format!("unknown x `{text}`: expected iteration or epoch{near}"));
            XAxis::Iteration
        }
    }
}

/// A parameter that varies, as the axis of a figure.
fn axis_parameter(node: Node<'_>, analysis: &Analysis, problems: &mut Problems) -> Option<&'static str> {
    let text = node.get_ref().as_str().unwrap_or_default();
    let found = analysis.axes.iter().find(|axis| **axis == text).copied();
    if found.is_none() {
        let near = suggestion(text, analysis.axes.clone());
        problems.add(
            node.span(),
            format!("`{text}` does not vary in this analysis: expected {}{near}", list(&analysis.axes)),
        );
    }
    found
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
    let mut typed = placed.iter().flat_map(|placed| conflict.parameters.iter().filter_map(|name| placed.get(name)));
    let at = typed.next().map_or(header.clone(), |(_, at)| at.clone());
    problems.add(at, conflict.message.clone());
}

fn text(node: Option<Node<'_>>, problems: &mut Problems) -> String {
    let Some(node) = node else { return String::new() };
    match node.get_ref().as_str() {
        Some(text) => text.to_string(),
        None => {
            problems.add(node.span(), format!("expected text in quotes, not a TOML {}", node.get_ref().type_str()));
            String::new()
        }
    }
}

fn texts<'a>(node: Node<'a>, what: &str, problems: &mut Problems) -> Vec<(Range<usize>, &'a str)> {
    let items = node.get_ref().as_array();
    let found: Option<Vec<_>> =
        items.map(|items| items.iter().filter_map(|item| Some((item.span(), item.get_ref().as_str()?))).collect());
    match (found, items) {
        (Some(found), Some(items)) if found.len() == items.len() && !(found.is_empty() && what == "quantities") => {
            found
        }
        _ => {
            problems.add(node.span(), format!("{what} must be a list of names, such as {what} = [\"...\"]"));
            Vec::new()
        }
    }
}

/// What a name may be.
pub const NAME_RULE: &str = "letters, digits, - and _, at most 100, as it becomes part of file names";

/// Whether a spec, an analysis or a figure may be called so.
pub fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !name.is_empty() && name.len() <= 100 && name.chars().all(allowed)
}

fn file_name(node: Node<'_>, problems: &mut Problems) -> Option<String> {
    match node.get_ref().as_str() {
        Some(name) if is_name(name) => Some(name.to_string()),
        _ => {
            problems.add(node.span(), format!("a name must be text of {NAME_RULE}"));
            None
        }
    }
}
