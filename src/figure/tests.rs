//! Tests of figures: bytes, sizes, legends, errors, awkward input.

use super::*;
use plotters::style::{FontStyle, RGBColor};
use resvg::{tiny_skia, usvg};

fn curve(label: &str, colour: usize, f: impl Fn(f64) -> f64) -> Series {
    let point = |i: i32| {
        let x = f64::from(i) * 10.0;
        Point { x, y: Some(f(x)), band: Some([f(x) - 1.0, f(x) + 1.0]), n: Some(10) }
    };
    let mark = if colour == 1 { Mark::Dashes } else { Mark::Line };
    Series {
        label: label.into(),
        colour: Hue::Palette(colour),
        mark,
        points: (0..=150).map(point).collect(),
    }
}

fn figure() -> Figure {
    let panel = |title: &str| Panel {
        title: title.into(),
        x: Axis::new("iteration"),
        y: Axis { range: Some([0.0, 95.0]), ..Axis::new("weight alignment (degrees)") },
        series: vec![
            curve("held", 0, |x| 54.0 + 36.0 * (-x / 200.0).exp()),
            curve("white", 1, |_| 90.0),
        ],
        references: vec![Reference { label: "linear limit".into(), y: 48.4, colour: None }],
        bands: vec![Band { label: "null 95 %".into(), low: 87.5, high: 92.5 }],
        cells: None,
    };
    Figure {
        title: "A figure, β ≤ 1".into(),
        panels: vec![panel("ReLU"), panel("linear")],
        note: "Lines: mean.".into(),
        width: Width::TwoColumns,
        ..Figure::default()
    }
}

fn lettered(text: Lettering) -> Figure {
    Figure { look: Look { text, ..Look::default() }, ..figure() }
}

fn fonts(data: &[u8]) -> usvg::Options<'static> {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(data.to_vec());
    usvg::Options {
        fontdb: std::sync::Arc::new(fonts),
        font_family: style::FAMILY.into(),
        ..Default::default()
    }
}

#[test]
fn is_deterministic_and_of_outlines_alone_where_asked_for() {
    for text in [Lettering::Text, Lettering::Outlines] {
        let (a, b) = (render(&lettered(text)).unwrap(), render(&lettered(text)).unwrap());
        for format in [Format::Svg, Format::Png, Format::Pdf] {
            assert_eq!(a.bytes(format).unwrap(), b.bytes(format).unwrap(), "{format:?} {text:?}");
        }
    }
    let svg = render(&lettered(Lettering::Outlines)).unwrap().svg();
    assert!(!svg.contains("<text") && !svg.contains("font-family"), "text must be paths");
    assert!(svg.contains("<path"));
}

#[test]
fn has_the_width_of_a_page_in_both_formats() {
    for (width, millimetres) in [(Width::OneColumn, 85.0), (Width::TwoColumns, 178.0)] {
        let drawn = render(&Figure { width, ..figure() }).unwrap();
        let inches = millimetres / 25.4;
        let tree = usvg::Tree::from_str(&drawn.svg(), &usvg::Options::default()).unwrap();
        assert!((f64::from(tree.size().width()) / 96.0 - inches).abs() < 0.005);
        let pixels = tiny_skia::Pixmap::decode_png(&drawn.bytes(Format::Png).unwrap()).unwrap();
        assert!((f64::from(pixels.width()) - 432.0 * inches).abs() < 2.0, "{}", pixels.width());
        assert!(
            pixels.pixels().iter().all(|p| p.alpha() == 255),
            "the ground must be white, not transparent"
        );
    }
}

#[test]
fn every_label_stands_once_in_the_legend() {
    let svg = draw::layout(&figure()).unwrap();
    for label in [
        "A figure, β ≤ 1",
        "ReLU",
        "linear",
        "held",
        "white",
        "linear limit",
        "null 95 %",
        "Lines: mean.",
    ] {
        assert_eq!(svg.lines().filter(|line| line.trim() == label).count(), 1, "{label}");
    }
}

#[test]
fn what_stands_beside_many_curves_has_one_entry() {
    let stands = |figure: &Figure, label: &str| {
        let svg = draw::layout(figure).unwrap();
        svg.lines().filter(|line| line.trim() == label).count()
    };
    let with = |names: &[&str]| {
        let mut figure = figure();
        let curves = |(at, name): (usize, &&str)| {
            let predicted = Series {
                mark: Mark::Dashes,
                ..curve(&format!("{name}: predicted"), at + 7, |_| 50.0)
            };
            [curve(name, at, |_| 40.0), predicted]
        };
        figure.panels[0].series = names.iter().enumerate().flat_map(curves).collect();
        figure
    };
    let many = with(&["held", "shared", "white"]);
    assert_eq!(["held", "shared", "white", "predicted"].map(|label| stands(&many, label)), [1; 4]);
    assert_eq!(stands(&many, "held: predicted"), 0);
    let few = with(&["held", "shared"]);
    assert_eq!(
        ["held: predicted", "shared: predicted", "predicted"].map(|label| stands(&few, label)),
        [1, 1, 0]
    );
    // A label of its own that looks like it.
    let mut alone = with(&[]);
    alone.panels[0].series =
        (0..3).map(|at| curve(&format!("part {at}: exact"), at, |_| 40.0)).collect();
    assert_eq!([stands(&alone, "part 0: exact"), stands(&alone, "exact")], [1, 0]);
}

#[test]
fn nothing_is_drawn_at_the_edge_of_the_page() {
    let long =
        "a label so long that it must be broken into several lines wherever it is written, even ";
    let mut crowded = figure();
    crowded.title = long.repeat(3);
    crowded.note = long.repeat(4);
    for panel in &mut crowded.panels {
        panel.title = long.into();
        (panel.x.label, panel.y.label) = (long.into(), long.into());
        panel.y.range = Some([-1.23e7, 4.56e7]);
        panel.series[0].label = long.repeat(2) + &"word".repeat(60);
        panel.references[0].y = 1e300;
    }
    for panels in 1..=5 {
        for width in [Width::OneColumn, Width::TwoColumns] {
            let panels = crowded.panels.iter().cycle().take(panels).cloned().collect();
            let drawn = render(&Figure { panels, width, ..crowded.clone() }).unwrap();
            let pixels = tiny_skia::Pixmap::decode_png(&drawn.bytes(Format::Png).unwrap()).unwrap();
            let (right, bottom) = (pixels.width() - 1, pixels.height() - 1);
            let white = |x, y| {
                pixels
                    .pixel(x, y)
                    .is_some_and(|p| (p.red(), p.green(), p.blue()) == (255, 255, 255))
            };
            for inset in 0..4 {
                assert!((0..=right).all(|x| white(x, inset) && white(x, bottom - inset)));
                assert!((0..=bottom).all(|y| white(inset, y) && white(right - inset, y)));
            }
        }
    }
}

#[test]
fn text_is_as_wide_as_it_is_measured() {
    text::register().unwrap();
    for (weight, name, data) in
        [(FontStyle::Normal, "normal", style::REGULAR), (FontStyle::Bold, "bold", style::BOLD)]
    {
        let words = "HWeight alignment (degrees) of held signals, β ≤ 0.5H";
        let svg = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='9999' height='99'><text y='70' \
             font-family='{}' font-weight='{name}' font-size='60'>{words}</text></svg>",
            style::FAMILY
        );
        let tree = usvg::Tree::from_str(&svg, &fonts(data)).unwrap();
        let drawn = tree.root().abs_bounding_box().width();
        let measured = text::width(words, 60, weight).unwrap() as f32;
        assert!(
            (measured - drawn).abs() < 0.02 * drawn,
            "{name}: measured {measured}, drawn {drawn}"
        );
    }
}

#[test]
fn every_character_used_is_in_both_fonts() {
    for data in [style::REGULAR, style::BOLD] {
        let options = fonts(data);
        let outline = |text: &str| {
            let svg = format!(
                "<svg xmlns='http://www.w3.org/2000/svg' width='99' height='99'><text y='50' \
                 font-family='{}'>{text}</text></svg>",
                style::FAMILY
            );
            usvg::Tree::from_str(&svg, &options).unwrap().to_string(&usvg::WriteOptions::default())
        };
        // What a font lacks is drawn as an empty box, or not at all.
        let missing = [outline("漢"), outline("ᚠ"), outline("")];
        for c in
            "0123456789abcxyzABCXYZ.,:;()[]/%+-−×±°≤≥→αβγδεηθλμρσωΔΣ–äéøß⁰¹²³⁴⁵⁶⁷⁸⁹⁻₀₁₂".chars()
        {
            assert!(!missing.contains(&outline(&c.to_string())), "{c}");
        }
    }
}

#[test]
fn panels_without_data_are_left_out() {
    let (mut partly, mut alone) = (figure(), figure());
    partly.panels[1].series.clear();
    alone.panels.truncate(1);
    assert_eq!(render(&partly).unwrap().svg(), render(&alone).unwrap().svg());
    let drawn = screen(&partly, &mut Tints::default()).unwrap();
    assert_eq!((drawn.panels.len(), drawn.data["panels"].as_array().unwrap().len()), (1, 1));
}

#[test]
fn a_figure_for_a_page_takes_its_colours_from_there_and_has_its_numbers() {
    let (figure, mut tints) = (figure(), Tints::default());
    let drawn = screen(&figure, &mut tints).unwrap();
    let [light, dark] = [Theme::Light, Theme::Dark].map(|theme| tints.css(theme).to_uppercase());
    assert!(light.contains("#1E1E1E") && dark.contains("#E2E4E6"), "{light} {dark}");
    assert!(!light.contains("#E2E4E6") && !dark.contains("#1E1E1E"));
    for (place, panel) in drawn.panels.iter().enumerate() {
        assert!(panel.contains("var(--f0)") && !panel.to_uppercase().contains("#1E1E1E"));
        assert!(panel.starts_with("<svg viewBox=") && panel.ends_with("</svg>"), "{panel}");
        let composed = &figure.panels[place];
        let curves = drawn.data["panels"][place]["curves"].as_array().unwrap();
        assert_eq!(curves.len(), composed.series.len());
        for (curve, series) in curves.iter().zip(&composed.series) {
            let entry = curve["entry"].as_u64().unwrap() as usize;
            assert_eq!(drawn.data["legend"][entry]["label"], drawn.legend[entry].0.as_str());
            assert!(series.label.contains(&drawn.legend[entry].0), "{}", series.label);
            let y = curve["y"].as_array().unwrap();
            let near = |(told, point): (&serde_json::Value, &Point)| match point.y {
                Some(y) => (told.as_f64().unwrap() - y).abs() < 1e-5 * (1.0 + y.abs()),
                None => told.is_null(),
            };
            assert!(y.len() == series.points.len() && y.iter().zip(&series.points).all(near));
        }
    }
}

#[test]
fn nothing_to_draw_is_an_error() {
    let mut empty = figure();
    empty.panels.iter_mut().for_each(|p| p.series.clear());
    assert_eq!(render(&empty).err(), Some(FigureError::Empty(empty.title.clone())));
    let mut absent = figure();
    let points = absent.panels.iter_mut().flat_map(|p| &mut p.series).flat_map(|s| &mut s.points);
    points.for_each(|p| p.y = Some(f64::NAN));
    assert_eq!(render(&absent).err(), Some(FigureError::Empty(absent.title.clone())));
    let mut flat = figure();
    flat.panels[0].y.range = Some([1.0, 1.0]);
    assert_eq!(render(&flat).err(), Some(FigureError::Range("y", "ReLU".into())));
    let mut narrow = figure();
    narrow.panels[0].y.range = Some([0.0, 1e-320]);
    assert!(render(&narrow).is_ok(), "too narrow for ticks, and drawn all the same");
    let mut endless = figure();
    endless.panels[1].x.range = Some([0.0, f64::INFINITY]);
    assert_eq!(render(&endless).err(), Some(FigureError::Range("x", "linear".into())));
}

#[test]
fn awkward_values_and_texts_do_no_harm() {
    let mut awkward = figure();
    awkward.title = "<b> & \"quotes\" \u{0}\u{7}\n漢".into();
    awkward.panels[0].y.range = None;
    awkward.panels[0].references[0].y = f64::NAN;
    awkward.panels[0].bands[0].low = f64::NEG_INFINITY;
    let points = &mut awkward.panels[0].series[0].points;
    points[3].y = Some(f64::INFINITY);
    points[5].band = Some([f64::NAN, 1.0]);
    points[7].x = f64::NAN;
    points[9].y = None;
    points[11].y = None;
    render(&awkward).unwrap();
    for height in [1e300, -1e300, 1e-300, 0.0] {
        let mut alone = figure();
        alone.panels.truncate(1);
        alone.panels[0].y.range = None;
        alone.panels[0].references.clear();
        alone.panels[0].bands.clear();
        let point = Point::at(height, Some(height));
        alone.panels[0].series = vec![Series {
            label: "alone".into(),
            colour: Hue::Palette(99),
            mark: Mark::Dashes,
            points: vec![point],
        }];
        render(&alone).unwrap();
    }
}

#[test]
fn gaps_interrupt_curves_and_stand_empty_in_the_csv() {
    let mut figure = figure();
    figure.panels[0].series[0].points[3].y = None;
    figure.panels[0].series[0].points[4].y = Some(f64::NAN);
    render(&figure).unwrap();
    let csv = figure.csv();
    assert!(csv.starts_with("panel,kind,label,x,y,value,low,high,n\n"));
    assert!(csv.contains("\"ReLU\",curve,\"held\",30,,,"), "{csv}");
    assert!(csv.contains("\"ReLU\",curve,\"held\",40,,,"), "{csv}");
    assert!(csv.contains("\"ReLU\",curve,\"held\",0,90,,89,91,10\n"), "{csv}");
    assert!(csv.contains("\"ReLU\",line,\"linear limit\",,48.4,,,,\n"));
    assert!(csv.contains("\"linear\",band,\"null 95 %\",,,,87.5,92.5,\n"));
    let fields = |line: &str| line.matches(',').count() + 1;
    assert!(
        csv.lines().filter(|line| !line.contains("95 %")).all(|line| fields(line) == 9),
        "{csv}"
    );
}

#[test]
fn curves_without_points_have_no_entry() {
    let mut figure = figure();
    figure.panels[0].series.push(Series { points: Vec::new(), ..curve("nothing", 2, |_| 1.0) });
    assert!(!draw::layout(&figure).unwrap().contains("nothing"));
}

#[test]
fn legends_follow_the_order_of_colours() {
    let mut figure = figure();
    figure.panels[0].series = vec![curve("layer 1", 3, |_| 1.0)];
    figure.panels[1].series = vec![curve("layer 0", 2, |_| 1.0)];
    let svg = draw::layout(&figure).unwrap();
    assert!(svg.find("layer 0").unwrap() < svg.find("layer 1").unwrap());
}

#[test]
fn cells_are_coloured_in_order_and_absent_ones_stay_white() {
    let cells = Cells {
        label: "loss (units)".into(),
        x: vec![0.0, 1.0, 2.0],
        y: vec![0.0, 1.0, 3.0],
        names: None,
        values: [Some(0.0), Some(50.0), None, Some(100.0)].map(Cell::from).to_vec(),
        range: [0.0, 100.0],
        log: false,
        colours: Colours::Sequential,
        written: true,
    };
    let panel = Panel { cells: Some(cells), ..Panel::new("map", Axis::new("x"), Axis::new("y")) };
    let figure = Figure {
        title: "Map".into(),
        panels: vec![panel],
        note: String::new(),
        width: Width::OneColumn,
        ..Figure::default()
    };
    assert!(render(&figure).is_ok());
    let svg = draw::layout(&figure).unwrap();
    for value in [0.0, 0.5, 1.0] {
        let RGBColor(r, g, b) = style::shade(Colours::Sequential, value);
        assert!(svg.contains(&format!("#{r:02X}{g:02X}{b:02X}")), "{value}");
    }
    let csv = figure.csv();
    assert!(csv.contains("\"map\",cell,\"loss (units)\",1.5,2,100,,,\n"), "{csv}");
    assert!(csv.contains("\"map\",cell,\"loss (units)\",0.5,2,,,,\n"), "{csv}");
    let mut named = figure.clone();
    let cells = named.panels[0].cells.as_mut().unwrap();
    cells.names = Some([vec!["0.5".into(), "held, twice".into()], vec!["2".into(), "20".into()]]);
    cells.values[1] = Cell { value: Some(50.0), band: Some([48.0, 52.0]), n: Some(7) };
    let csv = named.csv();
    assert!(csv.contains("\"map\",cell,\"loss (units)\",\"held, twice\",2,50,48,52,7\n"), "{csv}");
    // The colour bar says what it shows.
    assert_eq!(svg.lines().filter(|line| line.trim() == "loss (units)").count(), 1);
    // Lightness rises along the sequential scale.
    let light = |share: f64| {
        let RGBColor(r, g, b) = style::shade(Colours::Sequential, share);
        0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b)
    };
    assert!((0..100).all(|i| light(f64::from(i) / 100.0) < light(f64::from(i + 1) / 100.0)));
}

#[test]
fn logarithmic_axes_leave_out_what_is_not_positive() {
    let mut figure = figure();
    for panel in &mut figure.panels {
        panel.y = Axis { log: true, ..Axis::new("norm") };
        panel.bands.clear();
        panel.references.clear();
        panel.series =
            vec![curve("norm", 0, |x| if x == 500.0 { 0.0 } else { 1e-2 * (x / 100.0).exp() })];
    }
    let svg = draw::layout(&figure).unwrap();
    assert!(svg.contains("10⁻²") && svg.contains("10⁴"));
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
}

#[test]
fn discs_have_whiskers_and_named_ticks_their_names() {
    let mut figure = figure();
    let panel = &mut figure.panels[0];
    panel.series[0].mark = Mark::Points;
    panel.x.names = vec![(0.0, "white".into()), (1500.0, "held forever".into())];
    let svg = draw::layout(&figure).unwrap();
    assert!(svg.matches("<circle").count() > 150);
    assert!(svg.contains("held forever"));
}

#[test]
fn named_ticks_stand_at_their_values_and_names_that_would_overlap_are_left_out() {
    let mut figure = figure();
    let names = [50.0, 200.0, 1000.0, 1010.0].map(|value| (value, value.to_string())).to_vec();
    figure.panels.truncate(1);
    figure.panels[0].x =
        Axis { log: true, names, range: Some([50.0, 5000.0]), ..Axis::new("batch size") };
    let svg = draw::layout(&figure).unwrap();
    let place = |name: &str| {
        let element =
            svg.split("<text ").find(|part| part.lines().any(|line| line.trim() == name))?;
        element.split("x=\"").nth(1)?.split('"').next()?.parse::<f64>().ok()
    };
    let [low, middle, high] = ["50", "200", "1000"].map(|name| place(name).unwrap());
    assert!(((middle - low) / (high - low) - 4f64.ln() / 20f64.ln()).abs() < 0.01);
    assert_eq!(place("1010"), None);
}

#[test]
fn a_pdf_is_one_page_of_the_size_of_the_figure() {
    let pdf = render(&lettered(Lettering::Outlines)).unwrap().bytes(Format::Pdf).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    let text = String::from_utf8_lossy(&pdf);
    assert_eq!(text.matches("/Type /Page\n").count(), 1, "one page");
    let page = text.split("/MediaBox [").nth(1).and_then(|rest| rest.split(']').next()).unwrap();
    let ends: Vec<f64> = page.split_whitespace().map(|end| end.parse().unwrap()).collect();
    assert!((ends[2] / 72.0 - 178.0 / 25.4).abs() < 0.01, "{page}");
    assert!(!text.contains("/Font"), "text must be paths");
}

#[test]
fn themes_differ_in_colours_alone_and_stand_out_from_their_ground() {
    let luminance = |RGBColor(r, g, b): RGBColor| {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    };
    let contrast = |a, b| {
        let [a, b] = [a, b].map(luminance);
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    };
    for theme in [Theme::Light, Theme::Dark] {
        let inks = theme.inks();
        assert!(
            contrast(inks.ink, inks.paper) > 7.0 && contrast(inks.grey, inks.paper) > 4.5,
            "{theme:?}"
        );
        // Okabe and Ito's orange and sky blue are pale on white.
        let least = if theme == Theme::Dark { 4.5 } else { 2.0 };
        let ramp = |place| Hue::Ramp { place, count: 7 };
        for hue in (0..14).flat_map(|index| [Hue::Palette(index), ramp(index)]) {
            assert!(contrast(inks.curve(hue), inks.paper) > least, "{theme:?} {hue:?}");
        }
        let luminances: Vec<f64> = (0..7).map(|place| luminance(inks.curve(ramp(place)))).collect();
        assert!(luminances.is_sorted_by(|a, b| a < b), "{theme:?} {luminances:?}");
        // What is predicted has the hue of what is measured in another tone.
        assert!((0..7).all(|place| inks.curve(ramp(place)) != inks.curve(ramp(place).again())));
        let drawn = render(&Figure { theme, ..figure() }).unwrap();
        let pixels = tiny_skia::Pixmap::decode_png(&drawn.bytes(Format::Png).unwrap()).unwrap();
        let corner = pixels.pixel(0, 0).unwrap();
        assert_eq!(RGBColor(corner.red(), corner.green(), corner.blue()), inks.paper);
    }
    let places = |theme| {
        let svg = render(&Figure { theme, ..figure() }).unwrap().svg();
        svg.split('"').filter(|part| !part.starts_with('#')).collect::<Vec<_>>().join("\"")
    };
    assert_eq!(places(Theme::Light), places(Theme::Dark));
}

/// Places `(x, width)` of texts of a layout that are among `names`.
fn places(svg: &str, names: &[String]) -> Vec<(f64, f64)> {
    let place = |part: &str| {
        let name =
            part.lines().map(str::trim).find(|line| names.iter().any(|name| name == line))?;
        let x = part.split("x=\"").nth(1)?.split('"').next()?.parse().ok()?;
        Some((x, f64::from(text::width(name, style::SMALL, FontStyle::Normal).ok()?)))
    };
    svg.split("<text ").filter_map(place).collect()
}

#[test]
fn labels_of_ticks_keep_apart_beside_a_colour_bar() {
    let names: Vec<String> = (0..14).map(|i| format!("0.9{i:02}")).collect();
    let edges: Vec<f64> = (0..=14).map(f64::from).collect();
    let ticks = names.iter().enumerate().map(|(i, name)| (i as f64 + 0.5, name.clone())).collect();
    let cells = Cells {
        label: "angle (degrees)".into(),
        x: edges,
        y: vec![0.0, 1.0],
        names: None,
        values: vec![Cell::from(Some(1.0)); 14],
        range: [0.0, 90.0],
        log: false,
        colours: Colours::Reversed,
        written: true,
    };
    let axis = Axis { names: ticks, ..Axis::new("autocorrelation") };
    let panel = Panel { cells: Some(cells), ..Panel::new("map", axis, Axis::new("y")) };
    for panels in 1..=3 {
        let panels = vec![panel.clone(); panels];
        let svg = draw::layout(&Figure { panels, width: Width::TwoColumns, ..Figure::default() })
            .unwrap();
        let mut found = places(&svg, &names);
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(found.len() > 4, "{found:?}");
        for pair in found.windows(2) {
            assert!(pair[1].0 - pair[0].0 > 0.5 * (pair[0].1 + pair[1].1), "{pair:?}");
        }
    }
}

#[test]
fn cells_beyond_the_axes_are_cut_off() {
    let cells = Cells {
        label: "angle".into(),
        x: vec![0.0, 1.0, 2.0],
        y: vec![0.0, 1.0, 2.0],
        names: None,
        values: [1.0, 2.0, 3.0, 4.0].map(|value| Cell::from(Some(value))).to_vec(),
        range: [1.0, 4.0],
        log: false,
        colours: Colours::Sequential,
        written: false,
    };
    let mut panel =
        Panel { cells: Some(cells), ..Panel::new("map", Axis::new("x"), Axis::new("y")) };
    (panel.x.range, panel.y.range) = (Some([0.5, 1.5]), Some([60.0, 90.0]));
    let figure = Figure { panels: vec![panel], ..Figure::default() };
    let svg = draw::layout(&figure).unwrap();
    let size = |name: &str| {
        svg.split(&format!(" {name}=\"")).nth(1).unwrap().split('"').next().unwrap().to_string()
    };
    let viewed: Vec<f64> = size("viewBox").split(' ').map(|end| end.parse().unwrap()).collect();
    for rect in svg.split("<rect ").skip(1) {
        let attribute = |name: &str| -> f64 {
            rect.split(&format!("{name}=\""))
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap()
                .parse()
                .unwrap()
        };
        let (x, y) = (attribute(" x"), attribute(" y"));
        assert!(
            x >= 0.0
                && y >= 0.0
                && x + attribute("width") <= viewed[2]
                && y + attribute("height") <= viewed[3],
            "{rect}"
        );
    }
}

#[test]
fn whiskers_on_top_of_each_other_are_set_beside_each_other() {
    let joined = |place: usize, y: f64, half: f64| Series {
        label: format!("curve {place}"),
        colour: Hue::Palette(place),
        mark: Mark::Joined,
        points: [1.0, 2.0, 3.0]
            .map(|x| Point { band: Some([y - half, y + half]), ..Point::at(x, Some(y)) })
            .to_vec(),
    };
    let centres = |half: f64| {
        let series = vec![joined(0, 50.0, half), joined(1, 51.0, half), joined(2, 52.0, half)];
        let panel = Panel {
            series,
            ..Panel::new("", Axis::new("x"), Axis { range: Some([0.0, 100.0]), ..Axis::new("y") })
        };
        let svg = draw::layout(&Figure { panels: vec![panel], ..Figure::default() }).unwrap();
        let x = |part: &str| part.split("cx=\"").nth(1)?.split('"').next()?.parse::<i32>().ok();
        let mut all: Vec<i32> = svg.split("<circle ").skip(1).filter_map(x).collect();
        all.truncate(9);
        all.sort_unstable();
        all.dedup();
        all.len()
    };
    assert_eq!(centres(20.0), 9);
    // Where nothing is hidden, discs stand where their values are.
    assert_eq!(centres(0.1), 3);
}

#[test]
fn bands_end_where_values_do() {
    let mut figure = figure();
    figure.panels.truncate(1);
    let panel = &mut figure.panels[0];
    panel.y = Axis {
        limits: Some([0.0, 100.0]),
        range: Some([0.0, 200.0]),
        ..Axis::new("accuracy (percent)")
    };
    (panel.references, panel.bands) = (Vec::new(), Vec::new());
    panel.series = vec![curve("accuracy", 0, |_| 100.0)];
    panel.series[0].points.iter_mut().for_each(|p| p.band = Some([80.0, 190.0]));
    let svg = draw::layout(&figure).unwrap();
    let numbers = |text: &str, what: &str| -> Vec<f64> {
        let points = text.split(&format!("{what}=\"")).nth(1).unwrap().split('"').next().unwrap();
        points.split([' ', ',']).filter_map(|n| n.parse().ok()).collect()
    };
    let shade = svg.split("<polygon ").nth(1).unwrap();
    let top =
        numbers(shade, "points").chunks(2).map(|place| place[1]).fold(f64::INFINITY, f64::min);
    let line = svg.split("<polyline ").find(|part| part.contains("stroke-width=\"10\"")).unwrap();
    let mean = numbers(line, "points")[1];
    assert!((top - mean).abs() < 1.5, "the band ends at {top}, the mean of 100 % stands at {mean}");
}

#[test]
fn short_logarithmic_axes_have_ticks() {
    for (low, high, least) in [(3.0, 70.0, 3), (11.0, 19.0, 2), (0.02, 0.3, 3), (1.0, 1e5, 3)] {
        let mut figure = figure();
        figure.panels.truncate(1);
        let panel = &mut figure.panels[0];
        panel.y = Axis { log: true, range: Some([low, high]), ..Axis::new("norm") };
        panel.x.names = vec![(0.0, "start".into())];
        (panel.references, panel.bands) = (Vec::new(), Vec::new());
        let svg = draw::layout(&figure).unwrap();
        let ticks = svg.split("<text ").filter(|part| part.contains("text-anchor=\"end\"")).count();
        assert!(ticks >= least, "{low} to {high}: {ticks}");
    }
}

#[test]
fn panels_have_letters_shared_axes_and_larger_print_where_asked_for() {
    let mut figure = figure();
    figure.panels[1].y.range = Some([40.0, 60.0]);
    let stands = |figure: &Figure, label: &str| {
        let svg = draw::layout(figure).unwrap();
        svg.lines().filter(|line| line.trim() == label).count()
    };
    assert_eq!((stands(&figure, "a"), stands(&figure, "45")), (0, 1));
    figure.look = Look { letters: true, share: Share::Y, ..Look::default() };
    assert_eq!((stands(&figure, "a"), stands(&figure, "b"), stands(&figure, "c")), (1, 1, 0));
    assert_eq!((stands(&figure, "30"), stands(&figure, "45")), (2, 0));
    let width = |figure: &Figure| {
        let tree = usvg::Tree::from_str(&render(figure).unwrap().svg(), &usvg::Options::default())
            .unwrap();
        tree.size().width()
    };
    let large = Figure { look: Look { font: 12.0, ..Look::default() }, ..figure.clone() };
    assert!((width(&large) - width(&figure)).abs() < 1.0);
}

/// What the objects of a PDF hold, streams unpacked.
fn unpacked(pdf: &[u8]) -> String {
    let mut text = String::new();
    let find = |start: usize, what: &[u8]| {
        pdf[start..]
            .windows(what.len())
            .position(|window| window == what)
            .map(|place| start + place)
    };
    let mut at = 0;
    while let Some(begin) = find(at, b"stream\n") {
        let Some(end) = find(begin, b"\nendstream") else { break };
        text += &String::from_utf8_lossy(&pdf[at..begin]);
        let mut whole = Vec::new();
        match std::io::Read::read_to_end(
            &mut flate2::read::ZlibDecoder::new(&pdf[begin + 7..end]),
            &mut whole,
        ) {
            Ok(_) => text += &String::from_utf8_lossy(&whole),
            Err(_) => text += &String::from_utf8_lossy(&pdf[begin..end]),
        }
        at = end + 10;
    }
    text + &String::from_utf8_lossy(&pdf[at..])
}

#[test]
fn text_is_text_with_its_fonts_in_svg_and_pdf() {
    let [drawn, outlined] =
        [Lettering::Text, Lettering::Outlines].map(|text| render(&lettered(text)).unwrap());
    let svg = drawn.svg();
    for words in ["A figure, β ≤ 1", "weight alignment (degrees)", "linear limit"] {
        assert!(svg.contains(words), "{words}");
    }
    assert_eq!(svg.matches("@font-face").count(), 2, "the title is bold");
    // The same picture, by a program that has no fonts but those of the document.
    let pixels = |svg: &str| {
        let tree = usvg::Tree::from_str(svg, &fonts_of_figures()).unwrap();
        let mut pixels = tiny_skia::Pixmap::new(600, 300).unwrap();
        resvg::render(&tree, tiny_skia::Transform::identity(), &mut pixels.as_mut());
        pixels.data().to_vec()
    };
    let (text, outlines) = (pixels(&svg), pixels(&outlined.svg()));
    let differ = text.iter().zip(&outlines).filter(|(a, b)| a.abs_diff(**b) > 60).count();
    assert!(differ < text.len() / 500, "{differ} of {}", text.len());

    let pdf = unpacked(&drawn.bytes(Format::Pdf).unwrap());
    for part in
        ["/NotoSans-Regular", "/NotoSans-Bold", "/FontFile2", "/ToUnicode", "/Identity-H", " TJ"]
    {
        assert!(pdf.contains(part), "{part}");
    }
    let outlined = unpacked(&outlined.bytes(Format::Pdf).unwrap());
    assert!(!outlined.contains("/Font") && !outlined.contains(" TJ"));
    // Every letter of the title can be found again.
    for letter in "Afigure,β≤1".chars() {
        let code = format!("{:04X}", u32::from(letter));
        let stands = pdf.split("beginbfchar").skip(1).any(|map| map.to_uppercase().contains(&code));
        assert!(stands, "{letter}");
    }
}

fn fonts_of_figures() -> usvg::Options<'static> {
    let mut options = fonts(style::REGULAR);
    std::sync::Arc::make_mut(&mut options.fontdb).load_font_data(style::BOLD.to_vec());
    options
}
