//! The keys of figures: each declared once, here.

use super::kinds::FigureKind;
use super::read::{Reading, Subject, help_of_kinds};
use super::values::{Conditions, Form, Panels, Scale, XAxis};
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
    read: fn(&mut Reading<'_>, Node<'_>, &mut Figure),
    toml: fn(&Figure) -> Option<Toml>,
    json: fn(&Figure) -> Option<Json>,
}

/// What `read` makes of a node. Tells the compiler the types that an entry of [`FIGURE_KEYS`] leaves out.
fn read<'a, 'n, T>(
    reading: &mut Reading<'a>,
    node: Node<'n>,
    read: impl FnOnce(&mut Reading<'a>, Node<'n>) -> Option<T>,
) -> Option<T> {
    read(reading, node)
}

/// Defines [`Figure`] and [`FIGURE_KEYS`]. An entry has the field with its type, what it is where nothing is said, key,
/// option where that has another name, placeholder, help, and the method of [`Reading`] that reads and checks it.
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
        "name", "NAME", "Name of the files [default: <quantity>-<kind>]", Reading::name;
    /// Heading.
    title: String = |_| String::new(),
        "title", "TEXT", "Heading", Reading::text;
    /// What is drawn.
    kind: FigureKind = |_| FigureKind::Curves,
        "kind", "KIND", help_of_kinds(), Reading::kind;
    /// One panel each.
    quantities: Vec<Quantity> = |subject| subject.quantities.clone(),
        "quantities" as "quantity", "NAMES", "Quantities, a panel each [default: all that are measured]",
        Reading::quantities;
    /// Horizontal axis.
    x: XAxis = |_| XAxis::OfKind,
        "x", "AXIS", "Of curves: iteration or epoch; of sweeps and maps: a parameter that varies", Reading::axis;
    /// Vertical axis of a map: a parameter.
    y: Option<&'static str> = |_| None,
        "y", "PARAMETER", "Vertical axis of a map", |reading, node| reading.varying(node).map(Some);
    /// Parameters that tell the curves, or the panels, apart.
    by: Vec<&'static str> = |subject| subject.axes.to_vec(),
        "by", "NAMES", "Parameters that tell the curves apart [default: all that vary]",
        |reading, node| reading.parameters(node, "by");
    /// Scale of the vertical axis.
    scale: Scale = |_| Scale::Linear,
        "scale", "SCALE", "Vertical axis: linear or log [default: linear]", Reading::scale;
    /// What panels stand beside each other.
    panels: Panels = |_| Panels::Quantity,
        "panels", "WHAT", "quantity, layer or parameters: what panels differ in", Reading::panels;
    /// Curves are means over the latest so many iterations; 1 for none.
    smooth: usize = |_| 1,
        "smooth", "N", "Means over the latest N iterations", Reading::smooth;
    /// Lags shown; all that are measured if none is given.
    lags: Vec<usize> = |_| Vec::new(),
        "lags", "LAGS", "Lags shown, such as 1,5-9 [default: all that are measured]", Reading::lags;
    /// Reported iterations shown by a figure of lags; all if none is given.
    at: Vec<usize> = |_| Vec::new(),
        "at", "ITERATIONS", "Of lags: iterations shown, such as 900,1800 [default: the last]", Reading::at;
    /// Layers shown; all of them if none are given.
    layers: Vec<usize> = |_| Vec::new(),
        "layers", "LAYERS", "Layers shown, such as 1,4 [default: all that are measured]", Reading::layers;
    /// Whether all quantities share the panels of curves.
    together: bool = |_| false,
        "together", "true|false", "Quantities of one unit in one panel [default: false]", Reading::together;
    /// Ends of the vertical axes; from the data if not given.
    range: Option<[f64; 2]> = |_| None,
        "range", "LOW,HIGH", "Ends of the vertical axis [default: those of the values]",
        |reading, node| reading.range(node).map(Some);
    /// Conditions shown.
    only: Conditions = |_| Conditions::default(),
        "where", "NAME=VALUES", "Only conditions with one of these values; can be repeated", Reading::conditions;
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
                let message = format!("unknown key `{name}` of a figure: expected {}{near}", list(&known));
                problems.add(key.span(), message);
            }
        }
        Self { header, keys }
    }

    /// The figure of `subject` that this describes, if nothing is wrong with it.
    pub fn check(&self, subject: &Subject<'_>, problems: &mut Problems) -> Option<Figure> {
        let before = problems.found.len();
        let mut figure = Figure::new(subject);
        let mut reading = Reading::new(subject, problems);
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
        let values = FIGURE_KEYS.iter().filter_map(|key| Some((key.name.to_string(), (key.json)(self)?)));
        Json::Object(values.collect::<Map<_, _>>())
    }
}
