//! Tests of figures: bytes, sizes, legends, errors.

use super::*;

fn curve(label: &str, colour: usize, f: impl Fn(f64) -> f64) -> Series {
    let point = |i: i32| {
        let x = f64::from(i) * 10.0;
        Point { x, y: Some(f(x)), band: Some([f(x) - 1.0, f(x) + 1.0]) }
    };
    Series { label: label.into(), colour, dashed: colour == 1, points: (0..=150).map(point).collect() }
}

fn figure() -> Figure {
    let axis = |label: &str| Axis { label: label.into(), range: None };
    let panel = |title: &str| Panel {
        title: title.into(),
        x: axis("iteration"),
        y: Axis { label: "weight alignment (degrees)".into(), range: Some([0.0, 95.0]) },
        series: vec![curve("held", 0, |x| 54.0 + 36.0 * (-x / 200.0).exp()), curve("white", 1, |_| 90.0)],
        references: vec![Reference { label: "linear limit".into(), y: 48.4, colour: None }],
        bands: vec![Band { label: "null 95 %".into(), low: 87.5, high: 92.5 }],
    };
    Figure {
        title: "A figure, β ≤ 1".into(),
        panels: vec![panel("ReLU"), panel("linear")],
        note: "lines: mean".into(),
        width: Width::TwoColumns,
    }
}

#[test]
fn is_deterministic_and_free_of_text_elements() {
    let (a, b) = (render(&figure()).unwrap(), render(&figure()).unwrap());
    assert_eq!(a, b);
    assert!(!a.svg.contains("<text") && !a.svg.contains("font-family"), "text must be paths");
    assert!(a.svg.contains("<path"));
    let mut width = [0; 4];
    width.copy_from_slice(&a.png[16..20]);
    assert_eq!(u32::from_be_bytes(width), 3029);
}

#[test]
fn each_label_stands_once_in_the_legend() {
    let svg = super::draw::layout(&figure()).unwrap();
    for label in ["held", "white", "linear limit", "null 95 %", "lines: mean"] {
        assert_eq!(svg.lines().filter(|line| line.trim() == label).count(), 1, "{label}");
    }
}

#[test]
fn every_character_used_is_in_the_embedded_font() {
    use ab_glyph::Font;
    let text = "0123456789 abcxyzABCXYZ .,:;()[]/%+-−×±°≤≥→αβγδεηθλμρσωΔΣ²ᵀ–";
    let font = |bytes: &'static [u8]| ab_glyph::FontRef::try_from_slice(bytes).unwrap();
    let signs = font(style::SIGNS);
    for family in [font(style::REGULAR), font(style::BOLD)] {
        let lacks = |c: &char| family.glyph_id(*c).0 == 0 && signs.glyph_id(*c).0 == 0;
        assert_eq!(text.chars().filter(lacks).collect::<String>(), "");
    }
}

#[test]
fn nothing_to_draw_is_an_error() {
    let mut empty = figure();
    empty.panels.iter_mut().for_each(|p| p.series.clear());
    assert_eq!(render(&empty), Err(FigureError::Empty(empty.title.clone())));
    let mut flat = figure();
    flat.panels[0].y.range = Some([1.0, 1.0]);
    assert_eq!(render(&flat), Err(FigureError::Range("y", "ReLU".into())));
}

#[test]
fn gaps_interrupt_curves_and_stand_empty_in_the_csv() {
    let mut figure = figure();
    figure.panels[0].series[0].points[3].y = None;
    render(&figure).unwrap();
    let csv = figure.csv();
    assert!(csv.starts_with("panel,kind,label,x,y,low,high\n"));
    assert!(csv.contains("\"ReLU\",curve,\"held\",30,,"), "{csv}");
    assert!(csv.contains("\"ReLU\",line,\"linear limit\",,48.4,,"));
    assert!(csv.contains("\"linear\",band,\"null 95 %\",,,87.5,92.5"));
}
