//! Tests of figures: bytes, sizes, legends, errors, awkward input.

use super::*;
use plotters::style::{FontStyle, RGBColor};
use resvg::{tiny_skia, usvg};

fn curve(label: &str, colour: usize, f: impl Fn(f64) -> f64) -> Series {
    let point = |i: i32| {
        let x = f64::from(i) * 10.0;
        Point { x, y: Some(f(x)), band: Some([f(x) - 1.0, f(x) + 1.0]) }
    };
    let mark = if colour == 1 { Mark::Dashes } else { Mark::Line };
    Series { label: label.into(), colour: Hue::Palette(colour), mark, points: (0..=150).map(point).collect() }
}

fn figure() -> Figure {
    let panel = |title: &str| Panel {
        title: title.into(),
        x: Axis::new("iteration"),
        y: Axis { range: Some([0.0, 95.0]), ..Axis::new("weight alignment (degrees)") },
        series: vec![curve("held", 0, |x| 54.0 + 36.0 * (-x / 200.0).exp()), curve("white", 1, |_| 90.0)],
        references: vec![Reference { label: "linear limit".into(), y: 48.4, colour: None }],
        bands: vec![Band { label: "null 95 %".into(), low: 87.5, high: 92.5 }],
        cells: None,
    };
    Figure {
        title: "A figure, β ≤ 1".into(),
        panels: vec![panel("ReLU"), panel("linear")],
        note: "Lines: mean.".into(),
        width: Width::TwoColumns,
        theme: Theme::Light,
    }
}

fn fonts(data: &[u8]) -> usvg::Options<'static> {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(data.to_vec());
    usvg::Options { fontdb: std::sync::Arc::new(fonts), font_family: style::FAMILY.into(), ..Default::default() }
}

#[test]
fn is_deterministic_and_free_of_text_elements() {
    let (a, b) = (render(&figure()).unwrap(), render(&figure()).unwrap());
    for format in [Format::Svg, Format::Png, Format::Pdf] {
        assert_eq!(a.bytes(format).unwrap(), b.bytes(format).unwrap(), "{format:?}");
    }
    let svg = a.svg();
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
        assert!(pixels.pixels().iter().all(|p| p.alpha() == 255), "the ground must be white, not transparent");
    }
}

#[test]
fn every_label_stands_once_in_the_legend() {
    let svg = draw::layout(&figure()).unwrap();
    for label in ["A figure, β ≤ 1", "ReLU", "linear", "held", "white", "linear limit", "null 95 %", "Lines: mean."]
    {
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
        let of = |(at, name): (usize, &&str)| {
            let predicted = Series { mark: Mark::Dashes, ..curve(&format!("{name}: predicted"), at + 7, |_| 50.0) };
            [curve(name, at, |_| 40.0), predicted]
        };
        figure.panels[0].series = names.iter().enumerate().flat_map(of).collect();
        figure
    };
    let many = with(&["held", "shared", "white"]);
    assert_eq!(["held", "shared", "white", "predicted"].map(|label| stands(&many, label)), [1; 4]);
    assert_eq!(stands(&many, "held: predicted"), 0);
    let few = with(&["held", "shared"]);
    assert_eq!(["held: predicted", "shared: predicted", "predicted"].map(|label| stands(&few, label)), [1, 1, 0]);
    // A label of its own that looks like it.
    let mut alone = with(&[]);
    alone.panels[0].series = (0..3).map(|at| curve(&format!("part {at}: exact"), at, |_| 40.0)).collect();
    assert_eq!([stands(&alone, "part 0: exact"), stands(&alone, "exact")], [1, 0]);
}

#[test]
fn nothing_is_drawn_at_the_edge_of_the_page() {
    let long = "a label so long that it must be broken into several lines wherever it is written, even ";
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
            let white = |x, y| pixels.pixel(x, y).is_some_and(|p| (p.red(), p.green(), p.blue()) == (255, 255, 255));
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
    for (weight, name, data) in [(FontStyle::Normal, "normal", style::REGULAR), (FontStyle::Bold, "bold", style::BOLD)]
    {
        let words = "HWeight alignment (degrees) of held signals, β ≤ 0.5H";
        let svg = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' width='9999' height='99'><text y='70' font-family='{}' \
             font-weight='{name}' font-size='60'>{words}</text></svg>",
            style::FAMILY
        );
        let tree = usvg::Tree::from_str(&svg, &fonts(data)).unwrap();
        let drawn = tree.root().abs_bounding_box().width();
        let measured = text::width(words, 60, weight).unwrap() as f32;
        assert!((measured - drawn).abs() < 0.02 * drawn, "{name}: measured {measured}, drawn {drawn}");
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
        for c in "0123456789abcxyzABCXYZ.,:;()[]/%+-−×±°≤≥→αβγδεηθλμρσωΔΣ–äéøß⁰¹²³⁴⁵⁶⁷⁸⁹⁻₀₁₂".chars()
        {
            assert!(!missing.contains(&outline(&c.to_string())), "{c}");
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
        let point = Point { x: height, y: Some(height), band: None };
        alone.panels[0].series =
            vec![Series { label: "alone".into(), colour: Hue::Palette(99), mark: Mark::Dashes, points: vec![point] }];
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
    assert!(csv.starts_with("panel,kind,label,x,y,low,high\n"));
    assert!(csv.contains("\"ReLU\",curve,\"held\",30,,"), "{csv}");
    assert!(csv.contains("\"ReLU\",curve,\"held\",40,,"), "{csv}");
    assert!(csv.contains("\"ReLU\",line,\"linear limit\",,48.4,,"));
    assert!(csv.contains("\"linear\",band,\"null 95 %\",,,87.5,92.5"));
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
        values: vec![Some(0.0), Some(50.0), None, Some(100.0)],
        range: [0.0, 100.0],
        colours: Colours::Sequential,
        written: true,
    };
    let panel = Panel { cells: Some(cells), ..Panel::new("map", Axis::new("x"), Axis::new("y")) };
    let figure = Figure {
        title: "Map".into(),
        panels: vec![panel],
        note: String::new(),
        width: Width::OneColumn,
        theme: Theme::Light,
    };
    assert!(render(&figure).is_ok());
    let svg = draw::layout(&figure).unwrap();
    for value in [0.0, 0.5, 1.0] {
        let RGBColor(r, g, b) = style::shade(Colours::Sequential, value);
        assert!(svg.contains(&format!("#{r:02X}{g:02X}{b:02X}")), "{value}");
    }
    let csv = figure.csv();
    assert!(csv.contains("\"map\",cell,\"loss (units)\",1.5,2,100,"), "{csv}");
    assert!(csv.contains("\"map\",cell,\"loss (units)\",0.5,2,,"), "{csv}");
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
        panel.series = vec![curve("norm", 0, |x| if x == 500.0 { 0.0 } else { 1e-2 * (x / 100.0).exp() })];
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
    figure.panels[0].x = Axis { log: true, names, range: Some([50.0, 5000.0]), ..Axis::new("batch size") };
    let svg = draw::layout(&figure).unwrap();
    let place = |name: &str| {
        let element = svg.split("<text ").find(|part| part.lines().any(|line| line.trim() == name))?;
        element.split("x=\"").nth(1)?.split('"').next()?.parse::<f64>().ok()
    };
    let [low, middle, high] = ["50", "200", "1000"].map(|name| place(name).unwrap());
    assert!(((middle - low) / (high - low) - 4f64.ln() / 20f64.ln()).abs() < 0.01);
    assert_eq!(place("1010"), None);
}

#[test]
fn a_pdf_is_one_page_of_the_size_of_the_figure() {
    let pdf = render(&figure()).unwrap().bytes(Format::Pdf).unwrap();
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
        assert!(contrast(inks.ink, inks.paper) > 7.0 && contrast(inks.grey, inks.paper) > 4.5, "{theme:?}");
        // Okabe and Ito's orange and sky blue are pale on white.
        let least = if theme == Theme::Dark { 4.5 } else { 2.0 };
        let ramp = |place| Hue::Ramp { place, of: 7 };
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
