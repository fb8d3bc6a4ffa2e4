//! Means over repeats against iterations or epochs.

use super::scale::hues;
use super::sweep::is_beside;
use super::{
    EACH, around, axis_named, axis_of, distinct, joined, label, repeats_in_words, said, spread,
    text,
};
use crate::condition::{Condition, RecordEvery};
use crate::experiment::{limit, predict};
use crate::figure::{Axis, Band, Hue, Mark, Panel, Point, Reference, Series};
use crate::measure::null::WeightNull;
use crate::measure::summary::Summary;
use crate::quantity::Quantity;
use crate::rule::Activation;
use crate::run::Results;
use crate::spec::{Analysis, Figure as Spec, Panels, Scale, XAxis};
use std::collections::BTreeSet;

/// A panel per quantity, and, as the figure asks, per layer or per value of some parameters; of a
/// single quantity by two parameters, per value of the second.
pub(super) fn panels(
    results: Results<'_>,
    analysis: &Analysis,
    spec: &Spec,
) -> (Vec<Panel>, String) {
    let (panel_names, names): (&[&'static str], &[&'static str]) =
        match (&spec.panels, &spec.quantities[..], &spec.by[..]) {
            (Panels::By(panels), _, _) => (panels, &spec.by),
            (Panels::Quantity, [_], [first, second])
                if analysis.conditions.len() > 1 && first != second =>
            {
                (std::slice::from_ref(&spec.by[1]), &spec.by[..1])
            }
            _ => (&[], &spec.by),
        };
    let names: Vec<&'static str> =
        names.iter().copied().filter(|name| !panel_names.contains(name)).collect();
    let titles = distinct(analysis.conditions.iter().map(|c| label(c, panel_names)));
    let quantities: Vec<Quantity> =
        spec.quantities.iter().copied().filter(|&q| !is_beside(q, &spec.quantities)).collect();
    let shown = |quantity| CurvePanel { results, analysis, spec, quantity, names: &names };
    let panels = match spec.together {
        true => shared(shown, &quantities, panel_names, &titles),
        false => separate(shown, &quantities, panel_names, &titles),
    };
    let smooth = if spec.smooth > 1 {
        format!(" Means over the latest {} iterations.", spec.smooth)
    } else {
        String::new()
    };
    let repeats = repeats_in_words(results, analysis);
    let thin = if spec.repeats { "; thin ones: single repeats" } else { "" };
    let shades = said("shades", spread(spec));
    (panels, format!("Lines: mean over {repeats} repeats{thin}{shades}.{smooth}"))
}

/// Panels of every quantity by itself.
fn separate<'a>(
    shown: impl Fn(Quantity) -> CurvePanel<'a>,
    quantities: &[Quantity],
    panel_names: &[&'static str],
    titles: &[String],
) -> Vec<Panel> {
    let mut panels = Vec::new();
    for (&quantity, title) in
        quantities.iter().flat_map(|quantity| titles.iter().map(move |title| (quantity, title)))
    {
        let shown = shown(quantity);
        let conditions = shown.titled(panel_names, title);
        let layers: BTreeSet<Option<usize>> =
            conditions.iter().flat_map(|c| shown.spec.layers_of(c, quantity)).collect();
        // What no condition has needs no panel.
        if layers.is_empty() {
            continue;
        }
        let name = quantity.info().label;
        let what = match (panel_names.is_empty(), quantities.len()) {
            (true, _) => name.to_string(),
            (false, 1) => title.clone(),
            (false, _) => format!("{name}, {title}"),
        };
        if shown.spec.panels == Panels::Layer && layers.len() > 1 {
            panels.extend(layers.into_iter().map(|layer| {
                let place = layer.map_or(String::new(), |l| format!("layer {l}"));
                let title = if quantities.len() > 1 { format!("{what}, {place}") } else { place };
                panel(shown, &conditions, Some(layer), title)
            }));
        } else {
            panels.push(panel(shown, &conditions, None, what));
        }
    }
    panels
}

/// Panels that all quantities share, a colour each: by layer where the figure asks for it, or by
/// value of some parameters.
fn shared<'a>(
    shown: impl Fn(Quantity) -> CurvePanel<'a>,
    quantities: &[Quantity],
    panel_names: &[&'static str],
    titles: &[String],
) -> Vec<Panel> {
    let all: Vec<CurvePanel<'_>> = quantities.iter().map(|&quantity| shown(quantity)).collect();
    let Some(first) = all.first() else { return Vec::new() };
    let mut panels = Vec::new();
    for title in titles {
        let conditions = first.titled(panel_names, title);
        let layers_of =
            |&quantity| conditions.iter().flat_map(move |c| first.spec.layers_of(c, quantity));
        let of_all = quantities.iter().flat_map(layers_of);
        let layers: BTreeSet<Option<usize>> = of_all.collect();
        let only = match first.spec.panels {
            Panels::Layer => layers.into_iter().map(Some).collect(),
            _ => vec![None],
        };
        for layer in only {
            let place = layer.flatten().map_or(String::new(), |l| format!("layer {l}"));
            let parts: Vec<Panel> =
                all.iter().map(|&shown| panel(shown, &conditions, layer, String::new())).collect();
            panels.push(superposed(parts, quantities, joined(title, ", ", &place)));
        }
    }
    panels
}

/// One panel of several that show a quantity each.
fn superposed(parts: Vec<Panel>, quantities: &[Quantity], title: String) -> Panel {
    let y = Axis { log: parts.iter().any(|part| part.y.log), ..common_axis(quantities) };
    let mut whole = Panel { title, y, ..Panel::default() };
    for (index, (part, quantity)) in parts.into_iter().zip(quantities).enumerate() {
        let name = quantity.info().label;
        whole.series.extend(part.series.into_iter().map(|series| {
            let label = if series.label == "measured" {
                name.into()
            } else {
                joined(&series.label, ": ", name)
            };
            Series { label, colour: Hue::Palette(index), ..series }
        }));
        whole.x = part.x;
    }
    whole
}

/// The axis of quantities that share a panel: what they all are, in the unit they have in common.
fn common_axis(quantities: &[Quantity]) -> Axis {
    let units: BTreeSet<&str> = quantities.iter().map(|quantity| quantity.info().unit).collect();
    let unit = if units.len() == 1 { units.first().copied().unwrap_or_default() } else { "" };
    match unit {
        "degrees" => axis_named("angle", unit),
        "percent" => axis_named("share", unit),
        _ if quantities.iter().all(|quantity| quantity.is_budget()) => {
            axis_named("parts of the budget of ⟨W, Bᵀ⟩", unit)
        }
        _ => axis_named("value", unit),
    }
}

/// What a panel shows of which results.
#[derive(Clone, Copy)]
struct CurvePanel<'a> {
    results: Results<'a>,
    analysis: &'a Analysis,
    spec: &'a Spec,
    quantity: Quantity,
    /// Parameters that tell the curves apart.
    names: &'a [&'static str],
}

/// Colour and style of the curves of a condition.
struct Look {
    /// Of what has the colours, among how many.
    place: usize,
    places: usize,
    /// The colour in another tone.
    again: bool,
    dashed: bool,
}

impl<'a> CurvePanel<'a> {
    /// The conditions of the panels of this title.
    fn titled(self, panel_names: &[&'static str], title: &str) -> Vec<&'a Condition> {
        self.analysis.conditions.iter().filter(|c| label(c, panel_names) == title).collect()
    }

    /// Parameters that have the colours, and those that have the styles of lines: the first and the
    /// second; of more than two, every combination has a colour.
    fn told_apart(self) -> [&'a [&'static str]; 2] {
        match self.names.len() {
            1 | 2 => self.names.split_at(1).into(),
            _ => [self.names, &[]],
        }
    }

    fn look(self, condition: &Condition) -> Look {
        let place = |names: &[&str]| {
            let values = |c: &Condition| {
                names.iter().map(|name| text(c, name)).collect::<Vec<_>>().join("\n")
            };
            let known = distinct(self.analysis.conditions.iter().map(values));
            (
                known.iter().position(|value| *value == values(condition)).unwrap_or_default(),
                known.len(),
            )
        };
        let [(place, places), (style, styles)] = self.told_apart().map(place);
        // A third style takes the other tones.
        Look { place, places, again: style > 1, dashed: style == 0 && styles > 1 }
    }
}

fn panel(
    shown: CurvePanel<'_>,
    conditions: &[&Condition],
    only: Option<Option<usize>>,
    title: String,
) -> Panel {
    let CurvePanel { analysis, spec, quantity, names, .. } = shown;
    // Iterations evenly spaced in the logarithm are on its axis.
    let is_log =
        matches!(schedule(analysis, quantity), RecordEvery::Log(_)) && spec.x_scale == Scale::Auto;
    let x = Axis {
        log: is_log,
        ..Axis::new(if spec.x == XAxis::Epoch { "epoch" } else { "iteration" })
    };
    let mut panel =
        Panel::new(title, x, Axis { log: spec.scale == Scale::Log, ..axis_of(quantity) });
    let several = only.is_none() && several_layers(analysis, spec);
    let hue = hues(&analysis.conditions, shown.told_apart()[0]);
    for &condition in conditions {
        let curves = Curves {
            shown,
            condition,
            name: label(condition, names),
            look: shown.look(condition),
            lags: spec.lags_of(analysis, quantity),
            several_layers: several,
            hue: &hue,
        };
        let layers = spec
            .layers_of(condition, quantity)
            .into_iter()
            .filter(|layer| only.is_none_or(|only| only == *layer));
        for layer in layers {
            for at in 0..curves.lags.len() {
                panel.series.extend(curves.of(layer, at));
            }
        }
        panel.references.extend(curves.limit());
    }
    if quantity == Quantity::WeightAlignment {
        panel.bands.extend(null_band(conditions));
    }
    panel
}

/// The curves of a condition in a panel.
struct Curves<'a> {
    shown: CurvePanel<'a>,
    condition: &'a Condition,
    name: String,
    look: Look,
    lags: Vec<Option<usize>>,
    /// Whether layers are told apart by colour: where there are several; conditions otherwise.
    several_layers: bool,
    /// Colours of conditions, by their place.
    hue: &'a dyn Fn(usize) -> Hue,
}

impl Curves<'_> {
    /// Those of a layer and of the lag at this place in the list: single repeats where the figure
    /// asks for them, what was measured, what is predicted.
    fn of(&self, layer: Option<usize>, at: usize) -> Vec<Series> {
        let Self { shown, condition, look, .. } = self;
        let (spec, quantity) = (shown.spec, shown.quantity);
        let lag = self.lags[at];
        let name = match lag.filter(|_| self.lags.len() > 1) {
            Some(lag) => joined(&self.name, ", ", &format!("lag {lag}")),
            None => self.name.clone(),
        };
        let (label, colour, dashed) = match layer {
            Some(l) if self.several_layers => {
                let label = joined(&name, ", ", &format!("layer {l}"));
                (label, Hue::Palette(look.places + l), look.place == 0 && look.places > 1)
            }
            _ if name.is_empty() => ("measured".into(), self.colour(at), false),
            _ => (name.clone(), self.colour(at), look.dashed),
        };
        let drawn = |mut points: Vec<Point>| {
            smooth(&mut points, spec, condition);
            thinned(points)
        };
        let points = drawn(points(*shown, condition, spec.x, quantity, [layer, lag]));
        // An update compared with itself is a flat zero that says nothing.
        let trivial = quantity == Quantity::UpdateAlignment
            && points.iter().all(|p| p.y.is_none_or(|y| y == 0.0));
        let mut series = Vec::new();
        if !trivial {
            let each =
                if spec.repeats { single(*shown, condition, [layer, lag]) } else { Vec::new() };
            series.extend(each.into_iter().map(|points| Series {
                label: joined(&label, ", ", EACH),
                colour,
                mark: Mark::Thin,
                points: drawn(points),
            }));
            let mark = if dashed { Mark::Dashes } else { Mark::Line };
            series.push(Series { label, colour, mark, points });
        }
        series.extend(predicted(*shown, condition, layer, colour.again(), &name));
        series
    }

    /// The colour of the condition, at a lag.
    fn colour(&self, at: usize) -> Hue {
        let Look { place, places, again, .. } = self.look;
        let first =
            if self.lags.len() > 1 { Hue::Palette(place + places * at) } else { (self.hue)(place) };
        if again { first.again() } else { first }
    }

    /// The limit of the linear rule, which says nothing of another.
    fn limit(&self) -> Option<Reference> {
        let (Quantity::WeightAlignment, Condition::Isolate(isolated)) =
            (self.shown.quantity, self.condition)
        else {
            return None;
        };
        if isolated.activation != Activation::Linear {
            return None;
        }
        let (what, limit) = limit(isolated)?;
        Some(Reference {
            label: joined(&self.name, ": ", what),
            y: limit.value,
            colour: Some(self.colour(0)),
        })
    }
}

/// Most points of a curve: more cannot be told apart.
const MOST_POINTS: usize = 400;

/// Evenly many of the points, first and last among them.
fn thinned(points: Vec<Point>) -> Vec<Point> {
    let step = points.len().div_ceil(MOST_POINTS).max(1);
    let last = points.len().saturating_sub(1);
    points
        .into_iter()
        .enumerate()
        .filter(|(i, _)| i % step == 0 || *i == last)
        .map(|(_, point)| point)
        .collect()
}

/// Means over the latest iterations, as many as the figure says; at the start, over those there
/// are.
fn smooth(points: &mut [Point], spec: &Spec, condition: &Condition) {
    if spec.smooth <= 1 {
        return;
    }
    let per_unit = if spec.x == XAxis::Epoch { condition.iterations_per_epoch() } else { 1 };
    let reach = spec.smooth as f64 / per_unit as f64;
    let raw = points.to_vec();
    for (at, point) in points.iter_mut().enumerate() {
        let window = raw[..=at].iter().rev().take_while(|p| p.x > point.x - reach);
        let present: Vec<[f64; 3]> = window
            .filter_map(|p| p.y.map(|y| (y, p.band.unwrap_or([y; 2]))))
            .map(|(y, [low, high])| [y, low, high])
            .collect();
        let n = present.len() as f64;
        if point.y.is_some() && n > 0.0 {
            let mean = |column: usize| present.iter().map(|values| values[column]).sum::<f64>() / n;
            point.y = Some(mean(0));
            point.band = point.band.map(|_| [mean(1), mean(2)]);
        }
    }
}

/// What theory says along a curve: averaged over signals, and given those of the repeats.
fn predicted(
    shown: CurvePanel<'_>,
    condition: &Condition,
    layer: Option<usize>,
    colour: Hue,
    name: &str,
) -> Vec<Series> {
    let CurvePanel { analysis, quantity, .. } = shown;
    let exact = analysis.settings.predict;
    // What the table says at the end without being asked, closed forms, is drawn where it says more
    // than a line at 90.
    let is_known = matches!(condition, Condition::Isolate(c) if c.is_predicted())
        && quantity == Quantity::WeightAlignment;
    if !exact && !is_known {
        return Vec::new();
    }
    let recorded = points(shown, condition, XAxis::Iteration, quantity, [layer, None]);
    let recorded: Vec<usize> = recorded.iter().map(|p| p.x as usize).collect();
    let is_closed = |k: &usize| predict(condition, quantity, layer, *k, false).is_some();
    let drawn = match recorded.last() {
        Some(last) if is_closed(last) => spaced(recorded, 128),
        _ => early(recorded),
    };
    let averaged: Vec<Point> = drawn
        .into_iter()
        .filter_map(|k| {
            let y = predict(condition, quantity, layer, k, exact)?;
            Some(Point::at(k as f64, Some(y)))
        })
        .collect();
    let mut series = Vec::new();
    // A right angle that was not asked for says what the null band says.
    let says = exact || averaged.iter().any(|point| point.y != Some(WeightNull::MEAN));
    if averaged.len() > 1 && says {
        let label = joined(name, ": ", "predicted");
        series.push(Series { label, colour, mark: Mark::Dashes, points: averaged });
    }
    if !exact {
        return series;
    }
    let conditional =
        (quantity == Quantity::WeightAlignment).then_some(Quantity::ConditionalAlignment);
    let given = [quantity.predicted_by(), conditional].into_iter().flatten();
    let given = given.filter(|q| {
        analysis.quantities().any(|known| known == *q) && q.layers(condition).contains(&layer)
    });
    for predicted in given {
        let mut given = points(shown, condition, shown.spec.x, predicted, [layer, None]);
        given.iter_mut().for_each(|p| p.band = None);
        let kept = spaced((0..given.len()).collect(), 16);
        let given = kept.into_iter().map(|place| given[place]).collect();
        let label = joined(name, ": ", "predicted given the signals");
        series.push(Series { label, colour, mark: Mark::Points, points: given });
    }
    series
}

/// Up to about so many of the recorded iterations, evenly spaced, and the last.
fn spaced(recorded: Vec<usize>, most: usize) -> Vec<usize> {
    let step = recorded.len().div_ceil(most).max(1);
    let last = recorded.last().copied();
    let mut kept: Vec<usize> = recorded.into_iter().step_by(step).collect();
    kept.extend(last);
    kept.dedup();
    kept
}

/// Up to about sixteen of the recorded iterations, for what is dear to compute: closer to each other
/// at the start, where angles change fastest and straight lines between them would be seen.
fn early(recorded: Vec<usize>) -> Vec<usize> {
    const MOST: usize = 16;
    let Some(last) = recorded.len().checked_sub(1).filter(|last| *last > MOST) else {
        return recorded;
    };
    let places = (0..=MOST).map(|step| (step * step * last).div_ceil(MOST * MOST));
    let mut kept: Vec<usize> = places.map(|place| recorded[place]).collect();
    kept.dedup();
    kept
}

/// Whether the figure shows several layers, which then have colours of their own.
fn several_layers(analysis: &Analysis, spec: &Spec) -> bool {
    let layers = |condition: &Condition| {
        let all = spec.quantities.iter().flat_map(|q| q.layers(condition)).collect::<BTreeSet<_>>();
        // One layer of weights and one of updates need no telling apart: they stand in panels of
        // their own.
        spec.quantities.iter().map(|q| q.layers(condition).len()).max().unwrap_or(0).min(all.len())
    };
    analysis.conditions.iter().map(layers).max().unwrap_or(0) > 1
}

/// 95 % of the angles of one independent pair, if all weights with a `B` have the same number of
/// entries, and of the smallest, which has the widest, otherwise.
fn null_band(conditions: &[&Condition]) -> Option<Band> {
    let entries = conditions.iter().flat_map(|condition| condition.weights_above_input());
    let [low, high] = WeightNull::new(entries.min()?)?.interval(0.95);
    Some(Band { label: "independent W and B, 95 %".into(), low, high })
}

/// Mean over repeats, with what is drawn around it.
fn points(
    shown: CurvePanel<'_>,
    condition: &Condition,
    x: XAxis,
    quantity: Quantity,
    place: [Option<usize>; 2],
) -> Vec<Point> {
    let point = |(x, values): (f64, Vec<Option<f64>>)| {
        let summary = Summary::of(values);
        Point { x, y: summary.mean, band: around(&summary, spread(shown.spec)), n: Some(summary.n) }
    };
    scheduled(shown, condition, x, quantity, place).into_iter().map(point).collect()
}

/// Curves of single repeats.
fn single(
    shown: CurvePanel<'_>,
    condition: &Condition,
    place: [Option<usize>; 2],
) -> Vec<Vec<Point>> {
    let values = scheduled(shown, condition, shown.spec.x, shown.quantity, place);
    let repeats = values.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    let of_repeat = |repeat: usize| {
        let at = |(x, values): &(f64, Vec<Option<f64>>)| {
            Point::at(*x, values.get(repeat).copied().flatten())
        };
        values.iter().map(at).collect()
    };
    (0..repeats).map(of_repeat).collect()
}

/// Values of all repeats where the schedule of the quantity has them: what was recorded for the
/// summary alone may belong to another phase of the signals.
fn scheduled(
    shown: CurvePanel<'_>,
    condition: &Condition,
    x: XAxis,
    quantity: Quantity,
    place: [Option<usize>; 2],
) -> Vec<(f64, Vec<Option<f64>>)> {
    let CurvePanel { results, analysis, .. } = shown;
    let per_unit = if x == XAxis::Epoch { condition.iterations_per_epoch() } else { 1 };
    let (last, per_epoch) = (condition.last_iteration(), condition.iterations_per_epoch());
    let wanted =
        schedule(analysis, quantity).iterations(last, per_epoch, &condition.label_changes());
    let wanted: BTreeSet<usize> = wanted.into_iter().collect();
    let values = results.values(analysis, condition, quantity, place).into_iter();
    let wanted = values.filter(|(iteration, _)| wanted.contains(iteration));
    wanted.map(|(iteration, values)| (iteration as f64 / per_unit as f64, values)).collect()
}

/// When a quantity is recorded.
fn schedule(analysis: &Analysis, quantity: Quantity) -> RecordEvery {
    let observer =
        analysis.settings.observers.iter().find(|observer| observer.quantity == quantity);
    observer.and_then(|observer| observer.record_every).unwrap_or(analysis.settings.record_every)
}

#[cfg(test)]
mod tests {
    use super::{early, joined};

    #[test]
    fn names_are_joined_by_nothing_where_one_is_empty() {
        assert_eq!(joined("BP", ", ", "layer 1"), "BP, layer 1");
        assert_eq!([joined("", ", ", "layer 1"), joined("BP", ", ", "")], ["layer 1", "BP"]);
    }

    #[test]
    fn dear_predictions_are_closest_to_each_other_at_the_start() {
        let kept = early((0..=150).map(|k| 10 * k).collect());
        assert_eq!((kept[0], kept[kept.len() - 1]), (0, 1500));
        assert!(kept.len() <= 17, "{kept:?}");
        let gaps: Vec<usize> = kept.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.is_sorted() && gaps[0] == 10 && gaps[gaps.len() - 1] > 150, "{gaps:?}");
        assert_eq!(early(vec![0, 5, 7]), [0, 5, 7]);
        assert!(early(Vec::new()).is_empty());
    }
}
