//! The keys of figures: each declared once, here.

use super::kinds::FigureKind;
use super::read::{FigureReading, Subject, help_of_kinds};
use super::values::{
    Colours, Conditions, Form, Lettering, Names, Panels, Scale, Share, Spread, XAxis,
};
use crate::quantity::Quantity;
use crate::spec::node::{Node, Problems};
use crate::text::{list, suggestion};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Value as Toml;
use toml::de::DeTable;

/// A key of figures in specs, and the option of the command line that stands for it.
pub struct FigureKey {
    /// Key in specs.
    pub name: &'static str,
    /// Option.
    pub option: &'static str,
    /// Placeholder in help.
    pub placeholder: &'static str,
    /// Help line.
    pub help: fn() -> String,
    /// What was typed as the option, as it would stand in a spec.
    pub(super) typed: fn(&str) -> Toml,
    read: fn(&mut FigureReading<'_>, Node<'_>, &mut Figure),
    toml: fn(&Figure) -> Option<Toml>,
    json: fn(&Figure) -> Option<Json>,
}

/// What `read` makes of a node. Tells the compiler the types that an entry of [`FIGURE_KEYS`]
/// leaves out.
fn read<'a, 'n, T>(
    reading: &mut FigureReading<'a>,
    node: Node<'n>,
    read: impl FnOnce(&mut FigureReading<'a>, Node<'n>) -> Option<T>,
) -> Option<T> {
    read(reading, node)
}

/// Defines [`Figure`] and [`FIGURE_KEYS`]. An entry has the field with its type, what it is where
/// nothing is said, key, option where that has another name, placeholder, help, and the method of
/// [`FigureReading`] that reads and checks it.
macro_rules! keys {
    (@option $key:literal) => { $key };
    (@option $key:literal $option:literal) => { $option };
    ($(
        $(#[doc = $doc:literal])+
        $field:ident: $type:ty = $default:expr,
        $key:literal $(as $option:literal)?, $placeholder:literal, $help:expr, $read:expr;
    )*) => {
        /// One picture.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Figure {
            $($(#[doc = $doc])+ pub $field: $type,)*
        }

        impl Figure {
            /// The figure of `subject` that says nothing.
            pub fn new(subject: &Subject<'_>) -> Self {
                fn of<T>(subject: &Subject<'_>, default: fn(&Subject<'_>) -> T) -> T {
                    default(subject)
                }
                Self { $($field: of::<$type>(subject, $default),)* }
            }
        }

        /// The keys of figures, in the order in which they are written.
        pub const FIGURE_KEYS: &[FigureKey] = &[$(FigureKey {
            name: $key,
            option: keys!(@option $key $($option)?),
            placeholder: $placeholder,
            help: || ToString::to_string(&$help),
            typed: <$type as Form>::typed,
            read: |reading, node, figure| {
                if let Some(value) = read(reading, node, $read) {
                    figure.$field = value;
                }
            },
            toml: |figure| Toml::try_from(&figure.$field).ok().filter(|_| figure.$field.is_written()),
            json: |figure| serde_json::to_value(&figure.$field).ok(),
        }),*];
    };
}

keys! {
    /// Name of its files.
    name: String = |_| String::new(),
        "name", "NAME", "Name of the files [default: <quantity>-<kind>]", FigureReading::name;
    /// Heading.
    title: String = |_| String::new(),
        "title", "TEXT", "Heading", FigureReading::text;
    /// What is drawn.
    kind: FigureKind = |_| FigureKind::Curves,
        "kind", "KIND", help_of_kinds(), FigureReading::kind;
    /// One panel each.
    quantities: Vec<Quantity> = |subject| subject.quantities.clone(),
        "quantities" as "quantity", "NAMES", "Quantities, a panel each [default: all that are \
            measured]",
        FigureReading::quantities;
    /// Horizontal axis.
    x: XAxis = |_| XAxis::OfKind,
        "x", "AXIS", "Of curves: iteration or epoch; of sweeps and maps: a parameter that varies",
        FigureReading::axis;
    /// Vertical axis of a map: a parameter.
    y: Option<&'static str> = |_| None,
        "y", "PARAMETER", "Vertical axis of a map", |reading, node| reading.varying(node).map(Some);
    /// Parameters that distinguish the curves, or the panels.
    by: Vec<&'static str> = |subject| subject.axes.to_vec(),
        "by", "NAMES", "Parameters that distinguish the curves [default: all that vary]",
        |reading, node| reading.parameters(node, "by");
    /// Scale of the vertical axis.
    scale: Scale = |_| Scale::Auto,
        "scale", "SCALE",
        "Vertical axis, or colours of a map: linear, log or auto (log where a linear one would \
         hide most) [default: auto]",
        |reading, node| reading.choice(node, "scale");
    /// What panels stand beside each other.
    panels: Panels = |_| Panels::Quantity,
        "panels", "WHAT", "quantity, layer or parameters: what panels differ in", FigureReading::panels;
    /// Curves are means over the latest so many iterations; 1 for none.
    smooth: usize = |_| 1,
        "smooth", "N", "Means over the latest N iterations", FigureReading::smooth;
    /// Lags shown; all that are measured if none is given.
    lags: Vec<usize> = |_| Vec::new(),
        "lags", "LAGS", "Lags shown, such as 1,5-9 [default: all that are measured]", FigureReading::lags;
    /// Reported iterations shown by a figure of lags; all if none is given.
    at: Vec<usize> = |_| Vec::new(),
        "at", "ITERATIONS", "Of lags: iterations shown, such as 900,1800 [default: the last]",
        FigureReading::at;
    /// Layers shown; all of them if none are given.
    layers: Vec<usize> = |_| Vec::new(),
        "layers", "LAYERS", "Layers shown, such as 1,4 [default: all that are measured]",
        FigureReading::layers;
    /// Whether all quantities share the panels of curves.
    together: bool = |_| false,
        "together", "true|false", "Quantities of one unit in one panel [default: false]",
        FigureReading::together;
    /// Ends of the vertical axes, or of the colours of a map; from the data if not given.
    range: Option<[f64; 2]> = |_| None,
        "range", "LOW,HIGH", "Ends of the vertical axis, or of the colours of a map [default: \
            those of the values]",
        |reading, node| reading.range(node, "range", "range = [80, 100]").map(Some);
    /// Conditions shown.
    only: Conditions = |_| Conditions::default(),
        "where", "NAME=VALUES", "Only conditions with one of these values; can be repeated",
        FigureReading::conditions;
    /// Shades and whiskers; as the kind has them if not given.
    spread: Option<Spread> = |_| None,
        "spread", "WHAT",
        "Shades and whiskers: sd (one standard deviation to each side), ci (95 % interval of the \
         mean) or none [default: sd of curves and lags, ci of sweeps, profiles and scatters]",
        |reading, node| reading.spread(node).map(Some);
    /// Whether every repeat is drawn, too: as a thin line of curves, as a small disc of sweeps and
    /// profiles.
    repeats: bool = |_| false,
        "repeats", "true|false", "Every repeat too: a thin line of curves, a small disc of sweeps \
            and profiles",
        FigureReading::repeats;
    /// Scale of the horizontal axis.
    x_scale: Scale = |_| Scale::Auto,
        "x-scale", "SCALE", "Horizontal axis: linear, log or auto [default: auto]",
        |reading, node| reading.choice(node, "x-scale");
    /// Ends of the horizontal axes; from the data if not given.
    x_range: Option<[f64; 2]> = |_| None,
        "x-range", "LOW,HIGH", "Ends of the horizontal axis [default: those of the values]",
        |reading, node| reading.range(node, "x-range", "x-range = [0, 500]").map(Some);
    /// Label of the horizontal axes.
    x_label: Option<String> = |_| None,
        "x-label", "TEXT", "Label of the horizontal axes [default: what they show]",
        |reading, node| reading.text(node).map(Some);
    /// Label of the vertical axes.
    y_label: Option<String> = |_| None,
        "y-label", "TEXT", "Label of the vertical axes [default: what they show]",
        |reading, node| reading.text(node).map(Some);
    /// Label of the colour bars.
    value_label: Option<String> = |_| None,
        "value-label", "TEXT", "Label of the colours of a map [default: what they show]",
        |reading, node| reading.text(node).map(Some);
    /// Other words in the legend and in titles of panels.
    names: Names = |_| Names::default(),
        "names" as "rename", "OLD=NEW",
        "Other words for an entry of the legend, the title of a panel, or a part of them between \
         commas; can be repeated",
        FigureReading::names;
    /// What comes first in the legend.
    order: Vec<String> = |_| Vec::new(),
        "order", "ENTRIES", "Entries of the legend that come first, as they are written there, \
            with ; between them",
        |reading, node| reading.texts(node, "order");
    /// Which panels, in which order; all if none are given.
    show: Vec<String> = |_| Vec::new(),
        "show", "PANELS", "Panels shown, in this order: numbers from 1 or titles, with ; between \
            them [default: all]",
        |reading, node| reading.texts(node, "show");
    /// Whether panels have letters.
    letters: bool = |_| false,
        "letters", "true|false", "Letters a, b, c at the panels [default: false]",
        |reading, node| reading.truth(node, "letters");
    /// Which axes have the same ends in all panels.
    share: Share = |_| Share::None,
        "share", "AXES", "Axes with the same ends in all panels that show the same: x, y, both or \
            none [default: none]",
        |reading, node| reading.choice(node, "share");
    /// Size of the labels of axes in points.
    font_size: Option<f64> = |_| None,
        "font-size", "POINTS", "Size of the labels of axes; lines and discs grow with it [default: \
            7.5]",
        |reading, node| reading.font_size(node).map(Some);
    /// What letters are in files that can be scaled.
    text: Lettering = |_| Lettering::Text,
        "text", "WHAT",
        "Letters of SVG and PDF: text (to be searched and edited, its fonts embedded) or outlines \
         [default: text]",
        |reading, node| reading.choice(node, "text");
    /// Colours of a map.
    colours: Option<Colours> = |_| None,
        "colours", "NAME",
        "Colours of a map: sequential (dark to light), reversed, grey or diverging [default: \
         reversed for angles, of which the right angle is none; sequential for others]",
        |reading, node| reading.colours(node).map(Some);
}

/// Keys that say how a figure looks, and not what it shows: these can be given for all figures of a
/// spec at once.
const OF_LOOK: [&str; 15] = [
    "title",
    "range",
    "scale",
    "spread",
    "repeats",
    "x-scale",
    "x-range",
    "x-label",
    "y-label",
    "names",
    "order",
    "letters",
    "share",
    "font-size",
    "text",
];

impl FigureKey {
    /// Whether it says how a figure looks, and not what it shows.
    pub fn is_of_look(&self) -> bool {
        OF_LOOK.contains(&self.name)
    }
}

/// A figure as typed.
pub(in crate::spec) struct RawFigure<'a> {
    pub header: Range<usize>,
    pub keys: BTreeMap<&'a str, Node<'a>>,
}

impl<'a> RawFigure<'a> {
    /// The table of a figure. What is no key is a problem.
    pub fn read(header: Range<usize>, figure: &'a DeTable<'a>, problems: &mut Problems) -> Self {
        let known: Vec<&str> = FIGURE_KEYS.iter().map(|key| key.name).collect();
        let mut keys = BTreeMap::new();
        for (key, node) in figure {
            let name = key.get_ref().as_ref();
            if known.contains(&name) {
                keys.insert(name, node);
            } else {
                let near = suggestion(name, known.iter().copied());
                let message =
                    format!("unknown key `{name}` of a figure: expected {}{near}", list(&known));
                problems.add(key.span(), message);
            }
        }
        Self { header, keys }
    }

    /// The figure of `subject` that this describes, if nothing is wrong with it.
    pub fn check(&self, subject: &Subject<'_>, problems: &mut Problems) -> Option<Figure> {
        let before = problems.found.len();
        let mut figure = Figure::new(subject);
        let mut reading = FigureReading::new(subject, problems);
        for key in FIGURE_KEYS {
            if let Some(node) = self.keys.get(key.name) {
                (key.read)(&mut reading, node, &mut figure);
            }
            // What the later ones are checked against.
            reading.kind = figure.kind;
            reading.quantities.clone_from(&figure.quantities);
        }
        figure.x = reading.axis_of_kind(figure.x);
        let lacking = reading.lacking(|key| self.keys.contains_key(key));
        lacking.into_iter().for_each(|message| problems.add(self.header.clone(), message));
        (problems.found.len() == before).then_some(figure)
    }
}

impl Figure {
    /// Every key that is worth writing, with its value.
    pub(in crate::spec) fn to_toml(&self) -> impl Iterator<Item = (&'static str, Toml)> {
        FIGURE_KEYS.iter().filter_map(|key| Some((key.name, (key.toml)(self)?)))
    }

    /// Every key with its value, for the manifest.
    pub(in crate::spec) fn to_json(&self) -> Json {
        let values =
            FIGURE_KEYS.iter().filter_map(|key| Some((key.name.to_string(), (key.json)(self)?)));
        Json::Object(values.collect::<Map<_, _>>())
    }
}
