//! What a figure of any kind takes for its look: labels, names, scales, ends, and which panels
//! there are.

use super::distinct;
use crate::figure::{Axis, Figure, Look, Panel, Width};
use crate::spec::{Across, Figure as Spec, FigureKind, Scale};
use crate::text::list;

/// Ratio of the largest to the smallest of positive values from which on a linear axis hides most
/// of them.
const WIDE: f64 = 1000.0;

/// The figure as `spec` wants it to look.
pub(super) fn finished(mut figure: Figure, spec: &Spec) -> Figure {
    let mut remarks = Vec::new();
    figure.panels.iter_mut().for_each(|panel| set_axes(panel, spec));
    // By the titles that panels have, or are given.
    remarks.extend(chosen(&mut figure, spec));
    let mut unused: Vec<&str> = spec.names.0.iter().map(|(old, _)| old.as_str()).collect();
    rename(&mut figure, spec, &mut unused);
    if !unused.is_empty() {
        let known = list(&known(&figure).iter().map(String::as_str).collect::<Vec<_>>());
        remarks.push(format!("nothing is called {}: names are {known}", list(&unused)));
    }
    let missing: Vec<&str> = missing(&figure, spec);
    if !missing.is_empty() {
        remarks.push(format!("order: no entry of the legend is called {}", list(&missing)));
    }
    figure.note.push_str(&cut(&figure));
    figure.width = if figure.panels.len() == 1 { Width::OneColumn } else { Width::TwoColumns };
    figure.look = Look {
        font: spec.font_size.unwrap_or(Look::default().font),
        letters: spec.letters,
        share: spec.share,
        order: spec.order.clone(),
        text: spec.text,
    };
    figure.remarks = remarks;
    figure
}

/// Scales, ends and labels of the axes.
fn set_axes(panel: &mut Panel, spec: &Spec) {
    if panel.cells.is_none() {
        panel.y.range = spec.range.or(panel.y.range);
        match spec.scale {
            Scale::Linear => panel.y.log = false,
            Scale::Log => panel.y.log = true,
            Scale::Auto => panel.y.log |= needs_logarithm(panel, spec),
        }
        match spec.x_scale {
            // The names of the ticks of a logarithmic axis stand in for powers of ten.
            Scale::Linear if panel.x.log => (panel.x.log, panel.x.names) = (false, Vec::new()),
            Scale::Log if panel.x.names.is_empty() => panel.x.log = true,
            _ => {}
        }
    }
    panel.x.range = spec.x_range.or(panel.x.range);
    let called = |axis: &mut Axis, label: &Option<String>| {
        if let Some(label) = label {
            axis.label.clone_from(label);
        }
    };
    called(&mut panel.x, &spec.x_label);
    called(&mut panel.y, &spec.y_label);
    if let (Some(cells), Some(label)) = (&mut panel.cells, &spec.value_label) {
        cells.label.clone_from(label);
    }
}

/// Whether positive values are so far apart that a linear axis would show most of them at its foot.
/// Angles and shares are read on linear axes.
fn needs_logarithm(panel: &Panel, spec: &Spec) -> bool {
    let of_values =
        !matches!(spec.kind.facts().across, Across::Whatever) && spec.kind != FigureKind::Map;
    let points =
        || panel.series.iter().flat_map(|series| &series.points).filter_map(|point| point.y);
    let [low, high] = points()
        .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], y| [low.min(y), high.max(y)]);
    of_values
        && panel.y.limits.is_none()
        && panel.references.is_empty()
        && low > 0.0
        && high >= WIDE * low
}

/// A text with other words for it, or for its parts between colons and commas.
fn renamed<'a>(text: &str, names: &'a [(String, String)], unused: &mut Vec<&'a str>) -> String {
    let mut other = |text: &str| {
        let (old, new) = names.iter().find(|(old, _)| old == text)?;
        unused.retain(|name| name != old);
        Some(new.clone())
    };
    if let Some(whole) = other(text) {
        return whole;
    }
    let of_part = |part: &str, other: &mut dyn FnMut(&str) -> Option<String>| {
        other(part).unwrap_or_else(|| {
            part.split(", ")
                .map(|piece| other(piece).unwrap_or_else(|| piece.into()))
                .collect::<Vec<_>>()
                .join(", ")
        })
    };
    text.split(": ").map(|part| of_part(part, &mut other)).collect::<Vec<_>>().join(": ")
}

fn rename<'a>(figure: &mut Figure, spec: &'a Spec, unused: &mut Vec<&'a str>) {
    for panel in &mut figure.panels {
        let mut change = |text: &mut String| *text = renamed(text, &spec.names.0, unused);
        change(&mut panel.title);
        panel.series.iter_mut().for_each(|series| change(&mut series.label));
        panel.references.iter_mut().for_each(|line| change(&mut line.label));
        panel.bands.iter_mut().for_each(|band| change(&mut band.label));
    }
}

/// Titles of panels and entries of the legend.
fn known(figure: &Figure) -> Vec<String> {
    let titles = figure.panels.iter().map(|panel| panel.title.clone());
    distinct(titles.chain(entries(figure)).filter(|name| !name.is_empty()))
}

fn entries(figure: &Figure) -> impl Iterator<Item = String> {
    figure.panels.iter().flat_map(|panel| {
        let curves = panel.series.iter().map(|series| series.label.clone());
        let lines = panel.references.iter().map(|line| line.label.clone());
        curves.chain(lines).chain(panel.bands.iter().map(|band| band.label.clone()))
    })
}

/// Entries of the legend that are to come first, and are not there. Several may share what they say
/// after a colon.
fn missing<'a>(figure: &Figure, spec: &'a Spec) -> Vec<&'a str> {
    let all: Vec<String> = entries(figure).collect();
    let is_there =
        |name: &str| all.iter().any(|entry| entry == name || entry.ends_with(&format!(": {name}")));
    spec.order.iter().map(String::as_str).filter(|name| !is_there(name)).collect()
}

/// Leaves the panels that are to be shown, in that order; gives what is wrong.
fn chosen(figure: &mut Figure, spec: &Spec) -> Option<String> {
    if spec.show.is_empty() {
        return None;
    }
    let place = |wanted: &String| {
        let number = wanted.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let number = number.filter(|number| *number < figure.panels.len());
        let is_wanted = |panel: &Panel| {
            panel.title == *wanted
                || renamed(&panel.title, &spec.names.0, &mut Vec::new()) == *wanted
        };
        number.or_else(|| figure.panels.iter().position(is_wanted))
    };
    let places: Vec<Option<usize>> = spec.show.iter().map(place).collect();
    let unknown: Vec<&str> = spec
        .show
        .iter()
        .zip(&places)
        .filter(|(_, place)| place.is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    let titles: Vec<&str> = figure.panels.iter().map(|panel| panel.title.as_str()).collect();
    let remark = (!unknown.is_empty()).then(|| {
        format!("show: there is no panel {}: panels are {}", list(&unknown), list(&titles))
    });
    let panels: Vec<Panel> =
        places.into_iter().flatten().map(|place| figure.panels[place].clone()).collect();
    if !panels.is_empty() {
        figure.panels = panels;
    }
    remark
}

/// Where a band reaches beyond what values can be, the note says that it is cut there.
fn cut(figure: &Figure) -> String {
    let beyond = |panel: &Panel| {
        let [least, most] = panel.y.limits?;
        let mut bands =
            panel.series.iter().flat_map(|series| &series.points).filter_map(|point| point.band);
        bands.any(|[low, high]| low < least || high > most).then_some((least, most))
    };
    match figure.panels.iter().find_map(beyond) {
        Some((least, most)) => {
            format!(" What reaches beyond {least} or {most}, which no value does, is cut there.")
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::Kind;
    use crate::figure::{Hue, Mark, Point, Reference, Series};
    use crate::spec::{Analysis, Names};

    /// A figure of a panel with curves through these values.
    fn figure(curves: &[(&str, [f64; 3])]) -> Figure {
        let mut panel = Panel::new("norms", Axis::new("iteration"), Axis::new("norm"));
        panel.series = curves
            .iter()
            .map(|(label, values)| Series {
                label: label.to_string(),
                colour: Hue::Palette(0),
                mark: Mark::Line,
                points: (1..).zip(values).map(|(x, y)| Point::at(f64::from(x), Some(*y))).collect(),
            })
            .collect();
        Figure {
            panels: vec![panel.clone(), Panel { title: "more".into(), ..panel }],
            ..Figure::default()
        }
    }

    fn spec() -> Spec {
        Spec::new(&Analysis::from_options(Kind::Isolate, []).unwrap().subject())
    }

    fn labels(figure: &Figure) -> Vec<&str> {
        figure.panels[0].series.iter().map(|series| series.label.as_str()).collect()
    }

    #[test]
    fn axes_are_logarithmic_where_a_linear_one_would_hide_most() {
        let wide = figure(&[("held", [0.1, 10.0, 1e3])]);
        assert!(finished(wide.clone(), &spec()).panels[0].y.log);
        assert!(!finished(wide.clone(), &Spec { scale: Scale::Linear, ..spec() }).panels[0].y.log);
        for narrow in [[1.0, 10.0, 999.0], [0.0, 1.0, 1e6], [-1.0, 1.0, 1e6]] {
            assert!(!finished(figure(&[("held", narrow)]), &spec()).panels[0].y.log, "{narrow:?}");
        }
        let mut angles = wide;
        angles.panels[0].y.limits = Some([0.0, 180.0]);
        assert!(!finished(angles, &spec()).panels[0].y.log);
    }

    #[test]
    fn names_are_changed_whole_or_by_parts_and_those_unknown_are_told() {
        let curves =
            [("BP-TRW, no WN", [1.0; 3]), ("BP-TRW, no WN: predicted", [1.0; 3]), ("BP", [1.0; 3])];
        let names = |pairs: &[(&str, &str)]| Spec {
            names: Names(
                pairs.iter().map(|(old, new)| (old.to_string(), new.to_string())).collect(),
            ),
            ..spec()
        };
        let drawn = finished(
            figure(&curves),
            &names(&[("no WN", "free"), ("predicted", "theory"), ("BP", "backprop")]),
        );
        assert_eq!(labels(&drawn), ["BP-TRW, free", "BP-TRW, free: theory", "backprop"]);
        assert!(drawn.remarks.is_empty());
        let whole = finished(
            figure(&curves),
            &names(&[("BP-TRW, no WN", "FA"), ("norms", "growth"), ("WN(1)", "WN")]),
        );
        assert_eq!(labels(&whole), ["FA", "FA: predicted", "BP"]);
        assert_eq!(whole.panels[0].title, "growth");
        assert_eq!(whole.remarks.len(), 1);
        assert!(
            whole.remarks[0].starts_with("nothing is called WN(1): names are"),
            "{:?}",
            whole.remarks
        );
    }

    #[test]
    fn panels_are_chosen_and_ordered_by_number_or_title() {
        let show = |panels: &[&str]| {
            let show = panels.iter().map(ToString::to_string).collect();
            let drawn = finished(figure(&[("held", [1.0; 3])]), &Spec { show, ..spec() });
            let titles =
                drawn.panels.iter().map(|panel| panel.title.clone()).collect::<Vec<_>>().join(" ");
            (titles, drawn.remarks.len(), drawn.width)
        };
        assert_eq!(show(&["2", "norms"]), ("more norms".into(), 0, Width::TwoColumns));
        assert_eq!(show(&["more", "3"]), ("more".into(), 1, Width::OneColumn));
        let names = Names(vec![("norms".to_string(), "growth".to_string())]);
        for title in ["norms", "growth"] {
            let only = Spec { show: vec![title.into()], names: names.clone(), ..spec() };
            let drawn = finished(figure(&[("held", [1.0; 3])]), &only);
            assert_eq!(
                (drawn.panels.len(), drawn.panels[0].title.as_str(), drawn.remarks.len()),
                (1, "growth", 0)
            );
        }
        let order = vec!["held".to_string(), "white".into()];
        let drawn = finished(figure(&[("held", [1.0; 3])]), &Spec { order, ..spec() });
        assert_eq!(drawn.remarks, ["order: no entry of the legend is called white"]);
    }

    #[test]
    fn labels_ends_and_bands_beyond_are_set_and_said() {
        let said = Spec {
            x_label: Some("updates".into()),
            y_label: Some("size".into()),
            x_range: Some([0.0, 9.0]),
            range: Some([0.5, 2.0]),
            ..spec()
        };
        let mut shares = figure(&[("held", [1.0; 3])]);
        shares.panels[0].y.limits = Some([0.0, 100.0]);
        shares.panels[0].series[0].points[0].band = Some([90.0, 101.0]);
        shares.panels[0].references.push(Reference { label: "limit".into(), y: 1.0, colour: None });
        let drawn = finished(shares, &said);
        let panel = &drawn.panels[0];
        assert_eq!((panel.x.label.as_str(), panel.y.label.as_str()), ("updates", "size"));
        assert_eq!((panel.x.range, panel.y.range), (Some([0.0, 9.0]), Some([0.5, 2.0])));
        assert!(drawn.note.contains("beyond 0 or 100"), "{}", drawn.note);
    }
}
